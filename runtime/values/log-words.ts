/** Log levels and syslog facilities as the cfg writes them. */
import type { LogLevel } from '../env.js';

/** `L_ERR`, `L_INFO` … by the third character, as Kamailio reads them; a number stands for itself. Null: no level. */
export function parseLevel(text: string): LogLevel | null {
  switch (text[0] === 'L' && text[1] === '_' ? text[2] : undefined) {
    case 'A':
      return -5;
    case 'B':
      return -4;
    case 'C':
      return -3;
    case 'E':
      return -1;
    case 'W':
      return 0;
    case 'N':
      return 1;
    case 'I':
      return 2;
    case 'D':
      return 3;
  }
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isInteger(value) ? (Math.max(-5, Math.min(3, value)) as LogLevel) : null;
}

const facilities = new Set(
  ['AUTH', 'AUTHPRIV', 'CRON', 'DAEMON', 'FTP', 'KERN', 'LPR', 'MAIL', 'NEWS', 'SYSLOG', 'USER', 'UUCP']
    .concat([0, 1, 2, 3, 4, 5, 6, 7].map((n) => `LOCAL${n}`))
    .map((n) => `LOG_${n}`),
);
export const isFacility = (name: string): boolean => facilities.has(name);

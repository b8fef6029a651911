/** Log levels and syslog facilities as the cfg writes them, and the terminal colours of `$C`. */
import type { LogLevel } from '../../runtime/sdk/index.js';

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

const foreground: Readonly<Record<string, string>> = {
  x: '39', s: '30', r: '31', g: '32', y: '33', b: '34', p: '35', c: '36', w: '37',
}; // biome-ignore format: one table
const background: Readonly<Record<string, string>> = {
  x: '49', s: '40', r: '41', g: '42', y: '43', b: '44', p: '45', c: '46', w: '47',
}; // biome-ignore format: one table

/** Escape sequence of `$C(xy)`: foreground (upper case: bold) and background; null for other letters. */
export function colour(name: string): string | null {
  const [f = '', b = ''] = name;
  const lower = f.toLowerCase();
  const front = foreground[lower];
  const back = background[b];
  if (name.length !== 2 || front === undefined || back === undefined || f === 'X') return null;
  return `\u001b[${f !== lower ? 1 : 0};${front};${back}m`;
}

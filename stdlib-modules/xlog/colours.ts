/** Terminal colours of `$C`, and of the levels (`log_colors`). */
import type { LogLevel } from '../../runtime/sdk/index.js';

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

const names: Readonly<Record<string, LogLevel>> = {
  l_alert: -5, l_bug: -4, l_crit2: -3, l_crit: -2, l_err: -1, l_warn: 0, l_notice: 1, l_info: 2, l_dbg: 3,
}; // biome-ignore format: one table
/** `log_colors`: `L_ERR=Rx;L_WARN=yx`, each level with the letters of `$C`; null when it cannot be read. */
export function parseColours(text: string): { level: LogLevel; sequence: string }[] | null {
  const found: { level: LogLevel; sequence: string }[] = [];
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const [name = '', letters = ''] = part.split('=').map((word) => word.trim());
    const level = Object.hasOwn(names, name.toLowerCase()) ? names[name.toLowerCase()] : undefined;
    const sequence = colour(letters);
    if (level === undefined || sequence === null) return null;
    found.push({ level, sequence });
  }
  return found.length === 0 ? null : found;
}

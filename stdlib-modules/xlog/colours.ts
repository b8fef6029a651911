/** Terminal colours of `$C`. */
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

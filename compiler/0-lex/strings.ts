/** String literals: `"…"` with escapes and joined with its neighbours, `'…'` as it stands. Facts: cfg.lex, STRING1. */

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', a: '\x07', t: '\t', '"': '"', '\\': '\\' };

/** Value of the text between double quotes. An unknown escape keeps its backslash. */
export function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw;
  let out = '';
  for (let i = 0; i < raw.length; i++) {
    const c = raw[i]!;
    if (c !== '\\' || i + 1 === raw.length) {
      out += c;
      continue;
    }
    const next = raw[i + 1]!;
    if (escapes[next] !== undefined) {
      out += escapes[next];
      i++;
    } else if (next === '\n') {
      i++; // a line splice
    } else {
      const code = /^x([0-9a-fA-F]{1,2})|^([0-7]{2,3})/.exec(raw.slice(i + 1, i + 4));
      if (code) {
        const byte = Number.parseInt(code[1] ?? code[2]!, code[1] ? 16 : 8) & 0xff;
        if (byte === 0) return out; // it is C text: a NUL ends it
        out += String.fromCharCode(byte);
        i += code[0].length;
      } else out += c;
    }
  }
  return out;
}

/** End (after the quote) of the string that starts at `start`; -1 when it is not closed before `limit`. */
export function stringEnd(text: string, start: number, limit: number): number {
  const quote = text[start]!;
  for (let i = start + 1; i < limit; i++) {
    const c = text[i]!;
    if (c === quote) return i + 1;
    if (c === '\\' && quote === '"') i++;
  }
  return -1;
}

/** The strings of one string token, each with whether it begins a line. */
export function adjacentStrings(text: string): { text: string; lines: boolean }[] {
  const parts: { text: string; lines: boolean }[] = [];
  for (let at = 0; at < text.length; ) {
    const start = at;
    while (' \t\b\r\n'.includes(text[at] ?? '"')) at++;
    const end = stringEnd(text, at, text.length);
    const stop = end < 0 ? text.length : end;
    parts.push({ text: text.slice(at, stop), lines: text.slice(start, at).includes('\n') });
    at = stop;
  }
  return parts;
}

/** As C's `atoi` and `(int)strtol`: 32 bits, wrapping after saturation at 64. */
export function cInt(digits: string, radix: 2 | 8 | 10 | 16): number {
  if (digits.length < 9) return Number.parseInt(digits, radix);
  const max = (1n << 63n) - 1n;
  let value = 0n;
  for (const d of digits) {
    value = value * BigInt(radix) + BigInt(Number.parseInt(d, 16));
    if (value > max) {
      value = max;
      break;
    }
  }
  return Number(BigInt.asIntN(32, value));
}

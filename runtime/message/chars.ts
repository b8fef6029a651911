/**
 * Scanning of one-byte text by char code: trimming, ASCII folding, numbers. Shared by the parsers of this folder.
 * `toLowerCase()` folds letters beyond ASCII, so it is not for SIP text.
 */

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const TAB = 9;

export const isSpace = (c: number): boolean => c === SP || c === TAB || c === CR || c === LF;
export const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
export const isAlpha = (c: number): boolean => (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a && c < 0x80;
export const isAlphaNum = (c: number): boolean => isDigit(c) || isAlpha(c);
export const isHexDigit = (c: number): boolean => isDigit(c) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66 && c < 0x80);

/** RFC 3261 §25.1 `token`. */
export const isTokenChar = (c: number): boolean => {
  if (isAlphaNum(c)) return true;
  switch (c) {
    case 0x2d: // -
    case 0x2e: // .
    case 0x21: // !
    case 0x25: // %
    case 0x2a: // *
    case 0x5f: // _
    case 0x2b: // +
    case 0x60: // `
    case 0x27: // '
    case 0x7e: // ~
      return true;
    default:
      return false;
  }
};

/** First index from `at` that is not white space, at most `end`. */
export function skipSpace(text: string, at: number, end: number): number {
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  return at;
}
/** `end` moved back over white space, at least `start`. */
export function trimEnd(text: string, start: number, end: number): number {
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return end;
}

/** Lower case of ASCII letters only. Gives the same string when there is nothing to change. */
export function lowerAscii(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 0x41 && c <= 0x5a) return lowerFrom(text, i);
  }
  return text;
}
function lowerFrom(text: string, first: number): string {
  let out = text.slice(0, first);
  let from = first;
  for (let i = first; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x41 || c > 0x5a) continue;
    out += text.slice(from, i) + String.fromCharCode(c | 0x20);
    from = i + 1;
  }
  return out + text.slice(from);
}

/** Equal, ASCII letters compared without case. */
export function equalsIgnoreCase(a: string, b: string): boolean {
  if (a === b) return true;
  const n = a.length;
  if (n !== b.length) return false;
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if ((x | 0x20) !== (y | 0x20) || !isAlpha(x)) return false;
  }
  return true;
}

/** Decimal digits from `start` to `end`; -1 when empty, not digits only, or over 2^53. */
export function parseUint(text: string, start = 0, end = text.length): number {
  if (start >= end || end - start > 16) return -1;
  let n = 0;
  for (let i = start; i < end; i++) {
    const d = text.charCodeAt(i) - 0x30;
    if (d < 0 || d > 9) return -1;
    n = n * 10 + d;
  }
  return n <= Number.MAX_SAFE_INTEGER ? n : -1;
}

/** Index after the closing quote of the quoted string that starts at `at`, or -1 when it does not close before `end`. */
export function skipQuoted(text: string, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x22) return i + 1;
  }
  return -1;
}

/**
 * A copy that does not keep the text it was sliced from alive. For what is stored longer than its message: engines
 * represent a slice of 13 characters or more as a view on the whole.
 */
export function detach(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'latin1').toString('latin1');
}

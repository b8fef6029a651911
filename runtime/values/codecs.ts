/** Encodings of one-byte text: hex, base64, base58, GSM 7-bit, URL, SIP user and parameter escapes. Null: cannot be decoded. */

export const hexEncode = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
export function hexDecode(text: string): string | null {
  if (!/^[0-9a-fA-F]*$/.test(text)) return null;
  // An odd digit at the end is dropped.
  return Buffer.from(text, 'hex').toString('latin1');
}
export const base64Encode = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
export function base64Decode(text: string): string | null {
  if (text.length % 4 !== 0) return null;
  return base64DecodeAny(text);
}
/** Without padding too. */
export function base64DecodeAny(text: string): string | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64').toString('latin1');
}
export const toUrlAlphabet = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');
/** RFC 4648 §5, with padding or without. */
export const base64UrlDecode = (text: string): string | null =>
  /[+/]/.test(text) ? null : base64DecodeAny(text.replaceAll('-', '+').replaceAll('_', '/'));

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Quadratic in the length: longer text is refused. */
const MAX_BASE58 = 1024;
export function base58Encode(text: string): string | null {
  if (text.length > MAX_BASE58) return null;
  let value = 0n;
  for (let i = 0; i < text.length; i++) value = (value << 8n) | BigInt(text.charCodeAt(i));
  let out = '';
  for (; value > 0n; value /= 58n) out = BASE58[Number(value % 58n)] + out;
  for (let i = 0; i < text.length && text.charCodeAt(i) === 0; i++) out = `1${out}`;
  return out;
}
export function base58Decode(text: string): string | null {
  if (text.length > MAX_BASE58) return null;
  let value = 0n;
  for (const c of text) {
    const digit = BASE58.indexOf(c);
    if (digit < 0) return null;
    value = value * 58n + BigInt(digit);
  }
  let out = '';
  for (; value > 0n; value >>= 8n) out = String.fromCharCode(Number(value & 0xffn)) + out;
  for (let i = 0; i < text.length && text[i] === '1'; i++) out = `\0${out}`;
  return out;
}

/** Seven bits a character, packed into octets, low bits first (3GPP TS 23.038 §6.1.2.1). */
export function sevenBitEncode(text: string): string {
  let bits = 0;
  let held = 0;
  let out = '';
  const put = (octet: number) => {
    out += octet.toString(16).toUpperCase().padStart(2, '0');
  };
  for (let i = 0; i < text.length; i++) {
    held |= (text.charCodeAt(i) & 0x7f) << bits;
    bits += 7;
    while (bits >= 8) {
      put(held & 0xff);
      held >>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) put(held & 0xff);
  return out;
}
export function sevenBitDecode(text: string): string | null {
  const octets = hexDecode(text);
  if (octets === null) return null;
  let held = 0;
  let bits = 0;
  let out = '';
  for (let i = 0; i < octets.length; i++) {
    held |= octets.charCodeAt(i) << bits;
    bits += 8;
    while (bits >= 7) {
      out += String.fromCharCode(held & 0x7f);
      held >>= 7;
      bits -= 7;
    }
  }
  return out;
}

// Backslash escapes: quotes, backslash and NUL (strutils.c, escape_common).
const common: Readonly<Record<string, string>> = { "'": "\\'", '"': '\\"', '\\': '\\\\', '\0': '\\0' };
export const escapeCommon = (text: string): string => text.replace(/['"\\\0]/g, (c) => common[c] ?? c);
export const unescapeCommon = (text: string): string =>
  text.replace(/\\(['"\\0])/g, (_, c: string) => (c === '0' ? '\0' : c));
export const escapeCrlf = (text: string): string => text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
export const unescapeCrlf = (text: string): string => text.replaceAll('\\r', '\r').replaceAll('\\n', '\n');

const percent = (c: string): string => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
/** Characters RFC 3261 §25.1 allows in `user`, and in a parameter. Control and non-ASCII characters are refused. */
function escapeOutside(text: string, allowed: RegExp): string | null {
  let out = '';
  for (const c of text) {
    const code = c.charCodeAt(0);
    if (code < 0x20 || code > 0x7e) return null;
    out += allowed.test(c) ? c : percent(c);
  }
  return out;
}
export const escapeUser = (text: string): string | null => escapeOutside(text, /[A-Za-z0-9\-_.!~*'()&=+$,;?]/);
export const escapeParam = (text: string): string | null => escapeOutside(text, /[A-Za-z0-9\-_.!~*'()[\]/:&+$]/);
export function unescapePercent(text: string): string | null {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '%') {
      out += text[i];
      continue;
    }
    const hex = text.slice(i + 1, i + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) return null;
    const code = Number.parseInt(hex, 16);
    if (code < 32 || code > 126) return null;
    out += String.fromCharCode(code);
    i += 2;
  }
  return out;
}

/** Letters, digits and `-_.~` as they are; when decoding, `+` is a blank. */
export function urlEncode(text: string): string {
  let out = '';
  for (const c of text) out += /[A-Za-z0-9\-_.~]/.test(c) ? c : percent(c);
  return out;
}
export function urlDecode(text: string): string | null {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? '';
    if (c === '+') out += ' ';
    else if (c !== '%') out += c;
    else {
      const hex = text.slice(i + 1, i + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) return null;
      out += String.fromCharCode(Number.parseInt(hex, 16));
      i += 2;
    }
  }
  return out;
}

/** Bytes written as pairs of hex digits, blanks between pairs; null when they are not. */
export function fromHex(text: string): string | null {
  let bytes = '';
  for (let i = 0; i < text.length; ) {
    if (text[i] === ' ' || text[i] === '\t') {
      i++;
      continue;
    }
    const pair = text.slice(i, i + 2);
    if (!/^[0-9a-fA-F]{2}$/.test(pair)) return null;
    bytes += String.fromCharCode(Number.parseInt(pair, 16));
    i += 2;
  }
  return bytes === '' ? null : bytes;
}

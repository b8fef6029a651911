/** `{s.…}`: text in, text or number out (pv_trans.c, tr_eval_string). Null wherever Kamailio's fails. */
import { createHash } from 'node:crypto';
import type { Value } from '../sdk/define.js';
import * as codec from './codecs.js';
import { parseDecimal, parseInt32, toInt, toStr } from './coerce.js';
import { keccak } from './keccak.js';
import { strftime } from './strftime.js';

type Transformation = (value: Value, a?: Value, b?: Value) => Value;

/** Kamailio's buffer: results do not grow past it. */
const MAX = 65_535;

/** Text of a defined value; a failed transformation, and an undefined value, give null. */
const onText =
  (apply: (text: string, a?: Value, b?: Value) => Value): Transformation =>
  (value, a, b) => {
    if (value === null) return null;
    const result = apply(typeof value === 'number' ? String(value) : value, a, b);
    return typeof result === 'string' && result.length > MAX ? null : result;
  };
/** What may double its text takes half the buffer at most. */
const doubling = (apply: (text: string) => Value): Transformation =>
  onText((text) => (text.length > MAX / 2 ? null : apply(text)));
const hash = (algorithm: string) =>
  onText((text) => createHash(algorithm).update(Buffer.from(text, 'latin1')).digest('hex'));

/** The sizes {s.sha3} and {s.keccak} take; null: another. */
function digestBits(size: Value): 256 | 384 | 512 | null {
  const bits = size === null ? 256 : Number.parseInt(toStr(size), 10);
  return bits === 256 || bits === 384 || bits === 512 ? bits : null;
}

const isBlank = (c: number) => c === 0x20 || c === 9 || c === 10 || c === 13;
const NOT_ASCII = /[^\0-\x7f]/;
const capitals = /[A-Z]+/g;
const smalls = /[a-z]+/g;
/** As the C locale's tolower() and toupper(): letters of ASCII only. */
export const lower = (text: string): string => {
  if (!holds(text, 0x41, 0x5a)) return text;
  return NOT_ASCII.test(text) ? text.replace(capitals, (run) => run.toLowerCase()) : text.toLowerCase();
};
const upper = (text: string): string => {
  if (!holds(text, 0x61, 0x7a)) return text;
  return NOT_ASCII.test(text) ? text.replace(smalls, (run) => run.toUpperCase()) : text.toUpperCase();
};
function holds(text: string, from: number, to: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= from && c <= to) return true;
  }
  return false;
}

function trimStart(text: string): string {
  let i = 0;
  while (i < text.length && isBlank(text.charCodeAt(i))) i++;
  return text.slice(i);
}
function trimEnd(text: string): string {
  let i = text.length;
  while (i > 0 && isBlank(text.charCodeAt(i - 1))) i--;
  return text.slice(0, i);
}

function substr(text: string, from: number, count: number): Value {
  if (count < 0) return null;
  if (from >= 0) {
    if (from >= text.length) return null;
    return count === 0 || from + count >= text.length ? text.slice(from) : text.slice(from, from + count);
  }
  if (-from > text.length) return null;
  const start = text.length + from;
  return count === 0 || -from < count ? text.slice(start) : text.slice(start, start + count);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };
function select(text: string, index: number, separator: string): Value {
  const c = separator.length > 1 ? escapes[separator[1] ?? ''] : separator[0];
  if (c === undefined) return null;
  return part(text.split(c), index);
}
function part(parts: readonly string[], index: number): string {
  return (index < 0 ? parts[parts.length + index] : parts[index]) ?? '';
}
/** Split at white space, runs of it as one. */
function selectWord(text: string, index: number): string {
  return part(
    text.split(/[ \t\r\n]+/).filter((word) => word !== ''),
    index,
  );
}

function prefixes(text: string, most: Value, quote: string): Value {
  const wanted = most === undefined || most === null ? 0 : toInt(most);
  const max = wanted > 0 && wanted < text.length ? wanted : text.length;
  if (max * (Math.trunc(max / 2) + (quote === '' ? 3 : 1)) > MAX) return null;
  const all: string[] = [];
  for (let i = 1; i <= max; i++) all.push(`${quote}${text.slice(0, i)}${quote}`);
  return all.join(',');
}

function unescaped(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && i + 1 < text.length) {
      const next = text[++i] ?? '';
      out += escapes[next] ?? next;
    } else out += text[i];
  }
  return out;
}

/** Kamailio's core_hash(): what `{s.corehash}` and dispatcher hashing give. */
export function coreHash(text: string, size: number): number {
  let h = 0;
  let at = 0;
  // A C char: bytes above 127 are negative.
  const byte = (i: number) => (text.charCodeAt(i) << 24) >> 24;
  for (; at + 4 <= text.length; at += 4) {
    const v = ((byte(at) << 24) + (byte(at + 1) << 16) + (byte(at + 2) << 8) + byte(at + 3)) | 0;
    h = (h + (v ^ (v >>> 3))) | 0;
  }
  let v = 0;
  for (; at < text.length; at++) v = ((v << 8) + byte(at)) | 0;
  h = (h + (v ^ (v >>> 3))) | 0;
  h = ((h + (h >>> 11)) | 0) + (h >>> 13) + (h >>> 23);
  const value = h >>> 0;
  return size > 0 ? (value & (size - 1)) >>> 0 : value;
}

function unwrapped(text: string, pairs: readonly string[]): string {
  if (text.length < 2) return text;
  return pairs.includes(text[0] + (text[text.length - 1] ?? '')) ? text.slice(1, -1) : text;
}

/** The line width never wraps after the first line: pv_trans.c inserts a break after each of the first characters only. */
function formatLines(text: string, width: number, indent: number, blank: string): Value {
  if (width <= 0 || indent < 0) return null;
  if (text.length + Math.trunc(text.length / width) * (2 + indent) > MAX - 1) return null;
  const parts: string[] = [];
  for (let i = 0; i < text.length; i++)
    parts.push(i !== 0 && Math.trunc(i / width) === 0 ? `\r\n${blank.repeat(indent)}${text[i]}` : (text[i] ?? ''));
  return parts.join('');
}

/** CRC-32 as in ISO 3309 and zip. */
function crc32(text: string): number {
  let crc = -1;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i) & 0xff;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return ~crc;
}

const first = (value: Value) => toStr(value)[0] ?? '';

export const stringTransformations: Readonly<Record<string, Transformation>> = {
  s_len: onText((text) => text.length),
  s_int: (value) => {
    if (typeof value !== 'string') return value;
    if (value === '') return 0;
    return parseDecimal(value) ?? null;
  },
  s_intv: (value) => (typeof value === 'number' ? value : value === null ? 0 : (parseInt32(value) ?? 0)),
  s_md5: hash('md5'),
  s_sha1: hash('sha1'),
  s_sha3: (value, size = null) => {
    const bits = digestBits(size);
    return bits === null ? null : hash(`sha3-${bits}`)(value);
  },
  s_keccak: (value, size = null) => {
    const bits = digestBits(size);
    return bits === null ? null : onText((text) => keccak(bits, Buffer.from(text, 'latin1')))(value);
  },
  s_crc32: onText((text) => crc32(text) | 0),
  s_charat: onText((text, at = 0) => text.at(toInt(at)) ?? null),
  s_byteat: onText((text, at = 0) => text.at(toInt(at))?.charCodeAt(0) ?? null),
  s_sha256: hash('sha256'),
  s_sha384: hash('sha384'),
  s_sha512: hash('sha512'),
  s_rmws: onText((text) => text.replace(/[ \t\n\r]+/g, '')),
  s_rmhdws: onText((text) => text.replace(/(\r\n|\n)[ \t]+/g, '')),
  s_rmhlws: onText((text) => text.replace(/(\r\n|\n)[ \t]+/g, ' ')),
  s_tolower: (value) => (typeof value === 'string' ? lower(value) : value === null ? null : String(value)),
  s_toupper: (value) => (typeof value === 'string' ? upper(value) : value === null ? null : String(value)),
  s_numeric: onText((text) => text.replace(/[^0-9]+/g, '')),
  s_encode_hexa: onText(codec.hexEncode),
  s_decode_hexa: onText(codec.hexDecode),
  s_encode_7bit: onText(codec.sevenBitEncode),
  s_decode_7bit: onText(codec.sevenBitDecode),
  s_encode_base64: onText(codec.base64Encode),
  s_decode_base64: onText(codec.base64Decode),
  s_encode_base64t: onText((text) => codec.base64Encode(text).replace(/=+$/, '')),
  s_decode_base64t: onText(codec.base64DecodeAny),
  s_encode_base64url: onText((text) => codec.toUrlAlphabet(codec.base64Encode(text))),
  s_decode_base64url: onText(codec.base64UrlDecode),
  s_encode_base64urlt: onText((text) => codec.toUrlAlphabet(codec.base64Encode(text)).replace(/=+$/, '')),
  s_decode_base64urlt: onText(codec.base64UrlDecode),
  s_encode_base58: onText(codec.base58Encode),
  s_decode_base58: onText(codec.base58Decode),
  s_escape_common: doubling(codec.escapeCommon),
  s_unescape_common: onText(codec.unescapeCommon),
  s_escape_crlf: onText(codec.escapeCrlf),
  s_unescape_crlf: onText(codec.unescapeCrlf),
  s_escape_user: doubling(codec.escapeUser),
  s_unescape_user: onText(codec.unescapePercent),
  s_escape_param: doubling(codec.escapeParam),
  s_unescape_param: onText(codec.unescapePercent),
  s_escape_csv: doubling((text) => `"${text.replaceAll('"', '""')}"`),
  s_urlencode_param: onText(codec.urlEncode),
  s_urldecode_param: onText(codec.urlDecode),
  s_prefixes: onText((text, most = null) => prefixes(text, most, '')),
  s_prefixes_quoted: onText((text, most = null) => prefixes(text, most, "'")),
  s_substr: onText((text, from = 0, count = 0) => substr(text, toInt(from), toInt(count))),
  s_select: onText((text, index = 0, separator = '') => select(text, toInt(index), toStr(separator))),
  s_selectsw: onText((text, index = 0) => selectWord(text, toInt(index))),
  s_strip: onText((text, n = 0) => (toInt(n) <= 0 ? text : text.slice(toInt(n)))),
  s_striptail: onText((text, n = 0) => (toInt(n) <= 0 ? text : text.slice(0, Math.max(0, text.length - toInt(n))))),
  s_stripto: onText((text, to = '') => {
    const at = text.indexOf(first(to));
    return at < 0 ? '' : text.slice(at);
  }),
  s_ftime: (value, format = '') => {
    const seconds =
      typeof value === 'number' ? value : /^\d*$/.test(toStr(value)) ? (parseInt32(toStr(value)) ?? 0) : undefined;
    return value === null || seconds === undefined ? null : strftime(toStr(format), new Date(seconds * 1000));
  },
  s_replace: onText((text, from = '', to = '') =>
    toStr(from) === '' ? text : text.replaceAll(toStr(from), () => toStr(to)),
  ),
  s_rm: onText((text, what = '') => {
    const unwanted = unescaped(toStr(what));
    return unwanted === '' ? text : text.replaceAll(unwanted, '');
  }),
  s_corehash: (value, size = 0) => (value === null ? null : String(coreHash(toStr(value), toInt(size)))),
  s_trim: onText((text) => trimStart(trimEnd(text))),
  s_ltrim: onText(trimStart),
  s_rtrim: onText(trimEnd),
  s_unquote: onText((text) => unwrapped(text, ['""', "''"])),
  s_unbracket: onText((text) => unwrapped(text, ['()', '[]', '{}', '<>'])),
  s_count: onText((text, c = '') => text.split(first(c)).length - 1),
  s_before: onText((text, c = '') => {
    const at = text.indexOf(first(c));
    return at < 0 ? text : text.slice(0, at);
  }),
  s_after: onText((text, c = '') => {
    const at = text.indexOf(first(c));
    return at < 0 ? '' : text.slice(at + 1);
  }),
  s_rbefore: onText((text, c = '') => {
    const at = text.lastIndexOf(first(c));
    return at < 0 ? text : text.slice(0, at);
  }),
  s_rafter: onText((text, c = '') => {
    const at = text.lastIndexOf(first(c));
    return at < 0 ? '' : text.slice(at + 1);
  }),
  s_fmtlines: onText((text, width = 0, indent = 0) => formatLines(text, toInt(width), toInt(indent), ' ')),
  s_fmtlinet: onText((text, width = 0, indent = 0) => formatLines(text, toInt(width), toInt(indent), '\t')),
};

/**
 * URI questions and changes as siputils answers them (Kamailio: core/strutils.c, siputils/checks.c).
 */
import {
  equalsIgnoreCase,
  type Grammar,
  lowerAscii,
  type Param,
  parseParams,
  parseUri,
  type SipUri,
  type Verdict,
} from '../../runtime/sdk/index.js';

/** 0 the same, 1 different, -1 one is not a URI. Kamailio's own rules, not those of RFC 3261 §19.1.4. */
export function compareUris(a: string, b: string, grammar: Grammar): number {
  const x = parseUri(a, grammar);
  const y = parseUri(b, grammar);
  if (x === null || y === null) return -1;
  if (x.scheme !== y.scheme || x.port !== y.port) return 1;
  if ((x.user ?? '') !== (y.user ?? '') || (x.password ?? '') !== (y.password ?? '')) return 1;
  if (!equalsIgnoreCase(x.host, y.host)) return 1;
  if (x.params === '' && y.params === '') return 0;
  if (x.params === '' && decisive(y)) return 1;
  if (y.params === '' && decisive(x)) return 1;
  return compareFields(x.paramList, y.paramList);
}
/** 0 when every parameter that is in both lists has the same value, else 1. */
function compareFields(a: readonly Param[], b: readonly Param[]): number {
  for (const p of a) {
    const other = b.find((o) => equalsIgnoreCase(o.name, p.name));
    if (other !== undefined && !equalsIgnoreCase(other.value ?? '', p.value ?? '')) return 1;
  }
  return 0;
}
const decisive = (uri: SipUri) => ['user', 'ttl', 'method', 'maddr'].some((name) => uri.param(name) !== null);

/** User, host and port only; a missing port is 5060. */
export function compareAors(a: string, b: string, grammar: Grammar): number {
  const x = parseUri(a, grammar);
  const y = parseUri(b, grammar);
  if (x === null || y === null) return -1;
  if ((x.user ?? '') !== (y.user ?? '')) return 1;
  if ((x.port || 5060) !== (y.port || 5060)) return 1;
  return equalsIgnoreCase(x.host, y.host) ? 0 : 1;
}
export const asVerdict = (order: number): Verdict => (order === 0 ? 1 : order > 0 ? -1 : -2);

/** `+` and digits, 3 characters to `longest`. */
export function isE164(user: string, longest: number): Verdict {
  if (user.length < 3 || user.length > longest || user.charAt(0) !== '+') return -1;
  return onlyDigits(user, 1) ? 1 : -1;
}
export function onlyDigits(text: string, from = 0): boolean {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return true;
}
/** Digits, or `+` and digits of which the first is not 0. */
export function isTelNumber(text: string): Verdict {
  if (text === '') return -2;
  if (text.charAt(0) !== '+') return onlyDigits(text) ? 1 : -2;
  const first = text.charCodeAt(1);
  return first >= 0x31 && first <= 0x39 && onlyDigits(text, 2) ? 1 : -2;
}
/** ASCII letters, digits, and the characters of `more`. */
export function isAlphaNum(text: string, more: string): boolean {
  for (const ch of text) {
    const c = ch.charCodeAt(0);
    const plain = (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a && c < 0x80);
    if (!plain && !more.includes(ch)) return false;
  }
  return true;
}

/** `tel:` URI as a sip URI at `host`; null when it is not a tel URI. Visual separators go (RFC 3966 §5.1.1). */
export function telToSip(uri: string, host: string): string | null {
  if (uri.length < 4 || !equalsIgnoreCase(uri.slice(0, 4), 'tel:')) return null;
  const semi = uri.indexOf(';');
  const number = semi < 0 ? uri.slice(4) : uri.slice(4, semi);
  let user = '';
  for (const c of number) if (!'-.()'.includes(c)) user += c;
  const all = user + (semi < 0 ? '' : uri.slice(semi));
  let lower = '';
  for (const c of all) lower += c >= 'A' && c <= 'Z' ? c.toLowerCase() : c;
  return `sip:${lower}@${host};user=phone`;
}

const SEPARATORS = /[-.()]/g;
/**
 * As `telToSip`, by the book (RFC 3261 §19.1.6): parameters in the order RFC 3966 §3 gives, no phone-context that is a
 * domain, and none with visual separators.
 */
export function telToSipSorted(uri: string, host: string): string | null {
  if (uri.length < 4 || !equalsIgnoreCase(uri.slice(0, 4), 'tel:')) return null;
  const [number = '', ...params] = uri.slice(4).split(';');
  const rank = (param: string) => (/^(?:isub|ext)(?:=|$)/.test(param) ? 0 : /^phone-context=/.test(param) ? 1 : 2);
  const kept = params
    .map(lowerAscii)
    .filter((param) => param !== '' && (rank(param) !== 1 || param.startsWith('phone-context=+')))
    .map((param) =>
      /^(?:ext|phone-context)=/.test(param) ? param.replace(/=.*/, (value) => value.replace(SEPARATORS, '')) : param,
    )
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));
  return `sip:${[lowerAscii(number.replace(SEPARATORS, '')), ...kept].join(';')}@${host};user=phone`;
}

/** The URI text with another user; '' takes the user out. Null when there is no `:`. */
export function withUser(uri: string, user: string): string | null {
  const colon = uri.indexOf(':');
  if (colon < 0) return null;
  const at = uri.indexOf('@');
  const scheme = uri.slice(0, colon + 1);
  if (at < 0) return user === '' ? uri : `${scheme}${user}@${uri.slice(colon + 1)}`;
  return user === '' ? scheme + uri.slice(at + 1) : scheme + user + uri.slice(at);
}
/** The URI text with another host. */
export function withHost(uri: string, host: string): string | null {
  const colon = uri.indexOf(':');
  if (colon < 0 || host === '') return null;
  const at = uri.indexOf('@', colon + 1);
  const start = (at < 0 ? colon : at) + 1;
  let end = start;
  while (end < uri.length && !':;?'.includes(uri.charAt(end))) end++;
  return uri.slice(0, start) + host + uri.slice(end);
}
/** The URI text with `;param` after its parameters, before its header fields. */
export function withParam(text: string, param: string, grammar: Grammar): string | null {
  const uri = parseUri(text, grammar);
  if (uri === null) return null;
  if (uri.headers === '') return `${text};${param}`;
  const question = text.length - uri.headers.length - 1;
  return `${text.slice(0, question)};${param}${text.slice(question)}`;
}
/** The URI text without a parameter; the same text when it has none of that name. Null when it is not a URI. */
export function withoutParam(text: string, name: string, grammar: Grammar): string | null {
  const uri = parseUri(text, grammar);
  if (uri === null) return null;
  if (uri.params === '') return text;
  const start = text.length - (uri.headers === '' ? 0 : uri.headers.length + 1) - uri.params.length;
  const param = parseParams(uri.params)?.params.find((p: Param) => equalsIgnoreCase(p.name, name));
  if (param === undefined) return text;
  const semi = text.lastIndexOf(';', start + param.start);
  return text.slice(0, semi) + text.slice(start + param.end);
}

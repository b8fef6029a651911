/**
 * SIP, SIPS, TEL and URN URIs (RFC 3261 §19.1, RFC 3966): parsing as Kamailio does it (parser/parse_uri.c accepts a
 * good deal more than the grammar), and comparison (§19.1.4).
 */
import { equalsIgnoreCase, isAlphaNum, isDigit, isHexDigit, lowerAscii } from './chars.js';
import type { Grammar } from './grammar.js';
import { type Param, parseParams } from './params.js';

export type UriScheme = 'sip' | 'sips' | 'tel' | 'tels' | 'urn';

export class SipUri {
  private list: readonly Param[] | undefined;
  private headerList: readonly Param[] | undefined;
  constructor(
    /** The text it was parsed from. */
    readonly text: string,
    /** As written, in lower case. */
    readonly scheme: UriScheme,
    /** Null when there is no `@`. For `tel:` the number. */
    readonly user: string | null,
    readonly password: string | null,
    /** As written, brackets around IPv6. '' for `tel:`. */
    readonly host: string,
    /** 0 when absent. */
    readonly port: number,
    /** Text after the first `;`, before any `?`; '' when none. */
    readonly params: string,
    /** Text after `?`; '' when none. */
    readonly headers: string,
    /** A number in a sip or sips URI (`user=phone`), unless `phone2tel` is off. */
    readonly isNumber = false,
    /** What such a URI has after the first `;` of its user part: the number's own parameters; '' when none. */
    readonly userParams = '',
  ) {}

  /** Parameters, in order. */
  get paramList(): readonly Param[] {
    return (this.list ??= this.params === '' ? [] : (parseParams(this.params)?.params ?? []));
  }
  /** Of a number those of its own, which stand before the `@`; of another URI its parameters. */
  get ownParamList(): readonly Param[] {
    return this.isNumber ? (parseParams(this.userParams)?.params ?? []) : this.paramList;
  }
  /** Value of a parameter: '' when it has none, null when it is absent. Case of the name is ignored. */
  param(name: string): string | null {
    if (this.params === '') return null;
    for (const p of this.paramList) if (equalsIgnoreCase(p.name, name)) return p.value ?? '';
    return null;
  }
  /** `?name=value&…` header fields. */
  get headerFields(): readonly Param[] {
    return (this.headerList ??=
      this.headers === '' ? [] : (parseParams(this.headers.replaceAll('&', ';'))?.params ?? []));
  }
  /** Lower-case `transport` parameter, or null. */
  get transport(): string | null {
    const value = this.param('transport');
    return value === null ? null : lowerAscii(value);
  }
  get secure(): boolean {
    return this.scheme === 'sips' || this.scheme === 'tels';
  }
  /** `user@host:port`-less address of record: `sip:user@host`. */
  get aor(): string {
    const user = this.user === null ? '' : `${this.user}@`;
    return `${this.scheme}:${user}${this.host}`;
  }
}

const schemeOf = (text: string): { scheme: UriScheme; at: number } | null => {
  const c0 = text.charCodeAt(0) | 0x20;
  const c1 = text.charCodeAt(1) | 0x20;
  const c2 = text.charCodeAt(2) | 0x20;
  const c3 = text.charCodeAt(3);
  if (c0 === 0x73 && c1 === 0x69 && c2 === 0x70) {
    if (c3 === 0x3a) return { scheme: 'sip', at: 4 };
    if ((c3 | 0x20) === 0x73 && text.charCodeAt(4) === 0x3a) return { scheme: 'sips', at: 5 };
    return null;
  }
  if (c3 !== 0x3a) return null;
  if (c0 === 0x74 && c1 === 0x65 && c2 === 0x6c) return { scheme: 'tel', at: 4 };
  if (c0 === 0x75 && c1 === 0x72 && c2 === 0x6e) return { scheme: 'urn', at: 4 };
  return null;
};

/** Kamailio's MAX_URI-like bound: longer text is not a URI to us. */
const MAX_URI = 65_535;

/** Null when Kamailio's parser refuses it (or it is empty, or has a scheme other than sip, sips, tel, urn). */
export function parseUri(text: string, grammar: Grammar): SipUri | null {
  const n = text.length;
  if (n < 5 || n > MAX_URI) return null;
  const start = schemeOf(text);
  if (start === null) return null;
  const { scheme, at } = start;
  if (at >= n) return null;

  // ';' and '?' may stand in the user part too, so the only '@' decides where it ends.
  const userEnd = text.indexOf('@', at);
  if (userEnd >= 0 && text.includes('@', userEnd + 1)) return null;
  if (scheme === 'urn') return urn(text, at);
  if (scheme === 'tel' && userEnd < 0) return tel(text, at);
  return sip(text, grammar, scheme, at, userEnd);
}

/** `urn:nid:nss`: Kamailio keeps the two as user and host. */
function urn(text: string, at: number): SipUri | null {
  const end = endOf(text, at);
  if (end === at) return null;
  const colon = text.indexOf(':', at);
  const split = colon >= 0 && colon < end;
  const user = split ? text.slice(at, colon) : null;
  return new SipUri(text, 'urn', user, null, text.slice(split ? colon + 1 : at, end), 0, ...tail(text, end));
}
function tel(text: string, at: number): SipUri | null {
  const end = endOf(text, at);
  return end === at ? null : new SipUri(text, 'tel', text.slice(at, end), null, '', 0, ...tail(text, end));
}
/** Where parameters or header fields begin. */
function endOf(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === SEMICOLON || c === QUESTION) return i;
  }
  return text.length;
}
/** Parameters and header fields, from the `;` or `?` at `at`. */
function tail(text: string, at: number): [params: string, headers: string] {
  if (at >= text.length) return ['', ''];
  if (text.charCodeAt(at) === QUESTION) return ['', text.slice(at + 1)];
  const question = text.indexOf('?', at);
  let end = question < 0 ? text.length : question;
  const headers = question < 0 ? '' : text.slice(question + 1);
  if (text.charCodeAt(end - 1) === SEMICOLON && end - 1 > at) end--;
  return [text.slice(at + 1, end), headers];
}

/** Kamailio's state machine, condensed: a host after `@` is checked, one without a user part hardly. */
function sip(text: string, grammar: Grammar, scheme: UriScheme, at: number, userEnd: number): SipUri | null {
  const n = text.length;
  let user: string | null = null;
  let password: string | null = null;
  let i = at;
  if (userEnd >= 0) {
    let colon = -1;
    let params = false;
    for (let k = at; k < userEnd; k++) {
      const c = text.charCodeAt(k);
      if (c === 0x5b || c === 0x5d) return null;
      if (c === SEMICOLON || c === QUESTION) {
        // After a ':' this was the port of a host, and no user may follow.
        if (colon >= 0) return null;
        params = true;
      } else if (c === 0x3a) {
        if (colon >= 0) return null;
        colon = k;
      }
    }
    if (colon === at && !params) return null;
    user = text.slice(at, colon < 0 ? userEnd : colon);
    if (colon >= 0) password = text.slice(colon + 1, userEnd);
    if (user === '') return null;
    i = userEnd + 1;
  }
  const hostStart = i;
  const first = text.charCodeAt(i);
  if (first === 0x5b) {
    for (i++; i < n && text.charCodeAt(i) !== 0x5d; i++) {
      const c = text.charCodeAt(i);
      if (c === 0x5b || c === 0x26 || c === SEMICOLON || c === QUESTION) return null;
    }
    if (i++ >= n) return null;
    const c = text.charCodeAt(i);
    if (i < n && c !== 0x3a && c !== SEMICOLON && c !== QUESTION) return null;
  } else {
    const strict = userEnd >= 0;
    if (strict && !isAlphaNum(first)) return null;
    for (; i < n; i++) {
      const c = text.charCodeAt(i);
      if (c === 0x3a || c === SEMICOLON || c === QUESTION) break;
      if (c === 0x5b || c === 0x5d) return null;
      if (strict && !isAlphaNum(c) && c !== 0x2e && c !== 0x2d && !grammar.hostChars.has(c)) return null;
    }
  }
  const host = text.slice(hostStart, i);
  if (host === '') return null;
  let port = 0;
  if (i < n && text.charCodeAt(i) === 0x3a) {
    for (i++; i < n; i++) {
      const c = text.charCodeAt(i);
      if (!isDigit(c)) {
        if (c === SEMICOLON || c === QUESTION) break;
        return null;
      }
      port = port * 10 + (c - 0x30);
      if (port > 65_535) return null;
    }
  }
  const [params, headers] = tail(text, i);
  if (headers.includes(';')) return null;
  if (params === '' || !grammar.numbers || !PHONE.test(params))
    return new SipUri(text, scheme, user, password, host, port, params, headers);
  const semicolon = user?.indexOf(';') ?? -1;
  if (semicolon === 0) return null;
  const own = semicolon < 0 || user === null ? '' : user.slice(semicolon + 1);
  const number = semicolon < 0 || user === null ? user : user.slice(0, semicolon);
  return new SipUri(text, scheme, number, password, host, port, params, headers, true, own);
}
/** The value counts as it is written (parse_uri.c). */
const PHONE = /(?:^|;)[uU][sS][eE][rR]=phone(?:;|$)/;
const SEMICOLON = 0x3b;
const QUESTION = 0x3f;

const unescaped = (text: string): string => {
  if (!text.includes('%')) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '%' && isHexDigit(text.charCodeAt(i + 1)) && isHexDigit(text.charCodeAt(i + 2))) {
      const code = Number.parseInt(text.slice(i + 1, i + 3), 16);
      // An escaped reserved character is not the same as the character (RFC 3261 §19.1.4); others are.
      if (isAlphaNum(code) || "-_.!~*'()".includes(String.fromCharCode(code))) out += String.fromCharCode(code);
      else out += text.slice(i, i + 3).toUpperCase();
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
};

/** Parameters whose presence on one side only makes two URIs differ (RFC 3261 §19.1.4). */
const decisive = ['user', 'ttl', 'method', 'maddr', 'transport', 'lr'];

/** RFC 3261 §19.1.4. Symmetric, not transitive. */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme || a.port !== b.port) return false;
  if ((a.user === null) !== (b.user === null) || unescaped(a.user ?? '') !== unescaped(b.user ?? '')) return false;
  if (a.userParams !== b.userParams || (a.password === null) !== (b.password === null)) return false;
  if (unescaped(a.password ?? '') !== unescaped(b.password ?? '')) return false;
  if (!equalsIgnoreCase(a.host, b.host)) return false;
  for (const p of a.paramList) {
    const other = b.param(p.name);
    if (other !== null && !equalsIgnoreCase(unescaped(other), unescaped(a.param(p.name) ?? ''))) return false;
  }
  for (const name of decisive) if ((a.param(name) === null) !== (b.param(name) === null)) return false;
  return sameHeaders(a, b) && sameHeaders(b, a);
}
function sameHeaders(a: SipUri, b: SipUri): boolean {
  return a.headerFields.every((h) =>
    b.headerFields.some(
      (o) => equalsIgnoreCase(o.name, h.name) && unescaped(o.value ?? '') === unescaped(h.value ?? ''),
    ),
  );
}

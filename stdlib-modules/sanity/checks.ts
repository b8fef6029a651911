/**
 * The checks behind `sanity_check()`, each giving null when passed or what to answer (Kamailio: sanity/sanity.c).
 */
import { HeaderId, parseNameAddrList, type RouteContext, type SipMessage } from '../../runtime/sdk/index.js';

/** `status` 0: fails without an answer. */
export interface Fault {
  readonly status: number;
  readonly reason: string;
  /** Header line for the answer. */
  readonly header?: string;
  /** Nothing may be answered to this request any more. */
  readonly noReply?: boolean;
}
const bad = (reason: string): Fault => ({ status: 400, reason });
const silent: Fault = { status: 0, reason: '' };
const never: Fault = { status: 0, reason: '', noReply: true };

export const Check = {
  ruriVersion: 1,
  ruriScheme: 2,
  requiredHeaders: 4,
  viaVersion: 8,
  viaProtocol: 16,
  cseqMethod: 32,
  cseqValue: 64,
  contentLength: 128,
  expires: 256,
  proxyRequire: 512,
  uris: 1024,
  digest: 2048,
  duplicateTags: 4096,
  authorization: 8192,
  via1: 16384,
  sizes: 65536,
} as const;
/** The parameters that say them, with their defaults. */
export const SIZE_DEFAULTS = {
  size_checks: 0,
  size_message: 16384,
  size_method: 32,
  size_ruri: 256,
  size_from_uri: 256,
  size_to_uri: 256,
  size_contact_uri: 256,
  size_route_uri: 256,
  size_path_uri: 256,
  size_pai_uri: 256,
  size_header: 2048,
  size_headers: 8192,
  size_body: 8192,
} as const;
/** Largest sizes in bytes; 0: not looked at. */
export interface Sizes {
  readonly message: number;
  readonly method: number;
  readonly ruri: number;
  readonly fromUri: number;
  readonly toUri: number;
  readonly contactUri: number;
  readonly routeUri: number;
  readonly pathUri: number;
  readonly paiUri: number;
  readonly header: number;
  readonly headers: number;
  readonly body: number;
}
export const UriCheck = { ruri: 1, from: 2, to: 4, contact: 8 } as const;
export const DEFAULT_CHECKS =
  Check.ruriVersion |
  Check.ruriScheme |
  Check.requiredHeaders |
  Check.cseqMethod |
  Check.cseqValue |
  Check.contentLength |
  Check.expires |
  Check.proxyRequire |
  Check.digest;
export const DEFAULT_URI_CHECKS = UriCheck.ruri | UriCheck.from | UriCheck.to;

/** Runs the checks of `mask` in Kamailio's order. */
export function runChecks(
  ctx: RouteContext,
  mask: number,
  uriMask: number,
  supported: readonly string[],
  sizes: Sizes | null,
): Fault | null {
  const { msg } = ctx;
  return (
    (sizes !== null && tooLarge(ctx, sizes) ? silent : null) ??
    ((mask & Check.ruriVersion) !== 0 ? ruriVersion(msg) : null) ??
    ((mask & Check.ruriScheme) !== 0 ? ruri(ctx) : null) ??
    ((mask & Check.requiredHeaders) !== 0 ? requiredHeaders(msg) : null) ??
    ((mask & Check.via1) !== 0 && msg.via === null ? never : null) ??
    ((mask & Check.cseqMethod) !== 0 ? cseqMethod(msg) : null) ??
    ((mask & Check.cseqValue) !== 0 ? cseqValue(msg) : null) ??
    ((mask & Check.contentLength) !== 0 ? contentLength(msg) : null) ??
    ((mask & Check.expires) !== 0 ? expires(msg) : null) ??
    ((mask & Check.proxyRequire) !== 0 ? proxyRequire(msg, supported) : null) ??
    ((mask & Check.uris) !== 0 ? uris(ctx, uriMask) : null) ??
    ((mask & Check.digest) !== 0 ? digest(msg, true) : null) ??
    ((mask & Check.authorization) !== 0 ? digest(msg, false) : null) ??
    ((mask & Check.duplicateTags) !== 0 ? duplicateTags(msg) : null)
  );
}

/** A part that is missing or malformed where its size matters fails too. */
function tooLarge(ctx: RouteContext, s: Sizes): boolean {
  const { msg } = ctx;
  const over = (length: number, limit: number) => limit > 0 && length > limit;
  const anyOver = (texts: Iterable<string>, limit: number) => {
    for (const text of texts) if (over(text.length, limit)) return true;
    return false;
  };
  const listed = (id: HeaderId) =>
    msg
      .headersOf(id)
      .flatMap((f) => parseNameAddrList(msg.raw, ctx.grammar, f.valueStart, f.valueEnd)?.map((a) => a.uriText) ?? []);
  if (over(msg.raw.length, s.message) || (msg.isRequest && over(ctx.uri.length, s.ruri)) || msg.broken) return true;
  if (over(msg.method.length, s.method) || msg.headers.some((h) => over(h.end - h.start, s.header))) return true;
  if (s.fromUri > 0 && (msg.from === null || over(msg.from.uriText.length, s.fromUri))) return true;
  if (s.toUri > 0 && (msg.to === null || over(msg.to.uriText.length, s.toUri))) return true;
  if (over(msg.raw.length - msg.bodyStart, s.body) || over(msg.headersEnd - msg.startLine.end, s.headers)) return true;
  return (
    (s.contactUri > 0 && anyOver(listed(HeaderId.Contact), s.contactUri)) ||
    (s.routeUri > 0 && anyOver([...listed(HeaderId.RecordRoute), ...listed(HeaderId.Route)], s.routeUri)) ||
    (s.pathUri > 0 && anyOver(listed(HeaderId.Path), s.pathUri)) ||
    (s.paiUri > 0 && anyOver(listed(HeaderId.PAssertedIdentity), s.paiUri))
  );
}

function ruriVersion(msg: SipMessage): Fault | null {
  if (!msg.isRequest) return null;
  const slash = msg.version.indexOf('/');
  if (slash < 0) return silent;
  return msg.version.slice(slash + 1) === '2.0' ? null : { status: 505, reason: 'Version Not Supported (R-URI)' };
}

function ruri(ctx: RouteContext): Fault | null {
  const uri = ctx.requestUri;
  return uri === null ? bad('Bad Request URI') : null;
}

function requiredHeaders(msg: SipMessage): Fault | null {
  const { CallId, From, To, CSeq } = HeaderId;
  for (const id of [From, To, CallId, CSeq]) if (msg.header(id) === undefined) return never;
  if (!msg.wellFormed) return bad('Bad Headers');
  for (const id of [From, To, CallId, CSeq]) if (msg.isRepeated(id)) return silent;
  return null;
}

function cseqMethod(msg: SipMessage): Fault | null {
  const { cseq } = msg;
  if (cseq === null) return silent;
  return !msg.isRequest || cseq.method === msg.method ? null : bad('CSeq method does not match request method');
}

/** Digits of a 32-bit number; a leading zero counts as a digit. */
function isUint32(text: string): boolean {
  if (text.length > 10) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return text.length < 10 || text <= '4294967296';
}
function cseqValue(msg: SipMessage): Fault | null {
  const { cseq } = msg;
  if (cseq === null) return never;
  return isUint32(cseq.numberText) ? null : bad('CSeq number is illegal');
}

function contentLength(msg: SipMessage): Fault | null {
  const length = msg.contentLength;
  if (length === null) return msg.broken ? bad('Content-Length Failure') : null;
  if (!msg.complete) return bad('Content-Length Body Failure');
  return length === msg.bodyLength ? null : bad('Content-Length mis-match');
}

function expires(msg: SipMessage): Fault | null {
  const field = msg.header(HeaderId.Expires);
  if (field === undefined) return null;
  if (field.value === '') return bad('Bad Expires Header');
  // A number followed by white space is taken for the number.
  const { value } = field;
  let end = 0;
  while (end < value.length && value.charCodeAt(end) >= 0x30 && value.charCodeAt(end) <= 0x39) end++;
  const c = value.charCodeAt(end);
  const text = value.length <= 10 && end < value.length && (c === 32 || c === 9) ? value.slice(0, end) : value;
  if (text === '') return bad('Missing number in Expires header');
  return isUint32(text) ? null : bad('Expires value is illegal');
}

export const splitTokens = (text: string): string[] =>
  text
    .split(',')
    .map((t) => t.trim())
    .filter((t, i, all) => t !== '' || all.length > 1 || i > 0);

function proxyRequire(msg: SipMessage, supported: readonly string[]): Fault | null {
  const field = msg.header(HeaderId.ProxyRequire);
  if (field === undefined) return null;
  if (field.value === '') return bad('Bad Proxy Require Header');
  for (const token of splitTokens(field.value)) {
    if (!supported.includes(token)) {
      return { status: 420, reason: 'Bad Proxy Require Extension', header: `Unsupported: ${token}\r\n` };
    }
  }
  return null;
}

function uris(ctx: RouteContext, mask: number): Fault | null {
  const { msg } = ctx;
  if ((mask & UriCheck.ruri) !== 0) {
    const fault = ruri(ctx);
    if (fault !== null) return fault;
  }
  if ((mask & UriCheck.from) !== 0 && !msg.from?.uri) {
    return msg.header(HeaderId.From) === undefined ? never : bad('Invalid From Header');
  }
  // Spelled so by Kamailio.
  if ((mask & UriCheck.to) !== 0 && !msg.to?.uri) {
    return msg.header(HeaderId.To) === undefined ? never : bad('Ivalid To Header');
  }
  if ((mask & UriCheck.contact) !== 0 && msg.header(HeaderId.Contact) !== undefined) {
    const contacts = msg.contacts();
    if (contacts === null) return bad('Bad Contact Header');
    if (contacts !== 'star' && !contacts[0]?.uri) return bad('Bad Contact URI');
  }
  return null;
}

/** Digest credentials name a user, a nonce and a response. Other schemes fail only the strict variant. */
function digest(msg: SipMessage, strict: boolean): Fault | null {
  if (!msg.wellFormed) return bad('Bad Headers');
  const fields = [...msg.headersOf(HeaderId.Authorization), ...msg.headersOf(HeaderId.ProxyAuthorization)];
  for (const field of fields) {
    const credentials = parseDigest(field.value);
    if (credentials === 'other') return strict ? silent : null;
    if (credentials === null) return bad('Bad Auth Header');
    for (const name of ['username', 'realm', 'nonce', 'uri', 'response']) {
      if (!credentials.has(name)) return bad('Bad Auth Credentials');
    }
    if (credentials.has('qop') && !(credentials.has('nc') && credentials.has('cnonce'))) {
      return bad('Bad Auth Credentials');
    }
    if (credentials.get('username') === '') return bad('Auth Empty User');
    if (credentials.get('nonce') === '') return bad('Auth Empty Nonce');
    if (credentials.get('response') === '') return bad('Auth Empty Response');
  }
  return null;
}
/** Parameters of a Digest field by lower-case name; `'other'` for another scheme, null when malformed. */
function parseDigest(value: string): Map<string, string> | 'other' | null {
  const space = value.search(/[ \t\r\n]/);
  const scheme = (space < 0 ? value : value.slice(0, space)).toLowerCase();
  if (scheme !== 'digest') return 'other';
  if (space < 0) return null;
  const params = new Map<string, string>();
  let i = space;
  const n = value.length;
  const isWs = (c: string | undefined) => c === ' ' || c === '\t' || c === '\r' || c === '\n';
  for (;;) {
    while (i < n && (isWs(value[i]) || value[i] === ',')) i++;
    if (i >= n) return params.size === 0 ? null : params;
    const nameStart = i;
    while (i < n && value[i] !== '=' && !isWs(value[i]) && value[i] !== ',') i++;
    const name = value.slice(nameStart, i).toLowerCase();
    while (i < n && isWs(value[i])) i++;
    if (value[i] !== '=' || name === '') return null;
    i++;
    while (i < n && isWs(value[i])) i++;
    let text: string;
    if (value[i] === '"') {
      const start = ++i;
      while (i < n && value[i] !== '"') i += value[i] === '\\' ? 2 : 1;
      if (i >= n) return null;
      text = value.slice(start, i);
      i++;
    } else {
      const start = i;
      while (i < n && value[i] !== ',' && !isWs(value[i])) i++;
      text = value.slice(start, i);
    }
    if (!params.has(name)) params.set(name, text);
  }
}

function duplicateTags(msg: SipMessage): Fault | null {
  const { from, to } = msg;
  if (from === null || to === null) return never;
  const tags = (params: readonly { name: string }[]) => params.filter((p) => p.name.toLowerCase() === 'tag').length;
  if (tags(from.params) > 1) return bad('Many From Tag Params');
  return tags(to.params) > 1 ? bad('Many To Tag Params') : null;
}

/**
 * Contact URIs rewritten so that what comes back to us can be turned into the original (siputils' contact_ops.c): all its parts
 * in the user (`encode_contact`), or the whole URI as a base64url parameter (`contact_param_encode`).
 */
import {
  type Contacts,
  equalsIgnoreCase,
  HeaderId,
  isStar,
  parseNameAddrList,
  parseUri,
  type RouteContext,
  type SipUri,
  type Verdict,
} from '../../runtime/sdk/index.js';

type Listed = Exclude<Contacts, 'star'>;

/** Values of the first Contact field; null when there is none or it is malformed, empty for `*`. */
function firstField(ctx: RouteContext): Listed | null {
  const field = ctx.msg.header(HeaderId.Contact);
  if (field === undefined) return null;
  return isStar(field.value) ? [] : parseNameAddrList(ctx.msg.raw, ctx.grammar, field.valueStart, field.valueEnd);
}

/** `sip:prefix*user*password*host*port*transport@address`; a number: why not. Other parameters are lost. */
function encoded(ctx: RouteContext, uri: string, prefix: string, address: string, separator: string): string | number {
  if (uri.length <= 1) return -1;
  const colon = uri.indexOf(':');
  if (colon < 0) return -25;
  if (colon < 3) return -26;
  // The three letters before the colon are all that is looked at: sips is refused.
  const parsed = parseUri(uri.slice(colon - 3), ctx.grammar);
  if (parsed === null) return -509;
  const port = parsed.port === 0 ? '' : String(parsed.port);
  const parts = [prefix, parsed.user ?? '', parsed.password ?? '', parsed.host, port, parsed.param('transport') ?? ''];
  return `${uri.slice(0, colon + 1)}${parts.join(separator)}@${address}`;
}

/** The other way; a number: why not. */
export function decoded(uri: string, separator: string): string | number {
  const colon = uri.indexOf(':');
  if (colon < 0) return -22;
  const at = uri.indexOf('@', colon + 1);
  if (at < 0) return -23;
  const parts = uri.slice(colon + 1, at).split(separator);
  if (parts.length > 6) return -24;
  if (parts.length < 6) return -26;
  const [, user = '', password = '', host = '', port = '', transport = ''] = parts;
  if (host === '') return -2;
  if (password !== '' && user === '') return -3;
  let end = at;
  while (end < uri.length && uri[end] !== ';' && uri[end] !== '>') end++;
  const login = user === '' ? '' : password === '' ? `${user}@` : `${user}:${password}@`;
  return (
    uri.slice(0, colon + 1) +
    login +
    host +
    (port === '' ? '' : `:${port}`) +
    (transport === '' ? '' : `;transport=${transport}`) +
    uri.slice(end)
  );
}

/** Replaces the URI of each value; stops at the first that cannot be. */
function replaceEach(ctx: RouteContext, contacts: Listed, make: (uri: string) => string | number): Verdict {
  for (const c of contacts) {
    const made = make(c.uriText);
    if (typeof made === 'number') return made;
    if (!ctx.draft.edits.replace(c.uriStart, c.uriEnd, made)) return -2;
  }
  return 1;
}
export function encodeContact(ctx: RouteContext, prefix: string, address: string, separator: string): Verdict {
  const contacts = firstField(ctx);
  if (contacts === null) return ctx.msg.header(HeaderId.Contact) === undefined ? -1 : -4;
  return replaceEach(ctx, contacts, (uri) => encoded(ctx, uri, prefix, address, separator));
}
export function decodeContactHeader(ctx: RouteContext, separator: string): Verdict {
  const contacts = firstField(ctx);
  if (contacts === null) return ctx.msg.header(HeaderId.Contact) === undefined ? -1 : -4;
  return replaceEach(ctx, contacts, (uri) => decoded(uri, separator));
}
export function decodeRequestUri(ctx: RouteContext, separator: string): Verdict {
  const made = decoded(ctx.uri, separator);
  if (typeof made === 'number') return made;
  ctx.draft.uri = made;
  return 1;
}

const MAX_URI = 1024;
const toBase64 = (text: string) => Buffer.from(text, 'latin1').toString('base64url');
const fromBase64 = (text: string) => Buffer.from(text, 'base64url').toString('latin1');

/** The Contact becomes `address;name=base64url`; one that is no name-addr gets angle brackets. */
export function encodeParam(ctx: RouteContext, name: string, address: string, more = ''): Verdict {
  const contacts = firstField(ctx);
  if (contacts === null) return ctx.msg.header(HeaderId.Contact) === undefined ? 1 : -4;
  for (const c of contacts) {
    if (c.uriText.length <= 4) continue;
    const made = `${address};${name}=${toBase64(c.uriText + more)}`;
    if (made.length >= MAX_URI) return -2;
    const text = ctx.msg.raw[c.uriStart - 1] === '<' ? made : `<${made}>`;
    if (!ctx.draft.edits.replace(c.uriStart, c.uriEnd, text)) return -3;
  }
  return 1;
}

/** As `encodeParam`; the hidden URI also tells where the message came from in nathelper's `alias`. */
export function encodeParamWithAlias(ctx: RouteContext, name: string, address: string): Verdict {
  const { src, proto } = ctx.msg.received;
  const host = src.ip.includes(':') ? `[${src.ip}]` : src.ip;
  return encodeParam(ctx, name, address, `;alias=${host}~${src.port}~${PROTO_NUMBERS[proto]}`);
}
const PROTO_NUMBERS = { udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 } as const;

/** Has the URI of a Contact this parameter? */
export function hasContactParam(ctx: RouteContext, name: string): boolean {
  return (allFields(ctx) ?? []).some(({ uri }) => uri !== null && paramOf(uri, name) !== undefined);
}

const paramOf = (uri: SipUri, name: string) => uri.paramList.find((p) => equalsIgnoreCase(p.name, name));

/** Values of all Contact fields; null when there are none. */
function allFields(ctx: RouteContext): Listed | null {
  const contacts = ctx.msg.contacts();
  return contacts === null || contacts === 'star' ? null : contacts;
}

export function decodeParam(ctx: RouteContext, name: string): Verdict {
  for (const c of allFields(ctx) ?? []) {
    if (c.uriText.length < 4) continue;
    if (c.uri === null) return -1;
    const value = paramOf(c.uri, name)?.value;
    if (!value) continue;
    const made = fromBase64(value);
    if (made === '') return -1;
    if (!ctx.draft.edits.replace(c.uriStart, c.uriEnd, made)) return -2;
  }
  return 1;
}
export function decodeParamOfRequestUri(ctx: RouteContext, name: string): Verdict {
  const uri = ctx.requestUri;
  if (uri === null) return -1;
  const value = paramOf(uri, name)?.value;
  if (!value) return 1;
  const made = fromBase64(value);
  if (made === '') return -1;
  ctx.draft.uri = made;
  return 1;
}
export function removeParam(ctx: RouteContext, name: string): Verdict {
  for (const c of allFields(ctx) ?? []) {
    if (c.uriText.length < 4) continue;
    if (c.uri === null) return -1;
    const param = paramOf(c.uri, name);
    if (param === undefined) continue;
    const start = c.uriEnd - (c.uri.headers === '' ? 0 : c.uri.headers.length + 1) - c.uri.params.length;
    const semicolon = ctx.msg.raw.lastIndexOf(';', start + param.start);
    if (semicolon >= c.uriStart) ctx.draft.edits.remove(semicolon, start + param.end);
  }
  return 1;
}

/**
 * The Contact of somebody behind a NAT: its address replaced by where the message came from, or told beside it in an alias
 * parameter, `;alias=address~port~protocol`, which handle_ruri_alias() turns into the next hop.
 */
import {
  bracket,
  HeaderId,
  type NameAddr,
  type Proto,
  type RouteContext,
  type SipUri,
  type Verdict,
} from '../../runtime/sdk/index.js';
import { firstContact, sameHost } from './tests.js';

/** Kamailio's numbers. */
const protoNumbers: Readonly<Record<Proto, number>> = { udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 };
const protoNames: readonly (string | undefined)[] = [undefined, 'udp', 'tcp', 'tls', 'sctp', 'ws', 'ws'];

/** Where host and port stand in the text of a URI. */
function hostPort(uri: SipUri): { readonly start: number; readonly end: number } {
  const { text, user, password, host } = uri;
  const scheme = text.indexOf(':') + 1;
  const login = user === null ? 0 : user.length + (password === null ? 0 : password.length + 1) + 1;
  const start = scheme + login;
  let end = start + host.length;
  if (text[end] === ':') {
    end++;
    while (end < text.length && text.charCodeAt(end) >= 0x30 && text.charCodeAt(end) <= 0x39) end++;
  }
  return { start, end };
}
/**
 * A URI in the place of the Contact's. Kamailio changes the parsed field too, so what reads it in the same route (presence,
 * dialog, registrar) sees the new one at once; later routes parse the message anew.
 */
function replaceUri(ctx: RouteContext, addr: NameAddr, uri: string, shown = uri): Verdict {
  if (!ctx.draft.edits.replace(addr.uriStart, addr.uriEnd, shown, HeaderId.Contact)) return -1;
  if (ctx.kind === 'request' || ctx.kind === 'core_reply' || ctx.kind === 'tm_reply') addr.replaceUri(uri);
  return 1;
}
/** The Contact URI was replaced before: a second time cannot work. */
const isReplaced = (ctx: RouteContext, start: number, end: number) => ctx.draft.edits.isRemoved(start, end);

export function fixContact(ctx: RouteContext): Verdict {
  const contact = firstContact(ctx);
  if (contact === null) return -1;
  const { addr, uri } = contact;
  if (isReplaced(ctx, addr.uriStart, addr.uriEnd)) return -1;
  const { src } = ctx.msg.received;
  const { text } = uri;
  const at = hostPort(uri);
  let rest = text.slice(at.end);
  const maddr = uri.paramList.find((p) => p.name.toLowerCase() === 'maddr' && p.value);
  if (maddr !== undefined) {
    // It names an address that makes no sense out here.
    const params = rest.indexOf(';') + 1;
    rest = rest.slice(0, params + maddr.start).replace(/[ \t;]+$/, '') + rest.slice(params + maddr.end);
  }
  const made = `${text.slice(0, at.start)}${bracket(src.ip)}:${src.port}${rest}`;
  return replaceUri(ctx, addr, made);
}

const aliasOf = (name: string, ip: string, port: number | string, proto: number) => `;${name}=${ip}~${port}~${proto}`;
const ownAlias = (ctx: RouteContext, name: string): string => {
  const { src, proto } = ctx.msg.received;
  return aliasOf(name, bracket(src.ip), src.port, protoNumbers[proto]);
};

/** Adds an alias after host and port of the Contact, which gets angle brackets when it has none. */
function addAlias(ctx: RouteContext, alias: string): Verdict {
  const contact = firstContact(ctx);
  if (contact === null) return -1;
  const { addr, uri } = contact;
  const { edits } = ctx.draft;
  if (isReplaced(ctx, addr.uriStart, addr.uriEnd)) return -1;
  const field = ctx.msg.header(HeaderId.Contact);
  const bare = field !== undefined && !field.value.includes('<');
  if (bare) edits.insert(field.valueStart, '<');
  return edits.insert(addr.uriStart + hostPort(uri).end, bare ? `${alias}>` : alias) ? 1 : -1;
}
export function addOwnAlias(ctx: RouteContext, name: string): Verdict {
  if (ctx.msg.header(HeaderId.Contact) === undefined) return 2;
  const contact = firstContact(ctx);
  if (contact === null) return -1;
  const { src, proto } = ctx.msg.received;
  const { uri } = contact;
  // A transport that is not written is not the same as UDP here.
  const same = sameHost(uri.host, src.ip) && (uri.port || 5060) === src.port && uri.transport === proto;
  return same ? 2 : addAlias(ctx, ownAlias(ctx, name));
}
export function addGivenAlias(ctx: RouteContext, name: string, ip: string, port: string, proto: string): Verdict {
  if (ctx.msg.header(HeaderId.Contact) === undefined) return 2;
  const number = protoNumbers[proto.toLowerCase() as Proto] as number | undefined;
  const isAddress = /^[\d.]+$/.test(ip) || ip.includes(':');
  if (!isAddress || !/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535 || number === undefined) return -1;
  return addAlias(ctx, aliasOf(name, ip, port, number));
}

/** The alias as the last parameter of the Contact URI; `trim`: one that is there goes. */
export function setAlias(ctx: RouteContext, name: string, trim: boolean): Verdict {
  const contact = firstContact(ctx);
  if (contact === null) return -1;
  const { addr } = contact;
  if (isReplaced(ctx, addr.uriStart, addr.uriEnd)) return -1;
  let text = addr.uriText;
  if (trim) {
    const at = text.lastIndexOf(`;${name}=`);
    const known = at < 0 ? null : /^[^~;]*~[^~;]*~[^;](?=;|$)/.exec(text.slice(at + name.length + 2));
    if (known !== null) text = text.slice(0, at) + text.slice(at + name.length + 2 + known[0].length);
  }
  const made = text + ownAlias(ctx, name);
  return replaceUri(ctx, addr, made, ctx.msg.raw[addr.uriStart - 1] === '<' ? made : `<${made}>`);
}

/** `$du` from the alias in the Request-URI, which loses it. 2: it has none. */
export function handleAlias(ctx: RouteContext, name: string, last: boolean): Verdict {
  const uri = ctx.requestUri;
  if (uri === null) return -1;
  const mark = `${name}=`;
  const pieces = uri.params === '' ? [] : uri.params.split(';');
  const fits = (piece: string) => piece.startsWith(mark);
  const at = last ? pieces.findLastIndex(fits) : pieces.findIndex(fits);
  const value = pieces[at]?.slice(mark.length);
  if (value === undefined || pieces.slice(at).join(';').length <= mark.length + 4) return 2;
  const [ip = '', port, proto, ...more] = value.split('~');
  if (port === undefined || proto === undefined || proto.length !== 1 || more.length > 0) return -1;
  const transport = protoNames[Number(proto)];
  if (transport === undefined) return -1;
  ctx.draft.dstUri = `sip:${ip}:${port}${transport === 'udp' ? '' : `;transport=${transport}`}`;
  const whole = `;${pieces[at] ?? ''}`;
  const start = ctx.uri.length - uri.params.length - (uri.headers === '' ? 0 : uri.headers.length + 1) - 1;
  const offset = start + pieces.slice(0, at).reduce((n, piece) => n + piece.length + 1, 0);
  ctx.draft.uri = ctx.uri.slice(0, offset) + ctx.uri.slice(offset + whole.length);
  return 1;
}

/** `sip:address:port;transport=…` of the alias in the only Contact; null when there is none. */
export function aliasUri(ctx: RouteContext, name: string): string | null {
  const contacts = ctx.msg.contacts();
  if (contacts === null || contacts === 'star' || contacts.length !== 1) return null;
  const match = new RegExp(`;${name}=([^~]*)~([^~]*)~(\\d)`).exec(contacts[0]?.text ?? '');
  const transport = protoNames[Number(match?.[3])];
  return match === null || transport === undefined ? null : `sip:${match[1]}:${match[2]};transport=${transport}`;
}

/** Where the message came from, as a URI. */
export function sourceUri(ctx: RouteContext): string {
  const { src, proto } = ctx.msg.received;
  return `sip:${bracket(src.ip)}:${src.port}${proto === 'udp' ? '' : `;transport=${proto}`}`;
}
/** `received` in each Contact: as a header parameter, or in the URI. */
export function addReceived(ctx: RouteContext, inUri: boolean): Verdict {
  if (inUri && ctx.msg.received.proto !== 'udp') return -1;
  const contacts = ctx.msg.contacts();
  if (contacts === null || contacts === 'star') return ctx.msg.header(HeaderId.Contact) === undefined ? 1 : -1;
  const source = sourceUri(ctx);
  for (const c of contacts) {
    if (inUri) ctx.draft.edits.insert(c.uriEnd, `;received=${source}`);
    else ctx.draft.edits.insert(c.end, `;received="${source}"`);
  }
  return 1;
}

/**
 * The tests of nat_uac_test(): what in a message tells that its sender is behind a NAT (nathelper.c).
 */
import {
  canonicalIp,
  type NameAddr,
  parseUri,
  type RouteContext,
  type SipUri,
  unbracket,
} from '../../runtime/sdk/index.js';
import { mediaAddresses, sessionAddress } from './sdp.js';

export const NatTest = {
  contactPrivate: 1,
  viaReceived: 2,
  viaPrivate: 4,
  sdpPrivate: 8,
  viaPort: 16,
  sourcePrivate: 32,
  webSocket: 64,
  contactPort: 128,
  sdpSource: 256,
  destination: 512,
} as const;

/** First address and number of leading bits. */
const privateNets: readonly (readonly [number, number])[] = [
  [0x0a00_0000, 8],
  [0xac10_0000, 12],
  [0xc0a8_0000, 16],
  // RFC 6598 §7, RFC 7335 §4.
  [0x6440_0000, 10],
  [0xc000_0000, 29],
];
/** RFC 6890 §2.2.2: with `nat_addr_mode` 1. */
const furtherNets: readonly (readonly [number, number])[] = [[0xc000_0000, 24]];

/** Null when the text is no IPv4 address. */
function ipv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  let value = 0;
  for (const part of match.slice(1)) {
    const n = Number(part);
    if (n > 255) return null;
    value = value * 256 + n;
  }
  return value;
}
export function isPrivate(text: string, mode: number): boolean {
  const address = ipv4(text);
  if (address === null) return false;
  const within = ([net, bits]: readonly [number, number]) => address >>> (32 - bits) === net >>> (32 - bits);
  return privateNets.some(within) || (mode === 1 && furtherNets.some(within));
}

/** The Contact of the message and its URI; null when there is none or it is malformed. */
export function firstContact(ctx: RouteContext): { readonly addr: NameAddr; readonly uri: SipUri } | null {
  const addr = ctx.msg.contact;
  const uri = addr?.uri ?? null;
  return addr === null || uri === null || uri.host === '' ? null : { addr, uri };
}

export const sameHost = (a: string, b: string): boolean => {
  const x = canonicalIp(a);
  const y = canonicalIp(b);
  return x === null && y === null ? a === b : x === y;
};

/** Will it go elsewhere than its Request-URI (a response: its second Via) says? */
function goesElsewhere(ctx: RouteContext): boolean {
  const { msg, draft } = ctx;
  const isWs = (proto: string | null) => proto === 'ws' || proto === 'wss';
  const portOf = (port: number, proto: string | null) => port || (proto === 'tls' ? 5061 : 5060);
  if (!msg.isRequest) {
    const via = msg.vias()[1];
    if (via === undefined) return false;
    if (isWs(via.proto)) return true;
    const rport = Number(via.rport ?? '') || 0;
    if (rport !== 0 && rport !== portOf(via.port, via.proto)) return true;
    return via.received !== null && !sameHost(via.received, via.host);
  }
  const uri = ctx.requestUri;
  if (draft.dstUri === null) return isWs(uri?.transport ?? null);
  const next = parseUri(draft.dstUri, ctx.grammar);
  if (next === null || uri === null) return false;
  if (isWs(next.transport)) return true;
  if (portOf(next.port, next.transport) !== portOf(uri.port, uri.transport)) return true;
  return !sameHost(next.host, uri.host);
}

/** True when one of the tests asked for holds. */
export function isNated(ctx: RouteContext, tests: number, mode: number): boolean {
  const { msg } = ctx;
  const { src, proto } = msg.received;
  const via = msg.via;
  const asked = (test: number) => (tests & test) !== 0;
  if (via !== null) {
    if (asked(NatTest.viaPort) && src.port !== (via.port || 5060)) return true;
    if (asked(NatTest.viaReceived) && unbracket(via.host).toLowerCase() !== src.ip) return true;
    if (asked(NatTest.viaPrivate) && isPrivate(via.host, mode)) return true;
  }
  if (asked(NatTest.sourcePrivate) && isPrivate(src.ip, mode)) return true;
  if (asked(NatTest.webSocket) && (proto === 'ws' || proto === 'wss')) return true;
  if (asked(NatTest.contactPrivate | NatTest.contactPort)) {
    const contact = firstContact(ctx);
    if (contact !== null) {
      if (asked(NatTest.contactPrivate) && isPrivate(contact.uri.host, mode)) return true;
      if (asked(NatTest.contactPort) && src.port !== (contact.uri.port || 5060)) return true;
    }
  }
  if (asked(NatTest.sdpPrivate) && mediaAddresses(msg).some((ip) => isPrivate(ip, mode))) return true;
  if (asked(NatTest.sdpSource)) {
    const session = sessionAddress(msg);
    if (session !== null && !sameHost(session, src.ip)) return true;
  }
  return asked(NatTest.destination) && goesElsewhere(ctx);
}

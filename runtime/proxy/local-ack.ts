/**
 * The ACK to a 2xx of an INVITE sent by us (RFC 3261 §13.2.2.4, §12.2.1.1): to the Contact, along the Record-Routes.
 */
import { hash } from 'node:crypto';
import type { Grammar } from '../message/grammar.js';
import { HeaderId } from '../message/headers.js';
import type { SipMessage } from '../message/message.js';
import { parseNameAddr, parseNameAddrList } from '../message/name-addr.js';
import { buildVia } from '../message/serialize.js';
import { parseUri } from '../message/uri.js';
import { buildBranch } from '../transaction/branch-id.js';
import { type Steps, wait } from '../transaction/steps.js';
import type { Branch, Transaction } from '../transaction/transaction.js';
import type { NextHop } from '../transport/types.js';
import type { Core } from './core.js';
import { branchParam } from './life.js';

/** URI of a Route value. */
export const routeUri = (value: string, grammar: Grammar): string => parseNameAddr(value, grammar)?.uriText ?? value;

const isLoose = (uri: string, grammar: Grammar): boolean => parseUri(uri, grammar)?.param('lr') != null;

const uris = (msg: SipMessage, id: HeaderId): string[] =>
  msg.headersOf(id).flatMap((h) => (parseNameAddrList(msg.value(h), msg.grammar) ?? []).map(({ uriText }) => uriText));

/** What a caller adds to the ACK: header lines, each with its end, and a body. */
interface AckMore {
  readonly headers: string;
  readonly body: string;
}
const nothingMore: AckMore = { headers: '', body: '' };

/** Sends it; nothing when the 2xx has no Contact. */
export function* acknowledgeSuccess(core: Core, b: Branch, reply: SipMessage): Steps<void> {
  const ack = yield* buildAck(core, b, reply, nothingMore);
  if (ack === null) return;
  core.transports.send(ack.hop, ack.bytes, b.sendOptions);
  core.script?.localAckSent(b.transaction, ack.bytes, ack.hop);
}

/** A 2xx of an INVITE whose sender acknowledges it: kept for `acknowledgeOwn`; its copies are answered with that ACK. */
export function leaveAck(core: Core, b: Branch, reply: SipMessage): void {
  const { ownAck } = b.transaction;
  if (ownAck === null) b.transaction.ownAck = { branch: b, reply, sent: null };
  else if (ownAck.sent !== null && ownAck.reply.to?.tag === reply.to?.tag)
    core.transports.send(ownAck.sent.hop, ownAck.sent.bytes, b.sendOptions);
}

/** The ACK to such a 2xx (uac.c, ack_local_uac). False: none waits for it, or it cannot be sent. */
export function* acknowledgeOwn(core: Core, t: Transaction, more: AckMore): Steps<boolean> {
  const { ownAck } = t;
  if (ownAck === null || ownAck.sent !== null) {
    core.log(-1, `no 2xx of transaction [${t.index}:${t.label}] waits for an ACK`);
    return false;
  }
  const { branch } = ownAck;
  const ack = yield* buildAck(core, branch, ownAck.reply, more);
  // While a name was looked up another caller may have sent it.
  if (ack === null || ownAck.sent !== null) return false;
  ownAck.sent = ack;
  if (!core.transports.send(ack.hop, ack.bytes, branch.sendOptions)) return false;
  core.script?.localAckSent(t, ack.bytes, ack.hop);
  return true;
}

function* buildAck(
  core: Core,
  b: Branch,
  reply: SipMessage,
  more: AckMore,
): Steps<{ readonly hop: NextHop; readonly bytes: string } | null> {
  const { request } = b.transaction;
  const contact = reply.nameAddr(HeaderId.Contact)?.uriText;
  if (contact === undefined) {
    core.log(-1, 'a 2xx without Contact cannot be acknowledged');
    return null;
  }
  // In a dialog its route set was in the INVITE; else this response brings it.
  const inDialog = request.to?.tag != null;
  const routes = inDialog ? uris(request, HeaderId.Route) : uris(reply, HeaderId.RecordRoute).reverse();
  const first = routes[0];
  const strict = first !== undefined && !isLoose(first, reply.grammar);
  // A strict router takes the Request-URI; the Contact becomes the last Route (§12.2.1.1).
  const uri = strict ? first : contact;
  const left = strict ? [...routes.slice(1), contact] : routes;
  const hop = yield* ackHop(core, b, reply, first ?? contact);
  if (hop === null) {
    core.log(-1, `no socket to send the ACK to ${first ?? contact}`);
    return null;
  }
  const field = (id: HeaderId, of: SipMessage) => {
    const h = of.header(id);
    return h ? of.raw.slice(h.start, h.end) : '';
  };
  const out = { socket: hop.socket, proto: hop.proto, hop, branchParam: ackBranch(core, b, reply) };
  const userAgent = core.settings.userAgentLine;
  const bytes =
    `ACK ${uri} SIP/2.0\r\n${buildVia(out)}` +
    field(HeaderId.From, request) +
    field(HeaderId.CallId, request) +
    field(HeaderId.To, reply) +
    `CSeq: ${request.cseq?.numberText ?? '1'} ACK\r\n` +
    (left.length === 0 ? '' : `Route: ${left.map((route) => `<${route}>`).join(', ')}\r\n`) +
    (userAgent === '' ? '' : `${userAgent}\r\n`) +
    `${more.headers}Content-Length: ${more.body.length}\r\n\r\n${more.body}`;
  return { hop, bytes };
}

/** local_ack_branch_mode (t_msgbuilder.c, t_calc_branch_ack). */
function ackBranch(core: Core, { transaction: t, index }: Branch, reply: SipMessage): string {
  switch (core.tm.localAckBranchMode) {
    case 1:
      return buildBranch(t.index, t.md5.slice(0, -4) + t.md5.slice(-4).replace(/./g, following), index);
    case 2:
      return buildBranch(t.index, digestOf(reply), index);
    default:
      return branchParam(t, index);
  }
}
const following = (c: string): string => (c === '9' ? '0' : String.fromCharCode(c.charCodeAt(0) + 1));
function digestOf(reply: SipMessage): string {
  const { from, to, callId, cseq, via } = reply;
  const text = `${from?.tag ?? ''}${to?.tag ?? ''}${callId ?? ''}ACK${cseq?.numberText ?? ''}${via?.branch ?? ''}`;
  return hash('md5', Buffer.from(text, 'latin1'), 'hex');
}

/** local_ack_mode: 0 along the route set, 1 where the INVITE went, 2 where the 2xx came from. */
function* ackHop(core: Core, b: Branch, reply: SipMessage, nextHop: string): Steps<NextHop | null> {
  const { received } = reply;
  switch (core.tm.localAckMode) {
    case 1:
      return b.hop;
    case 2:
      return {
        proto: received.proto,
        ip: received.src.ip,
        port: received.src.port,
        socket: received.socket,
        connectionId: received.connectionId || undefined,
      };
    default: {
      const [address] = yield* wait(core.resolve(nextHop, null));
      const socket = address ? core.sendSocket(null, null, address) : null;
      return address && socket !== null
        ? { proto: address.proto, ip: address.ip, port: address.port, socket, host: address.host }
        : null;
    }
  }
}

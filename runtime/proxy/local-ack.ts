/**
 * The ACK to a 2xx of an INVITE sent by us (RFC 3261 §13.2.2.4, §12.2.1.1): to the Contact, along the Record-Routes.
 */
import { HeaderId } from '../message/headers.js';
import type { SipMessage } from '../message/message.js';
import { parseNameAddr, parseNameAddrList } from '../message/name-addr.js';
import { buildVia } from '../message/serialize.js';
import { parseUri } from '../message/uri.js';
import { type Steps, wait } from '../transaction/steps.js';
import type { Branch } from '../transaction/transaction.js';
import type { NextHop } from '../transport/types.js';
import type { Core } from './core.js';
import { branchParam } from './life.js';

/** URI of a Route value. */
export const routeUri = (value: string): string => parseNameAddr(value)?.uriText ?? value;

const isLoose = (uri: string): boolean => parseUri(uri)?.param('lr') != null;

const uris = (msg: SipMessage, id: HeaderId): string[] =>
  msg.headersOf(id).flatMap((h) => (parseNameAddrList(msg.value(h)) ?? []).map(({ uriText }) => uriText));

/** Sends it; nothing when the 2xx has no Contact. */
export function* acknowledgeSuccess(core: Core, b: Branch, reply: SipMessage): Steps<void> {
  const { request } = b.transaction;
  const contact = reply.nameAddr(HeaderId.Contact)?.uriText;
  if (contact === undefined) {
    core.log(-1, 'a 2xx without Contact cannot be acknowledged');
    return;
  }
  // In a dialog its route set was in the INVITE; else this response brings it.
  const inDialog = request.to?.tag != null;
  const routes = inDialog ? uris(request, HeaderId.Route) : uris(reply, HeaderId.RecordRoute).reverse();
  const first = routes[0];
  const strict = first !== undefined && !isLoose(first);
  // A strict router takes the Request-URI; the Contact becomes the last Route (§12.2.1.1).
  const uri = strict ? first : contact;
  const left = strict ? [...routes.slice(1), contact] : routes;
  const hop = yield* ackHop(core, b, reply, first ?? contact);
  if (hop === null) {
    core.log(-1, `no socket to send the ACK to ${first ?? contact}`);
    return;
  }
  const field = (id: HeaderId, of: SipMessage) => {
    const h = of.header(id);
    return h ? of.raw.slice(h.start, h.end) : '';
  };
  const out = { socket: hop.socket, proto: hop.proto, hop, branchParam: branchParam(b.transaction, b.index) };
  const userAgent = core.settings.userAgentLine;
  const text =
    `ACK ${uri} SIP/2.0\r\n${buildVia(out)}` +
    field(HeaderId.From, request) +
    field(HeaderId.CallId, request) +
    field(HeaderId.To, reply) +
    `CSeq: ${request.cseq?.numberText ?? '1'} ACK\r\n` +
    (left.length === 0 ? '' : `Route: ${left.map((route) => `<${route}>`).join(', ')}\r\n`) +
    (userAgent === '' ? '' : `${userAgent}\r\n`) +
    'Content-Length: 0\r\n\r\n';
  core.transports.send(hop, text, b.sendOptions);
  core.script?.localAckSent(b.transaction, text, hop);
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

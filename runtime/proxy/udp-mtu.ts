/**
 * The text of a request for one hop; one too long for a datagram goes over a stream to the same address (`udp_mtu`,
 * `udp_mtu_try_proto`; RFC 3261 §18.1.1, msg_translator.c).
 */
import type { Draft } from '../message/draft.js';
import type { SipMessage } from '../message/message.js';
import { buildRequest, type Outgoing, type RequestOptions } from '../message/serialize.js';
import type { NextHop } from '../transport/types.js';
import type { Core } from './core.js';

/** Bits of `Draft.mtuProtos` and the setting, TCP tried before TLS. */
export const MtuProto = { tcp: 1, tls: 2 } as const;

export interface BuiltRequest {
  readonly hop: NextHop;
  readonly bytes: string;
}

export function requestFor(
  core: Core,
  msg: SipMessage,
  draft: Draft,
  given: NextHop,
  branchParam: string,
  more: RequestOptions = {},
): BuiltRequest {
  // A URI says `transport=ws` for both kinds; the connection knows.
  const kind = given.proto === 'ws' ? core.transports.webSocketTo(given.ip, given.port)?.proto : undefined;
  const hop = kind === undefined ? given : { ...given, proto: kind };
  const { settings } = core;
  const options = { forceRport: settings.forceRport, localRport: settings.localRport, ...more };
  const out: Outgoing = { socket: hop.socket, proto: hop.proto, hop, branchParam };
  const bytes = buildRequest(msg, draft, out, options);
  if (settings.udpMtu === 0 || hop.proto !== 'udp') return { hop, bytes };
  const wanted = settings.mtuProtos | draft.mtuProtos;
  // Kamailio measures before the new Request-URI is put in.
  const length = draft.uri === null ? bytes.length : bytes.length - draft.uri.length + msg.requestUri.length;
  if (wanted === 0 || length <= settings.udpMtu) return { hop, bytes };
  for (const proto of ['tcp', 'tls'] as const) {
    const socket = wanted & MtuProto[proto] ? core.sendSocket(msg, draft.sendSocket, { ...hop, proto }) : null;
    if (socket === null) continue;
    // Only the Via changes: a Record-Route keeps what the datagram would have shown, as in Kamailio.
    const viaOut: Outgoing = { ...out, socket, proto };
    return { hop: { ...hop, proto, socket }, bytes: buildRequest(msg, draft, out, { ...options, viaOut }) };
  }
  return { hop, bytes };
}

/**
 * When the proxy looks at the list of failed destinations and when it adds to it (t_fwd.c, t_reply.c, timer.c): which
 * methods look, whose silence counts and whether a 503 does is for tm's `blst_` parameters to say.
 */
import { Failure } from '../dns/blocklist.js';
import { HeaderId } from '../message/headers.js';
import type { SipMessage } from '../message/message.js';
import type { NextHop } from '../transport/types.js';
import type { Core } from './core.js';

export const isBlocked = (core: Core, hop: NextHop, methodId: number): boolean =>
  (methodId & core.tm.blockLookupMethods) !== 0 && core.blocklist?.blocks(hop) === true;

/** A send that failed at once, or a connection that could not be opened. */
export function blockUnreachable(core: Core, hop: NextHop): void {
  core.blocklist?.failed(hop, hop.proto === 'udp' ? Failure.send : Failure.connect);
}
/** The system said later that a datagram could not be delivered. */
export function blockRefused(core: Core, hop: NextHop): void {
  core.blocklist?.failed(hop, hop.proto === 'udp' ? Failure.icmp : Failure.connect);
}
export function blockSilent(core: Core, hop: NextHop, methodId: number): void {
  if (methodId & core.tm.blockMethods) core.blocklist?.failed(hop, Failure.timeout);
}
/** RFC 3261 §21.5.4: whoever is overloaded may say for how long. */
export function blockUnavailable(core: Core, reply: SipMessage): void {
  const { tm } = core;
  if (!tm.blockOn503) return;
  const asked = reply.numberOf(HeaderId.RetryAfter);
  const seconds =
    asked === null ? tm.block503DefaultSec : Math.min(Math.max(asked, tm.block503MinSec), tm.block503MaxSec);
  const { proto, src } = reply.received;
  if (seconds > 0) core.blocklist?.failed({ proto, ip: src.ip, port: src.port }, Failure.unavailable, seconds);
}

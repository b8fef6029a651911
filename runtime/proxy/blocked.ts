/**
 * When the proxy looks at the list of failed destinations and when it adds to it (t_fwd.c, timer.c): tm looks for all
 * methods but BYE, and takes a silence of an INVITE only as a failure of its destination.
 */
import { Failure } from '../dns/blocklist.js';
import type { NextHop } from '../transport/types.js';
import type { Core } from './core.js';

export const isBlocked = (core: Core, hop: NextHop, method: string): boolean =>
  method !== 'BYE' && core.blocklist?.blocks(hop) === true;

/** A send that failed at once, or a connection that could not be opened. */
export function blockUnreachable(core: Core, hop: NextHop): void {
  core.blocklist?.failed(hop, hop.proto === 'udp' ? Failure.send : Failure.connect);
}
/** The system said later that a datagram could not be delivered. */
export function blockRefused(core: Core, hop: NextHop): void {
  core.blocklist?.failed(hop, hop.proto === 'udp' ? Failure.icmp : Failure.connect);
}
export function blockSilent(core: Core, hop: NextHop, method: string): void {
  if (method === 'INVITE') core.blocklist?.failed(hop, Failure.timeout);
}

/**
 * `event_route[network:msg]` (corex_nio.c): what comes in before it is read, and what goes out after it is written, may be
 * changed by the cfg. Its message is bytes only: no method, no header fields.
 */
import { type PvRef, type RouteContext, type ServerApi, SipMessage } from '../../runtime/sdk/index.js';

export const NETWORK_EVENT = 'network:msg';
const INCOMING = 'corex.incoming';

/** Does this run look at what came in? Only in `event_route[network:msg]`. */
export const isIncoming = (ctx: RouteContext): boolean => ctx.data.get(INCOMING) === true;

export interface NetworkOptions {
  /** Shorter ones are left alone. */
  readonly minBytes: number;
  /** The AVP the route leaves the new message in; null: nothing is changed. */
  readonly result: PvRef<RouteContext> | null;
}

export function interceptNetwork(server: ServerApi, { minBytes, result }: NetworkOptions): void {
  /** The route's run; null when it has not ended, since nothing here can wait for it. */
  const run = (msg: SipMessage, incoming: boolean): RouteContext | null => {
    const ended = server.script.runEvent(NETWORK_EVENT, msg, (ctx) => ctx.data.set(INCOMING, incoming));
    if (!(ended instanceof Promise)) return ended;
    server.log(-1, 'corex', `event_route[${NETWORK_EVENT}] waits: the message goes on unchanged`);
    return null;
  };
  const changed = (ctx: RouteContext | null, bytes: string): string => {
    if (ctx === null || result === null) return bytes;
    const value = result.get(ctx);
    if (typeof value === 'string') return value;
    ctx.log(0, 'no value set for the AVP of nio_msg_avp, using unmodified message', 'corex');
    return bytes;
  };
  server.script.rewrite = (bytes, received) => {
    if (bytes.length < minBytes) return null;
    const ctx = run(SipMessage.unread(bytes, received, server.grammar), true);
    return ctx === null ? null : { bytes: changed(ctx, bytes), values: ctx.values };
  };
  server.transports.rewrite = (bytes, { proto, ip, port, socket }) => {
    if (bytes.length < minBytes) return bytes;
    const at = server.env.clock.now();
    const received = { proto, src: socket.local, dst: { ip, port }, socket, connectionId: 0, at };
    return changed(run(SipMessage.unread(bytes, received, server.grammar), false), bytes);
  };
}

/**
 * Where a message counts as coming from or arriving at: what later functions, and the answer's way back, go by.
 */
import {
  indexMessage,
  type ListenSocket,
  type Maybe,
  ParseFailure,
  type ReceiveInfo,
  type RouteContext,
  type Steps,
  steps,
  type Verdict,
  wait,
} from '../../runtime/sdk/index.js';

/** The same message with another origin; edits keep their places. */
function changeOrigin(ctx: RouteContext, change: Partial<ReceiveInfo>): Verdict {
  const { msg } = ctx;
  const made = indexMessage(msg.raw, { ...msg.received, ...change }, ctx.grammar, msg.id);
  if (made instanceof ParseFailure) return -1;
  ctx.msg = made;
  return 1;
}

export const arriveAt = (ctx: RouteContext, socket: ListenSocket): Verdict =>
  changeOrigin(ctx, { socket, dst: socket.local, proto: socket.proto, connectionId: 0 });

/** `[proto:]host[:port]`; a name is resolved. */
export const comeFrom = (ctx: RouteContext, address: string): Maybe<Verdict> => steps(origin(ctx, address));

function* origin(ctx: RouteContext, text: string): Steps<Verdict> {
  const match = /^(?:(?:udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return -1;
  const port = Number(match[2] ?? 0);
  if (port > 65_535) return -1;
  const [found] = yield* wait(ctx.server.transactions.core.resolve(`sip:${match[1]}:5060`, 'udp'));
  return found === undefined ? -1 : changeOrigin(ctx, { src: { ip: found.ip, port } });
}

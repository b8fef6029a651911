/**
 * Bytes sent to an address of the cfg's choice: the message as it came in, or any text (corex_lib.c).
 */
import {
  type ListenSocket,
  type Maybe,
  type Proto,
  parseUri,
  type RouteContext,
  type Steps,
  steps,
  type Verdict,
  wait,
} from '../../runtime/sdk/index.js';

/** The listen socket `proto:host:port`; parts may be missing. Null: none. */
export function socketAt(ctx: RouteContext, text: string): ListenSocket | null {
  const match = /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  return ctx.server.transports.findSocket(match[2] ?? '', Number(match[3] ?? 0), match[1] as Proto | undefined);
}

function* deliver(
  ctx: RouteContext,
  uri: string,
  proto: Proto | null,
  from: ListenSocket | null,
  bytes: string,
): Steps<Verdict> {
  const { core } = ctx.server.transactions;
  const [address] = yield* wait(core.resolve(uri, proto));
  if (address === undefined) return -1;
  const socket = core.sendSocket(null, from, address);
  if (socket === null) return -1;
  return core.transports.send({ ...address, socket }, bytes) ? 1 : -1;
}

/** To `host[:port]`, or to the next hop of the message. */
export function sendMessage(ctx: RouteContext, to: string, proto: Proto): Maybe<Verdict> {
  const uri = to === '' ? (ctx.draft.dstUri ?? ctx.uri) : `sip:${to.includes(':') || to === '' ? to : `${to}:5060`}`;
  return steps(deliver(ctx, uri, proto, ctx.draft.sendSocket, ctx.msg.raw));
}

/** To a URI, from a socket when one is named and there. */
export function sendText(ctx: RouteContext, uri: string, socket: string, text: string): Maybe<Verdict> {
  if (parseUri(uri, ctx.grammar) === null || text === '') return -1;
  const from = socket === '' ? null : socketAt(ctx, socket);
  if (socket !== '' && from === null) ctx.log(0, `local socket not found: ${socket}`, 'corex');
  return steps(deliver(ctx, uri, null, from, text));
}

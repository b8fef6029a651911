/**
 * Record-Route (RFC 3261 §16.6 item 4; rr/record.c): one field, or two (`;r2=on`, RFC 5658) where the request leaves by
 * another socket than it came in by. What depends on the outgoing socket is settled when each branch is built.
 */
import {
  type Edit,
  HeaderId,
  inboundAddress,
  type Outgoing,
  outboundAddress,
  type Piece,
  type ReceiveInfo,
  type RouteContext,
  transportParam,
} from '../../runtime/sdk/index.js';

export interface RecordRoute {
  /** `sip:` or `sips:`, and the user part with its `@`. */
  readonly prefix: string;
  /** Parameters after the address: `;lr`, `;ftag=…`, those of record_route() and add_rr_param(). */
  readonly suffix: string;
  /** Instead of the socket's address: record_route_preset(), record_route_advertised_address(). */
  readonly address: string | null;
  /** The script's set_advertised_address() and _port(). */
  readonly advertisedAddress: string | null;
  readonly advertisedPort: string | null;
  /** 0 one field only, 1 two where needed, 2 always two. */
  readonly double: number;
  /** `;sockname=` of sockets that have a name. */
  readonly socketNames: boolean;
}
/** A piece that knows what it was made from, so that add_rr_param() can add to it. */
type RecordRoutePiece = ((out: Outgoing) => string) & {
  readonly recordRoute: RecordRoute;
  readonly side: 'in' | 'out' | 'preset';
};

const sameProto = (received: ReceiveInfo, out: Outgoing): boolean =>
  received.socket.proto === out.socket.proto && received.proto === out.proto;
function sameRealm(received: ReceiveInfo, out: Outgoing): boolean {
  const [a, b] = [received.socket, out.socket];
  return a === b || (a.local.port === b.local.port && a.local.ip === b.local.ip && sameProto(received, out));
}

function piece(rr: RecordRoute, side: 'in' | 'out' | 'preset', received: ReceiveInfo): RecordRoutePiece {
  const build = (out: Outgoing): string => {
    const text = (address: string) => `Record-Route: <${rr.prefix}${address}${rr.suffix}>\r\n`;
    if (side === 'preset') return text(rr.address ?? '');
    const same = out.hop === null || (rr.address === null ? sameRealm(received, out) : sameProto(received, out));
    const apart = rr.double === 2 || !same;
    if (side === 'out' && !apart) return '';
    const r2 = apart && rr.double !== 0 ? ';r2=on' : '';
    if (rr.address === null) {
      const address =
        side === 'in' ? inboundAddress(received, rr.socketNames) : outboundAddress(out, rr, rr.socketNames);
      return text(address + r2);
    }
    const [socket, proto] = side === 'in' ? [received.socket, received.proto] : [out.socket, out.proto];
    const transport = apart ? transportParam(socket, proto) || ';transport=udp' : '';
    return text(rr.address + transport + r2);
  };
  return Object.assign(build, { recordRoute: rr, side });
}

/** Before the first header field; the outbound one on top. */
export function insertRecordRoute(ctx: RouteContext, rr: RecordRoute, preset = false): void {
  const at = ctx.msg.headers[0]?.start ?? ctx.msg.startLine.end;
  const { received } = ctx.msg;
  const { edits } = ctx.draft;
  if (preset) {
    edits.insert(at, piece(rr, 'preset', received), HeaderId.RecordRoute);
    return;
  }
  if (rr.double > 0) edits.insert(at, piece(rr, 'out', received), HeaderId.RecordRoute);
  edits.insert(at, piece(rr, 'in', received), HeaderId.RecordRoute);
}

const isRecordRoute = (p: Piece | null): p is RecordRoutePiece => typeof p === 'function' && 'recordRoute' in p;

/** How many of them got the parameters: those made before in this run, or inherited from the request route. */
export function extendRecordRoutes(ctx: RouteContext, params: string): number {
  const { edits } = ctx.draft;
  const at = ctx.msg.headers[0]?.start ?? ctx.msg.startLine.end;
  const here = edits.entries.filter((e) => e.start === at);
  const count = here.filter((e) => isRecordRoute(e.piece)).length;
  if (count === 0) return 0;
  const { received } = ctx.msg;
  edits.drop((e) => e.start === at);
  for (const e of here) {
    const p = isRecordRoute(e.piece)
      ? piece({ ...e.piece.recordRoute, suffix: e.piece.recordRoute.suffix + params }, e.piece.side, received)
      : e.piece;
    again(ctx, e, p);
  }
  return count;
}
function again(ctx: RouteContext, e: Edit, p: Piece | null): void {
  const { edits } = ctx.draft;
  if (p === null) edits.remove(e.start, e.end, e.about);
  else if (e.end > e.start) edits.replace(e.start, e.end, p, e.about);
  else edits.insert(e.start, p, e.about);
}

export function dropRecordRoutes(ctx: RouteContext): void {
  ctx.draft.edits.drop((e) => isRecordRoute(e.piece));
}

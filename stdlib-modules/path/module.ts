/**
 * path: a proxy between phones and registrar puts itself into Path (RFC 3327), so that calls to the phones come back
 * through it; with `use_received` it sends them to the address the REGISTER came from.
 */
import {
  defineModule,
  type Grammar,
  HeaderId,
  inboundAddress,
  type Outgoing,
  opt,
  outboundAddress,
  parseUri,
  type ReceiveInfo,
  type RouteContext,
  StartError,
  type Uses,
  type Verdict,
  varStr,
} from '../../runtime/sdk/index.js';
import { receivedParam, receivedTarget } from './received.js';

interface RrApi {
  onRouted(listener: (ctx: RouteContext, params: string) => void): void;
}
interface OutboundApi {
  encode(received: ReceiveInfo): string;
  use(ctx: RouteContext): 0 | 1 | 2;
}
interface Me {
  readonly params: {
    readonly received_format: number;
    readonly received_name: string;
    readonly enable_r2: number;
    readonly sockname_mode: number;
  };
  readonly uses: Uses;
}

/** What one call asks for. */
interface Wanted {
  readonly received: boolean;
  readonly user: string | undefined;
  readonly params: string | undefined;
  /** Instead of the socket's address. */
  readonly address?: string;
}

function addPath(me: Me, ctx: RouteContext, wanted: Wanted): Verdict {
  const { msg, draft } = ctx;
  const { params } = me;
  let user = wanted.user ?? '';
  let ob = '';
  if (wanted.user === undefined) {
    const outbound = me.uses.find<OutboundApi>('outbound');
    if (outbound !== null && outbound.use(ctx) !== 0) {
      user = outbound.encode(msg.received);
      // RFC 5626 §5.1: only the first hop says so.
      if (msg.vias().length < 2) ob = ';ob';
    }
  }
  const received = wanted.received ? receivedParam(params.received_name, params.received_format, msg.received) : '';
  const extra = wanted.params ? `;${wanted.params}` : '';
  const suffix = `;lr${received}${ob}${extra}${params.enable_r2 === 0 ? '' : ';r2=on'}>\r\n`;
  const prefix = `Path: <sip:${user === '' ? '' : `${user}@`}`;
  const named = params.sockname_mode !== 0;
  const { advertisedAddress, advertisedPort } = draft;
  const script = { advertisedAddress, advertisedPort };
  const piece = (out: Outgoing): string => {
    const first = wanted.address ?? outboundAddress(out, script, named);
    if (params.enable_r2 === 0) return prefix + first + suffix;
    return prefix + first + suffix + prefix + (wanted.address ?? inboundAddress(msg.received, named)) + suffix;
  };
  const before = msg.header(HeaderId.Path);
  draft.edits.insert(before?.start ?? msg.headersEnd, piece, HeaderId.Path);
  return 1;
}

/** `host`, `host:port`, parameters allowed. */
const isAddress = (text: string, grammar: Grammar): boolean =>
  text !== '' && text.length <= 1017 && (parseUri(`sip:${text};lr`, grammar)?.host ?? '') !== '';
function addAdvertised(me: Me, ctx: RouteContext, address: string, wanted: Wanted): Verdict {
  if (!isAddress(address, ctx.grammar)) {
    ctx.log(-1, `invalid advertised address: ${address}`, 'path');
    return -1;
  }
  return addPath(me, ctx, { ...wanted, address });
}

/** A request followed our Route: on to where its `received` says. */
function toReceived(me: Me, ctx: RouteContext, routeParams: string): void {
  const target = receivedTarget(me.params.received_name, me.params.received_format, routeParams);
  if (target === null) return;
  if (target === 'malformed') {
    ctx.log(-1, 'invalid received parameter in route header', 'path');
    return;
  }
  ctx.draft.dstUri = target;
  ctx.draft.uriIsNew = true;
}

const userArg = opt(varStr('user', 'user part of the URI'));
const paramsArg = opt(varStr('params', 'further parameters, without the leading ;'));
const addressArg = varStr('address', 'host or host:port instead of the socket');
const returns = { 1: 'added', [-1]: 'not added' } as const;

export default defineModule({
  name: 'path',
  doc: 'Path of a proxy in front of the registrar (RFC 3327).',
  uses: ['rr?', 'outbound?'],
  params: {
    use_received: {
      type: 'int',
      default: 0,
      doc: '1: loose_route() sends on to the address in `received` (needs rr).',
    },
    received_format: { type: 'int', default: 0, doc: 'Of `received`: 0 an escaped URI, 1 `address~port~transport`.' },
    received_name: { type: 'str', default: 'received', doc: 'Name of that parameter.' },
    enable_r2: { type: 'int', default: 0, doc: '1: two Path fields, one for each side.' },
    sockname_mode: { type: 'int', default: 0, doc: '1: `;sn` names the socket.' },
  },
  stats: {},
  start(me) {
    if (me.params.use_received === 0) return;
    const rr = me.uses.find<RrApi>('rr');
    if (rr === null) throw new StartError('SIPC8072', 'path: use_received needs the rr module; load it before path');
    rr.onRouted((ctx, params) => toReceived(me, ctx, params));
  },
  functions: {
    add_path: {
      doc: 'Puts this proxy into Path, above those there.',
      args: [userArg, paramsArg],
      routes: ['request'],
      returns,
      example: 'add_path("edge", "side=in");',
      run: (me, ctx, user, params) => addPath(me, ctx, { received: false, user, params }),
    },
    add_path_received: {
      doc: 'As add_path(), with the address the request came from in `received`.',
      args: [userArg, paramsArg],
      routes: ['request'],
      returns,
      example: 'add_path_received();',
      run: (me, ctx, user, params) => addPath(me, ctx, { received: true, user, params }),
    },
    add_path_advertised_address: {
      doc: 'As add_path(), with this address.',
      args: [addressArg, userArg, paramsArg],
      routes: ['request'],
      returns,
      example: 'add_path_advertised_address("edge.example.com:5070");',
      run: (me, ctx, address, user, params) => addAdvertised(me, ctx, address, { received: false, user, params }),
    },
    add_path_received_advertised_address: {
      doc: 'As add_path_received(), with this address.',
      args: [addressArg, userArg, paramsArg],
      routes: ['request'],
      returns,
      example: 'add_path_received_advertised_address("edge.example.com:5070");',
      run: (me, ctx, address, user, params) => addAdvertised(me, ctx, address, { received: true, user, params }),
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});

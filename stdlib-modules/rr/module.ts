/**
 * Record-Route and loose routing (rr).
 */
import {
  defineModule,
  oneOf,
  opt,
  type PvRef,
  parseUri,
  type RouteContext,
  regex,
  StartError,
  type Uses,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import {
  Driven,
  type FlowTokens,
  isUpstream,
  type LooseSettings,
  looseRoute,
  matchedParams,
  type RoutedListener,
  routeParam,
} from './loose.js';
import { dropRecordRoutes, extendRecordRoutes, insertRecordRoute, type RecordRoute } from './record.js';

/** What other modules use (dialog, nathelper …). */
export interface RrApi {
  addParam(ctx: RouteContext, params: string): boolean;
  param(ctx: RouteContext, name: string): string | null;
  isUpstream(ctx: RouteContext): boolean;
  /** Tells of the parameters of each Route of ours that a request followed (rr's callbacks). */
  onRouted(listener: (ctx: RouteContext, params: string) => void): void;
}

/** What rr uses of outbound. */
interface OutboundApi extends FlowTokens {
  encode(received: RouteContext['msg']['received']): string;
  /** 1: the flow of this request goes into Record-Route, 2: the token of its Route does, 0: neither. */
  use(ctx: RouteContext): 0 | 1 | 2;
}

interface Params {
  readonly append_fromtag: number;
  readonly enable_double_rr: number;
  readonly enable_full_lr: number;
  readonly add_username: number;
  readonly enable_socket_mismatch_warning: number;
  readonly force_send_socket: number;
  readonly ignore_sips: number;
  readonly custom_user_avp: PvRef<RouteContext> | undefined;
  readonly sockname_mode: number;
  readonly loose_route_mode: number;
}
interface State {
  readonly routed: RoutedListener[];
  loose: LooseSettings | null;
}
interface Me {
  readonly params: Params;
  readonly state: State;
  readonly uses: Uses;
}
/** Most text add_rr_param() keeps for a record_route() to come (RR_PARAM_BUF_SIZE). */
const MAX_PENDING = 512;
const PENDING = 'rr.pending';

const pending = (ctx: RouteContext): string => (ctx.data.get(PENDING) as string | undefined) ?? '';

/** User part of our Record-Route, with its `@`; null when it cannot be told. */
function userOf({ params, uses }: Me, ctx: RouteContext): string | null {
  if (!params.add_username) {
    const outbound = uses.find<OutboundApi>('outbound');
    const how = outbound?.use(ctx) ?? 0;
    if (outbound === null || how === 0) return '';
    // RFC 5626 §5.3: the flow this request came over, or, towards the phone, the token it was sent with.
    const token = how === 1 ? outbound.encode(ctx.msg.received) : ctx.msg.routes()[0]?.addr.uri?.user;
    return token ? `${token}@` : '';
  }
  const custom = params.custom_user_avp?.get(ctx);
  if (typeof custom === 'string' && custom !== '') return `${custom}@`;
  const received = ctx.msg.uri();
  if (received === null) return null;
  const user = received.user ?? (ctx.draft.uri === null ? null : (parseUri(ctx.draft.uri, ctx.grammar)?.user ?? null));
  return user ? `${user}@` : '';
}

/** Null: the Request-URI cannot be read. `order`: where the tag stands, before `lr` or after. */
function describe(
  me: Me,
  ctx: RouteContext,
  extra: string,
  address: string | null,
  kind: 'plain' | 'preset' | 'advertised',
): RecordRoute | null {
  const { params } = me;
  const user = userOf(me, ctx);
  if (user === null) return null;
  const sips = !params.ignore_sips && (ctx.draft.uri ?? ctx.msg.requestUri).toLowerCase().startsWith('sips:');
  const lr = params.enable_full_lr ? ';lr=on' : ';lr';
  let ftag = '';
  if (params.append_fromtag) {
    const tag = (kind !== 'preset' && isUpstream(ctx) ? ctx.msg.to : ctx.msg.from)?.tag;
    if (tag) ftag = `;ftag=${tag}`;
  }
  const waiting = pending(ctx);
  const suffix =
    kind === 'plain' ? lr + ftag + extra + waiting : kind === 'preset' ? ftag + waiting + lr : ftag + lr + waiting;
  return {
    prefix: `${sips ? 'sips' : 'sip'}:${user}`,
    suffix,
    address,
    advertisedAddress: ctx.draft.advertisedAddress,
    advertisedPort: ctx.draft.advertisedPort,
    double: params.enable_double_rr,
    socketNames: params.sockname_mode !== 0,
  };
}
function refuseTwice(ctx: RouteContext): boolean {
  if (!ctx.draft.recordRouted) return false;
  ctx.log(-1, 'Double attempt to record-route', 'rr');
  return true;
}
function addParam({ params: { enable_double_rr } }: Me, ctx: RouteContext, params: string): boolean {
  const extended = extendRecordRoutes(ctx, params);
  // With double Record-Routes on, a single preset one gets the parameter and is reported all the same.
  if (extended > 0) return enable_double_rr === 0 || extended > 1;
  const before = pending(ctx);
  if (before.length + params.length > MAX_PENDING) return false;
  ctx.data.set(PENDING, before + params);
  return true;
}
/** Made at the first use: other modules have been bound by then. */
const loose = ({ params, state, uses }: Me): LooseSettings =>
  (state.loose ??= {
    doubleRr: params.enable_double_rr !== 0,
    forceSendSocket: params.force_send_socket !== 0,
    warnMismatch: params.enable_socket_mismatch_warning !== 0,
    socketNames: params.sockname_mode !== 0,
    flows: uses.find<OutboundApi>('outbound'),
    routed: state.routed,
  });

const recordRoutes = ['request', 'branch', 'failure'] as const;
const added = { 1: 'added', [-1]: 'not added: added before, or the Request-URI is malformed' } as const;
const driven = {
  1: 'the next hop is from the route set',
  2: 'the next hop is from the flow token',
  [-1]: 'no Route, or an error',
  [-2]: 'the flow token was tampered with',
  [-3]: 'the only Route of a request outside a dialog was ours: preloaded',
} as const;

export default defineModule({
  name: 'rr',
  doc: 'Record-Route and loose routing.',
  uses: ['outbound?'],
  params: {
    append_fromtag: { type: 'int', default: 1, doc: '`;ftag` in Record-Route, for is_direction().' },
    enable_double_rr: {
      type: 'int',
      default: 1,
      min: 0,
      max: 2,
      doc: 'Two Record-Routes where sockets differ; 2: always.',
    },
    enable_full_lr: { type: 'int', default: 0, doc: '`;lr=on` instead of `;lr`.' },
    add_username: { type: 'int', default: 0, doc: 'User part of the Request-URI in Record-Route.' },
    enable_socket_mismatch_warning: {
      type: 'int',
      default: 1,
      doc: 'Warn when the second Route is no socket of ours.',
    },
    custom_user_avp: { type: 'avp', doc: 'User part to take instead.' },
    force_send_socket: {
      type: 'int',
      default: 0,
      doc: 'Send from the socket our Route names, also with a single one.',
    },
    ignore_sips: { type: 'int', default: 0, doc: 'Record-Route with sip: also for sips: requests.' },
    sockname_mode: {
      type: 'int',
      default: 0,
      doc: '1: `;sn` in Record-Route names the socket, and is followed.',
    },
    loose_route_mode: { type: 'int', default: 0, doc: 'Mode of loose_route(): see loose_route_mode().' },
  },
  stats: {},
  state: (): State => ({ routed: [], loose: null }),
  start(me) {
    if (me.params.add_username !== 0 && me.uses.find<OutboundApi>('outbound') !== null)
      throw new StartError('SIPC8070', 'rr: add_username cannot be used with outbound; set it to 0');
  },
  functions: {
    loose_route: {
      doc: 'Follows the route set: takes our Route values out and sets the next hop.',
      args: [],
      routes: ['request'],
      returns: driven,
      example: 'if (loose_route()) { t_relay(); exit; }',
      run: (me, ctx) => looseRoute(ctx, loose(me), me.params.loose_route_mode),
    },
    loose_route_mode: {
      doc: 'As loose_route(); 1: a Request-URI that is ours is not taken for the work of a strict router.',
      args: [varInt('mode')],
      routes: ['request'],
      returns: driven,
      example: 'if (loose_route_mode("1")) { t_relay(); exit; }',
      run: (me, ctx, mode) => looseRoute(ctx, loose(me), mode),
    },
    loose_route_preloaded: {
      doc: 'As loose_route(), true only for a preloaded Route that was ours alone.',
      args: [],
      routes: ['request'],
      returns: { 1: 'preloaded', [-1]: 'not' },
      example: 'if (loose_route_preloaded()) exit;',
      run: (me, ctx) => (looseRoute(ctx, loose(me), 0) === Driven.preloaded ? 1 : -1),
    },
    record_route: {
      doc: 'Adds Record-Route, so that the requests of the dialog come back here.',
      args: [opt(varStr('params', 'further parameters, with the leading ;'))],
      routes: recordRoutes,
      returns: added,
      example: 'record_route();',
      run(me, ctx, params) {
        if (refuseTwice(ctx)) return -1;
        const rr = describe(me, ctx, params ?? '', null, 'plain');
        if (rr === null) return -1;
        insertRecordRoute(ctx, rr);
        ctx.data.delete(PENDING);
        if (ctx.kind !== 'branch') ctx.draft.recordRouted = true;
        return 1;
      },
    },
    record_route_preset: {
      doc: 'Adds Record-Route with the address given; a second one for a second address.',
      args: [varStr('address', 'host, host:port, with parameters if any'), opt(varStr('address2'))],
      routes: recordRoutes,
      constArgs: true,
      returns: added,
      example: 'record_route_preset("1.2.3.4:5090");',
      run(me, ctx, address, second) {
        if (refuseTwice(ctx)) return -1;
        if (second !== undefined && !me.params.enable_double_rr) return -1;
        for (const a of second === undefined ? [address] : [address, second]) {
          const rr = describe(me, ctx, '', a, 'preset');
          if (rr === null) return -1;
          insertRecordRoute(ctx, rr, true);
        }
        ctx.draft.recordRouted = true;
        return 1;
      },
    },
    record_route_advertised_address: {
      doc: 'As record_route(), with this address and the transport of each side.',
      args: [varStr('address')],
      routes: recordRoutes,
      constArgs: true,
      returns: added,
      example: 'record_route_advertised_address("1.2.3.4:5080");',
      run(me, ctx, address) {
        if (refuseTwice(ctx)) return -1;
        const rr = describe(me, ctx, '', address, 'advertised');
        if (rr === null) return -1;
        insertRecordRoute(ctx, rr);
        ctx.draft.recordRouted = true;
        return 1;
      },
    },
    add_rr_param: {
      doc: 'Adds parameters to the Record-Route, made before or to come.',
      args: [varStr('params', 'with the leading ;')],
      routes: recordRoutes,
      constArgs: true,
      returns: { 1: 'added', [-1]: 'too much text' },
      example: 'add_rr_param(";nat=yes");',
      run: (me, ctx, params) => (addParam(me, ctx, params) ? 1 : -1),
    },
    check_route_param: {
      doc: 'Do the parameters of the Route that led here match?',
      args: [regex('re')],
      routes: ['request'],
      returns: { 1: 'yes', [-1]: 'no, or no Route of ours' },
      example: 'if (check_route_param("nat=yes")) setbflag(6);',
      run(_me, ctx, re) {
        const params = matchedParams(ctx);
        return params !== null && re.test(params) ? 1 : -1;
      },
    },
    is_direction: {
      doc: 'Does the request go that way, as seen from the first request of the dialog? Needs append_fromtag.',
      args: [oneOf('direction', ['downstream', 'upstream'])],
      routes: ['request'],
      constArgs: true,
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (is_direction("upstream")) xlog("from the callee\\n");',
      run: (_me, ctx, direction) => (isUpstream(ctx) === (direction === 'upstream') ? 1 : -1),
    },
    rr_next_hop_route: {
      doc: 'Did loose_route() take the next hop from a Route behind ours?',
      args: [],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (rr_next_hop_route()) xlog("on to another proxy\\n");',
      run: (_me, ctx) => (ctx.draft.routeIsNext ? 1 : -1),
    },
    remove_record_route: {
      doc: 'Takes back the Record-Routes added here.',
      args: [],
      routes: ['request', 'failure'],
      returns: { 1: 'done' },
      example: 'remove_record_route();',
      run(_me, ctx) {
        dropRecordRoutes(ctx);
        return 1;
      },
    },
  },
  pvs: {
    route_uri: {
      doc: 'URI of the first Route.',
      type: 'str',
      get: (_me, ctx) => ctx.msg.routes()[0]?.addr.uriText ?? '',
    },
    fti: {
      doc: 'From tag as in the first request of the dialog, whichever way this one goes.',
      type: 'str',
      get: (_me, ctx) => (isUpstream(ctx) ? ctx.msg.to : ctx.msg.from)?.tag ?? null,
    },
    tti: {
      doc: 'To tag as in the response to the first request of the dialog.',
      type: 'str',
      get: (_me, ctx) => (isUpstream(ctx) ? ctx.msg.from : ctx.msg.to)?.tag ?? null,
    },
    rdir: {
      doc: 'Way of the request: `id` 1 downstream, 2 upstream; `name` the words.',
      type: 'any',
      key: { use: 'req', values: ['id', 'name'] },
      get: (_me, ctx, key) => (key === 'id' ? (isUpstream(ctx) ? 2 : 1) : isUpstream(ctx) ? 'upstream' : 'downstream'),
    },
  },
  rpc: {},
  eventRoutes: {},
  api: (me): RrApi => ({
    addParam: (ctx, params) => addParam(me, ctx, params),
    param: routeParam,
    isUpstream,
    onRouted: (listener) => void me.state.routed.push(listener),
  }),
  missing: [],
  outOfReach: {
    ignore_user:
      'compiled in only with ENABLE_USER_CHECK, which no package sets: Debian’s 5.6.3 refuses it; later versions do not have it',
  },
});

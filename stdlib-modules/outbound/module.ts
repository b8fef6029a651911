/**
 * outbound: which requests are sent back over the connection their phone opened (RFC 5626), and the flow tokens for it.
 * path and rr put the tokens into Path and Record-Route; loose_route() follows them.
 */
import {
  defineModule,
  HeaderId,
  parseUri,
  type ReceiveInfo,
  type RouteContext,
  type SipUri,
  StartError,
} from '../../runtime/sdk/index.js';
import { decode, encode, type Flow, keyOf } from './token.js';

/** What path and rr use. */
export interface OutboundApi {
  encode(received: ReceiveInfo): string;
  decode(token: string): Flow | null | 'broken';
  /** 0: not for this request; 1: with the flow it came over; 2: with the token of its Route (towards the phone). */
  use(ctx: RouteContext): 0 | 1 | 2;
}

interface Me {
  readonly params: { readonly force_outbound_flag: number; readonly force_no_outbound_flag: number };
  readonly state: { readonly key: Buffer };
}

const isSet = (flags: number, n: number): boolean => n >= 0 && (flags & (1 << n)) !== 0;
const isOurs = (ctx: RouteContext, uri: SipUri): boolean =>
  uri.param('gr') === null && ctx.server.transports.isMyself(uri.host, uri.port || 5060);
/** More than one Via: somebody else is nearer to the phone. */
const isFirstHop = (ctx: RouteContext): boolean => ctx.msg.vias().length < 2;

function supports(ctx: RouteContext, tag: string): boolean {
  const fields = ctx.msg.headersOf(HeaderId.Supported);
  return fields.some((f) => f.value.split(',').some((word) => word.trim().toLowerCase() === tag));
}

function use(me: Me, ctx: RouteContext): 0 | 1 | 2 {
  if (!ctx.msg.isRequest) return 0;
  if (isSet(ctx.draft.flags, me.params.force_outbound_flag)) return 1;
  if (isSet(ctx.draft.flags, me.params.force_no_outbound_flag)) return 0;
  return ctx.msg.method === 'REGISTER' ? useForRegister(ctx) : useForOthers(me, ctx);
}
function useForRegister(ctx: RouteContext): 0 | 1 {
  if (!isFirstHop(ctx)) return 0;
  return ctx.msg.contact?.param('reg-id') == null ? 0 : 1;
}
function useForOthers(me: Me, ctx: RouteContext): 0 | 1 | 2 {
  const { msg } = ctx;
  const route = msg.routes()[0];
  if (msg.header(HeaderId.Route) !== undefined) {
    const uri = route?.addr.uri ?? null;
    if (uri === null || !isOurs(ctx, uri)) return 0;
    if (uri.param('ob') !== null) {
      const flow = decode(me.state.key, uri.user ?? '');
      const { src } = msg.received;
      const elsewhere = flow !== null && flow !== 'broken' && (flow.src.ip !== src.ip || flow.src.port !== src.port);
      return elsewhere ? 2 : 1;
    }
  }
  // A request without any Supported goes on to the Contact, as in Kamailio.
  if (msg.header(HeaderId.Supported) !== undefined && !supports(ctx, 'outbound')) return 0;
  if (!isFirstHop(ctx)) return 0;
  const { contact } = ctx.msg;
  return contact !== null && parseUri(contact.uriText, ctx.grammar)?.param('ob') != null ? 1 : 0;
}

export default defineModule({
  name: 'outbound',
  doc: 'Flow tokens for phones that keep their connection open (RFC 5626).',
  uses: [],
  params: {
    force_outbound_flag: {
      type: 'int',
      default: -1,
      max: 31,
      doc: 'Message flag: outbound whatever the request says.',
    },
    force_no_outbound_flag: { type: 'int', default: -1, max: 31, doc: 'Message flag: no outbound.' },
    flow_token_secret: {
      type: 'str',
      default: '',
      doc: 'Signs the tokens; without it they are good for this process only.',
    },
  },
  stats: {},
  state: (_init, params) => ({ key: keyOf(params.flow_token_secret) }),
  start(me) {
    for (const name of ['force_outbound_flag', 'force_no_outbound_flag'] as const)
      if (me.params[name] < -1 || me.params[name] > 31)
        throw new StartError('SIPC8071', `outbound: ${name} ${me.params[name]} is no flag; use 0 to 31`);
  },
  functions: {
    check_flow_token: {
      doc: 'Is the user part of our topmost Route a good flow token, and its connection still open?',
      args: [],
      routes: ['request'],
      returns: {
        1: 'it is',
        [-1]: 'no Route',
        [-2]: 'the Route is not ours',
        [-3]: 'no flow token',
        [-4]: 'the token is not genuine',
        [-5]: 'the connection is gone',
        [-7]: 'the Route cannot be read',
        [-8]: 'the header fields cannot be read',
      },
      example: 'if (!check_flow_token()) { sl_send_reply("430", "Flow Failed"); exit; }',
      run: (me, ctx) => checkFlowToken(me.state.key, ctx),
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  api: (me): OutboundApi => ({
    encode: ({ proto, dst, src }) => encode(me.state.key, { proto, dst, src }),
    decode: (token) => decode(me.state.key, token),
    use: (ctx) => use(me, ctx),
  }),
  missing: [],
});

function checkFlowToken(key: Buffer, ctx: RouteContext): number {
  if (ctx.msg.header(HeaderId.Route) === undefined) return ctx.msg.broken ? -8 : -1;
  const uri = ctx.msg.routes()[0]?.addr.uri ?? null;
  if (uri === null) return -7;
  if (!isOurs(ctx, uri)) return -2;
  const flow = decode(key, uri.user ?? '');
  if (flow === null) return -3;
  if (flow === 'broken') return -4;
  if (flow.proto === 'udp') return 1;
  const { proto, src, dst } = flow;
  const { transports } = ctx.server;
  const socket = transports.findSocket(dst.ip, dst.port) ?? ctx.msg.received.socket;
  return transports.connections.find({ proto, ip: src.ip, port: src.port, socket }) ? 1 : -5;
}

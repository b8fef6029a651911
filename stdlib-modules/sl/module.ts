/**
 * Stateless responses (sl): sent and forgotten; the ACKs to the negative ones are recognised by our To-tag and absorbed.
 */
import {
  defineModule,
  errorResponse,
  type ModuleInit,
  opt,
  type RouteContext,
  RouteError,
  RpcStruct,
  type ServerApi,
  type SipMessage,
  scriptCallback,
  ToTags,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';

/** How long after the last response here an ACK is looked at (SL_RPL_WAIT_TIME). */
const ACK_WINDOW_MS = 2000;

/** What other modules answer with: through the transaction when the run has one. */
export interface SlApi {
  /** Stateful when the run has a transaction, else stateless (`send_reply`). */
  reply(ctx: RouteContext, status: number, reason: string): Verdict;
  stateless(ctx: RouteContext, status: number, reason: string): Verdict;
  /** To-tag such a response gets. */
  toTag(ctx: RouteContext): string;
  /** Is this the ACK to a negative response sent from here? The receive path then drops it before any route. */
  absorbs(msg: SipMessage): boolean;
}

interface State {
  tags: ToTags | null;
  absorbUntilMs: number;
}

const STATS = {
  '1xx_replies': { doc: 'Stays 0: provisional ones are counted in xxx_replies.' },
  '2xx_replies': { doc: 'Other 2xx responses sent.' },
  '200_replies': { doc: '200 responses sent.' },
  '202_replies': { doc: '202 responses sent.' },
  '3xx_replies': { doc: 'Other 3xx responses sent.' },
  '300_replies': { doc: '300 responses sent.' },
  '301_replies': { doc: '301 responses sent.' },
  '302_replies': { doc: '302 responses sent.' },
  '4xx_replies': { doc: 'Other 4xx responses sent.' },
  '400_replies': { doc: '400 responses sent.' },
  '401_replies': { doc: '401 responses sent.' },
  '403_replies': { doc: '403 responses sent.' },
  '404_replies': { doc: '404 responses sent.' },
  '407_replies': { doc: '407 responses sent.' },
  '408_replies': { doc: '408 responses sent.' },
  '483_replies': { doc: '483 responses sent.' },
  '5xx_replies': { doc: 'Other 5xx responses sent.' },
  '500_replies': { doc: '500 responses sent.' },
  '6xx_replies': { doc: '6xx responses sent.' },
  xxx_replies: { doc: 'Provisional responses and those of other classes sent.' },
  sent_replies: { doc: 'All responses sent.' },
  sent_err_replies: { doc: 'Error responses made by sl_reply_error().' },
  received_ACKs: { doc: 'ACKs absorbed.' },
  failures: { doc: 'Responses that could not be sent.' },
} as const;
type StatName = keyof typeof STATS;

const RPC_ORDER = [
  '200',
  '202',
  '2xx',
  '300',
  '301',
  '302',
  '3xx',
  '400',
  '401',
  '403',
  '404',
  '407',
  '408',
  '483',
  '4xx',
  '500',
  '5xx',
  '6xx',
  'xxx',
] as const;

interface Me {
  readonly params: { readonly bind_tm: number; readonly rich_redirect: number };
  readonly stats: Readonly<Record<StatName, { value: number }>>;
  readonly state: State;
}

/** Names by status, from 100 on: made once, not at each response. */
const STAT_NAMES: readonly StatName[] = Array.from({ length: 600 }, (_, n) => nameOf(n + 100));
const statOf = (status: number): StatName => STAT_NAMES[status - 100] ?? 'xxx_replies';
function nameOf(status: number): StatName {
  // Kamailio counts provisional ones there (update_sl_stats() in sl_stats.c); its 1xx_replies stays 0.
  if (status < 200) return 'xxx_replies';
  const exact = `${status}_replies`;
  if (exact in STATS) return exact as StatName;
  const byClass = `${Math.floor(status / 100)}xx_replies`;
  return byClass in STATS ? (byClass as StatName) : 'xxx_replies';
}

function tagsOf(state: State, server: ServerApi): ToTags {
  if (state.tags === null) {
    const first = server.transports.sockets[0];
    state.tags = new ToTags('KAMAILIO-stateless', first?.local.ip ?? '', first?.local.port ?? 0);
  }
  return state.tags;
}

/** What would be answered cannot be told (sanity marks such messages). */
function refused(ctx: RouteContext): boolean {
  if (ctx.draft.noReply) ctx.log(2, 'message marked with no-reply flag', 'sl');
  return ctx.draft.noReply;
}

function stateless(me: Me, ctx: RouteContext, status: number, reason: string): Verdict {
  if (ctx.msg.method !== 'ACK' && refused(ctx)) return -2;
  const tag = tagsOf(me.state, ctx.server).of(ctx.msg);
  const { rich_redirect: richRedirect } = me.params;
  const bytes = ctx.server.transactions.replyStateless(ctx.msg, ctx.draft, status, reason, tag, { richRedirect });
  if (bytes === null) {
    me.stats.failures.value++;
    return -1;
  }
  me.state.absorbUntilMs = ctx.server.env.clock.monotonic() + ACK_WINDOW_MS;
  me.stats[statOf(status)].value++;
  me.stats.sent_replies.value++;
  localResponseEvent(ctx, bytes);
  return 1;
}
function localResponseEvent(ctx: RouteContext, bytes: string): void {
  const { script } = ctx.server;
  if (script.hasEvent('sl:local-response')) ctx.server.transactions.responseEvent('sl:local-response', ctx.msg, bytes);
}

function reply(me: Me, ctx: RouteContext, status: number, reason: string): Verdict {
  if (refused(ctx)) return -2;
  if (me.params.bind_tm !== 0 && ctx.transaction !== null)
    return ctx.server.transactions.reply(ctx, status, reason) > 0 ? 1 : -1;
  return ctx.msg.isRequest ? stateless(me, ctx, status, reason) : -1;
}

const replyArgs = [varInt('code', 'status'), varStr('reason', 'reason phrase')] as const;

export default defineModule({
  name: 'sl',
  doc: 'Stateless responses.',
  uses: [],
  params: {
    default_code: { type: 'int', default: 500, doc: 'Status when the given one is not a number.' },
    default_reason: { type: 'str', default: 'Internal Server Error', doc: 'Reason when the given one is not a text.' },
    bind_tm: { type: 'int', default: 1, doc: '0: send_reply() never uses the transaction.' },
    rich_redirect: {
      type: 'int',
      default: 0,
      min: 0,
      max: 3,
      doc: 'Show path (1) and branch flags (2) in 3xx Contacts.',
    },
    event_callback_fl_ack: scriptCallback('event_route[sl:filtered-ack]'),
    event_callback_lres_sent: scriptCallback('event_route[sl:local-response]'),
  },
  stats: STATS,
  state: (_init: ModuleInit): State => ({ tags: null, absorbUntilMs: 0 }),
  start: (me, server) => {
    server.transactions.absorbAck = (msg) => absorbs(me, server, msg);
  },
  functions: {
    sl_send_reply: {
      doc: 'Answers the request without a transaction.',
      args: replyArgs,
      routes: ['request'],
      constArgs: true,
      aliases: ['sl_reply'],
      returns: { 1: 'sent', [-1]: 'not sent', [-2]: 'the message is marked as not to be answered' },
      example: 'sl_send_reply("404", "Not Found");',
      run: (me, ctx, code, reason) =>
        stateless(me, ctx, code || me.params.default_code, reason || me.params.default_reason),
    },
    send_reply: {
      doc: 'Answers through the transaction when there is one, else without.',
      args: replyArgs,
      routes: ['request', 'reply', 'failure'],
      constArgs: true,
      returns: { 1: 'sent', [-1]: 'not sent', [-2]: 'the message is marked as not to be answered' },
      example: 'send_reply("404", "Not Found");',
      run(me, ctx, code, reason) {
        const status = code || me.params.default_code;
        return reply(me, ctx, status, reason || me.params.default_reason);
      },
    },
    send_reply_mode: {
      doc: 'As send_reply(), with 1: no new connection is opened, 2: the connection is closed afterwards.',
      args: [...replyArgs, varInt('mode', 'bits')],
      routes: ['request', 'reply', 'failure'],
      constArgs: true,
      returns: { 1: 'sent', [-1]: 'not sent', [-2]: 'the message is marked as not to be answered' },
      example: 'send_reply_mode("404", "Not Found", "1");',
      run(me, ctx, code, reason, mode) {
        if (mode & 1) ctx.draft.noConnectReply = true;
        else if (mode & 2) ctx.draft.closeReply = true;
        return reply(me, ctx, code || me.params.default_code, reason || me.params.default_reason);
      },
    },
    sl_reply_error: {
      doc: 'Answers with the error of the last relay.',
      args: [],
      routes: ['request'],
      returns: {
        1: 'sent, or a CANCEL was answered for it',
        [-1]: 'not sent',
        [-2]: 'the message is marked as not to be answered',
      },
      example: 'if (!t_relay()) sl_reply_error();',
      run: replyError,
    },
    send_reply_error: {
      doc: 'As sl_reply_error(), through the transaction when there is one.',
      args: [],
      routes: ['request', 'reply', 'failure'],
      returns: { 1: 'sent', [-1]: 'not sent', [-2]: 'the message is marked as not to be answered' },
      example: 'send_reply_error();',
      run(me, ctx) {
        if (me.params.bind_tm !== 0 && ctx.transaction !== null) {
          const { status, reason } = errorResponse(ctx.errorCode, 'TM');
          if (ctx.server.transactions.reply(ctx, status, reason) > 0) return 1;
        }
        return replyError(me, ctx);
      },
    },
    sl_forward_reply: {
      doc: 'Forwards the response without a transaction, with another status of its class and another reason.',
      args: [opt(varStr('code', 'status')), opt(varStr('reason', 'reason phrase'))],
      routes: ['reply'],
      constArgs: true,
      returns: { 1: 'forwarded', [-1]: 'not forwarded' },
      example: 'sl_forward_reply("486", "Busy"); drop;',
      async: 'maybe',
      run(_me, ctx, code, reason) {
        const { msg } = ctx;
        if (msg.isRequest) return -1;
        const { startLine } = msg;
        const draft = ctx.draft.clone();
        if (code) {
          if (!/^[1-6][0-9][0-9]$/.test(code) || Math.floor(msg.status / 100) !== Number(code[0])) return -1;
          draft.edits.replace(startLine.secondStart, startLine.secondEnd, code);
        }
        if (reason) draft.edits.replace(startLine.thirdStart, startLine.thirdEnd, reason);
        const done = ctx.server.transactions.forwardResponse(msg, draft);
        return done instanceof Promise ? done.then((ok) => (ok ? 1 : -1)) : done ? 1 : -1;
      },
    },
  },
  pvs: {
    ltt: {
      doc: 'To-tag a response from here would have: `s` stateless, `t` through the transaction, `x` whichever applies.',
      type: 'str',
      key: { use: 'req', values: ['s', 't', 'x'] },
      get(me, ctx, key) {
        const stateful = me.params.bind_tm !== 0 && ctx.transaction !== null;
        if (key === 't' && !stateful) return null;
        const tags = key !== 's' && stateful ? ctx.server.transactions.core.toTags : tagsOf(me.state, ctx.server);
        return tags.of(ctx.msg);
      },
    },
  },
  rpc: {
    'sl.stats': {
      doc: 'Counters of responses sent.',
      run(me, call) {
        const result = new RpcStruct();
        for (const name of RPC_ORDER) result.add(name, me.stats[`${name}_replies`].value);
        call.add(result);
      },
    },
  },
  eventRoutes: {
    'sl:filtered-ack': { doc: 'An ACK to a stateless response was absorbed.' },
    'sl:local-response': { doc: 'A stateless response was sent.' },
  },
  api: (me, server): SlApi => ({
    reply: (ctx, status, reason) => reply(me, ctx, status, reason),
    stateless: (ctx, status, reason) => stateless(me, ctx, status, reason),
    toTag: (ctx) => tagsOf(me.state, ctx.server).of(ctx.msg),
    absorbs: (msg) => absorbs(me, server, msg),
  }),
  missing: [],
});

function replyError(me: Me, ctx: RouteContext): Verdict {
  if (refused(ctx)) return -2;
  // A caller that gave up while the relay waited for a name has the 487 of its CANCEL: there is no second final response.
  if (ctx.errorCode === RouteError.canceled && (ctx.transaction?.status ?? 0) >= 200) return 1;
  const error = errorResponse(ctx.errorCode, 'SL');
  if (stateless(me, ctx, error.status, error.reason) > 0) me.stats.sent_err_replies.value++;
  ctx.log(-1, `stateless error reply used: ${error.reason}`, 'sl');
  return 1;
}

/** The eight digits our tag ends in come from the ACK itself, so that no other server's tag fits. */
function absorbs(me: Me, server: ServerApi, msg: SipMessage): boolean {
  if (msg.method !== 'ACK' || me.state.tags === null) return false;
  if (server.env.clock.monotonic() > me.state.absorbUntilMs) return false;
  if (msg.to?.tag !== me.state.tags.of(msg)) return false;
  me.stats.received_ACKs.value++;
  if (server.script.hasEvent('sl:filtered-ack')) void server.script.runEvent('sl:filtered-ack', msg);
  return true;
}

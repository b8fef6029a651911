/**
 * Stateful processing (tm): names and parameters, of which tm has the most of all modules; their meaning is in
 * runtime/transaction and runtime/proxy.
 */
import {
  applyNow,
  type Branch,
  defineModule,
  errorResponse,
  MessageMark,
  opt,
  type PvRef,
  type RouteContext,
  RouteError,
  type RouteRun,
  regex,
  route,
  StartError,
  scriptCallback,
  str,
  type TmSettings,
  type Transaction,
  TransactionFlag,
  type Verdict,
  varInt,
  varStr,
  withShapes,
} from '../../runtime/sdk/index.js';
import { localRequestOf } from './local.js';
import { relayFunctions } from './relay.js';
import { cleanStuck, rpcCommands } from './rpc.js';
import { tmSelects } from './selects.js';
import { serialFunctions, serialParams } from './serial.js';
import { found, noTransaction, onOff, type TmState, tmOf } from './shared.js';
import { parseAppends, writeFunctions, writeParams } from './write.js';

function statusNow(ctx: RouteContext, t: Transaction): number {
  switch (ctx.kind) {
    case 'tm_reply':
    case 'core_reply':
      return ctx.msg.status;
    case 'failure':
      return tmOf(ctx).pickedStatus(t);
    case 'branch_failure':
      return ctx.branch?.lastReceived ?? 0;
    default:
      return t.status;
  }
}
const currentBranch = (ctx: RouteContext, t: Transaction): Branch | null =>
  ctx.kind === 'failure' ? (t.branches[t.pickedBranch] ?? null) : ctx.branch;

/** Running timers follow, so that a ringing call gets the new time too. */
function setTimers(ctx: RouteContext, inviteMs: number, finalMs: number): Verdict {
  const t = ctx.transaction;
  if (t === null) {
    ctx.armed.frInvTimerMs = inviteMs;
    ctx.armed.frTimerMs = finalMs;
    return 1;
  }
  if (inviteMs > 0) t.frInvTimeoutMs = inviteMs;
  if (finalMs > 0) t.frTimeoutMs = finalMs;
  for (const b of t.branches) {
    if (!b.request.running) continue;
    if (b.frInvite && inviteMs > 0) b.request.restartFinal(inviteMs);
    else if (!b.frInvite && finalMs > 0) b.request.restartFinal(finalMs);
  }
  return 1;
}

/** Seconds in an AVP; 0 when it is not there or no number. */
function secondsIn(ctx: RouteContext, avp: PvRef<RouteContext> | undefined): number {
  const value = avp?.get(ctx) ?? 0;
  const seconds = typeof value === 'number' ? value : Number(value);
  return Number.isInteger(seconds) && seconds > 0 && seconds <= 65_535 ? seconds : 0;
}
/** `code=403;class=5`; only statuses from 300 on are asked for. */
function failoverRule(text: string): (status: number) => boolean {
  const codes = new Set<number>();
  const classes = new Set<number>();
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const [, what, value] = /^\s*(code|class)\s*=\s*(\d{1,3})\s*$/.exec(part) ?? [];
    const number = Number(value);
    if (what === 'code' && number >= 300) codes.add(number);
    else if (what === 'class' && number >= 3 && number <= 6) classes.add(number);
    else
      throw new StartError('SIPC8023', `tm: failover_reply_codes "${text}": write it as code=403;class=5, from 300 on`);
  }
  return (status) => codes.has(status) || classes.has(Math.floor(status / 100));
}
const isContext = (run: RouteRun): run is RouteContext => 'avps' in run;

const any = ['any'] as const;
const noArgs = [] as const;
const done = { 1: 'done' } as const;
const yesNo = { 1: 'yes', [-1]: 'no' } as const;
const routesOfT = ['request', 'failure', 'reply', 'branch'] as const;

const armFunction = (
  kind: 'failure' | 'branch' | 'tm_reply' | 'branch_failure',
  name: string,
  arm: (ctx: RouteContext, route: string | null) => void,
) => ({
  doc: `Names the ${kind.replace('_', ' ')} route of the branches relayed from now on; "0" takes it back.`,
  args: [route(kind, 'name')] as const,
  routes: ['request', 'failure', 'reply', 'branch', 'branch_failure', 'event'] as const,
  constArgs: true,
  returns: done,
  example: `${name}("MANAGE");`,
  run(_me: unknown, ctx: RouteContext, target: string) {
    arm(ctx, target === '0' || target === '' ? null : target);
    return 1;
  },
});
const switchFunction = (name: string, doc: string, flag: number) => ({
  doc,
  args: [varInt('on', '1 on, 0 off')] as const,
  routes: any,
  returns: done,
  example: `${name}("1");`,
  run: (_me: unknown, ctx: RouteContext, on: number) => onOff(ctx, flag, on !== 0),
});

export default defineModule({
  name: 'tm',
  doc: 'Transactions: stateful relaying, forking, timers.',
  uses: [],
  params: {
    fr_timer: {
      type: 'int',
      default: 30_000,
      min: 1,
      live: true,
      doc: 'Milliseconds a request may stay without any response.',
    },
    fr_inv_timer: { type: 'int', default: 120_000, min: 1, live: true, doc: 'Milliseconds an INVITE may ring.' },
    wt_timer: { type: 'int', default: 5000, min: 1, live: true, doc: 'Milliseconds a finished transaction is kept.' },
    delete_timer: { type: 'int', default: 200, doc: 'Not used; kept for old configs.' },
    retr_timer1: {
      type: 'int',
      default: 500,
      min: 1,
      live: true,
      doc: 'Milliseconds before the first retransmission.',
    },
    retr_timer2: { type: 'int', default: 4000, min: 1, live: true, doc: 'Longest time between retransmissions.' },
    max_inv_lifetime: {
      type: 'int',
      default: 180_000,
      min: 1,
      live: true,
      doc: 'Longest life of an INVITE transaction, ms.',
    },
    max_noninv_lifetime: { type: 'int', default: 32_000, min: 1, live: true, doc: 'Longest life of any other, ms.' },
    noisy_ctimer: { type: 'int', default: 1, live: true, doc: '0: an INVITE nobody answered ends silently.' },
    restart_fr_on_each_reply: {
      type: 'int',
      default: 1,
      live: true,
      doc: 'Every provisional response restarts fr_inv_timer.',
    },
    auto_inv_100: { type: 'int', default: 1, live: true, doc: '100 at the first relay of an INVITE.' },
    auto_inv_100_reason: {
      type: 'str',
      default: 'trying -- your call is important to us',
      live: true,
      doc: 'Its reason.',
    },
    unix_tx_timeout: {
      type: 'int',
      default: 500,
      live: true,
      noEffect: true,
      doc: 'Milliseconds t_write_unix() waits for a reader; here it fails at once when the reader’s queue is full.',
    },
    aggregate_challenges: { type: 'int', default: 1, live: true, doc: 'All challenges of a fork in one response.' },
    pass_provisional_replies: {
      type: 'int',
      default: 0,
      live: true,
      noEffect: true,
      doc: 'Tells callbacks of local requests about 1xx: of the modules here none asks, as in Kamailio without seas.',
    },
    default_code: {
      type: 'int',
      default: 500,
      live: true,
      doc: 'Status of t_reply() when the given one is no number.',
    },
    default_reason: { type: 'str', default: 'Server Internal Error', live: true, doc: 'Its reason.' },
    disable_6xx_block: { type: 'int', default: 0, live: true, doc: '1: a 6xx does not end the other branches.' },
    blst_503: {
      type: 'int',
      default: 0,
      min: 0,
      max: 1,
      live: true,
      doc: '1: whoever sends a 503 goes on the destination blocklist (use_dst_blocklist), as long as its Retry-After says.',
    },
    blst_503_def_timeout: {
      type: 'int',
      default: 0,
      min: 0,
      live: true,
      doc: 'Seconds for a 503 without Retry-After; 0: not listed.',
    },
    blst_503_min_timeout: {
      type: 'int',
      default: 0,
      min: 0,
      live: true,
      doc: 'Least seconds a Retry-After counts as.',
    },
    blst_503_max_timeout: {
      type: 'int',
      default: 3600,
      min: 0,
      live: true,
      doc: 'Most seconds a Retry-After counts as.',
    },
    blst_methods_add: {
      type: 'int',
      default: 1,
      live: true,
      doc: 'Methods (bits: INVITE 1, ACK 4, BYE 8 …) whose destination is listed when nobody answers.',
    },
    blst_methods_lookup: {
      type: 'int',
      default: -9,
      live: true,
      doc: 'Methods that skip listed destinations; default all but BYE.',
    },
    reply_408_code: { type: 'int', default: 408, min: 300, max: 699, doc: 'Status of a branch nobody answered.' },
    reply_408_reason: { type: 'str', default: 'Request Timeout', doc: 'Its reason.' },
    failover_reply_codes: {
      type: 'str',
      default: '',
      doc: 'Responses besides 503 after which the next address of a name is tried (use_dns_failover): `code=403;class=5`.',
    },
    evcb_local_ack_sent: scriptCallback('event_route[tm:local-ack-sent]'),
    cancel_b_method: {
      type: 'int',
      default: 1,
      min: 0,
      max: 2,
      live: true,
      doc: 'CANCEL on a branch without any response: 0 fake a 487, 1 wait for one while retransmitting, 2 send it.',
    },
    unmatched_cancel: {
      type: 'int',
      default: 0,
      min: 0,
      max: 2,
      live: true,
      doc: 'CANCEL without its INVITE: 0 relay statefully, 1 statelessly, 2 drop.',
    },
    ruri_matching: { type: 'int', default: 1, live: true, doc: 'Old-style matching looks at the Request-URI.' },
    via1_matching: { type: 'int', default: 1, live: true, doc: 'Old-style matching looks at the Via.' },
    callid_matching: {
      type: 'int',
      default: 0,
      live: true,
      doc: '1: a response with another Call-ID than its request is none of the transaction.',
    },
    callid_cseq_matching: {
      type: 'int',
      default: 0,
      live: true,
      doc: '1: responses are matched by Call-ID and CSeq number instead of the digest in our Via branch.',
    },
    reparse_invite: {
      type: 'int',
      default: 1,
      live: true,
      doc: 'CANCEL and ACK are made from the INVITE as sent; with e2e_cancel_hop_by_hop 0, this at 0 makes CANCEL from the one received.',
    },
    reparse_on_dns_failover: {
      type: 'int',
      default: 1,
      live: true,
      doc: 'What a further server of a name gets (use_dns_failover): 1 the request as the branch route left it, 0 as it was before.',
    },
    ac_extra_hdrs: {
      type: 'str',
      default: '',
      live: true,
      doc: 'Header fields that begin so are copied into CANCEL and ACK.',
    },
    failure_reply_mode: {
      type: 'int',
      default: 3,
      min: 0,
      max: 3,
      doc: 'Responses forgotten in a failure route: 0 none, 1 all, 2 of the last step, 3 all once a branch is added.',
    },
    failure_exec_mode: {
      type: 'int',
      default: 0,
      doc: '1: a branch that could not be sent fails when fr_timer is over; 0: its relay fails.',
    },
    faked_reply_prio: {
      type: 'int',
      default: 0,
      doc: 'Added to the priority of responses made here (higher: chosen later).',
    },
    remap_503_500: { type: 'int', default: 1, doc: 'A 503 goes upstream as 500.' },
    local_cancel_reason: { type: 'int', default: 1, live: true, doc: 'Reason in CANCELs made here.' },
    e2e_cancel_reason: { type: 'int', default: 1, live: true, doc: 'Reason of a CANCEL received goes on.' },
    e2e_cancel_hop_by_hop: {
      type: 'int',
      default: 1,
      doc: '1: a CANCEL received ends here, and each branch gets one of ours; 0: it goes on in branches of its own transaction.',
    },
    local_ack_mode: {
      type: 'int',
      default: 0,
      min: 0,
      max: 2,
      live: true,
      doc: 'ACK to a 2xx of a request made here: 0 along its route set, 1 where the INVITE went, 2 where the 2xx came from.',
    },
    local_ack_branch_mode: {
      type: 'int',
      default: 0,
      min: 0,
      max: 2,
      doc: 'Via branch of that ACK: 0 the INVITE’s, 1 one derived from it, 2 a new one.',
    },
    delayed_reply: {
      type: 'int',
      default: 1,
      doc: '1: a relay that failed is answered when the script ends, unless it did; 0: at once.',
    },
    reply_matching: {
      type: 'int',
      default: 0,
      doc: '1: responses to a finished transaction are passed on without it, the default of later versions; 0, as in 5.6: within it.',
    },
    headers_mode: {
      type: 'int',
      default: 0,
      min: 0,
      max: 3,
      doc: '1: header fields of a CANCEL received are copied into ours; 2: a CANCEL without its INVITE goes on with our Via alone.',
    },
    evlreq_mode: {
      type: 'int',
      default: 0,
      min: 0,
      max: 3,
      doc: 'event_route[tm:local-request] also runs for CANCELs (1) and ACKs to refusals (2) of requests passed on.',
    },
    relay_100: { type: 'int', default: 0, live: true, doc: '100 goes upstream too.' },
    rich_redirect: {
      type: 'int',
      default: 0,
      min: 0,
      max: 3,
      doc: 'Show path (1) and branch flags (2) in 3xx Contacts.',
    },
    reply_relay_mode: {
      type: 'int',
      default: 1,
      doc: 'A later 2xx: 1 is only passed on, 0 takes the place of the first.',
    },
    dns_reuse_rcv_socket: {
      type: 'int',
      default: 0,
      doc: '1: to a further server of a name (use_dns_failover) from the socket the request came in on; 0: from the first that fits.',
    },
    exec_time_check: {
      type: 'int',
      default: 5000,
      doc: 'Milliseconds from which on the log warns of a failure route; 0: never.',
    },
    rfc_mode: {
      type: 'int',
      default: 0,
      min: 0,
      max: 7,
      live: true,
      doc: 'Where tm and the RFCs disagree, follow the RFC: 1 states and their length (RFC 6026), 2 no 408 for a non-INVITE nobody answered (RFC 4320), 4 timers A, B, F, H. The sum of what is wanted; not a parameter of Kamailio.',
    },
    enable_uac_fr: { type: 'int', default: 0, live: true, doc: '1: failure routes run for requests made here too.' },
    fr_timer_avp: { type: 'avp', doc: 'AVP with the fr_timer of the next transaction, in seconds.' },
    fr_inv_timer_avp: { type: 'avp', doc: 'AVP with the fr_inv_timer of the next transaction, in seconds.' },
    event_callback: scriptCallback('event routes'),
    event_callback_lres_sent: scriptCallback('event_route[tm:local-response-sent]'),
    on_sl_reply: { type: 'str', default: '', doc: 'onreply_route for responses that belong to no transaction.' },
    ...serialParams,
    ...writeParams,
  },
  stats: {},
  state: (): TmState => ({ waiting: 0, appends: new Map() }),
  start(me, server) {
    const p = me.params;
    const { fr_timer_avp: final, fr_inv_timer_avp: ringing } = p;
    if (final !== undefined || ringing !== undefined) {
      server.transactions.hooks.requestIn.push((t, run) => {
        if (!isContext(run)) return;
        t.frTimeoutMs = (run.armed.frTimerMs === 0 && secondsIn(run, final) * 1000) || t.frTimeoutMs;
        t.frInvTimeoutMs = (run.armed.frInvTimerMs === 0 && secondsIn(run, ringing) * 1000) || t.frInvTimeoutMs;
      });
    }
    me.state.appends = parseAppends(p.tw_append ?? []);
    const failoverOn = failoverRule(p.failover_reply_codes);
    // Read when needed: `cfg.set tm fr_timer 5000` works at once.
    const live: { [K in keyof TmSettings]?: () => TmSettings[K] } = {
      frTimerMs: () => p.fr_timer,
      frInvTimerMs: () => p.fr_inv_timer,
      waitTimerMs: () => p.wt_timer,
      retrT1Ms: () => p.retr_timer1,
      retrT2Ms: () => p.retr_timer2,
      maxInviteLifetimeMs: () => p.max_inv_lifetime,
      maxNonInviteLifetimeMs: () => p.max_noninv_lifetime,
      noisyTimer: () => p.noisy_ctimer !== 0,
      restartFrOnEachReply: () => p.restart_fr_on_each_reply !== 0,
      autoInvite100: () => p.auto_inv_100 !== 0,
      autoInvite100Reason: () => p.auto_inv_100_reason,
      aggregateChallenges: () => p.aggregate_challenges !== 0,
      reparseInvite: () => p.reparse_invite !== 0,
      passProvisionalReplies: () => p.pass_provisional_replies !== 0,
      defaultCode: () => p.default_code,
      defaultReason: () => p.default_reason,
      disable6xxBlock: () => p.disable_6xx_block !== 0,
      cancelBranchMethod: () => p.cancel_b_method,
      unmatchedCancel: () => p.unmatched_cancel,
      ruriMatching: () => p.ruri_matching !== 0,
      via1Matching: () => p.via1_matching !== 0,
      callidMatching: () => p.callid_matching !== 0,
      callidCseqMatching: () => p.callid_cseq_matching !== 0,
      acExtraHdrs: () => p.ac_extra_hdrs,
      failureReplyMode: () => p.failure_reply_mode,
      failureExecMode: () => p.failure_exec_mode !== 0,
      reparseOnFailover: () => p.reparse_on_dns_failover !== 0,
      dnsReuseReceiveSocket: () => p.dns_reuse_rcv_socket !== 0,
      fakedReplyPriority: () => p.faked_reply_prio,
      remap503To500: () => p.remap_503_500 !== 0,
      localCancelReason: () => p.local_cancel_reason !== 0,
      e2eCancelReason: () => p.e2e_cancel_reason !== 0,
      cancelHopByHop: () => p.e2e_cancel_hop_by_hop !== 0,
      relay100: () => p.relay_100 !== 0,
      richRedirect: () => p.rich_redirect,
      slowFailureRouteMs: () => p.exec_time_check,
      replyRelayMode: () => p.reply_relay_mode,
      rfcMode: () => p.rfc_mode,
      localAckMode: () => p.local_ack_mode,
      localAckBranchMode: () => p.local_ack_branch_mode,
      delayedReply: () => p.delayed_reply !== 0,
      onlyActive: () => (p.reply_matching & 1) !== 0,
      headersMode: () => p.headers_mode,
      localRequestEvents: () => p.evlreq_mode,
      localFailureRoutes: () => p.enable_uac_fr !== 0,
      onSlReply: () => p.on_sl_reply,
      blockOn503: () => p.blst_503 !== 0,
      block503DefaultSec: () => p.blst_503_def_timeout,
      block503MinSec: () => p.blst_503_min_timeout,
      block503MaxSec: () => p.blst_503_max_timeout,
      blockMethods: () => p.blst_methods_add,
      blockLookupMethods: () => p.blst_methods_lookup,
      timeoutCode: () => p.reply_408_code,
      timeoutReason: () => p.reply_408_reason,
      failoverOn: () => failoverOn,
      maxBranches: () => server.settings.values.max_branches,
    };
    for (const [name, get] of Object.entries(live)) {
      Object.defineProperty(server.transactions.settings, name, { get, configurable: true, enumerable: true });
    }
  },
  functions: {
    t_newtran: {
      doc: 'Creates the transaction of this request.',
      args: noArgs,
      routes: ['request'],
      returns: {
        1: 'created',
        0: 'a retransmission: the last response was sent again',
        [RouteError.script]: 'there is one already',
        [-1]: 'error',
      },
      example: 'if (!t_newtran()) { sl_reply_error(); exit; }',
      run: (_me, ctx) => tmOf(ctx).create(ctx),
    },
    t_check_trans: {
      doc: 'Is there a transaction for this message? Retransmissions and ACKs to negative responses are dealt with, and end the script.',
      args: noArgs,
      routes: ['request', 'reply', 'branch'],
      returns: {
        1: 'CANCEL: its INVITE is here; response: it belongs to one',
        0: 'retransmission or ACK, taken care of',
        [-1]: 'none',
      },
      example: 't_check_trans();',
      run: (_me, ctx) => tmOf(ctx).checkTransaction(ctx),
    },
    t_lookup_request: {
      doc: 'Is there a transaction for this request?',
      args: noArgs,
      routes: ['request'],
      returns: yesNo,
      example: 'if (t_lookup_request()) exit;',
      run: (_me, ctx) => (found(ctx) ? 1 : -1),
    },
    t_lookup_cancel: {
      doc: 'Is the INVITE this CANCEL is for here? With 1 its flags are taken over.',
      args: [opt(varInt('flags', '1: take the flags of the INVITE'))],
      routes: ['request'],
      returns: yesNo,
      example: 'if (t_lookup_cancel()) t_relay();',
      run(_me, ctx, flags) {
        if (ctx.msg.method !== 'CANCEL') return -1;
        const invite = tmOf(ctx).canceledBy(ctx.msg);
        if (invite === null) return -1;
        if (flags) ctx.draft.flags = invite.draft.flags;
        return 1;
      },
    },
    ...relayFunctions,
    ...serialFunctions,
    ...writeFunctions,
    t_reply: {
      doc: 'Answers through the transaction.',
      args: [varInt('code', 'status'), varStr('reason', 'reason phrase')],
      routes: ['request', 'failure', 'reply'],
      constArgs: true,
      returns: {
        1: 'sent',
        [-1]: 'not sent: no transaction, an ACK, or answered before',
        [-2]: 'the message is marked as not to be answered',
      },
      example: 't_reply("404", "Not found");',
      run: (me, ctx, code, reason) =>
        tmOf(ctx).reply(ctx, code || me.params.default_code, reason || me.params.default_reason),
    },
    t_send_reply: {
      doc: 'Answers through the transaction, creating it when there is none.',
      args: [varInt('code', 'status'), varStr('reason', 'reason phrase')],
      routes: ['request', 'failure', 'reply'],
      constArgs: true,
      returns: {
        1: 'sent',
        0: 'a retransmission, taken care of',
        [-1]: 'not sent',
        [-2]: 'the message is marked as not to be answered',
      },
      example: 't_send_reply("404", "Not found");',
      run(me, ctx, code, reason) {
        if (ctx.kind === 'request' && ctx.transaction === null) {
          const created = tmOf(ctx).create(ctx);
          if (created <= 0) return created;
        }
        return tmOf(ctx).reply(ctx, code || me.params.default_code, reason || me.params.default_reason);
      },
    },
    t_retransmit_reply: {
      doc: 'Sends the last response of the transaction again.',
      args: noArgs,
      routes: ['request'],
      returns: { 1: 'sent', [-1]: 'there is none' },
      example: 't_retransmit_reply();',
      run(_me, ctx) {
        const t = found(ctx);
        return t !== null && tmOf(ctx).retransmitReply(t) ? 1 : -1;
      },
    },
    t_release: {
      doc: 'Ends the transaction: nothing more is sent, the wait timer runs.',
      args: noArgs,
      routes: ['request', 'failure', 'event'],
      returns: { 1: 'done', [-1]: 'there is none' },
      example: 't_release();',
      run(_me, ctx) {
        const t = found(ctx);
        if (t === null) return -1;
        tmOf(ctx).release(ctx, t);
        return 1;
      },
    },
    t_on_failure: armFunction('failure', 't_on_failure', (ctx, name) => {
      if (ctx.transaction) ctx.transaction.onFailure = name;
      else ctx.armed.failure = name;
    }),
    t_on_branch: armFunction('branch', 't_on_branch', (ctx, name) => {
      if (ctx.transaction) ctx.transaction.onBranch = name;
      else ctx.armed.branch = name;
    }),
    t_on_reply: armFunction('tm_reply', 't_on_reply', (ctx, name) => {
      if (ctx.transaction) ctx.transaction.onReply = name;
      else ctx.armed.reply = name;
    }),
    t_on_branch_failure: {
      doc: 'Names the event route (tm:branch-failure:name) that runs when one branch fails; "0" takes it back.',
      args: [varStr('name')],
      routes: ['request', 'failure', 'reply', 'branch', 'branch_failure', 'event'],
      constArgs: true,
      returns: done,
      example: 't_on_branch_failure("MANAGE");',
      run(_me, ctx, name) {
        const target = name === '0' || name === '' ? null : name;
        if (ctx.transaction) ctx.transaction.onBranchFailure = target;
        else ctx.armed.branchFailure = target;
        return 1;
      },
    },
    t_is_set: {
      doc: 'Is a route of that kind armed?',
      args: [
        withShapes(str('target'), {
          pattern: '^(?:branch|failure|onreply)_route$',
          wants: 'branch_route, failure_route or onreply_route',
          lax: true,
        }),
      ],
      routes: any,
      constArgs: true,
      returns: yesNo,
      example: 'if (!t_is_set("failure_route")) t_on_failure("MANAGE");',
      run(_me, ctx, target) {
        const { transaction: t, armed } = ctx;
        switch (target) {
          case 'branch_route':
            return (t ? t.onBranch : armed.branch) === null ? -1 : 1;
          case 'failure_route':
            return (t ? t.onFailure : armed.failure) === null ? -1 : 1;
          case 'onreply_route':
            return (t ? t.onReply : armed.reply) === null ? -1 : 1;
          default:
            return -1;
        }
      },
    },
    t_check_status: {
      doc: 'Does the status match: of the best response in a failure route, of the response in a reply route, else of what was sent last?',
      args: [regex('re', 'regular expression')],
      routes: ['request', 'failure', 'reply', 'branch_failure', 'branch'],
      constArgs: true,
      returns: yesNo,
      example: 'if (t_check_status("486|408")) t_relay();',
      run(_me, ctx, re) {
        const t = found(ctx);
        if (t === null) return noTransaction(ctx, 'check status');
        return re.test(String(statusNow(ctx, t))) ? 1 : -1;
      },
    },
    t_get_status_code: {
      doc: 'The status t_check_status() looks at, as return code.',
      args: noArgs,
      routes: ['request', 'reply', 'failure', 'branch'],
      returns: { 1: 'the status (100 to 699)', [-1]: 'no transaction' },
      example: 't_get_status_code();',
      run(_me, ctx) {
        const t = found(ctx);
        return t === null ? noTransaction(ctx, 'get status code') : statusNow(ctx, t) || -1;
      },
    },
    t_grep_status: {
      doc: 'Did any branch get this status? A branch whose very first response is the one being dealt with does not count yet.',
      args: [varInt('code')],
      routes: ['request', 'reply', 'failure', 'branch'],
      returns: yesNo,
      example: 'if (t_grep_status("486")) t_reply("486", "Busy");',
      run(_me, ctx, code) {
        const t = found(ctx);
        if (t === null) return noTransaction(ctx, 'check status');
        return t.branches.some((b) => b.lastReceived === code && b.replied) ? 1 : -1;
      },
    },
    t_is_canceled: {
      doc: 'Was the transaction canceled by the caller?',
      args: noArgs,
      routes: any,
      returns: yesNo,
      example: 'if (t_is_canceled()) exit;',
      run(_me, ctx) {
        const t = found(ctx);
        return t === null ? noTransaction(ctx, 'check a cancel') : t.canceled ? 1 : -1;
      },
    },
    t_is_expired: {
      doc: 'Is the transaction older than max_inv_lifetime or max_noninv_lifetime?',
      args: noArgs,
      routes: any,
      returns: yesNo,
      example: 'if (t_is_expired()) exit;',
      run(_me, ctx) {
        const t = found(ctx);
        return t !== null && ctx.server.env.clock.monotonic() >= t.endOfLifeMs ? 1 : -1;
      },
    },
    t_any_timeout: {
      doc: 'Did any branch time out?',
      args: noArgs,
      routes: routesOfT,
      returns: yesNo,
      example: 'if (t_any_timeout()) xlog("slow\\n");',
      run(_me, ctx) {
        const t = found(ctx);
        return t?.branches.some((b) => b.timedOut) ? 1 : -1;
      },
    },
    t_any_replied: {
      doc: 'Did any branch answer?',
      args: noArgs,
      routes: routesOfT,
      returns: yesNo,
      example: 'if (t_any_replied()) xlog("alive\\n");',
      run(_me, ctx) {
        const t = found(ctx);
        return t?.branches.some((b) => b.replied) ? 1 : -1;
      },
    },
    t_branch_timeout: {
      doc: 'Did this branch (in a failure route: the best one) time out?',
      args: noArgs,
      routes: ['failure', 'branch_failure', 'event'],
      returns: yesNo,
      example: 'if (t_branch_timeout()) t_reply("408", "Timeout");',
      run(_me, ctx) {
        const t = found(ctx);
        return t !== null && currentBranch(ctx, t)?.timedOut ? 1 : -1;
      },
    },
    t_branch_replied: {
      doc: 'Did this branch (in a failure route: the best one) answer before?',
      args: noArgs,
      routes: ['failure', 'branch_failure', 'event'],
      returns: yesNo,
      example: 'if (t_branch_replied()) xlog("rang\\n");',
      run(_me, ctx) {
        const t = found(ctx);
        return t !== null && currentBranch(ctx, t)?.replied ? 1 : -1;
      },
    },
    t_set_fr: {
      doc: 'fr_inv_timer and fr_timer of this transaction, in milliseconds; 0: as the parameters say.',
      args: [varInt('frInv'), opt(varInt('fr'))],
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: { 1: 'done', [-1]: 'not a time' },
      example: 't_set_fr("15000", "2000");',
      run: (_me, ctx, invite, final) => (invite < 0 || (final ?? 0) < 0 ? -1 : setTimers(ctx, invite, final ?? 0)),
    },
    t_reset_fr: {
      doc: 'Takes t_set_fr() back.',
      args: noArgs,
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: done,
      example: 't_reset_fr();',
      run(_me, ctx) {
        const { frInvTimerMs, frTimerMs } = tmOf(ctx).settings;
        return ctx.transaction ? setTimers(ctx, frInvTimerMs, frTimerMs) : setTimers(ctx, 0, 0);
      },
    },
    t_set_retr: {
      doc: 'First and longest retransmission interval of this transaction, in milliseconds; 0: as the parameters say.',
      args: [varInt('t1'), varInt('t2')],
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: done,
      example: 't_set_retr("250", "2000");',
      run(_me, ctx, t1, t2) {
        const at = ctx.transaction ?? ctx.armed;
        if (t1 > 0 || ctx.transaction === null) at.retrT1Ms = t1;
        if (t2 > 0 || ctx.transaction === null) at.retrT2Ms = t2;
        return 1;
      },
    },
    t_reset_retr: {
      doc: 'Takes t_set_retr() back.',
      args: noArgs,
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: done,
      example: 't_reset_retr();',
      run(_me, ctx) {
        const { retrT1Ms, retrT2Ms } = tmOf(ctx).settings;
        Object.assign(
          ctx.transaction ?? ctx.armed,
          ctx.transaction ? { retrT1Ms, retrT2Ms } : { retrT1Ms: 0, retrT2Ms: 0 },
        );
        return 1;
      },
    },
    t_set_max_lifetime: {
      doc: 'Longest life of this transaction, in milliseconds: as INVITE, and as anything else.',
      args: [varInt('invite'), varInt('other')],
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: done,
      example: 't_set_max_lifetime("60000", "0");',
      run(_me, ctx, invite, other) {
        const t = ctx.transaction;
        const life = t?.isInvite ? invite : other;
        if (t === null) Object.assign(ctx.armed, { maxInviteLifetimeMs: invite, maxNonInviteLifetimeMs: other });
        else if (life > 0) t.endOfLifeMs = ctx.server.env.clock.monotonic() + life;
        return 1;
      },
    },
    t_reset_max_lifetime: {
      doc: 'Takes t_set_max_lifetime() back.',
      args: noArgs,
      routes: ['request', 'failure', 'reply', 'branch'],
      returns: done,
      example: 't_reset_max_lifetime();',
      run(_me, ctx) {
        const t = ctx.transaction;
        const { maxInviteLifetimeMs, maxNonInviteLifetimeMs } = tmOf(ctx).settings;
        if (t === null) Object.assign(ctx.armed, { maxInviteLifetimeMs: 0, maxNonInviteLifetimeMs: 0 });
        else
          t.endOfLifeMs =
            ctx.server.env.clock.monotonic() + (t.isInvite ? maxInviteLifetimeMs : maxNonInviteLifetimeMs);
        return 1;
      },
    },
    t_set_auto_inv_100: switchFunction(
      't_set_auto_inv_100',
      '100 at the first relay of this INVITE.',
      TransactionFlag.auto100,
    ),
    t_set_disable_6xx: switchFunction(
      't_set_disable_6xx',
      'A 6xx does not end the other branches.',
      TransactionFlag.disable6xx,
    ),
    t_set_disable_failover: switchFunction(
      't_set_disable_failover',
      'No further address of a name is tried.',
      TransactionFlag.disableFailover,
    ),
    t_set_no_e2e_cancel_reason: {
      ...switchFunction(
        't_set_no_e2e_cancel_reason',
        "The caller's Reason does not go into our CANCELs.",
        TransactionFlag.noE2eCancelReason,
      ),
      aliases: ['t_disable_e2e_cancel_reason'],
    },
    t_set_disable_internal_reply: switchFunction(
      't_set_disable_internal_reply',
      'A failed relay is not answered.',
      TransactionFlag.disableInternalReply,
    ),
    t_drop_replies: {
      doc: 'Forgets the responses of the branches so far: `n` none, `l` those of the last step, else all.',
      args: [opt(str('which'))],
      routes: ['failure'],
      returns: done,
      example: 't_drop_replies();',
      run(_me, ctx, which) {
        if (ctx.transaction)
          ctx.transaction.dropReplies =
            which === undefined ? 1 : which.startsWith('n') ? 0 : which.startsWith('l') ? 2 : 1;
        return 1;
      },
    },
    t_set_no_auto_ack: switchFunction(
      't_set_no_auto_ack',
      'A 2xx to an INVITE of our own is not acknowledged here: in event_route[tm:local-request].',
      TransactionFlag.ownAck,
    ),
    t_reply_error: {
      doc: 'Answers through the transaction for the last routing error, as is done when a failed relay is left unanswered.',
      args: noArgs,
      routes: ['request', 'failure', 'reply'],
      returns: { 1: 'sent', [-1]: 'not sent: no transaction, an ACK, or answered before' },
      example: 't_newtran(); t_reply_error();',
      run(_me, ctx) {
        const { status, reason } = errorResponse(ctx.errorCode, 'TM');
        return tmOf(ctx).reply(ctx, status, reason);
      },
    },
    t_uac_send: {
      doc: 'Sends a request of our own; its response ends here (onreply_route and event_route[tm:local-request] see it).',
      args: [
        varStr('method'),
        varStr('uri', 'Request-URI'),
        varStr('nextHop', "URI to send it to; '' or . for none"),
        varStr('socket', "proto:host:port to send from; '' or . for any"),
        varStr('headers', 'header fields with their line ends, From and To among them'),
        varStr('body'),
      ],
      routes: any,
      constArgs: true,
      returns: {
        1: 'sent, or dropped by event_route[tm:local-request]',
        [-1]: 'an argument is wrong, the next hop cannot be resolved, or no socket fits',
      },
      runs: ['local'],
      example: 't_uac_send("OPTIONS", "sip:127.0.0.1:5099", "", "", "From: <sip:a@b>\\r\\nTo: <sip:c@d>\\r\\n", "");',
      async: 'maybe',
      run(_me, ctx, method, uri, nextHop, socket, headers, body) {
        const request = localRequestOf(ctx.server, { method, uri, nextHop, socket, headers, body }, false);
        if (typeof request === 'string') {
          ctx.log(-1, `t_uac_send(): ${request}`, 'tm');
          return -1;
        }
        const sent = tmOf(ctx).request(request);
        return sent instanceof Promise ? sent.then(({ code }) => (code < 0 ? -1 : 1)) : sent.code < 0 ? -1 : 1;
      },
    },
    t_use_uac_headers: {
      doc: 'CANCELs of this transaction carry From and To as they were sent (after uac_replace_from()), not as received.',
      args: noArgs,
      routes: any,
      returns: done,
      example: 't_use_uac_headers();',
      run: (_me, ctx) => onOff(ctx, TransactionFlag.sentFromTo, true),
    },
    t_is_retr_async_reply: {
      doc: 'Is this response a retransmission of one that is suspended?',
      args: noArgs,
      routes: ['tm_reply'],
      returns: yesNo,
      example: 'if (t_is_retr_async_reply()) drop;',
      run: (_me, ctx) => (ctx.transaction?.suspended ? 1 : -1),
    },
    t_clean: {
      doc: 'Removes transactions that should have ended long ago.',
      args: noArgs,
      routes: any,
      returns: done,
      example: 't_clean();',
      run(_me, ctx) {
        cleanStuck(ctx.server);
        return 1;
      },
    },
    t_cell_append_branches: {
      doc: 'Sends the branches collected here (`append_branch()`, `lookup_branches()`) as branches of the transaction named by its numbers, while it has no final response. A target it has already gets no second one.',
      args: [varInt('index', '$T(id_index)'), varInt('label', '$T(id_label)')],
      routes: any,
      returns: {
        1: 'sent',
        [-1]: 'no such transaction, or nothing could be sent',
        [-2]: 'it was canceled',
        [-3]: 'it has its final response',
      },
      runs: ['branch', 'onsend'],
      example: 'append_branch("sip:bob@10.0.0.2"); t_cell_append_branches("$var(index)", "$var(label)");',
      async: 'maybe',
      run(_me, ctx, index, label) {
        const t = tmOf(ctx).byIdent(index, label);
        if (t !== null) return tmOf(ctx).appendBranches(ctx, t);
        ctx.log(-1, `transaction [${index}:${label}] not found`, 'tm');
        return -1;
      },
    },
    t_exists: {
      doc: 'Is there a transaction for this message? Nothing is answered or ended.',
      args: noArgs,
      routes: any,
      returns: yesNo,
      example: 'if (t_exists()) exit;',
      run: (_me, ctx) => (found(ctx) ? 1 : -1),
    },
    t_msg_apply_changes: {
      doc: 'Makes the edits so far visible to reads in this branch route; only with `msg_apply_changes_mode` (Kamailio 6).',
      args: noArgs,
      routes: ['branch'],
      returns: {
        1: 'done',
        [-1]: 'not in a branch route, or not in that mode',
        [RouteError.badRequest]: 'the result is no message, or a Record-Route was added',
      },
      example: 'branch_route[OUT] { append_hf("X-Id: 1\\r\\n"); t_msg_apply_changes(); }',
      run(_me, ctx) {
        const { msg_apply_changes_mode: mode } = ctx.server.settings.values;
        if (ctx.kind !== 'branch' || (mode !== 1 && (ctx.draft.marks & MessageMark.applyChanges) === 0)) return -1;
        return applyNow(ctx) === 1 ? 1 : RouteError.badRequest;
      },
    },
    t_save_lumps: {
      doc: 'Keeps the edits made so far in the transaction, for its failure routes.',
      args: noArgs,
      routes: ['request'],
      returns: { 1: 'done', [-1]: 'no transaction, or relayed already' },
      example: 't_newtran(); t_save_lumps();',
      run(_me, ctx) {
        const t = ctx.transaction;
        if (t === null || t.branches.length > 0) return -1;
        t.draft.edits = ctx.draft.edits.clone();
        t.draft.replyPieces = ctx.draft.replyPieces;
        return 1;
      },
    },
  },
  pvs: {},
  rpc: rpcCommands,
  selects: tmSelects,
  eventRoutes: {
    'tm:branch-failure:*': { doc: 'One branch failed: t_on_branch_failure().' },
    'tm:local-response': { doc: 'A response made here was sent.' },
    'tm:local-ack-sent': { doc: 'The ACK to a 2xx of a request made here was sent.' },
    'tm:local-request': { doc: 'A request made here is about to be sent.' },
  },
  missing: [],
});

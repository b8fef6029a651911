/**
 * More of transactions (tmx): absorbing retransmissions before there is a transaction, canceling branches, `$T…`.
 */
import {
  defineModule,
  FAKED,
  oneOf,
  opt,
  type RouteContext,
  reasonOf,
  route,
  type SipMessage,
  type Transaction,
  type Transactions,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';

interface State {
  transactions: Transactions | null;
  /** Requests in a request route now, by what makes them the same request. */
  readonly inRoute: Map<string, RouteContext>;
}

const tmOf = (ctx: RouteContext): Transactions => ctx.server.transactions;

/** Call-ID, CSeq, From tag and Via branch; null for ACK, CANCEL and what lacks them. */
function requestKey(msg: SipMessage): string | null {
  const { method, callId, cseq } = msg;
  if (!msg.isRequest || method === 'ACK' || method === 'CANCEL' || callId === null || cseq === null) return null;
  const tag = msg.from?.tag;
  return tag ? `${callId} ${cseq.numberText} ${cseq.method} ${tag} ${msg.via?.branch ?? ''}` : null;
}

function replyCode(ctx: RouteContext): number {
  if (ctx.kind === 'tm_reply' || ctx.kind === 'core_reply') return ctx.msg.status;
  const t = tmOf(ctx).check(ctx);
  if (t === null) return 0;
  if (ctx.kind === 'branch_failure') return ctx.branch?.lastReceived ?? 0;
  if (ctx.kind === 'failure') return t.branches[t.pickedBranch]?.lastReceived ?? 0;
  return ctx.kind === 'request' || ctx.kind === 'branch' ? t.status : 0;
}
function replyReason(ctx: RouteContext): string | null {
  if (ctx.kind === 'tm_reply' || ctx.kind === 'core_reply') return ctx.msg.reason;
  const t = ctx.transaction;
  if (t === null) return '';
  if (ctx.kind !== 'failure') return '';
  return ctx.reply?.reason ?? reasonOf(t.branches[t.pickedBranch]?.lastReceived ?? 0);
}
/** Flags in the Via of the branch at hand (`Transaction.viaFlags`); in a request route of the first one. Null: none, or no such flag. */
function flaggedBranch(ctx: RouteContext, flag: number) {
  const t = tmOf(ctx).check(ctx);
  if (t === null || flag < 0 || flag > 31) return null;
  const index = ctx.kind === 'request' ? 0 : ctx.kind === 'failure' ? t.pickedBranch : (ctx.branch?.index ?? -1);
  return index < 0 ? null : { t, index, flags: t.viaFlags[index] ?? 0, mask: (1 << flag) >>> 0 };
}
function branchFlag(verb: string, change: (flags: number, mask: number) => number) {
  return {
    doc: `${verb} a flag of the Via of this branch, of the 32 that come back with its responses (\`kvf\`).`,
    args: [varInt('flag', '0 to 31')],
    routes: ['any'],
    returns: { 1: 'done', [-1]: 'there is no such flag, or no branch' },
    example: `branch_route[B] { t_vbflag_${verb === 'Sets' ? 'set' : 'reset'}("1"); }`,
    run(_me: unknown, ctx: RouteContext, flag: number): Verdict {
      const at = flaggedBranch(ctx, flag);
      if (at === null) return -1;
      at.t.viaFlags[at.index] = change(at.flags, at.mask);
      return 1;
    },
  } as const;
}

/** Events that Kamailio runs as a request route (xhttp_mod.c, htable.c). */
const asRequest: ReadonlySet<string> = new Set(['event_route[xhttp:request]', 'event_route[htable:mod-init]']);
/** -1: the message has none. */
function branchIndex(ctx: RouteContext): number {
  switch (ctx.kind) {
    case 'branch':
    case 'branch_failure':
    case 'tm_reply':
      return ctx.branch?.index ?? -1;
    case 'request':
      return ctx.draft.branches.length;
    case 'failure':
      return (ctx.transaction?.branches.length ?? 0) + ctx.draft.branches.length;
    default:
      if (!ctx.msg.isRequest) return ctx.branch?.index ?? -1;
      return asRequest.has(ctx.block) ? ctx.draft.branches.length : -1;
  }
}

function cancelBranches(ctx: RouteContext, which: 'all' | 'others' | 'this'): number {
  const t = ctx.transaction;
  if (t === null || !t.isInvite) return -1;
  const own = ctx.branch?.index ?? 0;
  const final = ctx.msg.status >= 200;
  // `this` cancels all of them, as observed: the list of one is overwritten by the list of all (tmx_mod.c).
  if (which === 'this' && final) return -1;
  const spared = which === 'others' || final ? own : -1;
  return tmOf(ctx).cancelBranches(t, (b) => b.index !== spared, '', {}) > 0 ? 1 : -1;
}

/** Where `t_continue()` and its kin look: the values of `$T(id_index)` and `$T(id_label)`. */
const identOf = (t: Transaction, key: string): number => (key.startsWith('id_index') ? t.index : t.label);

const gauge = (doc: string) => ({ doc, group: 'tmx', gauge: true });

const GAUGES = {
  UAS_transactions: gauge('Server transactions created.'),
  UAC_transactions: gauge('Transactions created for requests of our own.'),
  '2xx_transactions': gauge('Transactions answered 2xx.'),
  '3xx_transactions': gauge('Transactions answered 3xx.'),
  '4xx_transactions': gauge('Transactions answered 4xx.'),
  '5xx_transactions': gauge('Transactions answered 5xx.'),
  '6xx_transactions': gauge('Transactions answered 6xx.'),
  inuse_transactions: gauge('Transactions in memory.'),
  active_transactions: gauge('Transactions not finished.'),
  rpl_received: gauge('Responses received.'),
  rpl_absorbed: gauge('Responses received that were not passed on.'),
  rpl_generated: gauge('Responses made here.'),
  rpl_relayed: gauge('Responses passed on.'),
  rpl_sent: gauge('Responses sent.'),
} as const;
type GaugeName = keyof typeof GAUGES;

export default defineModule({
  name: 'tmx',
  doc: 'More functions and pseudo-variables of transactions.',
  uses: ['tm'],
  params: {
    precheck_trans: { type: 'int', default: 1, doc: '0: t_precheck_trans() finds nothing.' },
  },
  stats: GAUGES,
  state: (): State => ({ transactions: null, inRoute: new Map() }),
  start(me, server) {
    me.state.transactions = server.transactions;
    const c = server.transactions.counters;
    const read: Record<GaugeName, () => number> = {
      UAS_transactions: () => c.created,
      UAC_transactions: () => c.local,
      '2xx_transactions': () => c.finals[2],
      '3xx_transactions': () => c.finals[3],
      '4xx_transactions': () => c.finals[4],
      '5xx_transactions': () => c.finals[5],
      '6xx_transactions': () => c.finals[6],
      inuse_transactions: () => c.transactions,
      active_transactions: () => c.transactions - c.waiting,
      rpl_received: () => c.repliesReceived,
      rpl_absorbed: () => c.repliesReceived - (c.repliesSent - c.repliesGenerated),
      rpl_generated: () => c.repliesGenerated,
      rpl_relayed: () => c.repliesSent - c.repliesGenerated,
      rpl_sent: () => c.repliesSent,
    };
    for (const [name, get] of Object.entries(read)) server.stats.gauge('tmx', name, get, GAUGES[name as GaugeName].doc);
    server.transactions.routeEnded.push((run) => {
      const key = requestKey(run.msg);
      if (key !== null && me.state.inRoute.get(key) === run) me.state.inRoute.delete(key);
    });
  },
  functions: {
    t_precheck_trans: {
      doc: 'Is the same request in a route right now, before it has a transaction?',
      args: [],
      routes: ['request'],
      returns: { 1: 'yes: this one is a retransmission', [-1]: 'no', [-2]: 'nothing is noted, or not of this method' },
      example: 'if (t_precheck_trans()) { t_check_trans(); exit; }',
      run(me, ctx) {
        const key = me.params.precheck_trans ? requestKey(ctx.msg) : null;
        if (key === null) return -2;
        const { inRoute } = me.state;
        const first = inRoute.get(key);
        if (first !== undefined && first !== ctx) return 1;
        inRoute.set(key, ctx);
        return -1;
      },
    },
    t_cancel_branches: {
      doc: 'Cancels branches of the transaction of this response; `this`, in a provisional one, cancels all, as in Kamailio.',
      args: [oneOf('which', ['all', 'others', 'this'])],
      routes: ['reply'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'not an INVITE transaction, or no branch left to cancel' },
      example: 't_cancel_branches("others");',
      run: (_me, ctx, which) => cancelBranches(ctx, which),
    },
    t_cancel_callid: {
      doc: 'Cancels the INVITE with this Call-ID and CSeq number; the flag is set on it.',
      args: [
        varStr('callid'),
        varStr('cseq'),
        varInt('flag'),
        opt(varInt('reason', 'status for the Reason header field')),
      ],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'not found' },
      example: 't_cancel_callid("abc@example.com", "1", "22");',
      run(_me, ctx, callId, cseq, flag, reason) {
        const t = tmOf(ctx)
          .byCall(callId, cseq)
          .find((one) => one.isInvite);
        if (!t) return -1;
        if (flag >= 0 && flag < 32) t.draft.flags |= 1 << flag;
        tmOf(ctx).cancelBranches(t, undefined, reason ? `Reason: SIP;cause=${reason}\r\n` : '');
        return 1;
      },
    },
    t_cancel_branch_idx: {
      doc: 'Cancels one branch of an INVITE named by its numbers.',
      args: [varInt('index', '$T(id_index)'), varInt('label', '$T(id_label)'), varInt('branch', 'from 0')],
      routes: ['any'],
      returns: { 1: 'canceled', [-1]: 'no such transaction or branch, or it is over' },
      example: 't_cancel_branch_idx("$var(index)", "$var(label)", "0");',
      run(_me, ctx, index, label, branch) {
        const t = tmOf(ctx).byIdent(index, label);
        if (t === null || !t.isInvite || t.branches[branch] === undefined) return -1;
        return tmOf(ctx).cancelBranches(t, (b) => b.index === branch) > 0 ? 1 : -1;
      },
    },
    t_reply_callid: {
      doc: 'Answers the request with this Call-ID and CSeq number.',
      args: [varStr('callid'), varStr('cseq'), varInt('code'), varStr('reason')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'sent', [-1]: 'not found, or answered before' },
      example: 't_reply_callid("abc@example.com", "1", "404", "Not found");',
      run(_me, ctx, callId, cseq, code, reason) {
        const t = tmOf(ctx)
          .byCall(callId, cseq)
          .find((one) => one.request.method !== 'CANCEL');
        return t && tmOf(ctx).replyTo(t, code, reason) ? 1 : -1;
      },
    },
    t_uac_ack_local: {
      doc: 'Sends the ACK to the 2xx of an INVITE of our own that is not acknowledged here (`t_set_no_auto_ack()`), named by Call-ID and CSeq number; it goes again with every copy of the 2xx.',
      args: [varStr('callid'), varStr('cseq'), opt(varStr('headers', 'further header fields')), opt(varStr('body'))],
      routes: ['any'],
      async: 'maybe',
      returns: { 1: 'sent', [-1]: 'no 2xx of such an INVITE waits for its ACK' },
      example: 't_uac_ack_local("abc@example.com", "1");',
      run(_me, ctx, callId, cseq, headers = '', body = '') {
        const t = tmOf(ctx)
          .byCall(callId, cseq)
          .find((one) => one.isInvite);
        if (t === undefined) return -1;
        const ending = headers === '' || headers.endsWith('\n') ? '' : '\r\n';
        const sent = tmOf(ctx).acknowledgeOwn(t, headers + ending, body);
        return sent instanceof Promise ? sent.then((done) => (done ? 1 : -1)) : sent ? 1 : -1;
      },
    },
    t_flush_flags: {
      doc: 'Copies the message flags into the transaction.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no transaction' },
      example: 't_flush_flags();',
      run(_me, ctx) {
        if (ctx.transaction === null) return -1;
        ctx.transaction.draft.flags = ctx.draft.flags;
        return 1;
      },
    },
    t_flush_xflags: {
      doc: 'Copies the extended flags into the transaction.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no transaction' },
      example: 't_flush_xflags();',
      run(_me, ctx) {
        if (ctx.transaction === null) return -1;
        ctx.transaction.draft.xflags = ctx.draft.xflags;
        return 1;
      },
    },
    t_is_failure_route: {
      doc: 'Does a failure route run?',
      args: [],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (t_is_failure_route()) exit;',
      run: (_me, ctx) => (ctx.kind === 'failure' ? 1 : -1),
    },
    t_vbflag_set: branchFlag('Sets', (flags, mask) => (flags | mask) >>> 0),
    t_vbflag_reset: branchFlag('Resets', (flags, mask) => (flags & ~mask) >>> 0),
    t_vbflag_is_set: {
      doc: 'Tells whether a flag of the Via of this branch is set.',
      args: [varInt('flag', '0 to 31')],
      routes: ['any'],
      returns: { 1: 'it is', [-1]: 'it is not, there is no such flag or no branch' },
      example: 'branch_route[B] { if (t_vbflag_is_set("1")) xlog("set\\n"); }',
      run(_me, ctx, flag) {
        const at = flaggedBranch(ctx, flag);
        return at !== null && (at.flags & at.mask) !== 0 ? 1 : -1;
      },
    },
    t_is_branch_route: {
      doc: 'Does a branch route run?',
      args: [],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (t_is_branch_route()) exit;',
      run: (_me, ctx) => (ctx.kind === 'branch' ? 1 : -1),
    },
    t_is_reply_route: {
      doc: 'Does a reply route run?',
      args: [],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (t_is_reply_route()) exit;',
      run: (_me, ctx) => (ctx.kind === 'tm_reply' || ctx.kind === 'core_reply' ? 1 : -1),
    },
    t_is_request_route: {
      doc: 'Does a request route run?',
      args: [],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (t_is_request_route()) exit;',
      run: (_me, ctx) => (ctx.kind === 'request' ? 1 : -1),
    },
    t_suspend: {
      doc: 'Leaves the message until t_continue() names the route to go on in; creates the transaction when there is none.',
      args: [],
      routes: ['any'],
      returns: { 1: 'suspended, or canceled by the caller already', [-1]: 'not possible: answered, or no request' },
      example: 'if (t_suspend()) exit;',
      run: (_me, ctx) => (tmOf(ctx).suspend(ctx) > 0 ? 1 : -1),
    },
    t_continue: {
      doc: 'Goes on with a suspended transaction in route[name], which then runs as a failure route (for a response: as a reply route).',
      args: [
        varInt('index', '$T(id_index) of the suspended transaction'),
        varInt('label', 'its $T(id_label)'),
        route('request', 'name'),
      ],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'the route ran, or the caller canceled meanwhile', [-1]: 'no such transaction, or not suspended' },
      runs: ['failure', 'tm_reply'],
      example: 't_continue("1", "2", "X");',
      async: 'maybe',
      run(_me, ctx, index, label, name) {
        if (!ctx.config.has('route', name)) {
          ctx.log(-1, `unable to find route block [${name}]`, 'tmx');
          return -1;
        }
        const verdict = tmOf(ctx).continue(index, label, name, ctx);
        return verdict instanceof Promise ? verdict.then((v) => (v > 0 ? 1 : -1)) : verdict > 0 ? 1 : -1;
      },
    },
    t_reuse_branch: {
      doc: 'In event_route[tm:branch-failure:…]: takes Request-URI, path, flags and instance of the branch that failed.',
      args: [],
      routes: ['request', 'event'],
      returns: { 1: 'done', [-1]: 'not in such a route' },
      example: 'if (t_reuse_branch()) exit;',
      run(_me, ctx) {
        const { branch, draft } = ctx;
        if (ctx.kind !== 'branch_failure' || branch === null) return -1;
        draft.uri = branch.uri;
        draft.ruid = branch.ruid;
        draft.path = branch.path;
        draft.branchFlags = branch.flags;
        draft.instance = branch.instance;
        return 1;
      },
    },
    t_drop: {
      doc: 'Ends the transaction without an answer; retransmissions are absorbed until then.',
      args: [opt(varInt('code', 'status kept as sent'))],
      routes: ['any'],
      returns: { 0: 'done: the script ends', [-1]: 'no transaction' },
      example: 't_drop();',
      run(_me, ctx, code) {
        const t = tmOf(ctx).check(ctx);
        if (t === null) return -1;
        t.status = code || 500;
        tmOf(ctx).release(ctx, t);
        return 0;
      },
    },
  },
  pvs: {
    T_branch_idx: {
      doc: 'Number of the branch; in a request route of those added so far.',
      type: 'int',
      nullable: false,
      get: (_me, ctx) => branchIndex(ctx),
    },
    T_reply_code: {
      doc: 'Status: of the response, of the best one in a failure route, else of the last one sent.',
      type: 'int',
      nullable: false,
      get: (_me, ctx) => replyCode(ctx),
    },
    T_reply_reason: { doc: 'Reason of that response.', type: 'str', get: (_me, ctx) => replyReason(ctx) },
    T_reply_last: {
      doc: 'Status received last on this branch.',
      type: 'int',
      get: (_me, ctx) => (ctx.kind === 'tm_reply' ? (ctx.branch?.lastReceived ?? null) : null),
    },
    T_reply_ruid: { doc: 'Record id (ruid) of the branch.', type: 'str', get: (_me, ctx) => ctx.branch?.ruid ?? '' },
    T: {
      doc: 'Attributes of the transaction.',
      type: 'any',
      key: {
        use: 'req',
        values: [
          'id_label',
          'id_index',
          'id_label_n',
          'id_index_n',
          'reply_code',
          'reply_type',
          'reply_reason',
          'branch_index',
          // Kamailio takes these for the label.
          'uri',
          'ruid',
          'flags',
        ],
      },
      get(_me, ctx, key) {
        switch (key) {
          case 'reply_code':
            return replyCode(ctx);
          case 'reply_reason':
            return replyReason(ctx);
          case 'branch_index':
            return branchIndex(ctx);
          case 'reply_type': {
            const t = ctx.transaction;
            if (t === null) return null;
            return ctx.kind === 'failure' && t.branches[t.pickedBranch]?.reply === FAKED ? 1 : 0;
          }
        }
        if (ctx.transaction === null && key.endsWith('_n') && ctx.kind === 'request') tmOf(ctx).create(ctx);
        return ctx.transaction === null ? null : identOf(ctx.transaction, key);
      },
    },
    T_branch: {
      doc: 'Attributes of the branch.',
      type: 'any',
      key: { use: 'req', values: ['uri', 'ruid', 'flags'] },
      get(_me, ctx, key) {
        const { transaction: t, kind } = ctx;
        if (t === null) return null;
        if (key === 'ruid') return ctx.branch?.ruid ?? '';
        if (key === 'uri') return kind === 'tm_reply' ? (ctx.branch?.uri ?? null) : null;
        if (kind === 'failure') return t.branches[t.pickedBranch]?.flags ?? null;
        return kind === 'tm_reply' || kind === 'branch_failure' ? (ctx.branch?.flags ?? null) : null;
      },
    },
    T_req: {
      doc: 'A pseudo-variable of the request, seen from a reply route: `$T_req($ru)`.',
      type: 'any',
      key: { use: 'req', dynamic: false },
      get(_me, ctx, key) {
        if (ctx.kind !== 'tm_reply' && ctx.kind !== 'core_reply') return null;
        const t = ctx.transaction ?? tmOf(ctx).check(ctx);
        return t === null || !keepsRequest(ctx, t) ? null : readIn(ctx, t.request, key);
      },
    },
    T_rpl: {
      doc: 'A pseudo-variable of the best response, seen from a failure route: `$T_rpl($rs)`.',
      type: 'any',
      key: { use: 'req', dynamic: false },
      get: (_me, ctx, key) => (ctx.reply === null ? null : readIn(ctx, ctx.reply, key)),
    },
    T_inv: {
      doc: 'A pseudo-variable of the INVITE, seen while its CANCEL is routed: `$T_inv($ru)`.',
      type: 'any',
      key: { use: 'req', dynamic: false },
      get(_me, ctx, key) {
        const invite = ctx.msg.method === 'CANCEL' ? tmOf(ctx).canceledBy(ctx.msg) : null;
        return invite === null ? null : readIn(ctx, invite.request, key);
      },
    },
  },
  rpc: {},
  eventRoutes: {},
  missing: [],
});

/** Of requests of its own, Kamailio keeps only what a failover may need (tm's uac.c). */
function keepsRequest(ctx: RouteContext, t: Transaction): boolean {
  const { live, values } = ctx.server.settings;
  return !t.isOriginated || values.use_dns_failover !== 0 || live.get('tm.enable_uac_fr')?.get() === 1;
}

/** `$name`, `$name(key)` or `$(name[index])` read on another message. */
function readIn(ctx: RouteContext, msg: SipMessage, text: string): string | number | null {
  const parts = /^\$?\(?\$?([A-Za-z_]+)(?:\(([^)]*)\))?(?:\[(-?[0-9]+|\*)\])?\)?$/.exec(text);
  const name = parts?.[1];
  const pv = name === undefined ? null : ctx.server.pv(name);
  if (pv === null) return null;
  const index = parts?.[3] === undefined ? undefined : parts[3] === '*' ? '*' : Number(parts[3]);
  return pv.get(ctx.server.detachedRun(msg), parts?.[2] ?? '', index);
}

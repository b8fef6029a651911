/**
 * Follows calls through the proxy (dlg_handlers.c): a dialog is made for the INVITE, its responses and the requests that
 * come along its Record-Routes move the state, the timer ends what nobody ended.
 */
import {
  type Branch,
  HeaderId,
  indexMessage,
  Kept,
  type NameAddr,
  ParseFailure,
  parseUri,
  type RouteContext,
  type RouteEntry,
  type RouteRun,
  type SipMessage,
  type Transaction,
  TransactionFlag,
  type Verdict,
} from '../../runtime/sdk/index.js';
import {
  contextOf,
  type DialogContext,
  endedDialog,
  endsDialog,
  giveContext,
  keepContext,
  knownContext,
  startedDialog,
  startsDialog,
} from './context.js';
import { Dialog, DialogFlag, Direction, type Event, idsOf, type Leg, PropertyFlag, Side, State } from './dialog.js';
import type { Dialogs } from './dialogs.js';
import { ENDING_SEC, type Requests } from './requests.js';

export const MatchMode = { idOnly: 0, idThenTags: 1, tags: 2 } as const;
/** Longest name of a timeout route (DLG_TOROUTE_SIZE). */
export const MAX_ROUTE_NAME = 31;
/** Most Record-Routes of a message that are kept. */
const MAX_ROUTES = 63;

/** Numbers of `;did`: hexadecimal digits, lowest first. */
export function didText(entry: number, id: number): string {
  return `${backwards(entry)}.${backwards(id)}`;
}
const backwards = (n: number): string => [...(n >>> 0).toString(16)].reverse().join('');
export function parseDid(text: string): { readonly entry: number; readonly id: number } | null {
  const found = /^([0-9a-f]{1,16})\.([0-9a-f]{1,16})$/i.exec(text);
  if (found === null) return null;
  const number = (digits = '') => Number.parseInt([...digits].reverse().join(''), 16);
  return { entry: number(found[1]), id: number(found[2]) };
}

/** The one Contact of the first field; null when there is none, or more. */
export function contactOf(msg: SipMessage): NameAddr | null {
  const field = msg.header(HeaderId.Contact);
  if (field === undefined || field.value.startsWith('*')) return null;
  const [first, second] = msg.contactsOf(field) ?? [];
  return first !== undefined && second === undefined ? first : null;
}
const textsOf = (entries: readonly RouteEntry[]): string[] => entries.slice(0, MAX_ROUTES).map(({ addr }) => addr.text);

export const statusEvent = (status: number): Event =>
  status < 200 ? 'provisional' : status < 300 ? 'success' : 'failure';
export const eventOf = (method: string): Event =>
  method === 'ACK' || method === 'BYE' || method === 'PRACK' ? method : 'request';

export class Follower {
  constructor(
    private readonly dialogs: Dialogs,
    private readonly requests: Requests,
  ) {
    dialogs.onExpired = (dialog) => this.expired(dialog);
  }

  /** Listens to transactions, to rr and to the ends of routes. */
  watch(): void {
    const { dialogs } = this;
    const { transactions } = dialogs.server;
    const { hooks } = transactions;
    hooks.requestIn.push((t, run) => this.transactionMade(t, run as RouteContext));
    hooks.responseReady.push((t, reply, status) => {
      const dialog = startedDialog(t);
      if (dialog?.linked) this.answered(dialog, t, reply, status);
    });
    hooks.responseOut.push((t, _reply, status) => {
      const dialog = status < 200 || t.request.method !== 'BYE' ? null : endedDialog(t);
      if (dialog?.linked) for (const l of dialogs.listeners) l.terminationConfirmed?.(dialog, t);
    });
    if (!dialogs.settings.ofTransactions)
      hooks.replyOut.push((reply) => {
        // A 200 to CANCEL or PRACK answers no call.
        if (reply.cseq?.method === 'INVITE') this.updateState(reply);
      });
    hooks.destroyed.push((t) => {
      const dialog = endedDialog(t);
      if (dialog !== null) dialogs.table.release(dialog);
    });
    transactions.routeEnded.push((run) => this.routeEnded(run));
    dialogs.rr.onRouted((ctx) => this.routed(ctx, dialogs.settings.matchMode));
  }

  // ---------------------------------------------------------------------------------------------------------------
  // The first request

  /** `dlg_manage()`. */
  manage(ctx: RouteContext): Verdict {
    if (ctx.msg.to?.tag) {
      this.routed(ctx, MatchMode.tags);
      return 1;
    }
    const t = ctx.transaction;
    if (!this.create(ctx, this.dialogs.settings.createdInScript)) return -1;
    const context = contextOf(ctx);
    if (context.dialog === null) return -1;
    if (t !== null) this.attach(t, context);
    return 1;
  }

  /** Lifetime the script asks for. */
  private lifetimeOf(ctx: RouteContext): number {
    const { timeoutAvp, defaultTimeout } = this.dialogs.settings;
    const value = timeoutAvp?.get(ctx);
    return typeof value === 'number' && value > 0 ? value : defaultTimeout;
  }

  /** False: it is no first INVITE, or cannot be followed. True as well when it is a spiral. */
  private create(ctx: RouteContext, tell: boolean): boolean {
    const { dialogs } = this;
    const { settings, table } = dialogs;
    const context = contextOf(ctx);
    const { msg } = ctx;
    if (context.dialog?.linked || msg.method !== 'INVITE') return false;
    const ids = idsOf(msg);
    if (ids === null || ids.ttag !== '') return false;
    const before = table.find(ids)?.dialog;
    if (before !== undefined && settings.detectSpirals) {
      if (context.spiral === true) return true;
      if (before.state !== State.deleted) {
        context.spiral = true;
        context.dialog = before;
        return true;
      }
    }
    context.spiral = false;
    const contact = contactOf(msg);
    if (contact === null || msg.cseq === null || msg.from === null || msg.to === null) {
      ctx.log(-1, 'a dialog needs one Contact and a CSeq', 'dialog');
      return false;
    }
    if (table.isFull) {
      ctx.log(-1, 'too many dialogs: this one is not followed', 'dialog');
      return false;
    }
    const dialog = new Dialog({
      callId: ids.callId,
      fromUri: msg.from.uriText,
      toUri: msg.to.uriText,
      requestUri: (settings.requestUri?.(ctx) ?? ctx.uri).trim(),
      nowSec: dialogs.nowSec,
    });
    const routes = textsOf(msg.recordRoutes());
    dialog.fromRoutes = routes.length;
    dialog.caller.socket = msg.received.socket;
    dialog.caller.fill({
      tag: ids.ftag,
      routeSet: routes.join(','),
      contact: contact.uriText,
      cseq: msg.cseq.numberText,
    });
    dialog.vars = context.vars;
    context.vars = [];
    table.link(dialog);
    dialog.lifetime = this.lifetimeOf(ctx);
    dialog.timeoutRoute = context.timeoutRoute;
    dialog.sflags |= context.flags;
    dialog.iflags |= context.iflags;
    if (settings.sendBye || context.timeoutBye !== 0) dialog.iflags |= PropertyFlag.timeoutBye;
    if (tell) for (const l of dialogs.listeners) l.created?.(dialog, ctx);
    if (settings.matchMode !== MatchMode.tags && !this.mark(ctx, dialog)) {
      table.release(dialog);
      return false;
    }
    dialogs.counters.processed_dialogs.value++;
    context.own = true;
    this.enter(context, dialog);
    return true;
  }
  /** `;did` into the Record-Route. */
  private mark(ctx: RouteContext, { entry, id }: Dialog): boolean {
    const { rr, settings } = this.dialogs;
    return rr.addParam(ctx, `;${settings.rrParam}=${didText(entry, id)}`);
  }
  private enter(context: DialogContext, dialog: Dialog): void {
    context.dialog = dialog;
    for (const link of context.profiles.splice(0)) this.dialogs.join(dialog, link);
  }
  /** The transaction is told of its dialog. */
  private attach(t: Transaction, context: DialogContext): void {
    const { dialog } = context;
    if (dialog === null) return;
    keepContext(t, context);
    context.told = true;
    if (context.spiral === false) {
      startsDialog(t, dialog);
      dialog.transaction = t;
      // A timeout must be heard of, so that it ends the dialog.
      t.flags |= TransactionFlag.noisyTimer;
    }
    dialog.dflags |= DialogFlag.transaction;
  }

  private transactionMade(t: Transaction, run: RouteContext): void {
    const { settings, listeners } = this.dialogs;
    let context = knownContext(run);
    if (context !== null) keepContext(t, context);
    if (!settings.ofTransactions) return;
    if (run.msg.method !== 'INVITE') {
      if (context?.ends && context.dialog?.linked) endsDialog(t, context.dialog);
      return;
    }
    const known = context?.dialog;
    if (context !== null && known?.linked) {
      if (!settings.createdInScript && context.spiral === false) for (const l of listeners) l.created?.(known, run);
    } else {
      const { flag } = settings;
      if (flag < 0 || ((run.draft.flags >>> flag) & 1) === 0) return;
      this.create(run, true);
      context = knownContext(run);
    }
    if (context?.dialog?.linked) this.attach(t, context);
  }
  private routeEnded(run: RouteRun): void {
    const context = knownContext(run);
    if (context === null) return;
    const { dialog } = context;
    context.profiles = [];
    // Nothing else would ever let it go: no transaction, or that of the request this one repeats.
    const unanswerable = this.dialogs.settings.ofTransactions
      ? run.transaction === null || (run.kept & Kept.existed) !== 0
      : !context.told;
    if (dialog?.linked && unanswerable && context.own && (dialog.state === State.unconfirmed || context.ends))
      this.dialogs.table.release(dialog);
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Responses to it

  /** The state goes on as the message asks for, and nothing else happens (dlg_update_state). False: no dialog. */
  updateState(msg: SipMessage): boolean {
    const { dialogs } = this;
    const dialog = dialogs.named(msg);
    if (dialog === null) return false;
    const { release } = dialogs.advance(dialog, msg.isRequest ? eventOf(msg.method) : statusEvent(msg.status));
    dialog.dflags |= DialogFlag.changed;
    dialogs.keeper?.changed(dialog);
    if (release > 0) dialogs.table.release(dialog, release);
    return true;
  }

  private answered(dialog: Dialog, t: Transaction, reply: SipMessage | null, status: number): void {
    const { dialogs } = this;
    const { listeners, table } = dialogs;
    const event = statusEvent(status);
    const { old, state, release } = dialogs.advance(dialog, event);
    const ended = state === State.deleted && old !== State.deleted;
    if (event !== 'provisional') dialog.transaction = null;
    if (ended) dialog.endTs = dialogs.nowSec;
    const branch = t.branches[t.relayedBranch] ?? null;
    dialogs.event(dialog, reply, old, state, { transaction: t, branch, values: t.values });
    if (state === State.early) {
      for (const l of listeners) l.early?.(dialog, reply);
      if (old !== State.early) dialogs.early++;
      if (old < State.early) dialogs.replica?.moved(dialog);
      return;
    }
    if (state === State.confirmedNoAck && old !== State.confirmedNoAck) {
      this.calleeKnown(dialog, t, reply);
      dialog.startTs = dialogs.nowSec;
      dialog.dflags |= DialogFlag.new;
      dialogs.startTimer(dialog, dialog.lifetime);
      table.hold(dialog);
      dialogs.keeper?.changed(dialog);
      for (const l of listeners) l.answered?.(dialog, reply);
      if (old === State.early) dialogs.early--;
      dialogs.active++;
      return;
    }
    if (!ended) return;
    for (const l of listeners) l.failed?.(dialog, t, reply);
    dialogs.replica?.moved(dialog);
    if (dialogs.settings.waitAck) {
      table.hold(dialog);
      endsDialog(t, dialog);
    }
    if (old === State.early) dialogs.early--;
    dialogs.counters.failed_dialogs.value++;
    table.release(dialog, release);
  }

  private calleeKnown(dialog: Dialog, t: Transaction, reply: SipMessage | null): void {
    const { dialogs } = this;
    if (reply === null) {
      dialogs.log(-1, `a 2xx made here says nothing of who answered ${dialog.callId}`);
      return;
    }
    dialog.callee.socket = reply.received.socket;
    const contact = contactOf(reply);
    if (contact === null) {
      dialogs.log(-1, `the 2xx to ${dialog.callId} has no good Contact`);
      return;
    }
    const { keepProxyRoutes } = dialogs.settings;
    const own = ownRoutes(t.branches[t.relayedBranch], dialog.fromRoutes);
    const all = textsOf(reply.recordRoutes());
    const skipped = dialog.fromRoutes + ((keepProxyRoutes & 1) !== 0 ? 0 : own);
    const towards = all.slice(0, Math.max(0, all.length - skipped)).reverse();
    dialog.callee.fill({
      tag: reply.to?.tag ?? '',
      routeSet: towards.join(','),
      contact: contact.uriText,
      cseq: dialog.callee.cseq,
    });
    if ((keepProxyRoutes & 2) !== 0 && all.length > 0 && own > 0)
      dialog.caller.setRouteSet(all.slice(Math.max(0, all.length - skipped - own)).join(','));
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Requests within it

  private matched(ctx: RouteContext, mode: number): { readonly dialog: Dialog; readonly direction: Direction } | null {
    const { table, settings, rr } = this.dialogs;
    const ids = idsOf(ctx.msg);
    if (ids === null || ids.ttag === '') return null;
    if (mode !== MatchMode.tags) {
      const did = rr.param(ctx, settings.rrParam);
      if (did === null || did === '') {
        if (mode === MatchMode.idOnly) return null;
      } else {
        const parsed = parseDid(did);
        if (parsed === null) return null;
        const dialog = table.byId(parsed.entry, parsed.id);
        const direction = dialog?.directionOf(ids.callId, ids.ftag, ids.ttag) ?? Direction.none;
        if (dialog !== null && direction !== Direction.none) return { dialog, direction };
        ctx.log(
          0,
          `no dialog for ${ctx.msg.method} with ${settings.rrParam}=${did} and Call-ID ${ids.callId}`,
          'dialog',
        );
        if (mode === MatchMode.idOnly) return null;
      }
    }
    return table.find(ids);
  }

  /** A request with a To tag followed a Route of ours, or the script asks for it. */
  private routed(ctx: RouteContext, mode: number): void {
    const { dialogs } = this;
    const { msg } = ctx;
    if (knownContext(ctx)?.dialog?.linked || !msg.to?.tag) return;
    const found = this.matched(ctx, mode);
    if (found === null) return;
    const { dialog, direction } = found;
    const context = contextOf(ctx);
    this.enter(context, dialog);
    if (ctx.transaction !== null && msg.method !== 'ACK') keepContext(ctx.transaction, context);
    if (dialog.has(PropertyFlag.cseqDiff)) dialogs.refreshCseq(ctx, dialog, direction);
    const event = eventOf(msg.method);
    const { old, state, release } = dialogs.advance(dialog, event);
    context.within = { lifetime: dialogs.nowSec - dialog.startTs, state };
    dialogs.event(dialog, msg, old, state, {
      transaction: ctx.transaction,
      branch: ctx.branch,
      values: ctx.values,
    });
    if (state === State.deleted && old !== State.deleted) {
      dialogs.replica?.moved(dialog);
      this.ended(ctx, context, dialog, direction, release);
      return;
    }
    if (state === State.confirmed && old !== State.confirmed) dialogs.watch(dialog);
    if (event !== 'BYE' && (state === State.confirmed || state === State.early))
      this.refreshed(ctx, dialog, direction, event, old);
    if (state > old) dialogs.replica?.moved(dialog);
  }

  private ended(
    ctx: RouteContext,
    context: DialogContext,
    dialog: Dialog,
    direction: Direction,
    release: number,
  ): void {
    const { dialogs } = this;
    dialog.endTs = dialogs.nowSec;
    context.own = true;
    context.ends = true;
    // Kept until the transaction of the BYE is gone, for what is still under way.
    dialogs.table.hold(dialog);
    if (ctx.transaction !== null) endsDialog(ctx.transaction, dialog);
    const timer = dialogs.stopTimer(dialog) ? 1 : 0;
    for (const l of dialogs.listeners) l.terminated?.(dialog, ctx, direction);
    dialogs.table.release(dialog, release + timer);
    // With dlg_mode the answer was not counted.
    if (dialog.startTs > 0) dialogs.active--;
  }

  private refreshed(ctx: RouteContext, dialog: Dialog, direction: Direction, event: Event, old: State): void {
    const { dialogs } = this;
    const { settings, listeners } = dialogs;
    const { msg } = ctx;
    const lifetime = this.lifetimeOf(ctx);
    if (lifetime !== settings.defaultTimeout) dialog.lifetime = lifetime;
    const resets = !dialog.has(PropertyFlag.timerNoReset) && !settings.timerNoReset;
    if (dialog.state !== State.early && (old !== State.confirmed || resets)) {
      if (dialogs.updateTimer(dialog, dialog.lifetime)) dialog.dflags |= DialogFlag.changed;
    }
    if (event !== 'ACK') {
      const leg = dialog.leg(direction === Direction.upstream ? Side.callee : Side.caller);
      this.targetRefreshed(leg, msg);
      if (msg.cseq !== null) leg.setCseq(msg.cseq.numberText);
      dialog.dflags |= DialogFlag.changed;
    }
    if (old === State.confirmedNoAck) {
      dialog.dflags |= DialogFlag.changed;
      for (const l of listeners) l.confirmed?.(dialog, ctx, direction);
    } else {
      for (const l of listeners) l.within?.(dialog, ctx, direction);
      this.mark(ctx, dialog);
    }
    if ((dialog.dflags & DialogFlag.changed) !== 0) dialogs.keeper?.changed(dialog);
  }
  /** RFC 3261 §12.2.2: a re-INVITE may bring another remote target. */
  private targetRefreshed(leg: Leg, msg: SipMessage): void {
    if (msg.method !== 'INVITE') return;
    const contact = contactOf(msg);
    if (contact !== null) leg.setContact(contact.uriText);
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Time

  private expired(dialog: Dialog): void {
    const { dialogs } = this;
    if (!dialog.linked || dialogs.isForeign(dialog.caller.socket)) return;
    dialog.dflags |= DialogFlag.expired;
    const route = dialog.isConfirmed ? dialog.timeoutRoute : '';
    const { server } = dialogs;
    if (route === '' || !server.config.has('route', route)) {
      this.timedOut(dialog);
      return;
    }
    const run = server.detachedRun();
    giveContext(run, dialog);
    const failed = (error: unknown) =>
      dialogs.log(-1, `error in route[${route}]: ${error instanceof Error ? error.message : String(error)}`);
    dialogs.table.hold(dialog);
    const then = () => {
      this.timedOut(dialog);
      dialogs.table.release(dialog);
    };
    try {
      const running = server.script.callRoute(run, route);
      if (running instanceof Promise) {
        void running.catch(failed).then(then);
        return;
      }
    } catch (error) {
      failed(error);
    }
    then();
  }
  private timedOut(dialog: Dialog): void {
    const { dialogs } = this;
    const { table, counters } = dialogs;
    if (!dialog.linked) return;
    if (dialog.isConfirmed && dialog.has(PropertyFlag.timeoutBye)) {
      const sent = this.requests.byeAll(dialog);
      const failed = (ok: boolean) => {
        if (!ok) table.release(dialog);
      };
      if (typeof sent === 'boolean') failed(sent);
      else void sent.then(failed);
      table.release(dialog);
      counters.expired_dialogs.value++;
      return;
    }
    const { old, state, release } = dialogs.advance(dialog, 'BYE');
    dialogs.event(dialog, null, old, state);
    if (state !== State.deleted || old === State.deleted) {
      table.release(dialog);
      return;
    }
    const { callId, caller, callee } = dialog;
    dialogs.log(0, `dlg timeout - callid: '${callId}' tags: '${caller.tag}' '${callee.tag}' ostate: ${old}`);
    dialog.endTs = dialogs.nowSec;
    for (const l of dialogs.listeners) l.expired?.(dialog, old === State.confirmed);
    counters.expired_dialogs.value++;
    dialogs.active--;
    table.release(dialog, release + 1);
  }

  /** What was forgotten: calls that never got a final response, an ACK, or whose transaction is long gone. */
  clean(): void {
    const { dialogs } = this;
    const { table, settings } = dialogs;
    const now = dialogs.nowSec;
    for (const dialog of table.all()) {
      if (dialog.state <= State.early && dialog.initTs < now - settings.earlyTimeoutSec) {
        dialogs.log(1, `dialog ${dialog.callId} is early for too long`);
        if (dialog.state === State.early) dialogs.early--;
        table.destroy(dialog);
      } else if (dialog.state === State.confirmedNoAck && dialog.startTs < now - settings.noAckTimeoutSec) {
        dialogs.updateTimer(dialog, ENDING_SEC);
        dialog.lifetime = ENDING_SEC;
        dialog.dflags |= DialogFlag.changed;
      } else if (dialog.state === State.deleted && dialog.endTs > 0 && dialog.endTs < now - settings.endTimeoutSec) {
        table.destroy(dialog);
      }
    }
    for (const profile of dialogs.profiles.values()) profile.dropExpired(now);
  }

  /** `dlg_set_ruri()`: the Request-URI becomes the other side's target. */
  setUri(ctx: RouteContext): Verdict {
    const found = this.dialogs.lookup(ctx);
    if (found === null) return -1;
    const { contact } = found.direction === Direction.downstream ? found.dialog.callee : found.dialog.caller;
    if (contact === '' || parseUri(contact, ctx.grammar) === null) return -1;
    ctx.draft.uri = contact;
    return 1;
  }
}

/** Record-Routes we put into what was sent on this branch. */
function ownRoutes(branch: Branch | undefined, before: number): number {
  if (branch === undefined || branch.bytes === '') return 0;
  const { request } = branch.transaction;
  const sent = indexMessage(branch.bytes, request.received, request.grammar);
  return sent instanceof ParseFailure ? 0 : Math.max(0, sent.recordRoutes().length - before);
}

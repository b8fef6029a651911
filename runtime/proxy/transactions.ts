/**
 * What routes and modules do with transactions: look up, create, relay, answer; and what the receive path hands in.
 * One object per server; the rest of the folder holds the parts.
 */
import type { Draft } from '../message/draft.js';
import { indexMessage, ParseFailure, type SipMessage } from '../message/message.js';
import type { Verdict } from '../sdk/define.js';
import { CancelHeaders, RfcMode } from '../transaction/settings.js';
import { type Maybe, type Steps, steps, wait } from '../transaction/steps.js';
import { hasTransactionFields, type RequestMatch } from '../transaction/table.js';
import { type Branch, type Transaction, TransactionFlag } from '../transaction/transaction.js';
import { Kept, type RouteRun, type TransactionScript } from '../transaction/types.js';
import { appliesChanges, beginChanged } from './apply-changes.js';
import { type CancelHow, cancelBranch, howConfigured, howFor, prepareBranch } from './cancel.js';
import { Core, type CoreOptions, type Hooks, type TmCounters } from './core.js';
import { RouteError } from './errors.js';
import { appendBranches, forwardBranches, forwardResponse, forwardStateless, type RelayTo } from './forward.js';
import { createTransaction, destroy, release } from './life.js';
import { acknowledgeOwn } from './local-ack.js';
import { type LocalRequest, type LocalSent, sendLocalRequest } from './local-transactions.js';
import { type LocalReply, replyError, replyLocally, replyStateless, retransmitResponse } from './replies.js';
import { pickBranch, pickedStatus } from './response-context.js';
import { responseReceived } from './responses.js';
import { continueSuspended, suspend, waitForOthers } from './suspend.js';

export class Transactions {
  readonly core: Core;
  constructor(options: CoreOptions) {
    this.core = new Core(options);
  }
  /** The ACK to a stateless negative response: dropped before any route. The sl module sets it. */
  absorbAck: (msg: SipMessage) => boolean = () => false;
  /** Told of every response from the network after reply_route, whoever it is for (usrloc's keepalives). */
  readonly responseSeen: ((msg: SipMessage) => void)[] = [];
  /** Told of every request route that ended (tmx, dialog). */
  readonly routeEnded: ((run: RouteRun) => void)[] = [];
  get hooks(): Hooks {
    return this.core.hooks;
  }
  get counters(): TmCounters {
    return this.core.counters;
  }
  get settings() {
    return this.core.tm;
  }
  /** Who runs the routes; a reload sets it again. */
  set script(script: TransactionScript) {
    this.core.script = script;
  }
  get size(): number {
    return this.core.table.size;
  }
  all(): IterableIterator<Transaction> {
    return this.core.table.all();
  }
  /** Forgets it and its timers, whatever state it is in. */
  destroy(t: Transaction): void {
    destroy(this.core, t);
  }

  // -------------------------------------------------------------------------------------------------------------
  // Looking up

  match(msg: SipMessage): RequestMatch {
    return this.core.table.ofRequest(msg, this.core.tm);
  }
  /** The transaction this request belongs to (`found` only); for a response its own. */
  lookup(msg: SipMessage): Transaction | null {
    if (!msg.isRequest) return this.branchOf(msg)?.transaction ?? null;
    const match = this.match(msg);
    return match.kind === 'found' ? match.transaction : null;
  }
  /** The branch a response came in on. */
  branchOf(reply: SipMessage): Branch | null {
    const branch = this.core.table.ofResponse(reply, this.core.tm);
    const over = branch !== null && (branch.transaction.flags & TransactionFlag.onWait) !== 0;
    return over && this.core.tm.onlyActive ? null : branch;
  }
  /** The INVITE a CANCEL is for. */
  canceledBy(cancel: SipMessage): Transaction | null {
    return hasTransactionFields(cancel) ? this.core.table.canceledBy(cancel, this.core.tm) : null;
  }
  /** A CANCEL of an INVITE we have, or the ACK to our refusal of one. */
  isEnding(msg: SipMessage): boolean {
    if (msg.method === 'CANCEL') return this.canceledBy(msg) !== null;
    if (msg.method !== 'ACK' || !hasTransactionFields(msg)) return false;
    const { transaction } = this.core.table.ofRequest(msg, this.core.tm);
    return transaction !== null && transaction.status >= 300;
  }
  byIdent(index: number, label: number): Transaction | null {
    return this.core.table.byIdent(index, label);
  }
  byCall(callId: string, cseq: number | string): readonly Transaction[] {
    return this.core.table.byCall(callId, cseq);
  }

  /**
   * The transaction of a run, looked up when it has none yet (tm's `t_check`). In a request route a retransmission is
   * only found, not answered.
   */
  check(run: RouteRun): Transaction | null {
    if (run.transaction !== null) return run.transaction;
    if (run.kind !== 'request' && run.kind !== 'core_reply') return null;
    if (!hasTransactionFields(run.msg)) return null;
    const t = this.lookup(run.msg);
    if (t !== null && run.kind === 'request') {
      run.transaction = t;
      run.kept |= Kept.existed;
    }
    return t;
  }

  /**
   * `t_check_trans()`: 1 found (in replies, failure routes, for CANCEL its INVITE, for an ACK to a 2xx passed on), -1 not;
   * 0: it was a retransmission or the ACK to a negative response, all is done.
   */
  checkTransaction(run: RouteRun): Verdict {
    switch (run.kind) {
      case 'failure':
      case 'branch':
      case 'branch_failure':
      case 'tm_reply':
        return 1;
    }
    const { msg } = run;
    if (!msg.isRequest) return this.branchOf(msg) ? 1 : -1;
    if (msg.method === 'CANCEL') return this.canceledBy(msg) ? 1 : -1;
    if (run.transaction !== null) return this.#again(run, run.transaction);
    if (!hasTransactionFields(msg)) return -1;
    const match = this.match(msg);
    if (match.kind === 'e2eAck') return 1;
    if (match.transaction === null) return -1;
    run.transaction = match.transaction;
    run.kept |= Kept.existed;
    return this.#again(run, match.transaction);
  }
  #again(run: RouteRun, t: Transaction): Verdict {
    if (run.msg.method === 'ACK') this.#acknowledged(run, t);
    else this.#retransmitted(run.msg, t);
    return 0;
  }
  #acknowledged(run: RouteRun, t: Transaction): void {
    for (const hook of this.hooks.ackReceived) hook(t, run.msg, false);
    run.kept |= Kept.released;
    release(this.core, t);
  }
  #retransmitted(msg: SipMessage, t: Transaction): void {
    for (const hook of this.hooks.retransmission) hook(t, msg);
    const accepted = t.isInvite && t.status >= 200 && t.status < 300 && t.relayedBranch >= 0;
    // RFC 6026 §7.1: in Accepted the INVITE is absorbed; who was called sends its 2xx again.
    if (accepted && this.settings.rfcMode & RfcMode.states) return;
    retransmitResponse(this.core, t);
  }

  // -------------------------------------------------------------------------------------------------------------
  // Creating, relaying, answering

  /** `t_newtran()`: 1 created (or an ACK, which makes none), 0 a retransmission that was taken care of, negative errors. */
  create(run: RouteRun): number {
    const { msg } = run;
    if (run.transaction !== null) {
      run.transaction.draft.flags = run.draft.flags;
      run.transaction.draft.xflags = run.draft.xflags;
      return RouteError.script;
    }
    if (!hasTransactionFields(msg)) {
      run.errorCode = RouteError.badTuple;
      return RouteError.badTuple;
    }
    const match = this.match(msg);
    if (match.kind === 'found' && match.transaction !== null) {
      run.transaction = match.transaction;
      run.kept |= Kept.existed;
      this.#again(run, match.transaction);
      return 0;
    }
    if (match.kind === 'e2eAck' && match.transaction !== null) {
      this.#endToEndAck(match.transaction, msg);
      return 1;
    }
    if (msg.method === 'ACK') return 1;
    if (appliesChanges(this.core, run) && !beginChanged(run)) {
      run.errorCode = RouteError.badRequest;
      return RouteError.badRequest;
    }
    const t = createTransaction(this.core, run);
    if (match.canceled) t.flags |= TransactionFlag.canceled;
    return 1;
  }
  #endToEndAck(t: Transaction, ack: SipMessage): void {
    const known = t.forwardedToTags.find((f) => f.tag === ack.to?.tag);
    if (known?.acked) return;
    if (known) known.acked = true;
    for (const hook of this.hooks.ackReceived) hook(t, ack, true);
  }

  /** `t_relay()` and its kin. */
  relay(run: RouteRun, to: RelayTo = {}): Maybe<Verdict> {
    return steps(this.#relay(run, to));
  }
  *#relay(run: RouteRun, to: RelayTo): Steps<Verdict> {
    const { core } = this;
    if (run.kind === 'failure' || run.kind === 'branch_failure') {
      if (run.transaction === null) return -1;
      const result = yield* forwardBranches(core, run.transaction, run, to);
      return result > 0 ? 1 : -1;
    }
    if (run.msg.method === 'CANCEL' && core.tm.unmatchedCancel !== 0) {
      if (this.canceledBy(run.msg) === null) {
        return core.tm.unmatchedCancel === 2
          ? 1
          : yield* forwardStateless(core, run, {
              ...to,
              ownViaOnly: (core.tm.headersMode & CancelHeaders.ownViaOnly) !== 0,
            });
      }
    }
    const created = this.create(run);
    if (created === 0) return 1;
    if (created < 0 && created !== RouteError.script) return created;
    if (run.msg.method === 'ACK') {
      if (created === RouteError.script && run.transaction !== null) {
        this.#acknowledged(run, run.transaction);
        return 1;
      }
      return yield* forwardStateless(core, run, to);
    }
    const t = run.transaction;
    if (t === null) return RouteError.unspecified;
    if (to.replicate) t.flags |= TransactionFlag.local;
    if (t.isInvite && t.flags & TransactionFlag.auto100 && t.status < 100) {
      replyLocally(core, t, run.msg, run.draft, 100, core.tm.autoInvite100Reason);
    }
    const result = yield* forwardBranches(core, t, run, to);
    if (result > 0) return result;
    if (to.replicate) {
      release(core, t);
      return result;
    }
    if (t.flags & TransactionFlag.disableInternalReply) return -4;
    if (core.tm.delayedReply) run.kept |= Kept.errorDelayed;
    else if (replyError(core, t, run.errorCode)) run.kept |= Kept.replied;
    else this.release(run, t);
    return result;
  }

  /** Relays without a transaction of its own: `forward()`, ACKs. 1 or an error code. */
  forward(run: RouteRun, to: RelayTo = {}): Maybe<number> {
    return steps(forwardStateless(this.core, run, to));
  }

  /** `t_reply()`; needs a transaction. */
  reply(run: RouteRun, status: number, reason: string, more: LocalReply = {}): Verdict {
    if (run.msg.isRequest && run.msg.method === 'ACK') return -1;
    const t = this.check(run);
    if (t === null) {
      this.core.log(-1, 'cannot send a t_reply to a message for which no T-state has been established');
      return -1;
    }
    if (status >= 200) run.kept |= Kept.replied;
    const inReply = run.kind === 'tm_reply' || run.kind === 'core_reply';
    const msg = inReply ? t.request : run.msg;
    const draft = inReply ? t.draft : run.draft;
    return replyLocally(this.core, t, msg, draft, status, reason, more) ? 1 : -1;
  }
  /** A response without a transaction; the bytes sent, null when it could not be. `tag`: To-tag where the request has none. */
  replyStateless(
    msg: SipMessage,
    draft: Draft,
    status: number,
    reason: string,
    tag: string | null,
    more: LocalReply = {},
  ): string | null {
    return replyStateless(this.core, msg, draft, status, reason, status >= 180 && !msg.to?.tag ? tag : null, more);
  }
  /** Answers a transaction outside any run. */
  replyTo(t: Transaction, status: number, reason: string, more: LocalReply = {}): boolean {
    return replyLocally(this.core, t, t.request, t.draft, status, reason, more);
  }
  retransmitReply(t: Transaction): boolean {
    return retransmitResponse(this.core, t);
  }
  release(run: RouteRun, t: Transaction): void {
    run.kept |= Kept.released;
    release(this.core, t);
  }
  /** Cancels these branches (all that still can be); how many. */
  cancelBranches(
    t: Transaction,
    which: (b: Branch) => boolean = () => true,
    reason = '',
    how: CancelHow = howConfigured(this.core),
  ): number {
    let count = 0;
    for (const b of [...t.branches]) {
      if (!which(b) || !prepareBranch(b, true)) continue;
      cancelBranch(this.core, t, b, reason, howFor(b, how));
      count++;
    }
    return count;
  }
  /** Status a failure route runs for. */
  pickedStatus(t: Transaction): number {
    return pickedStatus(this.core, t);
  }
  picked(t: Transaction): number {
    return pickBranch(this.core, t, -1, 0).branch;
  }

  /** Sends a request of our own; its responses end here. */
  request(r: LocalRequest): Maybe<LocalSent> {
    return steps(sendLocalRequest(this.core, r));
  }

  /** The ACK to the 2xx of an INVITE of our own whose sender wanted to send it (`ownAck`). False: there is none to send. */
  acknowledgeOwn(t: Transaction, headers: string, body: string): Maybe<boolean> {
    return steps(acknowledgeOwn(this.core, t, { headers, body }));
  }

  /** `t_suspend()`: creates the transaction when there is none. 1 or an error. */
  suspend(run: RouteRun): Verdict {
    if (run.transaction === null) {
      const found = run.kind === 'request' ? null : this.check(run);
      if (found === null && (run.kind !== 'request' || this.create(run) <= 0 || run.transaction === null)) return -1;
    }
    return run.transaction === null ? -1 : suspend(this.core, run, run.transaction);
  }
  /** Someone outside answers the request: a timer does when nobody else did. False: too many branches. */
  waitForOthers(run: RouteRun, t: Transaction): boolean {
    return waitForOthers(this.core, run, t);
  }
  /** Goes on with a suspended transaction in `route[name]`; see `continueSuspended`. `from`: the run that asks. */
  continue(index: number, label: number, name: string, from: RouteRun | null): Maybe<Verdict> {
    const t = this.byIdent(index, label);
    return continueSuspended(this.core, t, name, from !== null && from.transaction === t ? t : turnOf(from));
  }
  /** `t_forward_nonack()` and its kin: only with a transaction already there, and no error is answered. */
  forwardNonAck(run: RouteRun, to: RelayTo): Maybe<Verdict> {
    const t = this.check(run);
    if (t === null || run.msg.method === 'ACK') return -1;
    return steps(forwardBranches(this.core, t, run, to));
  }

  /**
   * Branches a run collected, added to a transaction under way: 1 sent, -1 nothing could be, -2 it is canceled, -3 it has
   * its final response. A target that has a branch already gets no second one. Two that append to each other: -1 for the later.
   */
  appendBranches(run: RouteRun, t: Transaction): Maybe<number> {
    const append = () => steps(appendBranches(this.core, t, run));
    if (run.transaction === t) return append();
    const by = turnOf(run);
    if (by === null || !t.waitsFor(by)) return t.inTurn(append, -1, by);
    this.core.log(-1, `transaction [${t.index}:${t.label}] waits for the one that would append branches to it`);
    return -1;
  }

  /** Forwards a response by its second Via, whatever transaction it belongs to. */
  forwardResponse(msg: SipMessage, draft: Draft): Maybe<boolean> {
    return steps(forwardResponse(this.core, msg, draft));
  }
  /** Runs `event_route[name]` on the response just sent to `request`. */
  responseEvent(name: string, request: SipMessage, bytes: string): void {
    const { script } = this.core;
    const reply = indexMessage(bytes, request.received, request.grammar);
    if (script !== null && !(reply instanceof ParseFailure)) void script.event(name, reply, null);
  }

  // -------------------------------------------------------------------------------------------------------------
  // Called by the receive path

  /**
   * A response after reply_route; `draft` is what that did. False: nobody's, and it could not be forwarded either. `over`: called once
   * all of it is done, the routes of its transaction too.
   */
  response(msg: SipMessage, draft: Draft, over: (() => void) | null = null): Maybe<boolean> {
    for (const seen of this.responseSeen) seen(msg);
    const branch = msg.callId === null || msg.cseq === null ? null : this.branchOf(msg);
    if (branch === null) {
      const forwarded = steps(this.#foreign(msg, draft));
      afterwards(forwarded, over);
      return forwarded;
    }
    const job = () => steps(responseReceived(this.core, branch, msg, draft));
    if (over === null) branch.transaction.exclusively(job);
    else afterwards(branch.transaction.inTurn(job, undefined, null), over);
    return true;
  }

  /** A response of no transaction: `on_sl_reply` may drop it, else it goes by its second Via. */
  *#foreign(msg: SipMessage, draft: Draft): Steps<boolean> {
    const { script, tm } = this.core;
    if (tm.onSlReply === '' || script === null) return yield* forwardResponse(this.core, msg, draft);
    const run = yield* wait(script.slReply(msg, draft, tm.onSlReply));
    return run.dropped || (yield* forwardResponse(this.core, run.msg, run.draft));
  }

  /** The request route ended: a relay that failed and was not answered is answered now, a forgotten transaction released. */
  requestRouteEnded(run: RouteRun): void {
    const t = run.transaction;
    if (run.kind !== 'request') return;
    for (const told of this.routeEnded) told(run);
    if (t === null) return;
    // A CANCEL may have been answered while the relay waited for a name: then the 487 goes on until its ACK.
    if (run.kept === Kept.errorDelayed && t.canceled && t.status >= 200) return;
    if (run.kept === Kept.errorDelayed) {
      if (!replyError(this.core, t, run.errorCode)) release(this.core, t);
    } else if (run.kept === Kept.nothing || (run.msg.method === 'ACK' && !(run.kept & Kept.released))) {
      this.core.log(0, "script writer didn't release transaction");
      release(this.core, t);
    }
    if (t.flags & TransactionFlag.onWait) t.slim();
  }

  /** Ends every transaction and its timers. */
  stop(): void {
    for (const t of [...this.core.table.all()]) destroy(this.core, t);
  }
}

function afterwards(done: Maybe<unknown>, over: (() => void) | null): void {
  if (over === null) return;
  if (done instanceof Promise) void done.then(over, over);
  else over();
}

/**
 * The transaction whose turn a run has, or may have: request routes run outside of it, and the branch routes of their relays, which
 * nothing tells from those of a failure route.
 */
const turnOf = (run: RouteRun | null): Transaction | null =>
  run === null || run.kind === 'request' ? null : run.transaction;

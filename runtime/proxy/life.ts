/**
 * Beginning and end of a transaction: created with a request, kept for the wait timer once it is answered (timers D, J
 * and K of RFC 3261 §17, and RFC 6026's Accepted), then forgotten with all its timers.
 */
import { buildBranch, requestDigest, tableIndex } from '../transaction/branch-id.js';
import { RfcMode } from '../transaction/settings.js';
import { Branch, Transaction, TransactionFlag } from '../transaction/transaction.js';
import type { RouteRun } from '../transaction/types.js';
import type { Core } from './core.js';

/** The caller has checked that the request has the fields a transaction needs, and that none is there for it. */
export function createTransaction(core: Core, run: RouteRun): Transaction {
  const { msg, armed } = run;
  const { tm } = core;
  const draft = run.draft.clone();
  const t = new Transaction({
    request: msg,
    draft,
    index: tableIndex(msg.callId ?? '', msg.cseq?.number ?? 0),
    label: core.nextLabel(),
    md5: requestDigest(msg),
    values: run.values,
    createdAtMs: core.nowMs,
  });
  const invite = msg.method === 'INVITE';
  if (invite) {
    t.flags = TransactionFlag.invite | armed.flagsOn;
    if (tm.autoInvite100) t.flags |= TransactionFlag.auto100;
    if (tm.disable6xxBlock) t.flags |= TransactionFlag.disable6xx;
    if (!tm.e2eCancelReason) t.flags |= TransactionFlag.noE2eCancelReason;
    t.flags &= ~armed.flagsOff;
  }
  const lifetime = invite
    ? armed.maxInviteLifetimeMs || tm.maxInviteLifetimeMs
    : armed.maxNonInviteLifetimeMs || tm.maxNonInviteLifetimeMs;
  t.endOfLifeMs = core.nowMs + lifetime;
  t.frTimeoutMs = armed.frTimerMs || tm.frTimerMs;
  t.frInvTimeoutMs = armed.frInvTimerMs || tm.frInvTimerMs;
  t.retrT1Ms = armed.retrT1Ms || tm.retrT1Ms;
  t.retrT2Ms = armed.retrT2Ms || tm.retrT2Ms;
  t.onFailure = armed.failure;
  t.onReply = armed.reply;
  t.onBranch = armed.branch;
  t.onBranchFailure = armed.branchFailure;
  t.dropReplies = tm.failureReplyMode;
  t.responseHop = core.responseHop(msg, draft);
  if (draft.noConnectReply || draft.closeReply) {
    t.responseOptions = { noConnect: draft.noConnectReply, close: draft.closeReply };
  }
  prepareTransaction(core, t);
  core.table.insert(t);
  run.transaction = t;
  for (const hook of core.hooks.requestIn) hook(t, run);
  return t;
}

/** What every transaction has, a request of our own included: counted, and its errors logged. */
export function prepareTransaction(core: Core, t: Transaction): void {
  t.onError = core.jobFailed;
  core.counters.transactions++;
  core.counters.created++;
}

export const branchParam = (t: Transaction, branch: number): string => buildBranch(t.index, t.md5, branch);

export const newBranch = (core: Core, t: Transaction): Branch => new Branch(t, t.branches.length, core.env.clock);

/** Timers D, J, K, L and M in one: tm's wt_timer, or 64*T1 where a datagram may come again (RFC 3261 §17, RFC 6026 §8). */
function waitMs(core: Core, t: Transaction): number {
  const { tm } = core;
  if (!(tm.rfcMode & RfcMode.states)) return tm.waitTimerMs;
  const datagrams = t.responseHop?.proto === 'udp' || t.branches.some(({ hop }) => hop?.proto === 'udp');
  return datagrams ? Math.max(tm.waitTimerMs, 64 * t.retrT1Ms) : tm.waitTimerMs;
}

/** Answered or given up: kept for the wait timer, so that retransmissions are still absorbed, then destroyed. Once. */
export function putOnWait(core: Core, t: Transaction): void {
  if (t.flags & TransactionFlag.onWait) return;
  t.flags |= TransactionFlag.onWait;
  t.waitStartMs = core.nowMs;
  core.counters.waiting++;
  t.waitTimer = core.env.clock.setTimer(waitMs(core, t), core.bound(destroy), t);
}

export function stopBranchTimers(t: Transaction): void {
  for (const b of t.branches) b.request.stop();
}

/** `t_release()`, and the ACK to a negative response: nothing more is sent, the wait timer runs. */
export function release(core: Core, t: Transaction): void {
  t.response?.stop();
  stopBranchTimers(t);
  putOnWait(core, t);
}

export function destroy(core: Core, t: Transaction): void {
  if (t.destroyed) return;
  t.destroyed = true;
  t.waitTimer?.cancel();
  t.response?.stop();
  for (const b of t.branches) {
    b.request.stop();
    b.localCancel?.stop();
  }
  core.table.remove(t);
  core.counters.transactions--;
  core.counters.freed++;
  if (t.flags & TransactionFlag.onWait) core.counters.waiting--;
  for (const hook of core.hooks.destroyed) hook(t);
}

/**
 * Suspending a request or a response, and going on with it in another route block (tm's t_suspend.c).
 *
 * A suspended request is a branch without a destination whose timer bounds the wait: when it fires first, the failure
 * route armed then runs as for any branch that did not answer. A suspended response is relayed as it is when nobody
 * goes on with it in time.
 */
import { type Steps, steps, wait } from '../transaction/steps.js';
import { type Branch, FAKED, type Suspension, type Transaction, TransactionFlag } from '../transaction/transaction.js';
import { Kept, type RouteRun } from '../transaction/types.js';
import type { Core } from './core.js';
import { RouteError } from './errors.js';
import { noResponse } from './forward.js';
import { newBranch, release } from './life.js';
import { replyError, replyLocally } from './replies.js';
import { finishResponse } from './responses.js';

/** 1 suspended (or canceled already: there is nothing to wait for), -1 not possible, -3 answered already. */
export function suspend(core: Core, run: RouteRun, t: Transaction): number {
  if (t.canceled) {
    run.errorCode = RouteError.canceled;
    return 1;
  }
  if (t.status >= 200) return -3;
  if (!run.msg.isRequest) return suspendResponse(core, run, t);
  if (t.branches.length >= core.tm.maxBranches) return -1;
  if (t.isInvite && t.flags & TransactionFlag.auto100 && t.status < 100)
    replyLocally(core, t, run.msg, run.draft, 100, core.tm.autoInvite100Reason);
  if (t.branches.length === 0) {
    t.draft.edits = run.draft.edits.clone();
    t.draft.replyPieces = run.draft.replyPieces;
  }
  t.draft.flags = run.draft.flags;
  const branch = blindBranch(core, run, t);
  t.flags |= TransactionFlag.suspended;
  t.suspension = { branch, reply: null, uriIsNew: run.draft.uriIsNew };
  branch.request.onFinal = () => {
    t.flags &= ~TransactionFlag.suspended;
    noResponse(core, branch);
  };
  return 1;
}
/** A branch without a destination: whoever was told of the request answers it in time, or a timer does (add_blind_uac). */
function blindBranch(core: Core, run: RouteRun, t: Transaction): Branch {
  const branch = newBranch(core, t);
  branch.blind = true;
  branch.onFailure = t.onFailure;
  t.branches.push(branch);
  t.flags |= TransactionFlag.noisyTimer;
  branch.request.onFinal = core.bound(noResponse);
  branch.request.start(0, 0, waitMs(core, t));
  run.kept |= Kept.forwarded;
  return branch;
}
/** False: the transaction has as many branches as it may. */
export function waitForOthers(core: Core, run: RouteRun, t: Transaction): boolean {
  if (t.branches.length >= core.tm.maxBranches) return false;
  blindBranch(core, run, t);
  return true;
}
const waitMs = (core: Core, t: Transaction): number => Math.min(t.frTimeoutMs, Math.max(1, t.endOfLifeMs - core.nowMs));

function suspendResponse(core: Core, run: RouteRun, t: Transaction): number {
  const { branch } = run;
  if (branch === null) return -1;
  const message = run.msg;
  t.flags |= TransactionFlag.suspended;
  t.suspension = { branch, reply: { message, draft: run.draft.clone() }, uriIsNew: false };
  branch.request.onFinal = () => {
    if (t.suspended && t.suspension?.branch === branch) resume(core, t, null);
    else noResponse(core, branch);
  };
  branch.request.restartFinal(waitMs(core, t));
  return 1;
}

/**
 * 1: `name` ran, or will as soon as the transaction is free; -1: no such transaction, or answered; -2: not suspended.
 * `by`: in whose turn the route runs that asks; it does not wait where that would be for itself.
 */
export function continueSuspended(
  core: Core,
  t: Transaction | null,
  name: string,
  by: Transaction | null,
): number | Promise<number> {
  if (t === null || t.status >= 200 || t.flags & TransactionFlag.onWait) {
    core.log(0, 'active transaction not found');
    return -1;
  }
  if (!t.suspended) {
    core.log(0, `transaction is not suspended [${t.index}:${t.label}]`);
    return -2;
  }
  const done = resume(core, t, name, by);
  return done instanceof Promise ? done.then(() => 1) : 1;
}

/** `name` null: a response that waited too long goes on without a route; so does one whose caller has canceled. */
function resume(core: Core, t: Transaction, name: string | null, by: Transaction | null = null): void | Promise<void> {
  const { suspension } = t;
  t.flags &= ~TransactionFlag.suspended;
  t.suspension = null;
  if (suspension === null || (t.canceled && suspension.reply === null)) return undefined;
  const route = t.canceled ? null : name;
  const job = () => steps(resumed(core, t, suspension, route));
  if (by === null || !t.waitsFor(by)) return t.inTurn(job, undefined, by);
  t.exclusively(job);
  return undefined;
}

function* resumed(core: Core, t: Transaction, s: Suspension, name: string | null): Steps<void> {
  if (t.destroyed || core.script === null) return;
  if (s.reply !== null) yield* resumeResponse(core, t, s, name);
  else if (name !== null) yield* resumeRequest(core, t, s.branch, s.uriIsNew, name);
}

function* resumeRequest(core: Core, t: Transaction, blind: Branch, uriIsNew: boolean, name: string): Steps<void> {
  blind.request.stop();
  // It timed out, or was continued, in the meantime.
  if (blind.lastReceived !== 0 || core.script === null) return;
  // Any final status: the branch takes no part in choosing the best response, and nobody cancels it.
  blind.lastReceived = 500;
  blind.reply = FAKED;
  const draft = t.draft.clone();
  draft.branches = [];
  draft.uriIsNew = uriIsNew;
  const run = yield* wait(core.script.resume(t, blind, null, draft, name));
  t.draft.flags = run.draft.flags;
  if (t.status >= 200 || t.branches.some((b) => b.lastReceived < 200)) return;
  if (!replyError(core, t, run.errorCode === 0 ? RouteError.unspecified : run.errorCode)) release(core, t);
}

function* resumeResponse(core: Core, t: Transaction, s: Suspension, name: string | null): Steps<void> {
  const { branch, reply } = s;
  if (reply === null || core.script === null) return;
  branch.request.onFinal = core.bound(noResponse);
  if (reply.message.status >= 200) branch.request.stop();
  // The wait itself was the branch's timer.
  else if (!branch.request.running) branch.request.restartFinal(waitMs(core, t));
  if (name === null) {
    yield* finishResponse(core, branch, reply, branch.lastReceived);
    return;
  }
  const run = yield* wait(core.script.resume(t, branch, reply.message, reply.draft, name));
  if (t.suspended) return;
  yield* finishResponse(core, branch, { message: run.msg, draft: run.draft }, branch.lastReceived);
}

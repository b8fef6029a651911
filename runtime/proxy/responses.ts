/**
 * A response that came in on a branch (t_reply.c, reply_received): timers, the ACK of a negative one, the pending
 * CANCEL, the reply route, then the response context.
 */

import type { Draft } from '../message/draft.js';
import { HeaderId } from '../message/headers.js';
import type { SipMessage } from '../message/message.js';
import { LocalRequestEvents } from '../transaction/settings.js';
import { type Steps, wait } from '../transaction/steps.js';
import {
  type Branch,
  type EditedReply,
  type Suspension,
  type Transaction,
  TransactionFlag,
} from '../transaction/transaction.js';
import { blockUnavailable } from './blocked.js';
import { cancelBranch, cancelNow, howConfigured, newCancelSet } from './cancel.js';
import type { Core } from './core.js';
import { tryAlternative } from './forward.js';
import { putOnWait, stopBranchTimers } from './life.js';
import { acknowledgeSuccess, leaveAck } from './local-ack.js';
import { buildLocalRequest } from './local-requests.js';
import { relayReply } from './response-context.js';

export function* responseReceived(core: Core, b: Branch, msg: SipMessage, draft: Draft): Steps<void> {
  const t = b.transaction;
  if (t.destroyed) return;
  t.current = msg;
  core.counters.repliesReceived++;
  for (const hook of core.hooks.responseIn) hook(t, b, msg, draft);
  if (msg.method === 'CANCEL' && t.isInvite) {
    if (msg.status >= 200) b.localCancel?.stop();
    else b.localCancel?.stopRetransmitting();
    return;
  }
  const last = b.lastReceived;
  if (msg.status >= 200) {
    b.request.stop();
    if (t.isInvite && msg.status >= 300) acknowledge(core, t, b, msg);
    else if (t.isInvite && t.isOriginated) {
      if (t.flags & TransactionFlag.ownAck) leaveAck(core, b, msg);
      else yield* acknowledgeSuccess(core, b, msg);
    }
  } else {
    // RFC 3261 §9.1: a branch of another method that timed out stays as it is when its server turns out to be alive.
    if (b.canceled && t.isInvite) {
      cancelNowThatItAnswered(core, t, b);
      return;
    }
    if (t.isInvite) b.request.stopRetransmitting();
    else b.request.slowDown(t.retrT2Ms);
  }
  const earlier = t.suspension;
  const reply = yield* replyRoute(core, t, b, msg, draft);
  if (reply === null) return;
  const { status } = reply.message;
  if (status === 503) blockUnavailable(core, reply.message);
  if (status >= 300 && core.settings.dnsFailover && (status === 503 || core.tm.failoverOn(status)))
    yield* tryAlternative(core, b);
  if (isHeldBack(t, b, reply, earlier)) return;
  yield* finishResponse(core, b, reply, last);
}

/**
 * It goes on with t_continue(), or one before it does: then only a final response after a provisional one overtakes it,
 * since the timers are stopped and nothing else would end the branch.
 */
function isHeldBack(t: Transaction, b: Branch, reply: EditedReply, earlier: Suspension | null): boolean {
  const { suspension } = t;
  if (!t.suspended || suspension === null || suspension.reply === null || suspension.branch !== b) return false;
  if (suspension !== earlier || reply.message.status < 200 || suspension.reply.message.status >= 200) return true;
  t.flags &= ~TransactionFlag.suspended;
  t.suspension = null;
  return false;
}

/** After the reply route: the response context, what it cancels, the ringing timer. `last`: status seen before on the branch. */
export function* finishResponse(core: Core, b: Branch, reply: EditedReply, last: number): Steps<void> {
  const t = b.transaction;
  const { status } = reply.message;
  const set = newCancelSet();
  const outcome = yield* relayReply(core, t, reply, b, status, set, true);
  if (outcome === 'completed') {
    stopBranchTimers(t);
    if (t.isLocal) putOnWait(core, t);
    if (t.isInvite) cancelNow(core, t, set, { kill: true });
  } else cancelNow(core, t, set, howConfigured(core));
  b.replied = true;
  if (
    t.isInvite &&
    status < 200 &&
    (core.tm.restartFrOnEachReply || (last < status && (status >= 180 || last === 0)))
  ) {
    restartRinging(core, t, b);
  }
}

/** From the first provisional response on it is the ringing timer that counts (timer C, RFC 3261 §16.7 item 2). */
function restartRinging(core: Core, t: Transaction, b: Branch): void {
  if (!b.request.running) return;
  b.frInvite = true;
  b.request.restartFinal(Math.min(t.frInvTimeoutMs, Math.max(1, t.endOfLifeMs - core.nowMs)));
}

/** RFC 3261 §17.1.1.3: to the same address, with the To of the response. */
function acknowledge(core: Core, t: Transaction, b: Branch, msg: SipMessage): void {
  const to = msg.header(HeaderId.To);
  if (!to || b.hop === null) return;
  const ack = buildLocalRequest('ACK', b.bytes, t.request, {
    to: msg.raw.slice(to.start, to.end),
    reason: '',
    extraPrefix: core.tm.acExtraHdrs,
  });
  if (ack === null) return;
  core.transports.send(b.hop, ack, b.sendOptions);
  if (core.tm.localRequestEvents & LocalRequestEvents.ack) core.script?.localRequestSent(t, ack, b.hop);
}

function cancelNowThatItAnswered(core: Core, t: Transaction, b: Branch): void {
  if (b.cancelBytes !== '') {
    if (b.hop) core.transports.send(b.hop, b.cancelBytes, b.sendOptions);
    return;
  }
  if (b.cancelPending) return;
  const cause = t.status >= 200 && core.tm.localCancelReason ? `Reason: SIP;cause=${t.status}\r\n` : '';
  cancelBranch(core, t, b, t.cancelReason ?? cause, { force: true });
}

/** Null: dropped. Final responses cannot be dropped here: the timers are stopped already. */
function* replyRoute(core: Core, t: Transaction, b: Branch, msg: SipMessage, draft: Draft): Steps<EditedReply | null> {
  const name = b.onReply;
  if (core.script === null || name === null) {
    for (const hook of core.hooks.replyOut) hook(msg);
    return { message: msg, draft };
  }
  const last = b.lastReceived;
  draft.flags = t.draft.flags;
  draft.xflags = t.draft.xflags;
  draft.branchFlags = b.flags;
  // Functions in the route may look at it.
  if (msg.status > last) b.lastReceived = msg.status;
  const run = yield* wait(core.script.onReply(t, b, msg, draft, name));
  b.lastReceived = last;
  t.draft.flags = run.draft.flags;
  t.draft.xflags = run.draft.xflags;
  b.flags = run.draft.branchFlags;
  if (!run.dropped) for (const hook of core.hooks.replyOut) hook(run.msg);
  else if (msg.status < 200) return null;
  return { message: run.msg, draft: run.draft };
}

/**
 * CANCEL: of our branches, hop by hop (RFC 3261 §9.1, §16.10), and one received (t_cancel.c, t_fwd.c e2e_cancel).
 */
import { HeaderId } from '../message/headers.js';
import type { SipMessage } from '../message/message.js';
import { CancelHeaders, LocalRequestEvents } from '../transaction/settings.js';
import { type Steps, steps } from '../transaction/steps.js';
import { RetransmitBuffer } from '../transaction/timers.js';
import { type Branch, FAKED, type Transaction, TransactionFlag } from '../transaction/transaction.js';
import type { RouteRun } from '../transaction/types.js';
import { canForward, forwardCancel, sendForwarded } from './cancel-forward.js';
import type { Core } from './core.js';
import { putOnWait } from './life.js';
import { buildLocalRequest } from './local-requests.js';
import { replyLocally } from './replies.js';
import { relayReply } from './response-context.js';

/** Branches about to be canceled, and why. */
export interface CancelSet {
  readonly branches: Branch[];
  /** Status that ended the others; 0 unknown. */
  cause: number;
}
export const newCancelSet = (cause = 0): CancelSet => ({ branches: [], cause });

/** Marks a branch that still can be canceled. `unanswered`: also one that sent nothing yet. */
export function prepareBranch(b: Branch, unanswered: boolean): boolean {
  if (
    b.blind ||
    b.lastReceived >= 200 ||
    (!unanswered && b.lastReceived < 100) ||
    b.cancelBytes !== '' ||
    b.cancelPending
  )
    return false;
  b.cancelPending = true;
  return true;
}
export function prepareToCancel(t: Transaction, set: CancelSet): void {
  for (const b of t.branches) if (prepareBranch(b, true)) set.branches.push(b);
}

export interface CancelHow {
  /** The transaction is over: all timers of the branch stop. */
  readonly kill?: boolean;
  /** A branch that never answered: its 487 is made up. */
  readonly fakeReply?: boolean;
  /** … gets a CANCEL all the same. */
  readonly force?: boolean;
  /** … goes on being retransmitted until it answers, then gets the CANCEL. */
  readonly retransmit?: boolean;
}
/** cancel_b_method. */
export const howConfigured = (core: Core): CancelHow =>
  core.tm.cancelBranchMethod === 0
    ? { fakeReply: true }
    : core.tm.cancelBranchMethod === 2
      ? { force: true }
      : { retransmit: true };

const causeTexts: Readonly<Record<number, string>> = { 200: ';text="Call completed elsewhere"' };
const reasonFor = (core: Core, cause: number): string =>
  cause > 0 && core.tm.localCancelReason ? `Reason: SIP;cause=${cause}${causeTexts[cause] ?? ''}\r\n` : '';

/** Nothing was sent on it yet: there is nobody to answer a CANCEL. */
export const howFor = (b: Branch, how: CancelHow): CancelHow =>
  b.bytes === '' ? { kill: how.kill, fakeReply: true } : how;

export function cancelNow(core: Core, t: Transaction, set: CancelSet, how: CancelHow): void {
  const reason = reasonFor(core, set.cause);
  for (const b of set.branches) cancelBranch(core, t, b, reason, howFor(b, how));
}

/** The branch is marked (`prepareBranch`). Returns false when no CANCEL could be built. */
export function cancelBranch(core: Core, t: Transaction, b: Branch, reason: string, how: CancelHow): boolean {
  b.canceled = true;
  b.cancelPending = false;
  if (how.kill) b.request.stop();
  if (b.lastReceived < 100 && !how.force) {
    // RFC 3261 §9.1: no CANCEL before a provisional response. It follows when one comes (see responses).
    if (!how.retransmit) b.request.stopRetransmitting();
    if (how.fakeReply && b.lastReceived < 200) {
      b.request.stop();
      fakeReply(core, t, b, 487, true);
    }
    return true;
  }
  b.request.stopRetransmitting();
  const to = t.request.header(HeaderId.To);
  const bytes =
    b.hop === null
      ? null
      : buildLocalRequest('CANCEL', b.bytes, t.request, {
          to: to && !(t.flags & TransactionFlag.sentFromTo) ? t.request.raw.slice(to.start, to.end) : null,
          reason: reason + (core.tm.headersMode & CancelHeaders.copy ? t.cancelHeaders : ''),
          extraPrefix: core.tm.acExtraHdrs,
        });
  if (bytes === null || b.hop === null) {
    core.log(-1, 'attempt to build a CANCEL failed');
    return false;
  }
  b.cancelBytes = bytes;
  if (core.tm.localRequestEvents & LocalRequestEvents.cancel) core.script?.localRequestSent(t, bytes, b.hop);
  const { hop } = b;
  core.transports.send(hop, bytes, b.sendOptions);
  b.localCancel ??= new RetransmitBuffer<Branch>(core.env.clock, b);
  b.localCancel.onRetransmit = () => void core.transports.send(hop, bytes, b.sendOptions);
  b.localCancel.start(hop.proto === 'udp' ? t.retrT1Ms : 0, t.retrT2Ms, t.frTimeoutMs);
  return true;
}

/** A response nobody sent: a timeout, a branch canceled before it answered. Waits its turn in the mailbox. */
export function fakeReply(core: Core, t: Transaction, b: Branch, status: number, onlyRelay = false): void {
  t.exclusively(() =>
    steps(
      (function* () {
        if (t.destroyed || (onlyRelay && b.lastReceived >= 200)) return;
        if (!onlyRelay) t.current = null;
        const set = newCancelSet();
        const cancelToo = !onlyRelay && t.isInvite && prepareBranch(b, false);
        if (!onlyRelay) b.canceled = true;
        const outcome = yield* relayReply(core, t, FAKED, b, status, set, onlyRelay);
        if (cancelToo) cancelBranch(core, t, b, reasonFor(core, set.cause), {});
        if (!onlyRelay && outcome === 'completed') putOnWait(core, t);
      })(),
    ),
  );
}

/** A canceled transaction waits for nobody: its branch without a destination is done, a provisional response came. */
function endSuspension(t: Transaction): void {
  const held = t.suspension;
  if (held?.reply != null && held.reply.message.status < 200) {
    held.branch.lastReceived = Math.max(held.branch.lastReceived, held.reply.message.status);
    t.flags &= ~TransactionFlag.suspended;
    t.suspension = null;
  }
  for (const b of t.branches) {
    if (!b.blind || b.lastReceived >= 200) continue;
    b.request.stop();
    b.lastReceived = 487;
  }
}

/** Reason fields of a CANCEL received go into those we send (RFC 3326). */
function reasonsOf(cancel: SipMessage): string {
  return cancel
    .headersOf(HeaderId.Reason)
    .map((h) => cancel.raw.slice(h.start, h.end))
    .join('');
}

/** headers_mode 1: what no CANCEL of ours has of its own (t_msgbuilder.c, build_local_reparse). */
const headersOf = (cancel: SipMessage): string =>
  cancel.headers
    .filter(({ id }) => !OWN_FIELDS.has(id))
    .map((h) => cancel.raw.slice(h.start, h.end))
    .join('');
const OWN_FIELDS: ReadonlySet<HeaderId> = new Set([
  HeaderId.CallId, HeaderId.CSeq, HeaderId.Via, HeaderId.To, HeaderId.From, HeaderId.Route, HeaderId.MaxForwards,
  HeaderId.Require, HeaderId.ProxyRequire, HeaderId.ContentLength, HeaderId.Reason,
]); // biome-ignore format: one list

/** A CANCEL for `invite` arrived, in this run; `own` is the CANCEL's own transaction, answered at once (§16.10). */
export function* cancelReceived(core: Core, own: Transaction, run: RouteRun, invite: Transaction): Steps<void> {
  const cancel = run.msg;
  for (const hook of core.hooks.cancelReceived) hook(invite, cancel);
  invite.flags |= TransactionFlag.canceled;
  invite.current = cancel;
  endSuspension(invite);
  const set = newCancelSet();
  prepareToCancel(invite, set);
  if (set.branches.length === 0) {
    replyLocally(core, invite, invite.request, invite.draft, 487, 'Request canceled');
    replyLocally(core, own, cancel, own.draft, 200, 'ok -- no more pending branches');
    return;
  }
  if (invite.cancelReason === null && !(invite.flags & TransactionFlag.noE2eCancelReason)) {
    const reasons = reasonsOf(cancel);
    if (reasons !== '') invite.cancelReason = reasons;
  }
  if (core.tm.headersMode & CancelHeaders.copy) invite.cancelHeaders = headersOf(cancel);
  const how = howConfigured(core);
  let failed = 0;
  for (const b of set.branches) {
    const done = canForward(core, b)
      ? yield* forwardCancel(core, own, run, b)
      : cancelBranch(core, invite, b, invite.cancelReason ?? '', howFor(b, how));
    if (!done) failed++;
  }
  if (failed > 0) replyLocally(core, own, cancel, own.draft, 500, 'cancel error');
  else replyLocally(core, own, cancel, own.draft, 200, 'canceling');
  sendForwarded(core, own);
}

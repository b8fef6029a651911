/**
 * tm's `e2e_cancel_hop_by_hop` 0 (later versions; t_fwd.c, e2e_cancel_branch): a CANCEL goes on in branches of its own
 * transaction, which have the numbers, addresses and Via branches of those of the INVITE (RFC 3261 §9.1).
 */
import { HeaderId } from '../message/headers.js';
import { CancelHeaders } from '../transaction/settings.js';
import { type Steps, wait } from '../transaction/steps.js';
import { type Branch, type Transaction, TransactionFlag } from '../transaction/transaction.js';
import type { RouteRun } from '../transaction/types.js';
import type { Core } from './core.js';
import { branchParam, newBranch } from './life.js';
import { buildLocalRequest } from './local-requests.js';
import { requestFor } from './udp-mtu.js';

/** It has answered, so that it may be canceled now (§9.1); one that has not gets its CANCEL hop by hop once it does. */
export const canForward = (core: Core, b: Branch): boolean =>
  !core.tm.cancelHopByHop && b.lastReceived >= 100 && b.hop !== null;

/** The CANCEL for this branch, in `own`; false when it cannot be built, or its branch route drops it. */
export function* forwardCancel(core: Core, own: Transaction, run: RouteRun, b: Branch): Steps<boolean> {
  b.canceled = true;
  b.request.stopRetransmitting();
  while (own.branches.length <= b.index) own.branches.push(newBranch(core, own));
  const branch = own.branches[b.index];
  if (branch === undefined || b.hop === null) return false;
  if (core.tm.reparseInvite) {
    const invite = b.transaction;
    const to = invite.request.header(HeaderId.To);
    const bytes = buildLocalRequest('CANCEL', b.bytes, invite.request, {
      to: to && !(invite.flags & TransactionFlag.sentFromTo) ? invite.request.raw.slice(to.start, to.end) : null,
      reason: (invite.cancelReason ?? '') + (core.tm.headersMode & CancelHeaders.copy ? invite.cancelHeaders : ''),
      extraPrefix: core.tm.acExtraHdrs,
    });
    if (bytes === null) return false;
    branch.bytes = bytes;
    branch.hop = b.hop;
  } else {
    let draft = run.draft.clone();
    draft.branches = [];
    draft.uri = b.uri === run.msg.requestUri ? null : b.uri;
    draft.path = b.path;
    if (own.onBranch !== null && core.script !== null) {
      const routed = yield* wait(core.script.branch(own, branch, draft, own.onBranch, run));
      if (routed.dropped) return false;
      draft = routed.draft;
    }
    const { hop, bytes } = requestFor(core, run.msg, draft, b.hop, branchParam(own, b.index));
    branch.bytes = bytes;
    branch.hop = hop;
  }
  branch.uri = b.uri;
  branch.sendOptions = b.sendOptions && { ...b.sendOptions, failed: undefined };
  return true;
}

/**
 * Sends what was built, again and again until answered (§17.1.2.2). The caller of the CANCEL has its 200 by then, so the
 * answers go nowhere: only the timers look at them.
 */
export function sendForwarded(core: Core, own: Transaction): void {
  for (const branch of own.branches) {
    const { hop } = branch;
    if (hop === null) continue;
    const send = () => void core.transports.send(hop, branch.bytes, branch.sendOptions);
    send();
    branch.request.onRetransmit = send;
    branch.request.start(hop.proto === 'udp' ? own.retrT1Ms : 0, own.retrT2Ms, own.frTimeoutMs);
  }
}

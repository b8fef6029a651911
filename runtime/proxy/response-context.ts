/**
 * What happens to a response: passed on, kept, or chosen as the best once all branches are done (RFC 3261 §16.7), with
 * tm's choices where the RFC leaves them open (t_reply.c: t_should_relay_response, relay_reply).
 */
import { HeaderId } from '../message/headers.js';
import type { SipMessage } from '../message/message.js';
import { buildForwardedResponse } from '../message/serialize.js';
import { RfcMode } from '../transaction/settings.js';
import { type Steps, wait } from '../transaction/steps.js';
import {
  type Branch,
  type EditedReply,
  FAKED,
  type Reply,
  type StoredReply,
  type Transaction,
  TransactionFlag,
} from '../transaction/transaction.js';
import { type CancelSet, prepareToCancel } from './cancel.js';
import type { Core } from './core.js';
import { RouteError, reasonOf } from './errors.js';
import { putOnWait } from './life.js';
import { countSent, replyError, replyLocally, responseText, retransmitFinal, sendResponse, tagFor } from './replies.js';

/** `late`: a 2xx after the final response; `stored`: other branches are still open. */
export type Outcome = 'completed' | 'provisional' | 'stored' | 'discarded' | 'late' | 'error';

/** 401, 407, 415, 420 and 484 before the other 4xx; 6xx before all but 2xx (RFC 3261 §16.7 item 6). Low wins. */
export function priority(status: number, reply: StoredReply, fakedPenalty: number): number {
  const xx = status % 100;
  const penalty = reply === FAKED ? fakedPenalty : 0;
  switch (Math.floor(status / 100)) {
    case 0:
      return 32_000 + xx + penalty;
    case 1:
      return 11_000 + xx + penalty;
    case 2:
      return xx + penalty;
    case 3:
      return 3000 + xx + penalty;
    case 4:
      return 4000 + (xx === 1 || xx === 7 || xx === 15 || xx === 20 || xx === 84 ? xx : 100 + xx) + penalty;
    case 5:
      return 5000 + xx + penalty;
    case 6:
      return 1000 + xx + penalty;
    default:
      return 10_000 + status + penalty;
  }
}

/** Best branch and its status; -1 none, -2 some are still open. `incoming` counts with `status`. */
export function pickBranch(
  core: Core,
  t: Transaction,
  incoming: number,
  status: number,
): { readonly branch: number; readonly status: number } {
  const penalty = core.tm.fakedReplyPriority;
  let best = -1;
  let bestStatus = 0;
  let bestPriority = priority(0, null, 0);
  for (const b of t.branches) {
    const own = b.index === incoming;
    if (!own) {
      if (b.bytes === '' && b.lastReceived >= 200) continue;
      if (b.lastReceived < 200) return { branch: -2, status: 0 };
      if (b.reply === null) continue;
    }
    const code = own ? status : b.lastReceived;
    const p = priority(code, b.reply, penalty);
    if (p < bestPriority) {
      best = b.index;
      bestStatus = code;
      bestPriority = p;
    }
  }
  return { branch: best, status: bestStatus };
}
/** As `pickBranch`, branches without a message included: what a failure route sees. */
export function pickedStatus(core: Core, t: Transaction): number {
  const picked = pickBranch(core, t, -1, 0);
  return picked.branch >= 0 ? picked.status : 0;
}

interface Decision {
  readonly outcome: Outcome;
  readonly store: boolean;
  /** Branch whose response goes upstream; -1 none. */
  readonly relay: number;
}
const nothing = (outcome: Outcome): Decision => ({ outcome, store: false, relay: -1 });

/** Null: a negative response, which may have routes to run (`decideNegative`). */
function decide(core: Core, t: Transaction, b: Branch, status: number, set: CancelSet): Decision | null {
  const success = status >= 200 && status < 300 && t.isInvite;
  if (t.status >= 200) {
    // RFC 3261 §16.7 item 5: every 2xx to an INVITE goes upstream.
    if (!success) return nothing('discarded');
    b.lastReceived = status;
    return { outcome: 'late', store: false, relay: b.index };
  }
  if (b.lastReceived >= 200) {
    // A branch given up here may still succeed: its 2xx ends the others (RFC 3261 §16.7 item 5).
    const givenUp = b.timedOut || b.reply === FAKED;
    if (!(success && (b.lastReceived < 300 || givenUp))) return nothing('discarded');
  }
  if (status >= 300) return null;
  b.lastReceived = status;
  const relay = status === 100 && !core.tm.relay100 ? -1 : b.index;
  if (status < 200) return { outcome: 'provisional', store: false, relay };
  prepareToCancel(t, set);
  set.cause = status;
  return { outcome: 'completed', store: false, relay };
}

function* decideNegative(
  core: Core,
  t: Transaction,
  b: Branch,
  status: number,
  reply: Reply,
  set: CancelSet,
): Steps<Decision> {
  b.lastReceived = status;
  if (b.onBranchFailure !== null) {
    b.reply = reply;
    yield* branchFailureRoute(core, t, b, reply);
    b.reply = null;
  }
  const picked = pickBranch(core, t, b.index, status);
  if (picked.branch === -2) {
    if (status >= 600 && status <= 699 && !(t.flags & (TransactionFlag.got6xx | TransactionFlag.disable6xx))) {
      prepareToCancel(t, set);
      t.flags |= TransactionFlag.got6xx;
      set.cause = status;
    }
    return { outcome: 'stored', store: true, relay: -1 };
  }
  if (picked.branch < 0) return nothing('discarded');
  const before = t.branches.length;
  b.reply = reply;
  t.flags &= ~TransactionFlag.got6xx;
  t.pickedBranch = picked.branch;
  t.dropReplies = core.tm.failureReplyMode;
  let relay = picked.branch;
  let dropped = false;
  let error = 0;
  const winner = t.branches[picked.branch]!;
  const handled = !t.isOriginated || core.tm.localFailureRoutes || core.settings.dnsFailover;
  if (handled && (winner.onFailure !== null || core.hooks.failure.length > 0)) {
    error = yield* failureRoute(core, t, winner, picked.status);
    const always = winner.onFailure !== null && t.dropReplies !== 0 && t.dropReplies !== 3;
    if (always || (t.dropReplies === 3 && before < t.branches.length)) {
      let from = 0;
      if (t.dropReplies === 2) for (from = before - 1; from > 0; from--) if (t.branches[from]!.firstOfStep) break;
      for (let i = Math.max(0, from); i < before; i++) t.branches[i]!.reply = null;
      dropped = true;
      relay = -1;
    }
  }
  // The incoming response is stored again below when it is still needed.
  b.reply = null;
  if (t.status >= 200) return nothing('completed');
  if (before < t.branches.length) {
    const again = pickBranch(core, t, dropped ? -1 : b.index, status);
    if (again.branch === -2) return dropped ? nothing('discarded') : { outcome: 'stored', store: true, relay: -1 };
    if (again.branch >= 0) relay = again.branch;
    else if (dropped) return branchesFailed(core, t, error);
  } else if (dropped) return branchesFailed(core, t, error);
  return { outcome: 'completed', store: false, relay };
}
function branchesFailed(core: Core, t: Transaction, error: number): Decision {
  if (!t.isLocal) replyError(core, t, error || RouteError.unspecified);
  return nothing('completed');
}

const messageOf = (reply: StoredReply) => (reply === null || reply === FAKED ? null : reply.message);

/** Runs the hooks and the failure route of the winning branch; the error a relay in it ended with, 0 none. */
function* failureRoute(core: Core, t: Transaction, winner: Branch, status: number): Steps<number> {
  const message = messageOf(winner.reply);
  const draft = t.draft.clone();
  draft.branches = [];
  draft.branchFlags = winner.flags;
  draft.uriIsNew = false;
  for (const hook of core.hooks.failure) hook(t, message, status, draft);
  const name = winner.onFailure;
  if (name === null || core.script === null) {
    t.draft.flags = draft.flags;
    return 0;
  }
  // Not entered again by the branches it adds, unless it arms itself.
  t.onFailure = null;
  const before = t.current;
  t.current = t.request;
  const startedMs = core.nowMs;
  const run = yield* wait(core.script.failure(t, winner, message, draft, name));
  const tookMs = core.nowMs - startedMs;
  const { slowFailureRouteMs } = core.tm;
  if (slowFailureRouteMs > 0 && tookMs >= slowFailureRouteMs)
    core.log(0, `failure route execution took too long: ${Math.round(tookMs * 1000)} us`);
  t.current = before;
  t.draft.flags = run.draft.flags;
  t.draft.xflags = run.draft.xflags;
  return run.errorCode;
}
function* branchFailureRoute(core: Core, t: Transaction, b: Branch, reply: Reply): Steps<void> {
  const name = b.onBranchFailure;
  if (name === null || core.script === null) return;
  const draft = t.draft.clone();
  draft.branches = [];
  draft.branchFlags = b.flags;
  draft.uriIsNew = false;
  t.onBranchFailure = null;
  const run = yield* wait(core.script.branchFailure(t, b, messageOf(reply), draft, name));
  t.draft.flags = run.draft.flags;
}

/** Runs a response through the response context, in the transaction's mailbox. */
export function* relayReply(
  core: Core,
  t: Transaction,
  reply: Reply,
  b: Branch,
  status: number,
  set: CancelSet,
  putWait: boolean,
): Steps<Outcome> {
  const decision = decide(core, t, b, status, set) ?? (yield* decideNegative(core, t, b, status, reply, set));
  if (decision.store) b.reply = reply;
  if (decision.relay < 0) return decision.outcome;
  const chosen = decision.relay === b.index ? reply : t.branches[decision.relay]!.reply;
  if (chosen === null) return decision.outcome;
  const own = decision.relay === b.index;
  const chosenStatus = own ? status : t.branches[decision.relay]!.lastReceived;
  if (t.isLocal) {
    t.status = chosenStatus;
    t.relayedBranch = decision.relay;
    countSent(core, chosenStatus, chosen === FAKED);
    tellSender(core, t, chosenStatus, messageOf(chosen));
    if (putWait && decision.outcome === 'completed') putOnWait(core, t);
    return decision.outcome;
  }
  if (
    chosen === FAKED &&
    chosenStatus === core.tm.timeoutCode &&
    !t.isInvite &&
    core.tm.rfcMode & RfcMode.silentTimeouts
  ) {
    // RFC 4320 §4.2: it would come too late for whoever asked.
    t.status = chosenStatus;
    if (putWait && decision.outcome === 'completed') putOnWait(core, t);
    return decision.outcome;
  }
  const text = upstreamText(core, t, chosen, chosenStatus, reply);
  countSent(core, text.status, text.generated);
  let repeated = false;
  const kept = core.tm.replyRelayMode === 0 || decision.outcome !== 'late';
  if (kept) {
    t.lastResponse = text.bytes;
    t.status = text.status;
    t.relayedBranch = decision.relay;
    if (text.generated) t.localToTag = t.request.to?.tag || text.toTag;
    if (t.isInvite && !text.generated && text.status >= 200 && text.status < 300) {
      repeated = rememberToTag(t, (chosen as EditedReply).message.to?.tag ?? null);
    }
  }
  if (kept && !repeated)
    for (const hook of core.hooks.responseReady) hook(t, text.generated ? null : messageOf(chosen), text.status);
  if (decision.outcome === 'completed') retransmitFinal(core, t);
  if (chosen !== FAKED && seesResponses(core) && !(yield* onsendAllows(core, t, chosen, text.bytes))) {
    core.log(-1, 'reply dropped (onsend_route)');
  } else if (sendResponse(core, t, text.bytes) && !repeated && kept) {
    for (const hook of core.hooks.responseOut)
      hook(t, text.generated ? null : messageOf(chosen), text.status, text.bytes);
  }
  if (putWait && decision.outcome === 'completed') putOnWait(core, t);
  return decision.outcome;
}

/** A request of our own: its sender hears of the best response, and of every 2xx with a To tag of its own. */
function tellSender(core: Core, t: Transaction, status: number, reply: SipMessage | null): void {
  const outcome = { status, reply, transaction: t };
  if (status < 200) {
    if (core.tm.passProvisionalReplies) t.onProgress?.(outcome);
    return;
  }
  const repeated = t.isInvite && reply !== null && status < 300 && rememberToTag(t, reply.to?.tag ?? null);
  if (!repeated) t.onCompleted?.(outcome);
}

/** The program's onsend_route is run on responses too (`onsend_route_reply`). */
const seesResponses = (core: Core): boolean => core.script?.hasOnsend === true && core.settings.onsendReplies;
function* onsendAllows(core: Core, t: Transaction, reply: EditedReply, bytes: string): Steps<boolean> {
  if (t.responseHop === null || core.script === null) return true;
  const run = yield* wait(core.script.onsend(reply.message, t.responseHop, bytes, t));
  return !run.dropped;
}

/** True when this To tag was passed on before: a retransmission of the callee's. At most as many as there are branches. */
function rememberToTag(t: Transaction, tag: string | null): boolean {
  if (tag === null) return false;
  if (t.forwardedToTags.some((f) => f.tag === tag)) return true;
  if (t.forwardedToTags.length < 64) t.forwardedToTags.push({ tag, acked: false });
  return false;
}

interface Upstream {
  readonly bytes: string;
  readonly status: number;
  readonly generated: boolean;
  readonly toTag: string | null;
}
function upstreamText(core: Core, t: Transaction, chosen: Reply, status: number, current: Reply | null): Upstream {
  const { request } = t;
  const made = (code: number, reason: string, headers?: string): Upstream => {
    const toTag = tagFor(core, request, code);
    return {
      bytes: responseText(core, request, t.draft, code, reason, toTag, { headers }),
      status: code,
      generated: true,
      toTag,
    };
  };
  const code = chosen === FAKED ? (t.canceled ? 487 : status) : chosen.message.status;
  if ((code === 401 || code === 407) && core.tm.aggregateChallenges) {
    const challenges = allChallenges(t, current);
    if (challenges.count > 1) return made(code, reasonOf(code), challenges.headers);
  }
  if (chosen === FAKED) return made(code, code === core.tm.timeoutCode ? core.tm.timeoutReason : reasonOf(code));
  // RFC 3261 §16.7 item 6: a 503 says something about us only.
  if (code === 503 && core.tm.remap503To500) return made(500, reasonOf(503));
  const out = { socket: t.socket, proto: t.responseHop?.proto ?? t.socket.proto, hop: t.responseHop, branchParam: '' };
  const bytes = buildForwardedResponse(chosen.message, chosen.draft, out);
  if (chosen.draft.noConnectReply || chosen.draft.closeReply) {
    t.responseOptions = {
      noConnect: chosen.draft.noConnectReply || t.responseOptions?.noConnect === true,
      close: chosen.draft.closeReply || t.responseOptions?.close === true,
    };
  }
  return { bytes, status: code, generated: false, toTag: null };
}

/** RFC 3261 §16.7 item 7: the challenges of all branches in one response. */
function allChallenges(t: Transaction, current: Reply | null): { count: number; headers: string } {
  let count = 0;
  let headers = '';
  const add = (reply: StoredReply) => {
    const message = messageOf(reply);
    if (message === null || (message.status !== 401 && message.status !== 407)) return;
    count++;
    for (const h of message.headers) {
      if (h.id === HeaderId.WwwAuthenticate || h.id === HeaderId.ProxyAuthenticate)
        headers += message.raw.slice(h.start, h.end);
    }
  };
  let seen = false;
  for (const b of t.branches) {
    add(b.reply);
    if (b.reply === current) seen = true;
  }
  if (!seen) add(current);
  return { count, headers };
}

/** Answers a transaction from a route: `t_reply()` and the like. */
export { replyLocally };

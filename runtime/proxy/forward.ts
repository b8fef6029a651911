/**
 * Requests on their way out: branches of a transaction (RFC 3261 §16.6; t_fwd.c) and stateless forwarding (§16.11).
 */
import type { Proto } from '../env.js';
import type { Draft } from '../message/draft.js';
import { HeaderId } from '../message/headers.js';
import type { SipMessage } from '../message/message.js';
import { buildForwardedResponse } from '../message/serialize.js';
import { buildBranch, requestDigest, tableIndex } from '../transaction/branch-id.js';
import { RfcMode } from '../transaction/settings.js';
import { type Maybe, type Steps, wait } from '../transaction/steps.js';
import {
  type Address,
  type Branch,
  type BranchSource,
  type Transaction,
  TransactionFlag,
} from '../transaction/transaction.js';
import { Kept, newArmed, type RouteRun } from '../transaction/types.js';
import type { ListenSocket, NextHop } from '../transport/types.js';
import { appliesChanges } from './apply-changes.js';
import { blockRefused, blockSilent, blockUnreachable, isBlocked } from './blocked.js';
import { cancelReceived, fakeReply } from './cancel.js';
import type { Core } from './core.js';
import { RouteError } from './errors.js';
import { branchParam, newBranch, putOnWait } from './life.js';
import { type Target, targetSet } from './target-set.js';
import { requestFor } from './udp-mtu.js';

/** Where a relay function was told to send, whatever the URI says. */
export interface RelayTo {
  /** A URI or `host:port` text as a SIP URI; null: the message's next hop. */
  readonly uri?: string | null;
  readonly proto?: Proto | null;
  /** Responses are not passed on (`t_replicate`). */
  readonly replicate?: boolean;
  /** Stateless: the Vias so far are left out, so that no response finds back; our branch's index is this. */
  readonly ownViaOnly?: boolean;
  readonly branchIndex?: number;
}

/** `t_forward_nonack`: 1 sent, negative: the error, also in `run.errorCode`. */
export function* forwardBranches(core: Core, t: Transaction, run: RouteRun, to: RelayTo): Steps<number> {
  if (t.canceled) return refuseCanceled(run);
  if (run.msg.method === 'CANCEL') {
    const invite = core.table.canceledBy(run.msg, core.tm);
    if (invite !== null) {
      yield* cancelReceived(core, t, run, invite);
      run.kept |= Kept.forwarded;
      return 1;
    }
  }
  run.underWay?.();
  const first = t.branches.length;
  const branchRoute = t.onBranch;
  if (branchRoute !== null) {
    t.onBranchDelayed = branchRoute;
    t.onBranch = null;
  }
  if (first === 0 && run.kind === 'request') {
    t.draft.edits = run.draft.edits.clone();
    t.draft.replyPieces = run.draft.replyPieces;
    t.draft.flags = run.draft.flags;
    t.draft.xflags = run.draft.xflags;
  }
  const targets = targetSet(run.msg, run.draft);
  run.draft.uriIsNew = false;
  let lowest: number = RouteError.unspecified;
  const added: Branch[] = [];
  for (const target of targets) {
    const branch = yield* addBranch(core, t, run, target, to, branchRoute);
    if (t.canceled) {
      run.draft.branches = [];
      return refuseCanceled(run);
    }
    if (typeof branch === 'number') lowest = Math.min(lowest, branch);
    else added.push(branch);
  }
  run.draft.branches = [];
  t.draft.flags = run.draft.flags;
  t.draft.xflags = run.draft.xflags;
  if (added.length === 0) {
    if (targets.length === 0) {
      core.log(-1, 'no branches for forwarding');
      run.errorCode = Math.min(lowest, RouteError.config);
      return -1;
    }
    if (lowest !== RouteError.config) core.log(-1, 'failure to add branches');
    run.errorCode = lowest;
    return lowest;
  }
  added[0]!.firstOfStep = true;
  let sent = 0;
  for (const branch of added) if (yield* sendBranch(core, branch, run.msg, run.draft)) sent++;
  if (sent === 0) {
    run.errorCode = RouteError.send;
    return -1;
  }
  run.errorCode = 0;
  run.kept |= Kept.forwarded;
  return 1;
}

/** t_append_branches.c, t_cell_append_branches(): see `Transactions.appendBranches`. */
export function* appendBranches(core: Core, t: Transaction, from: RouteRun): Steps<number> {
  if (t.canceled) return -2;
  if (t.status >= 200 || t.destroyed) return -3;
  const draft = t.draft.clone();
  draft.uriIsNew = false;
  draft.branches = from.draft.branches.filter(
    ({ uri, ruid }) => !t.branches.some((b) => b.uri === uri && (b.ruid ?? '') === (ruid ?? '')),
  );
  from.draft.branches = [];
  // Late branches pass the branch route of the earlier ones.
  t.onBranch ??= t.onBranchDelayed;
  const run: RouteRun = {
    kind: 'failure',
    msg: t.request,
    draft,
    rc: 0,
    dropped: false,
    transaction: t,
    branch: null,
    reply: null,
    armed: newArmed(),
    errorCode: 0,
    kept: 0,
    underWay: null,
    values: t.values,
  };
  const sent = yield* forwardBranches(core, t, run, {});
  from.errorCode = run.errorCode;
  return sent > 0 ? 1 : -1;
}
function refuseCanceled(run: RouteRun): number {
  run.draft.branches = [];
  run.errorCode = RouteError.canceled;
  return -1;
}

/** The branch, not sent yet; a number is the error it ended with. */
function* addBranch(
  core: Core,
  t: Transaction,
  run: RouteRun,
  target: Target,
  to: RelayTo,
  branchRoute: string | null,
): Steps<Branch | number> {
  if (t.branches.length >= core.tm.maxBranches) {
    core.log(-1, 'maximum number of branches exceeded');
    return RouteError.tooManyBranches;
  }
  const branch = newBranch(core, t);
  let draft = run.draft.clone();
  draft.uri = target.uri === run.msg.requestUri ? null : target.uri;
  draft.dstUri = target.dstUri;
  draft.path = target.path;
  draft.sendSocket = target.socket;
  draft.branchFlags = target.flags;
  draft.instance = target.instance;
  draft.ruid = target.ruid;
  draft.locationUa = target.locationUa;
  draft.q = target.q;
  // With reparse_on_dns_failover 0 a further server of the name gets the request without what the branch route does to it.
  const received = branchRoute === null || core.tm.reparseOnFailover ? null : draft.clone();
  // A branch route sees the target set, and adds nothing to it.
  if (branchRoute === null) draft.branches = [];
  let { msg } = run;
  if (branchRoute !== null && core.script !== null) {
    const branchRun = yield* wait(core.script.branch(t, branch, draft, branchRoute, run));
    draft = branchRun.draft;
    draft.branches = [];
    msg = branchRun.msg;
    if (!appliesChanges(core, run)) {
      run.draft.flags = draft.flags;
      run.draft.xflags = draft.xflags;
    }
    if (branchRun.dropped) return RouteError.config;
  }
  for (const told of core.hooks.requestForwarded) told(t);
  draft.viaFlags = (draft.viaFlags | (t.viaFlags[branch.index] ?? 0)) >>> 0;
  if (core.hooks.secureTarget) draft.secure = core.hooks.secureTarget(run, draft);
  // A Request-URI changed in the branch route does not move the next hop; $du does.
  const nextHop = to.uri ?? draft.dstUri ?? target.dstUri ?? target.uri;
  const addresses = yield* wait(core.resolve(nextHop, to.proto ?? null));
  const built = buildFor(core, t, branch, { msg, draft, received: received ?? draft }, addresses);
  if (typeof built === 'number') {
    core.log(
      -1,
      built === RouteError.badAddress ? `can't resolve ${nextHop}` : `no listening socket to reach ${nextHop}`,
    );
    return built;
  }
  branch.uri = draft.uri ?? msg.requestUri;
  branch.path = draft.path;
  branch.instance = draft.instance;
  branch.ruid = draft.ruid;
  branch.locationUa = draft.locationUa;
  branch.flags = draft.branchFlags;
  branch.onReply = t.onReply;
  branch.onFailure = t.onFailure;
  branch.onBranchFailure = t.onBranchFailure;
  t.branches.push(branch);
  return branch;
}

const hopTo = (to: Address, socket: ListenSocket, { sendSocket }: Draft): NextHop => ({
  proto: to.proto,
  ip: to.ip,
  port: to.port,
  socket,
  host: to.host,
  forced: sendSocket === socket || undefined,
});

/** Fills in address and text; a number is the error. */
function buildFor(
  core: Core,
  t: Transaction,
  branch: Branch,
  source: BranchSource,
  addresses: readonly Address[],
  from?: { readonly forced: ListenSocket | null },
): number | null {
  const { msg, draft } = source;
  const [address, ...others] = addresses;
  if (!address) return RouteError.badAddress;
  const socket = from ? core.sendSocket(null, from.forced, address) : core.sendSocket(msg, draft.sendSocket, address);
  if (socket === null) return RouteError.noSocket;
  const { hop, bytes } = requestFor(core, msg, draft, hopTo(address, socket, draft), branchParam(t, branch.index));
  branch.hop = hop;
  branch.bytes = bytes;
  branch.alternatives = others;
  branch.source = others.length > 0 ? source : null;
  branch.sendOptions = {
    noConnect: draft.noConnectForward || undefined,
    close: draft.closeForward || undefined,
    secure: draft.secure,
    failed: (code) => sendFailedLater(core, branch, code),
  };
  return null;
}

/** Sends a branch, or another address of the same name; true when one was sent. */
function* sendBranch(core: Core, first: Branch, msg: SipMessage, draft?: Draft): Steps<boolean> {
  let branch = first;
  for (;;) {
    if (yield* sendOnce(core, branch, msg, draft)) return true;
    const next = nextAlternative(core, branch);
    if (next === null) return holdUnsent(core, branch);
    branch = next;
  }
}
/** failure_exec_mode: what could not be sent fails when its time is over, as if nobody had answered (t_send_branch). */
function holdUnsent(core: Core, branch: Branch): boolean {
  if (!core.tm.failureExecMode || branch.internalCode !== NOT_DELIVERED) return false;
  branch.lastReceived = 0;
  startTimers(core, branch.transaction, branch);
  branch.request.stopRetransmitting();
  return true;
}
function* sendOnce(core: Core, branch: Branch, msg: SipMessage, draft?: Draft): Steps<boolean> {
  const { transaction: t, hop } = branch;
  if (hop === null) return false;
  if (isBlocked(core, hop, msg.methodId)) {
    branch.lastReceived = core.tm.timeoutCode;
    return false;
  }
  if (core.script?.hasOnsend) {
    const run = yield* wait(core.script.onsend(msg, hop, branch.bytes, t, draft));
    if (run.dropped) {
      branch.lastReceived = core.tm.timeoutCode;
      return false;
    }
  }
  if (!(yield* wait(firstSend(core, branch, hop)))) {
    // A timeout without a response: never chosen as the best.
    branch.lastReceived = core.tm.timeoutCode;
    branch.internalCode = NOT_DELIVERED;
    blockUnreachable(core, hop);
    core.log(0, `sending request on branch ${branch.index} failed`);
    return false;
  }
  startTimers(core, t, branch);
  return true;
}

/** Internal status of a branch whose request could not be sent. */
const NOT_DELIVERED = 908;
/** How long a relay waits to see whether a connection it has to open is refused. */
const OPEN_WAIT_MS = 50;

/**
 * Over a stream not open yet, waits a moment: a refusal that comes at once is a failed send, which the script sees and a
 * further target may make good.
 */
function firstSend(core: Core, branch: Branch, hop: NextHop): Maybe<boolean> {
  if (hop.proto === 'udp' || core.transports.connections.find(hop)?.stream) {
    return core.transports.send(hop, branch.bytes, branch.sendOptions);
  }
  const { promise, resolve } = withResolver<boolean>();
  let waiting = true;
  const settle = (sent: boolean) => {
    waiting = false;
    timer.cancel();
    resolve(sent);
  };
  const timer = core.env.clock.setTimer(OPEN_WAIT_MS, () => settle(true));
  const accepted = core.transports.send(hop, branch.bytes, {
    ...branch.sendOptions,
    opened: () => settle(true),
    failed: (code) => (waiting ? settle(false) : sendFailedLater(core, branch, code)),
  });
  if (accepted) return promise;
  timer.cancel();
  return false;
}
function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}

export function startTimers(core: Core, t: Transaction, branch: Branch): void {
  const { hop } = branch;
  if (hop === null) return;
  branch.request.onRetransmit = core.bound(sendAgain);
  branch.request.onFinal = core.bound(noResponse);
  const asRfc = (core.tm.rfcMode & RfcMode.timers) !== 0;
  const finalMs = Math.min(asRfc ? 64 * t.retrT1Ms : t.frTimeoutMs, Math.max(1, t.endOfLifeMs - core.nowMs));
  const longestMs = asRfc && t.isInvite ? Number.POSITIVE_INFINITY : t.retrT2Ms;
  branch.request.start(hop.proto === 'udp' ? t.retrT1Ms : 0, longestMs, finalMs);
}

function sendAgain(core: Core, branch: Branch): void {
  if (branch.hop !== null && core.transports.send(branch.hop, branch.bytes, branch.sendOptions)) return;
  branch.request.stop();
  fakeReply(core, branch.transaction, branch, 503);
}

/** Timers B, C and F (RFC 3261 §17.1, §16.8): as if a 408 (`reply_408_code`) had come. */
export function noResponse(core: Core, branch: Branch): void {
  const { transaction: t } = branch;
  if (t.destroyed) return;
  branch.timedOut = true;
  if (branch.hop && branch.lastReceived === 0) blockSilent(core, branch.hop, t.request.methodId);
  const silent =
    !core.tm.noisyTimer &&
    !(t.flags & TransactionFlag.noisyTimer) &&
    !t.isLocal &&
    t.isInvite &&
    t.branches.length === 1 &&
    t.onFailure === null &&
    core.hooks.failure.length === 0 &&
    branch.lastReceived === 0;
  if (silent) {
    putOnWait(core, t);
    return;
  }
  if (branch.lastReceived === 0 && core.settings.dnsFailover && core.nowMs < t.endOfLifeMs) {
    const next = nextAlternative(core, branch);
    if (next !== null) sendNow(core, next);
  }
  fakeReply(core, t, branch, core.tm.timeoutCode);
}

/** A stream that could not be opened, or a datagram the system could not deliver: the next address, or a 503. */
export function sendFailedLater(core: Core, branch: Branch, code: string): void {
  const t = branch.transaction;
  if (t.destroyed || branch.lastReceived >= 100 || !branch.request.running) return;
  core.log(0, `sending request on branch ${branch.index} failed (${code})`);
  branch.request.stop();
  branch.internalCode = NOT_DELIVERED;
  if (branch.hop) blockRefused(core, branch.hop);
  const next = nextAlternative(core, branch);
  if (next !== null) sendNow(core, next);
  fakeReply(core, t, branch, 503);
}

/** A 503, or what `failover_reply_codes` names: another server of the same name may do better (RFC 3263 §4.3). */
export function* tryAlternative(core: Core, branch: Branch): Steps<void> {
  const source = branch.source;
  const next = nextAlternative(core, branch);
  if (next !== null && source !== null) yield* sendBranch(core, next, source.msg);
}

function sendNow(core: Core, branch: Branch): void {
  const { hop, transaction: t } = branch;
  if (hop === null) return;
  const blocked = isBlocked(core, hop, t.request.methodId);
  if (!blocked && core.transports.send(hop, branch.bytes, branch.sendOptions)) {
    startTimers(core, t, branch);
    return;
  }
  branch.lastReceived = core.tm.timeoutCode;
  if (!blocked) {
    branch.internalCode = NOT_DELIVERED;
    blockUnreachable(core, hop);
  }
  const next = nextAlternative(core, branch);
  if (next !== null) sendNow(core, next);
  else holdUnsent(core, branch);
}

/** A new branch to the next address of the same name (add_uac_dns_fallback); null when there is none. */
function nextAlternative(core: Core, old: Branch): Branch | null {
  const { transaction: t, source } = old;
  const blocked = TransactionFlag.canceled | TransactionFlag.got6xx | TransactionFlag.disableFailover;
  if (source === null || old.alternatives.length === 0 || t.flags & blocked || old.canceled) return null;
  if (t.branches.length >= core.tm.maxBranches || !core.settings.dnsFailover) return null;
  const branch = newBranch(core, t);
  const { reparseOnFailover, dnsReuseReceiveSocket } = core.tm;
  let draft = source.draft;
  if (!reparseOnFailover && source.received !== draft) {
    draft = source.received.clone();
    draft.uri = old.uri === source.msg.requestUri ? null : old.uri;
    draft.path = old.path;
  }
  // Unless the script named one, by the new address alone: not the socket the request came in on (add_uac_dns_fallback).
  const forced = draft.sendSocket ?? (dnsReuseReceiveSocket ? source.msg.received.socket : null);
  const from = t.isOriginated ? undefined : { forced };
  if (buildFor(core, t, branch, { ...source, draft }, old.alternatives, from) !== null) return null;
  branch.uri = old.uri;
  branch.path = old.path;
  branch.instance = old.instance;
  branch.ruid = old.ruid;
  branch.locationUa = old.locationUa;
  branch.flags = old.flags;
  branch.onReply = old.onReply;
  branch.onFailure = old.onFailure;
  branch.onBranchFailure = old.onBranchFailure;
  old.alternatives = [];
  t.branches.push(branch);
  return branch;
}

/** Stateless: 1 sent, negative the error. The branch is the same for every retransmission (§16.11). */
export function* forwardStateless(core: Core, run: RouteRun, to: RelayTo = {}): Steps<number> {
  const { msg } = run;
  const draft = to.ownViaOnly ? withoutVias(run) : run.draft;
  const nextHop = to.uri ?? draft.dstUri ?? draft.uri ?? msg.requestUri;
  const addresses = yield* wait(core.resolve(nextHop, to.proto ?? null));
  if (addresses.length === 0) {
    core.log(-1, `can't resolve ${nextHop}`);
    run.errorCode = RouteError.badAddress;
    return RouteError.badAddress;
  }
  const branch = buildBranch(
    tableIndex(msg.callId ?? '', msg.cseq?.number ?? 0),
    requestDigest(msg),
    to.branchIndex ?? 0,
  );
  let error: number = RouteError.send;
  for (const address of addresses) {
    const socket = core.sendSocket(msg, draft.sendSocket, address);
    if (socket === null) {
      error = RouteError.noSocket;
      continue;
    }
    const { hop, bytes } = requestFor(core, msg, draft, hopTo(address, socket, draft), branch, {
      keepVia: to.ownViaOnly,
    });
    if (core.blocklist?.blocks(hop)) {
      error = RouteError.send;
      if (!core.settings.dnsFailover) break;
      continue;
    }
    if (core.script?.hasOnsend) {
      const onsend = yield* wait(core.script.onsend(msg, hop, bytes, null, draft));
      if (onsend.dropped) {
        error = RouteError.prohibited;
        continue;
      }
    }
    const secure = core.hooks.secureTarget?.(run, draft) ?? null;
    if (core.transports.send(hop, bytes, { noConnect: draft.noConnectForward, close: draft.closeForward, secure })) {
      run.errorCode = 0;
      return 1;
    }
    error = RouteError.send;
    blockUnreachable(core, hop);
    if (!core.settings.dnsFailover) break;
  }
  run.errorCode = error;
  return error;
}

function withoutVias({ msg, draft }: RouteRun): Draft {
  const alone = draft.clone();
  for (const via of msg.headersOf(HeaderId.Via)) alone.edits.remove(via.start, via.end);
  return alone;
}

/** A response without a transaction: to the second Via (RFC 3261 §16.11, §18.2.2). */
export function* forwardResponse(core: Core, msg: SipMessage, draft: Draft): Steps<boolean> {
  const vias = msg.vias();
  const top = vias[0];
  const next = vias[1];
  if (!top || !next) return false;
  if (core.settings.checkVia && !core.transports.isMyself(top.host, top.port || 5060, top.proto ?? undefined)) {
    core.log(-1, `host in first via!=me : ${top.host}:${top.port}`);
    return false;
  }
  const port = Number(next.rport ?? '') || next.port;
  const host = next.received ?? next.host;
  const uri = `sip:${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}${port || next.received !== null ? `:${port || 5060}` : ''}`;
  const proto = next.proto ?? 'udp';
  const addresses = yield* wait(core.resolve(uri, proto));
  const address = addresses[0];
  if (!address) return false;
  const socket = core.sendSocket(msg, draft.sendSocket, address);
  if (socket === null) {
    core.log(-1, 'cannot forward reply');
    return false;
  }
  const hop: NextHop = {
    proto,
    ip: address.ip,
    port: address.port,
    socket,
    connectionId: proto === 'udp' ? undefined : connectionOf(top.connectionId),
  };
  const bytes = buildForwardedResponse(msg, draft, { socket, proto, hop, branchParam: '' });
  if (core.settings.onsendReplies && core.script?.hasOnsend) {
    const onsend = yield* wait(core.script.onsend(msg, hop, bytes, null));
    if (onsend.dropped) return false;
  }
  return core.transports.send(hop, bytes, {
    noConnect: draft.noConnectForward || draft.noConnectReply,
    close: draft.closeForward || draft.closeReply,
  });
}
/** `;i=` of our own Via: the connection the request came on, digits reversed. */
function connectionOf(text: string | null): number | undefined {
  if (text === null || text === '' || text.length > 8) return undefined;
  const value = Number.parseInt([...text].reverse().join(''), 16);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

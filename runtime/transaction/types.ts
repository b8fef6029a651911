/**
 * What the transaction layer needs from above it: the running route, and someone to run routes for it.
 *
 * `RouteContext` (sdk/context.ts) is a `RouteRun`; the script runner (route/) is a `TransactionScript`.
 */

import type { Draft } from '../message/draft.js';
import type { SipMessage } from '../message/message.js';
import type { RouteKind, Verdict } from '../sdk/define.js';
import type { NextHop } from '../transport/types.js';
import type { Maybe } from './steps.js';
import type { Branch, Transaction } from './transaction.js';

/** What `t_on_…()` and `t_set_…()` asked for before there was a transaction; moved into it when it is created. */
export interface Armed {
  failure: string | null;
  reply: string | null;
  branch: string | null;
  branchFailure: string | null;
  /** Milliseconds; 0: the module's parameter. */
  frTimerMs: number;
  frInvTimerMs: number;
  retrT1Ms: number;
  retrT2Ms: number;
  maxInviteLifetimeMs: number;
  maxNonInviteLifetimeMs: number;
  /** `t_set_auto_inv_100()`, `t_set_disable_6xx()` …: bits of `TransactionFlag` switched on, and off. */
  flagsOn: number;
  flagsOff: number;
}
export const newArmed = (): Armed => ({
  failure: null,
  reply: null,
  branch: null,
  branchFailure: null,
  frTimerMs: 0,
  frInvTimerMs: 0,
  retrT1Ms: 0,
  retrT2Ms: 0,
  maxInviteLifetimeMs: 0,
  maxNonInviteLifetimeMs: 0,
  flagsOn: 0,
  flagsOff: 0,
});

/** How a run of the request route left its transaction (tm's `kr`): decides what happens when the script ends. */
export const Kept = { nothing: 0, forwarded: 1, replied: 2, released: 4, existed: 8, errorDelayed: 16 } as const;

/** One run of a route, as this layer sees it. */
export interface RouteRun {
  readonly kind: RouteKind;
  /** The request; in reply routes the response. */
  msg: SipMessage;
  draft: Draft;
  rc: Verdict;
  dropped: boolean;
  transaction: Transaction | null;
  branch: Branch | null;
  /** Failure routes: the response chosen, null when it was made here. */
  reply: SipMessage | null;
  readonly armed: Armed;
  /** Last routing error (`tmError` codes of errors.ts): what `sl_reply_error()` answers with. */
  errorCode: number;
  /** Bits of `Kept`. */
  kept: number;
  /** Told once the request has its transaction and goes on its way: others of its call need not wait for it. */
  underWay: (() => void) | null;
  /** AVPs and XAVPs: the transaction keeps the stores of the run that made it, later runs use those. */
  values: object;
}

/** Runs route blocks. Each returns the context it ran with: `dropped`, `msg` (after msg_apply_changes) and `draft` are read from it. */
export interface TransactionScript {
  /** `branch_route[name]`, with the branch's own draft. */
  branch(t: Transaction, branch: Branch, draft: Draft, name: string, from: RouteRun): Maybe<RouteRun>;
  /** `onreply_route[name]`; `draft` holds what reply_route did, with the flags of the transaction and the branch. */
  onReply(t: Transaction, branch: Branch, reply: SipMessage, draft: Draft, name: string): Maybe<RouteRun>;
  /** `failure_route[name]`; `reply` null: made here (timeout, local cancel). `draft` is a fresh copy of the transaction's. */
  failure(t: Transaction, branch: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun>;
  /** `event_route[tm:branch-failure:name]`. */
  branchFailure(t: Transaction, branch: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun>;
  /** `route[name]` with which t_continue() goes on: as a failure route, or as a reply route when `reply` is given. */
  resume(t: Transaction, branch: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun>;
  /** `onreply_route[name]` for a response of no transaction. */
  slReply(reply: SipMessage, draft: Draft, name: string): Maybe<RouteRun>;
  /** `event_route[tm:local-request]`; only when `hasEvent` says so. */
  localRequest(t: Transaction, request: SipMessage, draft: Draft, hop: NextHop): Maybe<RouteRun>;
  /** `event_route[tm:local-request]` for a CANCEL or ACK of ours that is settled: what it changes does not count. */
  localRequestSent(t: Transaction, bytes: string, hop: NextHop): void;
  /** `event_route[tm:local-ack-sent]`, when the program has it. */
  localAckSent(t: Transaction, ack: string, hop: NextHop): void;
  /** True when the program has an onsend_route. */
  readonly hasOnsend: boolean;
  /** onsend_route; the message is not sent when the run was dropped. `from` null: sent by a timer. */
  /** `draft`: what the route that sends has decided; reads see it, changes to it do not count. */
  onsend(msg: SipMessage, hop: NextHop, bytes: string, t: Transaction | null, draft?: Draft): Maybe<RouteRun>;
  hasEvent(name: string): boolean;
  /** `event_route[name]` with this message, when the program has it; null when not. */
  event(name: string, msg: SipMessage, t: Transaction | null): Maybe<RouteRun | null>;
}

/**
 * tm's parameters, times in milliseconds. The `tm` module fills them in; they can change while running.
 */
import { Method } from '../message/methods.js';

export interface TmSettings {
  frTimerMs: number;
  frInvTimerMs: number;
  waitTimerMs: number;
  retrT1Ms: number;
  retrT2Ms: number;
  maxInviteLifetimeMs: number;
  maxNonInviteLifetimeMs: number;
  /** 0: an INVITE nobody answered and nobody waits for ends silently. */
  noisyTimer: boolean;
  /** Restart fr_inv_timer on every provisional response. */
  restartFrOnEachReply: boolean;
  autoInvite100: boolean;
  autoInvite100Reason: string;
  disable6xxBlock: boolean;
  relay100: boolean;
  /** 0 all replies are kept, 1 all dropped, 2 those of the last step, 3 all once a new branch was added. */
  failureReplyMode: number;
  fakedReplyPriority: number;
  remap503To500: boolean;
  aggregateChallenges: boolean;
  /** CANCEL on a branch that has not answered: 0 fake a 487, 1 retransmit the INVITE and wait, 2 send it anyway. */
  cancelBranchMethod: number;
  /** `Reason: SIP;cause=…` in CANCELs made here; the caller's Reason in those passed on. */
  localCancelReason: boolean;
  e2eCancelReason: boolean;
  /** A CANCEL received ends here and each branch gets one of ours; else it goes on in branches of its own. */
  cancelHopByHop: boolean;
  /** CANCEL without its INVITE: 0 own transaction, 1 stateless, 2 dropped. */
  unmatchedCancel: number;
  ruriMatching: boolean;
  via1Matching: boolean;
  /** A response whose Call-ID is not the request's belongs to no transaction, whatever its branch says. */
  callidMatching: boolean;
  /** The digest in the branch does not count: Call-ID and CSeq number of a response do. */
  callidCseqMatching: boolean;
  passProvisionalReplies: boolean;
  reparseInvite: boolean;
  /** Header name prefix copied into CANCEL and ACK made here. */
  acExtraHdrs: string;
  /** A branch that could not be sent ends with fr_timer; else its relay fails. */
  failureExecMode: boolean;
  /** A further server of a name gets the request as the branch route left it; else as it was before. */
  reparseOnFailover: boolean;
  /** 2xx after the final response: 0 kept as the transaction's answer too, 1 only passed on. */
  replyRelayMode: number;
  richRedirect: number;
  /** A failure route that took this long is told in the log; 0: none. */
  slowFailureRouteMs: number;
  /** A further server of a name is sent to from the socket the request came in on; else from the first one that fits. */
  dnsReuseReceiveSocket: boolean;
  defaultCode: number;
  defaultReason: string;
  maxBranches: number;
  /** Where tm and the RFCs disagree, the RFC wins: bits of `RfcMode`. 0, as tm: none. */
  rfcMode: number;
  /** Where the ACK to a 2xx of our own INVITE goes: 0 along the route set, 1 where the INVITE went, 2 where the 2xx came from. */
  localAckMode: number;
  /** The branch of that ACK: 0 the INVITE's, 1 one derived from it, 2 one of the 2xx. */
  localAckBranchMode: number;
  /** A relay that failed unanswered is answered when the route ends; else at once. */
  delayedReply: boolean;
  /** Responses find transactions that are not over yet only. */
  onlyActive: boolean;
  /** Bits of `CancelHeaders`. */
  headersMode: number;
  /** event_route[tm:local-request] also runs for CANCELs (1) and ACKs to refusals (2) of requests passed on. */
  localRequestEvents: number;
  /** Failure routes run for requests of our own too. */
  localFailureRoutes: boolean;
  /** onreply_route for responses of no transaction; '' none. */
  onSlReply: string;
  /** The sender of a 503 goes on the list of failed destinations, for the seconds of its Retry-After within these bounds. */
  blockOn503: boolean;
  block503DefaultSec: number;
  block503MinSec: number;
  block503MaxSec: number;
  /** `methodId` bits: whose silence lists the destination, and who looks at the list. */
  blockMethods: number;
  blockLookupMethods: number;
  /** Status and reason of a branch nobody answered. */
  timeoutCode: number;
  timeoutReason: string;
  /** Statuses other than 503 after which the next address of the same name is tried. */
  failoverOn: (status: number) => boolean;
}

export const RfcMode = {
  /** Finished transactions wait 64*T1 over datagrams, and 2xx are not sent again for an INVITE that comes again (RFC 3261 §17, RFC 6026). */
  states: 1,
  /** A non-INVITE nobody answered ends without a response (RFC 4320 §4.2). */
  silentTimeouts: 2,
  /** Timer A doubles without an upper limit, timers B, F and H are 64*T1 (RFC 3261 §17.1.1.2). */
  timers: 4,
} as const;

/** Header fields of a CANCEL received: copied into ours; a CANCEL of no INVITE goes on with our Via alone. */
export const CancelHeaders = { copy: 1, ownViaOnly: 2 } as const;
/** Hop-by-hop requests that run event_route[tm:local-request]. */
export const LocalRequestEvents = { cancel: 1, ack: 2 } as const;

export const defaultTmSettings = (): TmSettings => ({
  frTimerMs: 30_000,
  frInvTimerMs: 120_000,
  waitTimerMs: 5_000,
  retrT1Ms: 500,
  retrT2Ms: 4_000,
  maxInviteLifetimeMs: 180_000,
  maxNonInviteLifetimeMs: 32_000,
  noisyTimer: true,
  restartFrOnEachReply: true,
  autoInvite100: true,
  autoInvite100Reason: 'trying -- your call is important to us',
  disable6xxBlock: false,
  relay100: false,
  failureReplyMode: 3,
  fakedReplyPriority: 0,
  remap503To500: true,
  aggregateChallenges: true,
  cancelBranchMethod: 1,
  localCancelReason: true,
  e2eCancelReason: true,
  cancelHopByHop: true,
  unmatchedCancel: 0,
  ruriMatching: true,
  via1Matching: true,
  callidMatching: false,
  callidCseqMatching: false,
  passProvisionalReplies: false,
  reparseInvite: true,
  acExtraHdrs: '',
  failureExecMode: false,
  reparseOnFailover: true,
  replyRelayMode: 1,
  richRedirect: 0,
  slowFailureRouteMs: 5000,
  dnsReuseReceiveSocket: false,
  defaultCode: 500,
  defaultReason: 'Server Internal Error',
  maxBranches: 12,
  rfcMode: 0,
  localAckMode: 0,
  localAckBranchMode: 0,
  delayedReply: true,
  onlyActive: false,
  headersMode: 0,
  localRequestEvents: 0,
  localFailureRoutes: false,
  onSlReply: '',
  blockOn503: false,
  block503DefaultSec: 0,
  block503MinSec: 0,
  block503MaxSec: 3600,
  blockMethods: Method.INVITE,
  blockLookupMethods: ~Method.BYE,
  timeoutCode: 408,
  timeoutReason: 'Request Timeout',
  failoverOn: () => false,
});

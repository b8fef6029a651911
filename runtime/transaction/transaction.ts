/**
 * A transaction: the server side with its client branches, the response context of RFC 3261 §16.7.
 *
 * Data and its mailbox only; what happens to it is in the machines beside it and in `proxy/`.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, Proto, Timer } from '../env.js';
import type { Draft } from '../message/draft.js';
import { Edits } from '../message/edit.js';
import type { SipMessage } from '../message/message.js';
import type { ListenSocket, NextHop, SendOptions } from '../transport/types.js';
import type { Maybe } from './steps.js';
import { RetransmitBuffer } from './timers.js';

/** An address a URI resolved to. */
export interface Address {
  readonly proto: Proto;
  readonly ip: string;
  readonly port: number;
  readonly host?: string;
}

export const TransactionFlag = {
  invite: 1,
  canceled: 2,
  /** A 6xx came: the other branches were canceled. */
  got6xx: 4,
  /** INVITEs get `100 trying` at the first relay. */
  auto100: 8,
  disable6xx: 16,
  disableFailover: 32,
  noE2eCancelReason: 64,
  /** t_relay() errors do not answer by themselves. */
  disableInternalReply: 128,
  /** Responses are not passed upstream: replicated or made here. */
  local: 256,
  noisyTimer: 512,
  onWait: 1024,
  /** Between t_suspend() and t_continue(). */
  suspended: 2048,
  /** Its request was made here: there is no server side (always with `local`). */
  originated: 4096,
  /** The module that sent the INVITE acknowledges its 2xx. */
  ownAck: 8192,
  /** CANCELs have From and To as sent, not as received (`t_use_uac_headers`). */
  sentFromTo: 16384,
} as const;

/** Stands for a response made here: a timeout, a branch canceled before it answered. */
export const FAKED = 'faked';
/** A response with what the reply routes did to it. */
export interface EditedReply {
  readonly message: SipMessage;
  readonly draft: Draft;
}
export type Reply = EditedReply | typeof FAKED;
export type StoredReply = Reply | null;

/** What t_continue() goes on with. */
export interface Suspension {
  /** The branch without a destination whose timer bounds the wait; for a response, the branch it came in on. */
  readonly branch: Branch;
  /** The response whose reply route was left; null: a request. */
  readonly reply: EditedReply | null;
  /** The Request-URI was not relayed to yet. */
  readonly uriIsNew: boolean;
}
/** A 2xx whose ACK is left to who sent the INVITE (`TransactionFlag.ownAck`), and that ACK once it was sent. */
export interface OwnAck {
  readonly branch: Branch;
  readonly reply: SipMessage;
  sent: { readonly hop: NextHop; readonly bytes: string } | null;
}
/** How a request of our own ended or proceeds; `reply` null: nobody answered. */
export type LocalListener = (outcome: {
  readonly status: number;
  readonly reply: SipMessage | null;
  readonly transaction: Transaction;
}) => void;

const NO_ADDRESSES: readonly Address[] = [];

/** One client transaction. */
/** What a branch was built from. */
export interface BranchSource {
  readonly msg: SipMessage;
  readonly draft: Draft;
  /** Before the branch route; the same one where there was none, or where what it did counts. */
  readonly received: Draft;
}

export class Branch {
  readonly index: number;
  readonly transaction: Transaction;
  /** Where it goes and what was sent; null until built. */
  hop: NextHop | null = null;
  bytes = '';
  sendOptions: SendOptions | undefined = undefined;
  uri = '';
  path: string | null = null;
  instance: string | null = null;
  ruid: string | null = null;
  locationUa: string | null = null;
  /** Branch flags (`setbflag`). */
  flags = 0;
  /** Highest status seen; 0 none. A branch that could not be sent has 408 with no reply. */
  lastReceived = 0;
  /** Final response kept for choosing the best. */
  reply: StoredReply = null;
  onReply: string | null = null;
  onFailure: string | null = null;
  onBranchFailure: string | null = null;
  /** First branch of a serial forking step. */
  firstOfStep = false;
  /** Has no destination: its timer bounds a suspension. */
  blind = false;
  canceled = false;
  /** FR timer fired; a response arrived. */
  timedOut = false;
  replied = false;
  /** The ringing timer (fr_inv) runs. */
  frInvite = false;
  /** Internal code of a delivery failure (908), else 0. */
  internalCode = 0;
  /** Further addresses of the same name, tried when this one fails. */
  alternatives: readonly Address[] = NO_ADDRESSES;
  /** What it was built from, while there are alternatives. */
  source: BranchSource | null = null;
  readonly request: RetransmitBuffer<Branch>;
  /** Of the CANCEL sent on it; null before. */
  localCancel: RetransmitBuffer<Branch> | null = null;
  /** The CANCEL sent on it; '' none yet. */
  cancelBytes = '';
  /** Chosen to be canceled, the CANCEL not built yet. */
  cancelPending = false;
  constructor(transaction: Transaction, index: number, clock: Clock) {
    this.transaction = transaction;
    this.index = index;
    this.request = new RetransmitBuffer<Branch>(clock, this);
  }
  /** Drops what is of use only until the transaction has its final response. */
  slim(): void {
    this.request.trim();
    this.localCancel?.trim();
    if (!this.request.running) {
      this.sendOptions = undefined;
      this.alternatives = NO_ADDRESSES;
      this.source = null;
    }
    if (this.reply !== null && this.reply !== FAKED) this.reply.message.forget();
  }
}

const nothing = (): void => {};

export class Transaction {
  /** As received; replaced when msg_apply_changes() ran before it was created. For `originated` ones: as sent. */
  request: SipMessage;
  /** State of the request when the transaction was created, its edits as of the first relay. */
  draft: Draft;
  readonly index: number;
  readonly label: number;
  /** MD5 of the request's identifying fields, in our Via branch. */
  readonly md5: string;
  readonly branches: Branch[] = [];
  onFailure: string | null = null;
  onReply: string | null = null;
  onBranch: string | null = null;
  onBranchFailure: string | null = null;
  /** Bits of `TransactionFlag`. */
  flags = 0;
  /** Status last sent upstream; 0 none. */
  status = 0;
  /** Bytes of that response, for retransmissions. */
  lastResponse = '';
  /** Branch whose response was relayed; -1 none, -2 one made here. */
  relayedBranch = -1;
  /** Branch the failure route runs for. */
  pickedBranch = -1;
  /** To-tag of the final response made here, to tell its ACK from an end-to-end one. */
  localToTag: string | null = null;
  /** To-tags of 2xx passed on. */
  readonly forwardedToTags: { readonly tag: string; acked: boolean }[] = [];
  responseHop: NextHop | null = null;
  responseOptions: SendOptions | undefined = undefined;
  /** Of the final response; null until one has to be sent again. */
  response: RetransmitBuffer<Transaction> | null = null;
  frTimeoutMs = 0;
  frInvTimeoutMs = 0;
  retrT1Ms = 0;
  retrT2Ms = 0;
  /** Monotonic ms after which no timer runs on (max_inv_lifetime, max_noninv_lifetime). */
  endOfLifeMs = 0;
  /** Reason header fields for branch CANCELs. */
  cancelReason: string | null = null;
  /** By index of a branch, which need not be there yet: `Draft.viaFlags` of the branch alone. */
  readonly viaFlags: number[] = [];
  /** Further header fields for them (`headers_mode`). */
  cancelHeaders = '';
  /** branch_route of the last forward, for branches added later. */
  onBranchDelayed: string | null = null;
  /** failure_reply_mode, or what t_drop_replies() set in the running failure route. */
  dropReplies = 0;
  /** AVP and XAVP stores of the run that created it. */
  values: object;
  /** Someone (acc) asked for the ACK to a 2xx passed on. */
  wantsAck = false;
  suspension: Suspension | null = null;
  /** `originated`: who sent it. */
  onCompleted: LocalListener | null = null;
  onProgress: LocalListener | null = null;
  /** Null: no 2xx yet, or acknowledged without being asked. */
  ownAck: OwnAck | null = null;
  /** Wait timer started, at which monotonic ms. */
  waitStartMs = 0;
  waitTimer: Timer | null = null;
  /** Left the table. */
  destroyed = false;
  /** What it deals with, or dealt with last: its request, a response, a CANCEL; null: a timer. Log prefixes are made from it. */
  current: SipMessage | null;
  /** Anything modules keep with it (acc). */
  get data(): Map<string, unknown> {
    return (this.#data ??= new Map());
  }
  /** What a module keeps with it under this name; nothing is made for those that keep nothing. */
  kept(name: string): unknown {
    return this.#data?.get(name);
  }
  /** Under which it is in the table, and what it shares that with. */
  callId = '';
  readonly cseqNumber: number;
  nextOfCall: Transaction | null = null;
  nextOfDigest: Transaction | null = null;
  readonly createdAtMs: number;
  readonly socket: ListenSocket;

  #data: Map<string, unknown> | null = null;
  #busy = false;
  /** Whose turn a route of this one waits for. */
  #awaited: Transaction | null = null;
  #queue: (() => Maybe<void>)[] | null = null;

  constructor(o: {
    request: SipMessage;
    draft: Draft;
    index: number;
    label: number;
    md5: string;
    values: object;
    createdAtMs: number;
  }) {
    this.request = o.request;
    this.cseqNumber = o.request.cseq?.number ?? -1;
    this.current = o.request;
    this.draft = o.draft;
    this.index = o.index;
    this.label = o.label;
    this.md5 = o.md5;
    this.values = o.values;
    this.createdAtMs = o.createdAtMs;
    this.socket = o.request.received.socket;
  }

  get id(): { readonly index: number; readonly label: number } {
    return { index: this.index, label: this.label };
  }
  get isInvite(): boolean {
    return (this.flags & TransactionFlag.invite) !== 0;
  }
  get canceled(): boolean {
    return (this.flags & TransactionFlag.canceled) !== 0;
  }
  get suspended(): boolean {
    return (this.flags & TransactionFlag.suspended) !== 0;
  }
  /** Made here, not for a request received. */
  get isOriginated(): boolean {
    return (this.flags & TransactionFlag.originated) !== 0;
  }
  get isLocal(): boolean {
    return (this.flags & TransactionFlag.local) !== 0;
  }

  /** One at a time, in order: a response, a timer, a cancel and the routes they run (the mailbox). */
  exclusively(job: () => Maybe<void>): void {
    if (this.#busy) {
      // What it does later is done for the message that it is about now.
      (this.#queue ??= []).push(AsyncLocalStorage.bind(job));
      return;
    }
    this.#run(job);
  }
  /** A route of `other` would wait here for itself: it runs in this transaction's turn, or in that of one this one waits for. */
  waitsFor(other: Transaction): boolean {
    for (let t: Transaction | null = this; t !== null; t = t.#awaited) if (t === other) return true;
    return false;
  }
  /**
   * As `exclusively`, for one who waits for what comes of it; `failed`: the answer when the job ends in an error. `by`: whose
   * turn the one who waits has, if any; the caller has asked `waitsFor(by)`, else nobody would ever go on.
   */
  inTurn<T>(job: () => Maybe<T>, failed: T, by: Transaction | null): Maybe<T> {
    let value = failed;
    let over = false;
    let ended: (() => void) | null = null;
    const finish = () => {
      over = true;
      ended?.();
    };
    this.exclusively(() => {
      let running: Maybe<T>;
      try {
        running = job();
      } catch (error) {
        finish();
        throw error;
      }
      if (!(running instanceof Promise)) {
        value = running;
        finish();
        return undefined;
      }
      return running
        .then((result) => {
          value = result;
        })
        .finally(finish);
    });
    if (over) return value;
    if (by !== null) by.#awaited = this;
    return new Promise((resolve) => {
      ended = () => {
        if (by !== null) by.#awaited = null;
        resolve(value);
      };
    });
  }
  /** A job failed: a bug of ours. The next ones still run. */
  onError: (error: unknown) => void = nothing;
  #run(first: () => Maybe<void>): void {
    this.#busy = true;
    let job: (() => Maybe<void>) | undefined = first;
    while (job) {
      try {
        const running = job();
        if (running instanceof Promise) {
          const next = () => {
            const following = this.#queue?.shift();
            if (following) this.#run(following);
            else this.#idle();
          };
          running.catch(this.onError).then(next, next);
          return;
        }
      } catch (error) {
        this.onError(error);
      }
      job = this.#queue?.shift();
    }
    this.#idle();
  }
  #idle(): void {
    this.#busy = false;
    if (this.flags & TransactionFlag.onWait) this.slim();
  }
  /**
   * Only what comes late is waited for: keeps the texts and drops what was parsed from them, three quarters of its size
   * (the garbage collector's work is to copy what lives on).
   */
  slim(): void {
    this.current = null;
    this.request.forget();
    this.draft.edits = Edits.empty();
    this.response?.trim();
    this.ownAck?.reply.forget();
    for (const branch of this.branches) branch.slim();
  }
}

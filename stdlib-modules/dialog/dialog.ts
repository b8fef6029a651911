/**
 * One dialog as a proxy follows it (RFC 3261 §12): identity, both legs, state, variables. Data and its small laws only;
 * what happens to it is in `follow.ts`, where it is found in `table.ts`.
 *
 * ```
 *            1xx            2xx               ACK              BYE, timeout
 * 1 unconfirmed ──► 2 early ──► 3 confirmed, no ACK ──► 4 confirmed ──► 5 deleted
 *         └────────────┴── 3xx–6xx ──────────────────────────────────────┘
 * ```
 */
import { detach, type ListenSocket, type SipMessage, type Timer, type Transaction } from '../../runtime/sdk/index.js';
import type { ProfileLink } from './profiles.js';

export const State = { unconfirmed: 1, early: 2, confirmedNoAck: 3, confirmed: 4, deleted: 5 } as const;
export type State = (typeof State)[keyof typeof State];

/** Bits of `dflags`, in memory only; Kamailio's numbers, which dlg.list shows. */
export const DialogFlag = {
  new: 1,
  changed: 2,
  hasBye: 4,
  callerBye: 16,
  calleeBye: 32,
  changedVars: 128,
  /** A transaction has been told of it. */
  transaction: 512,
  /** One bit for both, as in dlg_hash.h. */
  expired: 1024,
  changedProfiles: 1024,
} as const;
/** Bits of `iflags`, kept in the database. */
export const PropertyFlag = {
  timeoutBye: 1,
  keepaliveCaller: 2,
  keepaliveCallee: 4,
  timerNoReset: 8,
  cseqDiff: 16,
  prack: 32,
  /** Other nodes of the cluster know it. */
  replicated: 64,
} as const;

export const Side = { caller: 0, callee: 1 } as const;
export type Side = (typeof Side)[keyof typeof Side];
export const otherSide = (side: Side): Side => (side === Side.caller ? Side.callee : Side.caller);

export const Direction = { none: 0, downstream: 1, upstream: 2 } as const;
export type Direction = (typeof Direction)[keyof typeof Direction];

export class Leg {
  /** '' while it is not known. */
  tag = '';
  /** CSeq number last seen from this side, as digits. */
  cseq = '';
  /** Values of the route set towards this side, separated by commas. */
  routeSet = '';
  contact = '';
  socket: ListenSocket | null = null;

  /** From a message: texts are copied, so that they do not keep it alive. */
  fill(o: { readonly tag: string; readonly routeSet: string; readonly contact: string; readonly cseq: string }): void {
    this.tag = detach(o.tag);
    this.setRouteSet(o.routeSet);
    this.setContact(o.contact);
    this.setCseq(o.cseq === '' ? '0' : o.cseq);
  }
  setRouteSet(text: string): void {
    this.routeSet = detach(text);
  }
  setContact(uri: string): void {
    if (this.contact !== uri) this.contact = detach(uri);
  }
  setCseq(digits: string): void {
    this.cseq = detach(digits);
  }
}

/** A variable; newest first in the list. */
export interface DialogVar {
  readonly key: string;
  value: string;
  /** Not in the database yet; in it with another value. */
  isNew: boolean;
  changed: boolean;
}

export class Dialog {
  readonly callId: string;
  readonly fromUri: string;
  readonly toUri: string;
  readonly requestUri: string;
  readonly caller = new Leg();
  readonly callee = new Leg();
  /** Slot, and number within it: what `;did` names. */
  entry = 0;
  id = 0;
  /** In the table. */
  linked = false;
  /** Who holds it: the call, the timer, a transaction about to end. At 0 it is destroyed. */
  refs = 0;
  state: State = State.unconfirmed;
  /** Seconds it may live from when it is confirmed or refreshed. */
  lifetime = 0;
  /** Unix seconds; 0: not yet. */
  initTs: number;
  startTs = 0;
  endTs = 0;
  dflags = 0;
  iflags = 0;
  sflags = 0;
  /** URI of the node of the cluster that told of it; '' when none did. */
  node = '';
  /** Name of the route run when it times out. */
  timeoutRoute = '';
  /** Record-Routes the INVITE came with. */
  fromRoutes = 0;
  timer: Timer | null = null;
  /** Of the INVITE, until it is answered. */
  transaction: Transaction | null = null;
  /** Unix seconds at which the timer fires; 0: it does not run. */
  expiresAt = 0;
  vars: DialogVar[] = [];
  /** Variables deleted that are still in the database. */
  readonly goneVars: string[] = [];
  profiles: ProfileLink[] = [];
  /** Keepalives in a row that were not answered. */
  missedByCaller = 0;
  missedByCallee = 0;
  /** Neighbours in the slot; next with the same Call-ID. */
  next: Dialog | null = null;
  prev: Dialog | null = null;
  nextOfCall: Dialog | null = null;

  constructor(o: {
    readonly callId: string;
    readonly fromUri: string;
    readonly toUri: string;
    readonly requestUri: string;
    readonly nowSec: number;
  }) {
    this.callId = detach(o.callId);
    this.fromUri = detach(o.fromUri);
    this.toUri = detach(o.toUri);
    this.requestUri = detach(o.requestUri);
    this.initTs = o.nowSec;
  }

  leg(side: Side): Leg {
    return side === Side.caller ? this.caller : this.callee;
  }
  get isConfirmed(): boolean {
    return this.state === State.confirmed || this.state === State.confirmedNoAck;
  }
  has(flag: number): boolean {
    return (this.iflags & flag) !== 0;
  }

  get(key: string): string | null {
    for (const v of this.vars) if (v.key === key) return v.value;
    return null;
  }
  /** Null deletes. False: there was nothing to delete. */
  set(key: string, value: string | null): boolean {
    const known = value === null ? this.vars.find((v) => v.key === key) : undefined;
    if (known !== undefined && !known.isNew) this.goneVars.push(key);
    return setVar(this.vars, key, value);
  }

  /**
   * Which way a request with these tags goes; 0: it is not of this dialog. `ttag` is '' in the first request. While the
   * callee's tag is not known, any will do.
   */
  directionOf(callId: string, ftag: string, ttag: string): Direction {
    if (callId !== this.callId) return Direction.none;
    const { tag: a } = this.caller;
    const { tag: b } = this.callee;
    if (b === '') return a === ttag ? Direction.upstream : a === ftag ? Direction.downstream : Direction.none;
    if (b === ftag && a === ttag) return Direction.upstream;
    if (a === ftag && (b === ttag || (ttag === '' && this.state === State.confirmedNoAck))) return Direction.downstream;
    return Direction.none;
  }
}

/** A variable that exists keeps its place, a new one comes first. */
export function setVar(vars: DialogVar[], key: string, value: string | null): boolean {
  const at = vars.findIndex((v) => v.key === key);
  if (value === null) {
    if (at >= 0) vars.splice(at, 1);
    return at >= 0;
  }
  const known = vars[at];
  if (known === undefined) vars.unshift({ key, value: detach(value), isNew: true, changed: false });
  else {
    known.value = detach(value);
    known.changed = true;
  }
  return true;
}

/** What a message says about its dialog; null when it lacks Call-ID or From tag. */
export interface Ids {
  readonly callId: string;
  readonly ftag: string;
  readonly ttag: string;
}
export function idsOf(msg: SipMessage): Ids | null {
  const { callId, to } = msg;
  const ftag = msg.from?.tag;
  if (callId === null || to === null || !ftag) return null;
  return { callId, ftag, ttag: to.tag ?? '' };
}

export type Event = 'provisional' | 'success' | 'failure' | 'PRACK' | 'ACK' | 'BYE' | 'request';

/** The state an event leads to, and how many references of the call it ends; null: the event makes no sense in this state. */
export function nextState(dialog: Dialog, event: Event): { readonly state: State; readonly release: number } | null {
  const { state } = dialog;
  const stay = { state, release: 0 };
  switch (event) {
    case 'provisional':
      return state <= State.early ? { state: State.early, release: 0 } : null;
    case 'failure':
      return state <= State.early ? { state: State.deleted, release: 1 } : null;
    case 'success':
      if (state === State.deleted && (dialog.dflags & DialogFlag.hasBye) !== 0) return null;
      // A 2xx after all: the reference that the failure gave back is taken again.
      if (state === State.deleted) return { state: State.confirmedNoAck, release: -1 };
      return state === State.confirmed ? stay : { state: State.confirmedNoAck, release: 0 };
    case 'ACK':
      if (state <= State.early) return null;
      return state === State.confirmedNoAck ? { state: State.confirmed, release: 0 } : stay;
    case 'BYE':
      if (state === State.unconfirmed) return null;
      return dialog.isConfirmed ? { state: State.deleted, release: 1 } : stay;
    case 'PRACK':
      return state === State.early || state === State.confirmedNoAck || state === State.deleted ? stay : null;
    case 'request':
      return state === State.unconfirmed ? null : stay;
  }
}

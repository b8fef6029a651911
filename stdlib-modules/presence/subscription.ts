/** A subscription: the dialog a SUBSCRIBE made, with what its NOTIFYs need (RFC 6665 §4.2). */
import type { Package } from './events.js';

/** Numbers as the tables have them. */
export const Status = { active: 1, pending: 2, terminated: 3, waiting: 4 } as const;
export type Status = (typeof Status)[keyof typeof Status];
const words: Readonly<Record<number, string>> = { 1: 'active', 2: 'pending', 3: 'terminated', 4: 'waiting' };
/** Null for a number that is no status. */
export const statusWord = (status: number): string | null => words[status] ?? null;
export const isStatus = (status: number): status is Status => words[status] !== undefined;

/** How a subscription in memory differs from its row. */
export const RowState = { same: 'same', changed: 'changed', missing: 'missing', writtenThrough: 'written' } as const;
export type RowState = (typeof RowState)[keyof typeof RowState];

export interface Subscription {
  /** `sip:user@host` of the presentity. */
  presUri: string;
  toUser: string;
  toDomain: string;
  fromUser: string;
  fromDomain: string;
  watcherUser: string;
  watcherDomain: string;
  event: Package;
  /** `id` of the Event header field; '' when there is none. */
  eventId: string;
  toTag: string;
  fromTag: string;
  callId: string;
  /** `udp:127.0.0.1:5060`: where it came in. */
  sockInfo: string;
  localContact: string;
  contact: string;
  /** Record-Route values of the SUBSCRIBE, comma between. */
  recordRoute: string;
  remoteCseq: number;
  /** Of the last NOTIFY, less one. */
  localCseq: number;
  status: Status;
  reason: string;
  version: number;
  /** Seconds left; in the table in memory, wall time in seconds. */
  expires: number;
  /** Branch flags of the SUBSCRIBE. */
  flags: number;
  userAgent: string;
  /** The presentity's rules, when they were read for this one. */
  rules: string | null;
  /** It is being dealt with because of its own SUBSCRIBE: what is stored is written there. */
  bySubscribe: boolean;
  row: RowState;
  /** Poll round in which a notifier is due (DB_ONLY); -1: none. */
  updated: number;
  /** 1: a winfo notification owes this watcher; -1: none. */
  updatedWinfo: number;
  /** When its last SUBSCRIBE came, wall time in seconds: among the nodes of a cluster the latest word counts. 0: from before the start. */
  receivedTime: number;
}

/** `sip:user@host`. */
export const uriOf = (user: string, domain: string): string =>
  user === '' ? `sip:${domain}` : `sip:${user}@${domain}`;
export const dialogKey = ({ callId, toTag, fromTag }: Pick<Subscription, 'callId' | 'toTag' | 'fromTag'>): string =>
  `${callId}\n${toTag}\n${fromTag}`;

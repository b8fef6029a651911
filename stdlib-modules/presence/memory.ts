/** The table of subscriptions in memory, by dialog and by presentity. */
import type { Package } from './events.js';
import { dialogKey, RowState, type Subscription } from './subscription.js';

/** Subscriptions kept at most. Kamailio's bound is its shared memory; at 1 to 2 kB each this is about as many as fit 1 GB. */
export const MAX_SUBSCRIPTIONS = 500_000;

export class MemorySubscriptions {
  readonly #byDialog = new Map<string, Subscription>();
  readonly #byPresentity = new Map<string, Set<Subscription>>();

  constructor(private readonly ignoreCase: boolean) {}

  get size(): number {
    return this.#byDialog.size;
  }
  #key(presUri: string, event: Package): string {
    return `${this.ignoreCase ? presUri.toLowerCase() : presUri}\n${event.name}`;
  }

  find(dialog: Pick<Subscription, 'callId' | 'toTag' | 'fromTag'>): Subscription | null {
    return this.#byDialog.get(dialogKey(dialog)) ?? null;
  }
  /** The oldest first. */
  of(presUri: string, event: Package): readonly Subscription[] {
    return [...(this.#byPresentity.get(this.#key(presUri, event)) ?? [])];
  }
  count(presUri: string, event: Package): number {
    return this.#byPresentity.get(this.#key(presUri, event))?.size ?? 0;
  }
  /** The newest first. */
  all(): readonly Subscription[] {
    return [...this.#byDialog.values()].reverse();
  }

  /** `expires` becomes wall time. False: the table is full. */
  insert(subs: Subscription, nowSec: number, row: RowState): boolean {
    if (this.#byDialog.size >= MAX_SUBSCRIPTIONS) return false;
    this.delete(subs);
    const kept: Subscription = { ...subs, expires: subs.expires + nowSec, row, rules: null, bySubscribe: false };
    this.#byDialog.set(dialogKey(kept), kept);
    const key = this.#key(kept.presUri, kept.event);
    const list = this.#byPresentity.get(key);
    if (list === undefined) this.#byPresentity.set(key, new Set([kept]));
    else list.add(kept);
    return true;
  }
  delete(dialog: Pick<Subscription, 'callId' | 'toTag' | 'fromTag'>): void {
    const kept = this.find(dialog);
    if (kept === null) return;
    this.#byDialog.delete(dialogKey(kept));
    const key = this.#key(kept.presUri, kept.event);
    const list = this.#byPresentity.get(key);
    list?.delete(kept);
    if (list?.size === 0) this.#byPresentity.delete(key);
  }

  /**
   * As another node has it; `expires` is seconds left, 0 when it ended there. Older subscriptions with this Call-ID go. False: the table is
   * full. What is known of the dialog from later on stays (presence/hash.c, insert_and_replace_shtable() and delete_shtable()).
   */
  take(subs: Subscription, nowSec: number): boolean {
    const known = this.find(subs);
    if (known !== null && known.receivedTime > subs.receivedTime) return true;
    if (known !== null) this.delete(known);
    if (subs.expires <= 0) return true;
    for (const other of this.of(subs.presUri, subs.event)) if (other.callId === subs.callId) this.delete(other);
    return this.insert(subs, nowSec, RowState.same);
  }

  /** What a SUBSCRIBE within the dialog changes. False: not there, or of another package. */
  refresh(subs: Subscription, nowSec: number): boolean {
    const kept = this.find(subs);
    if (kept === null || kept.event !== subs.event) return false;
    kept.expires = subs.expires + nowSec;
    kept.remoteCseq = subs.remoteCseq;
    kept.receivedTime = subs.receivedTime;
    this.#share(kept, subs);
    return true;
  }
  /** A NOTIFY is due: both get the next CSeq and version. False: not there. */
  advance(subs: Subscription): boolean {
    const kept = this.find(subs);
    if (kept === null || kept.event !== subs.event) return false;
    subs.localCseq = ++kept.localCseq;
    subs.version = ++kept.version;
    this.#share(kept, subs);
    return true;
  }
  #share(kept: Subscription, subs: Subscription): void {
    kept.contact = subs.contact;
    kept.recordRoute = subs.recordRoute;
    kept.status = subs.status;
    if (kept.row === RowState.same) kept.row = RowState.changed;
  }
}

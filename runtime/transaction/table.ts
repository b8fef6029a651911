/**
 * Where transactions are found: by a request's fields (RFC 3261 §17.2.3) and by the branch of our Via (§17.1.3).
 *
 * A lookup walks the few transactions of one call (its INVITE, a CANCEL, what followed in the dialog), so the matching rules
 * can be as tm has them (t_lookup.c), old ones without the cookie included.
 */
import type { SipMessage } from '../message/message.js';
import type { Via } from '../message/via.js';
import { MAGIC_COOKIE, parseBranch } from './branch-id.js';
import type { TmSettings } from './settings.js';
import type { Branch, Transaction } from './transaction.js';

export interface RequestMatch {
  /** `none`; `found`; `e2eAck`: an ACK to a 2xx that was passed on. */
  readonly kind: 'none' | 'found' | 'e2eAck';
  readonly transaction: Transaction | null;
  /** A CANCEL for this request is already here. */
  readonly canceled: boolean;
}
const NONE: RequestMatch = { kind: 'none', transaction: null, canceled: false };

/** Call-ID, CSeq, From, To and Via: what matching needs. */
export const hasTransactionFields = (msg: SipMessage): boolean =>
  msg.callId !== null && msg.cseq !== null && msg.from !== null && msg.to !== null && msg.via !== null;

export class TransactionTable {
  /** First of a call's; the others follow by `nextOfCall`. */
  readonly #byCall = new Map<string, Transaction>();
  /** First of a digest's, by `nextOfDigest`: a CANCEL has that of its INVITE. */
  readonly #byDigest = new Map<string, Transaction>();
  readonly #byLabel = new Map<number, Transaction>();

  get size(): number {
    return this.#byLabel.size;
  }
  all(): IterableIterator<Transaction> {
    return this.#byLabel.values();
  }
  insert(t: Transaction): void {
    const callId = t.request.callId ?? '';
    t.callId = callId;
    t.nextOfCall = this.#byCall.get(callId) ?? null;
    this.#byCall.set(callId, t);
    t.nextOfDigest = this.#byDigest.get(t.md5) ?? null;
    this.#byDigest.set(t.md5, t);
    this.#byLabel.set(t.label, t);
  }
  remove(t: Transaction): void {
    if (!this.#byLabel.delete(t.label)) return;
    const ofCall = this.#byCall.get(t.callId);
    if (ofCall === t) {
      if (t.nextOfCall) this.#byCall.set(t.callId, t.nextOfCall);
      else this.#byCall.delete(t.callId);
    } else for (let at = ofCall ?? null; at; at = at.nextOfCall) if (at.nextOfCall === t) at.nextOfCall = t.nextOfCall;
    const ofDigest = this.#byDigest.get(t.md5);
    if (ofDigest === t) {
      if (t.nextOfDigest) this.#byDigest.set(t.md5, t.nextOfDigest);
      else this.#byDigest.delete(t.md5);
    } else
      for (let at = ofDigest ?? null; at; at = at.nextOfDigest)
        if (at.nextOfDigest === t) at.nextOfDigest = t.nextOfDigest;
    t.nextOfCall = null;
    t.nextOfDigest = null;
  }
  byIdent(index: number, label: number): Transaction | null {
    const t = this.#byLabel.get(label);
    return t?.index === index ? t : null;
  }
  /** The newest first. */
  byCall(callId: string, cseq: number | string): readonly Transaction[] {
    const number = Number(cseq);
    const found: Transaction[] = [];
    for (let t = this.#byCall.get(callId) ?? null; t; t = t.nextOfCall) if (t.cseqNumber === number) found.push(t);
    return found;
  }

  /** The transaction a response belongs to, and its branch (t_reply_matching). */
  ofResponse(reply: SipMessage, settings: TmSettings): Branch | null {
    const id = parseBranch(reply.via?.branch ?? '');
    if (id === null) return null;
    const byCall = settings.callidCseqMatching;
    const first = (byCall ? this.#byCall.get(reply.callId ?? '') : this.#byDigest.get(id.digest)) ?? null;
    let canceled: Branch | undefined;
    for (let t = first; t; t = byCall ? t.nextOfCall : t.nextOfDigest) {
      if (t.index !== id.index || (byCall && t.cseqNumber !== reply.cseq?.number)) continue;
      if (settings.callidMatching && !t.isOriginated && t.callId !== reply.callId) continue;
      const branch = t.branches[id.branch];
      if (t.request.method === reply.method) {
        // A forwarded CANCEL has the branches of its INVITE, those it went to alone filled in.
        if (branch && branch.hop !== null) return branch;
        // A CANCEL has the branch of the request it cancels (RFC 3261 §9.1).
      } else if (reply.method === 'CANCEL' && t.isInvite && branch && branch.cancelBytes !== '') canceled = branch;
    }
    return canceled ?? null;
  }

  /** The transaction this request retransmits or acknowledges (matching_3261 and the older rules of t_lookup_request). */
  ofRequest(msg: SipMessage, settings: TmSettings): RequestMatch {
    const slot = this.#byCall.get(msg.callId ?? '');
    if (!slot) return NONE;
    const cseq = msg.cseq?.number;
    const isAck = msg.method === 'ACK';
    const wanted = isAck ? 'INVITE' : msg.method;
    const cookie = hasCookie(msg);
    let canceled = false;
    let e2e: Transaction | null = null;
    for (let t: Transaction | null = slot; t; t = t.nextOfCall) {
      if (t.cseqNumber !== cseq) continue;
      if (t.isOriginated) continue;
      const method = t.request.method;
      if (isAck && method !== 'INVITE') continue;
      if (method !== wanted && method !== 'CANCEL') continue;
      if (isAck && t.status < 300) {
        // The ACK to a 2xx has a branch of its own: told by the dialog.
        if (t.relayedBranch === -2) {
          if (sameCall(t.request, msg) && msg.to?.tag === t.localToTag)
            return { kind: 'found', transaction: t, canceled };
        } else if (t.wantsAck && sameCall(t.request, msg) && t.forwardedToTags.some((f) => f.tag === msg.to?.tag)) {
          e2e ??= t;
        }
        continue;
      }
      if (!(cookie ? sameBranch(t.request.via, msg.via) : sameOldStyle(t.request, msg, isAck, settings))) continue;
      if (method === 'CANCEL' && msg.method !== 'CANCEL') {
        canceled = true;
        continue;
      }
      return { kind: 'found', transaction: t, canceled };
    }
    return e2e ? { kind: 'e2eAck', transaction: e2e, canceled } : { kind: 'none', transaction: null, canceled };
  }

  /** The request a CANCEL is for (RFC 3261 §9.2). */
  canceledBy(cancel: SipMessage, settings: TmSettings): Transaction | null {
    const cookie = hasCookie(cancel);
    for (let t = this.#byCall.get(cancel.callId ?? '') ?? null; t; t = t.nextOfCall) {
      if (t.cseqNumber !== cancel.cseq?.number || t.request.method === 'CANCEL' || t.isOriginated) continue;
      if (cookie ? sameBranch(t.request.via, cancel.via) : sameOldStyle(t.request, cancel, true, settings)) return t;
    }
    return null;
  }
}

function hasCookie(msg: SipMessage): boolean {
  const branch = msg.via?.branch;
  return branch != null && branch.length > MAGIC_COOKIE.length && branch.startsWith(MAGIC_COOKIE);
}

function sameBranch(a: Via | null, b: Via | null): boolean {
  if (!a || !b || a.branch !== b.branch || a.host !== b.host || a.proto !== b.proto) return false;
  if (a.port === b.port) return true;
  // One of them left the default port out.
  const port = a.port || b.port;
  return (a.port === 0 || b.port === 0) && port === (a.proto === 'tls' ? 5061 : 5060);
}

const sameCall = (t: SipMessage, msg: SipMessage): boolean => t.from?.tag === msg.from?.tag;

/** RFC 2543 requests: the header fields themselves. `loose`: ACK and CANCEL, whose To tag may differ. */
function sameOldStyle(t: SipMessage, msg: SipMessage, loose: boolean, settings: TmSettings): boolean {
  if (text(t, 'From') !== text(msg, 'From')) return false;
  if (loose ? t.to?.uriText !== msg.to?.uriText : text(t, 'To') !== text(msg, 'To')) return false;
  if (settings.ruriMatching && t.requestUri !== msg.requestUri) return false;
  return (
    !settings.via1Matching ||
    (t.via?.host === msg.via?.host && t.via?.port === msg.via?.port && t.via?.branch === msg.via?.branch)
  );
}
function text(msg: SipMessage, name: string): string {
  const field = msg.header(name);
  return field ? msg.value(field) : '';
}

/**
 * Nonces that need no memory: when they expire, since when they are valid, and a digest of both with our secret; further
 * digests of parts of the request and a number where those checks are on. The layout is that of Kamailio's auth/nonce.h, so
 * that servers which share a secret accept each other's.
 *
 *   without checks:  expire 4 | since 4 | MD5 16 |         (number 4 | pool and flags 1)
 *   with checks:     expire 4 | since 4 | MD5 16 | MD5 16 | (number 4 | pool and flags 1)
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { SipMessage } from '../../runtime/sdk/index.js';

export const Check = { uri: 1, callId: 2, fromTag: 4, sourceIp: 8 } as const;
const NC_VALID = 128;
const OT_VALID = 64;
const POOL_MASK = 63;
/** Steps between numbers: neighbours in time are far apart in memory, as in Kamailio; interoperable only by the layout. */
const STEP = 257;

export interface NonceSettings {
  /** Secret for the times; `secret2` for the parts of the request. */
  readonly secret1: string;
  readonly secret2: string;
  readonly expireSec: number;
  readonly maxDriftSec: number;
  readonly counting: boolean;
  readonly oneTime: boolean;
  /** Numbers remembered; powers of two. */
  readonly ncSize: number;
  readonly otnSize: number;
}
export type NonceVerdict = 'ok' | 'invalid' | 'stale' | 'reused';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const sameBytes = (a: Buffer, b: Buffer) => a.length === b.length && timingSafeEqual(a, b);

export class Nonces {
  #number: number;
  /** Highest nc seen with a number; full at the start, so that nonces of an earlier run are not taken. */
  readonly #counts: Uint8Array;
  /** A bit a number: used. */
  readonly #used: Uint8Array;

  constructor(
    private readonly settings: NonceSettings,
    private startedSec: number,
    first: number,
  ) {
    this.#number = first >>> 0;
    this.#counts = new Uint8Array(settings.counting ? settings.ncSize : 0).fill(0xff);
    this.#used = new Uint8Array(settings.oneTime ? settings.otnSize >> 3 : 0).fill(0xff);
  }

  /** `checks`: bits of `Check`. */
  make(nowSec: number, checks: number, msg: SipMessage | null): string {
    const { counting, oneTime, expireSec } = this.settings;
    const numbered = counting || oneTime;
    const head = Buffer.alloc(8);
    head.writeUInt32BE((nowSec + expireSec) >>> 0, 0);
    head.writeUInt32BE(nowSec >>> 0, 4);
    const tail = Buffer.alloc(numbered ? 5 : 0);
    if (numbered) {
      this.#number = (this.#number + STEP) >>> 0;
      const n = this.#number;
      tail.writeUInt32BE(n, 0);
      tail[4] = (counting ? NC_VALID : 0) | (oneTime ? OT_VALID : 0);
      if (counting) this.#counts[n & (this.settings.ncSize - 1)] = 0;
      if (oneTime) this.markUsed(n, false);
    }
    return Buffer.concat([head, ...this.digests(head, tail, checks, msg), tail]).toString('base64');
  }

  private digests(head: Buffer, tail: Buffer, checks: number, msg: SipMessage | null): Buffer[] {
    const first = createHash('md5').update(head).update(tail).update(bytes(this.settings.secret1)).digest();
    if (checks === 0 || msg === null) return [first];
    const parts = createHash('md5');
    if (checks & Check.uri) parts.update(bytes(msg.requestUri));
    if (checks & Check.callId) parts.update(bytes(msg.callId ?? ''));
    if (checks & Check.fromTag) parts.update(bytes(msg.from?.tag ?? ''));
    if (checks & Check.sourceIp) parts.update(addressBytes(msg.received.src.ip));
    return [first, parts.update(bytes(this.settings.secret2)).digest()];
  }

  /** What a nonce that came back is worth. `nc`: '' when the credentials have none. Uses it up where that is asked for. */
  check(nonce: string, nc: string, nowSec: number, checks: number, msg: SipMessage): NonceVerdict {
    const { counting, oneTime, maxDriftSec } = this.settings;
    if (nonce.length < 32) return 'invalid';
    const raw = Buffer.from(nonce, 'base64').subarray(0, 45);
    if (raw.length < 24) return 'invalid';
    const since = raw.readUInt32BE(4);
    if (since < this.startedSec) {
      // The clock was set back since the start.
      if (nowSec < this.startedSec) this.startedSec = nowSec;
      if (since < nowSec) return 'stale';
    }
    if (since > nowSec && since - nowSec > maxDriftSec) return 'stale';
    const at = checks === 0 ? 24 : 40;
    const flags = raw.length >= at + 5 ? (raw[at + 4] ?? 0) : 0;
    const tail = flags & (NC_VALID | OT_VALID) ? raw.subarray(at, at + 5) : Buffer.alloc(0);
    if (oneTime && !(flags & OT_VALID)) return 'stale';
    const expected = this.digests(raw.subarray(0, 8), tail, checks, msg);
    if (!sameBytes(raw.subarray(8, 24), expected[0]!)) return 'invalid';
    const n = tail.length > 0 ? tail.readUInt32BE(0) : 0;
    const expired = raw.readUInt32BE(0) < nowSec;
    if (counting && flags & NC_VALID && nc !== '') {
      if (!/^[0-9a-fA-F]{8}$/.test(nc)) return 'invalid';
      if (!this.counted(n, flags & POOL_MASK, Number.parseInt(nc, 16))) return 'stale';
      return expired ? 'stale' : 'ok';
    }
    if (oneTime && !this.usedNow(n, flags & POOL_MASK)) return 'reused';
    if (expected.length === 2) {
      if (raw.length !== 40 + tail.length) return 'invalid';
      if (!sameBytes(raw.subarray(24, 40), expected[1]!)) return 'stale';
    }
    return expired ? 'stale' : 'ok';
  }

  /** More numbers were given out since than are remembered. */
  private tooOld(n: number, size: number): boolean {
    return (this.#number - n) >>> 0 >= STEP * size;
  }
  private counted(n: number, pool: number, nc: number): boolean {
    const { ncSize } = this.settings;
    const at = n & (ncSize - 1);
    if (pool !== 0 || this.tooOld(n, ncSize) || nc > 0xff || (this.#counts[at] ?? 0xff) >= nc) return false;
    this.#counts[at] = nc;
    return true;
  }
  private usedNow(n: number, pool: number): boolean {
    const { otnSize } = this.settings;
    const bit = n & (otnSize - 1);
    if (pool !== 0 || this.tooOld(n, otnSize) || ((this.#used[bit >> 3] ?? 0xff) >> (bit & 7)) & 1) return false;
    this.markUsed(n, true);
    return true;
  }
  private markUsed(n: number, used: boolean): void {
    const bit = n & (this.settings.otnSize - 1);
    const mask = 1 << (bit & 7);
    const before = this.#used[bit >> 3] ?? 0;
    this.#used[bit >> 3] = used ? before | mask : before & ~mask;
  }
}

/** The address as the 4 or 16 bytes of the network. */
function addressBytes(ip: string): Buffer {
  if (!ip.includes(':')) return Buffer.from(ip.split('.').map(Number));
  const [head = '', tail] = ip.split('::');
  const words = (text: string) => (text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16)));
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const all = [...left, ...Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
  const out = Buffer.alloc(16);
  for (const [i, word] of all.slice(0, 8).entries()) out.writeUInt16BE(word & 0xffff, i * 2);
  return out;
}

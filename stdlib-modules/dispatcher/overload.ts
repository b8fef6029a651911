/**
 * Overload control of a destination (RFC 7339; dispatch.c, ds_oc_set_attrs()): for a while it is passed over so many times in a
 * hundred, by algorithm 64. A message with an older sequence number changes nothing.
 */
import type { Random } from '../../runtime/sdk/index.js';

const SLOTS = 100;
/** How long a rate holds when nothing else is said. */
const DEFAULT_MS = 500;

export class Overload {
  /** Epoch ms until which the rate holds; 0: none was set. */
  untilMs = 0;
  sequence = 0;
  rate: number;
  #skips: readonly boolean[] = [];
  #next = 0;
  /** Which of the hundred is next. */
  get index(): number {
    return this.#next;
  }

  /** `min`, `max`: what the rate is kept within, 0 to 100; 0 as `max` is 100. What is out of range counts as not given. */
  constructor(
    readonly min = 0,
    readonly max = 100,
    rate = 0,
  ) {
    this.max = max > SLOTS || max <= 0 ? SLOTS : max;
    this.min = min > this.max || min < 0 ? 0 : min;
    this.rate = this.#kept(rate > SLOTS ? 0 : rate);
  }
  #kept(rate: number): number {
    return Math.min(this.max, Math.max(this.min, rate));
  }
  /** False: the sequence number is not above the last one. `forMs` 0 or less: half a second. */
  set(rate: number, forMs: number, sequence: number, nowMs: number, random: Random): boolean {
    if (this.sequence >= sequence) return false;
    this.rate = this.#kept(rate);
    const skips = Array.from({ length: SLOTS }, (_, i) => i < this.rate);
    for (let i = SLOTS - 1; i > 0; i--) {
      const k = random.uint32() % (i + 1);
      [skips[i], skips[k]] = [skips[k] ?? false, skips[i] ?? false];
    }
    this.#skips = skips;
    this.untilMs = nowMs + (forMs > 0 ? forMs : DEFAULT_MS);
    this.sequence = sequence;
    return true;
  }
  /** Is it passed over this time? */
  skips(nowMs: number): boolean {
    if (this.untilMs < nowMs) return false;
    const skip = this.#skips[this.#next] ?? false;
    this.#next = (this.#next + 1) % SLOTS;
    return skip;
  }
}

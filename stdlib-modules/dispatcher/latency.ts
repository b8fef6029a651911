/**
 * How long a destination takes to answer its probes: mean, deviation and a moving estimate, in single precision
 * (dispatch.c, latency_stats_update()).
 */

/** Samples after which a steady mean counts as learnt. */
const TRAINED = 10_000;
/** From here on the mean is a weighted one. */
const MAX_COUNT = 2_097_152;
const f = Math.fround;

export class Latency {
  /** Epoch ms at which the probe under way was sent. */
  startedAtMs = 0;
  min = 0;
  max = 0;
  average = 0;
  deviation = 0;
  estimate = 0;
  timeouts = 0;
  #squares = 0;
  #count = 0;

  constructor(initialMs: number | null) {
    if (initialMs !== null) this.#begin(initialMs, TRAINED);
  }
  #begin(ms: number, count: number): void {
    this.deviation = 0;
    this.#squares = 0;
    this.min = this.max = ms;
    this.average = this.estimate = f(ms);
    this.#count = count;
  }
  /** Milliseconds above what is usual, whole ones; below 0 when faster. */
  get congestionMs(): number {
    return Math.trunc(f(this.estimate - this.average));
  }
  /** `alpha`: weight of the estimate so far, 0 to 1. */
  answered(ms: number, alpha: number): void {
    if (this.#count < MAX_COUNT) this.#count++;
    else this.#squares -= this.#squares / this.#count;
    if (this.#count === 1) this.#begin(ms, 1);
    if (this.#count > 10 && this.#count < TRAINED && this.deviation < 0.5) this.#count = TRAINED;
    this.min = Math.min(this.min, ms);
    this.max = Math.max(this.max, ms);
    if (this.#count > 1) {
      const before = f(ms - this.average);
      this.average = f(this.average + f(before / this.#count));
      this.#squares += before * f(ms - this.average);
      this.deviation = f(Math.sqrt(this.#squares / (this.#count - 1)));
    }
    this.estimate = this.#count < 10 ? this.average : f(f(this.estimate * alpha) + f(ms * f(1 - alpha)));
  }
}

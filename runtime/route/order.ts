/**
 * Messages of one call are routed in the order they came: one that arrives while an earlier one waits in its route
 * waits behind it. Bounded in messages in flight, and in messages waiting per call. What ends a transaction that is
 * known already overtakes (see inOrder() of run.ts).
 */

/** Waiting behind one route: more than a caller's retransmissions can be. */
const MAX_WAITING = 64;

export class CallOrder {
  readonly #waiting = new Map<string, (() => void | Promise<void>)[]>();
  #inFlight = 0;

  /** Messages in a route that waits, and behind one. */
  get inFlight(): number {
    return this.#inFlight;
  }
  /** A message of this call waits in its route. */
  isHeld(key: string): boolean {
    return this.#waiting.has(key);
  }
  /** Runs `job` now or when its turn comes; `job` must not reject. False: too many already. */
  run(key: string, limit: number, job: () => void | Promise<void>): boolean {
    const queue = this.#waiting.get(key);
    if (this.#inFlight >= limit || (queue && queue.length >= MAX_WAITING)) return false;
    if (queue) {
      this.#inFlight++;
      queue.push(job);
      return true;
    }
    const pending = job();
    if (pending instanceof Promise) {
      this.#inFlight++;
      this.#waiting.set(key, []);
      this.follow(key, pending);
    }
    return true;
  }
  private follow(key: string, pending: Promise<void>): void {
    void pending.then(() => this.next(key));
  }
  private next(key: string): void {
    this.#inFlight--;
    const queue = this.#waiting.get(key);
    for (;;) {
      const job = queue?.shift();
      if (!job) break;
      const pending = job();
      if (pending instanceof Promise) {
        this.follow(key, pending);
        return;
      }
      this.#inFlight--;
    }
    this.#waiting.delete(key);
  }
}

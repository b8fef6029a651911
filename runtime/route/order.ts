/**
 * Messages of one call are routed in the order they came: one that arrives while an earlier one waits in its route
 * waits behind it, until that one ends or passes the turn on. Bounded in messages in flight, and in messages waiting per
 * call. What ends a transaction that is known already overtakes (see inOrder() of run.ts).
 *
 * Kamailio's processes keep no order at all (unless `route_locks_size` is set). What it is good for here is the time
 * before a request has its transaction: then one that comes again would be routed again.
 */

/** Waiting behind one route: more than a caller's retransmissions can be. */
const MAX_WAITING = 64;

/** `passOn`: the next message of the call need not wait for this one any longer. */
export type Job = (passOn: () => void) => void | Promise<void>;

export class CallOrder {
  readonly #waiting = new Map<string, Job[]>();
  #inFlight = 0;

  /** Messages in a route that waits, and behind one. */
  get inFlight(): number {
    return this.#inFlight;
  }
  /** A message of this call has the turn and waits in its route. */
  isHeld(key: string): boolean {
    return this.#waiting.size > 0 && this.#waiting.has(key);
  }
  /** Runs `job` now or when its turn comes; `job` must not reject. False: too many already. */
  run(key: string, limit: number, job: Job): boolean {
    // Nearly always nobody waits: then the key need not be looked at.
    const queue = this.#waiting.size === 0 ? undefined : this.#waiting.get(key);
    if (this.#inFlight >= limit || (queue && queue.length >= MAX_WAITING)) return false;
    if (queue) {
      this.#inFlight++;
      queue.push(job);
      return true;
    }
    const turn = this.#start(key, job);
    if (turn.ended) return true;
    this.#inFlight++;
    if (turn.held) this.#waiting.set(key, []);
    return true;
  }
  #start(key: string, job: Job): Turn {
    const turn: Turn = { held: true, ended: false, started: false };
    const passOn = () => {
      if (!turn.held) return;
      turn.held = false;
      // Not in the midst of the one that passes it on.
      if (turn.started) queueMicrotask(() => this.#next(key));
    };
    const pending = job(passOn);
    turn.started = true;
    turn.ended = !(pending instanceof Promise);
    void pending?.then(() => {
      this.#inFlight--;
      passOn();
    });
    return turn;
  }
  #next(key: string): void {
    const queue = this.#waiting.get(key);
    for (let job = queue?.shift(); job !== undefined; job = queue?.shift()) {
      const turn = this.#start(key, job);
      if (turn.ended) this.#inFlight--;
      else if (turn.held) return;
    }
    this.#waiting.delete(key);
  }
}
/** Of one message: whether those behind it wait, whether its route is over, whether that is known yet. */
interface Turn {
  held: boolean;
  ended: boolean;
  started: boolean;
}

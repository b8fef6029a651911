/**
 * Retransmission and final-response timers of one sent message (RFC 3261 §17.1.1.2, §17.1.2.2, §17.2.1).
 *
 * tm has one pair per buffer, for requests, local CANCELs and final responses alike: retransmissions at T1, doubling up
 * to T2, for unreliable transports only; and one timer that ends the wait. Both are made at the first start and rearmed
 * from then on: a retransmission allocates nothing.
 */
import type { Clock, Timer } from '../env.js';

/** Shared: a function of its own for each would be garbage in every transaction. */
const nothing = (): void => {};

/** `Owner`: what was sent, and whose functions are called with it; they are shared, so that a message costs no closures. */
export class RetransmitBuffer<Owner> {
  #retransmit: Timer | null = null;
  #final: Timer | null = null;
  #retransmitting = false;
  #waiting = false;
  #intervalMs = 0;
  #t2Ms = 0;
  readonly #clock: Clock;
  readonly #owner: Owner;
  /** Sends it once more. Set before `start`. */
  onRetransmit: (owner: Owner) => void = nothing;
  /** The wait is over. Called once. */
  onFinal: (owner: Owner) => void = nothing;

  constructor(clock: Clock, owner: Owner) {
    this.#clock = clock;
    this.#owner = owner;
  }
  get running(): boolean {
    return this.#waiting;
  }
  /** `t1Ms` 0: no retransmissions (reliable transport). */
  start(t1Ms: number, t2Ms: number, finalMs: number): void {
    this.stop();
    this.#intervalMs = t1Ms;
    this.#t2Ms = t2Ms;
    if (t1Ms > 0) this.#arm();
    this.restartFinal(finalMs);
  }
  #arm(): void {
    this.#retransmitting = true;
    if (this.#retransmit === null)
      this.#retransmit = this.#clock.setTimer(this.#intervalMs, RetransmitBuffer.#due, this);
    else this.#retransmit.rearm(this.#intervalMs);
  }
  static #due<T>(buffer: RetransmitBuffer<T>): void {
    buffer.#intervalMs = Math.min(buffer.#intervalMs * 2, buffer.#t2Ms);
    buffer.#arm();
    buffer.onRetransmit(buffer.#owner);
  }
  static #over<T>(buffer: RetransmitBuffer<T>): void {
    buffer.stop();
    buffer.onFinal(buffer.#owner);
  }
  restartFinal(finalMs: number): void {
    this.#waiting = true;
    const delayMs = Math.max(0, finalMs);
    if (this.#final === null) this.#final = this.#clock.setTimer(delayMs, RetransmitBuffer.#over, this);
    else this.#final.rearm(delayMs);
  }
  stopRetransmitting(): void {
    if (!this.#retransmitting) return;
    this.#retransmitting = false;
    this.#retransmit?.cancel();
  }
  /** A provisional response to a non-INVITE: every T2 from now on (§17.1.2.2). */
  slowDown(t2Ms: number): void {
    if (!this.#retransmitting) return;
    this.#intervalMs = t2Ms;
    this.#t2Ms = t2Ms;
    this.#arm();
  }
  stop(): void {
    this.stopRetransmitting();
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#final?.cancel();
  }
  /** Gives back its timers where none runs: who is kept without them costs less. */
  trim(): void {
    if (!this.#retransmitting) this.#retransmit = null;
    if (!this.#waiting) this.#final = null;
  }
}

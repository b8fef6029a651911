/**
 * Locks that routes take by name. A run that has to wait gives way to others; who held a lock too long loses it, so that a route
 * that forgot to unlock does not stop the server.
 */
import type { Environment } from '../env.js';

const MAX_HOLD_MS = 10_000;

interface Lock {
  owner: object;
  /** How often the owner took it, where that is allowed. */
  depth: number;
  since: number;
  readonly waiting: { readonly owner: object; readonly resume: () => void }[];
}

export class NamedLocks {
  readonly #held = new Map<string, Lock>();
  constructor(
    private readonly env: Environment,
    /** The owner may take its lock again, and gives it back as often. */
    private readonly recursive: boolean,
  ) {}

  /** At once when it is free. */
  take(name: string, owner: object): undefined | Promise<void> {
    const lock = this.#held.get(name);
    if (lock === undefined) {
      this.#held.set(name, { owner, depth: 1, since: this.env.clock.monotonic(), waiting: [] });
      return undefined;
    }
    if (this.recursive && lock.owner === owner) {
      lock.depth++;
      return undefined;
    }
    return new Promise((resume) => {
      lock.waiting.push({ owner, resume });
      const left = lock.since + MAX_HOLD_MS - this.env.clock.monotonic();
      this.env.clock.setTimer(Math.max(left, 0), () => this.#expire(name, lock));
    });
  }
  /** False: somebody has it. */
  tryTake(name: string, owner: object): boolean {
    const lock = this.#held.get(name);
    if (lock !== undefined && !(this.recursive && lock.owner === owner)) return false;
    void this.take(name, owner);
    return true;
  }
  give(name: string): void {
    const lock = this.#held.get(name);
    if (lock === undefined || --lock.depth > 0) return;
    this.#next(name, lock);
  }
  #next(name: string, lock: Lock): void {
    const next = lock.waiting.shift();
    if (next === undefined) {
      this.#held.delete(name);
      return;
    }
    lock.owner = next.owner;
    lock.depth = 1;
    lock.since = this.env.clock.monotonic();
    next.resume();
  }
  #expire(name: string, lock: Lock): void {
    if (this.#held.get(name) !== lock || lock.waiting.length === 0) return;
    const left = lock.since + MAX_HOLD_MS - this.env.clock.monotonic();
    if (left > 0) {
      this.env.clock.setTimer(left, () => this.#expire(name, lock));
      return;
    }
    this.env.log.write({
      level: -1,
      source: '<core>',
      text: `lock ${name} was held for ${MAX_HOLD_MS / 1000} s: taken away`,
    });
    this.#next(name, lock);
  }
}

/** Records of one call are written in the order they came about, also where one of them waits for a value (`$rtpstat`). */
import type { Maybe } from '../../runtime/sdk/index.js';

export class InTurn {
  /** Last one that waits, by Call-ID. */
  readonly #waiting = new Map<string, Promise<void>>();

  write<T>(callId: string, value: Maybe<T>, write: (value: T) => void): void | Promise<void> {
    const before = this.#waiting.get(callId);
    if (before === undefined && !(value instanceof Promise)) return write(value);
    const done = Promise.allSettled([before])
      .then(() => value)
      .then(write)
      .finally(() => {
        if (this.#waiting.get(callId) === done) this.#waiting.delete(callId);
      });
    this.#waiting.set(callId, done);
    return done;
  }
}

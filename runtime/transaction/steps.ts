/**
 * Straight-line code over values that may be promises: nothing waits, and no promise is made, unless one of them is.
 *
 * `steps(function* () { const v = yield* wait(f()); … })` runs at once when `f()` answers at once. Used where a relay
 * or a reply passes through routes and name look-ups that usually do not wait (ARCHITECTURE §4).
 */

export type Steps<T> = Generator<Promise<unknown>, T, unknown>;
export type Maybe<T> = T | Promise<T>;

/** The value itself, after waiting for it when it is a promise. */
export function* wait<T>(value: Maybe<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Runs to the end, or to the first promise: then the rest follows it. */
export function steps<T>(generator: Steps<T>): Maybe<T> {
  const first = generator.next();
  return first.done ? first.value : follow(generator, first.value);
}

async function follow<T>(generator: Steps<T>, pending: Promise<unknown>): Promise<T> {
  let waiting = pending;
  for (;;) {
    let next: IteratorResult<Promise<unknown>, T>;
    try {
      next = generator.next(await waiting);
    } catch (error) {
      // A rejected promise is thrown into the generator, whose own try/finally then runs; an error of the generator ends here.
      next = generator.throw(error);
    }
    if (next.done) return next.value;
    waiting = next.value;
  }
}

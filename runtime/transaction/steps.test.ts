import { describe, expect, it } from 'vitest';
import { type Maybe, type Steps, steps, wait } from './steps.js';

function* sum(a: Maybe<number>, b: Maybe<number>): Steps<number> {
  return (yield* wait(a)) + (yield* wait(b));
}

describe('steps', () => {
  it('answers at once when nothing waits', () => {
    expect(steps(sum(1, 2))).toBe(3);
  });
  it.each([
    [Promise.resolve(1), 2],
    [1, Promise.resolve(2)],
    [Promise.resolve(1), Promise.resolve(2)],
  ])('waits for promises', async (a, b) => {
    const result = steps(sum(a, b));
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toBe(3);
  });
  it('a rejection reaches the code that waits, and the caller when it is not caught', async () => {
    await expect(steps(sum(1, Promise.reject(new Error('no'))))).rejects.toThrow('no');
    const caught = steps(
      (function* (): Steps<string> {
        try {
          yield* wait<number>(Promise.reject(new Error('no')));
          return 'not reached';
        } catch {
          return yield* wait(Promise.resolve('caught'));
        }
      })(),
    );
    expect(await caught).toBe('caught');
  });
  it('an error thrown after a wait rejects', async () => {
    const failing = steps(
      (function* (): Steps<void> {
        yield* wait(Promise.resolve());
        throw new Error('later');
      })(),
    );
    await expect(failing).rejects.toThrow('later');
  });
});

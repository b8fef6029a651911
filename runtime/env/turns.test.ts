import { describe, expect, it } from 'vitest';
import { IDLE_READS, PACE_MS, QUICK_WAKE_UPS, Turns } from './turns.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('what a read writes goes out once, when it is done with', () => {
  const turns = new Turns();
  const out: string[] = [];
  turns.read(() => {
    turns.add({ flush: () => out.push(`a, reading ${turns.reading}`) });
    turns.add({ flush: () => out.push('b') });
    out.push('worked');
  });
  turns.read(() => {});
  expect(out).toEqual(['worked', 'a, reading false', 'b']);
});
it('also of a read that failed', () => {
  const turns = new Turns();
  let flushed = 0;
  expect(() =>
    turns.read(() => {
      turns.add({ flush: () => flushed++ });
      throw new Error('a bug');
    }),
  ).toThrow('a bug');
  expect([flushed, turns.reading]).toEqual([1, false]);
});

describe('a loop that is woken often', () => {
  /** Reads of `counts[i]` connections in turn i, `everyMs` apart; how long the loop rested after each. */
  async function rests(counts: readonly number[], everyMs: number): Promise<number[]> {
    let now = 0;
    let rested = 0;
    const turns = new Turns(
      () => now,
      (ms) => {
        rested += ms;
        now += ms;
      },
    );
    const all: number[] = [];
    for (const count of counts) {
      now += everyMs;
      rested = 0;
      for (let i = 0; i < count; i++) turns.read(() => {});
      await turn();
      all.push(rested);
    }
    return all;
  }
  const warm = Array.from({ length: QUICK_WAKE_UPS + 1 }, () => 1);

  it('rests until the millisecond is over', async () => {
    const seen = await rests([...warm, 2, 3, 2], 0.25);
    expect(seen.slice(0, warm.length)).toEqual(warm.map(() => 0));
    expect(seen.slice(warm.length)).toEqual([PACE_MS - 0.25, PACE_MS - 0.25, PACE_MS - 0.25]);
  });
  it('does not where the work itself took that long', async () => {
    expect(await rests([...warm, 2, 2], PACE_MS)).toEqual([...warm, 2, 2].map(() => 0));
  });
  it('stops once nothing comes together', async () => {
    const alone = Array.from({ length: IDLE_READS + 4 }, () => 1);
    const seen = (await rests([...warm, 2, ...alone], 0.25)).slice(warm.length);
    expect(seen.filter((ms) => ms > 0)).toHaveLength(IDLE_READS);
    expect(seen.slice(IDLE_READS).every((ms) => ms === 0)).toBe(true);
  });
});

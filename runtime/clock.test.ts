import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RealClock, TimerWheel, VirtualClock } from './clock.js';

describe('timer wheel', () => {
  it('fires each timer at its tick, whatever the distance', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 5_000_000_000 }),
        fc.array(fc.oneof(fc.nat({ max: 600 }), fc.nat({ max: 100_000 }), fc.nat({ max: 200_000_000 })), {
          maxLength: 40,
        }),
        (start, delays) => {
          let time = start;
          const wheel = new TimerWheel(() => time);
          const fired: number[] = [];
          let due = 0;
          for (const delay of delays) wheel.set(delay, () => fired.push(due));
          for (due = wheel.next(); due !== Number.POSITIVE_INFINITY; due = wheel.next()) {
            time = due;
            wheel.advance(due);
          }
          const expected = delays.map((delay) => start + Math.max(1, delay)).sort((a, b) => a - b);
          expect(fired).toEqual(expected);
          expect(wheel.size).toBe(0);
        },
      ),
    );
  });

  it('agrees with a sorted list under arming, cancelling and re-arming at random', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom('set', 'cancel', 'rearm', 'go'), fc.nat({ max: 40_000 }), fc.nat({ max: 9 })),
          {
            maxLength: 120,
          },
        ),
        (steps) => {
          let time = 0;
          const wheel = new TimerWheel(() => time);
          const timers = new Map<number, ReturnType<TimerWheel['set']>>();
          const due = new Map<number, number>();
          const fired: string[] = [];
          const expected: string[] = [];
          for (const [step, ms, id] of steps) {
            if (step === 'go') {
              time += ms;
              const ready = [...due].filter(([, at]) => at <= time);
              for (const [key] of ready) due.delete(key);
              expected.push(...ready.map(([key, at]) => `${key}@${at}`).sort());
              wheel.advance(time);
            } else if (step === 'cancel') {
              timers.get(id)?.cancel();
              due.delete(id);
            } else if (step === 'rearm' && timers.has(id)) {
              timers.get(id)!.rearm(ms);
              due.set(id, time + Math.max(1, ms));
            } else {
              timers.get(id)?.cancel();
              due.set(id, time + Math.max(1, ms));
              timers.set(
                id,
                wheel.set(ms, () => fired.push(`${id}@${atOf.get(id)}`)),
              );
            }
            for (const [key, at] of due) atOf.set(key, at);
          }
          expect(fired.sort()).toEqual(expected.sort());
          expect(wheel.size).toBe(due.size);
        },
      ),
    );
  });
  const atOf = new Map<number, number>();

  it('lets a timer that fires cancel one due at the same tick and arm itself again', () => {
    let time = 0;
    const wheel = new TimerWheel(() => time);
    const log: string[] = [];
    const first = wheel.set(10, () => {
      log.push('first');
      second.cancel();
      if (log.length < 3) first.rearm(10);
    });
    const second = wheel.set(10, () => log.push('second'));
    for (time = 10; time <= 50; time += 10) wheel.advance(time);
    expect(log).toEqual(['first', 'first', 'first']);
  });

  it('parks what lies beyond the last level', () => {
    let time = 0;
    const wheel = new TimerWheel(() => time);
    let fired = 0;
    wheel.set(2 ** 33, () => fired++);
    for (let next = wheel.next(); next < 2 ** 33; next = wheel.next()) {
      time = next;
      wheel.advance(next);
      expect(fired).toBe(0);
    }
    time = 2 ** 33;
    wheel.advance(time);
    expect(fired).toBe(1);
  });
});

describe('clocks', () => {
  it('virtual: promises get their turn between ticks', async () => {
    const clock = new VirtualClock(0);
    const log: string[] = [];
    clock.setTimer(5, () => {
      void Promise.resolve().then(() => {
        log.push(`then ${clock.now()}`);
        clock.setTimer(1, () => log.push(`nested ${clock.now()}`));
      });
    });
    clock.setTimer(7, () => log.push(`seven ${clock.now()}`));
    await clock.advance(10);
    expect(log).toEqual(['then 5', 'nested 6', 'seven 7']);
    expect(clock.now()).toBe(10);
  });
  it('virtual: idle when nothing is pending', async () => {
    const clock = new VirtualClock(0);
    clock.setTimer(32_000, () => {});
    expect(await clock.runUntilIdle()).toBe(32_000);
    expect(clock.pending).toBe(0);
  });
  it('real: fires in order and not early', async () => {
    const clock = new RealClock();
    const start = clock.monotonic();
    const log: number[] = [];
    await new Promise<void>((resolve) => {
      clock.setTimer(12, () => {
        log.push(2);
        expect(clock.monotonic() - start).toBeGreaterThanOrEqual(12);
        resolve();
      });
      clock.setTimer(3, () => log.push(1));
      clock.setTimer(5, () => log.push(0)).cancel();
    });
    expect(log).toEqual([1, 2]);
  });

  it('fires outside whatever was under way when its wake-up was armed', async () => {
    const clock = new RealClock();
    const message = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const look = () => seen.push(message.getStore());
    await new Promise<void>((resolve) => {
      message.run('armed it', () =>
        clock.setTimer(1, () => {
          look();
          clock.setTimer(1, () => {
            look();
            resolve();
          });
        }),
      );
    });
    expect(seen).toEqual([undefined, undefined]);
  });
});

describe('exactNow', () => {
  it('is within the millisecond of now(), has more than it, and never goes back while the system clock does not', () => {
    const clock = new RealClock();
    const read = Array.from({ length: 2000 }, () => {
      const before = clock.now();
      const exact = clock.exactNow();
      return { before, exact, after: clock.now() };
    });
    expect(read.filter(({ before, exact, after }) => exact < before || exact >= after + 1)).toEqual([]);
    expect(read.some(({ exact }) => !Number.isInteger(exact))).toBe(true);
    expect(read.every(({ exact }, i) => i === 0 || exact >= read[i - 1]!.exact)).toBe(true);
  });
  it('follows a system clock that is set', () => {
    const clock = new RealClock();
    const real = Date.now;
    try {
      for (const ahead of [3_600_000, -7_200_000]) {
        Date.now = () => real() + ahead;
        expect(Math.abs(clock.exactNow() - Date.now())).toBeLessThan(2);
      }
    } finally {
      Date.now = real;
    }
  });
  it('is now() where time is virtual', async () => {
    const clock = new VirtualClock();
    await clock.advance(5);
    expect(clock.exactNow()).toBe(clock.now());
  });
});

/** Timers of a sent message: when they fire, what they allocate, what a million of them cost while they wait. */
import { describe, expect, it } from 'vitest';
import { cpuMsOfWaiting } from '../../test/support/cpu.js';
import { RealClock, VirtualClock } from '../clock.js';
import type { Clock, Timer } from '../env.js';
import { RetransmitBuffer } from './timers.js';

/** A clock that counts the timers made. */
class CountingClock implements Clock {
  made = 0;
  readonly virtual = new VirtualClock();
  now(): number {
    return this.virtual.now();
  }
  exactNow(): number {
    return this.virtual.exactNow();
  }
  monotonic(): number {
    return this.virtual.monotonic();
  }
  setTimer<T>(delayMs: number, fire: (subject: T) => void, subject?: T): Timer {
    this.made++;
    return this.virtual.setTimer(delayMs, fire as (subject: unknown) => void, subject);
  }
}

function started(t1Ms: number, t2Ms: number, finalMs: number) {
  const clock = new CountingClock();
  const buffer = new RetransmitBuffer(clock, null);
  const sent: number[] = [];
  const ended: number[] = [];
  buffer.onRetransmit = () => sent.push(clock.monotonic());
  buffer.onFinal = () => ended.push(clock.monotonic());
  buffer.start(t1Ms, t2Ms, finalMs);
  return { clock, buffer, sent, ended };
}

describe('retransmission and final timers', () => {
  it.each([
    ['INVITE over UDP (§17.1.1.2): doubling', 500, 64_000, 32_000, [500, 1500, 3500, 7500, 15_500, 31_500]],
    ['non-INVITE over UDP (§17.1.2.2): up to T2', 500, 4000, 16_000, [500, 1500, 3500, 7500, 11_500, 15_500]],
    ['a reliable transport: none', 0, 4000, 16_000, []],
  ])('%s', async (_title, t1, t2, final, times) => {
    const { clock, sent, ended } = started(t1, t2, final);
    await clock.virtual.advance(100_000);
    expect(sent).toEqual(times);
    expect(ended).toEqual([final]);
    expect(clock.virtual.pending).toBe(0);
  });
  it('after a provisional response to a non-INVITE: every T2', async () => {
    const { clock, buffer, sent } = started(500, 4000, 16_000);
    await clock.virtual.advance(600);
    buffer.slowDown(4000);
    await clock.virtual.advance(100_000);
    expect(sent).toEqual([500, 4600, 8600, 12_600]);
  });
  it('makes two timers, however often it retransmits, stops and starts again', async () => {
    const { clock, buffer, sent } = started(10, 10, 60_000);
    await clock.virtual.advance(50_000);
    expect(sent.length).toBe(5000);
    buffer.stop();
    expect([buffer.running, clock.virtual.pending]).toEqual([false, 0]);
    buffer.start(10, 10, 5000);
    buffer.restartFinal(100);
    await clock.virtual.advance(5000);
    expect(clock.made).toBe(2);
    expect(clock.virtual.pending).toBe(0);
  });
});

describe('a million armed timers', () => {
  it('cost no CPU while they wait', async () => {
    const clock = new RealClock();
    const never = () => {
      throw new Error('fired');
    };
    const timers: Timer[] = [];
    // Final timers of a busy server: from half a minute to three minutes.
    for (let n = 0; n < 1_000_000; n++) timers.push(clock.setTimer(30_000 + (n % 150_000), never));
    expect(clock.pending).toBe(1_000_000);
    const wait = 400;
    const limit = wait * 0.5;
    const cost = await cpuMsOfWaiting(limit, wait);
    for (const timer of timers) timer.cancel();
    expect(clock.pending).toBe(0);
    // A wheel that walked its timers would take all of it.
    expect(cost).toBeLessThan(limit);
  }, 30_000);
});

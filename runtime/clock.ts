/**
 * Timers on a hierarchical wheel of one-millisecond slots, and the two clocks built on it: the real one, driven by a
 * single `setTimeout`, and the virtual one, which a test moves by hand.
 *
 *   level 0   256 slots of 1 ms        a timer sits in the level its distance asks for and moves
 *   level 1    64 slots of 256 ms      down a level when the wheel comes round to its slot; arming,
 *   level 2    64 slots of 16.4 s      cancelling and re-arming unlink and link one node: no search,
 *   level 3    64 slots of 17.5 min    no allocation beyond the timer itself
 *   level 4    64 slots of 18.6 h
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, Timer } from './env.js';

const ROOT_SLOTS = 256;
const SLOTS = 64;
/** Bits below each level's slot number. */
const SHIFTS = [0, 8, 14, 20, 26] as const;
/** Distances up to here, in ms, belong to the level. */
const REACH = [2 ** 8, 2 ** 14, 2 ** 20, 2 ** 26, 2 ** 32] as const;

/** A circular list: a slot is a node that points at itself when empty. */
class Node {
  next: Node = this;
  prev: Node = this;
  unlink(): void {
    this.prev.next = this.next;
    this.next.prev = this.prev;
    this.next = this;
    this.prev = this;
  }
  append(node: Node): void {
    node.prev = this.prev;
    node.next = this;
    this.prev.next = node;
    this.prev = node;
  }
}

class WheelTimer extends Node implements Timer {
  expires = 0;
  level = -1;
  constructor(
    private readonly wheel: TimerWheel,
    private readonly act: (subject: unknown) => void,
    private readonly subject: unknown,
  ) {
    super();
  }
  fire(): void {
    this.act(this.subject);
  }
  cancel(): void {
    this.wheel.remove(this);
  }
  rearm(delayMs: number): void {
    this.wheel.remove(this);
    this.wheel.insert(this, delayMs);
  }
}

/** The wheel itself: it knows no clock, only the tick it has come to. */
export class TimerWheel {
  private readonly levels: readonly (readonly Node[])[] = SHIFTS.map((_, level) =>
    Array.from({ length: level === 0 ? ROOT_SLOTS : SLOTS }, () => new Node()),
  );
  private readonly counts = [0, 0, 0, 0, 0];
  /** Last tick processed. */
  private tick: number;
  /**
   * @param time milliseconds on the scale that `advance` uses; may lie ahead of the last tick processed
   * @param armed told the tick of each timer that is set
   */
  constructor(
    private readonly time: () => number,
    private readonly armed: (tick: number) => void = () => {},
  ) {
    this.tick = Math.floor(time());
  }

  /** Timers pending. */
  get size(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  set(delayMs: number, fire: (subject: unknown) => void, subject?: unknown): Timer {
    const timer = new WheelTimer(this, fire, subject);
    this.insert(timer, delayMs);
    return timer;
  }

  insert(timer: WheelTimer, delayMs: number): void {
    // Rounded up: a timer may fire late, never early.
    const due = Math.ceil(this.time() + Math.max(delayMs, 0));
    timer.expires = due > this.tick ? due : this.tick + 1;
    this.place(timer);
    this.armed(timer.expires);
  }

  remove(timer: WheelTimer): void {
    if (timer.level < 0) return;
    this.counts[timer.level]!--;
    timer.level = -1;
    timer.unlink();
  }

  private place(timer: WheelTimer): void {
    const distance = timer.expires - this.tick;
    let level = 0;
    while (level < 4 && distance >= REACH[level]!) level++;
    // Beyond the last level: parked as far out as it goes, placed again from there.
    const at = distance >= REACH[4] ? this.tick + REACH[4] - 1 : timer.expires;
    const slots = this.levels[level]!;
    slots[(at >>> SHIFTS[level]!) & (slots.length - 1)]!.append(timer);
    timer.level = level;
    this.counts[level]!++;
  }

  /** The first tick at which there may be something to do; Infinity when nothing is pending. */
  next(): number {
    let first = Number.POSITIVE_INFINITY;
    for (let level = 0; level < SHIFTS.length; level++) {
      if (this.counts[level] === 0) continue;
      const slots = this.levels[level]!;
      const unit = 2 ** SHIFTS[level]!;
      const here = Math.floor(this.tick / unit);
      for (let ahead = 1; ahead <= slots.length; ahead++) {
        const slot = slots[(here + ahead) & (slots.length - 1)]!;
        if (slot.next === slot) continue;
        first = Math.min(first, (here + ahead) * unit);
        break;
      }
    }
    return first;
  }

  /** Fires what is due up to and with tick `to`, in order of expiry. */
  advance(to: number): void {
    while (this.tick < to) {
      const next = this.next();
      if (next > to) {
        this.tick = to;
        return;
      }
      this.tick = next;
      this.cascade();
      const slot = this.levels[0]![this.tick & (ROOT_SLOTS - 1)]!;
      while (slot.next !== slot) {
        const timer = slot.next as WheelTimer;
        this.remove(timer);
        timer.fire();
      }
    }
  }

  /** Moves down what the wheel has come round to, highest level first. */
  private cascade(): void {
    for (let level = SHIFTS.length - 1; level > 0; level--) {
      if (this.counts[level] === 0 || this.tick % 2 ** SHIFTS[level]! !== 0) continue;
      const slot = this.levels[level]![(this.tick >>> SHIFTS[level]!) & (SLOTS - 1)]!;
      let node = slot.next;
      while (node !== slot) {
        const timer = node as WheelTimer;
        node = node.next;
        this.remove(timer);
        // Due this very tick: straight into the slot about to be fired.
        if (timer.expires <= this.tick) {
          this.levels[0]![this.tick & (ROOT_SLOTS - 1)]!.append(timer);
          timer.level = 0;
          this.counts[0]!++;
        } else this.place(timer);
      }
    }
  }
}

/** The last double of a millisecond: of this size they are 2^-12 apart. */
const LAST_IN_MS = 1 - 2 ** -12;

/** The clock of a running server. */
export class RealClock implements Clock {
  private readonly origin = performance.now();
  /** What `performance.now()` is counted from, in wall time: follows the system's clock when that is set. */
  private wallOrigin = performance.timeOrigin;
  private readonly wheel = new TimerWheel(
    () => this.monotonic(),
    (tick) => this.wake(tick),
  );
  private handle: NodeJS.Timeout | null = null;
  private wakeAt = Number.POSITIVE_INFINITY;
  private firing = false;

  now(): number {
    return Date.now();
  }
  exactNow(): number {
    const ms = Date.now();
    const sinceOrigin = performance.now();
    const exact = this.wallOrigin + sinceOrigin;
    if (exact >= ms && exact < ms + 1) return exact;
    const nearest = exact < ms ? ms : ms + LAST_IN_MS;
    this.wallOrigin = nearest - sinceOrigin;
    return nearest;
  }
  monotonic(): number {
    return performance.now() - this.origin;
  }
  setTimer<T>(delayMs: number, fire: (subject: T) => void, subject?: T): Timer {
    return this.wheel.set(delayMs, fire as (subject: unknown) => void, subject);
  }
  /** Timers pending. */
  get pending(): number {
    return this.wheel.size;
  }

  private wake(tick: number): void {
    // A wake-up that comes too early finds nothing and is set again; one per cancelled timer would cost more.
    if (this.firing || tick >= this.wakeAt) return;
    if (this.handle) clearTimeout(this.handle);
    this.wakeAt = tick;
    this.handle = setTimeout(this.run, Math.min(Math.max(1, tick - this.monotonic()), 0x7fffffff));
  }
  /** Whoever armed the wake-up, what fires then is not done for the message it was handling (`AsyncLocalStorage` of cfgt). */
  private readonly outside = AsyncLocalStorage.snapshot();
  private readonly run = (): void => this.outside(this.fire);
  private readonly fire = (): void => {
    this.handle = null;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.firing = true;
    try {
      this.wheel.advance(Math.floor(this.monotonic()));
    } finally {
      this.firing = false;
      const next = this.wheel.next();
      if (next !== Number.POSITIVE_INFINITY) this.wake(next);
    }
  };
}

/** A clock that moves when told to. Work that waits on promises gets its turn between two ticks. */
export class VirtualClock implements Clock {
  private at = 0;
  private readonly wheel: TimerWheel;
  /** @param startMs wall time at the start */
  constructor(private readonly startMs = Date.UTC(2026, 0, 1)) {
    this.wheel = new TimerWheel(() => this.at);
  }

  now(): number {
    return this.startMs + this.at;
  }
  exactNow(): number {
    return this.now();
  }
  monotonic(): number {
    return this.at;
  }
  setTimer<T>(delayMs: number, fire: (subject: T) => void, subject?: T): Timer {
    return this.wheel.set(delayMs, fire as (subject: unknown) => void, subject);
  }
  /** Timers pending. */
  get pending(): number {
    return this.wheel.size;
  }

  /** Moves on by `ms`; every promise that became ready at a tick is served before the next tick. */
  async advance(ms: number): Promise<void> {
    const end = this.at + ms;
    await settle();
    for (let next = this.wheel.next(); next <= end; next = this.wheel.next()) {
      this.at = next;
      this.wheel.advance(next);
      await settle();
    }
    this.at = end;
    this.wheel.advance(end);
    await settle();
  }

  /** Moves on from timer to timer until none is left, `limitMs` at most. Returns the ms that passed. */
  async runUntilIdle(limitMs = 24 * 3600 * 1000): Promise<number> {
    const start = this.at;
    await settle();
    for (let next = this.wheel.next(); next <= start + limitMs; next = this.wheel.next()) {
      this.at = next;
      this.wheel.advance(next);
      await settle();
    }
    return this.at - start;
  }
}

/** Resolves when everything that was ready to run has run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

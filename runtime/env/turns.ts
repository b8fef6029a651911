/**
 * Streams under load: what one read brings is answered with one write a connection, and where one wake-up follows the other
 * within a millisecond the event loop rests until the millisecond is over, as long as that lets several reads come together.
 *
 * A wake-up and a write cost more than a message. Resting blocks the thread, for less than a timer of Node is late anyway; UDP
 * has a clock of its own (udp-batch.ts), which needs a socket that can be left unread.
 */
export const PACE_MS = 1;
/** So many wake-ups, each within `PACE_MS` of the one before, and the clock takes over; so many that bring little, and it stops. */
export const QUICK_WAKE_UPS = 8;
export const IDLE_READS = 4;

interface Written {
  flush(): void;
}

/** Blocks the thread. */
function sleeper(): (ms: number) => void {
  const bell = new Int32Array(new SharedArrayBuffer(4));
  return (ms) => void Atomics.wait(bell, 0, 0, ms);
}

/** The reads of all stream connections of one network. */
export class Turns {
  /** A read is being worked on: what is written waits for its end. */
  reading = false;
  private written: Written[] = [];
  /** Wake-ups in a row that came quickly; when the last one was, or the last rest ended, ms. */
  private quick = 0;
  private wokenAt = Number.NEGATIVE_INFINITY;
  /** Reads of this turn while the loop is paced; turns in a row that had one. */
  private reads = 0;
  private idle = 0;

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly sleep: (ms: number) => void = sleeper(),
  ) {}

  /** Another number in each turn of the event loop. */
  get turn(): number {
    if (!this.counting) {
      this.counting = true;
      setImmediate(this.count);
    }
    return this.turns;
  }
  private turns = 0;
  private counting = false;
  private readonly count = (): void => {
    this.counting = false;
    this.turns++;
  };

  /** Flushed when the read is done with. */
  add(connection: Written): void {
    this.written.push(connection);
  }
  /** The bytes of one connection, worked on by `work`. */
  read(work: () => void): void {
    this.reading = true;
    try {
      work();
    } finally {
      this.reading = false;
      if (this.written.length > 0) {
        const { written } = this;
        this.written = [];
        for (const connection of written) connection.flush();
      }
      this.pace();
    }
  }
  private pace(): void {
    if (this.quick >= QUICK_WAKE_UPS) {
      if (this.reads++ === 0) setImmediate(this.turnOver);
      return;
    }
    const now = this.now();
    this.quick = now - this.wokenAt < PACE_MS ? this.quick + 1 : 0;
    this.wokenAt = now;
  }
  private readonly turnOver = (): void => {
    this.idle = this.reads > 1 ? 0 : this.idle + 1;
    this.reads = 0;
    if (this.idle >= IDLE_READS) {
      this.quick = 0;
      this.idle = 0;
      return;
    }
    const leftMs = PACE_MS - (this.now() - this.wokenAt);
    if (leftMs > 0) this.sleep(leftMs);
    this.wokenAt = this.now();
  };
}

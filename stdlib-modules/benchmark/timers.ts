/** Named stopwatches: what a period of so many measurements, and all of them, add up to, in microseconds. */
import { double, RpcStruct } from '../../runtime/sdk/index.js';

interface Sums {
  sum: number;
  min: number;
  max: number;
}
/** Kamailio's smallest value before there is one. */
const NO_MINIMUM = 0xffff_ffff;
const empty = (): Sums => ({ sum: 0, min: NO_MINIMUM, max: 0 });
function add(sums: Sums, us: number): void {
  sums.sum += us;
  sums.min = Math.min(sums.min, us);
  sums.max = Math.max(sums.max, us);
}

export class Stopwatch {
  enabled = false;
  /** Milliseconds of the clock; null: not started. */
  startedAt: number | null = null;
  #calls = 0;
  #running = empty();
  #period = empty();
  readonly #all = empty();
  constructor(
    readonly name: string,
    readonly id: number,
  ) {}

  /** The line for the log when a period is full. */
  measured(us: number, granularity: number): string | null {
    this.#calls++;
    add(this.#running, us);
    add(this.#all, us);
    if (this.#calls % granularity !== 0) return null;
    const [last, all] = [this.#running, this.#all];
    this.#period = last;
    this.#running = empty();
    const shown = ({ sum, min, max }: Sums, calls: number) => `${sum}/${min}/${max}/${(sum / calls).toFixed(6)}`;
    return (
      `benchmark (timer ${this.name} [${this.id}]): ${us} [ msgs/total/min/max/avg - LR: ` +
      `${granularity}/${shown(last, granularity)} | GB: ${this.#calls}/${shown(all, this.#calls)}]`
    );
  }
  show(active: boolean, granularity: number): RpcStruct {
    const of = (prefix: string, { sum, min, max }: Sums, shown: RpcStruct) =>
      shown
        .add(prefix === 'global' ? 'sum' : `${prefix}_sum`, String(sum))
        .add(`${prefix}_min`, String(min))
        .add(`${prefix}_max`, String(max));
    const shown = new RpcStruct({
      name: this.name,
      state: active ? 'enabled' : 'disabled',
      id: this.id,
      granularity,
    });
    of('period', this.#period, shown).add('period_media', double(this.#period.sum / granularity));
    of('global', this.#all, shown.add('calls', String(this.#calls)));
    if (this.#calls > 0) shown.add('global_media', double(this.#all.sum / this.#calls));
    return shown;
  }
}

/** Most stopwatches. */
const MAX_TIMERS = 1000;
const MAX_NAME = 31;

export class Stopwatches {
  readonly #byName = new Map<string, Stopwatch>();
  get all(): readonly Stopwatch[] {
    return [...this.#byName.values()];
  }
  get(name: string): Stopwatch | undefined {
    return this.#byName.get(name);
  }
  /** Made when it is not there; null: the name cannot be used. */
  named(name: string): Stopwatch | null {
    const known = this.#byName.get(name);
    if (known) return known;
    if (name === '' || name.length > MAX_NAME || this.#byName.size >= MAX_TIMERS) return null;
    const fresh = new Stopwatch(name, this.#byName.size);
    this.#byName.set(name, fresh);
    return fresh;
  }
}

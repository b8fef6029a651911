/**
 * Statistics: named counters and gauges in groups, as `core:rcv_requests` or `usrloc:registered_users`.
 *
 * A counter is an object whose `value` its owner increments directly. A gauge is a function, read when somebody asks.
 */
import type { Counter } from '../sdk/define.js';

export interface StatEntry {
  readonly group: string;
  readonly name: string;
  readonly doc: string;
  readonly gauge: boolean;
  /** False: `stats.reset_statistics` leaves it alone. */
  readonly resettable: boolean;
  read(): number;
  reset(): void;
}

export class Stats {
  private readonly groups = new Map<string, Map<string, StatEntry>>();
  private readonly counters = new Map<string, Counter>();

  /** The counter of this name, made at first use. */
  counter(group: string, name: string, doc = '', options: { resettable?: boolean } = {}): Counter {
    const key = `${group}:${name}`;
    const known = this.counters.get(key);
    if (known) return known;
    const counter: Counter = { value: 0 };
    this.counters.set(key, counter);
    this.put({
      group,
      name,
      doc,
      gauge: false,
      resettable: options.resettable ?? true,
      read: () => counter.value,
      reset: () => {
        counter.value = 0;
      },
    });
    return counter;
  }
  gauge(group: string, name: string, read: () => number, doc = ''): void {
    this.put({ group, name, doc, gauge: true, resettable: false, read, reset: () => undefined });
  }
  /** By name alone: the first group that has it, as Kamailio's `get_statistics name` finds it. */
  find(name: string): StatEntry | null {
    for (const group of this.groups.values()) {
      const entry = group.get(name);
      if (entry) return entry;
    }
    return null;
  }
  get(group: string, name: string): StatEntry | null {
    return this.groups.get(group)?.get(name) ?? null;
  }
  groupNames(): string[] {
    return [...this.groups.keys()];
  }
  group(name: string): readonly StatEntry[] {
    return [...(this.groups.get(name)?.values() ?? [])];
  }
  remove(group: string, name: string): void {
    this.groups.get(group)?.delete(name);
    this.counters.delete(`${group}:${name}`);
  }

  private put(entry: StatEntry) {
    let group = this.groups.get(entry.group);
    if (!group) this.groups.set(entry.group, (group = new Map()));
    group.set(entry.name, entry);
  }
}

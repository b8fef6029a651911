/**
 * Answers kept for their TTL, failures for `dns_cache_negative_ttl`, both bounded in size; equal questions asked at the
 * same time share one query. What is known is answered at once, without a promise.
 *
 * A question that no server answers costs those who asked it and nobody else; the failure is kept like a "no", so that the
 * next call does not wait again.
 */
import type { Clock } from '../env.js';

export type Maybe<T> = T | Promise<T>;
export type RecordType = 'A' | 'AAAA' | 'SRV' | 'NAPTR';
export const recordTypes: readonly RecordType[] = ['A', 'AAAA', 'SRV', 'NAPTR'];

export interface CacheSettings {
  readonly dns_cache_init: number;
  readonly use_dns_cache: number;
  readonly dns_cache_min_ttl: number;
  readonly dns_cache_max_ttl: number;
  readonly dns_cache_negative_ttl: number;
  /** KB. */
  readonly dns_cache_mem: number;
  readonly dns_cache_del_nonexp: number;
  readonly dns_slow_query_ms: number;
}

const MAX_PENDING = 1024;
/** What an entry and a record are taken to weigh. */
const ENTRY_BYTES = 160;
const RECORD_BYTES = 80;

export interface CacheEntry {
  readonly type: RecordType;
  readonly name: string;
  readonly records: readonly { readonly ttlSec: number }[];
  /** Monotonic, ms. */
  readonly expires: number;
  lastUsed: number;
  /** Put in by a command to stay. */
  readonly permanent: boolean;
  readonly sizeBytes: number;
}

export interface CacheStats {
  /** Questions, found, found to be a "no", dropped to make room. */
  requests: number;
  hits: number;
  negativeHits: number;
  evicted: number;
  queries: number;
  failures: number;
  slow: number;
  refused: number;
}

export class DnsCache {
  private readonly entries = new Map<string, CacheEntry>();
  private readonly pending = new Map<string, Promise<readonly unknown[]>>();
  private bytes = 0;
  /** False (`dns.set_server_state 0`): nobody is asked, what was known counts on. */
  serversUp = true;
  readonly stats: CacheStats = {
    requests: 0,
    hits: 0,
    negativeHits: 0,
    evicted: 0,
    queries: 0,
    failures: 0,
    slow: 0,
    refused: 0,
  };
  /** Told of answers later than `dns_slow_query_ms`. */
  onSlow: (question: string, ms: number) => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly settings: CacheSettings,
  ) {}

  get size(): number {
    return this.entries.size;
  }
  /** About how much is held. */
  get sizeBytes(): number {
    return this.bytes;
  }
  /** What still holds. */
  all(): CacheEntry[] {
    const now = this.clock.monotonic();
    return [...this.entries.values()].filter(({ expires, permanent }) => permanent || expires > now);
  }
  find(type: RecordType, name: string): CacheEntry | undefined {
    return this.entries.get(`${type} ${name}`);
  }
  clear(permanentToo = true): void {
    for (const [key, entry] of this.entries) if (permanentToo || !entry.permanent) this.drop(key);
  }
  remove(type: RecordType, name: string): boolean {
    return this.drop(`${type} ${name}`);
  }
  /** A record from a command; it takes the place of what there was, as in Kamailio. */
  add(type: RecordType, name: string, record: { readonly ttlSec: number }, permanent: boolean): void {
    this.put(type, name, [record], this.clock.monotonic() + record.ttlSec * 1000, permanent);
  }

  /** The records of this name; empty when there are none or none can be had. */
  get<T extends { readonly ttlSec: number }>(
    type: RecordType,
    name: string,
    ask: () => Promise<readonly T[]>,
  ): Maybe<readonly T[]> {
    const key = `${type} ${name}`;
    const now = this.clock.monotonic();
    this.stats.requests++;
    const entry = this.entries.get(key);
    if (entry && (entry.permanent || entry.expires > now || !this.serversUp)) {
      entry.lastUsed = now;
      if (entry.records.length > 0) this.stats.hits++;
      else this.stats.negativeHits++;
      return entry.records as readonly T[];
    }
    if (!this.serversUp) return [];
    const asked = this.pending.get(key);
    if (asked) return asked as Promise<readonly T[]>;
    if (this.pending.size >= MAX_PENDING) {
      this.stats.refused++;
      return [];
    }
    this.stats.queries++;
    const answer = ask()
      .catch((): readonly T[] => {
        this.stats.failures++;
        return [];
      })
      .then((records) => {
        this.pending.delete(key);
        this.timed(key, this.clock.monotonic() - now);
        this.keep(type, name, records);
        return records;
      });
    this.pending.set(key, answer);
    return answer;
  }

  private timed(question: string, ms: number): void {
    const limit = this.settings.dns_slow_query_ms;
    if (limit <= 0 || ms <= limit) return;
    this.stats.slow++;
    this.onSlow(question, ms);
  }
  private keep(type: RecordType, name: string, records: readonly { readonly ttlSec: number }[]): void {
    if (!this.settings.use_dns_cache || !this.settings.dns_cache_init) return;
    const { dns_cache_min_ttl: min, dns_cache_max_ttl: max, dns_cache_negative_ttl: negative } = this.settings;
    const shortest = records.reduce((least, { ttlSec }) => Math.min(least, ttlSec), Number.POSITIVE_INFINITY);
    const ttlSec = records.length === 0 ? negative : Math.min(Math.max(shortest, min), max);
    if (ttlSec <= 0) this.drop(`${type} ${name}`);
    else this.put(type, name, records, this.clock.monotonic() + ttlSec * 1000, false);
  }
  private put(
    type: RecordType,
    name: string,
    records: CacheEntry['records'],
    expires: number,
    permanent: boolean,
  ): void {
    const key = `${type} ${name}`;
    this.drop(key);
    const sizeBytes = ENTRY_BYTES + name.length + records.length * RECORD_BYTES;
    if (!this.makeRoom(sizeBytes)) return;
    this.bytes += sizeBytes;
    this.entries.set(key, { type, name, records, expires, permanent, sizeBytes, lastUsed: this.clock.monotonic() });
  }
  /** Drops what has expired, and with `dns_cache_del_nonexp` the oldest that have not. */
  private makeRoom(bytes: number): boolean {
    const limit = this.settings.dns_cache_mem * 1024;
    if (this.bytes + bytes <= limit) return true;
    const now = this.clock.monotonic();
    for (const [key, entry] of this.entries) if (!entry.permanent && entry.expires <= now) this.drop(key);
    if (this.settings.dns_cache_del_nonexp === 0) return this.bytes + bytes <= limit;
    for (const [key, entry] of this.entries) {
      if (this.bytes + bytes <= limit) return true;
      if (entry.permanent) continue;
      this.stats.evicted++;
      this.drop(key);
    }
    return this.bytes + bytes <= limit;
  }
  private drop(key: string): boolean {
    const entry = this.entries.get(key);
    if (!entry) return false;
    this.bytes -= entry.sizeBytes;
    return this.entries.delete(key);
  }
}

/** Goes on at once when the value is there. */
export const after = <T, R>(value: Maybe<T>, next: (value: T) => Maybe<R>): Maybe<R> =>
  value instanceof Promise ? value.then(next) : next(value);

/** All of them, in order; at once when all are there. */
export function all<T>(values: readonly Maybe<T>[]): Maybe<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[]);
}

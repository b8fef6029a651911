/**
 * The environment of a test: a virtual clock, hosts on one in-memory network with faults drawn from a seed, a zone table
 * for names, random numbers that repeat, a log that can be read. The same seed gives the same run.
 */
import { VirtualClock } from '../clock.js';
import type { Environment, Log, LogRecord, PrivateFile, Random, Resolver, ResolverSettings, Shell } from '../env.js';
import { MemoryStore } from './memory-store.js';
import { SimulatedNetwork, Wire } from './simulated-network.js';
import { SimulatedTls } from './simulated-tls.js';

export { type Faults, SimulatedNetwork, Wire } from './simulated-network.js';

/** sfc32: small, fast, and good enough to draw faults from. */
export class SeededRandom implements Random {
  private a: number;
  private b = 0x9e3779b9;
  private c = 0x243f6a88;
  private d = 1;
  constructor(seed: number) {
    this.a = seed | 0;
    for (let i = 0; i < 12; i++) this.uint32();
  }
  uint32(): number {
    const t = (this.a + this.b + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t >>> 0;
  }
  /** From 0 to below 1. */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }
  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.uint32().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }
}

export class RecordingLog implements Log {
  readonly records: LogRecord[] = [];
  levels: ReadonlyMap<string, number> = new Map();
  constructor(public level = 3) {}
  write(record: LogRecord): void {
    if (record.level <= this.level || this.levels.size > 0) this.records.push(record);
  }
  /** The texts of one source (`<script>`: the cfg's own lines), or of all. */
  texts(source?: string): string[] {
    return this.records.filter((record) => !source || record.source === source).map(({ text }) => text);
  }
}

export interface Zone {
  readonly [name: string]: {
    readonly a?: readonly string[];
    readonly aaaa?: readonly string[];
    readonly srv?: readonly { priority?: number; weight?: number; port: number; target: string }[];
    readonly naptr?: readonly {
      order?: number;
      preference?: number;
      flags: string;
      service: string;
      regexp?: string;
      replacement: string;
    }[];
    readonly ptr?: readonly string[];
    readonly ttlSec?: number;
  };
}

/** Answers from a table; names in `failing` time out. */
export class SimulatedResolver implements Resolver {
  settings: ResolverSettings | null = null;
  reload(): void {}
  readonly failing = new Set<string>();
  delayMs = 1;
  failAfterMs = 4000;
  /** Every question asked: `A example.com`. */
  readonly queries: string[] = [];
  constructor(
    private readonly clock: VirtualClock,
    public zone: Zone = {},
  ) {}

  private answer<T>(
    type: string,
    name: string,
    read: (entry: Zone[string] & { ttlSec: number }) => readonly T[],
  ): Promise<readonly T[]> {
    const key = name.toLowerCase();
    this.queries.push(`${type} ${key}`);
    return new Promise((resolve, reject) => {
      if (this.failing.has(key)) {
        this.clock.setTimer(this.failAfterMs, () =>
          reject(Object.assign(new Error(`no answer for ${key}`), { code: 'ETIMEOUT' })),
        );
        return;
      }
      const entry = this.zone[key];
      this.clock.setTimer(this.delayMs, () => resolve(entry ? read({ ttlSec: 60, ...entry }) : []));
    });
  }
  addresses(host: string, family: 4 | 6) {
    return this.answer(family === 4 ? 'A' : 'AAAA', host, ({ a, aaaa, ttlSec }) =>
      ((family === 4 ? a : aaaa) ?? []).map((ip) => ({ ip, ttlSec })),
    );
  }
  srv(name: string) {
    return this.answer('SRV', name, ({ srv, ttlSec }) =>
      (srv ?? []).map((entry) => ({ priority: 10, weight: 10, ...entry, ttlSec })),
    );
  }
  naptr(name: string) {
    return this.answer('NAPTR', name, ({ naptr, ttlSec }) =>
      (naptr ?? []).map((entry) => ({ order: 10, preference: 10, regexp: '', ...entry, ttlSec })),
    );
  }
  reverse(ip: string): Promise<readonly string[]> {
    return Promise.resolve(this.zone[ip]?.ptr ?? []);
  }
}

/** Files of a simulated host: what a test puts in. */
export class MemoryFiles {
  readonly contents = new Map<string, string>();
  read(path: string): string {
    const text = this.contents.get(path);
    if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return text;
  }
  list(path: string): readonly string[] {
    const folder = path.endsWith('/') ? path : `${path}/`;
    return [...this.contents.keys()].filter((each) => each.startsWith(folder)).map((each) => each.slice(folder.length));
  }
  openPrivate(path: string): PrivateFile {
    return {
      append: (bytes) => void this.contents.set(path, (this.contents.get(path) ?? '') + bytes),
      close: () => {},
    };
  }
}

/** Runs nothing: remembers the lines, and answers what a test says; without a word 0. */
export class SimulatedShell implements Shell {
  readonly lines: string[] = [];
  readonly statuses = new Map<string, number>();
  constructor(private readonly clock: VirtualClock) {}
  run(line: string): Promise<number> {
    this.lines.push(line);
    return new Promise((resolve) => {
      this.clock.setTimer(1, () => resolve(this.statuses.get(line) ?? 0));
    });
  }
}

export interface SimulatedEnvironment extends Environment {
  readonly shell: SimulatedShell;
  readonly files: MemoryFiles;
  readonly clock: VirtualClock;
  readonly network: SimulatedNetwork;
  readonly resolver: SimulatedResolver;
  readonly random: SeededRandom;
  readonly log: RecordingLog;
}

/** Several hosts on one wire, one clock. */
export class SimulatedWorld {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly wire: Wire;
  private hosts = 0;
  constructor(readonly seed = 1) {
    this.random = new SeededRandom(seed);
    this.wire = new Wire(this.clock, this.random);
  }
  /** A machine with these addresses. */
  host(ips: readonly string[] = ['127.0.0.1'], zone: Zone = {}): SimulatedEnvironment {
    return {
      clock: this.clock,
      network: new SimulatedNetwork(this.wire, ips),
      resolver: new SimulatedResolver(this.clock, zone),
      random: new SeededRandom(this.seed * 1000 + ++this.hosts),
      store: new MemoryStore(),
      log: new RecordingLog(),
      tls: new SimulatedTls(this.clock),
      files: new MemoryFiles(),
      shell: new SimulatedShell(this.clock),
    };
  }
}

/** A single simulated host; `127.0.0.1` and `::1` unless told otherwise. */
export const simulatedEnvironment = (
  seed = 1,
  ips: readonly string[] = ['127.0.0.1', '::1'],
  zone: Zone = {},
): SimulatedEnvironment => new SimulatedWorld(seed).host(ips, zone);

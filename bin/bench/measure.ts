/**
 * One scenario: the servers in turn, several times over; CPU time a call from the system, never wall time. A run with a failed
 * call counts for nothing.
 */
import { Load, type LoadOptions } from './load.js';
import { type ServerName, type ServerOptions, startServer } from './servers.js';

export interface BenchOptions extends Omit<LoadOptions, 'core' | 'ports'> {
  readonly name: string;
  readonly cfg: string;
  readonly defines: readonly string[];
  readonly seconds: number;
  readonly repetitions: number;
  readonly servers: readonly ServerName[];
  readonly basePort: number;
}
export interface Sample {
  readonly cpuMsPerCall: number;
  readonly memoryMb: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly loopDelayP99Ms: number | null;
}
export interface Result {
  readonly name: string;
  readonly calls: number;
  readonly samples: Readonly<Record<ServerName, readonly Sample[]>>;
  /** sipc's CPU a call over Kamailio's, of runs that stood side by side. Null when a side has too few clean runs. */
  readonly ratio: Interval | null;
  /** Why there is no ratio. */
  readonly refused: string | null;
}
export interface Interval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Until V8 has compiled what is hot: in the first four seconds a call costs twice what it costs after eight. Not measured. */
const WARM_UP_SECONDS = 10;
/** A run with a failed call is made again, at most so often. */
const EXTRA_RUNS = 2;
const SERVER_CORE = 0;
const LOAD_CORE = 1;

export async function bench(options: BenchOptions, say: (text: string) => void): Promise<Result> {
  const calls = options.perSecond * options.seconds;
  const samples: Record<ServerName, Sample[]> = { kamailio: [], sipc: [] };
  let refused: string | null = null;
  let extra = EXTRA_RUNS;
  for (let done = 0; done < options.repetitions && refused === null; ) {
    // The order changes from one repetition to the next: what drifts hits both.
    const order = done % 2 === 0 ? options.servers : [...options.servers].reverse();
    const pair: [ServerName, Sample][] = [];
    for (const server of order) pair.push([server, await once(server, options, calls)]);
    const bad = pair.find(([, sample]) => sample.failed > 0);
    if (bad) {
      say(`${options.name}: ${bad[1].failed} calls failed at ${bad[0]}; that run does not count`);
      if (extra-- === 0) refused = `${bad[1].failed} of ${calls} calls failed at ${bad[0]}`;
      continue;
    }
    for (const [server, sample] of pair) samples[server].push(sample);
    done++;
    const line = pair.map(([server, sample]) => `${server} ${sample.cpuMsPerCall.toFixed(4)} ms`).sort();
    say(`${options.name} ${done}/${options.repetitions}: ${line.join(', ')}`);
  }
  const ratios = samples.sipc.flatMap((sample, i) => {
    const other = samples.kamailio[i];
    return other ? [sample.cpuMsPerCall / other.cpuMsPerCall] : [];
  });
  return {
    name: options.name,
    calls,
    samples,
    ratio: refused === null && ratios.length > 0 ? medianInterval(ratios) : null,
    refused,
  };
}

async function once(server: ServerName, options: BenchOptions, calls: number): Promise<Sample> {
  const { basePort: port } = options;
  const serverOptions: ServerOptions = { cfg: options.cfg, defines: options.defines, port, core: SERVER_CORE };
  const running = await startServer(server, serverOptions);
  const load = new Load({ ...options, core: LOAD_CORE, ports: { server: port, caller: port + 1, callee: port + 2 } });
  let sample: Omit<Sample, 'loopDelayP99Ms'>;
  try {
    await load.ready();
    const enrolled = await load.enrol();
    if (enrolled && enrolled.failed > 0)
      throw new Error(`registering the users failed at ${server}:\n${enrolled.output}`);
    await load.run(options.perSecond * WARM_UP_SECONDS);
    const before = running.usage();
    const result = await load.run(calls);
    const after = running.usage();
    sample = {
      cpuMsPerCall: (after.cpuMs - before.cpuMs) / calls,
      memoryMb: after.memoryMb,
      failed: result.failed,
      retransmissions: result.retransmissions,
    };
  } finally {
    await load.close();
  }
  return { ...sample, loopDelayP99Ms: await running.stop() };
}

/**
 * Median with an interval that covers it with at least 95 %: two order statistics, from the binomial distribution. With fewer than
 * six values the whole range is the best there is.
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const at = (i: number) => sorted[Math.min(n - 1, Math.max(0, i))]!;
  const median = n % 2 === 1 ? at((n - 1) / 2) : (at(n / 2 - 1) + at(n / 2)) / 2;
  let tail = 0;
  let rank = 0;
  for (let k = 0, term = 0.5 ** n; k < n; term = (term * (n - k)) / (k + 1), k++) {
    tail += term;
    if (2 * tail > 0.05) break;
    rank = k + 1;
  }
  return { median, low: at(rank - 1), high: at(n - rank) };
}

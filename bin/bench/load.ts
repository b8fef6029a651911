/** Runs sipp at a fixed rate from a core of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Started, startOn } from './process.js';
import { enrolment, type Traffic, userList } from './traffic.js';

export interface LoadOptions {
  readonly traffic: Traffic;
  readonly proto: 'udp' | 'tcp';
  readonly ports: { readonly server: number; readonly caller: number; readonly callee: number };
  readonly core: number;
  readonly perSecond: number;
}
export interface LoadResult {
  readonly successful: number;
  readonly failed: number;
  /** Messages the caller had to send again. */
  readonly retransmissions: number;
  /** What sipp said, when something failed. */
  readonly output: string;
}

/** sipp's own receive buffer (64 KB) overflows when it is not scheduled for a moment. */
const BUFFER_BYTES = String(4 << 20);
const USERS = 1000;

export class Load {
  private readonly folder = mkdtempSync(join(tmpdir(), 'sipc-bench-'));
  private readonly answering: Started[] = [];

  constructor(private readonly options: LoadOptions) {
    const { traffic, ports } = options;
    this.write('users.csv', userList(traffic.users ?? USERS));
    this.write('caller.xml', traffic.caller);
    this.write('enrol.xml', enrolment(ports.callee));
    if ('callee' in traffic && traffic.callee) {
      this.write('callee.xml', traffic.callee);
      this.answering.push(this.sipp(['-sf', 'callee.xml', '-p', String(ports.callee)]));
    }
    if ('refuser' in traffic && traffic.refuser) {
      this.write('refuser.xml', traffic.refuser);
      this.answering.push(this.sipp(['-sf', 'refuser.xml', '-p', String(ports.callee + 1)]));
    }
  }

  /** Registers the users that are called. */
  async enrol(): Promise<LoadResult | null> {
    const { users } = this.options.traffic;
    return users === undefined ? null : this.call('enrol.xml', users, Math.min(500, users));
  }

  /** `calls` calls at the rate; rejects never, a run that hangs counts its calls as failed. */
  async run(calls: number): Promise<LoadResult> {
    return this.call('caller.xml', calls, this.options.perSecond);
  }

  private async call(scenario: string, calls: number, perSecond: number): Promise<LoadResult> {
    const { ports } = this.options;
    const stats = join(this.folder, 'stats.csv');
    rmSync(stats, { force: true });
    const calling = this.sipp([
      ...['-sf', scenario, '-inf', 'users.csv', '-p', String(ports.caller), '-m', String(calls)],
      ...['-r', String(perSecond), '-l', String(Math.max(100, perSecond * 5)), '-recv_timeout', '10000'],
      ...['-timeout', `${Math.ceil(calls / perSecond) + 20}s`, '-trace_stat', '-stf', stats, '-fd', '1'],
      `127.0.0.1:${ports.server}`,
    ]);
    await calling.ended;
    const result = readStats(stats);
    const lost = Math.max(0, calls - result.successful - result.failed);
    return { ...result, failed: result.failed + lost, output: calling.output().slice(-2000) };
  }

  private sipp(args: readonly string[]): Started {
    const { core, proto } = this.options;
    const common = ['-i', '127.0.0.1', '-nostdin', '-nd', '-buff_size', BUFFER_BYTES];
    return startOn(core, 'sipp', [...args, ...common, '-t', proto === 'udp' ? 'u1' : 't1'], {
      cwd: this.folder,
      env: { TERM: 'dumb' },
    });
  }
  private write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text, 'latin1');
  }

  async close(): Promise<void> {
    await Promise.all(this.answering.map((started) => started.stop(500)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Last row of sipp's statistics: one line of names, then one a period. */
function readStats(path: string): Omit<LoadResult, 'output'> {
  let rows: string[];
  try {
    rows = readFileSync(path, 'latin1').trim().split('\n');
  } catch {
    return { successful: 0, failed: 0, retransmissions: 0 };
  }
  const names = rows[0]?.split(';') ?? [];
  const last = rows.at(-1)?.split(';') ?? [];
  const value = (name: string) => Number(last[names.indexOf(name)] ?? 0);
  return {
    successful: value('SuccessfulCall(C)'),
    failed: value('FailedCall(C)'),
    retransmissions: value('Retransmissions(C)'),
  };
}

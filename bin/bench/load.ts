/** Runs sipp at a fixed rate from a core of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Started, startOn } from './process.js';
import { readStats, type SippStats } from './sipp-stats.js';
import { enrolment, type Traffic, userList } from './traffic.js';

/** sipp speaks TCP with a program that speaks TLS with the server. */
export interface Tunnel {
  /** Where the callers connect, and where the server finds the callee, on 127.0.0.1. */
  readonly front: number;
  readonly back: number;
  /** What runs it; it writes `listening` once it does. */
  readonly command: readonly [program: string, ...args: string[]];
}
export interface LoadOptions {
  readonly traffic: Traffic;
  readonly proto: 'udp' | 'tcp' | 'tls';
  /** With `tls`. */
  readonly tunnel?: Tunnel;
  readonly ports: { readonly server: number; readonly caller: number; readonly callee: number };
  readonly core: number;
  readonly perSecond: number;
}
export interface LoadResult extends SippStats {
  /** What sipp said, when something failed. */
  readonly output: string;
}

/** sipp's own receive buffer (64 KB) overflows when it is not scheduled for a moment. */
const BUFFER_BYTES = String(4 << 20);
const USERS = 1000;
const START_MS = 20_000;

export class Load {
  private readonly folder = mkdtempSync(join(tmpdir(), 'sipc-bench-'));
  private readonly answering: Started[] = [];
  private readonly tunnel: Started | null = null;

  constructor(private readonly options: LoadOptions) {
    const { traffic, ports, tunnel } = options;
    if (tunnel !== undefined) {
      const [program, ...args] = tunnel.command;
      this.tunnel = startOn(options.core, program, args);
      this.answering.push(this.tunnel);
    }
    this.write('users.csv', userList(traffic.users ?? USERS));
    this.write('caller.xml', this.throughTunnel(traffic.caller));
    this.write('enrol.xml', enrolment(ports.callee));
    if ('callee' in traffic && traffic.callee) {
      this.write('callee.xml', this.throughTunnel(traffic.callee));
      this.answering.push(this.sipp(['-sf', 'callee.xml', '-p', String(ports.callee)]));
    }
    if ('refuser' in traffic && traffic.refuser) {
      this.write('refuser.xml', traffic.refuser);
      this.answering.push(this.sipp(['-sf', 'refuser.xml', '-p', String(ports.callee + 1)]));
    }
  }

  /** The text as somebody on TLS would write it: the callee's Contact leads into the tunnel. */
  private throughTunnel(scenario: string): string {
    const { tunnel } = this.options;
    if (tunnel === undefined) return scenario;
    const address = '[local_ip]:[local_port];transport=[transport]';
    return scenario.replaceAll(address, `127.0.0.1:${tunnel.back};transport=tls`).replaceAll('[transport]', 'TLS');
  }
  /** Settles once there is somebody to send to. */
  async ready(): Promise<void> {
    const until = Date.now() + START_MS;
    while (this.tunnel !== null && !this.tunnel.output().includes('listening')) {
      if (Date.now() > until) throw new Error(`the tunnel does not listen:\n${this.tunnel.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
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
    const { ports, tunnel } = this.options;
    const stats = join(this.folder, 'stats.csv');
    rmSync(stats, { force: true });
    const calling = this.sipp([
      ...['-sf', scenario, '-inf', 'users.csv', '-p', String(ports.caller), '-m', String(calls)],
      ...['-r', String(perSecond), '-l', String(Math.max(100, perSecond * 5)), '-recv_timeout', '10000'],
      ...['-timeout', `${Math.ceil(calls / perSecond) + 20}s`, '-trace_stat', '-stf', stats, '-fd', '1'],
      `127.0.0.1:${tunnel?.front ?? ports.server}`,
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

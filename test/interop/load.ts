/**
 * Load from outside: sipp calls a sipp through the server, along its Record-Route; both are registered before.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readStats, type SippStats } from '../../bin/bench/sipp-stats.js';
import { findTool } from '../support/tools.js';

export interface LoadOptions {
  readonly ports: { readonly server: number; readonly caller: number; readonly callee: number };
  readonly calls: number;
  readonly perSecond: number;
  readonly withinMs: number;
  /** Caller and callee speak TCP: the caller to this port, the callee is reached at this address. */
  readonly stream?: { readonly entry: number; readonly reachedAt: string };
}
export interface LoadResult extends SippStats {
  /** What sipp said, for a failure's message. */
  readonly output: string;
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export async function runCalls(options: LoadOptions): Promise<LoadResult> {
  const { server, caller, callee } = options.ports;
  const reachedAt = options.stream?.reachedAt ?? `127.0.0.1:${callee}`;
  await register('callee', server, reachedAt);
  await register('caller', server, `127.0.0.1:${caller}`);
  const folder = mkdtempSync(join(tmpdir(), 'sipc-load-'));
  const stats = join(folder, 'caller.csv');
  // sipp's own receive buffer (64 KB) overflows when it is not scheduled for a moment.
  const common = [
    '-i',
    '127.0.0.1',
    '-nostdin',
    '-nd',
    '-buff_size',
    String(4 << 20),
    '-timeout',
    `${Math.ceil(options.withinMs / 1000)}s`,
    ...(options.stream ? ['-t', 't1'] : []),
  ];
  const answering = sipp(
    ['-sf', file('callee.xml'), ...common, '-p', String(callee), '-key', 'reached_at', reachedAt],
    folder,
  );
  try {
    const calling = sipp(
      [
        '-sf',
        file('caller.xml'),
        ...common,
        '-p',
        String(caller),
        '-s',
        'callee',
        '-m',
        String(options.calls),
        '-r',
        String(options.perSecond),
        '-l',
        String(options.perSecond * 10),
        '-trace_stat',
        '-stf',
        stats,
        '-fd',
        '1',
        `127.0.0.1:${options.stream?.entry ?? server}`,
      ],
      folder,
    );
    await calling.ended;
    return { ...readStats(stats), output: calling.output().slice(-2000) };
  } finally {
    answering.child.kill('SIGKILL');
    await answering.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

function sipp(
  args: readonly string[],
  folder: string,
): { child: ChildProcess; ended: Promise<void>; output(): string } {
  const child = spawn(findTool('sipp') ?? 'sipp', args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'dumb' },
  });
  let output = '';
  const take = (chunk: Buffer) => {
    output = (output + chunk.toString('latin1')).slice(-20_000);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  return { child, ended, output: () => output };
}

async function register(user: string, server: number, reachedAt: string): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const own = socket.address().port;
  const aor = `sip:${user}@127.0.0.1:${server}`;
  const text = [
    `REGISTER sip:127.0.0.1:${server} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK-register-${user}`,
    'Max-Forwards: 70',
    `From: <${aor}>;tag=register-${user}`,
    `To: <${aor}>`,
    `Call-ID: register-${user}-${own}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:${user}@${reachedAt}>`,
    'Expires: 3600',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to the REGISTER of ${user}`)), 5_000);
      socket.once('message', (data) => {
        clearTimeout(timer);
        const line = data.toString('latin1').split('\r\n', 1)[0];
        if (line === 'SIP/2.0 200 OK') resolve();
        else reject(new Error(`REGISTER of ${user}: ${line}`));
      });
      socket.send(text, server, '127.0.0.1');
    });
  } finally {
    socket.close();
  }
}

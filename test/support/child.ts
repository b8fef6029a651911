/** A program as a user starts it: its output as it comes, its exit, and how much of the processor it took. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const tree = process.env.SIPC_TREE ?? fileURLToPath(new URL('../..', import.meta.url));
export const sipcProgram = `${tree}/bin/sipc`;

const TICK_MS = 10;
const OUTPUT_BYTES = 1 << 20;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}
export interface Child {
  readonly pid: number;
  readonly out: () => string;
  readonly err: () => string;
  /** Settles when the program has ended. */
  readonly ended: Promise<Ended>;
  /** Resolves when `out` and `err` together hold this; rejects when the program ends first, or takes too long. */
  until(wanted: RegExp, withinMs?: number): Promise<void>;
  /** User and system time of the process and the children it waited for. */
  cpuMs(): number;
  kill(signal: NodeJS.Signals): void;
}

interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function startChild(program: string, args: readonly string[], options: ChildOptions = {}): Child {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  const watchers = new Set<() => void>();
  let over = false;
  const read = (which: 'out' | 'err') => (chunk: Buffer) => {
    output[which] = (output[which] + chunk.toString('utf8')).slice(-OUTPUT_BYTES);
    for (const look of watchers) look();
  };
  child.stdout.on('data', read('out'));
  child.stderr.on('data', read('err'));
  const ended = new Promise<Ended>((resolve) => {
    const end = (result: Ended) => {
      over = true;
      resolve(result);
      for (const look of watchers) look();
    };
    child.once('error', () => end({ code: null, signal: null }));
    child.once('close', (code, signal) => end({ code, signal }));
  });
  return {
    pid: child.pid ?? 0,
    out: () => output.out,
    err: () => output.err,
    ended,
    until: (wanted, withinMs = 20_000) =>
      new Promise((resolve, reject) => {
        const finish = (problem: string | null) => {
          watchers.delete(look);
          clearTimeout(timer);
          if (problem === null) resolve();
          else reject(new Error(`${problem} ${wanted}:\n${output.out}\n${output.err}`));
        };
        const look = () => {
          if (wanted.test(output.out) || wanted.test(output.err)) finish(null);
          else if (over) finish('ended without');
        };
        const timer = setTimeout(() => finish('too long without'), withinMs);
        watchers.add(look);
        look();
      }),
    cpuMs: () => cpuMs(child),
    kill: (signal) => void child.kill(signal),
  };
}

export const startSipcCommand = (args: readonly string[], options: ChildOptions = {}): Child =>
  startChild(sipcProgram, args, options);

/** Runs to the end. */
export async function runSipc(
  args: readonly string[],
  options: ChildOptions = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = startSipcCommand(args, options);
  const { code } = await child.ended;
  return { code, out: child.out(), err: child.err() };
}

/** Fields 14 to 17 of proc(5) stat. */
function cpuMs(child: ChildProcess): number {
  const text = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0);
}

/** Is nobody on this port of 127.0.0.1, udp and tcp? */
export async function portIsFree(port: number): Promise<boolean> {
  const udp = await new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ address: '127.0.0.1', port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
  if (!udp) return false;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const PORTS = 100;
/** Test files that run side by side do not look for ports in the same range. */
const FIRST_PORT = 24_000 + PORTS * (Number(process.env.VITEST_POOL_ID ?? 1) - 1);
const LAST_PORT = FIRST_PORT + PORTS - 1;
let nextPort = FIRST_PORT;

/** A port that is free now, another at each call. All are below the range of ephemeral ports. */
export async function freePort(): Promise<number> {
  while (nextPort <= LAST_PORT) {
    const port = nextPort++;
    if (await portIsFree(port)) return port;
  }
  throw new Error(`no free port from ${FIRST_PORT} to ${LAST_PORT}`);
}

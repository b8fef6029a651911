/**
 * A server under measurement: started on one core, its CPU time and memory read from the system for the whole process
 * tree. Linux only: `/proc` and `taskset`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** Time on a CPU since the start, of every thread of every process of the tree, ms. */
  readonly cpuMs: number;
  /** Proportional set size now, MB: pages shared between processes count once. */
  readonly memoryMb: number;
}

/** The pid and all that descend from it. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    // The command may hold blanks and brackets: what follows the last bracket is fixed.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at]!) ?? []));
  return tree;
}

export function usage(root: number): Usage {
  let ns = 0;
  let kb = 0;
  for (const pid of processTree(root)) {
    for (const thread of list(`/proc/${pid}/task`)) {
      ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0);
    }
    kb += Number(/^Pss: +(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  }
  return { cpuMs: ns / 1e6, memoryMb: kb / 1024 };
}

/** A process may end while it is looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

export interface Started {
  readonly pid: number;
  /** What it wrote last, for an error message. */
  output(): string;
  /** SIGTERM, then SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
  readonly ended: Promise<number | null>;
}

/** Runs a program on one core. */
export function startOn(
  core: number,
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Started {
  // taskset replaces itself by the program, so the pid is the program's.
  const child: ChildProcess = spawn('taskset', ['-c', String(core), program, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const take = (chunk: Buffer) => {
    output = (output + chunk.toString('latin1')).slice(-20_000);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', (code) => resolve(code));
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    ended,
    async stop(graceMs = 8_000) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/**
 * A SIP server run as a child process, Kamailio or sipc: started on a cfg, watched, spoken to over its control socket, stopped.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from './tools.js';

/** One line a cfg wrote with xlog(), or acc's line about a transaction. */
export interface ScriptLog {
  readonly level: string;
  readonly text: string;
}

export interface LaunchOptions {
  readonly cfg: string;
  readonly port: number;
  /** Listen on ::1 too. */
  readonly ipv6?: boolean;
  /** Further arguments, in Kamailio's own form. */
  readonly args?: readonly string[];
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly onLog?: (line: ScriptLog) => void;
  readonly readyWithinMs?: number;
}

export interface ServerProcess {
  readonly name: 'kamailio' | 'sipc';
  readonly pid: number;
  /** Its run folder: control sockets and fifos. Gone after `stop()`. */
  readonly folder: string;
  /** Milliseconds from spawn to the first accepted connection. */
  readonly startMs: number;
  /** Everything it wrote to its terminal, the last 64 KB. */
  output(): string;
  alive(): boolean;
  /** Resident memory of the process and its children. */
  residentBytes(): number;
  /** Runs one command through the real kamcmd; resolves with what it printed. */
  rpc(...command: string[]): Promise<string>;
  /** `graceMs`: what is still to be answered gets no longer than this; a second signal ends it. */
  stop(graceMs?: number): Promise<void>;
}

export interface Command {
  readonly name: 'kamailio' | 'sipc';
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const outputLimit = 64 * 1024;

export function listenArgs(options: LaunchOptions): string[] {
  const hosts = options.ipv6 ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'];
  return hosts.flatMap((host) => ['-l', `udp:${host}:${options.port}`, '-l', `tcp:${host}:${options.port}`]);
}

/** `make` gets the folder for sockets and pid files, which is removed at the end. */
export async function launch(options: LaunchOptions, make: (folder: string) => Command): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sipc-test-'));
  const command = make(folder);
  if (await accepts(options.port)) throw new Error(`port ${options.port} is in use: is another test run going on?`);
  const startedAt = performance.now();
  const child = spawn(command.program, command.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env, ...command.env },
  });
  let output = '';
  let exited: string | null = null;
  const done = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      exited = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      exited = signal ?? `exit code ${code}`;
      resolve();
    });
  });
  // A line of one stream must not go on with what came over the other.
  const readers = [child.stdout, child.stderr].map((stream) => {
    const reader = new LogReader(options.onLog ?? (() => {}));
    stream?.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      output = (output + text).slice(-outputLimit);
      reader.push(text);
    });
    return reader;
  });

  const deadline = startedAt + (options.readyWithinMs ?? 20_000);
  while (!(await accepts(options.port))) {
    if (exited !== null) throw new Error(`${command.name} did not start (${exited}):\n${output}`);
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${command.name} did not listen on port ${options.port} in time:\n${output}`);
    }
    await pause(10);
  }
  const control = join(folder, 'kamailio_ctl');
  return {
    name: command.name,
    pid: child.pid ?? 0,
    folder,
    startMs: performance.now() - startedAt,
    output: () => output,
    alive: () => exited === null,
    residentBytes: () => residentBytes(child),
    rpc: (...words) => kamcmd(control, words),
    async stop(graceMs) {
      if (exited === null) {
        child.kill('SIGTERM');
        const timers = [setTimeout(() => child.kill('SIGKILL'), 15_000)];
        if (graceMs !== undefined) timers.push(setTimeout(() => child.kill('SIGTERM'), graceMs));
        await done;
        for (const timer of timers) clearTimeout(timer);
      }
      for (const reader of readers) reader.flush();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.resetAndDestroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function kamcmd(control: string, words: readonly string[]): Promise<string> {
  const program = findTool('kamcmd');
  if (program === null) throw new Error('kamcmd is not installed');
  for (let i = 0; i < 100 && !existsSync(control); i++) await pause(20);
  return new Promise((resolve) => {
    execFile(program, ['-s', `unix:${control}`, ...words], { timeout: 5_000 }, (error, stdout, stderr) => {
      const killed = error?.killed ? 'no answer in 5 s\n' : '';
      resolve(`${stdout}${stderr}${killed}`);
    });
  });
}

function residentBytes(child: ChildProcess): number {
  const wanted = new Set([child.pid]);
  let kilobytes = 0;
  // A parent has a lower pid than its children, except after a wrap of the counter: then this undercounts, harmlessly.
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .sort((a, b) => a - b);
  for (const pid of pids) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
      if (!wanted.has(pid) && !wanted.has(parent)) continue;
      wanted.add(pid);
      kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    } catch {
      // gone in the meantime
    }
  }
  return kilobytes * 1024;
}

/**
 * Finds script lines in what a server prints with -E: `0(123) LEVEL: [prefix ]<script>: text`, and the lines of acc,
 * debugger and `latency_limit_action`.
 * A line that does not open like a log line continues the one before it.
 */
class LogReader {
  #rest = '';
  #open: { level: string; text: string } | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(readonly emit: (line: ScriptLog) => void) {}

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), 20);
    this.#timer.unref();
  }

  flush(): void {
    if (this.#open !== null) this.emit(this.#open);
    this.#open = null;
  }

  #line(line: string): void {
    const start = /^\s*\d+\(\d+\) (\w+): (.*)$/s.exec(line);
    if (start === null) {
      if (this.#open !== null && line !== '') this.#open.text += `\n${line}`;
      return;
    }
    this.flush();
    const level = start[1] ?? '';
    const text = start[2] ?? '';
    // WITH_DEBUG of the stock cfg: traces under a name of their own, with the path of this run's cfg.
    if (level === 'exec') return;
    const acc = /^(.*?)acc(?: \[[^\]]*\]: \w+\(\))?: (.*)$/s.exec(text);
    const slow = /^<core>(?: \[[^\]]*\]: \w+\(\))?: (alert - action \[.*)$/s.exec(text);
    // What acc warns of, and how it goes about its work, is its own affair.
    const debugging = /^debugger(?: \[[^\]]*\]: \w+\(\))?: (.*)$/s.exec(text);
    if (acc !== null && level !== 'WARNING' && level !== 'DEBUG') this.#open = { level, text: `${acc[1]}${acc[2]}` };
    // Kamailio's processes also tell that they start.
    else if (debugging !== null && !/^(?:rank is|cfg level_mode)/.test(debugging[1] ?? ''))
      this.#open = { level, text: `debugger: ${debugging[1]}` };
    else if (slow !== null) this.#open = { level, text: `<core>: ${slow[1]}` };
    else if (text.includes('<script>: ') || text.includes('cfgtrace:')) this.#open = { level, text };
  }
}

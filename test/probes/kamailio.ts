/** Probes parsed and run by the real Kamailio. */
import { execFile, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from '../support/tools.js';
import {
  type Probe,
  type ProbeTable,
  peerPort,
  probeCfg,
  probeMessage,
  probePort,
  type Results,
  refused,
  resultOf,
} from './probe.js';

const program = findTool('kamailio') ?? 'kamailio';

/** What `kamailio -c` says; null: it accepts the file. */
export function checkFile(path: string, args: readonly string[] = []): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, ['-c', '-f', path, '-M', '512', ...args], { maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` : null),
    );
  });
}

export async function runKamailio(table: ProbeTable): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), 'probes-'));
  try {
    const cfg = join(folder, 'probes.cfg');
    const no = await refusals(table, cfg);
    const results = new Map([...no].map((probe) => [probe.name, refused]));
    let runnable = table.probes.filter((probe) => !no.has(probe));
    while (runnable.length > 0) {
      const { text, at } = probeCfg(table, runnable);
      writeFileSync(cfg, text, 'latin1');
      const seen = await observe(runnable, cfg, folder);
      if (typeof seen !== 'string') return new Map([...results, ...seen]);
      // What `-c` accepts may still be refused when the routes are prepared.
      const bad = [...seen.matchAll(/cfg at line: (\d+)|probes\.cfg:(\d+)/g)].map((m) => at.get(Number(m[1] ?? m[2])));
      const found = runnable.filter((probe) => bad.includes(probe));
      if (found.length === 0) throw new Error(`Kamailio does not start:\n${seen.slice(-3000)}`);
      for (const probe of found) results.set(probe.name, refused);
      runnable = runnable.filter((probe) => !found.includes(probe));
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One run names the lines with errors; an error may hide or cause others, so each one named is tried alone. */
async function refusals(table: ProbeTable, cfg: string): Promise<ReadonlySet<Probe>> {
  const no = new Set<Probe>();
  let suspects: Probe[] = [];
  for (;;) {
    const left = table.probes.filter((p) => !no.has(p) && !suspects.includes(p));
    const { text, at } = probeCfg(table, left);
    writeFileSync(cfg, text, 'latin1');
    const said = await checkFile(cfg);
    if (said === null) break;
    const named = new Set([...said.matchAll(/, (?:from )?line (\d+)/g)].map((m) => at.get(Number(m[1]))));
    const found = [...named].filter((p) => p !== undefined);
    if (found.length === 0) throw new Error(`kamailio -c names no probe:\n${said.slice(0, 2000)}`);
    suspects = [...suspects, ...found];
  }
  for (const probe of suspects) {
    writeFileSync(cfg, probeCfg(table, [probe]).text, 'latin1');
    if ((await checkFile(cfg)) !== null) no.add(probe);
  }
  return no;
}

/** The results, or what it said instead of starting. */
async function observe(probes: readonly Probe[], cfg: string, folder: string): Promise<Results | string> {
  // First, so that a second recording ends here: it would ask the Kamailio of the first one.
  const socket = await boundTo(peerPort);
  const child = spawn(program, ['-DD', '-E', '-n', '1', '-f', cfg, '-Y', folder, '-M', '512']);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (b: Buffer) => (log += b.toString('latin1')));
  const send = (name: string) => socket.send(Buffer.from(probeMessage(name)), probePort, '127.0.0.1');
  /** Sends `sync…` until the one worker, which takes messages in order, has come to it. */
  const sync = async (name: string): Promise<boolean> => {
    for (let waited = 0; !log.includes(`B ${name}\n`); waited += 2) {
      if (child.exitCode !== null) return false;
      if (waited > 20_000) throw new Error(`no ${name} from Kamailio:\n${log.slice(-3000)}`);
      if (waited % 200 === 0) send(name);
      await pause(2);
    }
    return true;
  };
  const results = new Map<string, string>();
  try {
    if (!(await sync('sync_start'))) return log;
    for (let from = 0; from < probes.length; from += 20) {
      log = '';
      for (const { name } of probes.slice(from, from + 20)) send(name);
      if (!(await sync(`sync_${from}`))) throw new Error(`Kamailio ended:\n${log.slice(-3000)}`);
      for (const [name, notes] of notesOf(log)) results.set(name, resultOf(notes));
    }
  } finally {
    socket.close();
    child.kill('SIGTERM');
    await new Promise((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(null),
    );
  }
  return results;
}

/** Rejects with the system's reason when the port is taken. */
function boundTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject).once('listening', () => resolve(socket.off('error', reject)));
    socket.bind(port, '127.0.0.1');
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The notes after each B line. */
function notesOf(log: string): Map<string, string[]> {
  const all = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of log.split('\n')) {
    const said = /<script>: ([BP]) (.*)$/.exec(line);
    if (!said) continue;
    if (said[1] === 'P') current.push(said[2]!);
    else all.set(said[2]!, (current = []));
  }
  return all;
}

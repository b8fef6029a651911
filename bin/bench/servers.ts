/** The two servers that are compared, on one core with one worker. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../node-host.js';
import { type Started, startOn, type Usage, usage } from './process.js';

export interface ServerOptions {
  readonly cfg: string;
  readonly port: number;
  readonly core: number;
  /** `-A` definitions. */
  readonly defines: readonly string[];
  /** Kamailio gets a control socket in the run's folder, behind the cfg's own modules. */
  readonly countsBytes?: boolean;
}
export interface Server {
  usage(): Usage;
  /** What it wrote last. */
  output(): string;
  /**
   * What is in use, in bytes: Kamailio's shared memory, sipc's objects after a collection. Null where `countsBytes` was not
   * asked for, or `kamcmd` does not answer.
   */
  liveBytes(): Promise<number | null>;
  /** Stops it. 99th percentile of the event loop's delay in ms, where there is one. */
  stop(): Promise<number | null>;
}
export type ServerName = 'kamailio' | 'sipc';

export function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const START_MS = 20_000;

/** Rejects with what the server said when it does not listen within 20 s. */
export async function startServer(name: ServerName, options: ServerOptions): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), `sipc-bench-${name}-`));
  const addresses = ['udp', 'tcp'].flatMap((proto) => ['-l', `${proto}:127.0.0.1:${options.port}`]);
  const defines = options.defines.flatMap((define) => ['-A', define]);
  const delays = join(folder, 'delays.json');
  const live = join(folder, 'live');
  const probe = join(folder, 'probe.mjs');
  writeFileSync(probe, probeText(delays, live));
  const control = join(folder, 'ctl');
  const wrapper = join(folder, 'kamailio.cfg');
  if (options.countsBytes)
    writeFileSync(
      wrapper,
      `#!KAMAILIO\nloadmodule "ctl.so"\nmodparam("ctl", "binrpc", "unix:${control}")\ninclude_file "${options.cfg}"\n`,
    );
  const started =
    name === 'kamailio'
      ? startOn(options.core, 'kamailio', [
          ...[
            '-DD',
            '-E',
            '-n',
            '1',
            '-N',
            '1',
            '-m',
            '512',
            '-M',
            '16',
            '-f',
            options.countsBytes ? wrapper : options.cfg,
            '-Y',
            folder,
          ],
          ...addresses,
          ...defines,
        ])
      : startOn(
          options.core,
          process.execPath,
          [join(packageRoot(), 'bin/sipc'), 'run', options.cfg, '-Y', folder, ...addresses, ...defines],
          { env: { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${probe}` } },
        );
  const clean = () => rmSync(folder, { recursive: true, force: true });
  try {
    await listening(started, options.port);
  } catch (error) {
    await started.stop(1_000);
    clean();
    throw error;
  }
  return {
    usage: () => usage(started.pid),
    output: () => started.output(),
    async liveBytes() {
      if (!options.countsBytes) return null;
      if (name === 'kamailio') return sharedBytes(control);
      rmSync(live, { force: true });
      process.kill(started.pid, 'SIGUSR2');
      const until = Date.now() + START_MS;
      while (!existsSync(live) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
      return Number(readFileSync(live, 'latin1'));
    },
    async stop() {
      await started.stop();
      const p99 = readDelay(delays);
      clean();
      return p99;
    },
  };
}

function sharedBytes(control: string): number | null {
  try {
    const told = execFileSync('kamcmd', ['-s', `unix:${control}`, 'core.shmmem'], { encoding: 'latin1' });
    const used = /^\s*real_used:\s*(\d+)/m.exec(told)?.[1];
    return used === undefined ? null : Number(used);
  } catch {
    return null;
  }
}

/** Loaded into sipc: writes the event loop's delay when it ends, and at SIGUSR2 what is alive. Costs a timer every 10 ms. */
const probeText = (path: string, live: string): string => `
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(${JSON.stringify(`${live}.new`)}, String(heapUsed + external));
  renameSync(${JSON.stringify(`${live}.new`)}, ${JSON.stringify(live)});
});
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
process.on('exit', () => {
  delays.disable();
  writeFileSync(${JSON.stringify(path)}, JSON.stringify({ p99: delays.percentile(99) / 1e6 - 10 }));
});
`;
function readDelay(path: string): number | null {
  try {
    return Math.max(0, Number((JSON.parse(readFileSync(path, 'utf8')) as { p99: number }).p99));
  } catch {
    return null;
  }
}

/** An answer over UDP, whatever it is, and an open TCP port. */
async function listening(started: Started, port: number): Promise<void> {
  const until = Date.now() + START_MS;
  let over = false;
  void started.ended.then(() => {
    over = true;
  });
  while (Date.now() < until && !over) {
    if ((await acceptsTcp(port)) && (await answersUdp(port))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the server does not listen on port ${port}:\n${started.output().slice(-2000)}`);
}
function acceptsTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const done = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
/** A closed UDP port is known by its ICMP error; silence is an open one. */
function answersUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const done = (open: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(open);
    };
    const timer = setTimeout(() => done(true), 150);
    socket.once('error', () => done(false));
    socket.connect(port, '127.0.0.1', () => socket.send('\r\n\r\n'));
  });
}

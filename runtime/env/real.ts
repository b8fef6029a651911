/** The environment of a running server: Node's sockets, resolver, random numbers and clock. */
import { spawn } from 'node:child_process';
import { randomBytes, randomFillSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { RealClock } from '../clock.js';
import type { Environment, Log, Random, Shell } from '../env.js';
import { libc } from './libc.js';
import { MemoryStore } from './memory-store.js';
import { openPrivateFile } from './private-file.js';
import { RealNetwork } from './real-network.js';
import { RealResolver } from './real-resolver.js';
import { RealTls } from './real-tls.js';
import { DatagramBatches } from './udp-batch.js';

export interface RealOptions {
  /** False: UDP over `node:dgram` even where batches are possible. `SIPC_UDP=dgram` says the same for a whole process. */
  readonly batchedUdp?: boolean;
}

export function realEnvironment(
  log: Log,
  { batchedUdp = process.env.SIPC_UDP !== 'dgram' }: RealOptions = {},
): Environment {
  const clock = new RealClock();
  const c = batchedUdp ? libc() : null;
  return {
    clock,
    network: new RealNetwork(clock, c && new DatagramBatches(c)),
    resolver: new RealResolver(clock),
    random: new RealRandom(),
    store: new MemoryStore(),
    log,
    tls: new RealTls(clock),
    files: {
      read: (path) => readFileSync(path, 'latin1'),
      list: (path) => readdirSync(path),
      openPrivate: openPrivateFile,
    },
    shell: realShell,
  };
}

/** What it writes goes where the log goes; it reads nothing. */
const realShell: Shell = {
  run: (line) =>
    new Promise((resolve) => {
      const child = spawn('/bin/sh', ['-c', line], { stdio: ['ignore', 'inherit', 'inherit'] });
      child.once('error', () => resolve(-1));
      child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 0) << 8 : constants.signals[signal]));
    }),
};

/** Random bytes are fetched in blocks: one system call serves many tags. */
export class RealRandom implements Random {
  private readonly block = new Uint32Array(1024);
  private used = this.block.length;
  uint32(): number {
    if (this.used === this.block.length) {
      randomFillSync(this.block);
      this.used = 0;
    }
    return this.block[this.used++]!;
  }
  hex(digits: number): string {
    if (digits > 64)
      return randomBytes((digits + 1) >> 1)
        .toString('hex')
        .slice(0, digits);
    let text = '';
    while (text.length < digits) text += this.uint32().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }
}

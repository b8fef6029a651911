/** Starts Kamailio with every call of computed.ts: what it refuses it refuses when it prepares the routes, which `-c` does not. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeHost } from '../../bin/node-host.js';
import type { ModuleDeclaration } from '../../compiler/declarations.js';
import { findTool } from '../support/tools.js';
import { type Call, callsOf } from './computed.js';
import { probePort } from './probe.js';

const base = ['pv', 'xlog', 'sl', 'tm', 'rr'];
/** Modules that others do not start without. */
const before: Readonly<Record<string, readonly string[]>> = {
  registrar: ['usrloc'],
  nathelper: ['usrloc'],
  auth_db: ['auth', 'db_text'],
  presence: ['db_text'],
  websocket: ['xhttp'],
};

function cfgOf({ module, head }: Call, call: string): string {
  const modules = [...new Set([...base, ...(before[module] ?? []), module])];
  return [
    'debug=1\nlog_stderror=yes\nchildren=1\ntcp_accept_no_cl=yes',
    `listen=udp:127.0.0.1:${probePort}`,
    ...modules.map((name) => `loadmodule "${name}.so"`),
    'event_route[core:worker-one-init] { xlog("L_ALERT", "STARTED\\n"); }',
    `${head} { ${call} }\n`,
  ].join('\n');
}

function starts(cfg: string, folder: string): Promise<boolean> {
  const path = join(folder, 'computed.cfg');
  writeFileSync(path, cfg);
  const child = spawn(findTool('kamailio') ?? 'kamailio', ['-DD', '-E', '-n', '1', '-f', path, '-Y', folder]);
  return new Promise((resolve) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => {
        said += bytes.toString('latin1');
        if (said.includes('STARTED')) child.kill('SIGTERM');
      });
    const stuck = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.on('exit', () => {
      clearTimeout(stuck);
      resolve(said.includes('STARTED'));
    });
  });
}

export async function recordComputed(): Promise<void> {
  const host = await createNodeHost();
  const modules = host.moduleNames().map((name) => host.module(name));
  const folder = mkdtempSync(join(tmpdir(), 'computed-'));
  const rows: string[] = [];
  const plain = new Map<string, boolean>();
  try {
    for (const call of callsOf(modules.filter((m): m is ModuleDeclaration => m !== null))) {
      const known = plain.get(call.plain) ?? (await starts(cfgOf(call, call.plain), folder));
      plain.set(call.plain, known);
      if (known) rows.push(`${call.cell} ${(await starts(cfgOf(call, call.computed), folder)) ? 'taken' : 'refused'}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(new URL('goldens/computed.txt', import.meta.url), `${rows.join('\n')}\n`);
  console.log(`computed: ${rows.length} calls`);
}

/** Starts Kamailio with every call of computed.ts: what it refuses it refuses when it prepares the routes, which `-c` does not. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeHost } from '../../bin/node-host.js';
import type { ModuleDeclaration } from '../../compiler/declarations.js';
import { presenceGroups, standardGroups } from '../../runtime/db/schema/ddl.js';
import { makeSqlite } from '../support/databases.js';
import { findTool } from '../support/tools.js';
import { type Call, callsOf, isRefused, newerFunctions } from './computed.js';
import { probePort } from './probe.js';

const base = ['pv', 'xlog', 'sl', 'tm', 'rr'];
/** Modules that others do not start without. */
const before: Readonly<Record<string, readonly string[]>> = {
  registrar: ['usrloc'],
  nathelper: ['usrloc'],
  auth_db: ['auth'],
  presence: ['db_text'],
  presence_xml: ['presence'],
  websocket: ['xhttp'],
};
/** Modules that do not start without a database, and the parameter that names it. */
const stored: Readonly<Record<string, (url: string) => string>> = {
  ...Object.fromEntries(
    [
      'alias_db',
      'auth_db',
      'avpops',
      'dispatcher',
      'domain',
      'group',
      'msilo',
      'presence',
      'presence_xml',
      'speeddial',
      'uri_db',
    ].map((name) => [name, (url: string) => `modparam("${name}", "db_url", "${url}")`]),
  ),
  sqlops: (url) => `modparam("sqlops", "sqlcon", "ca=>${url}")`,
};
/** What modules ask for beside, and what the examples name: counters, profiles, sets of relays. */
const named: Readonly<Record<string, readonly string[]>> = {
  avpops: ['modparam("avpops", "avp_table", "usr_preferences")'],
  presence_xml: ['modparam("presence_xml", "integrated_xcap_server", 1)'],
  xhttp: ['event_route[xhttp:request] { exit; }'],
  counters: ['modparam("counters", "script_counter", "calls")', 'modparam("counters", "script_counter", "bytes")'],
  dialog: ['modparam("dialog", "profiles_with_value", "calls")'],
  dmq: [`modparam("dmq", "server_address", "sip:127.0.0.1:${probePort}")`],
  rtpengine: ['modparam("rtpengine", "rtpengine_sock", "0 == udp:127.0.0.1:21942")'],
  rtpproxy: ['modparam("rtpproxy", "rtpproxy_sock", "0 == udp:127.0.0.1:21942")'],
};

/** A cfg in whose one block all these calls stand: they are of one module and one kind of route. */
function cfgOf(module: string, head: string, statements: readonly string[], databaseUrl: string): string {
  const needed = [...(before[module] ?? []), module];
  const database = needed.some((name) => name in stored) ? ['db_sqlite'] : [];
  const modules = [...new Set([...base, ...database, ...needed])];
  return [
    'debug=1\nlog_stderror=yes\nchildren=1\ntcp_accept_no_cl=yes',
    `listen=udp:127.0.0.1:${probePort}`,
    ...modules.map((name) => `loadmodule "${name}.so"`),
    ...modules.flatMap((name) => [...(name in stored ? [stored[name]!(databaseUrl)] : []), ...(named[name] ?? [])]),
    'event_route[core:worker-one-init] { xlog("L_ALERT", "STARTED\\n"); }',
    `${head} { ${statements.join(' ')} }\n`,
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

/** Of these, the ones it starts with: tried together, and by halves where it does not start. */
async function accepted<T>(all: readonly T[], start: (some: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  if (all.length === 0 || (await start(all))) return all;
  if (all.length === 1) return [];
  const half = all.length >> 1;
  return [...(await accepted(all.slice(0, half), start)), ...(await accepted(all.slice(half), start))];
}

function grouped<T>(all: readonly T[], key: (one: T) => unknown): readonly (readonly T[])[] {
  const groups = new Map<unknown, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return [...groups.values()];
}

export async function recordComputed(): Promise<void> {
  const host = await createNodeHost();
  const modules = host.moduleNames().map((name) => host.module(name));
  const isNewer = newerFunctions(host);
  const calls = callsOf(modules.filter((m): m is ModuleDeclaration => m !== null)).filter((call) => !isNewer(call));
  const folder = mkdtempSync(join(tmpdir(), 'computed-'));
  const rows = new Map<Call, string>();
  try {
    const databaseUrl = await makeSqlite(join(folder, 'computed.db'), [...standardGroups, ...presenceGroups]);
    for (const group of grouped(calls, ({ module, head }) => `${module} ${head}`)) {
      const { module, head } = group[0]!;
      const start = (statements: readonly string[]) => starts(cfgOf(module, head, statements, databaseUrl), folder);
      const plain = new Set(await accepted([...new Set(group.map((call) => call.plain))], start));
      const known = group.filter((call) => plain.has(call.plain));
      for (const { cell } of group.filter((call) => !known.includes(call)))
        console.error(`its example alone does not start: ${cell}`);
      // Those of one answer together make few starts; whether it is the expected one does not matter.
      for (const alike of grouped(known, isRefused)) {
        const ask = (some: readonly Call[]) => start(some.map(({ computed }) => computed));
        const some = isRefused(alike[0]!) ? alike.map((call) => [call]) : [alike];
        const taken = new Set<Call>();
        for (const together of some) for (const call of await accepted(together, ask)) taken.add(call);
        for (const call of alike) rows.set(call, `${call.cell} ${taken.has(call) ? 'taken' : 'refused'}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  // In the order of the declarations.
  const lines = calls.flatMap((call) => rows.get(call) ?? []);
  writeFileSync(new URL('goldens/computed.txt', import.meta.url), `${lines.join('\n')}\n`);
  console.log(`computed: ${lines.length} calls`);
}

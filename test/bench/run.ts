/**
 * `npm run bench [-- SCENARIO …] [--rate N] [--seconds N] [--repetitions N] [--gate | --keep]`: CPU time a call, sipc beside
 * Kamailio.
 *
 * `--rate`: calls a second in place of the scenario's. `--keep` writes the ratios to ratios.json, the last run on record;
 * `--gate` fails where one is more than 15 % worse than that.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Tunnel } from '../../bin/bench/load.js';
import { type BenchOptions, bench, type Result } from '../../bin/bench/measure.js';
import { table } from '../../bin/bench/report.js';
import { isInstalled } from '../../bin/bench/servers.js';
import { traffics } from '../../bin/bench/traffic.js';
import { tlsFolder } from '../support/tls-files.js';
import { scenarios } from './scenarios.js';

const GATE = 1.15;
const kept = fileURLToPath(new URL('ratios.json', import.meta.url));
const port = 24900;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string' },
    seconds: { type: 'string', default: '8' },
    repetitions: { type: 'string', default: '7' },
    gate: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
for (const program of ['kamailio', 'sipp', 'taskset']) {
  if (isInstalled(program)) continue;
  console.error(`the benchmark needs ${program} (apt-get install kamailio sip-tester util-linux)`);
  process.exit(1);
}
const unknown = positionals.filter((name) => !scenarios.some((s) => s.name === name));
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(', ')}; there are ${scenarios.map((s) => s.name).join(', ')}`);
  process.exit(2);
}
if (values.rate !== undefined && (values.keep || values.gate)) {
  console.error("what is on record is at the scenarios' own rates: --keep and --gate go without --rate");
  process.exit(2);
}

/** For the dispatcher: a server that refuses, then the callee. */
const folder = mkdtempSync(join(tmpdir(), 'sipc-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const destinations = join(folder, 'dispatcher.list');
writeFileSync(destinations, `1 sip:127.0.0.1:${port + 3} 0 10\n1 sip:127.0.0.1:${port + 2} 0 5\n`);

/** Of the server, of the tunnel's ends. */
const tls = { server: port + 4, front: port + 5, back: port + 6 };
const certificate = join(tlsFolder, 'server.pem');
const key = join(tlsFolder, 'server.key');
const tunnel: Tunnel = {
  ...tls,
  command: [
    ...([process.execPath, '--import', 'tsx', fileURLToPath(new URL('tls-tunnel.ts', import.meta.url))] as const),
    ...[certificate, key, ...[tls.front, tls.server, tls.back, port + 2].map(String)],
  ],
};
/** What the cfgs are told, by how the callee is reached. */
const reached: Readonly<Record<BenchOptions['proto'], readonly string[]>> = {
  udp: [`CALLEE_URI="sip:127.0.0.1:${port + 2}"`],
  tcp: [`CALLEE_URI="sip:127.0.0.1:${port + 2};transport=tcp"`],
  tls: [
    `CALLEE_URI="sip:127.0.0.1:${tls.back};transport=tls"`,
    `TLS_LISTEN=tls:127.0.0.1:${tls.server}`,
    `TLS_CERT="${certificate}"`,
    `TLS_KEY="${key}"`,
  ],
};

const results: Result[] = [];
for (const { name, cfg, traffic, proto, perSecond, needs } of scenarios) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  if (needs !== undefined && !existsSync(needs)) {
    console.error(`${name}: not measured, there is no ${needs}`);
    continue;
  }
  const options: BenchOptions = {
    name,
    cfg,
    traffic: traffics[traffic],
    proto,
    perSecond: values.rate === undefined ? perSecond : Number(values.rate),
    ...(proto === 'tls' ? { tunnel } : {}),
    defines: [...reached[proto], `DISPATCHER_LIST="${destinations}"`],
    seconds: Number(values.seconds),
    repetitions: Number(values.repetitions),
    servers: ['kamailio', 'sipc'],
    basePort: port,
  };
  results.push(await bench(options, (text) => console.error(text)));
}
console.log(table(results));

const before = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as Record<string, number>) : {};
let bad = results.some((result) => result.refused !== null);
if (values.gate) {
  for (const { name, ratio } of results) {
    const last = before[name];
    if (!ratio || last === undefined || ratio.median <= last * GATE) continue;
    console.error(`${name}: ${ratio.median.toFixed(2)}, and ${last.toFixed(2)} before: more than 15 % worse`);
    bad = true;
  }
}
if (values.keep) {
  const next = { ...before };
  for (const { name, ratio } of results) if (ratio) next[name] = Math.round(ratio.median * 1000) / 1000;
  const sorted = Object.fromEntries(Object.entries(next).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(kept, `${JSON.stringify(sorted, null, 2)}\n`);
}
process.exit(bad ? 1 : 0);

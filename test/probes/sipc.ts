/** Probes compiled and run by sipc, on the simulated wire. */
import { createNodeHost } from '../../bin/node-host.js';
import { check } from '../../compiler/index.js';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import { buildCfg, startBuilt } from '../support/in-process.js';
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

const path = 'probes.cfg';

/** The first error of each probe that sipc refuses. */
async function refusals(table: ProbeTable): Promise<Map<Probe, string>> {
  const host = await createNodeHost();
  const { text, at } = probeCfg(table, table.probes);
  const found = new Map<Probe, string>();
  const withCfg = { ...host, readFile: (wanted: string) => (wanted === path ? { text } : host.readFile(wanted)) };
  for (const { severity, code, message, span } of check(withCfg, path, { lint: false }).diagnostics) {
    if (severity !== 'error') continue;
    let outer = span;
    while (outer.via) outer = outer.via;
    const line = outer.file.text.slice(0, outer.start).split('\n').length;
    const probe = at.get(line);
    if (!probe) throw new Error(`line ${line} of the probe cfg: ${code} ${message}`);
    if (!found.has(probe)) found.set(probe, `${code} ${message}`);
  }
  return found;
}

export async function runSipc(table: ProbeTable): Promise<{ results: Results; errors: ReadonlyMap<string, string> }> {
  const no = await refusals(table);
  const results = new Map<string, string>();
  for (const probe of no.keys()) results.set(probe.name, refused);
  const runnable = table.probes.filter((probe) => !no.has(probe));
  const errors = new Map([...no].map(([probe, why]) => [probe.name, why]));
  if (runnable.length === 0) return { results, errors };
  const environment = simulatedEnvironment();
  const starting = startBuilt(await buildCfg(path, probeCfg(table, runnable).text), environment);
  let started = false;
  void starting.then(() => {
    started = true;
  });
  // Host names in the cfg are resolved at start, in virtual time.
  while (!started) {
    await environment.clock.advance(1);
  }
  const server = await starting;
  try {
    const peer = await environment.network.bindUdp({ ip: '127.0.0.1', port: peerPort }, () => {});
    let seen = 0;
    for (const { name } of runnable) {
      peer.send(probeMessage(name), { ip: '127.0.0.1', port: probePort });
      await environment.clock.advance(1);
      const { records } = environment.log;
      const texts = records.slice(seen).map(({ text }) => text);
      const notes = texts.filter((t) => t.startsWith('P '));
      seen = records.length;
      results.set(name, resultOf(notes.map((t) => t.slice(2).replace(/\n$/, ''))));
    }
  } finally {
    await server.stop(0);
  }
  return { results, errors };
}

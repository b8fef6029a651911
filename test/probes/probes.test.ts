/** Each table of probes gives what Kamailio 5.6.3 gave (goldens/); `npm run probes:record` asks it again. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readResults } from './probe.js';
import { runSipc } from './sipc.js';
import { tables } from './tables/index.js';

let covered = 0;

it.each(tables.map((table) => [table.name, table] as const))(
  '%s',
  async (name, table) => {
    const golden = readResults(readFileSync(new URL(`goldens/${name}.txt`, import.meta.url), 'latin1'));
    const { results, errors } = await runSipc(table);
    const differing = table.probes.filter((probe) => golden.get(probe.name) !== results.get(probe.name));
    const named = new Set(differing.map(({ name }) => name));
    const idle = [...(table.explained?.keys() ?? [])].filter((probe) => !named.has(probe));
    expect(idle, 'explained, but no difference any more').toEqual([]);
    const differ = differing
      .filter((probe) => !table.explained?.has(probe.name))
      .map(({ name: probe, code }) => {
        const why = errors.get(probe);
        return `${probe}: Kamailio ${golden.get(probe)}, sipc ${results.get(probe)}${why ? ` (${why})` : ''}: ${code}`;
      });
    expect(differ).toEqual([]);
    covered += table.probes.length;
    console.log(`probes: ${name} ${table.probes.length} cells, ${covered} so far`);
  },
  180_000,
);

it('no golden is left over', () => {
  expect(tables.filter((t) => t.probes.length !== new Set(t.probes.map((p) => p.name)).size)).toEqual([]);
});

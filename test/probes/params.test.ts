/** sipc takes the values of core parameters that `kamailio -c` takes (goldens/params.txt), and refuses those it refuses. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { check } from '../../compiler/index.js';
import { names, paramCfg, readTaken, values } from './params.js';
import { explained } from './params-explained.js';

const host = await createNodeHost();
const golden = readTaken(readFileSync(new URL('goldens/params.txt', import.meta.url), 'utf8'));
const path = 'kamailio.cfg';

function takes(text: string): boolean {
  const withCfg = { ...host, readFile: (wanted: string) => (wanted === path ? { text } : host.readFile(wanted)) };
  return !check(withCfg, path, { lint: false }).diagnostics.some(({ severity }) => severity === 'error');
}

it('every parameter has its answers', () => {
  expect([...golden.keys()]).toEqual(names);
});

it(`${names.length} core parameters, each with ${values.length} values, are taken or refused as by Kamailio`, () => {
  const differ = [];
  const used = new Set<string>();
  for (const name of names)
    for (const value of values) {
      const kamailio = golden.get(name)?.has(value) ?? false;
      if (takes(paramCfg(name, value)) === kamailio) continue;
      const reason = explained.find((row) => row.names.includes(name) && (row.values?.includes(value) ?? true));
      if (reason) used.add(`${reason.why} ${name}`);
      else differ.push(`${name}=${value}: Kamailio ${kamailio ? 'takes' : 'refuses'} it`);
    }
  expect(differ).toEqual([]);
  const idle = explained.flatMap(({ names: of, why }) => of.filter((name) => !used.has(`${why} ${name}`)));
  expect(idle, 'explained, but no difference any more').toEqual([]);
  console.log(`probes: params ${names.length * values.length} cells`);
}, 60_000);

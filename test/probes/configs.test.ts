/** sipc takes the configs that `kamailio -c` takes (goldens/configs.txt), and refuses those it refuses. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { check } from '../../compiler/index.js';
import { configs } from './configs.js';
import { explained } from './configs-explained.js';

const host = await createNodeHost();
const golden = new Map(
  readFileSync(new URL('goldens/configs.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => [JSON.parse(row.slice(row.indexOf(' ') + 1)) as string, row.startsWith('ok ')] as const),
);

it('every config has its answer', () => {
  expect([...golden.keys()]).toEqual([...configs.keys()]);
});

it(`${configs.size} configs are taken or refused as by Kamailio`, () => {
  const differ = [];
  for (const [name, text] of configs) {
    const path = 'kamailio.cfg';
    const withCfg = { ...host, readFile: (wanted: string) => (wanted === path ? { text } : host.readFile(wanted)) };
    const errors = check(withCfg, path, { lint: false }).diagnostics.filter(
      ({ severity, slug }) => severity === 'error' && !slug.startsWith('missing-'),
    );
    if ((errors.length === 0) !== golden.get(name) && !(name in explained))
      differ.push(
        `${golden.get(name) ? 'Kamailio takes' : 'Kamailio refuses'} ${JSON.stringify(name)}: ${errors[0]?.code ?? ''} ${errors[0]?.message ?? 'no error'}`,
      );
    else if (name in explained)
      expect(errors.length === 0, `${name}: no difference any more`).not.toBe(golden.get(name));
  }
  expect(differ).toEqual([]);
}, 60_000);

/** test/cases/parse: each folder's input.cfg gives expected.txt, diagnostics first, then the tree. UPDATE=1 rewrites them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseText, place } from '../support/parse.js';
import { printTree } from '../support/print-tree.js';

const folder = new URL('../cases/parse/', import.meta.url);
const names = readdirSync(folder).filter((name) => existsSync(new URL(`${name}/input.cfg`, folder)));

it.each(names)('%s', (name) => {
  const at = new URL(`${name}/`, folder);
  const files = Object.fromEntries(
    readdirSync(at)
      .filter((file) => file.endsWith('.cfg') && file !== 'input.cfg')
      .map((file) => [file, readFileSync(new URL(file, at), 'latin1')]),
  );
  const { config, diagnostics } = parseText(readFileSync(new URL('input.cfg', at), 'latin1'), {
    files,
    env: { SIPC_HOME: '/srv/sipc' },
    defines: { FROM_COMMAND_LINE: '7' },
  });
  const lines = [...diagnostics.map((d) => `${place(d)} ${d.message}`), printTree(config), ''];
  const got = lines.join('\n');
  const expected = new URL('expected.txt', at);
  if (process.env.UPDATE) writeFileSync(expected, got, 'latin1');
  expect(got).toBe(existsSync(expected) ? readFileSync(expected, 'latin1') : '');
});

/** Pages made from the code are up to date, and what they point at exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../bin/node-host.js';
import { check } from '../compiler/index.js';
import { generatedCoverage, generatedDiagnostics, generatedReadme, generatedTorture, root } from '../scripts/readme.js';

const pages = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.md') && !/(^|\/)(node_modules|dist|test\/cases)\//.test(path),
);

describe('documentation', () => {
  it('README.md is what `npm run readme` makes', async () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toBe(await generatedReadme());
  });

  it('docs/diagnostics.md is what `npm run readme` makes', () => {
    expect(readFileSync(join(root, 'docs/diagnostics.md'), 'utf8')).toBe(generatedDiagnostics());
  });

  it('docs/coverage.md is what `npm run readme` makes', async () => {
    expect(readFileSync(join(root, 'docs/coverage.md'), 'utf8')).toBe(await generatedCoverage());
  });

  it('names out of reach are Kamailio’s, and a cfg that uses them is refused', async () => {
    const host = await createNodeHost();
    const { modules } = host.catalog();
    for (const name of host.moduleNames()) {
      const declaration = host.module(name)!;
      for (const entry of Object.keys(declaration.outOfReach)) {
        const isFunction = entry.endsWith('()');
        const bare = entry.replace('()', '');
        expect(Object.keys((isFunction ? modules[name]?.functions : modules[name]?.params) ?? {})).toContain(bare);
        expect(Object.keys(isFunction ? declaration.functions : declaration.params)).not.toContain(bare);
        const use = isFunction ? '' : `modparam("${name}", "${bare}", "x")`;
        const cfg = `loadmodule "${name}.so"\n${use}\nrequest_route { ${isFunction ? `${bare}("1");` : ''} exit; }`;
        const { diagnostics } = check({ ...host, readFile: () => ({ text: cfg }) }, 'kamailio.cfg', {});
        expect(diagnostics.filter(({ severity }) => severity === 'error')).not.toEqual([]);
      }
    }
  });

  it('docs/torture.md is what `npm run readme` makes', () => {
    expect(readFileSync(join(root, 'docs/torture.md'), 'utf8')).toBe(generatedTorture());
  });

  it.each(pages)('%s links to files that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
    expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it('every npm script the README names exists', () => {
    const text = readFileSync(join(root, 'README.md'), 'utf8');
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...text.matchAll(/`npm run ([\w:-]+)/g)].map((match) => match[1]!);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

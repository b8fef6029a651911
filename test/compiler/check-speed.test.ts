/**
 * `sipc check` within what a person, a commit hook and an editor wait for (figures: `npm run bench:check`). The best of a
 * few runs counts, since the machine is shared. And what makes it so: no package that only a build or a run needs.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { inOrder } from '../../compiler/diagnostics/render.js';
import { check, Matches } from '../../compiler/index.js';
import { bigConfig, coldCheck, warmChecks } from '../bench/check.js';
import { missingTools, stockConfig } from '../support/tools.js';

const cli = fileURLToPath(new URL('../../dist/cli/', import.meta.url));
/** The bounds are for a machine that does nothing else. */
const busy = 1.5;
const noStock = missingTools([], [stockConfig]);
let folder = '';
let big = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipc-speed-'));
  big = join(folder, 'big.cfg');
  writeFileSync(big, bigConfig(10_000));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('sipc check takes', () => {
  it('half a second for the stock config, as a command', ({ skip }) => {
    if (noStock !== null) skip(noStock);
    const { wallMs, cpuMs } = coldCheck(stockConfig, 8);
    expect(Math.min(wallMs, cpuMs)).toBeLessThan(500 * busy);
  });

  it('30 ms for the stock config when it was checked before', async ({ skip }) => {
    if (noStock !== null) skip(noStock);
    const [, ...later] = await warmChecks(stockConfig, 60);
    expect(Math.min(...later)).toBeLessThan(30 * busy);
  });

  it('2.5 s and 300 MB for ten thousand lines', () => {
    const { wallMs, cpuMs, peakMb } = coldCheck(big, 4);
    expect(Math.min(wallMs, cpuMs)).toBeLessThan(2500 * busy);
    expect(peakMb).toBeLessThan(300);
  });
});

it('matches that are kept do not change what is found', async () => {
  const host = await createNodeHost();
  const texts = [
    'request_route { xlog("a"); exit }',
    'request_route { exit; }\n',
    'request_route { drop; }\nroute[A] { exit; }',
  ];
  const found = (text: string, matches?: Matches) =>
    inOrder(check({ ...host, readFile: () => ({ text }) }, 'x.cfg', matches ? { matches } : {}).diagnostics).map(
      ({ code, message, span }) => ({ code, message, start: span.start }),
    );
  const matches = new Matches();
  for (const text of [...texts, ...texts]) expect(found(text, matches)).toEqual(found(text));
});

it('the command loads no package of the build and no module', () => {
  expect(existsSync(cli), 'npm run build comes first').toBe(true);
  const seen = new Set<string>();
  const packages = new Set<string>();
  const load = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(cli, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/^(?:import|export)\b[^'"]*?["']([^'"]+)["'];?$/gm))
      if (name.startsWith('./')) load(name.slice(2));
      else if (!name.startsWith('node:')) packages.add(name);
  };
  for (const start of ['sipc.mjs', readdirSync(cli).find((name) => /^check-\w+\.mjs$/.test(name))!]) load(start);
  expect([...packages].sort()).toEqual(['@jridgewell/gen-mapping', 'code-block-writer', 'commander', 'picocolors']);
  const sources = [...seen].flatMap((file) => readFileSync(join(cli, file), 'utf8').match(/^\/\/ \S+\.ts$/gm) ?? []);
  expect(sources).toContain('// compiler/index.ts');
  expect(sources.filter((name) => /^\/\/ (?:stdlib-modules|runtime\/(?!sdk\/define|values\/))/.test(name))).toEqual([]);
});

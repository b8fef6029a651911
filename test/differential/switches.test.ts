/** The switches of the stock cfg: each does something Kamailio shows; all pairs of them and all together are free of errors. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { check } from '../../compiler/index.js';
import { splicedStock } from '../support/stock-config.js';
import { missingTools, stockConfig } from '../support/tools.js';
import { compare } from './compare.js';
import { readGolden } from './goldens.js';
import switchGroups from './scenarios/switches.js';
import { offGroup, switches } from './switches.js';

/** What each cannot do without. */
const all: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  switches.map(({ name, needs }) => [name, needs]),
);
const missing = missingTools([], [stockConfig]);
const host = await createNodeHost();
const folder = mkdtempSync(join(tmpdir(), 'sipc-switches-'));
const cfg = join(folder, 'kamailio.cfg');
writeFileSync(cfg, splicedStock, 'latin1');
afterAll(() => rmSync(folder, { recursive: true }));

/** Errors that `sipc check` finds with these switches on, and what they need. */
const errorsWith = (names: readonly string[]) => errorsOf(names.flatMap((name) => [name, ...(all[name] ?? [])]));
function errorsOf(names: readonly string[]): string[] {
  const defines = Object.fromEntries(names.map((name) => [`WITH_${name}`, '']));
  return check(host, cfg, { defines })
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code} ${message}`);
}

describe('the switches of the stock cfg', () => {
  const names = Object.keys(all);
  it('are all of it', async ({ skip }) => {
    if (missing !== null) skip(missing);
    const inCfg = [...splicedStock.matchAll(/^#!ifdef WITH_(\w+)/gm)].map(([, name = '']) => name);
    expect([...names].sort()).toEqual([...new Set(inCfg)].sort());
  });
  it.for(names)('%s, alone and with each other, has no error', { timeout: 60_000 }, (name, { skip }) => {
    if (missing !== null) skip(missing);
    expect(errorsWith([name])).toEqual([]);
    for (const other of names.slice(names.indexOf(name) + 1)) expect(errorsWith([name, other]), other).toEqual([]);
  });
  it('WEBSOCKETS without NAT has no error', ({ skip }) => {
    if (missing !== null) skip(missing);
    expect(errorsOf(['WEBSOCKETS'])).toEqual([]);
  });
  it('all together have no error', ({ skip }) => {
    if (missing !== null) skip(missing);
    expect(errorsWith(names)).toEqual([]);
  });
  it.each(
    switches.filter(({ shows }) => shows !== false).map((one) => [one.name.toLowerCase(), offGroup(one)] as const),
  )('%s changes what Kamailio does', (slug, offName) => {
    const [on, off] = [`switch-${slug}`, offName].map((name) => {
      const group = switchGroups.find((one) => one.name === name);
      const scenario = group?.scenarios.find((one) => one.slug === slug);
      return group && scenario ? readGolden(group, scenario) : null;
    });
    if (!on || !off) throw new Error(`no golden: npm run differential:record switch-${slug} ${offName}/${slug}`);
    expect(compare(on, off)).not.toBeNull();
  });
});

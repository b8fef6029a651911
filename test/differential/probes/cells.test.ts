/** What the recorded probes cover: cells (entry × message × kind of route), and that no entry is undefined everywhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseGolden } from '../goldens.js';
import { eventPasses, label, unreadIn } from './cfg.js';
import { modulesElsewhere, natReads, tlsReads } from './modules.js';
import { elsewhere, reads, shaped } from './pvs.js';
import { selectReads, selectShapes, selectsElsewhere } from './selects.js';
import { neverValue, unseen } from './unseen.js';
import { transformations } from './values.js';

/** Of a group of probes: in which kinds of route each entry was read, which entries had a value, and how many cells there are. */
function readCells(group: string) {
  const folder = new URL(`../goldens/${group}/`, import.meta.url);
  const kinds = new Map<string, Set<string>>();
  const defined = new Set<string>();
  let cells = 0;
  for (const file of readdirSync(folder)) {
    const { log } = parseGolden(readFileSync(new URL(file, folder), 'utf8'));
    for (const line of log) {
      const probe = /^NOTICE: <script>: (\w+) [rs] (.*?)=\[(.*)\]$/s.exec(line);
      if (!probe) continue;
      const [, kind, name, value] = probe;
      cells++;
      kinds.set(name!, (kinds.get(name!) ?? new Set()).add(kind!));
      if (value !== '<null>' && value !== '') defined.add(name!);
    }
  }
  return { kinds, defined, cells };
}
const routes = ['branch', 'event', 'failure', 'onreply', 'onsend', 'reply', 'request'];
/** Entries that were not read in each of these passes. */
const unread = (
  entries: readonly string[],
  kinds: ReadonlyMap<string, ReadonlySet<string>>,
  passes: readonly string[] = routes,
) => entries.filter((name) => passes.some((pass) => !kinds.get(name)?.has(pass)));

describe('pseudo-variable probes', () => {
  const { kinds, defined, cells } = readCells('pv-probes');
  const entries = [...reads, ...shaped].map(label);
  it('read every entry in every kind of route', () => {
    expect(unread(entries, kinds)).toEqual([]);
  });
  it.each(eventPasses)('read every entry in the event %s', (event) => {
    const apart = new Set(unreadIn(event).map(label));
    expect(
      unread(
        entries.filter((entry) => !apart.has(entry)),
        kinds,
        [event],
      ),
    ).toEqual([]);
  });
  it('find a value for each name somewhere', () => {
    const nameOf = (entry: string) => /^\(?([\w.]+)/.exec(entry)?.[1] ?? entry;
    const found = new Set([...defined].map(nameOf));
    const missing = new Set(entries.map(nameOf).filter((name) => !found.has(name)));
    expect([...missing].sort()).toEqual(Object.keys(elsewhere).sort());
  });
  it('are many', () => {
    console.log(`${cells} cells: ${entries.length} reads`);
    expect(cells).toBeGreaterThan(10_000);
  });
});

describe('select probes', () => {
  const { kinds, defined, cells } = readCells('pv-selects');
  const entries = [...selectReads, ...selectShapes].map(label);
  it('read every path in every kind of route', () => {
    expect(unread(entries, kinds)).toEqual([]);
  });
  it('find a value for each path of the catalog somewhere', () => {
    // What words a path is filled with does not matter: one of them has a value.
    const family = (entry: string) =>
      entry
        .replace(/^\(|\{.*$/g, '')
        .replace(/\[-?\d+\]/, '')
        .replace(/\.(h|header)\.\w+/, '.$1.*')
        .replace(/\.(params?|p)\.\w+/, '.$1.*')
        .replace(/\b(authorization|hf_value2?|hf_value_exists|line)(\.\w+|\[[^\]]*\])/, '$1.*')
        .replace(/cfg_get\.\w+\.\w+/, 'cfg_get.*');
    const found = new Set([...defined].map(family));
    const missing = new Set(entries.map(family).filter((name) => !found.has(name)));
    expect([...missing].sort()).toEqual(Object.keys(selectsElsewhere).map((path) => `sel(${path})`));
  });
  it('are many', () => {
    console.log(`${cells} cells: ${entries.length} paths`);
    expect(cells).toBeGreaterThan(30_000);
  });
});

describe('probes of modules', () => {
  const { kinds, defined } = readCells('pv-modules');
  const entries = [...tlsReads, ...natReads].map(label);
  it('read every entry in every kind of route', () => {
    expect(unread(entries, kinds)).toEqual([]);
  });
  it('find a value for each somewhere', () => {
    const plain = (entry: string) =>
      entry
        .replace(/\[-?\d+\]/, '')
        .replace(/\bparams\.\w+/, 'params.*')
        .replace(/\bsel\(tls\.(me|myself)\b/, 'sel(tls.my');
    const found = new Set([...defined].map(plain));
    const missing = new Set(entries.map(plain).filter((name) => !found.has(name)));
    expect([...missing].sort()).toEqual([...modulesElsewhere].sort());
  });
});

describe('transformation probes', () => {
  const { log } = parseGolden(readFileSync(new URL('../goldens/pv-values/texts.json', import.meta.url), 'utf8'));
  const results = new Map<string, string[]>();
  for (const line of log) {
    const [, chain, cells] = /<script>: t (\{.*\}) (\w+=\[.*)$/s.exec(line) ?? [];
    if (chain === undefined || cells === undefined) continue;
    for (const [, value] of cells.matchAll(/\w+=\[([^\]]*)\]/g))
      results.set(chain, [...(results.get(chain) ?? []), value!]);
  }
  it('put every chain on its inputs, and each transformation gives something', () => {
    expect(results.size).toBe(transformations.length);
    const nameOf = (chain: string) => chain.split(/[{,}]/)[1];
    const giving = new Set(
      [...results]
        .filter(([, values]) => values.some((value) => /^[0-9a-f]+$/.test(value)))
        .map(([chain]) => nameOf(chain)),
    );
    expect([...results.keys()].map(nameOf).filter((name) => !giving.has(name))).toEqual([]);
  });
  it('are many', () => {
    const cells = [...results.values()].flat().length;
    console.log(`${cells} cells: ${results.size} chains`);
    expect(cells).toBeGreaterThan(5_000);
  });
});

describe('docs/coverage.md', () => {
  const page = readFileSync(new URL('../../../docs/coverage.md', import.meta.url), 'utf8');
  it('counts as shown what is read and is always $null', () => {
    const groups = ['pv-probes', 'pv-selects', 'pv-modules'].map(readCells);
    const nameOf = (cell: string) =>
      cell.startsWith('sel(') ? `@${cell.slice(4, -1).replace(/\[-?\d+\]/, '')}` : `$${cell}`;
    const read = new Set(groups.flatMap(({ kinds }) => [...kinds.keys()].map(nameOf)));
    const defined = new Set(groups.flatMap((group) => [...group.defined].map(nameOf)));
    expect([...neverValue].filter((name) => !read.has(name) || defined.has(name))).toEqual([]);
  });
  it('has a reason for each entry that is done and that no transcript shows', () => {
    const readable = page.split(/^(?=## |\*\*)/m).filter((part) => /^\*\*(Pseudo|Trans|Selects)/.test(part));
    const listed = readable.flatMap((part) =>
      [...part.matchAll(/^- done \(\d+\): (.*)$/gm)].flatMap(([, names]) => [...names!.matchAll(/`([^`]+)`/g)]),
    );
    const names = listed.map(([, name]) => name!);
    console.log(`done, and in no transcript (${names.length}): ${names.join(' ')}`);
    expect(names.filter((name) => !(name in unseen))).toEqual([]);
    // Names newer than 5.6.3 may still be missing; the others have to be there.
    const reasons = Object.entries(unseen).filter(([, why]) => why !== 'newer than 5.6.3');
    expect(reasons.map(([name]) => name).filter((name) => !names.includes(name))).toEqual([]);
  });
});

/** What the recorded probes cover: cells (entry × message × kind of route), and that no entry is undefined everywhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseGolden } from '../goldens.js';
import { label } from './cfg.js';
import { elsewhere, reads, shaped } from './pvs.js';

const folder = new URL('../goldens/pv-probes/', import.meta.url);
const kinds = new Map<string, Set<string>>();
let cells = 0;
const defined = new Set<string>();
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

describe('pseudo-variable probes', () => {
  const entries = [...reads, ...shaped].map(label);
  it('read every entry in every kind of route', () => {
    const all = ['branch', 'event', 'failure', 'onreply', 'onsend', 'reply', 'request'];
    expect(entries.filter((name) => [...(kinds.get(name) ?? [])].sort().join() !== all.join())).toEqual([]);
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

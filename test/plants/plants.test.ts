/** The lists keep up with the code: each bug can still be planted, and what is to notice it exists. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadGroups } from '../differential/groups.js';
import { stateMachines } from '../ladders/state-machines.js';
import { faults } from './faults.js';
import { plants } from './plants.js';

const scenarios = new Set(
  (await loadGroups()).flatMap((group) => group.scenarios.map(({ slug }) => `${group.name}/${slug}`)),
);
const rows = new Set(stateMachines.map(({ state, event }) => `${state} × ${event}`));
const exists = (name: string): boolean =>
  name.endsWith('.ladder')
    ? existsSync(new URL(`../../${name}`, import.meta.url))
    : scenarios.has(name) || rows.has(name);

describe.for([
  { what: 'for the suite', list: plants, atLeast: 50 },
  { what: 'for the simulator', list: faults, atLeast: 20 },
])('$what', ({ list, atLeast }) => {
  it.for(list)('$name', ({ file, search, replacement, noticedBy }) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(text.split(search).length - 1, `occurrences in ${file} of: ${search}`).toBe(1);
    expect(replacement).not.toBe(search);
    if (list === plants) expect(noticedBy.filter((name) => !exists(name))).toEqual([]);
  });
  it(`are ${atLeast} or more, each of another kind`, () => {
    expect(list.length).toBeGreaterThanOrEqual(atLeast);
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
  });
});

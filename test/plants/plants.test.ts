/** The list keeps up with the code: each bug can still be planted, and the scenarios it names exist. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadGroups } from '../differential/groups.js';
import { plants } from './plants.js';

const scenarios = new Set(
  (await loadGroups()).flatMap((group) => group.scenarios.map(({ slug }) => `${group.name}/${slug}`)),
);

it.for(plants)('$name', ({ file, search, replacement, noticedBy }) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(text.split(search).length - 1, `occurrences in ${file} of: ${search}`).toBe(1);
  expect(replacement).not.toBe(search);
  expect(noticedBy.filter((name) => !scenarios.has(name))).toEqual([]);
});

it('are twenty or more, each of another kind', () => {
  expect(plants.length).toBeGreaterThanOrEqual(20);
  expect(new Set(plants.map(({ name }) => name)).size).toBe(plants.length);
});

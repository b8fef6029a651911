/**
 * The fuzzer's short run: 20,000 messages leave the server alive and reach the branches of runtime/message; and of 2,000 the answer,
 * or the drop, is Kamailio's. `npm run fuzz` sends a million.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../support/in-process.js';
import { type Kind, kinds } from './differences.js';
import { fuzz } from './fuzz.js';
import { answersOfSipc, digestOf, readGoldens, sample } from './sample.js';

it('answers or drops what Kamailio answers or drops', { timeout: 120_000 }, async () => {
  const all = sample();
  const goldens = readGoldens();
  expect(digestOf(all), 'the generator has changed: npx tsx test/fuzz/record.ts').toBe(goldens.digest);
  const ours = await answersOfSipc(all);
  const shown = new Set<Kind>();
  const unexplained = ours.flatMap((answer, i) => {
    const theirs = goldens.answers[goldens.byMessage[i]!] ?? null;
    if (answer === theirs) return [];
    const kind = kinds.find(({ explains }) => explains(all[i]!, theirs, answer));
    if (kind) shown.add(kind);
    return kind ? [] : [{ message: all[i], kamailio: theirs, sipc: answer }];
  });
  expect(unexplained).toEqual([]);
  expect(
    kinds.filter((kind) => !shown.has(kind)).map(({ row }) => row),
    'no message shows these: remove them',
  ).toEqual([]);
});

it('each kind of difference has its row', () => {
  const page = readFileSync(join(projectRoot, 'docs/deviations.md'), 'utf8');
  for (const { row } of kinds) expect(page).toContain(`| ${row}`);
});

it('20,000 messages leave it alive, with nothing left over', { timeout: 120_000 }, async () => {
  const { errors, left, answered } = await fuzz({ seed: 7, count: 20_000 });
  expect(errors).toEqual([]);
  expect(left).toBe(0);
  expect(answered).toBeGreaterThan(2_000);
});

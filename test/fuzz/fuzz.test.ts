/**
 * The fuzzer's short run: 20,000 messages leave the server alive and reach the branches of runtime/message; and of 2,000 the answer,
 * or the drop, is Kamailio's. `npm run fuzz` sends a million.
 */
import { expect, it } from 'vitest';
import { differences } from './differences.js';
import { fuzz } from './fuzz.js';
import { answersOfSipc, digestOf, readGoldens, sample } from './sample.js';

it('answers or drops what Kamailio answers or drops', { timeout: 120_000 }, async () => {
  const all = sample();
  const goldens = readGoldens();
  expect(digestOf(all), 'the generator has changed: npx tsx test/fuzz/record.ts').toBe(goldens.digest);
  const ours = await answersOfSipc(all);
  const differing = ours.flatMap((answer, i) => {
    const theirs = goldens.answers[goldens.byMessage[i]!] ?? null;
    return answer === theirs ? [] : [i];
  });
  expect(differing.filter((i) => !differences.has(i)).map((i) => [i, all[i]])).toEqual([]);
  expect(
    [...differences].filter((i) => !differing.includes(i)),
    'no longer differ: remove them',
  ).toEqual([]);
});

it('20,000 messages leave it alive, with nothing left over', { timeout: 120_000 }, async () => {
  const { errors, left, answered } = await fuzz({ seed: 7, count: 20_000 });
  expect(errors).toEqual([]);
  expect(left).toBe(0);
  expect(answered).toBeGreaterThan(2_000);
});

/**
 * Phones that call each other at random over a bad network, by seed. Whatever happens: no request gets two final answers,
 * every one gets one (or its sender gave up), and in the end nothing is left of any of it.
 */
import { describe, expect, it } from 'vitest';
import { randomNetworks, randomRun } from '../support/random-run.js';

describe('random calls', () => {
  const seen = new Set<string>();
  for (const { name, faults } of randomNetworks)
    for (const seed of [1, 2, 3])
      it(`${name}, seed ${seed}`, async () => {
        const { statuses, gaveUp, ...rest } = await randomRun({
          cfg: 'test/properties/random-calls.cfg',
          seed,
          calls: 80,
          faults,
        });
        expect(rest).toEqual({ two: [], unanswered: [], strange: [], errors: [], left: [], timers: 0 });
        for (const status of statuses) seen.add(status);
        if (name === 'a good network') expect(gaveUp).toBe(0);
      });
  it('shows every way a call can end, or all this proves nothing', () => {
    expect([...seen].sort()).toEqual(['200', '404', '408', '486', '487', '500', '603']);
  });
});

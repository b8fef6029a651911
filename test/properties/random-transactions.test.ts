/**
 * The invariants of random-calls with all of tm in play: suspended requests and responses (some never continued), serial forking,
 * requests of our own, replication, branches replaced one by one.
 */
import { describe, expect, it } from 'vitest';
import type { SeededRandom } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { randomNetworks, randomRun } from '../support/random-run.js';

/** Goes on with some of what is suspended, now and then with what is not. */
function goOn(continued: { count: number }) {
  return (server: Server, dice: SeededRandom): void => {
    for (const t of server.transactions.all()) {
      if (!t.suspended || dice.fraction() < 0.7) continue;
      const name = t.suspension?.reply ? 'PASS' : 'GO_ON';
      if (server.transactions.continue(t.index, t.label, name, null) !== -1) continued.count++;
      if (dice.fraction() < 0.2) void server.transactions.continue(t.index, t.label, name, null);
    }
  };
}

describe('random calls with all of tm', () => {
  const seen = new Set<string>();
  const continued = { count: 0 };
  for (const { name, faults } of randomNetworks)
    for (const seed of [11, 12, 13])
      it(`${name}, seed ${seed}`, async () => {
        const { statuses, gaveUp, ...rest } = await randomRun({
          cfg: 'test/properties/random-transactions.cfg',
          seed,
          calls: 100,
          faults,
          meanwhile: goOn(continued),
        });
        expect(rest).toEqual({ two: [], unanswered: [], strange: [], errors: [], left: [], timers: 0 });
        for (const status of statuses) seen.add(status);
        if (name === 'a good network') expect(gaveUp).toBe(0);
      });
  it('shows every way a call can end, or all this proves nothing', () => {
    expect([...seen].sort()).toEqual(['200', '404', '408', '480', '486', '487', '500', '603']);
    expect(continued.count).toBeGreaterThan(50);
  });
});

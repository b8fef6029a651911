/** Every row of `state-machines.ts`, on the virtual clock; rows that hold for both are played with tm's times and with the RFC's. */
import { describe, expect, it } from 'vitest';
import { figures, modesOf, playRow, stateMachines } from './state-machines.js';

for (const figure of new Set(stateMachines.map((row) => row.figure)))
  describe(`RFC 3261 Figure ${figure} transaction`, () => {
    for (const row of stateMachines.filter((each) => each.figure === figure))
      for (const mode of modesOf(row))
        it(`${row.state} × ${row.event} (§${row.section}), ${mode === 0 ? 'as tm' : `rfc_mode ${mode}`}`, () =>
          playRow(row, mode));
  });

it.each(Object.entries(figures))('every state and event of Figure %s has a row', (figure, states) => {
  const rows = new Set(
    stateMachines.filter((row) => row.figure === figure).map((row) => `${row.state} × ${row.event}`),
  );
  const wanted = Object.entries(states).flatMap(([state, events]) => events.map((event) => `${state} × ${event}`));
  expect(wanted.filter((each) => !rows.has(each))).toEqual([]);
  expect(new Set(stateMachines.filter((row) => row.figure === figure).map(({ state }) => state))).toEqual(
    new Set(Object.keys(states)),
  );
});

it('each bit of rfc_mode is played alone', () => {
  const alone = new Set(stateMachines.filter(({ as }) => as === 'rfc').flatMap((row) => modesOf(row)));
  for (const bit of [1, 2, 4]) expect(alone).toContain(bit);
});

/** Every row of `state-machines.ts`, on the virtual clock; rows that hold for both are played with tm's times and with the RFC's. */
import { describe, expect, it } from 'vitest';
import { playRow, rfcModes, stateMachines } from './state-machines.js';

for (const figure of new Set(stateMachines.map((row) => row.figure)))
  describe(`RFC 3261 Figure ${figure} transaction`, () => {
    for (const row of stateMachines.filter((each) => each.figure === figure))
      for (const rfc of rfcModes(row))
        it(`${row.state} × ${row.event} (§${row.section}), ${rfc ? 'rfc_mode' : 'as tm'}`, () => playRow(row, rfc));
  });

it('every state of the figures has rows', () => {
  const states = [...new Set(stateMachines.map((row) => `${row.figure[0]} ${row.state}`))].sort();
  expect(states).toEqual([
    '5 Accepted',
    '5 Calling',
    '5 Completed',
    '5 Proceeding',
    '6 Completed',
    '6 Proceeding',
    '6 Trying',
    '7 Accepted',
    '7 Completed',
    '7 Confirmed',
    '7 Proceeding',
    '8 Completed',
    '8 Proceeding',
    '8 Trying',
  ]);
});

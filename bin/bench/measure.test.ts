import { describe, expect, it } from 'vitest';
import { medianInterval } from './measure.js';
import { table } from './report.js';

describe('the median and its interval', () => {
  // Ranks from the table of the binomial distribution: n = 7 takes the 1st and 7th, n = 9 the 2nd and 8th, n = 12 the 3rd and 10th.
  it.each([
    [[3, 1, 2], { median: 2, low: 1, high: 3 }],
    [[7, 6, 5, 4, 3, 2, 1], { median: 4, low: 1, high: 7 }],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9], { median: 5, low: 2, high: 8 }],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { median: 6.5, low: 3, high: 10 }],
    [[5], { median: 5, low: 5, high: 5 }],
  ])('of %j', (values, expected) => {
    expect(medianInterval(values)).toEqual(expected);
  });
});

it('a refused scenario has no ratio in the table', () => {
  const sample = { cpuMsPerCall: 0.2, memoryMb: 100, failed: 0, retransmissions: 1, loopDelayP99Ms: 2 };
  const text = table([
    {
      name: 'good',
      calls: 10,
      samples: { kamailio: [sample], sipc: [{ ...sample, cpuMsPerCall: 0.1 }] },
      ratio: { median: 0.5, low: 0.4, high: 0.6 },
      refused: null,
    },
    {
      name: 'bad',
      calls: 10,
      samples: { kamailio: [], sipc: [] },
      ratio: null,
      refused: '3 of 10 calls failed at sipc',
    },
  ]);
  expect(text).toContain('| good | 0.2000 | 0.1000 | **0.50** (0.40–0.60) | 1 / 1 | 100 / 100 | 2.0 |');
  expect(text).toContain('| bad | – | – | none: 3 of 10 calls failed at sipc | 0 / 0 | – / – | – |');
});

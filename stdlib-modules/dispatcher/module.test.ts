import { describe, expect, test } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import { Calls } from './calls.js';
import { parseReplyCodes } from './dispatcher.js';
import { Latency } from './latency.js';
import { Overload } from './overload.js';
import { dsHash } from './select.js';
import { Destination, DestinationSets, parseAttributes, skipped } from './sets.js';
import { parseList } from './sources.js';

const { random, clock } = simulatedEnvironment();
function destination(n: number, attrs = '', priority = 0, flags = 0): Destination {
  const parsed = parseAttributes(attrs === '' ? null : attrs, () => {});
  if (parsed === null) throw new Error(attrs);
  return new Destination(`sip:10.0.0.${n}`, `10.0.0.${n}`, 0, '', flags, priority, parsed, null, [`10.0.0.${n}`]);
}
function setsOf(destinations: readonly Destination[], id = 1): DestinationSets {
  const sets = new DestinationSets(random);
  for (const d of destinations) sets.add(id, d);
  return sets.finish();
}
const hosts = (sets: DestinationSets, id = 1) => sets.get(id)?.list.map(({ host }) => host.slice(7)) ?? [];

describe('list files', () => {
  const rows: [string, unknown][] = [
    ['1 sip:a', [{ set: 1, uri: 'sip:a', flags: 0, priority: 0, attrs: '' }]],
    ['\t2  sip:b 8 5 a=1;b=2 c', [{ set: 2, uri: 'sip:b', flags: 8, priority: 5, attrs: 'a=1;b=2' }]],
    ['2 sip:b#8 5', [{ set: 2, uri: 'sip:b', flags: 0, priority: 0, attrs: '' }]],
    ['2 sip:b 8 # 5', [{ set: 2, uri: 'sip:b', flags: 8, priority: 0, attrs: '' }]],
    ['2 sip:b 8 5 # x', [{ set: 2, uri: 'sip:b', flags: 8, priority: 5, attrs: '' }]],
    ['# only\n\n   \r\n', []],
    ['1', 'line 1 is not understood'],
    ['1 sip:a\n3 # x', 'line 2 is not understood'],
    [`1 sip:a 0 0 ${'x'.repeat(1100)}`, 'line 1 is not understood'],
  ];
  test.each(rows)('%j', (text, expected) => expect(parseList(text)).toEqual(expected));
});

describe('sets', () => {
  test('highest priority first, of equal ones the last added', () =>
    expect(hosts(setsOf([destination(1), destination(2, '', 5), destination(3), destination(4, '', 5)]))).toEqual([
      '4',
      '2',
      '3',
      '1',
    ]));
  test('are walked as the leaves of a balanced tree', () => {
    const sets = new DestinationSets(random);
    for (const id of [1, 2, 3, 4, 5, 6, 7, 8]) sets.add(id, destination(id));
    expect(sets.inOrder.map(({ id }) => id)).toEqual([1, 3, 2, 5, 8, 7, 6, 4]);
  });
  test('weights count in a hundred choices, in no order', () => {
    const set = setsOf([destination(1, 'weight=30'), destination(2, 'weight=20')]).get(1)!;
    const taken = Array.from({ length: 100 }, () => set.takeWeighted());
    expect([0, 1].map((i) => taken.filter((t) => t === i).length)).toEqual([20, 80]);
    expect(taken.slice(0, 20).every((t) => t === 0)).toBe(false);
  });
  test('relative weights are for those in use', () => {
    const all = [destination(1, 'rweight=50'), destination(2, 'rweight=50'), destination(3, 'rweight=100')];
    const set = setsOf(all).get(1)!;
    const share = () => {
      const taken = Array.from({ length: 100 }, () => set.takeRelative());
      return [0, 1, 2].map((i) => taken.filter((t) => t === i).length);
    };
    expect(share()).toEqual([50, 25, 25]);
    const first = set.list[0]!;
    first.flags = 1;
    set.stateChanged(first, 0);
    expect([skipped(first.flags), share()]).toEqual([true, [0, 50, 50]]);
  });
  test('attributes that are no list', () => expect(parseAttributes('a="b', () => {})).toBeNull());
});

test('dsHash is never 0', () => expect([dsHash(''), dsHash('', '')]).toEqual([1, 1]));
test('reply codes', () => {
  expect(parseReplyCodes('class=5;CODE=404;code=9;class=7;x=1')).toEqual([5, 404]);
  expect(parseReplyCodes('')).toEqual([]);
  expect(parseReplyCodes('code="4')).toBeNull();
});

describe('Calls', () => {
  const all = [destination(1, 'duid=a;maxload=1'), destination(2, 'duid=b')];
  const sets = setsOf(all);
  const loads = () => all.map(({ load }) => load);
  test('count until they end or their time is over', async () => {
    const calls = new Calls(clock, () => sets, 60, 10);
    expect([calls.add('1', 1, 'A'), calls.add('1', 1, 'b'), calls.add('2', 1, ''), calls.add('3', 1, 'b')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(loads()).toEqual([1, 1]);
    expect([calls.move('1', 'b'), calls.move('1', 'zz'), calls.move('9', 'b')]).toEqual(['done', 'gone', 'unknown']);
    expect(loads()).toEqual([0, 2]);
    calls.confirm('1');
    await clock.advance(12_000);
    calls.expire();
    expect(loads()).toEqual([0, 1]);
    await clock.advance(60_000);
    calls.expire();
    expect([loads(), calls.remove('1')]).toEqual([[0, 0], false]);
  });
});

test('overload: so many calls of a hundred pass a destination over, for a while', () => {
  const overload = new Overload(10, 80, 0);
  expect([overload.rate, overload.skips(1000)]).toEqual([10, false]);
  expect(overload.set(30, 1000, 1, 1000, random)).toBe(true);
  const passed = (now: number) => Array.from({ length: 100 }, () => overload.skips(now)).filter(Boolean).length;
  expect([passed(1500), passed(2001)]).toEqual([30, 0]);
  expect([overload.set(50, 0, 1, 3000, random), overload.set(95, 0, 2, 3000, random), overload.untilMs]).toEqual([
    false,
    true,
    3500,
  ]);
  expect([overload.rate, passed(3500)]).toEqual([80, 80]);
  expect(new Overload(200, 300, 500).rate).toBe(0);
});

describe('Latency', () => {
  test('mean, deviation and estimate', () => {
    const latency = new Latency(null);
    for (const ms of [10, 20, 30]) latency.answered(ms, 0.9);
    expect([latency.average, latency.deviation, latency.estimate, latency.min, latency.max]).toEqual([
      20, 10, 20, 10, 30,
    ]);
  });
  test('a learnt one moves its estimate first: that is congestion', () => {
    const latency = new Latency(50);
    for (let i = 0; i < 5; i++) latency.answered(250, 0.5);
    expect(latency.congestionMs).toBeGreaterThan(150);
    expect(Math.round(latency.average)).toBe(50);
  });
});

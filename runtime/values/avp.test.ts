import { describe, expect, it } from 'vitest';
import { AvpStore, MAX_AVPS } from './avp.js';
import { XavpRecord, XavpStore } from './xavp.js';

describe('avps', () => {
  const filled = () => {
    const store = new AvpStore();
    for (const value of ['a', 'b', 'c']) store.set('x', value);
    return store;
  };
  it.each([
    [undefined, 'c'],
    [0, 'c'],
    [2, 'a'],
    [-1, null],
    [-3, 'c'],
    [3, null],
    ['*', 'c, b, a'],
  ] as const)('the newest is first: [%s] is %j', (index, expected) => {
    expect(filled().get('x', index)).toBe(expected);
  });
  it('adds on top whatever the index, and replaces all with *', () => {
    const store = filled();
    expect(store.set('x', 'B', 1)).toBe(true);
    expect(store.all('x')).toEqual(['B', 'c', 'b', 'a']);
    expect(store.set('x', 'only', '*')).toBe(true);
    expect(store.all('x')).toEqual(['only']);
    expect(store.size).toBe(1);
  });
  it('null takes the newest off, [*] all', () => {
    const store = filled();
    store.set('x', null);
    expect(store.all('x')).toEqual(['b', 'a']);
    store.set('x', null, '*');
    expect([store.get('x'), store.size]).toEqual([null, 0]);
  });
  it('flags belong to a value, and are reached where it is the only one', () => {
    const store = new AvpStore();
    store.setFlags('x', 1);
    expect(store.flags('x')).toBeNull();
    store.add('x', 'a');
    expect(store.flags('x')).toBe(0);
    store.setFlags('x', 5);
    store.add('x', 'b');
    store.setFlags('x', 7);
    expect(store.flags('x')).toBeNull();
    store.delete('x', 0);
    expect(store.flags('x')).toBe(5);
    store.add('x', 'b');
    store.delete('x', 1);
    expect([store.get('x'), store.flags('x')]).toEqual(['b', 0]);
    store.setFlags('x', 2);
    store.replace('x', ['c']);
    expect(store.flags('x')).toBe(0);
  });
  it('is bounded', () => {
    const store = new AvpStore();
    for (let i = 0; i < MAX_AVPS; i++) store.add('x', i);
    expect([store.add('x', 1), store.set('y', 1), store.size]).toEqual([false, false, MAX_AVPS]);
  });
});

describe('xavps', () => {
  it('hold records of stacks', () => {
    const store = new XavpStore();
    const record = new XavpRecord();
    record.add('b', 1);
    record.add('b', 2);
    store.add('a', record);
    store.add('a', 'newer');
    expect([store.value('a'), store.record('a', 1)?.value('b'), store.record('a', 1)?.value('b', -1)]).toEqual([
      'newer',
      2,
      1,
    ]);
    expect(store.value('a', 1)).toBeNull();
  });
  it('replace and delete by index', () => {
    const record = new XavpRecord();
    for (const value of [1, 2, 3]) record.add('n', value);
    expect([
      record.replace('n', 1, 9),
      record.replace('n', 3, 9),
      record.delete('n', 0),
      record.delete('n', 7),
    ]).toEqual([true, false, true, false]);
    expect(record.all('n')).toEqual([9, 1]);
    expect([record.delete('n'), record.names()]).toEqual([true, []]);
  });
});

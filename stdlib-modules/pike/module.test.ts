import { describe, expect, test } from 'vitest';
import { addressBytes, PikeTree } from './tree.js';

const markUntilBlocked = (tree: PikeTree, ip: string, now: number): number => {
  for (let n = 1; n < 1000; n++) if ((tree.mark(ip, now) ?? 0) < 0) return n;
  return 0;
};

describe('PikeTree', () => {
  test('an address is blocked once, then stays so, and is free two quiet units later', () => {
    const tree = new PikeTree(8, 60);
    const n = markUntilBlocked(tree, '10.0.0.1', 0);
    expect(n).toBeGreaterThan(8);
    expect(tree.mark('10.0.0.1', 0)).toBe(-1);
    expect(tree.nextUnit()).toBe(0);
    expect(tree.mark('10.0.0.1', 0)).toBe(-1);
    expect([tree.nextUnit(), tree.mark('10.0.0.1', 0)]).toEqual([1, 1]);
  });
  test('what nothing hits goes, from the leaves up', () => {
    const tree = new PikeTree(4, 10);
    markUntilBlocked(tree, '10.0.0.1', 0);
    expect(tree.top('ALL', 0).map((e) => e.bytes.join('.'))).toEqual(['10.0.0.1']);
    for (let now = 10; now <= 60; now += 10) tree.clean(now);
    expect(tree.top('ALL', 60)).toEqual([]);
    expect(markUntilBlocked(tree, '10.0.0.1', 60)).toBeGreaterThan(4);
  });
  test('IPv6', () => expect(markUntilBlocked(new PikeTree(8, 60), '2001:db8::1', 0)).toBeGreaterThan(8));
  test('no address', () => expect(new PikeTree(4, 10).mark('1.2.3', 0)).toBeNull());
});

describe('addressBytes', () => {
  const rows: [string, number[]][] = [
    ['1.2.3.4', [1, 2, 3, 4]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['2001:db8::ffff', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]],
    ['::ffff:1.2.3.4', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4]],
    ['1.2.3.256', []],
    ['1.2.3.4.5', []],
    ['1::2::3', []],
    ['g::', []],
    ['1:2:3', []],
  ];
  test.each(rows)('%s', (ip, expected) => {
    const into = new Uint8Array(16);
    expect([...into.subarray(0, addressBytes(ip, into))]).toEqual(expected);
  });
});

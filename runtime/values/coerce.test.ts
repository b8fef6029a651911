import { describe, expect, it } from 'vitest';
import { ArithmeticFailure } from '../errors.js';
import type { Value } from '../sdk/define.js';
import { argInt, argSum, div, eq, mod, ne, plus, text, toInt, toStr } from './coerce.js';

// Printed by Kamailio 5.6.3 for `$avp(a) == $avp(b)`, `$avp(a) + $avp(b)` and `(int)$avp(a)`.
const equal: readonly [Value, Value, boolean][] = [
  [null, null, true],
  [null, 0, true],
  [null, 5, false],
  [null, -3, false],
  [null, '', true],
  [null, '5', false],
  [null, '0x1F', false],
  [null, 'abc', false],
  [0, null, true],
  [0, 0, true],
  [0, 5, false],
  [0, -3, false],
  [0, '', true],
  [0, '5', false],
  [0, '0x1F', false],
  [0, 'abc', true],
  [5, null, false],
  [5, 0, false],
  [5, 5, true],
  [5, -3, false],
  [5, '', false],
  [5, '5', true],
  [5, '0x1F', false],
  [5, 'abc', false],
  [-3, null, false],
  [-3, 0, false],
  [-3, 5, false],
  [-3, -3, true],
  [-3, '', false],
  [-3, '5', false],
  [-3, '0x1F', false],
  [-3, 'abc', false],
  ['', null, true],
  ['', 0, false],
  ['', 5, false],
  ['', -3, false],
  ['', '', true],
  ['', '5', false],
  ['', '0x1F', false],
  ['', 'abc', false],
  ['5', null, false],
  ['5', 0, false],
  ['5', 5, true],
  ['5', -3, false],
  ['5', '', false],
  ['5', '5', true],
  ['5', '0x1F', false],
  ['5', 'abc', false],
  ['0x1F', null, false],
  ['0x1F', 0, false],
  ['0x1F', 5, false],
  ['0x1F', -3, false],
  ['0x1F', '', false],
  ['0x1F', '5', false],
  ['0x1F', '0x1F', true],
  ['0x1F', 'abc', false],
  ['abc', null, false],
  ['abc', 0, false],
  ['abc', 5, false],
  ['abc', -3, false],
  ['abc', '', false],
  ['abc', '5', false],
  ['abc', '0x1F', false],
  ['abc', 'abc', true],
];
const sums: readonly [Value, Value, string][] = [
  [null, null, ''],
  [null, 0, '0'],
  [null, 5, '5'],
  [null, -3, '-3'],
  [null, '', ''],
  [null, '5', '5'],
  [null, '0x1F', '0x1F'],
  [null, 'abc', 'abc'],
  [0, null, '0'],
  [0, 0, '0'],
  [0, 5, '5'],
  [0, -3, '-3'],
  [0, '', '0'],
  [0, '5', '5'],
  [0, '0x1F', '31'],
  [0, 'abc', '0'],
  [5, null, '5'],
  [5, 0, '5'],
  [5, 5, '10'],
  [5, -3, '2'],
  [5, '', '5'],
  [5, '5', '10'],
  [5, '0x1F', '36'],
  [5, 'abc', '5'],
  [-3, null, '-3'],
  [-3, 0, '-3'],
  [-3, 5, '2'],
  [-3, -3, '-6'],
  [-3, '', '-3'],
  [-3, '5', '2'],
  [-3, '0x1F', '28'],
  [-3, 'abc', '-3'],
  ['', null, ''],
  ['', 0, '0'],
  ['', 5, '5'],
  ['', -3, '-3'],
  ['', '', ''],
  ['', '5', '5'],
  ['', '0x1F', '0x1F'],
  ['', 'abc', 'abc'],
  ['5', null, '5'],
  ['5', 0, '50'],
  ['5', 5, '55'],
  ['5', -3, '5-3'],
  ['5', '', '5'],
  ['5', '5', '55'],
  ['5', '0x1F', '50x1F'],
  ['5', 'abc', '5abc'],
  ['0x1F', null, '0x1F'],
  ['0x1F', 0, '0x1F0'],
  ['0x1F', 5, '0x1F5'],
  ['0x1F', -3, '0x1F-3'],
  ['0x1F', '', '0x1F'],
  ['0x1F', '5', '0x1F5'],
  ['0x1F', '0x1F', '0x1F0x1F'],
  ['0x1F', 'abc', '0x1Fabc'],
  ['abc', null, 'abc'],
  ['abc', 0, 'abc0'],
  ['abc', 5, 'abc5'],
  ['abc', -3, 'abc-3'],
  ['abc', '', 'abc'],
  ['abc', '5', 'abc5'],
  ['abc', '0x1F', 'abc0x1F'],
  ['abc', 'abc', 'abcabc'],
];
const integers: readonly [Value, number][] = [
  [null, 0],
  [0, 0],
  [5, 5],
  [-3, -3],
  ['', 0],
  ['5', 5],
  ['0x1F', 31],
  ['abc', 0],
];

describe('operators of the cfg', () => {
  it.each(equal)('%j == %j is %s', (a, b, expected) => {
    expect([eq(a, b), ne(a, b)]).toEqual([expected, !expected]);
  });
  it.each(sums)('%j + %j is %j', (a, b, expected) => {
    expect(toStr(plus(a, b))).toBe(expected);
  });
  it.each(integers)('(int) %j is %j', (value, expected) => {
    expect(toInt(value)).toBe(expected);
  });
  it('wraps at 32 bits', () => {
    expect(plus(0x7fff_ffff, 1)).toBe(-0x8000_0000);
  });
  it.each([
    [7, 2, 3, 1],
    [-7, 2, -3, -1],
    [7, -2, -3, 1],
  ])('%i / %i is %i, remainder %i', (a, b, quotient, remainder) => {
    expect([div(a, b), mod(a, b)]).toEqual([quotient, remainder]);
  });
  it('gives up on a division by zero', () => {
    expect(() => div(1, 0)).toThrow(ArithmeticFailure);
    expect(() => mod(1, 0)).toThrow(ArithmeticFailure);
  });
  it('shows undefined in formats only', () => {
    expect([text(null), toStr(null), text(5), text('')]).toEqual(['<null>', '', '5', '']);
  });
  it('knows what is no number', () => {
    expect([argInt('12'), argInt('0x1f'), argInt('x'), argInt(null)]).toEqual([12, 31, Number.NaN, Number.NaN]);
    // A pseudo-variable in quotes that is empty is no number; an expression that is empty is 0 (tried with t_set_fr()).
    expect([argInt(''), argSum(''), argSum('12'), argSum('x')]).toEqual([Number.NaN, 0, 12, Number.NaN]);
  });
});

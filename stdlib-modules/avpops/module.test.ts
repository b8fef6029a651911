import { describe, expect, test } from 'vitest';
import { benchRequest, startBench } from '../../runtime/sdk/testing.js';
import pv from '../pv/module.js';
import { intText, wholeNumber } from './operations.js';
import { attributesOf, calculationOf, checkOf, flagsOf, ownerOf, parseScheme, refOf } from './spec.js';

describe('arguments', async () => {
  const bench = await startBench({ modules: [pv] });
  const { server } = bench;
  const run = bench.run(benchRequest('OPTIONS'));

  test('a name in a variable', () => {
    run.vars.n = 'x';
    const ref = refOf(server, '$avp($var(n))');
    expect(ref.kind === 'avp' && ref.name(run)).toBe('x');
  });
  test('names and indices', () => {
    const seen = ['$avp(a)', '$avp(s:a)', '$avp(i:5)', '$(avp(a)[2])', '$(avp(a)[*])'].map((text) => {
      const ref = refOf(server, text);
      return ref.kind === 'avp' ? [ref.name(run), ref.integerName, ref.index] : null;
    });
    expect(seen).toEqual([
      ['a', false, 0],
      ['a', false, 0],
      ['5', true, 0],
      ['a', false, 2],
      ['a', false, 0],
    ]);
  });
  const wrong: [string, () => unknown][] = [
    ['no variable', () => refOf(server, 'x')],
    ['a transformation', () => refOf(server, '$(rm{s.len})')],
    ['an unknown variable', () => refOf(server, '$nosuchpv')],
    ['an unknown operation', () => checkOf(server, 'xx/1')],
    ['no value', () => checkOf(server, 'eq/')],
    ['a pattern that is a number', () => checkOf(server, 'fm/i:1')],
    ['text to calculate with', () => calculationOf(server, 'add/s:1')],
    ['an integer that is none', () => checkOf(server, 'eq/i:x')],
    ['a type that is none', () => checkOf(server, 'eq/x:1')],
    ['a flag that is none', () => flagsOf('gx', 'g')],
    ['a part that is none', () => ownerOf(server, '$fu/port')],
    ['a scheme that is not there', () => attributesOf(server, '$avp(a)/$x', new Map())],
    ['a scheme for all', () => attributesOf(server, '*/$x', new Map())],
    ['a scheme for storing', () => attributesOf(server, '$avp(a)/$x', null)],
    ['names that mean nothing', () => attributesOf(server, 'x', null)],
  ];
  test.each(wrong)('%s', (_, parse) => expect(parse).toThrow());
});

describe('schemes', () => {
  test('with all parts', () =>
    expect(parseScheme(' A : table=t; username_col=u;domain_col=d ;value_col=v;value_type=Integer;')).toEqual({
      name: 'a',
      uuid: null,
      username: 'u',
      domain: 'd',
      value: 'v',
      table: 't',
      integer: true,
    }));
  test.each(['', 'a', 'a:', 'a:x=1', 'a:table=1;table=2', 'a:value_type=float', 'a:table'])('%j is none', (text) =>
    expect(typeof parseScheme(text)).toBe('string'),
  );
});

test('integers as text', () => {
  expect([5, -1].map(intText)).toEqual(['5', '18446744073709551615']);
  expect(['12', '4294967295', '4294967296', '-1', '1x', ''].map(wholeNumber)).toEqual([12, -1, null, null, null, null]);
});

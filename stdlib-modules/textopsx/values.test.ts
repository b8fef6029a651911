/** What no scenario beside Kamailio shows: forms of the first argument. */
import { describe, expect, it } from 'vitest';
import { parsePlace, shapes } from './values.js';

describe('the first argument', () => {
  it.each([
    ['Foo', { name: 'Foo', index: null, param: '' }],
    [' Foo [ 2 ] . bar', { name: 'Foo', index: 2, param: 'bar' }],
    ['Foo[-1]', { name: 'Foo', index: -1, param: '' }],
    ['Foo[*].p', { name: 'Foo', index: '*', param: 'p' }],
    ['Foo[]', { name: 'Foo', index: 0, param: '' }],
    ['Foo[', null],
    ['Foo.', null],
    ['Foo[x]', null],
    ['Foo bar', null],
  ])('%s', (written, place) => expect(parsePlace(written)).toEqual(place));
  it('each function takes its own forms', () => {
    const takes = (shape: keyof typeof shapes) =>
      ['F', 'F[1]', 'F[*]', 'F.p', 'F[*].p'].map((written) => new RegExp(shapes[shape]).test(written));
    expect(takes('place')).toEqual([true, true, true, true, true]);
    expect(takes('assigned')).toEqual([true, true, false, true, true]);
    expect(takes('value')).toEqual([true, true, false, false, false]);
    expect(takes('name')).toEqual([true, false, false, false, false]);
  });
});

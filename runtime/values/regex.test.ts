import { describe, expect, it } from 'vitest';
import { compileRegex, EreError, RegexCache } from './regex.js';

// Answers of glibc 2.36's regexec (through Kamailio's =~ and `case /re/`), C locale.
describe('a match', () => {
  it.each([
    ['friendly|scanner', 'my SCANNER', true],
    ['friendly|scanner', 'friend', false],
    ['^[0-9]{2,3}$', '12', true],
    ['^[0-9]{2,3}$', '1234', false],
    ['^(\\+|00)[1-9][0-9]{3,20}$', '+4912345', true],
    ['^(\\+|00)[1-9][0-9]{3,20}$', '0112345', false],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['[[:digit:]]+x', '12x', true],
    ['a.c', 'a\nc', true],
    ['^b', 'a\nb', false],
    ['a)', 'a)', true],
    ['()', '', true],
    ['a|', 'zzz', true],
    ['\\.com$', 'x.com', true],
    ['\\d', 'd', true],
    ['\\<cat\\>', 'a cat b', true],
    ['\\<cat\\>', 'concat', false],
    ['(a)\\1', 'aa', true],
    ['(a*)*b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac', false],
    ['\u00e0', '\u00c0', false],
    ['k', '\u212a', false],
  ])('/%s/i on %j is %s', (source, subject, expected) => {
    expect(compileRegex(source, { ignoreCase: true }).test(subject)).toBe(expected);
  });
  it.each([
    ['^b', 'a\nb', true],
    ['a$', 'a\nb', true],
    ['a.c', 'a\nc', false],
    ['a[^x]c', 'a\nc', false],
    ['^(x+)+b$', 'a\nxxb', true],
  ])('with lines: /%s/n on %j is %s', (source, subject, expected) => {
    const regex = compileRegex(source, { newline: true });
    expect([regex.test(subject), regex.exec(subject) !== null]).toEqual([expected, expected]);
  });
  it.each([
    ['a|ab', 'xab', ['ab']],
    ['(a|ab)(c|bcd)', 'abcd', ['abcd', 'a', 'bcd']],
    ['sip:([^@]*)@(.*)', 'sip:bob@x', ['sip:bob@x', 'bob', 'x']],
    ['(x)?y', 'y', ['y', undefined]],
  ])('the leftmost longest of /%s/ in %j', (source, subject, groups) => {
    expect(compileRegex(source).exec(subject)?.groups).toEqual(groups);
  });
  it('goes on from an offset', () => {
    expect(compileRegex('a+').exec('aa baaa', 2)).toMatchObject({ start: 4, end: 7 });
  });
});

describe('a malformed expression', () => {
  it.each([
    ['(', 'Unmatched ( or \\('],
    ['*a', 'Invalid preceding regular expression'],
    ['[a', 'Unmatched [, [^, [:, [., or [='],
    ['a{2,1}', 'Invalid content of \\{\\}'],
    ['[z-a]', 'Invalid range end'],
    ['[[:nope:]]', 'Invalid character class name'],
    ['a\\', 'Trailing backslash'],
    ['\\1', 'Invalid back reference'],
  ])('/%s/: %s', (source, message) => {
    expect(() => compileRegex(source)).toThrow(new EreError(message));
  });
});

it('the cache keeps a bounded number, the last used by age', () => {
  const cache = new RegexCache({}, 2);
  const first = cache.get('a');
  expect(cache.get('a')).toBe(first);
  cache.get('b');
  cache.get('(');
  expect(cache.get('(')).toBeInstanceOf(EreError);
  expect(cache.get('a')).not.toBe(first);
});

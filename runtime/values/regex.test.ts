import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../test/support/cpu.js';
import { backtrackingCost, isDeterministic, isFlat, parseEre, printEre } from './ere.js';
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

describe('what the backtracking engine is given', () => {
  const tree = (source: string) => parseEre(source, { ignoreCase: false, newline: false }).tree;
  it.each([
    ['^sips?:[a-z0-9.]+@[a-z0-9.-]+$', 'linear'],
    ['^(\\+|00)[1-9][0-9]{3,20}$', 'linear'],
    ['friendly|scanner', 'linear'],
    ['[a-z]+@', 'quadratic'],
    ['sip:([^@]*)@(.*)', 'quadratic'],
    ['^(([a-z]+,)*[0-9]+;)+$', 'linear'],
    ['^sip:(.*)@.*$', 'quadratic'],
    ['^(.*),(.*);(.*)$', 'unknown'],
    ['(a+)+b', 'unknown'],
    ['^.*a.*b', 'unknown'],
    ['^(a|ab)*c', 'unknown'],
    ['(a)\\1', 'unknown'],
  ])('/%s/ is %s', (source, cost) => {
    expect(backtrackingCost(tree(source), false)).toBe(cost);
  });

  const atom = fc.constantFrom('a', 'b', 'c', '[ab]', '[^a]', '.', '^', '$');
  const { source } = fc.letrec<{ source: string }>((tie) => ({
    source: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      atom,
      fc.tuple(tie('source'), tie('source')).map(([a, b]) => a + b),
      fc.tuple(tie('source'), tie('source')).map(([a, b]) => `(${a}|${b})`),
      fc.tuple(tie('source'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}')).map(([a, times]) => `(${a})${times}`),
      fc.tuple(fc.constantFrom('a', '[ab]', '[^c]'), fc.constantFrom('*', '+', '?')).map(([a, times]) => a + times),
    ),
  }));
  const flat = fc
    .array(fc.constantFrom('a', 'b', '.', 'a*', '(.*)', '([ab]+)', '(a?)', '(b{1,2})', '(a*)c'), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => `^${parts.join('')}$`);
  const subject = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
  it('has the leftmost longest match, and its groups, of the engine that looks at all', () => {
    let same = 0;
    fc.assert(
      fc.property(fc.oneof(source, flat), subject, (text, on) => {
        const regex = compileRegex(text);
        const matcher = RE2JS.compile(printEre(tree(text), 're2', false), RE2JS.LONGEST_MATCH | RE2JS.DOTALL).matcher(
          on,
        );
        const found = matcher.find();
        expect(regex.test(on)).toBe(found);
        if (!isDeterministic(tree(text)) && !isFlat(tree(text), false)) return;
        same++;
        expect(regex.exec(on)).toEqual(
          found
            ? {
                start: matcher.start(),
                end: matcher.end(),
                groups: Array.from({ length: matcher.groupCount() + 1 }, (_, n) => matcher.group(n) ?? undefined),
              }
            : null,
        );
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(same).toBeGreaterThan(500);
  });

  it('with lines, a start is at each of them', () => {
    expect(backtrackingCost(tree('^[a-z]+@'), true)).toBe('quadratic');
    expect(compileRegex('^(.*)a(.*)$', { newline: true }).exec('b\nxay')?.groups).toEqual(['xay', 'x', 'y']);
  });

  it('with lines, too: text of one line and of several', () => {
    const lines = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(source, flat), lines, (text, on) => {
        const { tree: parsed } = parseEre(text, { ignoreCase: false, newline: true });
        const flags = RE2JS.LONGEST_MATCH | RE2JS.DOTALL | RE2JS.MULTILINE;
        const matcher = RE2JS.compile(printEre(parsed, 're2', false), flags).matcher(on);
        const regex = compileRegex(text, { newline: true });
        const found = matcher.find();
        expect(regex.test(on)).toBe(found);
        const match = regex.exec(on);
        expect(match && [match.start, match.end]).toEqual(found ? [matcher.start(), matcher.end()] : null);
      }),
      { numRuns: 2000, seed: 2 },
    );
  });

  it('is quick on the longest text that can come, whatever is asked', () => {
    const long = 'a'.repeat(65_000);
    for (const text of ['[a-z]+@', 'x*y', '[a-z]+[0-9]+', '(a+)+b', '.*,.*;', '\\<b[a-z]*x\\>']) {
      const cost = cpuMs(1500, () => expect(compileRegex(text).test(long)).toBe(false));
      expect(cost).toBeLessThan(1500);
    }
  });
});

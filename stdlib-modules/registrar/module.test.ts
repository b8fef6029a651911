import { describe, expect, it } from 'vitest';
import { defaultGrammar, Method } from '../../runtime/sdk/index.js';
import { extractAor } from './aor.js';
import { methodMask, parseQ, qText } from './contacts.js';
import { isError } from './errors.js';
import { firstHop } from './path.js';

describe('q', () => {
  it.each([
    ['0', 0], ['1', 1000], ['0.5', 500], ['.5', 500], ['1.000', 1000], ['0.1239', 123], [' 0.7', 700], ['00.5', 500],
    ['2', null], ['1.1', null], ['0.', null], ['', null], ['a', null], ['0.x', null],
  ])('%j is %j', (text, q) => expect(parseQ(text)).toBe(q)); // biome-ignore format: rows
  it.each([
    [-1, ''],
    [0, '0'],
    [1000, '1'],
    [500, '0.5'],
    [123, '0.123'],
    [70, '0.07'],
  ])('%d shows as %j', (q, text) => expect(qText(q)).toBe(text));
});

describe('address-of-record', () => {
  const plain = { useDomain: false, caseSensitive: false, realmPrefix: '' };
  it.each([
    ['sip:Bob@Example.com', plain, 'bob'],
    ['sip:Bob@Example.com', { ...plain, useDomain: true }, 'bob@example.com'],
    ['sip:Bob@Example.com', { ...plain, useDomain: true, caseSensitive: true }, 'Bob@example.com'],
    ['sip:b%6Fb@x', plain, 'bob'],
    ['sip:bob@sip.example.com', { ...plain, useDomain: true, realmPrefix: 'sip.' }, 'bob@example.com'],
    ['sip:example.com', { ...plain, useDomain: true }, 'example.com'],
    ['sip:b%zzb@x', plain, 400],
    ['nonsense', plain, 400],
    [`sip:${'u'.repeat(65)}@x`, plain, 500],
  ])('%s', (uri, rules, result) => {
    const found = extractAor(uri, defaultGrammar, rules);
    expect(isError(found) ? found.status : found.aor).toBe(result);
  });
});

describe('methods', () => {
  it.each([
    ['INVITE, BYE', Method.INVITE | Method.BYE],
    ['INVITE,', Method.INVITE],
    ['', 0],
    ['INVITE BYE', null],
    ['INVITE,,BYE', null],
  ])('%j', (text, mask) => expect(methodMask(text)).toBe(mask));
});

describe('path', () => {
  it('first hop and the rest', () => {
    expect(firstHop('<sip:1.1.1.1;lr>, <sip:2.2.2.2;lr>', defaultGrammar)).toEqual({
      uri: 'sip:1.1.1.1;lr',
      rest: '<sip:2.2.2.2;lr>',
    });
    expect(firstHop('<sip:1.1.1.1;lr>', defaultGrammar)).toEqual({ uri: 'sip:1.1.1.1;lr', rest: '' });
    expect(firstHop('<sip:', defaultGrammar)).toBeNull();
  });
});

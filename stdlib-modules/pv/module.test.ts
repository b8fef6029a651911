/** Pseudo-variables newer than 5.6.3, of which no golden can tell: values as pv_core.c of the newest version gives them. */
import { describe, expect, test } from 'vitest';
import { message } from '../../runtime/message/testing.js';
import { fakeRun, fakeSelf } from '../../test/support/fake-run.js';
import pv from './module.js';
import { aliasesOf } from './variable-pvs.js';

const request = (more: string, to = '<sip:b@c>') =>
  `INVITE sip:bob@example.com SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9\nFrom: "A" <sip:a@b;x=1>;tag=1\nTo: ${to}\nCall-ID: i\nCSeq: 1 INVITE\n${more}\n`;
const response =
  'SIP/2.0 200 OK\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9\nFrom: <sip:a@b>;tag=1\nTo: <sip:b@c>;tag=2\nCall-ID: i\nCSeq: 1 INVITE\n\n';
const read = (name: keyof typeof pv.pvs, text: string) => {
  const run = fakeRun(message(text));
  const me = fakeSelf(
    { avp_aliases: [], shvset: [], varset: [] },
    run,
    pv.state?.({ previous: undefined } as never, { avp_aliases: [], shvset: [], varset: [] }),
  );
  return pv.pvs[name]!.get(me as never, run.ctx, '', undefined);
};

describe('lengths, Contact and the tag of To', () => {
  test.each([
    ['rul', request(''), 19],
    ['rul', response, null],
    ['ful', request(''), 11],
    ['tts', request(''), 0],
    ['tts', request('', '<sip:b@c>;tag=x'), 1],
    ['tts', response, 1],
    ['ctu', request('Contact: "X" <sip:one@h;lr>;q=1, <sip:two@h>\nContact: sip:three@h\n'), 'sip:one@h;lr'],
    ['ctu', request('Contact: *\n'), null],
    ['ctu', request(''), null],
    ['cts', request('Contact: *\n'), 1],
    ['cts', request('Contact: <sip:a@b>\n'), 0],
    ['cts', request(''), null],
  ] as const)('$%s', (name, text, expected) => {
    expect(read(name, text)).toBe(expected);
  });
});

test('characters that are hard to write', () => {
  const names = ['En', 'Er', 'Et', 'Es', 'Ec', 'Eq', 'Ek', 'Ei', 'Ej', 'Eb', 'Ev'] as const;
  expect(names.map((name) => read(name, request(''))).join('')).toBe('\n\r\t ,"\':;\\`');
});

describe('avp_aliases', () => {
  test.each([
    [
      ['a=x;B=i:5 ; c = s:y'],
      [
        ['a', 'x'],
        ['b', '5'],
        ['c', 'y'],
      ],
    ],
    [
      ['a=x', 'b=y'],
      [
        ['a', 'x'],
        ['b', 'y'],
      ],
    ],
    [[], []],
  ])('%j', (written, expected) => {
    expect([...aliasesOf(written)!]).toEqual(expected);
  });
  test.each([[['a=x;']], [['a']], [['a=x;A=y']], [['a=x;b=X']], [['=x']]])('%j is refused', (written) => {
    expect(aliasesOf(written)).toBeNull();
  });
});

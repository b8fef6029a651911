import { describe, expect, it } from 'vitest';
import { message } from '../message/testing.js';
import { buildBranch, parseBranch, parseReverseHex, requestDigest, reverseHex, tableIndex } from './branch-id.js';

const digest = '0123456789abcdef0123456789abcdef';

describe('the branch parameter', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [16, '01'],
    [0xabc, 'cba'],
    [0xffff_ffff, 'ffffffff'],
  ])('%d is %s', (value, text) => {
    expect(reverseHex(value)).toBe(text);
    expect(parseReverseHex(text, 0, text.length)).toBe(value);
  });
  it.each([
    ['what we make', buildBranch(0x1234, digest, 11), { index: 0x1234, digest, branch: 11 }],
    ['no cookie', `1234.${digest}.0`, null],
    ['another server', 'z9hG4bKabc', null],
    ['digest too short', 'z9hG4bK1.abc.0', null],
    ['no branch number', `z9hG4bK1.${digest}.`, null],
    ['not hexadecimal', `z9hG4bKx.${digest}.0`, null],
    ['index out of range', `z9hG4bK00001.${digest}.0`, null],
    ['too many digits', `z9hG4bK1.${digest}.0123456789`, null],
    ['empty', '', null],
  ])('%s', (_, text, expected) => {
    expect(parseBranch(text)).toEqual(expected);
  });
});

describe('the digest of a request', () => {
  const make = (
    method: string,
    more: { via?: string; to?: string; uri?: string; cseq?: number; callId?: string } = {},
  ) =>
    message(
      `${method} ${more.uri ?? 'sip:b@c'} SIP/2.0\nVia: SIP/2.0/UDP ${more.via ?? '10.0.0.2;branch=z9hG4bK1'}\nFrom: <sip:a@b>;tag=f\n` +
        `To: <sip:b@c>${more.to ?? ''}\nCall-ID: ${more.callId ?? 'i'}\nCSeq: ${more.cseq ?? 1} ${method}\n\n`,
    );
  const first = requestDigest(make('INVITE'));
  it.each([
    ['the same again', make('INVITE'), true],
    ['its CANCEL', make('CANCEL'), true],
    ['its ACK, whose To has a tag', make('ACK', { to: ';tag=t' }), true],
    ['another Via branch', make('INVITE', { via: '10.0.0.2;branch=z9hG4bK2' }), false],
    ['another Request-URI', make('INVITE', { uri: 'sip:x@c' }), false],
    ['another CSeq', make('INVITE', { cseq: 2 }), false],
    ['another Call-ID', make('INVITE', { callId: 'j' }), false],
  ])('%s', (_, other, same) => {
    expect(requestDigest(other) === first).toBe(same);
  });
  it('the To tag counts for other methods', () => {
    expect(requestDigest(make('BYE', { to: ';tag=t' }))).not.toBe(requestDigest(make('BYE', { to: ';tag=u' })));
  });
  it('the table index stays in range and depends on both', () => {
    expect(tableIndex('a', 1)).not.toBe(tableIndex('a', 2));
    expect(tableIndex('a', 1)).toBe(tableIndex('a', '1'));
    for (let i = 0; i < 1000; i++) expect(tableIndex(`c${i}`, i)).toBeLessThan(65_536);
  });
});

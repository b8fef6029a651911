import { describe, expect, it } from 'vitest';
import { decode, encode, type Flow, keyOf } from './token.js';

const key = keyOf('secret');
const flow = (ip: string, our: string): Flow => ({
  proto: 'tcp',
  dst: { ip: our, port: 5060 },
  src: { ip, port: 41000 },
});

describe('flow tokens', () => {
  it.each([
    ['192.0.2.1', '198.51.100.2'],
    ['2001:db8::1', '2001:db8:0:1:0:2:0:3'],
    ['::1', 'fe80::'],
    ['2001:db8::5:0:0:1', '::'],
  ])('%s comes back', (ip, our) => {
    const text = encode(key, flow(ip, our));
    expect(decode(key, text)).toEqual(flow(ip, our));
    expect(text.length).toBe(ip.includes(':') ? 64 : 32);
  });

  const good = encode(key, flow('192.0.2.1', '198.51.100.2'));
  const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
  it.each([
    ['nothing', '', null],
    ['a user', 'bob', null],
    ['not base64', `${good.slice(0, 30)}*=`, null],
    ['too long', good.repeat(4), null],
    ['another key', encode(keyOf('other'), flow('192.0.2.1', '198.51.100.2')), 'broken'],
    ['a changed signature', flip(good, 0), 'broken'],
    ['a changed address', flip(good, 20), 'broken'],
    ['no transport', encode(key, { ...flow('192.0.2.1', '198.51.100.2'), proto: 'none' as Flow['proto'] }), 'broken'],
  ])('%s', (_, text, result) => expect(decode(key, text)).toBe(result));

  it('without a secret every process has its own key', () => {
    expect(decode(keyOf(''), encode(keyOf(''), flow('192.0.2.1', '198.51.100.2')))).toBe('broken');
  });
});

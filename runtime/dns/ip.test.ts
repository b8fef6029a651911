import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIp, ipFamily, sameNetwork } from './ip.js';

describe('numeric addresses', () => {
  const rows: [string, 0 | 4 | 6, string | null][] = [
    ['127.0.0.1', 4, '127.0.0.1'],
    ['255.255.255.255', 4, '255.255.255.255'],
    ['256.0.0.1', 0, null],
    ['1.2.3', 0, null],
    ['1.2.3.4.5', 0, null],
    ['1..3.4', 0, null],
    ['', 0, null],
    ['example.com', 0, null],
    ['a1', 0, null],
    ['::1', 6, '::1'],
    ['[::1]', 6, '::1'],
    ['::', 6, '::'],
    ['2001:DB8:0:0:1:0:0:1', 6, '2001:db8::1:0:0:1'],
    ['2001:db8::0:1', 6, '2001:db8::1'],
    ['fe80::1%eth0', 0, null],
    ['1:2:3:4:5:6:7:8', 6, '1:2:3:4:5:6:7:8'],
    ['1:0:3:4:5:6:7:8', 6, '1:0:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', 6, '1:2:3:4:5:6:7:0'],
    ['1:2:3:4:5:6:7:8:9', 0, null],
    [':::', 0, null],
    ['::ffff:10.0.0.1', 6, '::ffff:a00:1'],
    ['1.2.3.4::', 0, null],
    ['12345::', 0, null],
  ];
  it.each(rows)('%s', (text, family, canonical) => {
    expect(ipFamily(text)).toBe(family);
    expect(canonicalIp(text)).toBe(canonical);
  });

  it('agrees with Node on what is an address', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 12, unit: fc.constantFrom(...'0123:.afg') })),
        (text) => {
          expect(ipFamily(text)).toBe(isIP(text));
          const canonical = canonicalIp(text);
          if (canonical !== null) expect(canonicalIp(canonical)).toBe(canonical);
        },
      ),
    );
  });
});

it.each([
  ['10.0.0.1', '10.0.0.200', 24, true],
  ['10.0.0.1', '10.0.1.1', 24, false],
  ['10.0.0.1', '10.0.1.1', 23, true],
  ['10.0.0.1', '10.0.0.1', 32, true],
  ['10.0.0.1', '10.0.0.2', 32, false],
  ['127.0.0.1', '127.9.9.9', 8, true],
  ['2001:db8::1', '2001:db8::ffff', 64, true],
  ['2001:db8::1', '2001:db8:0:1::1', 64, false],
  ['2001:db8::1', '10.0.0.1', 0, false],
])('%s and %s in a network of %d bits: %s', (a, b, bits, same) => {
  expect(sameNetwork(a, b, bits)).toBe(same);
});

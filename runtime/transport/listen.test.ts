import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedWorld } from '../env/simulated.js';
import { Settings } from '../settings.js';
import { resolveListens, splitAddress } from './listen.js';

describe('listen addresses', () => {
  const rows: [string, ReturnType<typeof splitAddress>][] = [
    ['udp:127.0.0.1:5060', { proto: 'udp', host: '127.0.0.1', port: 5060 }],
    ['127.0.0.1', { proto: null, host: '127.0.0.1', port: null }],
    ['tcp:eth0', { proto: 'tcp', host: 'eth0', port: null }],
    ['eth0:5080', { proto: null, host: 'eth0', port: 5080 }],
    ['[::1]:5080', { proto: null, host: '[::1]', port: 5080 }],
    ['udp:[::1]', { proto: 'udp', host: '[::1]', port: null }],
    ['udp:::1', { proto: 'udp', host: '::1', port: null }],
    ['2001:db8::1', { proto: null, host: '2001:db8::1', port: null }],
    ['TLS:sip.example.com:5061', { proto: 'tls', host: 'sip.example.com', port: 5061 }],
    ['sctp:(10.0.0.1, 10.0.0.2):5060', { proto: 'sctp', host: '10.0.0.1', port: 5060 }],
    ['', null],
    ['udp:', null],
    ['udp:127.0.0.1:', null],
    ['udp:127.0.0.1:99999', null],
    ['udp:127.0.0.1:x', null],
    ['[::1', null],
    ['[::1]x', null],
    ['(10.0.0.1', null],
  ];
  it.each(rows)('%j', (text, expected) => expect(splitAddress(text)).toEqual(expected));

  it('reads anything without throwing', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'udptcp:[]().1234567890a') }),
        (text) => void splitAddress(text),
      ),
    );
  });

  const settings = new Settings().values;
  const env = () =>
    new SimulatedWorld(1).host(['127.0.0.1', '10.0.0.1', '::1'], { 'sip.example.com': { a: ['10.0.0.1'] } });
  const show = async (addresses: string[], more = {}) =>
    (
      await resolveListens(
        env(),
        addresses.map((address) => ({ address })),
        { ...settings, ...more },
      )
    ).map(({ proto, ip, port, hostName }) => `${proto} ${ip} ${port}${hostName ? ` ${hostName}` : ''}`);

  it('nothing written: every IPv4 address, udp first', async () => {
    expect(await show([])).toEqual([
      'udp 127.0.0.1 5060',
      'udp 10.0.0.1 5060',
      'tcp 127.0.0.1 5060',
      'tcp 10.0.0.1 5060',
    ]);
    expect(await show([], { disable_tcp: 1 })).toEqual(['udp 127.0.0.1 5060', 'udp 10.0.0.1 5060']);
  });
  it('auto_bind_ipv6: IPv6 addresses too; tls_port_no: the port of TLS', async () => {
    expect(await show([], { auto_bind_ipv6: 1, disable_tcp: 1 })).toEqual([
      'udp 127.0.0.1 5060',
      'udp 10.0.0.1 5060',
      'udp ::1 5060',
    ]);
    const addresses = ['tls:10.0.0.1', 'udp:10.0.0.1'];
    expect(await show(addresses, { enable_tls: 1, tls_port_no: 5443 })).toEqual([
      'udp 10.0.0.1 5060',
      'tls 10.0.0.1 5443',
    ]);
    expect(await show(addresses, { enable_tls: 1, disable_tls: 1 })).toEqual(['udp 10.0.0.1 5060']);
  });
  it('bind_ipv6_link_local: 1 takes link-local addresses, with their interface; 2 leaves written ones out', async () => {
    const world = new SimulatedWorld(1).host(['127.0.0.1', 'fe80::1', '::1']);
    const zones = async (address: string | null, bind_ipv6_link_local: number) =>
      (
        await resolveListens(world, address === null ? [] : [{ address }], {
          ...settings,
          disable_tcp: 1,
          auto_bind_ipv6: 1,
          bind_ipv6_link_local,
        })
      ).map(({ ip, zone }) => `${ip} ${zone}`);
    const without = ['127.0.0.1 undefined', '::1 undefined'];
    expect(await zones(null, 0)).toEqual(without);
    expect(await zones(null, 1)).toEqual(['127.0.0.1 undefined', 'fe80::1 eth1', '::1 undefined']);
    expect(await zones(null, 2)).toEqual(without);
    expect(await zones('udp:[fe80::1]', 0)).toEqual(['fe80::1 undefined']);
    expect(await zones('udp:[FE80:0::1]', 1)).toEqual(['fe80::1 eth1']);
    expect(await zones('udp:[fe80::1]', 2)).toEqual([]);
  });
  it('interfaces, duplicates, order by protocol', async () => {
    expect(await show(['tcp:eth1:5070', 'udp:lo', 'udp:127.0.0.1:5060', 'udp:[::1]'])).toEqual([
      'udp 127.0.0.1 5060',
      'udp ::1 5060',
      'tcp 10.0.0.1 5070',
    ]);
  });
  it('names nobody has', async () => {
    const world = env();
    const resolving = resolveListens(world, [{ address: 'udp:nowhere.example' }], settings);
    const refused = expect(resolving).rejects.toMatchObject({ code: 'SIPC8008' });
    await world.clock.advance(10);
    await refused;
  });
});

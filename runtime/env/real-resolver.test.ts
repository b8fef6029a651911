import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DnsServer, type Respond, zoneOf } from '../../test/support/dns-server.js';
import { RealClock } from '../clock.js';
import { RealResolver } from './real-resolver.js';
import { parseResolvConf } from './resolv-conf.js';

const open: DnsServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
async function setUp(responds: readonly Respond[], options = '', hosts = '') {
  const servers: DnsServer[] = [];
  for (const respond of responds) servers.push(await DnsServer.start(respond));
  open.push(...servers);
  const folder = mkdtempSync(join(tmpdir(), 'sipc-dns-'));
  const resolvConf = join(folder, 'resolv.conf');
  const lines = servers.map(({ port }) => `nameserver 127.0.0.1:${port}`);
  writeFileSync(resolvConf, `${lines.join('\n')}\noptions timeout:1 attempts:2\n${options}\n`);
  const hostsFile = join(folder, 'hosts');
  writeFileSync(hostsFile, hosts);
  return { resolver: new RealResolver(new RealClock(), { resolvConf, hosts: hostsFile }), servers };
}
const a = (name: string, data: string, ttl = 30) => ({ type: 'A' as const, name, ttl, data });

describe('questions to real name servers', () => {
  it('records with their TTL', async () => {
    const { resolver } = await setUp([
      zoneOf({
        'A a.example': [a('a.example', '10.0.0.1', 7), a('a.example', '10.0.0.2', 9)],
        'AAAA a.example': [{ type: 'AAAA', name: 'a.example', ttl: 5, data: '2001:db8::1' }],
        'SRV _sip._udp.example': [
          { type: 'SRV', name: '_sip._udp.example', ttl: 11, data: { priority: 1, weight: 2, port: 5070, target: 'a.example' } },
        ],
        'NAPTR example': [
          {
            type: 'NAPTR',
            name: 'example',
            ttl: 13,
            data: { order: 1, preference: 2, flags: 's', services: 'SIP+D2U', regexp: '', replacement: '_sip._udp.example' },
          },
        ],
        'PTR 1.0.0.10.in-addr.arpa': [{ type: 'PTR', name: '1.0.0.10.in-addr.arpa', ttl: 5, data: 'a.example' }],
      }),
    ]); // biome-ignore format: one row for each record
    expect(await resolver.addresses('a.example', 4)).toEqual([
      { ip: '10.0.0.1', ttlSec: 7 },
      { ip: '10.0.0.2', ttlSec: 9 },
    ]);
    expect(await resolver.addresses('a.example', 6)).toEqual([{ ip: '2001:db8::1', ttlSec: 5 }]);
    expect(await resolver.srv('_sip._udp.example')).toEqual([
      { priority: 1, weight: 2, port: 5070, target: 'a.example', ttlSec: 11 },
    ]);
    expect(await resolver.naptr('example')).toMatchObject([{ service: 'SIP+D2U', flags: 's', ttlSec: 13 }]);
    expect(await resolver.reverse('10.0.0.1')).toEqual(['a.example']);
    expect(await resolver.addresses('none.example', 4)).toEqual([]);
    expect(await resolver.reverse('10.0.0.9')).toEqual([]);
  });

  it('an alias holds no longer than any name on the way', async () => {
    const { resolver } = await setUp([
      zoneOf({
        'A www.example': [
          { type: 'CNAME', name: 'www.example', ttl: 100, data: 'x.example' },
          { type: 'CNAME', name: 'x.example', ttl: 20, data: 'y.example' },
          a('y.example', '10.0.0.3', 50),
        ],
      }),
    ]);
    expect(await resolver.addresses('www.example', 4)).toEqual([{ ip: '10.0.0.3', ttlSec: 20 }]);
  });

  it('asks again over TCP when the answer was cut', async () => {
    const many = Array.from({ length: 120 }, (_, i) => a('big.example', `10.0.1.${i}`));
    const { resolver, servers } = await setUp([() => ({ answers: many, cut: true })]);
    expect(await resolver.addresses('big.example', 4)).toHaveLength(120);
    expect(servers[0]?.asked).toEqual(['A big.example udp', 'A big.example tcp']);
  });

  it('goes to the next server after SERVFAIL, and after silence', async () => {
    const good = zoneOf({ 'A a.example': [a('a.example', '10.0.0.1')] });
    const { resolver, servers } = await setUp([() => ({ rcode: 2 }), () => null, good]);
    expect(await resolver.addresses('a.example', 4)).toHaveLength(1);
    expect(servers.map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
  });

  it('rejects when nobody answers, after as many rounds as it was told', async () => {
    const { resolver, servers } = await setUp([() => ({ rcode: 5 }), () => ({ rcode: 2 })]);
    await expect(resolver.addresses('a.example', 4)).rejects.toMatchObject({ code: 'SERVFAIL' });
    expect(servers.map(({ asked }) => asked.length)).toEqual([2, 2]);
    resolver.settings = { dns_retr_time: 1, dns_retr_no: 3, dns_servers_no: 1, dns_use_search_list: 1 };
    await expect(resolver.addresses('b.example', 4)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(servers.map(({ asked }) => asked.length)).toEqual([5, 2]);
  });

  it('search list: short names with it first, long ones without', async () => {
    const zone = zoneOf({ 'A gw.lab.example': [a('gw.lab.example', '10.0.0.4')] });
    const { resolver, servers } = await setUp([zone], 'search other.example lab.example');
    expect(await resolver.addresses('gw', 4)).toEqual([{ ip: '10.0.0.4', ttlSec: 30 }]);
    expect(servers[0]?.asked.splice(0)).toEqual(['A gw.other.example udp', 'A gw.lab.example udp']);
    expect(await resolver.addresses('a.b', 4)).toEqual([]);
    expect(servers[0]?.asked.splice(0)[0]).toBe('A a.b udp');
    resolver.settings = { dns_retr_time: -1, dns_retr_no: -1, dns_servers_no: -1, dns_use_search_list: 0 };
    expect(await resolver.addresses('gw', 4)).toEqual([]);
    expect(servers[0]?.asked).toEqual(['A gw udp']);
  });

  it('the hosts file comes first, and is read again when asked', async () => {
    const { resolver, servers } = await setUp([zoneOf({})], '', '10.1.1.1 box.example Box # here\n::2 box\n');
    expect(await resolver.addresses('BOX', 4)).toEqual([{ ip: '10.1.1.1', ttlSec: 60 }]);
    expect(await resolver.addresses('box', 6)).toEqual([{ ip: '::2', ttlSec: 60 }]);
    expect(await resolver.reverse('10.1.1.1')).toEqual(['box.example', 'Box']);
    expect(servers[0]?.asked).toEqual([]);
    resolver.reload();
    expect(await resolver.addresses('box', 4)).toHaveLength(1);
  });

  it('does not believe an answer to another question', async () => {
    const { resolver } = await setUp([
      (name, type) => (name === 'a.example' && type === 'A' ? { answers: [a('evil.example', '10.6.6.6'), a('a.example', '10.0.0.1')] } : null),
    ]); // biome-ignore format: one row
    const found = await resolver.addresses('a.example', 4);
    expect(found.map(({ ip }) => ip)).toEqual(['10.0.0.1']);
  });
});

it.each([
  ['nameserver 10.0.0.1\nnameserver ::1\nnameserver x\nnameserver 10.0.0.2\nnameserver 10.0.0.3', ['10.0.0.1', '::1', '10.0.0.2']],
  ['# nothing', ['127.0.0.1']],
])('servers of %j', (text, ips) => {
  expect(parseResolvConf(text).servers.map(({ ip }) => ip)).toEqual(ips);
}); // biome-ignore format: one row for each
it('domains and options', () => {
  expect(
    parseResolvConf('domain One.Example.\nsearch a b ; c\noptions ndots:2 timeout:99 attempts:0 rotate'),
  ).toMatchObject({
    search: ['a', 'b'],
    ndots: 2,
    timeoutSec: 30,
    attempts: 1,
  });
});

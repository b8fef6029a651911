import { describe, expect, it } from 'vitest';
import { simulatedEnvironment, type Zone } from '../env/simulated.js';
import type { Proto } from '../env.js';
import { Settings } from '../settings.js';
import { type DnsSettings, type Target, Targets } from './target.js';

const settings: DnsSettings = new Settings().values;
const zone: Zone = {
  'plain.example': { a: ['10.0.0.1', '10.0.0.2'], aaaa: ['2001:DB8:0::1'], ttlSec: 30 },
  'srv.example': {
    a: ['10.9.9.9'],
    naptr: [
      { flags: 's', service: 'SIP+D2U', replacement: '_sip._udp.srv.example', order: 20 },
      { flags: 's', service: 'SIP+D2T', replacement: '_sip._tcp.srv.example', order: 10 },
      { flags: 'u', service: 'E2U+sip', replacement: '.', order: 1 },
    ],
  },
  '_sip._udp.srv.example': {
    srv: [
      { priority: 20, weight: 1, port: 5070, target: 'b.example' },
      { priority: 10, weight: 1, port: 5080, target: 'a.example' },
      { priority: 10, weight: 9, port: 5081, target: 'gone.example' },
      { priority: 10, weight: 5, port: 5082, target: 'b.example' },
    ],
  },
  '_sip._tcp.srv.example': { srv: [{ port: 5090, target: 'a.example' }] },
  '_sip._tcp.tcponly.example': { srv: [{ port: 5091, target: 'b.example.' }] },
  '_sips._tcp.srv.example': { srv: [{ port: 5061, target: 'a.example' }] },
  '_sip._udp.off.example': { srv: [{ port: 5060, target: '.' }] },
  'off.example': { a: ['10.5.5.5'] },
  'a.example': { a: ['10.1.0.1'] },
  'b.example': { a: ['10.1.0.2'] },
};
const show = (targets: readonly Target[]) => targets.map(({ proto, ip, port }) => `${proto} ${ip} ${port}`);

async function ask(uri: string, proto: Proto | null = null, more: Partial<DnsSettings> = {}) {
  const env = simulatedEnvironment(1, ['10.0.0.99'], zone);
  const targets = new Targets(env, { ...settings, ...more });
  let found: readonly Target[] | undefined;
  void Promise.resolve(targets.resolve(uri, proto)).then((answer) => {
    found = answer;
  });
  await env.clock.advance(10_000);
  return { found: show(found ?? []), queries: env.resolver.queries };
}

describe('RFC 3263 targets', () => {
  const rows: [string, string, Proto | null, Partial<DnsSettings>, string[]][] = [
    ['numeric', 'sip:bob@10.0.0.7', null, {}, ['udp 10.0.0.7 5060']],
    ['numeric with port and transport', 'sip:10.0.0.7:5070;transport=TCP', null, {}, ['tcp 10.0.0.7 5070']],
    ['IPv6 reference', 'sip:[2001:DB8::0:1]', null, {}, ['udp 2001:db8::1 5060']],
    ['sips', 'sips:10.0.0.7', null, {}, ['tls 10.0.0.7 5061']],
    ['forced protocol wins', 'sip:10.0.0.7;transport=udp', 'tcp', {}, ['tcp 10.0.0.7 5060']],
    ['unknown transport', 'sip:10.0.0.7;transport=pigeon', null, {}, []],
    ['tel has no host', 'tel:+123', null, {}, []],
    ['not a URI', 'nonsense', null, {}, []],
    ['not a name', 'sip:a..b', null, {}, []],
    ['port: addresses only', 'sip:srv.example:5060', null, {}, ['udp 10.9.9.9 5060']],
    [
      'A before AAAA',
      'sip:PLAIN.example',
      null,
      {},
      ['udp 10.0.0.1 5060', 'udp 10.0.0.2 5060', 'udp 2001:db8::1 5060'],
    ],
    [
      'no AAAA when switched off',
      'sip:plain.example',
      null,
      { dns_try_ipv6: 0 },
      ['udp 10.0.0.1 5060', 'udp 10.0.0.2 5060'],
    ],
    [
      'SRV by priority, then weight',
      'sip:srv.example',
      null,
      {},
      ['udp 10.1.0.2 5082', 'udp 10.1.0.1 5080', 'udp 10.1.0.2 5070'],
    ],
    ['SRV of the transport', 'sip:srv.example;transport=tcp', null, {}, ['tcp 10.1.0.1 5090']],
    ['SRV of the next protocol', 'sip:tcponly.example', null, {}, ['tcp 10.1.0.2 5091']],
    ['SRV for sips', 'sips:srv.example', null, {}, ['tls 10.1.0.1 5061']],
    [
      'NAPTR first when asked, by our preferences',
      'sip:srv.example',
      null,
      { dns_try_naptr: 1 },
      ['udp 10.1.0.2 5082', 'udp 10.1.0.1 5080', 'udp 10.1.0.2 5070'],
    ],
    [
      'NAPTR with TCP preferred here',
      'sip:srv.example',
      null,
      { dns_try_naptr: 1, dns_tcp_pref: 40 },
      ['tcp 10.1.0.1 5090'],
    ],
    [
      'NAPTR in the order of the zone',
      'sip:srv.example',
      null,
      { dns_try_naptr: 1, dns_naptr_ignore_rfc: 0 },
      ['tcp 10.1.0.1 5090'],
    ],
    [
      'NAPTR of a transport we never want',
      'sip:srv.example',
      null,
      { dns_try_naptr: 1, dns_udp_pref: -1 },
      ['tcp 10.1.0.1 5090'],
    ],
    ['IPv4 only', 'sip:plain.example:5070', null, { dns_cache_flags: 1 }, ['udp 10.0.0.1 5070', 'udp 10.0.0.2 5070']],
    ['IPv6 only', 'sip:plain.example:5070', null, { dns_cache_flags: 2 }, ['udp 2001:db8::1 5070']],
    [
      'IPv6 first',
      'sip:plain.example:5070',
      null,
      { dns_cache_flags: 4 },
      ['udp 2001:db8::1 5070', 'udp 10.0.0.1 5070', 'udp 10.0.0.2 5070'],
    ],
    [
      'NAPTR of the transport',
      'sip:srv.example;transport=udp',
      null,
      { dns_try_naptr: 1 },
      ['udp 10.1.0.2 5082', 'udp 10.1.0.1 5080', 'udp 10.1.0.2 5070'],
    ],
    ['SRV that says no', 'sip:off.example', null, {}, ['udp 10.5.5.5 5060']],
    ['nothing', 'sip:nowhere.example', null, {}, []],
  ];
  it.each(rows)('%s', async (_, uri, proto, more, expected) => {
    expect((await ask(uri, proto, more)).found).toEqual(expected);
  });

  it('numeric addresses and cached names come at once', async () => {
    const env = simulatedEnvironment(1, ['10.0.0.99'], zone);
    const targets = new Targets(env, settings);
    expect(targets.resolve('sip:10.0.0.1')).toEqual([{ proto: 'udp', ip: '10.0.0.1', port: 5060 }]);
    const first = targets.resolve('sip:plain.example:5070');
    expect(first).toBeInstanceOf(Promise);
    await env.clock.advance(10);
    expect(targets.resolve('sip:plain.example:5070')).toEqual(await first);
    await env.clock.advance(31_000);
    expect(targets.resolve('sip:plain.example:5070')).toBeInstanceOf(Promise);
    await env.clock.advance(10);
    expect(env.resolver.queries).toEqual([
      'A plain.example',
      'AAAA plain.example',
      'A plain.example',
      'AAAA plain.example',
    ]);
  });

  it('keeps failures, and asks again afterwards', async () => {
    const env = simulatedEnvironment(1, ['10.0.0.99'], zone);
    env.resolver.failing.add('plain.example');
    const targets = new Targets(env, { ...settings, dns_try_ipv6: 0 });
    const both = [targets.resolve('sip:plain.example:5060'), targets.resolve('sip:plain.example:5060')];
    await env.clock.advance(5000);
    expect(await Promise.all(both)).toEqual([[], []]);
    expect(targets.resolve('sip:plain.example:5060')).toEqual([]);
    expect(env.resolver.queries).toHaveLength(1);
    env.resolver.failing.clear();
    await env.clock.advance(60_000);
    const again = targets.resolve('sip:plain.example:5060');
    await env.clock.advance(10);
    expect(show(await again)).toEqual(['udp 10.0.0.1 5060', 'udp 10.0.0.2 5060']);
  });

  it('holds a bounded number of answers', async () => {
    const env = simulatedEnvironment(1, ['10.0.0.99'], zone);
    const targets = new Targets(env, { ...settings, dns_try_ipv6: 0, dns_cache_del_nonexp: 1, dns_cache_mem: 100 });
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 1000; n++) void targets.resolve(`sip:h${round}-${n}.example:5060`);
      await env.clock.advance(5);
    }
    expect(targets.cache.sizeBytes).toBeLessThanOrEqual(100 * 1024);
    expect(targets.cache.size).toBeGreaterThan(500);
    expect(targets.cache.find('A', 'h5-999.example')).toBeDefined();
    expect(targets.cache.find('A', 'h0-0.example')).toBeUndefined();
  });

  it('what commands put in: permanent records stay, and servers said to be down are not asked', async () => {
    const env = simulatedEnvironment(1, ['10.0.0.99'], zone);
    const targets = new Targets(env, { ...settings, dns_try_ipv6: 0 });
    const { cache } = targets;
    cache.add('A', 'kept.example', { ip: '10.7.0.1', ttlSec: 5 } as { ttlSec: number }, true);
    cache.add('A', 'kept.example', { ip: '10.7.0.2', ttlSec: 5 } as { ttlSec: number }, true);
    await env.clock.advance(60_000);
    const at = 'sip:kept.example:5060';
    expect(show((await targets.resolve(at)) as readonly Target[])).toEqual(['udp 10.7.0.2 5060']);
    cache.clear(false);
    expect(cache.size).toBe(1);
    cache.serversUp = false;
    expect(await targets.resolve('sip:plain.example:5060')).toEqual([]);
    expect(env.resolver.queries).toEqual([]);
    cache.clear(true);
    expect(cache.size).toBe(0);
  });

  it('a name server that stops answering costs one wait, not one a call', async () => {
    const env = simulatedEnvironment(1, ['10.0.0.99'], zone);
    const slow: string[] = [];
    const targets = new Targets(env, { ...settings, dns_try_ipv6: 0, dns_slow_query_ms: 1000 });
    targets.cache.onSlow = (question) => void slow.push(question);
    env.resolver.failing.add('dead.example');
    for (let n = 0; n < 50; n++) void targets.resolve('sip:dead.example:5060');
    expect(show((await targets.resolve('sip:10.0.0.7')) as readonly Target[])).toEqual(['udp 10.0.0.7 5060']);
    await env.clock.advance(5000);
    expect(await targets.resolve('sip:dead.example:5060')).toEqual([]);
    expect(env.resolver.queries).toEqual(['A dead.example']);
    expect(targets.cache.stats).toMatchObject({ failures: 1, slow: 1, negativeHits: 1 });
    expect(slow).toEqual(['A dead.example']);
  });

  it.each([
    ['dns_cache_max_ttl', 30, { dns_cache_max_ttl: 30 }],
    ['the TTL of the answer', 300, {}],
  ])('keeps an answer no longer than %s: %i s', async (_, seconds, more) => {
    const env = simulatedEnvironment(6, ['10.0.0.99'], { 'a.example': { a: ['10.1.0.1'], ttlSec: 300 } });
    const targets = new Targets(env, { ...settings, ...more });
    const asked = async () => {
      void targets.resolve('sip:a.example:5060');
      await env.clock.advance(10);
      return env.resolver.queries.filter((query) => query === 'A a.example').length;
    };
    expect(await asked()).toBe(1);
    await env.clock.advance(seconds * 1000 - 100);
    expect(await asked()).toBe(1);
    await env.clock.advance(200);
    expect(await asked()).toBe(2);
  });
  it('draws by weight with dns_srv_lb', async () => {
    const counts = new Map<string, number>();
    const env = simulatedEnvironment(4, ['10.0.0.99'], {
      '_sip._udp.lb.example': {
        srv: [
          { weight: 9, port: 1, target: 'a.example' },
          { weight: 1, port: 2, target: 'a.example' },
        ],
      },
      'a.example': { a: ['10.1.0.1'] },
    });
    const targets = new Targets(env, {
      ...settings,
      dns_srv_lb: 1,
      dns_cache_negative_ttl: 3600,
      dns_cache_min_ttl: 3600,
    });
    void targets.resolve('sip:lb.example');
    await env.clock.advance(10);
    for (let n = 0; n < 1000; n++) {
      const found = targets.resolve('sip:lb.example');
      if (found instanceof Promise) throw new Error('not cached');
      counts.set(show(found)[0]!, (counts.get(show(found)[0]!) ?? 0) + 1);
    }
    expect(counts.get('udp 10.1.0.1 1')).toBeGreaterThan(800);
    expect(counts.get('udp 10.1.0.1 2')).toBeGreaterThan(50);
  });
});

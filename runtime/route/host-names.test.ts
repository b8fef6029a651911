import { expect, it } from 'vitest';
import { simulatedEnvironment } from '../env/simulated.js';
import { HostNames } from './host-names.js';

it('a name in the cfg is known once the start has waited for it, and asked again after its TTL', async () => {
  const { clock, resolver } = simulatedEnvironment();
  resolver.zone = { 'gw.example.com': { a: ['192.0.2.1'], aaaa: ['2001:db8::1'], ttlSec: 30 } };
  const hosts = new HostNames(resolver, clock);
  expect(hosts.addresses('GW.example.com')).toEqual([]);
  const ready = hosts.ready();
  await clock.advance(1);
  await ready;
  expect(hosts.addresses('gw.example.com')).toEqual(['192.0.2.1', '2001:db8::1']);
  expect(resolver.queries.length).toBe(2);
  resolver.zone = { 'gw.example.com': { a: ['192.0.2.9'] } };
  await clock.advance(31_000);
  expect(hosts.addresses('gw.example.com')).toEqual(['192.0.2.1', '2001:db8::1']); // asks, and does not wait
  await clock.advance(1);

  expect(hosts.addresses('gw.example.com')).toEqual(['192.0.2.9']);
});

it('a start waits two seconds at most, and a failure keeps what was known', async () => {
  const { clock, resolver } = simulatedEnvironment();
  resolver.failing.add('slow.example.com');
  const hosts = new HostNames(resolver, clock);
  hosts.addresses('slow.example.com');
  let isReady = false;
  const ready = hosts.ready().then(() => {
    isReady = true;
  });
  await clock.advance(1900);

  expect(isReady).toBe(false);
  await clock.advance(200);
  await ready;
  expect(hosts.addresses('slow.example.com')).toEqual([]);
});

it('the number of names is bounded', () => {
  const { clock, resolver } = simulatedEnvironment();
  const hosts = new HostNames(resolver, clock);
  for (let i = 0; i < 1200; i++) hosts.addresses(`h${i}.example.com`);
  expect(resolver.queries.length).toBe(2000);
});

import { expect, it } from 'vitest';
import { VirtualClock } from '../clock.js';
import { Settings } from '../settings.js';
import { Blocklist, Failure } from './blocklist.js';

const to = { proto: 'udp', ip: '10.0.0.1', port: 5060 } as const;
function setUp(more: Readonly<Record<string, number>> = {}) {
  const clock = new VirtualClock();
  return { clock, list: new Blocklist(clock, { ...new Settings({ use_dst_blocklist: 1, ...more }).values }) };
}

it('lists what failed for a while', async () => {
  const { clock, list } = setUp({ dst_blocklist_expire: 20 });
  list.failed(to, Failure.timeout);
  expect(list.blocks(to)).toBe(true);
  for (const other of [
    { ...to, port: 5061 },
    { ...to, ip: '10.0.0.2' },
    { ...to, proto: 'tcp' as const },
  ])
    expect(list.blocks(other)).toBe(false);
  await clock.advance(10_000);
  list.failed(to, Failure.send);
  expect(list.all()).toMatchObject([{ ...to, flags: Failure.timeout | Failure.send }]);
  await clock.advance(19_000);
  expect(list.blocks(to)).toBe(true);
  await clock.advance(1100);
  expect([list.blocks(to), list.all()]).toEqual([false, []]);
});
it('masks say which failures do not count, each for its protocol', () => {
  const { list } = setUp({ dst_blocklist_udp_imask: Failure.timeout, dst_blocklist_tls_imask: Failure.connect });
  list.failed(to, Failure.timeout);
  list.failed({ ...to, proto: 'tls' }, Failure.connect);
  expect(list.all()).toEqual([]);
  list.failed(to, Failure.icmp);
  list.failed({ ...to, proto: 'tcp' }, Failure.connect);
  expect(list.all()).toHaveLength(2);
  const others = setUp({ dst_blocklist_tcp_imask: Failure.connect, dst_blocklist_sctp_imask: Failure.connect }).list;
  others.failed({ ...to, proto: 'tcp' }, Failure.connect);
  others.failed({ ...to, proto: 'sctp' }, Failure.connect);
  expect(others.all()).toEqual([]);
  others.failed({ ...to, proto: 'tls' }, Failure.connect);
  expect(others.all()).toHaveLength(1);
});
it('entries for any port or any protocol, and those that stay', async () => {
  const { clock, list } = setUp({ dst_blocklist_expire: 1 });
  list.put({ proto: null, ip: '10.0.0.1', port: 0 }, Failure.prohibited | Failure.permanent, 1);
  await clock.advance(100_000);
  expect(list.blocks({ proto: 'tls', ip: '10.0.0.1', port: 9 })).toBe(true);
});
it('is bounded, and off by default', () => {
  const { list } = setUp({ dst_blocklist_mem: 1 });
  const added = Array.from({ length: 20 }, (_, n) => list.put({ proto: 'udp', ip: `10.0.0.${n}`, port: 1 }, 2, 60));
  expect(added.filter(Boolean)).toHaveLength(16);
  const off = new Blocklist(new VirtualClock(), new Settings().values);
  off.failed(to, Failure.send);
  expect(off.blocks(to)).toBe(false);
});

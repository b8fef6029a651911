/** Datagrams from an address that is not ours: their bytes, and one on loopback where the system lets us. */
import { afterEach, expect, it } from 'vitest';
import type { DatagramSocket, Endpoint, ForeignSender } from '../env.js';
import { rawDatagram } from './raw-udp.js';
import { realEnvironment } from './real.js';
import { RecordingLog } from './simulated.js';

const open: (DatagramSocket | ForeignSender)[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

it('IPv4 header, UDP header, payload (RFC 791, RFC 768)', () => {
  const packet = rawDatagram('\0\xffab', { ip: '192.0.2.1', port: 5006 }, { ip: '198.51.100.7', port: 5062 });
  expect(packet?.toString('hex')).toBe(
    [
      '4500',
      '0020',
      '0000',
      '0000',
      '45',
      '11',
      '0000',
      'c0000201',
      'c6336407',
      '138e',
      '13c6',
      '000c',
      '0000',
      '00ff6162',
    ].join(''),
  );
});
it.each<[string, Endpoint, Endpoint, string]>([
  ['a source in IPv6', { ip: '::1', port: 1 }, { ip: '127.0.0.1', port: 1 }, 'x'],
  ['a target in IPv6', { ip: '127.0.0.1', port: 1 }, { ip: '::1', port: 1 }, 'x'],
  ['a name', { ip: '127.0.0.1', port: 1 }, { ip: 'host.name.of.four', port: 1 }, 'x'],
  ['more than passes unfragmented', { ip: '127.0.0.1', port: 1 }, { ip: '127.0.0.1', port: 1 }, 'x'.repeat(549)],
])('%s is refused', (_name, from, to, bytes) => expect(rawDatagram(bytes, from, to)).toBeNull());

function senderOrReason(): ForeignSender | string {
  try {
    return realEnvironment(new RecordingLog()).network.foreignSender();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EPERM' || code === 'ENOSYS') return `no raw socket here: ${code}`;
    throw error;
  }
}

it('arrives, and seems to come from the address given', async ({ skip }) => {
  const sender = senderOrReason();
  if (typeof sender === 'string') return skip(sender);
  open.push(sender);
  let resolve: (got: [string, Endpoint]) => void = () => {};
  const got = new Promise<[string, Endpoint]>((r) => {
    resolve = r;
  });
  const { network } = realEnvironment(new RecordingLog());
  const bob = await network.bindUdp({ ip: '127.0.0.1', port: 0 }, (bytes, from) => resolve([bytes, from]));
  open.push(bob);
  expect(sender.send('\0\0\0\0', { ip: '127.0.0.77', port: 33_077 }, bob.local)).toBe('');
  expect(await got).toEqual(['\0\0\0\0', { ip: '127.0.0.77', port: 33_077 }]);
  sender.close();
  expect(sender.send('', bob.local, bob.local)).toBe('EBADF');
});

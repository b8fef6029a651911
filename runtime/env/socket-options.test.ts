/** What the system says of sockets that were tuned: options have no other sign on loopback. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { libc } from './libc.js';
import { realEnvironment } from './real.js';
import { RecordingLog } from './simulated.js';

const { network } = realEnvironment(new RecordingLog(), { batchedUdp: true });

/** An option of a descriptor, as a number. */
function optionOf(fd: number, level: number, name: number): number {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const get = koffi.load(null).func('int getsockopt(int, int, int, _Out_ void *, _Inout_ void *)');
  const value = Buffer.alloc(4);
  const size = Buffer.from([4, 0, 0, 0]);
  return get(fd, level, name, value, size) === 0 ? value.readInt32LE(0) : -1;
}
const IP = 0;
const TCP = 6;
const IPV6 = 41;

describe.skipIf(libc() === null)('sockets', () => {
  it('datagrams: type of service, path MTU, multicast', async () => {
    const tuning = { tos: 0x10, pathMtu: true, multicast: { ttl: 7, loopback: true, interfaceName: 'lo' } };
    const tuned = await network.bindUdp({ ip: '127.0.0.1', port: 0 }, () => {}, tuning);
    const plain = await network.bindUdp({ ip: '127.0.0.1', port: 0 }, () => {}, {
      pathMtu: false,
      multicast: { ttl: -1, loopback: false, interfaceName: '' },
    });
    const six = await network.bindUdp({ ip: '::1', port: 0 }, () => {}, tuning);
    const fdOf = (socket: object) => (socket as { fd: number }).fd;
    const shown = (socket: object) => [1, 10, 33, 34].map((name) => optionOf(fdOf(socket), IP, name));
    expect(shown(tuned)).toEqual([0x10, 2, 7, 1]);
    expect(shown(plain)).toEqual([0, 0, 1, 0]);
    expect([67, 18, 19].map((name) => optionOf(fdOf(six), IPV6, name))).toEqual([0x10, 7, 1]);
    for (const socket of [tuned, plain, six]) socket.close();
  });
  it('a group is joined, on an interface that is there', async () => {
    const at = { ip: '239.255.42.7', port: 0 };
    const on = (interfaceName: string) => ({ multicast: { ttl: 1, loopback: true, interfaceName } });
    const got: string[] = [];
    const member = await network.bindUdp(at, (bytes) => void got.push(bytes), on('lo'));
    const sender = await network.bindUdp({ ip: '127.0.0.1', port: 0 }, () => {}, on('lo'));
    sender.send('to the group', { ip: at.ip, port: member.local.port });
    for (let i = 0; i < 200 && got.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(got).toEqual(['to the group']);
    member.close();
    sender.close();
    await expect(network.bindUdp(at, () => {}, on('none0'))).rejects.toThrow('none0');
  });
  it('streams: probes and type of service on both ends', async () => {
    const tuning = { tos: 8, keepAlive: { idleSec: 70, intervalSec: 11, count: 3 } };
    let accepted: object | null = null;
    const listener = await network.listenTcp(
      { ip: '127.0.0.1', port: 0 },
      (stream) => (accepted = stream),
      () => tuning,
    );
    const opened = await network.connectTcp(listener.local, { timeoutMs: 1000, tuning });
    for (let i = 0; i < 200 && accepted === null; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const stream of [accepted, opened]) {
      const { socket } = stream as unknown as { socket: { _handle: { fd: number }; destroy(): void } };
      const { fd } = socket._handle;
      expect([4, 5, 6].map((name) => optionOf(fd, TCP, name))).toEqual([70, 11, 3]);
      expect(optionOf(fd, IP, 1)).toBe(8);
      socket.destroy();
    }
    listener.close();
  });
  it('an address the machine does not have can be bound, when asked for', async () => {
    const at = { ip: '192.0.2.77', port: 0 };
    await expect(network.bindUdp(at, () => {})).rejects.toThrow('EADDRNOTAVAIL');
    await expect(network.listenTcp(at, () => {})).rejects.toThrow('EADDRNOTAVAIL');
    const datagrams = await network.bindUdp(at, () => {}, { freeBind: true });
    const streams = await network.listenTcp(
      at,
      () => {},
      () => ({ freeBind: true }),
    );
    expect([datagrams.local.ip, streams.local.ip]).toEqual([at.ip, at.ip]);
    datagrams.close();
    streams.close();
  });
});

/** Global parameters that the system alone shows: each is set, and the open sockets are asked. */
import { createRequire } from 'node:module';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { libc } from '../env/libc.js';
import { realEnvironment } from '../env/real.js';
import { RecordingLog, simulatedEnvironment } from '../env/simulated.js';
import type { Environment, StreamConnection } from '../env.js';
import { Settings } from '../settings.js';
import { Transports } from './transports.js';
import type { ReceiveInfo } from './types.js';

const IPPROTO_IP = 0;
const IP_TOS = 1;
const IP_MTU_DISCOVER = 10;
const IP_MULTICAST_TTL = 33;
const IP_MULTICAST_LOOP = 34;
const message = 'OPTIONS sip:x@y SIP/2.0\r\nContent-Length: 0\r\n\r\n';

const opened: Transports[] = [];
afterEach(() => {
  for (const transports of opened.splice(0)) transports.stop();
});
async function open(addresses: string[], written: Record<string, number | string>, env?: Environment) {
  const real = env ?? realEnvironment(new RecordingLog());
  const { values } = new Settings({ auto_aliases: 0, ...written });
  values.port = 0;
  const transports = new Transports(real, values);
  const arrivals: ReceiveInfo[] = [];
  await transports.prepare(addresses.map((address) => ({ address })));
  await transports.open((_bytes, received) => {
    arrivals.push(received);
    return true;
  });
  opened.push(transports);
  return { env: real, transports, arrivals, socket: transports.sockets[0]! };
}

describe.skipIf(libc() === null)('of datagrams', () => {
  function optionOf(transports: Transports, name: number): number {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const get = koffi.load(null).func('int getsockopt(int, int, int, _Out_ void *, _Inout_ void *)');
    const { datagrams } = transports as unknown as { datagrams: readonly { readonly fd: number }[] };
    const value = Buffer.alloc(4);
    return get(datagrams[0]!.fd, IPPROTO_IP, name, value, Buffer.from([4, 0, 0, 0])) === 0 ? value.readInt32LE(0) : -1;
  }
  it.each<[name: string, value: number | string, option: number, is: number]>([
    ['tos', 8, IP_TOS, 8],
    ['tos', 'IPTOS_LOWDELAY', IP_TOS, 16],
    ['tos', 0, IP_TOS, 0],
    ['pmtu_discovery', 1, IP_MTU_DISCOVER, 2],
    ['pmtu_discovery', 0, IP_MTU_DISCOVER, 0],
    ['mcast_ttl', 9, IP_MULTICAST_TTL, 9],
    ['mcast_ttl', -1, IP_MULTICAST_TTL, 1],
    ['mcast_loopback', 1, IP_MULTICAST_LOOP, 1],
    ['mcast_loopback', 0, IP_MULTICAST_LOOP, 0],
  ])('%s=%s', async (name, value, option, is) => {
    const { transports } = await open(['udp:127.0.0.1'], { [name]: value });
    expect(optionOf(transports, option)).toBe(is);
  });
  it('mcast: the interface on which a group is joined', async () => {
    const { env, arrivals, socket } = await open(['udp:239.255.42.9'], { mcast: 'lo', mcast_loopback: 1 });
    const sender = await open(['udp:127.0.0.1'], { mcast: 'lo', mcast_loopback: 1 }, env);
    expect(
      sender.transports.send(
        { proto: 'udp', ip: '239.255.42.9', port: socket.local.port, socket: sender.socket },
        message,
      ),
    ).toBe(true);
    await expect.poll(() => arrivals.length).toBe(1);
    expect(arrivals[0]!.src).toEqual(sender.socket.local);
    await expect(open(['udp:239.255.42.9'], { mcast: 'none0' })).rejects.toThrow('none0');
  });
});

describe('tcp_close_rst', () => {
  const ways: [string, (server: Transports, peer: StreamConnection) => void][] = [
    ['closed here', ({ connections }) => connections.close([...connections.all()][0]!)],
    ['cut off', ({ connections }) => connections.cut([...connections.all()][0]!, 'test')],
    ['closed by the peer', (_server, peer) => peer.end()],
  ];
  async function endOf(value: number, close: (server: Transports, peer: StreamConnection) => void) {
    const { env, transports, arrivals, socket } = await open(['tcp:127.0.0.1'], { tcp_close_rst: value });
    const peer = await env.network.connectTcp(socket.local, { timeoutMs: 1000 });
    let came = '';
    const codes: (string | undefined)[] = [];
    peer.onData = (bytes) => {
      came += bytes;
    };
    peer.onClose = (code) => codes.push(code);
    peer.write(message);
    await expect.poll(() => arrivals.length).toBe(1);
    const { connectionId, src } = arrivals[0]!;
    expect(transports.send({ proto: 'tcp', ...src, socket, connectionId }, 'SIP/2.0 200 OK\r\n\r\n')).toBe(true);
    await expect.poll(() => came).toBe('SIP/2.0 200 OK\r\n\r\n');
    close(transports, peer);
    await expect.poll(() => codes.length).toBe(1);
    return codes[0];
  }
  it.each(ways)('%s: the peer gets a reset, and without it the end of the stream', async (_, close) => {
    expect(await endOf(1, close)).toBe('ECONNRESET');
    expect(await endOf(0, close)).toBeUndefined();
  });
  it('what was written before arrives', async () => {
    const env = simulatedEnvironment(3);
    const { transports, arrivals, socket } = await open(['tcp:127.0.0.1:5060'], { tcp_close_rst: 1 }, env);
    const connecting = env.network.connectTcp(socket.local, { timeoutMs: 1000 });
    await env.clock.advance(10);
    const peer = await connecting;
    const seen: string[] = [];
    peer.onData = (bytes) => seen.push(bytes);
    peer.onClose = (code) => seen.push(`closed ${code}`);
    peer.write(message);
    await env.clock.advance(10);
    const { connectionId, src } = arrivals[0]!;
    transports.send({ proto: 'tcp', ...src, socket, connectionId }, 'SIP/2.0 200 OK\r\n\r\n', { close: true });
    await env.clock.advance(10);
    expect(seen).toEqual(['SIP/2.0 200 OK\r\n\r\n', 'closed ECONNRESET']);
  });
});

const linkLocal = Object.values(networkInterfaces())
  .flat()
  .find((own) => own?.family === 'IPv6' && own.address.startsWith('fe80:'))?.address;
describe.skipIf(linkLocal === undefined)('bind_ipv6_link_local', () => {
  it.each(['udp', 'tcp'] as const)('1: %s both ways, addresses without their interface', async (proto) => {
    const { env, transports, arrivals, socket } = await open([`${proto}:[${linkLocal}]`], { bind_ipv6_link_local: 1 });
    expect(socket.sockStr).toBe(`${proto}:[${linkLocal}]:${socket.local.port}`);
    const peer = await open([`${proto}:[${linkLocal}]`], { bind_ipv6_link_local: 1 }, env);
    expect(peer.transports.send({ proto, ...socket.local, socket: peer.socket }, message)).toBe(true);
    await expect.poll(() => arrivals.length).toBe(1);
    const { src, connectionId } = arrivals[0]!;
    expect(src.ip).toBe(linkLocal);
    expect(transports.send({ proto, ...src, socket, connectionId }, message)).toBe(true);
    await expect.poll(() => peer.arrivals.length).toBe(1);
    expect(peer.arrivals[0]!.src).toEqual(socket.local);
  });
  it('0: such an address cannot be bound, and it is said why', async () => {
    await expect(open([`udp:[${linkLocal}]`], {})).rejects.toThrow('write bind_ipv6_link_local=1');
  });
  it('2: such a socket is left out', async () => {
    const { transports } = await open([`udp:[${linkLocal}]`, 'udp:127.0.0.1'], { bind_ipv6_link_local: 2 });
    expect(transports.sockets.map(({ local }) => local.ip)).toEqual(['127.0.0.1']);
  });
});

import { expect, it } from 'vitest';
import { simulatedEnvironment } from '../env/simulated.js';
import { Settings } from '../settings.js';
import { ProxiedPeers } from './proxied-peers.js';
import { readDatagramHeader, readProxyHeader } from './proxy-header.js';
import { Transports } from './transports.js';
import type { ReceiveInfo } from './types.js';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const four = `${SIGNATURE}\x21\x11\0\x0c\x0a\0\0\x07\x0a\0\0\x01\x13\xc5\x13\xc4`;
const six = `${SIGNATURE}\x21\x21\0\x24\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01\x20\x01\x0d\xb8${'\0'.repeat(11)}\x02\x13\xc5\x13\xc4`;

it.each([
  [
    'PROXY TCP4 10.0.0.7 10.0.0.1 5061 5060\r\nX',
    { src: { ip: '10.0.0.7', port: 5061 }, dst: { ip: '10.0.0.1', port: 5060 }, sizeBytes: 40 },
  ],
  [
    'PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n',
    { src: { ip: '2001:db8::1', port: 1 }, dst: { ip: '2001:db8::2', port: 2 }, sizeBytes: 40 },
  ],
  ['PROXY UNKNOWN ffff::1 what ever\r\n', { src: null, dst: null, sizeBytes: 33 }],
  ['PROXY TCP4 10.0.0.7 10.0.0.1 0 5060\r\n', 'bad'],
  ['PROXY TCP4 10.0.0.7 10.0.0.1 70000 5060\r\n', 'bad'],
  ['PROXY TCP4 2001:db8::1 10.0.0.1 1 2\r\n', 'bad'],
  ['PROXY TCP4 300.0.0.7 10.0.0.1 1 2\r\n', 'bad'],
  ['PROXY UDP4 10.0.0.7 10.0.0.1 1 2\r\n', 'bad'],
  ['PROXY TCP4\r\n', 'bad'],
  ['PROXY TCP4 10.0.0.7', 'more'],
  [`PROXY ${'x'.repeat(120)}`, 'bad'],
  ['PRO', 'more'],
  ['', 'more'],
  ['INVITE sip:a@b SIP/2.0\r\n', 'none'],
  ['\r\n\r\n', 'more'],
  ['\r\n\r\nINVITE', 'none'],
  [`${four}X`, { src: { ip: '10.0.0.7', port: 5061 }, dst: { ip: '10.0.0.1', port: 5060 }, sizeBytes: 28 }],
  [six, { src: { ip: '2001:db8::1', port: 5061 }, dst: { ip: '2001:db8::2', port: 5060 }, sizeBytes: 52 }],
  [`${SIGNATURE}\x20\0\0\0`, { src: null, dst: null, sizeBytes: 16 }],
  [four.slice(0, 20), 'more'],
  [`${SIGNATURE}\x11\x11\0\x0c${'\0'.repeat(12)}`, 'bad'],
  [`${SIGNATURE}\x22\x11\0\x0c${'\0'.repeat(12)}`, 'bad'],
  [`${SIGNATURE}\x21\x31\0\x0c${'\0'.repeat(12)}`, 'bad'],
  [`${SIGNATURE}\x21\x11\x10\0`, 'bad'],
])('%j', (bytes, expected) => {
  expect(readProxyHeader(bytes)).toEqual(expected);
});

const message = 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n';
async function server(settings: Record<string, number | string>) {
  const env = simulatedEnvironment(5);
  const { values } = new Settings({ auto_aliases: 0, ...settings });
  const transports = new Transports(env, values);
  const arrivals: ReceiveInfo[] = [];
  await transports.prepare([{ address: 'tcp:127.0.0.1:5060' }]);
  await transports.open((_bytes, received) => {
    arrivals.push(received);
    return true;
  });
  const open = async () => {
    const connecting = env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 });
    await env.clock.advance(10);
    const stream = await connecting;
    return { stream, closed: () => !stream.writable };
  };
  return { env, transports, arrivals, open };
}

it.each<Record<string, number | string>>([
  { tcp_accept_haproxy: 1 },
  { tcp_accept_protocols: 'http, HAProxy' },
  { tcp_accept_protocols: 128 },
])('%j: a message counts as from where the header says, and answers go back', async (setting) => {
  const { env, transports, arrivals, open } = await server(setting);
  const peer = await open();
  let answered = '';
  peer.stream.onData = (bytes) => {
    answered += bytes;
  };
  const text = `PROXY TCP4 192.0.2.9 192.0.2.1 4321 5060\r\n${message}`;
  for (const half of [text.slice(0, 12), text.slice(12)]) {
    peer.stream.write(half);
    await env.clock.advance(50);
  }
  const [received] = arrivals;
  expect(received).toMatchObject({ src: { ip: '192.0.2.9', port: 4321 }, dst: { ip: '192.0.2.1', port: 5060 } });
  const { connectionId, socket, src } = received!;
  expect(transports.send({ proto: 'tcp', ...src, socket, connectionId }, 'SIP/2.0 200 OK\r\n\r\n')).toBe(true);
  await env.clock.advance(50);
  expect(answered).toContain('200 OK');
});
it('without a header the connection is taken as it is', async () => {
  const { env, arrivals, open } = await server({ tcp_accept_haproxy: 1 });
  const peer = await open();
  peer.stream.write(message);
  await env.clock.advance(50);
  expect(arrivals.map(({ src }) => src)).toEqual([peer.stream.local]);
});
it('a bad header, or none in time, ends the connection', async () => {
  const { env, transports, open } = await server({ tcp_accept_haproxy: 1, tcp_wait_data: 400 });
  const [bad, silent] = [await open(), await open()];
  bad.stream.write('PROXY nothing\r\n');
  await env.clock.advance(100);
  expect([bad.closed(), silent.closed()]).toEqual([true, false]);
  await env.clock.advance(400);
  expect([silent.closed(), transports.connections.stats.current]).toEqual([true, 0]);
});
it('tcp_accept_iplimit bounds the connections of one address', async () => {
  const { env, transports, open } = await server({ tcp_accept_iplimit: 2 });
  const peers = [await open(), await open(), await open()];
  await env.clock.advance(100);
  expect(peers.map(({ closed }) => closed())).toEqual([false, false, true]);
  peers[0]?.stream.end();
  await env.clock.advance(100);
  const next = await open();
  await env.clock.advance(100);
  expect([next.closed(), transports.connections.stats.refused]).toEqual([false, 1]);
});

const datagram4 = `${SIGNATURE}\x21\x12\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\x13\xc5\x13\xc4`;
const datagram6 = `${SIGNATURE}\x21\x22\0\x24\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01\x20\x01\x0d\xb8${'\0'.repeat(11)}\x02\x13\xc5\x13\xc4`;
const mapped = `${'\0'.repeat(10)}\xff\xff`;
const simple4 = `\x56\xec${mapped}\xc0\0\x02\x08${mapped}\x0a\0\0\x01\x13\xc6\x13\xc4`;
const simple6 = `\x56\xec\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01${'\0'.repeat(16)}\x13\xc6\x13\xc4`;
it.each([
  [`${datagram4}X`, 'haproxy', { src: { ip: '192.0.2.7', port: 5061 }, sizeBytes: 28 }],
  [`${datagram6}X`, 'any', { src: { ip: '2001:db8::1', port: 5061 }, sizeBytes: 52 }],
  [datagram4, 'simple', null],
  [datagram4.slice(0, 27), 'haproxy', null],
  [datagram4.replace('\x21', '\x11'), 'haproxy', null],
  // What names nobody is skipped: LOCAL, a stream's, a length that is not the family's.
  [datagram4.replace('\x21', '\x20'), 'haproxy', { src: null, sizeBytes: 28 }],
  [datagram4.replace('\x12', '\x11'), 'haproxy', { src: null, sizeBytes: 28 }],
  [`${datagram4.replace('\0\x0c', '\0\x0d')}X`, 'haproxy', { src: null, sizeBytes: 29 }],
  [`${simple4}X`, 'simple', { src: { ip: '192.0.2.8', port: 5062 }, sizeBytes: 38 }],
  [simple6, 'any', { src: { ip: '2001:db8::1', port: 5062 }, sizeBytes: 38 }],
  [simple4, 'haproxy', null],
  [simple4.slice(0, 37), 'simple', null],
  ['OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n', 'any', null],
  ['', 'any', null],
] as const)('%j in a datagram, %s', (bytes, kind, expected) => {
  expect(readDatagramHeader(bytes, kind)).toEqual(expected);
});

it('udp_accept_proxy: a flow is known by its first header; answers leave for the proxy', async () => {
  const env = simulatedEnvironment(5);
  const { values } = new Settings({ auto_aliases: 0, udp_accept_proxy: 3 });
  const transports = new Transports(env, values);
  const arrivals: { bytes: string; received: ReceiveInfo }[] = [];
  await transports.prepare([{ address: 'udp:127.0.0.1:5060' }]);
  await transports.open((bytes, received) => arrivals.push({ bytes, received }));
  const answers: string[] = [];
  const proxy = await env.network.bindUdp({ ip: '127.0.0.1', port: 7000 }, (bytes) => answers.push(bytes));
  const socket = transports.sockets[0]!;
  for (const bytes of [message, datagram4 + message, message, simple4 + message]) {
    proxy.send(bytes, socket.local, () => {});
    await env.clock.advance(50);
  }
  expect(arrivals.map(({ bytes, received }) => [bytes, received.src.ip, received.src.port])).toEqual([
    [message, '127.0.0.1', 7000],
    [message, '192.0.2.7', 5061],
    [message, '192.0.2.7', 5061],
    [message, '192.0.2.8', 5062],
  ]);
  expect(transports.send({ proto: 'udp', ip: '192.0.2.8', port: 5062, socket }, 'SIP/2.0 200 OK\r\n\r\n')).toBe(true);
  await env.clock.advance(50);
  expect(answers).toEqual(['SIP/2.0 200 OK\r\n\r\n']);
  transports.stop();
});
it('flows of a proxy are bounded, and end after two hours without use', () => {
  let now = 0;
  const peers = new ProxiedPeers(1, () => now, 2);
  const proxy = (port: number) => ({ ip: '10.0.0.9', port });
  const header = (n: number) => datagram4.replace('\x02\x07', `\x02${String.fromCharCode(n)}`);
  const peer = (n: number) => ({ ip: `192.0.2.${n}`, port: 5061 });
  for (const n of [1, 2, 3]) expect(peers.received(header(n), proxy(n))).toEqual({ bytes: '', src: peer(n) });
  expect([peers.size, peers.destination(peer(1)), peers.destination(peer(2))]).toEqual([2, peer(1), proxy(2)]);
  expect(peers.received('x', proxy(3)).src).toEqual(peer(3));
  now = 7200_000;
  expect(peers.destination(peer(2))).toEqual(proxy(2));
  now += 1;
  expect([peers.destination(peer(3)), peers.received('x', proxy(3)).src]).toEqual([peer(3), proxy(3)]);
  // Another peer behind the same port of the proxy takes its place.
  peers.received(header(4), proxy(2));
  expect([peers.size, peers.destination(peer(2)), peers.destination(peer(4))]).toEqual([1, peer(2), proxy(2)]);
});

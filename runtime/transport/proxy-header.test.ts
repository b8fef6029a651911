import { expect, it } from 'vitest';
import { simulatedEnvironment } from '../env/simulated.js';
import { Settings } from '../settings.js';
import { readProxyHeader } from './proxy-header.js';
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
async function server(settings: Record<string, number>) {
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

it('a message counts as from where the header says, and answers go back', async () => {
  const { env, transports, arrivals, open } = await server({ tcp_accept_haproxy: 1 });
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

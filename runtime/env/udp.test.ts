/** Both ways to do UDP on loopback: the same behaviour, but for what batches know sooner. */
import { afterEach, describe, expect, it } from 'vitest';
import type { DatagramSocket, Endpoint, Network } from '../env.js';
import { libc } from './libc.js';
import { realEnvironment } from './real.js';
import { RecordingLog } from './simulated.js';

const open: DatagramSocket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
async function until(done: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!done() && performance.now() < end) await turn();
  expect(done()).toBe(true);
}
async function bind(network: Network, ip: string, onMessage: (bytes: string, from: Endpoint) => void) {
  const socket = await network.bindUdp({ ip, port: 0 }, onMessage);
  open.push(socket);
  return socket;
}

const ways: [string, boolean][] = [
  ['batches', true],
  ['node:dgram', false],
];

it('batches are possible where koffi is', () => {
  expect(libc() === null).toBe(process.platform !== 'linux');
});

describe.each(ways)('UDP through %s', (_, batchedUdp) => {
  const { network } = realEnvironment(new RecordingLog(), { batchedUdp });

  it.each(['127.0.0.1', '::1'])('keeps order, bytes and sources of 500 datagrams over %s', async (ip) => {
    const got: string[] = [];
    const sources = new Set<string>();
    const bob = await bind(network, ip, (bytes, from) => {
      got.push(bytes);
      sources.add(`${from.ip} ${from.port}`);
    });
    const alice = await bind(network, ip, () => {});
    const texts = Array.from({ length: 500 }, (_, i) => `${i} \0\xff${'x'.repeat(i * 3)}`);
    for (let from = 0; from < texts.length; from += 100) {
      for (const text of texts.slice(from, from + 100)) expect(alice.send(text, bob.local)).toBe('');
      await until(() => got.length === from + 100);
    }
    expect(got).toEqual(texts);
    expect([...sources]).toEqual([`${ip} ${alice.local.port}`]);
  });

  it('answers from inside the handler, and carries the largest datagram', async () => {
    const largest = 'b'.repeat(65_507);
    const answers: string[] = [];
    const bob: DatagramSocket = await bind(network, '127.0.0.1', (bytes, from) => void bob.send(bytes, from));
    const alice = await bind(network, '127.0.0.1', (bytes) => answers.push(bytes));
    for (const text of ['a', largest, 'c']) alice.send(text, bob.local);
    await until(() => answers.length === 3);
    expect(answers.map((text) => text.length)).toEqual([1, 65_507, 1]);
    expect(answers[1]).toBe(largest);
  });

  it('an unreachable address fails, one way or the other', async () => {
    const alice = await bind(network, '127.0.0.1', () => {});
    let late = '';
    const code = alice.send('x', { ip: '192.0.2.1', port: 5060 }, (failed) => {
      late = failed;
    });
    await until(() => code !== '' || late !== '');
    expect(code || late).toMatch(/^E(INVAL|NETUNREACH|HOSTUNREACH|PERM)$/);
    if (batchedUdp) expect(code).not.toBe('');
  });

  it('nobody listening there does not close the socket', async () => {
    const got: string[] = [];
    const alice = await bind(network, '127.0.0.1', (bytes) => got.push(bytes));
    const gone = await bind(network, '127.0.0.1', () => {});
    gone.close();
    // The ICMP error of one send comes back with a later call.
    for (let i = 0; i < 5; i++) {
      alice.send('lost', gone.local);
      await turn();
    }
    alice.send('still here', alice.local);
    await until(() => got.length === 1);
    expect(got).toEqual(['still here']);
  });

  it('closing sends what was queued, and nothing goes after', async () => {
    const got: string[] = [];
    const bob = await bind(network, '127.0.0.1', (bytes) => got.push(bytes));
    const alice = await bind(network, '127.0.0.1', () => {});
    for (const text of ['1', '2', '3']) alice.send(text, bob.local);
    await turn();
    alice.close();
    alice.close();
    expect(alice.send('4', bob.local)).toBe('EBADF');
    await until(() => got.length === 3);
    expect(got).toEqual(['1', '2', '3']);
  });

  it.each([
    ['a port in use', 'EADDRINUSE'],
    ['an address that is not ours', 'EADDRNOTAVAIL'],
  ])('%s: %s', async (_, code) => {
    const first = await bind(network, '127.0.0.1', () => {});
    const at = code === 'EADDRINUSE' ? first.local : { ip: '192.0.2.1', port: 0 };
    await expect(network.bindUdp(at, () => {})).rejects.toMatchObject({ code });
  });

  it('a handler that throws loses its own datagram only', async () => {
    const errors: unknown[] = [];
    const listener = (error: unknown) => errors.push(error);
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', listener);
    try {
      const got: string[] = [];
      const bob = await bind(network, '127.0.0.1', (bytes) => {
        if (bytes === 'bad') throw new Error('bad');
        got.push(bytes);
      });
      const alice = await bind(network, '127.0.0.1', () => {});
      for (const text of ['1', 'bad', '2']) alice.send(text, bob.local);
      await until(() => got.length === 2 && errors.length === 1);
      expect(got).toEqual(['1', '2']);
    } finally {
      process.off('uncaughtException', listener);
      for (const one of before) process.on('uncaughtException', one);
    }
  });
});

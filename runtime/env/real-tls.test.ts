import { connect, type TLSSocket } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { tlsProfile } from '../../test/support/tls-files.js';
import { RealClock } from '../clock.js';
import type { SecureStream, SocketTuning, TlsProfile } from '../env.js';
import { libc } from './libc.js';
import { RealNetwork } from './real-network.js';
import { RealTls } from './real-tls.js';

const profile = tlsProfile('server', { ca: [] });
const LIMIT = 32_768;
const PIECE = 'x'.repeat(1000);
const turn = () => new Promise((resolve) => setImmediate(resolve));

const toClose: { close(): void }[] = [];
afterEach(() => {
  for (const each of toClose.splice(0)) each.close();
});

/** Both ends of an encrypted stream over loopback. */
async function ends(
  more: Partial<TlsProfile> = {},
  tuning: SocketTuning = {},
): Promise<{ server: SecureStream; client: TLSSocket }> {
  const clock = new RealClock();
  const tls = new RealTls(clock);
  const context = tls.context({ ...profile, ...more });
  const network = new RealNetwork(clock);
  let accepted: (stream: SecureStream) => void = () => {};
  const server = new Promise<SecureStream>((resolve) => {
    accepted = resolve;
  });
  const listening = await network.listenTcp(
    { ip: '127.0.0.1', port: 0 },
    (stream) => void tls.accept(stream, () => context, 5000).then(accepted),
    () => tuning,
  );
  const client = connect({ host: '127.0.0.1', port: listening.local.port, rejectUnauthorized: false });
  client.on('error', () => {});
  toClose.push(listening, { close: () => client.destroy() });
  const stream = await server;
  stream.maxQueuedBytes = LIMIT;
  return { server: stream, client };
}

it('tells the secrets of a session to who asked', async () => {
  const told: string[] = [];
  await ends({ onKey: (line) => told.push(line) });
  await expect.poll(() => told.length).toBeGreaterThanOrEqual(4);
  for (const line of told) expect(line).toMatch(/^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}$/);
  expect(told.map((line) => line.split(' ')[0])).toContain('SERVER_TRAFFIC_SECRET_0');
});
it.skipIf(libc() === null)('is closed with a reset where that is asked for', async () => {
  const { server, client } = await ends({}, { resetOnClose: true });
  const seen: string[] = [];
  client.on('data', (bytes: Buffer) => seen.push(bytes.toString()));
  client.on('error', (error) => seen.push('code' in error ? String(error.code) : error.message));
  server.write('last');
  await expect.poll(() => seen).toEqual(['last']);
  server.end();
  await expect.poll(() => seen).toEqual(['last', 'ECONNRESET']);
});
it('takes all that one turn writes, when the peer reads', async () => {
  const { server, client } = await ends();
  let came = 0;
  const wanted = 100 * PIECE.length;
  const all = new Promise<void>((resolve) => {
    client.on('data', (bytes: Buffer) => {
      came += bytes.length;
      if (came === wanted) resolve();
    });
  });
  const taken = Array.from({ length: 100 }, () => server.write(PIECE));
  expect(taken).not.toContain(false);
  await all;
});
it('ends where the peer does not read', async () => {
  const { server, client } = await ends();
  client.pause();
  let written = 0;
  // More than the system's own buffers hold.
  while (written < 50_000_000 && server.write(PIECE)) {
    written += PIECE.length;
    if (written % (20 * PIECE.length) === 0) await turn();
  }
  expect(server.writable).toBe(false);
  expect(written).toBeLessThan(50_000_000);
});

/** registrar: expires_range and default_expires_range spread the times that bindings get: shorter, by chance, so that no golden can tell. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedEnvironment, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

let env: SimulatedEnvironment;
let server: Server;
let register: (n: number, expires: string) => Promise<void>;
const came: string[] = [];
beforeAll(async () => {
  const names = ['sl', 'pv', 'usrloc', 'registrar'].map((name) => `loadmodule "${name}.so"\n`).join('');
  const cfg = `listen=udp:127.0.0.1:5060
${names}
modparam("registrar", "default_expires", 600)
modparam("registrar", "default_expires_range", 20)
modparam("registrar", "expires_range", 10)
request_route { save("location"); exit; }`;
  env = simulatedEnvironment();
  server = await startBuilt(await buildCfg('range.cfg', cfg), env);
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (text) => void came.push(text));
  register = async (n, expires) => {
    peer.send(
      `REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK${n}${expires.length}\r\nFrom: <sip:u${n}@h>;tag=1\r\nTo: <sip:u${n}@h>\r\n` +
        `Call-ID: ${n}${expires.length}\r\nCSeq: 1 REGISTER\r\nContact: <sip:u@127.0.0.1:5099>\r\n${expires}Content-Length: 0\r\n\r\n`,
      { ip: '127.0.0.1', port: 5060 },
    );
    await env.clock.advance(10);
  };
});
afterAll(() => server.stop(0));

it.each([
  ['Expires: 1000\r\n', 900, 1000],
  ['', 480, 600],
])('%j: from %d to %d seconds', async (expires, low, high) => {
  for (let n = 0; n < 40; n++) await register(n, expires);
  const times = came.splice(0).map((text) => Number(/;expires=(\d+)/.exec(text)?.[1]));
  expect(times).toHaveLength(40);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(low);
  expect(Math.max(...times)).toBeLessThanOrEqual(high);
  expect(new Set(times).size).toBeGreaterThan(10);
});

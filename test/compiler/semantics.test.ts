/**
 * What statements and expressions do, as Kamailio 5.6.3 does it: test/cases/semantics/input.cfg logs its observations, and
 * kamailio.txt is what the real one logged for the same request.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const folder = new URL('../cases/semantics/', import.meta.url);

const request = [
  'OPTIONS sip:bob@127.0.0.1 SIP/2.0',
  'Via: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bKsemantics',
  'From: <sip:a@x>;tag=1',
  'To: <sip:127.0.0.1>',
  'Call-ID: semantics',
  'CSeq: 1 OPTIONS',
  'Max-Forwards: 70',
  'Content-Length: 0',
  '\r\n',
].join('\r\n');

it('statements and expressions behave as in Kamailio', async () => {
  const built = await buildCfg('semantics.cfg', readFileSync(new URL('input.cfg', folder), 'latin1'));
  const env = simulatedEnvironment();
  const server = await startBuilt(built, env);
  try {
    const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 6000 }, () => {});
    peer.send(request, { ip: '127.0.0.1', port: 5060 });
    const logged = () => env.log.texts().filter((text) => text.startsWith('T '));
    for (let turns = 0; turns < 50 && !logged().some((t) => t.startsWith('T zero\n')); turns++) {
      env.clock.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(logged().map((text) => text.replace(/\n$/, ''))).toEqual(
      readFileSync(new URL('kamailio.txt', folder), 'utf8').trimEnd().split('\n'),
    );
  } finally {
    await server.stop(0);
  }
});

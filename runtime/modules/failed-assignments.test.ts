/** An assignment that fails leaves what was there, and the log says where in the cfg it stands. */
import { expect, it } from 'vitest';
import { buildCfg, startBuilt } from '../../test/support/in-process.js';
import { simulatedEnvironment } from '../env/simulated.js';

/** A statement, and the pseudo-variable whose assignment fails. */
const failing: readonly (readonly [statement: string, name: string])[] = [
  ['$ru = 7;', '$ru'],
  ['$fu = 7;', '$fu'],
  ['$mf = "x";', '$mf'],
  ['$Mf(1) = "x";', '$Mf'],
  ['$br = 7;', '$br'],
  ['$branch(uri) = 7;', '$branch'],
  ['$sbranch(uri) = 7;', '$sbranch'],
  ['if ($rU == "bob") $du = 7;', '$du'],
];
const working = ['$ru = "sip:carol@127.0.0.1";', '$du = "sip:127.0.0.1:5099";', '$var(x) = $null;', '$avp(x) = 1;'];

it('a failed assignment is logged with its line, one that works is not', async () => {
  const head = ['listen=udp:127.0.0.1:5060', 'loadmodule "pv.so"', 'loadmodule "xlog.so"', 'request_route {'];
  const statements = [...failing.map(([statement]) => statement), 'xlog("L_ERR", "$rU\\n");', ...working];
  const built = await buildCfg('case.cfg', `${[...head, ...statements].join('\n')}\n}\n`);
  const env = simulatedEnvironment();
  const server = await startBuilt(built, env);
  const caller = await env.network.bindUdp({ ip: '127.0.0.1', port: 5098 }, () => {});
  const lines = [
    'OPTIONS sip:bob@127.0.0.1 SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1:5098;branch=z9hG4bK1',
    'From: <sip:a@example.com>;tag=f',
    'To: <sip:b@example.com>',
    'Call-ID: 1',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ];
  caller.send(lines.join('\r\n'), { ip: '127.0.0.1', port: 5060 });
  await env.clock.advance(50);
  await server.stop(0);
  const said = env.log.texts().filter((text) => text.startsWith('assignment'));
  expect(said).toEqual(failing.map(([, name], i) => `assignment to ${name} failed at case.cfg:${head.length + 1 + i}`));
  expect(env.log.texts('<script>')).toEqual(['bob']);
});

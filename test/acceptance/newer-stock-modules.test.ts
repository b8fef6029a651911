/** What permissions, msilo, auth and presence_reginfo have since after 5.6.3, so that no golden can tell; as their pages say. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedEnvironment, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { makeSqlite, type TestFolder, temporaryFolder } from '../support/databases.js';
import { buildCfg, passWithDatabases, startBuilt } from '../support/in-process.js';

let folder: TestFolder;
let env: SimulatedEnvironment;
let server: Server;
const came: string[] = [];
let send: (method: string, callId: string, more?: { contact?: string; lines?: string; body?: string }) => Promise<void>;
const pass = (ms: number) => passWithDatabases(server, env, ms);
beforeAll(async () => {
  folder = temporaryFolder();
  writeFileSync(`${folder.path}/reg.allow`, 'ALL : "^sip:alice@10.0.0.1:5070$"\n');
  writeFileSync(`${folder.path}/reg.deny`, 'ALL : ALL\n');
  writeFileSync(`${folder.path}/addresses`, '1 10.0.0.0 8 0 wide\n1 10.1.0.0 16 0 narrow\n');
  const url = await makeSqlite(`${folder.path}/newer.db`, ['standard', 'msilo', 'presence'], {}, [
    'ALTER TABLE silo RENAME COLUMN callid TO my_callid',
  ]);
  const cfg = `listen=udp:127.0.0.1:5060
${['tm', 'sl', 'pv', 'xlog', 'textops', 'auth', 'db_sqlite', 'permissions', 'msilo', 'presence', 'presence_reginfo'].map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("msilo|presence", "db_url", "${url}")
modparam("presence_reginfo", "aggregate_presentities", 1)
modparam("msilo", "use_mode", 1)
modparam("msilo", "sc_callid", "my_callid")
modparam("permissions", "address_file", "${folder.path}/addresses")
modparam("permissions", "subnet_match_mode", 1)
modparam("permissions", "peer_tag_avp", "$avp(tag)")
request_route {
  if (is_method("PUBLISH")) { handle_publish(); exit; }
  if (is_method("SUBSCRIBE")) { handle_subscribe(); exit; }
  if (is_method("MESSAGE")) {
    m_store_addrs("sip:owner@h", "sip:from@h", "sip:to@127.0.0.1:5099");
    xlog("L_ERR", "stored $rc\\n");
    m_dump("sip:owner@h");
    exit;
  }
  if (is_method("OPTIONS")) {
    auth_algorithm("SHA-256");
    www_challenge("here.test", "1");
    auth_algorithm("SHA-1");
    xlog("L_ERR", "algorithm $rc\\n");
    exit;
  }
  allow_register_include_port("${folder.path}/reg");
  $var(with) = $rc;
  allow_register("${folder.path}/reg");
  $var(without) = $rc;
  allow_address("1", "10.1.2.3", "0");
  xlog("L_ERR", "allowed $var(with) $var(without) $avp(tag)\\n");
}`;
  env = simulatedEnvironment();
  server = await startBuilt(await buildCfg('newer-stock.cfg', cfg), env);
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (text) => void came.push(text));
  send = async (
    method,
    callId,
    { contact = 'sip:x@10.0.0.9', lines = 'Content-Type: text/plain\r\n', body = 'hi' } = {},
  ) => {
    peer.send(
      `${method} sip:b@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK${callId}\r\nFrom: <sip:a@b>;tag=1\r\n` +
        `To: <sip:b@b>\r\nCall-ID: ${callId}\r\nCSeq: 1 ${method}\r\nContact: <${contact}>\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`,
      { ip: '127.0.0.1', port: 5060 },
    );
    await pass(100);
  };
});
afterAll(async () => {
  await server.stop(0);
  folder.remove();
});
const said = () =>
  env.log.records.splice(0).flatMap(({ source, text }) => (source === '<script>' ? [text.trim()] : []));

it('permissions: the port of a Contact, and the smallest network', async () => {
  await send('REGISTER', 'r1', { contact: 'sip:alice@10.0.0.1:5070' });
  await send('REGISTER', 'r2', { contact: 'sip:alice@10.0.0.1' });
  expect(said()).toEqual(['allowed 1 -1 narrow', 'allowed -1 -1 narrow']);
});
it('msilo: other addresses, and the Call-ID the message came with', async () => {
  await send('MESSAGE', 'kept-1');
  expect(said()).toEqual(['stored 1']);
  const [sent = ''] = came.splice(0).filter((text) => text.startsWith('MESSAGE'));
  expect(sent).toMatch(/^MESSAGE sip:to@127\.0\.0\.1:5099 SIP/);
  expect(sent).toMatch(/^From: <?sip:from@h>?;tag/m);
  expect(sent).toContain('\r\nCall-ID: kept-1\r\n');
});
it('auth: the algorithm of one message', async () => {
  await send('OPTIONS', 'o1');
  expect(said()).toEqual(['algorithm -1']);
  expect(came.splice(0)[0]).toMatch(/^WWW-Authenticate: Digest .*algorithm=SHA-256\r$/m);
});
it('presence_reginfo: one document of all registrations, with the version of each watcher', async () => {
  const event = 'Event: reg\r\nExpires: 600\r\n';
  await send('SUBSCRIBE', 's1', { contact: 'sip:w@127.0.0.1:5099', lines: event });
  came.splice(0);
  const publish = (n: number) =>
    send('PUBLISH', `p${n}`, {
      lines: `${event}Content-Type: application/reginfo+xml\r\n`,
      body: `<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="7" state="partial"><registration id="r${n}" aor="sip:b@b"/></reginfo>`,
    });
  const shown = () => came.splice(0).flatMap((text) => (text.startsWith('NOTIFY') ? [text.split('\r\n\r\n')[1]] : []));
  await publish(1);
  const [first = ''] = shown();
  await publish(2);
  const [second = ''] = shown();
  expect(second.match(/ id="\w+"/g)?.sort()).toEqual([' id="r1"', ' id="r2"']);
  expect(second).toContain('state="full"');
  const version = (text: string) => Number(/ version="(\d+)" state/.exec(text)?.[1]);
  expect(version(second)).toBe(version(first) + 1);
});

/** What is sent to harm is refused, counted, and does not keep others waiting: credentials, names, bodies, subscriptions. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedEnvironment, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { XML_LIMITS } from '../../runtime/sdk/xml.js';
import { answerTo } from '../differential/digest.js';
import { Packet } from '../differential/packet.js';
import { bombs } from '../differential/xml-bombs.js';
import { makeSqlite, type TestFolder, temporaryFolder } from '../support/databases.js';
import { buildCfg, passWithDatabases, startBuilt } from '../support/in-process.js';

const modules = [
  'tm',
  'sl',
  'pv',
  'textops',
  'auth',
  'auth_db',
  'db_sqlite',
  'presence',
  'presence_xml',
  'msilo',
  'xlog',
];
const cfg = (url: string) => `listen=udp:127.0.0.1:5060
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("auth_db|presence|presence_xml|msilo", "db_url", "${url}")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "password_column", "password")
modparam("auth", "qop", "auth")
modparam("auth", "nonce_count", 1)
modparam("auth", "one_time_nonce", 1)
modparam("auth", "nonce_expire", 60)
modparam("presence_xml", "force_active", 1)
modparam("msilo", "outbound_proxy", "sip:127.0.0.1:5099")
modparam("msilo", "reminder", "sip:reminder@here.test")
modparam("msilo", "snd_time_avp", "$avp(at)")
modparam("msilo", "send_time", 1)
modparam("msilo", "check_time", 1)
modparam("msilo", "clean_period", 1)
request_route {
  if (is_method("PUBLISH")) { handle_publish(); exit; }
  if (is_method("SUBSCRIBE")) { handle_subscribe(); exit; }
  if (is_present_hf("X-At")) $avp(at) = $hdr(X-At);
  if (is_method("MESSAGE")) { if (m_store("$tu")) sl_send_reply("202", "Kept"); else sl_send_reply("404", "Nobody"); exit; }
  if (is_method("INFO")) { m_dump(); sl_send_reply("200", "OK"); exit; }
  if (!www_authenticate("here.test", "subscriber", "REGISTER")) { www_challenge("here.test", "1"); exit; }
  sl_send_reply("200", "OK");
}`;

let folder: TestFolder;
let env: SimulatedEnvironment;
let server: Server;
let send: (method: string, user: string, lines?: readonly string[], body?: string) => Promise<Packet>;
const count = (group: string, name: string): number => server.stats.get(group, name)?.read() ?? -1;
const pass = (ms: number) => passWithDatabases(server, env, ms);
beforeAll(async () => {
  folder = temporaryFolder();
  const rows = { subscriber: [{ username: 'alice', domain: 'here.test', password: 'secret', ha1: '', ha1b: '' }] };
  const url = await makeSqlite(`${folder.path}/bad.db`, ['standard', 'auth_db', 'presence', 'msilo'], rows);
  env = simulatedEnvironment();
  server = await startBuilt(await buildCfg('bad-input.cfg', cfg(url)), env);
  const came: string[] = [];
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (text, from) => {
    if (text.startsWith('SIP/2.0')) came.push(text);
    else {
      const copied = text.split('\r\n').filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/.test(line));
      const status = text.includes('refuse@') ? '486 No' : '200 OK';
      peer.send(`SIP/2.0 ${status}\r\n${copied.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, from);
    }
  });
  let sent = 0;
  send = async (method, user, lines = [], body = '') => {
    const n = ++sent;
    const text = [
      `${method} sip:${user}@here.test SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK${n}`,
      `From: <sip:${user}@here.test>;tag=${n}`,
      `To: <sip:${user}@127.0.0.1:5099>`,
      `Call-ID: bad-${n}`,
      `CSeq: 1 ${method}`,
      'Contact: <sip:x@127.0.0.1:5099>',
      'Expires: 600',
      ...lines,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    peer.send(text, { ip: '127.0.0.1', port: 5060 });
    const arrived = () => came.find((one) => one.includes(`Call-ID: bad-${n}\r\n`));
    await pass(20);
    // Between two queries nothing is under way for a moment.
    for (let tries = 0; tries < 100 && arrived() === undefined; tries++) await pass(1);
    const answer = arrived();
    came.length = 0;
    if (answer === undefined) throw new Error(`${method} ${user}: no answer`);
    return new Packet({ text: answer, proto: 'udp', answer: () => {} });
  };
});
afterAll(async () => {
  await server.stop(0);
  folder.remove();
});

it('credentials: wrong, replayed, too old, of nobody, of names that are SQL', async () => {
  const challenge = await send('REGISTER', 'alice');
  const credentials = (user: string, password: string) =>
    answerTo(challenge, { user, password, method: 'REGISTER', uri: 'sip:here.test', qop: 'auth' });
  const right = credentials('alice', 'secret');
  expect((await send('REGISTER', 'alice', [right])).status).toBe(200);
  expect((await send('REGISTER', 'alice', [right])).status).toBe(401);
  // A number of uses that does not count up: Kamailio asks for a fresh nonce.
  expect([count('auth', 'stale_nonces'), count('auth', 'bad_credentials')]).toEqual([1, 0]);
  const again = await send('REGISTER', 'alice');
  const fresh = (user: string, password: string) =>
    answerTo(again, { user, password, method: 'REGISTER', uri: 'sip:here.test', qop: 'auth' });
  expect((await send('REGISTER', 'alice', [fresh('alice', 'guess')])).status).toBe(401);
  expect((await send('REGISTER', 'alice', ['Authorization: Digest username="x", realm="here.test"'])).status).toBe(401);
  expect(count('auth', 'bad_credentials')).toBe(2);
  for (const name of ["'OR'1'='1", "alice'--", "';DROP/**/TABLE/**/subscriber;--"]) {
    const nonce = await send('REGISTER', 'alice');
    const digest = { user: name, password: 'secret', method: 'REGISTER', uri: 'sip:here.test', qop: 'auth' } as const;
    expect((await send('REGISTER', 'alice', [answerTo(nonce, digest)])).status).toBe(401);
  }
  expect(count('auth_db', 'unknown_users')).toBe(3);
  const old = await send('REGISTER', 'alice');
  await pass(61_000);
  const late = answerTo(old, {
    user: 'alice',
    password: 'secret',
    method: 'REGISTER',
    uri: 'sip:here.test',
    qop: 'auth',
  });
  expect((await send('REGISTER', 'alice', [late])).status).toBe(401);
  expect(count('auth', 'stale_nonces')).toBe(2);
});

it('a nonce that was used: without a count of its uses it is good once', async () => {
  const challenge = await send('REGISTER', 'alice');
  const once = answerTo(challenge, { user: 'alice', password: 'secret', method: 'REGISTER', uri: 'sip:here.test' });
  const before = count('auth', 'bad_credentials');
  expect((await send('REGISTER', 'alice', [once])).status).toBe(200);
  expect(count('auth', 'reused_nonces')).toBe(0);
  expect((await send('REGISTER', 'alice', [once])).status).toBe(401);
  expect([count('auth', 'reused_nonces'), count('auth', 'bad_credentials')]).toEqual([1, before]);
});

it('bodies: XML that is made to hurt, and what is too large', async () => {
  const publish = (body: string) =>
    send('PUBLISH', 'alice', ['Event: presence', 'Content-Type: application/pidf+xml'], body);
  const refused = bombs.filter((one) => one.refused);
  for (const { document } of refused) expect((await publish(document('presence'))).status).toBe(415);
  expect(count('presence', 'refused_publishes')).toBe(refused.length);
  expect((await publish(`<a>${'<b/>'.repeat(15_000)}`)).status).toBe(415);
  expect(count('presence', 'refused_publishes')).toBe(refused.length + 1);
});

it('bodies: well-formed ones, as deep as may be and deeper', async () => {
  const publish = (depth: number) =>
    send(
      'PUBLISH',
      'alice',
      ['Event: presence', 'Content-Type: application/pidf+xml'],
      '<a>'.repeat(depth) + '</a>'.repeat(depth),
    );
  const before = count('presence', 'refused_publishes');
  expect((await publish(XML_LIMITS.depth)).status).toBe(200);
  expect(count('presence', 'refused_publishes')).toBe(before);
  expect((await publish(XML_LIMITS.depth + 1)).status).toBe(415);
  expect(count('presence', 'refused_publishes')).toBe(before + 1);
});

it('subscriptions: those there are, and those refused', async () => {
  for (let n = 0; n < 5; n++) expect((await send('SUBSCRIBE', `u${n}`, ['Event: presence'])).status).toBe(200);
  expect((await send('SUBSCRIBE', 'u', ['Event: nothing'])).status).toBe(489);
  expect([count('presence', 'subscriptions'), count('presence', 'refused_subscribes')]).toEqual([5, 1]);
});

it('messages: kept, arrived, and those that did not', async () => {
  for (const user of ['take', 'refuse']) {
    expect((await send('MESSAGE', user, ['Content-Type: text/plain'], 'hello')).status).toBe(202);
    await send('INFO', user);
  }
  expect((await send('MESSAGE', 'nobody', ['Content-Type: text/plain'])).status).toBe(404);
  await pass(1_200);
  expect(['stored', 'dumped', 'failed'].map((name) => count('msilo', `${name}_messages`))).toEqual([2, 1, 1]);
});

it('reminders: arrived, and those that did not; none counts as a message', async () => {
  const messages = () => ['dumped', 'failed'].map((name) => count('msilo', `${name}_messages`));
  const before = messages();
  for (const user of ['take', 'refuse'])
    await send('MESSAGE', user, ['Content-Type: text/plain', 'X-At: 20010101000000'], 'wake up');
  for (let n = 0; n < 3; n++) await pass(1_000);
  expect(['dumped', 'failed'].map((name) => count('msilo', `${name}_reminders`))).toEqual([1, 1]);
  expect(messages()).toEqual(before);
});

import { afterEach, describe, expect, test } from 'vitest';
import { RpcCall, type RpcParam } from '../../runtime/sdk/index.js';
import { type Bench, benchRequest, startBench } from '../../runtime/sdk/testing.js';
import sl from '../sl/module.js';
import tm from '../tm/module.js';
import { answer, challengeOf } from './digest.js';
import uac from './module.js';

const params = [
  ['restore_mode', 'none'],
  ['reg_contact_addr', '10.0.0.1:5060'],
  ['reg_timer_interval', 1],
  ['reg_retry_interval', 5],
].map(([name, value]) => ({ module: 'uac', name, value, at: '' }));
const record: RpcParam[] = [
  ...['trunk', 'local', 'example.org', 'remote', 'provider.example', 'realm.example', 'user', 'pa55', '.'],
  'sip:10.0.0.2:5070',
  60,
  0,
  0,
  '',
  '.',
];
const peer = 'Via: SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bKx\r\n';

let bench: Bench;
afterEach(() => bench.stop());
const start = async () => {
  bench = await startBench({ modules: [tm, uac], program: `return { modparams: ${JSON.stringify(params)} };` });
};
const rpc = async (method: string, ...given: RpcParam[]) => {
  const call = new RpcCall(method, given);
  await bench.server.rpc.execute(call, () => undefined)?.done;
  return call.faulted?.text ?? call.results[0];
};
/** What came in the next second, after this datagram went out. */
const wait = (text = '\r\n') => bench.exchange(text);
/** The first thing that comes within some seconds. */
async function arrives(): Promise<string> {
  for (let n = 0; n < 10; n++) {
    const [text] = await wait();
    if (text !== undefined) return text;
  }
  throw new Error('nothing came');
}
const reply = (request: string, status: string, lines: readonly string[] = []) => {
  const copied = request.split('\r\n').filter((l) => /^(Via|From|Call-ID|CSeq):/.test(l));
  const to = /^To: .*$/m.exec(request)?.[0].trim() ?? '';
  return [`SIP/2.0 ${status}`, ...copied, `${to};tag=r`, ...lines, 'Content-Length: 0', '', ''].join('\r\n');
};
const contact = (request: string) => /^Contact: (.*)$/m.exec(request)?.[1]?.trim() ?? '';
const challenge = 'WWW-Authenticate: Digest realm="realm.example", nonce="abc", qop="auth"';
const flags = async () => {
  const shown = await rpc('uac.reg_info', 'l_uuid', 'trunk');
  return typeof shown === 'object' && shown !== null && 'entries' in shown
    ? shown.entries.find(({ name }) => name === 'flags')?.value
    : shown;
};

describe('a remote registration', () => {
  test('is challenged, answered, kept, and taken back', async () => {
    await start();
    expect(await rpc('uac.reg_add', ...record)).toBeUndefined();
    expect(await rpc('uac.reg_add', ...record)).toBe('uuid already exists');
    const first = await arrives();
    expect(first).toMatch(/^REGISTER sip:provider\.example SIP\/2\.0\r\n/);
    expect(contact(first)).toBe('<sip:trunk@10.0.0.1:5060>');
    expect(first).toContain('\r\nExpires: 60\r\n');
    const [second = ''] = await wait(reply(first, '401 Unauthorized', [challenge]));
    expect(second).toContain('Authorization: Digest username="user", realm="realm.example", nonce="abc"');
    const callId = (text: string) => /^Call-ID: (.*)$/m.exec(text)?.[1];
    expect(callId(second)).toBe(callId(first));
    await wait(reply(second, '200 OK', [`Contact: ${contact(second)};expires=600`]));
    expect(await flags()).toBe(4 + 16);
    expect(await wait()).toEqual([]);
    await rpc('uac.reg_unregister', 'l_uuid', 'trunk');
    const last = await arrives();
    expect(last).toContain('\r\nExpires: 0\r\n');
    expect(await rpc('uac.reg_remove', 'trunk')).toBeUndefined();
    expect(await rpc('uac.reg_remove', 'trunk')).toBe('Record not found');
  });
  test('is sent and taken back by a route and by hand (Kamailio 6)', async () => {
    const program = `return { modparams: ${JSON.stringify([...params, { module: 'uac', name: 'reload_delta', value: 60, at: '' }])},
      async request_route(ctx) {
        const on = link.modules.uac.uac_reg_send_register(ctx, 'l_uuid', 'trunk');
        const none = link.modules.uac.uac_reg_send_register(ctx, 'l_uuid', 'other');
        const bad = link.modules.uac.uac_reg_send_unregister(ctx, 'realm', 'other');
        const off = link.modules.uac.uac_reg_send_unregister(ctx, 'l_username', 'local');
        link.modules.sl.sl_send_reply(ctx, 200, [on, none, bad, off].join(' '));
        return 1;
      } };`;
    bench = await startBench({ modules: [tm, sl, uac], program });
    await rpc('uac.reg_active', 0);
    await rpc('uac.reg_add', ...record);
    expect(await rpc('uac.reg_register', 'l_uuid', 'trunk')).toBeUndefined();
    expect((await wait())[0]).toMatch(/^REGISTER .*\r\nExpires: 60\r\n/s);
    const sent = await wait(benchRequest('OPTIONS'));
    expect(sent.find((text) => text.startsWith('SIP/2.0'))).toContain('SIP/2.0 200 1 -1 -1 1\r\n');
    const expires = sent.map((text) => /^REGISTER .*\r\nExpires: (\d+)/s.exec(text)?.[1]);
    expect(expires).toEqual(expect.arrayContaining(['60', '0']));
    expect(await rpc('uac.reg_reload')).toBeUndefined();
    expect(await rpc('uac.reg_reload')).toBe('Failed to shift records - check log messages');
  });
  test('that is refused is tried again later', async () => {
    await start();
    await rpc('uac.reg_add', ...record);
    const first = await arrives();
    await wait(reply(first, '403 Forbidden'));
    expect(Number(await flags()) & 1).toBe(0);
    expect(await arrives()).toContain('REGISTER sip:provider.example');
  });
  test('a wrong password twice is a failure, an unknown attribute a fault', async () => {
    await start();
    await rpc('uac.reg_add', ...record);
    const first = await arrives();
    const [second = ''] = await wait(reply(first, '401 Unauthorized', [challenge]));
    await wait(reply(second, '401 Unauthorized', [challenge]));
    expect(Number(await flags()) & 4).toBe(0);
    expect(await rpc('uac.reg_info', 'realm', 'x')).toBe('Unsupported filter attribute');
    expect(await rpc('uac.reg_add', 'bad')).toBe('Invalid Parameters');
  });
});

test('a SHA-256 challenge (the example of RFC 7616 §3.9.1 in the form of a registration)', async () => {
  await start();
  const text = `SIP/2.0 401 Unauthorized\r\n${peer}From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: i\r\nCSeq: 1 GET\r\nWWW-Authenticate: Digest realm="http-auth@example.org", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"\r\n\r\n`;
  const found = challengeOf(bench.run(text).msg);
  if (found === null) throw new Error('no challenge');
  const line = answer(
    found,
    { user: 'Mufasa', realm: '', password: 'Circle of Life', isHa1: false },
    'GET',
    '/dir/index.html',
  );
  expect(line).toMatch(/response="[0-9a-f]{64}", algorithm=SHA-256\r\n$/);
});

/** xcap_client and presence_xml's xcap_server: rules are fetched, kept, asked for again; Kamailio's never come, so no golden can tell. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedEnvironment, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { readAnswer } from '../../runtime/media/http-get.js';
import { RpcCall } from '../../runtime/sdk/index.js';
import { rulesFor } from '../differential/scenarios/xcap.js';
import { makeSqlite, type TestFolder, temporaryFolder } from '../support/databases.js';
import { buildCfg, passWithDatabases, startBuilt } from '../support/in-process.js';

const WATCHER = 'sip:watcher@here.test';
let folder: TestFolder;
let env: SimulatedEnvironment;
let server: Server;
let url: string;
const asked: string[] = [];
const came: string[] = [];
let document: { readonly text: string; readonly etag: string } | null = null;
let cseq = 0;
let send: (text: string) => void;
/** In steps: what the database answers goes to the network, and the other way round. */
async function pass(ms: number): Promise<void> {
  for (let step = 0; step < 5; step++) await passWithDatabases(server, env, ms / 5);
}

beforeAll(async () => {
  folder = temporaryFolder();
  url = await makeSqlite(`${folder.path}/xcap.db`, ['standard', 'presence']);
  const names = ['tm', 'sl', 'pv', 'textops', 'db_sqlite', 'presence', 'xcap_client', 'presence_xml'];
  const cfg = `listen=udp:127.0.0.1:5060
${names.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("presence|presence_xml|xcap_client", "db_url", "${url}")
modparam("presence_xml", "xcap_server", "127.0.0.1:8")
modparam("presence_xml", "xcap_server", "http://127.0.0.1:8080")
modparam("xcap_client", "query_period", 10)
request_route {
  if (is_method("SUBSCRIBE")) handle_subscribe();
  exit;
}`;
  env = simulatedEnvironment();
  await env.network.listenTcp({ ip: '127.0.0.1', port: 8080 }, (connection) => {
    let held = '';
    connection.onData = (bytes) => {
      held += bytes;
      if (!held.endsWith('\r\n\r\n')) return;
      asked.push(held);
      const known = /If-None-Match: (\S+)/.exec(held)?.[1];
      if (document === null) connection.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      else if (known === document.etag) connection.write('HTTP/1.1 304 Not Modified\r\n\r\n');
      else {
        connection.write(`HTTP/1.1 200 OK\r\nETag: ${document.etag}\r\nTransfer-Encoding: chunked\r\n\r\n`);
        connection.write(`${document.text.length.toString(16)}\r\n${document.text}\r\n0\r\n\r\n`);
      }
    };
  });
  server = await startBuilt(await buildCfg('xcap.cfg', cfg), env);
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (text) => {
    came.push(text);
    const fields = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map(
      (name) => new RegExp(`^${name}: .*\r\n`, 'm').exec(text)?.[0],
    );
    if (text.startsWith('NOTIFY')) send(`SIP/2.0 200 OK\r\n${fields.join('')}Content-Length: 0\r\n\r\n`);
  });
  send = (text) => void peer.send(text, { ip: '127.0.0.1', port: 5060 });
});
afterAll(async () => {
  await server.stop(0);
  folder.remove();
});

const subscribe = async (user: string): Promise<void> => {
  send(
    `SUBSCRIBE sip:${user}@here.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK${++cseq}\r\nFrom: <${WATCHER}>;tag=w${cseq}\r\n` +
      `To: <sip:${user}@here.test>\r\nCall-ID: c${cseq}\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:w@127.0.0.1:5099>\r\nEvent: presence\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n`,
  );
  await pass(200);
};
const standings = () =>
  came.splice(0).flatMap((text) => /^NOTIFY.*?\r\nSubscription-State: ([^;\r]+)/s.exec(text)?.[1] ?? []);
const stored = async () => {
  const db = await server.databases.open(url, 'test');
  const { rows } = await db.query('xcap', { columns: ['username', 'doc_type', 'etag', 'source', 'doc_uri', 'port'] });
  return rows;
};

it('a server that has no rules: the watcher waits', async () => {
  await subscribe('alice');
  expect(standings()).toEqual(['pending']);
  expect(asked.splice(0)).toEqual([
    'GET /pres-rules/users/sip:alice@here.test/index HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n',
  ]);
});
it('rules are fetched once, and kept', async () => {
  document = { text: rulesFor(WATCHER, 'allow'), etag: '"one"' };
  await subscribe('carol');
  await subscribe('carol');
  expect(standings()).toEqual(['active', 'active']);
  expect(asked.splice(0)).toHaveLength(1);
  expect(await stored()).toEqual([
    ['carol', 2, '"one"', 1, 'http://127.0.0.1/pres-rules/users/sip:carol@here.test/index', 8080],
  ]);
});
it('they are asked for again, and the watchers told of what changed', async () => {
  await pass(10_000);
  await pass(500);
  const [again = ''] = asked.splice(0);
  expect(again).toContain('\r\nIf-None-Match: "one"\r\n');
  expect(standings()).toEqual([]);
  document = { text: rulesFor(WATCHER, 'block'), etag: '"two"' };
  await pass(10_000);
  await pass(500);
  expect(new Set(standings())).toEqual(new Set(['terminated']));
  expect((await stored()).map(([, , etag]) => etag)).toEqual(['"two"']);
});
it('a command asks at once', async () => {
  document = { text: rulesFor(WATCHER, 'allow'), etag: '"three"' };
  const run = async (...params: (string | number)[]) => {
    const call = new RpcCall('xcap_client.refreshXcapDoc', params);
    const { done } = server.rpc.execute(call, () => {}) ?? {};
    await pass(200);
    await done;
    return call.faulted?.text ?? null;
  };
  expect(await run('http://127.0.0.1/pres-rules/users/sip:carol@here.test/index', 8080)).toBeNull();
  expect((await stored()).map(([, , etag]) => etag)).toEqual(['"three"']);
  expect([await run(), await run('no url', 8080), await run('127.0.0.1/other/users/sip:a@b/index', 8080)]).toEqual([
    'Not enough parameters',
    'Failed http get',
    'Invalid auid',
  ]);
});
it.each([
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc', false, 'ab'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc', true, null],
  ['HTTP/1.0 200 OK\r\n\r\nabc', false, null],
  ['HTTP/1.0 200 OK\r\n\r\nabc', true, 'abc'],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 No\r\n\r\n', false, ''],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n', false, 'abc'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n', true, null],
  ['ICY 200 OK\r\n\r\n', true, null],
])('%j, ended %s: %j', (text, ended, body) => expect(readAnswer(text, ended)?.body ?? null).toBe(body));
it('an xcap_server that is no host is refused', async () => {
  const text = ['tm', 'sl', 'presence', 'presence_xml'].map((name) => `loadmodule "${name}.so"\n`).join('');
  const built = await buildCfg(
    'refused.cfg',
    `${text}modparam("presence_xml", "force_active", 1)\nmodparam("presence_xml", "xcap_server", "a b")\nrequest_route { exit; }`,
  );
  await expect(startBuilt(built, simulatedEnvironment())).rejects.toThrow('xcap_server "a b" is not host:port');
});

/** Digest authentication against the same table: who is let in, who is not and why (RFC 3261 §22, RFC 7616). */
import { createHash } from 'node:crypto';
import type { DbRow } from '../../../runtime/db/types.js';
import { type Answer, answerTo } from '../digest.js';
import { withRows } from '../prepared.js';
import { group, type Stage, scenario } from '../scenario.js';

const realm = 'realm.test';
/** Without a port: ports may be moved on the way, and are part of what is hashed. */
const digestUri = 'sip:proxy.test';
const md5 = (text: string) => createHash('md5').update(text, 'latin1').digest('hex');
const subscriber = (username: string, password: string, domain = realm): DbRow => ({
  username,
  domain,
  password,
  ha1: md5(`${username}:${realm}:${password}`),
  ha1b: md5(`${username}@${domain}:${realm}:${password}`),
});
const sha = (row: DbRow): DbRow => {
  const hash = createHash('sha256').update(`${row.username}:${realm}:${row.password}`, 'latin1').digest('hex');
  return { ...row, ha1: hash };
};
const rows = ['alice', 'bob', "o'hara", 'a"b;--', 'gr\xc3\xbc\xc3\x9fe'].map((user) => subscriber(user, 'secret'));

interface Cell extends Partial<Answer> {
  readonly method?: string;
  /** User of From (and To in a REGISTER). */
  readonly from?: string;
  readonly answers?: readonly Partial<Answer>[];
}
/** Asks without credentials, then with each of the answers to the challenge. */
async function ask(
  { alice, uri, server }: Stage,
  cell: string,
  { method = 'MESSAGE', from, answers = [{}], ...all }: Cell,
) {
  const user = from ?? 'alice';
  const aor = `sip:${user}@${server.host}`;
  const target = uri(cell);
  const request = (headers: readonly string[]) =>
    alice.request(method, target, {
      headers,
      from: `<${aor}>;tag=${alice.newTag()}`,
      ...(method === 'REGISTER' ? { to: `<${aor}>` } : {}),
      callId: `${cell}-${user}-${alice.setting.slug}`,
    });
  await request([]);
  const challenge = await alice.receives(method === 'REGISTER' || cell === 'pv-method' ? 401 : 407);
  for (const one of answers) {
    const answer: Answer = { user: 'alice', password: 'secret', method, uri: digestUri, qop: 'auth', ...all, ...one };
    await request([answerTo(challenge, answer)]);
    await alice.receives('final');
  }
}
const cells = (slug: string, title: string, list: readonly (readonly [string, Cell])[]) =>
  scenario(slug, title, async (stage) => {
    for (const [cell, what] of list) await ask(stage, cell, what);
  });

const names = cells('names', 'user names, quotes and SQL in them', [
  ['db', {}],
  ['db', { user: 'nobody' }],
  ['db', { user: "o'hara" }],
  ['db', { user: "' OR '1'='1" }],
  ['db', { user: "alice'; DROP TABLE subscriber;--" }],
  ['db', { user: 'gr\xc3\xbc\xc3\x9fe' }],
  ['db', { user: 'alice@realm.test' }],
  ['db', { user: 'alice@other.test' }],
]);
const wrong = cells('wrong', 'wrong passwords, realms, nonces and header fields', [
  ['db', { password: 'no' }],
  ['db', { realm: 'other.test' }],
  ['db', { nonce: 'AAAA' }],
  ['db', { nonce: 'A'.repeat(32) }],
  ['db', { nonce: 'x'.repeat(64) }],
  ['db', { edit: (value) => value.replace(/response="[^"]*"/, 'response="short"') }],
  ['db', { edit: (value) => value.replace(/, response="[^"]*"/, '') }],
  ['db', { edit: (value) => value.replace(/, nc=[0-9a-f]*/, '') }],
  ['db', { edit: (value) => value.replace('Digest', 'Basic') }],
  ['db', { edit: (value) => value.replace('realm=', 'REALM=') }],
  ['pv', { qop: undefined }],
  ['pv', { password: 'no' }],
  ['pv-avp', { password: 'no' }],
  ['pv-avp', {}],
]);
const identity = cells('identity', 'who is asked for and who says so', [
  ['check', {}],
  ['check', { from: 'bob' }],
  ['check', { method: 'REGISTER' }],
  ['check', { method: 'REGISTER', from: 'bob' }],
  ['check-forwarded', { from: 'bob' }],
  ['check-forwarded', { from: 'bob', method: 'OPTIONS' }],
  ['pv-check', {}],
  ['pv-check', { from: 'bob' }],
  ['pv-method', { method: 'OPTIONS' }],
  ['pv-method', { method: 'OPTIONS', edit: (value) => value }],
  ['register', { method: 'REGISTER' }],
  ['register', { method: 'REGISTER', password: 'no' }],
]);
const replay = cells('replay', 'the same nonce again, with and without a new count', [
  ['db', { answers: [{}, {}, { nc: 2 }, { nc: 2 }, { nc: 1 }, { nc: 300 }] }],
  ['pv', { qop: undefined, answers: [{}, {}] }],
  ['register', { method: 'REGISTER', answers: [{}, { nc: 2 }, { nc: 2 }] }],
  ['db', { edit: (value) => value.replace(/nc=[0-9a-f]*/, 'nc=xyz') }],
]);
const subscribers = scenario('subscribers', 'is_subscriber() and has_credentials()', async ({ alice, uri, server }) => {
  for (const user of ['alice', 'nobody', "o'hara"]) {
    await alice.request('OPTIONS', uri('subscriber'), { from: `<sip:${user}@${server.host}>;tag=${alice.newTag()}` });
    await alice.receives(200);
    await alice.request('OPTIONS', uri('subscriber'), { from: `<sip:${user}@realm.test>;tag=${alice.newTag()}` });
    await alice.receives(200);
  }
});
const stale = scenario('stale', 'a nonce past its time', async (stage) => {
  const { alice, uri } = stage;
  await alice.request('MESSAGE', uri('db'));
  const challenge = await alice.receives(407);
  await stage.pause(3000);
  const answer = { user: 'alice', password: 'secret', method: 'MESSAGE', uri: digestUri, qop: 'auth' } as const;
  await alice.request('MESSAGE', uri('db'), { headers: [answerTo(challenge, answer)] });
  await alice.receives(200);
});
const others = scenario(
  'others',
  'a challenge with stale; ACK and CANCEL are not asked',
  async ({ alice, bob, uri }) => {
    await alice.request('OPTIONS', uri('else'));
    await alice.receives(407);
    await alice.request('REGISTER', uri('else'));
    await alice.receives(401);
    const target = uri('consume');
    await alice.request('MESSAGE', target);
    const challenge = await alice.receives(407);
    const answer = { user: 'alice', password: 'secret', method: 'MESSAGE', uri: digestUri, qop: 'auth' } as const;
    await alice.request('MESSAGE', target, { headers: [answerTo(challenge, answer), 'X-After: kept'] });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  },
);

const variant = (name: string, defines: readonly string[], list: Parameters<typeof group>[2], table = rows) =>
  withRows(
    group(
      name,
      'auth.cfg',
      list,
      defines.flatMap((define) => ['-A', define]),
    ),
    { subscriber: table.map((row) => ({ ...row, email: `${String(row.password)}@mail` })) },
    ["ALTER TABLE subscriber ADD COLUMN email VARCHAR(64) DEFAULT ''"],
  );
export default [
  variant('auth', [], [names, wrong, identity, replay, subscribers, others]),
  variant('auth-plain', ['PLAIN'], [names, identity]),
  variant('auth-count', ['COUNT'], [replay, wrong]),
  variant('auth-once', ['ONE_TIME'], [replay]),
  variant('auth-sha', ['SHA'], [names, wrong], rows.map(sha)),
  variant('auth-short', ['SHORT'], [stale]),
];

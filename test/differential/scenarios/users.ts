/** alias_db, speeddial, group, domain and uri_db on the same rows. */

import { answerTo } from '../digest.js';
import { withRows } from '../prepared.js';
import { group, type Stage, scenario } from '../scenario.js';

const rows = {
  dbaliases: [
    { alias_username: 'sales', alias_domain: 'here.test', username: 'alice', domain: 'here.test' },
    { alias_username: 'sales', alias_domain: 'here.test', username: 'bob', domain: 'there.test' },
    { alias_username: 'sales', alias_domain: 'there.test', username: 'carol', domain: 'there.test' },
    { alias_username: "o'hara", alias_domain: 'here.test', username: 'alice', domain: 'here.test' },
  ],
  speed_dial: [
    {
      username: 'alice',
      domain: 'here.test',
      sd_username: '11',
      sd_domain: 'here.test',
      new_uri: 'sip:sales@here.test',
    },
    { username: 'bob', domain: 'here.test', sd_username: 'sales', sd_domain: 'here.test', new_uri: 'desk@here.test' },
    { username: 'alice', domain: 'here.test', sd_username: '12', sd_domain: 'there.test', new_uri: 'sip:5@there.test' },
  ],
  grp: [
    { username: 'alice', domain: 'here.test', grp: 'ld' },
    { username: 'alice', domain: 'there.test', grp: 'int' },
    { username: "x' OR '1'='1", domain: 'here.test', grp: 'ld' },
  ],
  re_grp: [
    { reg_exp: '^sip:a.*@here', group_id: 3 },
    { reg_exp: 'TEST$', group_id: 7 },
    { reg_exp: '^sip:bob', group_id: 9 },
  ],
  domain: [
    { domain: 'here.test', did: 'main' },
    { domain: 'There.Test', did: null },
  ],
  domain_attrs: [
    { did: 'main', name: 'color', type: 2, value: 'red' },
    { did: 'main', name: 'color', type: 2, value: 'blue' },
    { did: 'main', name: 'size', type: 0, value: '-12' },
  ],
  subscriber: [{ username: 'alice', domain: 'here.test', password: 'secret' }],
  uri: [
    { username: 'alice', domain: 'here.test', uri_user: 'alice' },
    { username: 'alice', domain: 'here.test', uri_user: 'boss' },
  ],
};

const calls: readonly (readonly [from: string, uri: string])[] = [
  ['alice@here.test', 'sip:sales@here.test'],
  ['alice@here.test', 'sip:sales@sip.here.test'],
  ['alice@here.test', 'sip:11@here.test'],
  ['alice@here.test', 'sip:12@there.test'],
  ['alice@there.test', 'sip:SALES@HERE.TEST'],
  ['bob@there.test', 'sip:alice@here.test'],
  ['boss@here.test', 'sip:alice@elsewhere.test'],
  ["x'%20OR%20'1'='1@here.test", "sip:o'hara@here.test"],
  ["x'OR'1'='1@here.test", "sip:';DROP@here.test"],
  ['ALICE@here.test', 'sip:here.test'],
];
const plain = scenario('tables', 'every function, over users, domains and SQL in both', async ({ alice }: Stage) => {
  for (const [from, uri] of calls) {
    await alice.request('MESSAGE', uri, { uri, from: `<sip:${from}>;tag=${alice.newTag()}`, to: `<${uri}>` });
    await alice.receives(200);
  }
});
const credentials = scenario('credentials', 'whose credentials they are', async ({ alice }: Stage) => {
  const uri = 'sip:boss@here.test';
  for (const user of ['alice', 'boss', 'nobody']) {
    const from = `<sip:${user}@here.test>;tag=${alice.newTag()}`;
    await alice.request('OPTIONS', uri, { uri, from, to: `<sip:alice@here.test>` });
    const challenge = await alice.receives(407);
    const answer = { user: 'alice', password: 'secret', method: 'OPTIONS', uri, qop: 'auth' } as const;
    await alice.request('OPTIONS', uri, {
      uri,
      from,
      to: `<sip:alice@here.test>`,
      headers: [answerTo(challenge, answer)],
    });
    await alice.receives(200);
  }
});
const commands = scenario('commands', 'the tables of domain, as commands show them', async ({ rpc }: Stage) => {
  await rpc('domain.reload');
  await rpc('domain.dump');
});
export default [
  withRows(group('users', 'users.cfg', [plain, credentials, commands]), rows),
  withRows(group('users-domains', 'users.cfg', [plain, credentials], ['-A', 'DOMAINS']), rows),
];

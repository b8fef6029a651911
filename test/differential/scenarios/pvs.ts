/** Pseudo-variables of who sends, of what is sent, and of replies: on what has them, lacks them, and on hostile text. */
import { group, type Stage, scenario } from '../scenario.js';

const digest = (rest: string) =>
  `Digest username="alice@example.com", realm="example.com", nonce="n1", uri="sip:example.com", response="0123", ${rest}`;
const ask = (name: string, title: string, headers: readonly string[], method = 'OPTIONS') =>
  scenario(name, title, async ({ alice, uri }: Stage) => {
    await alice.request(method, uri(`${name.replace('-', '.')}`), { headers });
    await alice.receives(200);
  });

export default group('pvs', 'pvs.cfg', [
  ask('identity-all', 'credentials, Diversion, P-Preferred-Identity', [
    `Authorization: ${digest('algorithm=MD5, cnonce="c1", qop=auth, nc=00000001, opaque="o1"')}`,
    'Diversion: "D" <sip:div@example.com>;reason=user-busy;privacy="full";counter=3',
    'P-Preferred-Identity: "P One" <sip:p1@one.example.com>, <sip:two.example.com>',
  ]),
  ask('identity-none', 'none of them', []),
  ask('identity-both', 'Proxy-Authorization before Authorization, names in another case', [
    `Authorization: ${digest('opaque="www"')}`,
    'Proxy-Authorization: dIgEsT USERNAME="sip:carol@example.net",Realm=token , uri="", nc=1',
  ]),
  ask('identity-bad', 'another scheme, no closing quote', [
    'Authorization: Basic YWxpY2U6c2VjcmV0',
    'Diversion: <sip:div@example.com',
    'P-Preferred-Identity: <sip:x@>',
  ]),
  ask('identity-quote', 'a quoted string that does not close', [
    'Authorization: Digest username="alice, realm=x',
    'Diversion: sip:plain@example.com;reason=unknown;counter',
    'P-Preferred-Identity: "No uri"',
  ]),
  ask('identity-short', 'a user name of two characters, an empty token', [
    'Authorization: Digest username="a@", realm="r"',
    'P-Preferred-Identity: sip:bare@example.com',
  ]),
  ask('identity-empty', 'a parameter without value', ['Authorization: Digest username=, realm="r"']),
  scenario('sent', 'onsend and reply routes', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('sent.x'), { body: 'x', type: 'text/plain', viaParams: ';rport' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  ...[
    ['empty', 'an empty Contact', ['Contact:']],
    ['none', 'no Contact', []],
  ].map(([name, title, headers]) =>
    scenario(`contact-${name}`, String(title), async ({ alice, uri }: Stage) => {
      const from = '<sip:only.host>;tag=1';
      await alice.request('OPTIONS', uri(`contact.${name}`), { omit: ['Contact'], headers: [...headers!], from });
      await alice.receives(200);
    }),
  ),
  ask('changed', 'the message with its changes', ['X-List: a, b']),
]);

/** dispatcher: the same destinations for the same messages, the same lists, states and commands. */
import { withRows } from '../prepared.js';
import { type Group, group, type Stage, scenario } from '../scenario.js';

const list = `# sets for all scenarios
1 sip:127.0.0.1:22000 0 5 duid=a;weight=50
1 sip:127.0.0.1:22010 0 10 duid=b;x=y;
1	sip:127.0.0.1:22020  0 5 duid=c # the third
2 sip:127.0.0.1:22000
2 sip:127.0.0.1:22010 0
2 sip:127.0.0.1:22020 0 0
2 sip:127.0.0.1:22030#comment
2 sip:127.0.0.1:22040;transport=tcp 8
3 sip:127.0.0.1:22000 1
3 sip:127.0.0.1:22010 4
4 127.0.0.1:22020 0 0 socket=udp:127.0.0.1:21700;duid=one
4 sip:127.0.0.1:22030 2 0 socket=udp:127.0.0.1:9
5 sip:127.0.0.1:22000 0 0 duid=l1;maxload=1
5 sip:127.0.0.1:22010 0 0 duid=l2;maxload=2
5 sip:127.0.0.1:22020 0 0 duid=l3;maxload=3
6 sip:127.0.0.1:22000 0 3 weight=20;rweight=50
6 sip:127.0.0.1:22010 0 2 weight=30;rweight=25
6 sip:127.0.0.1:22020 0 1 weight=50;rweight=25
7 sip:127.0.0.1:22000 0 3 weight=70;rweight=10
7 sip:127.0.0.1:22010 0 2 weight=20;rweight=30
7 sip:127.0.0.1:22020 0 1 weight=0;rweight=200
8 sip:127.0.0.1:22000 0 3 weight=70;rweight=1
8 sip:127.0.0.1:22010 1 2 weight=70;rweight=1
8 sip:127.0.0.1:22020 0 1 weight=70;rweight=1
9 sip:gw@127.0.0.1:22000;lr 0 0
9 sips:127.0.0.1:22010 0 0
12 sip:127.0.0.1:22000 0 20 latency=30
12 sip:127.0.0.1:22010 0 20 latency=50
12 sip:127.0.0.1:22020 0 20 latency=10
12 sip:127.0.0.1:22030 1 20 latency=1
13 sip:127.0.0.1:22000 0 20
13 sip:127.0.0.1:22010 0 20
 14 sip:127.0.0.1:22000 word 3
15 sip:127.0.0.1:22000 0 word
16 not-a-uri/at\\all: 0
16 sip:127.0.0.1:22000 0 0 broken="value
16 sip:127.0.0.1:22010
70 sip:127.0.0.1:22000
30 sip:127.0.0.1:22000
20 sip:127.0.0.1:22000
25 sip:127.0.0.1:22000
`;

type Choose = {
  readonly from?: string;
  readonly to?: string;
  readonly uri?: string;
  readonly key?: string;
  readonly auth?: string;
};
/** One OPTIONS a line; what is chosen is in the log. */
const choose = (slug: string, title: string, set: number, algorithm: number, messages: readonly Choose[]) =>
  scenario(slug, title, async ({ alice, uri }: Stage) => {
    for (const { from, to, uri: other, key, auth } of messages) {
      await alice.request('OPTIONS', uri('choose'), {
        ...(from === undefined ? {} : { from: `<${from}>;tag=x` }),
        ...(to === undefined ? {} : { to: `<${to}>` }),
        ...(other === undefined ? {} : { uri: other }),
        headers: [
          `X-Set: ${set}`,
          `X-Alg: ${algorithm}`,
          ...(key === undefined ? [] : [`X-Key: ${key}`]),
          ...(auth === undefined ? [] : [auth]),
        ],
      });
      await alice.receives(200);
    }
  });
const five: readonly Choose[] = [{}, {}, {}, {}, {}];
const users = [
  'sip:alice@example.com',
  'sip:b@h',
  'sip:carol@example.com:5060',
  'sip:carol@example.com:5070',
  'sips:d@x:5061',
  'sip:example.com',
  'tel:+4930',
  'sip:z\xe4@\xfc',
  'sip:alice:pw@example.com;p=1?h=2',
];

const send = (slug: string, title: string, headers: readonly (readonly string[])[], method = 'OPTIONS') =>
  scenario(slug, title, async ({ alice, uri }: Stage) => {
    for (const lines of headers) {
      await alice.request(method, uri(slug.replace(/-.*/, '')), { headers: lines });
      await alice.receives(200);
    }
  });
const digest = (user: string) =>
  `Digest username="${user}", realm="r", nonce="n", uri="sip:x", response="0123456789abcdef0123456789abcdef"`;

const choices = [
  choose('alg0', 'hash over Call-ID', 1, 0, [...five, ...five]),
  choose('alg0-of-five', 'hash over Call-ID, five destinations', 2, 0, [...five, ...five]),
  choose(
    'alg1',
    'hash over From',
    2,
    1,
    users.map((from) => ({ from })),
  ),
  choose(
    'alg2',
    'hash over To',
    2,
    2,
    users.map((to) => ({ to })),
  ),
  choose(
    'alg3',
    'hash over the Request-URI',
    2,
    3,
    [5060, 5070, 5080, 5090, 6000].map((port) => ({ uri: `sip:choose@127.0.0.1:${port}` })),
  ),
  choose('alg4', 'round robin', 2, 4, five),
  choose('alg5', 'hash over the user of the credentials', 2, 5, [
    { auth: `Proxy-Authorization: ${digest('alice')}` },
    { auth: `Authorization: ${digest('bob@example.com')}` },
    { auth: `Authorization: ${digest('sip:carol@example.com')}` },
    { auth: `Authorization: ${digest('')}` },
    { auth: 'Authorization: Basic abc' },
    {},
    {},
  ]),
  choose('alg7', 'hash over a text', 2, 7, [
    { key: 'one' },
    { key: 'two' },
    { key: 'three' },
    { key: '  one ' },
    { key: '1' },
    {},
  ]),
  choose('alg8', 'always the first', 1, 8, five),
  choose('alg9-single', 'weights without a weight on the first', 2, 9, five),
  choose('alg10-options', 'call load chooses the first for what starts no call', 5, 10, five),
  choose('alg11-without', 'relative weights without weights', 2, 11, five),
  choose('alg13', 'by latency', 12, 13, five),
  choose('alg13-equal', 'by latency, nothing known', 13, 13, five),
  choose('alg99', 'an algorithm there is not', 2, 99, five.slice(0, 2)),
  choose('inactive', 'no destination is in use', 3, 4, [{}]),
  choose('unknown', 'no such set', 77, 4, [{}]),
  choose('negative', 'a set below 0', -1, 4, [{}]),
  choose('sockets', 'a destination with its socket', 4, 4, five.slice(0, 3)),
  choose('schemes', 'destinations with user and sips', 9, 4, five.slice(0, 2)),
  choose('odd-lines', 'lines with words for numbers', 14, 8, [{}]),
  choose('odd-priority', 'a word for the priority', 15, 8, [{}]),
  choose('bad-lines', 'destinations that cannot be used are passed over', 16, 4, five.slice(0, 2)),
  send('branches', 'all of a set ring', [['X-Set: 1'], ['X-Set: 3'], ['X-Set: 9'], ['X-Set: 13']]),
  send('routes', 'rules over several sets', [
    ['X-Rules: 1=8;2=8', 'X-Mode: d'],
    ['X-Rules: 3=4;1=8', 'X-Mode: r'],
    ['X-Rules: 1=8', 'X-Mode: 2'],
    ['X-Rules: 77=4', 'X-Mode: d'],
    ['X-Rules: 1=8;', 'X-Mode: D'],
    ['X-Rules: 1', 'X-Mode: 0'],
    ['X-Rules: 1;2=8', 'X-Mode: 1'],
    ['X-Rules: 2=8;a=1', 'X-Mode: x'],
    ['X-Rules: 2=8', 'X-Mode: q'],
    ['X-Rules: 1=8;77=4', 'X-Mode: X'],
  ]),
  send('walk', 'through the list', [[]]),
  send('forced', 'a next hop that is set already', [[]]),
  send('origin', 'is the sender a destination', [[]]),
  send('lists', 'sets and destinations in use', [[]]),
];

const rpcs = [
  scenario('list', 'the command that shows the sets', async ({ rpc }: Stage) => {
    await rpc('dispatcher.list');
    await rpc('dispatcher.list', 'short');
    await rpc('dispatcher.list', 'FULL');
    await rpc('dispatcher.list', 'other');
  }),
  scenario('hash', 'the command that hashes', async ({ rpc }: Stage) => {
    await rpc('dispatcher.hash', '4', 'alice');
    await rpc('dispatcher.hash', '7', 'alice', 'example.com');
    await rpc('dispatcher.hash', '0', 'a', 'b');
    await rpc('dispatcher.hash', '4');
    await rpc('dispatcher.hash', 'x', 'y');
  }),
  scenario('ping-active', 'the switch of probes', async ({ rpc }: Stage) => {
    await rpc('dispatcher.ping_active');
    await rpc('dispatcher.ping_active', '0');
    await rpc('dispatcher.ping_active');
    await rpc('dispatcher.ping_active', '1');
  }),
  scenario('states', 'states by command', async ({ rpc }: Stage) => {
    const uri = 'sip:127.0.0.1:22010';
    for (const state of ['i', 'ip', 'IP', 'a', 'ap', 'd', 'dp', 't', 'tp', 'x', '']) {
      await rpc('dispatcher.set_state', state, '1', uri);
      await rpc('dispatcher.list', 'short');
    }
    await rpc('dispatcher.set_state', 'i', '1', 'sip:127.0.0.1');
    await rpc('dispatcher.set_state', 'i', '77', uri);
    await rpc('dispatcher.set_state', 'i', '1');
    await rpc('dispatcher.set_state', '0', '1', uri);
    await rpc('dispatcher.set_state', '2', '1', uri);
    await rpc('dispatcher.set_state', 'i', '1', 'all');
    await rpc('dispatcher.list', 'short');
    await rpc('dispatcher.set_state', 'a', '1', 'all');
    await rpc('dispatcher.set_state', 'a', '77', 'all');
    await rpc('dispatcher.set_duid_state', 'ip', '1', 'B');
    await rpc('dispatcher.set_duid_state', 'ip', '1', 'zz');
    await rpc('dispatcher.list');
    await rpc('dispatcher.set_duid_state', 'a', '1', 'b');
  }),
  send('mark', 'states by the script, with their events', [['X-Set: 1'], ['X-Set: 2'], ['X-Set: 3']]),
  scenario('changed', 'destinations added and removed', async ({ alice, uri, rpc }: Stage) => {
    await rpc('dispatcher.add', '1', 'sip:127.0.0.1:22030');
    await rpc('dispatcher.list');
    await rpc('dispatcher.add', '90', 'sip:127.0.0.1:22030', '8', '7', 'duid=new');
    await rpc('dispatcher.add', '1', 'sip:127.0.0.1:22040', '1');
    await rpc('dispatcher.add', '1', '127.0.0.1:22050', '0', '3');
    await rpc('dispatcher.add', '1', 'nonsense/a b');
    await rpc('dispatcher.add', '1');
    await rpc('dispatcher.list');
    await rpc('dispatcher.remove', '1', 'sip:127.0.0.1:22030');
    await rpc('dispatcher.remove', '90', 'sip:127.0.0.1:22030');
    await rpc('dispatcher.remove', '1', 'sip:127.0.0.1:9');
    await rpc('dispatcher.remove', '1', 'nonsense/a b');
    await rpc('dispatcher.remove', '1');
    await rpc('dispatcher.list');
    await rpc('dispatcher.reload');
    await rpc('dispatcher.list', 'short');
    await alice.request('OPTIONS', uri('reload'));
    await alice.receives(200);
  }),
];

const spreads = [
  send('spread-weight', 'weights in a hundred choices', [
    ['X-Set: 6', 'X-Alg: 9'],
    ['X-Set: 7', 'X-Alg: 9'],
    ['X-Set: 8', 'X-Alg: 9'],
  ]),
  send('spread-relative', 'relative weights in a hundred choices', [
    ['X-Set: 6', 'X-Alg: 11'],
    ['X-Set: 7', 'X-Alg: 11'],
    ['X-Set: 8', 'X-Alg: 11'],
  ]),
  send('spread-turns', 'round robin in a hundred choices', [
    ['X-Set: 6', 'X-Alg: 4'],
    ['X-Set: 12', 'X-Alg: 4'],
  ]),
];

const load = (
  slug: string,
  title: string,
  steps: readonly (readonly [method: string, call: string, header?: string])[],
) =>
  scenario(slug, title, async ({ alice, uri, rpc }: Stage) => {
    for (const [method, call, header] of steps) {
      const headers = header === undefined ? [] : [header];
      await alice.request(method, uri('load'), { callId: `${call}-${slug}`, headers });
      await alice.receives(200);
    }
    await rpc('dispatcher.list');
    for (const call of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      await alice.request('BYE', uri('load'), { callId: `${call}-${slug}` });
      await alice.receives(200);
    }
    await rpc('dispatcher.list');
  });
const loads = [
  load('load-spread', 'calls go to the least loaded', [
    ['INVITE', 'a'],
    ['INVITE', 'b'],
    ['INVITE', 'c'],
    ['INVITE', 'd'],
    ['INVITE', 'e'],
    ['INVITE', 'f'],
    ['INVITE', 'g'],
    ['BYE', 'a'],
    ['INVITE', 'g'],
  ]),
  load('load-next', 'the load follows a failover', [
    ['INVITE', 'a', 'X-Next: 1'],
    ['INVITE', 'b', 'X-Next: 1'],
    ['INVITE', 'c', 'X-Next: 1'],
    ['INVITE', 'd'],
  ]),
  load('load-unset', 'a call that no longer counts', [
    ['INVITE', 'a', 'X-Unset: 1'],
    ['INVITE', 'b'],
    ['INVITE', 'c', 'X-Unset: 1'],
  ]),
  load('load-again', 'a call that counts already', [
    ['INVITE', 'a', 'X-Again: 1'],
    ['INVITE', 'b', 'X-Again: 1'],
  ]),
];

const call = (
  slug: string,
  title: string,
  set: number,
  algorithm: number,
  play: (stage: Stage, headers: string[]) => Promise<void>,
) => scenario(slug, title, (stage) => play(stage, [`X-Set: ${set}`, `X-Alg: ${algorithm}`]));
const calls = [
  call('failover', 'a call over the destinations that refuse', 1, 8, async (stage, headers) => {
    const { alice, bob, carol, dave, rpc, uri } = stage;
    const invite = await dave.invite(uri('call'), { headers });
    await bob.reply(await bob.receives('INVITE'), 503);
    await bob.receives('ACK');
    await carol.reply(await carol.receives('INVITE'), 500);
    await carol.receives('ACK');
    const at = await alice.receives('INVITE');
    await alice.reply(at, 486);
    await alice.receives('ACK');
    await dave.ack(invite, await dave.receives(486));
    await rpc('dispatcher.list', 'short');
    await rpc('dispatcher.set_state', 'a', '1', 'all');
  }),
  call('timeout', 'a destination that does not answer', 1, 8, async (stage, headers) => {
    const { bob, carol, dave, rpc, uri } = stage;
    const invite = await dave.invite(uri('call'), { headers });
    await bob.receives('INVITE');
    const at = await carol.receives('INVITE');
    await carol.reply(at, 200, { body: carol.sdp });
    await dave.ack(invite, await dave.receives(200));
    await rpc('dispatcher.list', 'short');
    await rpc('dispatcher.set_state', 'a', '1', 'all');
  }),
  call('reply-mark', 'a state set in a reply route', 1, 8, async (stage, headers) => {
    const { alice, bob, carol, dave, rpc, uri } = stage;
    const invite = await dave.invite(uri('call'), { headers });
    await bob.reply(await bob.receives('INVITE'), 480);
    await bob.receives('ACK');
    await carol.reply(await carol.receives('INVITE'), 603);
    await carol.receives('ACK');
    await alice.reply(await alice.receives('INVITE'), 480);
    await alice.receives('ACK');
    await dave.ack(invite, await dave.receives(480));
    await rpc('dispatcher.list', 'short');
    await rpc('dispatcher.set_state', 'a', '1', 'all');
  }),
  call('none-left', 'no destination is in use', 3, 8, async ({ dave, uri }, headers) => {
    const invite = await dave.invite(uri('call'), { headers });
    await dave.ack(invite, await dave.receives(503));
  }),
];

const based = (name: string, scenarios: Group['scenarios'], ...defines: string[]): Group => ({
  ...group(
    name,
    'dispatcher.cfg',
    scenarios,
    defines.flatMap((define) => ['-A', define]),
  ),
  beside: { 'dispatcher.list': list },
});

const watched = `1 sip:127.0.0.1:22000 8 0 duid=a
2 sip:127.0.0.1:22010 9 0 ping_from=sip:own@example.com
3 sip:127.0.0.1:22020 0 0 obproxy=sip:127.0.0.1:22030
4 sip:127.0.0.1:22040 4
5 sip:nowhere.invalid 24
`;
type Round = Readonly<Partial<Record<'alice' | 'bob' | 'dave', number>>>;
/** The probes of each round with what answers them (0: nothing does); then no more are sent. */
const probed = (
  mode: number,
  title: string,
  rounds: readonly Round[],
  first: readonly (readonly string[])[] = [],
): Group => ({
  ...group(
    `dispatcher-probing-${mode}`,
    'dispatcher.cfg',
    [
      scenario('rounds', title, async (stage: Stage) => {
        for (const command of first) await stage.rpc(...command);
        for (const round of rounds)
          await Promise.all(
            Object.entries(round).map(async ([name, status]) => {
              const peer = stage[name as 'alice' | 'bob' | 'dave'];
              const probe = await peer.receives('INFO');
              if (status > 0) await peer.reply(probe, status);
            }),
          );
        await stage.rpc('dispatcher.ping_active', '0');
        await stage.pause(1200);
        await stage.rpc('dispatcher.list');
      }),
    ],
    ['-A', 'FLAGS=2', '-A', `PROBED=${mode}`],
  ),
  beside: { 'dispatcher.list': watched },
});
const probing = [
  probed(0, 'those with the flag, until it is clear how they are', [{ alice: 200, bob: 200 }, { bob: 200 }]),
  probed(1, 'all, for ever', [
    { alice: 200, bob: 200, dave: 200 },
    { alice: 403, bob: 200, dave: 500 },
    { alice: 403, bob: 404, dave: 301 },
    { alice: 200, bob: 0, dave: 200 },
    { alice: 200, bob: 488, dave: 0 },
  ]),
  probed(
    2,
    'those that are inactive',
    [{ alice: 403, bob: 200 }, { alice: 200, bob: 200 }, { alice: 200 }],
    [['dispatcher.set_state', 'ip', '1', 'sip:127.0.0.1:22000']],
  ),
  probed(3, 'those with the flag, which stays', [
    { alice: 403, bob: 200 },
    { alice: 403, bob: 200 },
    { alice: 200, bob: 403 },
    { alice: 200, bob: 200 },
  ]),
];

// The same sets from a table.
const tabled = withRows(
  group(
    'dispatcher-table',
    'dispatcher.cfg',
    [
      ...['alg0', 'alg4', 'alg8'].flatMap((slug) => choices.filter((s) => s.slug === slug)),
      ...rpcs.filter(({ slug }) => slug === 'list' || slug === 'changed'),
    ],
    ['-A', 'FLAGS=2', '-A', 'TABLE=1'],
  ),
  {
    dispatcher: [
      { setid: 1, destination: 'sip:127.0.0.1:22000', flags: 0, priority: 3, attrs: 'duid=a', description: 'rweight' },
      { setid: 1, destination: 'sip:127.0.0.1:22010', flags: 8, priority: 3, attrs: '', description: '' },
      { setid: 1, destination: '127.0.0.1:22020', flags: 0, priority: 9, attrs: 'weight=5;', description: '30' },
      { setid: 2, destination: 'sip:127.0.0.1:22000', flags: 1, priority: 0, attrs: 'x', description: '200' },
      { setid: 2, destination: 'nonsense/', flags: 0, priority: 0, attrs: '', description: '' },
      { setid: 2, destination: 'sip:127.0.0.1:22030', flags: 0, priority: 0, attrs: '', description: '7' },
    ],
  },
);

const named = (slugs: readonly string[]) => choices.filter(({ slug }) => slugs.includes(slug));
export default [
  ...probing,
  tabled,
  based('dispatcher', [...choices, ...spreads, ...rpcs, ...loads, ...calls], 'FLAGS=2'),
  based('dispatcher-plain', named(['alg0', 'alg1', 'alg4', 'alg8', 'alg13', 'walk', 'routes', 'branches']), 'FLAGS=1'),
  based(
    'dispatcher-default',
    [
      ...named(['alg0', 'alg4', 'alg8', 'alg13', 'inactive', 'sockets', 'schemes', 'forced', 'routes']),
      ...spreads.filter(({ slug }) => slug === 'spread-turns'),
      ...rpcs.filter(({ slug }) => slug === 'mark' || slug === 'list'),
    ],
    'FLAGS=2',
    'DEFAULTED=1',
  ),
];

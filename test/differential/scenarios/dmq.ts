/** dmq: how nodes meet, what they send each other and for their scripts, and hash tables that are the same on all of them. */
import { cfg } from '../cfg-text.js';
import { forget } from '../cluster.js';
import type { Party, SendOptions } from '../party.js';
import { generated, group, type Stage, scenario } from '../scenario.js';

const at = (party: Party, channel: string) => `<sip:${channel}@${party.hostPort}>;tag=${party.newTag()}`;
const lines = (...nodes: readonly string[]) => nodes.map((node) => `sip:${node}\r\n`).join('');
const node = (party: Party, status = 'active') => `${party.hostPort};status=${status}`;

/** What one node tells the server over a channel, and what it is answered. */
async function tell(
  { uri }: Stage,
  party: Party,
  channel: string,
  body: string,
  status: number,
  options: SendOptions = {},
) {
  await party.request('KDMQ', uri(channel), {
    from: at(party, channel),
    body,
    type: 'text/plain',
    maxForwards: 1,
    ...options,
  });
  return party.receives(status, 'KDMQ');
}
const list = (stage: Stage, party: Party, body: string, options: SendOptions = {}) =>
  tell(stage, party, 'nodes', body, 200, options);
const json = (stage: Stage, party: Party, channel: string, body: object | string, status = 200) =>
  tell(stage, party, channel, typeof body === 'string' ? body : JSON.stringify(body), status, {
    type: 'application/json',
  });
async function answer(party: Party, status = 200, body = '') {
  await party.reply(await party.receives('KDMQ'), status, { body, type: 'text/plain' });
}
const leave = async (stage: Stage, ...parties: readonly Party[]) => {
  for (const party of parties) await forget(stage, party.port);
};
async function run({ alice, uri }: Stage, route: string): Promise<void> {
  await alice.request('OPTIONS', uri(route));
  await alice.receives(200);
}

/** Nodes come, the body of the scenario runs, they are forgotten. */
const among = (
  slug: string,
  title: string,
  nodes: (stage: Stage) => readonly Party[],
  play: (stage: Stage) => Promise<void>,
) =>
  scenario(slug, title, async (stage) => {
    const parties = nodes(stage);
    for (const party of parties) await list(stage, party, lines(node(party)));
    await play(stage);
    await leave(stage, ...parties);
  });
const one = ({ bob }: Stage) => [bob];
const two = ({ bob, carol }: Stage) => [bob, carol];

const empty = (stage: Stage) => run(stage, 'clear');

const cluster = group('dmq', 'dmq.cfg', [
  scenario('lists', 'who comes is added, who goes is disabled, a stranger is told on', async (stage) => {
    const { bob, carol, rpc } = stage;
    await rpc('dmq.list_nodes');
    await list(stage, bob, lines(node(bob)));
    await list(stage, bob, lines(node(bob), '127.0.0.1:21700;status=disabled'));
    await rpc('dmq.list_nodes');
    await list(stage, carol, lines(node(carol)), { maxForwards: 2 });
    await answer(bob, 200, lines(node(bob), node(carol)));
    await answer(carol, 200);
    await list(stage, carol, lines(node(bob, 'disabled')));
    await list(stage, carol, lines(node(bob, 'active')));
    await list(stage, carol, lines(`${carol.hostPort}`));
    await list(stage, carol, lines(node(carol, 'pending')));
    await rpc('dmq.list_nodes');
    await rpc('dmq.remove', 'sip:127.0.0.1:22010');
    await rpc('dmq.remove', 'sip:127.0.0.1:22010');
    await rpc('dmq.remove', 'sip:127.0.0.1:22020;transport=tcp');
    await rpc('dmq.remove', 'sip:127.0.0.1:21700');
    await rpc('dmq.remove', 'x');
    await rpc('dmq.remove');
    await rpc('dmq.list_nodes');
    await leave(stage, bob, carol);
  }),
  scenario('transports', 'a node is told apart by host, port and transport', async (stage) => {
    const { bob, rpc } = stage;
    await list(
      stage,
      bob,
      lines(
        '127.0.0.1:22011;transport=tcp;status=disabled',
        '127.0.0.1:22011;transport=udp;status=disabled',
        '127.0.0.1:22011;status=timeout',
      ),
    );
    await rpc('dmq.list_nodes');
    for (const more of ['', ';transport=tcp', ';transport=udp']) await rpc('dmq.remove', `sip:127.0.0.1:22011${more}`);
  }),
  scenario('channels', 'requests for a channel that is there, that is not, and for none', async (stage) => {
    const { bob, uri } = stage;
    await tell(stage, bob, 'stranger', 'x', 404);
    await bob.request('KDMQ', uri(), { from: at(bob, 'x'), body: 'x', type: 'text/plain' });
    await bob.receives(480);
    await list(stage, bob, '', { headers: ['X-Process: 1'] });
    await list(stage, bob, '', { headers: ['X-Handle: 1'] });
  }),
  among('cast', 'a script tells all nodes', two, async (stage) => {
    await run(stage, 'cast');
    await answer(stage.bob, 202);
    await answer(stage.carol, 202);
    await tell(stage, stage.bob, 'cast', 'hello', 202);
  }),
  among('send', 'a script tells one node; no other', one, async (stage) => {
    await run(stage, 'send');
    await answer(stage.bob, 404);
  }),
  scenario('origin', 'is the source a node?', async (stage) => {
    await run(stage, 'origin');
    await list(stage, stage.bob, lines(node(stage.bob)));
    await run(stage, 'origin');
    await leave(stage, stage.bob);
  }),
  // Nodes at 127.0.0.1 and a request from ::1, which is none of theirs.
  scenario(
    'replicate',
    'a request is sent to all nodes, and no response comes back',
    async (stage) => {
      const { alice, bob, carol, uri } = stage;
      await list(stage, alice, lines('127.0.0.1:22010;status=active', '127.0.0.1:22020;status=active'));
      await alice.request('MESSAGE', uri('replicate'), { body: 'hi', type: 'text/plain' });
      await alice.receives(202);
      await bob.reply(await bob.receives('MESSAGE'), 200);
      await carol.reply(await carol.receives('MESSAGE'), 603);
      for (const port of [22010, 22020]) await forget(stage, port);
    },
    { ipv6: true },
  ),
  among('items', 'each change of a table is told', one, async (stage) => {
    await run(stage, 'items');
    for (let i = 0; i < 15; i++) await answer(stage.bob);
    await empty(stage);
    for (let i = 0; i < 2; i++) await answer(stage.bob);
  }),
  among('item-commands', 'and those by commands', one, async (stage) => {
    const { rpc, bob } = stage;
    for (const words of [
      ['sets', 'a', 'k', 'text'],
      ['seti', 'a', 'k', '7'],
      ['setxs', 'e', 'k', 'x', '50'],
      ['setxi', 'e', 'k', '8', '50'],
      ['setex', 'e', 'k', '60'],
      ['delete', 'e', 'k'],
      ['delete', 'e', 'k'],
      ['sets', 'own', 'k', 'text'],
      ['flush', 'a'],
    ])
      await rpc(`htable.${words[0]}`, ...words.slice(1));
    for (let i = 0; i < 9; i++) await answer(bob);
    await empty(stage);
    for (let i = 0; i < 2; i++) await answer(bob);
  }),
  scenario('told', 'what other nodes tell is done', async (stage) => {
    const { bob, rpc } = stage;
    const htable = (fields: object | string, status?: number) => json(stage, bob, 'htable', fields, status);
    await htable({ action: 2, htname: 'a', cname: 'k', type: 2, strval: 'te"x\\t', mode: 1 });
    await htable({ action: 2, htname: 'a', cname: 'n', type: 0, intval: -5, mode: 1 });
    await htable({ action: 2, htname: 'e', cname: 'k', type: 2, strval: 'e', mode: 1 });
    await htable({ action: 2, htname: 'own', cname: 'k', type: 2, strval: 'own', mode: 1 });
    await htable({ action: 3, htname: 'e', cname: 'k', type: 0, intval: 100, mode: 0 });
    await run(stage, 'show');
    await htable({ action: 4, htname: 'a', cname: 'k', mode: 0 });
    await htable({ action: 4, htname: 'a', cname: 'k', mode: 0 });
    await run(stage, 'show');
    for (const cname of ['x1', 'x2', 'y1', 'z'])
      await htable({ action: 2, htname: 'a', cname, type: 2, strval: `of ${cname}`, mode: 1 });
    await htable({ action: 5, htname: 'a', type: 2, strval: '^x1$', mode: 0 });
    await htable({ action: 6, htname: 'a', type: 2, strval: 'of x', mode: 1 });
    await rpc('htable.dump', 'a');
    await htable({ action: 9, htname: 'a', cname: 'k', mode: 0 }, 500);
    await htable({ action: 2, htname: 'nowhere', cname: 'k', type: 0, intval: 1, mode: 1 }, 500);
    await htable({ action: 2, htname: 'a', cname: 'k', type: 0, intval: 1, mode: 1, other: 1 }, 400);
    await htable('{', 400);
    await htable({
      cells: [
        { htname: 'a', cname: 'c1', type: 2, strval: 'v', expire: 0 },
        { htname: 'nowhere', cname: 'c1', type: 2, strval: 'v', expire: 0 },
        { htname: 'a', cname: 'c2', type: 0, intval: 3, expire: 0, unknown: 'x' },
      ],
    });
    await rpc('htable.dump', 'a');
    await empty(stage);
  }),
  among('asked', 'a node that asks gets all that is replicated', one, async (stage) => {
    const { bob } = stage;
    await json(stage, bob, 'htable', {
      cells: [
        { htname: 'a', cname: 'text', type: 2, strval: 'v "w"', expire: 0 },
        { htname: 'a', cname: 'number', type: 0, intval: 3, expire: 0 },
        { htname: 'own', cname: 'text', type: 2, strval: 'v', expire: 0 },
      ],
    });
    await json(stage, bob, 'htable', { action: 1 });
    await answer(bob);
    await empty(stage);
    for (let i = 0; i < 2; i++) await answer(bob);
  }),
]);

/** `num_workers` 0. */
const alone = generated(
  'dmq-alone',
  cfg(
    'ctl tm sl pv textops xlog dmq',
    `modparam("dmq", "num_workers", 0)
modparam("dmq", "server_address", "sip:127.0.0.1:21700")
modparam("dmq", "ping_interval", 3600)
request_route {
	if (is_present_hf("X-Process")) {
		dmq_process_message();
		exit;
	}
	dmq_handle_message();
	xlog("L_ERR", "not handled $rc\\n");
	sl_send_reply("480", "Not here");
}
`,
  ),
  [
    scenario('workers', 'without workers only dmq_process_message() serves', async (stage) => {
      const { bob } = stage;
      const about = (more: SendOptions, status: number) =>
        tell(stage, bob, 'notification_peer', lines(node(bob)), status, more);
      await about({}, 480);
      await about({ headers: ['X-Process: 1'] }, 200);
      await stage.rpc('dmq.list_nodes');
      await leave(stage, bob);
    }),
  ],
);
export default [cluster, alone];

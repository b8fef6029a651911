/** sl: stateless answers, their ACKs, statistics and events (RFC 3261 §8.2.7, §16.11). */
import { group, type Stage, scenario } from '../scenario.js';

const codes = [100, 180, 200, 202, 299, 300, 302, 399, 400, 404, 408, 483, 499, 500, 503, 600, 699];
const ask = (what: string, title: string, status: number, headers: readonly string[] = []) =>
  scenario(what, title, async ({ alice, uri }: Stage) => {
    await alice.request('OPTIONS', uri('x'), { headers: [`X-Do: ${what}`, ...headers] });
    await alice.receives(status);
  });
/** A request forwarded without state, whose answer is treated in the reply route. */
const forwarded = (what: string, title: string, status: number) =>
  scenario(what, title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('MESSAGE', uri('x'), { headers: ['X-Do: relay'] });
    await bob.reply(await bob.receives('MESSAGE'), 486, { headers: [`X-Do: ${what}`] });
    if (status > 0) await alice.receives(status);
  });

const scenarios = [
  scenario('codes', 'every kind of status, and the statistics', async ({ alice, uri, rpc }) => {
    for (const code of codes) {
      await alice.request('OPTIONS', uri('x'), { headers: ['X-Do: codes', `X-Code: ${code}`] });
      await alice.receives(code);
    }
    await rpc('sl.stats');
    await rpc('stats.get_statistics', 'sl:');
  }),
  ask('text-code', 'a status that is a text', 505, ['X-Code: 404']),
  ask('alias', 'sl_reply()', 200),
  scenario('to-tag', 'a request with a To tag', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('x'), { headers: ['X-Do: alias'], to: `<${uri('x')}>;tag=own` });
    await alice.receives(200);
  }),
  ask('send', 'send_reply() without a transaction', 404),
  scenario('stateful', 'send_reply() with a transaction', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('x'), { headers: ['X-Do: stateful'] });
    await alice.ack(invite, await alice.receives(404));
  }),
  ask('mode-1', 'send_reply_mode() 1', 404),
  scenario(
    'mode-2',
    'send_reply_mode() 2 over TCP',
    async ({ alice, uri }) => {
      await alice.request('OPTIONS', uri('x'), { headers: ['X-Do: mode-2'] });
      await alice.receives(404);
    },
    { tcp: ['alice'] },
  ),
  scenario(
    'error-name',
    'a name that does not resolve: sl answers, and tm when the route ends',
    async ({ alice, uri }) => {
      const invite = await alice.invite(uri('error-name'), { headers: ['X-Do: error-name'] });
      await alice.ack(invite, await alice.receives(478));
      await alice.ack(invite, await alice.receives(478));
    },
  ),
  ask('error-none', 'sl_reply_error() without an error', 500),
  ask('tags', '$ltt', 200),
  ask('redirect', '302 with the branches', 302),
  ask('twice', 'two answers', 486),
  scenario('filtered', 'the ACK to a stateless refusal', async ({ alice, uri, rpc }) => {
    const invite = await alice.invite(uri('x'), { headers: ['X-Do: send'] });
    await alice.ack(invite, await alice.receives(404), { headers: ['X-Do: ack'] });
    await alice.request('ACK', uri('x'), { headers: ['X-Do: ack'] });
    await rpc('stats.get_statistics', 'sl:received_ACKs');
  }),
  scenario('failure', 'send_reply() in a failure route', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('x'), { headers: ['X-Do: failure'] });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(488));
  }),
  forwarded('forward', 'sl_forward_reply()', 486),
  forwarded('forward-code', 'with a code', 487),
  forwarded('forward-both', 'with a code and a reason', 487),
  forwarded('forward-class', 'with a code of another class', 0),
  forwarded('forward-bad', 'with no code', 0),
  forwarded('answer', 'send_reply() to a response', 0),
];

export default [group('sl', 'sl.cfg', scenarios), group('sl-unbound', 'sl.cfg', scenarios, ['-A', 'UNBOUND'])];

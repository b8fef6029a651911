/** dialog in a database: the rows a call leaves, those found at the start; restore_dlg and CSeq tracking keep their state there. */
import type { DbRow } from '../../../runtime/db/types.js';
import { preparedFile, withRows } from '../prepared.js';
import { group, hangUp, type Stage, scenario } from '../scenario.js';

async function call({ alice, bob, uri }: Stage, what: string) {
  const invite = await alice.invite(uri('bob'), { headers: [`X-Do: ${what}`] });
  const incoming = await bob.receives('INVITE');
  await bob.reply(incoming, 180);
  await alice.receives(180);
  await bob.reply(incoming, 200, { body: bob.sdp });
  const ok = await alice.receives(200, 'INVITE');
  await alice.ack(invite, ok);
  await bob.receives('ACK');
  return { caller: alice.dialog(invite, ok), callee: bob.dialog(incoming) };
}
async function rows({ carol, uri, pause }: Stage, delayed: boolean) {
  await pause(delayed ? 2200 : 200);
  await carol.request('OPTIONS', uri('rows'));
  await carol.receives(200);
}
const scenarios = (delayed: boolean) => [
  scenario('rows', 'rows of a call from the answer to the BYE', async (stage) => {
    const { alice, bob } = stage;
    const { caller, callee } = await call(stage, 'plain');
    await rows(stage, delayed);
    await caller.send('INFO', { headers: ['X-Set: second'] });
    await bob.reply(await bob.receives('INFO'), 200);
    await alice.receives(200, 'INFO');
    await rows(stage, delayed);
    await callee.send('INVITE', { body: bob.sdp, contact: '<sip:moved@127.0.0.1:22010>' });
    await alice.reply(await alice.receives('INVITE'), 488);
    await bob.receives(488);
    await rows(stage, delayed);
    await hangUp(caller, alice, bob);
  }),
  scenario('refused', 'a call that is refused leaves none', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
];
const beside = [
  scenario('replaced', 'restore_dlg: From and To replaced, and back, both ways', async (stage) => {
    const { alice, bob } = stage;
    const { caller, callee } = await call(stage, 'replace');
    await caller.send('INFO');
    await bob.reply(await bob.receives('INFO'), 200);
    await alice.receives(200, 'INFO');
    await callee.send('UPDATE');
    await alice.reply(await alice.receives('UPDATE'), 200);
    await bob.receives(200, 'UPDATE');
    await hangUp(caller, alice, bob);
  }),
  scenario('cseq', 'a challenge answered for alice: her CSeq numbers are raised from then on', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: auth'] });
    const first = await bob.receives('INVITE');
    await bob.reply(first, 401, { headers: ['WWW-Authenticate: Digest realm="realm.example", nonce="abcdef"'] });
    const second = await bob.receives('INVITE');
    await bob.reply(second, 200, { body: bob.sdp, tag: 'answered' });
    const ok = await alice.receives(200, 'INVITE');
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    const dialog = alice.dialog(invite, ok);
    await dialog.send('INFO');
    await bob.reply(await bob.receives('INFO'), 200);
    await alice.receives(200, 'INFO');
    await bob.dialog(second).send('INFO');
    await alice.reply(await alice.receives('INFO'), 200);
    await bob.receives(200, 'INFO');
    await hangUp(dialog, alice, bob);
  }),
];
/** As Kamailio left it: a call of alice.kept and bob, up for a long time to come. */
const now = Math.floor(Date.now() / 1000);
const kept = {
  hash_entry: 13, hash_id: 77, callid: 'kept-call', from_uri: 'sip:alice@a.test', from_tag: 'kept-a', to_uri: 'sip:bob@b.test',
  to_tag: 'kept-b', caller_cseq: '5', callee_cseq: '7', caller_route_set: null, callee_route_set: null,
  caller_contact: 'sip:alice@127.0.0.1:22000', callee_contact: 'sip:bob@127.0.0.1:22010', caller_sock: 'udp:127.0.0.1:21700',
  callee_sock: 'udp:127.0.0.1:21700', state: 4, start_time: now - 100, timeout: now + 100_000, sflags: 4, iflags: 1, toroute_name: 'LATE',
  req_uri: 'sip:bob@b.test', xdata: '{"profiles":[{"name":"all","puid":"p1"},{"name":"user","value":"kept","puid":"p2"}]}',
}; // biome-ignore format: one row
const read = scenario('read', 'a call found in the table at the start', async (stage) => {
  const { alice, bob, rpc, uri } = stage;
  // It listens before all modules have started.
  await stage.pause(500);
  await rpc('dlg.stats_active');
  await rpc('dlg.profile_get_size', 'user', 'kept');
  await alice.send({
    method: 'INFO', over: 'udp', uri: 'sip:bob@127.0.0.1:22010', via: alice.newVia(), from: '<sip:alice@a.test>;tag=kept-a',
    to: '<sip:bob@b.test>;tag=kept-b', callId: 'kept-call', cseq: 6, routes: [`<${uri()};lr;ftag=kept-a;did=d.d4>`],
  }); // biome-ignore format: one request
  await bob.reply(await bob.receives('INFO'), 200);
  await alice.receives(200, 'INFO');
  await rpc('dlg.terminate_dlg', 'kept-call', 'kept-a', 'kept-b');
  const toAlice = await alice.receives('BYE');
  const toBob = await bob.receives('BYE');
  await stage.pause(100);
  await alice.reply(toAlice, 200);
  await stage.pause(50);
  await bob.reply(toBob, 200);
  await rows(stage, false);
  await rpc('dlg.stats_active');
});

const made = (
  name: string,
  more: readonly string[],
  all: Parameters<typeof group>[2],
  found: readonly DbRow[] = [kept],
) =>
  withRows(group(name, 'dialog-db.cfg', all, [...more, '-A', `DB_CONNECTION="ca=>sqlite://${preparedFile(name)}"`]), {
    dialog: found,
    dialog_vars: [{ hash_entry: 13, hash_id: 77, dialog_key: 'a', dialog_value: 'kept' }],
  });
const shutdown = scenario('shutdown', 'a call over a stop and a start of the server', async (stage) => {
  const { alice, bob, rpc } = stage;
  await stage.pause(500);
  await rpc('dlg.stats_active');
  const { caller } = await call(stage, 'plain');
  await rows(stage, false);
  await stage.restart();
  await stage.pause(500);
  await rpc('dlg.stats_active');
  await rows(stage, false);
  await hangUp(caller, alice, bob);
  await rows(stage, false);
  await rpc('dlg.stats_active');
});
export default [
  made('dialog-shutdown', ['-A', 'SHUTDOWN'], [shutdown], []),
  made('dialog-db', [], [read, ...scenarios(false), ...beside]),
  made('dialog-delayed', ['-A', 'DELAYED'], [read, ...scenarios(true)]),
];

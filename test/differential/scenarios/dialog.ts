/** dialog: calls of every kind, what the script and commands see of them, timeouts, profiles, BYE, REFER and bridges of our own. */

import type { Packet } from '../packet.js';
import type { Party } from '../party.js';
import { group, hangUp, type Stage, scenario } from '../scenario.js';

type Call = Awaited<ReturnType<typeof call>>;

/** INVITE to the ACK, with this `X-Do`. */
async function call({ alice, bob, uri }: Stage, what: string, headers: readonly string[] = []) {
  const invite = await alice.invite(uri('bob'), { headers: [`X-Do: ${what}`, ...headers] });
  const incoming = await bob.receives('INVITE');
  await bob.reply(incoming, 180);
  await alice.receives(180);
  await bob.reply(incoming, 200, { body: bob.sdp });
  const ok = await alice.receives(200, 'INVITE');
  await alice.ack(invite, ok);
  await bob.receives('ACK');
  return { invite, incoming, ok, caller: alice.dialog(invite, ok), callee: bob.dialog(incoming) };
}
const tagOf = (value: string) => /;tag=([^;>\s]+)/.exec(value)?.[1] ?? '';
const idsOf = ({ invite, ok }: Call) => ({ callId: invite.callId, from: tagOf(invite.from), to: ok.tagOf('To') });

/** Asks the server about a call, over a request of its own. */
async function ask({ carol, uri }: Stage, c: Call, then: string) {
  const { callId, from, to } = idsOf(c);
  const headers = ['X-Do: get', `X-Call: ${callId}`, `X-From: ${from}`, `X-To: ${to}`, `X-Then: ${then}`];
  await carol.request('OPTIONS', uri('ask'), { headers });
  await carol.receives(200, 'OPTIONS');
}
async function tell({ carol, uri }: Stage, what: string, headers: readonly string[] = []) {
  await carol.request('OPTIONS', uri('ask'), { headers: [`X-Do: ${what}`, ...headers] });
  await carol.receives(200, 'OPTIONS');
}
/** The BYE of the server: it is answered. */
async function ended(party: Party, status = 200): Promise<Packet> {
  const bye = await party.receives('BYE', undefined, 6000);
  await party.reply(bye, status);
  return bye;
}
/** BYEs of the server to both: answered once both are there, so that nothing depends on which process is faster. */
async function bothEnded(stage: Stage, status = 200): Promise<void> {
  const { alice, bob } = stage;
  const toAlice = await alice.receives('BYE', undefined, 6000);
  const toBob = await bob.receives('BYE', undefined, 6000);
  await stage.pause(100);
  await alice.reply(toAlice, 200);
  await stage.pause(50);
  await bob.reply(toBob, status);
}
/** A request within the call and its answer. */
async function within(stage: Stage, c: Call, from: 'alice' | 'bob', method: string, headers: readonly string[] = []) {
  const to = from === 'alice' ? 'bob' : 'alice';
  await (from === 'alice' ? c.caller : c.callee).send(method, { headers });
  await stage[to].reply(await stage[to].receives(method), 200);
  return stage[from].receives(200, method);
}

const refused = (what: string, status: number) =>
  scenario(`${what}-${status}`, `${what}: refused with ${status}`, async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: [`X-Do: ${what}`] });
    await bob.reply(await bob.receives('INVITE'), status);
    await alice.ack(invite, await alice.receives(status));
  });
const plain = (what: string, from: 'alice' | 'bob' = 'alice') =>
  scenario(`${what}-${from}`, `${what}: a call, ended by ${from}`, async (stage) => {
    const c = await call(stage, what);
    if (from === 'alice') await hangUp(c.caller, stage.alice, stage.bob);
    else await hangUp(c.callee, stage.bob, stage.alice);
  });

const calls = [
  plain('show'),
  plain('show', 'bob'),
  plain('twice'),
  plain('newtran'),
  plain('unmanaged'),
  plain('profiles'),
  plain('flag'),
  plain('first'),
  refused('first', 486),
  refused('show', 603),
  refused('newtran', 404),
  refused('flag', 486),
  scenario('cancelled', 'cancelled while it rings', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: first'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('early', '183, in-dialog requests before the answer', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: show'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183, { body: bob.sdp, headers: ['Require: 100rel', 'RSeq: 1'] });
    const progress = await alice.receives(183);
    const dialog = alice.dialog(invite, progress);
    await dialog.send('PRACK', { headers: ['RAck: 1 1 INVITE', 'X-Do: show'] });
    await bob.reply(await bob.receives('PRACK'), 200);
    await alice.receives(200, 'PRACK');
    await dialog.send('UPDATE');
    await bob.reply(await bob.receives('UPDATE'), 200);
    await alice.receives(200, 'UPDATE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200, 'INVITE');
    await alice.ack(invite, ok, {});
    await bob.receives('ACK');
    await bob.dialog(incoming).send('BYE');
    await alice.reply(await alice.receives('BYE'), 200);
    await bob.receives(200, 'BYE');
  }),
  scenario('prack-bye', 'after a PRACK our own BYE has a higher CSeq', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: show'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183, { body: bob.sdp });
    const dialog = alice.dialog(invite, await alice.receives(183));
    await dialog.send('PRACK', { headers: ['RAck: 1 1 INVITE'] });
    await bob.reply(await bob.receives('PRACK'), 200);
    await alice.receives(200, 'PRACK');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200, 'INVITE');
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await ask(stage, { invite, incoming, ok, caller: dialog, callee: bob.dialog(incoming) }, 'bye');
    await bothEnded(stage);
  }),
  scenario('next', 'bob refuses, the failure route goes on to carol', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: first', 'X-Next: carol'] });
    await bob.reply(await bob.receives('INVITE'), 486);
    const second = await carol.receives('INVITE');
    await carol.reply(second, 200, { body: carol.sdp });
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await carol.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, carol);
  }),
  scenario('fork', 'two branches, one answers', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: fork'] });
    const toBob = await bob.receives('INVITE');
    const toCarol = await carol.receives('INVITE');
    await bob.reply(toBob, 180);
    await alice.receives(180);
    await carol.reply(toCarol, 200, { body: carol.sdp });
    const ok = await alice.receives(200, 'INVITE');
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(toBob, 487);
    await bob.receives('ACK');
    await alice.ack(invite, ok);
    await carol.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, carol);
  }),
  scenario('spiral', 'the INVITE comes back to the server', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('somebody'), { headers: ['X-Do: spiral'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, bob);
  }),
  scenario('again', 'the same INVITE twice', async ({ alice, bob, uri, pause }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: show'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.resend(invite);
    await pause(100);
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, bob);
  }),
  scenario('challenged', '407, then again with the next CSeq', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: first'] });
    await bob.reply(await bob.receives('INVITE'), 407, {
      headers: ['Proxy-Authenticate: Digest realm="r", nonce="n"'],
    });
    await alice.ack(invite, await alice.receives(407));
    const second = await alice.invite(uri('bob'), {
      headers: ['X-Do: first'],
      from: invite.from,
      callId: invite.callId,
      cseq: 2,
    });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp, tag: 'second' });
    const ok = await alice.receives(200);
    await alice.ack(second, ok);
    await bob.receives('ACK');
    await hangUp(alice.dialog(second, ok), alice, bob);
  }),
  scenario('local', 'answered 486 by the script', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: local'] });
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('stateless', 'answered without a transaction: forgotten at once', async (stage) => {
    const { alice, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: stateless'] });
    await alice.ack(invite, await alice.receives(404));
    await stage.rpc('dlg.dlg_list', invite.callId);
  }),
  scenario('statelessly', 'forwarded without a transaction: forgotten at once', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: statelessly'] });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.receives(486);
    await stage.rpc('dlg.dlg_list', invite.callId);
  }),
  scenario('no-contact', 'an INVITE without Contact is not followed', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: first'], omit: ['Contact'] });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('two-contacts', 'nor one with two', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('bob'), {
      headers: ['X-Do: first'],
      contact: '<sip:alice@127.0.0.1:22000>, <sip:alice@127.0.0.1:22001>',
    });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('ok-without-contact', 'a 200 without Contact', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: show'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp, contact: null });
    const ok = await alice.receives(200);
    const dialog = alice.dialog(invite, ok);
    await dialog.send('ACK', { uri: 'sip:bob@127.0.0.1:22010' });
    await bob.receives('ACK');
    await dialog.send('BYE', { uri: 'sip:bob@127.0.0.1:22010' });
    await bob.reply(await bob.receives('BYE'), 200);
    await alice.receives(200, 'BYE');
  }),
  scenario('no-invite', 'requests that make no dialog', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('bob'));
    await alice.receives(200);
    await alice.request('SUBSCRIBE', uri('bob'), { headers: ['Event: presence'] });
    await alice.receives(200);
  }),
  scenario('without-rr', 'no Record-Route: found by tags', async (stage) => {
    const c = await call(stage, 'no-rr');
    await c.caller.send('INFO', { routes: [], headers: ['X-Do: show'] });
    await stage.bob.reply(await stage.bob.receives('INFO'), 200);
    await stage.alice.receives(200, 'INFO');
    await c.caller.send('BYE', { routes: [] });
    await stage.bob.reply(await stage.bob.receives('BYE'), 200);
    await stage.alice.receives(200, 'BYE');
  }),
];

const inside = [
  scenario('requests', 'requests both ways within the call', async (stage) => {
    const c = await call(stage, 'first');
    for (const method of ['INFO', 'UPDATE', 'NOTIFY']) {
      await within(stage, c, 'alice', method, ['X-Do: show']);
      await within(stage, c, 'bob', method, ['X-Do: show']);
    }
    await hangUp(c.caller, stage.alice, stage.bob);
  }),
  scenario('reinvite', 'another Contact in a re-INVITE', async (stage) => {
    const { alice, bob } = stage;
    const c = await call(stage, 'first');
    const again = await c.caller.send('INVITE', {
      body: alice.sdp,
      contact: '<sip:moved@127.0.0.1:22000>',
      headers: ['X-Do: show'],
    });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    await alice.ack(again, await alice.receives(200, 'INVITE'));
    await bob.receives('ACK');
    await ask(stage, c, 'show');
    const back = await c.callee.send('INVITE', {
      body: bob.sdp,
      contact: '<sip:robert@127.0.0.1:22010>',
      headers: ['X-Do: show'],
    });
    await alice.reply(await alice.receives('INVITE'), 488);
    await bob.ack(back, await bob.receives(488));
    await ask(stage, c, 'show');
    await hangUp(c.caller, alice, bob);
  }),
  scenario('before-ack', 'a request before the ACK', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: first'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await bob.dialog(incoming).send('INFO', { headers: ['X-Do: show'] });
    await alice.reply(await alice.receives('INFO'), 200);
    await bob.receives(200, 'INFO');
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, bob);
  }),
  scenario('bye-before-ack', 'BYE instead of the ACK', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: first'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await hangUp(alice.dialog(invite, ok), alice, bob);
  }),
  scenario('bye-481', 'the BYE is answered 481', async (stage) => {
    const { alice, bob } = stage;
    const c = await call(stage, 'first');
    await c.caller.send('BYE');
    await bob.reply(await bob.receives('BYE'), 481);
    await alice.receives(481, 'BYE');
  }),
  scenario('bye-local', 'the script answers the BYE', async (stage) => {
    const c = await call(stage, 'first');
    await c.caller.send('BYE', { headers: ['X-Do: local'] });
    await stage.alice.receives(480, 'BYE');
  }),
  scenario('bye-statelessly', 'the BYE is forwarded without a transaction', async (stage) => {
    const { alice, bob } = stage;
    const c = await call(stage, 'first');
    await c.caller.send('BYE', { headers: ['X-Do: statelessly'] });
    await bob.reply(await bob.receives('BYE'), 200);
    await alice.receives(200, 'BYE');
    await stage.rpc('dlg.dlg_list', c.invite.callId);
  }),
  scenario('bye-twice', 'both hang up', async (stage) => {
    const { alice, bob } = stage;
    const c = await call(stage, 'first');
    await hangUp(c.caller, alice, bob);
    await hangUp(c.callee, bob, alice);
  }),
  scenario('late', 'a request after the BYE', async (stage) => {
    const c = await call(stage, 'first');
    await hangUp(c.caller, stage.alice, stage.bob);
    await within(stage, c, 'bob', 'INFO', ['X-Do: show']);
  }),
  scenario('wrong-tags', 'a request with the right did and wrong tags', async (stage) => {
    const { alice, bob } = stage;
    const c = await call(stage, 'first');
    await c.caller.send('INFO', { from: `<${alice.aor}>;tag=wrong` });
    await bob.reply(await bob.receives('INFO'), 481);
    await alice.receives(481, 'INFO');
    await hangUp(c.caller, alice, bob);
  }),
  scenario('wrong-did', 'a request with a did of nobody, and malformed ones', async (stage) => {
    const { alice, bob } = stage;
    const c = await call(stage, 'first');
    for (const did of ['1.2', 'x.y', '12', '1.123456789', '']) {
      const routes = c.caller.state.routes.map((route) => route.replace(/(did|dialog)=[^;>]+/, `$1=${did}`));
      await c.caller.send('INFO', { routes, headers: ['X-Do: show'] });
      await bob.reply(await bob.receives('INFO'), 200);
      await alice.receives(200, 'INFO');
    }
    await hangUp(c.caller, alice, bob);
  }),
  scenario('no-did', 'a Route without it', async (stage) => {
    const { alice, bob } = stage;
    const c = await call(stage, 'first');
    const routes = c.caller.state.routes.map((route) => route.replace(/;(did|dialog)=[^;>]+/, ''));
    await c.caller.send('INFO', { routes, headers: ['X-Do: show'] });
    await bob.reply(await bob.receives('INFO'), 200);
    await alice.receives(200, 'INFO');
    await hangUp(c.caller, alice, bob);
  }),
  scenario('ruri', 'dlg_set_ruri() both ways', async (stage) => {
    const c = await call(stage, 'first');
    await within(stage, c, 'alice', 'INFO', ['X-Do: ruri']);
    await within(stage, c, 'bob', 'INFO', ['X-Do: ruri']);
    await hangUp(c.caller, stage.alice, stage.bob);
  }),
  scenario('variables', 'numbers and deletion', async (stage) => {
    const c = await call(stage, 'first');
    await within(stage, c, 'alice', 'INFO', ['X-Do: int']);
    await within(stage, c, 'bob', 'INFO', ['X-Do: unset']);
    await hangUp(c.caller, stage.alice, stage.bob);
  }),
  scenario('flags', 'flags of a dialog', async (stage) => {
    const c = await call(stage, 'first');
    await ask(stage, c, 'flag');
    await hangUp(c.caller, stage.alice, stage.bob);
  }),
  scenario('rr-behind', 'Record-Routes of others before and behind', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'), {
      headers: ['X-Do: first', 'Record-Route: <sip:127.0.0.1:22000;lr;p=1>, <sip:127.0.0.1:22000;lr;p=2>'],
    });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, {
      body: bob.sdp,
      edit: (text) => text.replace('Record-Route:', 'Record-Route: <sip:127.0.0.1:22010;lr;p=3>\r\nRecord-Route:'),
    });
    const ok = await alice.receives(200);
    const caller = alice.dialog(invite, ok);
    await caller.send('ACK', { routes: caller.state.routes.slice(2) });
    await bob.receives('ACK');
    const c = { invite, incoming, ok, caller, callee: bob.dialog(incoming) };
    await ask(stage, c, 'show');
    await ask(stage, c, 'bye');
    await bothEnded(stage);
  }),
];

const ours = [
  ...['bye', 'caller', 'callee'].map((then) =>
    scenario(`own-${then}`, `dlg_bye(): ${then}`, async (stage) => {
      const { alice, bob } = stage;
      const c = await call(stage, 'first');
      await ask(stage, c, then);
      if (then === 'bye') await bothEnded(stage);
      else await ended(then === 'caller' ? alice : bob);
      await stage.pause(150);
      await stage.rpc('dlg.dlg_list', c.invite.callId);
    }),
  ),
  ...['refer-caller', 'refer-callee'].map((then) =>
    scenario(then, `dlg_refer(): ${then}`, async (stage) => {
      const { alice, bob } = stage;
      const c = await call(stage, 'first');
      await ask(stage, c, then);
      const asked = then === 'refer-caller' ? bob : alice;
      await asked.reply(await asked.receives('REFER'), 202);
      await ended(asked);
      await hangUp(c.caller, alice, bob);
    }),
  ),
  scenario('bridge', 'dlg_bridge(): a call, a REFER and a BYE', async (stage) => {
    const { alice } = stage;
    await tell(stage, 'bridge');
    const invite = await alice.receives('INVITE');
    await alice.reply(invite, 180);
    await alice.reply(invite, 200, { body: alice.sdp, headers: ['Record-Route: <sip:127.0.0.1:22000;lr>'] });
    await alice.receives('ACK');
    await alice.reply(await alice.receives('REFER'), 202);
    await ended(alice);
  }),
  scenario('bridge-refused', 'dlg_bridge(): nobody takes it', async (stage) => {
    const { alice } = stage;
    await tell(stage, 'bridge');
    await alice.reply(await alice.receives('INVITE'), 486);
    await alice.receives('ACK');
  }),
  scenario('bridge-rpc', 'dlg.bridge_dlg', async (stage) => {
    const { alice } = stage;
    await stage.rpc('dlg.bridge_dlg', 'sip:alice@127.0.0.1:22000', 'sip:bob@127.0.0.1:22010');
    const invite = await alice.receives('INVITE');
    await alice.reply(invite, 200, { body: alice.sdp });
    await alice.receives('ACK');
    await alice.reply(await alice.receives('REFER'), 603);
    await ended(alice);
  }),
  scenario('end-rpc', 'dlg.terminate_dlg', async (stage) => {
    const c = await call(stage, 'first');
    const { callId, from, to } = idsOf(c);
    await stage.rpc('dlg.is_alive', callId, from, to);
    await stage.rpc('dlg.terminate_dlg', callId, from, to);
    await bothEnded(stage, 481);
    await stage.pause(150);
    await stage.rpc('dlg.is_alive', callId, from, to);
    await stage.rpc('dlg.terminate_dlg', callId, from, to);
    await stage.rpc('dlg.terminate_dlg', callId);
  }),
  scenario('end-id', 'dlg.end_dlg with the numbers a listing shows', async (stage) => {
    const c = await call(stage, 'first');
    const routes = c.caller.state.routes[0] ?? '';
    const [, entry = '', id = ''] = /(?:did|dialog)=([0-9a-f]+)\.([0-9a-f]+)/.exec(routes) ?? [];
    const number = (digits: string) => String(Number.parseInt([...digits].reverse().join(''), 16) || 0);
    await stage.quietly('dlg.end_dlg', number(entry), number(id), 's:X-Why: test\r\n');
    await bothEnded(stage);
    await stage.rpc('dlg.end_dlg', '1', '2');
    await stage.rpc('dlg.end_dlg', '1');
  }),
  scenario('set-state', 'dlg.set_state', async (stage) => {
    const c = await call(stage, 'first');
    const { callId, from, to } = idsOf(c);
    await stage.rpc('dlg.set_state', callId, from, to, '9');
    await stage.rpc('dlg.set_state', callId, from, 'x', '5');
    await stage.rpc('dlg.set_state', callId);
    await stage.rpc('dlg.set_state', callId, from, to, '5');
    await stage.rpc('dlg.dlg_list', callId);
    await hangUp(c.caller, stage.alice, stage.bob);
  }),
];

const time = [
  ...['life', 'life-bye', 'life-route'].map((what) =>
    scenario(what, `${what}: its time runs out`, async (stage) => {
      const c = await call(stage, what);
      if (what === 'life-bye') await bothEnded(stage);
      await stage.pause(what === 'life-bye' ? 150 : 2500);
      await stage.rpc('dlg.dlg_list', c.invite.callId);
    }),
  ),
  scenario('life-zero', 'a time of 0 is no time', async (stage) => {
    const c = await call(stage, 'life-zero');
    await stage.rpc('dlg.dlg_list', c.invite.callId);
    await hangUp(c.caller, stage.alice, stage.bob);
  }),
  scenario('set-early', 'dlg_set_timeout() before the answer', async (stage) => {
    const c = await call(stage, 'time');
    await stage.rpc('dlg.dlg_list', c.invite.callId);
    await hangUp(c.caller, stage.alice, stage.bob);
  }),
  ...['time', 'time-id'].map((then) =>
    scenario(`set-${then}`, `dlg_set_timeout() of a call: ${then}`, async (stage) => {
      const c = await call(stage, 'first');
      await ask(stage, c, then);
      await stage.rpc('dlg.dlg_list', c.invite.callId);
      await stage.pause(2500);
      await stage.rpc('dlg.dlg_list', c.invite.callId);
    }),
  ),
  scenario('set-by-profile', 'dlg_set_timeout_by_profile()', async (stage) => {
    const { alice } = stage;
    await call(stage, 'first');
    await tell(stage, 'by-profile-all');
    await tell(stage, 'by-profile', [`X-User: ${alice.user}`]);
    await stage.pause(2500);
    await tell(stage, 'count');
  }),
  scenario('refreshed', 'a request within prolongs the time', async (stage) => {
    const c = await call(stage, 'first');
    await ask(stage, c, 'time');
    await within(stage, c, 'alice', 'INFO');
    await stage.rpc('dlg.dlg_list', c.invite.callId);
    await hangUp(c.caller, stage.alice, stage.bob);
  }),
];

const commands = [
  scenario('list', 'what listings show of a call in each state', async (stage) => {
    const { alice, bob, uri, rpc } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: first'] });
    const incoming = await bob.receives('INVITE');
    await rpc('dlg.dlg_list', invite.callId);
    await rpc('dlg.stats_active');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await rpc('dlg.dlg_list', invite.callId);
    await rpc('dlg.stats_active');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await rpc('dlg.dlg_list', invite.callId);
    await rpc('dlg.stats_active');
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await rpc('dlg.dlg_list', invite.callId);
    await rpc('dlg.dlg_list', invite.callId, tagOf(invite.from));
    await rpc('dlg.dlg_list_ctx', invite.callId, tagOf(invite.from));
    await rpc('dlg.dlg_list', invite.callId, 'x');
    await rpc('dlg.dlg_list');
    await rpc('dlg.list');
    await rpc('dlg.list_ctx');
    await rpc('dlg.stats_active');
    await rpc('dlg.stats_active', '1');
    await rpc('dlg.briefing', 'x');
    await rpc('dlg.briefing', 'ftcFISEsx');
    await rpc('dlg.profile_get_size', 'all');
    await rpc('dlg.profile_get_size', 'user');
    await rpc('dlg.profile_get_size', 'user', alice.user);
    await rpc('dlg.profile_get_size', 'user', 'x');
    await rpc('dlg.profile_get_size', 'none');
    await rpc('dlg.profile_get_size');
    await rpc('dlg.profile_list', 'all');
    await rpc('dlg.profile_list', 'user', alice.user);
    await rpc('dlg.profile_list', 'user', 'x');
    await rpc('dlg.profile_list', 'none');
    await hangUp(alice.dialog(invite, ok), alice, bob);
    await rpc('dlg.dlg_list', invite.callId);
  }),
  scenario('match', 'dlg.list_match', async (stage) => {
    const { alice, bob, rpc } = stage;
    const c = await call(stage, 'first');
    for (const words of [
      ['callid', 'eq', c.invite.callId],
      ['callid', 'sw', 'call-1-match'],
      ['ruri', 'sw', 'sip:bob'],
      ['furi', 're', 'ALICE.*match'],
      ['turi', 're', '(', '1'],
      ['turi', 'eq', 'x'],
      ['callid', 'gt', '1'],
      ['start_ts', 'eq', '1'],
      ['start_ts', 'gt', '1'],
      ['start_ts', 'lt', '1'],
      ['start_ts', 'gt', 'x'],
      ['other', 'eq', 'x'],
      ['callid', 'xx', 'x'],
      ['callid', 'equal', 'x'],
      ['callid', 'eq'],
    ]) {
      // A number is text here.
      await rpc(
        'dlg.list_match',
        ...words.map((word) => (/^\d+$/.test(word) && word !== words[3] ? `s:${word}` : word)),
      );
    }
    await rpc('dlg.list_match_ctx', 'callid', 'eq', c.invite.callId);
    await hangUp(c.caller, alice, bob);
  }),
  scenario('alive', 'dlg.is_alive of what is not', async (stage) => {
    await stage.rpc('dlg.is_alive', 'x', 'y', 'z');
    await stage.rpc('dlg.is_alive', 'x');
  }),
  scenario('nothing', 'functions where there is no dialog', async (stage) => tell(stage, 'props')),
  scenario('remote', 'dlg_remote_profile()', async (stage) => {
    await tell(stage, 'remote');
    await stage.rpc('dlg.profile_get_size', 'user', 'remote');
    await stage.rpc('dlg.profile_list', 'user', 'remote');
  }),
  scenario('statistics', 'counters of calls', async (stage) => {
    const { alice, bob, uri } = stage;
    const shown = () => stage.rpc('stats.get_statistics', 'dialog:');
    await shown();
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: first'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await shown();
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await shown();
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, bob);
    await shown();
  }),
];

export default [
  group('dialog', 'dialog.cfg', [...commands, ...calls, ...inside, ...ours, ...time]),
  group('dialog-other', 'dialog.cfg', [...commands, ...calls, ...inside], ['-A', 'OTHER']),
  group('dialog-tags', 'dialog.cfg', [...calls, ...inside], ['-A', 'TAGS']),
];

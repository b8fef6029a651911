/** Calls through the stock config: INVITE to BYE, CANCEL, forks, dialogs (RFC 3261 §12–§16). */
import { establish, group, hangUp, scenario, silent } from '../scenario.js';

export default group('stock-calls', '/etc/kamailio/kamailio.cfg', [
  scenario('answered', 'INVITE 180 200 ACK BYE', async ({ alice, bob }) => {
    await bob.register();
    const call = await establish(alice, bob);
    await hangUp(call.caller, alice, bob);
  }),
  scenario('callee-bye', 'the callee hangs up', async ({ alice, bob }) => {
    await bob.register();
    const call = await establish(alice, bob);
    await hangUp(call.callee, bob, alice);
  }),
  scenario('busy', '486 and its ACK', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    await bob.reply(await bob.receives('INVITE'), 486, { headers: ['Retry-After: 30'] });
    await alice.ack(invite, await alice.receives(486));
    await bob.receives('ACK');
  }),
  scenario('cancel-ringing', 'CANCEL after 180', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite, { headers: ['Reason: SIP;cause=200;text="Call completed elsewhere"'] });
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
    await bob.receives('ACK');
  }),
  scenario('cancel-early', 'CANCEL before any answer of the callee', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    const incoming = await bob.receives('INVITE');
    await alice.cancel(invite);
    await alice.receives(200, 'CANCEL');
    await bob.reply(incoming, 180);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('cancel-late', 'CANCEL crosses the 200', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200, 'INVITE');
    await alice.cancel(invite);
    await alice.receives(200, 'CANCEL');
    await alice.ack(invite, ok);
    await bob.receives('ACK');
  }),
  scenario('cancel-unknown', 'CANCEL that matches nothing', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('CANCEL', bob);
  }),
  scenario(
    'cancel-twice',
    'the same CANCEL again',
    async ({ alice, bob }) => {
      await bob.register();
      const invite = await alice.invite(bob);
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 180);
      await alice.receives(180);
      const cancel = await alice.cancel(invite);
      await alice.receives(200, 'CANCEL');
      await bob.reply(await bob.receives('CANCEL'), 200);
      await alice.resend(cancel);
      await alice.receives(200, 'CANCEL');
      await bob.reply(incoming, 487);
      await alice.ack(invite, await alice.receives(487));
    },
    { keepRepeats: true },
  ),
  scenario('not-registered', 'nobody there: 404, and its ACK is absorbed', async ({ alice, bob }) => {
    const invite = await alice.invite(bob);
    await alice.ack(invite, await alice.receives(404));
  }),
  scenario('declined', '603 with a body', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    await bob.reply(await bob.receives('INVITE'), 603, { body: 'not now', type: 'text/plain' });
    await alice.ack(invite, await alice.receives(603));
  }),
  scenario('redirect', '302 goes back to the caller', async ({ alice, bob, carol }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    await bob.reply(await bob.receives('INVITE'), 302, { contact: carol.contact });
    await alice.ack(invite, await alice.receives(302));
  }),
  scenario('unavailable', '503 from the only target becomes 500 upstream', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    await bob.reply(await bob.receives('INVITE'), 503, { headers: ['Retry-After: 5'] });
    await alice.ack(invite, await alice.receives(500));
  }),
  scenario('challenge', '407 passes with its challenge', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    const headers = ['Proxy-Authenticate: Digest realm="x", qop="auth", algorithm=MD5'];
    await bob.reply(await bob.receives('INVITE'), 407, { headers });
    await alice.ack(invite, await alice.receives(407));
  }),
  scenario('early-media', '183 with SDP, then 200', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 100);
    await bob.reply(incoming, 183, { body: bob.sdp, headers: ['Require: 100rel', 'RSeq: 1'] });
    await alice.receives(183);
    await bob.reply(incoming, 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200));
    await bob.receives('ACK');
  }),
  scenario(
    'invite-again',
    'a retransmitted INVITE gets the last reply, not a second branch',
    async ({ alice, bob }) => {
      await bob.register();
      const invite = await alice.invite(bob);
      const incoming = await bob.receives('INVITE');
      await alice.receives(100);
      await alice.resend(invite);
      await alice.receives(100);
      await bob.reply(incoming, 180);
      await alice.receives(180);
      await alice.resend(invite);
      await alice.receives(180);
      await bob.reply(incoming, 486);
      const busy = await alice.receives(486);
      await alice.resend(invite);
      await alice.receives(486);
      await alice.ack(invite, busy);
    },
    { keepRepeats: true },
  ),
  scenario(
    'ok-again',
    'a retransmitted 200 is passed on again',
    async ({ alice, bob }) => {
      await bob.register();
      const invite = await alice.invite(bob);
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 200, { body: bob.sdp });
      const ok = await alice.receives(200);
      await bob.reply(incoming, 200, { body: bob.sdp });
      await alice.receives(200);
      await alice.ack(invite, ok);
      await bob.receives('ACK');
    },
    { keepRepeats: true },
  ),
  scenario(
    'busy-again',
    'a retransmitted 486 is acknowledged again and not passed on',
    async ({ alice, bob }) => {
      await bob.register();
      const invite = await alice.invite(bob);
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 486);
      await bob.receives('ACK');
      await alice.ack(invite, await alice.receives(486));
      await bob.reply(incoming, 486);
      await bob.receives('ACK');
    },
    { keepRepeats: true },
  ),
  scenario(
    'bye-again',
    'a retransmitted BYE gets the stored 200',
    async ({ alice, bob }) => {
      await bob.register();
      const call = await establish(alice, bob);
      const bye = await call.caller.send('BYE');
      await bob.reply(await bob.receives('BYE'), 200);
      await alice.receives(200, 'BYE');
      await alice.resend(bye);
      await alice.receives(200, 'BYE');
    },
    { keepRepeats: true },
  ),
  scenario(
    'ack-again',
    'a retransmitted ACK to a 200 is passed on again',
    async ({ alice, bob }) => {
      await bob.register();
      const invite = await alice.invite(bob);
      await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp });
      const ack = await alice.ack(invite, await alice.receives(200));
      await bob.receives('ACK');
      await alice.resend(ack);
      await bob.receives('ACK');
    },
    { keepRepeats: true },
  ),
  scenario('reinvite', 'hold and resume from both sides', async ({ alice, bob }) => {
    await bob.register();
    const call = await establish(alice, bob);
    await call.caller.send('INVITE', { body: alice.sdp.replace('sendrecv', 'sendonly') });
    await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp.replace('sendrecv', 'recvonly') });
    await alice.receives(200, 'INVITE');
    await call.caller.send('ACK');
    await bob.receives('ACK');
    await call.callee.send('INVITE', { body: bob.sdp });
    await alice.reply(await alice.receives('INVITE'), 200, { body: alice.sdp });
    await bob.receives(200, 'INVITE');
    await call.callee.send('ACK');
    await alice.receives('ACK');
    await hangUp(call.callee, bob, alice);
  }),
  scenario('reinvite-refused', 're-INVITE refused with 491', async ({ alice, bob }) => {
    await bob.register();
    const call = await establish(alice, bob);
    const again = await call.caller.send('INVITE', { body: alice.sdp });
    await bob.reply(await bob.receives('INVITE'), 491);
    await alice.ack(again, await alice.receives(491));
    await bob.receives('ACK');
    await hangUp(call.caller, alice, bob);
  }),
  scenario('in-dialog', 'UPDATE, INFO, MESSAGE, REFER, NOTIFY in a dialog', async ({ alice, bob }) => {
    await bob.register();
    const call = await establish(alice, bob);
    for (const method of ['UPDATE', 'INFO', 'MESSAGE', 'REFER']) {
      await call.caller.send(method, { body: 'Signal=5', type: 'application/dtmf-relay' });
      await bob.reply(await bob.receives(method), method === 'REFER' ? 202 : 200);
      await alice.receives(method === 'REFER' ? 202 : 200, method);
    }
    await call.callee.send('NOTIFY', { headers: ['Event: refer', 'Subscription-State: active'], contact: bob.contact });
    await alice.reply(await alice.receives('NOTIFY'), 200);
    await bob.receives(200, 'NOTIFY');
    await hangUp(call.caller, alice, bob);
  }),
  scenario('prack', 'PRACK takes the route set', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob);
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180, { headers: ['Require: 100rel', 'RSeq: 7'] });
    const early = alice.dialog(invite, await alice.receives(180));
    await early.send('PRACK', { headers: ['RAck: 7 1 INVITE'] });
    await bob.reply(await bob.receives('PRACK'), 200);
    await alice.receives(200, 'PRACK');
    await bob.reply(incoming, 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('bye-refused', '481 to a BYE', async ({ alice, bob }) => {
    await bob.register();
    const call = await establish(alice, bob);
    await call.caller.send('BYE');
    await bob.reply(await bob.receives('BYE'), 481);
    await alice.receives(481, 'BYE');
  }),
  scenario('strict-next', 'a next hop without lr gets a strict route', async ({ alice, bob, carol }) => {
    await bob.register();
    const call = await establish(alice, bob);
    const routes = [...call.caller.state.routes, `<sip:${carol.hostPort}>`];
    await call.caller.send('BYE', { routes });
    await carol.reply(await carol.receives('BYE'), 200);
    await alice.receives(200, 'BYE');
  }),
  scenario('strict-before', 'a strict router before us put our URI in the Request-URI', async ({ alice, bob, uri }) => {
    await bob.register();
    const call = await establish(alice, bob);
    await call.caller.send('BYE', { uri: `${uri()};lr`, routes: [`<${call.caller.state.target}>`] });
    await bob.reply(await bob.receives('BYE'), 200);
    await alice.receives(200, 'BYE');
  }),
  scenario('routes-in-one', 'our Route and the next in one header field', async ({ alice, bob, carol }) => {
    await bob.register();
    const call = await establish(alice, bob);
    const ours = call.caller.state.routes[0] ?? '';
    await call.caller.send('BYE', { routes: [`${ours}, <sip:${carol.hostPort};lr>;x=1`] });
    await carol.reply(await carol.receives('BYE'), 200);
    await alice.receives(200, 'BYE');
  }),
  scenario('preloaded-route', 'a preloaded Route on an initial INVITE is removed', async ({ alice, bob, uri }) => {
    await bob.register();
    const invite = await alice.invite(bob, { headers: [`Route: <${uri()};lr>`] });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('no-route', 'a To tag without Route', async ({ alice, bob }) => {
    await alice.request('BYE', bob, { to: `<${bob.aor}>;tag=gone` });
    await alice.receives(404);
  }),
  silent(
    scenario('ack-stray', 'an ACK that belongs to nothing', async ({ alice, bob }) => {
      await alice.request('ACK', bob, { to: `<${bob.aor}>;tag=gone` });
    }),
  ),
  scenario('ack-no-tag', 'an ACK without To tag', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('ACK', bob);
  }),
  scenario('fork-answered', 'two contacts: one answers, the other is cancelled', async ({ alice, bob, carol }) => {
    await bob.register();
    await carol.register({ aor: bob.aor });
    const invite = await alice.invite(bob);
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 180);
    await alice.receives(180);
    await carol.reply(atCarol, 180);
    await alice.receives(180);
    await carol.reply(atCarol, 200, { body: carol.sdp });
    await alice.ack(invite, await alice.receives(200));
    await carol.receives('ACK');
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(atBob, 487);
    await bob.receives('ACK');
  }),
  scenario('fork-both', 'both answer: both 200s reach the caller', async ({ alice, bob, carol }) => {
    await bob.register();
    await carol.register({ aor: bob.aor });
    const invite = await alice.invite(bob);
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200));
    await bob.receives('ACK');
    await carol.reply(atCarol, 200, { body: carol.sdp });
    const second = await alice.receives(200);
    await alice.ack(invite, second);
    await carol.receives('ACK');
    await hangUp(alice.dialog(invite, second), alice, carol);
  }),
  scenario('fork-best', '404 then 486: the lower class and code wins', async ({ alice, bob, carol }) => {
    await bob.register();
    await carol.register({ aor: bob.aor });
    const invite = await alice.invite(bob);
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 486);
    await bob.receives('ACK');
    await carol.reply(atCarol, 404);
    await alice.ack(invite, await alice.receives(404));
  }),
  scenario('fork-busy-503', '503 and 486', async ({ alice, bob, carol }) => {
    await bob.register();
    await carol.register({ aor: bob.aor });
    const invite = await alice.invite(bob);
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 503);
    await bob.receives('ACK');
    await carol.reply(atCarol, 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('fork-declined', '6xx cancels the others at once', async ({ alice, bob, carol }) => {
    await bob.register();
    await carol.register({ aor: bob.aor });
    const invite = await alice.invite(bob);
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 180);
    await alice.receives(180);
    await carol.reply(atCarol, 603);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(atBob, 487);
    await alice.ack(invite, await alice.receives(603));
  }),
  scenario('fork-cancelled', 'CANCEL goes to all branches', async ({ alice, bob, carol }) => {
    await bob.register();
    await carol.register({ aor: bob.aor });
    const invite = await alice.invite(bob);
    const branches = [
      { party: bob, incoming: await bob.receives('INVITE') },
      { party: carol, incoming: await carol.receives('INVITE') },
    ];
    for (const { party, incoming } of branches) {
      await party.reply(incoming, 180);
      await alice.receives(180);
    }
    await alice.cancel(invite);
    for (const { party, incoming } of branches) {
      await party.reply(await party.receives('CANCEL'), 200);
      await party.reply(incoming, 487);
      await party.receives('ACK');
    }
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('fork-q', 'contacts with different q ring together in the order of q', async ({ alice, bob, carol }) => {
    await bob.register({ contact: `${bob.contact};q=0.2` });
    await carol.register({ aor: bob.aor, contact: `${carol.contact};q=0.9` });
    const invite = await alice.invite(bob);
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 480);
    await bob.receives('ACK');
    await carol.reply(atCarol, 480);
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('fork-challenges', '401 and 407 of two branches', async ({ alice, bob, carol }) => {
    await bob.register();
    await carol.register({ aor: bob.aor });
    const invite = await alice.invite(bob);
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 407, { headers: ['Proxy-Authenticate: Digest realm="b"'] });
    await bob.receives('ACK');
    await carol.reply(atCarol, 401, { headers: ['WWW-Authenticate: Digest realm="c"'] });
    const refused = await Promise.race([alice.receives(401), alice.receives(407)]).catch(() => null);
    if (refused !== null) await alice.ack(invite, refused);
  }),
  scenario('big-body', 'a body of 3000 bytes survives', async ({ alice, bob }) => {
    await bob.register();
    const body = `${alice.sdp}${'a=candidate:1 1 UDP 1 10.0.0.1 1 typ host\r\n'.repeat(70)}`;
    const invite = await alice.invite(bob, { body });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('binary-body', 'every byte value in a body', async ({ alice, bob }) => {
    await bob.register();
    const body = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    await alice.request('MESSAGE', bob, { body, type: 'application/octet-stream' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('utf8-display', 'UTF-8 in a display name', async ({ alice, bob }) => {
    await bob.register();
    const name = Buffer.from('Ärger & Søn', 'utf8').toString('latin1');
    const invite = await alice.invite(bob, { from: `"${name}" <${alice.aor}>;tag=${alice.newTag()}` });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
]);

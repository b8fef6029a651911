/** Requests the server makes itself, and the commands of tm (RFC 3261 §8.1, §17.1; RFC 6026 has no say in them). */
import type { Packet } from '../packet.js';
import { group, scenario } from '../scenario.js';

const text = { body: 'x', type: 'text/plain' };
const id = (packet: Packet): string => packet.header('X-Tm-Id');
const from = (n: number) => `From: <sip:cmd${n}@example.com>\r\nTo: <sip:b@example.com>\r\n`;

export default group('tm-local', 'tm-local.cfg', [
  scenario('send', 't_uac_send(): an OPTIONS, and a MESSAGE with all of it given', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('send.x'), text);
    await bob.reply(await bob.receives('OPTIONS'), 200);
    await bob.reply(await bob.receives('MESSAGE'), 404);
    await alice.receives(202);
  }),
  scenario('wrong', 't_uac_send(): arguments that are wrong', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('wrong.x'), text);
    await alice.receives(202);
  }),
  scenario('dropped', 'event_route[tm:local-request] drops it', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('dropped.x'), text);
    await alice.receives(202);
  }),
  scenario('edited', 'event_route[tm:local-request] edits it', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('edited.x'), text);
    await bob.reply(await bob.receives('OPTIONS'), 200);
    await alice.receives(202);
  }),
  scenario('silent', 'nobody answers: the failure route (enable_uac_fr)', async ({ alice, bob, uri, pause }) => {
    await alice.request('MESSAGE', uri('silent.x'), text);
    await bob.receives('OPTIONS');
    await alice.receives(202);
    await pause(1300);
  }),
  scenario('invite-refused', 'an INVITE of our own: ACK to a 486', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('invite.x'), text);
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await bob.reply(incoming, 486);
    await bob.receives('ACK');
    await alice.receives(202);
  }),
  scenario(
    'invite-taken',
    'an INVITE of our own: ACK to a 200 and to its retransmission',
    async ({ alice, bob, uri }) => {
      await alice.request('MESSAGE', uri('invite.x'), text);
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 200, { body: bob.sdp });
      await bob.receives('ACK');
      await bob.reply(incoming, 200, { body: bob.sdp });
      await bob.receives('ACK');
      await alice.receives(202);
    },
    { keepRepeats: true },
  ),
  scenario('invite-routed', 'ACK along the Record-Routes of the 200', async ({ alice, bob, carol, uri }) => {
    await alice.request('MESSAGE', uri('fresh.x'), text);
    await bob.reply(await bob.receives('INVITE'), 200, {
      headers: ['Record-Route: <sip:127.0.0.1:22030;lr>, <sip:127.0.0.1:22020;lr>'],
    });
    await carol.receives('ACK');
    await alice.receives(202);
  }),
  scenario('rpc-start', 'tm.t_uac_start', async ({ bob, rpc }) => {
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:x@127.0.0.1:22010', '.', '.', from(1), 's:');
    await bob.reply(await bob.receives('OPTIONS'), 200);
    await rpc(
      'tm.t_uac_start',
      'OPTIONS',
      'sip:x@127.0.0.1:22010',
      '.',
      '.',
      'From: "A" <sip:a@b>;x=1\r\nTo: sip:c@d;y\r\nX: 1\r\n',
      's:',
    );
    await bob.reply(await bob.receives('OPTIONS'), 200);
    await rpc(
      'tm.t_uac_start',
      'MESSAGE',
      'sip:x@127.0.0.1:22010',
      '.',
      '.',
      `${from(2)}Content-Type: text/plain\r\n`,
      'hello',
    );
    await bob.reply(await bob.receives('MESSAGE'), 200);
  }),
  scenario('rpc-wrong', 'tm.t_uac_start with wrong arguments', async ({ rpc }) => {
    await rpc('tm.t_uac_start', 'OPTIONS', 'nobody:x', '.', '.', from(1), 's:');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:a@b', 'x', '.', from(1), 's:');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:a@b', '.', 'udp:127.0.0.9:1', from(1), 's:');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:a@b', '.', '.', 'To: <sip:a@b>\r\n', 's:');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:a@b', '.', '.', 'From: <sip:a@b>\r\n', 's:');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:a@b', '.', '.', `${from(1)}CSeq: 1 INVITE\r\n`, 's:');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:a@b', '.', '.', from(1), 'body');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:a@b');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:x@no.such.host.invalid', '.', '.', from(1), 's:');
    await rpc('tm.t_uac_start', 'OPTIONS', 'sip:dropped@127.0.0.1:22010', '.', '.', from(1), 's:');
  }),
  scenario('rpc-wait-block', 'tm.t_uac_wait_block', async ({ bob, rpc }) => {
    const waiting = rpc('tm.t_uac_wait_block', 'OPTIONS', 'sip:x@127.0.0.1:22010', '.', '.', from(1), 's:');
    await bob.reply(await bob.receives('OPTIONS'), 405);
    await waiting;
  }),
  scenario('rpc-reply', 'tm.reply by transaction, tm.reply_callid by Call-ID', async ({ alice, rpc, uri }) => {
    const one = await alice.invite(uri('held.x'));
    const held = await alice.receives(183);
    await rpc('tm.reply', '180', 'Ringing', id(held), 'cmdtag', 'X-H: 1\r\n', 's:');
    await alice.receives(180);
    await rpc('tm.reply', '486', 'Busy', id(held), 'cmdtag', 'X-H: 2\r\nContent-Type: text/plain\r\n', 'why');
    await alice.ack(one, await alice.receives(486));
    const two = await alice.invite(uri('held.x'));
    await alice.receives(183);
    await rpc('tm.reply_callid', '404', 'Gone', two.callId, 's:1', 'cmdtag', 'X-H: 3\r\n', 's:');
    await alice.ack(two, await alice.receives(404));
    await rpc('tm.reply_callid', '404', 'Gone', 'no-such-call', 's:1', 'cmdtag', 's:', 's:');
    await rpc('tm.reply', '404', 'Gone', 'x', 'cmdtag', 's:', 's:');
    await rpc('tm.reply', '404', 'Gone', '1:1', 'cmdtag', 's:', 's:');
    await rpc('tm.reply', 'x');
    await rpc('tm.reply', '404');
  }),
  scenario('rpc-cancel', 'tm.cancel', async ({ alice, bob, rpc, uri }) => {
    const invite = await alice.invite(uri('relayed.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await rpc('tm.cancel', invite.callId, 's:1');
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
    await rpc('tm.cancel', 'no-such-call', 's:1');
    await rpc('tm.cancel', 'no-such-call');
    await rpc('tm.hash_stats');
    await rpc('tm.clean');
  }),
]);

/** Forks, serial and parallel, with branch, reply and failure routes of our own cfg (RFC 3261 §16.6–§16.8). */
import { group, scenario } from '../scenario.js';

const agent = { headers: ['User-Agent: Peer 1.0'] };

export default group('forks', 'forks.cfg', [
  scenario('voicemail', 'busy: on to voicemail, which answers', async ({ alice, bob, voicemail, uri }) => {
    const invite = await alice.invite(uri('voicemail.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await bob.receives('ACK');
    await voicemail.reply(await voicemail.receives('INVITE'), 200, { body: voicemail.sdp });
    await alice.ack(invite, await alice.receives(200));
  }),
  scenario('voicemail-ringing', 'ringing first, busy then, on to voicemail', async ({ alice, bob, voicemail, uri }) => {
    const invite = await alice.invite(uri('voicemail.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await bob.reply(incoming, 486);
    await voicemail.reply(await voicemail.receives('INVITE'), 200, { body: voicemail.sdp });
    await alice.ack(invite, await alice.receives(200));
  }),
  scenario('voicemail-busy', 'both are busy', async ({ alice, bob, voicemail, uri }) => {
    const invite = await alice.invite(uri('voicemail.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await voicemail.reply(await voicemail.receives('INVITE'), 480);
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('voicemail-other', 'a status the failure route leaves alone', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('voicemail.x'));
    await bob.reply(await bob.receives('INVITE'), 404);
    await alice.ack(invite, await alice.receives(404));
  }),
  scenario('voicemail-cancelled', 'CANCEL does not go on to voicemail', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('voicemail.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('answer', 'the failure route answers instead', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('answer.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(404));
  }),
  scenario('keep', 'a failure route that only logs', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('keep.x'));
    await bob.reply(await bob.receives('INVITE'), 486, { headers: ['X-Kept: yes'] });
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('third', 'three targets one after the other', async ({ alice, bob, carol, voicemail, uri }) => {
    const invite = await alice.invite(uri('third.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await carol.reply(await carol.receives('INVITE'), 503);
    await voicemail.reply(await voicemail.receives('INVITE'), 200, { body: voicemail.sdp });
    await alice.ack(invite, await alice.receives(200));
  }),
  scenario('parallel', 'a failure route that forks', async ({ alice, bob, carol, voicemail, uri }) => {
    const invite = await alice.invite(uri('parallel.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    const atCarol = await carol.receives('INVITE');
    const atVoicemail = await voicemail.receives('INVITE');
    await carol.reply(atCarol, 180);
    await alice.receives(180);
    await voicemail.reply(atVoicemail, 200, { body: voicemail.sdp });
    await alice.ack(invite, await alice.receives(200));
    await carol.reply(await carol.receives('CANCEL'), 200);
    await carol.reply(atCarol, 487);
    await carol.receives('ACK');
  }),
  scenario('branch', 'a branch route edits each branch', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('branch.x'), agent);
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 486);
    await bob.receives('ACK');
    await carol.reply(atCarol, 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('drop-branch', 'a branch route drops one branch', async ({ alice, carol, uri }) => {
    const invite = await alice.invite(uri('drop-branch.x'));
    await carol.reply(await carol.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('reply', 'a reply route edits what comes back', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('reply.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183, { headers: ['X-Remove: me', 'X-Keep: me'] });
    await alice.receives(183);
    await bob.reply(incoming, 200, { body: bob.sdp, headers: ['X-Remove: me'] });
    await alice.ack(invite, await alice.receives(200));
  }),
  scenario('drop-reply', 'a reply route drops provisional responses', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('drop-reply.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183);
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await bob.reply(incoming, 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('change', 'change_reply_status()', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('change.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183);
    await alice.receives(180);
    await bob.reply(incoming, 486);
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('core-reply', 'the core reply route drops and edits', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('plain.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 199, { reason: 'Early Dialog Terminated' });
    await bob.reply(incoming, 180, { headers: ['X-Core: 1'] });
    await alice.receives(180);
    await bob.reply(incoming, 486, { headers: ['X-Core: 2'] });
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('redirect', 'a 302 followed in the failure route', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('redirect.x'));
    await bob.reply(await bob.receives('INVITE'), 302, { contact: carol.contact });
    await carol.reply(await carol.receives('INVITE'), 200, { body: carol.sdp });
    await alice.ack(invite, await alice.receives(200));
  }),
  scenario('edits', 'edits of a failure route are gone in the next', async ({ alice, bob, carol, voicemail, uri }) => {
    const invite = await alice.invite(uri('edits.x'), agent);
    await bob.reply(await bob.receives('INVITE'), 486);
    await carol.reply(await carol.receives('INVITE'), 480);
    await voicemail.reply(await voicemail.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('newtran', 't_newtran() and two t_reply()', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('newtran.x'));
    await alice.receives(183);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('stateless', 'sl_send_reply(), and its ACK', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('stateless.x'));
    await alice.ack(invite, await alice.receives(302));
  }),
  scenario('send-reply', 'send_reply() with a header', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('send-reply.x'));
    await alice.ack(invite, await alice.receives(302));
  }),
  scenario('flags', 'flags and avps in branch, reply and failure routes', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('flags.x'));
    const atBob = await bob.receives('INVITE');
    const atCarol = await carol.receives('INVITE');
    await bob.reply(atBob, 180);
    await alice.receives(180);
    await carol.reply(atCarol, 486);
    await carol.receives('ACK');
    await bob.reply(atBob, 480);
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('message-voicemail', 'a failure route of a MESSAGE', async ({ alice, bob, voicemail, uri }) => {
    await alice.request('MESSAGE', uri('voicemail.x'), { body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 486);
    await voicemail.reply(await voicemail.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
]);

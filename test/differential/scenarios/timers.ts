/** No answer, on a cfg of ours with short timers (RFC 3261 §16.6 item 11, §16.8, §17.1). */
import { group, scenario } from '../scenario.js';

export default group('timers', 'timers.cfg', [
  scenario(
    'silent',
    'nobody answers: INVITE again, then 408',
    async ({ alice, bob, uri }) => {
      const invite = await alice.invite(uri('silent'));
      await bob.receives('INVITE');
      await bob.receives('INVITE');
      await alice.ack(invite, await alice.receives(408));
    },
    { keepRepeats: true },
  ),
  scenario('ringing', 'it rings too long: CANCEL and 408', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('ringing'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    const cancel = await bob.receives('CANCEL');
    await alice.ack(invite, await alice.receives(408));
    await bob.reply(cancel, 200);
    await bob.reply(incoming, 487);
    await bob.receives('ACK');
  }),
  scenario('ringing-late-ok', 'the 200 crosses the CANCEL of the timeout', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('ringing'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    const cancel = await bob.receives('CANCEL');
    await alice.ack(invite, await alice.receives(408));
    await bob.reply(cancel, 200);
    await bob.reply(incoming, 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200));
    await bob.receives('ACK');
  }),
  scenario(
    'message-silent',
    'a MESSAGE nobody answers: again, then 408',
    async ({ alice, bob, uri }) => {
      await alice.request('MESSAGE', uri('silent'), { body: 'x', type: 'text/plain' });
      await bob.receives('MESSAGE');
      await bob.receives('MESSAGE');
      await alice.receives(408);
    },
    { keepRepeats: true },
  ),
  scenario('cancel-silent', 'CANCEL when nothing came from the callee, ever', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('silent'));
    await bob.receives('INVITE');
    await alice.cancel(invite);
    await alice.receives(200, 'CANCEL');
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario(
    'cancel-unanswered',
    'the callee answers neither CANCEL nor INVITE any more',
    async ({ alice, bob, uri }) => {
      const invite = await alice.invite(uri('ringing'));
      await bob.reply(await bob.receives('INVITE'), 180);
      await alice.receives(180);
      await alice.cancel(invite);
      await bob.receives('CANCEL');
      await alice.ack(invite, await alice.receives(487));
    },
  ),
  scenario('second-after-silence', 'failure route after no answer', async ({ alice, bob, voicemail, uri }) => {
    const invite = await alice.invite(uri('second'));
    await bob.receives('INVITE');
    await voicemail.reply(await voicemail.receives('INVITE'), 200, { body: voicemail.sdp });
    await alice.ack(invite, await alice.receives(200));
    await voicemail.receives('ACK');
  }),
  scenario('second-after-ringing', 'failure route after ringing too long', async ({ alice, bob, voicemail, uri }) => {
    const invite = await alice.invite(uri('second'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await bob.reply(await bob.receives('CANCEL'), 200);
    const atVoicemail = await voicemail.receives('INVITE');
    await bob.reply(incoming, 487);
    await bob.receives('ACK');
    await voicemail.reply(atVoicemail, 200, { body: voicemail.sdp });
    await alice.ack(invite, await alice.receives(200));
    await voicemail.receives('ACK');
  }),
  scenario('second-cancelled', 'CANCEL while the second target rings', async ({ alice, bob, voicemail, uri }) => {
    const invite = await alice.invite(uri('second'));
    await bob.reply(await bob.receives('INVITE'), 486);
    const incoming = await voicemail.receives('INVITE');
    await voicemail.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite);
    await voicemail.reply(await voicemail.receives('CANCEL'), 200);
    await voicemail.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('patient', 't_set_fr() changes the timers of one transaction', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('patient'));
    await bob.receives('INVITE');
    await alice.ack(invite, await alice.receives(408));
  }),
  scenario('logged', 'the failure route answers instead', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('logged'));
    await bob.receives('INVITE');
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('both-one-silent', 'one of two branches is silent, the other busy', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('both'));
    await bob.receives('INVITE');
    await carol.reply(await carol.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(408));
  }),
  scenario(
    'final-unacknowledged',
    'a final reply without ACK is sent again',
    async ({ alice, bob, uri }) => {
      await alice.invite(uri('silent'));
      await bob.reply(await bob.receives('INVITE'), 486);
      await alice.receives(486);
      await alice.receives(486);
    },
    { keepRepeats: true },
  ),
  scenario('late-after-timeout', 'an answer after the 408 goes nowhere', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('silent'));
    const incoming = await bob.receives('INVITE');
    await alice.ack(invite, await alice.receives(408));
    await bob.reply(incoming, 180);
    await bob.reply(incoming, 486);
  }),
  scenario(
    'tcp-silent',
    'no retransmissions over TCP',
    async ({ alice, bob, uri }) => {
      const invite = await alice.invite(uri('silent'));
      await bob.receives('INVITE');
      await alice.ack(invite, await alice.receives(408));
    },
    { tcp: ['alice'], keepRepeats: true },
  ),
]);

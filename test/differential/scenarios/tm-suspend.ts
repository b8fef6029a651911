/** A transaction left in one message and gone on with from another: t_suspend(), t_continue(). */
import type { Packet } from '../packet.js';
import type { Party } from '../party.js';
import { group, scenario } from '../scenario.js';

/** Asks for the transaction to go on in this route block. */
async function goOn(from: Party, name: string, held: Packet, uri: (user: string) => string): Promise<void> {
  await from.request('MESSAGE', uri(`go-${name}`), {
    headers: [`X-Tm-Id: ${held.header('X-Tm-Id')}`],
    omit: ['Contact'],
  });
  await from.receives(200, 'MESSAGE');
}

export default group('tm-suspend', 'tm-suspend.cfg', [
  scenario('relay', 'continued with a relay', async ({ alice, bob, dave, uri }) => {
    const invite = await alice.invite(uri('relay.x'));
    const held = await alice.receives(183);
    await goOn(dave, 'RELAY', held, uri);
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await bob.reply(incoming, 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200));
  }),
  scenario('fork', 'continued with two branches and a failure route', async ({ alice, bob, carol, dave, uri }) => {
    const invite = await alice.invite(uri('fork.x'));
    const held = await alice.receives(183);
    await goOn(dave, 'FORK', held, uri);
    await bob.reply(await bob.receives('INVITE'), 486);
    await bob.receives('ACK');
    await carol.reply(await carol.receives('INVITE'), 404);
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('answer', 'continued with an answer, then once more', async ({ alice, dave, uri }) => {
    const invite = await alice.invite(uri('answer.x'));
    const held = await alice.receives(183);
    await goOn(dave, 'ANSWER', held, uri);
    await alice.ack(invite, await alice.receives(404));
    await goOn(dave, 'ANSWER', held, uri);
  }),
  scenario('nothing', 'continued with a route that does nothing: 500', async ({ alice, dave, uri }) => {
    const invite = await alice.invite(uri('nothing.x'));
    const held = await alice.receives(183);
    await goOn(dave, 'NOTHING', held, uri);
    await alice.ack(invite, await alice.receives(500));
  }),
  scenario('again', 'suspended again, continued again', async ({ alice, dave, uri }) => {
    const invite = await alice.invite(uri('again.x'));
    const held = await alice.receives(183);
    await goOn(dave, 'AGAIN', held, uri);
    await goOn(dave, 'ANSWER', held, uri);
    await alice.ack(invite, await alice.receives(404));
  }),
  scenario('message', 'a MESSAGE is suspended', async ({ alice, bob, dave, uri }) => {
    await alice.request('MESSAGE', uri('message.x'), { body: 'x', type: 'text/plain' });
    const held = await alice.receives(183);
    await goOn(dave, 'RELAY', held, uri);
    await bob.reply(await bob.receives('MESSAGE'), 202);
    await alice.receives(202);
  }),
  scenario('retransmitted', 'retransmissions are absorbed while it is suspended', async ({ alice, bob, dave, uri }) => {
    const invite = await alice.invite(uri('retransmitted.x'));
    const held = await alice.receives(183);
    await alice.resend(invite);
    await goOn(dave, 'RELAY', held, uri);
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('unmade', 't_suspend() makes the transaction; nobody continues it', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('unmade.x'));
    await alice.receives(100);
    await alice.ack(invite, await alice.receives(408));
  }),
  scenario('guarded', 'nobody continues it: the failure route', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('guarded.x'));
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('canceled', 'CANCEL while suspended, then continued', async ({ alice, dave, uri }) => {
    const invite = await alice.invite(uri('canceled.x'));
    const held = await alice.receives(183);
    await alice.cancel(invite);
    await alice.receives(200, 'CANCEL');
    await alice.ack(invite, await alice.receives(487));
    await goOn(dave, 'RELAY', held, uri);
  }),
  scenario('guarded-canceled', 'CANCEL while suspended runs the failure route', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('guarded.x'));
    await alice.receives(183);
    await alice.cancel(invite);
    await alice.receives(200, 'CANCEL');
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('wrong', 'no such transaction, no such route', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('wrong.x'));
    await alice.receives(200);
  }),
  scenario('answered', 'suspended after the final response', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('answered.x'));
    await alice.ack(invite, await alice.receives(404));
  }),
  scenario(
    'reply',
    'a 180 suspended in its reply route, repeated meanwhile, then let go',
    async ({ alice, bob, dave, uri, pause }) => {
      const invite = await alice.invite(uri('reply.x'));
      const held = await alice.receives(183);
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 180);
      await pause(150);
      await bob.reply(incoming, 180);
      await pause(150);
      await goOn(dave, 'PASS', held, uri);
      await alice.receives(180);
      await bob.reply(incoming, 486);
      await alice.ack(invite, await alice.receives(486));
    },
  ),
  scenario('failure', 'suspended in a failure route', async ({ alice, bob, dave, uri }) => {
    const invite = await alice.invite(uri('failure.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    const held = await alice.receives(183);
    await goOn(dave, 'FORK', held, uri);
    await bob.reply(await bob.receives('INVITE'), 404);
    await alice.ack(invite, await alice.receives(480));
  }),
]);

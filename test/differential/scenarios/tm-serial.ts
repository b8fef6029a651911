/** Contacts tried class by class: q of RFC 3261 §16.6, instances and flows of RFC 5626 §4.2, with tm's t_serial functions. */
import { group, scenario } from '../scenario.js';

const instance = (n: number) => `;+sip.instance="<urn:uuid:00000000-0000-0000-0000-00000000000${n}>";reg-id=1`;

export default group('tm-serial', 'tm-serial.cfg', [
  scenario('single', 'one target: nothing to load', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('single.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('empty', 'nothing loaded', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('empty.x'));
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('mode', 'a mode there is not', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('mode.x'));
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario(
    'q',
    'three classes: two at once, then one, then the one without q',
    async ({ alice, bob, carol, dave, voicemail, uri }) => {
      const invite = await alice.invite(uri('q.x'));
      const atCarol = await carol.receives('INVITE');
      const atDave = await dave.receives('INVITE');
      await carol.reply(atCarol, 486);
      await carol.receives('ACK');
      await dave.reply(atDave, 486);
      await dave.receives('ACK');
      await voicemail.reply(await voicemail.receives('INVITE'), 603);
      await voicemail.receives('ACK');
      await bob.reply(await bob.receives('INVITE'), 404);
      await bob.receives('ACK');
      await alice.ack(invite, await alice.receives(480));
    },
  ),
  scenario(
    'q-timeout',
    'a class that does not answer, and one that only rings',
    async ({ alice, bob, carol, dave, uri }) => {
      await bob.register({ contact: '<sip:bob@127.0.0.1:22010>;q=0.9', aor: uri('q-timeout.x') });
      await carol.register({ contact: '<sip:carol@127.0.0.1:22020>;q=0.5', aor: uri('q-timeout.x') });
      await dave.register({ contact: '<sip:dave@127.0.0.1:22030>;q=0.1', aor: uri('q-timeout.x') });
      const invite = await alice.invite(uri('q-timeout.x'));
      await bob.receives('INVITE');
      const atCarol = await carol.receives('INVITE');
      await carol.reply(atCarol, 180);
      await alice.receives(180);
      await carol.reply(await carol.receives('CANCEL'), 200);
      const atDave = await dave.receives('INVITE');
      await carol.reply(atCarol, 487);
      await carol.receives('ACK');
      await dave.reply(atDave, 200, { body: dave.sdp });
      await alice.ack(invite, await alice.receives(200));
    },
  ),
  scenario('q-cancel', 'CANCEL in the second class ends it', async ({ alice, bob, carol, uri }) => {
    await bob.register({ contact: '<sip:bob@127.0.0.1:22010>;q=0.9', aor: uri('q-cancel.x') });
    await carol.register({ contact: '<sip:carol@127.0.0.1:22020>;q=0.5', aor: uri('q-cancel.x') });
    const invite = await alice.invite(uri('q-cancel.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    const atCarol = await carol.receives('INVITE');
    await carol.reply(atCarol, 180);
    await alice.receives(180);
    await alice.cancel(invite);
    await carol.reply(await carol.receives('CANCEL'), 200);
    await carol.reply(atCarol, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario(
    'proportional',
    'mode 1: the one with a q first, then those without, one at a time',
    async ({ alice, bob, carol, dave, uri }) => {
      const invite = await alice.invite(uri('proportional.x'));
      await dave.reply(await dave.receives('INVITE'), 486);
      await dave.receives('ACK');
      const first = await Promise.race([bob.receives('INVITE'), carol.receives('INVITE')]);
      await (first.arrival.text.includes('sip:bob@') ? bob : carol).reply(first, 486);
      const second = first.arrival.text.includes('sip:bob@') ? carol : bob;
      await second.reply(await second.receives('INVITE'), 486);
      await second.receives('ACK');
      await alice.ack(invite, await alice.receives(480));
    },
  ),
  scenario(
    'flows',
    'two flows of one device: the second is tried when the first fails',
    async ({ alice, bob, carol, dave, uri }) => {
      await bob.register({ contact: `<sip:bob@127.0.0.1:22010>;q=0.5${instance(1)}`, aor: uri('flows.x') });
      await carol.register({
        contact: `<sip:carol@127.0.0.1:22020>;q=0.5${instance(1).replace('reg-id=1', 'reg-id=2')}`,
        aor: uri('flows.x'),
      });
      await dave.register({ contact: `<sip:dave@127.0.0.1:22030>;q=0.5${instance(2)}`, aor: uri('flows.x') });
      const invite = await alice.invite(uri('flows.x'));
      const first = await Promise.race([bob.receives('INVITE'), carol.receives('INVITE')]);
      const atDave = await dave.receives('INVITE');
      const atBob = first.arrival.text.includes('sip:bob@');
      await (atBob ? bob : carol).reply(first, 430);
      const second = atBob ? carol : bob;
      await second.reply(await second.receives('INVITE'), 486);
      await dave.reply(atDave, 486);
      await alice.ack(invite, await alice.receives(480));
    },
  ),
]);

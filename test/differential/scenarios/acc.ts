/** acc: lines of answered, failed, missed and acknowledged transactions. */
import { establish, group, hangUp, type Stage, scenario } from '../scenario.js';

const done = ['answered', 'missed', 'both', 'failed', 'none', 'late', 'legs'] as const;

const answered = (what: (typeof done)[number]) =>
  scenario(`${what}-200`, `${what}: answered`, async ({ alice, bob, uri }: Stage) => {
    const invite = await alice.invite(uri('bob'), { headers: [`X-Do: ${what}`] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183, { body: bob.sdp });
    await alice.receives(183);
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(bob.dialog(incoming), bob, alice);
  });
const refused = (what: (typeof done)[number], status: number, headers: readonly string[] = [], relayed = status) =>
  scenario(`${what}-${status}`, `${what}: ${status}`, async ({ alice, bob, uri }: Stage) => {
    const invite = await alice.invite(uri('bob'), { headers: [`X-Do: ${what}`] });
    await bob.reply(await bob.receives('INVITE'), status, { headers });
    await alice.ack(invite, await alice.receives(relayed));
  });
/** Bob refuses, the failure route goes on. */
const onwards = (what: string, next: string, status: number) =>
  scenario(`${what}-${next}`, `${what}: then ${next}`, async ({ alice, bob, carol, uri }: Stage) => {
    const invite = await alice.invite(uri('bob'), { headers: [`X-Do: ${what}`, `X-Next: ${next}`] });
    await bob.reply(await bob.receives('INVITE'), 486);
    if (next !== 'answer') await carol.reply(await carol.receives('INVITE'), status);
    await alice.ack(invite, await alice.receives(status));
  });

const scenarios = [
  ...done.map(answered),
  ...(['answered', 'missed', 'both', 'failed'] as const).flatMap((what) => [refused(what, 486), refused(what, 404)]),
  refused('failed', 503, ['Reason: SIP;cause=503;text="Overload"'], 500),
  refused('failed', 600, ['Reason: Q.850;cause=17']),
  ...['both', 'missed', 'failed', 'none'].flatMap((what) => [
    onwards(what, 'bob', 480),
    onwards(what, 'answer', 480),
    onwards(what, 'again', 603),
  ]),
  scenario('now', 'acc_log_request() and its kin', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('x'), { headers: ['X-Do: now', 'X-Comment: 603 Said so'] });
    await alice.receives(200);
  }),
  scenario('local', 'answered by the script', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('x'), { headers: ['X-Do: local'] });
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('cancelled', 'cancelled', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: both'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('message', 'a MESSAGE', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('bob'), { headers: ['X-Do: both'] });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
    await alice.request('MESSAGE', uri('bob'), { headers: ['X-Do: both'] });
    await bob.reply(await bob.receives('MESSAGE'), 480);
    await alice.receives(480);
  }),
  scenario('direction', 'requests from both sides of a call', async ({ alice, bob }) => {
    const call = await establish(alice, bob);
    await call.callee.send('INFO');
    await alice.reply(await alice.receives('INFO'), 200);
    await bob.receives(200, 'INFO');
    await hangUp(call.caller, alice, bob);
  }),
];

export default [group('acc', 'acc.cfg', scenarios), group('acc-other', 'acc.cfg', scenarios, ['-A', 'OTHER'])];

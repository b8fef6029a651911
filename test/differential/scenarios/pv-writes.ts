/** Assignments in every kind of route: what is read afterwards, and what goes over the wire. */
import { writesCfg } from '../probes/cfg.js';
import { generated, type Stage, scenario } from '../scenario.js';

/** A call that is refused by bob and then by carol; the cfg knows by its Call-ID what to write. */
const refusedTwice = async ({ alice, bob, carol, uri }: Stage) => {
  const invite = await alice.request('INVITE', uri('callee'));
  await bob.reply(await bob.receives('INVITE'), 486);
  await carol.reply(await carol.receives('INVITE'), 603);
  await alice.ack(invite, await alice.receives(603));
};

export default generated(
  'pv-writes',
  writesCfg(),
  [
    scenario('writes', 'every assignment, and what it answers', refusedTwice),
    ...['request', 'branch', 'onsend', 'reply', 'onreply', 'failure', 'event'].map((kind) =>
      scenario(kind, `what a write in this kind of route leaves (${kind})`, refusedTwice),
    ),
  ],
  ['-M', '32'],
);

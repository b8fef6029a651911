/** Every pseudo-variable, read in every kind of route: on what has it, on what lacks it, and on hostile text. */
import { probesCfg } from '../probes/cfg.js';
import { bare, big, full, hostile, typical } from '../probes/messages.js';
import { generated, type Stage, scenario } from '../scenario.js';

/** Two branches: the first rings and is busy, the second is out of service. */
export async function refused({ alice, bob }: Stage, text: string, method: string): Promise<void> {
  await alice.raw(text);
  const first = await bob.receives(method);
  const second = await bob.receives(method);
  if (method === 'INVITE') await bob.reply(first, 180);
  await bob.reply(first, 486, { headers: ['X-Reply: one', 'Contact: <sip:bob@127.0.0.1:22010>'] });
  await bob.reply(second, 503, { headers: ['X-Reply: two'] });
  await alice.receives(486);
}

export default generated('pv-probes', probesCfg(), [
  scenario('typical', 'a message that has nearly everything', (stage) => refused(stage, typical, 'INVITE')),
  scenario('bare', 'a message that has only what it must have', (stage) => refused(stage, bare, 'MESSAGE')),
  scenario('hostile', 'compact, folded, escaped, repeated, empty', (stage) => refused(stage, hostile, 'INVITE')),
  scenario('big', 'a body of 60 kB', async ({ alice }) => {
    await alice.raw(big(60_000));
    await alice.receives(200);
  }),
  scenario('full', 'every part of every address', async ({ alice }) => {
    await alice.raw(full);
    await alice.receives(200);
  }),
]);

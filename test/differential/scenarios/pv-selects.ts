/** Every select, read in every kind of route, on the messages of the probes. */
import { selectsCfg } from '../probes/cfg.js';
import { bare, big, full, hostile, typical } from '../probes/messages.js';
import { generated, scenario } from '../scenario.js';
import { refused } from './pv-probes.js';

export default generated(
  'pv-selects',
  selectsCfg(),
  [
    scenario('typical', 'a message that has nearly everything', (stage) => refused(stage, typical, 'INVITE')),
    scenario('bare', 'a message that has only what it must have', (stage) => refused(stage, bare, 'MESSAGE')),
    scenario('hostile', 'compact, folded, escaped, repeated, empty', (stage) => refused(stage, hostile, 'INVITE')),
    scenario('big', 'a body of 60 kB', (stage) => refused(stage, big(60_000), 'MESSAGE'), { outlineOnly: true }),
    scenario('full', 'every part of every address', async ({ alice }) => {
      await alice.raw(full);
      await alice.receives(200);
    }),
  ],
  // Kamailio needs the memory to read so long a cfg.
  ['-M', '64'],
);

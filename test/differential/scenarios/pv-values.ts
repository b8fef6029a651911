/** Transformations, selects and assignments, on the messages of the probes. */
import { valuesCfg } from '../probes/cfg.js';
import { bare, hostile, typical } from '../probes/messages.js';
import { generated, type Stage, scenario } from '../scenario.js';

const answered = (name: string, title: string, text: string) =>
  scenario(name, title, async ({ alice }: Stage) => {
    await alice.raw(text.replaceAll(`z9hG4bK-`, 'z9hG4bK-v').replace(/call-1-/, `call-v-${name}-`));
    // Thousands of log lines.
    await alice.receives(200, undefined, 9_000);
  });

export default generated(
  'pv-values',
  valuesCfg(),
  [
    answered('texts', 'transformations', bare),
    answered('typical', 'a message that has nearly everything', typical),
    answered('bare', 'a message that has only what it must have', bare.replace('MESSAGE sip:bare', 'MESSAGE sip:few')),
    answered('hostile', 'compact, folded, escaped, repeated, empty', hostile),
    // Kamailio needs the memory to read so long a cfg.
  ],
  ['-M', '64'],
);

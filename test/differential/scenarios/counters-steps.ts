/** counters and cfgutils: counters of the script, read by `$stat` and by RPC; functions that report memory. */
import { scenario } from '../scenario.js';
import { type Case, stepGroup } from '../steps.js';

const read = '$stat(one) $stat(two)';
const cases: Case[] = [
  {
    slug: 'count',
    title: 'cnt_inc(), cnt_add(), cnt_reset()',
    answered: true,
    steps: [
      // Another scenario, or none, came before.
      ...['mine.one', 'mine.two', 'own.three'].map((name) => `cnt_reset("${name}")`),
      ['cnt_inc("one")', read],
      ['cnt_inc("mine.one")', read],
      ['cnt_add("two", "5")', read],
      ['cnt_add("two", "-2")', read],
      ['cnt_add("mine.two", "0")', read],
      ['cnt_reset("two")', read],
      ['cnt_reset("two")', read],
      ['cnt_inc("two")', read],
      ['cnt_inc("own.three")', '$stat(three)'],
      ['cnt_inc("script.early")', '$stat(early)'],
    ],
  },
  {
    slug: 'memory',
    title: 'pkg_status(), shm_status(), pkg_summary(), shm_summary()',
    answered: true,
    steps: ['pkg_status()', 'shm_status()', 'pkg_summary()', 'shm_summary()'],
  },
];
const head = `loadmodule "counters.so"
modparam("counters", "script_counter", "early")
modparam("counters", "script_cnt_grp_name", "mine")
modparam("counters", "script_counter", "one")
modparam("counters", "script_counter", "two the second")
modparam("counters", "script_counter", "own.three")
`;
const made = stepGroup('counters-steps', 'cfgutils kex ctl', head, cases);
export default {
  ...made,
  scenarios: [
    ...made.scenarios,
    scenario('listed', 'the counters by RPC', async ({ alice, uri, rpc }) => {
      await alice.request('MESSAGE', uri('count'), { body: 'x', type: 'text/plain' });
      await alice.receives(200);
      await rpc('cnt.get', 'mine', 'one');
      await rpc('cnt.get', 'own', 'three');
      await rpc('cnt.grp_get_all', 'mine');
      await rpc('cnt.var_list', 'mine');
      await rpc('cnt.help', 'mine', 'two');
      await rpc('cnt.reset', 'mine', 'one');
      await rpc('cnt.get', 'mine', 'one');
      await rpc('cnt.get', 'mine', 'none');
    }),
  ],
};

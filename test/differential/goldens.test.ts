/**
 * sipc against the goldens: same cfg, same packets, and every peer has to receive what it received from Kamailio.
 * SIPC_SCENARIOS plays some only: names of groups or `group/scenario`, commas between.
 *
 * Most of a scenario is waiting, so groups are played side by side, as many as `maxConcurrency` (vitest.config.ts) says, each with
 * a server and peers of its own; within a group the scenarios follow each other.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverProblem } from '../support/databases.js';
import { startSipc } from '../support/sipc.js';
import { missingTools, readable } from '../support/tools.js';
import { compare } from './compare.js';
import { deviations } from './deviations.js';
import { readGolden } from './goldens.js';
import { loadGroups } from './groups.js';
import { Players, sipcPace, Theatre } from './play.js';
import type { Group } from './scenario.js';

const wanted = process.env.SIPC_SCENARIOS?.split(',');

async function wantedGroups(): Promise<Group[]> {
  return (await loadGroups())
    .map((group) => ({
      ...group,
      scenarios: group.scenarios.filter(
        ({ slug }) => wanted === undefined || wanted.includes(group.name) || wanted.includes(`${group.name}/${slug}`),
      ),
    }))
    .filter(({ scenarios }) => scenarios.length > 0);
}

/** A run that needs more of them is not unlucky; none where bugs are planted. */
let replays = process.env.SIPC_TREE === undefined ? 15 : 0;

/** Peers of groups that are over, for those to come. */
const idle: Players[] = [];
afterAll(async () => {
  for (const players of idle) await players.close();
});

/** About how long it takes, in scenarios: a cfg of a thousand lines has to be compiled. */
const weight = ({ scenarios, text = '' }: Group): number => scenarios.length + text.length / 10_000;
// The longest first: the last to end are short.
const groups = (await wantedGroups()).sort((a, b) => weight(b) - weight(a));
if (groups.length === 0) it.skip('no scenario is wanted');

describe.concurrent.each(groups)('$name ($cfg)', (group) => {
  let players: Players;
  let theatre: Theatre | null = null;
  let impossible = group.cfg.startsWith('/') && !readable(group.cfg) ? missingTools([], [group.cfg]) : null;

  const open = () => Theatre.open(startSipc, players, group, sipcPace);
  beforeAll(async () => {
    players = idle.pop() ?? (await Players.open());
    if (group.server !== undefined) impossible ??= await serverProblem(group.server);
    if (impossible !== null && process.env.CI === 'true') throw new Error(impossible);
    if (impossible === null) theatre = await open();
  });
  afterAll(async () => {
    await theatre?.close();
    idle.push(players);
  });

  for (const scenario of group.scenarios)
    it.sequential(`${scenario.slug}: ${scenario.title}`, async ({ skip }) => {
      if (impossible !== null) skip(impossible);
      if (scenario.ipv6 && !players.ipv6) skip('no ::1 on this machine');
      const missing = missingTools(scenario.needs);
      if (missing !== null) skip(missing);
      const absent = scenario.files.find((file) => !readable(file));
      if (absent !== undefined) skip(`no ${absent}`);
      const golden = readGolden(group, scenario);
      if (golden === null) throw new Error(`no golden: npm run differential:record ${group.name}/${scenario.slug}`);
      if (theatre === null) throw new Error('the server did not start');
      const deviation = deviations[`${group.name}/${scenario.slug}`];
      const isExpected = (difference: string | null) =>
        deviation === undefined ? difference === null : difference?.includes(deviation.shows) === true;
      let difference = compare(golden, await theatre.play(scenario, golden));
      if (!isExpected(difference) && replays > 0) {
        // Its timers are those of a busy machine: once more, on a fresh server, and not in silence.
        replays--;
        console.log(`${group.name}/${scenario.slug}: played twice\n${difference}`);
        await theatre.close();
        theatre = await open();
        difference = compare(golden, await theatre.play(scenario, golden));
      }
      if (deviation !== undefined)
        expect(difference, 'differs on purpose, or remove it from deviations.ts').toContain(deviation.shows);
      else expect(difference ?? '', difference ?? '').toBe('');
      expect(theatre.server.alive(), theatre.server.output()).toBe(true);
    });
});

/**
 * sipc against the goldens: same cfg, same packets, and every peer has to receive what it received from Kamailio.
 * SIPC_SCENARIOS plays some only: names of groups or `group/scenario`, commas between.
 *
 * Most of a scenario is waiting, so the groups are dealt out to lanes: one test file each, with a server and peers of its own.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverProblem } from '../support/databases.js';
import { startSipc } from '../support/sipc.js';
import { missingTools, readable } from '../support/tools.js';
import { compare } from './compare.js';
import { deviations } from './deviations.js';
import { readGolden } from './goldens.js';
import { loadGroups } from './groups.js';
import { Players, Theatre } from './play.js';
import type { Group } from './scenario.js';

const lanes = 3;

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

/** The largest groups first, each to the lane that has least. */
function dealt(groups: readonly Group[], lane: number): Group[] {
  const loads = Array.from({ length: lanes }, (): { total: number; groups: Group[] } => ({ total: 0, groups: [] }));
  for (const group of [...groups].sort((a, b) => b.scenarios.length - a.scenarios.length)) {
    const least = loads.reduce((a, b) => (b.total < a.total ? b : a));
    least.groups.push(group);
    least.total += group.scenarios.length;
  }
  return loads[lane]?.groups ?? [];
}

/** A lane that needs more of them is not unlucky. */
const MAX_REPLAYS = 5;

/** The tests of one lane, numbered from 0. */
export async function playLane(lane: number): Promise<void> {
  const groups = dealt(await wantedGroups(), lane);
  if (groups.length === 0) it.skip('no scenario of this lane is wanted');

  let replays = process.env.SIPC_TREE === undefined ? MAX_REPLAYS : 0;
  let players: Players;
  beforeAll(async () => {
    players = await Players.open();
  });
  afterAll(() => players.close());

  for (const group of groups)
    describe(`${group.name} (${group.cfg})`, () => {
      let theatre: Theatre | null = null;
      let impossible = group.cfg.startsWith('/') && !readable(group.cfg) ? missingTools([], [group.cfg]) : null;

      const open = () => Theatre.open(startSipc, players, group, 2_000, 70);
      beforeAll(async () => {
        if (group.server !== undefined) impossible ??= await serverProblem(group.server);
        if (impossible !== null && process.env.CI === 'true') throw new Error(impossible);
        if (impossible === null) theatre = await open();
      }, 90_000);
      afterAll(async () => {
        await theatre?.close();
      });

      for (const scenario of group.scenarios)
        it(`${scenario.slug}: ${scenario.title}`, { timeout: 90_000 }, async ({ skip }) => {
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
          let difference = compare(golden, await theatre.play(scenario));
          if (!isExpected(difference) && replays > 0) {
            // Its timers are those of a busy machine: once more, on a fresh server, and not in silence.
            replays--;
            console.log(`${group.name}/${scenario.slug}: played twice\n${difference}`);
            await theatre.close();
            theatre = await open();
            difference = compare(golden, await theatre.play(scenario));
          }
          if (deviation !== undefined)
            expect(difference, 'differs on purpose, or remove it from deviations.ts').toContain(deviation.shows);
          else expect(difference ?? '', difference ?? '').toBe('');
          expect(theatre.server.alive(), theatre.server.output()).toBe(true);
        });
    });
}

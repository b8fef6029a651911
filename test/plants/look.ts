/**
 * `tsx test/plants/look.ts NAME…` plays what plants are to be noticed by, without a test runner around it, and prints the names of
 * those that fail as JSON. For run.ts, which starts it in a copy of the tree.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from '../differential/compare.js';
import { readGolden } from '../differential/goldens.js';
import { loadGroups } from '../differential/groups.js';
import { Players, sipcPace, Theatre } from '../differential/play.js';
import { modesOf, playRow, stateMachines } from '../ladders/state-machines.js';
import { projectRoot } from '../support/in-process.js';
import { playLadder } from '../support/ladder.js';
import { parseLadder } from '../support/ladder-file.js';
import { startLadderServer } from '../support/ladder-server.js';
import { startSipc } from '../support/sipc.js';

const names = process.argv.slice(2);
const failed = new Set<string>();
/** One has to be able to start, or a failure proves nothing. */
const passes = async (play: () => Promise<void>): Promise<boolean> => {
  try {
    await play();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'LadderFailure') return false;
    throw error;
  }
};

for (const name of names) {
  if (name.endsWith('.ladder')) {
    const ladder = parseLadder(name, readFileSync(join(projectRoot, name), 'latin1'));
    if (!(await passes(() => playLadder(ladder, startLadderServer)))) failed.add(name);
  }
  for (const row of stateMachines.filter(({ state, event }) => `${state} × ${event}` === name))
    for (const mode of modesOf(row)) if (!(await passes(() => playRow(row, mode)))) failed.add(name);
}

const groups = (await loadGroups())
  .map((group) => ({
    ...group,
    scenarios: group.scenarios.filter(({ slug }) => names.includes(`${group.name}/${slug}`)),
  }))
  .filter(({ scenarios }) => scenarios.length > 0);
if (groups.length > 0) {
  const players = await Players.open();
  for (const group of groups) {
    const theatre = await Theatre.open(startSipc, players, group, sipcPace);
    for (const scenario of group.scenarios) {
      const golden = readGolden(group, scenario);
      if (golden === null || compare(golden, await theatre.play(scenario, golden)) !== null)
        failed.add(`${group.name}/${scenario.slug}`);
    }
    await theatre.close();
  }
  await players.close();
}
console.log(JSON.stringify([...failed]));
process.exit(0);

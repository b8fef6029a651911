/**
 * `npm run differential:record [GROUP[/SLUG] …]`: plays the scenarios against the real Kamailio and rewrites the goldens.
 * With `--twice` each is played a second time, on a fresh server, and has to give the same transcript.
 */
import { kamailioVersion, startKamailio } from '../support/kamailio.js';
import { compare } from './compare.js';
import { writeGolden } from './goldens.js';
import { loadGroups } from './groups.js';
import { Players, Theatre, type Transcript } from './play.js';
import type { Group, Scenario } from './scenario.js';

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const twice = process.argv.includes('--twice');
const version = kamailioVersion();
if (version === 'absent') {
  console.error('kamailio is not installed: goldens are recorded from the real one (apt-get install kamailio)');
  process.exit(1);
}
const chosen = (group: Group, scenario: Scenario) =>
  wanted.length === 0 || wanted.includes(group.name) || wanted.includes(`${group.name}/${scenario.slug}`);

const players = await Players.open();
let changed = 0;
let failed = 0;
for (const group of await loadGroups()) {
  const scenarios = group.scenarios.filter((scenario) => chosen(group, scenario));
  if (scenarios.length === 0) continue;
  const first = await playAll(group, scenarios);
  const second = twice ? await playAll(group, scenarios) : null;
  for (const scenario of scenarios) {
    const transcript = first.get(scenario.slug);
    if (transcript === undefined) continue;
    const again = second?.get(scenario.slug);
    const unstable = again === undefined ? null : compare(transcript, again);
    if (transcript.stopped !== undefined || unstable !== null) {
      failed++;
      console.error(`${group.name}/${scenario.slug}: ${transcript.stopped ?? `two runs differ\n${unstable}`}`);
      for (const [name, messages] of Object.entries(transcript.peers)) {
        for (const message of messages) console.error(`    ${name}: ${message[0]}`);
      }
      for (const line of transcript.log) console.error(`    log: ${line}`);
      for (const { command, output } of transcript.rpc) console.error(`    rpc ${command}: ${output.join('\n      ')}`);
    }
    const { peers, log, rpc, stopped } = transcript;
    const golden = { kamailio: version, title: scenario.title, peers, log, rpc };
    if (stopped === undefined && writeGolden(group, scenario, golden)) changed++;
  }
  console.log(`${group.name}: ${scenarios.length} scenarios`);
}
await players.close();
console.log(`Kamailio ${version}: ${changed} goldens changed, ${failed} scenarios failed`);
process.exit(failed === 0 ? 0 : 1);

async function playAll(group: Group, scenarios: readonly Scenario[]): Promise<Map<string, Transcript>> {
  const theatre = await Theatre.open(startKamailio, players, group, 3_000, 120);
  const transcripts = new Map<string, Transcript>();
  try {
    for (const scenario of scenarios) {
      if (scenario.ipv6 && !players.ipv6) console.error(`${scenario.slug}: no ::1 on this machine, not recorded`);
      else transcripts.set(scenario.slug, await theatre.play(scenario));
    }
  } finally {
    await theatre.close();
  }
  return transcripts;
}

/**
 * `npm run differential:record [GROUP[/SLUG] …]`: plays the scenarios against the real Kamailio and rewrites the goldens.
 * With `--twice` each is played a second time, on a fresh server, and has to give the same transcript. What does not show that
 * Kamailio ran and answered is not recorded (refusal.ts).
 */
import { kamailioVersion, startKamailio } from '../support/kamailio.js';
import { compare } from './compare.js';
import { writeGolden } from './goldens.js';
import { loadGroups } from './groups.js';
import { Players, Theatre, type Transcript } from './play.js';
import { refusal } from './refusal.js';
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
  let first: Map<string, Played>;
  let second: Map<string, Played> | null;
  try {
    first = await playAll(group, scenarios);
    second = twice ? await playAll(group, scenarios) : null;
  } catch (error) {
    failed += scenarios.length;
    console.error(`${group.name}: nothing is recorded: ${error instanceof Error ? error.message : String(error)}`);
    continue;
  }
  for (const scenario of scenarios) {
    const played = first.get(scenario.slug);
    if (played === undefined) continue;
    const { transcript } = played;
    const again = second?.get(scenario.slug);
    const unstable = again === undefined ? null : compare(transcript, again.transcript);
    const refused = played.refused ?? again?.refused ?? null;
    if (refused !== null || unstable !== null) {
      failed++;
      console.error(`${group.name}/${scenario.slug}: ${refused ?? `two runs differ\n${unstable}`}`);
      for (const [name, messages] of Object.entries(transcript.peers)) {
        for (const message of messages) console.error(`    ${name}: ${message[0]}`);
      }
      for (const line of transcript.log) console.error(`    log: ${line}`);
      for (const { command, output } of transcript.rpc) console.error(`    rpc ${command}: ${output.join('\n      ')}`);
    }
    const { peers, log, rpc } = transcript;
    const golden = { kamailio: version, title: scenario.title, peers, log, rpc };
    if (refused === null && writeGolden(group, scenario, golden)) changed++;
  }
  console.log(`${group.name}: ${scenarios.length} scenarios`);
}
await players.close();
console.log(`Kamailio ${version}: ${changed} goldens changed, ${failed} scenarios failed`);
process.exit(failed === 0 ? 0 : 1);

interface Played {
  readonly transcript: Transcript;
  readonly refused: string | null;
}

/** After one that Kamailio did not survive the others are played on a fresh one. */
async function playAll(group: Group, scenarios: readonly Scenario[]): Promise<Map<string, Played>> {
  const open = () => Theatre.open(startKamailio, players, group, { waitMs: 3_000, quietMs: 120 });
  let theatre = await open();
  const played = new Map<string, Played>();
  try {
    for (const scenario of scenarios) {
      if (scenario.ipv6 && !players.ipv6) {
        console.error(`${scenario.slug}: no ::1 on this machine, not recorded`);
        continue;
      }
      const transcript = await theatre.play(scenario);
      const ended = theatre.server.alive() ? null : theatre.server.output().trimEnd().split('\n').slice(-5).join('\n');
      played.set(scenario.slug, { transcript, refused: refusal(scenario, transcript, ended) });
      if (ended !== null) {
        await theatre.close();
        theatre = await open();
      }
    }
  } finally {
    await theatre.close();
  }
  return played;
}

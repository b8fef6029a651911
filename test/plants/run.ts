/**
 * `npm run plants [WORD …]`: plants each bug (whose name has one of the words) in a copy of the tree and plays the scenarios and
 * ladders named beside it there. `-- --simulator` plants those of faults.ts and runs 10,000 simulated calls each. A bug nobody
 * notices, or one that can no longer be planted, ends in exit code 1.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faults } from './faults.js';
import { type Plant, plants } from './plants.js';

const tree = fileURLToPath(new URL('../..', import.meta.url));
const simulated = process.argv.includes('--simulator');
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const all: readonly Plant[] = simulated ? faults : plants;
const chosen = all.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

const copy = mkdtempSync(join(tmpdir(), 'sipc-plants-'));
const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: tree,
  encoding: 'utf8',
});
for (const file of new Set(listed.split('\0'))) {
  if (file === '') continue;
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  try {
    cpSync(join(tree, file), join(copy, file));
  } catch {
    // listed and deleted
  }
}
symlinkSync(join(tree, 'node_modules'), join(copy, 'node_modules'));

let missed = 0;
try {
  const named = simulated ? ['simulate'] : [...new Set(chosen.flatMap(({ noticedBy }) => noticedBy))];
  const before = failing(named);
  if (before.length > 0) {
    console.error(`these fail without any plant: ${before.join(', ')}`);
    missed++;
  }
  for (const plant of chosen) {
    const noticed = plantAndPlay(plant).filter((name) => !before.includes(name));
    if (noticed.length === 0) missed++;
    console.log(
      `${noticed.length === 0 ? 'MISSED' : 'caught'}  ${plant.name}${noticed.length > 0 ? ` (${noticed.join(', ')})` : ''}`,
    );
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${chosen.length} bugs planted, ${missed} missed`);
process.exit(missed === 0 ? 0 : 1);

function plantAndPlay(plant: Plant): string[] {
  const path = join(copy, plant.file);
  const text = readFileSync(path, 'utf8');
  if (text.split(plant.search).length !== 2) {
    console.error(`cannot be planted any more: ${plant.search}`);
    return [];
  }
  writeFileSync(
    path,
    text.replace(plant.search, () => plant.replacement),
  );
  try {
    return failing(plant.noticedBy);
  } finally {
    writeFileSync(path, text);
  }
}

/** Which of these fail in the copy. */
function failing(names: readonly string[]): string[] {
  if (names[0] === 'simulate') return simulatorFails();
  const ladders = names.filter((name) => name.endsWith('.ladder'));
  const scenarios = names.filter((name) => !name.endsWith('.ladder'));
  const failed: string[] = [];
  if (scenarios.length > 0) {
    const titles = play('test/differential', { SIPC_SCENARIOS: scenarios.join(',') });
    for (const scenario of scenarios) {
      const [group, slug] = scenario.split('/');
      if (titles.some((title) => title.includes(`${group} `) && title.includes(` ${slug}: `))) failed.push(scenario);
    }
  }
  if (ladders.length > 0) {
    const titles = play('test/ladders/ladders.test.ts', {});
    for (const ladder of ladders) if (titles.some((title) => title.includes(`${ladder}: `))) failed.push(ladder);
  }
  return failed;
}

/** Titles of the tests that fail. A server that does not start fails them all, which proves nothing: that is an error. */
function play(suite: string, env: Readonly<Record<string, string>>): string[] {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const run = spawnSync(
    process.execPath,
    [join(copy, 'node_modules/vitest/vitest.mjs'), 'run', suite, '--reporter=json', `--outputFile=${report}`],
    {
      cwd: copy,
      encoding: 'utf8',
      env: { ...process.env, ...env, SIPC_CACHE: join(copy, '.cache') },
    },
  );
  let results: {
    testResults: {
      assertionResults: { ancestorTitles: string[]; title: string; status: string; failureMessages: string[] }[];
    }[];
  };
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    throw new Error(`the suite did not run:\n${run.stdout}${run.stderr}`);
  }
  const played = results.testResults.flatMap(({ assertionResults }) => assertionResults);
  const messages = played.flatMap(({ failureMessages }) => failureMessages).join('\n');
  if (played.length === 0 || /did not (start|listen)/.test(`${messages}${run.stdout}`)) {
    throw new Error(`the suite did not run:\n${run.stdout}${run.stderr}${messages}`);
  }
  return played
    .filter(({ status }) => status === 'failed')
    .map(({ ancestorTitles, title }) => `${ancestorTitles.join(' ')} ${title}`);
}

/** The first violation, as a name. */
function simulatorFails(): string[] {
  const run = spawnSync(
    process.execPath,
    [join(copy, 'node_modules/tsx/dist/cli.mjs'), 'test/simulate/run.ts', '--calls', '10000'],
    { cwd: copy, encoding: 'utf8', timeout: 300_000 },
  );
  if (run.status === 0) return [];
  const violation = /^ {2}(.*)$/m.exec(run.stderr)?.[1];
  const calls = /^(\d+) calls/m.exec(run.stdout)?.[1];
  if (violation === undefined || calls === undefined)
    throw new Error(`the simulator did not run:\n${run.stdout}${run.stderr}`);
  return [`after ${calls} calls: ${violation}`];
}

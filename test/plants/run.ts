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
if (process.argv.includes('--help')) {
  console.log(`npm run plants [WORD …]: plants each of ${plants.length} bugs, or those with a word in their name, and says who notices
npm run plants -- --simulator: those ${faults.length} that random calls have to find`);
  process.exit(0);
}
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

/** Which of these fail in the copy. A server that does not start fails them all, which proves nothing: that is an error. */
function failing(names: readonly string[]): string[] {
  if (names[0] === 'simulate') return simulatorFails();
  const run = start(['test/plants/look.ts', ...names]);
  const said = run.stdout.trim().split('\n').at(-1) ?? '';
  if (run.status !== 0 || !said.startsWith('[')) throw new Error(`it did not run:\n${run.stdout}${run.stderr}`);
  return JSON.parse(said) as string[];
}
function start(args: readonly string[]) {
  return spawnSync(process.execPath, [join(copy, 'node_modules/tsx/dist/cli.mjs'), ...args], {
    cwd: copy,
    encoding: 'utf8',
    timeout: 600_000,
    env: { ...process.env, SIPC_CACHE: join(copy, '.cache') },
  });
}

/** The first violation, as a name. */
function simulatorFails(): string[] {
  const run = start(['test/simulate/run.ts', '--calls', '10000']);
  if (run.status === 0) return [];
  const violation = /^ {2}(.*)$/m.exec(run.stderr)?.[1];
  const calls = /^(\d+) calls/m.exec(run.stdout)?.[1];
  if (violation === undefined || calls === undefined)
    throw new Error(`the simulator did not run:\n${run.stdout}${run.stderr}`);
  return [`after ${calls} calls: ${violation}`];
}

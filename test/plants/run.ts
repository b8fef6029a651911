/**
 * `npm run plants [WORD …]`: plants each bug (whose name has one of the words) in a copy of the tree and plays the scenarios named
 * beside it there. A bug nobody notices, or one that can no longer be planted, ends in exit code 1.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plant, plants } from './plants.js';

const tree = fileURLToPath(new URL('../..', import.meta.url));
const words = process.argv.slice(2);
const chosen = plants.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

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
  const all = [...new Set(chosen.flatMap(({ noticedBy }) => noticedBy))];
  const before = failing(all);
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

/** Which of these scenarios fail in the copy. A server that does not start fails them all, which proves nothing: that is an error. */
function failing(scenarios: readonly string[]): string[] {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const run = spawnSync(
    process.execPath,
    [
      join(copy, 'node_modules/vitest/vitest.mjs'),
      'run',
      'test/differential',
      '--reporter=json',
      `--outputFile=${report}`,
    ],
    {
      cwd: copy,
      encoding: 'utf8',
      env: { ...process.env, SIPC_SCENARIOS: scenarios.join(','), SIPC_CACHE: join(copy, '.cache') },
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
  const failed = played
    .filter(({ status }) => status === 'failed')
    .map(({ ancestorTitles, title }) => `${ancestorTitles.join(' ')} ${title}`);
  return scenarios.filter((scenario) => {
    const [group, slug] = scenario.split('/');
    return failed.some((name) => name.includes(`${group} `) && name.includes(` ${slug}: `));
  });
}

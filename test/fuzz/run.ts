/**
 * `npm run fuzz -- --messages N --seed S [--coverage]`: N random messages through a server, with the slope of its memory; with
 * `--coverage` the share of the branches of runtime/message (V8's block ranges) that were taken, file by file: below COVERED_PERCENT
 * the exit code is 1.
 */
import { Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    coverage: { type: 'boolean', default: false },
  },
});
setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;

/** Of the branches of runtime/message, from 40,000 messages on. */
const COVERED_PERCENT = 96;

const session = new Session();
session.connect();
if (values.coverage) {
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
}
const { fuzz } = await import('./fuzz.js');
const count = Number(values.messages);
const started = process.cpuUsage();
const { answered, left, errors, resident } = await fuzz({
  seed: Number(values.seed),
  count,
  progress: (done) => console.log(`${done} messages, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`),
});
const { user, system } = process.cpuUsage(started);
console.log(`${count} messages, ${answered} answers, ${((user + system) / 1e6).toFixed(0)} s of CPU`);
// The first half warms up: caches fill, functions are compiled.
const half = resident.slice(Math.floor(resident.length / 2));
const slope = half.length < 2 ? 0 : ((half.at(-1)! - half[0]!) / (half.length - 1)) * (10 / count);
console.log(`memory: ${slope.toFixed(1)} bytes a message over the second half`);
if (left > 0) console.error(`${left} transactions are left`);
for (const error of errors.slice(0, 10)) console.error(error);
const covered = values.coverage ? await reportCoverage() : 100;
process.exit(left > 0 || errors.length > 0 || covered < COVERED_PERCENT ? 1 : 0);

async function reportCoverage(): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  let [all, taken] = [0, 0];
  for (const { url, functions } of result) {
    const file = /runtime\/message\/([\w-]+)\.ts/.exec(url)?.[1];
    if (file === undefined || file.endsWith('testing')) continue;
    const ranges = functions.flatMap((each) => each.ranges);
    const hit = ranges.filter((range) => range.count > 0).length;
    all += ranges.length;
    taken += hit;
    const missed = functions.filter((each) => each.ranges[0]!.count === 0).map((each) => each.functionName);
    console.log(
      `${file.padEnd(14)} ${((100 * hit) / ranges.length).toFixed(1).padStart(5)} % of ${ranges.length} branches  ${missed.join(' ')}`,
    );
  }
  const percent = (100 * taken) / all;
  console.log(`runtime/message: ${percent.toFixed(1)} % of ${all} branches, ${COVERED_PERCENT} % wanted`);
  return percent;
}

/**
 * `npm run simulate -- --seed N --calls M [--world K [--trace CALL]]`: random worlds of 100 calls until M calls are made. The first
 * world that breaks an invariant is printed with the command that plays it again; then the exit code is 1.
 */
import { parseArgs } from 'node:util';
import { simulate } from './simulate.js';

export const CALLS_PER_WORLD = 100;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    calls: { type: 'string', default: '10000' },
    world: { type: 'string' },
    trace: { type: 'string' },
  },
});
const seed = Number(values.seed);
const calls = Number(values.calls);
const only = values.world === undefined ? null : Number(values.world);
const worlds = Math.max(1, Math.ceil(calls / CALLS_PER_WORLD));
const started = process.cpuUsage();
let made = 0;
let messages = 0;
const statuses = new Set<number>();

for (let world = only ?? 0; world < (only === null ? worlds : only + 1); world++) {
  const outcome = await simulate(seed * 100_000 + world, CALLS_PER_WORLD, {
    traced: values.trace === undefined ? undefined : Number(values.trace),
  });
  made += outcome.calls;
  messages += outcome.messages;
  for (const status of outcome.statuses) statuses.add(status);
  for (const line of outcome.trace) console.log(line);
  if (outcome.violations.length === 0) continue;
  console.error(`world ${world} of seed ${seed} (${outcome.world}):`);
  for (const violation of outcome.violations) console.error(`  ${violation}`);
  console.error(`play it again: npm run simulate -- --seed ${seed} --world ${world} --trace CALL`);
  process.exitCode = 1;
  break;
}
const { user, system } = process.cpuUsage(started);
console.log(
  `${made} calls, ${messages} messages from proxies, ${((user + system) / 1e6).toFixed(1)} s of CPU, answers ${[...statuses].sort().join(' ')}`,
);

/**
 * Do integer loops of a cfg run at V8's speed? `npx tsx test/bench/int-loop.ts` times a route that counts, and the same
 * loop written by hand, ns a turn. $var holds any value, so each read is checked for being a number: that is the difference.
 */
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const TURNS = 10_000_000;
const cfg = `max_while_loops=0
listen=udp:127.0.0.1:5060
loadmodule "pv.so"
request_route {
  $var(i) = 0; $var(sum) = 0;
  while ($var(i) < ${TURNS}) { $var(sum) = ($var(sum) + $var(i) * 3) & 65535; $var(i) = $var(i) + 1; }
  exit;
}
`;

function byHand(): number {
  let sum = 0;
  for (let i = 0; i < TURNS; i = (i + 1) | 0) sum = ((sum + Math.imul(i, 3)) | 0) & 65535;
  return sum;
}
function timed(run: () => unknown): number {
  run();
  const started = performance.now();
  run();
  return ((performance.now() - started) * 1e6) / TURNS;
}

const server = await startBuilt(await buildCfg('int-loop.cfg', cfg), simulatedEnvironment());
const route = server.program.request_route;
if (route === null) throw new Error('no request_route');
const ctx = server.detachedRun();
const emitted = timed(() => {
  Object.assign(ctx, { vars: server.program.vars() });
  return route(ctx);
});
console.log(`emitted ${emitted.toFixed(2)} ns a turn, by hand ${timed(byHand).toFixed(2)} ns`);
await server.stop(0);

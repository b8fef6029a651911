/**
 * `npm run soak [CALLS [PER_SECOND]]`: 300,000 calls through the stock config on sipc, with the memory every ten seconds and its
 * slope after the first minute. SIPC_SOAK_SERVER=kamailio runs the real one instead, for comparison.
 */
import { startKamailio } from '../support/kamailio.js';
import { soakPorts } from '../support/ports.js';
import { startSipc } from '../support/sipc.js';
import { missingTools, stockConfig } from '../support/tools.js';
import { runCalls } from './load.js';

const calls = Number(process.argv[2] ?? 300_000);
const perSecond = Number(process.argv[3] ?? 500);
const missing = missingTools(['sipp'], [stockConfig]);
if (missing !== null) {
  console.error(missing);
  process.exit(1);
}

const start = process.env.SIPC_SOAK_SERVER === 'kamailio' ? startKamailio : startSipc;
const server = await start({ cfg: stockConfig, port: soakPorts.server });
const startedAt = performance.now();
const samples: { seconds: number; megabytes: number }[] = [];
const sample = () => {
  const seconds = (performance.now() - startedAt) / 1000;
  const megabytes = server.residentBytes() / 2 ** 20;
  samples.push({ seconds, megabytes });
  console.log(`${seconds.toFixed(0).padStart(5)} s  ${megabytes.toFixed(1)} MB`);
};
sample();
const sampling = setInterval(sample, 10_000);
const result = await runCalls({
  ports: soakPorts,
  calls,
  perSecond,
  withinMs: (calls / perSecond) * 1000 * 1.5 + 60_000,
});
clearInterval(sampling);
sample();
await server.stop();

const { output, ...counts } = result;
console.log(
  `${counts.successful} calls answered, ${counts.failed} failed, ${counts.retransmissions} messages sent again by the caller`,
);
console.log(slopeText(samples.filter(({ seconds }) => seconds >= 60)));
if (counts.failed > 0 || counts.successful !== calls) {
  console.error(output);
  process.exit(1);
}

/** Least squares over the samples. */
function slopeText(late: readonly { seconds: number; megabytes: number }[]): string {
  if (late.length < 3) return 'too short for a slope: less than three samples after the first minute';
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(late.map(({ seconds }) => seconds));
  const y = mean(late.map(({ megabytes }) => megabytes));
  const above = late.reduce((sum, at) => sum + (at.seconds - x) * (at.megabytes - y), 0);
  const below = late.reduce((sum, at) => sum + (at.seconds - x) ** 2, 0);
  return `memory after the first minute: ${((above / below) * 60).toFixed(2)} MB a minute, ${y.toFixed(1)} MB on average`;
}

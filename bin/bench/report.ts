/** Tables of what was measured. */
import type { Result, Sample } from './measure.js';
import { medianInterval } from './measure.js';

const median = (values: readonly number[]) => (values.length === 0 ? null : medianInterval(values).median);
const figure = (value: number | null, digits: number) => (value === null ? '–' : value.toFixed(digits));

/** One row a scenario, as a Markdown table. */
export function table(results: readonly Result[]): string {
  const head =
    '| scenario | Kamailio, ms a call | sipc, ms a call | ratio (95 %) | retransmissions | memory, MB | loop delay p99, ms |';
  const rows = results.map(({ name, samples, ratio, refused }) => {
    const of = (pick: (sample: Sample) => number | null) =>
      [samples.kamailio, samples.sipc].map((list) => median(list.flatMap((sample) => pick(sample) ?? [])));
    const [kamailio = null, sipc = null] = of((s) => s.cpuMsPerCall);
    const [memoryK = null, memoryS = null] = of((s) => s.memoryMb);
    const again = (list: readonly Sample[]) => list.reduce((sum, s) => sum + s.retransmissions, 0);
    const delay = median(samples.sipc.flatMap((s) => s.loopDelayP99Ms ?? []));
    const shown = ratio
      ? `**${ratio.median.toFixed(2)}** (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`
      : `none: ${refused ?? 'one server only'}`;
    return `| ${[
      name,
      figure(kamailio, 4),
      figure(sipc, 4),
      shown,
      `${again(samples.kamailio)} / ${again(samples.sipc)}`,
      `${figure(memoryK, 0)} / ${figure(memoryS, 0)}`,
      figure(delay, 1),
    ].join(' | ')} |`;
  });
  return [head, '| --- | --- | --- | --- | --- | --- | --- |', ...rows, ''].join('\n');
}

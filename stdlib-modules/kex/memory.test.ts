/** `pkg.*`, `mod.*` and `shm.*`: names and faults are those of Kamailio 5.6.3, figures those of this process. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RpcCall, type RpcParam, RpcStruct } from '../../runtime/sdk/index.js';
import { type Bench, startBench } from '../../runtime/sdk/testing.js';
import corex from '../corex/module.js';
import kex from './module.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench({ modules: [kex, corex] });
});
afterAll(() => bench.stop());
async function run(method: string, given: readonly RpcParam[]): Promise<RpcCall> {
  const call = new RpcCall(method, [...given]);
  await bench.server.rpc.execute(call, () => undefined)?.done;
  return call;
}
const processNames = ['entry', 'pid', 'rank', 'used', 'free', 'real_used', 'total_size', 'total_frags', 'desc'];

it.each<[string, readonly RpcParam[], readonly string[]]>([
  ['pkg.stats', [], processNames],
  ['pkg.stats', ['pid', process.pid], processNames],
  ['pkg.info', [], ['name', 'size']],
  ['shm.info', [], ['name', 'size']],
  ['shm.stats', [], ['total', 'free', 'used', 'real_used', 'max_used', 'fragments']],
])('%s %j', async (method, given, names) => {
  const [answer, ...more] = (await run(method, given)).results;
  expect(more).toEqual([]);
  if (!(answer instanceof RpcStruct)) throw new Error('no struct');
  expect(answer.entries.map(({ name }) => name)).toEqual(names);
  for (const { name, value } of answer.entries)
    if (/used|size|total|free/.test(name)) expect(Number(value)).toBeGreaterThan(0);
});

it.each<[string, readonly RpcParam[], string]>([
  ['pkg.stats', ['pid', 1], 'No such pid'],
  ['pkg.stats', ['what', 1], 'Invalid filter type'],
  ['mod.stats', [], 'Module name or "all" needed'],
  ['mod.mem_stats', ['core'], '"pkg" or "shm" or "all" needed'],
  ['mod.mem_statsx', ['all', 'all'], 'Memory is not counted by module here: pkg.stats has that of the process'],
  ['shm.rprint', ['/nowhere'], 'Filename and filter not provided'],
  [
    'shm.rprint',
    ['/nowhere', 'x'],
    'Memory is not counted by file and function here: shm.report has the spaces of the heap',
  ],
  ['core.sfmalloc', [], 'there is no such allocator here: core.shmmem has the memory of the process'],
  ['corex.pkg_summary', [], 'Selector and value not provided'],
  ['corex.pkg_summary', ['idx', 9], 'Index value out of range'],
  ['corex.pkg_summary', ['abc', 0], 'Unsupported selector type'],
])('%s %j is refused: %s', async (method, given, text) => expect((await run(method, given)).faulted?.text).toBe(text));

it('shm.report tells of the spaces of the heap, the summaries write a log', async () => {
  const [report] = (await run('shm.report', [])).results;
  if (!(report instanceof RpcStruct)) throw new Error('no struct');
  const used = (name: string) => Number(report.entries.find((entry) => entry.name === name)?.value);
  expect(used('max_used_frag_size')).toBeGreaterThanOrEqual(used('min_used_frag_size'));
  bench.environment.log.level = 3;
  for (const method of ['corex.shm_status', 'corex.shm_summary']) expect((await run(method, [])).faulted).toBeNull();
  expect((await run('corex.pkg_summary', ['pid', process.pid])).faulted).toBeNull();
  const lines = bench.environment.log.records.filter(({ text }) => text.startsWith('memory in bytes: resident'));
  expect(lines).toHaveLength(3);
});

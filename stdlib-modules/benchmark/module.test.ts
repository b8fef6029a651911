import { expect, test } from 'vitest';
import { RpcCall, type RpcStruct } from '../../runtime/sdk/index.js';
import { benchRequest, startBench } from '../../runtime/sdk/testing.js';
import module from './module.js';
import { Stopwatches } from './timers.js';

test('a line each full period, with the sums of the period and of all', () => {
  const timer = new Stopwatches().named('t');
  const lines = [10, 30, 5, 15].map((us) => timer?.measured(us, 2) ?? null);
  expect(lines).toEqual([
    null,
    'benchmark (timer t [0]): 30 [ msgs/total/min/max/avg - LR: 2/40/10/30/20.000000 | GB: 2/40/10/30/20.000000]',
    null,
    'benchmark (timer t [0]): 15 [ msgs/total/min/max/avg - LR: 2/20/5/15/10.000000 | GB: 4/60/5/30/15.000000]',
  ]);
});
test('names', () => {
  const timers = new Stopwatches();
  expect([timers.named(''), timers.named('x'.repeat(32))]).toEqual([null, null]);
  expect([timers.named('a')?.id, timers.named('b')?.id, timers.named('a')?.id, timers.get('c')]).toEqual([
    0,
    1,
    0,
    undefined,
  ]);
});

test('functions, commands and $BM_time_diff', async () => {
  const bench = await startBench({ modules: [module] });
  const { server, environment } = bench;
  const call = (name: string, ...params: (string | number)[]) => {
    const made = new RpcCall(name, params, { strict: true });
    server.rpc.execute(made, (error) => {
      throw error;
    });
    return made;
  };
  const me = {
    state: module.state?.(
      { env: environment, settings: server.settings, previous: undefined },
      { enable: 1, granularity: 1, loglevel: 2, register: ['r'] },
    ),
  };
  const run = bench.run(benchRequest('OPTIONS'));
  const { bm_start_timer: start, bm_log_timer: log } = module.functions;
  expect(start.run(me as never, run, 'a')).toBe(1);
  await environment.clock.advance(250);
  expect(log.run(me as never, run, 'a')).toBe(1);
  expect(module.pvs.BM_time_diff?.get(me as never, run, '', undefined)).toBe(250_000);
  expect([start.run(me as never, run, ''), log.run(me as never, run, 'never started')]).toEqual([-1, 1]);

  expect(call('benchmark.enable_global', 5).faulted).toEqual({ code: 500, text: 'Invalid Parameter Value' });
  expect(call('benchmark.granularity').faulted).toEqual({ code: 500, text: 'Invalid Parameters' });
  expect(call('benchmark.enable_timer', 'none', 1).faulted).toEqual({ code: 500, text: 'Register timer failure' });
  expect(call('benchmark.timer_name_list', 'none').faulted).toEqual({ code: 500, text: 'Register timer failure' });
  expect(call('benchmark.enable_global', 1).faulted).toBeNull();
  expect(call('benchmark.loglevel', 1).faulted).toBeNull();
  expect(call('benchmark.timer_list').results).toEqual([]);
  const shown = me.state?.timers.get('a')?.show(true, 1) as RpcStruct;
  expect(shown.entries.map(({ name }) => name)).toEqual([
    'name', 'state', 'id', 'granularity', 'period_sum', 'period_min', 'period_max', 'period_media', 'calls', 'sum',
    'global_min', 'global_max', 'global_media',
  ]); // biome-ignore format: one list
  await bench.stop();
});

test.each([
  ['loglevel', -1, [-1, -1]],
  ['loglevel', 3, [3, -1]],
  // Further than levels go.
  ['loglevel', 9, [3, -1]],
  ['granularity', 1, [2, -1]],
])('%s %d: the line has that level, until a command changes it', async (name, value, levels) => {
  const modparams = [
    { module: 'benchmark', name: 'enable', value: 1, at: '' },
    { module: 'benchmark', name, value, at: '' },
  ];
  const bench = await startBench({
    modules: [module],
    program: `
      const timed = (ctx) => {
        const { benchmark } = link.modules;
        benchmark.bm_start_timer(ctx, 't');
        benchmark.bm_log_timer(ctx, 't');
        return 1;
      };
      return { modparams: ${JSON.stringify(modparams)}, request_route: timed };`,
  });
  const { log } = bench.environment;
  log.level = 3;
  await bench.exchange(benchRequest('OPTIONS', '', 'one'));
  bench.server.rpc.execute(new RpcCall('benchmark.loglevel', [-1]), () => {});
  await bench.exchange(benchRequest('OPTIONS', '', 'two'));
  expect(log.records.filter(({ source }) => source === 'benchmark').map(({ level }) => level)).toEqual(levels);
  await bench.stop();
});

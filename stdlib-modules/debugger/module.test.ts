/** Stepping through a route by commands; what the differential scenarios cannot show, since Kamailio has a process for each message. */
import { expect, test } from 'vitest';
import { RpcCall, RpcStruct } from '../../runtime/sdk/index.js';
import { actionOf } from '../../runtime/sdk/script-actions.js';
import { benchRequest, startBench } from '../../runtime/sdk/testing.js';
import { routeKindName } from './actions.js';
import module from './module.js';

const program = `
  const { action, watch } = link.program;
  const first = action('DEFAULT_ROUTE', 'x.cfg', 2, 'assign');
  const second = action('DEFAULT_ROUTE', 'x.cfg', 3, 'function', 'exit_soon', 2, true);
  const x = { name: '$var(x)', get: (ctx) => ctx.vars.x, set: () => true };
  return {
    modparams: [
      { module: 'debugger', name: 'breakpoint', value: 1, at: '' },
      { module: 'debugger', name: 'reset_msgid', value: 1, at: '' },
    ],
    pvs: [x],
    async request_route(ctx) {
      if (watch.on) await watch.step(ctx, first);
      ctx.vars.x = 7;
      if (watch.on) await watch.step(ctx, second);
      ctx.log(-1, ctx.msg.callId + ' ' + ctx.msg.id + ' done');
      return 1;
    },
  };`;

test('a run is held before each action until it is told to go on', async () => {
  const bench = await startBench({ modules: [module], program });
  const { server, environment } = bench;
  const bp = async (...params: (string | number)[]) => {
    const call = new RpcCall('dbg.bp', params);
    await server.rpc.execute(call, () => {})?.done;
    await environment.clock.advance(1);
    return call.faulted?.text ?? call.results[0];
  };
  const state = () => {
    const call = new RpcCall('dbg.ls', []);
    server.rpc.execute(call, () => {});
    const [shown] = call.results;
    return shown instanceof RpcStruct
      ? shown.entries.filter(({ name }) => name === 'set' || name === 'state').map(({ value }) => value)
      : null;
  };
  const { pid } = server.info;
  const done = () => environment.log.texts('<script>');
  expect(state()).toEqual([2, 0]);
  await bench.exchange(benchRequest('OPTIONS', '', 'one'));
  await bench.exchange(benchRequest('OPTIONS', '', 'two'));
  expect(environment.log.texts('debugger')).toContain(`breakpoint hit: p=[${pid}] c=[x.cfg] l=2 a=63 n=assign`);
  expect([done(), state()]).toEqual([[], [2, 1]]);
  expect(await bp('show', pid)).toBe('at bkp [x.cfg:2] a=63 n=assign');
  expect(await bp('next', pid)).toBe('exec [x.cfg:2] a=63 n=assign');
  expect(await bp('show', pid)).toBe('at bkp [x.cfg:3] a=33 n=exit_soon');
  expect(await bp('eval', pid, '$var(x)')).toBe('$var(x) : t=int v=7');
  expect(await bp('eval', pid, '$var(none)')).toBe('$var(none) : t=int v=0');
  expect(await bp('log', pid, '$var(x)')).toBe('200 ok');
  expect(environment.log.texts('debugger')).toContain('breakpoint eval: $var(x) : t=int v=7');
  expect([await bp('eval', pid), await bp('eval', pid, 'x')]).toEqual(['pv param missing', 'invalid pv param']);
  expect([await bp('next'), await bp('next', pid + 1)]).toEqual(['Missing pid parameter', 'No such pid']);
  expect([await bp('keep', pid), await bp('release'), done()]).toEqual(['200 ok', '200 ok', []]);
  expect(await bp('next', pid)).toBe('exec [x.cfg:3] a=33 n=exit_soon');
  expect(done()).toEqual(['one 1 done']);
  expect(await bp('show', pid)).toBe('at bkp [x.cfg:2] a=63 n=assign');
  expect(await bp('move', pid)).toBe('200 ok');
  expect([done(), state()]).toEqual([
    ['one 1 done', 'two 2 done'],
    [0, 0],
  ]);
  expect([await bp('next', pid), await bp('off')]).toEqual(['200 ok', '200 ok']);

  const reset = new RpcCall('dbg.reset_msgid', []);
  server.rpc.execute(reset, () => {});
  expect(reset.results).toEqual(['200 ok']);
  await bench.exchange(benchRequest('OPTIONS', '', 'three'));
  expect(done().at(-1)).toBe('three 1 done');
  await bench.stop();
});

test('a held run goes on when the server stops', async () => {
  const bench = await startBench({ modules: [module], program });
  await bench.exchange(benchRequest('OPTIONS', '', 'held'));
  expect(bench.environment.log.texts('<script>')).toEqual([]);
  await bench.stop();
  await bench.environment.clock.advance(1);
  expect(bench.environment.log.texts('<script>')).toEqual(['held 1 done']);
});

test.each([
  [{ kind: 'function', name: 'f', args: 0, dynamic: false }, ['f', 24]],
  [{ kind: 'function', name: 'f', args: 6, dynamic: false }, ['f', 30]],
  [{ kind: 'function', name: 'f', args: 7, dynamic: false }, ['f', 31]],
  [{ kind: 'function', name: 'f', args: -1, dynamic: false }, ['f', 31]],
  [{ kind: 'function', name: 'f', args: 1, dynamic: true }, ['f', 32]],
  [{ kind: 'function', name: 'f', args: 8, dynamic: true }, ['f', 38]],
  [{ kind: 'core', name: 'setflag', args: 1, dynamic: false }, ['setflag', 39]],
  [{ kind: 'core', name: 'clear_branches', args: 0, dynamic: false }, ['unknown', 49]],
  [{ kind: 'core', name: 'no such', args: 0, dynamic: false }, ['unknown', 0]],
  [{ kind: 'jump', name: 'jump', args: 0, dynamic: false }, ['switch', 20]],
] as const)('%o', (action, shown) => {
  expect(actionOf({ route: 'X', file: 'x.cfg', line: 1, ...action })).toEqual(shown);
});

test('kinds of route', () => {
  const kinds = ['event', 'failure', 'core_reply', 'branch', 'onsend', 'local', 'branch_failure'] as const;
  expect(kinds.map(routeKindName)).toEqual([
    'request_route',
    'failure_route',
    'onreply_route',
    'branch_route',
    'onsend_route',
    'local_route',
    'branch_failure_route',
  ]);
});

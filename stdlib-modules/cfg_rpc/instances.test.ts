/** Instances of a group: each answer and log line as Kamailio 5.6.3 gave it to the same commands and the same routes. */
import { afterEach, expect, it } from 'vitest';
import { RpcCall, type RpcParam, RpcStruct } from '../../runtime/sdk/index.js';
import { type Bench, benchRequest, startBench } from '../../runtime/sdk/testing.js';
import core from '../core/module.js';
import cfgRpc from './module.js';

const program = `return {
  custom: [{ group: 'pstn', name: 'gw', value: 'x', description: 'gw' }, { group: 'pstn', name: 'n', value: 5, description: 'n' }],
  request_route(ctx) {
    const { core } = link.modules;
    const show = (what) => ctx.log(-1, what + ' ' + ctx.server.select(['cfg_get', 'pstn', 'gw'])(ctx) + ' ' + ctx.server.select(['cfg_get', 'pstn', 'n'])(ctx));
    show(core.cfg_select(ctx, 'pstn', 3) > 0 ? 'selected' : 'not');
    show(core.cfg_select(ctx, 'pstn', 9) > 0 ? 'selected' : 'not');
    core.cfg_reset(ctx, 'pstn');
    show('reset');
    return 1;
  },
};`;
let bench: Bench;
afterEach(() => bench.stop());
const shown = (value: unknown): unknown =>
  value instanceof RpcStruct ? Object.fromEntries(value.entries.map((e) => [e.name, shown(e.value)])) : value;
async function run(method: string, ...given: RpcParam[]): Promise<unknown> {
  const call = new RpcCall(method, given);
  await bench.server.rpc.execute(call, () => undefined)?.done;
  return call.faulted?.text ?? shown(call.results[0]);
}

it('are made, set, read, given up and taken away', async () => {
  bench = await startBench({ modules: [core, cfgRpc], program });
  const wrong = 'Wrong group syntax. Use "group[id]"';
  const rows: readonly (readonly [readonly [string, ...RpcParam[]], unknown])[] = [
    [['cfg.del', 'pstn', 'gw'], wrong],
    [['cfg.del', 'pstn[3]', 'gw'], 'Failed to delete the value'],
    [['cfg.add_group_inst', 'pstn'], wrong],
    [['cfg.add_group_inst', 'nosuch[1]'], 'Failed to add the group instance'],
    [['cfg.get', 'pstn[3]', 'gw'], 'Failed to get the variable'],
    [['cfg.set', 'pstn[3]', 'gw', 'y'], 'Failed to set the variable'],
    [['cfg.add_group_inst', 'pstn[3]'], undefined],
    [['cfg.add_group_inst', 'pstn[3]'], undefined],
    [['cfg.del', 'pstn[3]', 'gw'], undefined],
    [['cfg.del', 'pstn[3]', 'nosuch'], 'Failed to delete the value'],
    [['cfg.set_delayed', 'pstn[4]', 'gw', 'late'], undefined],
    [['cfg.diff'], 'Failed to get the changes'],
    [['cfg.commit'], 'Failed to commit the changes'],
    [['cfg.rollback'], undefined],
    [['cfg.set_delayed', 'pstn[3]', 'gw', 'late'], undefined],
    [['cfg.commit'], undefined],
    [['cfg.get', 'pstn[3]'], { gw: 'late', n: 5 }],
    [['cfg.get', 'pstn'], { gw: 'x', n: 5 }],
    [['cfg.help', 'pstn[3]', 'gw'], 'Failed to get the variable description'],
    [['cfg.set', 'pstn', 'gw', 'base'], undefined],
    [['cfg.set', 'pstn[3]', 'gw', 'y'], undefined],
    [['cfg.get', 'pstn[3]', 'gw'], 'y'],
    [['cfg.del_delayed', 'pstn[3]', 'gw'], undefined],
    [
      ['cfg.diff'],
      { 'group name': 'pstn', 'group id': 3, 'variable name': 'gw', 'old value': 'y', 'new value': 'base' },
    ],
    [['cfg.commit'], undefined],
    [['cfg.get', 'pstn[3]', 'gw'], 'base'],
    [['cfg.get', 'pstn[]', 'gw'], 'Wrong group syntax. Use either "group", or "group[id]"'],
    [['cfg.set', 'pstn[3]', 'n', 'x'], 'Failed to set the variable'],
    [['cfg.del_group_inst', 'pstn[3]'], undefined],
    [['cfg.del_group_inst', 'pstn[3]'], 'Failed to delete the group instance'],
  ];
  const got: unknown[] = [];
  for (const [words] of rows) got.push([words, await run(...words)]);
  expect(got).toEqual(rows);
});

it('are selected by a route, until it ends or says otherwise', async () => {
  bench = await startBench({ modules: [core, cfgRpc], program });
  await run('cfg.add_group_inst', 'pstn[3]');
  await run('cfg.set', 'pstn[3]', 'gw', 'y');
  await run('cfg.seti', 'pstn[3]', 'n', 8);
  await bench.exchange(benchRequest('OPTIONS'));
  expect(bench.environment.log.texts().filter((text) => !text.includes('instance'))).toEqual([
    'selected y 8',
    'not y 8',
    'reset x 5',
  ]);
});

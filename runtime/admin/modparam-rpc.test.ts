import { expect, it } from 'vitest';
import { registerModparamRpc } from './modparam-rpc.js';
import { RpcArray, RpcCall, type RpcParam, RpcRegistry, RpcStruct } from './rpc.js';

const values = { timer: 30, level: 3, from: 'sip:a@b', table: ['a', 'b'], var: { any: 1 } };
const specs = {
  timer: { type: 'int', live: true, min: 1, max: 100 },
  level: { type: 'int' },
  from: { type: 'str' },
  table: { type: 'str', many: true },
  var: { type: 'pv' },
};
function ask(method: string, ...params: RpcParam[]) {
  const rpc = new RpcRegistry();
  registerModparamRpc({
    rpc,
    moduleParams: () => [
      { module: 'tm', specs, values },
      { module: 'rr', specs: { mode: { type: 'int' } }, values: { mode: 1 } },
    ],
  });
  const call = new RpcCall(method, params);
  rpc.execute(call, () => undefined);
  const plain = (value: unknown): unknown => {
    if (value instanceof RpcStruct) return Object.fromEntries(value.entries.map((e) => [e.name, plain(e.value)]));
    return value instanceof RpcArray ? value.items.map((item) => plain(item.value)) : value;
  };
  return call.faulted ? `${call.faulted.code} ${call.faulted.text}` : call.results.map(plain);
}

it.each<[string, RpcParam[], unknown]>([
  ['modparam.getn', ['tm', 'timer'], [{ module: 'tm', param: 'timer', shm: 'yes', value: 30 }]],
  ['modparam.getn', ['tm', 'level'], [{ module: 'tm', param: 'level', shm: 'no', value: 3 }]],
  ['modparam.gets', ['tm', 'from'], [{ module: 'tm', param: 'from', shm: 'no', value: 'sip:a@b' }]],
  ['modparam.getn', ['tm'], '400 Module And Parameter Names Expected'],
  ['modparam.getn', ['nope', 'x'], '404 Module Not Found'],
  ['modparam.getn', ['tm', 'from'], '404 Parameter Not Found'],
  ['modparam.getn', ['tm', 'toString'], '404 Parameter Not Found'],
  ['modparam.gets', ['tm', 'timer'], '404 Parameter Not Found'],
  ['modparam.gets', ['tm', 'table'], '488 Not Acceptable Here - Use Func Param'],
  ['modparam.gets', ['tm', 'var'], '488 Not Acceptable Here - Use Func Param'],
  ['modparam.setn', ['tm', 'timer'], '400 Module, Parameter And Value Expected'],
  ['modparam.setn', ['tm', 'level', 1], '488 Not Acceptable Here - Not A Shm Param'],
  ['modparam.setn', ['tm', 'timer', 0], '488 Not Acceptable Here - it has to be at least 1'],
  ['modparam.setn', ['tm', 'timer', 101], '488 Not Acceptable Here - it has to be at most 100'],
  ['modparam.list', ['nope'], '404 Module Not Found'],
])('%s %j', (method, params, answer) => expect(ask(method, ...params)).toEqual(answer));

it('modparam.setn changes what the module reads', () => {
  const was = values.timer;
  expect(ask('modparam.setn', 'tm', 'timer', 60)).toEqual([
    { module: 'tm', param: 'timer', shm: 'yes', ovalue: was, value: 60 },
  ]);
  expect(values.timer).toBe(60);
  values.timer = was;
});

it('modparam.list: of one module, or of all, the one loaded last first', () => {
  const rows = ask('modparam.list', 'tm');
  expect(rows).toMatchObject([
    { param: 'timer', typeval: 0x4000_0002, type: 'int', use_func: 'no', use_shm: 'yes', value: 30 },
    { param: 'level', typeval: 2, use_shm: 'no', value: 3 },
    { param: 'from', typeval: 4, type: 'str', value: 'sip:a@b' },
    { param: 'table', typeval: { value: 0x8000_0004 }, use_func: 'yes', value: '[unknown]' },
    { param: 'var', use_func: 'yes', value: '[unknown]' },
  ]);
  const all = ask('modparam.list');
  expect(Array.isArray(all) && all.map((row) => (row as { module: string }).module)).toEqual([
    'rr',
    'tm',
    'tm',
    'tm',
    'tm',
    'tm',
  ]);
});

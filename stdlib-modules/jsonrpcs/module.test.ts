import { describe, expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import {
  double,
  type LocalStream,
  printJson,
  RpcArray,
  RpcRegistry,
  RpcStruct,
  type ServerApi,
} from '../../runtime/sdk/index.js';

import { runRequest } from './request.js';
import { DocumentSplitter } from './split.js';
import { TcpClients, tcpAddress } from './tcp.js';

const registry = new RpcRegistry();
registry.register(
  'echo',
  '',
  (call) => {
    for (let p = call.any(); p !== undefined; p = call.any()) call.add(p);
  },
  true,
);
registry.register('last', '', (call) => {
  call.add(1);
  call.add(2);
});
registry.register('refuses', '', (call) => call.fault(404, 'Not there'));
const server = { rpc: registry, log: () => undefined } as unknown as ServerApi;
const ask = async (text: string) => (await runRequest(server, text, false))?.body ?? null;

describe('a port of its own', () => {
  it.each([
    ['tcp:127.0.0.1:5042', { host: '127.0.0.1', port: 5042 }],
    ['tcp:[::1]:5042', { host: '::1', port: 5042 }],
    ['udp:127.0.0.1:5042', null],
    ['tcp:127.0.0.1', null],
    ['tcp:h:70000', null],
  ])('%s', (text, address) => expect(tcpAddress(text)).toEqual(address));

  const { clock } = simulatedEnvironment();
  const clients = new TcpClients({ ...server, env: { clock } } as unknown as ServerApi, false);
  const connect = () => {
    const said: string[] = [];
    const client: LocalStream = {
      peer: '',
      onData: () => {},
      onClose: () => {},
      onEnd: () => {},
      write: (bytes) => void said.push(bytes),
      end: () => void said.push('end'),
    };
    clients.take(client);
    return { client, said };
  };
  it('answers one document, however it is cut, and ends', async () => {
    const { client, said } = connect();
    client.onData('{"jsonrpc":"2.0","method":"ec');
    client.onData('ho","params":[5],"id":1} {"jsonrpc":"2.0","method":"echo","params":[6],"id":2}');
    await clock.advance(1);
    expect(said).toEqual(['{"jsonrpc":"2.0","result":[5],"id":1}', 'end']);
    client.onClose();
  });
  it('who says nothing is sent away, and so are too many', async () => {
    const first = connect();
    const others = Array.from({ length: 64 }, connect);
    expect(others.at(-1)?.said).toEqual(['end']);
    await clock.advance(10_000);
    expect(first.said).toEqual(['end']);
    for (const { client } of [first, ...others.slice(0, -1)]) client.onClose();
    expect(connect().said).toEqual([]);
  });
});

describe('requests', () => {
  it.each([
    ['{"jsonrpc":"2.0","method":"echo","params":["a",5],"id":1}', '{"jsonrpc":"2.0","result":["a",5],"id":1}'],
    ['{"jsonrpc":"2.0","method":"last","id":"x"}', '{"jsonrpc":"2.0","result":2,"id":"x"}'],
    ['{"jsonrpc":"2.0","method":"last"}', '{"jsonrpc":"2.0","result":2}'],
    [
      '{"jsonrpc":"2.0","method":"refuses","id":1}',
      '{"jsonrpc":"2.0","error":{"code":404,"message":"Not there"},"id":1}',
    ],
    [
      '{"jsonrpc":"2.0","method":"none","id":1}',
      '{"jsonrpc":"2.0","error":{"code":500,"message":"Method Not Found"},"id":1}',
    ],
    ['{"jsonrpc":"1.0","method":"echo","id":1}', '{"jsonrpc":"2.0","result":{},"id":1}'],
    ['[1]', '{"jsonrpc":"2.0","result":{}}'],
    ['{bad', null],
    ['5', null],
  ])('%s', async (text, answer) => expect(await ask(text)).toBe(answer));
});

describe('JSON text', () => {
  it.each([
    [double(-1), '-1'],
    [double(0.5), '0.500000'],
    [double(4294967295), '4294967295'],
    ['a"\\\n\u0001', '"a\\"\\\\\\n\\u0001"'],
    [null, 'null'],
    [new RpcArray([1, 'x']), '[1,"x"]'],
    [new RpcArray().add('n', 1).push(2), '[{"n":1},2]'],
    [new RpcStruct().add('a', 1).add('a', 2), '{"a":1,"a":2}'],
  ])('%#', (value, text) => expect(printJson(value, false)).toBe(text));
  it('pretty', () => {
    const value = new RpcStruct({ a: new RpcStruct({ b: 1 }), c: new RpcArray([1, 2]), e: new RpcStruct() });
    expect(printJson(value, true)).toBe('{\n\t"a":\t{\n\t\t"b":\t1\n\t},\n\t"c":\t[1, 2],\n\t"e":\t{\n\t}\n}');
  });
});

it('documents out of a stream', () => {
  const s = new DocumentSplitter();
  expect(s.push('x{"a":"}"}\n{"b"')).toEqual(['{"a":"}"}']);
  expect(s.push(':{}} ')).toEqual(['{"b":{}}']);
  expect(s.push('{'.repeat(9000))).toEqual([]);
});

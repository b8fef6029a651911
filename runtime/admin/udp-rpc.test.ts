import { expect, it } from 'vitest';
import { simulatedEnvironment } from '../env/simulated.js';
import { Settings } from '../settings.js';
import { Transports } from '../transport/transports.js';
import { RpcCall, RpcRegistry, RpcStruct } from './rpc.js';
import { registerUdpRpc } from './udp-rpc.js';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const datagram4 = `${SIGNATURE}\x21\x12\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\x13\xc5\x13\xc4`;

it('udp.proxy.…: flows listed, counted, forgotten', async () => {
  const env = simulatedEnvironment(5);
  const { values } = new Settings({ auto_aliases: 0, udp_accept_proxy: 1 });
  const transports = new Transports(env, values);
  await transports.prepare([{ address: 'udp:127.0.0.1:5060' }]);
  await transports.open(() => undefined);
  const rpc = new RpcRegistry();
  registerUdpRpc({ rpc, transports, env });
  const ask = (method: string) => {
    const call = new RpcCall(method, []);
    rpc.execute(call, () => undefined);
    return call.results.map((value) => (value instanceof RpcStruct ? value.entries.map((e) => e.value) : value));
  };
  const proxy = await env.network.bindUdp({ ip: '127.0.0.1', port: 7000 }, () => undefined);
  const socket = transports.sockets[0]!;
  const at = () => Math.floor(env.clock.now() / 1000);
  proxy.send(datagram4, socket.local, () => {});
  await env.clock.advance(1000);
  expect(ask('udp.proxy.dump')).toEqual([['127.0.0.1:7000', '192.0.2.7:5061', at() - 1]]);
  expect(ask('udp.proxy.stats')).toEqual([[1, 1, 1, 1]]);
  expect(ask('udp.proxy.clean')).toEqual(['0 expired hash table entries have been removed.']);
  await env.clock.advance(7200 * 1000);
  expect(ask('udp.proxy.clean')).toEqual(['1 expired hash table entries have been removed.']);
  proxy.send(datagram4, socket.local, () => {});
  await env.clock.advance(1000);
  expect(ask('udp.proxy.flush')).toEqual(['1 hash table entries have been flushed.']);
  expect(ask('udp.proxy.dump')).toEqual([]);
  transports.stop();
});
it('udp.proxy.… are not there without udp_accept_proxy', () => {
  const env = simulatedEnvironment(5);
  const rpc = new RpcRegistry();
  registerUdpRpc({ rpc, transports: new Transports(env, new Settings({}).values), env });
  expect(rpc.names()).toEqual([]);
});

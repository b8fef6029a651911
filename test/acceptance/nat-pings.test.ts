/** nathelper's `natping_socket`, `udpping_from_path` and `ignore_path`: from where to where pings of zero bytes go (nh_timer()). */
import { expect, it } from 'vitest';
import { SimulatedWorld } from '../../runtime/env/simulated.js';
import type { Network } from '../../runtime/env.js';
import { RpcCall } from '../../runtime/sdk/index.js';
import { buildCfg, startOnClock } from '../support/in-process.js';

const modules = ['sl', 'usrloc', 'registrar', 'nathelper'];
const cfg = (params: string) => `listen=udp:127.0.0.1:5060
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("nathelper", "natping_interval", 1)
${params
  .split(';')
  .map((each) => `modparam("nathelper", ${each})`)
  .join('\n')}
request_route { save("location"); }`;

const near = '<sip:127.0.0.8;lr>';
const far = '<sip:127.0.0.9:5070;lr;ob>';

/** Source and target of the pings of three seconds, each once. */
async function pings(params: string, path: string, network: Partial<Network> = {}, flags = 0): Promise<string[]> {
  const world = new SimulatedWorld();
  const env = world.host();
  Object.assign(env.network, network);
  const server = await startOnClock(await buildCfg('nat-pings.cfg', cfg(params)), env);
  const call = new RpcCall('ul.add', ['location', 'bob', 'sip:bob@127.0.0.2:5080', 600, 1, path, 0, flags, 0]);
  await server.rpc.execute(call, () => undefined)?.done;
  expect(call.faulted).toBeNull();
  const seen = new Set<string>();
  world.wire.onDatagram = (bytes, from, to) => {
    const way = `${from.ip}:${from.port} > ${to.ip}:${to.port}`;
    seen.add(bytes === '\0\0\0\0' ? way : `${bytes.split(' ')[0]} ${way}`);
  };
  await env.clock.advance(3000);
  await server.stop(0);
  return [...seen];
}

it.each<[string, string, string, string]>([
  ['"natping_socket", "127.0.0.5:5006"', '', '127.0.0.5:5006', 'that address'],
  ['"natping_socket", "udp:127.0.0.5"', '', '127.0.0.5:5060', 'its port left out'],
  ['"udpping_from_path", 1', `${near},${far}`, '127.0.0.9:5070', 'the last proxy of the Path'],
  ['"udpping_from_path", 2', `${near},${far}`, '127.0.0.8:5060', 'the first'],
  ['"udpping_from_path", 9', `${near},${far}`, '127.0.0.9:5070', 'there are not as many: the last'],
  ['"udpping_from_path", 1;"natping_socket", "127.0.0.5:5006"', far, '127.0.0.9:5070', 'both: the Path counts'],
  ['"udpping_from_path", 1', '', '127.0.0.1:5060', 'no Path: our socket'],
])('%s, Path "%s": %s, %s', async (params, path, from) => {
  expect(await pings(params, path)).toEqual([`${from} > 127.0.0.2:5080`]);
});

it('SIP pings leave from our socket', async () => {
  const sip = '"sipping_from", "sip:p@h";"sipping_bflag", 0;"natping_socket", "127.0.0.5:5006"';
  expect(await pings(sip, '')).toEqual(['OPTIONS 127.0.0.1:5060 > 127.0.0.2:5080']);
});

it.each<[string, string, number, string]>([
  ['"ignore_path", 0', 'OPTIONS 127.0.0.1:5060 > 127.0.0.8:5060', 1, 'a SIP ping takes the way of the REGISTER'],
  ['"ignore_path", 1', 'OPTIONS 127.0.0.1:5060 > 127.0.0.2:5080', 1, 'straight to the contact (later than 5.6)'],
  ['"ignore_path", 0;"udpping_from_path", 1', '127.0.0.9:5070 > 127.0.0.2:5080', 0, 'from its last proxy'],
  ['"ignore_path", 1;"udpping_from_path", 1', '127.0.0.1:5060 > 127.0.0.2:5080', 0, 'from our socket'],
])('%s: %s, %s', async (params, way, flags) => {
  const sip = flags === 0 ? '' : '"sipping_from", "sip:p@h";"sipping_bflag", 0;';
  expect(await pings(sip + params, `${near},${far}`, {}, flags)).toEqual([way]);
});

it.each<[string, string]>([
  ['"natping_socket", "tcp:127.0.0.5:5006"', 'has to be an IPv4 address'],
  ['"natping_socket", "nowhere.invalid"', 'has no IPv4 address'],
])('%s does not start', (params, why) => expect(pings(params, '')).rejects.toThrow(why));

it.each([
  ['EPERM', 'CAP_NET_RAW'],
  ['ENOSYS', 'koffi'],
])('without the right or the means it does not start, and says what is missing: %s', (code, what) => {
  const foreignSender = () => {
    throw Object.assign(new Error(code), { code });
  };
  return expect(pings('"natping_socket", "127.0.0.5:5006"', '', { foreignSender })).rejects.toThrow(what);
});

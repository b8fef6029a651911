import { describe, expect, it, test } from 'vitest';
import { SimulatedWorld } from '../../runtime/env/simulated.js';
import { Exchange, FOR_EVER, type RouteContext, relayAddress } from '../../runtime/sdk/index.js';
import { parseFlags } from './flags.js';
import { Capability, leadingInt, Relays } from './relays.js';

const run = (isRequest: boolean) => ({ msg: { isRequest }, log: () => {} }) as unknown as RouteContext;

describe('flags', () => {
  test.each<[string, boolean, object | null]>([
    ['', true, { via: 0, options: '', trustSdp: false, force: false }],
    ['3', true, { via: 1 }],
    ['3', false, { via: 2 }],
    ['aie', true, { options: 'AIE', trustSdp: true }],
    ['r', true, { options: '', trustSdp: true }],
    ['wz20l', true, { options: 'S', repacketize: 'Z20', lookup: true }],
    ['COX', true, { commonAddress: true, bridge: true }],
    ['b', true, { extraId: true }],
    ['B', true, null],
    ['q', true, null],
    ['c\n', true, null],
  ])('%j', (text, request, expected) => {
    const flags = parseFlags(run(request), text);
    if (expected === null) expect(flags).toBeNull();
    else expect(flags).toMatchObject(expected);
  });
});

test.each([
  ['35000 1.2.3.4', 35000],
  ['E7', 0],
  ['-3', -3],
  ['', 0],
])('number at the start of %j', (text, n) => expect(leadingInt(text)).toBe(n));

/** A relay on the simulated wire that answers by these rules. */
async function stage(answers: Readonly<Record<string, string>>) {
  const world = new SimulatedWorld();
  const environment = world.host(['10.0.0.1', '10.0.0.2']);
  const heard: string[] = [];
  const socket = await environment.network.bindUdp({ ip: '10.0.0.2', port: 7722 }, (bytes, from) => {
    const [cookie = '', ...words] = bytes.split(' ');
    heard.push(words.join(' '));
    const answer = answers[words.join(' ')];
    if (answer !== undefined) socket.send(`${cookie} ${answer}\n`, from);
  });
  const exchange = new Exchange(environment, async (ip, port) => ({ ip, port }), '10.0.0.1');
  const params = { rtpproxy_disable_tout: 60, rtpproxy_retr: 2, rtpproxy_tout: 1 };
  const relays = new Relays(
    exchange,
    params,
    () => Math.floor(environment.clock.monotonic() / 1000),
    () => {},
  );
  const address = relayAddress('udp:10.0.0.2:7722', 0);
  if (address === null) throw new Error('no address');
  const node = relays.sets.add(0, 'udp:10.0.0.2:7722', address, 1);
  const set = relays.sets.get(0);
  if (set === null) throw new Error('no set');
  return {
    node,
    heard,
    async select(ms: number) {
      const chosen = relays.select(set, 'call');
      await world.clock.advance(ms);
      return (await chosen) === node;
    },
    async test() {
      const up = relays.test(node);
      await world.clock.advance(5000);
      return up;
    },
  };
}
const modern = { V: '20040107', 'VF 20050322': '1', 'VF 20071116': '1', 'VF 20081102': '0' };

describe('a relay', () => {
  it('says what it can do', async () => {
    const { node, test } = await stage(modern);
    expect(await test()).toBe(true);
    expect([...node.capabilities]).toEqual([Capability.repacketize]);
  });
  it.each([
    ['of another version', { ...modern, V: '20090101' }],
    ['too old', { ...modern, 'VF 20050322': '0' }],
    ['silent', {}],
  ])('%s is not used, and asked again after a pause', async (_title, answers) => {
    const { node, heard, test, select } = await stage(answers);
    node.disabled = !(await test());
    const before = heard.length;
    expect(await select(5000)).toBe(false);
    expect(heard.length).toBe(before);
    expect(await select(60_000)).toBe(false);
    expect(await select(5000)).toBe(false);
    expect(heard.length).toBeGreaterThan(before);
  });
  it('an administrator disabled is not asked', async () => {
    const { node, heard, select } = await stage(modern);
    node.disabled = true;
    node.recheckSec = FOR_EVER;
    expect(await select(100_000)).toBe(false);
    expect(heard).toEqual([]);
  });
});

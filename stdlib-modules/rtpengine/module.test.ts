import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { SimulatedWorld } from '../../runtime/env/simulated.js';
import { Exchange, FOR_EVER, parseRelaySet, pickByWeight, relayAddress } from '../../runtime/sdk/index.js';
import { type Bencode, Dictionary, decodeDictionary, encode } from './bencode.js';
import { parseFlags } from './flags.js';
import { mosParams, sidesAsked } from './mos.js';
import { type RelayParams, Relays } from './relays.js';

describe('bencode', () => {
  const value: fc.Arbitrary<Bencode> = fc.letrec<{ value: Bencode }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary-ascii' }),
      fc.integer(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((entries) => {
        const d = new Dictionary();
        for (const [k, v] of entries) d.add(k, v);
        return d;
      }),
    ),
  })).value;
  it('what is written is read', () => {
    fc.assert(
      fc.property(value, (v) => {
        const whole = new Dictionary().add('v', v);
        expect(decodeDictionary(encode(whole))).toEqual(whole);
      }),
    );
  });
  it('no text breaks the reader', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'dlei0159:-x') }), (text) => void decodeDictionary(text)),
    );
  });
  it.each([
    'd',
    'd1:a',
    'd1:ai5',
    'd99999999999:ae',
    'd1:ai1xe',
    '4:text',
    'i5e',
    '',
    'd1:a-3:xxxe',
    `${'l'.repeat(40)}${'e'.repeat(40)}`,
    `d1:a${'l'.repeat(5000)}${'e'.repeat(5000)}e`,
  ])('%s is none', (text) => expect(decodeDictionary(text)).toBeNull());
  it('a list of too many items is refused', () =>
    expect(decodeDictionary(`d1:al${'i1e'.repeat(200_000)}ee`)).toBeNull());
});

describe('flags', () => {
  const defaults = { operation: 'offer', callId: 'c', fromTag: 'f', toTag: '', fragment: false } as const;
  const entriesOf = (text: string) => {
    const flags = parseFlags(text, defaults);
    return typeof flags === 'string' ? flags : Object.fromEntries(flags.entries);
  };
  test.each<[string, unknown]>([
    ['', {}],
    ['trust-address', { flags: ['trust-address'] }],
    ['SRTP', { 'transport-protocol': 'RTP/SAVP' }],
    ['RTP/SAVPF RTP', { 'transport-protocol': 'RTP/AVPF' }],
    ['DTLS AVPF', { 'transport-protocol': 'UDP/TLS/RTP/SAVPF' }],
    ['delete-delay=3', { 'delete delay': 3, 'delete-delay': '3' }],
    ['repacketize=0', "error processing flag 'repacketize=0': invalid value"],
    ['call-id', "error processing flag 'call-id': missing value"],
  ])('%j', (text, entries) => expect(entriesOf(text)).toEqual(entries));
  it('no text breaks the parser', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseFlags(text, defaults)));
  });
});

describe('nodes', () => {
  test.each([
    ['udp:127.0.0.1:2223', { kind: 'udp', host: '127.0.0.1', port: 2223 }],
    ['UDP:relay.example.org', { kind: 'udp', host: 'relay.example.org', port: 22222 }],
    ['udp6:[::1]:7', { kind: 'udp', host: '::1', port: 7 }],
    ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['tcp:x:1', null],
    ['udp:x:70000', null],
    ['udp:', null],
  ])('%s', (url, address) => expect(relayAddress(url, 22222)).toEqual(address));
  test.each([
    ['udp:a:1', { id: null, nodes: [{ url: 'udp:a:1', weight: 1 }] }],
    [
      ' 3 ==  udp:a:1=5   udp:b:1 ',
      {
        id: 3,
        nodes: [
          { url: 'udp:a:1', weight: 5 },
          { url: 'udp:b:1', weight: 1 },
        ],
      },
    ],
    ['x == udp:a:1', null],
    ['1 ==', null],
    ['', { id: null, nodes: [] }],
  ])('%j', (text, set) => expect(parseRelaySet(text)).toEqual(set));
});

const params: RelayParams = {
  rtpengine_disable_tout: 60,
  aggressive_redetection: 1,
  rtpengine_tout_ms: 100,
  rtpengine_retr: 3,
  rtpengine_allow_op: 0,
  hash_algo: 0,
  hash_table_tout: 10,
  ping_interval: 0,
};
/** Two relays on the simulated wire that answer while they are up. */
async function stage(change: Partial<RelayParams> = {}) {
  const world = new SimulatedWorld();
  const environment = world.host(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  const up = new Map([
    ['10.0.0.2', true],
    ['10.0.0.3', true],
  ]);
  const heard: string[] = [];
  for (const ip of up.keys()) {
    const socket = await environment.network.bindUdp({ ip, port: 2223 }, (bytes, from) => {
      heard.push(`${ip} ${bytes.slice(bytes.indexOf(' ') + 1)}`);
      if (up.get(ip)) socket.send(`${bytes.split(' ')[0]} d6:result4:ponge`, from);
    });
  }
  const exchange = new Exchange(environment, async (ip, port) => ({ ip, port }), '10.0.0.1');
  const relays = new Relays(
    exchange,
    { ...params, ...change },
    () => Math.floor(environment.clock.monotonic() / 1000),
    () => {},
  );
  for (const ip of up.keys()) {
    const address = relayAddress(`udp:${ip}:2223`, 0);
    if (address) relays.sets.add(0, ip, address, 1);
  }
  const set = relays.sets.get(0);
  if (set === null) throw new Error('no set');
  return {
    relays,
    set,
    up,
    heard,
    /** The node for a Call-ID, after this much time. */
    async select(callId: string, ms = 0) {
      const chosen = relays.select(set, callId, '', 'offer', []);
      await world.clock.advance(ms);
      return (await chosen)?.url ?? null;
    },
    advance: (ms: number) => world.clock.advance(ms),
    ask: async () => {
      const first = set.nodes[0];
      if (!first) throw new Error('no node');
      const answer = relays.ask(first, 'ping', new Dictionary());
      await world.clock.advance(1000);
      return answer;
    },
  };
}

describe('relays', () => {
  it('share Call-IDs by the sum of their bytes', async () => {
    const { select } = await stage();
    expect([await select('a'), await select('b'), await select('c')]).toEqual(['10.0.0.3', '10.0.0.2', '10.0.0.3']);
  });
  it('a call stays where it is, until its time is up', async () => {
    const { relays, set, select, advance } = await stage();
    const [, second] = set.nodes;
    if (second) relays.remember('b', '', second);
    expect(await select('b')).toBe('10.0.0.3');
    await advance(11_000);
    if (second) relays.remember('other', '', second);
    expect([relays.callCount, await select('b')]).toEqual([1, '10.0.0.2']);
  });
  it('a command is sent three times, then given up', async () => {
    const { up, heard, ask } = await stage();
    up.set('10.0.0.2', false);
    expect(await ask()).toBeNull();
    expect(heard.length).toBe(3);
    expect(new Set(heard).size).toBe(1);
  });
  it('one that was silent is left alone, then asked, then back', async () => {
    const { relays, set, up, heard, select } = await stage();
    const [first] = set.nodes;
    if (first) relays.disable(first);
    expect(await select('b')).toBe('10.0.0.3');
    expect(heard).toEqual([]);
    expect(await select('b', 60_000)).toBe('10.0.0.3');
    expect(await select('b', 1000)).toBe('10.0.0.2');
    expect(heard.length).toBe(1);
    up.set('10.0.0.2', false);
  });
  it('when none is left all are asked', async () => {
    const { relays, set, up, select } = await stage();
    up.set('10.0.0.2', false);
    for (const node of set.nodes) relays.disable(node);
    expect(await select('b', 1000)).toBe('10.0.0.3');
  });
  it('ping_interval: all are tested, and a command waits for no test', async () => {
    const { relays, set, up, heard, select, advance } = await stage({ ping_interval: 5, rtpengine_disable_tout: 1 });
    up.set('10.0.0.2', false);
    const tested = relays.testAll();
    await advance(1000);
    await tested;
    expect(set.nodes.map(({ disabled }) => disabled)).toEqual([true, false]);
    up.set('10.0.0.2', true);
    await advance(5000);
    heard.length = 0;
    expect([await select('b'), heard]).toEqual(['10.0.0.3', []]);
    const again = relays.testAll();
    await advance(1000);
    await again;
    expect(await select('b')).toBe('10.0.0.2');
  });
  it('unless that is off', async () => {
    const { relays, set, select } = await stage({ aggressive_redetection: 0 });
    for (const node of set.nodes) relays.disable(node);
    expect(await select('b', 1000)).toBeNull();
  });
  it('one an administrator disabled serves its calls with rtpengine_allow_op', async () => {
    for (const [allow, expected] of [
      [0, null],
      [1, '10.0.0.2'],
      [2, '10.0.0.2'],
    ] as const) {
      const { relays, set, select } = await stage({ rtpengine_allow_op: allow });
      const [first] = set.nodes;
      if (!first) throw new Error('no node');
      relays.remember('b', '', first);
      first.disabled = true;
      first.recheckSec = FOR_EVER;
      expect(await select('b')).toBe(expected);
    }
  });
  it.each([
    [0, 'call-3@host', '10.0.0.2'],
    [1, 'call-3@host', '10.0.0.3'],
    [2, 'call-3@host', '10.0.0.2'],
    [1, 'call-36@host', '10.0.0.2'],
    [2, 'call-36@host', '10.0.0.3'],
  ])('hash_algo %d of %s', async (hash_algo, callId, expected) => {
    const { select } = await stage({ hash_algo });
    expect(await select(callId)).toBe(expected);
  });
  it('an answer with another cookie, or from elsewhere, is none', async () => {
    const world = new SimulatedWorld();
    const environment = world.host(['10.0.0.1', '10.0.0.2', '10.0.0.9']);
    const forger = await environment.network.bindUdp({ ip: '10.0.0.9', port: 1 }, () => {});
    const socket = await environment.network.bindUdp({ ip: '10.0.0.2', port: 1 }, (bytes, from) => {
      socket.send('other d6:result4:ponge', from);
      forger.send(`${bytes.split(' ')[0]} forged`, from);
    });
    const exchange = new Exchange(environment, async (ip, port) => ({ ip, port }), '10.0.0.1');
    const answer = exchange.ask({ kind: 'udp', host: '10.0.0.2', port: 1 }, 'x', { tries: 1, timeoutMs: 50 });
    await world.clock.advance(1000);
    expect(await answer).toBeNull();
    await exchange.close();
  });
  it('weights', () => {
    const node = (weight: number) => ({ weight }) as never;
    const [a, b] = [node(2), node(1)];
    expect([0, 1, 2, 3].map((sum) => pickByWeight([a, b], sum))).toEqual([a, a, b, a]);
    expect(pickByWeight([node(0)], 5)).toBeNull();
  });
});

it('call quality: the sides asked for, by the names of the parameters', () => {
  expect(Object.keys(mosParams).length).toBe(56);
  expect(sidesAsked({ mos_min_at_A_pv: {}, mos_B_label_pv: {} })).toEqual(['_A', '_B']);
  expect(sidesAsked({ mos_average_samples_pv: {} })).toEqual(['']);
});

/** One peer's fault stays its own: on a whole server, on the simulated network. */
import { afterEach, expect, it } from 'vitest';
import { type SimulatedEnvironment, SimulatedWorld } from '../../runtime/env/simulated.js';
import type { SimulatedConnection } from '../../runtime/env/simulated-network.js';
import type { Server } from '../../runtime/index.js';
import { buildCfg, startBuilt } from '../support/in-process.js';
import { readSip, writeSip } from '../support/sip-text.js';

const PROXY = { ip: '10.0.0.1', port: 5060 };
const cfg = `
tcp_max_connections=8
tcp_conn_wq_max=65536
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
modparam("tm", "fr_timer", 4000)
request_route {
  if (is_method("ACK")) { t_relay(); exit; }
  if ($rU == "echo") {
    append_to_reply("X-Long: $(ua)\\r\\n");
    sl_send_reply("200", "OK");
    exit;
  }
  if ($rU == "name") $ru = "sip:bob@mute.example.com";
  if ($rU == "fork") {
    $ru = "sip:a@10.0.0.3";
    append_branch("sip:b@10.0.0.4");
  }
  t_relay();
}
`;
const withModules = cfg.replace(
  'loadmodule "pv.so"',
  'loadmodule "pv.so"\nloadmodule "textops.so"\nloadmodule "corex.so"',
);

let stop: (() => Promise<void>) | null = null;
afterEach(async () => {
  await stop?.();
  stop = null;
});

interface Stage {
  readonly world: SimulatedWorld;
  readonly env: SimulatedEnvironment;
  readonly server: Server;
}
async function stage(): Promise<Stage> {
  const world = new SimulatedWorld(1);
  const env = world.host([PROXY.ip], { 'good.example.com': { a: ['10.0.0.3'] } });
  env.resolver.failing.add('mute.example.com');
  for (const name of ['_sip._udp.mute.example.com', '_sip._tcp.mute.example.com']) env.resolver.failing.add(name);
  const server = await startBuilt(await buildCfg('faults.cfg', withModules), env, [
    ...['-l', `udp:${PROXY.ip}:${PROXY.port}`],
    ...['-l', `tcp:${PROXY.ip}:${PROXY.port}`],
  ]);
  stop = () => server.stop(0);
  return { world, env, server };
}
const request = (method: string, uri: string, n: number | string, from: string, proto = 'UDP', agent = 'phone') =>
  writeSip(
    `${method} ${uri} SIP/2.0`,
    [
      ['Via', `SIP/2.0/${proto} ${from};branch=z9hG4bK-${n}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:alice@${from}>;tag=f${n}`],
      ['To', `<${uri}>`],
      ['Call-ID', `call-${n}`],
      ['CSeq', `1 ${method}`],
      ['User-Agent', agent],
    ],
    '',
  );
/** A UDP peer; `answer` is what it says to a request. */
async function peer({ world }: Stage, ip: string, answer: (text: string) => string | null = () => null) {
  const got: string[] = [];
  const socket = await world.host([ip]).network.bindUdp({ ip, port: 5060 }, (bytes, from) => {
    got.push(bytes);
    const said = bytes.startsWith('SIP/2.0') ? null : answer(bytes);
    if (said !== null) socket.send(said, from);
  });
  return { send: (text: string) => void socket.send(text, PROXY), got };
}
const respond = (text: string, status: string): string =>
  writeSip(
    `SIP/2.0 ${status}`,
    readSip(text)
      .headers.filter(([name]) => /^(Via|From|To|Call-ID|CSeq)$/.test(name))
      .map(([name, value]): [string, string] => [name, name === 'To' ? `${value};tag=t` : value]),
    '',
  );
const statuses = (got: readonly string[]) => got.filter((t) => t.startsWith('SIP/2.0')).map((t) => t.slice(8, 11));

async function connect({ world }: Stage, ip: string) {
  let text = '';
  let closed = false;
  const stream = (await settled(
    world,
    world.host([ip]).network.connectTcp(PROXY, { timeoutMs: 1000 }),
  )) as SimulatedConnection;
  stream.onData = (bytes) => {
    text += bytes;
  };
  stream.onClose = () => {
    closed = true;
  };
  return { stream, text: () => text, closed: () => closed };
}
async function settled<T>(world: SimulatedWorld, promise: Promise<T>): Promise<T> {
  await world.clock.advance(10);
  return promise;
}

it('a slow reader is cut at its queue limit, and only it', async () => {
  const here = await stage();
  const slow = await connect(here, '10.0.0.2');
  const quick = await connect(here, '10.0.0.3');
  slow.stream.paused = true;
  const long = 'x'.repeat(3_000);
  for (let n = 0; n < 60; n++) {
    slow.stream.write(request('OPTIONS', 'sip:echo@10.0.0.1', `s${n}`, '10.0.0.2', 'TCP', long));
    quick.stream.write(request('OPTIONS', 'sip:echo@10.0.0.1', `q${n}`, '10.0.0.3', 'TCP', long));
    await here.world.clock.advance(50);
  }
  expect([slow.closed(), quick.closed()]).toEqual([true, false]);
  expect(quick.text().match(/SIP\/2\.0 200 OK/g)).toHaveLength(60);
  expect(here.server.transports.connections.stats).toMatchObject({ current: 1, queueOverflows: 1 });
  expect(here.server.transports.connections.queuedBytes).toBe(0);
});

it('a flood of connections stops at tcp_max_connections; those that are there go on', async () => {
  const here = await stage();
  const first = await connect(here, '10.0.0.2');
  const flood = [];
  for (let n = 0; n < 40; n++) flood.push(await connect(here, '10.0.0.66'));
  await here.world.clock.advance(100);
  expect(here.server.transports.connections.stats).toMatchObject({ current: 8, refused: 33 });
  expect(flood.filter(({ stream }) => !stream.writable)).toHaveLength(33);
  first.stream.write(request('OPTIONS', 'sip:echo@10.0.0.1', 1, '10.0.0.2', 'TCP'));
  await here.world.clock.advance(50);
  expect(first.text()).toMatch(/^SIP\/2\.0 200 OK/);
  for (const each of flood) each.stream.end();
  await here.world.clock.advance(100);
  const after = await connect(here, '10.0.0.5');
  after.stream.write(request('OPTIONS', 'sip:echo@10.0.0.1', 2, '10.0.0.5', 'TCP'));
  await here.world.clock.advance(50);
  expect(after.text()).toMatch(/^SIP\/2\.0 200 OK/);
});

it('a peer that answers nonsense ends its own branch', async () => {
  const here = await stage();
  const alice = await peer(here, '10.0.0.2');
  const nonsense = await peer(here, '10.0.0.3', (text) =>
    respond(text, '200 OK').replace('SIP/2.0 200', 'SIP/2.0 2000'),
  );
  const bob = await peer(here, '10.0.0.4', (text) =>
    text.startsWith('MESSAGE') ? respond(text, '404 Not Found') : null,
  );
  alice.send(request('MESSAGE', 'sip:fork@10.0.0.1', 1, '10.0.0.2'));
  await here.world.clock.advance(1_000);
  expect([nonsense.got.length > 0, bob.got.length]).toEqual([true, 1]);
  expect(statuses(alice.got)).toEqual([]);
  // Its timer ends the branch; what bob said goes back.
  await here.world.clock.advance(4_000);
  expect(statuses(alice.got)).toEqual(['404']);
  await here.world.clock.advance(60_000);
  expect(here.server.transactions.size).toBe(0);
});

it('a resolver that stops answering costs only the calls that need it', async () => {
  const here = await stage();
  const alice = await peer(here, '10.0.0.2');
  await peer(here, '10.0.0.3', (text) => respond(text, '200 OK'));
  for (let n = 0; n < 20; n++) {
    alice.send(request('MESSAGE', 'sip:name@10.0.0.1', `m${n}`, '10.0.0.2'));
    alice.send(request('MESSAGE', 'sip:bob@good.example.com', `g${n}`, '10.0.0.2'));
    alice.send(request('MESSAGE', 'sip:bob@10.0.0.3', `a${n}`, '10.0.0.2'));
  }
  await here.world.clock.advance(100);
  expect(statuses(alice.got)).toEqual(Array.from({ length: 40 }, () => '200'));
  await here.world.clock.advance(60_000);
  expect(statuses(alice.got).slice(40)).toEqual(Array.from({ length: 20 }, () => '478'));
  // One question for all of them, not one each.
  expect(here.env.resolver.queries.filter((query) => query.includes('mute')).length).toBeLessThan(12);
});

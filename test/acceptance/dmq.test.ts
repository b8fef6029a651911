/**
 * dmq over minutes, on a virtual clock: nodes that fall silent and come back, and what came after 5.6.3, of which no golden can tell (the
 * facts are its page's). The other nodes are sockets that answer, or do not.
 */
import { expect, it } from 'vitest';
import { type SimulatedEnvironment, SimulatedWorld, type Zone } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { RpcCall, RpcStruct } from '../../runtime/sdk/index.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const OWN = '10.0.0.1';
const [B, C] = ['10.0.0.2', '10.0.0.3'];
const line = (ip: string, status = 'active') => `sip:${ip}:5060;status=${status}\r\n`;
const ok = (request: string, body = '') => {
  const copied = request.split('\r\n').filter((text) => /^(Via|From|To|Call-ID|CSeq):/.test(text));
  return ['SIP/2.0 200 OK', ...copied, `Content-Length: ${body.length}`, '', body].join('\r\n');
};
const channelOf = (request: string) => /^KDMQ sip:([^@]+)@/.exec(request)?.[1] ?? '';

interface Peer {
  readonly got: string[];
  /** What it answers a list with; null: it is silent. */
  list: string | null;
}
class Cluster {
  readonly world = new SimulatedWorld();
  readonly env: SimulatedEnvironment;
  server!: Server;
  constructor(zone: Zone = {}) {
    this.env = this.world.host([OWN], zone);
  }
  async peer(ip: string, list: string | null): Promise<Peer> {
    const peer: Peer = { got: [], list };
    const socket = await this.world.host([ip]).network.bindUdp({ ip, port: 5060 }, (text, from) => {
      peer.got.push(text);
      if (peer.list !== null && text.startsWith('KDMQ'))
        socket.send(ok(text, channelOf(text) === 'htable' ? '' : peer.list), from);
    });
    return peer;
  }
  async start(params: Readonly<Record<string, string | number>>, route = ''): Promise<void> {
    const set = Object.entries({ server_address: `sip:${OWN}:5060`, notification_address: `sip:${B}:5060`, ...params });
    const cfg = `listen=udp:${OWN}:5060
${['tm', 'sl', 'pv', 'xlog', 'dmq', 'htable'].map((name) => `loadmodule "${name}.so"`).join('\n')}
${set.map(([name, value]) => `modparam("dmq", "${name}", ${typeof value === 'number' ? value : `"${value}"`})`).join('\n')}
modparam("htable", "enable_dmq", 1)
modparam("htable", "dmq_init_sync", 1)
modparam("htable", "htable", "t=>size=4;dmqreplicate=1;")
request_route {
  if ($rm == "KDMQ") dmq_handle_message();
  ${route}
}
event_route[dmq:peer-up] { xlog("L_ERR", "up $ru\\n"); }
event_route[dmq:peer-down] { xlog("L_ERR", "down $ru\\n"); }
event_route[dmq:peer-disabled] { xlog("L_ERR", "disabled $ru\\n"); }`;
    this.server = await startBuilt(await buildCfg('dmq.cfg', cfg), this.env);
    await this.pass(0.1);
  }
  pass(seconds: number): Promise<void> {
    return this.env.clock.advance(seconds * 1000);
  }
  async rpc(name: string, ...words: readonly (string | number)[]): Promise<unknown> {
    const call = new RpcCall(name, words);
    await this.server.rpc.execute(call, () => undefined)?.done;
    return call.faulted?.text ?? (call.results[0] instanceof RpcStruct ? call.results : call.results[0]);
  }
  /** Statuses of the other nodes by their last digit. */
  async nodes(...more: readonly string[]): Promise<string> {
    const results = await this.rpc('dmq.list_nodes');
    const shown = (results as RpcStruct[]).map(({ entries }) => {
      const of = (wanted: string) => entries.find(({ name }) => name === wanted)?.value;
      return of('local') === 1 ? [] : [[String(of('host')).slice(-1), of('status'), ...more.map(of)].join(' ')];
    });
    return shown.flat().sort().join(', ');
  }
  said(): string[] {
    return this.env.log.records.splice(0).flatMap(({ source, text }) => (source === '<script>' ? [text.trim()] : []));
  }
}
const both = line(B) + line(C);

it('5.6: a notification address that is silent waits, another node is disabled and then forgotten', async () => {
  const cluster = new Cluster();
  const b = await cluster.peer(B, both);
  const c = await cluster.peer(C, null);
  await cluster.start({});
  expect(await cluster.nodes()).toBe('2 active, 3 active');
  expect(b.got.map(channelOf)).toEqual(['notification_peer', 'htable']);
  expect(b.got[0]).toMatch(/^Max-Forwards: 2\r$/m);
  b.list = null;
  await cluster.pass(60);
  // The ping goes out, its answer is waited for.
  expect(c.got.filter((text) => channelOf(text) === 'notification_peer')).toHaveLength(1);
  expect(await cluster.nodes()).toBe('2 active, 3 active');
  await cluster.pass(31);
  expect(await cluster.nodes()).toBe('2 pending, 3 disabled');
  // Others are not believed about a node that is on its way out.
  b.list = both;
  await cluster.pass(60);
  expect(await cluster.nodes()).toBe('2 active');
  await cluster.pass(30);
  expect(await cluster.nodes()).toBe('2 active, 3 active');
  expect(cluster.said()).toEqual([
    `up sip:${B}:5060`,
    `up ${line(C).trim()}`,
    `disabled ${line(C).trim()}`,
    `down sip:${B}:5060`,
    `up sip:${B}:5060`,
    `up ${line(C).trim()}`,
  ]);
  await cluster.server.stop(0);
});

it('remove_inactive 0: who is silent stays in the list, and comes back', async () => {
  const cluster = new Cluster();
  await cluster.peer(B, both);
  const c = await cluster.peer(C, null);
  await cluster.start({ remove_inactive: 0 });
  await cluster.pass(91);
  expect(await cluster.nodes()).toBe('2 active, 3 not_active');
  await cluster.pass(120);
  // What B says of it is believed at each ping, until the next silence.
  c.list = both;
  await cluster.pass(60);
  expect(await cluster.nodes()).toBe('2 active, 3 active');
  expect(cluster.said().filter((text) => text.startsWith('down'))).not.toEqual([]);
  await cluster.server.stop(0);
});

it('fail_count_enabled: thresholds, and a node that answers starts from 0', async () => {
  const cluster = new Cluster();
  const b = await cluster.peer(B, line(B));
  await cluster.start({ fail_count_enabled: 1, fail_count_threshold_not_active: 1, fail_count_threshold_disabled: 2 });
  b.list = null;
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) {
    await cluster.pass(i === 0 ? 91 : 60);
    seen.push(await cluster.nodes('fail_count'));
  }
  expect(seen).toEqual(['2 active 1', '2 not_active 2', '2 disabled 3', '2 disabled 3']);
  b.list = line(B);
  await cluster.pass(60);
  expect(await cluster.nodes('fail_count')).toBe('2 active 0');
  expect(cluster.said()).toEqual(['up', 'down', 'disabled', 'up'].map((word) => `${word} sip:${B}:5060`));
  await cluster.server.stop(0);
});

it('sl_send: what modules send goes out once', async () => {
  const cluster = new Cluster();
  const b = await cluster.peer(B, line(B));
  await cluster.start({ sl_send: 1 });
  b.list = null;
  b.got.length = 0;
  await cluster.rpc('htable.seti', 't', 'k', 5);
  await cluster.pass(10);
  expect(b.got).toHaveLength(1);
  expect(b.got[0]).toMatch(
    /^KDMQ sip:htable@10\.0\.0\.2:5060 SIP\/2\.0\r\nVia: SIP\/2\.0\/UDP 10\.0\.0\.1:5060;branch=z9hG4bK/,
  );
  expect(b.got[0]).toContain('{"action":2,"htname":"t","cname":"k","type":0,"intval":5,"mode":1}');
  await cluster.server.stop(0);
});

it.each([
  [0, 1],
  [1, 0],
])('init_with_single %d: who is asked for the tables', async (single, asked) => {
  const cluster = new Cluster();
  const b = await cluster.peer(B, both);
  const c = await cluster.peer(C, both);
  await cluster.start({ init_with_single: single });
  const ofTables = ({ got }: Peer) => got.filter((text) => channelOf(text) === 'htable').length;
  expect([ofTables(b), ofTables(c)]).toEqual([1, asked]);
  await cluster.server.stop(0);
});

it('dmq.add, dmq.change_status', async () => {
  const cluster = new Cluster();
  await cluster.peer(B, line(B));
  await cluster.start({});
  const change = (ip: string, status: string) => cluster.rpc('dmq.change_status', `sip:${ip}:5060`, status);
  expect(await cluster.rpc('dmq.add', `sip:${C}:5060`)).toBe('Ok. DMQ node added.');
  expect(await cluster.rpc('dmq.add', `sip:${C}:5060`)).toBe('Node is already added');
  expect(await cluster.rpc('dmq.add', 'x')).toBe('Failure');
  expect(await cluster.rpc('dmq.add')).toBe('Invalid Parameters');
  expect(await change(C, 'active')).toBe('Ok. DMQ node status changed.');
  expect(await change(C, 'active')).toBe('Ok. DMQ node status is already active.');
  expect(await change(C, 'pending')).toBe('Invalid Status - use: active, not_active, disabled');
  expect(await change(OWN, 'disabled')).toBe('Node is local');
  expect(await change('10.0.0.9', 'disabled')).toBe('Node Not Found');
  expect(await cluster.nodes()).toBe('2 active, 3 active');
  await cluster.server.stop(0);
});

it('dmq_process_custom, htable.dmqsync, htable.dmqresync', async () => {
  const cluster = new Cluster();
  const b = await cluster.peer(B, line(B));
  const set =
    '{\\"action\\":2,\\"htname\\":\\"t\\",\\"cname\\":\\"k\\",\\"type\\":2,\\"strval\\":\\"v\\",\\"mode\\":1}';
  await cluster.start(
    {},
    `dmq_process_custom("htable", "sip:${B}:5060", "${set}", "application/json");
  xlog("L_ERR", "$rc $sht(t=>k)\\n");
  dmq_handle_custom("nowhere", "sip:${B}:5060", "x", "text/plain");
  xlog("L_ERR", "$rc\\n");`,
  );
  const phone = await cluster.world.host(['10.0.0.4']).network.bindUdp({ ip: '10.0.0.4', port: 5060 }, () => {});
  cluster.said();
  phone.send(
    'OPTIONS sip:x@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.4:5060;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n' +
      'To: <sip:b@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n',
    { ip: OWN, port: 5060 },
  );
  await cluster.pass(0.1);
  expect(cluster.said()).toEqual(['1 v', '-1']);
  b.got.length = 0;
  expect(await cluster.rpc('htable.dmqsync')).toBe('Ok');
  expect(await cluster.rpc('htable.dmqsync', 't')).toBe('Ok');
  expect(await cluster.rpc('htable.dmqresync', 't')).toBe('Ok');
  expect(await cluster.rpc('htable.dmqresync', 'nowhere')).toBe('No such htable');
  await cluster.pass(0.1);
  const bodies = b.got.map((text) => text.slice(text.indexOf('\r\n\r\n') + 4));
  expect(bodies).toEqual(['{"action":1}', '{"action":1,"htname":"t"}', '{"action":1,"htname":"t"}']);
  expect(await cluster.rpc('htable.get', 't', 'k')).toBe("Key name doesn't exist in htable.");
  await cluster.server.stop(0);
});

it('multi_notify: all hosts behind the name', async () => {
  const cluster = new Cluster({
    'nodes.example.com': {
      srv: [
        { port: 5060, target: 'b.example.com' },
        { port: 5099, target: 'x.example.com' },
      ],
      a: [C],
    },
    'b.example.com': { a: [B] },
  });
  const b = await cluster.peer(B, line(B));
  await cluster.start({ multi_notify: 1, notification_address: 'sip:nodes.example.com:5060' });
  await cluster.pass(1);
  expect(await cluster.nodes()).toBe('2 active, 3 pending');
  expect(b.got).toHaveLength(2);
  await cluster.server.stop(0);
});

it('a list without end fills no memory', async () => {
  const cluster = new Cluster();
  await cluster.peer(B, Array.from({ length: 1_000 }, (_, i) => line(`10.1.${i >> 8}.${i & 255}`)).join(''));
  await cluster.start({});
  expect((await cluster.nodes()).split(', ').length).toBeLessThan(130);
  await cluster.server.stop(0);
});

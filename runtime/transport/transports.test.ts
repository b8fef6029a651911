/**
 * One suite over both environments: real loopback sockets and the simulated network. One file, since each case has to run over
 * both.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { realEnvironment } from '../env/real.js';
import { RecordingLog, SimulatedWorld, simulatedEnvironment } from '../env/simulated.js';
import type { SimulatedConnection } from '../env/simulated-network.js';
import type { Environment, StreamConnection } from '../env.js';
import { Settings } from '../settings.js';
import type { ListenSpec, NextHop, ReceiveInfo, TransportSettings } from './transports.js';
import { Transports } from './transports.js';

const settings: TransportSettings = { ...new Settings().values, port: 0, auto_aliases: 0 };
const message = (n: number, body = '') => `OPTIONS sip:${n}@b SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

interface Arrival {
  readonly bytes: string;
  readonly received: ReceiveInfo;
}
const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

async function server(env: Environment, specs: readonly string[], more: Partial<TransportSettings> = {}) {
  const arrivals: Arrival[] = [];
  const transports = new Transports(env, { ...settings, ...more });
  await transports.prepare(specs.map((address): ListenSpec => ({ address })));
  await transports.open((bytes, received) => arrivals.push({ bytes, received }));
  opened.push(() => transports.stop());
  return { transports, arrivals };
}

async function peer(env: Environment, ip: string) {
  const datagrams: { bytes: string; port: number }[] = [];
  const socket = await env.network.bindUdp({ ip, port: 0 }, (bytes, from) =>
    datagrams.push({ bytes, port: from.port }),
  );
  opened.push(() => socket.close());
  return { socket, datagrams };
}

function streamPeer(connection: StreamConnection) {
  const state = { connection, bytes: '', closed: false };
  connection.onData = (bytes) => {
    state.bytes += bytes;
  };
  connection.onClose = () => {
    state.closed = true;
  };
  return state;
}

type Make = () => { env: Environment; until(done: () => boolean): Promise<void> };
const onLoopback = (batchedUdp: boolean): Make => {
  return () => ({
    env: realEnvironment(new RecordingLog(), { batchedUdp }),
    until: async (done) => {
      const end = performance.now() + 3000;
      while (!done() && performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
      expect(done()).toBe(true);
    },
  });
};
const environments: [string, Make][] = [
  ['real loopback, UDP in batches', onLoopback(true)],
  ['real loopback, node:dgram', onLoopback(false)],
  [
    'simulated network',
    () => {
      const env = simulatedEnvironment(7);
      return {
        env,
        until: async (done) => {
          for (let ms = 0; !done() && ms < 3000; ms++) await env.clock.advance(1);
          expect(done()).toBe(true);
        },
      };
    },
  ],
];
/** Lets promises of the environment settle while `until` moves the clock. */
async function eventually<T>(until: (done: () => boolean) => Promise<void>, promise: Promise<T>): Promise<T> {
  let over = false;
  const watched = promise.finally(() => {
    over = true;
  });
  watched.catch(() => {});
  await until(() => over);
  return watched;
}

describe.each(environments)('transports on %s', (_, make) => {
  it.each(['127.0.0.1', '::1'])('datagrams both ways on %s', async (ip) => {
    const { env, until } = make();
    const { transports, arrivals } = await server(env, [`udp:${ip.includes(':') ? `[${ip}]` : ip}`]);
    const socket = transports.sockets[0]!;
    const alice = await peer(env, ip);
    alice.socket.send(message(1, '\xff\x00é'), socket.local);
    await until(() => arrivals.length === 1);
    const { bytes, received } = arrivals[0]!;
    expect(bytes).toBe(message(1, '\xff\x00é'));
    expect(received).toMatchObject({ proto: 'udp', src: alice.socket.local, dst: socket.local, connectionId: 0 });
    const hop: NextHop = { proto: 'udp', ...received.src, socket };
    expect(transports.send(hop, 'SIP/2.0 200 OK\xfe')).toBe(true);
    await until(() => alice.datagrams.length === 1);
    expect(alice.datagrams).toEqual([{ bytes: 'SIP/2.0 200 OK\xfe', port: socket.local.port }]);
    expect(transports.send({ ...hop, port: 0 }, 'x')).toBe(false);
    expect(transports.send(hop, 'x'.repeat(65_508))).toBe(false);
    expect(transports.send({ ...hop, ip: ip === '::1' ? '127.0.0.1' : '::1' }, 'x')).toBe(false);
  });

  it('drops keep-alives and other short datagrams without a word', async () => {
    const { env, until } = make();
    const { transports, arrivals } = await server(env, ['udp:127.0.0.1']);
    const alice = await peer(env, '127.0.0.1');
    const short = ['', '\0', '\r\n\r\n', 'x'.repeat(19)];
    for (const bytes of [...short, 'x'.repeat(20)]) alice.socket.send(bytes, transports.sockets[0]!.local);
    await until(() => arrivals.length === 1);
    expect(arrivals[0]!.bytes).toBe('x'.repeat(20));
    expect(transports.stats.keepalives).toBe(short.length);
    expect(alice.datagrams).toEqual([]);
  });

  it('answers on the connection a request came in on, by id', async () => {
    const { env, until } = make();
    const { transports, arrivals } = await server(env, ['tcp:127.0.0.1']);
    const socket = transports.sockets[0]!;
    const alice = streamPeer(await eventually(until, env.network.connectTcp(socket.local, { timeoutMs: 1000 })));
    alice.connection.write(message(1, 'abc') + message(2));
    await until(() => arrivals.length === 2);
    expect(arrivals.map(({ bytes }) => bytes)).toEqual([message(1, 'abc'), message(2)]);
    const { received } = arrivals[0]!;
    expect(received).toMatchObject({ proto: 'tcp', src: alice.connection.local, dst: socket.local, socket });
    expect(
      transports.send(
        { proto: 'tcp', ip: received.src.ip, port: 9, socket, connectionId: received.connectionId },
        'answer',
      ),
    ).toBe(true);
    await until(() => alice.bytes === 'answer');
    // By address, nothing new is opened.
    expect(transports.send({ proto: 'tcp', ...received.src, socket }, '!', { noConnect: true })).toBe(true);
    await until(() => alice.bytes === 'answer!');
    expect(transports.connections.stats).toMatchObject({ current: 1, accepted: 1, connected: 0 });
  });

  it('opens a connection, sends what waited, in order, and uses it again', async () => {
    const { env, until } = make();
    const far = await server(env, ['tcp:127.0.0.1']);
    const near = await server(env, ['tcp:127.0.0.1']);
    const hop: NextHop = { proto: 'tcp', ...far.transports.sockets[0]!.local, socket: near.transports.sockets[0]! };
    expect(near.transports.send(hop, message(1), { noConnect: true })).toBe(false);
    for (const n of [1, 2, 3]) expect(near.transports.send(hop, message(n))).toBe(true);
    await until(() => far.arrivals.length === 3);
    expect(near.transports.send(hop, message(4))).toBe(true);
    await until(() => far.arrivals.length === 4);
    expect(far.arrivals.map(({ bytes }) => bytes)).toEqual([1, 2, 3, 4].map((n) => message(n)));
    expect(near.transports.connections.stats).toMatchObject({ current: 1, connected: 1 });
    const back = far.arrivals[0]!.received;
    far.transports.send(
      { proto: 'tcp', ...back.src, socket: back.socket, connectionId: back.connectionId },
      message(9),
    );
    await until(() => near.arrivals.length === 1);
    expect(near.arrivals[0]!.received.src).toEqual(far.transports.sockets[0]!.local);
  });

  it('an alias leads to the same connection', async () => {
    const { env, until } = make();
    const { transports, arrivals } = await server(env, ['tcp:127.0.0.1']);
    const socket = transports.sockets[0]!;
    const alice = streamPeer(await eventually(until, env.network.connectTcp(socket.local, { timeoutMs: 1000 })));
    alice.connection.write(message(1));
    await until(() => arrivals.length === 1);
    const hop: NextHop = { proto: 'tcp', ip: '127.0.0.1', port: 5099, socket };
    expect(transports.send(hop, 'x', { noConnect: true })).toBe(false);
    expect(transports.connections.addAlias(arrivals[0]!.received.connectionId, 5099)).toBe(true);
    expect(transports.send(hop, 'x', { noConnect: true })).toBe(true);
    await until(() => alice.bytes === 'x');
  });

  it('answers CRLF CRLF with CRLF and closes on garbage', async () => {
    const { env, until } = make();
    const { transports } = await server(env, ['tcp:127.0.0.1']);
    const alice = streamPeer(
      await eventually(until, env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 })),
    );
    alice.connection.write('\r\n\r\n');
    await until(() => alice.bytes === '\r\n');
    alice.connection.write('hello\r\n\r\n');
    await until(() => alice.closed);
    expect(transports.connections.stats).toMatchObject({ framingErrors: 1, current: 0 });
  });

  it.for([
    { tcp_script_mode: 0, closed: true, received: 2 },
    { tcp_script_mode: 1, closed: false, received: 3 },
  ])('a stream that carries what is not SIP: $tcp_script_mode', async ({ tcp_script_mode, closed, received }) => {
    const { env, until } = make();
    const transports = new Transports(env, { ...settings, tcp_script_mode });
    opened.push(() => transports.stop());
    await transports.prepare([{ address: 'tcp:127.0.0.1' }]);
    await transports.open((bytes) => bytes.startsWith('OPTIONS'));
    const at = transports.sockets[0]!.local;
    const alice = streamPeer(await eventually(until, env.network.connectTcp(at, { timeoutMs: 1000 })));
    alice.connection.write(`${message(1)}FOO\r\nContent-Length: 0\r\n\r\n${message(2)}`);
    await until(() => alice.closed || transports.stats.received === 3);
    expect([alice.closed, transports.stats.received]).toEqual([closed, received]);
  });

  it('tells a refused connection to every message that waited', async () => {
    const { env, until } = make();
    const far = await server(env, ['tcp:127.0.0.1']);
    const gone = { ...far.transports.sockets[0]!.local };
    far.transports.stop();
    const { transports } = await server(env, ['tcp:127.0.0.1']);
    const failures: string[] = [];
    for (const n of [1, 2]) {
      const hop: NextHop = { proto: 'tcp', ...gone, socket: transports.sockets[0]! };
      expect(transports.send(hop, message(n), { failed: (code) => failures.push(code) })).toBe(true);
    }
    await until(() => failures.length === 2);
    expect(failures).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    expect(transports.connections.stats).toMatchObject({ current: 0, connectFailed: 1 });
  });

  it('closes after the write when asked, and refuses beyond the limit of connections', async () => {
    const { env, until } = make();
    const far = await server(env, ['tcp:127.0.0.1']);
    const near = await server(env, ['tcp:127.0.0.1'], { tcp_max_connections: 1 });
    const hop: NextHop = { proto: 'tcp', ...far.transports.sockets[0]!.local, socket: near.transports.sockets[0]! };
    expect(near.transports.send(hop, message(1), { close: true })).toBe(true);
    expect(near.transports.send({ ...hop, port: 1 }, message(2))).toBe(false);
    await until(() => far.arrivals.length === 1 && far.transports.connections.stats.current === 0);
    expect(near.transports.connections.stats).toMatchObject({ current: 0, refused: 1 });
  });

  it('opens all sockets or none, and says what to do', async () => {
    const { env } = make();
    const first = await server(env, ['udp:127.0.0.1']);
    const { port } = first.transports.sockets[0]!.local;
    const second = new Transports(env, settings);
    await second.prepare([
      { address: 'tcp:127.0.0.1' },
      { address: 'udp:127.0.0.1' },
      { address: `udp:127.0.0.1:${port}` },
    ]);
    await expect(second.open(() => {})).rejects.toMatchObject({
      code: 'SIPC8001',
      message: expect.stringContaining('in use'),
    });
    expect(second.sockets).toEqual([]);
    await second.prepare([{ address: 'udp:192.0.2.1:5060' }]);
    await expect(second.open(() => {})).rejects.toMatchObject({ code: 'SIPC8002' });
    await expect(second.prepare([{ address: 'udp:127.0.0.1:99999' }])).rejects.toMatchObject({ code: 'SIPC8006' });
    await expect(second.prepare([{ address: 'sctp:127.0.0.1' }])).rejects.toMatchObject({ code: 'SIPC8007' });
  });

  it('listens on udp and tcp of an interface when no protocol is named', async () => {
    const { env } = make();
    const { transports } = await server(env, ['lo']);
    expect(transports.sockets.map(({ proto, local }) => `${proto} ${local.ip}`)).toEqual([
      'udp 127.0.0.1',
      'tcp 127.0.0.1',
    ]);
  });
});

describe('on the simulated network only', () => {
  it('closes an idle connection after its lifetime, and every message extends it', async () => {
    const env = simulatedEnvironment(3);
    const { transports, arrivals } = await server(env, ['tcp:127.0.0.1'], { tcp_connection_lifetime: 30 });
    const connecting = env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 });
    await env.clock.advance(10);
    const alice = streamPeer(await connecting);
    await env.clock.advance(25_000);
    alice.connection.write(message(1));
    await env.clock.advance(25_000);
    expect([arrivals.length, alice.closed]).toEqual([1, false]);
    await env.clock.advance(6000);
    expect([transports.connections.stats.current, alice.closed]).toEqual([0, true]);
  });

  it.each([
    [{}, 64, 110],
    [{ tcp_conn_wq_max: 10_000 }, 64, 80],
    [{ tcp_wq_max: 10_000 }, 64, 80],
  ])('cuts off a reader that stopped, at the queue limit %j', async (more, least, most) => {
    const env = simulatedEnvironment(3);
    const { transports, arrivals } = await server(env, ['tcp:127.0.0.1'], more);
    const connecting = env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 });
    await env.clock.advance(10);
    const connection: SimulatedConnection = await connecting;
    connection.write(message(1));
    await env.clock.advance(10);
    connection.paused = true;
    const { received } = arrivals[0]!;
    const hop: NextHop = {
      proto: 'tcp',
      ...received.src,
      socket: received.socket,
      connectionId: received.connectionId,
    };
    let taken = 0;
    while (taken < 1000 && transports.send(hop, 'x'.repeat(1000), { noConnect: true })) taken++;
    expect(taken).toBeGreaterThan(least);
    expect(taken).toBeLessThan(most);
    expect(transports.connections.stats).toMatchObject({ current: 0, queueOverflows: 1 });
  });

  it('cuts off a reader that makes no progress within tcp_send_timeout', async () => {
    const env = simulatedEnvironment(3);
    const { transports, arrivals } = await server(env, ['tcp:127.0.0.1'], { tcp_send_timeout: 5 });
    const connecting = env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 });
    await env.clock.advance(10);
    const connection: SimulatedConnection = await connecting;
    connection.write(message(1));
    await env.clock.advance(10);
    connection.paused = true;
    const { received } = arrivals[0]!;
    const hop: NextHop = {
      proto: 'tcp',
      ...received.src,
      socket: received.socket,
      connectionId: received.connectionId,
    };
    for (let n = 0; n < 70; n++) transports.send(hop, 'x'.repeat(1000), { noConnect: true });
    expect(transports.connections.queuedBytes).toBeGreaterThan(4000);
    await env.clock.advance(4000);
    expect(transports.connections.stats.current).toBe(1);
    await env.clock.advance(1100);
    expect(transports.connections.stats).toMatchObject({ current: 0, sendTimeouts: 1 });
    expect(transports.connections.queuedBytes).toBe(0);
  });

  it('how the system treats sockets is what the parameters say', async () => {
    const env = simulatedEnvironment(3);
    const tuned = async (more: Partial<TransportSettings>) =>
      (await server(env, ['tcp:127.0.0.1'], more)).transports.connections.tuning;
    expect(await tuned({ tos: 8, ip_free_bind: 1, tcp_listen_backlog: 9 })).toMatchObject({
      tos: 8,
      freeBind: true,
      backlog: 9,
    });
    expect(await tuned({ tcp_keepidle: 5, tcp_keepintvl: 6, tcp_keepcnt: 7 })).toMatchObject({
      keepAlive: { idleSec: 5, intervalSec: 6, count: 7 },
    });
    expect(await tuned({ tcp_keepalive: 0 })).toMatchObject({ keepAlive: null });
  });

  it('tcp_crlf_ping=0 answers no ping, tcp_rd_buf_size bounds a message, tcp_accept_unique refuses no other peer', async () => {
    const env = simulatedEnvironment(3);
    const { transports, arrivals } = await server(env, ['tcp:127.0.0.1'], {
      tcp_crlf_ping: 0,
      tcp_rd_buf_size: 512,
      tcp_accept_unique: 1,
    });
    const open = async () => {
      const connecting = env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 });
      await env.clock.advance(10);
      return streamPeer(await connecting);
    };
    const [first, second] = [await open(), await open()];
    first.connection.write(`\r\n\r\n${message(1)}`);
    second.connection.write(message(2, 'x'.repeat(512)));
    await env.clock.advance(10);
    expect([arrivals.length, first.bytes, first.closed, second.closed]).toEqual([1, '', false, true]);
  });

  it('tcp_no_connect opens none, tcp_connect_timeout ends a try, tcp_source_ipv6 is where it leaves from', async () => {
    const world = new SimulatedWorld(1);
    const env = world.host(['10.0.0.1', '2001:db8::1', '2001:db8::2']);
    const peer = world.host(['10.0.0.2', '2001:db8::9']);
    world.wire.cut('10.0.0.1', '10.0.0.2');
    const far = await server(peer, ['tcp:[2001:db8::9]']);
    const { transports } = await server(env, ['tcp:10.0.0.1', 'tcp:[2001:db8::1]'], {
      tcp_connect_timeout: 3,
      tcp_source_ipv6: '2001:db8::2',
    });
    const [four, six] = transports.sockets;
    const failures: string[] = [];
    const silent: NextHop = { proto: 'tcp', ip: '10.0.0.2', port: 5060, socket: four! };
    expect(transports.send(silent, message(1), { failed: (code) => failures.push(code) })).toBe(true);
    await env.clock.advance(2_900);
    expect(failures).toEqual([]);
    await env.clock.advance(200);
    expect(failures).toEqual(['ETIMEDOUT']);
    transports.send({ proto: 'tcp', ...far.transports.sockets[0]!.local, socket: six! }, message(2));
    await env.clock.advance(100);
    expect(far.arrivals.map(({ received }) => received.src.ip)).toEqual(['2001:db8::2']);
    const closed = await server(env, ['tcp:10.0.0.1'], { tcp_no_connect: 1 });
    const socket = closed.transports.sockets[0]!;
    expect(closed.transports.send({ ...silent, socket }, message(3))).toBe(false);
  });

  it('tcp_msg_read_timeout: a message has to be whole in time, the next one has its own', async () => {
    const env = simulatedEnvironment(3);
    const { transports, arrivals } = await server(env, ['tcp:127.0.0.1'], { tcp_msg_read_timeout: 5 });
    const connecting = env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 });
    await env.clock.advance(10);
    const slow = streamPeer(await connecting);
    const text = message(1);
    for (let n = 0; n < 2; n++) {
      slow.connection.write('\r\n');
      await env.clock.advance(9_000);
      slow.connection.write(text.slice(0, 10));
      await env.clock.advance(4_000);
      // The end of one and the begin of the next come together.
      slow.connection.write(text.slice(10) + text.slice(0, 10));
      await env.clock.advance(4_000);
      slow.connection.write(text.slice(10));
      await env.clock.advance(10);
    }
    expect([arrivals.length, slow.closed]).toEqual([4, false]);
    slow.connection.write('OPTIONS');
    await env.clock.advance(4_900);
    expect(slow.closed).toBe(false);
    await env.clock.advance(200);
    expect([slow.closed, transports.connections.stats.framingErrors]).toEqual([true, 1]);
  });

  it('tcp_msg_data_timeout: who connects has to say something, a ping does not count', async () => {
    const env = simulatedEnvironment(3);
    const { transports } = await server(env, ['tcp:127.0.0.1'], { tcp_msg_data_timeout: 5 });
    const open = async () => {
      const connecting = env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 });
      await env.clock.advance(10);
      return streamPeer(await connecting);
    };
    const [speaks, pings] = [await open(), await open()];
    speaks.connection.write(message(1));
    pings.connection.write('\r\n\r\n');
    await env.clock.advance(4_900);
    expect([speaks.closed, pings.closed, pings.bytes]).toEqual([false, false, '\r\n']);
    await env.clock.advance(10_000);
    expect([speaks.closed, pings.closed]).toEqual([false, true]);
  });

  it('a message that arrives byte by byte does not hold its connection', async () => {
    const env = simulatedEnvironment(3);
    const { transports } = await server(env, ['tcp:127.0.0.1'], { tcp_connection_lifetime: 20 });
    const connecting = env.network.connectTcp(transports.sockets[0]!.local, { timeoutMs: 1000 });
    await env.clock.advance(10);
    const slow = streamPeer(await connecting);
    for (let second = 0; second < 19; second++) {
      slow.connection.write('O');
      await env.clock.advance(1000);
    }
    expect(slow.closed).toBe(false);
    await env.clock.advance(1100);
    expect([slow.closed, transports.connections.stats.idleTimeouts]).toEqual([true, 1]);
  });

  it('aliases: three further ports; the mode says what happens to a port another connection has', async () => {
    const modes: [mode: number, taken: boolean, leadsTo: 'first' | 'second', afterClose: 'first' | 'none'][] = [
      [0, false, 'first', 'first'],
      [1, true, 'second', 'first'],
      [2, true, 'second', 'none'],
    ];
    for (const [mode, taken, leadsTo, afterClose] of modes) {
      const env = simulatedEnvironment(3);
      const { transports, arrivals } = await server(env, ['tcp:127.0.0.1'], { tcp_alias_flags: mode });
      const { connections, sockets } = transports;
      const open = async () => {
        const connecting = env.network.connectTcp(sockets[0]!.local, { timeoutMs: 1000 });
        await env.clock.advance(10);
        const peerSide = streamPeer(await connecting);
        peerSide.connection.write(message(1));
        await env.clock.advance(10);
        return { peerSide, id: arrivals.at(-1)!.received.connectionId };
      };
      const first = await open();
      const second = await open();
      expect([5081, 5082, 5083, 5084].map((port) => connections.addAlias(first.id, port))).toEqual([
        true,
        true,
        true,
        false,
      ]);
      expect([mode, connections.addAlias(second.id, 5081)]).toEqual([mode, taken]);
      const hop: NextHop = { proto: 'tcp', ip: '127.0.0.1', port: 5081, socket: sockets[0]! };
      const found = () => connections.find(hop)?.id;
      expect(found()).toBe(leadsTo === 'first' ? first.id : second.id);
      second.peerSide.connection.destroy();
      await env.clock.advance(10);
      expect([mode, found()]).toEqual([mode, afterClose === 'first' ? first.id : undefined]);
      // TLS is never sent over a connection that is not encrypted.
      expect(connections.find({ ...hop, port: 5082, proto: 'tls' })).toBeUndefined();
    }
  });

  it('uses a connection again only for its own socket, or its own TLS domain, where the cfg says so', async () => {
    const world = new SimulatedWorld(1);
    const env = world.host(['10.0.0.1', '10.0.0.3']);
    const far = world.host(['10.0.0.2']);
    await far.network.listenTcp({ ip: '10.0.0.2', port: 5060 }, () => {});
    const listens = ['tcp:10.0.0.1:5060', 'tcp:10.0.0.3:5060'];
    for (const strict of [0, 1]) {
      const { transports } = await server(env, listens, { tcp_connection_match: strict });
      const [one, other] = transports.sockets;
      const hop = { proto: 'tcp', ip: '10.0.0.2', port: 5060 } as const;
      transports.send({ ...hop, socket: one!, forced: true }, message(1));
      await env.clock.advance(50);
      const found = [one!, other!].map((socket) => transports.connections.find({ ...hop, socket }) !== undefined);
      expect([strict, found]).toEqual([strict, [true, strict === 0]]);
      transports.stop();
    }
    for (const match of [0, 1]) {
      const { transports } = await server(env, ['tls:10.0.0.1:5061'], {
        tls_connection_match_domain: match,
        enable_tls: 1,
      });
      const { connections, sockets } = transports;
      const never = () => new Promise<never>(() => {});
      connections.secure = {
        accept: never,
        connect: never,
        domain: (_hop, target) => target?.serverId ?? '',
        lifetimeSec: 60,
      };
      const hop: NextHop = { proto: 'tls', ip: '10.0.0.2', port: 5060, socket: sockets[0]! };
      const target = (serverId: string) => ({ serverName: '', serverId });
      transports.send(hop, message(1), { secure: target('a') });
      const found = [target('a'), target('b'), null].map((each) => connections.find(hop, each) !== undefined);
      expect([match, found]).toEqual([match, match ? [true, false, false] : [true, true, true]]);
      transports.stop();
    }
  });

  it('gives up on a peer that does not answer the connect', async () => {
    const world = new SimulatedWorld(1);
    const env = world.host(['10.0.0.1']);
    world.host(['10.0.0.2']);
    world.wire.cut('10.0.0.1', '10.0.0.2');
    const { transports } = await server(env, ['tcp:10.0.0.1']);
    const failures: string[] = [];
    const hop: NextHop = { proto: 'tcp', ip: '10.0.0.2', port: 5060, socket: transports.sockets[0]! };
    transports.send(hop, message(1), { failed: (code) => failures.push(code) });
    await env.clock.advance(9999);
    expect(failures).toEqual([]);
    await env.clock.advance(2);
    expect(failures).toEqual(['ETIMEDOUT']);
  });

  it('a stream cut into small pieces gives the same messages', async () => {
    const world = new SimulatedWorld(11);
    world.wire.faults.maxSegmentBytes = 7;
    world.wire.faults.delayMs = [0, 9];
    const env = world.host();
    const far = await server(env, ['tcp:127.0.0.1']);
    const near = await server(env, ['tcp:127.0.0.1']);
    const hop: NextHop = { proto: 'tcp', ...far.transports.sockets[0]!.local, socket: near.transports.sockets[0]! };
    const sent = Array.from({ length: 20 }, (_, n) => message(n, 'b'.repeat(n)));
    for (const bytes of sent) near.transports.send(hop, bytes);
    await env.clock.advance(60_000);
    expect(far.arrivals.map(({ bytes }) => bytes)).toEqual(sent);
  });

  it('loses, doubles and reorders datagrams, the same way for the same seed', async () => {
    const run = async (seed: number) => {
      const world = new SimulatedWorld(seed);
      Object.assign(world.wire.faults, { loss: 0.2, duplication: 0.1, reordering: 0.3, delayMs: [1, 5] });
      const env = world.host();
      const { transports, arrivals } = await server(env, ['udp:127.0.0.1']);
      const alice = await peer(env, '127.0.0.1');
      for (let n = 0; n < 200; n++) alice.socket.send(message(n), transports.sockets[0]!.local);
      await env.clock.advance(1000);
      return arrivals.map(({ bytes }) => bytes);
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
    expect(new Set(first).size).toBeLessThan(190);
    expect(first.length).toBeGreaterThan(new Set(first).size);
    expect(first).not.toEqual([...first].sort());
  });
});

describe('who is myself, and which socket', () => {
  it('addresses, names, advertised names and aliases', async () => {
    const env = simulatedEnvironment(1, ['127.0.0.1', '10.0.0.1', '::1'], { '10.0.0.1': { ptr: ['Gw.example.com'] } });
    const transports = new Transports(env, { ...settings, auto_aliases: 1 });
    await transports.prepare([
      { address: 'udp:127.0.0.1:5060' },
      { address: 'udp:10.0.0.1:5070', advertise: 'sip.example.net:5090' },
      { address: 'tcp:[::1]:5080', name: 'six' },
    ]);
    transports.addAlias('Example.ORG');
    expect(transports.addAliasText('tcp:alias.example:6000')).toBe(true);
    const rows: [string, number | undefined, 'udp' | 'tcp' | undefined, boolean][] = [
      ['127.0.0.1', undefined, undefined, true],
      ['127.0.0.1', 5060, 'udp', true],
      ['127.0.0.1', 5061, undefined, false],
      ['127.0.0.1', 5060, 'tcp', false],
      ['10.0.0.1', 5070, undefined, true],
      ['10.0.0.1', 5090, undefined, true],
      ['SIP.example.net', 5090, undefined, true],
      ['[::1]', 5080, undefined, true],
      ['0:0::1', 5080, 'tcp', true],
      ['::1', 5060, undefined, false],
      ['gw.example.com', 5070, 'udp', true],
      ['gw.example.com', 5060, undefined, false],
      ['example.org', 1234, 'udp', true],
      ['alias.example', 6000, 'tcp', true],
      ['alias.example', 6001, 'tcp', false],
      ['other.example', 0, undefined, false],
      ['', 0, undefined, false],
    ];
    for (const [host, port, proto, expected] of rows)
      expect([host, port, proto, transports.isMyself(host, port, proto)]).toEqual([host, port, proto, expected]);
    expect(
      transports.sockets.map(({ sockStr, advertisedStr, host, portText, name }) => [
        sockStr,
        advertisedStr,
        host,
        portText,
        name,
      ]),
    ).toEqual([
      ['udp:127.0.0.1:5060', 'udp:127.0.0.1:5060', '127.0.0.1', '', null],
      ['udp:10.0.0.1:5070', 'udp:sip.example.net:5090', 'sip.example.net', ':5090', null],
      ['tcp:[::1]:5080', 'tcp:[::1]:5080', '[::1]', ':5080', 'six'],
    ]);
    // The first off the loopback; over UDP the one the message came in on.
    expect(transports.chooseSocket('udp', '192.0.2.1')?.sockStr).toBe('udp:10.0.0.1:5070');
    expect(transports.chooseSocket('udp', '192.0.2.1', transports.sockets[0])?.sockStr).toBe('udp:127.0.0.1:5060');
    expect(transports.chooseSocket('tcp', '2001:db8::1')?.sockStr).toBe('tcp:[::1]:5080');
    expect(transports.chooseSocket('tcp', '192.0.2.1')).toBeNull();
    expect(transports.findSocket('127.0.0.1', 5060, 'udp')?.index).toBe(0);
    expect(transports.findSocket('127.0.0.1', 5061)).toBeNull();
    transports.stop();
  });
});

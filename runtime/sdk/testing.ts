/**
 * For tests: a server on the simulated wire with some modules and a program written in JavaScript, no compiler involved.
 *
 * `program` is the body of what the compiler would emit: it sees `link` and returns the parts of a `Program` it has.
 */
import { type SimulatedEnvironment, SimulatedWorld } from '../env/simulated.js';
import { type Server, start } from '../index.js';
import { ParseFailure, parseMessage, type SipMessage } from '../message/message.js';
import type { AnyModule, RouteContext } from './context.js';

/** Address and port of the server and of the peer. */
export const BENCH_SERVER = { ip: '10.0.0.1', port: 5060 } as const;
export const BENCH_PEER = { ip: '10.0.0.2', port: 5070 } as const;

export interface Bench {
  readonly server: Server;
  readonly environment: SimulatedEnvironment;
  /** A run with this message, for calling functions and reading pseudo-variables by hand. */
  run(text: string): RouteContext;
  /** Sends a datagram from the peer and lets a second pass; what came back since the last call, in order. */
  exchange(text: string): Promise<string[]>;
  stop(): Promise<void>;
}
export interface BenchOptions {
  /** `core` too, when its functions are used. */
  readonly modules?: readonly AnyModule[];
  /** JavaScript: `return { request_route(ctx) { … } };`. */
  readonly program?: string;
  /** Source map of the whole program text, as JSON. */
  readonly map?: string;
}

/** Line of the program text on which `program` begins. */
export const BENCH_FIRST_LINE = 2;

export async function startBench(options: BenchOptions = {}): Promise<Bench> {
  const world = new SimulatedWorld();
  const environment = world.host([BENCH_SERVER.ip]);
  const peer = world.host([BENCH_PEER.ip]);
  const modules = options.modules ?? [];
  const text = `(function (link) { const given = (function () {
${options.program ?? 'return {};'}
})();
return {
  source: 'bench.cfg', version: 'test', settings: {}, custom: [], aliases: [], flags: {}, modparams: [],
  modules: ${JSON.stringify(modules.map(({ name }) => name))},
  listen: [{ proto: 'udp', host: '${BENCH_SERVER.ip}', port: ${BENCH_SERVER.port}, advertise: null, name: null, virtual: false, agname: null }],
  vars: () => ({}), request_route: null, reply_route: null, onsend_route: null, routes: {}, failure_route: {},
  branch_route: {}, onreply_route: {}, event_route: {}, branch_failure_route: {}, ...given,
}; })`;
  const server = await start({
    argv: [],
    modules,
    programText: text,
    programMap: options.map ?? '',
    programPath: '/bench/program.js',
    version: 'test',
    environment,
    print: () => {},
    signals: false,
  });
  const arrived: string[] = [];
  const socket = await peer.network.bindUdp(BENCH_PEER, (bytes) => void arrived.push(bytes));
  return {
    server,
    environment,
    run: (raw) => server.detachedRun(messageFrom(server, raw)),
    async exchange(raw) {
      socket.send(raw, BENCH_SERVER);
      await world.clock.advance(1000);
      // Databases answer in real time.
      while (server.databases.underWay > 0) {
        await server.databases.idle();
        await world.clock.advance(1);
      }
      return arrived.splice(0);
    },
    stop: () => server.stop(0),
  };
}

/** As if it had come from the peer; throws when it is no message. */
function messageFrom(server: Server, raw: string): SipMessage {
  const socket = server.transports.sockets[0];
  if (!socket) throw new TypeError('the server has no socket');
  const received = { proto: socket.proto, src: BENCH_PEER, dst: socket.local, socket, connectionId: 0, at: 0 };
  const msg = parseMessage(raw, received, server.grammar, 1);
  if (msg instanceof ParseFailure) throw new TypeError(msg.reason);
  return msg;
}

/** A plain request from the peer; `more` are further header lines, each with its line end. */
export function benchRequest(method: string, more = '', callId = 'bench'): string {
  const at = `${BENCH_PEER.ip}:${BENCH_PEER.port}`;
  return (
    `${method} sip:bob@${BENCH_SERVER.ip} SIP/2.0\r\nVia: SIP/2.0/UDP ${at};branch=z9hG4bKbench${callId}\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:alice@${at}>;tag=a\r\nTo: <sip:bob@${BENCH_SERVER.ip}>\r\n` +
    `Call-ID: ${callId}\r\nCSeq: 1 ${method}\r\n${more}Content-Length: 0\r\n\r\n`
  );
}

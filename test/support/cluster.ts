/**
 * Nodes of a cluster (dmq) on a simulated network: servers of ours, each with a cfg, and peers that are a socket: what they were told is
 * kept as it came.
 */
import { type SimulatedEnvironment, SimulatedWorld, type Zone } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { RpcCall, RpcStruct } from '../../runtime/sdk/index.js';
import { buildCfg, startBuilt } from './in-process.js';

/** A line of a list of nodes. */
export const nodeLine = (ip: string, status = 'active') => `sip:${ip}:5060;status=${status}\r\n`;
export const channelOf = (request: string) => /^KDMQ sip:([^@]+)@/.exec(request)?.[1] ?? '';
export const bodyOf = (message: string) => message.slice(message.indexOf('\r\n\r\n') + 4);
export const okTo = (request: string, body = '', more = '') => {
  const copied = request.split('\r\n').filter((text) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/.test(text));
  return ['SIP/2.0 200 OK', ...copied, `${more}Content-Length: ${body.length}`, '', body].join('\r\n');
};

/** A node that is a socket. */
export interface Peer {
  readonly got: string[];
  /** What it answers a list with; null: it is silent. */
  list: string | null;
  /** JSON documents it was told over a channel since the last look, as texts. */
  told(channel: string): string[];
  /** Tells something over a channel; the status it is answered with. */
  tell(to: string, channel: string, body: object | string): Promise<number>;
  /** Any request of its own; the answer. `user` may have a domain that is not `to`. */
  ask(to: string, method: string, user: string, more?: More): Promise<string>;
}
export interface More {
  readonly lines?: readonly string[];
  readonly body?: string;
  /** Its own one unless told otherwise. */
  readonly callId?: string;
  readonly toTag?: string;
  readonly cseq?: number;
  /** Where it goes; 5060 unless told otherwise. */
  readonly port?: number;
}
/** A server of ours. */
export interface Node {
  readonly ip: string;
  readonly env: SimulatedEnvironment;
  readonly server: Server;
  /** Its struct results, or the first result, or the text of the fault. */
  rpc(name: string, ...words: readonly (string | number)[]): Promise<unknown>;
  /** What its script logged since the last look. */
  said(): string[];
}

export class SimulatedCluster {
  readonly world = new SimulatedWorld();
  readonly #nodes: Node[] = [];
  #requests = 0;

  pass(seconds: number): Promise<void> {
    return this.world.clock.advance(seconds * 1000);
  }
  async stop(): Promise<void> {
    for (const { server } of this.#nodes) await server.stop(0);
  }

  async peer(ip: string, list: string | null): Promise<Peer> {
    const replies = new Map<string, string>();
    const socket = await this.world.host([ip]).network.bindUdp({ ip, port: 5060 }, (text, from) => {
      if (text.startsWith('SIP/2.0')) {
        replies.set(/^Call-ID: (.*)\r$/m.exec(text)?.[1] ?? '', text);
        return;
      }
      peer.got.push(text);
      if (peer.list === null || text.startsWith('ACK')) return;
      socket.send(okTo(text, channelOf(text) === 'notification_peer' ? peer.list : ''), from);
    });
    const ask: Peer['ask'] = async (to, method, user, more = {}) => {
      const own = `${ip}-${++this.#requests}`;
      const { lines = [], body = '', callId = own, toTag, cseq = 1, port = 5060 } = more;
      const target = user.includes('@') ? user : `${user}@${to}:5060`;
      const name = user.split('@', 1)[0];
      const head = [
        `${method} sip:${target} SIP/2.0`,
        `Via: SIP/2.0/UDP ${ip}:5060;branch=z9hG4bK${own}`,
        `From: <sip:${name}@${ip}:5060>;tag=${callId}`,
        `To: <sip:${target}>${toTag === undefined ? '' : `;tag=${toTag}`}`,
        `Call-ID: ${callId}`,
        `CSeq: ${cseq} ${method}`,
        `Contact: <sip:${name}@${ip}:5060>`,
        'Max-Forwards: 70',
        ...lines,
        `Content-Length: ${body.length}`,
      ];
      socket.send(`${head.join('\r\n')}\r\n\r\n${body}`, { ip: to, port });
      await this.pass(0.1);
      return replies.get(callId) ?? '';
    };
    const peer: Peer = {
      got: [],
      list,
      told: (channel) =>
        peer.got
          .splice(0)
          .filter((text) => channelOf(text) === channel)
          .map(bodyOf),
      ask,
      tell: async (to, channel, body) => {
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        const answer = await ask(to, 'KDMQ', channel, { lines: ['Content-Type: application/json'], body: text });
        return Number(answer.slice(8, 11));
      },
    };
    return peer;
  }

  /** `lines`: what follows the modules and the settings that make it a node. */
  async node(
    ip: string,
    notified: string | null,
    modules: readonly string[],
    lines: string,
    zone: Zone = {},
  ): Promise<Node> {
    const env = this.world.host([ip], zone);
    const cfg = `listen=udp:${ip}:5060
${['tm', 'sl', 'pv', 'xlog', 'textops', 'rr', 'dmq', ...modules].map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("dmq", "server_address", "sip:${ip}:5060")
${notified === null ? '' : `modparam("dmq", "notification_address", "sip:${notified}:5060")`}
${lines}`;
    const server = await startBuilt(await buildCfg('node.cfg', cfg), env);
    const node: Node = {
      ip,
      env,
      server,
      rpc: async (name, ...words) => {
        const call = new RpcCall(name, words);
        await server.rpc.execute(call, () => undefined)?.done;
        return call.faulted?.text ?? (call.results[0] instanceof RpcStruct ? call.results : call.results[0]);
      },
      said: () => env.log.records.splice(0).flatMap(({ source, text }) => (source === '<script>' ? [text.trim()] : [])),
    };
    this.#nodes.push(node);
    await this.pass(0.1);
    return node;
  }
}
/** A field of a struct that a command answered. */
export const fieldIn = (struct: unknown, name: string): unknown =>
  struct instanceof RpcStruct ? struct.entries.find((entry) => entry.name === name)?.value : undefined;

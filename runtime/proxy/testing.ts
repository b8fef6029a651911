/** A proxy on a simulated network with routes written in TypeScript, and peers to talk to it: for tests of this folder. */

import { Targets } from '../dns/target.js';
import { type SimulatedEnvironment, SimulatedWorld } from '../env/simulated.js';
import type { DatagramSocket } from '../env.js';
import { Draft } from '../message/draft.js';
import { defaultGrammar } from '../message/grammar.js';
import { parseMessage, SipMessage } from '../message/message.js';
import type { RouteKind } from '../sdk/define.js';
import { Settings } from '../settings.js';
import type { Maybe } from '../transaction/steps.js';
import type { Branch, Transaction } from '../transaction/transaction.js';
import { newArmed, type RouteRun, type TransactionScript } from '../transaction/types.js';
import { Transports } from '../transport/transports.js';
import type { ProxySettings } from './core.js';
import { Transactions } from './transactions.js';

export class TestRun implements RouteRun {
  rc = 0;
  dropped = false;
  transaction: Transaction | null = null;
  branch: Branch | null = null;
  reply: SipMessage | null = null;
  readonly armed = newArmed();
  errorCode = 0;
  underWay = null;
  kept = 0;
  values: object = {};
  constructor(
    readonly kind: RouteKind,
    public msg: SipMessage,
    public draft: Draft,
    readonly tm: Transactions,
  ) {}
}
type Route = (run: TestRun) => Maybe<unknown>;

export class Bench implements TransactionScript {
  readonly world = new SimulatedWorld(1);
  readonly env: SimulatedEnvironment = this.world.host(['10.0.0.1']);
  readonly settings: { -readonly [K in keyof ProxySettings]: ProxySettings[K] } = {
    grammar: defaultGrammar,
    mhomed: false,
    checkVia: false,
    replyToVia: false,
    forceRport: false,
    localRport: false,
    udpMtu: 0,
    mtuProtos: 0,
    dnsFailover: false,
    serverLine: '',
    sipWarning: false,
    userAgentLine: '',
    applyChanges: false,
    onsendReplies: false,
  };
  readonly transports = new Transports(this.env, new Settings().values);
  readonly tm = new Transactions({
    env: this.env,
    transports: this.transports,
    resolve: new Targets(this.env, new Settings().values).resolve,
    settings: () => this.settings,
  });
  request: Route = (run) => run.tm.relay(run);
  branches: Record<string, Route> = {};
  failures: Record<string, Route> = {};
  replies: Record<string, Route> = {};
  resumes: Record<string, Route> = {};
  onsendRoute: Route | null = null;
  readonly hasOnsend = false;
  #id = 0;

  static async start(listen: readonly string[] = ['udp:10.0.0.1:5060']): Promise<Bench> {
    const bench = new Bench();
    bench.tm.script = bench;
    await bench.transports.prepare(listen.map((address) => ({ address })));
    await bench.transports.open((bytes, received) => {
      const msg = parseMessage(bytes, received, defaultGrammar, ++bench.#id);
      if (!(msg instanceof SipMessage)) return;
      if (!msg.isRequest) {
        void bench.tm.response(msg, new Draft());
        return;
      }
      const run = new TestRun('request', msg, new Draft(), bench.tm);
      const done = bench.request(run);
      if (done instanceof Promise) void done.then(() => bench.tm.requestRouteEnded(run));
      else bench.tm.requestRouteEnded(run);
    });
    return bench;
  }
  #run(
    kind: RouteKind,
    msg: SipMessage,
    draft: Draft,
    t: Transaction,
    b: Branch,
    reply: SipMessage | null,
    route?: Route,
  ): Maybe<RouteRun> {
    const run = new TestRun(kind, msg, draft, this.tm);
    run.transaction = t;
    run.branch = b;
    run.reply = reply;
    const done = route?.(run);
    return done instanceof Promise ? done.then(() => run) : run;
  }
  branch(t: Transaction, b: Branch, draft: Draft, name: string, from: RouteRun): Maybe<RouteRun> {
    return this.#run('branch', from.msg, draft, t, b, null, this.branches[name]);
  }
  onReply(t: Transaction, b: Branch, reply: SipMessage, draft: Draft, name: string): Maybe<RouteRun> {
    return this.#run('tm_reply', reply, draft, t, b, null, this.replies[name]);
  }
  failure(t: Transaction, b: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun> {
    return this.#run('failure', t.request, draft, t, b, reply, this.failures[name]);
  }
  branchFailure(t: Transaction, b: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun> {
    return this.#run('branch_failure', t.request, draft, t, b, reply, this.failures[name]);
  }
  resume(t: Transaction, b: Branch, reply: SipMessage | null, draft: Draft, name: string): Maybe<RouteRun> {
    const kind = reply === null ? 'failure' : 'tm_reply';
    return this.#run(kind, reply ?? t.request, draft, t, b, null, this.resumes[name]);
  }
  slReply(msg: SipMessage, draft: Draft): RouteRun {
    return new TestRun('core_reply', msg, draft, this.tm);
  }
  localRequestSent(): void {}
  localRequest(t: Transaction, msg: SipMessage, draft: Draft): RouteRun {
    const run = new TestRun('local', msg, draft, this.tm);
    run.transaction = t;
    return run;
  }
  localAckSent(): void {}
  onsend(msg: SipMessage): Maybe<RouteRun> {
    return new TestRun('onsend', msg, new Draft(), this.tm);
  }
  hasEvent(): boolean {
    return false;
  }
  event(): null {
    return null;
  }

  async peer(ip: string, port = 5060): Promise<Peer> {
    const peer = new Peer(this, ip, port);
    await peer.open();
    return peer;
  }
  /** Lets everything in flight arrive. */
  settle(): Promise<void> {
    return this.env.clock.advance(20);
  }
  advance(ms: number): Promise<void> {
    return this.env.clock.advance(ms);
  }
}

export class Peer {
  /** Everything received, oldest first, with its time. */
  readonly got: { readonly at: number; readonly text: string }[] = [];
  #socket: DatagramSocket | null = null;
  constructor(
    private readonly bench: Bench,
    readonly ip: string,
    readonly port: number,
  ) {}
  async open(): Promise<void> {
    const env = this.bench.world.host([this.ip]);
    this.#socket = await env.network.bindUdp({ ip: this.ip, port: this.port }, (bytes) => {
      this.got.push({ at: this.bench.env.clock.monotonic(), text: bytes });
    });
  }
  /** LF or CRLF line ends; an empty line ends the header fields. */
  async send(text: string): Promise<void> {
    this.#socket?.send(`${text.trim().replaceAll('\r\n', '\n').replaceAll('\n', '\r\n')}\r\n\r\n`, {
      ip: '10.0.0.1',
      port: 5060,
    });
    await this.bench.settle();
  }
  /** Start lines, shortened: `INVITE sip:bob@10.0.0.3`, `180`, `200 INVITE`. */
  get lines(): string[] {
    return this.got.map(({ text }) => {
      const first = text.slice(0, text.indexOf('\r\n'));
      if (!first.startsWith('SIP/2.0')) return first.slice(0, first.lastIndexOf(' '));
      const method = /\r\nCSeq: *[0-9]+ *([A-Z]+)/i.exec(text)?.[1] ?? '';
      return `${first.slice(8)} (${method})`;
    });
  }
  /** Since the last call. */
  #seen = 0;
  get fresh(): string[] {
    const lines = this.lines.slice(this.#seen);
    this.#seen = this.lines.length;
    return lines;
  }
  get last(): string {
    return this.got.at(-1)?.text ?? '';
  }
  /** Text of the latest request with this method. */
  request(method: string): string {
    return this.got.findLast(({ text }) => text.startsWith(`${method} `))?.text ?? '';
  }

  /** A request as `alice` sends it. */
  make(
    method: string,
    uri: string,
    o: { branch?: string; cseq?: number; to?: string; headers?: string; callId?: string } = {},
  ): string {
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.ip}:${this.port};branch=z9hG4bK${o.branch ?? 'a1'}`,
      'From: <sip:alice@a>;tag=fa',
      `To: <sip:bob@b>${o.to ? `;tag=${o.to}` : ''}`,
      `Call-ID: ${o.callId ?? 'call-1'}`,
      `CSeq: ${o.cseq ?? 1} ${method}`,
      'Max-Forwards: 70',
      ...(o.headers ? [o.headers] : []),
      'Content-Length: 0',
    ].join('\n');
  }
  /** Answers the latest request with this method. */
  async answer(status: number, method = 'INVITE', tag = 'tb', headers = ''): Promise<void> {
    const text = this.request(method);
    const keep = text.split('\r\n').filter((l) => /^(Via|From|Call-ID|CSeq|Record-Route):/.test(l));
    const to = text.split('\r\n').find((l) => l.startsWith('To:')) ?? '';
    const tagged = to.includes(';tag=') || status === 100 ? to : `${to};tag=${tag}`;
    const extra = headers === '' ? [] : [headers];
    await this.send([`SIP/2.0 ${status} Reason`, ...keep, tagged, ...extra, 'Content-Length: 0'].join('\n'));
  }
}

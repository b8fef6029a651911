/**
 * This server as a node of a cluster: the channels, what is sent to the other nodes, and the channel of dmq itself, over which nodes tell
 * each other who is there (dmq_funcs.c, notification_peer.c).
 *
 * ```
 * start    → our list to every notification address, Max-Forwards 2; the answer has theirs
 * any list → who is new is added; who was told of somebody new tells the others, while Max-Forwards lasts
 * a ping   → the list again, to all, also to those that are not active
 * silence  → pending for a notification address; else disabled, and after a second silence forgotten
 * ```
 */
import {
  type ClusterNode,
  type DmqAnswer,
  type DmqChannel,
  type DmqMessage,
  dmqAnswers,
  type ListenSocket,
  type LocalOutcome,
  type Maybe,
  type ServerApi,
  type Steps,
  steps,
  wait,
} from '../../runtime/sdk/index.js';
import { channelUri, type DmqNode, type NodeAddress, NodeList, type NodeStatus } from './nodes.js';
import { notificationUris } from './notified.js';

export const METHOD = 'KDMQ';
const LIST_TYPE = 'text/plain';
/** Channels a script may make by sending to them. */
const MAX_CHANNELS = 1_000;
/** Lines of a list that are read. */
const MAX_LINES = 256;
const MIN_PING_SEC = 5;
const FORWARDS = { start: 2, script: 1, ping: 1 } as const;

export interface ClusterParams {
  readonly ping_interval: number;
  readonly notification_address: readonly string[];
  readonly notification_channel: string;
  readonly multi_notify: number;
  readonly remove_inactive: number;
  readonly fail_count_enabled: number;
  readonly fail_count_threshold_not_active: number;
  readonly fail_count_threshold_disabled: number;
  readonly init_with_single: number;
  readonly sl_send: number;
}
export interface Identity {
  readonly address: NodeAddress;
  readonly socket: ListenSocket;
}
/** Told of the final response; `before`: what the node was when it was asked. */
type Told = (node: DmqNode, before: NodeStatus, outcome: LocalOutcome) => void;

const EVENTS: Readonly<Record<NodeStatus, string>> = {
  active: 'dmq:peer-up',
  not_active: 'dmq:peer-down',
  pending: 'dmq:peer-down',
  timeout: 'dmq:peer-down',
  disabled: 'dmq:peer-disabled',
};

export class Cluster {
  readonly nodes: NodeList;
  readonly #channels = new Map<string, DmqChannel>();
  #joined = false;
  #stopped = false;

  constructor(
    readonly server: ServerApi,
    readonly identity: Identity,
    readonly params: ClusterParams,
  ) {
    this.nodes = new NodeList(server);
    this.#channels.set(params.notification_channel, {
      name: params.notification_channel,
      received: (message) => steps(this.#listReceived(message)),
    });
  }

  // -------------------------------------------------------------------------------------------------------------
  // Life

  /** The first request for the list; later it is asked for once in a while. */
  async start(ownUri: string): Promise<void> {
    await this.nodes.add(ownUri, true);
    this.#schedule();
    if (this.params.notification_address.length > 0) await this.#notify();
  }
  #schedule(): void {
    const everyMs = Math.max(MIN_PING_SEC, this.params.ping_interval) * 1000;
    const { clock } = this.server.env;
    const tick = () => {
      if (this.#stopped) return;
      this.#timer = clock.setTimer(everyMs, tick);
      this.#ping().catch((error: unknown) => this.#log(-1, `ping: ${String(error)}`));
    };
    this.#timer = clock.setTimer(everyMs, tick);
  }
  #timer: { cancel(): void } | null = null;
  /** The others are not told, as observed: to them a node that restarts was never away. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #ping(): Promise<void> {
    if (this.nodes.nodes.some(({ local }) => !local)) {
      await this.#sendList(FORWARDS.ping, true);
      return;
    }
    this.#joined = false;
    if (this.params.notification_address.length === 0) this.#log(-1, 'no notification address');
    else await this.#notify();
  }
  async #notify(): Promise<void> {
    const { notification_address: given, multi_notify } = this.params;
    const uris = multi_notify === 0 ? given : await notificationUris(this.server, given[0] ?? '');
    let added = 0;
    for (const uri of uris) if ((await this.nodes.add(uri)) !== null) added++;
    if (added === 0) this.#log(-1, `cannot retrieve initial nodelist, first list entry ${given[0]}`);
    else await this.#sendList(FORWARDS.start, true);
  }

  // -------------------------------------------------------------------------------------------------------------
  // Channels

  channel(name: string): DmqChannel | undefined {
    return this.#channels.get(name);
  }
  /** False: the name is taken. */
  open(channel: DmqChannel): boolean {
    if (this.#channels.has(channel.name)) return false;
    this.#channels.set(channel.name, channel);
    return true;
  }
  /** A channel that a script sends over: what comes for it from now on is accepted. */
  scriptChannel(name: string): boolean {
    if (this.#channels.has(name)) return true;
    if (this.#channels.size >= MAX_CHANNELS) {
      this.#log(-1, `more than ${MAX_CHANNELS} channels`);
      return false;
    }
    const accepted: DmqAnswer = { status: 202, reason: 'Accepted DMQ' };
    return this.open({ name, received: () => accepted });
  }

  // -------------------------------------------------------------------------------------------------------------
  // Sending

  /** Negative: it could not be sent. */
  send(
    channel: string,
    body: string,
    contentType: string,
    node: DmqNode,
    { maxForwards = FORWARDS.script as number, told = null as Told | null } = {},
  ): Maybe<number> {
    if (told === null && this.params.sl_send !== 0)
      return this.#sendOnce(channel, body, contentType, node, maxForwards);
    const uri = channelUri(channel, node);
    const before = node.status;
    const report = told ?? this.#silence;
    const sent = this.server.transactions.request({
      method: METHOD,
      uri,
      to: uri,
      from: channelUri(channel, this.identity.address),
      socket: this.identity.socket,
      headers: `Max-Forwards: ${maxForwards}\r\nContent-Type: ${contentType}\r\n`,
      body,
      completed: (outcome) => report(node, before, outcome),
    });
    return sent instanceof Promise ? sent.then(({ code }) => code) : sent.code;
  }
  /** Without a transaction (`sl_send`): nobody waits for an answer. */
  #sendOnce(channel: string, body: string, contentType: string, node: DmqNode, maxForwards: number): number {
    const { socket, address } = this.identity;
    const uri = channelUri(channel, node);
    const { random } = this.server.env;
    const { host, port } = socket;
    const proto = node.proto === '' ? 'udp' : (node.proto as 'udp' | 'tcp' | 'tls' | 'ws' | 'wss' | 'sctp');
    const bytes = [
      `${METHOD} ${uri} SIP/2.0`,
      `Via: SIP/2.0/${proto.toUpperCase()} ${host}:${port};branch=z9hG4bK${random.hex(16)}`,
      `From: <${channelUri(channel, address)}>;tag=${random.hex(16)}`,
      `To: <${uri}>`,
      `Call-ID: ${random.hex(16)}@${host}`,
      `CSeq: 1 ${METHOD}`,
      `Max-Forwards: ${maxForwards}`,
      `Content-Type: ${contentType}`,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    const hop = { proto, ip: node.ip, port: node.port || (proto === 'tls' ? 5061 : 5060), socket, host: node.host };
    return this.server.transports.send(hop, bytes) ? 1 : -1;
  }
  /** To all nodes that are active, or to those that are not as well; negative when one could not be sent. */
  broadcast(
    channel: string,
    body: string,
    contentType: string,
    more: { readonly maxForwards?: number; readonly told?: Told | null; readonly inactiveToo?: boolean } = {},
  ): Maybe<number> {
    const to = this.nodes.nodes.filter(({ local, status }) => !local && (status === 'active' || more.inactiveToo));
    const { maxForwards = FORWARDS.script, told = null } = more;
    const sent = to.map((node) => this.send(channel, body, contentType, node, { maxForwards, told }));
    const worst = (codes: readonly number[]) => Math.min(1, ...codes.map((code) => (code > 0 ? 1 : -1)));
    return sent.every((code) => typeof code === 'number') ? worst(sent) : Promise.all(sent).then(worst);
  }
  #sendList(maxForwards: number, inactiveToo: boolean): Maybe<number> {
    return this.broadcast(this.params.notification_channel, this.nodes.text, LIST_TYPE, {
      maxForwards,
      told: this.listAnswered,
      inactiveToo,
    });
  }

  // -------------------------------------------------------------------------------------------------------------
  // The list of nodes

  *#listReceived({ body, maxForwards, node }: DmqMessage): Steps<DmqAnswer> {
    const changed = yield* this.#merge(body);
    const text = this.nodes.text;
    // Who knew of nobody new has nothing to tell, so the news go round once.
    if (changed > 0 && maxForwards > 1) void this.#sendList(maxForwards - 1, false);
    this.#join(node);
    return { ...dmqAnswers.ok, contentType: LIST_TYPE, body: text };
  }
  /** The answer to a list, and to what a script sent. */
  readonly listAnswered: Told = (node, before, { status, reply }) => {
    if (status === 408) return this.#silent(node, before);
    if (status !== 200 || reply === null) return;
    this.#setStatus(node, 'active');
    node.failCount = 0;
    void steps(this.#answerMerged(reply.body.slice(0, reply.contentLength ?? 0), node));
  };
  *#answerMerged(body: string, node: DmqNode): Steps<void> {
    yield* this.#merge(body);
    this.#join(node);
  }
  #join(from: ClusterNode | null): void {
    if (this.#joined) return;
    this.#joined = true;
    const single = this.params.init_with_single === 0 ? null : from;
    for (const channel of [...this.#channels.values()].reverse()) channel.joined?.(single);
  }
  /** How many nodes are new or have another status. */
  *#merge(body: string): Steps<number> {
    let changed = 0;
    for (const line of body.split('\n', MAX_LINES)) {
      const text = line.replace(/[\s\0]+$/, '');
      if (text === '') continue;
      const read = this.nodes.read(text);
      if (read === null) continue;
      const known = this.nodes.find(read.address);
      if (known === null) {
        const added = yield* wait(this.nodes.add(text));
        if (added === null) continue;
        changed++;
        this.#tell(added);
      } else if (!known.local && !read.bare && this.#follows(known.status, read.status ?? 'pending')) {
        known.status = read.status ?? 'pending';
        changed++;
        this.#tell(known);
      }
    }
    return changed;
  }
  /** Is what others say of a node taken over? One that is about to be forgotten stays so. */
  #follows(now: NodeStatus, said: NodeStatus): boolean {
    return now !== said && (now !== 'disabled' || (this.#keeps && said === 'active'));
  }

  // -------------------------------------------------------------------------------------------------------------
  // Who is silent

  /** Parameters newer than 5.6.3 ask for nodes not to be forgotten, and for statuses that it does not know. */
  get #keeps(): boolean {
    return this.params.remove_inactive === 0 || this.params.fail_count_enabled !== 0;
  }
  #silent(node: DmqNode, before: NodeStatus): void {
    const isNotified = this.params.notification_address.includes(node.uri);
    if (this.#keeps) {
      if (before === 'disabled') return;
      if (this.params.fail_count_enabled !== 0) this.#countFailure(node, false);
      else this.#setStatus(node, 'not_active');
    } else if (isNotified) {
      this.#log(-1, `not deleting notification peer [${node.uri}]`);
      this.#setStatus(node, 'pending');
    } else if (before === 'disabled') {
      this.#log(-1, `deleting server node ${node.uri} because of failed request`);
      this.nodes.remove(node);
    } else this.#setStatus(node, 'disabled');
  }
  /** Other channels count the failures of active nodes only: they never take one out. */
  readonly #silence: Told = (node, _before, { status }) => {
    if (status === 408 && this.params.fail_count_enabled !== 0) this.#countFailure(node, true);
  };
  #countFailure(node: DmqNode, onlyActive: boolean): void {
    if (onlyActive && node.status !== 'active') return;
    node.failCount++;
    const { fail_count_threshold_not_active: first, fail_count_threshold_disabled: second } = this.params;
    if (node.failCount > second && node.status === 'not_active') this.#setStatus(node, 'disabled');
    else if (node.failCount > first && node.status === 'active') this.#setStatus(node, 'not_active');
  }
  #setStatus(node: DmqNode, status: NodeStatus): void {
    if (node.local) return;
    node.status = status;
    this.#tell(node);
  }
  /** Runs the event route of what the node is now: once each, and after `disabled` only that it is back. */
  #tell(node: DmqNode): void {
    const { status, told } = node;
    const event = EVENTS[status];
    if (node.local || (told === null && event === EVENTS.not_active)) return;
    if (told !== null && (event === EVENTS[told] || (told === 'disabled' && status !== 'active'))) return;
    node.told = status;
    const { script } = this.server;
    if (!script.hasEvent(event)) return;
    void script.runEvent(event, this.server.detachedRun().msg, (run) => {
      run.draft.uri = node.uri;
    });
  }
  /** An administrator's word; the scripts are not told. */
  change(node: DmqNode, status: NodeStatus): void {
    node.status = status;
  }
  forget(node: DmqNode): void {
    if (node.local) return;
    this.nodes.remove(node);
    if (node.status === 'disabled') return;
    node.status = 'disabled';
    this.#tell(node);
  }
  async addNode(uri: string): Promise<DmqNode | null> {
    const node = await this.nodes.add(uri);
    if (node !== null) this.#tell(node);
    return node;
  }
  #log(level: -1 | 0, text: string): void {
    this.server.log(level, 'dmq', text);
  }
}

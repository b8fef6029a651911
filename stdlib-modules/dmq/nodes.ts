/** The nodes of a cluster: what a line of the node list says of one, and how two are told apart (dmqnode.c). */
import {
  type Grammar,
  type Maybe,
  parseUri,
  type ServerApi,
  type SipUri,
  type Steps,
  steps,
  wait,
} from '../../runtime/sdk/index.js';

export const statuses = ['active', 'timeout', 'disabled', 'pending', 'not_active'] as const;
export type NodeStatus = (typeof statuses)[number];
export const isStatus = (text: string): text is NodeStatus => (statuses as readonly string[]).includes(text);

/** Kamailio's own list ends where its body of 1,024 bytes is full. */
const MAX_NODES = 128;
const MAX_HOST = 254;
const KNOWN_PROTOS: readonly string[] = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'];

/** What two URIs of one node have in common. */
export interface NodeAddress {
  readonly host: string;
  /** 0: none written. */
  readonly port: number;
  /** '': none written. */
  readonly proto: string;
}
export interface DmqNode extends NodeAddress {
  /** As configured, or as its line in the list. */
  readonly uri: string;
  readonly ip: string;
  /** This server. */
  readonly local: boolean;
  status: NodeStatus;
  failCount: number;
  /** Event told of last. */
  told: NodeStatus | null;
}

export function addressOf(uri: SipUri): NodeAddress {
  const proto = uri.transport ?? '';
  return { host: uri.host, port: uri.port, proto: KNOWN_PROTOS.includes(proto) ? proto : '' };
}
export function parseAddress(text: string, grammar: Grammar): NodeAddress | null {
  const uri = parseUri(text, grammar);
  return uri === null ? null : addressOf(uri);
}
const same = (a: NodeAddress, b: NodeAddress): boolean => a.host === b.host && a.port === b.port && a.proto === b.proto;

/** `;transport=` as the list and Request-URIs have it: udp goes without saying. */
const transportOf = ({ proto }: NodeAddress): string =>
  proto === '' || proto === 'udp' ? '' : `;transport=${proto === 'wss' ? 'ws' : proto}`;
const portOf = ({ port }: NodeAddress): string => (port === 0 ? '' : `:${port}`);

/** URI of a channel at a node. */
export const channelUri = (channel: string, at: NodeAddress): string =>
  `sip:${channel}@${at.host}${portOf(at)}${transportOf(at)}`;
const lineOf = (node: DmqNode): string =>
  `sip:${node.host}${portOf(node)}${transportOf(node)};status=${node.status}\r\n`;

export class NodeList {
  /** The newest first. */
  nodes: readonly DmqNode[] = [];
  constructor(private readonly server: ServerApi) {}

  find(address: NodeAddress | null): DmqNode | null {
    return address === null ? null : (this.nodes.find((node) => same(node, address)) ?? null);
  }
  byUri(text: string): DmqNode | null {
    return this.find(parseAddress(text, this.server.grammar));
  }
  /** Does a node, other than this server, have this address? */
  hasAddress(ip: string): boolean {
    return this.nodes.some((node) => !node.local && node.ip === ip);
  }
  remove(node: DmqNode): void {
    this.nodes = this.nodes.filter((one) => one !== node);
  }
  /** Null, with the reason logged, when it is no URI, its name has no address or the list is full; the one there is when there is one. */
  add(uri: string, local = false): Maybe<DmqNode | null> {
    return steps(this.#add(uri, local));
  }
  *#add(uri: string, local: boolean): Steps<DmqNode | null> {
    const read = this.read(uri);
    if (read === null) return null;
    const found = this.find(read.address);
    if (found !== null) return found;
    const { host, port } = read.address;
    const targets = yield* wait(this.server.targets.host(host, port || 5060, 'udp'));
    const ip = targets[0]?.ip;
    if (ip === undefined) return this.#refuse(`could not resolve ${host}`);
    const meanwhile = this.find(read.address);
    if (meanwhile !== null) return meanwhile;
    if (this.nodes.length >= MAX_NODES) return this.#refuse(`more than ${MAX_NODES} nodes`);
    const node: DmqNode = {
      ...read.address,
      uri,
      ip,
      local,
      status: local ? 'active' : (read.status ?? 'pending'),
      failCount: 0,
      told: null,
    };
    this.nodes = [node, ...this.nodes];
    return node;
  }
  /** A line of a list: address and status; null, with the reason logged, when it is none. */
  read(
    text: string,
  ): { readonly address: NodeAddress; readonly status: NodeStatus | null; readonly bare: boolean } | null {
    const uri = parseUri(text, this.server.grammar);
    if (uri === null || uri.host === '' || uri.host.length > MAX_HOST) return this.#refuse('no URI of a node');
    const status = uri.param('status');
    if (status !== null && !isStatus(status)) return this.#refuse('no such status of a node');
    return { address: addressOf(uri), status: status as NodeStatus | null, bare: uri.params === '' };
  }
  /** Body of a notification: this server, and the nodes that are active. */
  get text(): string {
    return this.nodes
      .filter(({ local, status }) => local || status === 'active')
      .map(lineOf)
      .join('');
  }
  #refuse(text: string): null {
    this.server.log(-1, 'dmq', text);
    return null;
  }
}

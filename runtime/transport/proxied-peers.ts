/**
 * Peers behind a proxy that forwards datagrams (`udp_accept_proxy`): the header of one datagram names the peer, those after it
 * from the same port may have none, and what is sent to the peer leaves for the proxy. As Kamailio's udp_server.c of later versions.
 */
import type { Endpoint } from '../env.js';
import { readDatagramHeader } from './proxy-header.js';

/** Bits of `udp_accept_proxy`. */
const HAPROXY = 1;
const SIMPLE = 2;
/** Of a flow that nothing used. */
const LIFETIME_MS = 7200 * 1000;
/** Flows kept; above it the one unused longest goes. */
const MAX_FLOWS = 16_384;

interface Flow {
  readonly proxy: Endpoint;
  readonly peer: Endpoint;
  usedAt: number;
}
const keyOf = ({ ip, port }: Endpoint): string => `${ip}|${port}`;

export class ProxiedPeers {
  /** By the proxy's address; the one used last stands last. */
  private readonly byProxy = new Map<string, Flow>();
  private readonly byPeer = new Map<string, Flow>();

  /** `now`: monotonic milliseconds. */
  constructor(
    private readonly mode: number,
    private readonly now: () => number,
    private readonly maxFlows = MAX_FLOWS,
  ) {}

  get size(): number {
    return this.byProxy.size;
  }

  /** Who a datagram comes from, and what it says. */
  received(bytes: string, from: Endpoint): { readonly bytes: string; readonly src: Endpoint } {
    const kind = this.mode & HAPROXY && this.mode & SIMPLE ? 'any' : this.mode & HAPROXY ? 'haproxy' : 'simple';
    const header = readDatagramHeader(bytes, kind);
    // Only a flow of HAProxy's goes without: the simple header stands in each datagram.
    const known = this.mode & HAPROXY && (header === null || header.src === null) ? this.use(this.byProxy, from) : null;
    if (header === null) return { bytes, src: known?.peer ?? from };
    if (header.src !== null) this.remember(from, header.src);
    return { bytes: bytes.slice(header.sizeBytes), src: header.src ?? known?.peer ?? from };
  }

  /** Those there are, the one used last at the end. */
  flows(): readonly { readonly proxy: Endpoint; readonly peer: Endpoint; readonly idleMs: number }[] {
    const now = this.now();
    return [...this.byProxy.values()].map(({ proxy, peer, usedAt }) => ({ proxy, peer, idleMs: now - usedAt }));
  }
  /** Forgets those nothing used for two hours, or all; how many. */
  clear(all: boolean): number {
    const before = this.now() - LIFETIME_MS;
    const gone = [...this.byProxy.values()].filter(({ usedAt }) => all || usedAt < before);
    for (const flow of gone) this.forget(flow);
    return gone.length;
  }

  /** Where what is meant for `to` goes. */
  destination(to: Endpoint): Endpoint {
    return this.use(this.byPeer, to)?.proxy ?? to;
  }

  private use(table: Map<string, Flow>, at: Endpoint): Flow | null {
    const flow = table.get(keyOf(at));
    if (flow === undefined) return null;
    this.forget(flow);
    const now = this.now();
    if (now - flow.usedAt > LIFETIME_MS) return null;
    flow.usedAt = now;
    this.keep(flow);
    return flow;
  }
  private remember(proxy: Endpoint, peer: Endpoint): void {
    for (const old of [this.byProxy.get(keyOf(proxy)), this.byPeer.get(keyOf(peer))]) if (old) this.forget(old);
    this.keep({ proxy, peer, usedAt: this.now() });
    const oldest = this.byProxy.size > this.maxFlows ? this.byProxy.values().next().value : undefined;
    if (oldest !== undefined) this.forget(oldest);
  }
  private keep(flow: Flow): void {
    this.byProxy.set(keyOf(flow.proxy), flow);
    this.byPeer.set(keyOf(flow.peer), flow);
  }
  private forget(flow: Flow): void {
    this.byProxy.delete(keyOf(flow.proxy));
    this.byPeer.delete(keyOf(flow.peer));
  }
}

/** Media relays in numbered sets, as `rtpengine_sock` and `rtpproxy_sock` write them: `1 == udp:10.0.0.1:2223=2 udp:…`. */
import type { RelayAddress } from './exchange.js';

/** Never asked again until somebody enables it. */
export const FOR_EVER = Number.POSITIVE_INFINITY;

export class RelayNode {
  disabled = false;
  /** When a disabled node is asked again, in seconds of the monotonic clock. */
  recheckSec = 0;
  /** False: taken out by a reload; calls that use it still do. */
  listed = true;
  /** A test under way: whoever needs the result waits for the same one. */
  testing: Promise<boolean> | null = null;
  /** What it said it can do, by what was asked. */
  capabilities: ReadonlySet<string> = new Set();
  constructor(
    readonly url: string,
    readonly address: RelayAddress,
    readonly index: number,
    public weight: number,
  ) {}
}
export interface RelaySet {
  readonly id: number;
  readonly nodes: RelayNode[];
}

export class RelaySets {
  readonly #byId = new Map<number, RelaySet>();
  #count = 0;
  get all(): readonly RelaySet[] {
    return [...this.#byId.values()];
  }
  get(id: number): RelaySet | null {
    return this.#byId.get(id) ?? null;
  }
  /** Adds a node, or gives the one of that URL its new weight. Makes the set. */
  add(id: number, url: string, address: RelayAddress, weight: number): RelayNode {
    let set = this.#byId.get(id);
    if (set === undefined) this.#byId.set(id, (set = { id, nodes: [] }));
    const known = set.nodes.find((node) => node.url === url);
    if (known !== undefined) {
      known.weight = weight;
      known.listed = true;
      known.disabled = false;
      known.recheckSec = 0;
      return known;
    }
    const node = new RelayNode(url, address, this.#count++, weight);
    set.nodes.push(node);
    return node;
  }
}

export interface WrittenSet {
  /** Null: the default one. */
  readonly id: number | null;
  readonly nodes: readonly { readonly url: string; readonly weight: number }[];
}
/** Null when it is malformed; no nodes when it is empty. */
export function parseRelaySet(text: string): WrittenSet | null {
  const at = text.indexOf('==');
  const id = at < 0 ? null : text.slice(0, at).trim();
  if (id !== null && !/^\d{1,10}$/.test(id)) return null;
  const list = (at < 0 ? text : text.slice(at + 2)).trim();
  if (list === '') return at < 0 ? { id: null, nodes: [] } : null;
  const nodes = list.split(/\s+/).map((item) => {
    const eq = item.indexOf('=');
    if (eq < 0) return { url: item, weight: 1 };
    return { url: item.slice(0, eq), weight: Number(/^\d{1,9}/.exec(item.slice(eq + 1))?.[0] ?? 0) };
  });
  return { id: id === null ? null : Number(id), nodes };
}

/** `udp:host:port`, `udp6:[::1]:port`, `unix:/path`; null when it is none of these or its port is no port. */
export function relayAddress(url: string, defaultPort: number): RelayAddress | null {
  const [, scheme = '', rest = ''] = /^(udp6?|unix):(.*)$/is.exec(url) ?? [];
  if (scheme === '' || rest === '') return null;
  if (scheme.toLowerCase() === 'unix') return { kind: 'unix', path: rest };
  const found = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(rest) ?? /^([^[\]]*:[^[\]]*:[^[\]]*)$/.exec(rest);
  if (found === null || !found[1]) return null;
  const port = found[2] ? Number(found[2]) : defaultPort;
  if (port > 0xffff) return null;
  return { kind: 'udp', host: found[1].replace(/^\[|\]$/g, ''), port };
}

/** The node a number falls on, the weights laid end to end; null when all are 0. */
export function pickByWeight(nodes: readonly RelayNode[], sum: number): RelayNode | null {
  const total = nodes.reduce((all, { weight }) => all + weight, 0);
  if (total === 0) return null;
  let rest = sum % total;
  for (const node of nodes) {
    if (rest < node.weight) return node;
    rest -= node.weight;
  }
  return null;
}

/** Sum of the bytes of a text, as the C code adds signed characters. */
export function byteSum(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum += (text.charCodeAt(i) << 24) >> 24;
  return sum >>> 0;
}

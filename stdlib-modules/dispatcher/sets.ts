/**
 * Destination sets as they are held in memory: destinations by priority, what each algorithm remembers of a set, the
 * attributes a destination may have (dispatch.c, add_dest2list() and reindex_dests()).
 */
import { type ListenSocket, parseDecimal, parseParamList, type Random } from '../../runtime/sdk/index.js';
import { Latency } from './latency.js';
import { Overload } from './overload.js';

/** Bits of a destination's state; what is beyond them is kept but means nothing. */
export const DestState = { inactive: 1, trying: 2, disabled: 4, probing: 8, noDns: 16, all: 31 } as const;
/** Nothing is sent there. */
export const skipped = (flags: number): boolean => (flags & (DestState.inactive | DestState.disabled)) !== 0;

export interface Attributes {
  /** As written; null: none. */
  readonly body: string | null;
  readonly duid: string;
  readonly socket: string;
  readonly sockname: string;
  readonly maxload: number;
  readonly weight: number;
  /** Congestion control changes it. */
  rweight: number;
  readonly congestionControl: boolean;
  readonly pingFrom: string;
  /** Socket of the probes: proto:host:port. */
  readonly pingSocket: string;
  readonly obproxy: string;
  /** Latency a destination starts with, ms; null: not given. */
  readonly latency: number | null;
  /** Overload control: bounds of the rate, and the one it starts with. */
  readonly ocmin: number;
  readonly ocmax: number;
  readonly ocrate: number;
}

const percent = (text: string): number => {
  const value = parseDecimal(text) ?? 0;
  return value >= 1 && value <= 100 ? value : 0;
};
/** Null when it is no list of `name=value`. `problem` hears of values that are not used. */
export function parseAttributes(body: string | null, problem: (text: string) => void): Attributes | null {
  const attrs = {
    body,
    duid: '',
    socket: '',
    sockname: '',
    maxload: 0,
    weight: 0,
    rweight: 0,
    congestionControl: false,
    pingFrom: '',
    pingSocket: '',
    obproxy: '',
    latency: null as number | null,
    ocmin: 0,
    ocmax: 100,
    ocrate: 0,
  };
  const items = body === null ? [] : parseParamList(body);
  if (items === null) return null;
  for (const { name, value } of items) {
    switch (name.toLowerCase()) {
      case 'duid':
      case 'socket':
      case 'sockname':
      case 'obproxy':
        attrs[name.toLowerCase() as 'duid' | 'socket' | 'sockname' | 'obproxy'] = value;
        break;
      case 'ping_from':
        attrs.pingFrom = value;
        break;
      case 'ping_socket':
        attrs.pingSocket = value;
        break;
      case 'ocmin':
      case 'ocmax':
      case 'ocrate':
        attrs[name.toLowerCase() as 'ocmin' | 'ocmax' | 'ocrate'] = parseDecimal(value) ?? 0;
        break;
      case 'cc':
        attrs.congestionControl = (parseDecimal(value) ?? 0) !== 0;
        break;
      case 'maxload':
        attrs.maxload = parseDecimal(value) ?? 0;
        break;
      case 'latency':
        attrs.latency = parseDecimal(value) ?? null;
        break;
      case 'weight':
      case 'rweight':
        attrs[name.toLowerCase() as 'weight' | 'rweight'] = percent(value);
        if (percent(value) === 0) problem(`${name} ${value} is not within 1 and 100`);
        break;
    }
  }
  return attrs;
}

export class Destination {
  /** Calls it has (algorithm 10). */
  load = 0;
  /** Failures, or successes while inactive, in a row. */
  messages = 0;
  /** A reload may take over the one of the destination it replaces. */
  latency: Latency;
  readonly overload: Overload;
  /** Epoch ms of the last periodic look-up; 0: none yet. */
  resolvedAtMs = 0;
  constructor(
    readonly uri: string,
    readonly host: string,
    /** 0: not written. Look-ups of SRV records set it. */
    public port: number,
    /** '' when the URI names none. */
    public proto: string,
    public flags: number,
    readonly priority: number,
    readonly attrs: Attributes,
    readonly socket: ListenSocket | null,
    /** Addresses of the host, the first one first: just that unless `ds_dns_match_all` is set. None: not looked up. */
    public addresses: readonly string[],
  ) {
    this.overload = new Overload(attrs.ocmin, attrs.ocmax, attrs.ocrate);
    this.latency = new Latency(attrs.latency);
  }
}

/** Positions of a weighted list: the n-th call goes to entry n modulo 100. */
const SLOTS = 100;

export class DestinationSet {
  /** Highest priority first; of equal ones the one added last. */
  readonly list: Destination[] = [];
  /** Next one of round robin. */
  last = 0;
  #weighted: number[] = [];
  #nextWeighted = 0;
  #relative: number[] = [];
  #nextRelative = 0;

  constructor(
    readonly id: number,
    private readonly random: Random,
  ) {}

  add(destination: Destination): void {
    const at = this.list.findIndex(({ priority }) => priority <= destination.priority);
    this.list.splice(at < 0 ? this.list.length : at, 0, destination);
  }

  /** Positions by `weight`: what is beyond 100 is left out, what is missing goes to the last one (dp_init_weights). */
  spreadWeights(): void {
    this.#weighted = [];
    if ((this.list[0]?.attrs.weight ?? 0) === 0) return;
    const slots: number[] = [];
    for (const [i, { attrs }] of this.list.entries()) for (let k = 0; k < attrs.weight; k++) slots.push(i);
    while (slots.length < SLOTS) slots.push(this.list.length - 1);
    this.#weighted = this.shuffled(slots.slice(0, SLOTS));
  }
  /** Positions by `rweight` of those in use, in proportion to their sum (dp_init_relative_weights). */
  spreadRelativeWeights(): void {
    if (this.list.length < 2) return;
    const weights = this.list.map(({ flags, attrs }) => (skipped(flags) ? 0 : attrs.rweight));
    const sum = weights.reduce((a, b) => a + b, 0);
    if (sum === 0) return;
    const slots: number[] = [];
    for (const [i, weight] of weights.entries())
      for (let k = Math.trunc((weight * SLOTS) / sum); k > 0; k--) slots.push(i);
    const rest = slots.at(-1) ?? this.list.length - 1;
    while (slots.length < SLOTS) slots.push(rest);
    this.#relative = this.shuffled(slots);
  }
  private shuffled(slots: number[]): number[] {
    for (let j = 0; j < slots.length; j++) {
      const k = j + (this.random.uint32() % (slots.length - j));
      [slots[j], slots[k]] = [slots[k] ?? 0, slots[j] ?? 0];
    }
    return slots;
  }
  takeWeighted(): number {
    const at = this.#weighted[this.#nextWeighted] ?? 0;
    this.#nextWeighted = (this.#nextWeighted + 1) % SLOTS;
    return at;
  }
  takeRelative(): number {
    const at = this.#relative[this.#nextRelative] ?? 0;
    this.#nextRelative = (this.#nextRelative + 1) % SLOTS;
    return at;
  }
  /** The next of round robin, and the one after it made next. */
  takeTurn(): number {
    const at = this.last;
    this.last = (this.last + 1) % this.list.length;
    return at;
  }
  byUri(uri: string): Destination | null {
    const wanted = uri.toLowerCase();
    return this.list.find((d) => d.uri.length === wanted.length && d.uri.toLowerCase() === wanted) ?? null;
  }
  byDuid(duid: string): Destination | null {
    const wanted = duid.toLowerCase();
    return this.list.find(({ attrs }) => attrs.duid.toLowerCase() === wanted) ?? null;
  }
  /** A change of state: relative weights are for those in use. */
  stateChanged(destination: Destination, before: number): void {
    if (destination.attrs.rweight > 0 && skipped(before) !== skipped(destination.flags)) this.spreadRelativeWeights();
  }
}

/** All sets of a list, file or table. */
export class DestinationSets {
  readonly #sets = new Map<number, DestinationSet>();
  #order: readonly DestinationSet[] | null = null;
  constructor(private readonly random: Random) {}

  get size(): number {
    return this.#sets.size;
  }
  get(id: number): DestinationSet | undefined {
    return this.#sets.get(id);
  }
  add(id: number, destination: Destination): void {
    let set = this.#sets.get(id);
    if (set === undefined) {
      this.#sets.set(id, (set = new DestinationSet(id, this.random)));
      this.#order = null;
    }
    set.add(destination);
  }
  /** When all are in. */
  finish(): this {
    for (const set of this.#sets.values()) {
      set.spreadWeights();
      set.spreadRelativeWeights();
    }
    return this;
  }
  /** In the order in which Kamailio walks them: its tree from the leaves up. */
  get inOrder(): readonly DestinationSet[] {
    this.#order ??= leavesFirst([...this.#sets.keys()]).map((id) => this.#sets.get(id) as DestinationSet);
    return this.#order;
  }
}

interface Node {
  readonly id: number;
  left: Node | null;
  right: Node | null;
  height: number;
}
/** Post-order of the AVL tree that these ids make, put in one after another. */
function leavesFirst(ids: readonly number[]): number[] {
  const height = (node: Node | null) => node?.height ?? 0;
  const measured = (node: Node): Node => {
    node.height = 1 + Math.max(height(node.left), height(node.right));
    return node;
  };
  const rotated = (top: Node, side: 'left' | 'right'): Node => {
    const other = side === 'left' ? 'right' : 'left';
    const child = top[side] as Node;
    top[side] = child[other];
    child[other] = measured(top);
    return measured(child);
  };
  const put = (node: Node | null, id: number): Node => {
    if (node === null) return { id, left: null, right: null, height: 1 };
    const side = id > node.id ? 'right' : 'left';
    const other = side === 'left' ? 'right' : 'left';
    const child = put(node[side], id);
    node[side] = child;
    measured(node);
    if (height(child) - height(node[other]) < 2) return node;
    if (height(child[other]) > height(child[side])) node[side] = rotated(child, other);
    return rotated(node, side);
  };
  let root: Node | null = null;
  for (const id of ids) root = put(root, id);
  const out: number[] = [];
  const walk = (node: Node | null) => {
    if (node === null) return;
    walk(node.left);
    walk(node.right);
    out.push(node.id);
  };
  walk(root);
  return out;
}

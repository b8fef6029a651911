/**
 * Pike's tree of address bytes (Kamailio's ip_tree.c, pike_funcs.c). A node stands for a prefix; only a prefix with enough hits
 * grows children, so that the tree stays small whatever addresses come. Hits are counted per sampling unit, in this one and in
 * the one before; a node nothing has hit for a while goes.
 */

/** One prefix, or a whole address. */
class PikeNode {
  /** Hits of the prefix and of the address, in the unit before and in this one. */
  previousHits = 0;
  hits = 0;
  previousLeafHits = 0;
  leafHits = 0;
  expires = 0;
  isLeaf = false;
  isRed = false;
  readonly kids: PikeNode[] = [];
  constructor(
    readonly byte: number,
    readonly father: PikeNode | null,
  ) {}
}

export interface TopEntry {
  readonly bytes: readonly number[];
  readonly previous: number;
  readonly current: number;
  readonly expires: number;
  readonly status: '' | 'WARM' | 'HOT';
}
const MAX_COUNT = 0xffff - 1;

export class PikeTree {
  readonly #roots: (PikeNode | undefined)[] = [];
  /** Nodes in the order they end. */
  readonly #timer = new Set<PikeNode>();
  /** The address being marked: one buffer for all. */
  readonly #bytes = new Uint8Array(16);

  constructor(
    readonly maxHits: number,
    private readonly timeoutSec: number,
  ) {}

  #hotLeaf(n: PikeNode): boolean {
    const { maxHits } = this;
    return n.previousLeafHits >= maxHits || n.leafHits >= maxHits || (n.previousLeafHits + n.leafHits) >> 1 >= maxHits;
  }
  #hotPrefix(n: PikeNode): boolean {
    const limit = this.maxHits >> 2;
    return n.previousHits >= limit || n.hits >= limit || (n.previousHits + n.hits) >> 1 >= limit;
  }
  #warm(n: PikeNode): boolean {
    return n.hits >= this.maxHits >> 2;
  }
  #arm(node: PikeNode, now: number): void {
    node.expires = now + this.timeoutSec;
    this.#timer.delete(node);
    this.#timer.add(node);
  }

  /** Counts a packet of this address: 1 fine, -1 blocked, -2 blocked from now on; null when it is no address. */
  mark(ip: string, now: number): 1 | -1 | -2 | null {
    const length = addressBytes(ip, this.#bytes);
    if (length === 0) return null;
    const bytes = this.#bytes;
    const first = bytes[0] ?? 0;
    let node = this.#roots[first];
    if (node === undefined) {
      node = new PikeNode(first, null);
      node.hits = 1;
      this.#roots[first] = node;
      this.#arm(node, now);
      return 1;
    }
    let depth = 1;
    while (depth < length) {
      const next: PikeNode | undefined = node.kids.find((kid) => kid.byte === bytes[depth]);
      if (next === undefined) break;
      node = next;
      depth++;
    }
    if (depth === length) return this.#markLeaf(node, now);
    if (node.hits < MAX_COUNT) node.hits++;
    if (this.#hotPrefix(node)) this.#split(node, bytes[depth] ?? 0, now);
    else if (this.#warm(node) && (node.isLeaf || node.kids.length === 0)) this.#arm(node, now);
    return 1;
  }
  #markLeaf(node: PikeNode, now: number): 1 | -1 | -2 {
    node.isLeaf = true;
    if (node.leafHits < MAX_COUNT) node.leafHits++;
    this.#arm(node, now);
    if (node.isRed) return -1;
    if (!this.#hotLeaf(node)) return 1;
    node.isRed = true;
    return -2;
  }
  /** A child takes over a part of its father's hits; a father that is a prefix only leaves the timer for its first child. */
  #split(father: PikeNode, byte: number, now: number): void {
    const node = new PikeNode(byte, father);
    if (father.hits >= 1) node.hits = father.hits - 1;
    if (father.leafHits >= 1) node.previousLeafHits = father.leafHits - 1;
    father.kids.unshift(node);
    this.#arm(node, now);
    if (!father.isLeaf && father.kids.length === 1) this.#timer.delete(father);
  }

  /** A new sampling unit begins. How many addresses are free again. */
  nextUnit(): number {
    let freed = 0;
    const refresh = (node: PikeNode): void => {
      node.previousHits = node.hits;
      node.hits = 0;
      node.previousLeafHits = node.leafHits;
      node.leafHits = 0;
      if (node.isRed && !this.#hotLeaf(node)) {
        node.isRed = false;
        freed++;
      }
      for (const kid of node.kids) refresh(kid);
    };
    for (const root of this.#roots) if (root !== undefined) refresh(root);
    return freed;
  }
  /** Removes what nothing has hit for `timeoutSec`. */
  clean(now: number): void {
    for (const node of this.#timer) {
      if (node.expires > now) return;
      this.#timer.delete(node);
      node.expires = 0;
      if (node.kids.length > 0) {
        // An address that is also the beginning of longer ones stays as their prefix.
        node.isLeaf = false;
        node.leafHits = 0;
        continue;
      }
      const { father } = node;
      if (father === null) this.#roots[node.byte] = undefined;
      else {
        father.kids.splice(father.kids.indexOf(node), 1);
        if (father.kids.length === 0 && !father.isLeaf) this.#arm(father, now);
      }
    }
  }

  /** Addresses seen whole, the last found first, as Kamailio lists them. */
  top(which: 'HOT' | 'ALL', now: number): TopEntry[] {
    const found: TopEntry[] = [];
    const visit = (node: PikeNode, bytes: readonly number[]): void => {
      const all = [...bytes, node.byte];
      if (node.isLeaf) {
        const status = this.#hotLeaf(node) ? 'HOT' : this.#warm(node) ? 'WARM' : '';
        if (which === 'ALL' || status === 'HOT')
          found.push({
            bytes: all,
            previous: node.previousLeafHits,
            current: node.leafHits,
            expires: node.expires - now,
            status,
          });
      }
      for (const kid of node.kids) visit(kid, all);
    };
    for (const root of this.#roots) if (root !== undefined) visit(root, []);
    return found.reverse();
  }
}

/** Bytes of a numeric address into `into`; 4 or 16 of them, 0 when it is none. */
export function addressBytes(ip: string, into: Uint8Array): number {
  if (!ip.includes(':')) return v4(ip, 0, into, 0) ? 4 : 0;
  const halves = ip.split('::');
  if (halves.length > 2) return 0;
  const head = groups(halves[0] ?? '');
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (head === null || tail === null) return 0;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return 0;
  const all = [...head, ...new Array<number>(Math.max(missing, 0)).fill(0), ...tail];
  for (const [i, group] of all.entries()) {
    into[2 * i] = group >> 8;
    into[2 * i + 1] = group & 0xff;
  }
  return 16;
}
function groups(text: string): number[] | null {
  if (text === '') return [];
  const out: number[] = [];
  const four = new Uint8Array(4);
  for (const piece of text.split(':')) {
    if (piece.includes('.')) {
      if (!v4(piece, 0, four, 0)) return null;
      out.push(((four[0] ?? 0) << 8) | (four[1] ?? 0), ((four[2] ?? 0) << 8) | (four[3] ?? 0));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(piece)) out.push(Number.parseInt(piece, 16));
    else return null;
  }
  return out;
}
function v4(text: string, from: number, into: Uint8Array, at: number): boolean {
  let value = -1;
  let byte = at;
  for (let i = from; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : 0x2e;
    if (c === 0x2e) {
      if (value < 0 || value > 255 || byte > at + 3) return false;
      into[byte++] = value;
      value = -1;
    } else if (c >= 0x30 && c <= 0x39) value = (value < 0 ? 0 : value * 10) + c - 0x30;
    else return false;
  }
  return byte === at + 4;
}

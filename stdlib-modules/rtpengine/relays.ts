/**
 * The rtpengines of a cfg: their sets, which one serves a call, tests of those that did not answer. A call stays with the one
 * that answered first, by Call-ID and the branch it was asked for.
 */
import { createHash } from 'node:crypto';
import {
  byteSum,
  type Exchange,
  FOR_EVER,
  type LogLevel,
  pickByWeight,
  type RelayNode,
  type RelaySet,
  RelaySets,
} from '../../runtime/sdk/index.js';
import { type Bencode, Dictionary, decodeDictionary, encode } from './bencode.js';
import type { Operation } from './operations.js';

/** Read live. */
export interface RelayParams {
  readonly rtpengine_disable_tout: number;
  readonly aggressive_redetection: number;
  readonly rtpengine_tout_ms: number;
  readonly rtpengine_retr: number;
  readonly rtpengine_allow_op: number;
  readonly hash_algo: number;
  readonly hash_table_tout: number;
  /** Above 0: `testAll` is called all the time, and a command does not wait for a test. */
  readonly ping_interval: number;
}

const HashAlgorithm = { callId: 0, sha1: 1, crc32: 2 } as const;

function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i) & 0xff;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
function hashOf(algorithm: number, callId: string): number {
  if (algorithm === HashAlgorithm.crc32) return crc32(callId);
  if (algorithm === HashAlgorithm.sha1)
    return byteSum(createHash('sha1').update(callId, 'latin1').digest().toString('latin1'));
  return byteSum(callId) & 0xff;
}

/** Calls remembered at most: about 100 MB. */
const MAX_CALLS = 500_000;

/** Tells other nodes of a cluster. */
export interface Replica {
  remembered(callId: string, branch: string, node: RelayNode): void;
  /** Without a branch: all of the call. */
  forgotten(callId: string, branch: string): void;
}
interface Kept {
  readonly node: RelayNode;
  readonly untilSec: number;
}

export class Relays {
  readonly sets = new RelaySets();
  replica: Replica | null = null;
  /** By Call-ID and branch; the oldest first, as all live equally long. */
  readonly #calls = new Map<string, Kept>();
  readonly #branches = new Map<string, Set<string>>();

  constructor(
    private readonly exchange: Exchange,
    private readonly params: RelayParams,
    readonly nowSec: () => number,
    private readonly log: (level: LogLevel, text: string) => void,
    /** Nodes may be reached over WebSocket. */
    readonly overWebSocket = false,
  ) {}

  /** Calls with an rtpengine of their own. */
  get callCount(): number {
    return this.#calls.size;
  }
  remember(callId: string, branch: string, node: RelayNode): void {
    if (this.keep(callId, branch, node)) this.replica?.remembered(callId, branch, node);
  }
  /** Untold. False: it has one, or there are too many calls. */
  keep(callId: string, branch: string, node: RelayNode): boolean {
    const now = this.nowSec();
    for (const [key, { untilSec }] of this.#calls) {
      if (untilSec >= now) break;
      this.#drop(key);
    }
    const key = keyOf(callId, branch);
    if (this.#calls.size >= MAX_CALLS || this.#calls.has(key)) return false;
    this.#calls.set(key, { node, untilSec: now + this.params.hash_table_tout });
    const branches = this.#branches.get(callId) ?? new Set<string>();
    this.#branches.set(callId, branches.add(branch));
    return true;
  }
  /** `anyBranch`: of whatever branch, when none is named. */
  recall(callId: string, branch: string, anyBranch: boolean): RelayNode | null {
    const wanted = anyBranch && branch === '' ? (this.#branches.get(callId)?.values().next().value ?? '') : branch;
    return this.#calls.get(keyOf(callId, wanted))?.node ?? null;
  }
  /** Without a branch: all of the call. */
  forget(callId: string, branch: string): void {
    if (this.drop(callId, branch)) this.replica?.forgotten(callId, branch);
  }
  /** Untold. False: there is none. */
  drop(callId: string, branch: string): boolean {
    const all = branch === '' ? [...(this.#branches.get(callId) ?? [])] : [branch];
    return all.filter((one) => this.#drop(keyOf(callId, one))).length > 0;
  }
  #drop(key: string): boolean {
    const found = this.#calls.delete(key);
    const [callId = '', branch = ''] = key.split('\n');
    const branches = this.#branches.get(callId);
    branches?.delete(branch);
    if (branches?.size === 0) this.#branches.delete(callId);
    return found;
  }

  /** The node to ask next; null when there is none left. */
  async select(
    set: RelaySet,
    callId: string,
    branch: string,
    operation: Operation,
    asked: readonly RelayNode[],
  ): Promise<RelayNode | null> {
    const old = this.recall(callId, branch, operation === 'delete');
    const node = old !== null && set.nodes.includes(old) ? old : await this.#selectNew(set, callId, asked);
    if (node === null || !node.disabled) return node;
    const { rtpengine_allow_op: allow } = this.params;
    // 1: whatever the reason; 2: only when an administrator disabled it, so that it may be up.
    return allow === 1 || (allow !== 0 && node.recheckSec === FOR_EVER) ? node : null;
  }
  async #selectNew(set: RelaySet, callId: string, asked: readonly RelayNode[]): Promise<RelayNode | null> {
    const listed = set.nodes.filter((node) => node.listed);
    for (const node of listed)
      if (node.disabled && this.params.ping_interval === 0 && node.recheckSec <= this.nowSec())
        node.disabled = !(await this.test(node));
    const usable = () => listed.filter((node) => !node.disabled && !asked.includes(node));
    if (usable().every(({ weight }) => weight === 0)) {
      if (this.params.aggressive_redetection === 0) return null;
      for (const node of listed) node.disabled = !(await this.test(node));
    }
    return pickByWeight(usable(), hashOf(this.params.hash_algo, callId));
  }

  /** Does it answer? One that was disabled for ever is not asked. */
  test(node: RelayNode): Promise<boolean> {
    if (node.recheckSec === FOR_EVER) return Promise.resolve(false);
    node.testing ??= this.#test(node).finally(() => {
      node.testing = null;
    });
    return node.testing;
  }
  async #test(node: RelayNode): Promise<boolean> {
    const answer = await this.ask(node, 'ping', new Dictionary());
    if (answer === null) {
      this.disable(node);
      this.log(-1, `${node.url} did not respond to ping`);
      return false;
    }
    if (answer.text('result') !== 'pong') {
      this.log(-1, `${node.url} responded with an invalid response to ping`);
      return false;
    }
    return true;
  }
  /** Who answers is asked again, who does not is left alone. */
  async testAll(): Promise<void> {
    const nodes = this.sets.all.flatMap((set) => set.nodes.filter((node) => node.listed));
    await Promise.all(
      nodes.map(async (node) => {
        if (node.recheckSec !== FOR_EVER) node.disabled = !(await this.test(node));
      }),
    );
  }
  /** Also one that was disabled for ever. */
  async pongs(node: RelayNode): Promise<boolean> {
    return (await this.ask(node, 'ping', new Dictionary()))?.text('result') === 'pong';
  }
  /** For `rtpengine_disable_tout` seconds, unless it is for ever. */
  disable(node: RelayNode): void {
    if (node.recheckSec === FOR_EVER) return;
    node.disabled = true;
    node.recheckSec = this.nowSec() + this.params.rtpengine_disable_tout;
  }
  /** Null: no answer; what is no dictionary is an empty one. */
  async ask(node: RelayNode, operation: Operation, command: Dictionary): Promise<Dictionary | null> {
    const text: Bencode = command.add('command', operation);
    const { rtpengine_retr: tries, rtpengine_tout_ms: timeoutMs } = this.params;
    const answer = await this.exchange.ask(node.address, encode(text), { tries, timeoutMs });
    if (answer === null) return null;
    const dictionary = decodeDictionary(answer);
    if (dictionary === null) this.log(-1, `${node.url} sent an answer that is no dictionary`);
    return dictionary ?? new Dictionary();
  }
}
const keyOf = (callId: string, branch: string): string => `${callId}\n${branch}`;

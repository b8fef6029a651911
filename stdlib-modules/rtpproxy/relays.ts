/** The rtpproxies of a cfg: sets, the protocol they speak, which one serves a call. */
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

export interface RelayParams {
  readonly rtpproxy_disable_tout: number;
  readonly rtpproxy_retr: number;
  readonly rtpproxy_tout: number;
}
/** Version of the protocol, and dates of its extensions (rtpproxy's `VF` command). */
const VERSION = '20040107';
const REQUIRED = '20050322';
/** Repacketization; lists of payload types, and playing files. */
export const Capability = { repacketize: '20071116', payloads: '20081102' } as const;

export class Relays {
  readonly sets = new RelaySets();
  constructor(
    private readonly exchange: Exchange,
    private readonly params: RelayParams,
    readonly nowSec: () => number,
    private readonly log: (level: LogLevel, text: string) => void,
  ) {}

  /** The answer; null when there was none: the node is disabled then. */
  async ask(node: RelayNode, command: string): Promise<string | null> {
    const { rtpproxy_retr: tries, rtpproxy_tout } = this.params;
    const answer = await this.exchange.ask(node.address, command, { tries, timeoutMs: rtpproxy_tout * 1000 });
    if (answer === null || answer === '') {
      this.log(-1, `proxy <${node.url}> does not respond, disable it`);
      node.disabled = true;
      this.#recheckLater(node);
      return null;
    }
    return answer;
  }
  #recheckLater(node: RelayNode): void {
    if (node.recheckSec === FOR_EVER) return;
    const { rtpproxy_disable_tout: pause } = this.params;
    node.recheckSec = pause < 0 ? FOR_EVER : this.nowSec() + pause;
  }

  /** Does it answer with the right version? One that was disabled for ever is not asked. */
  test(node: RelayNode): Promise<boolean> {
    if (node.recheckSec === FOR_EVER) return Promise.resolve(false);
    node.testing ??= this.#test(node).finally(() => {
      node.testing = null;
    });
    return node.testing;
  }
  async #test(node: RelayNode): Promise<boolean> {
    const version = await this.ask(node, 'V');
    const good = version !== null && leadingInt(version) === Number(VERSION) && (await this.#can(node, REQUIRED));
    if (!good) {
      this.log(0, `support for RTP proxy <${node.url}> has been disabled`);
      this.#recheckLater(node);
      return false;
    }
    const found = new Set<string>();
    for (const capability of Object.values(Capability)) if (await this.#can(node, capability)) found.add(capability);
    node.capabilities = found;
    this.log(2, `rtp proxy <${node.url}> found`);
    return true;
  }
  async #can(node: RelayNode, capability: string): Promise<boolean> {
    const answer = await this.ask(node, `VF ${capability}`);
    return answer !== null && leadingInt(answer) === 1;
  }

  /** The node of a call; null when none answers. */
  async select(set: RelaySet, callId: string): Promise<RelayNode | null> {
    const [only] = set.nodes;
    const retest = async (node: RelayNode) => {
      // At the start: what it can do is not known yet.
      const first = !node.disabled && node.testing !== null;
      if (first || (node.disabled && node.recheckSec <= this.nowSec())) node.disabled = !(await this.test(node));
    };
    if (only !== undefined && set.nodes.length === 1) {
      await retest(only);
      return only.disabled ? null : only;
    }
    for (const node of set.nodes) await retest(node);
    const usable = () => set.nodes.filter((node) => !node.disabled);
    if (usable().every(({ weight }) => weight === 0))
      for (const node of set.nodes) node.disabled = !(await this.test(node));
    return pickByWeight(usable(), byteSum(callId) & 0xff);
  }
}
export const leadingInt = (text: string): number => Number(/^\s*-?\d{1,9}/.exec(text)?.[0] ?? 0);

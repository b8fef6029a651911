/**
 * Which rtpengine has a call is known to all nodes of a cluster (rtpengine_dmq.c, newer than 5.6), so that what comes later may come to any
 * of them. Told when a call gets its rtpengine, and when it is deleted; what another node told is not told again. A node that joins is told
 * of new calls only: there is nothing to ask for, as in Kamailio.
 *
 * `action` 1: the call `callid` (of the branch `viabranch`) is at `rtpengine_url` of the set `setid`, 2: it is deleted.
 */
import {
  type DmqAnswer,
  type DmqChannel,
  type DmqMessage,
  type DmqPeers,
  dmqAnswers,
  intOf,
  type LogLevel,
  type RelayNode,
  readFields,
  textOf,
} from '../../runtime/sdk/index.js';
import type { Relays } from './relays.js';

const Action = { insert: 1, remove: 2 } as const;
const FIELDS: readonly string[] = ['action', 'setid', 'rtpengine_url', 'callid', 'viabranch'];
/** Of a Call-ID or a branch. */
const MAX_TEXT = 1_000;

export class Replication {
  constructor(
    private readonly relays: Relays,
    private readonly log: (level: LogLevel, text: string) => void,
  ) {}
  channel(name: string): DmqChannel {
    return { name, received: (message) => this.#received(message) };
  }
  /** From now on calls are told. */
  begin(peers: DmqPeers): void {
    const branchOf = (viabranch: string) => (viabranch === '' ? {} : { viabranch });
    this.relays.replica = {
      remembered: (callid, branch, node) =>
        peers.send({
          action: Action.insert,
          callid,
          ...branchOf(branch),
          rtpengine_url: node.url,
          setid: this.#setOf(node),
        }),
      forgotten: (callid, branch) => peers.send({ action: Action.remove, callid, ...branchOf(branch) }),
    };
  }
  #setOf(node: RelayNode): number {
    return this.relays.sets.all.find(({ nodes }) => nodes.includes(node))?.id ?? 0;
  }

  #received({ body }: DmqMessage): DmqAnswer {
    const fields = readFields(body);
    if (fields === null) return dmqAnswers.bad;
    if (Object.keys(fields).some((name) => !FIELDS.includes(name)))
      return this.#refuse('unrecognized field in json object', dmqAnswers.bad);
    const [callId, branch] = [textOf(fields.callid), textOf(fields.viabranch)];
    switch (fields.action) {
      case Action.insert:
        return this.#insert(callId, branch, intOf(fields.setid), textOf(fields.rtpengine_url));
      case Action.remove:
        return this.relays.drop(callId, branch) ? dmqAnswers.ok : dmqAnswers.failed;
      default:
        return dmqAnswers.ok;
    }
  }
  #insert(callId: string, branch: string, setId: number, url: string): DmqAnswer {
    if (callId === '' || [callId, branch].some((text) => text.length > MAX_TEXT || /[\r\n]/.test(text)))
      return this.#refuse('no Call-ID or branch', dmqAnswers.bad);
    const node = this.relays.sets.get(setId)?.nodes.find((one) => one.url === url);
    if (node === undefined) return this.#refuse(`no rtpengine ${url.slice(0, 200)} in set ${setId}`);
    if (this.relays.keep(callId, branch, node)) return dmqAnswers.ok;
    return this.#refuse(`call ${callId} is known already, or there are too many`);
  }
  #refuse(text: string, answer: DmqAnswer = dmqAnswers.failed): DmqAnswer {
    this.log(-1, `told by another node: ${text}`);
    return answer;
  }
}

/**
 * Published states of one node are those of all (presence_dmq.c): each PUBLISH is told once it is accepted, and done again elsewhere, where
 * watchers are told in turn. `ruid` names the state: its entity-tag changes.
 *
 * `action` 1: a state is new (`t_new`), changed (to `cur_etag`) or withdrawn (`expires` 0). Action 2, a node that asks for all, is not answered:
 * nor is it by Kamailio 5.6.
 */
import {
  type DmqAnswer,
  type DmqChannel,
  type DmqMessage,
  type DmqPeers,
  dmqAnswers,
  intOf,
  isFields,
  type JsonFields,
  readFields,
  textOf,
} from '../../runtime/sdk/index.js';
import { parseEvent } from './events.js';
import { type Publication, publicationTold, sphereOf, storeTold } from './publish.js';
import { complain, type World } from './settings.js';

const Action = { update: 1, sync: 2 } as const;
const FIELDS: readonly string[] = ['action', 'presentity', 't_new', 'cur_etag', 'sphere', 'ruid', 'body'];
const STATE_FIELDS: readonly string[] = ['domain', 'user', 'etag', 'expires', 'recv', 'sender', 'event'];
const MAX_TEXT = 1_000;

export class Replication {
  #peers: DmqPeers | null = null;
  constructor(private readonly world: World) {}
  channel(name: string): DmqChannel {
    return {
      name,
      received: (message) => this.#received(message),
      joined: (from) => this.#peers?.send({ action: Action.sync }, from),
    };
  }
  begin(peers: DmqPeers): void {
    this.#peers = peers;
  }

  /** `etag`: the one it has now, '' when it is new. */
  tell(p: Publication, etag: string, ruid: string, receivedTime: number): void {
    const sphere = this.world.settings.sphere && p.body !== '' ? sphereOf(p.body) : null;
    this.#peers?.send({
      action: Action.update,
      presentity: {
        domain: p.domain,
        user: p.user,
        etag: p.etag,
        expires: p.expires,
        recv: receivedTime,
        ...(p.sender === null ? {} : { sender: p.sender }),
        event: p.event,
      },
      t_new: p.isNew ? 1 : 0,
      cur_etag: etag,
      ...(sphere === null ? {} : { sphere }),
      ruid,
      body: p.body,
    });
  }

  async #received({ body }: DmqMessage): Promise<DmqAnswer> {
    const fields = readFields(body);
    if (fields === null) return dmqAnswers.bad;
    const state = fields.presentity;
    if (Object.keys(fields).some((name) => !FIELDS.includes(name))) return this.#refuse('unrecognized field');
    if (state !== undefined && !isFields(state)) return dmqAnswers.bad;
    if (state !== undefined && Object.keys(state).some((name) => !STATE_FIELDS.includes(name)))
      return this.#refuse('unrecognized field of a presentity');
    const told = state === undefined ? null : this.#publicationOf(fields, state);
    if (state !== undefined && told === null) return this.#refuse('presence event not found');
    if (fields.action !== Action.update) return dmqAnswers.ok;
    if (told === null) return dmqAnswers.failed;
    try {
      await storeTold(this.world, told, {
        ruid: textOf(fields.ruid),
        etag: textOf(fields.cur_etag),
        receivedTime: intOf(isFields(state) ? state.recv : 0),
      });
      return dmqAnswers.ok;
    } catch (error) {
      complain(this.world, `a state told by another node: ${String(error)}`);
      return dmqAnswers.failed;
    }
  }
  /** Null: its package is not served here, or it names nobody. */
  #publicationOf(fields: JsonFields, state: JsonFields): Publication | null {
    const name = parseEvent(textOf(state.event));
    const event = name === null ? null : this.world.packages.find(name);
    const [user, domain, etag] = [textOf(state.user), textOf(state.domain), textOf(state.etag)];
    if (event?.spec == null || domain === '' || [user, domain, etag].some((text) => text.length > MAX_TEXT))
      return null;
    return publicationTold(this.world, event, {
      user,
      domain,
      etag,
      expires: Math.min(intOf(state.expires), this.world.settings.maxExpires),
      sender: state.sender === undefined ? null : textOf(state.sender),
      isNew: intOf(fields.t_new) !== 0,
      body: textOf(fields.body),
    });
  }
  #refuse(text: string): DmqAnswer {
    complain(this.world, text);
    return dmqAnswers.bad;
  }
}

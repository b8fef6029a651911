/**
 * Published states of one node are those of all (presence_dmq.c): each PUBLISH is told once it is accepted, and done again elsewhere, where
 * watchers are told in turn. `ruid` names the state: its entity-tag changes. As in versions after 5.6 a node that joins is told all states
 * and, with `enable_subs_dmq`, subscriptions are replicated too.
 *
 * | action | |
 * |---|---|
 * | 1 | `presentity`: a state is new (`t_new`), changed (to `cur_etag`) or withdrawn (`expires` 0) |
 * | 2 | tell all states |
 * | 3 | `subscription`: as it is now, `expires` in wall time; 0: it ended |
 * | 4 | tell all subscriptions |
 */
import {
  type ClusterNode,
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
import { complain, nowOf, type Replica, SubsMode, type World } from './settings.js';
import { type PublishedState, StatesInMemory } from './states.js';
import { isStatus, RowState, type Subscription } from './subscription.js';

const Action = { update: 1, sync: 2, subscription: 3, syncSubscriptions: 4 } as const;
const FIELDS: readonly string[] = [
  'action',
  'presentity',
  'subscription',
  't_new',
  'cur_etag',
  'sphere',
  'ruid',
  'body',
];
const STATE_FIELDS: readonly string[] = ['domain', 'user', 'etag', 'expires', 'recv', 'sender', 'event'];
const MAX_TEXT = 1_000;
const MAX_ROUTES = 4_096;
/** What goes into header fields of NOTIFYs must not end them. */
const CONTROL = /[\0-\x1f\x7f]/;
/** Told without a pause to a node that asks for all. */
const BURST = 100;
const BURST_PAUSE_MS = 10;
const MAX_SYNCS = 16;

export class Replication implements Replica {
  #peers: DmqPeers | null = null;
  #syncs = 0;
  constructor(private readonly world: World) {}
  channel(name: string): DmqChannel {
    return {
      name,
      received: (message) => this.#received(message),
      joined: (from) => {
        const { states, asksStates, subscriptions, asksSubscriptions } = this.world.settings.cluster;
        if (states && asksStates) this.#peers?.send({ action: Action.sync }, from);
        if (subscriptions && asksSubscriptions) this.#peers?.send({ action: Action.syncSubscriptions }, from);
      },
    };
  }
  begin(peers: DmqPeers): void {
    this.#peers = peers;
  }

  // -------------------------------------------------------------------------------------------------------------
  // What others are told

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
  tellSubscription(subs: Subscription): void {
    if (!this.world.settings.cluster.subscriptions) return;
    const expires = subs.expires <= 0 ? 0 : subs.expires + nowOf(this.world);
    this.#peers?.send(subscriptionFields(subs, expires));
  }
  /** In bursts, so that the other node's socket holds them; to all nodes when it is not known who asked, as Kamailio has it. */
  #give(bodies: Iterator<object, void>, to: ClusterNode | null): DmqAnswer {
    if (this.#syncs >= MAX_SYNCS) return this.#refuse('too many nodes ask for what there is', dmqAnswers.failed);
    this.#syncs++;
    const next = () => {
      for (let i = 0; i < BURST; i++) {
        const { value, done } = bodies.next();
        if (done) {
          this.#syncs--;
          return;
        }
        this.#peers?.send(value, to);
      }
      this.world.server.env.clock.setTimer(BURST_PAUSE_MS, next);
    };
    next();
    return dmqAnswers.ok;
  }
  *#allStates(): Generator<object, void> {
    const { states } = this.world;
    if (!(states instanceof StatesInMemory)) return;
    for (const state of [...states.all()]) if (states.holds(state)) yield stateFields(state);
  }
  *#allSubscriptions(): Generator<object, void> {
    const { memory } = this.world;
    const now = nowOf(this.world);
    for (const subs of memory?.all() ?? [])
      if (subs.expires > now && memory?.find(subs) === subs) yield subscriptionFields(subs, subs.expires);
  }

  // -------------------------------------------------------------------------------------------------------------
  // What others tell

  async #received({ body, node }: DmqMessage): Promise<DmqAnswer> {
    const fields = readFields(body);
    if (fields === null) return dmqAnswers.bad;
    if (Object.keys(fields).some((name) => !FIELDS.includes(name))) return this.#refuse('unrecognized field');
    const state = this.#stateIn(fields);
    const subs = this.#subscriptionIn(fields);
    if (typeof state === 'string') return this.#refuse(state);
    if (typeof subs === 'string') return this.#refuse(subs);
    switch (fields.action) {
      case Action.update:
        return state === null ? dmqAnswers.failed : this.#store(fields, state);
      case Action.sync:
        return this.#give(this.#allStates(), node);
      case Action.subscription:
        return subs === null ? dmqAnswers.failed : this.#take(subs);
      case Action.syncSubscriptions:
        return this.#give(this.#allSubscriptions(), node);
      default:
        return dmqAnswers.ok;
    }
  }
  async #store(fields: JsonFields, state: Publication): Promise<DmqAnswer> {
    try {
      await storeTold(this.world, state, {
        ruid: textOf(fields.ruid),
        etag: textOf(fields.cur_etag),
        receivedTime: receivedIn(fields.presentity),
      });
      return dmqAnswers.ok;
    } catch (error) {
      return this.#refuse(`a state told by another node: ${String(error)}`, dmqAnswers.failed);
    }
  }
  /** A text: why there is none. Null: it is not about a state. */
  #stateIn(fields: JsonFields): Publication | string | null {
    const { world } = this;
    const state = fields.presentity;
    if (state === undefined) return null;
    if (!isFields(state)) return 'a presentity is an object';
    if (Object.keys(state).some((name) => !STATE_FIELDS.includes(name))) return 'unrecognized field of a presentity';
    const name = parseEvent(textOf(state.event));
    const event = name === null ? null : world.packages.find(name);
    const [user, domain, etag] = [textOf(state.user), textOf(state.domain), textOf(state.etag)];
    const names = [user, domain, etag, textOf(fields.cur_etag), textOf(fields.ruid), textOf(state.sender)];
    if (event?.spec == null) return 'presence event not found';
    if (domain === '' || names.some((text) => text.length > MAX_TEXT || CONTROL.test(text))) return 'a wrong name';
    const expires = intOf(state.expires);
    return publicationTold(world, event, {
      user,
      domain,
      etag,
      // Of hard state, which has no end, Kamailio tells a node that joins the seconds from when it came to -1.
      expires: expires + receivedIn(state) === -1 ? -1 : Math.min(expires, world.settings.maxExpires),
      sender: state.sender === undefined ? null : textOf(state.sender),
      isNew: intOf(fields.t_new) !== 0,
      body: textOf(fields.body),
    });
  }

  /** In memory; what it takes the place of leaves the database too, and nothing is written there, as in Kamailio. */
  #take(subs: Subscription): Promise<DmqAnswer> {
    const { world } = this;
    return world.locks.hold(subs.presUri, async () => {
      const { memory } = world;
      const rows = world.settings.subsMode === SubsMode.memory ? null : world.rows;
      const before = memory?.of(subs.presUri, subs.event).filter(({ callId }) => callId === subs.callId) ?? [];
      if (memory?.take(subs, nowOf(world)) === false) return this.#refuse('too many subscriptions', dmqAnswers.failed);
      const gone = memory === null && subs.expires === 0 ? [subs] : before.filter((one) => memory?.find(one) !== one);
      try {
        for (const one of gone) await rows?.delete(one);
        return dmqAnswers.ok;
      } catch (error) {
        return this.#refuse(`a subscription told by another node: ${String(error)}`, dmqAnswers.failed);
      }
    });
  }
  /** A text: why there is none. Null: it is not about a subscription. */
  #subscriptionIn(fields: JsonFields): Subscription | string | null {
    const { settings, packages } = this.world;
    const told = fields.subscription;
    if (told === undefined) return null;
    if (!isFields(told)) return 'a subscription is an object';
    const name = parseEvent(textOf(told.event));
    const event = name === null ? null : packages.find(name);
    if (event?.spec == null) return 'presence event not found';
    const status = intOf(told.status);
    if (!isStatus(status)) return 'no such status of a subscription';
    const text = (field: string) => textOf(told[field]);
    const subs: Subscription = {
      presUri: text('pres_uri'),
      contact: text('contact'),
      localContact: settings.serverAddress || text('local_contact'),
      watcherDomain: text('watcher_domain'),
      watcherUser: text('watcher_user'),
      fromDomain: text('from_domain'),
      fromUser: text('from_user'),
      toDomain: text('to_domain'),
      toUser: text('to_user'),
      fromTag: text('from_tag'),
      toTag: text('to_tag'),
      userAgent: text('user_agent'),
      callId: text('callid'),
      reason: text('reason'),
      sockInfo: settings.cluster.socket || text('socket_info'),
      recordRoute: text('record_route'),
      eventId: text('event_id'),
      event,
      localCseq: intOf(told.local_cseq) >>> 0,
      remoteCseq: intOf(told.remote_cseq) >>> 0,
      expires: this.#secondsLeft(intOf(told.expires)),
      flags: intOf(told.flags) | 0,
      status,
      version: intOf(told.version) | 0,
      updated: intOf(told.updated) | 0,
      updatedWinfo: intOf(told.updated_winfo) | 0,
      receivedTime: receivedIn(told) || nowOf(this.world),
      rules: null,
      bySubscribe: false,
      row: RowState.same,
    };
    if ([subs.presUri, subs.callId, subs.fromTag, subs.toTag].includes('')) return 'a subscription without a dialog';
    for (const [field, value] of Object.entries(subs) as [keyof Subscription, unknown][])
      if (
        typeof value === 'string' &&
        (value.length > (field === 'recordRoute' ? MAX_ROUTES : MAX_TEXT) || CONTROL.test(value))
      )
        return 'a wrong text in a subscription';
    return subs;
  }
  /** Of wall time, or, as Kamailio takes it as well, of seconds; no more than a SUBSCRIBE may ask for. */
  #secondsLeft(told: number): number {
    const { maxExpires } = this.world.settings;
    return told <= maxExpires ? Math.max(0, told) : Math.max(0, Math.min(told - nowOf(this.world), maxExpires));
  }
  #refuse(text: string, answer: DmqAnswer = dmqAnswers.bad): DmqAnswer {
    complain(this.world, text);
    return answer;
  }
}

const receivedIn = (told: unknown): number => (isFields(told) ? Math.max(0, intOf(told.recv)) : 0);
/** `expires` is the whole time from `recv` on; the entity-tag that is sought is none, as it is new there. */
const stateFields = (state: PublishedState): object => ({
  action: Action.update,
  presentity: {
    domain: state.domain,
    user: state.user,
    etag: state.etag,
    expires: state.expires - state.receivedTime,
    recv: state.receivedTime,
    sender: state.sender,
    event: state.event,
  },
  t_new: 1,
  cur_etag: '',
  ruid: state.ruid,
  body: state.body,
});
/** In Kamailio's order. `expires`: wall time in seconds, 0 when it ended. */
const subscriptionFields = (subs: Subscription, expires: number): object => ({
  action: Action.subscription,
  subscription: {
    pres_uri: subs.presUri,
    contact: subs.contact,
    local_contact: subs.localContact,
    watcher_domain: subs.watcherDomain,
    watcher_user: subs.watcherUser,
    from_domain: subs.fromDomain,
    from_user: subs.fromUser,
    to_domain: subs.toDomain,
    to_user: subs.toUser,
    from_tag: subs.fromTag,
    to_tag: subs.toTag,
    user_agent: subs.userAgent,
    callid: subs.callId,
    reason: subs.reason,
    socket_info: subs.sockInfo,
    record_route: subs.recordRoute,
    event_id: subs.eventId,
    event: subs.event.name,
    local_cseq: subs.localCseq,
    remote_cseq: subs.remoteCseq,
    expires,
    flags: subs.flags,
    status: subs.status,
    version: subs.version,
    updated: subs.updated,
    updated_winfo: subs.updatedWinfo,
    recv: subs.receivedTime,
  },
});

/**
 * Dialogs of one node are known to all (dlg_dmq.c), so that a request within one may come to any of them. Told when the INVITE goes out,
 * and at each state but `3`; what another node told is not told again.
 *
 * `action` 1: a dialog with its variables and profiles, 2: its state and legs, 3: it is gone, 4: tell all dialogs.
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
import { dialogOf } from './context.js';
import { Dialog, DialogFlag, type Leg, PropertyFlag, State } from './dialog.js';
import type { Dialogs } from './dialogs.js';
import { profilesText } from './profiles.js';

const Action = { update: 1, state: 2, remove: 3, sync: 4 } as const;
/** Dialogs sent without a pause to a node that asks for all. */
const BURST = 100;
const BURST_PAUSE_MS = 10;
const KEEPALIVES = PropertyFlag.keepaliveCaller | PropertyFlag.keepaliveCallee;

export class Replication {
  #peers: DmqPeers | null = null;
  /** All dialogs are on their way. */
  #giving = false;

  constructor(
    private readonly dialogs: Dialogs,
    /** Which sides get keepalives is told and taken over (`enable_dmq_ka_iflags_sync`). */
    private readonly withKeepalives: boolean,
  ) {}
  channel(name: string): DmqChannel {
    return {
      name,
      received: (message) => this.#received(message),
      joined: (from) => this.#peers?.send({ action: Action.sync }, from),
    };
  }
  begin(peers: DmqPeers): void {
    this.#peers = peers;
    const { hooks } = this.dialogs.server.transactions;
    hooks.requestForwarded.push((t) => {
      const dialog = t.isInvite ? dialogOf(t) : null;
      if (dialog?.linked) this.#update(dialog);
    });
    this.dialogs.replica = {
      moved: (dialog) => this.#moved(dialog),
      destroyed: (dialog) => this.#gone(dialog),
    };
  }

  // -------------------------------------------------------------------------------------------------------------
  // What others are told

  #update(dialog: Dialog): void {
    if (dialog.has(PropertyFlag.replicated) && (dialog.dflags & DialogFlag.changedProfiles) === 0) return;
    this.#peers?.send(this.#whole(dialog));
  }
  #whole(dialog: Dialog): object {
    dialog.iflags |= PropertyFlag.replicated;
    dialog.dflags &= ~DialogFlag.changedProfiles;
    const { caller, vars } = dialog;
    const profiles = profilesText(dialog.profiles);
    return {
      action: Action.update,
      h_entry: dialog.entry,
      h_id: dialog.id,
      init_ts: dialog.initTs,
      callid: dialog.callId,
      from_uri: dialog.fromUri,
      to_uri: dialog.toUri,
      req_uri: dialog.requestUri,
      ...legFields(caller, 1),
      ...(vars.length === 0 ? {} : { vars: Object.fromEntries(vars.map(({ key, value }) => [key, value])) }),
      ...(profiles === null ? {} : { profiles }),
      ...(this.withKeepalives ? { iflags: dialog.iflags & KEEPALIVES } : {}),
      ...stateFields(dialog),
    };
  }
  #moved(dialog: Dialog): void {
    const { state } = dialog;
    if (!dialog.has(PropertyFlag.replicated) || state === State.unconfirmed || state === State.confirmedNoAck) return;
    const { entry, id } = dialog;
    this.#peers?.send({ action: Action.state, h_entry: entry, h_id: id, ...stateFields(dialog) });
  }
  #gone(dialog: Dialog): void {
    if (!dialog.has(PropertyFlag.replicated)) return;
    dialog.iflags &= ~PropertyFlag.replicated;
    const { entry, id, state } = dialog;
    this.#peers?.send({ action: Action.remove, h_entry: entry, h_id: id, state });
  }
  /** All dialogs, to all nodes: so 5.6 does it, whoever asked. */
  #give(): void {
    if (this.#giving) return;
    this.#giving = true;
    const all = this.dialogs.table.all();
    const next = () => {
      for (let i = 0; i < BURST; i++) {
        const { value, done } = all.next();
        if (done) {
          this.#giving = false;
          return;
        }
        if (value.linked) this.#peers?.send(this.#whole(value));
      }
      this.dialogs.server.env.clock.setTimer(BURST_PAUSE_MS, next);
    };
    next();
  }

  // -------------------------------------------------------------------------------------------------------------
  // What others tell

  /** Dialogs that this node told of go, untold; how many. */
  forgetNode(uri: string): number {
    let count = 0;
    for (const dialog of this.dialogs.table.all()) {
      if (uri === '' || dialog.node !== uri || !dialog.has(PropertyFlag.replicated)) continue;
      this.#count(dialog, State.deleted);
      dialog.dflags |= DialogFlag.new;
      dialog.iflags &= ~PropertyFlag.replicated;
      this.dialogs.table.destroy(dialog);
      count++;
    }
    this.dialogs.log(2, `forgot ${count} dialogs of node ${uri}`);
    return count;
  }
  #received({ body, node }: DmqMessage): DmqAnswer {
    const fields = readFields(body);
    if (fields === null) return dmqAnswers.bad;
    const [entry, id] = [intOf(fields.h_entry) >>> 0, intOf(fields.h_id) >>> 0];
    const dialog = entry < this.dialogs.table.size ? this.dialogs.table.byId(entry, id) : null;
    switch (fields.action) {
      case Action.update:
        return this.#told(fields, dialog, entry, id, node);
      case Action.state:
        return dialog === null ? this.#refuse(`dialog [${entry}:${id}] not found`) : this.#follow(dialog, fields);
      case Action.remove:
        if (dialog === null) return dmqAnswers.failed;
        this.#remove(dialog);
        return dmqAnswers.ok;
      case Action.sync:
        this.#give();
        return dmqAnswers.ok;
      default:
        return dmqAnswers.ok;
    }
  }
  #told(fields: JsonFields, known: Dialog | null, entry: number, id: number, node: ClusterNode | null): DmqAnswer {
    const { dialogs } = this;
    const callId = textOf(fields.callid);
    const dialog = known ?? this.#made(fields, callId, entry, id, node);
    if (typeof dialog === 'string') return this.#refuse(dialog);
    if (known !== null) dialogs.leaveProfiles(dialog);
    dialog.initTs = intOf(fields.init_ts);
    dialog.startTs = intOf(fields.start_ts);
    if (isFields(fields.vars))
      for (const [key, value] of Object.entries(fields.vars)) dialogs.setVariable(dialog, textOf(key), textOf(value));
    if (fields.profiles !== undefined) dialogs.rejoin(dialog, textOf(fields.profiles));
    if (this.withKeepalives) dialog.iflags |= intOf(fields.iflags) & KEEPALIVES;
    return (fields.state ?? State.unconfirmed) === dialog.state ? dmqAnswers.ok : this.#follow(dialog, fields);
  }
  #made(fields: JsonFields, callId: string, entry: number, id: number, node: ClusterNode | null): Dialog | string {
    const { table, nowSec } = this.dialogs;
    if (callId === '' || id === 0) return 'failed to build new dialog';
    if (table.entryOf(callId) !== entry) return 'the other node has another hash_size: set the same on all';
    if (table.isFull) return 'too many dialogs: one of another node is not followed';
    const dialog = new Dialog({
      callId,
      fromUri: textOf(fields.from_uri),
      toUri: textOf(fields.to_uri),
      requestUri: textOf(fields.req_uri),
      nowSec,
    });
    table.link(dialog, id);
    fillLeg(dialog.caller, fields, 1);
    dialog.iflags |= PropertyFlag.replicated;
    dialog.node = node?.uri ?? '';
    return dialog;
  }
  #follow(dialog: Dialog, fields: JsonFields): DmqAnswer {
    const { dialogs } = this;
    const state = intOf(fields.state ?? State.unconfirmed);
    if (state < dialog.state) {
      dialogs.log(1, `a state change backwards of ${dialog.callId}, from ${dialog.state} to ${state}, is ignored`);
      return dmqAnswers.ok;
    }
    switch (state) {
      case State.early:
      case State.confirmed:
        this.#count(dialog, state);
        dialog.startTs = intOf(fields.start_ts);
        dialog.lifetime = intOf(fields.lifetime);
        fillLeg(dialog.caller, fields, 1);
        if (state === State.confirmed) this.#confirmed(dialog, fields);
        break;
      case State.deleted:
        this.#count(dialog, state);
        if (dialog.isConfirmed && dialogs.stopTimer(dialog)) dialogs.table.release(dialog);
        dialogs.leaveProfiles(dialog);
        // Kept for a while, so that what comes late does not bring it back; it is nothing to write to a database.
        dialog.dflags |= DialogFlag.new;
        dialog.initTs = dialogs.nowSec;
        if (dialog.endTs === 0) dialog.endTs = dialogs.nowSec;
        break;
      default:
        return this.#refuse(`unhandled state update to state ${state}`);
    }
    dialog.state = state;
    if (state === State.confirmed && this.withKeepalives) dialogs.watch(dialog);
    return dmqAnswers.ok;
  }
  #confirmed(dialog: Dialog, fields: JsonFields): void {
    fillLeg(dialog.callee, fields, 2);
    const runs = dialog.expiresAt !== 0;
    this.dialogs.startTimer(dialog, dialog.lifetime);
    if (!runs) this.dialogs.table.hold(dialog);
  }
  #remove(dialog: Dialog): void {
    const { table } = this.dialogs;
    this.#count(dialog, State.deleted);
    const timer = this.dialogs.stopTimer(dialog) ? 1 : 0;
    dialog.dflags |= DialogFlag.new;
    dialog.iflags &= ~PropertyFlag.replicated;
    table.release(dialog, 1 + timer);
  }
  /** Gauges, where the state of a dialog goes from one they count to another; as later versions have it. */
  #count(dialog: Dialog, state: State): void {
    const { dialogs } = this;
    if (dialog.state === state) return;
    if (dialog.state === State.early) dialogs.early--;
    if (state === State.early) dialogs.early++;
    else if (state === State.confirmed && !dialog.isConfirmed) dialogs.active++;
    else if (state === State.deleted && dialog.isConfirmed) dialogs.active--;
  }
  #refuse(text: string): DmqAnswer {
    this.dialogs.log(-1, text);
    return dmqAnswers.failed;
  }
}

const legFields = ({ tag, cseq, routeSet, contact }: Leg, n: 1 | 2) => ({
  [`tag${n}`]: tag,
  [`cseq${n}`]: cseq,
  [`route_set${n}`]: routeSet,
  [`contact${n}`]: contact,
});
function fillLeg(leg: Leg, fields: JsonFields, n: 1 | 2): void {
  leg.fill({
    tag: textOf(fields[`tag${n}`]),
    cseq: textOf(fields[`cseq${n}`]),
    routeSet: textOf(fields[`route_set${n}`]),
    contact: textOf(fields[`contact${n}`]),
  });
}
/** In Kamailio's order: field by field, caller and callee in turn. */
function stateFields({ state, startTs, lifetime, caller, callee }: Dialog): object {
  const times = { state, start_ts: startTs, lifetime };
  if (state === State.early) return { ...times, ...legFields(caller, 1) };
  if (state !== State.confirmed) return { state };
  return {
    ...times,
    tag1: caller.tag,
    tag2: callee.tag,
    cseq1: caller.cseq,
    cseq2: callee.cseq,
    route_set1: caller.routeSet,
    route_set2: callee.routeSet,
    contact1: caller.contact,
    contact2: callee.contact,
  };
}

/**
 * All that the parts of the module share: the table, profiles, timers, who listens, what is counted.
 */
import type {
  Counter,
  Format,
  ListenSocket,
  PvRef,
  RouteContext,
  RouteRun,
  ServerApi,
  SipMessage,
  Transaction,
} from '../../runtime/sdk/index.js';
import { contextOf, giveContext, knownContext } from './context.js';
import {
  type Dialog,
  DialogFlag,
  type Direction,
  type Event,
  idsOf,
  nextState,
  PropertyFlag,
  State,
} from './dialog.js';
import { type Profile, type ProfileLink, parseProfilesText } from './profiles.js';
import { DialogTable } from './table.js';

/** Told of what happens to dialogs (dialog's callbacks, dlg_cb.h). Called in order; must not throw. */
export interface DialogListener {
  created?(dialog: Dialog, run: RouteContext): void;
  /** Read from the database. */
  loaded?(dialog: Dialog): void;
  early?(dialog: Dialog, reply: SipMessage | null): void;
  /** 2xx. */
  answered?(dialog: Dialog, reply: SipMessage | null): void;
  /** The ACK to it. */
  confirmed?(dialog: Dialog, run: RouteContext, direction: Direction): void;
  failed?(dialog: Dialog, t: Transaction, reply: SipMessage | null): void;
  /** Any other request within the dialog. */
  within?(dialog: Dialog, run: RouteContext, direction: Direction): void;
  /** A BYE came (`run`), or is sent by us (null). */
  terminated?(dialog: Dialog, run: RouteContext | null, direction: Direction): void;
  /** The BYE was answered; `bye` null: it was ours. */
  terminationConfirmed?(dialog: Dialog, bye: Transaction | null): void;
  /** Its time ran out. */
  expired?(dialog: Dialog, wasConfirmed: boolean): void;
  destroyed?(dialog: Dialog): void;
}

export interface DialogSettings {
  readonly flag: number;
  readonly rrParam: string;
  readonly timeoutAvp: PvRef<RouteContext> | null;
  readonly defaultTimeout: number;
  readonly extraHeaders: string;
  readonly calleeHeaders: string;
  /** 0 by `;did` only, 1 by it and else by tags, 2 by tags. */
  readonly matchMode: number;
  readonly detectSpirals: boolean;
  readonly createdInScript: boolean;
  readonly sendBye: boolean;
  readonly waitAck: boolean;
  readonly timerNoReset: boolean;
  readonly keepProxyRoutes: number;
  readonly localOnly: boolean;
  readonly requestUri: Format<RouteContext> | null;
  readonly kaIntervalSec: number;
  readonly kaFailedLimit: number;
  readonly earlyTimeoutSec: number;
  readonly noAckTimeoutSec: number;
  readonly endTimeoutSec: number;
  readonly bridgeController: string;
  readonly bridgeContact: string;
  readonly counted: boolean;
  /** What the caller is answered when a call that rings is ended; null: such a call is not ended. */
  readonly early: { readonly status: number; readonly reason: string } | null;
  /** A dialog that a CANCEL was found by is the one of its run. */
  readonly cancelHasDialog: boolean;
  /** Transactions move the state; else the script, and responses as they go out, do. */
  readonly ofTransactions: boolean;
}
export interface DialogCounters {
  readonly processed_dialogs: Counter;
  readonly expired_dialogs: Counter;
  readonly failed_dialogs: Counter;
}
/** Where dialogs are kept besides memory. */
export interface Keeper {
  /** It, or a variable of it, changed. */
  changed(dialog: Dialog): void;
  removed(dialog: Dialog): void;
}
/** Tells other nodes of a cluster. */
export interface Replica {
  /** Its state went on. */
  moved(dialog: Dialog): void;
  destroyed(dialog: Dialog): void;
}
/** What the module uses of rr. */
export interface RrApi {
  addParam(ctx: RouteContext, params: string): boolean;
  param(ctx: RouteContext, name: string): string | null;
  onRouted(listener: (ctx: RouteContext, params: string) => void): void;
}

interface Keepalive {
  readonly dialog: Dialog;
  readonly sides: number;
  due: number;
}

export class Dialogs {
  readonly table: DialogTable;
  keeper: Keeper | null = null;
  replica: Replica | null = null;
  active = 0;
  early = 0;
  /** Set by `follow.ts`. */
  onExpired: (dialog: Dialog) => void = () => {};
  /** Set by `cseq.ts` when CSeq numbers are tracked. */
  refreshCseq: (ctx: RouteContext, dialog: Dialog, direction: Direction) => void = () => {};
  /** In order of their time. */
  keepalives: Keepalive[] = [];
  private uids = 0;

  constructor(
    readonly server: ServerApi,
    readonly settings: DialogSettings,
    readonly profiles: ReadonlyMap<string, Profile>,
    readonly counters: DialogCounters,
    readonly rr: RrApi,
    readonly listeners: DialogListener[],
    table: { readonly size: number; readonly idStart: number; readonly idStep: number },
  ) {
    this.table = new DialogTable({ ...table, random: () => server.env.random.uint32() }, (dialog) => {
      this.stopTimer(dialog);
      for (const l of this.listeners) l.destroyed?.(dialog);
      this.replica?.destroyed(dialog);
      this.keeper?.removed(dialog);
      this.leaveProfiles(dialog);
    });
  }
  get nowSec(): number {
    return Math.floor(this.server.env.clock.now() / 1000);
  }
  log(level: -1 | 0 | 1 | 2 | 3, text: string): void {
    this.server.log(level, 'dialog', text);
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Finding

  /** The dialog of this run: by its context, else by Call-ID and tags of the message. */
  of(ctx: RouteContext): Dialog | null {
    return this.lookup(ctx)?.dialog ?? null;
  }
  lookup(ctx: RouteContext): { readonly dialog: Dialog; readonly direction: Direction } | null {
    const known = knownContext(ctx)?.dialog;
    const ids = idsOf(ctx.msg);
    if (known?.linked) {
      const direction = ids === null ? 0 : known.directionOf(ids.callId, ids.ftag, ids.ttag);
      return { dialog: known, direction };
    }
    const found = ids === null ? null : this.table.find(ids);
    if (found !== null && this.settings.cancelHasDialog && ctx.msg.method === 'CANCEL') {
      const context = contextOf(ctx);
      context.dialog = found.dialog;
      context.direction = found.direction;
    }
    return found;
  }
  /** The one that Call-ID and tags of the message name, whatever a run knows. */
  named(msg: SipMessage): Dialog | null {
    const ids = idsOf(msg);
    return ids === null ? null : (this.table.find(ids)?.dialog ?? null);
  }
  /** The one the context names, whatever the message says. */
  inContext(ctx: RouteContext): Dialog | null {
    const dialog = knownContext(ctx)?.dialog ?? null;
    return dialog?.linked ? dialog : null;
  }

  // ---------------------------------------------------------------------------------------------------------------
  // State

  advance(dialog: Dialog, event: Event): { readonly old: State; readonly state: State; readonly release: number } {
    const old = dialog.state;
    const next = nextState(dialog, event);
    if (next === null) {
      this.log(-1, `bogus event ${event} in state ${old} of dialog ${dialog.callId}`);
      return { old, state: old, release: 0 };
    }
    dialog.state = next.state;
    if (event === 'BYE' && next.state === State.deleted && old !== State.deleted) dialog.dflags |= DialogFlag.hasBye;
    if (event === 'PRACK' && old !== State.deleted) dialog.iflags |= PropertyFlag.prack;
    if (next.release < 0) this.table.hold(dialog);
    if (next.state === State.deleted && old !== State.deleted) this.leaveProfiles(dialog);
    return { old, state: next.state, release: Math.max(0, next.release) };
  }

  /**
   * event_route[dialog:start], [dialog:end] and [dialog:failed], as the change asks for. `msg` null: none caused it. `within`: the
   * run or the transaction it came in, whose AVPs the event sees.
   */
  event(
    dialog: Dialog,
    msg: SipMessage | null,
    old: State,
    state: State,
    within: Pick<RouteRun, 'transaction' | 'branch' | 'values'> | null = null,
  ): void {
    if (old === state) return;
    const name =
      state === State.confirmedNoAck
        ? 'dialog:start'
        : state !== State.deleted || old === State.deleted
          ? null
          : old >= State.confirmedNoAck
            ? 'dialog:end'
            : 'dialog:failed';
    const { script } = this.server;
    if (name === null || !script.hasEvent(name)) return;
    void script.runEvent(name, msg ?? this.server.detachedRun().msg, (run: RouteRun) => {
      giveContext(run, dialog);
      if (within !== null) Object.assign(run, within);
    });
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Time

  startTimer(dialog: Dialog, seconds: number): void {
    const ms = Math.max(0, seconds) * 1000;
    dialog.expiresAt = this.nowSec + seconds;
    if (dialog.timer === null) dialog.timer = this.server.env.clock.setTimer(ms, () => this.fired(dialog));
    else dialog.timer.rearm(ms);
  }
  /** False: it does not run. */
  updateTimer(dialog: Dialog, seconds: number): boolean {
    if (dialog.expiresAt === 0) return false;
    this.startTimer(dialog, seconds);
    return true;
  }
  /** False: it did not run. */
  stopTimer(dialog: Dialog): boolean {
    const ran = dialog.expiresAt !== 0;
    dialog.timer?.cancel();
    dialog.timer = null;
    dialog.expiresAt = 0;
    return ran;
  }
  private fired(dialog: Dialog): void {
    dialog.timer = null;
    dialog.expiresAt = 0;
    this.onExpired(dialog);
  }
  /** Lifetime from now on; once it is confirmed, of the running timer too. False: that does not run. */
  setLifetime(dialog: Dialog, seconds: number): boolean {
    if (dialog.state > State.early && !this.updateTimer(dialog, seconds)) return false;
    dialog.lifetime = seconds;
    dialog.dflags |= DialogFlag.changed;
    return true;
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Variables and profiles

  setVariable(dialog: Dialog, key: string, value: string | null): boolean {
    if (!dialog.set(key, value)) return false;
    dialog.dflags |= DialogFlag.changedVars;
    this.keeper?.changed(dialog);
    return true;
  }
  /** A name for a membership, as Kamailio's sruid makes them. */
  newUid(): string {
    const { info } = this.server;
    this.uids = (this.uids + 1) >>> 0 || 1;
    const digits = [...this.uids.toString(16)].reverse().join('');
    return `dlgp-${Math.floor(info.startedAt / 1000).toString(16)}-${info.pid.toString(16)}-${digits}`;
  }
  join(dialog: Dialog, link: ProfileLink): void {
    link.profile.add(dialog, link);
    dialog.dflags |= DialogFlag.changedProfiles;
  }
  /** Profiles as they are written in a database or told by another node. */
  rejoin(dialog: Dialog, text: string): void {
    if (text === '') return;
    for (const { name, value, puid } of parseProfilesText(text)) {
      const profile = this.profiles.get(name);
      if (profile === undefined || profile.hasValue !== (value !== null)) continue;
      this.join(dialog, { profile, value: value ?? '', uid: puid || this.newUid(), dialog, expires: 0 });
    }
  }
  leaveProfiles(dialog: Dialog): void {
    for (const link of dialog.profiles) link.profile.remove(link);
    dialog.profiles = [];
  }

  /** Keepalives of a dialog that was just confirmed, when it asked for them. */
  watch(dialog: Dialog): void {
    const sides = dialog.iflags & (PropertyFlag.keepaliveCaller | PropertyFlag.keepaliveCallee);
    const { kaIntervalSec } = this.settings;
    if (kaIntervalSec > 0 && sides !== 0) this.keepalives.push({ dialog, sides, due: this.nowSec + kaIntervalSec });
  }
  /** `dlg_filter_mode`: dialogs whose socket is not ours belong to another server. */
  isForeign(socket: ListenSocket | null): boolean {
    return this.settings.localOnly && socket === null;
  }
}

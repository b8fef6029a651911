/**
 * Dialogs in a database (dlg_db_handler.c): `db_mode` 1 writes each change at once, 2 at the timer's ticks and at the end, 3 at the
 * end only. Memory answers; all are read at the start.
 *
 * `new` and `changed` among a dialog's flags say what the table lacks.
 */
import {
  type Database,
  DbError,
  type DbRow,
  type DbValue,
  type ListenSocket,
  StartError,
} from '../../runtime/sdk/index.js';
import { Dialog, DialogFlag, type DialogVar, State } from './dialog.js';
import type { Dialogs, Keeper } from './dialogs.js';
import { profilesText } from './profiles.js';

export const DbMode = { none: 0, realtime: 1, delayed: 2, shutdown: 3 } as const;
/** Versions of the tables in Kamailio 5.6. */
const DIALOG_VERSION = 7;
const VARS_VERSION = 1;
/** Dialogs written at a time in a flush. */
const LANES = 8;

export const columnNames = [
  'call_id', 'from_uri', 'from_tag', 'to_uri', 'to_tag', 'h_id', 'h_entry', 'state', 'start_time', 'timeout', 'to_cseq', 'from_cseq',
  'to_route', 'from_route', 'to_contact', 'from_contact', 'to_sock', 'from_sock', 'sflags', 'toroute_name',
] as const; // biome-ignore format: one list
export type ColumnName = (typeof columnNames)[number];
export interface PersistenceSettings {
  readonly mode: number;
  readonly table: string;
  readonly columns: Readonly<Record<ColumnName, string>>;
  readonly varsTable: string;
  readonly varsColumns: { readonly entry: string; readonly id: string; readonly key: string; readonly value: string };
  readonly skipLoad: boolean;
}
/** These have no parameter of their own. */
const REQUEST_URI = 'req_uri';
const XDATA = 'xdata';
const IFLAGS = 'iflags';

type Job = () => Promise<unknown>;

export class Persistence implements Keeper {
  /** Last write under way of a dialog: its changes are written in their order. */
  private readonly busy = new Map<Dialog, Promise<void>>();
  private flushing: Promise<void> | null = null;

  constructor(
    private readonly settings: PersistenceSettings,
    private readonly db: Database,
    private readonly dialogs: Dialogs,
  ) {}

  // ---------------------------------------------------------------------------------------------------------------
  // Writing

  changed(dialog: Dialog): void {
    if (this.settings.mode === DbMode.realtime) this.write(dialog);
  }
  removed(dialog: Dialog): void {
    const { settings, db } = this;
    if (settings.mode === DbMode.shutdown || (dialog.dflags & DialogFlag.new) !== 0) return;
    // A dialog that was never confirmed has no row; its variables may.
    const wasWritten = dialog.startTs !== 0 || dialog.vars.some((v) => !v.isNew) || dialog.goneVars.length > 0;
    if (!wasWritten) return;
    this.enqueue(dialog, 0, [
      () => db.delete(settings.table, this.keyOf(dialog)),
      () => db.delete(settings.varsTable, this.varsKeyOf(dialog)),
    ]);
  }
  private keyOf({ entry, id }: Dialog): DbRow {
    const { columns } = this.settings;
    return { [columns.h_entry]: entry, [columns.h_id]: id };
  }
  private varsKeyOf({ entry, id }: Dialog): DbRow {
    const { varsColumns } = this.settings;
    return { [varsColumns.entry]: entry, [varsColumns.id]: id };
  }

  /** What the table lacks, as it is now. */
  private write(dialog: Dialog): void {
    if (dialog.state < State.early || dialog.state === State.deleted) return;
    const { db, settings } = this;
    const jobs: Job[] = [];
    const before = dialog.dflags;
    if ((before & (DialogFlag.new | DialogFlag.changedVars)) !== 0) jobs.push(...this.varJobs(dialog));
    if ((before & DialogFlag.new) !== 0) {
      const row = this.rowOf(dialog);
      jobs.push(() => db.insert(settings.table, row));
    } else if ((before & DialogFlag.changed) !== 0) {
      const set = this.changesOf(dialog);
      jobs.push(() => db.update(settings.table, set, this.keyOf(dialog)));
    }
    dialog.dflags &= ~(DialogFlag.new | DialogFlag.changed | DialogFlag.changedVars);
    if (jobs.length > 0) this.enqueue(dialog, before & (DialogFlag.new | DialogFlag.changed), jobs);
  }
  private varJobs(dialog: Dialog): Job[] {
    const { db, settings } = this;
    const { varsTable, varsColumns: c } = settings;
    const jobs: Job[] = [];
    for (const key of dialog.goneVars.splice(0))
      jobs.push(() => db.delete(varsTable, { ...this.varsKeyOf(dialog), [c.key]: key }));
    for (const v of dialog.vars) {
      const { key, value } = v;
      if (v.isNew) {
        jobs.push(() => db.insert(varsTable, { ...this.varsKeyOf(dialog), [c.key]: key, [c.value]: value }));
      } else if (v.changed)
        jobs.push(() => db.update(varsTable, { [c.value]: value }, { ...this.varsKeyOf(dialog), [c.key]: key }));
      v.isNew = false;
      v.changed = false;
    }
    return jobs;
  }
  /** `again`: flags to be set once more when it fails. */
  private enqueue(dialog: Dialog, again: number, jobs: readonly Job[]): void {
    const { busy } = this;
    const work = async () => {
      for (const job of jobs) await job();
    };
    const next = (busy.get(dialog) ?? Promise.resolve()).then(work).catch((error: unknown) => {
      // The database layer has logged it.
      if (!(error instanceof DbError)) throw error;
      dialog.dflags |= again;
    });
    busy.set(dialog, next);
    void next.then(() => {
      if (busy.get(dialog) === next) busy.delete(dialog);
    });
  }

  private changesOf(dialog: Dialog): DbRow {
    const { columns: c } = this.settings;
    return {
      [c.state]: dialog.state,
      [c.timeout]: dialog.expiresAt,
      [c.from_cseq]: dialog.caller.cseq,
      [c.to_cseq]: dialog.callee.cseq,
      [c.from_contact]: dialog.caller.contact,
      [c.to_contact]: dialog.callee.contact,
    };
  }
  private rowOf(dialog: Dialog): DbRow {
    const { columns: c } = this.settings;
    const { caller, callee } = dialog;
    return {
      ...this.keyOf(dialog),
      [c.call_id]: dialog.callId,
      [c.from_uri]: dialog.fromUri,
      [c.from_tag]: caller.tag,
      [c.to_uri]: dialog.toUri,
      [c.to_tag]: callee.tag,
      [c.from_sock]: caller.socket?.sockStr ?? '',
      [c.to_sock]: callee.socket?.sockStr ?? '',
      [c.start_time]: dialog.startTs,
      ...this.changesOf(dialog),
      [c.from_route]: caller.routeSet || null,
      [c.to_route]: callee.routeSet || null,
      [c.sflags]: dialog.sflags,
      [c.toroute_name]: dialog.timeoutRoute || null,
      [REQUEST_URI]: dialog.requestUri,
      [XDATA]: profilesText(dialog.profiles),
      [IFLAGS]: dialog.iflags,
    };
  }

  /** Writes all that was not written. */
  flush(): Promise<void> {
    this.flushing ??= this.flushAll().finally(() => {
      this.flushing = null;
    });
    return this.flushing;
  }
  private async flushAll(): Promise<void> {
    for (const dialog of this.dialogs.table.all()) {
      this.write(dialog);
      if (this.busy.size >= LANES) await Promise.all(this.busy.values());
    }
    await Promise.all(this.busy.values());
  }
  async finish(): Promise<void> {
    if (this.settings.mode !== DbMode.realtime) await this.flush();
    while (this.busy.size > 0) await Promise.all(this.busy.values());
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Reading

  /** Checks the tables and reads them. Throws a StartError where they cannot be used. */
  async open(): Promise<void> {
    const { settings, db } = this;
    const { table, varsTable } = settings;
    try {
      for (const [name, wanted] of [[table, DIALOG_VERSION], [varsTable, VARS_VERSION]] as const) {
        const version = await db.tableVersion(name);
        if (version !== wanted)
          throw new StartError('SIPC8120', `dialog: table ${name} has version ${version}, not ${wanted}; upgrade it`);
      } // biome-ignore format: two pairs
      if (settings.skipLoad) return;
      await this.load(null, false);
      if (settings.mode !== DbMode.shutdown) return;
      await db.delete(table, []);
      await db.delete(varsTable, []);
    } catch (error) {
      if (!(error instanceof DbError)) throw error;
      throw new StartError('SIPC8121', `dialog: cannot read tables ${table} and ${varsTable}: ${error.message}`);
    }
  }

  /** Rows of a Call-ID, or all; `later`: at run time, so that some may be here already. How many came. */
  async load(callId: string | null, later: boolean): Promise<number> {
    const { settings } = this;
    const found = await this.db.query(settings.table, {
      where: callId === null ? [] : { [settings.columns.call_id]: callId },
      order: ['id'],
    });
    const loaded: Dialog[] = [];
    for (const row of found.records()) {
      const dialog = this.fromRow(row, later);
      if (dialog !== null) loaded.push(dialog);
    }
    if (loaded.length > 0) await this.loadVariables(callId === null ? null : loaded);
    for (const dialog of loaded) for (const l of this.dialogs.listeners) l.loaded?.(dialog);
    return loaded.length;
  }
  private fromRow(row: Readonly<Record<string, DbValue>>, later: boolean): Dialog | null {
    const { dialogs, settings } = this;
    const { columns: c } = settings;
    const { table } = dialogs;
    const text = (name: string) => (row[name] === null || row[name] === undefined ? '' : String(row[name]));
    const number = (name: string) => Number(row[name] ?? 0);
    const [callId, entry, id] = [text(c.call_id), number(c.h_entry), number(c.h_id)];
    if (callId === '' || !(id > 0)) return null;
    if (table.entryOf(callId) !== entry) {
      const why = `dialog: the rows of ${settings.table} were written with another hash_size; set it again, or empty the table`;
      if (!later) throw new StartError('SIPC8122', why);
      dialogs.log(-1, why);
      return null;
    }
    if (table.isFull || (later && table.byId(entry, id) !== null)) return null;
    const now = dialogs.nowSec;
    const dialog = new Dialog({
      callId,
      fromUri: text(c.from_uri),
      toUri: text(c.to_uri),
      requestUri: text(REQUEST_URI),
      nowSec: now,
    });
    const state = number(c.state);
    if (state < State.unconfirmed || state > State.deleted) return null;
    dialog.state = state as State;
    dialog.startTs = number(c.start_time);
    const socket = (name: string): ListenSocket | null =>
      dialogs.server.transports.sockets.find((s) => s.sockStr === text(name)) ?? null;
    dialog.caller.fill({
      tag: text(c.from_tag),
      routeSet: text(c.from_route),
      contact: text(c.from_contact),
      cseq: text(c.from_cseq),
    });
    dialog.callee.fill({
      tag: text(c.to_tag),
      routeSet: text(c.to_route),
      contact: text(c.to_contact),
      cseq: text(c.to_cseq),
    });
    dialog.caller.socket = socket(c.from_sock);
    dialog.callee.socket = socket(c.to_sock);
    dialog.sflags = number(c.sflags) >>> 0;
    dialog.iflags = number(IFLAGS) >>> 0;
    dialog.timeoutRoute = text(c.toroute_name);
    table.link(dialog, id);
    const expires = number(c.timeout);
    dialog.lifetime = expires > now ? expires - dialog.startTs : 0;
    dialogs.startTimer(dialog, Math.max(0, expires - now));
    table.hold(dialog);
    if (dialog.isConfirmed) dialogs.active++;
    else if (dialog.state === State.early) dialogs.early++;
    if (dialog.state === State.deleted) dialog.endTs = now;
    else dialogs.rejoin(dialog, text(XDATA));
    if (dialog.state === State.confirmed) dialogs.watch(dialog);
    // Emptied tables have to be written again.
    dialog.dflags = settings.mode === DbMode.shutdown ? DialogFlag.new : 0;
    return dialog;
  }
  private async loadVariables(only: readonly Dialog[] | null): Promise<void> {
    const { settings, db, dialogs } = this;
    const { varsColumns: c } = settings;
    const keys = only === null ? [[]] : only.map((dialog) => this.varsKeyOf(dialog));
    for (const where of keys) {
      const found = await db.query(settings.varsTable, { where });
      for (const row of found.records()) {
        const dialog = dialogs.table.byId(Number(row[c.entry]), Number(row[c.id]));
        const [key, value] = [row[c.key], row[c.value]];
        if (dialog === null || typeof key !== 'string' || typeof value !== 'string') continue;
        const known: DialogVar | undefined = dialog.vars.find((v) => v.key === key);
        if (known !== undefined) continue;
        const isNew = settings.mode === DbMode.shutdown;
        dialog.vars.unshift({ key, value, isNew, changed: false });
      }
    }
  }
}

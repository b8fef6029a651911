/**
 * The location in a database, for `db_mode` 1 (each change is written at once), 2 (at the timer's ticks) and 4 (read at the
 * start, never written). Memory answers; what could not be written is tried again at the next tick, unless the database cannot hold
 * a value of it: then it is given up, and with `db_mode` 1 a new contact is not made. With `db_mode` 3 the database answers: a
 * record is read when somebody wants it, written before it is let go, and not kept.
 *
 * ```
 *   insert ──► new ──written──► synced ──refresh──► dirty ──written──► synced
 *                                  └───removed, ran out: the row goes
 * ```
 */
import {
  type Database,
  DbError,
  type DbResult,
  type DbRow,
  DbTime,
  type ServerApi,
  StartError,
  XavpRecord,
} from '../../runtime/sdk/index.js';
import { type Contact, DbState } from './contact.js';
import type { Domain, Location, LocationEvent } from './location.js';
import { changesOf, fromRow, isMemoryOnly, LAST_MODIFIED, type RowSettings, rowOf, splitAor } from './rows.js';

export const DbMode = { none: 0, writeThrough: 1, writeBack: 2, only: 3, readOnly: 4 } as const;
/** Version of the `location` table of Kamailio 5.6. */
const TABLE_VERSION = 9;
/** Rows written at a time in a flush. */
const LANES = 8;
/** Rows to be deleted that are remembered while the database is away. */
const MAX_GONE = 100_000;

export interface PersistenceSettings extends RowSettings {
  readonly mode: number;
  readonly serverIdFilter: boolean;
  readonly skipRemoteSocket: boolean;
  readonly insertUpdate: boolean;
  readonly updateAsInsert: boolean;
  readonly checkUpdate: boolean;
  readonly byRuid: boolean;
  readonly cleansTcp: boolean;
  readonly timerCleans: boolean;
  /** How long a row that ran out stays; for db_mode 3. */
  readonly expiredDelaySec: number;
  readonly checksVersion: boolean;
  readonly loads: boolean;
  /** `xavp_contact` is kept in `<table>_attrs`. */
  readonly keepsXavp: boolean;
}

/** A record that somebody works on. */
export interface Held {
  /** Lets it go; false when a change could not be written: then it is not made. */
  release(): Promise<boolean>;
}
const keyOf = (table: string, aor: string): string => `${table}\n${aor}`;

interface Gone {
  readonly table: string;
  readonly contact: Contact;
}

export class Persistence {
  /** Last write under way by record id: changes of one contact are written in their order. */
  private readonly busy = new Map<string, Promise<void>>();
  private readonly gone = new Map<string, Gone>();
  private flushing: Promise<void> | null = null;
  /** What the database cannot hold; until it changes it is not tried again. */
  private readonly unwritable = new WeakSet<Contact>();
  /** Records that are held, and who waits for them: settles when the last one has let go. */
  private readonly held = new Map<string, Promise<void>>();

  constructor(
    private readonly settings: PersistenceSettings,
    private readonly db: Database,
    private readonly location: Location,
    private readonly server: ServerApi,
  ) {}

  // ---------------------------------------------------------------------------------------------------------------
  // Reading

  /** Checks and reads a table. Throws a StartError where it cannot be used. */
  async open(domain: Domain): Promise<void> {
    const { settings, db, server } = this;
    try {
      if (settings.checksVersion) {
        const version = await db.tableVersion(domain.name);
        if (version !== TABLE_VERSION)
          throw new StartError(
            'SIPC8080',
            `usrloc: table ${domain.name} has version ${version}, not ${TABLE_VERSION}; upgrade it, or set version_table to 0`,
          );
      }
      if (settings.cleansTcp) await db.delete(domain.name, this.ownRows([[settings.columns.connection_id, '>=', 1]]));
      if (settings.mode !== DbMode.only && (settings.loads || settings.mode === DbMode.readOnly))
        await this.load(domain);
    } catch (error) {
      if (!(error instanceof DbError)) throw error;
      throw new StartError('SIPC8081', `usrloc: cannot read table ${domain.name}: ${error.message}`);
    }
    server.log(2, 'usrloc', `table ${domain.name}: ${domain.contactCount} contacts`);
  }
  private ownRows(where: [string, '=' | '>=' | '<' | '!=', number | DbTime][]): typeof where {
    const { serverIdFilter, columns } = this.settings;
    if (serverIdFilter) where.push([columns.server_id, '=', this.server.settings.values.server_id]);
    return where;
  }
  private async load(domain: Domain): Promise<void> {
    const found = await this.db.query(domain.name, { where: this.ownRows([]) });
    this.take(domain, found);
    if (this.settings.keepsXavp) await this.loadAttributes(domain);
  }
  private take(domain: Domain, found: DbResult): void {
    const { settings, server } = this;
    const socket = (name: string) => server.transports.sockets.find((s) => s.sockStr === name) ?? null;
    for (const row of found.records()) {
      const loaded = fromRow(row, settings, socket, settings.skipRemoteSocket);
      if (typeof loaded === 'string') {
        server.log(-1, 'usrloc', `row of table ${domain.name} is skipped: ${loaded}`);
        continue;
      }
      const contact = domain.load(domain.getOrCreate(loaded.aor), loaded.info);
      contact.dbState = DbState.synced;
    }
  }
  private async loadAttributes(domain: Domain, ruid?: string): Promise<void> {
    const where = ruid === undefined ? {} : { where: { ruid } };
    const found = await this.db.query(`${domain.name}_attrs`, { order: ['id'], ...where });
    const byRuid = new Map<string, Contact>();
    for (const record of domain.records.values()) for (const c of record.contacts) byRuid.set(c.ruid, c);
    for (const row of found.records()) {
      const contact = byRuid.get(String(row.ruid ?? ''));
      if (contact === undefined) continue;
      const xavp = contact.xavp instanceof XavpRecord ? contact.xavp : new XavpRecord();
      const value = String(row.avalue ?? '');
      xavp.add(String(row.aname ?? ''), Number(row.atype) === 1 ? Number(value) | 0 : value);
      contact.xavp = xavp;
    }
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Record by record

  /** See `UsrlocApi.hold`. */
  hold(domain: Domain, aor: string): Promise<Held> | null {
    return this.settings.mode === DbMode.only ? this.holdRecord(domain, aor) : null;
  }
  private async holdRecord(domain: Domain, aor: string): Promise<Held> {
    const key = keyOf(domain.name, aor);
    const before = this.held.get(key);
    let letGo = () => {};
    const mine = new Promise<void>((resolve) => {
      letGo = () => {
        resolve();
        if (this.held.get(key) === mine) this.held.delete(key);
      };
    });
    this.held.set(key, mine);
    await before;
    try {
      await this.loadRecord(domain, aor);
    } catch (error) {
      domain.discard(aor);
      letGo();
      throw error;
    }
    return {
      release: async () => {
        const whole = await this.settle(domain, aor);
        domain.discard(aor);
        letGo();
        return whole;
      },
    };
  }
  private async loadRecord(domain: Domain, aor: string): Promise<void> {
    const { columns, useDomain, keepsXavp } = this.settings;
    const { user, domain: host } = splitAor(aor, useDomain);
    const owner: [string, '=', string][] = [[columns.user, '=', user]];
    if (host !== null) owner.push([columns.domain, '=', host]);
    try {
      this.take(domain, await this.db.query(domain.name, { where: [...owner, ...this.ownRows([])] }));
    } catch (error) {
      // No row can have such a name.
      if (error instanceof DbError && error.failure === 'value') return;
      throw error;
    }
    if (!keepsXavp) return;
    for (const { ruid } of domain.get(aor)?.contacts ?? []) await this.loadAttributes(domain, ruid);
  }
  /** Waits for the changes of a record; what was not written is given up. True when all were. */
  private async settle(domain: Domain, aor: string): Promise<boolean> {
    const contacts = domain.get(aor)?.contacts ?? [];
    const gone = [...this.gone.values()].filter((left) => left.table === domain.name && left.contact.aor === aor);
    await Promise.all([...contacts, ...gone.map(({ contact }) => contact)].map(({ ruid }) => this.busy.get(ruid)));
    let whole = true;
    for (const { contact } of gone) if (this.gone.delete(contact.ruid)) whole = false;
    return whole && contacts.every((contact) => contact.dbState === DbState.synced || isMemoryOnly(contact));
  }
  /** See `UsrlocApi.written`. */
  written(domain: Domain, aor: string): Promise<boolean> | null {
    if (this.settings.mode !== DbMode.writeThrough || this.busy.size === 0) return null;
    const contacts = domain.get(aor)?.contacts ?? [];
    const ruids = contacts.map(({ ruid }) => ruid);
    for (const { table, contact } of this.gone.values())
      if (table === domain.name && contact.aor === aor) ruids.push(contact.ruid);
    const writes = ruids.map((ruid) => this.busy.get(ruid)).filter((write) => write !== undefined);
    if (writes.length === 0) return null;
    return Promise.all(writes).then(() => !contacts.some((contact) => this.unwritable.has(contact)));
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Writing

  /** Told of each change in memory. */
  changed(event: LocationEvent, contact: Contact, domain: Domain): void {
    if (this.settings.mode === DbMode.readOnly || isMemoryOnly(contact)) return;
    const now = this.settings.mode === DbMode.writeThrough || this.settings.mode === DbMode.only;
    switch (event) {
      case 'insert':
        if (now) this.enqueue(contact, () => this.write(contact, domain));
        break;
      case 'update':
        this.unwritable.delete(contact);
        if (contact.dbState === DbState.synced) contact.dbState = DbState.dirty;
        if (now) this.enqueue(contact, () => this.write(contact, domain));
        break;
      default: {
        if (contact.dbState === DbState.unsaved && !this.busy.has(contact.ruid)) return;
        if (this.gone.size >= MAX_GONE) return;
        this.gone.set(contact.ruid, { table: domain.name, contact });
        if (now || event === 'expire') this.enqueue(contact, () => this.erase(contact));
      }
    }
  }
  private enqueue(contact: Contact, work: () => Promise<void>): void {
    const { busy } = this;
    const { ruid } = contact;
    const next = (busy.get(ruid) ?? Promise.resolve()).then(work).catch((error: unknown) => {
      // The database layer has logged it; what is left to do is done at a later tick.
      if (!(error instanceof DbError))
        this.server.log(-1, 'usrloc', `writing contact ${ruid} failed: ${String(error)}`);
    });
    busy.set(ruid, next);
    void next.then(() => {
      if (busy.get(ruid) === next) busy.delete(ruid);
    });
  }

  private async write(contact: Contact, domain: Domain): Promise<void> {
    const table = domain.name;
    const before = contact.dbState;
    if (before === DbState.synced || this.gone.has(contact.ruid) || this.unwritable.has(contact)) return;
    contact.dbState = DbState.synced;
    try {
      if (before === DbState.unsaved || this.settings.updateAsInsert) await this.insert(contact, table);
      else await this.update(contact, table);
      if (this.settings.keepsXavp) await this.writeAttributes(contact, table);
    } catch (error) {
      contact.dbState = before;
      if (error instanceof DbError && error.failure === 'value') this.giveUp(contact, domain);
      throw error;
    }
  }
  private giveUp(contact: Contact, domain: Domain): void {
    this.unwritable.add(contact);
    const record = domain.get(contact.aor);
    if (this.settings.mode !== DbMode.writeThrough || contact.dbState !== DbState.unsaved || record === null) return;
    domain.remove(record, contact);
    domain.release(record);
  }
  private async insert(contact: Contact, table: string): Promise<void> {
    const row = rowOf(contact, this.settings);
    if (this.settings.insertUpdate) await this.db.insertUpdate(table, row, [this.settings.columns.ruid]);
    else await this.db.insert(table, row);
  }
  private async update(contact: Contact, table: string): Promise<void> {
    const { affected } = await this.db.update(table, changesOf(contact, this.settings), this.rowKey(contact));
    if (affected === 0 && this.settings.checkUpdate) await this.insert(contact, table);
  }
  /** By record id; with `db_ops_ruid` 0 by address and Call-ID, as older tables were. */
  private rowKey(contact: Contact): DbRow {
    const { columns, byRuid, useDomain } = this.settings;
    if (byRuid) return { [columns.ruid]: contact.ruid };
    const { user, domain } = splitAor(contact.aor, useDomain);
    return {
      [columns.user]: user,
      [columns.contact]: contact.uri,
      [columns.callid]: contact.callId,
      ...(domain === null ? {} : { [columns.domain]: domain }),
    };
  }
  private async erase(contact: Contact): Promise<void> {
    const left = this.gone.get(contact.ruid);
    if (left === undefined) return;
    if (this.settings.keepsXavp) await this.db.delete(`${left.table}_attrs`, { ruid: contact.ruid });
    await this.db.delete(left.table, this.rowKey(contact));
    this.gone.delete(contact.ruid);
  }
  private async writeAttributes(contact: Contact, table: string): Promise<void> {
    const attributes = `${table}_attrs`;
    await this.db.delete(attributes, { ruid: contact.ruid });
    if (!(contact.xavp instanceof XavpRecord)) return;
    const { user, domain } = splitAor(contact.aor, this.settings.useDomain);
    const owner = { ruid: contact.ruid, username: user, ...(domain === null ? {} : { domain }) };
    for (const name of contact.xavp.names()) {
      for (const value of [...contact.xavp.all(name)].reverse()) {
        if (value instanceof XavpRecord) continue;
        const atype = typeof value === 'number' ? 1 : 0;
        const row = { ...owner, aname: name, atype, avalue: String(value), [LAST_MODIFIED]: this.time() };
        await this.db.insert(attributes, row);
      }
    }
  }
  /** Now, as a column has it, or some seconds from now. */
  private time(laterSec = 0): number | DbTime {
    const time = this.location.nowSec() + laterSec;
    return this.settings.numericTimes ? time : new DbTime(time);
  }

  /** What is not written yet, and rows to delete: at each tick, for ul.flush and at the stop. */
  flush(): Promise<void> {
    if (this.settings.mode === DbMode.readOnly) return Promise.resolve();
    this.flushing ??= this.flushAll().finally(() => {
      this.flushing = null;
    });
    return this.flushing;
  }
  private async flushAll(): Promise<void> {
    // What is in memory belongs to who holds it.
    if (this.settings.mode === DbMode.only) return this.clean();
    const work: (() => void)[] = [];
    for (const domain of this.location.domains.values()) {
      for (const record of domain.records.values()) {
        for (const contact of record.contacts) {
          if (contact.dbState !== DbState.synced && !isMemoryOnly(contact))
            work.push(() => this.enqueue(contact, () => this.write(contact, domain)));
        }
      }
    }
    for (const { contact } of this.gone.values()) work.push(() => this.enqueue(contact, () => this.erase(contact)));
    while (work.length > 0) {
      for (const start of work.splice(0, LANES)) start();
      await Promise.all(this.busy.values());
    }
    if (this.settings.timerCleans) await this.clean();
  }
  /** Rows that ran out, whoever wrote them. */
  private async clean(): Promise<void> {
    const { expires } = this.settings.columns;
    const zero = this.settings.numericTimes ? 0 : new DbTime(0);
    const limit = this.time(-this.settings.expiredDelaySec);
    for (const { name } of this.location.domains.values()) {
      const where = this.ownRows([[expires, '<', limit], [expires, '!=', zero]]); // biome-ignore format: one line
      await this.db.delete(name, where).catch(() => undefined);
    }
  }
  /** All is written, or has failed. */
  async finish(): Promise<void> {
    await this.flush();
    await Promise.all(this.busy.values());
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Counting, for commands

  /** Users, contacts or contacts that ran out, as the table has them. Rejects with a `DbError`. */
  async count(table: string, what: 'users' | 'contacts' | 'expired'): Promise<number> {
    const { columns } = this.settings;
    const zero = this.settings.numericTimes ? 0 : new DbTime(0);
    const query = (where: Parameters<Database['query']>[1]) => this.db.query(table, where);
    const wanted = [columns.user, columns.domain];
    if (what === 'expired') {
      const where = [[columns.expires, '<=', this.time()], [columns.expires, '>', zero]] as const; // biome-ignore format: one line
      return (await query({ columns: wanted, where })).rows.length;
    }
    const valid = await query({ columns: wanted, where: [[columns.expires, '>', this.time()]] });
    const permanent = await query({ columns: wanted, where: [[columns.expires, '=', zero]] });
    const rows = [...valid.rows, ...permanent.rows];
    return what === 'contacts' ? rows.length : new Set(rows.map((row) => row.join('\n'))).size;
  }
}

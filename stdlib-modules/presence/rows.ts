/** Subscriptions in the table active_watchers, and who may watch whom in the table watchers. */
import type { Database, DbCell, DbRow, DbWhere } from '../../runtime/sdk/index.js';
import type { Packages } from './events.js';
import { isStatus, RowState, Status, type Subscription } from './subscription.js';

export interface Tables {
  readonly activeWatchers: string;
  readonly watchers: string;
}
type Dialog = Pick<Subscription, 'callId' | 'toTag' | 'fromTag'>;
const dialogOf = ({ callId, toTag, fromTag }: Dialog): DbRow => ({ callid: callId, to_tag: toTag, from_tag: fromTag });

/** A row of watchers: what was decided about one watcher. */
export interface WatcherRow {
  readonly user: string;
  readonly domain: string;
  readonly status: number;
  readonly reason: string;
}

/** Kamailio writes no text as NULL there. */
const orNull = (value: string) => (value === '' ? null : value);
const text = (cell: DbCell | undefined) => String(cell ?? '');
const number = (cell: DbCell | undefined) => Number(cell ?? 0);

export class SubscriptionRows {
  constructor(
    readonly db: Database,
    readonly tables: Tables,
    private readonly packages: Packages,
  ) {}

  /** `expires` is wall time. `synchronous`: with its SUBSCRIBE, not by the timer. */
  async insert(s: Subscription, expires: number, synchronous: boolean): Promise<void> {
    await this.db.insert(this.tables.activeWatchers, {
      presentity_uri: s.presUri,
      ...dialogOf(s),
      to_user: s.toUser,
      to_domain: s.toDomain,
      from_user: s.fromUser,
      from_domain: s.fromDomain,
      watcher_username: s.watcherUser,
      watcher_domain: s.watcherDomain,
      event: s.event.name,
      event_id: orNull(s.eventId),
      local_cseq: s.localCseq,
      remote_cseq: s.remoteCseq,
      expires,
      status: s.status,
      reason: orNull(s.reason),
      record_route: synchronous ? orNull(s.recordRoute) : s.recordRoute,
      contact: s.contact,
      local_contact: s.localContact,
      socket_info: s.sockInfo,
      version: s.version,
      updated: synchronous ? s.updated : -1,
      updated_winfo: synchronous ? s.updatedWinfo : -1,
      ...(synchronous ? { flags: s.flags } : {}),
      user_agent: s.userAgent,
    });
  }
  /** What a SUBSCRIBE changes (`remote`), and what a NOTIFY does (`local`). */
  async update(
    s: Subscription,
    expires: number,
    what: { readonly remote?: boolean; readonly local?: boolean },
  ): Promise<void> {
    const remote: DbRow = {
      expires,
      remote_cseq: s.remoteCseq,
      updated: s.updated,
      updated_winfo: s.updatedWinfo,
      contact: s.contact,
      record_route: orNull(s.recordRoute),
    };
    const local: DbRow = { local_cseq: s.localCseq, version: s.version };
    const set = {
      ...(what.remote ? remote : {}),
      ...(what.local ? local : {}),
      status: s.status,
      reason: orNull(s.reason),
    };
    await this.db.update(this.tables.activeWatchers, set, dialogOf(s));
  }
  /** As it stands in memory (subs_db_mode 2). */
  async writeBack(s: Subscription): Promise<void> {
    const set = {
      expires: s.expires,
      status: s.status,
      reason: orNull(s.reason),
      remote_cseq: s.remoteCseq,
      local_cseq: s.localCseq,
      version: s.version,
      contact: s.contact,
      record_route: s.recordRoute,
    };
    await this.db.update(this.tables.activeWatchers, set, { presentity_uri: s.presUri, ...dialogOf(s) });
  }
  async set(dialog: Dialog, row: DbRow): Promise<void> {
    await this.db.update(this.tables.activeWatchers, row, dialogOf(dialog));
  }
  async delete(dialog: Dialog): Promise<void> {
    await this.db.delete(this.tables.activeWatchers, dialogOf(dialog));
  }
  async deleteWhere(where: DbWhere): Promise<void> {
    await this.db.delete(this.tables.activeWatchers, where);
  }
  /** `expires` is wall time. Rows whose package cannot be read are left out. */
  async read(where: DbWhere, limit?: number): Promise<Subscription[]> {
    const { rows } = await this.db.query(this.tables.activeWatchers, { columns, where, ...(limit ? { limit } : {}) });
    return rows.flatMap((row) => this.#subscription(row) ?? []);
  }
  async find(dialog: Dialog): Promise<Subscription | null> {
    return (await this.read(dialogOf(dialog), 1))[0] ?? null;
  }
  async count(presUri: string, event: string): Promise<number> {
    const where = { presentity_uri: presUri, event };
    return (await this.db.query(this.tables.activeWatchers, { columns: ['callid'], where })).rows.length;
  }
  #subscription(row: readonly DbCell[]): Subscription | null {
    const event = this.packages.reserve(text(row[11]));
    const status = number(row[16]);
    if (event === null) return null;
    return {
      presUri: text(row[0]),
      callId: text(row[1]),
      toTag: text(row[2]),
      fromTag: text(row[3]),
      toUser: text(row[4]),
      toDomain: text(row[5]),
      fromUser: text(row[6]),
      fromDomain: text(row[7]),
      watcherUser: text(row[8]),
      watcherDomain: text(row[9]),
      eventId: text(row[10]),
      event,
      localCseq: number(row[12]),
      remoteCseq: number(row[13]),
      expires: number(row[14]),
      version: number(row[15]),
      status: isStatus(status) ? status : Status.pending,
      reason: text(row[17]),
      recordRoute: text(row[18]),
      contact: text(row[19]),
      localContact: text(row[20]),
      sockInfo: text(row[21]),
      updated: number(row[22]),
      updatedWinfo: number(row[23]),
      receivedTime: 0,
      flags: number(row[24]),
      userAgent: text(row[25]),
      rules: null,
      bySubscribe: false,
      row: RowState.same,
    };
  }

  // ---- watchers

  async watcher(s: Subscription): Promise<WatcherRow | null> {
    const where = {
      presentity_uri: s.presUri,
      watcher_username: s.watcherUser,
      watcher_domain: s.watcherDomain,
      event: s.event.name,
    };
    return (await this.#watchers(where))[0] ?? null;
  }
  watchersOf(presUri: string, event: string, status?: Status): Promise<WatcherRow[]> {
    return this.#watchers({ presentity_uri: presUri, event, ...(status === undefined ? {} : { status }) });
  }
  async #watchers(where: DbRow): Promise<WatcherRow[]> {
    const names = ['watcher_username', 'watcher_domain', 'status', 'reason'];
    const { rows } = await this.db.query(this.tables.watchers, { columns: names, where });
    return rows.map((row) => ({
      user: text(row[0]),
      domain: text(row[1]),
      status: number(row[2]),
      reason: text(row[3]),
    }));
  }
  async addWatcher(s: Subscription, nowSec: number): Promise<void> {
    const row = {
      presentity_uri: s.presUri,
      watcher_username: s.watcherUser,
      watcher_domain: s.watcherDomain,
      event: s.event.name,
      status: s.status,
      inserted_time: nowSec,
      reason: s.reason,
    };
    await this.db.replace(this.tables.watchers, row, ['presentity_uri', 'watcher_username', 'watcher_domain', 'event']);
  }
  async setWatcher(presUri: string, event: string, watcher: WatcherRow, status: Status, reason: string): Promise<void> {
    const where = { presentity_uri: presUri, event, watcher_username: watcher.user, watcher_domain: watcher.domain };
    await this.db.update(this.tables.watchers, { status, reason: orNull(reason) }, where);
  }
  /** Watchers that were never let in. */
  async forgetPending(before: number): Promise<void> {
    await this.db.delete(this.tables.watchers, [
      ['inserted_time', '<', before],
      ['status', '=', Status.pending],
    ]);
  }
}
const columns = [
  'presentity_uri',
  'callid',
  'to_tag',
  'from_tag',
  'to_user',
  'to_domain',
  'from_user',
  'from_domain',
  'watcher_username',
  'watcher_domain',
  'event_id',
  'event',
  'local_cseq',
  'remote_cseq',
  'expires',
  'version',
  'status',
  'reason',
  'record_route',
  'contact',
  'local_contact',
  'socket_info',
  'updated',
  'updated_winfo',
  'flags',
  'user_agent',
] as const;

/**
 * When a record is due and what it says (acc_logic.c). Flags of the message decide; the transaction's hooks tell of what
 * happens. A record goes into the log, into the database, or both.
 */
import {
  type Database,
  HeaderId,
  type Maybe,
  type RouteContext,
  type ServerApi,
  type SipMessage,
  type Transaction,
  type Uses,
  type Verdict,
} from '../../runtime/sdk/index.js';
import type { InTurn } from './in-turn.js';
import {
  type AccRecord,
  type Columns,
  type Extra,
  extraOf,
  logLine,
  type Named,
  outcome,
  rowsOf,
  type TimeFormat,
  Title,
} from './record.js';

interface RrApi {
  isUpstream(ctx: RouteContext): boolean;
}

export interface Settings {
  readonly logFlag: number;
  readonly logMissedFlag: number;
  readonly dbFlag: number;
  readonly dbMissedFlag: number;
  readonly failedFlag: number;
  readonly failedFilter: ReadonlySet<number>;
  readonly prepareFlag: number;
  readonly prepareAlways: boolean;
  readonly reportAck: boolean;
  readonly reportCancels: boolean;
  readonly earlyMedia: boolean;
  readonly detectDirection: boolean;
  readonly reasonFromHeader: boolean;
  readonly logLevel: number;
  readonly logExtra: Extra;
  readonly dbExtra: Extra;
  readonly legs: readonly { readonly name: string; readonly avp: string }[];
  readonly nullable: boolean;
  /** Insert later, when the database has time (`db_insert_mode` 1 and 2). */
  readonly delayed: boolean;
  readonly time: TimeFormat;
  readonly columns: Columns;
  accTable(ctx: RouteContext): string;
  missedTable(ctx: RouteContext): string;
}

/** Kept with the transaction. */
interface Watched {
  readonly swapped: boolean;
  /** A missed call was reported: the tag of our own response is known from then on. */
  missedTag: string;
}
const WATCHED = 'acc';
/** What Kamailio 5.6.3 puts before these lines; log parsers of accounting know it. */
const SOURCE = 'acc [acc.c:287]: acc_log_request()';
/** Longest table name (DB_TABLE_NAME_SIZE), and most legs of a call. */
const MAX_TABLE = 63;
const MAX_LEGS = 16;

const isSet = (flags: number, n: number): boolean => n >= 0 && n < 32 && (flags & (1 << n)) !== 0;
const bit = (n: number): number => (n < 0 ? 0 : 1 << n);
const level = (n: number) => Math.max(-5, Math.min(3, n)) as -5 | -4 | -3 | -2 | -1 | 0 | 1 | 2 | 3;
const watched = (t: Transaction): Watched | undefined => t.data.get(WATCHED) as Watched | undefined;

/** Fields of a record that do not depend on where it goes. */
type Facts = Omit<AccRecord, 'extra' | 'legs'>;

export class Accounting {
  constructor(
    private readonly settings: Settings,
    private readonly server: ServerApi,
    private readonly uses: Uses,
    readonly db: Database | null,
    private readonly turns: InTurn,
  ) {}

  // ---------------------------------------------------------------------------------------------------------------
  // Where records go

  private legsOf(ctx: RouteContext): Named[][] {
    const { legs } = this.settings;
    if (legs.length === 0) return [];
    const values = legs.map(({ avp }) => ctx.avps.all(avp));
    const count = Math.min(MAX_LEGS, Math.max(1, ...values.map((list) => list.length)));
    return Array.from({ length: count }, (_, i) =>
      legs.map(({ name }, n) => ({ name, value: values[n]?.[i] ?? null })),
    );
  }
  /** `current`: the message at work, whose `log_prefix` the line gets. */
  private log(title: Title, facts: Facts, ctx: RouteContext, current: SipMessage | null): void | Promise<void> {
    const { logExtra, logLevel, time } = this.settings;
    const legs = this.legsOf(ctx);
    const now = this.server.env.clock.now();
    const write = (extra: readonly Named[]): void => {
      const line = logLine(title, { ...facts, extra, legs }, now, time);
      if (current === null) this.server.log(level(logLevel), SOURCE, line);
      else this.server.detachedRun(current).log(level(logLevel), line, 'acc');
    };
    return this.turns.write(facts.msg.callId ?? '', extraOf(logExtra, ctx), write);
  }
  /** False when a row was not written; why is in the log already. */
  private async insert(table: string, facts: Facts, ctx: RouteContext): Promise<boolean> {
    const { dbExtra, time, columns, nullable, delayed } = this.settings;
    const { db } = this;
    if (db === null) return false;
    if (table.length > MAX_TABLE) {
      this.server.log(-1, 'acc', `acc db table name too big [${table}] max ${MAX_TABLE + 1}`);
      return false;
    }
    const now = this.server.env.clock.now();
    const legs = this.legsOf(ctx);
    const read = extraOf(dbExtra, ctx);
    const extra = read instanceof Promise ? await read : read;
    const rows = rowsOf({ ...facts, extra, legs }, now, columns, time, nullable);
    const done = await Promise.allSettled(rows.map((row) => db.insert(table, row, { delayed })));
    return done.every(({ status }) => status === 'fulfilled');
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Functions of the script

  private factsNow(ctx: RouteContext, comment: { code: string; reason: string }): Facts | null {
    const { msg } = ctx;
    if (msg.from === null || msg.to === null || msg.cseq === null || msg.callId === null) {
      ctx.log(-1, 'failed to preparse request', 'acc');
      return null;
    }
    return { msg, toTag: msg.to.tag ?? '', ...comment, swapped: false };
  }
  logNow(ctx: RouteContext, comment: { code: string; reason: string }): Maybe<Verdict> {
    const facts = this.factsNow(ctx, comment);
    if (facts === null) return -1;
    const logged = this.log(Title.request, facts, ctx, ctx.msg);
    return logged instanceof Promise ? logged.then(() => 1) : 1;
  }
  async insertNow(ctx: RouteContext, comment: { code: string; reason: string }, table: string): Promise<Verdict> {
    if (this.db === null) {
      ctx.log(-1, 'db support not configured', 'acc');
      return -1;
    }
    const facts = this.factsNow(ctx, comment);
    return facts !== null && (await this.insert(table, facts, ctx)) ? 1 : -1;
  }

  // ---------------------------------------------------------------------------------------------------------------
  // Transactions

  /** A run in which the extra values are read: the request, with the Request-URI of the branch that decided. */
  private runOf(t: Transaction, status: number): RouteContext {
    const ctx = this.server.detachedRun(t.request, t);
    const index = t.relayedBranch >= 0 ? t.relayedBranch : status >= 300 ? t.pickedBranch : -1;
    ctx.draft = t.draft.clone();
    const branch = t.branches[index];
    if (branch !== undefined) ctx.draft.uri = branch.uri;
    return ctx;
  }
  private account(t: Transaction, missed: boolean, flags: number, reply: SipMessage | null, status: number): void {
    const { settings } = this;
    const kept = watched(t);
    const localTag = missed ? this.server.transactions.core.toTags.of(t.request) : (kept?.missedTag ?? '');
    if (missed && kept && reply === null) kept.missedTag = localTag;
    const to = reply?.to ?? t.request.to;
    const facts = {
      msg: t.request,
      toTag: to?.tag ?? (reply === null ? localTag : ''),
      ...outcome(reply, status, settings.reasonFromHeader),
      swapped: kept?.swapped ?? false,
    };
    const ctx = this.runOf(t, status);
    if (isSet(flags, missed ? settings.logMissedFlag : settings.logFlag))
      void this.log(missed ? Title.missed : Title.answered, facts, ctx, t.current);
    if (this.db !== null && isSet(flags, missed ? settings.dbMissedFlag : settings.dbFlag))
      void this.insert(missed ? settings.missedTable(ctx) : settings.accTable(ctx), facts, ctx);
  }
  private isAccounted(flags: number): boolean {
    return isSet(flags, this.settings.logFlag) || isSet(flags, this.settings.dbFlag);
  }
  private isWatchedForMisses(flags: number): boolean {
    return isSet(flags, this.settings.logMissedFlag) || isSet(flags, this.settings.dbMissedFlag);
  }
  /**
   * The first failed attempt is reported, later ones are not: the flags it returns have the bits taken away. In a failure
   * route only those it works on are changed, so that an answer given there is reported as well.
   */
  private missed(t: Transaction, reply: SipMessage | null, status: number, flags: number): number {
    if (!t.isInvite || !this.isWatchedForMisses(flags)) return flags;
    this.account(t, true, flags, reply, status);
    const { logMissedFlag, dbMissedFlag } = this.settings;
    return (flags & ~(bit(logMissedFlag) | bit(dbMissedFlag))) >>> 0;
  }
  private isWanted(flags: number, reply: SipMessage | null, status: number): boolean {
    const { failedFlag, failedFilter, earlyMedia } = this.settings;
    if (status >= 300) return isSet(flags, failedFlag) && !failedFilter.has(status);
    if (!this.isAccounted(flags)) return false;
    if (status >= 200) return true;
    return (
      earlyMedia && reply !== null && reply.numberOf(HeaderId.ContentLength) !== null && (reply.contentLength ?? 0) > 0
    );
  }

  /** Listens to the transactions. */
  watch(): void {
    const { settings, server } = this;
    const { hooks } = server.transactions;
    hooks.requestIn.push((t, run) => {
      const { flags } = run.draft;
      if (run.msg.method === 'CANCEL' && !settings.reportCancels) return;
      const asked = this.isAccounted(flags) || this.isWatchedForMisses(flags) || isSet(flags, settings.prepareFlag);
      if (!asked && !settings.prepareAlways) return;
      const rr = settings.detectDirection ? this.uses.find<RrApi>('rr') : null;
      const upstream = rr?.isUpstream(run as RouteContext) ?? false;
      t.data.set(WATCHED, { swapped: upstream, missedTag: '' } satisfies Watched);
      if (settings.reportAck && this.isAccounted(flags)) t.wantsAck = true;
    });
    hooks.failure.push((t, reply, status, draft) => {
      if (watched(t) !== undefined) draft.flags = this.missed(t, reply, status, draft.flags);
    });
    hooks.responseOut.push((t, reply, status) => {
      if (watched(t) === undefined) return;
      if (status >= 300) t.draft.flags = this.missed(t, reply, status, t.draft.flags);
      if (this.isWanted(t.draft.flags, reply, status)) this.account(t, false, t.draft.flags, reply, status);
    });
    hooks.ackReceived.push((t, ack, endToEnd) => {
      if (endToEnd && settings.reportAck && watched(t) !== undefined) this.acknowledged(t, ack);
    });
  }
  private acknowledged(t: Transaction, ack: SipMessage): void {
    const { settings } = this;
    const { flags } = t.draft;
    if (!this.isAccounted(flags)) return;
    const facts = {
      msg: ack,
      toTag: ack.to?.tag ?? '',
      ...outcome(null, t.status, false),
      swapped: watched(t)?.swapped ?? false,
    };
    const ctx = this.server.detachedRun(ack, t);
    if (isSet(flags, settings.logFlag)) void this.log(Title.acknowledged, facts, ctx, ack);
    if (this.db !== null && isSet(flags, settings.dbFlag)) void this.insert(settings.accTable(ctx), facts, ctx);
  }
}

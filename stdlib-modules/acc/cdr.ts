/**
 * Call detail records (acc_cdr.c): one record a call, made from its dialog. Start, end and duration are variables of the
 * dialog, so that they live as long as it does, in the database too; a record is written when the call has ended.
 */
import {
  type Database,
  type DbRow,
  DbTime,
  type DbValue,
  type LogLevel,
  type Maybe,
  type RouteContext,
  type ServerApi,
  type SipMessage,
  strftime,
  type Transaction,
} from '../../runtime/sdk/index.js';
import type { InTurn } from './in-turn.js';
import { type Extra, extraOf, type Named } from './record.js';

/** What it uses of the dialog module. */
export interface CallDialog {
  get(key: string): string | null;
}
export interface DialogApi {
  listen(listener: {
    created(dialog: CallDialog): void;
    confirmed(dialog: CallDialog): void;
    failed(dialog: CallDialog, t: Transaction, reply: SipMessage | null): void;
    terminated(dialog: CallDialog): void;
    terminationConfirmed(dialog: CallDialog, bye: Transaction | null): void;
    expired(dialog: CallDialog, wasConfirmed: boolean): void;
  }): void;
  set(dialog: CallDialog, key: string, value: string | null): boolean;
  give(ctx: RouteContext, dialog: CallDialog): void;
}

export interface CdrSettings {
  readonly logged: boolean;
  readonly level: LogLevel;
  /** The call begins with its ACK, not with its INVITE. */
  readonly startsConfirmed: boolean;
  readonly expiredToo: boolean;
  readonly failedToo: boolean;
  /** Variable that says: no record; '' none. */
  readonly skip: string;
  readonly start: string;
  readonly end: string;
  readonly duration: string;
  /** See `Precision`. */
  readonly precision: number;
  readonly extra: Extra;
  readonly nullable: boolean;
  /** '' none. */
  readonly table: string;
  readonly delayed: boolean;
  /** UTC in words instead of a DATETIME (time_mode 4). */
  readonly utcWords: boolean;
}

/** What Kamailio 5.6.3 puts before these lines. */
const SOURCE = 'acc [acc_cdr.c:395]: log_write_cdr()';
/** Kamailio cuts there (MAX_SYSLOG_SIZE). */
const MAX_LINE = 65_534;

/** `cdr_duration_mode`: times in whole seconds, with milliseconds or with microseconds. */
export const Precision = { seconds: 0, milliseconds: 1, microseconds: 2 } as const;
/** Milliseconds as `seconds.milliseconds`, `seconds.0` or `seconds.microseconds`, there and back. */
export function timeText(ms: number, precision: number = Precision.milliseconds): string {
  const whole = Math.floor(ms / 1000);
  if (precision === Precision.seconds) return `${whole}.0`;
  const [per, digits] = precision === Precision.microseconds ? [1000, 6] : [1, 3];
  return `${whole}.${String(Math.floor((ms % 1000) * per)).padStart(digits, '0')}`;
}
export function parseTime(text: string | null): number | null {
  const found = text === null ? null : /^(\d{1,12})\.(0|\d{3}|\d{6})$/.exec(text);
  if (!found) return null;
  const [, seconds, parts = ''] = found;
  return Number(seconds) * 1000 + Number(parts) / (parts.length === 6 ? 1000 : 1);
}

export class CallRecords {
  constructor(
    private readonly settings: CdrSettings,
    private readonly server: ServerApi,
    private readonly dialogs: DialogApi,
    private readonly db: Database | null,
    private readonly turns: InTurn,
  ) {}

  watch(): void {
    const { settings } = this;
    this.dialogs.listen({
      created: (dialog) => this.begin(dialog),
      confirmed: (dialog) => {
        if (settings.startsConfirmed) this.begin(dialog);
      },
      failed: (dialog, t, reply) => {
        if (settings.failedToo) this.write(dialog, reply ?? t.request, t);
      },
      terminated: (dialog) => this.finish(dialog),
      terminationConfirmed: (dialog, bye) => {
        if (bye !== null) this.write(dialog, bye.request, bye);
        else if (settings.expiredToo) this.write(dialog, null, null);
      },
      expired: (dialog, wasConfirmed) => {
        if (wasConfirmed) this.finish(dialog);
        if (settings.expiredToo) this.write(dialog, null, null);
      },
    });
  }

  private begin(dialog: CallDialog): void {
    const { start, end, duration, precision } = this.settings;
    const now = timeText(this.server.env.clock.now(), precision);
    this.dialogs.set(dialog, start, now);
    this.dialogs.set(dialog, end, now);
    this.dialogs.set(dialog, duration, '0');
  }
  private finish(dialog: CallDialog): void {
    const { start, end, duration, precision } = this.settings;
    const now = timeText(this.server.env.clock.now(), precision);
    this.dialogs.set(dialog, end, now);
    const [began, ended] = [parseTime(dialog.get(start)), parseTime(now)];
    if (began === null || ended === null) return;
    this.dialogs.set(dialog, duration, timeText(Math.max(0, ended - began), precision));
  }

  /** `msg` null: none ended the call, so that only variables of the dialog can be told. */
  private write(dialog: CallDialog, msg: SipMessage | null, t: Transaction | null): void {
    const { settings } = this;
    if (settings.skip !== '' && dialog.get(settings.skip) !== null) return;
    const times = [settings.start, settings.end, settings.duration].map((name) => ({ name, value: dialog.get(name) }));
    const timesOfRow = this.timesOf(dialog);
    const write = (extra: readonly Named[]): void => {
      if (settings.logged) {
        const text = [...times, ...extra].map(({ name, value }) => `${name}=${value ?? ''}`).join('; ');
        this.server.log(settings.level, SOURCE, text.slice(0, MAX_LINE));
      }
      if (this.db === null || settings.table === '') return;
      const row = this.rowOf(timesOfRow, extra);
      // Why it failed is in the log already.
      void this.db.insert(settings.table, row, { delayed: settings.delayed }).catch(() => {});
    };
    const extra = msg === null ? this.ofDialog(dialog) : this.ofMessage(dialog, msg, t);
    void this.turns.write(msg?.callId ?? '', extra, write);
  }
  private ofMessage(dialog: CallDialog, msg: SipMessage, t: Transaction | null): Maybe<Named[]> {
    const run = this.server.detachedRun(msg, t ?? undefined);
    this.dialogs.give(run, dialog);
    return extraOf(this.settings.extra, run);
  }
  private ofDialog(dialog: CallDialog): Named[] {
    return this.settings.extra.map(({ name, pv }) => {
      const key = /\(([^()]+)\)\s*$/.exec(pv.name)?.[1] ?? '';
      return { name, value: key === '' ? null : dialog.get(key) };
    });
  }

  private timesOf(dialog: CallDialog): DbRow {
    const { start, end, duration } = this.settings;
    return {
      [start]: this.timeOf(dialog.get(start)),
      [end]: this.timeOf(dialog.get(end)),
      [duration]: durationOf(dialog.get(duration)),
    };
  }
  private rowOf(times: DbRow, extra: readonly Named[]): DbRow {
    const { nullable } = this.settings;
    const row: Record<string, DbValue> = { ...times };
    for (const { name, value } of extra) row[name] = value === null ? (nullable ? null : '') : String(value);
    return row;
  }
  private timeOf(text: string | null): DbValue {
    const ms = parseTime(text);
    if (ms === null) return null;
    if (!this.settings.utcWords) return new DbTime(Math.floor(ms / 1000));
    // strftime shows local time: moved by the offset, it shows UTC.
    return strftime('%Y-%m-%d %H:%M:%S', new Date(ms + new Date(ms).getTimezoneOffset() * 60_000));
  }
}
const durationOf = (text: string | null): DbValue => (text === null || !/^[\d.]+$/.test(text) ? null : Number(text));

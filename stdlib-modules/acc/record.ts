/** One accounting record: its fields in Kamailio's order, the log lines and the database rows made of them (acc.c). */
import {
  type DbRow,
  DbTime,
  type Maybe,
  type PvRef,
  type RouteContext,
  reasonOf,
  type SipMessage,
  strftime,
  type Value,
} from '../../runtime/sdk/index.js';

export const Title = {
  request: 'ACC: request accounted: ',
  missed: 'ACC: call missed: ',
  answered: 'ACC: transaction answered: ',
  acknowledged: 'ACC: request acknowledged: ',
} as const;
export type Title = (typeof Title)[keyof typeof Title];

export interface Named {
  readonly name: string;
  readonly value: Value;
}
/** Extra fields and where their values are read. */
export type Extra = readonly { readonly name: string; readonly pv: PvRef<RouteContext> }[];

/** A promise where others, as a media relay, have to be asked for a value; what is at hand is read now. */
export function extraOf(extra: Extra, ctx: RouteContext): Maybe<Named[]> {
  const fields = extra.map(({ name, pv }) => ({ name, value: pv.prepare ? null : pv.get(ctx) }));
  if (!extra.some(({ pv }) => pv.prepare)) return fields;
  return (async () => {
    for (const [i, { name, pv }] of extra.entries()) {
      await pv.prepare?.(ctx);
      if (pv.prepare) fields[i] = { name, value: pv.get(ctx) };
    }
    return fields;
  })();
}

export interface AccRecord {
  /** Whose method, From and Call-ID are shown. */
  readonly msg: SipMessage;
  readonly toTag: string;
  readonly code: string;
  readonly reason: string;
  /** From and To change places: the request came from the called side. */
  readonly swapped: boolean;
  readonly extra: readonly Named[];
  /** `multi_leg_info`: one list a leg, all of the same names; empty when none is asked for. */
  readonly legs: readonly (readonly Named[])[];
}

/** 0 seconds only, 1 microseconds apart, 2 seconds with milliseconds, 3 local time, 4 UTC in words. */
export interface TimeFormat {
  readonly mode: number;
  readonly attribute: string;
  readonly extension: string;
  readonly format: string;
}
export const MAX_TIME_MODE = 4;

/** Kamailio cuts there (MAX_SYSLOG_SIZE). */
const MAX_LINE = 65_536;
/** Longest text of a time (ACC_TIME_FORMAT_SIZE). */
const MAX_TIME = 127;

/** Method, tags, Call-ID, code and reason. */
function coreOf(record: AccRecord): readonly [string, string, string, string, string, string] {
  const { msg, swapped, toTag, code, reason } = record;
  const fromTag = msg.from?.tag ?? '';
  return [msg.method, swapped ? toTag : fromTag, swapped ? fromTag : toTag, msg.callId ?? '', code, reason];
}
const logNames = ['method', 'from_tag', 'to_tag', 'call_id', 'code', 'reason'];
const textOf = (value: Value): string => (value === null ? '' : String(value));

export function logLine(title: Title, record: AccRecord, nowMs: number, time: TimeFormat): string {
  const core = coreOf(record).map((value, i) => `;${logNames[i]}=${value}`);
  const more = [...record.extra, ...record.legs.flat()].map(({ name, value }) => `;${name}=${textOf(value)}`);
  const rest = [...core, ...more].join('');
  return `${title}timestamp=${Math.floor(nowMs / 1000)}${exactTime(nowMs, time)}${rest.slice(0, MAX_LINE)}`;
}
function exactTime(nowMs: number, time: TimeFormat): string {
  const { mode, attribute, extension } = time;
  if (mode === 1) return `;${extension}=${Math.floor((nowMs % 1000) * 1000)}`;
  if (mode === 2) return `;${attribute}=${(nowMs / 1000).toFixed(3)}`;
  return mode === 3 || mode === 4 ? `;${attribute}=${timeText(nowMs, time)}` : '';
}
function timeText(nowMs: number, { mode, format }: TimeFormat): string {
  const date = new Date(nowMs);
  // UTC: local time, moved by the offset, so that one strftime does for both.
  const text = strftime(format, mode === 3 ? date : new Date(nowMs + date.getTimezoneOffset() * 60_000));
  return text.length > MAX_TIME ? '' : text;
}

/** Columns of `acc` and `missed_calls`. */
export interface Columns {
  readonly method: string;
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
  readonly code: string;
  readonly reason: string;
  readonly time: string;
}
/** A row for each leg, one when there are no legs. `nullable`: what has no value is NULL instead of ''. */
export function rowsOf(
  record: AccRecord,
  nowMs: number,
  columns: Columns,
  time: TimeFormat,
  nullable: boolean,
): DbRow[] {
  const [method, fromTag, toTag, callId, code, reason] = coreOf(record);
  const seconds = Math.floor(nowMs / 1000);
  const row: DbRow = {
    [columns.method]: method,
    [columns.fromTag]: fromTag,
    [columns.toTag]: toTag,
    [columns.callId]: callId,
    [columns.code]: code,
    [columns.reason]: reason,
    [columns.time]: new DbTime(seconds),
    ...(time.mode === 1 ? { [time.attribute]: seconds, [time.extension]: Math.floor((nowMs % 1000) * 1000) } : {}),
    ...(time.mode === 2 ? { [time.attribute]: nowMs / 1000 } : {}),
    ...(time.mode > 2 ? { [time.attribute]: timeText(nowMs, time) } : {}),
  };
  const written = (list: readonly Named[]) =>
    Object.fromEntries(list.map(({ name, value }) => [name, value === null && nullable ? null : textOf(value)]));
  const whole = { ...row, ...written(record.extra) };
  return record.legs.length === 0 ? [whole] : record.legs.map((leg) => ({ ...whole, ...written(leg) }));
}

/** Status and reason of a response; one made here has the standard reason. */
export function outcome(
  reply: SipMessage | null,
  status: number,
  fromHeader: boolean,
): { code: string; reason: string } {
  if (reply === null) return { code: String(status), reason: reasonOf(status) };
  const header = fromHeader ? reply.headerValue('Reason') : null;
  return { code: String(reply.status), reason: header ?? reply.reason };
}

/** `404 Not there`: a code in front is taken off. */
export function splitComment(comment: string): { code: string; reason: string } {
  const digits = /^[0-9]{3}/.exec(comment)?.[0];
  return digits === undefined ? { code: '', reason: comment } : { code: digits, reason: comment.slice(3).trimStart() };
}

/** `caller=$avp(src);callee=$avp(dst)`: the AVPs whose values, one below the other, are the legs. Null: malformed. */
export function parseLegs(text: string): readonly { readonly name: string; readonly avp: string }[] | null {
  const legs: { name: string; avp: string }[] = [];
  for (const part of text.split(';')) {
    if (part.trim() === '' && legs.length > 0) continue;
    const found = /^\s*([^\s=]+)\s*=\s*\$(?:avp\(([^()]+)\)|\(avp\(([^()]+)\)\))\s*$/.exec(part);
    if (found === null) return null;
    legs.push({ name: found[1] ?? '', avp: (found[2] ?? found[3] ?? '').replace(/^[si]:/, '') });
  }
  return legs;
}

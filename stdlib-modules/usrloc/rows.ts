/** A contact as a row of `location`, and back (db_insert_ucontact() in ucontact.c, dbrow2info() in udomain.c). */
import { type DbCell, type DbRow, DbTime, type DbValue, type ListenSocket } from '../../runtime/sdk/index.js';
import type { Contact, ContactInfo } from './contact.js';
import { Q_UNSET } from './contact.js';

export interface RowSettings {
  readonly columns: Readonly<Record<ColumnName, string>>;
  readonly useDomain: boolean;
  /** Times are numbers instead of DATETIME (`expires_type` 1). */
  readonly numericTimes: boolean;
  /** Columns without value are written as NULL instead of left out (`db_insert_null`). */
  readonly nulls: boolean;
}
export const columnNames = [
  'user', 'domain', 'contact', 'expires', 'q', 'callid', 'cseq', 'flags', 'cflags', 'user_agent', 'received', 'path',
  'socket', 'methods', 'ruid', 'instance', 'reg_id', 'server_id', 'connection_id', 'keepalive', 'partition',
] as const; // biome-ignore format: a list
export type ColumnName = (typeof columnNames)[number];
/** Its name cannot be set. */
export const LAST_MODIFIED = 'last_modified';

/** All methods: written as NULL. */
const ALL_METHODS = 0xffff_ffff;
/** Bit of a contact's flags: save() was told to keep it in memory only. */
const MEMORY_ONLY = 1;
export const isMemoryOnly = (contact: Contact): boolean => (contact.flags & MEMORY_ONLY) !== 0;

/** `user` and `domain` of an AOR; without use_domain the user is all of it. */
export function splitAor(aor: string, useDomain: boolean): { user: string; domain: string | null } {
  if (!useDomain) return { user: aor, domain: null };
  const at = aor.indexOf('@');
  return at < 0 ? { user: '', domain: aor } : { user: aor.slice(0, at), domain: aor.slice(at + 1) };
}

const orNull = (text: string): string | null => (text === '' ? null : text);

/** What an UPDATE sets: all but the owner, the record id and the partition. */
export function changesOf(c: Contact, settings: RowSettings): DbRow {
  const { columns } = settings;
  const time = (seconds: number): DbValue => (settings.numericTimes ? seconds : new DbTime(seconds));
  return {
    [columns.contact]: c.uri,
    [columns.expires]: time(c.expires),
    [columns.q]: c.q === Q_UNSET ? -1 : c.q / 1000,
    [columns.callid]: c.callId,
    [columns.cseq]: c.cseq,
    [columns.flags]: c.flags | 0,
    [columns.cflags]: c.cflags | 0,
    [columns.user_agent]: c.userAgent,
    [columns.received]: orNull(c.received),
    [columns.path]: orNull(c.path),
    [columns.socket]: c.socket?.sockStr ?? null,
    [columns.methods]: c.methods === ALL_METHODS ? null : c.methods | 0,
    [LAST_MODIFIED]: time(c.lastModified),
    [columns.instance]: orNull(c.instance),
    [columns.reg_id]: c.regId,
    [columns.server_id]: c.serverId,
    [columns.connection_id]: c.connectionId,
    [columns.keepalive]: c.keepalive,
  };
}
/** A whole row. */
export function rowOf(c: Contact, settings: RowSettings): DbRow {
  const { columns } = settings;
  const { user, domain } = splitAor(c.aor, settings.useDomain);
  const changes = Object.entries(changesOf(c, settings)).filter(([, value]) => settings.nulls || value !== null);
  return {
    [columns.user]: user,
    ...(domain === null ? {} : { [columns.domain]: domain }),
    ...Object.fromEntries(changes),
    [columns.ruid]: c.ruid,
    [columns.partition]: 0,
  };
}

/** Why a row is not taken. */
export type Unfit = 'no user' | 'no domain' | 'no contact' | 'no Call-ID' | 'no time' | 'remote socket';
export interface Loaded {
  readonly aor: string;
  readonly info: ContactInfo;
}
/** `socket` finds ours by `proto:address:port`. Connections do not outlive the process: their numbers are not restored. */
export function fromRow(
  row: Readonly<Record<string, DbCell>>,
  settings: RowSettings,
  socket: (name: string) => ListenSocket | null,
  skipRemote: boolean,
): Loaded | Unfit {
  const cell = (name: ColumnName): DbCell => row[settings.columns[name]] ?? null;
  const text = (name: ColumnName): string => String(cell(name) ?? '');
  const number = (name: ColumnName, absent = 0): number => Number(cell(name) ?? absent);
  const user = text('user');
  if (user === '' && !settings.useDomain) return 'no user';
  const domain = text('domain');
  if (settings.useDomain && domain === '') return 'no domain';
  if (text('contact') === '') return 'no contact';
  if (text('callid') === '') return 'no Call-ID';
  if (cell('expires') === null) return 'no time';
  const named = text('socket');
  const found = named === '' ? null : socket(named);
  if (named !== '' && found === null && skipRemote) return 'remote socket';
  const q = number('q', -1);
  const info: ContactInfo = {
    uri: text('contact'),
    received: text('received'),
    path: text('path'),
    expires: number('expires'),
    q: q === -1 ? Q_UNSET : Math.round(q * 1000),
    callId: text('callid'),
    cseq: number('cseq'),
    flags: number('flags') >>> 0,
    cflags: number('cflags') >>> 0,
    userAgent: text('user_agent'),
    socket: found,
    methods: cell('methods') === null ? ALL_METHODS : number('methods') >>> 0,
    instance: text('instance'),
    regId: number('reg_id'),
    serverId: number('server_id'),
    connectionId: -1,
    ruid: text('ruid'),
    lastModified: Number(row[LAST_MODIFIED] ?? 0),
    xavp: null,
  };
  const aor = !settings.useDomain ? user : user === '' ? domain : `${user}@${domain}`;
  return { aor, info };
}

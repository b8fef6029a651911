/** AVPs in a table, usr_preferences or one of that shape (avpops_db.c). */
import {
  type AvpStore,
  type AvpValue,
  type Database,
  type DbCell,
  type DbRow,
  parseUri,
  type RouteContext,
  type Verdict,
} from '../../runtime/sdk/index.js';
import { intText, wholeNumber } from './operations.js';
import { type Attributes, type AvpRef, namedAs, type Owner } from './spec.js';

export interface Columns {
  readonly table: string;
  readonly uuid: string;
  readonly attribute: string;
  readonly value: string;
  readonly type: string;
  readonly username: string;
  readonly domain: string;
  readonly useDomain: boolean;
}
/** Bits of the type column. */
const RowType = { integerValue: 1, integerName: 2 } as const;
/** Most bytes of a name made at run time. */
const MAX_NAME = 63;

/** Values that came from a table or are stored there: they are not stored again. */
class Stored {
  readonly #values = new Map<string, AvpValue[]>();
  add(name: string, value: AvpValue): void {
    this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
  }
  /** A list to cross off from. */
  of(name: string): AvpValue[] {
    return [...(this.#values.get(name) ?? [])];
  }
}
const STORED = new WeakMap<AvpStore, Stored>();
function storedOf(ctx: RouteContext): Stored {
  let known = STORED.get(ctx.avps);
  if (!known) STORED.set(ctx.avps, (known = new Stored()));
  return known;
}

interface Who {
  readonly uuid: string | null;
  readonly username: string | null;
  readonly domain: string | null;
}
/** Null, with the reason logged, when the owner has no value or is no URI. */
function whoOf(ctx: RouteContext, { part, value }: Owner, columns: Columns): Who | null {
  let text: string | null;
  if (typeof value === 'string') text = value;
  else if (value.kind === 'pv') text = asText(value.get(ctx));
  else if (value.kind === 'avp') text = asText(ctx.avps.all(value.name(ctx))[0] ?? null);
  else text = asText((value.values(ctx)?.find((v) => typeof v !== 'object') as AvpValue | undefined) ?? null);
  if (text === null) {
    ctx.log(-1, 'no value for first param', 'avpops');
    return null;
  }
  if (part === 'uuid') return { uuid: text, username: null, domain: null };
  const uri = parseUri(text, ctx.grammar);
  if (uri === null || !uri.user || uri.host === '') {
    ctx.log(-1, `incomplete uri <${text}>`, 'avpops');
    return null;
  }
  return {
    uuid: null,
    username: part === 'domain' ? null : uri.user,
    domain: part === 'domain' || (part === 'uri' && columns.useDomain) ? uri.host : null,
  };
}
const asText = (value: AvpValue | null): string | null => (value === null ? null : String(value));

function nameOf(ctx: RouteContext, avp: AvpRef | null): string | null | undefined {
  if (avp === null) return null;
  const name = avp.name(ctx);
  if (name !== '' && name.length <= MAX_NAME) return name;
  ctx.log(-1, 'no name, or one that is too long', 'avpops');
  return undefined;
}
function conditions(who: Who, name: string | null, columns: Columns, { scheme }: Attributes): DbRow {
  const row: Record<string, string> = {};
  if (who.uuid !== null) row[scheme?.uuid ?? columns.uuid] = who.uuid;
  if (who.username !== null) row[scheme?.username ?? columns.username] = who.username;
  if (who.domain !== null) row[scheme?.domain ?? columns.domain] = who.domain;
  if (name !== null && scheme === null) row[columns.attribute] = name;
  return row;
}

export async function load(
  ctx: RouteContext,
  db: Database,
  columns: Columns,
  owner: Owner,
  wanted: Attributes,
): Promise<Verdict> {
  const who = whoOf(ctx, owner, columns);
  const name = nameOf(ctx, wanted.avp);
  if (who === null || name === undefined) return -1;
  const { scheme } = wanted;
  const { rows } = await db.query(scheme?.table ?? wanted.table ?? columns.table, {
    where: conditions(who, name, columns, wanted),
    columns: scheme ? [scheme.value ?? columns.value] : [columns.value, columns.attribute, columns.type],
  });
  let loaded = 0;
  for (const [value, attribute, type] of rows) {
    const as = name ?? (typeof attribute === 'string' ? attribute : null);
    const integer = scheme ? scheme.integer : (Number(type) & RowType.integerValue) !== 0;
    if (as === null || value === null || (name === null && !fits(wanted, as, Number(type)))) continue;
    const made = cellValue(value, integer);
    if (made === null) {
      ctx.log(-1, `value is not int as flags say <${String(value)}>`, 'avpops');
      continue;
    }
    if (!ctx.avps.add(as, made)) break;
    storedOf(ctx).add(as, made);
    loaded++;
  }
  return loaded > 0 ? 1 : -1;
}
function fits({ names }: Attributes, _name: string, type: number): boolean {
  return names === 'all' || ((type & RowType.integerName) !== 0) === (names === 'integer');
}
function cellValue(cell: DbCell | undefined, integer: boolean): AvpValue | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'string') return integer ? wholeNumber(cell) : cell;
  return integer ? Number(BigInt.asIntN(32, BigInt(cell))) : String(cell);
}

export async function store(
  ctx: RouteContext,
  db: Database,
  columns: Columns,
  owner: Owner,
  wanted: Attributes,
): Promise<Verdict> {
  const who = whoOf(ctx, owner, columns);
  const one = nameOf(ctx, wanted.avp);
  if (who === null || one === undefined) return -1;
  const names = one === null ? [...ctx.avps.names()].filter((name) => namedAs(name, wanted.names)) : [one];
  let inserted = 0;
  for (const name of names) {
    const there = storedOf(ctx).of(name);
    const integerName = wanted.avp ? wanted.avp.integerName : /^\d+$/.test(name);
    for (const value of ctx.avps.all(name)) {
      const at = there.indexOf(value);
      if (at >= 0) {
        there.splice(at, 1);
        continue;
      }
      await db.insert(wanted.table ?? columns.table, {
        [columns.uuid]: who.uuid ?? '',
        [columns.attribute]: name,
        [columns.value]: typeof value === 'number' ? intText(value) : value,
        [columns.type]:
          (integerName ? RowType.integerName : 0) | (typeof value === 'number' ? RowType.integerValue : 0),
        [columns.username]: who.username ?? '',
        [columns.domain]: who.domain ?? '',
      });
      storedOf(ctx).add(name, value);
      inserted++;
    }
  }
  return inserted > 0 ? 1 : -1;
}

export async function remove(
  ctx: RouteContext,
  db: Database,
  columns: Columns,
  owner: Owner,
  wanted: Attributes,
): Promise<Verdict> {
  const who = whoOf(ctx, owner, columns);
  const name = nameOf(ctx, wanted.avp);
  if (who === null || name === undefined) return -1;
  await db.delete(wanted.table ?? columns.table, conditions(who, name, columns, wanted));
  return 1;
}

/** Columns of the rows into AVPs, those of the first row on top; without names they are called 1, 2 … */
export async function query(
  ctx: RouteContext,
  db: Database,
  sql: string,
  into: readonly AvpRef[] | null,
): Promise<Verdict> {
  const { columns, rows } = await db.raw(sql);
  if (rows.length === 0 || columns.length === 0) return -2;
  for (const row of [...rows].reverse())
    for (const [i, cell] of row.slice(0, into?.length).entries()) {
      const type = columns[i]?.type;
      if (cell === null || cell === '' || type === 'double') continue;
      const value = typeof cell === 'string' ? cell : Number(BigInt.asIntN(32, BigInt(cell)));
      if (!ctx.avps.add(into?.[i]?.name(ctx) ?? String(i + 1), value)) return -1;
    }
  return 1;
}

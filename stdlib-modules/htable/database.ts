/**
 * Tables loaded from a database and written back (Kamailio's ht_db.c): rows of key, key type (1: element of an array), value type
 * (1: integer), value, expiry; or columns of the cfg's choice, joined with commas.
 */
import type { Database, DbCell, DbRow } from '../../runtime/sdk/index.js';
import type { Table } from './table.js';

export interface Columns {
  readonly name: string;
  readonly keyType: string;
  readonly valueType: string;
  readonly value: string;
  readonly expires: string;
  /** Expiry is kept in the table too. */
  readonly withExpires: boolean;
  readonly arraySuffix: string;
}

const textOf = (cell: DbCell | undefined): string => (cell === null || cell === undefined ? '' : String(cell));

/** Adds the rows to the table; how many. Throws what the database throws. */
export async function load(db: Database, table: Table, c: Columns, now: number): Promise<number> {
  const { spec } = table;
  if (spec.columns.length > 0) {
    const { rows } = await db.query(spec.dbTable, { columns: spec.columns, order: [spec.columns[0] ?? ''] });
    for (const [key, ...values] of rows)
      if (key !== null && key !== undefined)
        table.set(String(key), values.map((v) => (v === null || v === undefined ? '*' : String(v))).join(','));
    return rows.length;
  }
  const expiring = spec.autoExpireSec > 0 && c.withExpires;
  const columns = [c.name, c.keyType, c.valueType, c.value, ...(expiring ? [c.expires] : [])];
  const { rows } = await db.query(spec.dbTable, { columns, order: [c.name] });
  const arrays = new Map<string, number>();
  for (const [key, keyType, valueType, value, expires] of rows) {
    const until = expiring ? Number(expires ?? 0) : 0;
    if (key === null || key === undefined || (until > 0 && until < now)) continue;
    let name = textOf(key);
    if (Number(keyType) === 1) {
      const at = arrays.get(name) ?? 0;
      arrays.set(name, at + 1);
      name = `${name}[${at}]`;
    }
    const text = textOf(value);
    table.set(name, Number(valueType) === 1 ? Number.parseInt(text, 10) || 0 : text, until > 0 ? until - now : 0);
  }
  for (const [name, size] of arrays) table.set(name + c.arraySuffix, size);
  return rows.length;
}

/** Writes the whole table in place of the rows there are. */
export async function save(db: Database, table: Table, c: Columns): Promise<void> {
  const { dbTable, autoExpireSec } = table.spec;
  await db.transaction(async (within) => {
    await within.delete(dbTable, []);
    for (const { name, value, expire } of table.cells.values()) {
      if (table.get(name) === null) continue;
      const row: DbRow = {
        [c.name]: name,
        [c.keyType]: 0,
        [c.valueType]: typeof value === 'number' ? 1 : 0,
        [c.value]: String(value),
        ...(autoExpireSec > 0 && c.withExpires ? { [c.expires]: expire } : {}),
      };
      await within.insert(dbTable, row);
    }
  });
}

/** Copies the rows of one database into the fresh tables of another; the two may be on different kinds of server. */
import { columnsOf, tablesOf } from '../runtime/db/schema/ddl.js';
import type { TableSpec } from '../runtime/db/schema/tables.js';
import { DbBlob, type DbCell, type DbConnection, DbTime, type DbUrl, type DbValue } from '../runtime/db/types.js';
import { rawSql } from './database.js';

export interface Side {
  readonly url: DbUrl;
  readonly connection: DbConnection;
}
export interface MigrateReport {
  /** `left`: columns of the old table that have no place in the new one. */
  readonly copied: readonly { readonly table: string; readonly rows: number; readonly left: readonly string[] }[];
  /** Tables that stay behind. */
  readonly left: readonly string[];
}

/** Rows read at a time: bounds memory, whatever the table has. */
const BATCH = 1000;

/** Rejects with a `DbError`; whole batches copied until then are in the new tables, the old ones are as they were. */
export async function migrateRows(from: Side, to: Side, groups: readonly string[]): Promise<MigrateReport> {
  const there = await tableNames(from);
  const wanted = new Map(tablesOf(groups));
  // It tells the structure of the new tables, not of the old ones.
  wanted.delete('version');
  const copied = [];
  for (const [table, spec] of wanted) {
    if (!there.includes(table)) continue;
    copied.push({ table, ...(await copyTable(from.connection, to, table, spec)) });
  }
  return { copied, left: there.filter((table) => table !== 'version' && !wanted.has(table)) };
}

async function copyTable(from: DbConnection, to: Side, table: string, spec: TableSpec) {
  const columns = new Map(columnsOf(spec).map((column) => [column.name, column]));
  const hasId = columns.get('id')?.type === 'id';
  let rows = 0;
  let last = -1;
  let left: string[] = [];
  for (;;) {
    const { columns: found, rows: batch } = await from.run({
      kind: 'query',
      table,
      columns: null,
      where: hasId ? [['id', '>', last]] : [],
      order: hasId ? ['id'] : [],
      limit: hasId ? BATCH : null,
    });
    left = found.map(({ name }) => name).filter((name) => !columns.has(name));
    await rawSql(to.connection, 'BEGIN');
    // Sent without waiting for each: a connection takes them in order.
    const written: Promise<unknown>[] = [];
    for (const cells of batch) {
      const row: Record<string, DbValue> = {};
      found.forEach(({ name, type }, i) => {
        const column = columns.get(name);
        if (column === undefined) return;
        const cell = cells[i] ?? null;
        // An old column may allow null where the new one has a default.
        if (cell === null && column.notNull) return;
        row[name] = asWritten(cell, column.type, type);
        if (name === 'id') last = Number(cell);
      });
      written.push(to.connection.run({ kind: 'insert', table, row, delayed: false }));
      rows++;
    }
    await Promise.all(written);
    await rawSql(to.connection, 'COMMIT');
    if (!hasId || batch.length < BATCH) break;
  }
  if (hasId && rows > 0 && to.url.scheme === 'postgres')
    // Ids were given, so the sequence has not counted.
    await rawSql(to.connection, `SELECT setval(pg_get_serial_sequence('${table}', 'id'), ${last})`);
  return { rows, left };
}

function asWritten(cell: DbCell, to: string, from: string): DbValue {
  if (cell === null) return null;
  if (to === 'datetime') return new DbTime(Number(cell));
  if (to.endsWith('blob') || from === 'blob') return to.endsWith('blob') ? new DbBlob(String(cell)) : String(cell);
  return cell;
}

async function tableNames({ url, connection }: Side): Promise<string[]> {
  const sql = {
    sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    mysql: 'SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()',
    postgres: "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
  }[url.scheme];
  if (sql === undefined) return [];
  return (await rawSql(connection, sql)).rows.map(([name]) => String(name)).sort();
}

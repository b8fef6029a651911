/** A database with Kamailio's tables and the rows of a group, made anew for each server that plays it. */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStatements, presenceGroups, standardGroups } from '../../runtime/db/schema/ddl.js';
import type { DbRow } from '../../runtime/db/types.js';
import { adminSql, databasesWith, makeSqlite, type Server } from '../support/databases.js';
import { toWire } from '../support/ports.js';
import type { Group } from './scenario.js';

export type Rows = Readonly<Record<string, readonly DbRow[]>>;
/** Where the group's file is, for what looks at the rows afterwards. The letter: a number of its own may be taken for a port. */
export const preparedFile = (name: string): string => join(tmpdir(), `sipc-differential-${name}-p${process.pid}.db`);

/** With their ports where the run has its own. */
const moved = (rows: Rows, shift: number): Rows =>
  Object.fromEntries(
    Object.entries(rows).map(([table, list]) => [
      table,
      list.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, typeof value === 'string' ? toWire(value, shift) : value]),
        ),
      ),
    ]),
  );

/** The group with `DB_URL` defined in its cfg; `groups`: of Kamailio's tables. */
export function withRows(
  group: Group,
  rows: Rows,
  statements: readonly string[] = [],
  groups: readonly string[] = standardGroups,
): Group {
  const file = preparedFile(group.name);
  return {
    ...group,
    args: [...group.args, '-A', `DB_URL="sqlite://${file}"`],
    async prepare(shift) {
      rmSync(file, { force: true });
      await makeSqlite(file, groups, moved(rows, shift), statements);
    },
    finish: () => rmSync(file, { force: true }),
    read: (table, columns) => readRows('db_sqlite', `sqlite://${file}`, table, columns),
  };
}

/** The group with `DBURL` defined, as the stock cfg has it: a database of a server's; `groups`: of Kamailio's tables. */
export function withServerRows(
  server: Server,
  group: Group,
  rows: Rows,
  statements: readonly string[] = [],
  groups: readonly string[] = [...standardGroups, ...presenceGroups],
): Group {
  const name = `sipc_differential_${group.name.replace(/\W/g, '_')}_${process.pid}`;
  const url = `${server}://root:@127.0.0.1/${name}`;
  const force = server === 'postgres' ? ' WITH (FORCE)' : '';
  const drop = () => adminSql(server, `DROP DATABASE IF EXISTS ${name}${force};`);
  return {
    ...group,
    server,
    args: [...group.args, '-A', `DBURL="${url}"`],
    async prepare(shift) {
      drop();
      adminSql(server, `CREATE DATABASE ${name};`);
      adminSql(server, [...createStatements(server, groups), ...statements, ''].join(';\n'), name);
      const databases = await databasesWith([`db_${server}`]);
      const db = await databases.open(url, 'test');
      for (const [table, list] of Object.entries(moved(rows, shift)))
        for (const row of list) await db.insert(table, row);
      await databases.close();
    },
    finish: () => void drop(),
    read: (table, columns) => readRows(`db_${server}`, url, table, columns),
  };
}

async function readRows(module: string, url: string, table: string, columns: readonly string[]): Promise<string[][]> {
  const databases = await databasesWith([module]);
  const db = await databases.open(url, 'test');
  const { rows } = await db.query(table, { columns });
  await databases.close();
  return rows.map((row) => row.map((cell) => (cell === null ? '<null>' : String(cell))));
}

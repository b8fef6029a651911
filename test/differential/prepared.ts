/** A SQLite file with Kamailio's tables and the rows of a group, made anew for each server that plays it. */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { standardGroups } from '../../runtime/db/schema/ddl.js';
import type { DbRow } from '../../runtime/db/types.js';
import { makeSqlite } from '../support/databases.js';
import { toWire } from '../support/ports.js';
import type { Group } from './scenario.js';

export type Rows = Readonly<Record<string, readonly DbRow[]>>;
/** Where the group's file is, for what looks at the rows afterwards. */
export const preparedFile = (name: string): string => join(tmpdir(), `sipc-differential-${name}-${process.pid}.db`);

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
  };
}

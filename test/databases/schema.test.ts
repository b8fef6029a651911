/**
 * The tables we make against those Kamailio's own scripts make, on the same server: columns, types, defaults, keys and versions
 * as the server itself describes them. Needs the scripts of Debian's packages; nothing of them is kept here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Databases } from '../../runtime/db/databases.js';
import { createStatements, tablesOf, textHeader } from '../../runtime/db/schema/ddl.js';
import { tableGroups } from '../../runtime/db/schema/tables.js';
import { adminSql, createDatabase, databasesWith, describeWithServer, kamailioScripts } from '../support/databases.js';

const groups = ['standard', ...Object.keys(tableGroups).filter((name) => name !== 'standard')];
const names = new Set(tablesOf(groups).map(([name]) => name));

function scripts(folder: string): string[] {
  return groups.map((group) => readFileSync(join(folder, `${group}-create.sql`), 'utf8'));
}
/** How many digits a client may show of a number is no property of the column. */
const mysqlShape = (database: string): string[] =>
  adminSql(
    'mysql',
    `SELECT table_name, column_name, column_type, is_nullable, column_default, extra FROM information_schema.columns WHERE table_schema='${database}' ORDER BY 1,2;
     SELECT table_name, index_name, seq_in_index, column_name, non_unique FROM information_schema.statistics WHERE table_schema='${database}' ORDER BY 1,2,3;
     SELECT * FROM ${database}.version ORDER BY table_name;`,
  )
    .replace(/int\(\d+\)/g, 'int')
    .split('\n');
const postgresShape = (database: string): string[] =>
  adminSql(
    'postgres',
    `SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default FROM information_schema.columns WHERE table_schema='public' ORDER BY 1,2;
     SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname='public' ORDER BY 1,2;
     SELECT table_name, table_version FROM version ORDER BY table_name;`,
    database,
  ).split('\n');

await describeWithServer('mysql', 'tables on MariaDB', () => {
  const folder = kamailioScripts('mysql');
  const theirs = createDatabase('mysql', 'theirs');
  const ours = createDatabase('mysql', 'ours');
  afterAll(() => {
    theirs.drop();
    ours.drop();
  });
  it.skipIf(folder === null)(
    `are those of the scripts${folder ? '' : ' (kamailio-mysql-modules is not installed)'}`,
    () => {
      adminSql('mysql', scripts(folder ?? '').join('\n'), theirs.name);
      adminSql('mysql', `${createStatements('mysql', groups).join(';\n')};`, ours.name);
      expect(mysqlShape(ours.name)).toEqual(mysqlShape(theirs.name));
    },
  );
});
await describeWithServer('postgres', 'tables on PostgreSQL', () => {
  const folder = kamailioScripts('postgres');
  const theirs = createDatabase('postgres', 'theirs');
  const ours = createDatabase('postgres', 'ours');
  afterAll(() => {
    theirs.drop();
    ours.drop();
  });
  it.skipIf(folder === null)(
    `are those of the scripts${folder ? '' : ' (kamailio-postgres-modules is not installed)'}`,
    () => {
      adminSql('postgres', scripts(folder ?? '').join('\n'), theirs.name);
      adminSql('postgres', `${createStatements('postgres', groups).join(';\n')};`, ours.name);
      expect(postgresShape(ours.name)).toEqual(postgresShape(theirs.name));
    },
  );
});
describe('tables in SQLite', () => {
  const folder = kamailioScripts('db_sqlite');
  let databases: Databases;
  beforeAll(async () => {
    databases = await databasesWith(['db_sqlite']);
  });
  afterAll(() => databases.close());
  const shape = async (url: string, statements: readonly string[]) => {
    const db = databases.lazy(url, 'schema');
    for (const statement of statements) await db.raw(statement);
    const columns: unknown[] = [];
    for (const name of [...names].sort()) {
      const info = await db.raw(`PRAGMA table_info("${name}")`);
      columns.push(
        ...info
          .records()
          .map((row) => JSON.stringify({ table: name, ...row }))
          .sort(),
      );
    }
    const indexes = await db.raw("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' ORDER BY 1, 2");
    return { columns, indexes: indexes.rows, versions: (await db.query('version', { order: ['table_name'] })).rows };
  };
  it.skipIf(folder === null)(
    `are those of the scripts${folder ? '' : ' (kamailio-sqlite-modules is not installed)'}`,
    async () => {
      const split = scripts(folder ?? '').flatMap((text) => text.split(';').filter((part) => part.trim() !== ''));
      const theirs = await shape('sqlite://:memory:', split);
      const ours = await shape('db_sqlite://:memory:', createStatements('sqlite', groups));
      expect(ours).toEqual(theirs);
    },
  );
});
describe('headers of text tables', () => {
  const folder = kamailioScripts('dbtext');
  it.skipIf(folder === null)('are those of the package', () => {
    const files = readdirSync(join(folder ?? '', 'kamailio')).filter((name) => names.has(name) && name !== 'version');
    const theirs = files.map((name) => [
      name,
      readFileSync(join(folder ?? '', 'kamailio', name), 'utf8').split('\n')[0],
    ]);
    const ours = new Map(tablesOf(groups).map(([name, table]) => [name, textHeader(table)]));
    expect(files.map((name) => [name, ours.get(name)])).toEqual(theirs);
  });
});

/** SQL that makes the tables of `tables.ts` on each server, and the header lines of db_text files. */
import { type TableGroup, type TableSpec, tableGroups } from './tables.js';

export type SchemaDialect = 'mysql' | 'postgres' | 'sqlite';

/** Groups every database has; the others are asked for. */
export const standardGroups = [
  'standard',
  'acc',
  'lcr',
  'domain',
  'group',
  'permissions',
  'registrar',
  'usrloc',
  'msilo',
  'alias_db',
  'uri_db',
  'speeddial',
  'avpops',
  'auth_db',
  'pdt',
  'dialog',
  'dispatcher',
  'dialplan',
  'topos',
] as const;
export const presenceGroups = ['presence', 'rls'] as const;
export const uidGroups = ['uid_auth_db', 'uid_avp_db', 'uid_domain', 'uid_gflags', 'uid_uri_db'] as const;
export const extraGroups = Object.keys(tableGroups).filter(
  (name) => !([...standardGroups, ...presenceGroups, ...uidGroups] as readonly string[]).includes(name),
);

export interface Column {
  readonly name: string;
  /** `varchar(64)`, `uint`, `id`. */
  readonly type: string;
  readonly notNull: boolean;
  /** As SQL writes it. */
  readonly initial: string | null;
}
export function columnsOf(table: TableSpec): Column[] {
  return Object.entries(table.columns).map(([name, written]) => {
    const [head = '', initial] = written.split(' = ');
    return { name, type: head.replace(/ !$/, ''), notNull: head.endsWith(' !'), initial: initial ?? null };
  });
}

const TYPES: Readonly<Record<SchemaDialect, Readonly<Record<string, string>>>> = {
  mysql: {
    id: 'INT(10) UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL',
    int: 'INT',
    uint: 'INT UNSIGNED',
    tinyint: 'TINYINT',
    utinyint: 'TINYINT UNSIGNED',
    smallint: 'SMALLINT',
    usmallint: 'SMALLINT UNSIGNED',
  },
  postgres: {
    id: 'SERIAL PRIMARY KEY NOT NULL',
    int: 'INTEGER',
    uint: 'INTEGER',
    tinyint: 'SMALLINT',
    utinyint: 'SMALLINT',
    smallint: 'SMALLINT',
    usmallint: 'SMALLINT',
    datetime: 'TIMESTAMP WITHOUT TIME ZONE',
    mediumtext: 'TEXT',
    blob: 'BYTEA',
    mediumblob: 'BYTEA',
    float: 'REAL',
  },
  sqlite: {
    id: 'INTEGER PRIMARY KEY NOT NULL',
    int: 'INTEGER',
    uint: 'INTEGER',
    tinyint: 'SMALLINT',
    utinyint: 'SMALLINT',
    smallint: 'SMALLINT',
    usmallint: 'SMALLINT',
    datetime: 'TIMESTAMP WITHOUT TIME ZONE',
    mediumtext: 'TEXT',
    mediumblob: 'BLOB',
    float: 'REAL',
  },
};

function typeOf(dialect: SchemaDialect, type: string): string {
  const types = TYPES[dialect];
  if (type.startsWith('float(') && dialect !== 'mysql') return types.float ?? 'REAL';
  return types[type] ?? type.toUpperCase();
}
const quote = (dialect: SchemaDialect, name: string): string => (dialect === 'mysql' ? `\`${name}\`` : `"${name}"`);
const list = (dialect: SchemaDialect, columns: string): string =>
  columns
    .split(' ')
    .map((name) => quote(dialect, name))
    .join(', ');

/** Statements that make one table with its keys and its row in `version`. */
export function createTable(dialect: SchemaDialect, name: string, table: TableSpec): string[] {
  const q = (text: string) => quote(dialect, text);
  // MySQL's keys are named within their table, the others' in the whole database.
  const key = (text: string) => q(dialect === 'mysql' ? text : `${name}_${text}`);
  const lines = columnsOf(table).map(({ name: column, type, notNull, initial }) => {
    const preset = initial === null ? '' : ` DEFAULT ${initial}`;
    return `${q(column)} ${typeOf(dialect, type)}${preset}${notNull ? ' NOT NULL' : ''}`;
  });
  for (const [constraint, columns] of Object.entries(table.unique ?? {}))
    lines.push(`CONSTRAINT ${key(constraint)} UNIQUE (${list(dialect, columns)})`);
  const statements = [`CREATE TABLE ${q(name)} (\n  ${lines.join(',\n  ')}\n)`];
  for (const [index, columns] of Object.entries(table.indexes ?? {}))
    statements.push(`CREATE INDEX ${key(index)} ON ${q(name)} (${list(dialect, columns)})`);
  if (table.version > 0)
    statements.push(
      `INSERT INTO ${q('version')} (${q('table_name')}, ${q('table_version')}) VALUES ('${name}', ${table.version})`,
    );
  return statements;
}

const groupOf = (name: string): TableGroup => tableGroups[name] ?? {};
export const tablesOf = (groups: readonly string[]): [name: string, table: TableSpec][] =>
  groups.flatMap((group) => Object.entries(groupOf(group)));

/** All statements for these groups, in order. `standard` has to be the first: it makes the `version` table. */
export const createStatements = (dialect: SchemaDialect, groups: readonly string[]): string[] =>
  tablesOf(groups).flatMap(([name, table]) => createTable(dialect, name, table));

/** The first line of a db_text file: `id(int,auto) username(string) …`. */
export function textHeader(table: TableSpec): string {
  const columns = columnsOf(table).map(({ name, type, notNull }) => {
    const null_ = notNull ? '' : ',null';
    if (type === 'id') return `${name}(int,auto)`;
    // Kamailio's text tables keep times as seconds.
    if (/int$/.test(type) || type === 'datetime') return `${name}(int${null_})`;
    if (type.startsWith('float') || type === 'double') return `${name}(double${null_})`;
    return `${name}(string${null_})`;
  });
  return `${columns.join(' ')} `;
}

/**
 * Operations as SQL text with placeholders, for each server's dialect. Names come from the cfg and are quoted; values never
 * become part of the text.
 */
import { charactersOf } from './text.js';
import { type DbCondition, DbError, type DbOperation, type DbRow, type DbValue } from './types.js';

export interface Dialect {
  readonly quote: '`' | '"';
  /** `?`, or `$1`. */
  placeholder(n: number): string;
  /** `native`: REPLACE and ON DUPLICATE KEY UPDATE; `conflict`: ON CONFLICT; `none`: two statements, made by the driver. */
  readonly upsert: 'duplicate' | 'conflict' | 'none';
  readonly delayed: boolean;
}
export const mysqlDialect: Dialect = { quote: '`', placeholder: () => '?', upsert: 'duplicate', delayed: true };
export const sqliteDialect: Dialect = { quote: '"', placeholder: () => '?', upsert: 'conflict', delayed: false };
export const postgresDialect: Dialect = { quote: '"', placeholder: (n) => `$${n}`, upsert: 'none', delayed: false };

export interface Statement {
  readonly sql: string;
  readonly values: readonly DbValue[];
}

/** Of `replace` and `insertUpdate` on a server without them: what to change, else to insert. */
export interface Fallback {
  readonly change: Statement;
  readonly insert: Statement;
}

class Writer {
  readonly values: DbValue[] = [];
  constructor(private readonly dialect: Dialect) {}
  name(text: string): string {
    const { quote } = this.dialect;
    if (text === '' || text.includes('\0')) throw new DbError('refused', 'an empty name of a table or column');
    return quote + text.replaceAll(quote, quote + quote) + quote;
  }
  names = (list: readonly string[]): string => list.map((name) => this.name(name)).join(',');
  value(value: DbValue): string {
    this.values.push(value);
    return this.dialect.placeholder(this.values.length);
  }
  where(conditions: readonly DbCondition[]): string {
    if (conditions.length === 0) return '';
    const parts = conditions.map(([column, operator, value]) =>
      operator === '&'
        ? `${this.name(column)}&${this.value(value)}=${this.value(value)}`
        : `${this.name(column)}${operator === 'like' ? ' LIKE ' : operator}${this.value(value)}`,
    );
    return ` WHERE ${parts.join(' AND ')}`;
  }
  set = (row: DbRow): string =>
    Object.entries(row)
      .map(([column, value]) => `${this.name(column)}=${this.value(value)}`)
      .join(',');
  insert(verb: string, table: string, row: DbRow): string {
    const columns = Object.keys(row);
    const values = columns.map((column) => this.value(row[column] ?? null)).join(',');
    return `${verb} INTO ${this.name(table)} (${this.names(columns)}) VALUES (${values})`;
  }
}

const order = (writer: Writer, columns: readonly string[]): string =>
  columns.length === 0
    ? ''
    : ` ORDER BY ${columns.map((c) => (c.startsWith('-') ? `${writer.name(c.slice(1))} DESC` : writer.name(c))).join(',')}`;

/** No row has a text that is no UTF-8: it need not be asked for. PostgreSQL refuses the question, as libpq tells Kamailio too. */
export const findsNothing = (operation: DbOperation): boolean =>
  (operation.kind === 'query' || operation.kind === 'delete') &&
  operation.where.some(
    ([, operator, value]) => operator === '=' && typeof value === 'string' && charactersOf(value) === null,
  );

/** The statement of an operation, except `replace` and `insertUpdate` where the dialect has none: see `fallbackOf`. */
export function statementOf(operation: DbOperation, dialect: Dialect): Statement {
  if (operation.kind === 'raw') return { sql: operation.sql, values: operation.values };
  const writer = new Writer(dialect);
  return { sql: sqlOf(operation, dialect, writer), values: writer.values };
}

function sqlOf(operation: Exclude<DbOperation, { kind: 'raw' }>, dialect: Dialect, writer: Writer): string {
  const { table } = operation;
  switch (operation.kind) {
    case 'query': {
      const columns = operation.columns ? writer.names(operation.columns) : '*';
      const limit = operation.limit === null ? '' : ` LIMIT ${Math.trunc(operation.limit)}`;
      const where = writer.where(operation.where);
      return `SELECT ${columns} FROM ${writer.name(table)}${where}${order(writer, operation.order)}${limit}`;
    }
    case 'insert':
      return writer.insert(operation.delayed && dialect.delayed ? 'INSERT DELAYED' : 'INSERT', table, operation.row);
    case 'update':
      return `UPDATE ${writer.name(table)} SET ${writer.set(operation.set)}${writer.where(operation.where)}`;
    case 'delete':
      return `DELETE FROM ${writer.name(table)}${writer.where(operation.where)}`;
    case 'replace':
      return writer.insert(dialect.upsert === 'conflict' ? 'INSERT OR REPLACE' : 'REPLACE', table, operation.row);
    case 'insertUpdate': {
      const insert = writer.insert('INSERT', table, operation.row);
      const columns = Object.keys(operation.row);
      const [head, from] =
        dialect.upsert === 'conflict'
          ? ['ON CONFLICT DO UPDATE SET', (name: string) => `excluded.${name}`]
          : ['ON DUPLICATE KEY UPDATE', (name: string) => `VALUES(${name})`];
      return `${insert} ${head} ${columns.map((c) => `${writer.name(c)}=${from(writer.name(c))}`).join(',')}`;
    }
  }
}

/** `replace` is delete and insert, `insertUpdate` update, else insert. */
export function fallbackOf(operation: DbOperation & { kind: 'replace' | 'insertUpdate' }, dialect: Dialect): Fallback {
  const { table, row, keys } = operation;
  if (keys.length === 0) throw new DbError('unsupported', `${operation.kind} on ${table} needs the names of its keys`);
  const where = keys.map((key): DbCondition => [key, '=', row[key] ?? null]);
  const change: DbOperation =
    operation.kind === 'replace' ? { kind: 'delete', table, where } : { kind: 'update', table, set: row, where };
  return {
    change: statementOf(change, dialect),
    insert: statementOf({ kind: 'insert', table, row, delayed: false }, dialect),
  };
}

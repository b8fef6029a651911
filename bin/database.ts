/** Databases for commands: the URL a person wrote, its password, a connection. */
import type { DbConnection, DbResult, DbUrl } from '../runtime/db/types.js';
import { maskDbUrl, parseDbUrl } from '../runtime/db/url.js';
import { Misuse } from './command.js';
import { hidden } from './prompts.js';

export const PASSWORD_VARIABLE = 'SIPC_DB_PASSWORD';
const CONNECT_MS = 10_000;
export const URL_FORMS = 'sqlite:///path, mysql://user@host/name or postgres://user@host/name';

/** With the password of the URL, else of SIPC_DB_PASSWORD, else the one typed. Throws `Misuse` on another scheme. */
export async function databaseUrl(text: string): Promise<DbUrl> {
  const url = parseDbUrl(text);
  if (!url || !['sqlite', 'mysql', 'postgres'].includes(url.scheme))
    throw new Misuse(`${maskDbUrl(text)}: write ${URL_FORMS}`);
  if (url.scheme !== 'sqlite' && !/^[A-Za-z0-9_]{1,63}$/.test(url.database))
    throw new Misuse(`${url.database}: letters, digits and _ make the name of a database`);
  if (url.scheme === 'sqlite' || url.password !== '') return url;
  const given = process.env[PASSWORD_VARIABLE];
  if (given !== undefined) return { ...url, password: given };
  return process.stdin.isTTY ? { ...url, password: await hidden(`password of ${url.user}: `) } : url;
}

/** Rejects with a `DbError`. The driver is loaded when it is needed. */
export async function connectDatabase(url: DbUrl): Promise<DbConnection> {
  if (url.scheme === 'sqlite') {
    const { openSqlite } = await import('../stdlib-modules/db_sqlite/connection.js');
    return openSqlite({ file: url.database, readOnly: false, journalMode: '', busyTimeoutMs: CONNECT_MS });
  }
  if (url.scheme === 'mysql') {
    const { connectMysql } = await import('../stdlib-modules/db_mysql/connection.js');
    return connectMysql(url, { connectTimeoutMs: CONNECT_MS, countFound: false, ssl: null, localSocket: null });
  }
  const { connectPostgres } = await import('../stdlib-modules/db_postgres/connection.js');
  return connectPostgres(url, { connectTimeoutMs: CONNECT_MS, keepAlive: false, more: {} });
}

export const rawSql = (connection: DbConnection, sql: string): Promise<DbResult> =>
  connection.run({ kind: 'raw', sql, values: [] });

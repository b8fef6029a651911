/** `sipc db`: makes and removes databases with Kamailio's tables, on SQLite, MySQL and PostgreSQL. */
import { existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import {
  createStatements,
  extraGroups,
  presenceGroups,
  type SchemaDialect,
  standardGroups,
  tablesOf,
  uidGroups,
} from '../../runtime/db/schema/ddl.js';
import type { DbConnection, DbUrl } from '../../runtime/db/types.js';
import { maskDbUrl, parseDbUrl } from '../../runtime/db/url.js';
import type { CommandSpec, Io } from '../command.js';

const actions = ['create', 'drop', 'reinit'] as const;
type Action = (typeof actions)[number];
const groupSets: Readonly<Record<string, readonly string[]>> = {
  standard: standardGroups,
  presence: presenceGroups,
  extra: extraGroups,
  uid: uidGroups,
};
const dialects: readonly SchemaDialect[] = ['sqlite', 'mysql', 'postgres'];
const PASSWORD_VARIABLE = 'SIPC_DB_PASSWORD';
const CONNECT_MS = 10_000;

/** Wrong use: printed, exit code 2. */
class Misuse extends Error {}

export const command: CommandSpec = {
  summary: "Makes or removes a database with Kamailio's tables.",
  arguments: [
    { name: '<action>', doc: 'create, drop, or reinit (both)' },
    { name: '<url>', doc: 'sqlite:///path, mysql://user@host/name, postgres://user@host/name' },
  ],
  options: [
    { flags: '--tables <sets>', doc: 'standard, presence, extra, uid, or all; commas between', default: 'standard' },
    { flags: '--yes', doc: 'drop without asking' },
  ],
  details: [
    'The tables are those of Kamailio 5.6: what is made here Kamailio can use, and the other way round.',
    `The password is asked for on a terminal; scripts put it into ${PASSWORD_VARIABLE}.`,
    '',
    'Examples:',
    '  sipc db create sqlite:///var/lib/sipc/kamailio.db',
    `  ${PASSWORD_VARIABLE}=… sipc db create mysql://root@localhost/kamailio --tables standard,presence`,
    '',
    'Exit code: 0 done, 1 the server refused, 2 wrong use.',
  ].join('\n'),
  async run([action = '', text = ''], options, io) {
    try {
      if (!(actions as readonly string[]).includes(action))
        throw new Misuse(`${action} is not one of ${actions.join(', ')}`);
      const groups = groupsOf(String(options.tables));
      const url = await urlOf(text);
      const removes = action !== 'create';
      if (removes && options.yes !== true && !(await confirmed(url))) {
        io.err('sipc db: nothing was removed\n');
        return 1;
      }
      await act(action as Action, url, groups, io);
      return 0;
    } catch (error) {
      io.err(`sipc db: ${error instanceof Error ? error.message : String(error)}\n`);
      return error instanceof Misuse ? 2 : 1;
    }
  },
};

function groupsOf(written: string): string[] {
  const sets = written === 'all' ? Object.keys(groupSets) : written.split(',');
  return sets.flatMap((name) => {
    const groups = groupSets[name.trim()];
    if (!groups) throw new Misuse(`--tables ${name}: there are ${Object.keys(groupSets).join(', ')} and all`);
    return groups;
  });
}

async function urlOf(text: string): Promise<DbUrl> {
  const url = parseDbUrl(text);
  if (!url || !(dialects as readonly string[]).includes(url.scheme))
    throw new Misuse(`${maskDbUrl(text)}: write sqlite:///path, mysql://user@host/name or postgres://user@host/name`);
  if (url.scheme !== 'sqlite' && !/^[A-Za-z0-9_]{1,63}$/.test(url.database))
    throw new Misuse(`${url.database}: letters, digits and _ make the name of a database`);
  if (url.scheme === 'sqlite' || url.password !== '') return url;
  const given = process.env[PASSWORD_VARIABLE];
  if (given !== undefined) return { ...url, password: given };
  return process.stdin.isTTY ? { ...url, password: await hidden(`password of ${url.user}: `) } : url;
}

/** Asks without showing what is typed. */
async function hidden(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  const answer = terminal.question(question);
  // What the line editor would echo from here on is not written.
  Object.assign(terminal, { _writeToOutput: () => {} });
  try {
    return await answer;
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
async function confirmed(url: DbUrl): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Misuse('drop and reinit need --yes where nobody can be asked');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await terminal.question(`Remove ${url.masked} and all in it? (yes/no) `));
  } finally {
    terminal.close();
  }
}

async function act(action: Action, url: DbUrl, groups: readonly string[], io: Io): Promise<void> {
  if (action !== 'create') {
    await drop(url);
    io.out(`${url.masked} is gone\n`);
  }
  if (action === 'drop') return;
  await make(url);
  const connection = await connect(url);
  try {
    for (const sql of createStatements(url.scheme as SchemaDialect, groups)) await raw(connection, sql);
  } finally {
    await connection.close();
  }
  io.out(`${url.masked} has ${tablesOf(groups).length} tables\n`);
}

const raw = (connection: DbConnection, sql: string) => connection.run({ kind: 'raw', sql, values: [] });

async function connect(url: DbUrl): Promise<DbConnection> {
  if (url.scheme === 'sqlite') {
    const { openSqlite } = await import('../../stdlib-modules/db_sqlite/connection.js');
    return openSqlite({ file: url.database, readOnly: false, journalMode: '', busyTimeoutMs: CONNECT_MS });
  }
  if (url.scheme === 'mysql') {
    const { connectMysql } = await import('../../stdlib-modules/db_mysql/connection.js');
    return connectMysql(url, { connectTimeoutMs: CONNECT_MS, countFound: false, ssl: null, localSocket: null });
  }
  const { connectPostgres } = await import('../../stdlib-modules/db_postgres/connection.js');
  return connectPostgres(url, { connectTimeoutMs: CONNECT_MS, keepAlive: false, more: {} });
}

/** On the server itself, beside its databases. */
async function onServer(url: DbUrl, sql: string): Promise<void> {
  const connection = await connect({ ...url, database: url.scheme === 'mysql' ? 'information_schema' : 'postgres' });
  try {
    await raw(connection, sql);
  } finally {
    await connection.close();
  }
}
async function make(url: DbUrl): Promise<void> {
  if (url.scheme !== 'sqlite') return onServer(url, `CREATE DATABASE ${url.database}`);
  if (existsSync(url.database)) throw new Error(`${url.database} is there already`);
}
async function drop(url: DbUrl): Promise<void> {
  if (url.scheme !== 'sqlite') return onServer(url, `DROP DATABASE IF EXISTS ${url.database}`);
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(url.database + end, { force: true });
}

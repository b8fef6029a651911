/** `sipc db`: makes and removes databases with Kamailio's tables, on SQLite, MySQL and PostgreSQL. */
import { existsSync, rmSync } from 'node:fs';
import {
  createStatements,
  extraGroups,
  presenceGroups,
  type SchemaDialect,
  standardGroups,
  tablesOf,
  uidGroups,
} from '../../runtime/db/schema/ddl.js';
import type { DbUrl } from '../../runtime/db/types.js';
import { type CommandSpec, type Io, Misuse } from '../command.js';
import { connectDatabase, databaseUrl, PASSWORD_VARIABLE, rawSql } from '../database.js';
import { migrateRows } from '../migrate.js';
import { confirmed } from '../prompts.js';

const actions = ['create', 'drop', 'reinit', 'migrate'] as const;
type Action = (typeof actions)[number];
const groupSets: Readonly<Record<string, readonly string[]>> = {
  standard: standardGroups,
  presence: presenceGroups,
  extra: extraGroups,
  uid: uidGroups,
};

export const command: CommandSpec = {
  summary: "Makes or removes a database with Kamailio's tables.",
  arguments: [
    { name: '<action>', doc: 'create, drop, reinit (both), or migrate' },
    { name: '<url>', doc: 'sqlite:///path, mysql://user@host/name, postgres://user@host/name' },
    { name: '[to]', doc: 'migrate: the database that gets the rows; it is made' },
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
    '  sipc db migrate mysql://root@localhost/kamailio sqlite:///var/lib/sipc/kamailio.db',
    '',
    'migrate copies all rows into new tables, from an older version of Kamailio or to another server: columns that are',
    'in both keep their values, new ones have their default. The old database is left as it is.',
    '',
    'Exit code: 0 done, 1 the server refused, 2 wrong use.',
  ].join('\n'),
  async run([action = '', text = '', to], options, io) {
    try {
      if (!(actions as readonly string[]).includes(action))
        throw new Misuse(`${action} is not one of ${actions.join(', ')}`);
      const groups = groupsOf(String(options.tables));
      if ((action === 'migrate') !== (to !== undefined))
        throw new Misuse('migrate takes two databases, the others one');
      const url = await databaseUrl(text);
      if (to !== undefined) return await migrate(url, await databaseUrl(to), groups, io);
      const removes = action !== 'create';
      if (
        removes &&
        options.yes !== true &&
        !(await confirmed(
          `Remove ${url.masked} and all in it?`,
          'drop and reinit need --yes where nobody can be asked',
        ))
      ) {
        io.err('sipc db: nothing was removed\n');
        return 1;
      }
      await act(action as Exclude<Action, 'migrate'>, url, groups, io);
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

async function act(action: Exclude<Action, 'migrate'>, url: DbUrl, groups: readonly string[], io: Io): Promise<void> {
  if (action !== 'create') {
    await drop(url);
    io.out(`${url.masked} is gone\n`);
  }
  if (action === 'drop') return;
  await make(url);
  const connection = await connectDatabase(url);
  try {
    // Where tables can be part of a transaction, all are there or none is.
    for (const sql of ['BEGIN', ...createStatements(url.scheme as SchemaDialect, groups), 'COMMIT'])
      await rawSql(connection, sql);
  } finally {
    await connection.close();
  }
  io.out(`${url.masked} has ${tablesOf(groups).length} tables\n`);
}

async function migrate(from: DbUrl, to: DbUrl, groups: readonly string[], io: Io): Promise<number> {
  const source = await connectDatabase(from);
  try {
    await act('create', to, groups, io);
    const target = await connectDatabase(to);
    try {
      const report = await migrateRows({ url: from, connection: source }, { url: to, connection: target }, groups);
      for (const { table, rows, left } of report.copied)
        io.out(`${table}: ${rows} rows${left.length > 0 ? `; no column for ${left.join(', ')}` : ''}\n`);
      for (const table of report.left) io.err(`${table} is left: it is none of the tables asked for with --tables\n`);
      return 0;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** On the server itself, beside its databases. */
async function onServer(url: DbUrl, sql: string): Promise<void> {
  const connection = await connectDatabase({
    ...url,
    database: url.scheme === 'mysql' ? 'information_schema' : 'postgres',
  });
  try {
    await rawSql(connection, sql);
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

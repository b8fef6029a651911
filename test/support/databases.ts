/**
 * Databases for tests: MariaDB and PostgreSQL on loopback, started when they are installed and do not run; SQLite and text
 * files in a folder of the test's own. Each test file gets databases of its own name, dropped at the end.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { Databases } from '../../runtime/db/databases.js';
import { createStatements } from '../../runtime/db/schema/ddl.js';
import type { DbDriver, DbRow } from '../../runtime/db/types.js';
import { realEnvironment } from '../../runtime/env/real.js';
import { lineLog } from '../../runtime/log.js';
import { paramsOf } from '../../runtime/modules/params.js';
import { loadModule } from './in-process.js';

export type Server = 'mysql' | 'postgres';
const PORTS: Readonly<Record<Server, number>> = { mysql: 3306, postgres: 5432 };

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

function startMariadb(): void {
  spawnSync('start-stop-daemon', ['--start', '--oknodo', '--background', '--exec', '/usr/sbin/mariadbd']);
}
function startPostgres(): void {
  const listed = spawnSync('pg_lsclusters', ['--no-header'], { encoding: 'utf8' }).stdout ?? '';
  const [version, cluster] = listed.split(/\s+/);
  if (version && cluster) spawnSync('pg_ctlcluster', ['--skip-systemctl-redirect', version, cluster, 'start']);
}

/** Null when the server answers on loopback, else why it does not. */
export async function serverProblem(server: Server): Promise<string | null> {
  const port = PORTS[server];
  if (await listens(port)) return null;
  if (server === 'mysql') startMariadb();
  else startPostgres();
  for (let i = 0; i < 50; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (await listens(port)) return null;
  }
  return `nothing listens on 127.0.0.1:${port} and ${server === 'mysql' ? 'mariadbd' : 'PostgreSQL'} could not be started`;
}

/** `describe`, skipped with the printed reason where the server cannot be had; there it fails where CI=true. */
export async function describeWithServer(server: Server, name: string, body: () => void): Promise<void> {
  const problem = await serverProblem(server);
  if (problem === null) describe(name, body);
  else if (process.env.CI === 'true')
    describe(name, () => {
      throw new Error(problem);
    });
  else describe.skip(`${name} (${problem})`, body);
}

/** Runs SQL with the server's own client, as its administrator. Throws with what the client said. */
export function adminSql(server: Server, sql: string, database = ''): string {
  return server === 'mysql'
    ? execFileSync('mysql', ['-h127.0.0.1', '-uroot', '-N', '-B', ...(database ? [database] : [])], {
        input: sql,
        encoding: 'utf8',
        stdio: 'pipe',
      })
    : execFileSync('psql', ['-h127.0.0.1', '-Uroot', '-qAt', '-vON_ERROR_STOP=1', database || 'postgres'], {
        input: sql,
        encoding: 'utf8',
        stdio: 'pipe',
      });
}

/** A database of this process; `url` has the password, where one is needed. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  drop(): void;
}
export function createDatabase(server: Server, purpose: string): TestDatabase {
  const name = `sipc_${purpose}_${process.pid}`;
  adminSql(server, `DROP DATABASE IF EXISTS ${name};`);
  adminSql(server, `CREATE DATABASE ${name};`);
  return {
    name,
    url: `${server}://root:@127.0.0.1/${name}`,
    drop: () =>
      void adminSql(server, `DROP DATABASE IF EXISTS ${name}${server === 'postgres' ? ' WITH (FORCE)' : ''};`),
  };
}
export interface TestFolder {
  readonly path: string;
  remove(): void;
}
export function temporaryFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'sipc-db-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The module's driver with these parameters, and its failure count. */
export async function driverOf(
  module: string,
  params: Readonly<Record<string, string | number | readonly string[]>> = {},
): Promise<{ driver: DbDriver; failures: () => number }> {
  const loaded = await loadModule(module);
  const values = { ...paramsOf(loaded, []), ...params };
  const counter = { value: 0 };
  const me = { name: module, params: values, stats: { driver_errors: counter }, state: undefined, uses: null };
  const make = loaded.database;
  if (!make) throw new Error(`${module} is no driver`);
  return { driver: make.call(loaded, me as never, {} as never), failures: () => counter.value };
}

/** What a server has, with these drivers; `log` gets its lines. */
export async function databasesWith(modules: readonly string[], log: string[] = []): Promise<Databases> {
  const env = realEnvironment(lineLog());
  const databases = new Databases(env.clock, (level, source, text) => void log.push(`${level} ${source}: ${text}`));
  for (const module of modules) {
    const { driver } = await driverOf(module);
    databases.offer(module, () => driver);
  }
  return databases;
}

/** Kamailio's tables in a SQLite file, with these rows. */
export async function makeSqlite(
  file: string,
  groups: readonly string[],
  rows: Readonly<Record<string, readonly DbRow[]>> = {},
  more: readonly string[] = [],
): Promise<string> {
  const databases = await databasesWith(['db_sqlite']);
  const url = `sqlite://${file}`;
  const db = await databases.open(url, 'test');
  await db.transaction(async (within) => {
    for (const statement of [...createStatements('sqlite', groups), ...more]) await within.raw(statement);
    for (const [table, list] of Object.entries(rows)) for (const row of list) await within.insert(table, row);
  });
  // As Kamailio's own tools leave it.
  await db.raw('PRAGMA journal_mode=DELETE');
  await databases.close();
  return url;
}

export const kamailioScripts = (kind: 'mysql' | 'postgres' | 'db_sqlite' | 'dbtext'): string | null => {
  const folder = `/usr/share/kamailio/${kind}`;
  return existsSync(folder) ? folder : null;
};

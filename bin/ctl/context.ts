/** What a `sipc ctl` command works with: the database, the running server, the words of the command line. */
import type { DbConnection, DbRow } from '../../runtime/db/types.js';
import { type Io, Misuse, toBytes } from '../command.js';
import { connectDatabase, databaseUrl, URL_FORMS } from '../database.js';
import { hidden } from '../prompts.js';
import { Control } from './control.js';

export const DB_VARIABLE = 'SIPC_DB';
export const DOMAIN_VARIABLE = 'SIP_DOMAIN';

export interface CtlOptions {
  readonly db?: string;
  readonly server: string;
  readonly domain?: string;
  readonly password?: string;
  readonly digestOnly?: boolean;
  readonly json?: boolean;
  readonly once?: boolean;
}

export interface User {
  readonly username: string;
  readonly domain: string;
}

export class CtlContext {
  readonly control: Control;
  private connection: DbConnection | null = null;
  constructor(
    readonly options: CtlOptions,
    readonly io: Io,
  ) {
    this.control = new Control(options.server);
  }

  private async database(): Promise<DbConnection> {
    const text = this.options.db ?? process.env[DB_VARIABLE];
    if (!text) throw new Misuse(`which database? --db or ${DB_VARIABLE}: ${URL_FORMS}`);
    this.connection ??= await connectDatabase(await databaseUrl(text));
    return this.connection;
  }
  async close(): Promise<void> {
    await this.connection?.close();
  }

  /** Rows with these values, as characters. */
  async rows(table: string, columns: readonly string[], where: DbRow, order: readonly string[]): Promise<string[][]> {
    const db = await this.database();
    const operation = { kind: 'query', table, columns, where: conditions(where), order, limit: null } as const;
    const { rows } = await db.run(operation);
    return rows.map((row) => row.map((cell) => (cell === null ? '' : fromBytes(String(cell)))));
  }
  async insert(table: string, row: DbRow): Promise<void> {
    await (await this.database()).run({ kind: 'insert', table, row: bytesOf(row), delayed: false });
  }
  /** How many rows were changed. */
  async update(table: string, set: DbRow, where: DbRow): Promise<number> {
    const db = await this.database();
    return (await db.run({ kind: 'update', table, set: bytesOf(set), where: conditions(where) })).affected;
  }
  async remove(table: string, where: DbRow): Promise<number> {
    return (await (await this.database()).run({ kind: 'delete', table, where: conditions(where) })).affected;
  }

  /** `alice@example.org`, or `alice` with --domain. */
  user(text: string): User {
    const at = text.lastIndexOf('@');
    const username = (at < 0 ? text : text.slice(0, at)).replace(/^sips?:/, '');
    const domain = at < 0 ? (this.options.domain ?? process.env[DOMAIN_VARIABLE] ?? '') : text.slice(at + 1);
    if (domain === '') throw new Misuse(`${text}: write ${text}@domain, or give --domain (or ${DOMAIN_VARIABLE})`);
    if (username === '' || /[\s"<>]/.test(username + domain)) throw new Misuse(`${text} is no user@domain`);
    return { username, domain };
  }

  /** Of --password, else typed twice, else one line of standard input. */
  async newPassword(user: User): Promise<string> {
    const password = this.options.password ?? (await (process.stdin.isTTY ? typedTwice(user) : firstLine()));
    if (password === '') throw new Misuse('the password is empty: type one, or write it into standard input');
    return password;
  }

  print(columns: readonly string[], rows: readonly (readonly string[])[]): void {
    const { io, options } = this;
    if (options.json) {
      const records = rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? ''])));
      io.out(`${JSON.stringify(records, null, 2)}\n`);
      return;
    }
    const lines = [columns, ...rows];
    const widths = columns.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
    for (const line of lines)
      io.out(
        `${line
          .map((cell, i) => printable(cell).padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
      );
  }
  say(text: string): void {
    this.io.out(`${text}\n`);
  }
}

/** Rows and server answers hold what phones sent: control characters do not reach the terminal. */
export const printable = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
export const fromBytes = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

const bytesOf = (row: DbRow): DbRow =>
  Object.fromEntries(Object.entries(row).map(([name, v]) => [name, typeof v === 'string' ? toBytes(v) : v]));
const conditions = (where: DbRow) => Object.entries(bytesOf(where)).map(([name, value]) => [name, '=', value] as const);

async function typedTwice({ username, domain }: User): Promise<string> {
  const password = await hidden(`password of ${username}@${domain}: `);
  if ((await hidden('once more: ')) !== password) throw new Misuse('the two passwords differ');
  return password;
}
async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > 4096) break;
  }
  return text.split(/\r?\n/)[0] ?? '';
}

/** One PostgreSQL connection (package pg): operations as prepared statements, rows with Kamailio's types (km_res.c). */
import pg from 'pg';
import {
  DbBlob,
  type DbCell,
  type DbConnection,
  DbError,
  type DbOperation,
  DbResult,
  DbTime,
  type DbType,
  type DbUrl,
  type DbValue,
  fallbackOf,
  formatTime,
  parseTime,
  postgresDialect,
  type Statement,
  statementOf,
  storedText,
  toBytes,
  toCharacters,
} from '../../runtime/sdk/index.js';

export interface PostgresOptions {
  readonly connectTimeoutMs: number;
  readonly keepAlive: boolean;
  /** `con_param`: options of the client library. */
  readonly more: Readonly<Record<string, string>>;
}

/** Type numbers of the server (pg_type.oid); what is not here is text. */
const TYPES: Readonly<Record<number, DbType>> = {
  21: 'int',
  23: 'int',
  20: 'bigint',
  700: 'double',
  701: 'double',
  1700: 'double',
  1082: 'datetime',
  1114: 'datetime',
  1184: 'datetime',
  25: 'blob',
  17: 'blob',
  1560: 'bitmap',
  1562: 'bitmap',
};
const BYTEA = 17;
/** Statements the server keeps for a connection; others are sent unprepared. */
const MAX_PREPARED = 500;

type Param = string | Buffer | null;
function paramOf(value: DbValue): Param {
  if (value === null) return null;
  if (value instanceof DbTime) return formatTime(value.seconds);
  if (value instanceof DbBlob) return Buffer.from(value.bytes, 'latin1');
  return typeof value === 'string' ? storedText(value) : String(value);
}

function cellOf(text: string | null, oid: number): DbCell {
  if (text === null) return null;
  if (oid === BYTEA) return bytesOf(text);
  switch (TYPES[oid]) {
    case 'int':
    case 'double':
      return Number(text);
    case 'bitmap':
      return Number.parseInt(text, 2);
    case 'bigint': {
      const n = Number(text);
      return Number.isSafeInteger(n) ? n : BigInt(text);
    }
    case 'datetime':
      return parseTime(text) ?? 0;
    default:
      return toBytes(text);
  }
}
/** `\x48656c6c6f`, or the older form with octal escapes. */
const bytesOf = (text: string): string =>
  text.startsWith('\\x')
    ? Buffer.from(text.slice(2), 'hex').toString('latin1')
    : text.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
        code === '\\' ? '\\' : String.fromCharCode(Number.parseInt(code, 8)),
      );

const UNIQUE_VIOLATION = '23505';
/** Class of the codes for values that a column cannot hold. */
const DATA_EXCEPTION = '22';

class PostgresConnection implements DbConnection {
  alive = true;
  readonly #names = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();
  constructor(
    private readonly client: pg.Client,
    private readonly url: DbUrl,
  ) {
    const dead = () => {
      this.alive = false;
    };
    client.on('error', dead);
    client.on('end', dead);
  }
  async run(operation: DbOperation): Promise<DbResult> {
    if (operation.kind !== 'replace' && operation.kind !== 'insertUpdate')
      return this.send(statementOf(operation, postgresDialect), operation.kind !== 'raw');
    // Only this connection's statements are between the two; another connection's insert shows as a unique key and is changed.
    const { change, insert } = fallbackOf(operation, postgresDialect);
    const changed = await this.send(change, true);
    if (operation.kind === 'insertUpdate' && changed.affected > 0) return changed;
    try {
      return await this.send(insert, true);
    } catch (error) {
      if (!(error instanceof DbError) || error.failure !== 'duplicate') throw error;
      const again = await this.send(change, true);
      return operation.kind === 'insertUpdate' ? again : this.send(insert, true);
    }
  }
  /** One statement after the other: pg 9 will no longer keep a queue of its own. */
  private send(statement: Statement, prepared: boolean): Promise<DbResult> {
    const sent = this.#last.then(() => this.sendNow(statement, prepared));
    this.#last = sent.catch(() => {});
    return sent;
  }
  private async sendNow({ sql, values }: Statement, prepared: boolean): Promise<DbResult> {
    const name = prepared ? this.nameOf(sql) : undefined;
    try {
      const found = await this.client.query<(string | null)[]>({
        text: storedText(sql),
        ...(values.length > 0 ? { values: values.map(paramOf) } : {}),
        ...(name === undefined ? {} : { name }),
        rowMode: 'array',
        types: { getTypeParser: () => (text: string) => text },
      } as pg.QueryArrayConfig);
      // Several statements in one text: the last that gave rows.
      return resultOf(Array.isArray(found) ? ((found as pg.QueryArrayResult[]).at(-1) ?? found) : found);
    } catch (error) {
      throw this.errorOf(error);
    }
  }
  private nameOf(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= MAX_PREPARED) return known;
    const fresh = `s${this.#names.size}`;
    this.#names.set(sql, fresh);
    return fresh;
  }
  private errorOf(error: unknown): DbError {
    if (error instanceof DbError) return error;
    const { code = '', message } = error as { code?: string; message: string };
    if (code === UNIQUE_VIOLATION) return new DbError('duplicate', message);
    // Class 57P: the server shuts down; no five-digit code: the socket broke.
    if (!this.alive || code.startsWith('57P') || !/^[0-9A-Z]{5}$/.test(code)) {
      this.alive = false;
      return new DbError('lost', `the connection to ${this.url.host} broke: ${message}`);
    }
    return new DbError(code.startsWith(DATA_EXCEPTION) ? 'value' : 'refused', message);
  }
  close(): void {
    this.alive = false;
    this.client.end().catch(() => {});
  }
  destroy(): void {
    this.alive = false;
    // pg offers no public way; its socket is what has to go.
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

function resultOf(found: pg.QueryArrayResult): DbResult {
  const columns = found.fields.map(({ name, dataTypeID }) => ({
    name: toBytes(name),
    type: TYPES[dataTypeID] ?? ('string' as const),
  }));
  const rows = (found.rows as (string | null)[][]).map((row) =>
    row.map((text, i) => cellOf(text, found.fields[i]?.dataTypeID ?? 0)),
  );
  return new DbResult(columns, rows, found.rowCount ?? 0);
}

export async function connectPostgres(url: DbUrl, options: PostgresOptions): Promise<DbConnection> {
  const { sslmode, ...more } = options.more;
  const client = new pg.Client({
    host: url.host === '' ? '/var/run/postgresql' : url.host,
    port: url.port || 5432,
    user: toCharacters(url.user),
    password: toCharacters(url.password),
    database: url.database,
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: options.keepAlive,
    ...(sslmode !== undefined && sslmode !== 'disable' && sslmode !== 'prefer'
      ? { ssl: { rejectUnauthorized: sslmode.startsWith('verify') } }
      : {}),
    ...more,
  });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    client.end().catch(() => {});
    throw new DbError('unavailable', error instanceof Error ? error.message : String(error));
  }
  return new PostgresConnection(client, url);
}

/** One MySQL or MariaDB connection (package mysql2): operations as prepared statements, rows with Kamailio's types (km_res.c). */
import { type Connection, createConnection, type FieldPacket, type QueryError } from 'mysql2';
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
  findsNothing,
  formatTime,
  mysqlDialect,
  parseTime,
  statementOf,
  storedText,
  toBytes,
  toCharacters,
} from '../../runtime/sdk/index.js';

export interface MysqlOptions {
  readonly connectTimeoutMs: number;
  /** `affected` counts rows found, not rows changed. */
  readonly countFound: boolean;
  readonly ssl: { readonly rejectUnauthorized: boolean; readonly ca?: string } | null;
  /** `localhost` means this socket, where there is one. */
  readonly localSocket: string | null;
}

/** Protocol numbers of column types; what is not here is text. */
const TYPES: Readonly<Record<number, DbType>> = {
  1: 'int',
  2: 'int',
  3: 'int',
  9: 'int',
  13: 'int',
  8: 'bigint',
  4: 'double',
  5: 'double',
  7: 'datetime',
  10: 'datetime',
  12: 'datetime',
  248: 'bitmap',
  249: 'blob',
  250: 'blob',
  251: 'blob',
  252: 'blob',
};
/** Codes for values that a column cannot hold. */
const BAD_VALUE: ReadonlySet<string> = new Set([
  'ER_DATA_TOO_LONG',
  'ER_TRUNCATED_WRONG_VALUE',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
  'ER_WARN_DATA_OUT_OF_RANGE',
]);
/** Statements the server keeps for a connection. */
const MAX_PREPARED = 500;

type Param = string | number | bigint | Buffer | null;
function paramOf(value: DbValue): Param {
  if (value instanceof DbTime) return formatTime(value.seconds);
  if (value instanceof DbBlob) return Buffer.from(value.bytes, 'latin1');
  return typeof value === 'string' ? storedText(value) : value;
}

function cellOf(value: unknown, type: DbType): DbCell {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  const text = String(value);
  if (type === 'datetime') return parseTime(text) ?? 0;
  if (type === 'bigint') return BigInt(text);
  return toBytes(text);
}

function errorOf(error: QueryError, url: DbUrl): DbError {
  if (error.code === 'ER_DUP_ENTRY') return new DbError('duplicate', error.message);
  if (BAD_VALUE.has(error.code)) return new DbError('value', error.message);
  if (error.fatal || ['ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST'].includes(error.code))
    return new DbError('lost', `the connection to ${url.host} broke: ${error.code}`);
  return new DbError('refused', error.message);
}

class MysqlConnection implements DbConnection {
  alive = true;
  constructor(
    private readonly connection: Connection,
    private readonly url: DbUrl,
  ) {
    connection.on('error', () => {
      this.alive = false;
    });
    connection.on('end', () => {
      this.alive = false;
    });
  }
  run(operation: DbOperation): Promise<DbResult> {
    if (findsNothing(operation)) return Promise.resolve(new DbResult([], []));
    const { sql, values } = statementOf(operation, mysqlDialect);
    return new Promise((resolve, reject) => {
      const done = (error: QueryError | null, rows: unknown, fields: FieldPacket[] | FieldPacket[][]) => {
        if (!error) {
          resolve(resultOf(rows, fields));
          return;
        }
        const known = errorOf(error, this.url);
        if (known.failure === 'lost') this.alive = false;
        reject(known);
      };
      const options = { sql: storedText(sql), rowsAsArray: true };
      if (operation.kind === 'raw' && values.length === 0) this.connection.query(options, done);
      else this.connection.execute(options, values.map(paramOf), done);
    });
  }
  close(): void {
    this.alive = false;
    this.connection.end(() => {});
  }
  destroy(): void {
    this.alive = false;
    this.connection.destroy();
  }
}

/** Of several result sets (a stored procedure) the first is taken. */
function resultOf(rows: unknown, fields: FieldPacket[] | FieldPacket[][]): DbResult {
  if (!Array.isArray(rows)) return new DbResult([], [], (rows as { affectedRows?: number }).affectedRows ?? 0);
  const several = Array.isArray(fields?.[0]);
  const head = (several ? fields[0] : fields) as FieldPacket[];
  const body = (several ? rows[0] : rows) as unknown[][];
  const columns = head.map(({ name, columnType }) => ({
    name: toBytes(name),
    type: TYPES[columnType ?? -1] ?? ('string' as const),
  }));
  return new DbResult(
    columns,
    body.map((row) => columns.map(({ type }, i) => cellOf(row[i], type))),
  );
}

export function connectMysql(url: DbUrl, options: MysqlOptions): Promise<DbConnection> {
  const local = url.port === 0 && (url.host === '' || url.host === 'localhost') ? options.localSocket : null;
  const connection = createConnection({
    ...(local === null ? { host: url.host || '127.0.0.1', port: url.port || 3306 } : { socketPath: local }),
    user: toCharacters(url.user),
    password: toCharacters(url.password),
    database: url.database,
    charset: 'utf8mb4_general_ci',
    connectTimeout: options.connectTimeoutMs,
    dateStrings: true,
    jsonStrings: true,
    supportBigNumbers: true,
    maxPreparedStatements: MAX_PREPARED,
    enableKeepAlive: true,
    flags: options.countFound ? ['FOUND_ROWS'] : ['-FOUND_ROWS'],
    ...(options.ssl ? { ssl: options.ssl } : {}),
  });
  return new Promise((resolve, reject) => {
    connection.connect((error) => {
      if (!error) {
        resolve(new MysqlConnection(connection, url));
        return;
      }
      connection.on('error', () => {});
      connection.destroy();
      reject(new DbError('unavailable', error.message || error.code));
    });
  });
}

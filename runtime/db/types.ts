/**
 * The database layer's words: values, conditions, operations, results, and what a driver module provides.
 *
 * The shapes are those of Kamailio's DB API (lib/srdb1/db.h): a query by keys, operators, columns and order, insert, update,
 * delete, replace, insert-or-update, and raw SQL. Text is one-byte characters as everywhere in the runtime; drivers turn it
 * into characters at the SQL server's door.
 */

/** Kamailio's DB1_… types. `string` covers DB1_STRING and DB1_STR. */
export type DbType = 'int' | 'bigint' | 'double' | 'string' | 'datetime' | 'blob' | 'bitmap';

/** A DATETIME to write: seconds since 1970. Each server gets it in its own form. */
export class DbTime {
  constructor(readonly seconds: number) {}
}
/** Bytes to write into a BLOB, one a character. */
export class DbBlob {
  constructor(readonly bytes: string) {}
}
/** What can be written or compared with. */
export type DbValue = number | bigint | string | DbTime | DbBlob | null;
/** What is read: a DATETIME is a number (seconds since 1970), a BIGINT a number where it fits 53 bits. */
export type DbCell = number | bigint | string | null;

/** `&`: all these bits are set, `column & value = value`. */
export type DbOperator = '=' | '<' | '>' | '<=' | '>=' | '<>' | '!=' | '&' | 'like';
export type DbCondition = readonly [column: string, operator: DbOperator, value: DbValue];
/** All have to hold. The record form compares for equality; nothing equals null. */
export type DbWhere = readonly DbCondition[] | DbRow;
export type DbRow = Readonly<Record<string, DbValue>>;
/** `-column`: downwards. */
export type DbOrder = readonly string[];

export type DbOperation =
  | {
      readonly kind: 'query';
      readonly table: string;
      readonly columns: readonly string[] | null;
      readonly where: readonly DbCondition[];
      readonly order: DbOrder;
      readonly limit: number | null;
    }
  | { readonly kind: 'insert'; readonly table: string; readonly row: DbRow; readonly delayed: boolean }
  | { readonly kind: 'update'; readonly table: string; readonly set: DbRow; readonly where: readonly DbCondition[] }
  | { readonly kind: 'delete'; readonly table: string; readonly where: readonly DbCondition[] }
  | {
      /** `replace`: the row with these keys is put in place of what was there. `insertUpdate`: or only these columns are set. */
      readonly kind: 'replace' | 'insertUpdate';
      readonly table: string;
      readonly row: DbRow;
      readonly keys: readonly string[];
    }
  | { readonly kind: 'raw'; readonly sql: string; readonly values: readonly DbValue[] };

export interface DbColumn {
  readonly name: string;
  readonly type: DbType;
}

/** Rows of a query; for a change, how many rows it touched. */
export class DbResult {
  constructor(
    readonly columns: readonly DbColumn[],
    readonly rows: readonly (readonly DbCell[])[],
    readonly affected = 0,
  ) {}
  /** Position of a column by name; -1 when it is not there. */
  column(name: string): number {
    return this.columns.findIndex((column) => column.name === name);
  }
  /** The rows as records; of two columns with one name the later is kept. */
  records(): Record<string, DbCell>[] {
    return this.rows.map((row) => Object.fromEntries(this.columns.map(({ name }, i) => [name, row[i] ?? null])));
  }
}

/**
 * Why a call failed. `unavailable`: no connection, nothing was sent. `lost`: the connection broke while the statement was
 * under way, a change may or may not have been made. `timeout`: as `lost`. `overloaded`: too many calls are waiting.
 * `duplicate`: a unique key. `value`: a column cannot hold a value (no UTF-8, too long). `refused`: the server understood and
 * said no for another reason (syntax, no such table, rights).
 * `unsupported`: the driver has no such operation.
 */
export type DbFailure =
  | 'unavailable'
  | 'lost'
  | 'timeout'
  | 'overloaded'
  | 'duplicate'
  | 'value'
  | 'refused'
  | 'unsupported';
export class DbError extends Error {
  override readonly name = 'DbError';
  constructor(
    readonly failure: DbFailure,
    message: string,
  ) {
    super(message);
  }
}

/** `mysql://user:password@host:3306/db`, `sqlite:///path`, `text:///folder`, `flatstore:/folder`. */
export interface DbUrl {
  /** As written. Not for logs. */
  readonly text: string;
  /** `mysql`; the module is `db_mysql`. */
  readonly scheme: string;
  readonly user: string;
  readonly password: string;
  readonly host: string;
  /** 0: the server's own. */
  readonly port: number;
  /** Database name, or path of the file or folder. */
  readonly database: string;
  /** For logs and errors. */
  readonly masked: string;
}

/** One connection. Calls come one at a time. */
export interface DbConnection {
  /** Rejects with a `DbError`. */
  run(operation: DbOperation): Promise<DbResult>;
  /** False once the connection is known to be broken, also while it is idle. */
  readonly alive: boolean;
  /** Gives the connection back to the server. */
  close(): void | Promise<void>;
  /** Drops it whatever it does. Absent: a call that took too long is left to finish. */
  destroy?(): void;
}

/** What a `db_*` module provides (`database` of its declaration). */
export interface DbDriver {
  /** Connections at most; 1 for what has one writer. */
  readonly connections: number;
  /** A call, the wait for a connection included, takes no longer. */
  readonly timeoutMs: number;
  /** Rejects with a `DbError` (`unavailable`). */
  connect(url: DbUrl): Promise<DbConnection>;
  /** Each failed call, after it was logged: for the driver's own statistics. */
  failed?(error: DbError): void;
}

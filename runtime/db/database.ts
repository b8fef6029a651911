/** One database as modules see it: the shapes of Kamailio's DB API, every call a promise. */
import type { Pool } from './pool.js';
import {
  type DbCondition,
  type DbConnection,
  DbError,
  type DbOperation,
  type DbOrder,
  type DbResult,
  type DbRow,
  type DbUrl,
  type DbValue,
  type DbWhere,
} from './types.js';

export interface DbQuery {
  readonly where?: DbWhere;
  /** All when absent. */
  readonly columns?: readonly string[];
  readonly order?: DbOrder;
  readonly limit?: number;
}

const conditions = (where: DbWhere = []): readonly DbCondition[] =>
  Array.isArray(where)
    ? (where as readonly DbCondition[])
    : Object.entries(where as DbRow).map(([column, value]): DbCondition => [column, '=', value]);

const queryOf = (table: string, query: DbQuery): DbOperation => ({
  kind: 'query',
  table,
  columns: query.columns ?? null,
  where: conditions(query.where),
  order: query.order ?? [],
  limit: query.limit ?? null,
});

/** The shapes; `Database` runs each on whichever connection is free, a transaction all on one. */
abstract class Shapes {
  protected abstract run(operation: DbOperation): Promise<DbResult>;

  query(table: string, query: DbQuery = {}): Promise<DbResult> {
    return this.run(queryOf(table, query));
  }
  /** `affected` is 1. A second row with a unique key fails as `duplicate`. `delayed`: the server may write it later. */
  insert(table: string, row: DbRow, options: { readonly delayed?: boolean } = {}): Promise<DbResult> {
    return this.run({ kind: 'insert', table, row, delayed: options.delayed === true });
  }
  /** `affected`: rows that match. */
  update(table: string, set: DbRow, where: DbWhere): Promise<DbResult> {
    return this.run({ kind: 'update', table, set, where: conditions(where) });
  }
  delete(table: string, where: DbWhere): Promise<DbResult> {
    return this.run({ kind: 'delete', table, where: conditions(where) });
  }
  /** Puts the row in place of the one with the same `keys`; columns not given get their defaults. */
  replace(table: string, row: DbRow, keys: readonly string[]): Promise<DbResult> {
    return this.run({ kind: 'replace', table, row, keys });
  }
  /** Inserts, or sets these columns of the row with the same `keys`. */
  insertUpdate(table: string, row: DbRow, keys: readonly string[]): Promise<DbResult> {
    return this.run({ kind: 'insertUpdate', table, row, keys });
  }
  /** SQL of the server's own dialect; values for its placeholders (`?`; `$1` on PostgreSQL). */
  raw(sql: string, values: readonly DbValue[] = []): Promise<DbResult> {
    return this.run({ kind: 'raw', sql, values });
  }
}

export class Transaction extends Shapes {
  constructor(private readonly connection: DbConnection) {
    super();
  }
  protected run(operation: DbOperation): Promise<DbResult> {
    return this.connection.run(operation);
  }
}

export class Database extends Shapes {
  #underWay = 0;
  readonly #whenIdle: (() => void)[] = [];
  /** Sees each call outside of transactions, to time it. */
  watch: <T>(operation: DbOperation, call: Promise<T>) => Promise<T> = (_operation, call) => call;

  /** `failed` is told of every call that failed, once. */
  constructor(
    readonly url: DbUrl,
    private readonly pool: Pool,
    private readonly failed: (error: DbError) => void,
    private readonly versionTable: () => string = () => 'version',
  ) {
    super();
  }
  protected run(operation: DbOperation): Promise<DbResult> {
    return this.counted(this.watch(operation, this.pool.run(operation)));
  }

  /** All or nothing, on one connection. The work's own error undoes it and goes on to the caller. */
  transaction<T>(work: (within: Transaction) => Promise<T>): Promise<T> {
    const plain = (sql: string): DbOperation => ({ kind: 'raw', sql, values: [] });
    const transactional = this.url.scheme !== 'text' && this.url.scheme !== 'flatstore';
    return this.counted(
      this.pool.use(async (connection) => {
        if (!transactional) return work(new Transaction(connection));
        await connection.run(plain('BEGIN'));
        try {
          const result = await work(new Transaction(connection));
          await connection.run(plain('COMMIT'));
          return result;
        } catch (error) {
          if (connection.alive) await connection.run(plain('ROLLBACK'));
          throw error;
        }
      }),
    );
  }

  /** The version in the `version` table (`version_table`); 0 when the table is not listed there. */
  async tableVersion(table: string): Promise<number> {
    const found = await this.query(this.versionTable(), { where: { table_name: table }, columns: ['table_version'] });
    return Number(found.rows[0]?.[0] ?? 0);
  }

  /** Resolves when no call is under way: tests on the virtual clock wait for it. */
  idle(): Promise<void> {
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }
  get underWay(): number {
    return this.#underWay;
  }

  private counted<T>(call: Promise<T>): Promise<T> {
    this.#underWay++;
    const done = () => {
      if (--this.#underWay === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    };
    return call.then(
      (result) => {
        done();
        return result;
      },
      (error: unknown) => {
        done();
        if (error instanceof DbError) this.failed(error);
        throw error;
      },
    );
  }
}

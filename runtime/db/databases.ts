/**
 * The databases of a server: drivers by the modules that provide them, one pool for each URL, however many modules open it.
 */
import type { Clock, LogLevel } from '../env.js';
import { StartError } from '../errors.js';
import { Database } from './database.js';
import { Pool } from './pool.js';
import type { DbDriver, DbError, DbOperation } from './types.js';
import { maskDbUrl, parseDbUrl } from './url.js';

interface Opened {
  readonly database: Database;
  readonly pool: Pool;
}

/** Settings of the server, live. */
export interface QueryLatency {
  /** Microseconds; 0: nothing is slow. */
  readonly latency_limit_db: number;
  readonly latency_log: number;
}

export class Databases {
  readonly #drivers = new Map<string, () => DbDriver>();
  readonly #made = new Map<string, DbDriver>();
  readonly #opened = new Map<string, Opened>();

  /** `version_table` of the cfg. */
  versionTable = 'version';
  /** From when on, and at which level, a slow call is logged. */
  latency: QueryLatency = { latency_limit_db: 0, latency_log: 3 };

  constructor(
    private readonly clock: Clock,
    private readonly log: (level: LogLevel, source: string, text: string) => void,
  ) {}

  /** `module` is `db_mysql` and the like; the driver is made when the first URL needs it, with the parameters set. */
  offer(module: string, make: () => DbDriver): void {
    this.#drivers.set(module, make);
  }

  /**
   * The database of a `db_url`. Opens a first connection, so that a mistake in the cfg or a server that is away shows at the
   * start: throws a StartError with the masked URL. `module` is who asks.
   */
  async open(url: string, module: string): Promise<Database> {
    const { database } = this.opened(url, module);
    if (database.url.scheme === 'flatstore') return database;
    const { pool } = this.opened(url, module);
    try {
      await pool.use(() => Promise.resolve());
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw new StartError('SIPC8062', `${module}: cannot open ${database.url.masked}: ${problem}`);
    }
    return database;
  }
  /** As `open`, without connecting: the first call does. */
  lazy(url: string, module: string): Database {
    return this.opened(url, module).database;
  }

  private opened(url: string, module: string): Opened {
    const known = this.#opened.get(url);
    if (known) return known;
    const parsed = parseDbUrl(url);
    if (!parsed)
      throw new StartError(
        'SIPC8060',
        `${module}: ${maskDbUrl(url)} is no database URL; write mysql://user:password@host/database, sqlite:///path …`,
      );
    const driver = this.driver(`db_${parsed.scheme}`);
    if (!driver)
      throw new StartError(
        'SIPC8061',
        `${module}: ${parsed.masked} needs the driver: add  loadmodule "db_${parsed.scheme}.so"`,
      );
    const source = `db_${parsed.scheme}`;
    const pool = new Pool(driver, parsed, this.clock, (up, problem) =>
      this.log(up ? 1 : -1, source, up ? `${parsed.masked} is back` : `${parsed.masked} is away: ${problem}`),
    );
    const failed = (error: DbError) => {
      // A unique key is often what the caller asks about; a server that is away was reported once.
      if (error.failure !== 'unavailable')
        this.log(error.failure === 'duplicate' ? 3 : -1, source, `${parsed.masked}: ${error.message}`);
      driver.failed?.(error);
    };
    const database = new Database(parsed, pool, failed, () => this.versionTable);
    database.watch = (operation, call) => this.timed(source, operation, call);
    const opened = { pool, database };
    this.#opened.set(url, opened);
    return opened;
  }
  /** As `db_query.c` of Kamailio; of SQL that was made here the values are not shown. */
  private async timed<T>(source: string, operation: DbOperation, call: Promise<T>): Promise<T> {
    const { latency_limit_db: limit, latency_log } = this.latency;
    if (limit <= 0) return call;
    const startedAt = this.clock.monotonic();
    try {
      return await call;
    } finally {
      const usec = Math.round((this.clock.monotonic() - startedAt) * 1000);
      const what = operation.kind === 'raw' ? operation.sql.slice(0, 100) : `${operation.kind} ${operation.table}`;
      const level = Math.max(-5, Math.min(3, latency_log)) as LogLevel;
      if (usec >= limit) this.log(level, source, `alert - query execution too long [${usec} us] for [${what}]`);
    }
  }
  private driver(module: string): DbDriver | null {
    const made = this.#made.get(module);
    if (made) return made;
    const fresh = this.#drivers.get(module)?.();
    if (!fresh) return null;
    this.#made.set(module, fresh);
    return fresh;
  }

  get underWay(): number {
    let sum = 0;
    for (const { database } of this.#opened.values()) sum += database.underWay;
    return sum;
  }
  /** Resolves when no call is under way in any of them. */
  async idle(): Promise<void> {
    while (this.underWay > 0) await Promise.all([...this.#opened.values()].map(({ database }) => database.idle()));
  }
  /** The server stops: what is under way may finish, within the time limits of the calls. */
  async close(): Promise<void> {
    await this.idle();
    await Promise.all([...this.#opened.values()].map(({ pool }) => pool.close()));
    this.#opened.clear();
  }
}

/** One SQLite file: its thread, and operations sent to it (types as in Kamailio's db_sqlite/dbase.c). */
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import {
  DbBlob,
  type DbCell,
  type DbConnection,
  DbError,
  type DbOperation,
  DbResult,
  DbTime,
  type DbType,
  type DbValue,
  findsNothing,
  sqliteDialect,
  statementOf,
  storedText,
  toBytes,
} from '../../runtime/sdk/index.js';
import { type WireValue, type WorkerOptions, type WorkerReply, type WorkerRequest, workerText } from './worker.js';

/** Kamailio keeps times as Julian days, half a second off so that rounding gives the second back. */
const julianOf = (seconds: number): number => (seconds - 0.5) / 86_400 + 2_440_587.5;
const secondsOf = (julian: number): number => Math.trunc(86_400 * (julian - 2_440_587.5) + 0.5);

function wireOf(value: DbValue): WireValue {
  if (value instanceof DbTime) return julianOf(value.seconds);
  if (value instanceof DbBlob) return Buffer.from(value.bytes, 'latin1');
  return typeof value === 'string' ? storedText(value) : value;
}

const BY_NAME: readonly (readonly [RegExp, DbType])[] = [
  [/BIGI/i, 'bigint'],
  [/INT|SERI/i, 'int'],
  [/CHAR|CLOB|TEXT/i, 'string'],
  [/REAL|FLOA|DOUB/i, 'double'],
  [/BLOB/i, 'blob'],
  [/TIME|DATE/i, 'datetime'],
];
/** Of the declared type; of the first value where the column has none. */
function typeOf(declared: string | null, first: WireValue): DbType {
  if (declared !== null && declared !== '') return BY_NAME.find(([name]) => name.test(declared))?.[1] ?? 'int';
  if (typeof first === 'number') return Number.isInteger(first) ? 'int' : 'double';
  if (typeof first === 'bigint') return 'bigint';
  return first instanceof Uint8Array ? 'blob' : 'string';
}
function cellOf(value: WireValue, type: DbType): DbCell {
  if (value === null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (type === 'datetime') return secondsOf(Number(value));
  if (typeof value === 'string') return type === 'int' || type === 'double' ? Number(value) || 0 : toBytes(value);
  return type === 'string' || type === 'blob' ? String(value) : value;
}

const READS = /^\s*(?:select|with|pragma|explain|values)\b|\breturning\b/i;
const TABLES = /\b(?:from|join)\s+["`[]?([A-Za-z_][A-Za-z0-9_]*)/gi;

interface Pending {
  resolve(result: DbResult): void;
  reject(error: DbError): void;
}

class SqliteConnection implements DbConnection {
  alive = true;
  readonly destroy: (() => void) | undefined;
  readonly #pending = new Map<number, Pending>();
  #next = 1;

  /** A database in memory is its thread: that one is never dropped for being slow. */
  constructor(
    private readonly worker: Worker,
    private readonly file: string,
  ) {
    worker.on('message', (reply: WorkerReply) => {
      if ('id' in reply) this.settle(reply);
    });
    worker.on('error', (error) => this.lose(error.message));
    worker.on('exit', () => this.lose('its thread ended'));
    this.destroy = file === ':memory:' ? undefined : () => this.end();
  }
  async run(operation: DbOperation): Promise<DbResult> {
    if (findsNothing(operation)) return new DbResult([], []);
    const { sql, values } = statementOf(operation, sqliteDialect);
    const raw = operation.kind === 'raw';
    const request: WorkerRequest = {
      id: this.#next++,
      sql: storedText(sql),
      values: values.map(wireOf),
      reads: raw ? READS.test(sql) : operation.kind === 'query',
      tables: raw ? [...sql.matchAll(TABLES)].map((found) => found[1] ?? '') : [operation.table],
    };
    return new Promise((resolve, reject) => {
      if (!this.alive) {
        reject(new DbError('lost', 'the database was closed'));
        return;
      }
      this.#pending.set(request.id, { resolve, reject });
      this.worker.postMessage(request);
    });
  }
  private settle(reply: Extract<WorkerReply, { id: number }>): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (!pending) return;
    if ('error' in reply) {
      pending.reject(new DbError(reply.error.includes('UNIQUE constraint') ? 'duplicate' : 'refused', reply.error));
      return;
    }
    const columns = reply.columns.map(({ name, declared }, i) => ({
      name: toBytes(name),
      type: typeOf(declared, reply.rows.find((row) => row[i] !== null)?.[i] ?? null),
    }));
    const rows = reply.rows.map((row) => columns.map(({ type }, i) => cellOf(row[i] ?? null, type)));
    pending.resolve(new DbResult(columns, rows, reply.changes));
  }
  private lose(why: string): void {
    this.alive = false;
    for (const { reject } of this.#pending.values()) reject(new DbError('lost', why));
    this.#pending.clear();
  }
  /** A thread that was cut off cannot take its lock away: see `dropStaleLock`. */
  private end(): void {
    this.alive = false;
    void this.worker.terminate().then(() => {
      if (existsSync(`${this.file}.owner`)) rmSync(`${this.file}.lock`, { recursive: true, force: true });
    });
  }
  /** Ends when the file is closed. The thread is not waited for: one that ran WebAssembly does not always end on Node 20. */
  close(): Promise<void> {
    if (!this.alive) return Promise.resolve();
    this.alive = false;
    this.worker.ref();
    return new Promise((resolve) => {
      const closed = () => {
        this.worker.unref();
        resolve();
      };
      this.worker.on('message', (reply: WorkerReply) => 'closed' in reply && closed());
      this.worker.once('exit', closed);
      this.worker.postMessage({ id: 0, sql: '', values: [], reads: false, tables: [] });
    });
  }
}

function wasmPath(): string | null {
  try {
    return createRequire(import.meta.url).resolve('node-sqlite3-wasm');
  } catch {
    return null;
  }
}

export function openSqlite(options: Omit<WorkerOptions, 'wasm'>): Promise<DbConnection> {
  const data: WorkerOptions = { ...options, wasm: wasmPath() };
  const worker = new Worker(workerText, { eval: true, workerData: data, execArgv: [] });
  worker.unref();
  return new Promise((resolve, reject) => {
    worker.once('message', (reply: WorkerReply) => {
      if (!('opened' in reply) || reply.error === undefined) {
        resolve(new SqliteConnection(worker, options.file));
        return;
      }
      void worker.terminate();
      reject(new DbError('unavailable', reply.error));
    });
    worker.once('error', (error) => reject(new DbError('unavailable', error.message)));
  });
}

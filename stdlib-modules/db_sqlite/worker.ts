/**
 * What runs in the thread of one SQLite file: a statement in, its rows out, one at a time. A slow query or a file another
 * process has locked holds up nothing but this thread.
 *
 * The thread's program is the text of `serve`, so that a bundle is one file: `serve` may use nothing from outside of itself.
 * node:sqlite is used where this Node has it (22.13 on), else node-sqlite3-wasm, whose path comes in `workerData`.
 */

export interface WorkerOptions {
  /** Path of the file, or `:memory:`. */
  readonly file: string;
  readonly readOnly: boolean;
  /** '' leaves what the file has; a new file gets WAL. */
  readonly journalMode: string;
  readonly busyTimeoutMs: number;
  /** Where node-sqlite3-wasm is; null when it is not installed. */
  readonly wasm: string | null;
}
export type WireValue = number | bigint | string | Uint8Array | null;
/** 0 as `id` closes the file, which `closed` answers, and ends the thread. */
export interface WorkerRequest {
  readonly id: number;
  readonly sql: string;
  readonly values: readonly WireValue[];
  readonly reads: boolean;
  /** Tables whose declared column types name the types of the result. */
  readonly tables: readonly string[];
}
/** `opened` comes once, with `error` when it failed. */
export type WorkerReply =
  | { readonly opened: true; readonly error?: string }
  | { readonly closed: true }
  | {
      readonly id: number;
      readonly columns: readonly { readonly name: string; readonly declared: string | null }[];
      readonly rows: readonly (readonly WireValue[])[];
      readonly changes: number;
    }
  | { readonly id: number; readonly error: string };

/** Both packages, as far as they are used. */
interface Prepared {
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): { changes: number | bigint };
  columns?(): { name: string; type: string | null }[];
  setReturnArrays?(on: boolean): void;
  setReadBigInts?(on: boolean): void;
  finalize?(): void;
}
interface Handle {
  exec(sql: string): void;
  prepare(sql: string): Prepared;
  close(): void;
}

function serve(load: (name: string) => unknown): void {
  const { parentPort, workerData } = load('node:worker_threads') as {
    parentPort: {
      postMessage(reply: WorkerReply): void;
      on(event: 'message', f: (r: WorkerRequest) => void): void;
      close(): void;
    };
    workerData: WorkerOptions;
  };
  const fs = load('node:fs') as typeof import('node:fs');
  const { file, readOnly, journalMode, busyTimeoutMs, wasm } = workerData;
  const inMemory = file === ':memory:';
  const fresh = inMemory || !fs.existsSync(file);
  const maxPrepared = 200;
  let native = true;

  /** The wasm build locks with a folder, which stays when the process is killed: it goes when its owner is no more. */
  const dropStaleLock = () => {
    const lock = `${file}.lock`;
    const owner = `${file}.owner`;
    if (inMemory || !fs.existsSync(lock) || !fs.existsSync(owner)) return;
    try {
      process.kill(Number(fs.readFileSync(owner, 'utf8')), 0);
    } catch (error) {
      if ((error as { code?: string }).code === 'ESRCH') fs.rmSync(lock, { recursive: true, force: true });
    }
  };
  const open = (): Handle => {
    try {
      const { DatabaseSync } = load('node:sqlite') as {
        DatabaseSync: new (path: string, options: { readOnly: boolean }) => Handle;
      };
      return new DatabaseSync(file, { readOnly });
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw error;
    }
    if (wasm === null) throw new Error('this Node has no node:sqlite and node-sqlite3-wasm is not installed');
    native = false;
    dropStaleLock();
    const { Database } = load(wasm) as {
      Database: new (path: string, options: { readOnly: boolean; fileMustExist: boolean }) => Handle;
    };
    const handle = new Database(file, { readOnly, fileMustExist: readOnly });
    if (!inMemory && !readOnly) fs.writeFileSync(`${file}.owner`, String(process.pid));
    return handle;
  };

  let handle: Handle;
  const prepared = new Map<string, Prepared>();
  const declared = new Map<string, Map<string, string>>();
  try {
    handle = open();
    handle.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
    if (!native && !inMemory) handle.exec('PRAGMA locking_mode=EXCLUSIVE');
    if (!inMemory && !readOnly) {
      const mode = journalMode || (fresh ? 'WAL' : '');
      if (mode !== '') handle.exec(`PRAGMA journal_mode=${mode}`);
      if (mode.toUpperCase() === 'WAL') handle.exec('PRAGMA synchronous=NORMAL');
    }
    // A file that is no database shows here, not at the first call.
    const probe = handle.prepare('SELECT count(*) FROM sqlite_master');
    probe.all();
    probe.finalize?.();
    parentPort.postMessage({ opened: true });
  } catch (error) {
    parentPort.postMessage({ opened: true, error: error instanceof Error ? error.message : String(error) });
    return;
  }

  const forget = (sql: string) => {
    const known = prepared.get(sql);
    prepared.delete(sql);
    try {
      known?.finalize?.();
    } catch {
      // It reports once more what its last run ended with.
    }
  };
  const statement = (sql: string): Prepared => {
    const known = prepared.get(sql);
    if (known) return known;
    const made = handle.prepare(sql);
    made.setReadBigInts?.(true);
    made.setReturnArrays?.(true);
    if (prepared.size >= maxPrepared) {
      const [oldest] = prepared.keys();
      if (oldest !== undefined) forget(oldest);
    }
    prepared.set(sql, made);
    return made;
  };
  const cell = (value: unknown): WireValue => {
    if (typeof value !== 'bigint') return value as WireValue;
    const n = Number(value);
    return Number.isSafeInteger(n) ? n : value;
  };
  const declaredIn = (table: string): Map<string, string> => {
    const known = declared.get(table);
    if (known) return known;
    const quoted = `"${table.replaceAll('"', '""')}"`;
    const info = handle.prepare(`PRAGMA table_info(${quoted})`);
    const found = new Map(
      (info.all() as { name: string; type: string }[]).map(({ name, type }) => [name, type] as const),
    );
    info.finalize?.();
    declared.set(table, found);
    return found;
  };
  const declaredType = (name: string, tables: readonly string[]): string | null => {
    for (const table of tables) {
      const found = declaredIn(table).get(name);
      if (found !== undefined) return found;
    }
    return null;
  };

  parentPort.on('message', ({ id, sql, values, reads, tables }) => {
    if (id === 0) {
      for (const known of [...prepared.keys()]) forget(known);
      handle.close();
      if (!native && !inMemory) fs.rmSync(`${file}.owner`, { force: true });
      parentPort.postMessage({ closed: true });
      parentPort.close();
      return;
    }
    try {
      const integer = (v: WireValue) => (native && typeof v === 'number' && Number.isInteger(v) ? BigInt(v) : v);
      const bound = values.map(integer);
      const made = statement(sql);
      if (!reads) {
        const { changes } = native ? made.run(...bound) : made.run(bound);
        declared.clear();
        parentPort.postMessage({ id, columns: [], rows: [], changes: Number(changes) });
        return;
      }
      const found = native ? made.all(...bound) : made.all(bound);
      const known = made.columns?.();
      const first = found[0];
      const names = known
        ? known.map((column) => column.name)
        : first === undefined || Array.isArray(first)
          ? []
          : Object.keys(first as object);
      const columns = names.map((name, i) => ({ name, declared: known?.[i]?.type ?? declaredType(name, tables) }));
      const rows = found.map((row) =>
        Array.isArray(row) ? row.map(cell) : names.map((name) => cell((row as Record<string, unknown>)[name])),
      );
      parentPort.postMessage({ id, columns, rows, changes: 0 });
    } catch (error) {
      // The statement may be one that a change of its table made useless.
      forget(sql);
      parentPort.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
}

/** Compilers that keep function names call `__name`, which the thread does not have. */
export const workerText = `const __name = (f) => f;\n(${serve.toString()})(require);`;

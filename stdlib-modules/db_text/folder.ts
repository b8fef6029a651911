/** A folder of tables, each read at its first use and held in memory; changes are written back when asked, and at the end. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DbConnection, DbError, type DbOperation, DbResult } from '../../runtime/sdk/index.js';
import { parseSql } from './sql.js';
import { type Format, type Row, Table } from './table.js';

export interface FolderOptions extends Format {
  /** Reads a file again when it changed on the disk (`db_mode` 1). */
  readonly watched: boolean;
  readonly maxRows: number;
}
interface Held {
  readonly table: Table;
  changedAtMs: number;
}

export class Folder {
  readonly #tables = new Map<string, Held>();
  constructor(
    readonly path: string,
    private readonly options: FolderOptions,
  ) {}

  #file(name: string): string {
    if (name === '' || /[/\0]|^\.\.?$/.test(name)) throw new DbError('refused', `${name} is no name of a table`);
    return join(this.path, name);
  }
  #changedAt(file: string): number {
    return statSync(file).mtimeMs;
  }
  table(name: string): Table {
    const file = this.#file(name);
    const held = this.#tables.get(name);
    try {
      if (held && !(this.options.watched && this.#changedAt(file) !== held.changedAtMs)) return held.table;
      const changedAtMs = this.#changedAt(file);
      const table = Table.parse(readFileSync(file, 'latin1'), this.options);
      this.#tables.set(name, { table, changedAtMs });
      return table;
    } catch (error) {
      if (error instanceof DbError) throw new DbError('refused', `${file}: ${error.message}`);
      throw new DbError('refused', `table ${name} does not exist: ${file} cannot be read`);
    }
  }

  /** Writes what changed; false when a file could not be written. A file is whole at any time. */
  writeBack(): boolean {
    let whole = true;
    for (const [name, held] of this.#tables) {
      if (!held.table.modified) continue;
      const file = this.#file(name);
      try {
        mkdirSync(this.path, { recursive: true });
        writeFileSync(`${file}.new`, held.table.print(this.options.delimiter), 'latin1');
        renameSync(`${file}.new`, file);
        held.table.modified = false;
        held.changedAtMs = this.#changedAt(file);
      } catch {
        whole = false;
      }
    }
    return whole;
  }

  run(operation: DbOperation): DbResult {
    switch (operation.kind) {
      case 'raw':
        return this.run(parseSql(operation.sql, operation.values));
      case 'query':
        return this.#query(operation);
      case 'insert':
        this.table(operation.table).insert(operation.row);
        return new DbResult([], [], 1);
      case 'update': {
        const table = this.table(operation.table);
        const found = table.matching(operation.where);
        table.update(found, operation.set);
        return new DbResult([], [], found.length);
      }
      case 'delete': {
        const table = this.table(operation.table);
        const found = table.matching(operation.where);
        table.remove(found);
        return new DbResult([], [], found.length);
      }
      case 'replace':
      case 'insertUpdate': {
        const table = this.table(operation.table);
        const found = table.matching(operation.keys.map((key) => [key, '=', operation.row[key] ?? null] as const));
        if (operation.kind === 'insertUpdate' && found.length > 0) table.update(found, operation.row);
        else {
          table.insert(operation.row);
          table.remove(found);
        }
        return new DbResult([], [], 1);
      }
    }
  }
  #query({ table: name, columns, where, order, limit }: DbOperation & { kind: 'query' }): DbResult {
    const table = this.table(name);
    const positions = columns === null ? [...table.columns.keys()] : columns.map((column) => table.position(column));
    const found = table.matching(where);
    if (found.length > this.options.maxRows)
      throw new DbError('refused', `${name}: more rows than max_result_rows, ${this.options.maxRows}`);
    const rows: readonly Row[] = order.length > 0 ? table.sorted(found, order) : found;
    return new DbResult(
      positions.map((at) => ({ name: table.columns[at]?.name ?? '', type: table.columns[at]?.type ?? 'string' })),
      rows.slice(0, limit ?? undefined).map((row) => positions.map((at) => row[at] ?? null)),
    );
  }
  connection(): DbConnection {
    return {
      alive: true,
      run: async (operation) => this.run(operation),
      close: () => void this.writeBack(),
    };
  }
}

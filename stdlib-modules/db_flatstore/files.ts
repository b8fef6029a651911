/** Files that rows are appended to, one a table: `folder/table_1.log` (km_flatstore.c). They stay open until a rotation. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DbBlob,
  type DbConnection,
  DbError,
  type DbOperation,
  DbResult,
  DbTime,
  type DbValue,
} from '../../runtime/sdk/index.js';

export interface FlatFormat {
  readonly fieldDelimiter: string;
  readonly recordDelimiter: string;
  readonly suffix: string;
  /** A delimiter within text becomes `%7C` and the like. */
  readonly encodeDelimiter: boolean;
}
const hex = (c: string): string => c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');

export function fieldText(value: DbValue, format: FlatFormat): string {
  if (value === null) return '';
  if (value instanceof DbTime) return String(value.seconds >>> 0);
  if (value instanceof DbBlob) return value.bytes.replace(/[^\x20-\x7e]|[\\|]/g, (c) => `\\x${hex(c)}`);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(6);
  if (typeof value === 'bigint' || !format.encodeDelimiter) return String(value);
  return value.replaceAll(format.fieldDelimiter, `%${hex(format.fieldDelimiter)}`);
}

/** What the process writes, whatever Kamailio's number of the process would be. */
const PROCESS = 1;

export class FlatFiles {
  readonly #open = new Map<string, Promise<FileHandle>>();
  constructor(private readonly format: FlatFormat) {}

  async append(folder: string, table: string, values: readonly DbValue[]): Promise<void> {
    if (/[/\0]/.test(table)) throw new DbError('refused', `${table} is no name of a table`);
    const { fieldDelimiter, recordDelimiter, suffix } = this.format;
    const path = join(folder, `${table}_${PROCESS}${suffix}`);
    const line = values.map((value) => fieldText(value, this.format)).join(fieldDelimiter) + recordDelimiter;
    let file = this.#open.get(path);
    if (!file) this.#open.set(path, (file = open(path, 'a')));
    try {
      await (await file).appendFile(line, 'latin1');
    } catch (error) {
      this.#open.delete(path);
      throw new DbError('refused', `${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  /** The next row opens its file anew: a file that was renamed is left alone from then on. */
  rotate(): void {
    for (const file of this.#open.values())
      file.then(
        (handle) => handle.close(),
        () => {},
      );
    this.#open.clear();
  }
  connection(folder: string): DbConnection {
    return {
      alive: true,
      run: async (operation: DbOperation) => {
        if (operation.kind !== 'insert')
          throw new DbError('unsupported', `flatstore has no ${operation.kind}: rows can only be added`);
        await this.append(folder, operation.table, Object.values(operation.row));
        return new DbResult([], [], 1);
      },
      close: () => {},
    };
  }
}

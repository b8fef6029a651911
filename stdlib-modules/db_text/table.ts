/**
 * Tables in text files as Kamailio's db_text has them (dbt_file.c): the first line names the columns, `name(type[,null|auto])`, each
 * further one is a row with fields between delimiters.
 */
import {
  DbBlob,
  type DbCell,
  type DbColumn,
  type DbCondition,
  DbError,
  type DbRow,
  DbTime,
  type DbType,
  type DbValue,
} from '../../runtime/sdk/index.js';

interface Column extends DbColumn {
  /** As written in the file. */
  readonly word: string;
  readonly nullable: boolean;
  readonly auto: boolean;
}
export type Row = DbCell[];

const TYPES: Readonly<Record<string, readonly [string, DbType]>> = {
  i: ['int', 'int'],
  d: ['double', 'double'],
  b: ['blob', 'blob'],
  t: ['time', 'datetime'],
};
const refuse = (text: string): never => {
  throw new DbError('refused', text);
};
const UNESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '0': '\0' };
const ESCAPED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', '\0': '\\0' };

function parseColumn(text: string): Column {
  const [, name = '', written = '', , flag = ''] = /^([^\s(]+)\s*\(\s*([^,)]+)(,\s*([^)]*))?\)$/.exec(text) ?? [];
  if (name === '') return refuse(`${text} is no column`);
  const letter = (written[0] ?? '').toLowerCase();
  const isText = letter === 's';
  const known = isText ? ([/i/i.test(written) ? 'string' : 'str', 'string'] as const) : TYPES[letter];
  if (!known) return refuse(`${text} has an unknown type`);
  const option = (flag[0] ?? '').toLowerCase();
  if (option !== '' && option !== 'n' && !(option === 'a' && known[1] === 'int'))
    return refuse(`${text} has an unknown flag`);
  return { name, word: known[0], type: known[1], nullable: option === 'n', auto: option === 'a' };
}

export interface Format {
  readonly delimiter: string;
  /** A field with nothing in it is '' also where null is allowed. */
  readonly emptyText: boolean;
  /** Most bytes of a field. */
  readonly maxField: number;
}

/** A whole number that a SQL server would store too. */
function toNumber(value: DbValue, column: Column): DbCell {
  if (value instanceof DbTime) return value.seconds;
  const n = value instanceof DbBlob ? Number.NaN : typeof value === 'bigint' ? value : Number(value);
  if (typeof n === 'bigint') return n;
  return Number.isNaN(n) ? refuse(`${String(value)} is no value of ${column.name}`) : n;
}
function toCell(value: DbValue, column: Column): DbCell {
  if (value === null) return null;
  if (column.type === 'string' || column.type === 'blob')
    return value instanceof DbBlob ? value.bytes : value instanceof DbTime ? String(value.seconds) : String(value);
  return toNumber(value, column);
}
const order = (a: DbCell, b: DbCell): number => (a === b ? 0 : a === null || (b !== null && a < b) ? -1 : 1);
/** `%` any text, `_` any character. */
function like(text: string, pattern: string): boolean {
  const [head = '', ...rest] = pattern.split('%');
  const fits = (at: number, piece: string) =>
    at >= 0 && at + piece.length <= text.length && [...piece].every((c, i) => c === '_' || c === text[at + i]);
  if (!fits(0, head)) return false;
  if (rest.length === 0) return text.length === head.length;
  let at = head.length;
  const last = rest.pop() ?? '';
  for (const piece of rest) {
    while (at <= text.length && !fits(at, piece)) at++;
    if (at > text.length) return false;
    at += piece.length;
  }
  return text.length - last.length >= at && fits(text.length - last.length, last);
}

export class Table {
  modified = false;
  #lastAuto = 0;
  private constructor(
    readonly columns: readonly Column[],
    readonly rows: Row[],
  ) {}

  /** Throws a DbError that says what is wrong where. */
  static parse(text: string, format: Format): Table {
    const end = text.indexOf('\n');
    const head = (end < 0 ? text : text.slice(0, end)).trim();
    const columns = (head.match(/[^\s(]+\s*\([^)]*\)/g) ?? []).map(parseColumn);
    if (columns.length === 0 || head.replace(/[^\s(]+\s*\([^)]*\)/g, '').trim() !== '') refuse('no columns');
    const table = new Table(columns, []);
    const lines = end < 0 ? [] : text.slice(end + 1).split('\n');
    for (const [n, line] of lines.entries()) {
      if (line === '') continue;
      try {
        table.rows.push(table.#parseRow(line, format));
      } catch (error) {
        refuse(`line ${n + 2}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    const auto = columns.findIndex((column) => column.auto);
    if (auto >= 0) for (const row of table.rows) table.#lastAuto = Math.max(table.#lastAuto, Number(row[auto] ?? 0));
    return table;
  }
  #parseRow(line: string, { delimiter, emptyText, maxField }: Format): Row {
    const row: Row = [];
    let at = 0;
    for (const column of this.columns) {
      let field = '';
      while (at < line.length && line[at] !== delimiter) {
        const c = line[at++] ?? '';
        if (c !== '\\') field += c;
        else {
          const escaped = line[at++] ?? '';
          field += UNESCAPED[escaped] ?? (escaped === delimiter ? delimiter : refuse(`\\${escaped} means nothing`));
        }
      }
      if (field.length > maxField) refuse('a field is longer than file_buffer_size');
      at++;
      row.push(this.#field(field, column, emptyText));
    }
    return at < line.length ? refuse('too many fields') : row;
  }
  #field(field: string, column: Column, emptyText: boolean): DbCell {
    const isText = column.type === 'string' || column.type === 'blob';
    if (field === '') return isText && (emptyText || !column.nullable) ? '' : null;
    if (isText) return field;
    const pattern = column.type === 'double' ? /^-?\d+(\.\d*)?$/ : /^-?\d+$/;
    return pattern.test(field) ? Number(field) : refuse(`${field} is no value of ${column.name}`);
  }

  /** As the file has it. */
  print(delimiter: string): string {
    const head = this.columns.map(
      ({ name, word, nullable, auto }) => `${name}(${word}${nullable ? ',null' : auto ? ',auto' : ''})`,
    );
    return `${[head.join(' '), ...this.rows.map((row) => this.printRow(row, delimiter))].join('\n')}\n`;
  }
  printRow(row: Row, delimiter: string): string {
    return row
      .map((cell, i) => {
        if (cell === null) return '';
        if (typeof cell !== 'string')
          return this.columns[i]?.type === 'double' ? Number(cell).toFixed(2) : String(cell);
        return [...cell].map((c) => (c === delimiter ? `\\${c}` : (ESCAPED[c] ?? c))).join('');
      })
      .join(delimiter);
  }

  position(name: string): number {
    const at = this.columns.findIndex((column) => column.name === name);
    return at >= 0 ? at : refuse(`there is no column ${name}`);
  }
  /** Rows that all conditions hold for; null equals nothing. */
  matching(where: readonly DbCondition[]): Row[] {
    const tests = where.map(([name, operator, value]) => {
      const at = this.position(name);
      const wanted = toCell(value, this.columns[at] as Column);
      return (row: Row): boolean => {
        const cell = row[at] ?? null;
        if (cell === null || wanted === null) return false;
        if (operator === 'like') return like(String(cell), String(wanted));
        if (operator === '&') return (BigInt(cell) & BigInt(wanted)) === BigInt(wanted);
        const compared = order(cell, wanted);
        switch (operator) {
          case '=':
            return compared === 0;
          case '<':
            return compared < 0;
          case '>':
            return compared > 0;
          case '<=':
            return compared <= 0;
          case '>=':
            return compared >= 0;
          default:
            return compared !== 0;
        }
      };
    });
    return this.rows.filter((row) => tests.every((holds) => holds(row)));
  }
  sorted(rows: readonly Row[], by: readonly string[]): Row[] {
    const keys = by.map((name) =>
      name.startsWith('-') ? ([this.position(name.slice(1)), -1] as const) : ([this.position(name), 1] as const),
    );
    return [...rows].sort((a, b) => {
      for (const [at, sign] of keys) {
        const compared = order(a[at] ?? null, b[at] ?? null);
        if (compared !== 0) return compared * sign;
      }
      return 0;
    });
  }
  insert(values: DbRow): void {
    for (const name of Object.keys(values)) this.position(name);
    const row = this.columns.map((column): DbCell => {
      const given = values[column.name];
      if (given !== undefined && given !== null) return toCell(given, column);
      if (column.auto) return ++this.#lastAuto;
      return column.nullable ? null : refuse(`column ${column.name} has to have a value`);
    });
    // Kamailio puts a new row before the others, in the file too (dbt_table_add_row).
    this.rows.unshift(row);
    this.modified = true;
  }
  update(rows: readonly Row[], set: DbRow): void {
    const changes = Object.entries(set).map(([name, value]) => {
      const at = this.position(name);
      const column = this.columns[at] as Column;
      if (value === null && !column.nullable) refuse(`column ${name} has to have a value`);
      return [at, toCell(value, column)] as const;
    });
    for (const row of rows) for (const [at, cell] of changes) row[at] = cell;
    if (rows.length > 0) this.modified = true;
  }
  remove(rows: readonly Row[]): void {
    const gone = new Set(rows);
    const kept = this.rows.filter((row) => !gone.has(row));
    this.rows.splice(0, this.rows.length, ...kept);
    if (gone.size > 0) this.modified = true;
  }
}

/** The SQL that Kamailio's db_text understands in raw queries (dbt_raw_query.c): one table, conditions joined by AND. */
import {
  type DbCondition,
  DbError,
  type DbOperation,
  type DbOperator,
  type DbRow,
  type DbValue,
} from '../../runtime/sdk/index.js';

const TOKEN =
  /\s*(?:('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|(<>|!=|<=|>=|[=<>(),*;?&]))/sy;
/** Longest statement. */
const MAX_SQL = 65_536;

class Reader {
  readonly #tokens: { readonly kind: 'text' | 'number' | 'word' | 'sign'; readonly text: string }[] = [];
  #at = 0;
  constructor(
    sql: string,
    private readonly values: readonly DbValue[],
  ) {
    if (sql.length > MAX_SQL) this.refuse('it is too long');
    TOKEN.lastIndex = 0;
    let end = 0;
    const written = sql.trim();
    while (end < written.length) {
      TOKEN.lastIndex = end;
      const found = TOKEN.exec(written);
      const [, text, number, word, sign] = found ?? this.refuse(`near ${written.slice(end, end + 20)}`);
      if (text !== undefined)
        this.#tokens.push({ kind: 'text', text: text.slice(1, -1).replace(/\\(.)|''|""/gs, (two, c) => c ?? two[0]) });
      else if (number !== undefined) this.#tokens.push({ kind: 'number', text: number });
      else if (word !== undefined) this.#tokens.push({ kind: 'word', text: word });
      else this.#tokens.push({ kind: 'sign', text: sign ?? '' });
      end = TOKEN.lastIndex;
    }
  }
  #value = 0;
  refuse(why: string): never {
    throw new DbError('refused', `SQL that db_text does not understand: ${why}`);
  }
  /** Takes it when it is next. */
  is(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'text' || token.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }
  expect(word: string): void {
    if (!this.is(word)) this.refuse(`${word} is missing`);
  }
  name(): string {
    const token = this.#tokens[this.#at++];
    return token?.kind === 'word' ? token.text : this.refuse('a name is missing');
  }
  value(): DbValue {
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'text') return token.text;
    if (token?.kind === 'number') return Number(token.text);
    if (token?.text === '?') return this.values[this.#value++] ?? null;
    return token?.text.toLowerCase() === 'null' ? null : this.refuse('a value is missing');
  }
  list<T>(one: () => T): T[] {
    const found = [one()];
    while (this.is(',')) found.push(one());
    return found;
  }
  where(): DbCondition[] {
    if (!this.is('where')) return [];
    const found: DbCondition[] = [];
    do {
      const column = this.name();
      const token = this.#tokens[this.#at++]?.text.toLowerCase() ?? '';
      if (!['=', '<', '>', '<=', '>=', '<>', '!=', '&', 'like'].includes(token)) this.refuse(`operator ${token}`);
      found.push([column, token as DbOperator, this.value()]);
    } while (this.is('and'));
    return found;
  }
  end(): void {
    this.is(';');
    if (this.#at < this.#tokens.length) this.refuse(`near ${this.#tokens[this.#at]?.text}`);
  }
}

/** Throws a DbError (`refused`). */
export function parseSql(sql: string, values: readonly DbValue[]): DbOperation {
  const read = new Reader(sql, values);
  const operation = statement(read);
  read.end();
  return operation;
}
function statement(read: Reader): DbOperation {
  if (read.is('select')) {
    const columns = read.is('*') ? null : read.list(() => read.name());
    read.expect('from');
    const table = read.name();
    const where = read.where();
    const order: string[] = [];
    if (read.is('order')) {
      read.expect('by');
      order.push(
        ...read.list(() => {
          const name = read.name();
          if (read.is('desc')) return `-${name}`;
          read.is('asc');
          return name;
        }),
      );
    }
    const limit = read.is('limit') ? Number(read.value()) : null;
    return { kind: 'query', table, columns, where, order, limit };
  }
  if (read.is('delete')) {
    read.expect('from');
    const table = read.name();
    return { kind: 'delete', table, where: read.where() };
  }
  if (read.is('update')) {
    const table = read.name();
    read.expect('set');
    const set: Record<string, DbValue> = {};
    read.list(() => {
      const name = read.name();
      read.expect('=');
      set[name] = read.value();
    });
    return { kind: 'update', table, set, where: read.where() };
  }
  const replaces = read.is('replace');
  if (!replaces) read.expect('insert');
  read.is('into');
  const table = read.name();
  read.expect('(');
  const names = read.list(() => read.name());
  read.expect(')');
  read.expect('values');
  read.expect('(');
  const given = read.list(() => read.value());
  read.expect(')');
  if (given.length !== names.length) read.refuse('as many values as columns are needed');
  const row: DbRow = Object.fromEntries(names.map((name, i) => [name, given[i] ?? null]));
  return replaces
    ? { kind: 'replace', table, row, keys: names.slice(0, 1) }
    : { kind: 'insert', table, row, delayed: false };
}

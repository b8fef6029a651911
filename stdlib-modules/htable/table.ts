/**
 * One hash table: names to texts or integers, each with an expiry (Kamailio's ht_api.c).
 *
 * Items are found through a map; the order Kamailio's slots would give them (by slot, then by hash) is made when somebody lists them.
 */
import { compileRegex, detach, type Regex } from '../../runtime/sdk/index.js';

export interface TableSpec {
  readonly name: string;
  /** Seconds an item lives; 0: for ever. */
  readonly autoExpireSec: number;
  readonly slots: number;
  readonly initial: number | null;
  /** A new value starts the time again. */
  readonly updateExpire: boolean;
  readonly dbTable: string;
  readonly dbMode: number;
  readonly columns: readonly string[];
  readonly replicate: number;
}
export interface Cell {
  readonly name: string;
  value: string | number;
  /** Seconds since 1970; 0: never. */
  expire: number;
}
/** Tells other nodes of what is done with a table here. */
export interface Replica {
  set(name: string, value: string | number): void;
  setExpire(name: string, seconds: number): void;
  remove(name: string): void;
  removeWhere(operator: 're' | 'sw', text: string, by: 'name' | 'value'): void;
}
/** A table that only grows must not eat the machine. */
const MAX_ITEMS = 5_000_000;

export class Table {
  readonly cells = new Map<string, Cell>();
  /** Null: it is of this node alone. */
  replica: Replica | null = null;
  /** What stands before a key in `$sht(table=>key)`, written without blanks. */
  readonly prefix: string;
  constructor(
    readonly spec: TableSpec,
    /** Wall time, seconds. */
    private readonly now: () => number,
  ) {
    this.prefix = `${spec.name}=>`;
  }

  #fresh(): number {
    return this.spec.autoExpireSec > 0 ? this.now() + this.spec.autoExpireSec : 0;
  }
  #expired(cell: Cell): boolean {
    return this.spec.autoExpireSec > 0 && cell.expire !== 0 && cell.expire < this.now();
  }
  /** Null when it is not there or its time is over. */
  get(name: string): Cell | null {
    const cell = this.cells.get(name);
    return cell === undefined || this.#expired(cell) ? null : cell;
  }
  /** `expireSec` 0: the table's own. False: the table is full. */
  set(name: string, value: string | number, expireSec = 0): boolean {
    const kept = typeof value === 'string' ? detach(value) : value;
    const cell = this.cells.get(name);
    if (cell === undefined) {
      if (this.cells.size >= MAX_ITEMS) return false;
      const own = detach(name);
      this.cells.set(own, { name: own, value: kept, expire: expireSec > 0 ? this.now() + expireSec : this.#fresh() });
      return true;
    }
    cell.value = kept;
    if (expireSec > 0) cell.expire = this.now() + expireSec;
    else if (this.spec.updateExpire) cell.expire = this.#fresh();
    return true;
  }
  /** The new value; null for a text, and for what is not there in a table without an initial value. */
  add(name: string, by: number): number | null {
    const { initial, updateExpire } = this.spec;
    const cell = this.cells.get(name);
    if (cell === undefined) {
      if (initial === null) return null;
      this.set(name, (initial + by) | 0);
      return (initial + by) | 0;
    }
    if (this.#expired(cell)) {
      if (initial === null) return null;
      cell.value = initial;
    }
    if (typeof cell.value === 'string') return null;
    cell.value = (cell.value + by) | 0;
    if (updateExpire) cell.expire = this.#fresh();
    return cell.value;
  }
  /** Seconds from now, 0 for never; no effect in a table whose items live for ever. */
  setExpire(name: string, seconds: number): void {
    const cell = this.spec.autoExpireSec === 0 ? undefined : this.cells.get(name);
    if (cell !== undefined) cell.expire = seconds > 0 ? this.now() + seconds : 0;
  }
  /** Seconds left; 0 for what is not there. */
  expiresIn(name: string): number {
    const cell = this.spec.autoExpireSec === 0 ? undefined : this.cells.get(name);
    return cell === undefined ? 0 : (cell.expire - this.now()) | 0;
  }
  /** Removes and returns what is over. */
  collect(): Cell[] {
    if (this.spec.autoExpireSec === 0) return [];
    const gone = [...this.cells.values()].filter((cell) => this.#expired(cell));
    for (const { name } of gone) this.cells.delete(name);
    return gone;
  }
  removeWhere(test: (cell: Cell) => boolean): void {
    for (const cell of this.cells.values()) if (test(cell)) this.cells.delete(cell.name);
  }

  /** Slot number → its items in order. */
  bySlot(): Map<number, Cell[]> {
    const hashed = [...this.cells.values()].map((cell) => ({ cell, hash: caseHash(cell.name) }));
    const slots = new Map<number, typeof hashed>();
    for (const entry of hashed) {
      const slot = entry.hash & (this.spec.slots - 1);
      const list = slots.get(slot);
      if (list) list.push(entry);
      else slots.set(slot, [entry]);
    }
    return new Map(
      [...slots]
        .sort(([a], [b]) => a - b)
        .map(([slot, list]) => [slot, list.sort((a, b) => a.hash - b.hash).map(({ cell }) => cell)]),
    );
  }
}

/** `re`: matches, `sw`: begins with, `eq`, `ne`; by name, or by value for texts. Null: no such operator, or a bad expression. */
export function cellTest(
  operator: string,
  text: string,
  by: 'name' | 'value',
  allowed: readonly string[],
): ((cell: Cell) => boolean) | null {
  const test = allowed.includes(operator) ? textTest(operator, text) : null;
  if (test === null) return null;
  return ({ name, value }) => (by === 'name' ? test(name) : typeof value === 'string' && test(value));
}
function textTest(operator: string, text: string): ((subject: string) => boolean) | null {
  switch (operator) {
    case 'eq':
      return (s) => s === text;
    case 'ne':
      return (s) => s !== text;
    case 'sw':
      return (s) => s.startsWith(text);
    case 'ew':
      return (s) => s.endsWith(text);
    case 're': {
      const re = expression(text);
      return re === null ? null : (s) => re.test(s);
    }
    default:
      return null;
  }
}
function expression(text: string): Regex | null {
  try {
    return compileRegex(text, { ignoreCase: true, newline: true });
  } catch {
    return null;
  }
}

/** Two characters in front say how `$shtcn` and `$shtcv` compare; without them it is an expression. */
const COUNTS: Readonly<Record<string, string>> = { '~~': 're', '~%': 'ew', '%~': 'sw', '==': 'eq' };

export function count(table: Table, pattern: string, by: 'name' | 'value'): number {
  const mark = pattern.slice(0, 2);
  if (mark === '**') return table.cells.size;
  if (mark === 'eq') {
    if (by === 'name' || pattern.length <= 2) return 0;
    const wanted = Number.parseInt(pattern.slice(2), 10) || 0;
    return countWhere(table, ({ value }) => value === wanted);
  }
  const operator = COUNTS[mark];
  const text = operator === undefined ? pattern : pattern.slice(2);
  if (text === '') return 0;
  const test = cellTest(operator ?? 're', text, by, ['re', 'ew', 'sw', 'eq']);
  return test === null ? 0 : countWhere(table, test);
}
function countWhere(table: Table, test: (cell: Cell) => boolean): number {
  let n = 0;
  for (const cell of table.cells.values()) if (test(cell)) n++;
  return n;
}

/** Kamailio's core_case_hash(), unsigned. */
export function caseHash(text: string): number {
  let h = 0;
  let v = 0;
  let inWord = 0;
  const mix = (word: number) => {
    h = (h + (word ^ (word >>> 3))) | 0;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    v = ((v << 8) + (c >= 0x41 && c <= 0x5a ? c | 0x20 : c > 0x7f ? c - 0x100 : c)) | 0;
    if (++inWord === 4) {
      mix(v);
      v = 0;
      inWord = 0;
    }
  }
  mix(v);
  const u = h >>> 0;
  return (u + (u >>> 11) + (u >>> 13) + (u >>> 23)) >>> 0;
}

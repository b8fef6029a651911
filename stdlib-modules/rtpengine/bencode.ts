/**
 * Bencode, the notation of rtpengine's ng protocol: `5:hello`, `i42e`, `l…e`, `d…e`. Text is one-byte characters.
 */

/** Keys and values in order; a key may come twice, the first one counts. */
export class Dictionary {
  readonly entries: [key: string, value: Bencode][] = [];
  add(key: string, value: Bencode): this {
    this.entries.push([key, value]);
    return this;
  }
  get(key: string): Bencode | undefined {
    return this.entries.find(([own]) => own === key)?.[1];
  }
  text(key: string): string | null {
    const value = this.get(key);
    return typeof value === 'string' ? value : null;
  }
  int(key: string, otherwise = -1): number {
    const value = this.get(key);
    return typeof value === 'number' ? value : otherwise;
  }
  dictionary(key: string): Dictionary | null {
    const value = this.get(key);
    return value instanceof Dictionary ? value : null;
  }
  list(key: string): readonly Bencode[] | null {
    const value = this.get(key);
    return Array.isArray(value) ? value : null;
  }
}
export type Bencode = string | number | Bencode[] | Dictionary;

export function encode(value: Bencode): string {
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (typeof value === 'number') return `i${value}e`;
  if (Array.isArray(value)) return `l${value.map(encode).join('')}e`;
  return `d${value.entries.map(([key, inner]) => encode(key) + encode(inner)).join('')}e`;
}

const MAX_DEPTH = 32;
/** More than an answer about a call with hundreds of streams has. */
const MAX_ITEMS = 100_000;

class Reader {
  private at = 0;
  private items = 0;
  constructor(private readonly text: string) {}

  /** Null when it is malformed, too deep or too long; what follows the value is not looked at. */
  read(depth = 0): Bencode | null {
    if (depth > MAX_DEPTH || ++this.items > MAX_ITEMS) return null;
    const c = this.text[this.at];
    if (c === 'i') return this.integer();
    if (c === 'l') return this.list(depth);
    if (c === 'd') return this.dictionary(depth);
    return this.string();
  }
  private integer(): number | null {
    const end = this.text.indexOf('e', this.at);
    if (end < 0 || end - this.at > 22) return null;
    const digits = this.text.slice(this.at + 1, end);
    if (!/^-?\d+$/.test(digits)) return null;
    this.at = end + 1;
    return Number(digits);
  }
  private string(): string | null {
    const colon = this.text.indexOf(':', this.at);
    if (colon < 0 || colon - this.at > 8) return null;
    const digits = this.text.slice(this.at, colon);
    const end = colon + 1 + Number(digits);
    if (!/^\d+$/.test(digits) || end > this.text.length) return null;
    this.at = end;
    return this.text.slice(colon + 1, end);
  }
  private list(depth: number): Bencode[] | null {
    const list: Bencode[] = [];
    this.at++;
    while (this.text[this.at] !== 'e') {
      const item = this.read(depth + 1);
      if (item === null) return null;
      list.push(item);
    }
    this.at++;
    return list;
  }
  private dictionary(depth: number): Dictionary | null {
    const dictionary = new Dictionary();
    this.at++;
    while (this.text[this.at] !== 'e') {
      const key = this.string();
      const value = key === null ? null : this.read(depth + 1);
      if (key === null || value === null) return null;
      dictionary.add(key, value);
    }
    this.at++;
    return dictionary;
  }
}

/** A dictionary; null when it is none or malformed. */
export function decodeDictionary(text: string): Dictionary | null {
  const value = new Reader(text).read();
  return value instanceof Dictionary ? value : null;
}

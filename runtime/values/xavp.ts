/**
 * Extended AVPs: one list of named values, newest first; a value may itself be such a list.
 *
 * Matching Kamailio's core/xavp.c. `$xavp` names are exact and may repeat; `$xavi` names ignore ASCII case (and so do the
 * fields below them); `$xavu` keeps one value a name.
 */

import type { Value } from '../sdk/define.js';
import { lower } from './string-transformations.js';

export type XavpValue = string | number | XavpRecord;
export interface XavpItem {
  readonly name: string;
  value: XavpValue;
}
/** Most values one list may hold: a loop that only adds must not eat the machine. */
export const MAX_XAVPS = 10_000;

export class XavpRecord {
  /** Newest first. */
  #items: XavpItem[] = [];

  constructor(readonly ignoreCase = false) {}

  /** All values in the order of the list, newest first. */
  get items(): readonly XavpItem[] {
    return this.#items;
  }
  private is(item: XavpItem, name: string): boolean {
    return item.name === name || (this.ignoreCase && lower(item.name) === lower(name));
  }
  /** Position in the list of the `index`-th value of a name (from -1 backwards); -1 when there is none. */
  private at(name: string, index: number): number {
    let left = index < 0 ? this.count(name) + index : index;
    if (left < 0) return -1;
    return this.#items.findIndex((item) => this.is(item, name) && left-- === 0);
  }

  names(): string[] {
    return [...new Set(this.#items.map((item) => item.name))];
  }
  count(name: string): number {
    let found = 0;
    for (const item of this.#items) if (this.is(item, name)) found++;
    return found;
  }
  all(name: string): readonly XavpValue[] {
    return this.#items.filter((item) => this.is(item, name)).map((item) => item.value);
  }
  get(name: string, index = 0): XavpValue | undefined {
    return this.#items[this.at(name, index)]?.value;
  }
  /** Text or number; null for nothing there and for a record. */
  value(name: string, index = 0): Value {
    const found = this.get(name, index);
    return typeof found === 'string' || typeof found === 'number' ? found : null;
  }
  record(name: string, index = 0): XavpRecord | null {
    const found = this.get(name, index);
    return found instanceof XavpRecord ? found : null;
  }
  /** On top of the list. False when it is full. */
  add(name: string, value: XavpValue): boolean {
    if (this.#items.length >= MAX_XAVPS) return false;
    this.#items.unshift({ name, value });
    return true;
  }
  /** Below all others. */
  addLast(name: string, value: XavpValue): boolean {
    if (this.#items.length >= MAX_XAVPS) return false;
    this.#items.push({ name, value });
    return true;
  }
  /** Replaces the value at `index`; false when there is none. */
  replace(name: string, index: number, value: XavpValue): boolean {
    const item = this.#items[this.at(name, index)];
    if (item === undefined) return false;
    item.value = value;
    return true;
  }
  /** The one value of a name: replaced, or added on top. */
  set(name: string, value: XavpValue): boolean {
    return this.replace(name, 0, value) || this.add(name, value);
  }
  /** `index` undefined: all of the name. True when something went. */
  delete(name: string, index?: number): boolean {
    if (index === undefined) {
      const before = this.#items.length;
      this.#items = this.#items.filter((item) => !this.is(item, name));
      return this.#items.length < before;
    }
    const position = this.at(name, index);
    return position >= 0 && this.#items.splice(position, 1).length > 0;
  }
  clear(): void {
    this.#items = [];
  }
  /** A copy, records copied too. */
  copy(): XavpRecord {
    const copied = new XavpRecord(this.ignoreCase);
    for (const { name, value } of this.#items) copied.addLast(name, value instanceof XavpRecord ? value.copy() : value);
    return copied;
  }
}

/** All of a run's roots of one kind. */
export class XavpStore extends XavpRecord {}

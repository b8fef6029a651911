/**
 * Attribute-value pairs: per name a stack, newest first, shared by the runs of one transaction.
 *
 * Matching Kamailio's core/usr_avp.c and pv_core.c: an assignment adds on top, with `[*]` in place of all.
 * Names are text or numbers; `i:5` and `5` name the number, `s:x` and `x` the text.
 */
import type { PvIndex, Value } from '../sdk/define.js';

export type AvpValue = string | number;
/** Most values one store may hold: a loop that only adds must not eat the machine. */
export const MAX_AVPS = 10_000;

export class AvpStore {
  #lists = new Map<string, AvpValue[]>();
  #count = 0;

  get size(): number {
    return this.#count;
  }
  names(): IterableIterator<string> {
    return this.#lists.keys();
  }
  /** Newest first. */
  all(name: string): readonly AvpValue[] {
    return this.#lists.get(name) ?? [];
  }
  /** `index` from 0 = newest; `*` joins all with a comma and a blank. */
  get(name: string, index?: PvIndex): Value {
    const list = this.#lists.get(name);
    if (!list || list.length === 0) return null;
    if (index === undefined || index === 0) return list[0] ?? null;
    if (index === '*') {
      let joined = '';
      for (const value of list) joined += joined === '' ? value : `, ${value}`;
      return joined;
    }
    if (index > 0) return list[index] ?? null;
    // From the end Kamailio finds the newest value only: its search is over by then (pv_get_avp).
    return -index === list.length ? (list[0] ?? null) : null;
  }
  /** On top of the others. False when the store is full. */
  add(name: string, value: AvpValue): boolean {
    if (this.#count >= MAX_AVPS) return false;
    const list = this.#lists.get(name);
    if (list) list.unshift(value);
    else this.#lists.set(name, [value]);
    this.#count++;
    return true;
  }
  /** `$avp(x) = value` and its indexed forms; null deletes the newest, with `*` all. False when the store is full. */
  set(name: string, value: Value, index?: PvIndex): boolean {
    if (value === null) {
      this.delete(name, index === '*' ? '*' : 0);
      return true;
    }
    if (index === undefined) return this.add(name, value);
    if (index === '*') {
      this.delete(name, '*');
      return this.add(name, value);
    }
    // A number in brackets means nothing to an assignment (pv_set_avp).
    return this.add(name, value);
  }
  delete(name: string, index: PvIndex = '*'): void {
    const list = this.#lists.get(name);
    if (!list) return;
    const position = index === '*' || index === undefined ? 0 : index < 0 ? list.length + index : index;
    const removed = list.splice(position, index === '*' || index === undefined ? list.length : 1);
    this.#count -= removed.length;
    if (list.length === 0) this.#lists.delete(name);
  }
  clear(): void {
    this.#lists.clear();
    this.#count = 0;
  }
  /** All of `name`, newest first; replaces what was there. */
  replace(name: string, values: readonly AvpValue[]): void {
    this.delete(name, '*');
    if (values.length === 0) return;
    this.#lists.set(name, [...values]);
    this.#count += values.length;
  }
}

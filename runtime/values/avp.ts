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

/** `i:12` and `12` name a number, `s:x` and `x` a text: one spelling for both (usr_avp.c). */
export const avpName = (key: string): string => (key.startsWith('s:') || key.startsWith('i:') ? key.slice(2) : key);

export class AvpStore {
  #lists = new Map<string, AvpValue[]>();
  #count = 0;
  /** Of names that were given flags: those of their values, the oldest first, so that adding a value moves none. */
  #flags: Map<string, number[]> | null = null;

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
    const age = list.length - 1 - position;
    const removed = list.splice(position, index === '*' || index === undefined ? list.length : 1);
    this.#count -= removed.length;
    if (list.length === 0) this.#flags?.delete(name);
    else if (removed.length > 0) this.#flags?.get(name)?.splice(age, 1);
    if (list.length === 0) this.#lists.delete(name);
  }
  clear(): void {
    this.#lists.clear();
    this.#flags = null;
    this.#count = 0;
  }
  /** Flags of the value of `name`; null where it has none or several (usr_avp.c, search_avp_by_index). */
  flags(name: string): number | null {
    return this.#lists.get(name)?.length === 1 ? (this.#flags?.get(name)?.[0] ?? 0) : null;
  }
  /** Only where `flags()` gives a number. */
  setFlags(name: string, flags: number): void {
    if (this.#lists.get(name)?.length !== 1) return;
    this.#flags ??= new Map();
    this.#flags.set(name, [flags]);
  }
  /** All of `name`, newest first; replaces what was there. */
  replace(name: string, values: readonly AvpValue[]): void {
    this.delete(name, '*');
    if (values.length === 0) return;
    this.#lists.set(name, [...values]);
    this.#count += values.length;
  }
}

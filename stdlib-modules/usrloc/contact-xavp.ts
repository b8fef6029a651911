/**
 * `xavp_contact`: an XAVP that a REGISTER leaves with its contact and a lookup gives back (xavp_clone_level_nodata() and
 * xavp_insert() of Kamailio's xavp.c). Built on what every XAVP list offers, whatever is below.
 */
import { XavpRecord, type XavpStore, type XavpValue } from '../../runtime/sdk/index.js';

/** The values of a record that are no records themselves; null when there are none. */
export function copyOf(value: XavpValue | null | undefined): XavpValue | null {
  if (!(value instanceof XavpRecord)) return value ?? null;
  const copy = new XavpRecord();
  for (const name of [...value.names()].reverse()) {
    for (const item of [...value.all(name)].reverse()) if (!(item instanceof XavpRecord)) copy.add(name, item);
  }
  return copy.names().length === 0 ? null : copy;
}

const isFiller = (value: XavpValue | undefined): boolean => value instanceof XavpRecord && value.names().length === 0;
/** More contacts than these are never looked up in one go. */
const MAX_INDEX = 64;

/** Puts a value at this index of its name; where fewer are there, empty records fill up. */
export function insertAt(store: XavpStore, name: string, index: number, value: XavpValue): void {
  const list = [...store.all(name)];
  if (index > MAX_INDEX) return;
  while (list.length < index) list.push(new XavpRecord());
  list.splice(index, isFiller(list[index]) ? 1 : 0, value);
  store.delete(name);
  for (const item of list.reverse()) store.add(name, item);
}

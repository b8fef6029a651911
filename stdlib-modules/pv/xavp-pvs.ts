/** `$xavp`, `$xavi` and `$xavu`: lists of values whose values may be lists (Kamailio's pv_xavp.c). */
import {
  type PvIndex,
  type PvSpec,
  type RouteContext,
  type Value,
  XavpRecord,
  type XavpValue,
} from '../../runtime/sdk/index.js';
import type { PvMe, PvTable } from './spec.js';

interface XavpPart {
  readonly name: string;
  readonly index: PvIndex;
}
export interface XavpKey extends XavpPart {
  readonly field: XavpPart | null;
}

const part = /^\s*([^[\]=\s]+)\s*(?:\[\s*(\*|-?\d{1,9})\s*\])?\s*$/;
function readPart(text: string): XavpPart | null {
  const match = part.exec(text);
  if (!match) return null;
  return { name: match[1]!, index: match[2] === undefined ? undefined : match[2] === '*' ? '*' : Number(match[2]) };
}

/** Keys come from the cfg, so there are few; those with variables in them may be many. */
const MAX_KNOWN = 1000;
/** `name[0]=>field[1]`; null when it is not that. Parsed once. */
function keyOf(me: PvMe, key: string): XavpKey | null {
  const { xavpKeys } = me.state;
  const found = xavpKeys.get(key);
  if (found !== undefined) return found;
  const parsed = parseXavpKey(key);
  if (xavpKeys.size < MAX_KNOWN) xavpKeys.set(key, parsed);
  return parsed;
}
export function parseXavpKey(key: string): XavpKey | null {
  const arrow = key.indexOf('=>');
  const root = readPart(arrow < 0 ? key : key.slice(0, arrow));
  const field = arrow < 0 ? null : readPart(key.slice(arrow + 2));
  return root === null || (arrow >= 0 && field === null) ? null : { ...root, field };
}

const shown = (value: XavpValue | undefined): Value =>
  value === undefined ? null : value instanceof XavpRecord ? '<<xavp:0x1>>' : value;
const joined = (values: readonly Value[]): string => {
  let text = '';
  for (const value of values) text += text === '' ? value : `, ${value}`;
  return text;
};
const at = (index: PvIndex): number => (index === '*' || index === undefined ? 0 : index);

function read(store: XavpRecord, key: XavpKey | null): Value {
  if (key === null) return null;
  const root = store.get(key.name, at(key.index));
  const { field } = key;
  if (field === null) return shown(root);
  if (!(root instanceof XavpRecord)) return null;
  if (field.index !== '*') return shown(root.get(field.name, at(field.index)));
  const all = root.all(field.name);
  return all.length === 0 ? null : joined(all.map(shown));
}

/** Without an index, and with `*`, all values of a name count. */
export function countXavps(me: PvMe, ctx: RouteContext, text: string): number {
  const key = keyOf(me, text);
  if (key === null) return 0;
  const matching = (store: XavpRecord, { name, index }: XavpPart): readonly XavpValue[] => {
    if (index === undefined || index === '*') return store.all(name);
    const one = store.get(name, index);
    return one === undefined ? [] : [one];
  };
  const roots = matching(ctx.xavps, key);
  const { field } = key;
  if (field === null) return roots.length;
  return roots.reduce<number>((n, root) => n + (root instanceof XavpRecord ? matching(root, field).length : 0), 0);
}

/** Writes and deletes count one further from the end than reads do: -1 is after the last value, so it names nothing. */
const writeAt = (into: XavpRecord, { name, index }: XavpPart): number => {
  const i = at(index);
  return i < 0 ? into.count(name) + i + 1 : i;
};
function remove(from: XavpRecord, which: XavpPart): void {
  if (which.index === '*') from.delete(which.name);
  else {
    const position = writeAt(from, which);
    if (position >= 0) from.delete(which.name, position);
  }
}
function removeField(store: XavpRecord, key: XavpKey, field: XavpPart): void {
  const roots = key.index === '*' ? store.all(key.name) : [store.get(key.name, writeAt(store, key))];
  for (const root of roots) if (root instanceof XavpRecord) remove(root, field);
}

function write(store: XavpRecord, value: Value, key: XavpKey | null): boolean {
  if (key === null) return false;
  const { field } = key;
  if (value === null) {
    if (field === null) remove(store, key);
    else removeField(store, key, field);
    return true;
  }
  if (field === null) {
    if (key.index === '*') return false;
    return key.index === undefined ? store.add(key.name, value) : put(store, key, value);
  }
  if (key.index === undefined) {
    // Without an index a field always begins a record of its own, on top.
    const record = new XavpRecord(store.ignoreCase);
    return record.add(field.name, value) && store.add(key.name, record);
  }
  if (key.index === '*') return true;
  const root = store.get(key.name, writeAt(store, key));
  if (root === undefined) return true;
  if (!(root instanceof XavpRecord)) return false;
  if (field.index === undefined) return root.add(field.name, value);
  if (field.index !== '*') put(root, field, value);
  return true;
}
function put(into: XavpRecord, which: XavpPart, value: XavpValue): boolean {
  const position = writeAt(into, which);
  return position >= 0 && into.replace(which.name, position, value);
}

/** One value a name, no indices. */
function readUnique(store: XavpRecord, text: string): Value {
  const [name, field] = splitUnique(text);
  const root = store.get(name);
  if (field === null) return shown(root);
  return root instanceof XavpRecord ? shown(root.get(field)) : null;
}
function writeUnique(store: XavpRecord, value: Value, text: string): boolean {
  const [name, field] = splitUnique(text);
  const root = store.get(name);
  if (value === null) {
    if (field === null) store.delete(name);
    else if (root instanceof XavpRecord) root.delete(field);
    return true;
  }
  if (field === null) return store.set(name, value);
  if (root instanceof XavpRecord) return root.set(field, value);
  const record = new XavpRecord();
  return record.add(field, value) && store.set(name, record);
}
function splitUnique(text: string): readonly [string, string | null] {
  const key = text.trim();
  const arrow = key.indexOf('=>');
  return arrow < 0 ? [key, null] : [key.slice(0, arrow), key.slice(arrow + 2)];
}

const list = (doc: string, of: (ctx: RouteContext) => XavpRecord): PvSpec<PvMe, RouteContext> => ({
  doc,
  type: 'any',
  key: { use: 'req', dynamic: true },
  get: (me, ctx, key) => read(of(ctx), keyOf(me, key)),
  set: (me, ctx, value, key) => write(of(ctx), value, keyOf(me, key)),
});

export const xavpPvs = {
  xavp: list('extended AVP: values and records of values; a plain assignment adds on top', (ctx) => ctx.xavps),
  xavi: list('extended AVP whose names ignore case', (ctx) => ctx.values.xavis),
  xavu: {
    doc: 'extended AVP with one value a name',
    type: 'any',
    key: { use: 'req' },
    get: (_me: PvMe, ctx: RouteContext, key: string) => readUnique(ctx.values.xavus, key),
    set: (_me: PvMe, ctx: RouteContext, value: Value, key: string) => writeUnique(ctx.values.xavus, value, key),
  },
} satisfies PvTable;

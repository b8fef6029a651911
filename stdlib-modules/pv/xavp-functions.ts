/** Functions on `$xavp`, `$xavi` and `$xavu` lists (Kamailio's pv.c, pv_xavp.c and core/xavp.c). */
import {
  type ArgSpec,
  type FunctionSpec,
  opt,
  type PvRef,
  parseParamList,
  pvWritable,
  type RouteContext,
  type Verdict,
  varInt,
  varStr,
  XavpRecord,
} from '../../runtime/sdk/index.js';
import { findSocket, type PvMe } from './spec.js';

type Fn<Args extends readonly ArgSpec[]> = FunctionSpec<PvMe, RouteContext, Args>;
const fn = <const Args extends readonly ArgSpec[]>(spec: Fn<Args>): Fn<Args> => spec;
const done = { 1: 'done', [-1]: 'could not be done' } as const;
const verdict = (ok: boolean | undefined): Verdict => (ok ? 1 : -1);

/** True also when there was nothing to remove. */
const removed = (_found: boolean | undefined): Verdict => 1;

/** Most fields a text is taken apart into. */
const MAX_FIELDS = 1000;

/** `a=1;b=2;c` as a record: the first field on top. Null when it is no such list. */
function explode(params: string, separator = ';'): XavpRecord | null {
  const text = params.endsWith(separator) ? params.slice(0, -1) : params;
  const items = parseParamList(text, separator);
  if (items === null || items.length === 0 || /^[ \t\r\n]/.test(text) || items.some(({ name }) => name === ''))
    return null;
  const record = new XavpRecord();
  for (const { name, value } of items) record.addLast(name, value);
  return record;
}
/** The fields of the newest record as `a=1;b=2;`; numbers as unsigned. Empty when there is no record. */
function implode(store: XavpRecord, name: string, quoted: boolean): string {
  const record = store.record(name);
  let text = '';
  for (const item of record?.items ?? []) {
    if (typeof item.value === 'number') text += `${item.name}=${item.value >>> 0};`;
    else if (typeof item.value === 'string') {
      if (quoted) text += `${item.name}="${item.value}";`;
      else text += item.value === '' ? `${item.name};` : `${item.name}=${item.value};`;
    }
  }
  return text;
}
function implodeInto(ctx: RouteContext, store: XavpRecord, name: string, into: PvRef<RouteContext>, quoted = false) {
  const text = implode(store, name, quoted);
  return verdict(text !== '' && into.set !== null && into.set(ctx, text) !== false);
}

/** The field of the newest record takes this value, on top; what is no record makes place for one. */
function setChild(store: XavpRecord, root: string, field: string, value: string | number): Verdict {
  if (root === '' || field === '') return -1;
  let record = store.record(root);
  if (record === null) {
    store.delete(root, 0);
    record = new XavpRecord(store.ignoreCase);
    if (!store.add(root, record)) return -1;
  } else record.delete(field, 0);
  return verdict(record.add(field, value));
}

/** Writes the list to the log, as deep as it goes. */
function print(ctx: RouteContext, kind: string, list: XavpRecord, level = 0): Verdict {
  ctx.log(2, `+++++ start ${kind} list (level=${level})`, 'pv');
  for (const { name, value } of list.items) {
    if (value instanceof XavpRecord) {
      ctx.log(2, `     ${kind} ${name}: list`, 'pv');
      print(ctx, kind, value, level + 1);
    } else ctx.log(2, `     ${kind} ${name} (${typeof value === 'number' ? 'int' : 'str'}): ${value}`, 'pv');
  }
  ctx.log(2, `----- end ${kind} list (level=${level})`, 'pv');
  return 1;
}

/** The value at one place of the source, copied under another name: in place of what `to` names, or below those there are. */
function copyValue(store: XavpRecord, from: string, index: number, name: string, to: number | undefined): boolean {
  const found = store.get(from, index);
  if (found === undefined) return false;
  const value = found instanceof XavpRecord ? found.copy() : found;
  if (to !== undefined) return store.replace(name, to, value);
  return store.count(name) === 0 ? store.add(name, value) : store.addLast(name, value);
}

/** Moves the values of a name round to the left. */
function rotate(store: XavpRecord, name: string, by: number): Verdict {
  const values = store.all(name);
  if (values.length === 0) return by === 0 ? 1 : -2;
  const shift = ((by % values.length) + values.length) % values.length;
  values.forEach((_, i) => {
    store.replace(name, i, values[(i + shift) % values.length]!);
  });
  return 1;
}

/** Items between any of the separators; `t` in the mode trims them. Empty ones do not count. */
function splitList(text: string, separators: string, mode: string): string[] {
  const items: string[] = [];
  let start = 0;
  for (let i = 0; i <= text.length && items.length < MAX_FIELDS; i++) {
    if (i < text.length && !separators.includes(text[i]!)) continue;
    const item = text.slice(start, i);
    const kept = mode.startsWith('t') ? item.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '') : item;
    if (kept !== '') items.push(kept);
    start = i + 1;
  }
  return items;
}

const names = [varStr('root'), varStr('field')] as const;

/** Text in a field of a record; undefined: there is none. */
function textIn(record: XavpRecord, field: string): string | undefined {
  const value = record.get(field, 0);
  return typeof value === 'string' ? value : undefined;
}

export const xavpFunctions = {
  xavp_push_dst: fn({
    doc: 'Takes the next target from the newest record of a name: its fields `uri`, `dsturi` and `socket`, as far as they are there.',
    args: [varStr('xavp')],
    routes: ['request', 'failure', 'branch'],
    returns: { 1: 'done', [-1]: 'there is no such record' },
    example: 'xavp_push_dst("target");',
    run(_me, ctx, name) {
      const record = ctx.xavps.record(name);
      if (record === null) return -1;
      const { draft } = ctx;
      const uri = textIn(record, 'uri');
      if (uri !== undefined) draft.uri = uri;
      const next = textIn(record, 'dsturi');
      if (next !== undefined) {
        draft.dstUri = next;
        draft.uriIsNew = true;
      }
      const socket = findSocket(ctx, textIn(record, 'socket') ?? '');
      if (socket !== null) draft.sendSocket = socket;
      return 1;
    },
  }),
  pv_xavp_print: fn({
    doc: 'Writes all of $xavp to the log.',
    args: [],
    routes: ['any'],
    returns: { 1: 'written' },
    example: 'pv_xavp_print();',
    run: (_me, ctx) => print(ctx, 'XAVP', ctx.xavps),
  }),
  pv_xavu_print: fn({
    doc: 'Writes all of $xavu to the log.',
    args: [],
    routes: ['any'],
    returns: { 1: 'written' },
    example: 'pv_xavu_print();',
    run: (_me, ctx) => print(ctx, 'XAVU', ctx.values.xavus),
  }),
  pv_xavi_print: fn({
    doc: 'Writes all of $xavi to the log.',
    args: [],
    routes: ['any'],
    returns: { 1: 'written' },
    example: 'pv_xavi_print();',
    run: (_me, ctx) => print(ctx, 'XAVI', ctx.values.xavis),
  }),
  pv_var_to_xavp: fn({
    doc: 'Copies a script variable, or all of them with `*`, into a record.',
    args: [varStr('var'), varStr('xavp')],
    routes: ['any'],
    returns: done,
    example: 'pv_var_to_xavp("*", "saved");',
    run(_me, ctx, name, xavp) {
      ctx.xavps.delete(xavp);
      if (name !== '*') {
        if (!Object.hasOwn(ctx.vars, name)) return -1;
        const record = new XavpRecord();
        record.add(name, ctx.vars[name]!);
        return verdict(ctx.xavps.add(xavp, record));
      }
      const record = new XavpRecord();
      for (const [key, value] of Object.entries(ctx.vars)) if (value !== '' && key[0] !== '\0') record.add(key, value);
      return record.items.length === 0 ? 1 : verdict(ctx.xavps.add(xavp, record));
    },
  }),
  pv_xavp_to_var: fn({
    doc: 'Sets script variables from the fields of the records of a name.',
    args: [varStr('xavp')],
    routes: ['any'],
    returns: done,
    example: 'pv_xavp_to_var("saved");',
    run(_me, ctx, xavp) {
      if (ctx.xavps.record(xavp) === null) return -1;
      for (const record of ctx.xavps.all(xavp)) {
        if (!(record instanceof XavpRecord)) return -1;
        for (const { name, value } of record.items) {
          if (value instanceof XavpRecord) return -1;
          ctx.vars[name] = value;
        }
      }
      return 1;
    },
  }),
  xavp_copy: fn({
    doc: 'Copies a value with all below it: in place of the one `toIndex` names, else after those of that name.',
    args: [varStr('from'), varInt('index'), varStr('to'), opt(varInt('toIndex'))],
    routes: ['any'],
    constArgs: true,
    returns: done,
    example: 'xavp_copy("a", "0", "b");',
    run: (_me, ctx, from, index, to, toIndex) => verdict(copyValue(ctx.xavps, from, index, to, toIndex)),
  }),
  xavp_slist_explode: fn({
    doc: 'Takes a text apart at any of the separators, into the fields `v` of a record. Mode `t` trims.',
    args: [varStr('list'), varStr('separators'), varStr('mode'), varStr('xavp')],
    routes: ['any'],
    returns: done,
    example: 'xavp_slist_explode("a, b", ",", "t", "items");',
    run(_me, ctx, text, separators, mode, xavp) {
      if (text === '' || separators === '' || xavp === '') return -1;
      const record = new XavpRecord();
      for (const item of splitList(text, separators, mode)) record.addLast('v', item);
      return verdict(ctx.xavps.add(xavp, record));
    },
  }),
  xavp_params_explode: fn({
    doc: 'Parses `name=value;…` into a record.',
    args: [varStr('params'), varStr('name')],
    routes: ['any'],
    returns: done,
    example: 'xavp_params_explode("a=1;b=2", "x");',
    run(_me, ctx, params, name) {
      const record = explode(params);
      return verdict(record !== null && name !== '' && ctx.xavps.add(name, record));
    },
  }),
  xavp_xparams_explode: fn({
    doc: 'Parses `name=value` items, separated by the character given, into a record.',
    args: [varStr('params'), varStr('separator'), varStr('name')],
    routes: ['any'],
    returns: done,
    example: 'xavp_xparams_explode("a=1,b=2", ",", "x");',
    run(_me, ctx, params, separator, name) {
      const record = separator === '' ? null : explode(params, separator[0]);
      return verdict(record !== null && name !== '' && ctx.xavps.add(name, record));
    },
  }),
  xavp_params_implode: fn({
    doc: 'Writes the fields of the newest record as `name=value;…` into a variable.',
    args: [varStr('name'), pvWritable('into')],
    routes: ['any'],
    returns: done,
    example: 'xavp_params_implode("x", "$var(text)");',
    run: (_me, ctx, name, into) => implodeInto(ctx, ctx.xavps, name, into),
  }),
  xavp_params_implode_qval: fn({
    doc: 'As xavp_params_implode(), with quotes around text values.',
    args: [varStr('name'), pvWritable('into')],
    routes: ['any'],
    returns: done,
    example: 'xavp_params_implode_qval("x", "$var(text)");',
    run: (_me, ctx, name, into) => implodeInto(ctx, ctx.xavps, name, into, true),
  }),
  xavu_params_explode: fn({
    doc: 'Parses `name=value;…` into a $xavu record.',
    args: [varStr('params'), varStr('name')],
    routes: ['any'],
    returns: done,
    example: 'xavu_params_explode("a=1;b=2", "x");',
    run(_me, ctx, params, name) {
      const parsed = explode(params);
      if (parsed === null || name === '') return -1;
      const record = new XavpRecord();
      // From the last on, each new name on top: the first of a repeated name stays.
      for (const item of [...parsed.items].reverse()) record.set(item.name, item.value);
      return verdict(ctx.values.xavus.set(name, record));
    },
  }),
  xavu_params_implode: fn({
    doc: 'Writes the fields of a $xavu record as `name=value;…` into a variable.',
    args: [varStr('name'), pvWritable('into')],
    routes: ['any'],
    returns: done,
    example: 'xavu_params_implode("x", "$var(text)");',
    run: (_me, ctx, name, into) => implodeInto(ctx, ctx.values.xavus, name, into),
  }),
  xavp_rm: fn({
    doc: 'Removes the newest value of an XAVP.',
    args: [varStr('name')],
    routes: ['any'],
    returns: done,
    example: 'xavp_rm("x");',
    run: (_me, ctx, name) => removed(ctx.xavps.delete(name, 0)),
  }),
  xavp_rm_all: fn({
    doc: 'Removes all values of an XAVP.',
    args: [varStr('name')],
    routes: ['any'],
    returns: done,
    example: 'xavp_rm_all("x");',
    run: (_me, ctx, name) => removed(ctx.xavps.delete(name)),
  }),
  xavp_child_sets: fn({
    doc: 'Sets a text field of the newest record.',
    args: [...names, varStr('value')],
    routes: ['any'],
    returns: done,
    example: 'xavp_child_sets("x", "a", "$rU");',
    run: (_me, ctx, root, field, value) => setChild(ctx.xavps, root, field, value),
  }),
  xavp_child_seti: fn({
    doc: 'Sets a number field of the newest record.',
    args: [...names, varInt('value')],
    routes: ['any'],
    returns: done,
    example: 'xavp_child_seti("x", "a", "5");',
    run: (_me, ctx, root, field, value) => setChild(ctx.xavps, root, field, value),
  }),
  xavp_child_rm: fn({
    doc: 'Removes a field of the newest record.',
    args: names,
    routes: ['any'],
    returns: done,
    example: 'xavp_child_rm("x", "a");',
    run: (_me, ctx, root, field) => removed(ctx.xavps.record(root)?.delete(field, 0)),
  }),
  xavi_rm: fn({
    doc: 'Removes the newest value of a $xavi name.',
    args: [varStr('name')],
    routes: ['any'],
    returns: done,
    example: 'xavi_rm("x");',
    run: (_me, ctx, name) => removed(ctx.values.xavis.delete(name, 0)),
  }),
  xavi_rm_all: fn({
    doc: 'Removes all values of a $xavi name.',
    args: [varStr('name')],
    routes: ['any'],
    returns: done,
    example: 'xavi_rm_all("x");',
    run: (_me, ctx, name) => removed(ctx.values.xavis.delete(name)),
  }),
  xavi_child_sets: fn({
    doc: 'Sets a text field of the newest $xavi record.',
    args: [...names, varStr('value')],
    routes: ['any'],
    returns: done,
    example: 'xavi_child_sets("x", "a", "$rU");',
    run: (_me, ctx, root, field, value) => setChild(ctx.values.xavis, root, field, value),
  }),
  xavi_child_seti: fn({
    doc: 'Sets a number field of the newest $xavi record.',
    args: [...names, varInt('value')],
    routes: ['any'],
    returns: done,
    example: 'xavi_child_seti("x", "a", "5");',
    run: (_me, ctx, root, field, value) => setChild(ctx.values.xavis, root, field, value),
  }),
  xavi_child_rm: fn({
    doc: 'Removes a field of the newest $xavi record.',
    args: names,
    routes: ['any'],
    returns: done,
    example: 'xavi_child_rm("x", "a");',
    run: (_me, ctx, root, field) => removed(ctx.values.xavis.record(root)?.delete(field, 0)),
  }),
  xavp_lshift: fn({
    doc: 'Moves the values of a name round to the left: the one at `index` becomes the first.',
    args: [varStr('name'), varInt('index')],
    routes: ['any'],
    returns: { 1: 'moved', [-2]: 'there are none' },
    example: 'xavp_lshift("x", "1");',
    run: (_me, ctx, name, by) => rotate(ctx.xavps, name, by),
  }),
};

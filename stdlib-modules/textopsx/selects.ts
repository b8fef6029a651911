/**
 * `@hf_value.name[2].param.q`, `@hf_value2.name`, `@hf_value_exists.name.value`: values of header fields that are lists
 * (textopsx.c, sel_hf_value_name and what it calls).
 */
import {
  dashed,
  nameAddrSelects,
  paramsSelect,
  type RouteContext,
  type SelectTable,
  type SelectWords,
  select,
  uriSelects,
} from '../../runtime/sdk/index.js';

/** Most values one name is cut into. */
const MAX_VALUES = 1000;
const isBlank = (c: string | undefined) => c === ' ' || c === '\t' || c === '\r' || c === '\n';

/** A field's body at the commas outside quotes; a comma at its end has nothing after it. */
function cut(body: string): string[] {
  const found: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < body.length && found.length < MAX_VALUES; i++) {
    if (body[i] === '"' && !(quoted && body[i - 1] === '\\')) quoted = !quoted;
    else if (body[i] === ',' && !quoted) {
      found.push(body.slice(start, i).trim());
      start = i + 1;
    }
  }
  if (start < body.length || found.length === 0) found.push(body.slice(start).trim());
  return found;
}
const fields = (ctx: RouteContext, words: SelectWords): string[] =>
  ctx.msg.headersOf(dashed(words[1])).map((field) => field.value);
const all = (ctx: RouteContext, words: SelectWords): string[] => fields(ctx, words).flatMap(cut);
/** From 1; from -1 backwards; 0 is the first. */
function at(list: readonly string[], words: SelectWords): string | undefined {
  const index = typeof words[2] === 'number' ? words[2] || 1 : 1;
  return list.at(index > 0 ? index - 1 : index);
}
const one = (ctx: RouteContext, words: SelectWords): string | undefined => at(all(ctx, words), words);
/** With commas between; what is empty before the first that is not leaves none. */
const joined = (values: readonly string[]): string | undefined =>
  values.length === 0 ? undefined : values.reduce((text, value) => (text === '' ? value : `${text},${value}`), '');
const map = <T>(value: string | undefined, read: (value: string) => T): T | undefined =>
  value === undefined ? undefined : read(value);

/** A value's display name, its URI in the brackets it has, and the rest. */
interface Address {
  readonly name: string;
  readonly uri: string;
  readonly rest: string;
}
function address(value: string): Address {
  let i = 0;
  let name = '';
  let uri = { start: -1, text: '' };
  let bracketed = false;
  while (i < value.length && value[i] !== ';') {
    const word = wordEnd(value, i);
    if (name === '') name = value.slice(0, word.end);
    if (!word.quoted && !bracketed) uri = { start: i, text: value.slice(i, word.end) };
    i = word.end;
    while (isBlank(value[i])) i++;
    if (value[i] !== '<') continue;
    const close = closing(value, i);
    bracketed ||= close < value.length;
    uri = { start: i, text: close < value.length ? value.slice(i, close + 1) : '' };
    i = close;
  }
  return { name: uri.start === 0 ? '' : name, uri: uri.text, rest: value.slice(i) };
}
/** Where a word ends, at a blank, `<` or `;` outside quotes, and whether it has quotes. */
function wordEnd(value: string, from: number): { end: number; quoted: boolean } {
  let open = false;
  let quoted = false;
  let i = from;
  for (; i < value.length; i++) {
    const c = value[i];
    if (c === '"' && !(open && value[i - 1] === '\\')) {
      open = !open;
      quoted = true;
    } else if (!open && (c === '<' || c === ';' || isBlank(c))) break;
  }
  return { end: i, quoted };
}
/** Offset of the `>` outside quotes; the length where there is none. */
function closing(value: string, from: number): number {
  let open = false;
  for (let i = from; i < value.length; i++) {
    if (value[i] === '"' && !(open && value[i - 1] === '\\')) open = !open;
    else if (value[i] === '>' && !open) return i;
  }
  return value.length;
}
const unbracketed = (uri: string): string => (uri.startsWith('<') ? uri.slice(1, -1) : uri);
const uriOf = (value: string): string => unbracketed(address(value).uri);
const unquoted = (name: string): string =>
  name.length >= 2 && name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name;

/** A parameter in `;a=1 ;b="x"`; undefined when it is not there. Nothing else may stand between. */
function param(rest: string, name: string): string | undefined {
  const wanted = name.toLowerCase();
  let i = 0;
  const skipBlank = () => {
    while (isBlank(rest[i])) i++;
  };
  for (;;) {
    skipBlank();
    if (rest[i] !== ';') return undefined;
    i++;
    skipBlank();
    const start = i;
    while (i < rest.length && !isBlank(rest[i]) && rest[i] !== '=' && rest[i] !== ';') i++;
    const found = rest.slice(start, i).toLowerCase() === wanted;
    let value = '';
    skipBlank();
    if (rest[i] === '=') {
      i++;
      skipBlank();
      const from = rest[i] === '"' ? i + 1 : i;
      if (rest[i] === '"') {
        const close = rest.indexOf('"', from);
        value = rest.slice(from, close < 0 ? undefined : close);
        i = close < 0 ? rest.length : close + 1;
      } else {
        while (i < rest.length && !isBlank(rest[i]) && rest[i] !== ';') i++;
        value = rest.slice(from, i);
      }
    }
    if (found) return value;
  }
}

function valueSelects(): SelectTable {
  const table: SelectTable = {};
  for (const path of ['hf_value.*', 'hf_value.*.#']) {
    const indexed = path.endsWith('#');
    const read = (ctx: RouteContext, words: SelectWords): string | undefined =>
      indexed ? one(ctx, words) : joined(all(ctx, words));
    const uri = (ctx: RouteContext, words: SelectWords): string | undefined =>
      indexed ? map(one(ctx, words), uriOf) : joined(all(ctx, words).map(uriOf));
    table[path] = select('value of a header field that is a list, or all of them', read);
    table[`${path}.name`] = select('display name of a value', (ctx, words) =>
      map(one(ctx, words), (value) => unquoted(address(value).name)),
    );
    table[`${path}.uri`] = select('URI of a value', uri);
    Object.assign(table, uriSelects(`${path}.uri`, 'a value', uri));
    Object.assign(table, paramsSelect(path, 'a value', read), nameAddrSelects(`${path}.nameaddr`, 'a value', read));
    for (const level of ['p', 'param'])
      table[`${path}.${level}.*`] = select('parameter of a value', (ctx, words) =>
        // Without an index, the values themselves.
        indexed ? map(one(ctx, words), (value) => param(address(value).rest, dashed(words.at(-1)))) : read(ctx, words),
      );
  }
  for (const path of ['hf_value2.*', 'hf_value2.*.#']) {
    const read = (ctx: RouteContext, words: SelectWords): string | undefined => at(fields(ctx, words), words);
    table[path] = select('body of a header field', read);
    Object.assign(table, paramsSelect(path, 'the body of a header field', read));
  }
  return table;
}

export const headerValueSelects: SelectTable = {
  ...valueSelects(),
  'hf_value_exists.*.*': select('1 when a header field has the value, 0 otherwise', (ctx, words) =>
    all(ctx, words).includes(String(words[2])) ? '1' : '0',
  ),
};

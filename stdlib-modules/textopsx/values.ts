/**
 * Editing header fields that are lists of values (`append_hf_value()` and its kin; textopsx.c): which value an
 * expression such as `Contact[2].expires` names, and the edits that add, change or remove it.
 */
import {
  equalsIgnoreCase,
  type HeaderField,
  headerId,
  type RouteContext,
  type Verdict,
} from '../../runtime/sdk/index.js';

/** `NAME`, `NAME[2]`, `NAME[-1]`, `NAME[*]`, each with `.param` behind it. */
export interface Place {
  readonly name: string;
  /** From 1; below 0 counted from the end; `*` all; null when not written. */
  readonly index: number | '*' | null;
  /** '' for the value itself. */
  readonly param: string;
}
const SHAPE = /^\s*([\w-]*)\s*(?:\[\s*(\*|[+-]?\d{1,9})?\s*\]\s*)?(?:\.\s*([\w-]+))?$/;
const INDEX = '(?:\\[\\s*[+-]?\\d*\\s*\\]\\s*)?';
/** What the expressions of each function have to look like, for the checker. */
export const shapes = {
  place: SHAPE.source,
  /** No `*`, no parameter. */
  value: `^\\s*[\\w-]*\\s*${INDEX}$`,
  /** `*` only with a parameter. */
  assigned: `^\\s*[\\w-]*\\s*(?:${INDEX}(?:\\.\\s*[\\w-]+)?|\\[\\s*\\*\\s*\\]\\s*\\.\\s*[\\w-]+)$`,
  name: '^\\s*[\\w-]*\\s*$',
} as const;

/** Null when it is none of these. */
export function parsePlace(text: string): Place | null {
  const found = SHAPE.exec(text);
  if (found === null) return null;
  const [, name = '', index, param = ''] = found;
  const bracketed = text.includes('[');
  return { name, index: index === '*' ? '*' : index === undefined ? (bracketed ? 0 : null) : Number(index), param };
}

/** Farthest from the end a value can be named. */
const MAX_BACKWARDS = 10;

/** One value: `start`..`end` is the text itself, `from`..`to` what leaves with it (white space before, comma after). */
interface Span {
  readonly field: HeaderField;
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}
const isBlank = (c: string | undefined) => c === ' ' || c === '\t' || c === '\r' || c === '\n';
const isName = (c: string | undefined) => c !== undefined && /[\w-]/.test(c);

/** Values of a field, at the commas outside quotes. Angle brackets do not protect a comma, as in Kamailio. */
function* valuesOf(raw: string, field: HeaderField): Generator<Span> {
  let at = field.valueStart;
  const stop = field.valueEnd;
  do {
    const from = at;
    while (at < stop && isBlank(raw[at])) at++;
    const start = at;
    let quoted = false;
    for (; at < stop && (quoted || raw[at] !== ','); at++) {
      if (raw[at] === '"' && (!quoted || raw[at - 1] !== '\\')) quoted = !quoted;
    }
    let end = at;
    while (end > start && isBlank(raw[end - 1])) end--;
    if (at < stop) at++;
    yield { field, start, end, from, to: at };
  } while (at < stop);
}

/** `whole`: a field is one value, however many commas it has. */
function find(ctx: RouteContext, name: string, index: number, whole: boolean): Span | null {
  const { raw } = ctx.msg;
  const spans = function* () {
    for (const field of ctx.msg.headersOf(name)) {
      const { valueStart: start, valueEnd: end } = field;
      if (whole) yield { field, start, end, from: start, to: end };
      else yield* valuesOf(raw, field);
    }
  };
  if (index > 0) {
    let left = index;
    for (const span of spans()) if (--left === 0) return span;
    return null;
  }
  if (index < -MAX_BACKWARDS) return null;
  const last: Span[] = [];
  for (const span of spans()) {
    last.push(span);
    if (last.length > MAX_BACKWARDS) last.shift();
  }
  return last.at(index) ?? null;
}

/** A parameter found: `update` runs from the end of its name to the end of its value, `remove` from the separator before it. */
interface ParamSpan {
  readonly value: string;
  readonly update: number;
  readonly remove: number;
  readonly end: number;
  /** Where the parameter and what has to go with it ends. */
  readonly removeEnd: number;
}
/** Not found: where a new one goes, and what separates it from what is there. */
interface ParamGap {
  readonly at: number;
  readonly delimiter: string;
}
const isFound = (place: ParamSpan | ParamGap): place is ParamSpan => 'update' in place;

/** First offset after the name-addr or addr-spec of a value: where `;param` begins. */
function afterAddress(raw: string, start: number, end: number): number {
  let at = start;
  while (at < end && raw[at] !== ';') {
    for (let quoted = false; at < end; at++) {
      const c = raw[at];
      if (quoted) {
        if (c === '"' && raw[at - 1] !== '\\') quoted = false;
      } else if (c === '"') quoted = true;
      else if (c === '<' || c === ';' || isBlank(c)) break;
    }
    while (at < end && isBlank(raw[at])) at++;
    if (raw[at] !== '<' || at >= end) continue;
    for (let quoted = false; at < end; at++) {
      const c = raw[at];
      if (quoted) {
        if (c === '"' && raw[at - 1] !== '\\') quoted = false;
      } else if (c === '"') quoted = true;
      else if (c === '>') break;
    }
  }
  return at;
}

/** `=value` at `at`: the value's text and the first offset behind it. Blanks before the `=` belong to it. */
function assigned(raw: string, at: number, end: number, separator: string): { value: string; after: number } {
  let i = at + 1;
  while (i < end && isBlank(raw[i])) i++;
  if (raw[i] === '"' && i < end) {
    const close = raw.indexOf('"', i + 1);
    const stop = close < 0 || close >= end ? end : close;
    return { value: raw.slice(i + 1, stop), after: Math.min(stop + 1, end) };
  }
  const start = i;
  while (i < end && !isBlank(raw[i]) && raw[i] !== separator) i++;
  return { value: raw.slice(start, i), after: i };
}
const skipBlank = (raw: string, from: number, end: number): number => {
  let at = from;
  while (at < end && isBlank(raw[at])) at++;
  return at;
};

/** `;name=value;name` from `start` on. */
function semicolonParam(raw: string, start: number, end: number, name: string): ParamSpan | ParamGap {
  let at = start;
  for (;;) {
    const remove = at;
    at = skipBlank(raw, at, end);
    if (at >= end || raw[at] !== ';') return { at: remove, delimiter: ';' };
    at = skipBlank(raw, at + 1, end);
    const nameAt = at;
    while (at < end && !isBlank(raw[at]) && raw[at] !== '=' && raw[at] !== ';') at++;
    const found = equalsIgnoreCase(raw.slice(nameAt, at), name);
    const update = at;
    at = skipBlank(raw, at, end);
    let value = '';
    if (at < end && raw[at] === '=') ({ value, after: at } = assigned(raw, at, end, ';'));
    if (found) return { value, update, remove, end: at, removeEnd: at };
  }
}
/** `scheme name=value, name="value"`: the form of Authorization. */
function commaParam(raw: string, start: number, end: number, name: string): ParamSpan | ParamGap {
  let at = start;
  let delimiter = '';
  while (at < end) {
    const remove = at;
    at = skipBlank(raw, at, end);
    const comma = at < end && raw[at] === ',';
    if (comma) at = skipBlank(raw, at + 1, end);
    if (at >= end) break;
    if (!isName(raw[at])) {
      at++;
      continue;
    }
    const nameAt = at;
    delimiter ||= ' ';
    while (at < end && isName(raw[at])) at++;
    const nameEnd = at;
    at = skipBlank(raw, at, end);
    if (at < end && raw[at] === '=') {
      delimiter = ',';
      const update = at;
      const { value, after } = assigned(raw, at, end, ',');
      at = after;
      if (equalsIgnoreCase(raw.slice(nameAt, nameEnd), name)) {
        const next = skipBlank(raw, at, end);
        return { value, update, remove, end: at, removeEnd: !comma && raw[next] === ',' && next < end ? next + 1 : at };
      }
    }
    at = skipBlank(raw, at, end);
  }
  return { at: end, delimiter };
}
type ParamFinder = typeof semicolonParam;

/** Null removes. */
function editParam(ctx: RouteContext, place: ParamSpan | ParamGap, name: string, value: string | null): boolean {
  const { edits } = ctx.draft;
  if (isFound(place)) {
    if (value === null) return edits.remove(place.remove, place.removeEnd);
    if (place.end > place.update) edits.remove(place.update, place.end);
    return value === '' || edits.insert(place.update, `=${value}`);
  }
  if (value === null) return false;
  return edits.insert(place.at, `${place.delimiter}${name}${value === '' ? '' : `=${value}`}`);
}
function editParams(
  ctx: RouteContext,
  finder: ParamFinder,
  start: number,
  end: number,
  name: string,
  value: string | null,
): boolean {
  const { raw } = ctx.msg;
  let place = finder(raw, start, end, name);
  const done = editParam(ctx, place, name, value);
  // Each of that name goes.
  while (value === null && isFound(place)) {
    place = finder(raw, place.removeEnd, end, name);
    if (isFound(place)) editParam(ctx, place, name, null);
  }
  return done;
}

const removeField = (ctx: RouteContext, field: HeaderField) => ctx.draft.edits.remove(field.start, field.end, field.id);
/** The last value goes with the comma before it. */
function removeValue(ctx: RouteContext, span: Span): boolean {
  const { field } = span;
  const from = span.to === field.valueEnd && span.from > field.valueStart ? span.from - 1 : span.from;
  if (from === field.valueStart && span.to === field.valueEnd) return removeField(ctx, field);
  return ctx.draft.edits.remove(from, span.to);
}
const appendField = (ctx: RouteContext, name: string, value: string, at = ctx.msg.headersEnd): boolean =>
  ctx.draft.edits.insert(at, `${name}: ${value}\r\n`, headerId(name));
const addValue = (ctx: RouteContext, field: HeaderField, at: number, value: string): boolean =>
  ctx.draft.edits.insert(at, at === field.valueEnd ? `,${value}` : `${value},`);

const verdict = (done: boolean): Verdict => (done ? 1 : -1);

export function appendValue(ctx: RouteContext, place: Place, value: string): Verdict {
  if (ctx.msg.broken || place.index === '*') return -1;
  if (place.index === null) return verdict(appendField(ctx, place.name, value));
  const span = find(ctx, place.name, place.index || -1, false);
  if (span === null) return verdict(appendField(ctx, place.name, value));
  return verdict(addValue(ctx, span.field, span.to, value));
}
export function insertValue(ctx: RouteContext, place: Place, value: string): Verdict {
  if (ctx.msg.broken || place.index === '*') return -1;
  const index = place.index || 1;
  const span = find(ctx, place.name, index, false);
  if (span !== null && place.index === null) return verdict(appendField(ctx, place.name, value, span.field.start));
  if (span === null) return verdict(index === 1 && appendField(ctx, place.name, value));
  return verdict(addValue(ctx, span.field, span.from, value));
}

/** Assigns, or removes when `value` is null. `whole`: fields in the form of Authorization, one value each. */
export function changeValue(ctx: RouteContext, place: Place, value: string | null, whole: boolean): Verdict {
  if (ctx.msg.broken) return -1;
  const { raw } = ctx.msg;
  const params = (span: Span): boolean =>
    whole
      ? editParams(ctx, commaParam, span.start, span.end, place.param, value)
      : editParams(ctx, semicolonParam, afterAddress(raw, span.start, span.end), span.end, place.param, value);
  if (place.index === '*') {
    let done = false;
    for (const field of ctx.msg.headersOf(place.name)) {
      if (place.param === '') done = removeField(ctx, field) || done;
      else if (whole) {
        const { valueStart: start, valueEnd: end } = field;
        done = params({ field, start, end, from: start, to: end }) || done;
      } else for (const span of valuesOf(raw, field)) done = params(span) || done;
    }
    return verdict(done);
  }
  const span = find(ctx, place.name, place.index || 1, whole);
  if (span === null) return -1;
  if (place.param !== '') return verdict(params(span));
  if (value === null) return verdict(whole ? removeField(ctx, span.field) : removeValue(ctx, span));
  if (!ctx.draft.edits.remove(span.start, span.end)) return -1;
  return verdict(value === '' || ctx.draft.edits.insert(span.start, value));
}

/** Values are compared whole, ASCII case ignored. */
function* equalValues(ctx: RouteContext, name: string, value: string): Generator<Span> {
  const { raw } = ctx.msg;
  for (const field of ctx.msg.headersOf(name))
    for (const span of valuesOf(raw, field))
      if (span.end > span.start && equalsIgnoreCase(raw.slice(span.start, span.end), value)) yield span;
}
export const hasValue = (ctx: RouteContext, name: string, value: string): boolean =>
  !ctx.msg.broken && value !== '' && equalValues(ctx, name, value).next().done !== true;

/** Adds the value to the first field of the name, or as a new field, unless it is there. */
export function includeValue(ctx: RouteContext, name: string, value: string): Verdict {
  if (ctx.msg.broken || value === '') return -1;
  if (hasValue(ctx, name, value)) return 1;
  const field = ctx.msg.header(name);
  return verdict(field === undefined ? appendField(ctx, name, value) : addValue(ctx, field, field.valueEnd, value));
}
export function excludeValue(ctx: RouteContext, name: string, value: string): Verdict {
  if (ctx.msg.broken || value === '') return -1;
  for (const span of equalValues(ctx, name, value)) removeValue(ctx, span);
  return 1;
}

/**
 * Format strings known only when the server starts, such as `log_prefix`: text with `$name`, `$name(key)`, `$(name(key)[index])`.
 * What the cfg's own routes contain is compiled; this is for the few strings that are settings.
 */
import type { RouteContext } from '../sdk/context.js';
import type { PvIndex, PvRef } from '../sdk/define.js';
import { text as shown } from '../values/coerce.js';
import type { Pv } from './program.js';

type Part = string | ((ctx: RouteContext) => string);
export type RunFormat = (ctx: RouteContext) => string;

/** A pv this cannot find stays as written. */
export function runFormat(source: string, pvs: Readonly<Record<string, Pv>>): RunFormat {
  const parts: Part[] = [];
  let at = 0;
  while (at < source.length) {
    const dollar = source.indexOf('$', at);
    if (dollar < 0) break;
    if (dollar > at) parts.push(source.slice(at, dollar));
    const found = reference(source, dollar + 1, pvs);
    parts.push(found?.part ?? '$');
    at = found?.end ?? dollar + 1;
  }
  if (at < source.length) parts.push(source.slice(at));
  return (ctx) => {
    let built = '';
    for (const part of parts) built += typeof part === 'string' ? part : part(ctx);
    return built;
  };
}

/** The pseudo-variable that a text is the name of, known only when a call runs; null: it is none. */
export function pvReference(text: string, pvs: Readonly<Record<string, Pv>>): PvRef<RouteContext> | null {
  const found = text[0] === '$' ? reference(text, 1, pvs) : null;
  if (!found?.pv || found.end !== text.length) return null;
  const { pv, key, index } = found;
  return {
    name: text,
    get: (ctx) => pv(ctx, key, index),
    set: (ctx, value) => pv.set(ctx, value, key, index) > 0,
  };
}

interface Reference {
  readonly part: Part;
  readonly end: number;
  readonly pv?: Pv;
  readonly key?: string | undefined;
  readonly index?: PvIndex;
}

function reference(source: string, start: number, pvs: Readonly<Record<string, Pv>>): Reference | null {
  if (source[start] === '$') return { part: '$', end: start + 1 };
  const wrapped = source[start] === '(';
  let at = wrapped ? start + 1 : start;
  const nameStart = at;
  while (at < source.length && isNameChar(source.charCodeAt(at))) at++;
  const name = source.slice(nameStart, at);
  if (name === '') return null;
  let key: string | undefined;
  if (source[at] === '(') {
    const close = source.indexOf(')', at);
    if (close < 0) return null;
    key = source.slice(at + 1, close);
    at = close + 1;
  }
  let index: PvIndex;
  if (wrapped && source[at] === '[') {
    const close = source.indexOf(']', at);
    if (close < 0) return null;
    const written = source.slice(at + 1, close);
    index = written === '*' ? '*' : Number(written);
    at = close + 1;
  }
  if (wrapped) {
    if (source[at] !== ')') return null;
    at++;
  }
  const pv = Object.hasOwn(pvs, `$${name}`) ? pvs[`$${name}`] : undefined;
  if (!pv) return name === 'rc' || name === 'retcode' ? { part: (ctx) => String(ctx.rc), end: at } : null;
  return { part: (ctx) => shown(pv(ctx, key, index)), end: at, pv, key, index };
}
const isNameChar = (c: number): boolean =>
  (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c === 0x5f;

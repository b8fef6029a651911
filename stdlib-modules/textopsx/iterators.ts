/**
 * Named iterators over header fields and body lines; they live as long as the run of the route.
 */
import type { HeaderField, RouteContext, Verdict } from '../../runtime/sdk/index.js';

export interface Line {
  readonly start: number;
  readonly end: number;
}
interface Iterator<T> {
  readonly items: readonly T[];
  /** -1 before the first `next`; at the length after the last. */
  at: number;
}
/** As many at once as Kamailio has. */
const MAX_ITERATORS = 4;

/** Iterators of one kind of this run. */
function of<T>(ctx: RouteContext, kind: string): Map<string, Iterator<T>> {
  const known = ctx.data.get(kind);
  if (known instanceof Map) return known;
  const made = new Map<string, Iterator<T>>();
  ctx.data.set(kind, made);
  return made;
}
export const FIELDS = 'textopsx.fields';
export const LINES = 'textopsx.lines';

export function start<T>(ctx: RouteContext, kind: string, name: string, items: readonly T[]): Verdict {
  const all = of<T>(ctx, kind);
  if (items.length === 0 || (!all.has(name) && all.size >= MAX_ITERATORS)) return -1;
  all.set(name, { items, at: -1 });
  return 1;
}
export function move(ctx: RouteContext, kind: string, name: string, by: 1 | -1): Verdict {
  const it = of(ctx, kind).get(name);
  if (it === undefined) return -1;
  it.at = Math.max(-1, Math.min(it.items.length, it.at + by));
  return it.at >= 0 && it.at < it.items.length ? 1 : -1;
}
export function end(ctx: RouteContext, kind: string, name: string): Verdict {
  return of(ctx, kind).delete(name) ? 1 : -1;
}
export const field = (ctx: RouteContext, name: string): HeaderField | undefined =>
  current<HeaderField>(ctx, FIELDS, name);
export const line = (ctx: RouteContext, name: string): Line | undefined => current<Line>(ctx, LINES, name);
function current<T>(ctx: RouteContext, kind: string, name: string): T | undefined {
  const it = of<T>(ctx, kind).get(name);
  return it?.items[it.at];
}

export function bodyLines(ctx: RouteContext): readonly Line[] {
  const { raw, bodyStart } = ctx.msg;
  const lines: Line[] = [];
  for (let at = bodyStart; at < raw.length; ) {
    const lf = raw.indexOf('\n', at);
    const stop = lf < 0 ? raw.length : lf + 1;
    lines.push({ start: at, end: stop });
    at = stop;
  }
  return lines;
}

/** Shell pattern: `*`, `?`, `[...]`, backslash. */
export function fnmatch(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      starAt = p++;
      starText = t;
      continue;
    }
    const step = matchOne(pattern, p, text[t]!);
    if (step > 0) {
      p += step;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
/** How many pattern characters match this one character; 0: none. */
function matchOne(pattern: string, p: number, c: string): number {
  const m = pattern[p];
  if (m === undefined) return 0;
  if (m === '?') return 1;
  if (m === '\\' && p + 1 < pattern.length) return pattern[p + 1] === c ? 2 : 0;
  if (m !== '[') return m === c ? 1 : 0;
  let i = p + 1;
  const negated = pattern[i] === '!' || pattern[i] === '^';
  if (negated) i++;
  let inside = false;
  for (let first = true; i < pattern.length && (first || pattern[i] !== ']'); first = false) {
    const low = pattern[i]!;
    if (pattern[i + 1] === '-' && pattern[i + 2] !== undefined && pattern[i + 2] !== ']') {
      if (c >= low && c <= pattern[i + 2]!) inside = true;
      i += 3;
    } else {
      if (c === low) inside = true;
      i++;
    }
  }
  if (i >= pattern.length) return c === '[' ? 1 : 0;
  return inside !== negated ? i - p + 1 : 0;
}

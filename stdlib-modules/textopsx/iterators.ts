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

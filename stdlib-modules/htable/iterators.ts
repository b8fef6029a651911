/**
 * Named iterators over a table; they live as long as the run of the route and see the items there were when they started.
 */
import type { RouteContext, Verdict } from '../../runtime/sdk/index.js';
import type { Cell, Table } from './table.js';

interface Iterator {
  readonly table: Table;
  items: readonly Cell[];
  /** -1: before the first, or past the last. */
  at: number;
}
const KEY = 'htable.iterators';
/** As many at once as Kamailio has. */
const MAX_ITERATORS = 4;
const MAX_NAME = 31;

function of(ctx: RouteContext): Map<string, Iterator> {
  const known = ctx.data.get(KEY);
  if (known instanceof Map) return known;
  const made = new Map<string, Iterator>();
  ctx.data.set(KEY, made);
  return made;
}
const inOrder = (table: Table): Cell[] => [...table.bySlot().values()].flat();

export function start(ctx: RouteContext, name: string, table: Table | undefined): Verdict {
  const all = of(ctx);
  if (name === '' || name.length > MAX_NAME || (!all.has(name) && all.size >= MAX_ITERATORS)) return -1;
  if (table === undefined) return -1;
  all.set(name, { table, items: [], at: -1 });
  return 1;
}
export function next(ctx: RouteContext, name: string): Verdict {
  const it = of(ctx).get(name);
  if (it === undefined) return -1;
  if (it.at < 0) it.items = inOrder(it.table);
  return advance(it) ? 1 : -1;
}
/** To the next item that is still there. */
function advance(it: Iterator): boolean {
  for (it.at++; it.at < it.items.length; it.at++) {
    const cell = it.items[it.at];
    if (cell !== undefined && it.table.cells.get(cell.name) === cell) return true;
  }
  it.at = -1;
  return false;
}
export const end = (ctx: RouteContext, name: string): Verdict => (of(ctx).delete(name) ? 1 : -1);
/** Removes the item and goes on to the one after it; -2 when that was the last. */
export function remove(ctx: RouteContext, name: string): Verdict {
  const it = of(ctx).get(name);
  const cell = it?.items[it.at];
  if (it === undefined || cell === undefined) return -1;
  it.table.cells.delete(cell.name);
  return advance(it) ? 1 : -2;
}
export function current(ctx: RouteContext, name: string): { readonly table: Table; readonly cell: Cell } | null {
  const it = of(ctx).get(name);
  const cell = it?.items[it.at];
  return it === undefined || cell === undefined ? null : { table: it.table, cell };
}

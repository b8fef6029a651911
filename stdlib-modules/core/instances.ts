/** Which instance of a group of run-time parameters a run reads (`cfg_select()`, cfg_struct.c); the group itself unless it says so. */
import type { RouteContext } from '../../runtime/sdk/index.js';

const SELECTED = 'core.instances';

export const selectedInstance = (ctx: RouteContext, group: string): number | null =>
  (ctx.data.get(SELECTED) as ReadonlyMap<string, number> | undefined)?.get(group) ?? null;

/** Null: the group itself again. */
export function selectInstance(ctx: RouteContext, group: string, id: number | null): void {
  const selected = new Map(ctx.data.get(SELECTED) as ReadonlyMap<string, number> | undefined);
  if (id === null) selected.delete(group);
  else selected.set(group, id);
  ctx.data.set(SELECTED, selected);
}

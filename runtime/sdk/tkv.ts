/** `event_route[core:tkv]`: something is told of with a type, a key and a value (Kamailio's async_task.c, async_tkv_emit()). */
import type { RouteContext } from './context.js';

export interface Told {
  readonly type: number;
  readonly key: string;
  readonly value: string;
}

const TOLD = 'core.tkv';
/** Longest value (KSR_ASYNC_TKV_SIZE). */
const MAX_BYTES = 1024;

/** Of the run of such an event; null in any other. */
export const toldOf = (ctx: RouteContext): Told | null => (ctx.data.get(TOLD) as Told | undefined) ?? null;
export const setTold = (ctx: RouteContext, told: Told): void => {
  ctx.data.set(TOLD, { ...told, value: told.value.slice(0, MAX_BYTES) });
};

/** Script flags (`setsflag()`, `$sf`): 32 bits that last as long as the run. */
import type { RouteContext } from './context.js';

const KEY = 'script.flags';

export function scriptFlags(ctx: RouteContext): number {
  const value = ctx.data.get(KEY);
  return typeof value === 'number' ? value : 0;
}
export function setScriptFlags(ctx: RouteContext, flags: number): void {
  ctx.data.set(KEY, flags >>> 0);
}

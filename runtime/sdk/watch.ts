/**
 * Who is told of each action of the routes: the debugger. Emitted code asks only where the cfg loads a module that declares
 * `watchesRoutes`; everywhere else there is nothing to ask.
 */
import type { RouteContext } from './context.js';
import type { PvRef, ScriptAction } from './define.js';

export interface RouteObserver {
  /** Before the action; the route waits for what it answers. */
  action(ctx: RouteContext, action: ScriptAction): Promise<void> | undefined;
  /** After an assignment that worked. */
  assigned(ctx: RouteContext, target: PvRef<RouteContext>): void;
}

/** One a server; emitted code has it as `watch`. */
export class RouteWatch {
  observer: RouteObserver | null = null;
  get on(): boolean {
    return this.observer !== null;
  }
  step(ctx: RouteContext, action: ScriptAction): Promise<void> | undefined {
    return this.observer?.action(ctx, action);
  }
  assigned(ctx: RouteContext, target: PvRef<RouteContext>): void {
    this.observer?.assigned(ctx, target);
  }
}

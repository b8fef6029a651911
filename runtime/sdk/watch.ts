/**
 * Who is told of each action of the routes: the debugger. Emitted code asks only where the cfg loads a module that declares
 * `watchesRoutes`; everywhere else there is nothing to ask. And who is told of each message and of each run: cfgt.
 */
import type { SipMessage } from '../message/message.js';
import type { Maybe } from '../transaction/steps.js';
import type { RouteContext } from './context.js';
import type { PvRef, ScriptAction } from './define.js';

export interface RouteObserver {
  /** Before the action; the route waits for what it answers. */
  action(ctx: RouteContext, action: ScriptAction): Promise<void> | undefined;
  /** After an assignment that worked. */
  assigned(ctx: RouteContext, target: PvRef<RouteContext>): void;
}

/** Stands around what is done: each method calls the function it gets, once, and answers with what that gave. */
export interface MessageObserver {
  /** All that is done for a message from the network, later things too, is started within `handle`. */
  received<T>(msg: SipMessage, handle: () => T): T;
  /** A run of a top-level block; of a response, forwarding it too. */
  run<T>(ctx: RouteContext, run: () => Maybe<T>): Maybe<T>;
}

/** One a server; emitted code has it as `watch`. */
export class RouteWatch {
  observer: RouteObserver | null = null;
  messages: MessageObserver | null = null;
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

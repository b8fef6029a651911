/**
 * Stepping: with breakpoints on, a run waits before each of its actions until `dbg.bp` lets it go on. Runs that arrive
 * meanwhile wait behind it, as messages do behind a process of Kamailio that is held.
 */
import type { RouteContext, ScriptAction } from '../../runtime/sdk/index.js';

export interface Held {
  readonly ctx: RouteContext;
  readonly action: ScriptAction;
  readonly goOn: () => void;
}

/** More runs than this are not held: they would hold all memory too. */
const MAX_HELD = 1000;

export class Breakpoints {
  on = false;
  #held: Held[] = [];
  /** The run that was let one action further: it comes first again. */
  #stepping: RouteContext | null = null;

  /** The run that commands are about. */
  get first(): Held | null {
    return this.#held[0] ?? null;
  }
  /** It has gone on by one action and not arrived at the next. */
  get isStepping(): boolean {
    return this.#stepping !== null;
  }

  /** Undefined: the run goes on at once. */
  hold(ctx: RouteContext, action: ScriptAction, arrived: () => void): Promise<void> | undefined {
    if (!this.on || this.#held.length >= MAX_HELD) return undefined;
    return new Promise((goOn) => {
      const held = { ctx, action, goOn };
      if (this.#stepping === ctx) {
        this.#stepping = null;
        this.#held.unshift(held);
      } else {
        arrived();
        this.#held.push(held);
      }
    });
  }
  /** Lets the first run go on to its next action; which one it now does. */
  next(): ScriptAction | null {
    const held = this.#held.shift();
    if (held === undefined) return null;
    this.#stepping = held.ctx;
    held.goOn();
    return held.action;
  }
  /** Off, and all that wait go on. */
  release(): void {
    this.on = false;
    this.#stepping = null;
    for (const { goOn } of this.#held.splice(0)) goOn();
  }
}

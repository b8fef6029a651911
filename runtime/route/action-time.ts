/**
 * `latency_limit_action`: an action that took long is told (action.c, run_actions()). What it waited for is in it. Programs ask
 * only where the cfg writes the parameter.
 */
import { type Clock, type Log, type LogLevel, prints } from '../env.js';
import type { RouteContext } from '../sdk/context.js';
import type { ScriptAction } from '../sdk/define.js';
import { actionOf } from '../sdk/script-actions.js';

/** Read live. */
export interface ActionLimits {
  /** Microseconds; 0: none is told. */
  readonly latency_limit_action: number;
  readonly latency_log: number;
}
export interface ActionTime {
  /** When an action begins, ms; -1 while nothing is told. */
  started(): number;
  took(ctx: RouteContext, since: number, action: ScriptAction): void;
}

const SOURCE = '<core>';

export function actionTime(clock: Clock, log: Log, limits: ActionLimits): ActionTime {
  const level = () => Math.max(-5, Math.min(3, limits.latency_log)) as LogLevel;
  return {
    started: () => (limits.latency_limit_action > 0 && prints(log, level(), SOURCE) ? clock.monotonic() : -1),
    took(ctx, since, action) {
      if (since < 0) return;
      const usec = Math.round((clock.monotonic() - since) * 1000);
      if (usec < limits.latency_limit_action) return;
      const name = action.kind === 'function' ? action.name : 'corefunc';
      const place = `cfg [${action.file}:${action.line}]`;
      ctx.log(level(), `alert - action [${name} (${actionOf(action)[1]})] ${place} took too long [${usec} us]`, SOURCE);
    },
  };
}

/** Answers to PUBLISH and SUBSCRIBE. */
import type { RouteContext } from '../../runtime/sdk/index.js';
import type { World } from './settings.js';

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}
export const refusals = {
  badRequest: { status: 400, reason: 'Bad request' },
  invalid: { status: 400, reason: 'Invalid request' },
  conditional: { status: 412, reason: 'Conditional request failed' },
  brief: { status: 423, reason: 'Interval Too Brief' },
  noSubscription: { status: 481, reason: 'Subscription does not exist' },
  badEvent: { status: 489, reason: 'Bad Event' },
  server: { status: 500, reason: 'Server Internal Error' },
} as const satisfies Readonly<Record<string, Refusal>>;

/** A request that cannot be served; thrown while it is read, answered at the door. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.reason);
  }
}

export function refuse(world: World, ctx: RouteContext, { status, reason }: Refusal): void {
  if (status === 489) ctx.draft.addReplyHeader(`Allow-Events: ${world.packages.allowed}\r\n`);
  if (status === 423) ctx.draft.addReplyHeader(`Min-Expires: ${world.settings.minExpires}\r\n`);
  world.refused[ctx.msg.method === 'PUBLISH' ? 'PUBLISH' : 'SUBSCRIBE'].value++;
  world.sl.reply(ctx, status, reason);
}

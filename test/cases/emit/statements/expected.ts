// from input.cfg
import {
  EXIT,
  defineProgram,
  eq,
  toInt,
  zero,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { core, sl } from 'sipc/modules';
import { $rU } from 'sipc/pvs';

export function request_route(ctx: RouteContext): Verdict {
  if ($rU(ctx) === null) {
    return EXIT;
  }
  if (eq($rU(ctx), 'a')) {
    ctx.rc = sl.sl_send_reply(ctx, 404, 'Not here');
  } else if (eq($rU(ctx), 'b')) {
    if ((ctx.rc = route_HELPER(ctx)) === EXIT) return EXIT;
  } else {
    return -1;
  }
  if ((ctx.rc = route_HELPER(ctx)) === EXIT) return EXIT;
  if (ctx.rc > 0) {
    return ctx.rc || zero(ctx);
  }
  ctx.dropped = true;
  return EXIT;
}

export function route_HELPER(ctx: RouteContext): Verdict {
  return 0;
}

export function route_EMPTY(ctx: RouteContext): Verdict {
  return 1;
}

export function route_LAST(ctx: RouteContext): Verdict {
  if (toInt(ctx.vars.x) > 0) {
    return core.setflag(ctx, 1);
  }
  return 1;
}

export function reply_route(ctx: RouteContext): Verdict {
  ctx.dropped = true;
  return EXIT;
}

const routes: Record<string, RouteFunction> = {
  HELPER: route_HELPER,
  EMPTY: route_EMPTY,
  LAST: route_LAST,
};

export default defineProgram({
  source: 'input.cfg',
  version: '0',
  settings: {},
  listen: [],
  aliases: [],
  custom: [],
  flags: {},
  modules: ['pv', 'sl'],
  modparams: [],
  vars: () => ({ x: 0 }),
  request_route: request_route,
  reply_route: reply_route,
  onsend_route: null,
  routes,
  failure_route: {},
  branch_route: {},
  onreply_route: {},
  event_route: {},
  branch_failure_route: {},
});

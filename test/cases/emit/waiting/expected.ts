// from input.cfg
import {
  EXIT,
  defineProgram,
  eq,
  toInt,
  turn,
  zero,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { siputils, sl, tm } from 'sipc/modules';

export async function request_route(ctx: RouteContext): Promise<Verdict> {
  let v: Verdict | Promise<Verdict>;
  if ((ctx.rc = typeof (v = tm.t_relay(ctx)) === 'number' ? v : await v) === 0) return zero(ctx);
  if (ctx.rc <= 0) {
    ctx.rc = sl.sl_reply_error(ctx);
  }
  let t1 = (ctx.rc = siputils.has_totag(ctx)) > 0;
  if (t1) {
    if ((ctx.rc = tm.t_check_trans(ctx)) === 0) return zero(ctx);
    t1 = ctx.rc > 0;
  }
  if (t1 || toInt(ctx.vars.x) !== 0) {
    return EXIT;
  }
  for (let n2 = 1; ; n2++) {
    if ((ctx.rc = tm.t_check_trans(ctx)) === 0) return zero(ctx);
    if (!(ctx.rc > 0) || !turn(ctx, n2, 'input.cfg:9:2')) break;
    if ((ctx.rc = typeof (v = tm.t_relay(ctx)) === 'number' ? v : await v) === 0) return zero(ctx);
  }
  if ((ctx.rc = typeof (v = tm.t_relay(ctx)) === 'number' ? v : await v) === 0) return zero(ctx);
  ctx.vars.v = ctx.rc;
  const t3 = async (): Promise<Verdict> => {
    return (await tm.t_relay(ctx)) || zero(ctx);
  };
  const t4 = await t3();
  if (t4 === EXIT) return EXIT;
  ctx.vars.w = t4;
  let t5 = eq(ctx.vars.x, 1);
  if (t5) {
    if ((ctx.rc = await route_RELAY(ctx)) === EXIT) return EXIT;
    t5 = ctx.rc <= 0;
  }
  if (t5) {
    return EXIT;
  }
  if ((ctx.rc = route_SYNC(ctx)) === EXIT) return EXIT;
  return (await tm.t_relay(ctx)) || zero(ctx);
}

export async function route_RELAY(ctx: RouteContext): Promise<Verdict> {
  return (await tm.t_relay(ctx)) || zero(ctx);
}

export function route_SYNC(ctx: RouteContext): Verdict {
  return tm.t_check_trans(ctx) || zero(ctx);
}

const routes: Record<string, RouteFunction> = {
  RELAY: route_RELAY,
  SYNC: route_SYNC,
};

export default defineProgram({
  source: 'input.cfg',
  version: '0',
  settings: {},
  listen: [],
  aliases: [],
  custom: [],
  flags: {},
  modules: ['pv', 'tm', 'siputils', 'sl'],
  modparams: [],
  vars: () => ({ x: 0, v: 0, w: 0 }),
  request_route: request_route,
  reply_route: null,
  onsend_route: null,
  routes,
  failure_route: {},
  branch_route: {},
  onreply_route: {},
  event_route: {},
  branch_failure_route: {},
});

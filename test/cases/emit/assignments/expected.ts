// from input.cfg
import { EXIT, defineProgram, tr, withText, type RouteContext, type RouteFunction, type Verdict } from 'sipc/program';
import { siputils } from 'sipc/modules';
import { $avp, $du, $fU, $ru } from 'sipc/pvs';

export function request_route(ctx: RouteContext): Verdict {
  ctx.vars.a = 0;
  $avp.set(ctx, ctx.vars.a, 'x');
  $avp.set(ctx, null, 'x', '*');
  $ru.set(ctx, 'sip:bob@example.com');
  $du.set(ctx, null);
  ctx.vars.b = ctx.rc = siputils.has_totag(ctx);
  const t1 = (): Verdict => {
    return 7;
  };
  const t2 = t1();
  if (t2 === EXIT) return EXIT;
  ctx.vars.c = t2;
  if (((ctx.vars.d = 5), 1) > 0) {
    return EXIT;
  }
  return $fU.set(ctx, withText(tr.s_toupper($fU(ctx))));
}

const routes: Record<string, RouteFunction> = {};

export default defineProgram({
  source: 'input.cfg',
  version: '0',
  settings: {},
  listen: [],
  aliases: [],
  custom: [],
  flags: {},
  modules: ['pv', 'siputils'],
  modparams: [],
  vars: () => ({ a: 0, b: 0, c: 0, d: 0 }),
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

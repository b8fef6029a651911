// from input.cfg
import {
  EXIT,
  action,
  defineProgram,
  eq,
  plus,
  pvRef,
  toInt,
  toStr,
  turn,
  varRef,
  watch,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { core, siputils, sl, textops } from 'sipc/modules';
import { $avp, $du, $rU, $ru } from 'sipc/pvs';

const a1 = action('DEFAULT_ROUTE', 'input.cfg', 8, 'assign');
const pv1 = varRef('x');
const a2 = action('DEFAULT_ROUTE', 'input.cfg', 14, 'if');
const a3 = action('DEFAULT_ROUTE', 'input.cfg', 9, 'function', 'is_method', 1);
const a4 = action('DEFAULT_ROUTE', 'input.cfg', 9, 'function', 'has_totag');
const a5 = action('DEFAULT_ROUTE', 'input.cfg', 10, 'assign');
const pv2 = pvRef('$ru', $ru);
const a6 = action('DEFAULT_ROUTE', 'input.cfg', 11, 'core', 'isflagset', 1);
const a7 = action('DEFAULT_ROUTE', 'input.cfg', 12, 'route');
const a8 = action('DEFAULT_ROUTE', 'input.cfg', 17, 'while');
const a9 = action('DEFAULT_ROUTE', 'input.cfg', 15, 'assign');
const a10 = action('DEFAULT_ROUTE', 'input.cfg', 17, 'if');
const a11 = action('DEFAULT_ROUTE', 'input.cfg', 16, 'flow', 'exit');
const a12 = action('DEFAULT_ROUTE', 'input.cfg', 18, 'texts');
const a13 = action('DEFAULT_ROUTE', 'input.cfg', 18, 'function', 'sl_send_reply', 2);
const a14 = action('DEFAULT_ROUTE', 'input.cfg', 18, 'flow', 'exit');
const a15 = action('DEFAULT_ROUTE', 'input.cfg', 19, 'assign');
const a16 = action('DEFAULT_ROUTE', 'input.cfg', 19, 'route');
const pv3 = pvRef('$avp(y)', $avp, 'y');
const a17 = action('DEFAULT_ROUTE', 'input.cfg', 20, 'assign');
const pv4 = pvRef('$du', $du);
const a18 = action('ONE', 'input.cfg', 23, 'flow', 'return');
const pv5 = pvRef('$rU', $rU);

export async function request_route(ctx: RouteContext): Promise<Verdict> {
  if (watch.on) await watch.step(ctx, a1);
  ctx.vars.x = 1;
  if (watch.on) watch.assigned(ctx, pv1);
  if (watch.on) await watch.step(ctx, a2);
  if (watch.on) await watch.step(ctx, a3);
  ctx.rc = textops.is_method(ctx, 'BYE');
  const t1 = ctx.rc > 0;
  let t2 = t1;
  if (!t2) {
    let t3 = eq(ctx.vars.x, 2);
    if (t3) {
      if (watch.on) await watch.step(ctx, a4);
      ctx.rc = siputils.has_totag(ctx);
      t3 = ctx.rc > 0;
    }
    t2 = t3;
  }
  if (t2) {
    if (watch.on) await watch.step(ctx, a5);
    const t4 = $ru.set(ctx, 'sip:' + toStr($rU(ctx)) + '@example.com');
    if (watch.on && t4 > 0) watch.assigned(ctx, pv2);
  } else {
    if (watch.on) await watch.step(ctx, a2);
    if (watch.on) await watch.step(ctx, a6);
    const t5 = core.isflagset(ctx, 1);
    if (t5 <= 0) {
      if (watch.on) await watch.step(ctx, a7);
      if ((ctx.rc = await route_ONE(ctx)) === EXIT) return EXIT;
    }
  }
  if (watch.on) await watch.step(ctx, a8);
  for (let n6 = 1; toInt(ctx.vars.x) < 3 && turn(ctx, n6, 'input.cfg:14:2'); n6++) {
    if (watch.on) await watch.step(ctx, a9);
    ctx.vars.x = plus(ctx.vars.x, 1) ?? 0;
    if (watch.on) watch.assigned(ctx, pv1);
    if (watch.on) await watch.step(ctx, a10);
    if (eq(ctx.vars.x, 2)) {
      if (watch.on) await watch.step(ctx, a11);
      break;
    }
  }
  if (watch.on) await watch.step(ctx, a12);
  switch (toStr($rU(ctx))) {
    case 'a': {
      if (watch.on) await watch.step(ctx, a13);
      ctx.rc = sl.sl_send_reply(ctx, 200, 'OK');
      if (watch.on) await watch.step(ctx, a14);
      break;
    }
  }
  if (watch.on) await watch.step(ctx, a15);
  if (watch.on) await watch.step(ctx, a16);
  if ((ctx.rc = await route_ONE(ctx)) === EXIT) return EXIT;
  const t7 = $avp.set(ctx, ctx.rc, 'y');
  if (watch.on && t7 > 0) watch.assigned(ctx, pv3);
  if (watch.on) await watch.step(ctx, a17);
  const t8 = $du.set(ctx, null);
  if (watch.on && t8 > 0) watch.assigned(ctx, pv4);
  return t8;
}

export async function route_ONE(ctx: RouteContext): Promise<Verdict> {
  if (watch.on) await watch.step(ctx, a18);
  return 2;
}

const routes: Record<string, RouteFunction> = {
  ONE: route_ONE,
};

export default defineProgram({
  source: 'input.cfg',
  version: '0',
  settings: {},
  listen: [],
  aliases: [],
  custom: [],
  flags: {},
  pvs: [
    pv1,
    pv2,
    pv5,
    pv3,
    pv4,
  ],
  modules: ['pv', 'sl', 'textops', 'siputils', 'debugger'],
  modparams: [],
  vars: () => ({ x: 0 }),
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

// from input.cfg
import {
  EXIT,
  action,
  defineProgram,
  eq,
  methodId,
  plus,
  started,
  toInt,
  toStr,
  took,
  turn,
  zero,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { core, textops, tm } from 'sipc/modules';
import { $rm } from 'sipc/pvs';

const a1 = action('DEFAULT_ROUTE', 'input.cfg', 13, 'if');
const a2 = action('DEFAULT_ROUTE', 'input.cfg', 8, 'function', 'is_method', 1);
const a3 = action('DEFAULT_ROUTE', 'input.cfg', 9, 'assign');
const a4 = action('DEFAULT_ROUTE', 'input.cfg', 10, 'route');
const a5 = action('DEFAULT_ROUTE', 'input.cfg', 16, 'while');
const a6 = action('DEFAULT_ROUTE', 'input.cfg', 14, 'assign');
const a7 = action('DEFAULT_ROUTE', 'input.cfg', 16, 'if');
const a8 = action('DEFAULT_ROUTE', 'input.cfg', 20, 'texts');
const a9 = action('DEFAULT_ROUTE', 'input.cfg', 21, 'function', 't_relay');
const a10 = action('SAY', 'input.cfg', 24, 'core', 'setflag', 1);
const a11 = action('SAY', 'input.cfg', 25, 'flow', 'return');
const a12 = action('SAY', 'input.cfg', 25, 'function', 'is_method', 1);

export async function request_route(ctx: RouteContext): Promise<Verdict> {
  let v: Verdict | Promise<Verdict>;
  let last: Verdict = 1;
  const m1 = started();
  const m2 = started();
  ctx.rc = textops.is_method(ctx, 'INVITE');
  took(ctx, m2, a2);
  const t3 = ctx.rc > 0;
  if (t3 && eq(ctx.vars.x, 1)) {
    const m4 = started();
    ctx.vars.x = plus(ctx.vars.x, 1) ?? 0;
    took(ctx, m4, a3);
  } else {
    const m5 = started();
    const m6 = started();
    ctx.rc = route_SAY(ctx);
    if (ctx.rc === EXIT) {
      took(ctx, m5, a1);
      return EXIT;
    }
    took(ctx, m6, a4);
    if (ctx.rc > 0) {
      took(ctx, m5, a1);
      took(ctx, m1, a1);
      return 1;
    }
    took(ctx, m5, a1);
  }
  took(ctx, m1, a1);
  const m7 = started();
  for (let n8 = 1; toInt(ctx.vars.x) < 3 && turn(ctx, n8, 'input.cfg:13:2'); n8++) {
    const m9 = started();
    ctx.vars.x = plus(ctx.vars.x, 1) ?? 0;
    took(ctx, m9, a6);
    const m10 = started();
    if (eq(ctx.vars.x, 2)) {
      took(ctx, m10, a7);
      break;
    }
    took(ctx, m10, a7);
  }
  took(ctx, m7, a5);
  const m11 = started();
  switch (toStr($rm(ctx))) {
    case 'ACK': {
      return EXIT;
    }
  }
  took(ctx, m11, a8);
  const m12 = started();
  last = ctx.rc = typeof (v = tm.t_relay(ctx)) === 'number' ? v : await v;
  took(ctx, m12, a9);
  if (ctx.rc === 0) {
    return zero(ctx);
  }
  return last;
}

export function route_SAY(ctx: RouteContext): Verdict {
  let last: Verdict = 1;
  const m1 = started();
  core.setflag(ctx, 1);
  took(ctx, m1, a10);
  const m2 = started();
  const m3 = started();
  ctx.rc = textops.is_method(ctx, 'BYE');
  took(ctx, m3, a12);
  const t4 = ctx.rc > 0;
  took(ctx, m2, a11);
  return t4 ? 1 : zero(ctx);
  return last;
}

const routes: Record<string, RouteFunction> = {
  SAY: route_SAY,
};

export default defineProgram({
  source: 'input.cfg',
  version: '0',
  settings: {
    latency_limit_action: 0,
  },
  listen: [],
  aliases: [],
  custom: [],
  flags: {},
  modules: ['pv', 'sl', 'tm', 'textops'],
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

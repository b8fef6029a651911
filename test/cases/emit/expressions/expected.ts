// from input.cfg
import {
  EXIT,
  attempt,
  defineProgram,
  div,
  eq,
  matches,
  matchesDynamic,
  mod,
  ne,
  plus,
  regex,
  toInt,
  toStr,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { $rU, $rd } from 'sipc/pvs';

const re1 = regex('^[0-9]+$', 'i');

export function request_route(ctx: RouteContext): Verdict {
  ctx.vars.a = 3;
  ctx.vars.b = plus(ctx.vars.a, 1) ?? 0;
  ctx.vars.c = 'sip:' + toStr($rU(ctx)) + '@' + '10';
  const t1 = attempt(() => div(mod(Math.imul(toInt(ctx.vars.a), 2), 5), toInt(ctx.vars.b)));
  if (t1 !== undefined) {
    ctx.vars.d = t1;
  }
  ctx.vars.e = (toInt(ctx.vars.a) & 3) | ((~toInt(ctx.vars.b)) ^ 4);
  ctx.vars.f = (toInt($rU(ctx)) + toStr($rU(ctx)).length) | 0;
  ctx.vars.g = toStr(ctx.vars.a) + 'x';
  ctx.vars.h = ((toInt(ctx.vars.a) > 1 && toInt(ctx.vars.b) <= 2) || toInt(ctx.vars.c) === 0) ? 1 : 0;
  ctx.vars.i = -toInt(ctx.vars.a) | 0;
  if (eq($rU(ctx), 'x') && ne(ctx.vars.a, 0)) {
    return EXIT;
  }
  if (eq(ctx.vars.a, 1) || (toStr($rU(ctx)) === 'b' && toStr($rd(ctx)) !== 'c')) {
    return EXIT;
  }
  if ($rU(ctx) !== null && toStr($rd(ctx)) === '') {
    return EXIT;
  }
  if (matches($rU(ctx), re1)) {
    return EXIT;
  }
  if (!matchesDynamic($rU(ctx), ctx.vars.g)) {
    return EXIT;
  }
  if (1 === toInt(ctx.vars.a)) {
    return EXIT;
  }
  return 1;
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
  modules: ['pv'],
  modparams: [],
  vars: () => ({ a: 0, b: 0, c: 0, d: 0, e: 0, f: 0, g: 0, h: 0, i: 0 }),
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

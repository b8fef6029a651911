// from input.cfg
import {
  EXIT,
  defineProgram,
  eq,
  firstMatch,
  methodId,
  regex,
  toInt,
  toStr,
  turn,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { core, siputils } from 'sipc/modules';
import { $rU, $rm } from 'sipc/pvs';

const re1 = regex('^b', '');

export function request_route(ctx: RouteContext): Verdict {
  ctx.vars.i = 3;
  for (let n1 = 1; toInt(ctx.vars.i) > 0 && turn(ctx, n1, 'input.cfg:6:2'); n1++) {
    ctx.vars.i = (toInt(ctx.vars.i) - 1) | 0;
    if (eq(ctx.vars.i, 1)) {
      break;
    }
  }
  switch (toInt(ctx.vars.i)) {
    case 1:
    case -2: {
      core.setflag(ctx, 1);
      break;
    }
    default: {
      core.setflag(ctx, 2);
    }
  }
  switch (firstMatch(toStr($rU(ctx)), ['a', re1])) {
    case 0: {
      return EXIT;
    }
    case 1: {
      ctx.dropped = true;
      return EXIT;
    }
  }
  for (let n2 = 1; ; n2++) {
    if ((ctx.rc = route_STEP(ctx)) === EXIT) return EXIT;
    if (!(ctx.rc > 0) || !turn(ctx, n2, 'input.cfg:22:2')) break;
  }
  let last: Verdict = 1;
  switch (toStr($rm(ctx))) {
    case 'BYE': {
      ctx.rc = siputils.has_totag(ctx);
      last = 0;
      break;
    }
    default: {
      last = core.setflag(ctx, 3);
    }
  }
  return last;
}

export function route_STEP(ctx: RouteContext): Verdict {
  let last: Verdict = 1;
  for (let n1 = 1; (ctx.rc = siputils.has_totag(ctx)) > 0; n1++) {
    if (!turn(ctx, n1, 'input.cfg:29:2')) {
      last = -1;
      break;
    }
    last = core.setflag(ctx, 4);
  }
  return last;
}

const routes: Record<string, RouteFunction> = {
  STEP: route_STEP,
};

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
  vars: () => ({ i: 0 }),
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

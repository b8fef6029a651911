// from input.cfg
import {
  EXIT,
  defineProgram,
  eq,
  hostIs,
  hostName,
  inNetwork,
  keyword,
  matches,
  methodId,
  network,
  plus,
  regex,
  toInt,
  toStr,
  turn,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { textops, xlog } from 'sipc/modules';
import { $fU, $rU, $rm } from 'sipc/pvs';

const host1 = hostName('gw.example.com');
const re1 = regex('^(INV|ACK)', 'i');
const net1 = network('10.0.0.0/8');

export function request_route(ctx: RouteContext): Verdict {
  ctx.vars.a = 1;
  if (toInt(ctx.vars.a) > 0) {
    ctx.rc = xlog.xlog(ctx, () => 'L_INFO', () => 'left\n');
  }
  if (toStr($rU(ctx)) === '' || $fU(ctx) === null) {
    ctx.dropped = true;
    return EXIT;
  }
  ctx.vars.b = (eq($rU(ctx), 'bob') ? 'yes' : 'no') + '!';
  const t1 = (): Verdict => {
    if ((ctx.rc = textops.is_method(ctx, 'INVITE')) > 0) {
      return 7;
    }
    return -1;
  };
  const t2 = t1();
  if (t2 === EXIT) return EXIT;
  ctx.vars.c = t2;
  ctx.vars.d = (((ctx.vars.a = 0), 1) > 0) ? 1 : 0;
  ctx.vars.e = ((((methodId(toStr($rm(ctx)))) + 1) | 0) - (methodId(toStr($rm(ctx))))) | 0;
  if (hostIs(ctx, keyword.src_ip(ctx), host1) || hostIs(ctx, keyword.src_ip(ctx), ctx.vars.b)) {
    return EXIT;
  }
  if (keyword.proto(ctx) !== 'udp' && keyword.src_port(ctx) >= 1024 && matches($rm(ctx), re1)) {
    return EXIT;
  }
  switch (((toInt(ctx.vars.a) + 1) | 0)) {
    case 1:
    case 2: {
      break;
    }
    default: {
      return EXIT;
    }
  }
  return route_LAST(ctx);
}

export function route_LAST(ctx: RouteContext): Verdict {
  let last: Verdict = 1;
  for (let n1 = 1; toInt(ctx.vars.a) > 0 || eq(ctx.vars.b, 'x'); n1++) {
    if (!turn(ctx, n1, 'input.cfg:20:3')) {
      last = -1;
      break;
    }
    ctx.vars.a = (toInt(ctx.vars.a) - 1) | 0;
    last = ctx.rc = textops.is_method(ctx, 'ACK');
  }
  return last;
}

export function onsend_route(ctx: RouteContext): Verdict {
  if ((inNetwork(keyword.to_ip(ctx), net1) && ctx.sending !== null && (keyword.snd_port(ctx) === 5060)) || ctx.sending !== null && (keyword.snd_proto(ctx) !== 'tcp')) {
    ctx.dropped = true;
    return EXIT;
  }
  return 1;
}

export function event_route_tm_local_request(ctx: RouteContext): Verdict {
  return -1;
}

const routes: Record<string, RouteFunction> = {
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
  modules: ['pv', 'xlog', 'textops'],
  modparams: [],
  vars: () => ({ a: 0, b: 0, c: 0, d: 0, e: 0 }),
  request_route: request_route,
  reply_route: null,
  onsend_route: onsend_route,
  routes,
  failure_route: {},
  branch_route: {},
  onreply_route: {},
  event_route: {
    'tm:local-request': event_route_tm_local_request,
  },
  branch_failure_route: {},
});

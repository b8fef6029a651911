// from input.cfg
import {
  EXIT,
  defineProgram,
  eq,
  plus,
  text,
  toInt,
  toStr,
  tr,
  turn,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { xlog } from 'sipc/modules';
import { $avp, $ci, $rtpstat } from 'sipc/pvs';

export async function request_route(ctx: RouteContext): Promise<Verdict> {
  let t1 = eq(ctx.vars.x, 1);
  if (t1) {
    await $rtpstat.prepare(ctx);
    t1 = $rtpstat(ctx) !== null;
  }
  if (t1) {
    if ((ctx.rc = route_PLAIN(ctx)) === EXIT) return EXIT;
  }
  await $rtpstat.prepare(ctx);
  ctx.rc = xlog.xlog(ctx, ctx => `${text($ci(ctx))} ${toStr(tr.s_len($rtpstat(ctx)))}\n`);
  await $rtpstat.prepare(ctx);
  $avp.set(ctx, plus($rtpstat(ctx), 'x'), 's');
  for (let n2 = 1; ; n2++) {
    await $rtpstat.prepare(ctx);
    if (!(toInt(tr.s_len($rtpstat(ctx))) < 3) || !turn(ctx, n2, 'input.cfg:9:2')) break;
    ctx.vars.x = 1;
  }
  return route_ASKS(ctx);
}

export function route_PLAIN(ctx: RouteContext): Verdict {
  return xlog.xlog(ctx, ctx => `${text($ci(ctx))}\n`);
}

export async function route_ASKS(ctx: RouteContext): Promise<Verdict> {
  await $rtpstat.prepare(ctx);
  return $avp.set(ctx, 1, text($rtpstat(ctx)));
}

const routes: Record<string, RouteFunction> = {
  PLAIN: route_PLAIN,
  ASKS: route_ASKS,
};

export default defineProgram({
  source: 'input.cfg',
  version: '0',
  settings: {},
  listen: [],
  aliases: [],
  custom: [],
  flags: {},
  modules: ['pv', 'xlog', 'rtpproxy'],
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

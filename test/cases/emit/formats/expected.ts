// from input.cfg
import {
  EXIT,
  callRoute,
  defineProgram,
  methodId,
  pvArg,
  regexArg,
  subst,
  text,
  toStr,
  tr,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { siputils, textops, xlog } from 'sipc/modules';
import { $fU, $fu, $hdr, $rU, $rd, $rm, $ru, $si, $sp } from 'sipc/pvs';

const subst1 = subst('^To: <sip:([0-9]+)@.*', 'ig', (m, ctx) => `To: <sip:${m.groups[1] ?? ''}@${toStr($rd(ctx))}>`);

export function request_route(ctx: RouteContext): Verdict {
  ctx.rc = xlog.xlog(ctx, () => 'plain\n');
  ctx.rc = xlog.xlog(ctx, () => 'L_WARN', ctx => `${text($rm(ctx))} from ${text($fu(ctx))} (${text($si(ctx))}:${text($sp(ctx))}) \`quoted\` $ ${text($hdr(ctx, 'Via', -1))} ${text($hdr(ctx, `X-${text($rU(ctx))}`))}\n`);
  ctx.rc = xlog.xlog(ctx, ctx => `${toStr(tr.s_len(tr.uri_user($ru(ctx))))} ${toStr(tr.s_substr($rU(ctx), 0, ctx.vars.n))} line 10 in DEFAULT_ROUTE\n`);
  ctx.rc = textops.append_hf(ctx, `X-M\xc3\xbcller: ${text($rU(ctx))}\r\n`);
  if ((ctx.rc = textops.subst(ctx, subst1)) > 0) {
    return EXIT;
  }
  if ((ctx.rc = textops.search(ctx, regexArg(toStr(ctx.vars.re)))) > 0) {
    return EXIT;
  }
  if ((ctx.rc = siputils.is_e164(ctx, pvArg(toStr($fU(ctx))))) > 0) {
    return EXIT;
  }
  if ((ctx.rc = (callRoute(ctx, routes, 'R_' + toStr($rU(ctx))) as Verdict)) === EXIT) return EXIT;
  return (callRoute(ctx, routes, ctx.vars.name) as Verdict);
}

export function route_R_bob(ctx: RouteContext): Verdict {
  return EXIT;
}

const routes: Record<string, RouteFunction> = {
  R_bob: route_R_bob,
};

export default defineProgram({
  source: 'input.cfg',
  version: '0',
  settings: {},
  listen: [],
  aliases: [],
  custom: [],
  flags: {},
  modules: ['pv', 'corex', 'xlog', 'textops', 'siputils'],
  modparams: [],
  vars: () => ({ n: 0, re: 0, name: 0 }),
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

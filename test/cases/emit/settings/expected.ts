// from input.cfg
import {
  EXIT,
  computedRef,
  defineProgram,
  pvRef,
  tr,
  zero,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { core, tm } from 'sipc/modules';
import { $avp, $fU, $ru } from 'sipc/pvs';

export async function request_route(ctx: RouteContext): Promise<Verdict> {
  core.setflag(ctx, 3);
  ctx.rc = tm.t_on_failure(ctx, 'F');
  ctx.rc = tm.t_on_branch(ctx, 'B');
  ctx.rc = tm.t_on_reply(ctx, 'R');
  return (await tm.t_relay(ctx)) || zero(ctx);
}

export function failure_route_F(ctx: RouteContext): Verdict {
  return EXIT;
}

export function branch_route_B(ctx: RouteContext): Verdict {
  ctx.dropped = true;
  return EXIT;
}

export function onreply_route_R(ctx: RouteContext): Verdict {
  return EXIT;
}

export function event_route_tm_local_request(ctx: RouteContext): Verdict {
  return EXIT;
}

export function event_route_tm_branch_failure_x(ctx: RouteContext): Verdict {
  return EXIT;
}

const routes: Record<string, RouteFunction> = {};

export default defineProgram({
  source: 'input.cfg',
  version: '0',
  settings: {
    debug: 3,
    log_prefix: '{$mt $ci} ',
    children: 4,
  },
  listen: [
    { proto: 'udp', host: '127.0.0.1', port: 5060, advertise: { host: '192.0.2.1', port: 5070 }, name: 'lan', virtual: false, agname: null },
    { proto: 'tcp', host: '::1', port: 5060, advertise: null, name: null, virtual: false, agname: null },
  ],
  aliases: [
    { proto: null, host: 'example.com', port: null },
  ],
  custom: [
    { group: 'pstn', name: 'gw_ip', value: '192.0.2.9', description: 'gateway' },
  ],
  flags: {
    acc: 3,
    missed: 31,
  },
  modules: ['pv', 'tm', 'acc', 'registrar', 'usrloc'],
  modparams: [
    { module: 'tm', name: 'fr_timer', value: 5000, at: 'input.cfg:15' },
    { module: 'acc', name: 'log_extra', value: [{ name: 'src', pv: pvRef('$fU', $fU) }, { name: 'dst', pv: computedRef('$(ru{uri.user})', ctx => tr.uri_user($ru(ctx))) }], at: 'input.cfg:16' },
    { module: 'registrar', name: 'received_avp', value: pvRef('$avp(s:rcv)', $avp, 's:rcv'), at: 'input.cfg:17' },
  ],
  vars: () => ({}),
  request_route: request_route,
  reply_route: null,
  onsend_route: null,
  routes,
  failure_route: {
    F: failure_route_F,
  },
  branch_route: {
    B: branch_route_B,
  },
  onreply_route: {
    R: onreply_route_R,
  },
  event_route: {
    'tm:local-request': event_route_tm_local_request,
    'tm:branch-failure:x': event_route_tm_branch_failure_x,
  },
  branch_failure_route: {
    x: event_route_tm_branch_failure_x,
  },
});

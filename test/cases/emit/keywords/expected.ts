// from input.cfg
import {
  EXIT,
  defineProgram,
  hostIs,
  hostName,
  inNetwork,
  isMyself,
  keyword,
  matches,
  network,
  regex,
  sameText,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';

const net1 = network('10.0.0.0/8');
const net2 = network('127.0.0.1');
const host1 = hostName('proxy.example.com');
const re1 = regex('^sip:.*@example', 'i');
const re2 = regex('^18', 'i');
const net3 = network('192.0.2.1');

export function request_route(ctx: RouteContext): Verdict {
  if (sameText(keyword.method(ctx), 'INVITE') || !sameText(keyword.method(ctx), 'ACK')) {
    return EXIT;
  }
  if (isMyself(ctx, 'uri') && !isMyself(ctx, 'from_uri')) {
    return EXIT;
  }
  if (inNetwork(keyword.src_ip(ctx), net1) || inNetwork(keyword.src_ip(ctx), net2)) {
    return EXIT;
  }
  if (isMyself(ctx, 'src_ip') || !hostIs(ctx, keyword.dst_ip(ctx), host1)) {
    return EXIT;
  }
  if (keyword.src_port(ctx) > 1024 && keyword.dst_port(ctx) === 5060) {
    return EXIT;
  }
  if (keyword.proto(ctx) === 'udp' && keyword.af(ctx) === 10) {
    return EXIT;
  }
  if (keyword.msg_len(ctx) >= 4000) {
    return EXIT;
  }
  if (matches(keyword.uri(ctx), re1)) {
    return EXIT;
  }
  return 1;
}

export function reply_route(ctx: RouteContext): Verdict {
  if (matches(keyword.status(ctx), re2)) {
    return EXIT;
  }
  return 1;
}

export function onsend_route(ctx: RouteContext): Verdict {
  if (inNetwork(keyword.snd_ip(ctx), net3) && ctx.sending !== null && (keyword.to_port(ctx) === 5060)) {
    ctx.dropped = true;
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
  modules: [],
  modparams: [],
  vars: () => ({}),
  request_route: request_route,
  reply_route: reply_route,
  onsend_route: onsend_route,
  routes,
  failure_route: {},
  branch_route: {},
  onreply_route: {},
  event_route: {},
  branch_failure_route: {},
});

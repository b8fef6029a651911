// from kamailio.cfg
import {
  EXIT,
  defineProgram,
  eq,
  isMyself,
  keyword,
  matches,
  pvRef,
  regex,
  text,
  toInt,
  zero,
  type RouteContext,
  type RouteFunction,
  type Verdict,
} from 'sipc/program';
import { core, kex, maxfwd, registrar, rr, sanity, siputils, sl, textops, tm, tmx, xlog } from 'sipc/modules';
import { $T_branch_idx, $avp, $fU, $fd, $hdr, $rU, $rd, $ru, $si, $sp, $tU, $ua } from 'sipc/pvs';

const re1 = regex('friendly|scanner|sipcli|sipvicious|VaxSIPUserAgent|pplsip', 'i');
const re2 = regex('[12][0-9][0-9]', 'i');

export async function request_route(ctx: RouteContext): Promise<Verdict> {
  if ((ctx.rc = route_REQINIT(ctx)) === EXIT) return EXIT;
  if ((ctx.rc = route_NATDETECT(ctx)) === EXIT) return EXIT;
  if ((ctx.rc = textops.is_method(ctx, 'CANCEL')) > 0) {
    if ((ctx.rc = tm.t_check_trans(ctx)) === 0) return zero(ctx);
    if (ctx.rc > 0) {
      if ((ctx.rc = await route_RELAY(ctx)) === EXIT) return EXIT;
    }
    return EXIT;
  }
  if ((ctx.rc = textops.is_method(ctx, 'ACK')) <= 0) {
    if ((ctx.rc = tmx.t_precheck_trans(ctx)) > 0) {
      if ((ctx.rc = tm.t_check_trans(ctx)) === 0) return zero(ctx);
      return EXIT;
    }
    if ((ctx.rc = tm.t_check_trans(ctx)) === 0) return zero(ctx);
  }
  if ((ctx.rc = await route_WITHINDLG(ctx)) === EXIT) return EXIT;
  if ((ctx.rc = route_AUTH(ctx)) === EXIT) return EXIT;
  ctx.rc = textops.remove_hf(ctx, 'Route');
  if ((ctx.rc = textops.is_method(ctx, 'INVITE|SUBSCRIBE')) > 0) {
    ctx.rc = rr.record_route(ctx);
  }
  if ((ctx.rc = textops.is_method(ctx, 'INVITE')) > 0) {
    core.setflag(ctx, 1);
  }
  if ((ctx.rc = await route_SIPOUT(ctx)) === EXIT) return EXIT;
  if ((ctx.rc = route_PRESENCE(ctx)) === EXIT) return EXIT;
  if ((ctx.rc = await route_REGISTRAR(ctx)) === EXIT) return EXIT;
  if ($rU(ctx) === null) {
    ctx.rc = sl.sl_send_reply(ctx, 484, 'Address Incomplete');
    return EXIT;
  }
  if ((ctx.rc = route_PSTN(ctx)) === EXIT) return EXIT;
  if ((ctx.rc = await route_LOCATION(ctx)) === EXIT) return EXIT;
  return 1;
}

export async function route_RELAY(ctx: RouteContext): Promise<Verdict> {
  let v: Verdict | Promise<Verdict>;
  if ((ctx.rc = textops.is_method(ctx, 'INVITE|BYE|SUBSCRIBE|UPDATE')) > 0) {
    if ((ctx.rc = tm.t_is_set(ctx, 'branch_route')) <= 0) {
      ctx.rc = tm.t_on_branch(ctx, 'MANAGE_BRANCH');
    }
  }
  if ((ctx.rc = textops.is_method(ctx, 'INVITE|SUBSCRIBE|UPDATE')) > 0) {
    if ((ctx.rc = tm.t_is_set(ctx, 'onreply_route')) <= 0) {
      ctx.rc = tm.t_on_reply(ctx, 'MANAGE_REPLY');
    }
  }
  if ((ctx.rc = textops.is_method(ctx, 'INVITE')) > 0) {
    if ((ctx.rc = tm.t_is_set(ctx, 'failure_route')) <= 0) {
      ctx.rc = tm.t_on_failure(ctx, 'MANAGE_FAILURE');
    }
  }
  if ((ctx.rc = typeof (v = tm.t_relay(ctx)) === 'number' ? v : await v) === 0) return zero(ctx);
  if (ctx.rc <= 0) {
    ctx.rc = sl.sl_reply_error(ctx);
  }
  return EXIT;
}

export function route_REQINIT(ctx: RouteContext): Verdict {
  core.set_reply_no_connect(ctx);
  core.force_rport(ctx);
  if (matches($ua(ctx), re1)) {
    return EXIT;
  }
  if ((ctx.rc = maxfwd.mf_process_maxfwd_header(ctx, 10)) <= 0) {
    ctx.rc = sl.sl_send_reply(ctx, 483, 'Too Many Hops');
    return EXIT;
  }
  if ((ctx.rc = textops.is_method(ctx, 'OPTIONS')) > 0 && isMyself(ctx, 'uri') && $rU(ctx) === null) {
    ctx.rc = sl.sl_send_reply(ctx, 200, 'Keepalive');
    return EXIT;
  }
  if ((ctx.rc = sanity.sanity_check(ctx, 17895, 7)) === 0) return zero(ctx);
  if (ctx.rc <= 0) {
    ctx.rc = xlog.xlog(ctx, ctx => `Malformed SIP request from ${text($si(ctx))}:${text($sp(ctx))}\n`);
    return EXIT;
  }
  return 1;
}

export async function route_WITHINDLG(ctx: RouteContext): Promise<Verdict> {
  if ((ctx.rc = siputils.has_totag(ctx)) <= 0) {
    return 1;
  }
  if ((ctx.rc = rr.loose_route(ctx)) > 0) {
    if ((ctx.rc = route_DLGURI(ctx)) === EXIT) return EXIT;
    if ((ctx.rc = textops.is_method(ctx, 'BYE')) > 0) {
      core.setflag(ctx, 1);
      core.setflag(ctx, 3);
    } else if ((ctx.rc = textops.is_method(ctx, 'ACK')) > 0) {
      if ((ctx.rc = route_NATMANAGE(ctx)) === EXIT) return EXIT;
    } else if ((ctx.rc = textops.is_method(ctx, 'NOTIFY')) > 0) {
      ctx.rc = rr.record_route(ctx);
    }
    if ((ctx.rc = await route_RELAY(ctx)) === EXIT) return EXIT;
    return EXIT;
  }
  if ((ctx.rc = textops.is_method(ctx, 'SUBSCRIBE')) > 0 && isMyself(ctx, 'uri')) {
    if ((ctx.rc = route_PRESENCE(ctx)) === EXIT) return EXIT;
    return EXIT;
  }
  if ((ctx.rc = textops.is_method(ctx, 'ACK')) > 0) {
    if ((ctx.rc = tm.t_check_trans(ctx)) === 0) return zero(ctx);
    if (ctx.rc > 0) {
      if ((ctx.rc = await route_RELAY(ctx)) === EXIT) return EXIT;
      return EXIT;
    } else {
      return EXIT;
    }
  }
  ctx.rc = sl.sl_send_reply(ctx, 404, 'Not here');
  return EXIT;
}

export async function route_REGISTRAR(ctx: RouteContext): Promise<Verdict> {
  let v: Verdict | Promise<Verdict>;
  if ((ctx.rc = textops.is_method(ctx, 'REGISTER')) <= 0) {
    return 1;
  }
  if (core.isflagset(ctx, 5) > 0) {
    ctx.rc = kex.setbflag(ctx, 6);
  }
  ctx.rc = typeof (v = registrar.save(ctx, 'location')) === 'number' ? v : await v;
  if (ctx.rc <= 0) {
    ctx.rc = sl.sl_reply_error(ctx);
  }
  return EXIT;
}

export async function route_LOCATION(ctx: RouteContext): Promise<Verdict> {
  let v: Verdict | Promise<Verdict>;
  $avp.set(ctx, $rU(ctx), 'oexten');
  ctx.rc = typeof (v = registrar.lookup(ctx, 'location')) === 'number' ? v : await v;
  if (ctx.rc <= 0) {
    ctx.vars.rc = ctx.rc;
    if ((ctx.rc = route_TOVOICEMAIL(ctx)) === EXIT) return EXIT;
    if ((ctx.rc = tm.t_newtran(ctx)) === 0) return zero(ctx);
    switch (toInt(ctx.vars.rc)) {
      case -1:
      case -3: {
        ctx.rc = sl.send_reply(ctx, 404, 'Not Found');
        return EXIT;
      }
      case -2: {
        ctx.rc = sl.send_reply(ctx, 405, 'Method Not Allowed');
        return EXIT;
      }
    }
  }
  if ((ctx.rc = textops.is_method(ctx, 'INVITE')) > 0) {
    core.setflag(ctx, 2);
  }
  if ((ctx.rc = await route_RELAY(ctx)) === EXIT) return EXIT;
  return EXIT;
}

export function route_PRESENCE(ctx: RouteContext): Verdict {
  if ((ctx.rc = textops.is_method(ctx, 'PUBLISH|SUBSCRIBE')) <= 0) {
    return 1;
  }
  if ((ctx.rc = textops.is_method(ctx, 'SUBSCRIBE')) > 0 && eq($hdr(ctx, 'Event'), 'message-summary')) {
    if ((ctx.rc = route_TOVOICEMAIL(ctx)) === EXIT) return EXIT;
    ctx.rc = sl.sl_send_reply(ctx, 404, 'No voicemail service');
    return EXIT;
  }
  if ((ctx.rc = textops.is_method(ctx, 'PUBLISH')) > 0 || $rU(ctx) === null) {
    ctx.rc = sl.sl_send_reply(ctx, 404, 'Not here');
    return EXIT;
  }
  return 1;
}

export function route_AUTH(ctx: RouteContext): Verdict {
  if (!isMyself(ctx, 'uri')) {
    ctx.rc = sl.sl_send_reply(ctx, 403, 'Not relaying');
    return EXIT;
  }
  return 1;
}

export function route_NATDETECT(ctx: RouteContext): Verdict {
  return 1;
}

export function route_NATMANAGE(ctx: RouteContext): Verdict {
  return 1;
}

export function route_DLGURI(ctx: RouteContext): Verdict {
  return 1;
}

export async function route_SIPOUT(ctx: RouteContext): Promise<Verdict> {
  if (isMyself(ctx, 'uri')) {
    return 1;
  }
  ctx.rc = textops.append_hf(ctx, 'P-Hint: outbound\r\n');
  if ((ctx.rc = await route_RELAY(ctx)) === EXIT) return EXIT;
  return EXIT;
}

export function route_PSTN(ctx: RouteContext): Verdict {
  return 1;
}

export function route_TOVOICEMAIL(ctx: RouteContext): Verdict {
  return 1;
}

export function branch_route_MANAGE_BRANCH(ctx: RouteContext): Verdict {
  ctx.rc = xlog.xdbg(ctx, ctx => `new branch [${text($T_branch_idx(ctx))}] to ${text($ru(ctx))}\n`);
  if ((ctx.rc = route_NATMANAGE(ctx)) === EXIT) return EXIT;
  return 1;
}

export function reply_route(ctx: RouteContext): Verdict {
  if ((ctx.rc = sanity.sanity_check(ctx, 17604, 6)) === 0) return zero(ctx);
  if (ctx.rc <= 0) {
    ctx.rc = xlog.xlog(ctx, ctx => `Malformed SIP response from ${text($si(ctx))}:${text($sp(ctx))}\n`);
    ctx.dropped = true;
    return EXIT;
  }
  return 1;
}

export function onreply_route_MANAGE_REPLY(ctx: RouteContext): Verdict {
  ctx.rc = xlog.xdbg(ctx, () => 'incoming reply\n');
  if (matches(keyword.status(ctx), re2)) {
    if ((ctx.rc = route_NATMANAGE(ctx)) === EXIT) return EXIT;
  }
  return 1;
}

export function failure_route_MANAGE_FAILURE(ctx: RouteContext): Verdict {
  if ((ctx.rc = route_NATMANAGE(ctx)) === EXIT) return EXIT;
  if ((ctx.rc = tm.t_is_canceled(ctx)) > 0) {
    return EXIT;
  }
  return 1;
}

const routes: Record<string, RouteFunction> = {
  RELAY: route_RELAY,
  REQINIT: route_REQINIT,
  WITHINDLG: route_WITHINDLG,
  REGISTRAR: route_REGISTRAR,
  LOCATION: route_LOCATION,
  PRESENCE: route_PRESENCE,
  AUTH: route_AUTH,
  NATDETECT: route_NATDETECT,
  NATMANAGE: route_NATMANAGE,
  DLGURI: route_DLGURI,
  SIPOUT: route_SIPOUT,
  PSTN: route_PSTN,
  TOVOICEMAIL: route_TOVOICEMAIL,
};

export default defineProgram({
  source: '/etc/kamailio/kamailio.cfg',
  version: '0',
  settings: {
    debug: 2,
    log_stderror: 0,
    memdbg: 5,
    memlog: 5,
    log_facility: 'LOG_LOCAL0',
    log_prefix: '{$mt $hdr(CSeq) $ci} ',
    children: 8,
    tcp_connection_lifetime: 3605,
    tcp_max_connections: 2048,
    enable_sctp: 0,
  },
  listen: [],
  aliases: [],
  custom: [],
  flags: {},
  modules: ['jsonrpcs', 'kex', 'corex', 'tm', 'tmx', 'sl', 'rr', 'pv', 'maxfwd', 'usrloc', 'registrar', 'textops', 'textopsx', 'siputils', 'xlog', 'sanity', 'ctl', 'cfg_rpc', 'acc', 'counters'],
  modparams: [
    { module: 'jsonrpcs', name: 'pretty_format', value: 1, at: '/etc/kamailio/kamailio.cfg:331' },
    { module: 'sanity', name: 'autodrop', value: 0, at: '/etc/kamailio/kamailio.cfg:345' },
    { module: 'tm', name: 'failure_reply_mode', value: 3, at: '/etc/kamailio/kamailio.cfg:349' },
    { module: 'tm', name: 'fr_timer', value: 30000, at: '/etc/kamailio/kamailio.cfg:351' },
    { module: 'tm', name: 'fr_inv_timer', value: 120000, at: '/etc/kamailio/kamailio.cfg:353' },
    { module: 'rr', name: 'enable_full_lr', value: 0, at: '/etc/kamailio/kamailio.cfg:357' },
    { module: 'rr', name: 'append_fromtag', value: 0, at: '/etc/kamailio/kamailio.cfg:359' },
    { module: 'registrar', name: 'method_filtering', value: 1, at: '/etc/kamailio/kamailio.cfg:362' },
    { module: 'registrar', name: 'max_expires', value: 3600, at: '/etc/kamailio/kamailio.cfg:368' },
    { module: 'registrar', name: 'gruu_enabled', value: 0, at: '/etc/kamailio/kamailio.cfg:370' },
    { module: 'registrar', name: 'use_path', value: 1, at: '/etc/kamailio/kamailio.cfg:372' },
    { module: 'registrar', name: 'path_mode', value: 0, at: '/etc/kamailio/kamailio.cfg:374' },
    { module: 'acc', name: 'early_media', value: 0, at: '/etc/kamailio/kamailio.cfg:378' },
    { module: 'acc', name: 'report_ack', value: 0, at: '/etc/kamailio/kamailio.cfg:379' },
    { module: 'acc', name: 'report_cancels', value: 0, at: '/etc/kamailio/kamailio.cfg:380' },
    { module: 'acc', name: 'detect_direction', value: 0, at: '/etc/kamailio/kamailio.cfg:384' },
    { module: 'acc', name: 'log_flag', value: 1, at: '/etc/kamailio/kamailio.cfg:386' },
    { module: 'acc', name: 'log_missed_flag', value: 2, at: '/etc/kamailio/kamailio.cfg:387' },
    { module: 'acc', name: 'log_extra', value: [{ name: 'src_user', pv: pvRef('$fU', $fU) }, { name: 'src_domain', pv: pvRef('$fd', $fd) }, { name: 'src_ip', pv: pvRef('$si', $si) }, { name: 'dst_ouser', pv: pvRef('$tU', $tU) }, { name: 'dst_user', pv: pvRef('$rU', $rU) }, { name: 'dst_domain', pv: pvRef('$rd', $rd) }], at: '/etc/kamailio/kamailio.cfg:388' },
    { module: 'acc', name: 'failed_transaction_flag', value: 3, at: '/etc/kamailio/kamailio.cfg:391' },
    { module: 'usrloc', name: 'timer_interval', value: 60, at: '/etc/kamailio/kamailio.cfg:403' },
    { module: 'usrloc', name: 'timer_procs', value: 1, at: '/etc/kamailio/kamailio.cfg:404' },
    { module: 'usrloc', name: 'use_domain', value: 0, at: '/etc/kamailio/kamailio.cfg:405' },
  ],
  vars: () => ({ rc: 0 }),
  request_route: request_route,
  reply_route: reply_route,
  onsend_route: null,
  routes,
  failure_route: {
    MANAGE_FAILURE: failure_route_MANAGE_FAILURE,
  },
  branch_route: {
    MANAGE_BRANCH: branch_route_MANAGE_BRANCH,
  },
  onreply_route: {
    MANAGE_REPLY: onreply_route_MANAGE_REPLY,
  },
  event_route: {},
  branch_failure_route: {},
});

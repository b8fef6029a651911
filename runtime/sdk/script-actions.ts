/** Kamailio's names and numbers of actions (route_struct.h; debugger_act.c), as its log lines show them. */
import type { ScriptAction } from './define.js';

/** Core functions that are actions: name in traces and number. */
const coreActions: Readonly<Record<string, readonly [name: string, type: number]>> = {
  forward: ['forward', 1],
  log: ['log', 3],
  error: ['error', 4],
  exec: ['exec', 6],
  sethost: ['sethost', 7],
  rewritehost: ['sethost', 7],
  sethostport: ['sethostport', 8],
  rewritehostport: ['sethostport', 8],
  setuser: ['setuser', 9],
  rewriteuser: ['setuser', 9],
  setuserpass: ['setuserpass', 10],
  rewriteuserpass: ['setuserpass', 10],
  setport: ['setport', 11],
  rewriteport: ['setport', 11],
  seturi: ['seturi', 12],
  rewriteuri: ['seturi', 12],
  sethostporttrans: ['sethostporttrans', 13],
  rewritehostporttrans: ['sethostporttrans', 13],
  setflag: ['setflag', 39],
  resetflag: ['resetflag', 40],
  isflagset: ['isflagset', 41],
  prefix: ['prefix', 44],
  strip: ['strip', 45],
  strip_tail: ['striptail', 46],
  remove_branch: ['unknown', 48],
  clear_branches: ['unknown', 49],
  revert_uri: ['reverturi', 50],
  forward_tcp: ['forward_tcp', 51],
  forward_udp: ['forward_udp', 52],
  forward_tls: ['forward_tls', 53],
  forward_sctp: ['forward_sctp', 54],
  force_rport: ['force_rport', 55],
  add_rport: ['force_rport', 55],
  add_local_rport: ['add_local_rport', 56],
  set_advertised_address: ['set_adv_addr', 57],
  set_advertised_port: ['set_adv_port', 58],
  force_tcp_alias: ['force_tcp_alias', 59],
  add_tcp_alias: ['force_tcp_alias', 59],
  force_send_socket: ['force_send_socket', 62],
  udp_mtu_try_proto: ['udp_mtu_try_proto', 65],
  set_forward_no_connect: ['set_fwd_no_connect', 66],
  set_reply_no_connect: ['set_rpl_no_connect', 67],
  set_forward_close: ['set_fwd_close', 68],
  set_reply_close: ['set_rpl_close', 69],
};

const DROP = 2;
const MODULE_0 = 24;
/** Functions of more arguments, or of any number of them. */
const MODULE_X = 31;
const MODULE_1_COMPUTED = 32;
const MODULE_X_COMPUTED = 38;
const MOST_ARGS = 6;

function functionType({ args, dynamic }: ScriptAction): number {
  const few = args >= 0 && args <= MOST_ARGS;
  if (dynamic) return few ? MODULE_1_COMPUTED + args - 1 : MODULE_X_COMPUTED;
  return few ? MODULE_0 + args : MODULE_X;
}

/** Name and number of an action. */
export function actionOf(action: ScriptAction): readonly [name: string, type: number] {
  switch (action.kind) {
    case 'core':
      return coreActions[action.name] ?? ['unknown', 0];
    case 'function':
      return [action.name, functionType(action)];
    case 'flow':
      return [action.name, DROP];
    case 'route':
      return ['route', 5];
    case 'if':
      return ['if', 16];
    case 'jump':
      return ['switch', 20];
    case 'numbers':
      return ['switch', 21];
    case 'texts':
      return ['case', 22];
    case 'while':
      return ['while', 23];
    case 'assign':
      return ['assign', 63];
  }
}

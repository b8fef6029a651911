/**
 * Global parameters of Kamailio that nothing here acts on yet: a cfg may set them, `sipc check` says so once each.
 * Those after 5.6.3 are the newest version's.
 */
import { missingInt, missingStr } from './spec.js';

export const missingSettings = {
  latency_limit_action: missingInt(0, 'Microseconds after which an action is reported.', { live: true }),
  received_route_mode: missingInt(0, 'When event_route[core:msg-received] runs.'),
  bind_ipv6_link_local: missingInt(0, 'Take link-local IPv6 addresses when no socket is written.'),
  tcp_accept_hep3: missingInt(0, 'Take HEP3 packets on streams.'),

  // After 5.6.3.
  async_tkv_evcb: missingStr('', 'Function of a KEMI script for core:tkv.'),
  async_tkv_gname: missingStr('', 'Group of workers that runs event_route[core:tkv].'),
  msg_apply_changes_mode: missingInt(0, '1: changes are applied before the transaction is made.'),
  rpc_exec_delta: missingInt(0, 'Seconds between two runs of a command that reloads.'),
  tcp_accept_protocols: missingStr('', 'Protocols taken on streams.'),
  tcp_close_rst: missingInt(0, 'Close connections with a reset.'),
  tcp_msg_data_timeout: missingInt(20, 'Seconds for all of a message.'),
  tcp_msg_read_timeout: missingInt(20, 'Seconds between two reads of a message.'),
  tls_connection_match_domain: missingInt(0, 'A TLS connection is used again only for its own profile.'),
  udp_accept_proxy: missingInt(0, 'Take the PROXY protocol on datagrams.'),
  xavp_via_reply_params: missingStr('', 'Xavp whose fields become Via parameters of responses.'),
} as const;

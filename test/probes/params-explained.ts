/** Where sipc takes a value of a core parameter that Kamailio 5.6.3 refuses, and why. A row without a difference fails the test. */
export const explained: readonly {
  readonly names: readonly string[];
  /** Those of params.ts; all without it. */
  readonly values?: readonly string[];
  readonly why: string;
}[] = [
  {
    names: [
      'async_tkv_evcb',
      'async_tkv_gname',
      'auto_domains',
      'domain',
      'maxsndbuffer',
      'mem_add_size',
      'msg_apply_changes_mode',
      'msg_clone_extra_size',
      'msg_recv_max_size',
      'return_mode',
      'rpc_exec_delta',
      'rpc_exec_locks',
      'rpc_exec_locks_mode',
      'tcp_accept_iplimit',
      'tcp_accept_protocols',
      'tcp_accept_protos',
      'tcp_check_timer',
      'tcp_close_rst',
      'tcp_listen_backlog',
      'tcp_main_threads',
      'tcp_msg_data_timeout',
      'tcp_msg_read_timeout',
      'tls_connection_match_domain',
      'tls_threads_mode',
      'udp_accept_proxy',
      'udp_receiver_mode',
      'xavp_via_reply_params',
    ],
    why: 'a parameter of later versions',
  },
  {
    names: ['dns_rev_via', 'dns_use_cache', 'dns_use_failover'],
    why: 'the spelling its page gives, which the scanner of 5.6.3 does not have',
  },
  { names: ['listen'], why: 'what is no address is looked up when the server starts' },
  { names: ['user', 'uid', 'group', 'gid'], why: 'users of the machine are looked up when the server starts' },
  {
    names: ['shm', 'shm_mem', 'shm_mem_size', 'pv_buffer_size', 'pv_buffer_slots', 'route_locks_size'],
    why: 'a size of memory that Kamailio cannot get; here it has no meaning',
  },
];

/**
 * Global parameters whose subject this runtime does not have: processes, shared memory, the parser's buffers, KEMI scripts.
 * They are accepted with Kamailio's types and limits (cfg.y), kept for `cfg.get`, and change nothing.
 */
import { idleInt, idleStr } from './spec.js';

export const idleSettings = {
  // Processes: there is one, and what waits does not hold it.
  children: idleInt(8, 'Processes per UDP socket; one process serves all, `max_inflight` bounds what is in routing.'),
  socket_workers: idleInt(0, 'Processes of the next socket; one process serves all.'),
  tcp_children: idleInt(8, 'Processes that read streams; shown as `readers`.'),
  sctp_children: idleInt(8, 'Processes that read SCTP.'),
  async_workers: idleInt(0, 'Processes for asynchronous tasks; every route may wait here.'),
  async_workers_group: idleStr('', 'Further groups of processes for asynchronous tasks.'),
  async_nonblock: idleInt(0, 'Reads of asynchronous workers do not block; nothing blocks here.'),
  async_usleep: idleInt(0, 'Microseconds between reads of asynchronous workers.'),
  fork: idleInt(1, 'Several processes; the one there is stays in the foreground.'),
  fork_delay: idleInt(0, 'Microseconds between the starts of processes.'),
  modinit_delay: idleInt(0, 'Microseconds between module starts.'),
  wait_worker1_mode: idleInt(0, 'The other processes wait for the first one.'),
  wait_worker1_time: idleInt(4_000_000, 'Longest wait for the first process, µs.'),
  wait_worker1_usleep: idleInt(100_000, 'Microseconds between looks at the first process.'),
  route_locks_size: idleInt(
    0,
    'Locks that keep the order of a call; it is kept here until a request has its transaction and goes on its way.',
  ),
  tcp_main_threads: idleInt(0, 'Threads of the process that accepts streams.'),
  tls_threads_mode: idleInt(0, 'How OpenSSL and threads go together.'),
  udp_receiver_mode: idleInt(0, 'Processes or threads that receive datagrams.'),
  rpc_exec_locks: idleInt(0, 'Locks for commands; one at a time runs here.'),
  rpc_exec_locks_mode: idleInt(0, 'How those locks are taken.'),

  // Scheduling and the system's limits: the unit file that starts the server sets them.
  open_files_limit: idleInt(0, 'Most open files; Node raises it to the hard limit itself.'),
  disable_core_dump: idleInt(0, 'No core file when the process ends by a signal.'),
  real_time: idleInt(0, 'Real-time scheduling.'),
  rt_prio: idleInt(0, 'Its priority.'),
  rt_policy: idleInt(0, 'Its policy.'),
  rt_timer1_prio: idleInt(0, 'Priority of the fast timer process.'),
  rt_timer1_policy: idleInt(0, 'Policy of the fast timer process.'),
  rt_timer2_prio: idleInt(0, 'Priority of the slow timer process.'),
  rt_timer2_policy: idleInt(0, 'Policy of the slow timer process.'),

  // Memory: V8's.
  shm: idleInt(64, 'Shared memory, MB.'),
  shm_force_alloc: idleInt(0, 'Touch all shared memory at the start.'),
  mlock_pages: idleInt(0, 'Lock the memory of the process.'),
  mem_join: idleInt(1, 'Join free fragments.', { live: true }),
  mem_safety: idleInt(1, 'Go on after a double free.', { live: true }),
  mem_status_mode: idleInt(0, 'Show used fragments too.', { live: true }),
  mem_summary: idleInt(12, 'What is logged of the memory at the end.', { live: true }),
  mem_add_size: idleInt(0, 'Bytes added to each chunk.'),
  memdbg: idleInt(3, 'Level of the allocator’s log lines.', { live: true }),
  memlog: idleInt(3, 'Level of the memory status.', { live: true }),
  dns_cache_rec_pref: idleInt(0, 'Which of two equal records stays; an answer replaces the older one here.', {
    live: true,
    min: 0,
    max: 3,
  }),
  dns_cache_gc_interval: idleInt(120, 'Seconds between clean-ups of the cache; it is cleaned as it is used.'),
  dst_blocklist_gc_interval: idleInt(60, 'Seconds between clean-ups of the list; it is cleaned as it is used.'),

  // Buffers of the parser and of texts: strings grow.
  maxbuffer: idleInt(262_144, 'Largest receive buffer tried, bytes; the system decides.'),
  maxsndbuffer: idleInt(0, 'Largest send buffer tried, bytes; the system decides.'),
  sql_buffer_size: idleInt(65_535, 'Longest SQL statement, bytes; no limit here.'),
  pv_buffer_size: idleInt(8192, 'Longest text with pseudo-variables, bytes; no limit here.'),
  pv_buffer_slots: idleInt(10, 'Such texts at a time.'),
  pv_cache_limit: idleInt(2048, 'Parsed pseudo-variables kept; all are compiled here.', { live: true }),
  pv_cache_action: idleInt(0, 'What happens above that limit.', { live: true }),
  msg_clone_extra_size: idleInt(0, 'Bytes added to a request kept by a transaction.'),
  tcp_clone_rcvbuf: idleInt(0, 'Copy a stream message before it is parsed; always so here.'),
  tcp_wq_blk_size: idleInt(2100, 'Size of a block of the write queue.', {
    live: true,
    liveAs: 'tcp.wq_blk_size',
    min: 1,
    max: 65_535,
  }),
  tcp_fd_cache: idleInt(1, 'Descriptors kept by each process.'),
  tcp_poll_method: idleStr('', 'How streams are waited for; libuv decides.', {
    refuses: true,
    values: ['poll', 'epoll_lt', 'epoll_et', 'select', 'sigio_rt', 'kqueue', '/dev/poll'],
  }),
  tcp_check_timer: idleInt(10, 'Seconds between looks at idle connections; each has a timer here.'),

  // The log.
  log_name: idleStr('', 'Name in syslog lines; the log goes to stdout or stderr here.'),
  log_engine_type: idleStr('', 'Where the log goes, of module log_custom.'),
  log_engine_data: idleStr('', 'Parameters of that.'),
  corelog: idleInt(-1, 'Level of some of the core’s log lines.', { live: true }),
  sip_parser_log: idleInt(0, 'Level of log lines about messages that do not parse.', { live: true }),
  sip_parser_log_oneline: idleInt(0, 'Such a message on one line.', { live: true }),
  verbose_startup: idleInt(0, 'More lines at the start.'),
  tls_log: idleInt(3, 'Level of the TLS layer’s lines; later modules have their own.'),

  // Scripts of KEMI engines: a route is a cfg route here.
  'coreparam.random_engine': idleStr('', 'Which generator makes random numbers (Kamailio 6); the system’s does.'),
  'coreparam.timer_sanity_check': idleInt(0, 'Looks into the lists of timers (Kamailio 6).'),
  'kemi.request_route_callback': idleStr('', 'Function of a KEMI script; there are none here.'),
  'kemi.onsend_route_callback': idleStr('', 'Function of a KEMI script; there are none here.'),
  'kemi.reply_route_callback': idleStr('', 'Function of a KEMI script; there are none here.'),
  'kemi.event_route_callback': idleStr('', 'Function of a KEMI script; there are none here.'),
  'kemi.received_route_callback': idleStr('', 'Function of a KEMI script; there are none here.'),
  'kemi.pre_routing_callback': idleStr('', 'Function of a KEMI script; there are none here.'),

  // What module tls took over: Kamailio keeps these for old cfgs and reads none of them.
  tls_method: idleStr('', 'Set `modparam("tls", "tls_method", …)`.', {
    refuses: true,
    values: [
      'sslv23',
      'SSLv23',
      'SSLV23',
      'sslv2',
      'SSLv2',
      'SSLV2',
      'sslv3',
      'SSLv3',
      'SSLV3',
      'tlsv1',
      'TLSv1',
      'TLSV1',
    ],
  }),
  tls_verify: idleInt(0, 'Set `modparam("tls", "verify_certificate", …)`.'),
  tls_require_certificate: idleInt(0, 'Set `modparam("tls", "require_certificate", …)`.'),
  tls_certificate: idleStr('', 'Set `modparam("tls", "certificate", …)`.'),
  tls_private_key: idleStr('', 'Set `modparam("tls", "private_key", …)`.'),
  tls_ca_list: idleStr('', 'Set `modparam("tls", "ca_list", …)`.'),
  tls_handshake_timeout: idleInt(0, 'Seconds for a handshake; `tcp_connect_timeout` counts.'),
  tls_send_timeout: idleInt(0, 'Seconds for a write; `tcp_send_timeout` counts.'),

  // The system’s business, or always so here.
  tcp_defer_accept: idleInt(0, 'TCP_DEFER_ACCEPT; the system decides.'),
  tcp_delayed_ack: idleInt(1, 'TCP_QUICKACK; the system decides.', liveTcp('delayed_ack', 0, 1)),
  tcp_syncnt: idleInt(0, 'TCP_SYNCNT; `tcp_connect_timeout` decides.', liveTcp('syncnt', 0, 1024)),
  tcp_accept_hep3: idleInt(0, 'HEP3 packets on streams; sipcapture, which reads them, is not here.'),
  tcp_linger2: idleInt(0, 'TCP_LINGER2; the system decides.', liveTcp('linger2', 0, 3600)),
  tcp_async: idleInt(1, 'Connect and write without waiting; always so.'),
  tcp_connect_wait: idleInt(1, 'What comes while a connection opens waits for it; always so.'),
  tcp_reuse_port: idleInt(
    0,
    'SO_REUSEPORT for connections it opens; the system picks the port.',
    liveTcp('reuse_port', 0, 1),
  ),
  udp4_raw: idleInt(0, 'Raw sockets for IPv4 datagrams; ordinary ones are used.', { live: true, min: -1, max: 1 }),
  udp4_raw_mtu: idleInt(1500, 'MTU of raw sockets.', { live: true, min: 28, max: 65_535 }),
  udp4_raw_ttl: idleInt(-1, 'TTL of raw sockets; -1: as the system has it.', { live: true, min: -1, max: 255 }),
  dns_search_full_match: idleInt(1, 'Check answers against the search list; names are always matched exactly.', {
    live: true,
    min: 0,
    max: 1,
  }),
  syn_branch: idleInt(1, 'Stateless branch parameters.'),
  msg_time: idleInt(0, 'Take receive times; they are always taken.'),
  ipv6_hex_style: idleStr('c', 'Form of IPv6 addresses: `c` short, `a` and `A` with all digits; short here.', {
    refuses: true,
    values: ['c', 'a', 'A'],
  }),
  enable_sctp: idleInt(0, 'SCTP, which this server does not have.', { refuses: true, min: 0, max: 0 }),
  disable_sctp: idleInt(1, 'SCTP off, as it is.', { refuses: true, min: 1, max: 1 }),
} as const;

function liveTcp(name: string, min: number, max: number) {
  return { live: true, liveAs: `tcp.${name}`, min, max };
}

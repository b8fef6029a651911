/** Global parameters of name resolution, its cache and the list of destinations that failed (cfg_core.c, resolve.c). */
import { idleInt, int } from './spec.js';

export const dnsSettings = {
  // RFC 3261 §18.2.1: `received` is added to every Via with a name, whatever the name stands for.
  dns: idleInt(0, 'Look names in Via up: one that is the source gets no `received`, which RFC 3261 demands.'),
  rev_dns: idleInt(
    0,
    'Look the source up for the same, and for names compared with `src_ip`, which are looked up here.',
  ),
  dns_try_ipv6: int(1, 'Also look up AAAA.', { live: true, min: 0, max: 1 }),
  dns_try_naptr: int(0, 'Look NAPTR up first.', { live: true, min: 0, max: 1 }),
  dns_udp_pref: int(30, 'Preference of UDP among NAPTR answers; below 0: never.', { live: true }),
  dns_tcp_pref: int(20, 'Preference of TCP among NAPTR answers; below 0: never.', { live: true }),
  dns_tls_pref: int(10, 'Preference of TLS among NAPTR answers; below 0: never.', { live: true }),
  dns_sctp_pref: int(20, 'Preference of SCTP among NAPTR answers; below 0: never.', { live: true }),
  dns_naptr_ignore_rfc: int(1, 'NAPTR answers are taken by our preferences, whatever their order field says.', {
    live: true,
  }),
  dns_retr_time: int(-1, 'Seconds before a question is asked again; -1: as resolv.conf says.', { live: true, min: -1 }),
  dns_retr_no: int(-1, 'Rounds through the servers; -1: as resolv.conf says.', { live: true, min: -1 }),
  dns_servers_no: int(-1, 'How many of the servers of resolv.conf are used; -1: all.', { live: true, min: -1 }),
  dns_use_search_list: int(1, 'Try the domains of resolv.conf too.', { live: true, min: 0, max: 1 }),
  dns_reinit: int(0, '1: read resolv.conf and the hosts file again.', { live: true, min: 0, max: 1 }),
  dns_slow_query_ms: int(0, 'An answer later than this is logged and counted; 0: none.', { live: true, min: 0 }),
  dns_cache_init: int(1, '0: DNS answers are not kept and failover is off, whatever `use_dns_cache` says later.'),
  use_dns_cache: int(1, 'Keep DNS answers.', { live: true, min: 0, max: 1 }),
  dns_cache_flags: int(0, '1: IPv4 only, 2: IPv6 only, 4: IPv6 first.', { live: true, min: 0, max: 7 }),
  use_dns_failover: int(0, 'Try the next address when one fails.', { live: true, min: 0, max: 1 }),
  dns_srv_lb: int(0, 'Draw among SRV answers of one priority by weight.', { live: true, min: 0, max: 1 }),
  dns_cache_max_ttl: int(0x7fff_ffff, 'Longest time an answer is kept, s.', { live: true, min: 0 }),
  dns_cache_min_ttl: int(0, 'Shortest time an answer is kept, s.', { live: true, min: 0 }),
  dns_cache_negative_ttl: int(60, 'How long a failure is kept, s.', { live: true, min: 0 }),
  dns_cache_mem: int(500, 'Size of the cache, KB.', { live: true, min: 0 }),
  dns_cache_del_nonexp: int(0, 'A full cache drops answers that still hold.', { live: true, min: 0, max: 1 }),
  dst_blocklist_init: int(1, '0: nothing is remembered, whatever `use_dst_blocklist` says later.'),
  use_dst_blocklist: int(0, 'Remember destinations that failed and skip them.', { live: true, min: 0, max: 1 }),
  dst_blocklist_expire: int(60, 'Seconds a destination stays on the list.', { live: true, min: 0 }),
  dst_blocklist_mem: int(250, 'Size of the list, KB.', { live: true, min: 0 }),
  dst_blocklist_udp_imask: int(0, 'Kinds of failure that do not list a UDP destination.', { live: true, min: 0 }),
  dst_blocklist_tcp_imask: int(0, 'Kinds of failure that do not list a TCP destination.', { live: true, min: 0 }),
  dst_blocklist_tls_imask: int(0, 'Kinds of failure that do not list a TLS destination.', { live: true, min: 0 }),
  dst_blocklist_sctp_imask: int(0, 'Kinds of failure that do not list an SCTP destination.', { live: true, min: 0 }),
} as const;

/**
 * Global parameters of streams, with Kamailio's defaults and limits (tcp_options.c). In the cfg framework they are the group
 * `tcp`, without the prefix: `cfg.get tcp connect_timeout`.
 */
import { int, str } from './spec.js';

const MAX_LIFETIME_SEC = 134_217_727;
const live = (name: string, min: number, max: number) => ({ live: true, liveAs: `tcp.${name}`, min, max });

export const tcpSettings = {
  disable_tcp: int(0, 'No streams at all.'),
  tcp_connect_timeout: int(10, 'Seconds to wait for a connection.', live('connect_timeout', -1, MAX_LIFETIME_SEC)),
  tcp_send_timeout: int(10, 'Seconds queued bytes may make no progress.', live('send_timeout', -1, MAX_LIFETIME_SEC)),
  tcp_connection_lifetime: int(
    120,
    'Seconds without a message before a connection is closed.',
    live('connection_lifetime', -1, MAX_LIFETIME_SEC),
  ),
  tcp_max_connections: int(2048, 'Connections at a time.', live('max_connections', 0, 0x7fff_ffff)),
  tls_max_connections: int(2048, 'TLS connections at a time.', live('max_tls_connections', 0, 0x7fff_ffff)),
  tcp_no_connect: int(0, 'Never open a connection.', live('no_connect', 0, 1)),
  tcp_conn_wq_max: int(32_768, 'Bytes that may wait on one connection.', live('conn_wq_max', 0, 1024 * 1024)),
  tcp_wq_max: int(10_485_760, 'Bytes that may wait on all connections together.', live('wq_max', 0, 1 << 30)),
  tcp_keepalive: int(1, 'The system probes idle connections.', live('keepalive', 0, 1)),
  tcp_keepidle: int(0, 'Idle seconds before the first probe; 0: the system decides.', live('keepidle', 0, 86_400)),
  tcp_keepintvl: int(0, 'Seconds between probes; 0: the system decides.', live('keepintvl', 0, 86_400)),
  tcp_keepcnt: int(0, 'Probes before giving up; 0: the system decides.', live('keepcnt', 0, 1024)),
  tcp_crlf_ping: int(1, 'Answer CRLF CRLF with CRLF (RFC 5626 §4.4.1).', live('crlf_ping', 0, 1)),
  tcp_accept_aliases: int(
    0,
    'A Via with `;alias` names a further port of its connection.',
    live('accept_aliases', 0, 1),
  ),
  tcp_alias_flags: int(
    1,
    'An alias another connection has: 0 refuse, 1 add in front, 2 take it away.',
    live('alias_flags', 0, 2),
  ),
  tcp_new_conn_alias_flags: int(2, 'The same for the address of a new connection.', live('new_conn_alias_flags', 0, 2)),
  tcp_accept_no_cl: int(
    0,
    'A stream message without Content-Length has no body; HTTP needs it.',
    live('accept_no_cl', 0, 1),
  ),
  tcp_accept_unique: int(0, '1: a second connection between the same two addresses and ports is refused.'),
  tcp_accept_haproxy: int(
    0,
    '1: a connection may begin with a header of the PROXY protocol, which says where it comes from.',
    { min: 0, max: 1 },
  ),
  tcp_accept_protocols: str(
    'http,ws,msrp,stun',
    'What is taken on streams beside SIP, names or the sum of their numbers (Kamailio 6): without ws no WebSocket handshake is, with haproxy a PROXY header is; the others are not there.',
  ),
  tcp_close_rst: int(0, '1: connections are closed with a reset (Kamailio 6).', { min: 0, max: 1 }),
  tcp_accept_iplimit: int(0, 'Connections one address may have open to us; 0: any number.', { min: 0 }),
  tcp_listen_backlog: int(1024, 'Connections the system holds until they are accepted.', { min: 1 }),
  tcp_wait_data: int(5000, 'Milliseconds for a PROXY header or a TLS hello.', live('wait_data_ms', 0, 7_200_000)),
  tcp_msg_read_timeout: int(
    0,
    'Seconds for all of a stream message from its first byte; 0: any time (20 in Kamailio 6).',
    {
      min: 0,
    },
  ),
  tcp_msg_data_timeout: int(
    0,
    'Seconds for the first message of a connection that was opened to us; 0: any time (20 in Kamailio 6).',
    { min: 0 },
  ),
  tcp_rd_buf_size: int(16_384, 'Largest stream message, bytes.', live('rd_buf_size', 512, 16_777_216)),
  tcp_script_mode: int(
    0,
    '1: a connection stays open after a message that is not SIP; an error in a route never ends it.',
  ),
  tcp_connection_match: int(0, '1: a connection is used again only for the socket it belongs to.'),
  tcp_source_ipv4: str('', 'Address that new IPv4 connections leave from.'),
  tcp_source_ipv6: str('', 'Address that new IPv6 connections leave from.'),
  enable_tls: int(0, 'TLS on.'),
  disable_tls: int(0, 'TLS off.'),
  tls_connection_match_domain: int(
    0,
    '1: a TLS connection is used again only where a new one would have the same client domain (tls.cfg).',
  ),
  tls_port_no: int(5061, 'Port of TLS sockets that name none.'),
} as const;

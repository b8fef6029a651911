/** Commands and statistics of the streams, with the shape core_cmd.c and tcp_stats.c give them. */
import type { Settings } from '../settings.js';
import type { Transports } from '../transport/transports.js';
import { type RpcRegistry, RpcStruct } from './rpc.js';
import type { Stats } from './stats.js';

interface TcpRpcServer {
  readonly rpc: RpcRegistry;
  readonly settings: Settings;
  readonly transports: Transports;
  readonly stats: Stats;
  readonly env: { readonly clock: { monotonic(): number } };
}

/** What Linux gives a socket that asks for nothing. */
const SYSTEM_TTL = 64;
const STATES = { accept: 'CONN_ACCEPT', connect: 'CONN_CONNECT', ok: 'CONN_OK' } as const;

export function registerTcpRpc(server: TcpRpcServer): void {
  const { rpc } = server;
  const { values: v } = server.settings;
  const { connections } = server.transports;
  /** Answers with a fault where streams are off. */
  const put = (name: string, doc: string, run: Parameters<RpcRegistry['register']>[2], array?: boolean) =>
    rpc.register(name, doc, (call) => (v.disable_tcp ? call.fault(500, 'tcp support disabled') : run(call)), array);

  put('core.tcp_info', 'Returns tcp related info.', (call) =>
    call.add(
      new RpcStruct({
        readers: v.tcp_children,
        max_connections: v.tcp_max_connections,
        max_tls_connections: v.tls_max_connections,
        opened_connections: connections.stats.current,
        opened_tls_connections: connections.stats.currentSecure,
        write_queued_bytes: connections.queuedBytes,
      }),
    ),
  );
  put('core.tcp_options', 'Returns active tcp options.', (call) =>
    call.add(
      new RpcStruct({
        connect_timeout: v.tcp_connect_timeout,
        send_timeout: v.tcp_send_timeout,
        connection_lifetime: v.tcp_connection_lifetime,
        'max_connections(soft)': v.tcp_max_connections,
        'max_tls_connections(soft)': v.tls_max_connections,
        no_connect: v.tcp_no_connect,
        fd_cache: v.tcp_fd_cache,
        async: v.tcp_async,
        connect_wait: v.tcp_connect_wait,
        conn_wq_max: v.tcp_conn_wq_max,
        wq_max: v.tcp_wq_max,
        defer_accept: v.tcp_defer_accept,
        delayed_ack: v.tcp_delayed_ack,
        syncnt: v.tcp_syncnt,
        linger2: v.tcp_linger2,
        keepalive: v.tcp_keepalive,
        keepidle: v.tcp_keepidle,
        keepintvl: v.tcp_keepintvl,
        keepcnt: v.tcp_keepcnt,
        crlf_ping: v.tcp_crlf_ping,
        accept_aliases: v.tcp_accept_aliases,
        alias_flags: v.tcp_alias_flags,
        new_conn_alias_flags: v.tcp_new_conn_alias_flags,
      }),
    ),
  );
  put(
    'core.tcp_list',
    'Returns the details about active TCP connections.',
    (call) => {
      for (const c of connections.all())
        call.add(
          new RpcStruct({
            id: c.id,
            type: c.proto.toUpperCase(),
            state: STATES[c.state],
            timeout: Math.max(0, Math.floor((c.idleUntil - server.env.clock.monotonic()) / 1000)),
            lifetime: Math.floor(c.lifetimeMs / 1000),
            ref_count: 1,
            src_ip: c.remote.ip,
            src_port: c.remote.port,
            dst_ip: c.local.ip,
            dst_port: c.local.port,
          }),
        );
    },
    true,
  );
  rpc.register('core.udp4_raw_info', 'Returns udp4_raw related info.', (call) =>
    call.add(
      new RpcStruct({
        udp4_raw: v.udp4_raw,
        udp4_raw_mtu: v.udp4_raw_mtu,
        udp4_raw_ttl: v.udp4_raw_ttl < 0 ? SYSTEM_TTL : v.udp4_raw_ttl,
      }),
    ),
  );

  const gauge = (name: string, read: () => number) => server.stats.gauge('tcp', name, read);
  const { stats } = connections;
  gauge('current_opened_connections', () => stats.current);
  gauge('current_write_queue_size', () => connections.queuedBytes);
  gauge('con_reset', () => stats.resets);
  gauge('con_timeout', () => stats.idleTimeouts);
  gauge('connect_failed', () => stats.connectFailed);
  gauge('connect_success', () => stats.connected);
  gauge('established', () => stats.established);
  gauge('local_reject', () => stats.refused);
  gauge('passive_open', () => stats.accepted);
  gauge('send_timeout', () => stats.sendTimeouts);
  gauge('sendq_full', () => stats.queueOverflows);
}

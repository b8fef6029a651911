/** `tls.*` commands, with the answers tls_rpc.c gives. */
import { type RpcCall, type RpcSpec, RpcStruct, type ServerApi } from '../../runtime/sdk/index.js';
import type { TlsState } from './state.js';

interface Me {
  readonly params: object;
  readonly state: TlsState;
}
type Rpc = RpcSpec<Me, RpcCall, ServerApi>;

const optionNames: readonly (readonly [shown: string, param: string])[] = [
  ['force_run', 'tls_force_run'],
  ['method', 'tls_method'],
  ['verify_certificate', 'verify_certificate'],
  ['verify_depth', 'verify_depth'],
  ['require_certificate', 'require_certificate'],
  ['verify_client', 'verify_client'],
  ['private_key', 'private_key'],
  ['ca_list', 'ca_list'],
  ['certificate', 'certificate'],
  ['cipher_list', 'cipher_list'],
  ['session_cache', 'session_cache'],
  ['session_id', 'session_id'],
  ['config', 'config'],
  ['log', 'tls_log'],
  ['debug', 'tls_debug'],
  ['connection_timeout', 'connection_timeout'],
  ['disable_compression', 'tls_disable_compression'],
  ['ssl_release_buffers', 'ssl_release_buffers'],
  ['ssl_freelist_max', 'ssl_freelist_max_len'],
  ['ssl_max_send_fragment', 'ssl_max_send_fragment'],
  ['ssl_read_ahead', 'ssl_read_ahead'],
  ['send_close_notify', 'send_close_notify'],
  ['low_mem_threshold1', 'low_mem_threshold1'],
  ['low_mem_threshold2', 'low_mem_threshold2'],
  ['ct_wq_max', 'ct_wq_max'],
  ['con_ct_wq_max', 'con_ct_wq_max'],
  ['ct_wq_blk_size', 'ct_wq_blk_size'],
];

export const rpc: Readonly<Record<string, Rpc>> = {
  'tls.reload': {
    paced: true,
    doc: 'Reload TLS configuration file',
    run(me, call, server) {
      if (!me.state.configured) return call.fault(500, 'No TLS configuration file configured');
      const problem = me.state.reload(server);
      if (problem !== null) {
        server.log(-1, 'tls', `the configuration stays as it was: ${problem}`);
        return call.fault(500, 'Error while loading TLS configuration file (consult server log)');
      }
      call.add('Ok. TLS configuration reloaded.');
      return undefined;
    },
  },
  'tls.list': {
    doc: 'List currently open TLS connections',
    array: true,
    run(_me, call, { transports, env }) {
      for (const c of transports.connections.all()) {
        if (!c.isSecure) continue;
        const { secure } = c;
        call.add(
          new RpcStruct({
            id: c.id,
            timeout: Math.max(0, Math.floor((c.idleUntil - env.clock.monotonic()) / 1000)),
            src_ip: c.remote.ip,
            src_port: c.remote.port,
            dst_ip: c.local.ip,
            dst_port: c.local.port,
            cipher: secure ? `${secure.cipher.name} ${secure.version}` : 'unknown',
            ct_wq_size: c.waitingBytes,
            enc_rd_buf: 0,
            flags: 0,
            state: secure ? 'established' : c.outgoing ? 'tls_connect' : 'tls_accept',
          }),
        );
      }
    },
  },
  'tls.kill': {
    doc: 'Kills a tls session, identified via id.',
    run(_me, call, { transports: { connections } }) {
      const id = call.int();
      if (id === undefined) return;
      const connection = connections.get(id);
      if (!connection?.isSecure) return call.add('TLS connection id not found');
      connections.close(connection);
      call.add('OK');
    },
  },
  'tls.info': {
    doc: 'List internal information related to the TLS module',
    run(_me, call, { settings, transports }) {
      let waiting = 0;
      for (const c of transports.connections.all()) if (c.isSecure) waiting += c.waitingBytes;
      call.add(
        new RpcStruct({
          max_connections: settings.values.tls_max_connections,
          opened_connections: transports.connections.stats.currentSecure,
          clear_text_write_queued_bytes: waiting,
        }),
      );
    },
  },
  'tls.options': {
    doc: 'Dumps all the tls config options.',
    run(me, call) {
      const shown = new RpcStruct();
      const params = new Map(Object.entries(me.params));
      for (const [name, param] of optionNames) {
        const value: unknown = params.get(param);
        shown.add(name, typeof value === 'number' || typeof value === 'string' ? value : '');
      }
      call.add(shown);
    },
  },
};

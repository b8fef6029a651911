/**
 * tls: encrypted streams. Which certificate serves whom and who has to show one stands in the module's parameters or in
 * tls.cfg; `tls.reload` replaces it for new connections, those open keep theirs.
 */
import {
  defineModule,
  indexMessage,
  type ModuleInit,
  type ParamSpec,
  ParseFailure,
  type RouteContext,
  type SecureTarget,
  type SecureTransport,
  type ServerApi,
  StartError,
  scriptCallback,
  varStr,
} from '../../runtime/sdk/index.js';
import type { TlsParams } from './domains.js';
import { KeyLog } from './keylog.js';
import { pvs, selects } from './pvs.js';
import { rpc } from './rpc.js';
import { TlsState } from './state.js';

/** Idle seconds; Kamailio's own default. */
const LIFETIME_SEC = 600;

const text = (value: string, doc: string) => ({ type: 'str' as const, default: value, doc });
const number = (value: number, doc: string, more: Partial<ParamSpec> = {}) => ({
  ...more,
  type: 'int' as const,
  default: value,
  doc,
});
/** OpenSSL matters Node decides itself. */
const ofOpenssl = (value: number) => number(value, 'Accepted; Node decides.', { noEffect: true });

/** What the transport calls: a domain chosen, a handshake made. */
class TlsTransport implements SecureTransport {
  constructor(
    private readonly server: ServerApi,
    private readonly state: TlsState,
    private readonly params: { readonly connection_timeout: number },
  ) {}
  get lifetimeSec(): number {
    return this.params.connection_timeout;
  }
  private get timeoutMs(): number {
    return this.server.settings.values.tcp_connect_timeout * 1000;
  }
  accept: SecureTransport['accept'] = (stream) => {
    const { ip, port } = stream.local;
    return this.server.env.tls.accept(
      stream,
      (name) => this.state.domains?.forServer(ip, port, name) ?? null,
      this.timeoutMs,
    );
  };
  connect: SecureTransport['connect'] = async (stream, hop, target) => {
    if (!(await this.allowed(hop.ip, hop.port))) throw new Error('event_route[tls:connection-out] refused it');
    const { serverName = '', serverId = '' } = target ?? {};
    const context = this.state.domains?.forClient(hop.ip, hop.port, serverName, serverId);
    if (!context) throw new Error('no TLS configuration is loaded');
    return this.server.env.tls.connect(stream, context, { serverName, verifyName: null, timeoutMs: this.timeoutMs });
  };
  domain: SecureTransport['domain'] = ({ ip, port }, target) =>
    this.state.domains?.clientName(ip, port, target?.serverName ?? '', target?.serverId ?? '') ?? '';
  /** `drop` in the event route keeps anything from being sent. */
  private async allowed(ip: string, port: number): Promise<boolean> {
    const { script } = this.server;
    if (!script.hasEvent('tls:connection-out')) return true;
    const { raw, received, grammar } = this.server.detachedRun().msg;
    const msg = indexMessage(raw, { ...received, src: { ip, port } }, grammar);
    const ctx = msg instanceof ParseFailure ? null : await script.runEvent('tls:connection-out', msg);
    return ctx === null || !ctx.dropped;
  }
}

/** `$xavp(tls=>server_name)` and `server_id`, over what `tls_set_connect_server_id()` said. */
function targetOf(ctx: RouteContext, xavp: string, set: SecureTarget | null): SecureTarget | null {
  const record = xavp === '' ? null : ctx.xavps.record(xavp);
  const field = (name: string) => String(record?.value(name) ?? '');
  const serverName = field('server_name');
  const serverId = field('server_id') || (set?.serverId ?? '');
  return serverName === '' && serverId === '' ? null : { serverName, serverId };
}

export default defineModule({
  name: 'tls',
  doc: 'TLS: encrypted streams, certificates of the peer.',
  uses: [],
  params: {
    config: text('', 'tls.cfg: domains for servers and clients.'),
    tls_method: text('TLSv1+', 'Versions: `TLSv1.2` that one, `TLSv1.2+` that and newer, `SSLv23` any.'),
    server_name: text('', 'Name the default domain serves.'),
    verify_certificate: number(0, 'A certificate the peer shows has to be good.'),
    verify_depth: number(9, 'Most certificates between the peer’s and one that is trusted.', { min: 0 }),
    require_certificate: number(0, 'The peer has to show a certificate.'),
    verify_client: { ...text('off', 'Clients: off, on, optional, optional_no_ca.'), values: ['off', 'on', 'optional', 'optional_no_ca'] }, // biome-ignore format: one row
    private_key: text('', 'PEM file; without it the key stands with the certificate.'),
    private_key_password: text('', 'Of an encrypted private key.'),
    key_password_mode: number(
      0,
      'Where that password comes from: 0 `private_key_password`; 1, a prompt, is not offered.',
      {
        min: 0,
        max: 0,
      },
    ),
    certificate: text('cert.pem', 'PEM file, the chain after it.'),
    ca_list: text('', 'PEM file of those whose certificates are trusted.'),
    ca_path: text('', 'Folder of such certificates, named as `openssl rehash` names them.'),
    crl: text('', 'PEM file of revoked certificates.'),
    cipher_list: text('', 'OpenSSL cipher list.'),
    connection_timeout: number(LIFETIME_SEC, 'Seconds without a message before a connection is closed.', {
      live: true,
    }),
    tls_log: number(3, 'Log level.', { live: true }),
    tls_debug: number(3, 'Log level of details.', { live: true }),
    session_cache: ofOpenssl(0),
    session_id: { ...text('kamailio-tls-5.x.y', 'Accepted; Node decides.'), noEffect: true },
    tls_disable_compression: ofOpenssl(1),
    ssl_release_buffers: ofOpenssl(-1),
    ssl_freelist_max_len: ofOpenssl(-1),
    ssl_max_send_fragment: ofOpenssl(-1),
    ssl_read_ahead: ofOpenssl(1),
    send_close_notify: ofOpenssl(0),
    con_ct_wq_max: number(65_536, 'Accepted; what waits for a handshake counts in tcp_conn_wq_max.', { live: true }),
    ct_wq_max: number(10_485_760, 'Accepted; what waits counts in tcp_wq_max.', { live: true }),
    ct_wq_blk_size: number(4096, 'Accepted.', { live: true }),
    tls_force_run: number(0, 'Accepted.'),
    low_mem_threshold1: number(0, 'Accepted.', { live: true }),
    low_mem_threshold2: number(0, 'Accepted.', { live: true }),
    renegotiation: number(0, 'Renegotiation stays off.'),
    xavp_cfg: text('', 'Xavp whose `server_name` and `server_id` a connection we open takes.'),
    event_callback: scriptCallback('event routes'),
    rand_engine: { ...text('', 'Accepted; Node decides.'), noEffect: true },
    engine: { ...text('NONE', 'Accepted; engines are not used.'), noEffect: true },
    engine_config: { ...text('NONE', 'Accepted; engines are not used.'), noEffect: true },
    engine_algorithms: { ...text('ALL', 'Accepted; engines are not used.'), noEffect: true },
    provider_quirks: number(0, 'Accepted; there is one process, which loads its providers once.', { noEffect: true }),
    provider_quirks_config: { ...text('', 'Accepted; Node reads OpenSSL’s own configuration.'), noEffect: true },
    init_mode: number(0, 'Accepted; there are no processes that share OpenSSL’s memory.', { noEffect: true }),
    keylog_mode: number(
      0,
      'Writes the secrets of sessions; a sum of 1 possible at all, 2 on, 4 to the log, 8 to `keylog_file`, 16 to `keylog_peer`, 1024 only what opens SIP.',
      { min: 0 },
    ),
    keylog_file: text('', 'File they are added to, in the NSS key log format; only its owner may read it.'),
    keylog_peer: text('', 'Peer each line is sent to: `udp:127.0.0.1:8020`.'),
  },
  stats: {
    opened_connections: { doc: 'Open TLS connections.', gauge: true },
    max_connections: { doc: 'Most there may be.', gauge: true },
    clear_text_write_queued_bytes: { doc: 'Bytes that wait for a handshake.', gauge: true },
  },
  state: (_init: ModuleInit, params: TlsParams): TlsState => new TlsState(params),
  start(me, server) {
    const { transports, settings, stats } = server;
    if (!settings.values.enable_tls || settings.values.disable_tls) return;
    try {
      me.state.keyLog = KeyLog.open(server, me.params);
    } catch (error) {
      throw new StartError('SIPC8060', `tls: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (me.state.keyLog !== null) server.log(0, 'tls', 'keylog_mode is on: who reads those keys reads all calls');
    const problem = me.state.reload(server);
    if (problem !== null) {
      me.state.keyLog?.close();
      throw new StartError('SIPC8060', `tls: ${problem}`);
    }
    transports.connections.secure = new TlsTransport(server, me.state, me.params);
    server.transactions.hooks.secureTarget = (run, draft) =>
      'xavps' in run ? targetOf(run as RouteContext, me.params.xavp_cfg, draft.secure) : draft.secure;
    stats.gauge('tls', 'opened_connections', () => transports.connections.stats.currentSecure);
    stats.gauge('tls', 'max_connections', () => settings.values.tls_max_connections);
    stats.gauge('tls', 'clear_text_write_queued_bytes', () => {
      let waiting = 0;
      for (const c of transports.connections.all()) if (c.isSecure) waiting += c.waitingBytes;
      return waiting;
    });
  },
  stop(me) {
    me.state.keyLog?.close();
  },
  functions: {
    is_peer_verified: {
      doc: 'Did the message come over TLS from a peer whose certificate was verified?',
      args: [],
      routes: ['request'],
      returns: { 1: 'it did', [-1]: 'it did not' },
      example: 'if (!is_peer_verified()) { exit; }',
      run(me, ctx) {
        const session = me.state.sessions.of(ctx);
        if (session === null) ctx.log(-1, "the message did not come over TLS: its peer can't be verified", 'tls');
        return session !== null && session.problem === null ? 1 : -1;
      },
    },
    tls_set_connect_server_id: {
      doc: 'A TLS connection opened for this message uses the client domain with this `server_id`; empty: none.',
      args: [varStr('server_id')],
      routes: ['any'],
      returns: { 1: 'done' },
      example: 'tls_set_connect_server_id("clientone");',
      run(_me, ctx, serverId) {
        ctx.draft.secure = serverId === '' ? null : { serverName: '', serverId };
        return 1;
      },
    },
  },
  pvs,
  rpc,
  selects,
  eventRoutes: {
    'tls:connection-out': { doc: 'A TLS connection was opened and is about to shake hands; `drop` closes it.' },
  },
  missing: [],
});

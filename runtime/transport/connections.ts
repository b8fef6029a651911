/**
 * The stream connections of a server: found by id (responses go back where the request came from, RFC 3261 §18.2.2),
 * by the peer's address (reuse, and aliases of RFC 5923), bounded in number, in what waits to be written, in how long
 * that may take and in how long they stay without a message. Behaviour follows Kamailio's `tcp_send()`: id, then
 * address, then a new connection.
 */
import {
  type Endpoint,
  type Environment,
  prints,
  type SecureStream,
  type SocketTuning,
  type StreamConnection,
} from '../env.js';
import { accepts } from './accepted-protocols.js';
import { Addresses, type AliasResult } from './addresses.js';
import { Connection, type StreamProtocol } from './connection.js';
import { type FrameError, StreamFramer } from './framing.js';
import { zoned } from './listen.js';
import { type ProxyHeader, readProxyHeader } from './proxy-header.js';
import type { SecureTransport } from './secure.js';
import type { ListenSocket, NextHop, OnMessage, ReceiveInfo, SecureTarget, SendOptions } from './types.js';

/** The global parameters read here, live. */
export interface StreamSettings {
  readonly tcp_connection_lifetime: number;
  readonly tcp_max_connections: number;
  readonly tls_max_connections: number;
  readonly tcp_connect_timeout: number;
  readonly tcp_send_timeout: number;
  readonly tcp_no_connect: number;
  readonly tcp_crlf_ping: number;
  readonly tcp_accept_no_cl: number;
  readonly tcp_script_mode: number;
  readonly tcp_msg_read_timeout: number;
  readonly tcp_msg_data_timeout: number;
  readonly tcp_rd_buf_size: number;
  readonly tcp_conn_wq_max: number;
  readonly tcp_wq_max: number;
  readonly tcp_alias_flags: number;
  readonly tcp_new_conn_alias_flags: number;
  readonly tcp_connection_match: number;
  readonly tls_connection_match_domain: number;
  readonly tcp_source_ipv4: string;
  readonly tcp_source_ipv6: string;
  readonly tcp_keepalive: number;
  readonly tcp_keepidle: number;
  readonly tcp_keepintvl: number;
  readonly tcp_keepcnt: number;
  readonly tcp_listen_backlog: number;
  readonly tcp_accept_haproxy: number;
  readonly tcp_accept_unique: number;
  readonly tcp_accept_iplimit: number;
  readonly tcp_wait_data: number;
  readonly tcp_accept_protocols: string;
  readonly tcp_close_rst: number;
  readonly tos: number;
  readonly ip_free_bind: number;
}

export interface StreamStats {
  /** Open now, connecting ones included; those over TLS among them. */
  current: number;
  currentSecure: number;
  accepted: number;
  connected: number;
  connectFailed: number;
  /** Over a limit of connections. */
  refused: number;
  framingErrors: number;
  queueOverflows: number;
  sendTimeouts: number;
  idleTimeouts: number;
  resets: number;
  /** The first bytes passed on a connection. */
  established: number;
  handshakeFailed: number;
}

const DEFAULT_PORT = { tcp: 5060, tls: 5061 } as const;

export class Connections {
  private readonly byId = new Map<number, Connection>();
  private readonly addresses = new Addresses();
  private lastId = 0;
  private secureCount = 0;
  /** Accepted, and have not said yet whom they speak for. */
  private unannounced = 0;
  private queuedTotal = 0;
  /** Set by the tls module. */
  secure: SecureTransport | null = null;
  /** Told of a connection that broke while it was open, with the system's code. */
  onReadError: ((connection: Connection, code: string) => void) | null = null;
  /** Told of every connection that ends, with the reason's code. */
  readonly onClosed: ((connection: Connection, code: string) => void)[] = [];
  readonly stats: StreamStats = {
    current: 0,
    currentSecure: 0,
    accepted: 0,
    connected: 0,
    connectFailed: 0,
    refused: 0,
    framingErrors: 0,
    queueOverflows: 0,
    sendTimeouts: 0,
    idleTimeouts: 0,
    resets: 0,
    established: 0,
    handshakeFailed: 0,
  };

  constructor(
    private readonly env: Environment,
    private readonly settings: StreamSettings,
    /** False: what came is not SIP. */
    private readonly onMessage: OnMessage,
  ) {}

  get(id: number): Connection | undefined {
    return this.byId.get(id);
  }
  all(): IterableIterator<Connection> {
    return this.byId.values();
  }
  /** Bytes that wait on all connections, as last counted. */
  get queuedBytes(): number {
    return this.queuedTotal;
  }

  /** The open connection for this hop, by id if it names one, else by address. */
  find(hop: NextHop, target: SecureTarget | null = null): Connection | undefined {
    const named = hop.connectionId ? this.byId.get(hop.connectionId) : undefined;
    if (named?.usable) return named;
    const strict = hop.forced || this.settings.tcp_connection_match === 1;
    const secure = hop.proto === 'ws' ? null : hop.proto === 'tls' || hop.proto === 'wss';
    const domain =
      hop.proto === 'tls' && this.settings.tls_connection_match_domain !== 0
        ? (this.secure?.domain(hop, target) ?? null)
        : null;
    return this.addresses.find(hop.ip, hop.port, strict ? hop.socket.local.ip : null, secure, domain);
  }

  /** Whatever is open to this address. */
  at(ip: string, port: number): Connection | undefined {
    return this.addresses.find(ip, port, null, null);
  }

  /** Another port of the peer that leads to the same connection (`force_tcp_alias()`, `;alias`); 0: the default one. */
  addAlias(id: number, port: number): boolean {
    const connection = this.byId.get(id);
    if (!connection) {
      this.log(-1, `no connection found for id ${id}`);
      return false;
    }
    const wanted = port || (connection.isSecure ? DEFAULT_PORT.tls : DEFAULT_PORT.tcp);
    const result = this.addresses.add(connection, wanted, this.settings.tcp_alias_flags);
    if (result !== 'added') this.log(-1, aliasProblem(connection, wanted, result));
    return result === 'added';
  }

  accept(stream: StreamConnection, socket: ListenSocket): void {
    if (!this.hasRoom(socket.proto === 'tls', '') || this.isDuplicate(stream)) stream.destroy();
    else if (this.settings.tcp_accept_haproxy !== 0 || accepts(this.settings, 'haproxy'))
      this.acceptProxied(stream, socket);
    else this.admit(stream, socket, null, '');
  }
  /** `tcp_accept_unique`: one between these two addresses is still open. */
  private isDuplicate({ local, remote }: StreamConnection): boolean {
    if (this.settings.tcp_accept_unique === 0) return false;
    const open = this.at(remote.ip, remote.port);
    if (open === undefined || open.local.ip !== local.ip || open.local.port !== local.port) return false;
    this.log(-1, 'duplicated connection by local and remote addresses');
    return true;
  }
  /** A balancer in front of us may say first whom it speaks for; who says nothing within `tcp_wait_data` is cut off. */
  private acceptProxied(stream: StreamConnection, socket: ListenSocket): void {
    let held = '';
    const { ip, port } = stream.remote;
    const done = () => {
      timer.cancel();
      this.unannounced--;
      stream.onClose = () => {};
      stream.onData = () => {};
    };
    const refuse = (why: string) => {
      done();
      stream.destroy();
      this.log(-1, `connection from ${ip}:${port} refused: ${why}`);
    };
    const timer = this.env.clock.setTimer(this.settings.tcp_wait_data, () => refuse('nothing was sent'));
    this.unannounced++;
    stream.onClose = done;
    stream.onData = (bytes) => {
      held += bytes;
      const header = readProxyHeader(held);
      if (header === 'more') return;
      if (header === 'bad') return refuse('invalid PROXY protocol header');
      done();
      if (!this.hasRoom(socket.proto === 'tls', '')) return stream.destroy();
      const known = header === 'none' ? null : header;
      return this.admit(stream, socket, known, held.slice(known?.sizeBytes ?? 0));
    };
  }
  /** `early`: what came behind the header. */
  private admit(stream: StreamConnection, socket: ListenSocket, header: ProxyHeader | null, early: string): void {
    const isSecure = socket.proto === 'tls';
    const remote = header?.src ?? stream.remote;
    const limit = this.settings.tcp_accept_iplimit;
    if (limit > 0 && this.countFrom(remote.ip) >= limit) {
      this.stats.refused++;
      this.log(-1, `connection limit of ${remote.ip} exceeded (${limit})`);
      stream.destroy();
      return;
    }
    const connection = this.add(socket, remote, false, isSecure);
    connection.announced = header?.dst ?? null;
    this.stats.accepted++;
    if (!isSecure) {
      this.attach(connection, stream);
      if (early !== '') stream.onData(early);
    } else if (this.secure === null) this.drop(connection, stream, 'there is no tls module');
    else {
      this.handshake(connection, stream, this.secure.accept(stream, socket));
      if (early !== '') stream.unread(early);
    }
  }
  private countFrom(ip: string): number {
    let count = 0;
    for (const { remote, outgoing } of this.byId.values()) if (!outgoing && remote.ip === ip) count++;
    return count;
  }

  /** False when refused at once; what goes wrong later is told to `failed`. */
  send(hop: NextHop, bytes: string, options: SendOptions = {}): boolean {
    let connection = this.find(hop, options.secure ?? null);
    if (!connection) {
      // RFC 7118 §5: nobody can connect to a browser.
      if (hop.proto === 'ws' || hop.proto === 'wss') return this.refuse('there is no WebSocket connection to it', hop);
      if (options.noConnect || this.settings.tcp_no_connect || hop.port === 0) return false;
      if (hop.proto === 'tls' && this.secure === null) return this.refuse('the tls module is not loaded', hop);
      if (!this.hasRoom(hop.proto === 'tls', `${hop.ip}:${hop.port}: `)) return false;
      connection = this.connect(hop, options.secure ?? null);
    }
    if (options.close) connection.closeAfter = true;
    if (connection.stream)
      return this.write(connection, connection.stream, connection.protocol?.encode(bytes) ?? bytes);
    const { waiting, waitingBytes } = connection;
    if (waiting.length > 0 && waitingBytes + bytes.length > this.settings.tcp_conn_wq_max) {
      this.stats.queueOverflows++;
      return false;
    }
    waiting.push({ bytes, failed: options.failed, opened: options.opened });
    connection.waitingBytes += bytes.length;
    return true;
  }
  /** Bytes outside SIP on an open connection: WebSocket control frames, the answer to a ping. */
  sendRaw(connection: Connection, bytes: string): boolean {
    return connection.stream !== null && this.write(connection, connection.stream, bytes);
  }

  /** Hands the bytes of a connection to another protocol from here on. */
  upgrade(connection: Connection, protocol: StreamProtocol): void {
    connection.protocol = protocol;
  }
  /**
   * Opens a connection that speaks another protocol from its first byte; messages to it wait until it is there. Null:
   * one to this address is there already, or none may be opened.
   */
  open(hop: NextHop, protocol: (connection: Connection) => StreamProtocol): Connection | null {
    const isSecure = hop.proto === 'tls';
    const problem =
      this.find(hop) !== undefined
        ? 'there is a connection to it already'
        : isSecure && this.secure === null
          ? 'the tls module is not loaded'
          : null;
    if (problem !== null) this.refuse(problem, hop);
    if (problem !== null || !this.hasRoom(isSecure, `${hop.ip}:${hop.port}: `)) return null;
    const connection = this.connect(hop, null);
    connection.protocol = protocol(connection);
    return connection;
  }
  /** Ends a connection once what is queued has been written. */
  close(connection: Connection, code = 'ECANCELED'): void {
    connection.stream?.end();
    this.remove(connection, code);
  }
  /** Ends all connections once what is queued has been written. */
  end(): void {
    for (const connection of [...this.byId.values()]) this.close(connection);
  }

  private hasRoom(isSecure: boolean, who: string): boolean {
    const { tcp_max_connections, tls_max_connections } = this.settings;
    const full =
      this.byId.size + this.unannounced >= tcp_max_connections
        ? `maximum number of connections exceeded (${this.byId.size}/${tcp_max_connections})`
        : isSecure && this.secureCount >= tls_max_connections
          ? `maximum number of tls connections exceeded (${this.secureCount}/${tls_max_connections})`
          : null;
    if (full === null) return true;
    this.stats.refused++;
    this.log(-1, who + full);
    return false;
  }
  private refuse(why: string, hop: NextHop): false {
    this.log(-1, `cannot send to ${hop.proto}:${hop.ip}:${hop.port}: ${why}`);
    return false;
  }

  private add(socket: ListenSocket, remote: Endpoint, outgoing: boolean, isSecure: boolean): Connection {
    const connection = new Connection(++this.lastId, socket, remote, outgoing, isSecure);
    connection.lifetimeMs =
      1000 * (isSecure && this.secure ? this.secure.lifetimeSec : this.settings.tcp_connection_lifetime);
    this.byId.set(connection.id, connection);
    if (isSecure) this.secureCount++;
    this.countOpen();
    this.addresses.add(connection, remote.port, this.settings.tcp_new_conn_alias_flags);
    return connection;
  }
  private countOpen(): void {
    this.stats.current = this.byId.size;
    this.stats.currentSecure = this.secureCount;
  }

  private connect(hop: NextHop, target: SecureTarget | null): Connection {
    const { settings } = this;
    const isSecure = hop.proto === 'tls';
    const connection = this.add(hop.socket, { ip: hop.ip, port: hop.port }, true, isSecure);
    if (isSecure) connection.domain = this.secure?.domain(hop, target) ?? '';
    const source = hop.ip.includes(':') ? settings.tcp_source_ipv6 : settings.tcp_source_ipv4;
    const { zone, local } = hop.socket;
    const localIp = hop.forced ? zoned(local.ip, zone) : source || undefined;
    this.env.network
      .connectTcp(
        { ip: zoned(hop.ip, zone), port: hop.port },
        {
          localIp,
          timeoutMs: settings.tcp_connect_timeout * 1000,
          tuning: this.tuning,
        },
      )
      .then((stream) => {
        if (connection.closed) return stream.destroy();
        this.stats.connected++;
        if (!isSecure) return this.begin(connection, stream);
        if (this.secure === null) return this.drop(connection, stream, 'there is no tls module');
        return this.handshake(connection, stream, this.secure.connect(stream, hop, target));
      })
      .catch((error: unknown) => {
        const code = codeOf(error);
        if (connection.closed) return;
        this.stats.connectFailed++;
        this.log(-1, `connect ${hop.ip}:${hop.port} failed: ${code}`);
        this.remove(connection, code);
      });
    return connection;
  }
  /** For the sockets of both directions. */
  get tuning(): SocketTuning {
    const s = this.settings;
    return {
      tos: s.tos || undefined,
      freeBind: s.ip_free_bind !== 0,
      backlog: s.tcp_listen_backlog,
      keepAlive: s.tcp_keepalive
        ? { idleSec: s.tcp_keepidle, intervalSec: s.tcp_keepintvl, count: s.tcp_keepcnt }
        : null,
      resetOnClose: s.tcp_close_rst !== 0,
    };
  }

  private handshake(connection: Connection, stream: StreamConnection, shaking: Promise<SecureStream>): void {
    shaking.then(
      (secured) => {
        if (connection.closed) return secured.destroy();
        connection.secure = secured.secure;
        this.begin(connection, secured);
      },
      (error: unknown) =>
        this.drop(connection, stream, error instanceof Error ? error.message : String(error), codeOf(error)),
    );
  }
  private drop(connection: Connection, stream: StreamConnection, why: string, code = 'EPROTO'): void {
    stream.destroy();
    if (connection.closed) return;
    this.stats.handshakeFailed++;
    this.log(-1, `TLS with ${connection.remote.ip}:${connection.remote.port} failed: ${why}`);
    this.remove(connection, code);
  }

  /** A protocol with a handshake of its own has that first. */
  private begin(connection: Connection, stream: StreamConnection): void {
    const opening = connection.protocol?.open?.(stream);
    if (opening === undefined) {
      this.attach(connection, stream);
      return;
    }
    opening.then(
      (early) => {
        if (connection.closed) return stream.destroy();
        this.attach(connection, stream);
        if (early !== '') stream.onData(early);
      },
      (error: unknown) => {
        stream.destroy();
        if (connection.closed) return;
        const { ip, port } = connection.remote;
        this.log(
          -1,
          `${connection.proto} with ${ip}:${port} failed: ${error instanceof Error ? error.message : error}`,
        );
        this.remove(connection, codeOf(error));
      },
    );
  }

  private attach(connection: Connection, stream: StreamConnection): void {
    connection.stream = stream;
    stream.maxQueuedBytes = this.settings.tcp_conn_wq_max;
    const framer = new StreamFramer(
      {
        message: (bytes) => {
          if (connection.closed) return;
          this.touch(connection);
          connection.silent?.cancel();
          connection.reading?.cancel();
          connection.reading = null;
          if (this.onMessage(bytes, this.receiveInfo(connection)) === false) {
            if ((this.settings.tcp_script_mode & 1) === 0) this.cut(connection, 'not-sip');
          } else if (connection.protocol) framer.stop();
        },
        // RFC 5626 §4.4.1
        ping: () => {
          if (connection.closed) return;
          this.touch(connection);
          if (this.settings.tcp_crlf_ping) this.write(connection, stream, '\r\n');
        },
      },
      this.settings.tcp_rd_buf_size,
      this.settings.tcp_accept_no_cl !== 0,
    );
    stream.onClose = (code) => {
      if (code !== undefined && !connection.closed) {
        if (code === 'ECONNRESET') this.stats.resets++;
        this.onReadError?.(connection, code);
      }
      this.remove(connection, code ?? 'ECONNRESET');
    };
    stream.onQueued = () => {
      if (!connection.closed) this.watchQueue(connection, stream);
    };
    stream.onData = (bytes) => {
      if (connection.closed) return;
      this.establish(connection);
      if (connection.protocol) return this.hand(connection, connection.protocol, bytes);
      const error = framer.push(bytes);
      if (error) this.cut(connection, error);
      else if (connection.protocol && framer.rest !== '') this.hand(connection, connection.protocol, framer.rest);
      else if (framer.heldBytes > 0 && !connection.closed) this.limitReading(connection);
      return undefined;
    };
    // Only a whole message extends the life of a connection: a peer that sends a byte now and then does not hold it.
    connection.idle = this.env.clock.setTimer(connection.lifetimeMs, () => {
      this.stats.idleTimeouts++;
      this.close(connection, 'ETIMEDOUT');
    });
    this.touch(connection);
    const { tcp_msg_data_timeout: mostSec } = this.settings;
    if (mostSec > 0 && !connection.outgoing)
      connection.silent = this.env.clock.setTimer(mostSec * 1000, () => this.close(connection, 'ETIMEDOUT'));
    const waiting = connection.waiting;
    connection.waiting = [];
    connection.waitingBytes = 0;
    for (const { bytes, failed, opened } of waiting) {
      if (connection.closed || !this.write(connection, stream, connection.protocol?.encode(bytes) ?? bytes))
        failed?.('EPIPE');
      else opened?.();
    }
  }
  /** The rest of a message has `tcp_msg_read_timeout` to come, from its first bytes on. */
  private limitReading(connection: Connection): void {
    const { tcp_msg_read_timeout: mostSec } = this.settings;
    if (mostSec > 0)
      connection.reading ??= this.env.clock.setTimer(mostSec * 1000, () => this.cut(connection, 'read-timeout'));
  }
  private hand(connection: Connection, protocol: StreamProtocol, bytes: string): void {
    this.touch(connection);
    protocol.received(bytes);
  }
  private establish(connection: Connection): void {
    if (connection.state === 'ok') return;
    connection.state = 'ok';
    this.stats.established++;
  }

  /** As for a message that came on it now. */
  receiveInfo(connection: Connection): ReceiveInfo {
    return {
      proto: connection.proto,
      src: connection.remote,
      dst: connection.local,
      socket: connection.socket,
      connectionId: connection.id,
      at: this.env.clock.exactNow(),
    };
  }
  /** A message that did not come through the framer: one WebSocket message. */
  deliver(connection: Connection, bytes: string): void {
    if (!connection.closed && this.onMessage(bytes, this.receiveInfo(connection)) === false)
      this.cut(connection, 'not-sip');
  }

  private write(connection: Connection, stream: StreamConnection, bytes: string): boolean {
    if (connection.closed) return false;
    const full = stream.queuedBytes > 0 && this.queuedTotal + bytes.length > this.settings.tcp_wq_max;
    if (full || !stream.write(bytes)) {
      // A peer that does not read: Kamailio gives the connection up as well.
      this.stats.queueOverflows++;
      const { ip, port } = connection.remote;
      this.log(-1, `write queue full or timeout (${stream.queuedBytes} bytes) to ${ip}:${port}`);
      stream.destroy();
      this.remove(connection, 'EAGAIN');
      return false;
    }
    this.establish(connection);
    this.touch(connection);
    this.watchQueue(connection, stream);
    if (connection.closeAfter) this.close(connection);
    return true;
  }
  /** While bytes are queued they have to get fewer within `tcp_send_timeout`. */
  private watchQueue(connection: Connection, stream: StreamConnection): void {
    const queued = stream.queuedBytes;
    this.count(connection, queued);
    if (queued === 0 || connection.stalled !== null) return;
    let last = queued;
    const timer = this.env.clock.setTimer(this.settings.tcp_send_timeout * 1000, () => {
      const now = stream.queuedBytes;
      this.count(connection, now);
      if (now === 0) {
        connection.stalled = null;
        return;
      }
      if (now < last) {
        last = now;
        timer.rearm(this.settings.tcp_send_timeout * 1000);
        return;
      }
      this.stats.sendTimeouts++;
      this.log(-1, `write queue full or timeout (${now} bytes) to ${connection.remote.ip}:${connection.remote.port}`);
      stream.destroy();
      this.remove(connection, 'ETIMEDOUT');
    });
    connection.stalled = timer;
  }
  private count(connection: Connection, queued: number): void {
    this.queuedTotal += queued - connection.queuedBytes;
    connection.queuedBytes = queued;
  }

  /** Closes at once: what came cannot be read. */
  cut(connection: Connection, why: FrameError | 'not-sip' | (string & {})): void {
    if (connection.closed) return;
    this.stats.framingErrors++;
    this.log(-1, `bad stream from ${connection.remote.ip}:${connection.remote.port}: ${why}`);
    connection.stream?.destroy();
    this.remove(connection, why);
  }
  private touch(connection: Connection): void {
    connection.idleUntil = this.env.clock.monotonic() + connection.lifetimeMs;
    connection.idle?.rearm(connection.lifetimeMs);
  }

  private remove(connection: Connection, code: string): void {
    if (connection.closed) return;
    connection.closed = true;
    connection.idle?.cancel();
    connection.silent?.cancel();
    connection.reading?.cancel();
    connection.stalled?.cancel();
    this.count(connection, 0);
    this.byId.delete(connection.id);
    if (connection.isSecure) this.secureCount--;
    this.countOpen();
    this.addresses.remove(connection);
    const waiting = connection.waiting;
    connection.waiting = [];
    for (const { failed } of waiting) failed?.(code);
    for (const told of this.onClosed) told(connection, code);
  }

  private log(level: -1 | 3, text: string): void {
    if (prints(this.env.log, level, 'tcp')) this.env.log.write({ level, source: 'tcp', text });
  }
}

function aliasProblem({ id, remote }: Connection, port: number, result: AliasResult): string {
  return result === 'taken'
    ? `alias for ${id} port ${port} already present and points to another connection: possible port hijack attempt`
    : `too many aliases for connection ${id} ${remote.ip}:${remote.port} <- ${port}`;
}
const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';

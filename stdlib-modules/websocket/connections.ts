/**
 * The WebSocket connections of a server: frames in and out, pings, closing (RFC 6455 §5.5, §7; RFC 7118 §5), and the
 * counters of the module.
 */
import {
  answerProblem,
  type Connection,
  type Counter,
  closeFrame,
  FrameReader,
  frame,
  indexMessage,
  MAX_ANSWER,
  messageFrame,
  type NextHop,
  Opcode,
  openingRequest,
  ParseFailure,
  type ServerApi,
  type StreamConnection,
  type StreamProtocol,
  type Timer,
  type WsTarget,
  withMask,
} from '../../runtime/sdk/index.js';
import { SubProtocol } from './handshake.js';

const CLOSED_EVENT = 'websocket:closed';

export interface WsParams {
  readonly keepalive_mechanism: number;
  readonly keepalive_timeout: number;
  readonly keepalive_interval: number;
  readonly ping_application_data: string;
}
export type WsStats = Readonly<
  Record<
    | 'ws_failed_connections' | 'ws_local_closed_connections' | 'ws_remote_closed_connections'
    | 'ws_received_frames' | 'ws_transmitted_frames'
    | 'ws_sip_failed_connections' | 'ws_sip_local_closed_connections' | 'ws_sip_remote_closed_connections'
    | 'ws_sip_received_frames' | 'ws_sip_transmitted_frames'
    | 'ws_failed_handshakes' | 'ws_successful_handshakes' | 'ws_sip_successful_handshakes',
    Counter
  >
>; // biome-ignore format: pairs

/** Longest wait for the answer of a server we connect to. */
const HANDSHAKE_MS = 10_000;
const KeepAlive = { none: 0, ping: 1, pong: 2, check: 3 } as const;

export class WsConnection implements StreamProtocol {
  readonly proto: 'ws' | 'wss';
  state: 'CONNECTING' | 'OPEN' | 'CLOSING';
  awaitingPong = false;
  /** Monotonic, ms. */
  lastUsed: number;
  timer: Timer | null = null;
  private readonly reader: FrameReader;

  constructor(
    private readonly owner: WsConnections,
    readonly connection: Connection,
    readonly subProtocol: number,
    /** The server we connected to; null: the peer is the client. */
    readonly target: WsTarget | null = null,
  ) {
    this.state = target === null ? 'OPEN' : 'CONNECTING';
    this.proto = connection.isSecure ? 'wss' : 'ws';
    this.lastUsed = owner.now;
    this.reader = new FrameReader(
      {
        message: (payload, opcode) => owner.message(this, payload, opcode),
        control: (opcode, payload) => owner.control(this, opcode, payload),
      },
      target === null ? 'client' : 'server',
    );
  }
  open(stream: StreamConnection): Promise<string> {
    return this.owner.shakeHands(this, stream);
  }
  /** A frame as it goes on the wire. */
  framed(built: string): string {
    return this.target === null ? built : withMask(built, this.owner.randomWord());
  }
  received(bytes: string): void {
    this.lastUsed = this.owner.now;
    const before = this.reader.frames;
    const problem = this.reader.push(bytes);
    this.owner.stats.ws_received_frames.value += this.reader.frames - before;
    if (problem !== null && !this.connection.closed) this.owner.fail(this, problem.status, problem.reason);
  }
  encode(message: string): string {
    this.lastUsed = this.owner.now;
    this.owner.stats.ws_transmitted_frames.value++;
    this.owner.stats.ws_sip_transmitted_frames.value++;
    return this.framed(messageFrame(message));
  }
}

export class WsConnections {
  private readonly byId = new Map<number, WsConnection>();
  /** Most at a time. */
  peak = 0;
  /** `ws.disable`: new handshakes are bounced. */
  enabled = 1;
  server: ServerApi | null = null;

  constructor(
    readonly stats: WsStats,
    private readonly params: WsParams,
    private readonly clock: { monotonic(): number; setTimer(ms: number, fire: () => void): Timer },
  ) {}
  get now(): number {
    return this.clock.monotonic();
  }
  /** Those that are still connecting do not count. */
  get size(): number {
    let open = 0;
    for (const { state } of this.byId.values()) if (state !== 'CONNECTING') open++;
    return open;
  }
  randomWord(): number {
    return this.server?.env.random.uint32() ?? 0;
  }
  get(id: number): WsConnection | undefined {
    return this.byId.get(id);
  }
  all(): WsConnection[] {
    return [...this.byId.values()];
  }

  /** From here on the connection carries frames. */
  add(server: ServerApi, connection: Connection, subProtocol: number): void {
    const ws = new WsConnection(this, connection, subProtocol);
    this.byId.set(connection.id, ws);
    server.transports.connections.upgrade(connection, ws);
    this.opened(ws);
  }
  private opened(ws: WsConnection): void {
    ws.state = 'OPEN';
    this.peak = Math.max(this.peak, this.size);
    this.stats.ws_successful_handshakes.value++;
    this.stats.ws_sip_successful_handshakes.value++;
    if (this.params.keepalive_mechanism !== KeepAlive.none)
      ws.timer = this.clock.setTimer(this.params.keepalive_timeout * 1000, () => this.keepAlive(ws));
  }

  /** The connection to this server, open or about to be; null: there is none. */
  to(target: WsTarget): WsConnection | null {
    const { secure, host, port, path } = target;
    for (const ws of this.byId.values()) {
      const t = ws.target;
      const same = t?.secure === secure && t.host === host && t.port === port && t.path === path;
      if (same && ws.state !== 'CLOSING' && ws.connection.usable) return ws;
    }
    return null;
  }
  /** Connects as a client; false: not possible (see `Connections.open`). */
  connect(server: ServerApi, hop: NextHop, target: WsTarget): boolean {
    const opened = server.transports.connections.open(hop, (connection) => {
      const ws = new WsConnection(this, connection, SubProtocol.sip, target);
      this.byId.set(connection.id, ws);
      return ws;
    });
    return opened !== null;
  }
  /** Resolves to what came behind the answer. */
  shakeHands(ws: WsConnection, stream: StreamConnection): Promise<string> {
    const { target } = ws;
    if (target === null) return Promise.reject(new Error('the peer is the client'));
    const raw = Buffer.alloc(16);
    for (let at = 0; at < raw.length; at += 4) raw.writeUInt32BE(this.randomWord(), at);
    const key = raw.toString('base64');
    return new Promise((resolve, reject) => {
      let held = '';
      const settle = (problem: string | null, early = '') => {
        timer.cancel();
        stream.onClose = () => {};
        stream.onData = () => {};
        if (problem === null) {
          this.opened(ws);
          resolve(early);
        } else reject(new Error(problem));
      };
      const timer = this.clock.setTimer(HANDSHAKE_MS, () => settle('no answer'));
      stream.onClose = () => settle('closed');
      stream.onData = (bytes) => {
        held += bytes;
        const end = held.indexOf('\r\n\r\n');
        if (end >= 0) settle(answerProblem(held.slice(0, end), key, 'sip', true), held.slice(end + 4));
        else if (held.length > MAX_ANSWER) settle('the answer is too long');
      };
      if (!stream.write(openingRequest(target, key, 'sip'))) settle('closed');
    });
  }

  /** A stream that ended: `event_route[websocket:closed]`. */
  closed(connection: Connection): void {
    const ws = this.byId.get(connection.id);
    if (!ws || !this.server) return;
    this.byId.delete(connection.id);
    ws.timer?.cancel();
    if (ws.state === 'CONNECTING') {
      this.stats.ws_failed_handshakes.value++;
      return;
    }
    const { script, transports } = this.server;
    if (!script.hasEvent(CLOSED_EVENT)) return;
    const { raw, grammar } = this.server.detachedRun().msg;
    const msg = indexMessage(raw, transports.connections.receiveInfo(connection), grammar);
    if (!(msg instanceof ParseFailure)) void script.runEvent(CLOSED_EVENT, msg);
  }

  message(ws: WsConnection, payload: string, opcode: number): void {
    this.stats.ws_sip_received_frames.value++;
    // RFC 7118 §6: keep-alive as on any stream.
    if (payload === '\r\n' || payload === '\r\n\r\n') this.write(ws, frame(opcode, '\r\n'));
    else this.server?.transports.connections.deliver(ws.connection, payload);
  }
  control(ws: WsConnection, opcode: number, payload: string): void {
    if (opcode === Opcode.ping) this.write(ws, frame(Opcode.pong, payload));
    else if (opcode === Opcode.pong) {
      if (payload.startsWith(this.params.ping_application_data)) ws.awaitingPong = false;
    } else this.peerCloses(ws);
  }
  private peerCloses(ws: WsConnection): void {
    if (ws.state === 'OPEN') {
      this.count('remote_closed');
      this.write(ws, closeFrame(1000, 'Normal closure'));
    }
    this.server?.transports.connections.close(ws.connection);
  }

  /** Asks the peer to close; the connection ends when it answers, or at the next look of the keep-alive. */
  close(ws: WsConnection, status: number, reason: string): boolean {
    if (ws.state === 'CLOSING') {
      this.server?.transports.connections.close(ws.connection);
      return true;
    }
    if (!this.write(ws, closeFrame(status, reason))) return false;
    ws.state = 'CLOSING';
    this.count('local_closed');
    return true;
  }
  /** What came breaks the protocol: told, and closed at once. */
  fail(ws: WsConnection, status: number, reason: string): void {
    this.close(ws, status, reason);
    this.server?.transports.connections.close(ws.connection);
  }
  ping(ws: WsConnection, opcode: number): boolean {
    if (!this.write(ws, frame(opcode, this.params.ping_application_data))) return false;
    if (opcode === Opcode.ping) ws.awaitingPong = true;
    return true;
  }

  private keepAlive(ws: WsConnection): void {
    const { keepalive_timeout, keepalive_interval, keepalive_mechanism } = this.params;
    const left = ws.lastUsed + keepalive_timeout * 1000 - this.now;
    if (left > 0) {
      ws.timer?.rearm(left);
      return;
    }
    if (ws.state === 'CLOSING' || ws.awaitingPong) {
      this.server?.log(0, 'websocket', 'forcibly closing connection');
      this.server?.transports.connections.close(ws.connection);
      return;
    }
    if (keepalive_mechanism === KeepAlive.ping) this.ping(ws, Opcode.ping);
    else if (keepalive_mechanism === KeepAlive.pong) this.ping(ws, Opcode.pong);
    ws.timer?.rearm(Math.max(1, ws.awaitingPong ? keepalive_timeout : keepalive_interval) * 1000);
  }

  private write(ws: WsConnection, bytes: string): boolean {
    if (ws.state !== 'OPEN' || !this.server) return false;
    ws.lastUsed = this.now;
    this.stats.ws_transmitted_frames.value++;
    if (this.server.transports.connections.sendRaw(ws.connection, ws.framed(bytes))) return true;
    this.count('failed');
    return false;
  }
  private count(what: 'failed' | 'local_closed' | 'remote_closed'): void {
    this.stats[`ws_${what}_connections`].value++;
    this.stats[`ws_sip_${what}_connections`].value++;
  }
}

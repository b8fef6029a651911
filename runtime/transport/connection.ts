/** One stream connection as the transport keeps it, from the first wish to send to the close. */
import type { Endpoint, Proto, SecureInfo, StreamConnection, Timer } from '../env.js';
import type { ListenSocket } from './types.js';

/** `core.tcp_list` shows it. `accept` and `connect` last until the first bytes have passed. */
export type ConnectionState = 'accept' | 'connect' | 'ok';

/** Reads and writes a connection in place of SIP framing: what an upgrade (WebSocket) installs. */
export interface StreamProtocol {
  readonly proto: 'ws' | 'wss';
  /** Bytes in the order they came. */
  received(bytes: string): void;
  /** A SIP message as it goes on the wire. */
  encode(message: string): string;
  /** On a connection we opened: shakes hands. Gives what came behind the answer; rejects with the reason. */
  open?(stream: StreamConnection): Promise<string>;
}

export interface Waiting {
  readonly bytes: string;
  readonly failed: ((code: string) => void) | undefined;
  readonly opened: (() => void) | undefined;
}

export class Connection {
  /** Null while connecting or shaking hands. */
  stream: StreamConnection | null = null;
  secure: SecureInfo | null = null;
  protocol: StreamProtocol | null = null;
  state: ConnectionState;
  waiting: Waiting[] = [];
  waitingBytes = 0;
  /** Ports of the peer that lead here. */
  ports: number[] = [];
  /** Our end as a balancer in front of us announced it. */
  announced: Endpoint | null = null;
  /** Client domain of an encrypted one we opened; '' of all others. */
  domain = '';
  /** Closed after what is being written. */
  closeAfter = false;
  closed = false;
  lifetimeMs = 0;
  idle: Timer | null = null;
  /** Monotonic time at which it would be closed, ms. */
  idleUntil = 0;
  /** Runs until the first message of an accepted one: `tcp_msg_data_timeout`. */
  silent: Timer | null = null;
  /** Runs while a message is being read: `tcp_msg_read_timeout`. */
  reading: Timer | null = null;
  /** Runs while bytes are queued: `tcp_send_timeout`. */
  stalled: Timer | null = null;
  /** Queued when last looked at, as counted in the total. */
  queuedBytes = 0;

  constructor(
    readonly id: number,
    readonly socket: ListenSocket,
    readonly remote: Endpoint,
    /** We opened it. */
    readonly outgoing: boolean,
    /** Over TLS: the socket's own protocol for one accepted, the hop's for one opened. */
    readonly isSecure: boolean,
  ) {
    this.state = outgoing ? 'connect' : 'accept';
  }
  /** Takes further messages: a peer that has just closed it shows here before `onClose` says so. */
  get usable(): boolean {
    return !this.closeAfter && (this.stream === null || this.stream.writable);
  }
  get proto(): Proto {
    return this.protocol?.proto ?? (this.isSecure ? 'tls' : 'tcp');
  }
  get localIp(): string {
    return this.stream?.local.ip ?? this.socket.local.ip;
  }
  /** Our end; while connecting the listen socket's. */
  get local(): Endpoint {
    return this.announced ?? this.stream?.local ?? this.socket.local;
  }
}

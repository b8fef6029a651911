/**
 * Everything the runtime takes from outside: clock, network, resolver, random, store, log.
 *
 * `env/real.ts` wraps Node; `env/simulated.ts` is a virtual clock and an in-memory network with a seed. No other file
 * of the runtime may touch `node:dgram`, `node:net`, `node:dns`, `Date`, `setTimeout` or `Math.random`.
 */

/** Milliseconds. */
export interface Clock {
  /** Wall time, ms since 1970; a whole number. */
  now(): number;
  /** The same with its microseconds, as far as the platform has them: within the millisecond that `now()` gives. */
  exactNow(): number;
  /** Monotonic time, ms. */
  monotonic(): number;
  /** Runs `fire` once, `delayMs` from now; with a subject, many timers share one function. */
  setTimer(delayMs: number, fire: () => void): Timer;
  setTimer<T>(delayMs: number, fire: (subject: T) => void, subject: T): Timer;
}
export interface Timer {
  /** Harmless when it has fired. */
  cancel(): void;
  /** Runs the same function once, `delayMs` from now, in place of what was pending: allocates nothing. */
  rearm(delayMs: number): void;
}

export type Proto = 'udp' | 'tcp' | 'tls' | 'sctp' | 'ws' | 'wss';
export interface Endpoint {
  /** Numeric IPv4 or IPv6 address, no brackets. */
  readonly ip: string;
  readonly port: number;
}

export interface DatagramSocket {
  readonly local: Endpoint;
  /**
   * Bytes as a one-byte (latin1) string. The system's code (EHOSTUNREACH …) when it is refused at once, else ''; `failed` is
   * then called at most once, later.
   */
  send(bytes: string, to: Endpoint, failed?: (code: string) => void): string;
  close(): void;
}
export interface StreamConnection {
  readonly id: number;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** False when the write queue is over its limit: the connection is then closed. */
  write(bytes: string): boolean;
  /** The limit, in bytes (`tcp_conn_wq_max`). A write into an empty queue is always taken. */
  maxQueuedBytes: number;
  /** False once it cannot be written to any more, also before `onClose` was called. */
  readonly writable: boolean;
  /** Bytes waiting to be sent. */
  readonly queuedBytes: number;
  onData: (bytes: string) => void;
  /** Once, for any reason. `code` is the system's error code when there was one. */
  onClose: (code?: string) => void;
  /** Bytes are waiting of a write that was taken before: the system did not take all of them. */
  onQueued: () => void;
  /** Bytes of the peer that were read too early: whoever reads next gets them first. */
  unread(bytes: string): void;
  /** Sends what is queued, then closes. */
  end(): void;
  destroy(): void;
}
/** What a TLS handshake settled. Certificates are DER. */
export interface SecureInfo {
  /** As OpenSSL names it: `TLSv1.3`. */
  readonly version: string;
  readonly cipher: { readonly name: string; readonly bits: number };
  /** The server name the client asked for; '' when it named none. */
  readonly serverName: string;
  readonly peerCertificate: Uint8Array | null;
  readonly ownCertificate: Uint8Array | null;
  /** Why the peer's certificate was not accepted; null when it was. Without a certificate: `no certificate`. */
  readonly problem: string | null;
  /** From the peer's certificate to who is trusted, as far as it was followed; read while the connection is there. */
  verifiedChain(): readonly Uint8Array[];
}
export interface SecureStream extends StreamConnection {
  readonly secure: SecureInfo;
}
/** What one side brings to a handshake; certificates and keys as PEM text. */
export interface TlsProfile {
  readonly certificate: string | null;
  readonly privateKey: string | null;
  /** Of an encrypted private key; absent: it is not encrypted. */
  readonly privateKeyPassword?: string;
  /** Empty: the system's own. */
  readonly ca: readonly string[];
  readonly crl: string | null;
  /** OpenSSL cipher list; '' the default one. */
  readonly ciphers: string;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Ask the peer for a certificate and check it. */
  readonly verify: boolean;
  /** End the handshake when it does not pass (servers: when there is none). */
  readonly require: boolean;
  /** What is shown counts even when it does not pass; whether it did is told. */
  readonly acceptAny: boolean;
  /** Most certificates there may be between the peer's and one that is trusted. */
  readonly verifyDepth: number;
  /** Told the secrets of each session, one line of the NSS key log format (SSLKEYLOGFILE) a call, without its line end. */
  readonly onKey?: (line: string) => void;
}
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
/** A profile that was read and found good; only the environment that made it understands it. */
export interface TlsContext {
  readonly profile: TlsProfile;
}
export interface TlsLayer {
  /** Throws with the reason when a certificate, key or list does not parse or they do not fit. */
  context(profile: TlsProfile): TlsContext;
  /**
   * Server side: reads the client's hello, then asks which profile serves the name in it ('' none); null refuses.
   * Both sides reject after `timeoutMs`, and when the handshake fails; the stream is then destroyed.
   */
  accept(
    stream: StreamConnection,
    choose: (serverName: string) => TlsContext | null,
    timeoutMs: number,
  ): Promise<SecureStream>;
  /** Client side. `verifyName`: the name the certificate has to carry; null: any. */
  connect(
    stream: StreamConnection,
    context: TlsContext,
    options: { readonly serverName: string; readonly verifyName: string | null; readonly timeoutMs: number },
  ): Promise<SecureStream>;
}

/** A file that only its owner may read. */
export interface PrivateFile {
  /** One-byte text. `failed`: with the system's code; what the disk is too slow for is lost without a word. */
  append(bytes: string, failed: (code: string) => void): void;
  /** What was added is written first. */
  close(): void;
}
/** Files a cfg names. */
export interface Files {
  /** As one-byte text; throws with the system's code. */
  read(path: string): string;
  /** Names in a folder; throws with the system's code. */
  list(path: string): readonly string[];
  /** Adds to a file of secrets; one that is there is closed to others. Throws with the system's code. */
  openPrivate(path: string): PrivateFile;
}

/** Programs a cfg names. */
export interface Shell {
  /** Runs a line of `/bin/sh`, as system(3): the status of wait(2), exit code times 256, or -1 when it cannot be started. */
  run(line: string): Promise<number>;
}

/** How the system treats a socket; what is not there stays as it is. Without the C library only `backlog` and the idle time count. */
export interface SocketTuning {
  /** Byte of the IP header: type of service, or traffic class. */
  readonly tos?: number;
  /** Datagrams, IPv4: true sets DF and discovers the path MTU, false lets routers fragment. */
  readonly pathMtu?: boolean;
  /** Binds addresses the machine does not have (yet). */
  readonly freeBind?: boolean;
  /** Datagrams; a group address is joined. `ttl` below 0: the system's; `interfaceName` '': the system chooses. */
  readonly multicast?: { readonly ttl: number; readonly loopback: boolean; readonly interfaceName: string };
  /** Connections the system holds until they are accepted. */
  readonly backlog?: number;
  /** Probes on idle connections; 0: the system's; null: none. */
  readonly keepAlive?: { readonly idleSec: number; readonly intervalSec: number; readonly count: number } | null;
  /** Streams: the peer gets a reset where it would get the end of the stream. */
  readonly resetOnClose?: boolean;
}

export interface ConnectOptions {
  readonly localIp?: string;
  readonly timeoutMs: number;
  readonly tuning?: SocketTuning;
}

/** Questions to one address. */
export interface ConnectedDatagrams {
  /** False when the system refused at once. */
  send(bytes: string): boolean;
  close(): void;
}

/** Datagrams that seem to come from elsewhere, IPv4 only. */
export interface ForeignSender {
  /** '' or the system's code. */
  send(bytes: string, from: Endpoint, to: Endpoint): string;
  close(): void;
}

export interface Network {
  /** Throws an error with the system's code: EPERM to who may not, ENOSYS where it cannot be had. */
  foreignSender(): ForeignSender;
  /**
   * UDP to one address and from it only. `refused`: its host says that nobody listens there (ICMP), which only a connected
   * socket is told. `localIp` '': the system's choice. Rejects as `bindUdp`.
   */
  connectUdp(
    to: Endpoint,
    localIp: string,
    onMessage: (bytes: string) => void,
    refused: () => void,
  ): Promise<ConnectedDatagrams>;
  /** Rejects with an error whose `code` is EADDRINUSE, EADDRNOTAVAIL, EACCES … */
  bindUdp(
    at: Endpoint,
    onMessage: (bytes: string, from: Endpoint) => void,
    tuning?: SocketTuning,
  ): Promise<DatagramSocket>;
  listenTcp(
    at: Endpoint,
    onConnection: (connection: StreamConnection) => void,
    tuning?: () => SocketTuning,
  ): Promise<{ local: Endpoint; close(): void }>;
  /** Rejects with the system's code, ETIMEDOUT after `timeoutMs`. */
  connectTcp(to: Endpoint, options: ConnectOptions): Promise<StreamConnection>;
  /** Addresses of this machine, for `listen=eth0`, the default listen and `myself`. */
  localAddresses(): readonly {
    readonly ip: string;
    readonly interfaceName: string;
    readonly internal: boolean;
    /** Bits of the network the address is in; absent: its own only. */
    readonly prefixBits?: number;
  }[];
}

/** The `dns_*` parameters a resolver follows; -1: as the system is configured. */
export interface ResolverSettings {
  readonly dns_retr_time: number;
  readonly dns_retr_no: number;
  readonly dns_servers_no: number;
  readonly dns_use_search_list: number;
}
export interface Resolver {
  /** Read live. */
  settings: ResolverSettings | null;
  /** Forgets what it read of the system's configuration (`dns_reinit`). */
  reload(): void;
  /** Empty when the name has none; rejects only when the servers do not answer. TTL in seconds. */
  addresses(host: string, family: 4 | 6): Promise<readonly { ip: string; ttlSec: number }[]>;
  srv(
    name: string,
  ): Promise<readonly { priority: number; weight: number; port: number; target: string; ttlSec: number }[]>;
  /** Names of an address, the main one first; empty when it has none. */
  reverse(ip: string): Promise<readonly string[]>;
  naptr(name: string): Promise<
    readonly {
      order: number;
      preference: number;
      flags: string;
      service: string;
      regexp: string;
      replacement: string;
      ttlSec: number;
    }[]
  >;
}

export interface Random {
  /** 32 random bits, unsigned. */
  uint32(): number;
  /** Lower-case hex digits, for tags, branches and Call-IDs; not guessable in the real environment. */
  hex(digits: number): string;
}

/** Shared state of named tables; in memory for one worker. */
export interface Store {
  table<V>(name: string): Map<string, V>;
}

/** Kamailio's levels: -5 alert, -4 bug, -3 crit2, -2 crit, -1 err, 0 warn, 1 notice, 2 info, 3 debug. */
export type LogLevel = -5 | -4 | -3 | -2 | -1 | 0 | 1 | 2 | 3;
export interface LogRecord {
  readonly level: LogLevel;
  /** Shown in Kamailio's line form in place of the level's own name. */
  readonly levelName?: string | undefined;
  readonly text: string;
  /** `<script>` for the cfg's own lines, else the layer or module. */
  readonly source: string;
  /** `file.cfg:line` when known. */
  readonly at?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}
export interface Log {
  /** Records above this level are dropped before they are built. Live (`debug`, `corex.debug`). */
  level: number;
  /** Levels of their own, by Kamailio's module name (debugger's `mod_level`). Where there are any, whoever writes has asked `prints`. */
  levels: ReadonlyMap<string, number>;
  write(record: LogRecord): void;
  /** What colours a line of this level where lines are coloured (`log_color`): an escape sequence. */
  colour?(level: LogLevel, sequence: string): void;
}

/** Whose level counts for a source that is no module. */
const levelOwner: Readonly<Record<string, string>> = {
  '<core>': 'core',
  tcp: 'core',
  udp: 'core',
  dns: 'core',
  '<script>': 'xlog',
  '': 'xlog',
};
export const levelFor = (log: Log, source: string): number =>
  log.levels.size === 0 ? log.level : (log.levels.get(levelOwner[source] ?? source) ?? log.level);
/** Is a record of this level and source written? */
export const prints = (log: Log, level: number, source: string): boolean => level <= levelFor(log, source);

export interface Environment {
  readonly clock: Clock;
  readonly network: Network;
  readonly resolver: Resolver;
  readonly random: Random;
  readonly store: Store;
  readonly log: Log;
  readonly tls: TlsLayer;
  readonly files: Files;
  readonly shell: Shell;
}

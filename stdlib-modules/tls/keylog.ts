/**
 * Writes the secrets of TLS sessions, for who looks into a capture (SSLKEYLOGFILE, as Wireshark reads it): to the log, a file
 * that nobody else may read, or a UDP peer. Off unless `keylog_mode` says so (tls_util.c of later versions).
 */
import { canonicalIp, type PrivateFile, type ServerApi } from '../../runtime/sdk/index.js';

/** Bits of `keylog_mode`. */
const Mode = { init: 1, active: 2, log: 4, file: 8, peer: 16, filter: 1024 } as const;
/** What is written with `Mode.filter`. */
const FILTERED: ReadonlySet<string> = new Set([
  'CLIENT_RANDOM',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'EXPORTER_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
]);
/** As many as wait for the socket; those above are lost. */
const MAX_WAITING = 1000;

export interface KeyLogParams {
  readonly keylog_mode: number;
  readonly keylog_file: string;
  readonly keylog_peer: string;
}

export class KeyLog {
  private readonly sinks: ((line: string) => void)[] = [];
  private readonly closing: (() => void)[] = [];

  /** Null: `keylog_mode` asks for nothing. Throws an Error that says what is missing or cannot be opened. */
  static open(server: ServerApi, params: KeyLogParams): KeyLog | null {
    const { keylog_mode: mode } = params;
    return (mode & Mode.init) === 0 ? null : new KeyLog(server, params);
  }
  private constructor(
    private readonly server: ServerApi,
    private readonly params: KeyLogParams,
  ) {
    const { keylog_mode: mode, keylog_file: file, keylog_peer: peer } = params;
    if (mode & Mode.log) this.sinks.push((line) => server.log(1, 'tls', `tlskeylog: ${line}`));
    const to = mode & Mode.peer ? peerOf(peer) : null;
    if (mode & Mode.file) this.toFile(file);
    if (to !== null) this.toPeer(to);
  }

  readonly write = (line: string): void => {
    const { keylog_mode: mode } = this.params;
    if ((mode & Mode.active) === 0) return;
    if (mode & Mode.filter && !FILTERED.has(line.slice(0, Math.max(0, line.indexOf(' '))))) return;
    for (const sink of this.sinks) sink(line);
  };
  close(): void {
    this.sinks.length = 0;
    for (const close of this.closing.splice(0)) close();
  }

  private toFile(path: string): void {
    if (path === '') throw new Error('keylog_mode writes to a file: keylog_file names none');
    const file = this.opened(path);
    let failed = false;
    this.sinks.push((line) =>
      file.append(`${line}\n`, (code) => {
        if (!failed) this.server.log(-1, 'tls', `keylog_file ${path}: ${code}`);
        failed = true;
      }),
    );
    this.closing.push(() => file.close());
  }
  private opened(path: string): PrivateFile {
    try {
      return this.server.env.files.openPrivate(path);
    } catch (error) {
      throw new Error(`keylog_file ${path} cannot be opened for its owner alone: ${codeOf(error)}`);
    }
  }
  private toPeer(to: { readonly ip: string; readonly port: number }): void {
    let closed = false;
    let early: string[] = [];
    let send = (line: string): void => {
      if (early.length < MAX_WAITING) early.push(line);
    };
    this.server.env.network
      .connectUdp(
        to,
        '',
        () => {},
        () => {},
      )
      .then(
        (socket) => {
          if (closed) return socket.close();
          this.closing.push(() => socket.close());
          send = (line) => void socket.send(line);
          for (const line of early.splice(0)) send(line);
          return undefined;
        },
        (error: unknown) => {
          early = [];
          send = () => {};
          this.server.log(-1, 'tls', `no socket for keylog_peer: ${codeOf(error)}`);
        },
      );
    this.sinks.push((line) => send(line));
    this.closing.push(() => {
      closed = true;
    });
  }
}

/** `udp:127.0.0.1:8020` */
function peerOf(text: string): { ip: string; port: number } {
  const found = /^udp:(\[[^\]]+\]|[^:]+):(\d{1,5})$/i.exec(text);
  const ip = found === null ? null : canonicalIp(found[1] ?? '');
  const port = Number(found?.[2] ?? 0);
  if (ip === null || port === 0 || port > 65_535)
    throw new Error(`keylog_peer is "${text}": write udp:ADDRESS:PORT, which keylog_mode sends to`);
  return { ip, port };
}
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

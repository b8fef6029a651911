/** A connected stream socket, plain or encrypted. */
import type { Socket } from 'node:net';
import type { Endpoint, StreamConnection } from '../env.js';
import { codeOf } from './system.js';
import type { Turns } from './turns.js';

const DEFAULT_QUEUE_BYTES = 32 * 1024;
/** Answers to one read that wait for its end. */
const MAX_PENDING_BYTES = 16 * 1024;

/** As SIP writes addresses: an IPv4 address as such, a link-local one without its zone. */
function plainIp(ip = ''): string {
  if (ip.startsWith('::ffff:') && ip.includes('.')) return ip.slice(7);
  const zone = ip.indexOf('%');
  return zone < 0 ? ip : ip.slice(0, zone);
}

export class RealConnection implements StreamConnection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  maxQueuedBytes = DEFAULT_QUEUE_BYTES;
  onData: (bytes: string) => void = () => {};
  onClose: (code?: string) => void = () => {};
  onQueued: () => void = () => {};
  private code: string | undefined;
  /** Goes out when the read it answers is done with. */
  private pending = '';
  /** It is reset once what is queued has been written. */
  private ending = false;

  constructor(
    readonly id: number,
    private readonly socket: Socket,
    readonly turns: Turns,
    readonly resetOnClose = false,
  ) {
    this.local = { ip: plainIp(socket.localAddress), port: socket.localPort ?? 0 };
    this.remote = { ip: plainIp(socket.remoteAddress), port: socket.remotePort ?? 0 };
    socket.on('data', this.#data);
    socket.on('error', this.#error);
    socket.on('close', this.#close);
    if (resetOnClose) socket.on('end', this.#reset);
  }
  readonly #data = (buffer: Buffer) => this.turns.read(() => this.onData(buffer.toString('latin1')));
  readonly #error = (error: Error) => {
    this.code = codeOf(error);
  };
  readonly #close = () => this.onClose(this.code);
  readonly #reset = () => this.reset();

  /** The socket itself, for a protocol below SIP: this object hears no more of it. */
  release(): Socket {
    this.flush();
    this.socket.off('data', this.#data);
    this.socket.off('error', this.#error);
    this.socket.off('close', this.#close);
    this.socket.off('end', this.#reset);
    return this.socket;
  }
  get writable(): boolean {
    return !this.socket.destroyed && !this.socket.writableEnded && !this.ending;
  }
  get queuedBytes(): number {
    return this.socket.writableLength;
  }
  write(bytes: string): boolean {
    if (!this.writable) return false;
    const queued = this.stuckBytes();
    if (queued > 0 && queued + this.pending.length + bytes.length > this.maxQueuedBytes) {
      this.socket.destroy();
      return false;
    }
    if (this.turns.reading && this.pending.length + bytes.length <= MAX_PENDING_BYTES) {
      if (this.pending === '') this.turns.add(this);
      this.pending += bytes;
      return true;
    }
    this.flush();
    this.socket.write(bytes, 'latin1');
    return true;
  }
  /** Bytes that the system would not take. */
  protected stuckBytes(): number {
    return this.socket.writableLength;
  }
  /** Sends what waits for the end of a read. */
  flush(): void {
    const bytes = this.pending;
    this.pending = '';
    if (bytes === '' || !this.writable) return;
    this.socket.write(bytes, 'latin1');
    if (this.socket.writableLength > 0) this.onQueued();
  }
  unread(bytes: string): void {
    this.socket.unshift(Buffer.from(bytes, 'latin1'));
  }
  end(): void {
    this.flush();
    if (!this.resetOnClose) this.socket.end();
    else if (this.writable) {
      this.ending = true;
      this.socket.write('', this.#reset);
    }
  }
  destroy(): void {
    this.flush();
    if (this.resetOnClose) this.reset();
    else this.socket.destroy();
  }
  protected reset(): void {
    this.socket.resetAndDestroy();
  }
}

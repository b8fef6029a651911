/** A connected stream socket, plain or encrypted. */
import type { Socket } from 'node:net';
import type { Endpoint, StreamConnection } from '../env.js';
import { codeOf } from './system.js';

const DEFAULT_QUEUE_BYTES = 32 * 1024;

const stripMapped = (ip: string | undefined): string =>
  ip?.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : (ip ?? '');

export class RealConnection implements StreamConnection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  maxQueuedBytes = DEFAULT_QUEUE_BYTES;
  onData: (bytes: string) => void = () => {};
  onClose: (code?: string) => void = () => {};
  private code: string | undefined;

  constructor(
    readonly id: number,
    private readonly socket: Socket,
  ) {
    this.local = { ip: stripMapped(socket.localAddress), port: socket.localPort ?? 0 };
    this.remote = { ip: stripMapped(socket.remoteAddress), port: socket.remotePort ?? 0 };
    socket.on('data', this.#data);
    socket.on('error', this.#error);
    socket.on('close', this.#close);
  }
  readonly #data = (buffer: Buffer) => this.onData(buffer.toString('latin1'));
  readonly #error = (error: Error) => {
    this.code = codeOf(error);
  };
  readonly #close = () => this.onClose(this.code);

  /** The socket itself, for a protocol below SIP: this object hears no more of it. */
  release(): Socket {
    this.socket.off('data', this.#data);
    this.socket.off('error', this.#error);
    this.socket.off('close', this.#close);
    return this.socket;
  }
  get writable(): boolean {
    return !this.socket.destroyed && !this.socket.writableEnded;
  }
  get queuedBytes(): number {
    return this.socket.writableLength;
  }
  write(bytes: string): boolean {
    if (!this.writable) return false;
    const queued = this.socket.writableLength;
    if (queued > 0 && queued + bytes.length > this.maxQueuedBytes) {
      this.socket.destroy();
      return false;
    }
    this.socket.write(bytes, 'latin1');
    return true;
  }
  unread(bytes: string): void {
    this.socket.unshift(Buffer.from(bytes, 'latin1'));
  }
  end(): void {
    this.socket.end();
  }
  destroy(): void {
    this.socket.destroy();
  }
}

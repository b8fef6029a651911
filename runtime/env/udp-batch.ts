/**
 * UDP in batches: one `recvmmsg` for all that waits, one `sendmmsg` for all that was sent meanwhile.
 *
 * A wake-up reads one batch; what is left wakes the next turn of the event loop, so timers and streams get theirs.
 * Where one wake-up follows the other within a millisecond, the socket is read each millisecond instead, until little comes:
 * a wake-up costs more than a datagram, and a batch is then what came meanwhile.
 * Datagrams sent while a batch is worked on go out when it is done, others at the end of the turn. The first one to a
 * destination goes at once: an unroutable address is known while the script still runs. After a failure the next one
 * is a first one again.
 */
import type { DatagramSocket, Endpoint, SocketTuning } from '../env.js';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  type Libc,
  MSG_DONTWAIT,
  SO_RCVBUF,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  type Watch,
} from './libc.js';
import { decodeSockaddr, encodeSockaddr, outside, SOCKADDR_BYTES, sockaddrLength } from './sockaddr.js';
import { tuneBeforeBind, tuneDatagram } from './socket-options.js';
import { IDLE_READS, PACE_MS, QUICK_WAKE_UPS } from './turns.js';

const BATCH = 64;
/** Room for any datagram, and a step that does not put every slot into the same cache lines. */
const SLOT_BYTES = 65_536 + 192;
/** Payloads of one `sendmmsg` lie one after the other; at least one of the largest fits. */
const SEND_BYTES = 256 * 1024;
const MAX_BYTES = 65_535;
/** Waiting because the system's own queue is full. */
const MAX_QUEUED = 4096;
const MAX_KNOWN = 4096;
const FULL_QUEUE_RETRY_MS = 1;
const NO_ERROR = '';

/** `struct mmsghdr`, in 32-bit words: name, its length, iovec, count, control (2), flags, bytes moved. */
const HEADER_WORDS = 16;
const NAME = 0;
const NAME_LENGTH = 2;
const VECTOR = 4;
const VECTORS = 6;
const MOVED = 14;
/** `struct iovec`, in 32-bit words: base, length. */
const VECTOR_WORDS = 4;

interface Destination {
  readonly sockaddr: Buffer;
  readonly length: number;
  readonly address: number;
}
interface Outgoing {
  readonly bytes: string;
  readonly to: Endpoint;
  readonly destination: Destination;
  readonly failed: ((code: string) => void) | undefined;
}

const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer);
function putAddress(words: Uint32Array, at: number, address: number): void {
  words[at] = address;
  words[at + 1] = Math.floor(address / 2 ** 32);
}

/** What all sockets of a process share: memory for a batch each way, and which sockets have something to send. */
export class DatagramBatches {
  readonly headers = new Uint32Array(BATCH * HEADER_WORDS);
  readonly headerBytes = bytesOf(this.headers);
  readonly data = outside(BATCH * SLOT_BYTES);
  readonly names = outside(BATCH * SOCKADDR_BYTES);
  private readonly sendHeaders = new Uint32Array(BATCH * HEADER_WORDS);
  private readonly sendHeaderBytes = bytesOf(this.sendHeaders);
  private readonly sendVectors = new Uint32Array(BATCH * VECTOR_WORDS);
  private readonly sendData = outside(SEND_BYTES);
  private readonly sendAddress: number;
  /** Referred to, or its memory would go away under the system. */
  private readonly vectors = new Uint32Array(BATCH * VECTOR_WORDS);
  private waiting: BatchedSocket[] = [];
  private scheduled = false;
  /** While a batch is worked on nothing is scheduled: its end sends. */
  draining = false;

  constructor(readonly c: Libc) {
    const data = c.address(this.data);
    const names = c.address(this.names);
    const vectors = c.address(bytesOf(this.vectors));
    const sendVectors = c.address(bytesOf(this.sendVectors));
    this.sendAddress = c.address(this.sendData);
    for (let i = 0; i < BATCH; i++) {
      const header = i * HEADER_WORDS;
      putAddress(this.vectors, i * VECTOR_WORDS, data + i * SLOT_BYTES);
      this.vectors[i * VECTOR_WORDS + 2] = SLOT_BYTES;
      putAddress(this.headers, header + NAME, names + i * SOCKADDR_BYTES);
      this.headers[header + NAME_LENGTH] = SOCKADDR_BYTES;
      putAddress(this.headers, header + VECTOR, vectors + i * VECTOR_WORDS * 4);
      this.headers[header + VECTORS] = 1;
      putAddress(this.sendHeaders, header + VECTOR, sendVectors + i * VECTOR_WORDS * 4);
      this.sendHeaders[header + VECTORS] = 1;
    }
  }

  /** Throws an error with the system's code. */
  bind(
    at: Endpoint,
    receiveBufferBytes: number,
    onMessage: (bytes: string, from: Endpoint) => void,
    tuning: SocketTuning = {},
  ): DatagramSocket {
    const { c } = this;
    const six = at.ip.includes(':');
    const address = encodeSockaddr(c, at);
    if (address === null) throw systemError('EINVAL', at);
    const fd = c.socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw systemError(c.lastError(), at);
    const option = (level: number, name: number, value: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(value, 0);
      c.setsockopt(fd, level, name, bytes, 4);
    };
    if (six) option(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    // The system caps it; its own size has to do then.
    option(SOL_SOCKET, SO_RCVBUF, receiveBufferBytes);
    tuneBeforeBind(c, fd, at, tuning);
    const problem = tuneDatagram(c, fd, at, tuning);
    if (problem !== '') {
      c.close(fd);
      throw systemError(problem, at);
    }
    const name = Buffer.alloc(SOCKADDR_BYTES);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(SOCKADDR_BYTES, 0);
    if (c.bind(fd, address, sockaddrLength(at.ip)) !== 0 || c.getsockname(fd, name, length) !== 0) {
      const code = c.lastError();
      c.close(fd);
      throw systemError(code, at);
    }
    return new BatchedSocket(this, fd, decodeSockaddr(c, name), onMessage);
  }

  /** Takes what waits on a socket into slots; how many. */
  receive(fd: number): number {
    return this.c.recvmmsg(fd, this.headerBytes, BATCH, MSG_DONTWAIT, null);
  }
  sizeOf(slot: number): number {
    return this.headers[slot * HEADER_WORDS + MOVED]!;
  }
  /** The system wrote how long the name was. */
  release(slots: number): void {
    for (let i = 0; i < slots; i++) this.headers[i * HEADER_WORDS + NAME_LENGTH] = SOCKADDR_BYTES;
  }

  /** Sends as many of `queue` from `from` on as fit into one call; how many went, or -1 and `lastError()` says why. */
  transmit(fd: number, queue: readonly Outgoing[], from: number): number {
    const { sendHeaders, sendVectors, sendData } = this;
    const most = Math.min(BATCH, queue.length - from);
    let count = 0;
    for (let used = 0; count < most; count++) {
      const { bytes, destination } = queue[from + count]!;
      if (used + bytes.length > SEND_BYTES) break;
      const header = count * HEADER_WORDS;
      const vector = count * VECTOR_WORDS;
      putAddress(sendHeaders, header + NAME, destination.address);
      sendHeaders[header + NAME_LENGTH] = destination.length;
      putAddress(sendVectors, vector, this.sendAddress + used);
      sendVectors[vector + 2] = bytes.length;
      sendData.write(bytes, used, 'latin1');
      used += bytes.length;
    }
    return this.c.sendmmsg(fd, this.sendHeaderBytes, count, MSG_DONTWAIT);
  }

  enqueue(socket: BatchedSocket): void {
    this.waiting.push(socket);
    if (this.draining || this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.turnOver);
  }
  private readonly turnOver = (): void => {
    this.scheduled = false;
    this.flush();
  };
  flush(): void {
    if (this.waiting.length === 0) return;
    const sockets = this.waiting;
    this.waiting = [];
    for (const socket of sockets) socket.flush();
  }
}

class BatchedSocket implements DatagramSocket {
  private readonly watch: Watch;
  private open = true;
  /** Wake-ups in a row that came quickly; when the last one was, ms. */
  private quick = 0;
  private wokenAt = Number.NEGATIVE_INFINITY;
  /** Reads the socket while it is set, and how many in a row brought little. */
  private clock: NodeJS.Timeout | null = null;
  private idle = 0;
  private queue: Outgoing[] = [];
  /** The system's queue was full: a timer tries again. */
  private retrying = false;
  /** By address, then by port. */
  private readonly destinations = new Map<string, Map<number, Destination>>();
  private known = 0;
  /** By the bytes of the address: the same objects for the same peer. */
  private readonly sources = new Map<number | string, Endpoint>();

  constructor(
    private readonly batches: DatagramBatches,
    private readonly fd: number,
    readonly local: Endpoint,
    private readonly onMessage: (bytes: string, from: Endpoint) => void,
  ) {
    this.watch = batches.c.watch(fd, this.ready);
  }

  private readonly ready = (status: number): void => {
    if (!this.open) return;
    this.read();
    // An error pending on the socket ends the watch; reading has cleared it.
    if (status !== 0) this.watch.start(this.ready);
    const now = performance.now();
    this.quick = now - this.wokenAt < PACE_MS ? this.quick + 1 : 0;
    this.wokenAt = now;
    if (this.quick < QUICK_WAKE_UPS || !this.open) return;
    this.watch.stop();
    this.idle = 0;
    this.clock = setTimeout(this.tick, PACE_MS);
  };
  private readonly tick = (): void => {
    if (!this.open) return;
    const count = this.read();
    this.idle = count > 1 ? 0 : this.idle + 1;
    if (!this.open) return;
    if (count === BATCH) {
      setImmediate(this.tick);
      return;
    }
    if (this.idle < IDLE_READS) {
      this.clock?.refresh();
      return;
    }
    this.clock = null;
    this.quick = 0;
    this.watch.start(this.ready);
  };

  /** One batch; of how many. */
  private read(): number {
    const { batches } = this;
    const count = batches.receive(this.fd);
    if (count <= 0) return 0;
    batches.draining = true;
    for (let slot = 0; slot < count && this.open; slot++) {
      const at = slot * SLOT_BYTES;
      try {
        this.onMessage(batches.data.toString('latin1', at, at + batches.sizeOf(slot)), this.sourceOf(slot));
      } catch (error) {
        // As an event of its own would: the others of the batch are not lost with it.
        process.nextTick(() => {
          throw error;
        });
      }
    }
    batches.release(count);
    batches.draining = false;
    batches.flush();
    return count;
  }

  private sourceOf(slot: number): Endpoint {
    const { names, c } = this.batches;
    const at = slot * SOCKADDR_BYTES;
    const key =
      names[at] === AF_INET
        ? names.readUInt32LE(at + 4) * 65_536 + names.readUInt16LE(at + 2)
        : names.toString('latin1', at + 2, at + 4) + names.toString('latin1', at + 8, at + 28);
    const found = this.sources.get(key);
    if (found !== undefined) return found;
    const source = decodeSockaddr(c, names.subarray(at, at + SOCKADDR_BYTES));
    if (this.sources.size >= MAX_KNOWN) this.sources.clear();
    this.sources.set(key, source);
    return source;
  }

  send(bytes: string, to: Endpoint, failed?: (code: string) => void): string {
    if (!this.open) return 'EBADF';
    if (bytes.length > MAX_BYTES) return 'EMSGSIZE';
    const destination = this.destinations.get(to.ip)?.get(to.port);
    if (destination === undefined) return this.sendFirst(bytes, to, failed);
    if (this.queue.length >= MAX_QUEUED) return 'ENOBUFS';
    this.push({ bytes, to, destination, failed });
    return NO_ERROR;
  }

  private sendFirst(bytes: string, to: Endpoint, failed: ((code: string) => void) | undefined): string {
    const { c } = this.batches;
    const sockaddr = encodeSockaddr(c, to);
    if (sockaddr === null) return 'EINVAL';
    const destination = { sockaddr, length: sockaddrLength(to.ip), address: c.address(sockaddr) };
    const one = { bytes, to, destination, failed };
    const code = this.batches.transmit(this.fd, [one], 0) === 1 ? NO_ERROR : c.lastError();
    if (code !== NO_ERROR && code !== 'EAGAIN' && code !== 'EINTR') return code;
    this.remember(to, destination);
    if (code !== NO_ERROR) this.push(one);
    return NO_ERROR;
  }
  private remember({ ip, port }: Endpoint, destination: Destination): void {
    if (this.known >= MAX_KNOWN) {
      // What waits keeps its place before a datagram that would go at once.
      this.flush();
      this.destinations.clear();
      this.known = 0;
    }
    this.known++;
    const ports = this.destinations.get(ip);
    if (ports) ports.set(port, destination);
    else this.destinations.set(ip, new Map([[port, destination]]));
  }

  private push(one: Outgoing): void {
    this.queue.push(one);
    if (this.retrying) return;
    if (this.queue.length === 1) this.batches.enqueue(this);
    else if (this.queue.length >= BATCH) this.flush();
  }

  flush(): void {
    const { queue, batches } = this;
    let done = 0;
    while (done < queue.length) {
      const sent = batches.transmit(this.fd, queue, done);
      if (sent > 0) {
        done += sent;
        continue;
      }
      const code = batches.c.lastError();
      if (code === 'EINTR') continue;
      if (code === 'EAGAIN') break;
      this.lost(queue[done++]!, code);
    }
    this.queue = done === queue.length ? [] : queue.slice(done);
    if (this.queue.length > 0 && this.open && !this.retrying) {
      this.retrying = true;
      setTimeout(() => {
        this.retrying = false;
        if (this.open) this.flush();
      }, FULL_QUEUE_RETRY_MS);
    }
  }
  private lost({ to, failed }: Outgoing, code: string): void {
    if (this.destinations.get(to.ip)?.delete(to.port)) this.known--;
    if (failed) queueMicrotask(() => failed(code));
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    if (this.clock) clearTimeout(this.clock);
    this.flush();
    this.watch.close();
    this.batches.c.close(this.fd);
  }
}

function systemError(code: string, at: Endpoint): Error {
  return Object.assign(new Error(`bind ${code} ${at.ip}:${at.port}`), { code, syscall: 'bind', ...at });
}

/** The wire between simulated hosts: datagrams that can be lost, doubled, late or out of order; streams that keep order. */
import type { VirtualClock } from '../clock.js';
import type {
  ConnectedDatagrams,
  ConnectOptions,
  DatagramSocket,
  Endpoint,
  ForeignSender,
  Network,
  SocketTuning,
  StreamConnection,
} from '../env.js';

export interface Faults {
  /** Share of datagrams lost, 0 to 1. */
  loss: number;
  /** Share of datagrams that arrive twice. */
  duplication: number;
  /** One-way delay is drawn between these. */
  delayMs: readonly [min: number, max: number];
  /** Share of datagrams held back by up to `reorderMs` more, so that later ones overtake them. */
  reordering: number;
  reorderMs: number;
  /** Streams arrive in pieces of at most this many bytes; 0: as they were written. */
  maxSegmentBytes: number;
}
const noFaults: Faults = { loss: 0, duplication: 0, delayMs: [1, 1], reordering: 0, reorderMs: 20, maxSegmentBytes: 0 };

const RETRY_MS = 200;
/** What the two systems buffer for a reader that has stopped. */
const KERNEL_BYTES = 64 * 1024;
const EPHEMERAL = 40_000;

type OnDatagram = (bytes: string, from: Endpoint) => void;
type OnConnection = (connection: StreamConnection) => void;
interface Listener {
  readonly accept: OnConnection;
  readonly tuning: () => SocketTuning;
}
interface Fraction {
  fraction(): number;
}

const keyOf = ({ ip, port }: Endpoint) => `${ip}|${port}`;
const systemError = (code: string) => Object.assign(new Error(code), { code });

export class Wire {
  readonly faults: Faults = { ...noFaults };
  /** Everything put on the wire, for pictures of what happened. Bounded by the test that reads it. */
  onDatagram: ((bytes: string, from: Endpoint, to: Endpoint) => void) | null = null;
  readonly datagrams = new Map<string, OnDatagram>();
  readonly listeners = new Map<string, Listener>();
  private readonly cuts = new Set<string>();
  private port = EPHEMERAL;
  private lastId = 0;

  constructor(
    readonly clock: VirtualClock,
    private readonly random: Fraction,
  ) {}

  /** Nothing passes between the two addresses until `heal`. */
  cut(a: string, b: string): void {
    this.cuts.add(`${a}|${b}`);
    this.cuts.add(`${b}|${a}`);
  }
  heal(a: string, b: string): void {
    this.cuts.delete(`${a}|${b}`);
    this.cuts.delete(`${b}|${a}`);
  }
  isCut(a: string, b: string): boolean {
    return this.cuts.has(`${a}|${b}`);
  }
  ephemeralPort(): number {
    return this.port++;
  }
  nextId(): number {
    return ++this.lastId;
  }
  delay(): number {
    const [min, max] = this.faults.delayMs;
    return min + this.random.fraction() * (max - min);
  }
  private happens(share: number): boolean {
    return share > 0 && this.random.fraction() < share;
  }

  send(bytes: string, from: Endpoint, to: Endpoint): void {
    this.onDatagram?.(bytes, from, to);
    const copies = this.happens(this.faults.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.happens(this.faults.loss) || this.isCut(from.ip, to.ip)) continue;
      const late = this.happens(this.faults.reordering) ? this.random.fraction() * this.faults.reorderMs : 0;
      this.clock.setTimer(this.delay() + late, () => this.datagrams.get(keyOf(to))?.(bytes, from));
    }
  }
  segmentLength(length: number): number {
    const { maxSegmentBytes } = this.faults;
    return maxSegmentBytes > 0 ? Math.min(length, 1 + Math.floor(this.random.fraction() * maxSegmentBytes)) : length;
  }
}

export class SimulatedNetwork implements Network {
  constructor(
    private readonly wire: Wire,
    private readonly ips: readonly string[],
  ) {}

  async bindUdp(at: Endpoint, onMessage: OnDatagram): Promise<DatagramSocket> {
    const { wire } = this;
    const local = this.claim(at, wire.datagrams);
    const key = keyOf(local);
    wire.datagrams.set(key, onMessage);
    let closed = false;
    return {
      local,
      send(bytes, to) {
        if (closed) return 'EBADF';
        wire.send(bytes, local, { ip: to.ip, port: to.port });
        return '';
      },
      close() {
        if (!closed) wire.datagrams.delete(key);
        closed = true;
      },
    };
  }

  foreignSender(): ForeignSender {
    const { wire } = this;
    let open = true;
    return {
      send(bytes, from, to) {
        if (!open) return 'EBADF';
        wire.send(bytes, from, { ip: to.ip, port: to.port });
        return '';
      },
      close() {
        open = false;
      },
    };
  }

  /** Nobody here says that a port is closed: silence, as behind most firewalls. */
  async connectUdp(to: Endpoint, localIp: string, onMessage: (bytes: string) => void): Promise<ConnectedDatagrams> {
    const ip = localIp || (to.ip.includes(':') ? '::' : '0.0.0.0');
    const socket = await this.bindUdp({ ip, port: 0 }, (bytes, from) => {
      if (from.ip === to.ip && from.port === to.port) onMessage(bytes);
    });
    return { send: (bytes) => socket.send(bytes, to) === '', close: () => socket.close() };
  }

  async listenTcp(
    at: Endpoint,
    accept: OnConnection,
    tuning: () => SocketTuning = () => ({}),
  ): Promise<{ local: Endpoint; close(): void }> {
    const { wire } = this;
    const local = this.claim(at, wire.listeners);
    const key = keyOf(local);
    const listener = { accept, tuning };
    wire.listeners.set(key, listener);
    return {
      local,
      close() {
        if (wire.listeners.get(key) === listener) wire.listeners.delete(key);
      },
    };
  }

  connectTcp(to: Endpoint, options: ConnectOptions): Promise<SimulatedConnection> {
    const { wire } = this;
    const ip = options.localIp ?? this.ips.find((own) => own.includes(':') === to.ip.includes(':')) ?? '';
    return new Promise((resolve, reject) => {
      if (wire.isCut(ip, to.ip)) {
        wire.clock.setTimer(options.timeoutMs, () => reject(systemError('ETIMEDOUT')));
        return;
      }
      wire.clock.setTimer(wire.delay() + wire.delay(), () => {
        const listener = wire.listeners.get(keyOf(to));
        if (!listener) return reject(systemError('ECONNREFUSED'));
        const from = { ip, port: wire.ephemeralPort() };
        const here = new SimulatedConnection(wire, from, { ip: to.ip, port: to.port });
        const there = new SimulatedConnection(wire, here.remote, from);
        here.peer = there;
        there.peer = here;
        here.resetOnClose = options.tuning?.resetOnClose === true;
        there.resetOnClose = listener.tuning().resetOnClose === true;
        listener.accept(there);
        resolve(here);
      });
    });
  }

  localAddresses(): { ip: string; interfaceName: string; internal: boolean }[] {
    return this.ips.map((ip, index) => {
      const internal = ip === '::1' || ip.startsWith('127.');
      return { ip, interfaceName: internal ? 'lo' : `eth${index}`, internal };
    });
  }

  private claim(at: Endpoint, taken: ReadonlyMap<string, unknown>): Endpoint {
    const any = at.ip === '0.0.0.0' || at.ip === '::';
    const ip = any ? this.ips.find((own) => own.includes(':') === at.ip.includes(':')) : at.ip;
    if (ip === undefined || !this.ips.includes(ip)) throw systemError('EADDRNOTAVAIL');
    const local = { ip, port: at.port || this.wire.ephemeralPort() };
    if (taken.has(keyOf(local))) throw systemError('EADDRINUSE');
    return local;
  }
}

/** One end of a stream. What was written arrives at the other end in order, cut as the faults say. */
export class SimulatedConnection implements StreamConnection {
  readonly id: number;
  peer: SimulatedConnection | null = null;
  maxQueuedBytes = 32 * 1024;
  resetOnClose = false;
  onData: (bytes: string) => void = () => {};
  onClose: (code?: string) => void = () => {};
  onQueued: () => void = () => {};
  private outgoing = '';
  private moving = false;
  private ending = false;
  private closed = false;
  private stopped = false;

  constructor(
    private readonly wire: Wire,
    readonly local: Endpoint,
    readonly remote: Endpoint,
  ) {
    this.id = wire.nextId();
  }

  /** A reader that stops reading: the other end's queue grows. */
  set paused(paused: boolean) {
    this.stopped = paused;
    if (!paused) this.peer?.move();
  }
  get writable(): boolean {
    return !this.closed && !this.ending;
  }
  get queuedBytes(): number {
    return Math.max(0, this.outgoing.length - KERNEL_BYTES);
  }
  write(bytes: string): boolean {
    if (!this.writable) return false;
    const queued = this.queuedBytes;
    if (queued > 0 && queued + bytes.length > this.maxQueuedBytes) {
      this.destroy();
      return false;
    }
    this.outgoing += bytes;
    this.move();
    return true;
  }
  unread(bytes: string): void {
    this.onData(bytes);
  }
  end(): void {
    if (this.closed || this.ending) return;
    this.ending = true;
    this.move();
  }
  destroy(code?: string): void {
    if (this.closed) return;
    this.closed = true;
    this.outgoing = '';
    const { peer } = this;
    this.wire.clock.setTimer(0, () => this.onClose(code));
    if (peer && !peer.closed) this.wire.clock.setTimer(this.wire.delay(), () => peer.destroy('ECONNRESET'));
  }

  private move(): void {
    if (this.moving || this.closed || this.peer?.stopped) return;
    if (this.outgoing === '' && !this.ending) return;
    this.moving = true;
    this.wire.clock.setTimer(this.wire.delay(), () => {
      this.moving = false;
      if (this.closed || !this.peer || this.peer.stopped) return;
      if (this.wire.isCut(this.local.ip, this.remote.ip)) {
        this.moving = true;
        this.wire.clock.setTimer(RETRY_MS, () => {
          this.moving = false;
          this.move();
        });
        return;
      }
      const length = this.wire.segmentLength(this.outgoing.length);
      const segment = this.outgoing.slice(0, length);
      this.outgoing = this.outgoing.slice(length);
      if (segment !== '' && !this.peer.closed) this.peer.onData(segment);
      if (this.outgoing === '' && this.ending) this.finish();
      else this.move();
    });
  }
  private finish(): void {
    if (this.resetOnClose) {
      this.destroy();
      return;
    }
    this.closed = true;
    this.onClose();
    // The other end reads the end of the stream and closes as well.
    this.peer?.end();
  }
}

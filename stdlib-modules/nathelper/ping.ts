/**
 * Packets that keep the ways through NATs open: every contact once in `natping_interval` seconds, four zero bytes or a SIP
 * request (nh_timer() in nathelper.c). The contacts of a table are spread over the seconds by their slot.
 */
import {
  type Endpoint,
  type ForeignSender,
  type ListenSocket,
  parseNameAddrList,
  parseUri,
  reverseHex,
  type ServerApi,
  type SipMessage,
} from '../../runtime/sdk/index.js';

/** What is used of usrloc: its table of contacts. */
interface Binding {
  readonly uri: string;
  readonly received: string;
  readonly path: string;
  expires: number;
  readonly cflags: number;
  readonly serverId: number;
  readonly ruid: string;
  readonly socket: ListenSocket | null;
  lastKeepalive: number;
}
/** Seconds a contact that does not answer is kept. */
const GRACE_SEC = 10;
export interface Bindings {
  readonly natFlag: number;
  readonly location: {
    readonly options: { readonly slots: number };
    nowSec(): number;
    readonly domains: ReadonlyMap<
      string,
      {
        dumpOrder(): { records: readonly { readonly hash: number; readonly contacts: readonly Binding[] }[] };
        byRuid(hash: number, ruid: string): { readonly contact: Binding } | null;
      }
    >;
  };
}
export interface PingOptions {
  readonly intervalSec: number;
  readonly natedOnly: boolean;
  /** SIP pings do not go along the Path. */
  readonly ignorePath: boolean;
  /** Bit masks of branch flags; 0: not used. */
  readonly sipFlag: number;
  readonly disableFlag: number;
  readonly method: string;
  readonly from: string;
  readonly socket: ListenSocket | null;
  /** Only contacts that this server registered; null: all. */
  readonly serverId: number | null;
  /** Seconds without an answer to a ping after which a contact goes; 0: it stays. */
  readonly timeoutSec: number;
  /** Zero bytes leave from another address; null: from a socket of ours. */
  readonly foreign: ForeignSource | null;
}
export interface ForeignSource {
  readonly sender: ForeignSender;
  /** `natping_socket`; null: none. */
  readonly from: Endpoint | null;
  /** `udpping_from_path`: 1 the last proxy of the Path, n + 1 the nth; 0 none. */
  readonly pathDepth: number;
}

const ZEROS = '\0\0\0\0';

export class Pinger {
  enabled = true;
  #second = 0;
  #tag: number;
  #calls: number;
  readonly #callId: string;
  constructor(
    private readonly server: ServerApi,
    private readonly bindings: Bindings,
    private readonly options: PingOptions,
  ) {
    this.#tag = server.env.random.uint32();
    this.#calls = server.env.random.uint32();
    this.#callId = reverseHex(server.env.random.uint32());
  }

  close(): void {
    this.options.foreign?.sender.close();
  }

  /** Called every second. */
  tick(): void {
    const { intervalSec } = this.options;
    const second = this.#second;
    this.#second = (second + 1) % intervalSec;
    if (!this.enabled) return;
    const { location } = this.bindings;
    const now = location.nowSec();
    for (const domain of location.domains.values())
      for (const record of domain.dumpOrder().records) {
        if ((record.hash & (location.options.slots - 1)) % intervalSec !== second) continue;
        for (const contact of record.contacts)
          if (this.#wants(contact, now) && this.#answers(contact, now)) void this.#ping(contact, record.hash);
      }
  }
  #wants(c: Binding, now: number): boolean {
    const { natedOnly, disableFlag, serverId } = this.options;
    if (c.expires !== 0 && c.expires <= now) return false;
    if (natedOnly && (c.cflags & this.bindings.natFlag) !== this.bindings.natFlag) return false;
    return (c.cflags & disableFlag) === 0 && (serverId === null || c.serverId === serverId);
  }
  /** A datagram contact whose last answer is too old goes ten seconds from now (get_all_mem_ucontacts). */
  #answers(c: Binding, now: number): boolean {
    const { timeoutSec } = this.options;
    if (timeoutSec === 0 || c.lastKeepalive === 0 || c.socket?.proto !== 'udp') return true;
    if (c.lastKeepalive + timeoutSec >= now) return true;
    c.expires = Math.min(c.expires, now + GRACE_SEC);
    return false;
  }
  /** A response from the network: when it answers a ping, its contact is alive (`timeoutSec`). */
  seen(reply: SipMessage): void {
    const { timeoutSec, method, from } = this.options;
    if (timeoutSec === 0 || reply.method !== method || reply.vias().length > 1) return;
    if (reply.from === null || reply.from.uriText !== from) return;
    const [, ruid = '', hash = ''] = /^(.{1,200})-([0-9a-f]{1,8})-[^-]*$/i.exec(reply.from.tag ?? '') ?? [];
    if (ruid === '') return;
    const digits = Number.parseInt([...hash].reverse().join(''), 16) >>> 0;
    const { location } = this.bindings;
    for (const domain of location.domains.values()) {
      const found = domain.byRuid(digits, ruid);
      if (found === null) continue;
      found.contact.lastKeepalive = location.nowSec();
      return;
    }
  }
  async #ping(c: Binding, aorHash: number): Promise<void> {
    const { sipFlag, natedOnly, ignorePath } = this.options;
    const { grammar } = this.server;
    const first =
      ignorePath || c.path === '' || (c.cflags & sipFlag) === 0
        ? undefined
        : parseNameAddrList(c.path, grammar)?.[0]?.uriText;
    const to = first ?? (c.received === '' ? c.uri : c.received);
    const uri = parseUri(to, grammar);
    if (uri === null || (uri.transport ?? 'udp') !== 'udp') return;
    const { core } = this.server.transactions;
    const [address] = await core.resolve(to, 'udp');
    if (address === undefined) return;
    const socket = this.options.socket ?? c.socket ?? core.sendSocket(null, null, address);
    if (socket === null || socket.proto !== 'udp') return;
    const bySip = (c.cflags & sipFlag) !== 0 || (!natedOnly && sipFlag !== 0);
    if (bySip && this.options.from !== '') {
      core.transports.send({ ...address, proto: 'udp', socket }, this.#request(c, socket, aorHash));
      return;
    }
    const from = await this.#foreignSource(c);
    if (from === null) core.transports.send({ ...address, proto: 'udp', socket }, ZEROS);
    else this.#sendFrom(from, address);
  }
  /** Where zero bytes for this contact seem to come from; null: from where they do. */
  async #foreignSource(c: Binding): Promise<Endpoint | null> {
    const { foreign } = this.options;
    if (foreign === null || foreign.from !== null) return foreign?.from ?? null;
    const path = c.path === '' || this.options.ignorePath ? null : parseNameAddrList(c.path, this.server.grammar);
    const proxy = path?.at(foreign.pathDepth === 1 ? -1 : Math.min(foreign.pathDepth - 2, path.length - 1));
    if (proxy === undefined) return null;
    const [address] = await this.server.transactions.core.resolve(proxy.uriText, 'udp');
    return address ?? null;
  }
  #sendFrom(from: Endpoint, to: Endpoint): void {
    const code = this.options.foreign?.sender.send(ZEROS, from, to) ?? '';
    if (code !== '')
      this.server.log(-1, 'nathelper', `a ping from ${from.ip}:${from.port} to ${to.ip} failed: ${code}`);
  }
  #request(c: Binding, socket: ListenSocket, aorHash: number): string {
    const { method, from } = this.options;
    const { random, clock } = this.server.env;
    const branch = 1_000_000 + (random.uint32() % 9_000_000);
    this.#tag = (this.#tag + 1) >>> 0;
    this.#calls = (this.#calls + 1) >>> 0;
    const ticks = reverseHex(Math.floor(clock.monotonic() / 1000));
    return [
      `${method} ${c.uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${socket.host}:${socket.port};branch=z9hG4bK${branch}`,
      ...(c.path === '' ? [] : [`Route: ${c.path}`]),
      `From: ${from};tag=${c.ruid}-${reverseHex(aorHash)}-${reverseHex(this.#tag)}`,
      `To: ${c.uri}`,
      `Call-ID: ${this.#callId}-${reverseHex(this.#calls)}-${ticks}@${socket.local.ip}`,
      `CSeq: 1 ${method}`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  }
}

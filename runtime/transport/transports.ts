/**
 * All listen sockets and connections of a server: opens all or none, hands what arrives to one function, sends to a next
 * hop, and knows which addresses are its own.
 */
import { ipFamily, isLoopback, sameNetwork } from '../dns/ip.js';
import { type DatagramSocket, type Endpoint, type Environment, type Proto, prints, type SocketTuning } from '../env.js';
import { listenError, StartError } from '../errors.js';
import type { Connection } from './connection.js';
import { Connections, type StreamSettings } from './connections.js';
import {
  type Listen,
  type ListenSettings,
  type ListenSpec,
  listenSocket,
  resolveListens,
  splitAddress,
  unzoned,
  zoned,
} from './listen.js';
import { carries, Myself } from './myself.js';
import { ProxiedPeers } from './proxied-peers.js';
import {
  type ListenSocket,
  MIN_DATAGRAM_BYTES,
  type NextHop,
  type OnMessage,
  type ReceiveInfo,
  type SendOptions,
} from './types.js';

export type { Connection } from './connection.js';
export type { ListenSpec } from './listen.js';
export type { ListenSocket, NextHop, ReceiveInfo, SendOptions } from './types.js';

export interface TransportSettings extends StreamSettings, ListenSettings {
  readonly auto_aliases: number;
  readonly pmtu_discovery: number;
  readonly mcast: string;
  readonly mcast_loopback: number;
  readonly mcast_ttl: number;
  readonly udp_accept_proxy: number;
}

/** Largest payload of a datagram, IPv4. */
const MAX_DATAGRAM_BYTES = 65_507;

export interface TransportStats {
  received: number;
  sent: number;
  /** Datagrams too short to be SIP: keep-alives. */
  keepalives: number;
  sendFailed: number;
}

export class Transports {
  private listens: readonly Listen[] = [];
  private list: ListenSocket[] = [];
  /** By `ListenSocket.index`. */
  private readonly datagrams: (DatagramSocket | null)[] = [];
  private readonly listeners: { close(): void }[] = [];
  private readonly myself = new Myself();
  /** Null without `udp_accept_proxy`. */
  readonly proxied: ProxiedPeers | null;
  private onMessage: OnMessage = () => true;
  readonly connections: Connections;
  /** Who else may take what is not SIP; true: taken. */
  readonly nonSip: ((bytes: string, received: ReceiveInfo) => boolean)[] = [];
  /** May put other bytes in place of what is about to be sent (corex: `event_route[network:msg]`). */
  rewrite: ((bytes: string, hop: NextHop) => string) | null = null;
  /** Told of what is about to be sent, as it will leave (cfgt). */
  leaving: ((bytes: string) => void) | null = null;
  readonly stats: TransportStats = { received: 0, sent: 0, keepalives: 0, sendFailed: 0 };

  constructor(
    private readonly env: Environment,
    private readonly settings: TransportSettings,
  ) {
    this.proxied = settings.udp_accept_proxy
      ? new ProxiedPeers(settings.udp_accept_proxy, () => env.clock.monotonic())
      : null;
    this.connections = new Connections(env, settings, (bytes, received) => {
      this.stats.received++;
      return this.onMessage(bytes, received);
    });
  }

  get sockets(): readonly ListenSocket[] {
    return this.list;
  }

  /** Which sockets there will be; nothing is opened. Rejects with a `StartError` that says what to do. */
  async prepare(specs: readonly ListenSpec[]): Promise<void> {
    this.listens = await resolveListens(this.env, specs, this.settings);
    if (this.listens.length === 0)
      throw new StartError('SIPC8009', 'there is no socket to listen on; write one with listen=');
    this.list = this.listens.map((listen, index) => listenSocket(listen, index, listen, this.settings));
    for (const [index, listen] of this.listens.entries()) this.addNames(this.list[index]!, listen);
    if (this.settings.auto_aliases) await this.addReverseNames();
  }

  /** Opens every prepared socket; on an error closes those already open and rejects with a `StartError`. */
  async open(onMessage: OnMessage): Promise<void> {
    this.onMessage = onMessage;
    for (const [index, listen] of this.listens.entries()) {
      try {
        await this.bind(listen, index);
      } catch (error) {
        this.close();
        throw error instanceof StartError ? error : listenError(`${listen.proto}:${listen.ip}:${listen.port}`, error);
      }
    }
  }

  /** Port 0 takes what the system gives; it is known from here on. */
  private async bind(listen: Listen, index: number): Promise<void> {
    const socketNow = () => this.list[index];
    let bound: { readonly local: Endpoint; close(): void };
    if (listen.proto === 'udp') {
      const datagram = await this.env.network.bindUdp(
        { ip: zoned(listen.ip, listen.zone), port: listen.port },
        (bytes, written) => {
          const socket = socketNow();
          if (!socket) return;
          const from = listen.zone === undefined ? written : unzoned(written);
          if (this.proxied === null) return this.receiveDatagram(socket, bytes, from);
          const what = this.proxied.received(bytes, from);
          this.receiveDatagram(socket, what.bytes, what.src);
        },
        this.datagramTuning(),
      );
      this.datagrams[index] = datagram;
      bound = datagram;
    } else {
      bound = await this.env.network.listenTcp(
        { ip: zoned(listen.ip, listen.zone), port: listen.port },
        (stream) => {
          const socket = socketNow();
          if (socket) this.connections.accept(stream, socket);
          else stream.destroy();
        },
        () => this.connections.tuning,
      );
      this.datagrams[index] = null;
    }
    this.listeners.push(bound);
    if (listen.port === 0) {
      const socket = listenSocket(listen, index, unzoned(bound.local), this.settings);
      this.list[index] = socket;
      this.addNames(socket, listen);
    }
  }

  private datagramTuning(): SocketTuning {
    const { tos, ip_free_bind, pmtu_discovery, mcast, mcast_loopback, mcast_ttl } = this.settings;
    return {
      tos: tos || undefined,
      freeBind: ip_free_bind !== 0,
      pathMtu: pmtu_discovery !== 0,
      multicast: { ttl: mcast_ttl, loopback: mcast_loopback !== 0, interfaceName: mcast },
    };
  }

  private addNames(socket: ListenSocket, { hostName, advertised }: Listen): void {
    const ports = advertised?.port ? [socket.local.port, advertised.port] : [socket.local.port];
    const present = socket.virtual
      ? () => this.env.network.localAddresses().some(({ ip }) => ip === socket.local.ip)
      : null;
    this.myself.add(socket.local.ip, ports, socket.proto, present);
    if (hostName) this.myself.add(hostName, ports, socket.proto, present);
    if (advertised) this.myself.add(advertised.host, ports, socket.proto);
  }

  /** `auto_aliases`: names that reverse DNS gives for our addresses. */
  private async addReverseNames(): Promise<void> {
    const ips = [...new Set(this.list.map(({ local }) => local.ip))];
    const names = new Map(
      await Promise.all(ips.map(async (ip) => [ip, await this.env.resolver.reverse(ip).catch(() => [])] as const)),
    );
    for (const { local, proto } of this.list)
      for (const name of names.get(local.ip) ?? []) this.addAlias(name, local.port, proto);
  }

  private receiveDatagram(socket: ListenSocket, bytes: string, src: { ip: string; port: number }): void {
    // Kamailio's udp_rcv_loop(): keep-alives and other short datagrams are dropped without a word, and so is port 0.
    if (bytes.length < MIN_DATAGRAM_BYTES || src.port === 0) {
      this.stats.keepalives++;
      return;
    }
    this.stats.received++;
    this.onMessage(bytes, {
      proto: 'udp',
      src,
      dst: socket.local,
      socket,
      connectionId: 0,
      at: this.env.clock.exactNow(),
    });
  }

  /** False: refused at once (no connection allowed, too long, wrong family). Later failures go to `options.failed`. */
  send(hop: NextHop, written: string, options: SendOptions = {}): boolean {
    if (hop.port === 0 && !hop.connectionId) return this.refused();
    const bytes = this.rewrite === null ? written : this.rewrite(written, hop);
    this.leaving?.(bytes);
    if (hop.proto === 'udp') {
      const datagram = this.datagrams[hop.socket.index];
      if (
        !datagram ||
        hop.port === 0 ||
        bytes.length > MAX_DATAGRAM_BYTES ||
        hop.ip.includes(':') !== (hop.socket.family === 6)
      )
        return this.refused();
      const lost = (code: string) => this.log(`sendto ${hop.ip}:${hop.port} failed: ${code}`);
      const to = this.proxied?.destination(hop) ?? hop;
      const { zone } = hop.socket;
      const code = datagram.send(bytes, zone === undefined ? to : { ip: zoned(to.ip, zone), port: to.port }, (late) => {
        this.stats.sendFailed++;
        lost(late);
        options.failed?.(late);
      });
      if (code !== '') {
        lost(code);
        return this.refused();
      }
    } else if (hop.proto === 'sctp' || !this.connections.send(hop, bytes, options)) return this.refused();
    this.stats.sent++;
    return true;
  }
  private refused(): false {
    this.stats.sendFailed++;
    return false;
  }

  /**
   * The socket for a destination when none is forced, as Kamailio's `get_send_socket2()`: for UDP the one the message came
   * in on when it fits, else the first of the protocol and family, one off the loopback before one on it.
   */
  chooseSocket(proto: Proto, ip: string, receivedOn?: ListenSocket | null): ListenSocket | null {
    const family = ipFamily(ip);
    // WebSocket has no sockets of its own.
    const wanted = proto === 'ws' ? 'tcp' : proto === 'wss' ? 'tls' : proto;
    if (proto === 'udp' && receivedOn?.proto === 'udp' && receivedOn.family === family) return receivedOn;
    let chosen: ListenSocket | null = null;
    for (const socket of this.list) {
      if (socket.proto !== wanted || socket.family !== family) continue;
      if (!isLoopback(socket.local.ip)) return socket;
      chosen ??= socket;
    }
    return chosen;
  }

  /**
   * `mhomed`: the UDP socket on the network the destination is in; null when it is in none of ours (the system's default
   * route decides then, and `chooseSocket` takes the first).
   */
  socketTowards(ip: string): ListenSocket | null {
    for (const { ip: own, prefixBits } of this.env.network.localAddresses()) {
      if (own.includes(':') !== ip.includes(':') || !sameNetwork(own, ip, prefixBits ?? 128)) continue;
      const socket = this.list.find(({ proto, local }) => proto === 'udp' && local.ip === own);
      if (socket) return socket;
    }
    return null;
  }

  /** The WebSocket connection of this peer: nobody can open one to it (RFC 7118 §5). */
  webSocketTo(ip: string, port: number): Connection | undefined {
    const open = this.connections.at(ip, port);
    return open?.protocol ? open : undefined;
  }

  /** The socket bound to this address; port 0 and no protocol match any. */
  findSocket(host: string, port = 0, proto?: Proto): ListenSocket | null {
    const own = new Myself();
    for (const socket of this.list) {
      if (proto !== undefined && !carries(socket.proto, proto)) continue;
      own.add(socket.local.ip, [socket.local.port], socket.proto);
      own.add(socket.host, [socket.local.port, socket.port], socket.proto);
      if (own.matches(host, port, proto)) return socket;
    }
    return null;
  }

  /** Port 0 and no protocol match any. Case does not matter; brackets around IPv6 may be there. */
  isMyself(host: string, port = 0, proto?: Proto): boolean {
    return this.myself.matches(host, port, proto) || this.myselfHooks.some((knows) => knows(host));
  }
  /** Of modules that know more names of this server. */
  readonly myselfHooks: ((host: string) => boolean)[] = [];
  /** Port 0 and no protocol: any. */
  addAlias(host: string, port = 0, proto: Proto | null = null): void {
    this.myself.add(host, [port], proto);
  }
  /** `alias=` of the cfg: `host`, `host:port` or `proto:host:port`. False when it cannot be read. */
  addAliasText(text: string): boolean {
    const parts = splitAddress(text);
    if (!parts) return false;
    this.addAlias(parts.host, parts.port ?? 0, parts.proto);
    return true;
  }
  /** As `addAliasText`, for a domain and all under it. */
  addSubdomains(text: string): boolean {
    const parts = splitAddress(text);
    if (!parts) return false;
    this.myself.addSubdomains(parts.host, parts.port ?? 0, parts.proto);
    return true;
  }
  aliases(): { host: string; ports: readonly number[]; proto: Proto | null }[] {
    return this.myself.names();
  }

  /** Takes no new connections; those open and the datagram sockets go on. */
  drain(): void {
    for (const [index, listener] of this.listeners.entries()) if (!this.datagrams[index]) listener.close();
  }
  /** Ends every connection and closes every socket. */
  stop(): void {
    this.connections.end();
    this.close();
  }

  private close(): void {
    for (const listener of this.listeners.splice(0)) listener.close();
    this.datagrams.length = 0;
    this.listens = [];
    this.list = [];
    this.onMessage = () => true;
  }

  private log(text: string): void {
    if (prints(this.env.log, -1, 'udp')) this.env.log.write({ level: -1, source: 'udp', text });
  }
}

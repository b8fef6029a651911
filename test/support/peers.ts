/**
 * SIP peers on loopback: one name listens on a fixed port on udp and tcp, IPv4 and (where there is one) IPv6.
 * Knows bytes and framing; what the bytes mean is the caller's business.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, connect as openTcp, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, connect as openTls, TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { tlsFile } from './tls-files.js';

/** `ws`: over a WebSocket the peer opens to the server; it listens for none. */
export type PeerProto = 'udp' | 'tcp' | 'tls' | 'ws';

/** How a peer opens a TLS connection: what it calls the server, which certificate it shows. */
export interface TlsChoice {
  readonly servername?: string;
  /** `alice`, `revoked` …: a pair of files in test/support/tls. */
  readonly certificate?: string;
}
export interface Arrival {
  readonly text: string;
  readonly proto: PeerProto;
  /** Of a datagram: the port it came from. */
  readonly sourcePort?: number;
  /** Sends back the way it came: to the sender's address, or on the same connection. */
  readonly answer: (bytes: string) => void;
}

export class PeerSockets {
  onArrival: (arrival: Arrival) => void = () => {};
  /** Local ports of connections this peer opened: not the same in the next run, so a transcript has to name them otherwise. */
  readonly ephemeralPorts = new Set<number>();
  #udp4: DatagramSocket | null = null;
  #udp6: DatagramSocket | null = null;
  #servers: Server[] = [];
  #incoming = new Set<Socket>();
  #outgoing: Socket | null = null;
  #webSocket: WebSocket | null = null;

  private constructor(
    readonly name: string,
    readonly port: number,
  ) {}

  static async open(name: string, port: number, ipv6: boolean): Promise<PeerSockets> {
    const peer = new PeerSockets(name, port);
    try {
      peer.#udp4 = await peer.#bind('udp4', '127.0.0.1');
      peer.#servers.push(await peer.#listen('127.0.0.1'));
      peer.#servers.push(await peer.#listenTls('127.0.0.1'));
      if (ipv6) {
        peer.#udp6 = await peer.#bind('udp6', '::1');
        peer.#servers.push(await peer.#listen('::1'));
      }
      return peer;
    } catch (error) {
      await peer.close();
      throw error;
    }
  }

  sendUdp(bytes: string, host: string, port: number): void {
    const socket = host.includes(':') ? this.#udp6 : this.#udp4;
    if (socket === null) throw new Error(`${this.name} has no socket for ${host}`);
    socket.send(Buffer.from(bytes, 'latin1'), port, host);
  }

  /** Sends on the connection this peer opened; opens it first if there is none. */
  async sendTcp(bytes: string, host: string, port: number): Promise<void> {
    const open = this.#outgoing;
    if (open !== null && !open.destroyed && open.remotePort === port) {
      open.write(bytes, 'latin1');
      return;
    }
    const socket = openTcp({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    this.#outgoing = socket;
    if (socket.localPort !== undefined) this.ephemeralPorts.add(socket.localPort);
    this.#read(socket);
    socket.write(bytes, 'latin1');
  }

  /** As `sendTcp`, over TLS. Rejects when the handshake fails; a listener that is not open yet is waited for. */
  async sendTls(bytes: string, host: string, port: number, choice: TlsChoice = {}): Promise<void> {
    const open = this.#outgoing;
    if (open !== null && !open.destroyed && open.remotePort === port) {
      open.write(bytes, 'latin1');
      return;
    }
    const { servername = '', certificate } = choice;
    const pair = certificate ? { cert: tlsFile(`${certificate}.pem`), key: tlsFile(`${certificate}.key`) } : {};
    const attempt = () =>
      new Promise<TLSSocket>((resolve, reject) => {
        const socket = openTls({ host, port, servername, rejectUnauthorized: false, ...pair });
        socket.once('secureConnect', () => resolve(socket));
        socket.once('error', reject);
      });
    const closed = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    let socket: TLSSocket | null = null;
    for (let left = 20; socket === null; left--) {
      socket = await attempt().catch((error: unknown) => {
        if (left === 0 || !closed(error)) throw error;
        return null;
      });
      if (socket === null) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    this.#outgoing = socket;
    if (socket.localPort !== undefined) this.ephemeralPorts.add(socket.localPort);
    this.#read(socket, 'tls');
    socket.write(bytes, 'latin1');
  }

  /** As `sendTcp`, a message a frame (RFC 7118). Rejects when the server does not take the handshake. */
  async sendWs(bytes: string, host: string, port: number): Promise<void> {
    if (this.#webSocket?.readyState !== WebSocket.OPEN) {
      const socket = new WebSocket(`ws://${host}:${port}/`, 'sip');
      this.#webSocket = socket;
      const answer = (text: string) => socket.send(Buffer.from(text, 'latin1'), { binary: false });
      socket.on('upgrade', ({ socket: { localPort } }) => {
        if (localPort !== undefined) this.ephemeralPorts.add(localPort);
      });
      socket.on('message', (data) => {
        this.onArrival({ text: data.toString('latin1'), proto: 'ws', answer });
      });
      await new Promise<void>((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
      });
      socket.on('error', () => {});
    }
    this.#webSocket.send(Buffer.from(bytes, 'latin1'), { binary: false });
  }

  /** Closes the connections, keeps listening. */
  dropConnections(): void {
    this.#webSocket?.terminate();
    this.#webSocket = null;
    if (this.#outgoing) drop(this.#outgoing);
    this.#outgoing = null;
    for (const socket of this.#incoming) drop(socket);
    this.#incoming.clear();
    this.ephemeralPorts.clear();
  }

  /** Stops listening for connections until `open` is called again for the port; used to play a peer that is not there. */
  async close(): Promise<void> {
    this.dropConnections();
    const udp = [this.#udp4, this.#udp6].filter((socket) => socket !== null);
    await Promise.all([
      ...udp.map((socket) => new Promise<void>((resolve) => void socket.close(() => resolve()))),
      ...this.#servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))),
    ]);
  }

  #bind(type: 'udp4' | 'udp6', host: string): Promise<DatagramSocket> {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    socket.on('message', (data, from) => {
      this.onArrival({
        text: data.toString('latin1'),
        proto: 'udp',
        sourcePort: from.port,
        answer: (bytes) => this.sendUdp(bytes, from.address, from.port),
      });
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(this.port, host, () => {
        socket.removeListener('error', reject);
        // A refused datagram shows up here when the server is gone: the scenario fails by what it then misses.
        socket.on('error', () => {});
        resolve(socket);
      });
    });
  }

  #listen(host: string): Promise<Server> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#incoming.add(socket);
      socket.once('close', () => this.#incoming.delete(socket));
      this.#read(socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: this.port, host, ipv6Only: host === '::1' }, () => resolve(server));
    });
  }

  /** One port up, with the certificate `peer`; asks the server for one and takes any. */
  #listenTls(host: string): Promise<Server> {
    const pair = { cert: tlsFile('peer.pem'), key: tlsFile('peer.key') };
    const server = createTlsServer({ ...pair, requestCert: true, rejectUnauthorized: false }, (socket) => {
      this.#incoming.add(socket);
      socket.once('close', () => this.#incoming.delete(socket));
      this.#read(socket, 'tls');
    });
    server.on('tlsClientError', () => {});
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: this.port + 1, host }, () => resolve(server));
    });
  }

  #read(socket: Socket, proto: 'tcp' | 'tls' = 'tcp'): void {
    let buffered = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      buffered += data.toString('latin1');
      for (;;) {
        while (buffered.startsWith('\r\n')) buffered = buffered.slice(2);
        const size = messageSize(buffered);
        if (size === null) return;
        const text = buffered.slice(0, size);
        buffered = buffered.slice(size);
        this.onArrival({ text, proto, answer: (bytes) => void socket.write(bytes, 'latin1') });
      }
    });
  }
}

/** With a reset where that can be. */
const drop = (socket: Socket) => void (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy());

/** Length of the first whole message in a stream (RFC 3261 §18.3), null when it is not complete yet. */
function messageSize(text: string): number | null {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const length = Number(/\r\n(?:Content-Length|l)[ \t]*:[ \t]*(\d+)/i.exec(text.slice(0, head + 2))?.[1] ?? 0);
  const size = head + 4 + length;
  return text.length < size ? null : size;
}

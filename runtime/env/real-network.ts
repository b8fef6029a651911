/** UDP in batches where the C library can be called, else over `node:dgram`; TCP over `node:net`. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type {
  Clock,
  ConnectedDatagrams,
  ConnectOptions,
  DatagramSocket,
  Endpoint,
  ForeignSender,
  Network,
  SocketTuning,
  StreamConnection,
} from '../env.js';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  libc,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from './libc.js';
import { openForeignSender } from './raw-udp.js';
import { RealConnection } from './real-connection.js';
import { encodeSockaddr, sockaddrLength } from './sockaddr.js';
import { tuneBeforeBind, tuneStream } from './socket-options.js';
import { noLookup } from './system.js';
import { Turns } from './turns.js';
import type { DatagramBatches } from './udp-batch.js';
import { bindDgram, connectDgram } from './udp-dgram.js';

/** A pause of the event loop must not lose datagrams; the system caps it at `net.core.rmem_max`. */
const RECEIVE_BUFFER_BYTES = 4 << 20;
const KEEPALIVE_SEC = 60;

function tune(socket: Socket, tuning: SocketTuning): void {
  const { keepAlive = { idleSec: 0 } } = tuning;
  if (keepAlive !== null) socket.setKeepAlive(true, (keepAlive.idleSec || KEEPALIVE_SEC) * 1000);
  tuneStream(socket, socket.remoteFamily === 'IPv6', tuning);
}
/** A listening descriptor on an address that need not be there; null where the C library cannot be called. Throws the system's code. */
function boundAnywhere(at: Endpoint, backlog: number): number | null {
  const c = libc();
  const address = c === null ? null : encodeSockaddr(c, at);
  if (c === null || address === null) return null;
  const six = at.ip.includes(':');
  const fd = c.socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const one = Buffer.from([1, 0, 0, 0]);
  c.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, one, 4);
  if (six) c.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, one, 4);
  tuneBeforeBind(c, fd, at, { freeBind: true });
  if (c.bind(fd, address, sockaddrLength(at.ip)) === 0 && c.listen(fd, backlog) === 0) return fd;
  const code = c.lastError();
  c.close(fd);
  throw Object.assign(new Error(`listen ${code} ${at.ip}:${at.port}`), { code });
}

export class RealNetwork implements Network {
  private lastId = 0;
  private readonly turns = new Turns();
  constructor(
    private readonly clock: Clock,
    private readonly batches: DatagramBatches | null = null,
  ) {}

  async bindUdp(
    at: Endpoint,
    onMessage: (bytes: string, from: Endpoint) => void,
    tuning: SocketTuning = {},
  ): Promise<DatagramSocket> {
    return this.batches
      ? this.batches.bind(at, RECEIVE_BUFFER_BYTES, onMessage, tuning)
      : bindDgram(at, RECEIVE_BUFFER_BYTES, onMessage);
  }

  foreignSender(): ForeignSender {
    return openForeignSender();
  }

  connectUdp(
    to: Endpoint,
    localIp: string,
    onMessage: (bytes: string) => void,
    refused: () => void,
  ): Promise<ConnectedDatagrams> {
    return connectDgram(to, localIp, onMessage, refused);
  }

  listenTcp(
    at: Endpoint,
    onConnection: (connection: StreamConnection) => void,
    tuning: () => SocketTuning = () => ({}),
  ): Promise<{ local: Endpoint; close(): void }> {
    return new Promise((resolve, reject) => {
      const server: Server = createServer({ noDelay: true }, (socket) => {
        const { remoteAddress, remotePort } = socket;
        if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy();
        const tuned = tuning();
        tune(socket, tuned);
        onConnection(new RealConnection(++this.lastId, socket, this.turns, tuned.resetOnClose));
      });
      server.once('error', reject);
      const { backlog = 1024, freeBind = false } = tuning();
      const fd = freeBind ? boundAnywhere(at, backlog) : null;
      server.listen(
        fd === null ? { host: at.ip, port: at.port, exclusive: true, ipv6Only: at.ip.includes(':'), backlog } : { fd },
        () => {
          server.off('error', reject);
          // Too many open files while accepting: the next one may work.
          server.on('error', () => {});
          const address = server.address();
          resolve({
            local: typeof address === 'object' && address ? { ip: address.address, port: address.port } : at,
            close: () => void server.close(),
          });
        },
      );
    });
  }

  connectTcp(to: Endpoint, options: ConnectOptions): Promise<StreamConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: to.ip,
        port: to.port,
        localAddress: options.localIp,
        lookup: noLookup,
        noDelay: true,
      });
      const fail = (error: Error): void => {
        timer.cancel();
        socket.destroy();
        reject(error);
      };
      const timer = this.clock.setTimer(options.timeoutMs, () =>
        fail(Object.assign(new Error('connection timed out'), { code: 'ETIMEDOUT' })),
      );
      socket.once('error', fail);
      socket.once('connect', () => {
        timer.cancel();
        socket.off('error', fail);
        tune(socket, options.tuning ?? {});
        resolve(new RealConnection(++this.lastId, socket, this.turns, options.tuning?.resetOnClose));
      });
    });
  }

  localAddresses(): { ip: string; interfaceName: string; internal: boolean; prefixBits: number }[] {
    return Object.entries(networkInterfaces()).flatMap(([interfaceName, addresses]) =>
      (addresses ?? []).map(({ address, internal, cidr, family }) => ({
        ip: address,
        interfaceName,
        internal,
        prefixBits: Number(cidr?.split('/')[1] ?? (family === 'IPv6' ? 128 : 32)),
      })),
    );
  }
}

/** UDP in batches where the C library can be called, else over `node:dgram`; TCP over `node:net`. */
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Clock, ConnectOptions, DatagramSocket, Endpoint, Network, StreamConnection } from '../env.js';
import { RealConnection } from './real-connection.js';
import { noLookup } from './system.js';
import type { DatagramBatches } from './udp-batch.js';
import { bindDgram } from './udp-dgram.js';

/** A pause of the event loop must not lose datagrams; the system caps it at `net.core.rmem_max`. */
const RECEIVE_BUFFER_BYTES = 4 << 20;
const KEEPALIVE_SEC = 60;

export class RealNetwork implements Network {
  private lastId = 0;
  constructor(
    private readonly clock: Clock,
    private readonly batches: DatagramBatches | null = null,
  ) {}

  async bindUdp(at: Endpoint, onMessage: (bytes: string, from: Endpoint) => void): Promise<DatagramSocket> {
    return this.batches
      ? this.batches.bind(at, RECEIVE_BUFFER_BYTES, onMessage)
      : bindDgram(at, RECEIVE_BUFFER_BYTES, onMessage);
  }

  listenTcp(
    at: Endpoint,
    onConnection: (connection: StreamConnection) => void,
  ): Promise<{ local: Endpoint; close(): void }> {
    return new Promise((resolve, reject) => {
      const server: Server = createServer(
        { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_SEC * 1000 },
        (socket) => {
          const { remoteAddress, remotePort } = socket;
          if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy();
          onConnection(new RealConnection(++this.lastId, socket));
        },
      );
      server.once('error', reject);
      server.listen(
        { host: at.ip, port: at.port, exclusive: true, ipv6Only: at.ip.includes(':'), backlog: 1024 },
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
        const { keepAlive = { idleSec: 0 } } = options;
        if (keepAlive !== null) socket.setKeepAlive(true, (keepAlive.idleSec || KEEPALIVE_SEC) * 1000);
        resolve(new RealConnection(++this.lastId, socket));
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

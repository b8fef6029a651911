/** UDP over `node:dgram`: one system call a datagram, on every platform. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import type { ConnectedDatagrams, DatagramSocket, Endpoint } from '../env.js';
import { codeOf, noLookup } from './system.js';

export function bindDgram(
  at: Endpoint,
  receiveBufferBytes: number,
  onMessage: (bytes: string, from: Endpoint) => void,
): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const six = at.ip.includes(':');
    const socket = createSocket({ type: six ? 'udp6' : 'udp4', ipv6Only: six, lookup: noLookup });
    socket.once('error', reject);
    socket.bind({ address: at.ip, port: at.port, exclusive: true }, () => {
      socket.off('error', reject);
      // ICMP errors of earlier sends surface here; Kamailio goes on too.
      socket.on('error', () => {});
      try {
        socket.setRecvBufferSize(receiveBufferBytes);
      } catch {
        // The system's own size has to do.
      }
      const { address, port } = socket.address();
      let closed = false;
      socket.on('message', (buffer: Buffer, from: RemoteInfo) =>
        onMessage(buffer.toString('latin1'), { ip: from.address, port: from.port }),
      );
      resolve({
        local: { ip: address, port },
        send(bytes, to, failed) {
          if (closed) return 'EBADF';
          try {
            socket.send(
              Buffer.from(bytes, 'latin1'),
              to.port,
              to.ip,
              failed &&
                ((error) => {
                  if (error) failed(codeOf(error));
                }),
            );
            return '';
          } catch (error) {
            return error instanceof Error ? codeOf(error) : 'EIO';
          }
        },
        close() {
          if (closed) return;
          closed = true;
          socket.close();
        },
      });
    });
  });
}

export function connectDgram(
  to: Endpoint,
  localIp: string,
  onMessage: (bytes: string) => void,
  refused: () => void,
): Promise<ConnectedDatagrams> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: to.ip.includes(':') ? 'udp6' : 'udp4', lookup: noLookup });
    const fail = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', fail);
    const connected = (): void => {
      socket.off('error', fail);
      let closed = false;
      const failed = (error: Error | null): void => {
        if (error !== null && !closed && codeOf(error) === 'ECONNREFUSED') refused();
      };
      socket.on('error', failed);
      socket.on('message', (buffer: Buffer) => onMessage(buffer.toString('latin1')));
      resolve({
        send(bytes) {
          if (closed) return false;
          socket.send(Buffer.from(bytes, 'latin1'), failed);
          return true;
        },
        close() {
          if (closed) return;
          closed = true;
          socket.close();
        },
      });
    };
    socket.bind({ address: localIp || undefined, port: 0, exclusive: true }, () => {
      try {
        socket.connect(to.port, to.ip, connected);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

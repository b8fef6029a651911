/** UDP over `node:dgram`: one system call a datagram, on every platform. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import type { DatagramSocket, Endpoint } from '../env.js';
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

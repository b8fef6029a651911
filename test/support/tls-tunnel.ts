/** TLS for programs that speak TCP only, such as Debian's sipp: each connection goes on through one of the other kind. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import { tlsFile } from './tls-files.js';

export interface Tunnel {
  readonly port: number;
  /** Connections that came so far. */
  count(): number;
  close(): void;
}

/** Takes TCP, goes on to `port` with TLS. */
export const intoTls = (port: number): Promise<Tunnel> =>
  tunnel(createServer(), 'connection', () => tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }));
/** Takes TLS, goes on to `port` with TCP. */
export const outOfTls = (port: number): Promise<Tunnel> =>
  tunnel(createTlsServer({ key: tlsFile('server.key'), cert: tlsFile('server.pem') }), 'secureConnection', () =>
    connect({ port, host: '127.0.0.1' }),
  );

async function tunnel(server: Server, event: string, onward: () => Socket): Promise<Tunnel> {
  const open = new Set<Socket>();
  let count = 0;
  server.on(event, (near: Socket) => {
    count++;
    const far = onward();
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(end);
      end.pipe(other);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        open.delete(end);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    count: () => count,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

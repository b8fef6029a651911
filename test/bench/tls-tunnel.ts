/**
 * Lets sipp, which Debian builds without TLS, speak TLS with a server under measurement: what comes in plain goes out encrypted to
 * the server, and what the server sends encrypted goes out plain to the callee. A process of its own, on the core of the load.
 *
 *   tls-tunnel.ts CERTIFICATE KEY FRONT SERVER BACK CALLEE      (ports on 127.0.0.1)
 */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';

const [certificate = '', key = '', ...given] = process.argv.slice(2);
const [front = 0, server = 0, back = 0, callee = 0] = given.map(Number);
const host = '127.0.0.1';

/** Both ways; the end of one is the end of the other. */
function join(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.setNoDelay(true);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
const encrypting = createServer((plain) => join(plain, connectTls({ host, port: server, rejectUnauthorized: false })));
const decrypting = createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (secure) =>
  join(secure, connect({ host, port: callee })),
);
const listening = [
  new Promise<void>((resolve) => encrypting.listen(front, host, resolve)),
  new Promise<void>((resolve) => decrypting.listen(back, host, resolve)),
];
await Promise.all(listening);
console.log('listening');

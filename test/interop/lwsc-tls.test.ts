/** lwsc over `wss://`: a WebSocket server of the `ws` package behind Node's TLS, asked by a cfg over UDP. */
import { createSocket } from 'node:dgram';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { realEnvironment } from '../../runtime/env/real.js';
import { RecordingLog } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { freePort } from '../support/child.js';
import { buildCfg, startBuilt } from '../support/in-process.js';
import { tlsFile } from '../support/tls-files.js';

const log = new RecordingLog();
const heard: string[] = [];
let https: HttpsServer;
let server: Server;
let sipPort = 0;

beforeAll(async () => {
  https = createServer({ cert: tlsFile('server.pem'), key: tlsFile('server.key') });
  const sockets = new WebSocketServer({ server: https, handleProtocols: ([first]) => first ?? false });
  sockets.on('connection', (socket: WebSocket, { url = '' }) => {
    socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1');
      heard.push(`${url} ${socket.protocol}: ${text}`);
      if (text !== 'note') socket.send(text === 'long' ? 'x'.repeat(70_000) : `answer to ${text}`);
    });
  });
  await new Promise<void>((resolve) => {
    https.listen(0, '127.0.0.1', resolve);
  });
  const { port } = https.address() as AddressInfo;
  sipPort = await freePort();
  const cfg = `
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "lwsc.so"
modparam("lwsc", "protocol", "events")
modparam("lwsc", "timeout_init", 500000)
request_route {
  if ($rU == "note") lwsc_notify("wss://127.0.0.1:${port}/n", "note");
  else if ($rU == "plain") lwsc_request("ws://127.0.0.1:${port}/p", "no TLS");
  else lwsc_request("wss://127.0.0.1:${port}/a?b=c", "$rU");
  $var(rc) = $rc;
  sl_send_reply("200", "$var(rc) $(lwsc(rdata){s.len}) $(lwsc(rdata){s.substr,0,30})");
}`;
  server = await startBuilt(await buildCfg('lwsc-tls.cfg', cfg), realEnvironment(log), [
    '-l',
    `udp:127.0.0.1:${sipPort}`,
  ]);
});
afterAll(async () => {
  await server.stop(0);
  https.closeAllConnections();
  await new Promise((resolve) => {
    https.close(resolve);
  });
});

/** The reason of the response. */
function ask(user: string): Promise<string> {
  const socket = createSocket('udp4');
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no response for ${user}: ${log.texts().join('\n')}`)), 5_000);
    socket.on('message', (bytes) => {
      clearTimeout(timer);
      socket.close();
      resolve(/^SIP\/2\.0 200 (.*)\r/.exec(bytes.toString('latin1'))?.[1] ?? '');
    });
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.send(
        `OPTIONS sip:${user}@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${user}\r\nFrom: <sip:a@b>;tag=1\r\n` +
          `To: <sip:b@b>\r\nCall-ID: ${user}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
        sipPort,
        '127.0.0.1',
      );
    });
  });
}

it('asks, and is answered, in more than one TLS record too', async () => {
  expect(await ask('hello')).toBe('1 15 answer to hello');
  expect(await ask('long')).toBe(`1 70000 ${'x'.repeat(30)}`);
});
it('tells without waiting', async () => {
  expect(await ask('note')).toMatch(/^1 /);
  await expect.poll(() => heard.at(-1)).toBe('/n events: note');
});
it('no TLS where TLS is wanted: it fails', async () => {
  expect(await ask('plain')).toMatch(/^-1 /);
  expect(heard).toEqual(['/a?b=c events: hello', '/a?b=c events: long', '/n events: note']);
});

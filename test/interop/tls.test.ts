/** The tls module on real sockets: reloads with open connections, the limit of connections, who is trusted and how deep. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { realEnvironment } from '../../runtime/env/real.js';
import { RecordingLog } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { RpcCall } from '../../runtime/sdk/index.js';
import { freePort } from '../support/child.js';
import { buildCfg, startBuilt } from '../support/in-process.js';
import { tlsFile, tlsFolder } from '../support/tls-files.js';

interface Stage {
  readonly server: Server;
  readonly port: number;
  readonly folder: string;
  readonly log: RecordingLog;
}
let here: Stage | null = null;
const open: TLSSocket[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await here?.server.stop(0);
  if (here) rmSync(here.folder, { recursive: true });
  here = null;
});

const config = (lines: string): string => `[server:default]\nmethod = TLSv1.2+\n${lines}\n[client:default]\n`;
const serving = (name: string): string => `private_key = @${name}.key\ncertificate = @${name}.pem`;

async function start(lines: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'sipc-tls-'));
  cpSync(tlsFolder, folder, { recursive: true });
  const port = await freePort();
  const cfg = `
enable_tls=yes
tls_max_connections=4
loadmodule "tls.so"
loadmodule "sl.so"
loadmodule "pv.so"
modparam("tls", "config", "${folder}/tls.cfg")
request_route {
  sl_send_reply("200", "$tls_peer_subject_cn");
}
`;
  const log = new RecordingLog();
  const write = (text: string) => writeFileSync(join(folder, 'tls.cfg'), text.replaceAll('@', `${folder}/`));
  write(config(lines));
  const server = await startBuilt(await buildCfg('tls.cfg', cfg), realEnvironment(log), [
    '-l',
    `tls:127.0.0.1:${port}`,
  ]);
  here = { server, port, folder, log };
  return here;
}

/** The answer of `tls.reload`: null when it went well. */
async function reload({ server }: Stage): Promise<number | null> {
  const call = new RpcCall('tls.reload', []);
  await server.rpc.execute(call, () => {})?.done;
  return call.faulted?.code ?? null;
}

/** Who the server says it is; rejects when the connection ends before anything came over it. */
async function shake({ port }: Stage, as?: string): Promise<{ readonly socket: TLSSocket; readonly name: string }> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'x.example.com',
    rejectUnauthorized: false,
    ...(as === undefined ? {} : { cert: tlsFile(`${as}.pem`), key: tlsFile(`${as}.key`) }),
  });
  open.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
  return { socket, name: String(socket.getPeerCertificate().subject.CN) };
}
let count = 0;
/** The reason of the 200 that comes over it. */
async function ask(socket: TLSSocket): Promise<string> {
  const id = ++count;
  const answer = new Promise<string>((resolve, reject) => {
    socket.once('data', (bytes: Buffer) => resolve(/^SIP\/2\.0 200 (.*)\r/.exec(bytes.toString('latin1'))?.[1] ?? ''));
    socket.once('close', () => reject(new Error('closed')));
    socket.once('error', reject);
  });
  socket.write(
    `OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bK${id}\r\nFrom: <sip:a@b>;tag=1\r\n` +
      `To: <sip:b@b>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`,
  );
  return answer;
}

it('tls.reload takes a new certificate and keeps connections; one that does not parse leaves the old one in place', async () => {
  const stage = await start(serving('server'));
  const before = await shake(stage);
  expect(before.name).toBe('server.example.com');
  await ask(before.socket);

  const use = (name: string, text: string) => writeFileSync(join(stage.folder, name), text);
  for (const [what, breakIt] of [
    [
      'a certificate of nonsense',
      () => use('server.pem', '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n'),
    ],
    ['a certificate of another key', () => use('server.pem', tlsFile('second.pem'))],
    ['no certificate', () => rmSync(join(stage.folder, 'server.pem'))],
    ['a setting that is none', () => use('tls.cfg', '[server:default]\nmethd = TLSv1.2\n')],
  ] satisfies [string, () => void][]) {
    breakIt();
    expect([what, await reload(stage)]).toEqual([what, 500]);
    expect(stage.log.texts().at(-1)).toContain('the configuration stays as it was');
    expect([what, (await shake(stage)).name]).toEqual([what, 'server.example.com']);
    open.pop()?.destroy();
    await ask(before.socket);
  }

  use('tls.cfg', config(serving('second')).replaceAll('@', `${stage.folder}/`));
  expect(await reload(stage)).toBeNull();
  expect((await shake(stage)).name).toBe('second.example.com');
  await ask(before.socket);
});

it('tls_max_connections: one more is closed, those that are there go on, and a place that gets free is given away', async () => {
  const stage = await start(serving('server'));
  const four = await Promise.all([1, 2, 3, 4].map(() => shake(stage)));
  await expect(shake(stage)).rejects.toThrow();
  expect(stage.log.texts().join('')).toContain('maximum number of tls connections exceeded (4/4)');
  for (const { socket } of four) await ask(socket);
  const { connections } = stage.server.transports;
  expect(connections.stats).toMatchObject({ currentSecure: 4, refused: 1 });
  four[0]!.socket.end();
  while (connections.stats.currentSecure > 3) await new Promise((resolve) => setImmediate(resolve));
  await ask((await shake(stage)).socket);
});

it.each([
  { trust: 'ca_list = @deep-ca.pem\nverify_depth = 1', passes: true },
  { trust: 'ca_list = @deep-ca.pem\nverify_depth = 0', passes: false },
  { trust: 'ca_path = @trusted', passes: true },
  { trust: 'ca_path = @nowhere', passes: false },
  { trust: 'ca_list = @ca.pem', passes: false },
])('a client with a certificate two below the root, $trust: $passes', async ({ trust, passes }) => {
  const stage = await start(`${serving('server')}\nverify_certificate = yes\nrequire_certificate = yes\n${trust}`);
  const { socket } = await shake(stage, 'deep');
  // In TLS 1.3 the client is through before the server has looked.
  if (passes) expect(await ask(socket)).toBe('deep.example.com');
  else await expect(ask(socket)).rejects.toThrow();
});

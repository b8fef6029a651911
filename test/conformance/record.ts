/**
 * Records what Kamailio does with the torture messages: `npx tsx test/conformance/record.ts` rewrites the `expected.ts`
 * of both suites. Needs `kamailio` with its stock config; uses UDP port 21310 on loopback.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Outcome, type Suite, tortureMessages } from './torture.js';

const PORT = 21_310;
const folder = mkdtempSync(join(tmpdir(), 'torture-'));
// The stock config with two log lines, and answers sent to the source port whatever the Via says.
const stock = readFileSync('/etc/kamailio/kamailio.cfg', 'latin1')
  .replace('request_route {', 'force_rport=yes\nlog_stderror=yes\nrequest_route {\n\txlog("L_ERR", "MARK start\\n");')
  .replace('route(REQINIT);', 'route(REQINIT);\n\txlog("L_ERR", "MARK routed\\n");');
const cfg = join(folder, 'kamailio.cfg');
writeFileSync(cfg, stock, 'latin1');

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let log = '';
const kamailio = spawn('kamailio', [
  '-f',
  cfg,
  '-DD',
  '-E',
  '-w',
  folder,
  '-Y',
  folder,
  '-l',
  `udp:127.0.0.1:${PORT}`,
  '-n',
  '1',
]);
for (const stream of [kamailio.stdout, kamailio.stderr])
  stream.on('data', (b: Buffer) => (log += b.toString('latin1')));

const socket = createSocket('udp4');
let answers: string[] = [];
socket.on('message', (b) => answers.push(b.toString('latin1')));
await new Promise<void>((resolve) => socket.bind(PORT + 1, '127.0.0.1', resolve));
const send = (text: string) => socket.send(Buffer.from(text, 'latin1'), PORT, '127.0.0.1');

/** Until `done` holds, at most `ms`. */
async function until(done: () => boolean, ms: number): Promise<void> {
  for (let waited = 0; waited < ms && !done(); waited += 20) await wait(20);
}
/** A probe shows when the one worker is done with what came before. */
let probes = 0;
async function settle(): Promise<void> {
  const id = `probe-${++probes}`;
  send(
    `OPTIONS sip:127.0.0.1:${PORT} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${PORT + 1};branch=z9hG4bK${id}\r\nMax-Forwards: 0\r\n` +
      `From: <sip:p@p>;tag=1\r\nTo: <sip:p@p>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
  );
  await until(() => answers.some((a) => a.includes(id)), 40_000);
  answers = answers.filter((a) => !a.includes('probe-'));
}

try {
  await wait(1500);
  await settle();
  for (const suite of ['rfc4475', 'rfc5118'] satisfies Suite[]) {
    const messages = tortureMessages(suite);
    if (messages === null) throw new Error('no messages to record');
    const table: Record<string, Outcome> = {};
    for (const [name, text] of messages) {
      log = '';
      answers = [];
      send(text);
      await wait(150);
      const before = log;
      await settle();
      // The probe's own marks come after: only what was there before it, or what a slow run logged first, counts.
      const marks = [...(before.includes('MARK') ? before : log).matchAll(/MARK (\w+)/g)].map((m) => m[1]);
      const own = before.includes('MARK') ? marks : marks.slice(0, -1);
      const final = answers.map((a) => a.slice(8, a.indexOf('\r\n'))).find((a) => !a.startsWith('1'));
      const response = text.startsWith('SIP/2.0') && !before.includes('core parsing of SIP message failed');
      const fate = own.includes('routed')
        ? 'routed'
        : own.includes('start')
          ? 'stopped'
          : response
            ? 'response'
            : 'dropped';
      table[name] = final === undefined ? { fate } : { fate, answer: final };
      console.log(suite, name, JSON.stringify(table[name]));
    }
    const rows = Object.entries(table).map(([name, o]) => {
      const answer = o.answer === undefined ? '' : `, answer: '${o.answer.replaceAll("'", "\\'")}'`;
      return `  '${name}': { fate: '${o.fate}'${answer} },`;
    });
    const file = fileURLToPath(new URL(`${suite}/expected.ts`, import.meta.url));
    const head = '/** What Kamailio 5.6.3 does with each message on its stock config. Written by ../record.ts. */\n';
    writeFileSync(
      file,
      `${head}import type { OutcomeTable } from '../torture.js';\n\nexport const expected: OutcomeTable = {\n${rows.join('\n')}\n};\n`,
    );
  }
} finally {
  socket.close();
  kamailio.kill('SIGTERM');
  await wait(500);
  rmSync(folder, { recursive: true, force: true });
}

/** Records what Kamailio 5.6.3 answers to the sample: `npx tsx test/fuzz/record.ts` rewrites goldens.json. UDP ports 23980 and 23981. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/in-process.js';
import { cfgPath, digestOf, essence, type Goldens, goldenPath, SENDER, SERVER, sample } from './sample.js';

const all = sample();
const folder = mkdtempSync(join(tmpdir(), 'sipc-fuzz-'));
const listen = `udp:${SERVER.ip}:${SERVER.port}`;
const flags = ['-f', join(projectRoot, cfgPath), '-DD', '-E', '-w', folder, '-Y', folder, '-l', listen, '-n', '1'];
const start = () => spawn('kamailio', flags, { stdio: 'ignore' });
let kamailio = start();
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const socket = createSocket('udp4');
const got: string[] = [];
let seen: (() => void) | null = null;
socket.on('message', (bytes) => {
  const answer = bytes.toString('latin1');
  if (answer.includes('\r\nCall-ID: probe-')) {
    seen?.();
    seen = null;
  } else got.push(answer);
});
await new Promise<void>((resolve) => socket.bind(SENDER.port, SENDER.ip, resolve));
const send = (text: string) => socket.send(Buffer.from(text, 'latin1'), SERVER.port, SERVER.ip);

/** Its answer shows that the one worker is done with what came before. */
let probes = 0;
async function settle(): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const id = `probe-${++probes}`;
    const answered = new Promise<boolean>((resolve) => {
      seen = () => resolve(true);
    });
    send(
      `OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP ${SENDER.ip}:${SENDER.port};branch=z9hG4bK${id}\r\nMax-Forwards: 0\r\n` +
        `From: <sip:p@p>;tag=1\r\nTo: <sip:p@p>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
    );
    if (await Promise.race([answered, wait(1_000).then(() => false)])) return true;
  }
  return false;
}

try {
  await wait(1_500);
  if (!(await settle())) throw new Error('kamailio does not start');
  const answers: string[] = [];
  const byMessage: number[] = [];
  for (const each of all) {
    got.length = 0;
    send(each);
    if (!(await settle())) {
      // It crashed, or a loop of its holds it.
      console.log(`message ${byMessage.length} ended kamailio: ${JSON.stringify(each)}`);
      kamailio.kill('SIGKILL');
      await wait(500);
      kamailio = start();
      await wait(1_500);
      byMessage.push(-2);
      continue;
    }
    const answer = got[0] === undefined ? null : essence(got[0]);
    if (answer !== null && !answers.includes(answer)) answers.push(answer);
    byMessage.push(answer === null ? -1 : answers.indexOf(answer));
  }
  const goldens: Goldens = { digest: digestOf(all), answers, byMessage };
  writeFileSync(goldenPath, `${JSON.stringify(goldens)}\n`);
  console.log(`${all.length} messages, ${byMessage.filter((n) => n < 0).length} without an answer`);
} finally {
  socket.close();
  kamailio.kill('SIGTERM');
  await wait(300);
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Records what Kamailio does with the torture messages: `npx tsx test/conformance/torture/record.ts` rewrites kamailio.json.
 * Needs `kamailio`; uses UDP ports 21310 to 21312 on loopback.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../support/in-process.js';
import {
  cfgPath,
  NEXT_HOP,
  type OutcomeTable,
  outcomeOf,
  SENDER,
  SERVER,
  suites,
  tortureMessages,
} from './messages.js';

const folder = mkdtempSync(join(tmpdir(), 'torture-'));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
let log = '';
/** A server of its own for each message: some are transactions of one another. */
function start(): ChildProcess {
  const kamailio = spawn('kamailio', [
    ...['-f', join(projectRoot, cfgPath), '-DD', '-E', '-w', folder, '-Y', folder, '-n', '1'],
    ...['-l', `udp:${SERVER.ip}:${SERVER.port}`],
  ]);
  for (const stream of [kamailio.stdout, kamailio.stderr])
    stream.on('data', (b: Buffer) => {
      log += b.toString('latin1');
    });
  return kamailio;
}
async function end(kamailio: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => kamailio.once('exit', resolve));
  kamailio.kill('SIGTERM');
  await ended;
}

/** What arrives, each datagram once: what comes again is a retransmission. */
async function listen(at: { readonly ip: string; readonly port: number }) {
  const socket = createSocket('udp4');
  const seen = new Set<string>();
  const got: string[] = [];
  socket.on('message', (b) => {
    const text = b.toString('latin1');
    if (!seen.has(text)) got.push(text);
    seen.add(text);
  });
  await new Promise<void>((resolve) => socket.bind(at.port, at.ip, resolve));
  return {
    socket,
    got,
    clear(): void {
      got.length = 0;
      seen.clear();
    },
  };
}
const sender = await listen(SENDER);
const nextHop = await listen(NEXT_HOP);
const send = (text: string) => sender.socket.send(Buffer.from(text, 'latin1'), SERVER.port, SERVER.ip);

/** The one worker is done with what came before when a probe is answered; it is asked again until the server is up. */
let probes = 0;
async function settle(): Promise<void> {
  const id = `probe-${++probes}`;
  for (let waited = 0; waited < 10_000 && !sender.got.some((a) => a.includes(id)); waited += 10) {
    if (waited % 200 === 0)
      send(
        `OPTIONS sip:${SERVER.ip}:${SERVER.port} SIP/2.0\r\nVia: SIP/2.0/UDP ${SENDER.ip}:${SENDER.port};branch=z9hG4bK${id}\r\n` +
          `Max-Forwards: 0\r\nFrom: <sip:p@p>;tag=1\r\nTo: <sip:p@p>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
      );
    await wait(10);
  }
}

try {
  const table: Record<string, OutcomeTable[string]> = {};
  for (const suite of suites) {
    const messages = tortureMessages(suite);
    if (messages === null) throw new Error('no messages to record');
    for (const [name, text] of messages) {
      const kamailio = start();
      await settle();
      log = '';
      sender.clear();
      nextHop.clear();
      send(text);
      await settle();
      await wait(50);
      const answers = sender.got.filter((answer) => !answer.includes('probe-'));
      table[name] = outcomeOf(answers, nextHop.got, log.includes('a response'));
      console.log(name, JSON.stringify(table[name]));
      await end(kamailio);
    }
  }
  writeFileSync(
    fileURLToPath(new URL('kamailio.json', import.meta.url)),
    `${JSON.stringify(table, null, 2)}\n`,
    'latin1',
  );
} finally {
  sender.socket.close();
  nextHop.socket.close();
  rmSync(folder, { recursive: true, force: true });
}

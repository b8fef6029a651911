/**
 * `npm run bench:memory [-- THING …] [--count N]`: what one more transaction, dialog, TCP or TLS connection takes, sipc beside
 * Kamailio on the same cfg. Contacts have a benchmark of their own (contacts.ts).
 *
 * In use: Kamailio's shared memory, sipc's objects after a collection. Process: what the whole tree takes of the machine, in
 * which what was freed but not given back is still there.
 */
import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { type Socket as Connection, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isInstalled, type ServerName, startServer } from '../../bin/bench/servers.js';
import { Caller, each, field, message } from './caller.js';

const port = 24950;
const callee = port + 2;
/** Longer than tm keeps a transaction that is over, and than Kamailio's slow timer takes to notice. */
const SETTLE_MS = 12_000;

const head = (method: string, uri: string, i: number, cseq = 1) => [
  `${method} ${uri} SIP/2.0`,
  `Via: SIP/2.0/UDP 127.0.0.1:${port + 1};branch=z9hG4bK${method}${i}x${cseq}`,
  'Max-Forwards: 70',
  `From: <sip:u${i}@127.0.0.1>;tag=a${i}`,
];
const contact = `Contact: <sip:u@127.0.0.1:${port + 1}>`;
const options = (i: number) =>
  message([
    ...head('OPTIONS', `sip:u${i}@127.0.0.1`, i),
    `To: <sip:u${i}@127.0.0.1>`,
    `Call-ID: o${i}@127.0.0.1`,
    'CSeq: 1 OPTIONS',
  ]);
const invite = (i: number) =>
  message([
    ...head('INVITE', `sip:b${i}@127.0.0.1`, i),
    `To: <sip:b${i}@127.0.0.1>`,
    `Call-ID: i${i}@127.0.0.1`,
    'CSeq: 1 INVITE',
    contact,
  ]);

/** Answers each INVITE with one status. */
async function answering(status: string): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.on('message', (bytes, from) => {
    const text = bytes.toString('latin1');
    if (!text.startsWith('INVITE')) return;
    const to = field(text, 'To')[0] ?? '';
    const answer = message([
      `SIP/2.0 ${status}`,
      ...['Via', 'Record-Route', 'From'].flatMap((name) => field(text, name)),
      `${to};tag=b`,
      ...['Call-ID', 'CSeq'].flatMap((name) => field(text, name)),
      `Contact: <sip:b@127.0.0.1:${callee}>`,
    ]);
    socket.send(Buffer.from(answer, 'latin1'), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(callee, '127.0.0.1', resolve));
  return socket;
}

/** What is there of a kind; `close` undoes it at this end. */
interface Made {
  make(from: number, to: number): Promise<void>;
  close(): void;
}
/** Connections, with an OPTIONS over each. */
function connections(open: () => Connection): Made {
  const sockets: Connection[] = [];
  return {
    make: (from, to) =>
      each(from, to, async (i) => {
        const socket = open();
        sockets.push(socket);
        await new Promise<void>((resolve, reject) => {
          socket.once('error', reject);
          socket.once('data', () => resolve());
          socket.write(options(i).replace('SIP/2.0/UDP', 'SIP/2.0/TCP'), 'latin1');
        });
      }),
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
/** Calls to a callee that answers each with `status`. */
async function calls(status: string, run: (caller: Caller, i: number) => Promise<void>): Promise<Made> {
  const [caller, socket] = [await Caller.open(port, port + 1), await answering(status)];
  return {
    make: (from, to) => each(from, to, (i) => run(caller, i)),
    close() {
      caller.close();
      socket.close();
    },
  };
}

interface Thing {
  readonly cfg: string;
  readonly count: number;
  readonly defines?: readonly string[];
  open(): Promise<Made>;
  /** What is over has to be gone before a reading. */
  readonly settleMs: number;
}
/** Before the first reading, so that code and tables are there. */
const WARM_UP = 500;

const certificates = mkdtempSync(join(tmpdir(), 'sipc-memory-'));
process.on('exit', () => rmSync(certificates, { recursive: true, force: true }));
execFileSync(
  'openssl',
  [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
    ...['-keyout', join(certificates, 'key.pem'), '-out', join(certificates, 'cert.pem')],
  ],
  { stdio: 'ignore' },
);

const toCallee = [`CALLEE_URI="sip:127.0.0.1:${callee}"`];
const things: Readonly<Record<string, Thing>> = {
  transaction: {
    cfg: 'stateful',
    count: 5_000,
    defines: toCallee,
    settleMs: 500,
    open: () => calls('180 Ringing', async (caller, i) => void (await caller.ask(invite(i)))),
  },
  dialog: {
    cfg: 'dialog',
    count: 10_000,
    defines: toCallee,
    settleMs: SETTLE_MS,
    open: () =>
      calls('200 OK', async (caller, i) => {
        const ok = await caller.ask(invite(i));
        const routes = field(ok, 'Record-Route').map((line) => line.replace('Record-', ''));
        const ack = [...head('ACK', `sip:b@127.0.0.1:${callee}`, i, 2), ...routes, ...field(ok, 'To')];
        caller.send(message([...ack, `Call-ID: i${i}@127.0.0.1`, 'CSeq: 1 ACK']));
      }),
  },
  'tcp-connection': {
    cfg: 'register',
    count: 1_500,
    settleMs: 1_000,
    open: async () => connections(() => connect(port, '127.0.0.1')),
  },
  'tls-connection': {
    cfg: 'tls',
    count: 1_000,
    defines: [
      `TLS_CERT="${certificates}/cert.pem"`,
      `TLS_KEY="${certificates}/key.pem"`,
      `TLS_LISTEN=tls:127.0.0.1:${port + 3}`,
    ],
    settleMs: 1_000,
    open: async () => connections(() => connectTls({ host: '127.0.0.1', port: port + 3, rejectUnauthorized: false })),
  },
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { count: { type: 'string' } } });
const unknown = positionals.filter((name) => !(name in things));
const given = values.count === undefined ? null : Number(values.count);
if (unknown.length > 0 || (given !== null && !(Number.isInteger(given) && given > 0))) {
  console.error(`usage: npm run bench:memory [-- ${Object.keys(things).join(' | ')} …] [--count N]`);
  process.exit(2);
}
for (const program of ['kamailio', 'taskset']) {
  if (isInstalled(program)) continue;
  console.error(`the benchmark needs ${program} (apt-get install kamailio util-linux)`);
  process.exit(1);
}

interface Reading {
  readonly bytes: number;
  readonly inUse: number;
}
async function measure(name: ServerName, thing: Thing, count: number): Promise<Reading> {
  const cfg = fileURLToPath(new URL(`cfgs/${thing.cfg}.cfg`, import.meta.url));
  const server = await startServer(name, { cfg, port, core: 0, defines: thing.defines ?? [], countsBytes: true });
  const read = async () => {
    await setTimeout(thing.settleMs);
    return { inUse: (await server.liveBytes()) ?? Number.NaN, bytes: server.usage().memoryMb * 2 ** 20 };
  };
  try {
    const made = await thing.open();
    await made.make(0, WARM_UP);
    const before = await read();
    await made.make(WARM_UP, WARM_UP + count);
    const after = await read();
    made.close();
    return { bytes: (after.bytes - before.bytes) / count, inUse: (after.inUse - before.inUse) / count };
  } finally {
    await server.stop();
  }
}

console.log('| one more | count | Kamailio, in use | sipc, in use | Kamailio, process | sipc, process |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const [name, thing] of Object.entries(things)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const count = given ?? thing.count;
  const kamailio = await measure('kamailio', thing, count);
  const sipc = await measure('sipc', thing, count);
  const figures = [kamailio.inUse, sipc.inUse, kamailio.bytes, sipc.bytes].map((bytes) => bytes.toFixed(0));
  console.log(`| ${[name, count, ...figures].join(' | ')} |`);
}
process.exit(0);

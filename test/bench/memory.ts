/**
 * `npm run bench:memory [-- THING …] [--count N]`: what one more registered contact, transaction, dialog, TCP or TLS connection
 * takes, sipc beside Kamailio on the same cfg.
 *
 * Memory is the proportional set size of the process tree, before and after; for sipc also what is alive after a collection,
 * since a heap that is not full is not collected. With `contact` also the CPU time of a lookup.
 */
import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isInstalled, type Server, type ServerName, startServer } from '../../bin/bench/servers.js';

const port = 24950;
const callee = port + 2;
/** Requests without an answer yet. */
const WINDOW = 100;
const RESEND_MS = 1000;
const TRIES = 8;
/** Longer than tm keeps a transaction that is over, and than Kamailio's slow timer takes to notice. */
const SETTLE_MS = 12_000;

const message = (lines: readonly string[]) => [...lines, 'Content-Length: 0', '', ''].join('\r\n');
const field = (text: string, name: string) => text.split('\r\n').filter((line) => line.startsWith(`${name}:`));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends requests over UDP and waits for the first answer to each. */
class Caller {
  private readonly waiting = new Map<string, (answer: string) => void>();
  private constructor(private readonly socket: Socket) {
    socket.on('message', (bytes) => {
      const text = bytes.toString('latin1');
      if (text.startsWith('SIP/2.0 100')) return;
      const id = field(text, 'Call-ID')[0] ?? '';
      this.waiting.get(id)?.(text);
    });
  }
  static open(): Promise<Caller> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    return new Promise((resolve) => socket.bind(port + 1, '127.0.0.1', () => resolve(new Caller(socket))));
  }
  send(text: string): void {
    this.socket.send(Buffer.from(text, 'latin1'), port, '127.0.0.1');
  }
  /** Rejects where there is no answer or one above 299. */
  async ask(text: string): Promise<string> {
    const id = field(text, 'Call-ID')[0] ?? '';
    const answered = new Promise<string>((resolve) => this.waiting.set(id, resolve));
    try {
      for (let i = 0; i < TRIES; i++) {
        this.send(text);
        const answer = await Promise.race([answered, wait(RESEND_MS)]);
        if (typeof answer !== 'string') continue;
        if (/^SIP\/2\.0 [12]/.test(answer)) return answer;
        throw new Error(`refused: ${answer.slice(0, answer.indexOf('\r'))}`);
      }
      throw new Error('no answer');
    } finally {
      this.waiting.delete(id);
    }
  }
  close(): void {
    this.socket.close();
  }
}

const head = (method: string, uri: string, i: number, cseq = 1) => [
  `${method} ${uri} SIP/2.0`,
  `Via: SIP/2.0/UDP 127.0.0.1:${port + 1};branch=z9hG4bK${method}${i}x${cseq}`,
  'Max-Forwards: 70',
  `From: <sip:u${i}@127.0.0.1>;tag=a${i}`,
];
const contact = `Contact: <sip:u@127.0.0.1:${port + 1}>`;
const register = (i: number) =>
  message([
    ...head('REGISTER', 'sip:127.0.0.1', i),
    `To: <sip:u${i}@127.0.0.1>`,
    `Call-ID: r${i}@127.0.0.1`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:u${i}@127.0.0.1:${port + 1}>`,
    'Expires: 3600',
  ]);
const options = (i: number, user: number, more: readonly string[] = []) =>
  message([
    ...head('OPTIONS', `sip:u${user}@127.0.0.1`, i),
    `To: <sip:u${user}@127.0.0.1>`,
    `Call-ID: o${i}@127.0.0.1`,
    'CSeq: 1 OPTIONS',
    ...more,
  ]);
const invite = (i: number) =>
  message([
    ...head('INVITE', `sip:b${i}@127.0.0.1`, i),
    `To: <sip:b${i}@127.0.0.1>`,
    `Call-ID: i${i}@127.0.0.1`,
    'CSeq: 1 INVITE',
    contact,
  ]);

/** `run(0 … count-1)`, `WINDOW` at a time. */
async function each(count: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
}

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

/** Opens `count` connections, an OPTIONS over each. Ends them in `close`. */
async function connections(count: number, open: () => import('node:net').Socket): Promise<() => void> {
  const sockets: import('node:net').Socket[] = [];
  await each(count, async (i) => {
    const socket = open();
    sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('data', () => resolve());
      socket.write(options(i, i).replace('SIP/2.0/UDP', 'SIP/2.0/TCP'), 'latin1');
    });
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

interface Thing {
  readonly cfg: string;
  readonly count: number;
  readonly defines?: readonly string[];
  /** Makes `count`; what it gives back undoes what is left at this end. */
  make(count: number, server: Server): Promise<() => void>;
  /** What is over has to be gone before the second reading. */
  readonly settleMs: number;
  readonly note?: string;
}

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

let lookupMicros: number | null = null;
const REQUESTS = 2_000;
/** As in cfgs/registrar.cfg. */
const LOOKUPS_A_REQUEST = 100;

const things: Readonly<Record<string, Thing>> = {
  contact: {
    cfg: 'registrar',
    count: 100_000,
    settleMs: 2_000,
    async make(count, server) {
      const caller = await Caller.open();
      await each(count, (i) => caller.ask(register(i)));
      // The same loop with the lookup and without: the difference is the lookup.
      const loop = async (base: number, more: readonly string[]) => {
        const before = server.usage().cpuMs;
        await each(REQUESTS, (i) => caller.ask(options(base + i, (i * 31) % count, more)));
        return ((server.usage().cpuMs - before) * 1000) / REQUESTS / LOOKUPS_A_REQUEST;
      };
      await loop(0, ['X-Lookup: yes']);
      const without = await loop(REQUESTS, ['X-Lookup: no']);
      lookupMicros = (await loop(2 * REQUESTS, ['X-Lookup: yes'])) - without;
      return () => caller.close();
    },
  },
  transaction: {
    cfg: 'stateful',
    count: 5_000,
    defines: [`CALLEE_URI="sip:127.0.0.1:${callee}"`],
    settleMs: 500,
    async make(count) {
      const [caller, socket] = [await Caller.open(), await answering('180 Ringing')];
      await each(count, (i) => caller.ask(invite(i)));
      return () => {
        caller.close();
        socket.close();
      };
    },
  },
  dialog: {
    cfg: 'dialog',
    count: 5_000,
    defines: [`CALLEE_URI="sip:127.0.0.1:${callee}"`],
    settleMs: SETTLE_MS,
    async make(count) {
      const [caller, socket] = [await Caller.open(), await answering('200 OK')];
      await each(count, async (i) => {
        const ok = await caller.ask(invite(i));
        const routes = field(ok, 'Record-Route').map((line) => line.replace('Record-', ''));
        const ack = [...head('ACK', `sip:b@127.0.0.1:${callee}`, i, 2), ...routes, ...field(ok, 'To')];
        caller.send(message([...ack, `Call-ID: i${i}@127.0.0.1`, 'CSeq: 1 ACK']));
      });
      return () => {
        caller.close();
        socket.close();
      };
    },
  },
  'tcp-connection': {
    cfg: 'registrar',
    count: 1_500,
    settleMs: 1_000,
    make: (count) => connections(count, () => connect(port, '127.0.0.1')),
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
    make: (count) =>
      connections(count, () => connectTls({ host: '127.0.0.1', port: port + 3, rejectUnauthorized: false })),
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
  readonly alive: number | null;
  readonly lookup: number | null;
}
async function measure(name: ServerName, thing: Thing, count: number): Promise<Reading> {
  const cfg = fileURLToPath(new URL(`cfgs/${thing.cfg}.cfg`, import.meta.url));
  const server = await startServer(name, { cfg, port, core: 0, defines: thing.defines ?? [] });
  lookupMicros = null;
  try {
    const [aliveBefore, before] = [await server.liveBytes(), server.usage().memoryMb];
    const undo = await thing.make(count, server);
    await wait(thing.settleMs);
    const aliveAfter = await server.liveBytes();
    const bytes = ((server.usage().memoryMb - before) * 2 ** 20) / count;
    undo();
    const alive = aliveBefore === null || aliveAfter === null ? null : (aliveAfter - aliveBefore) / count;
    return { bytes, alive, lookup: lookupMicros };
  } finally {
    await server.stop();
  }
}

console.log('| one more | count | Kamailio, bytes | sipc, bytes | of these alive |');
console.log('| --- | --- | --- | --- | --- |');
for (const [name, thing] of Object.entries(things)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const count = given ?? thing.count;
  const kamailio = await measure('kamailio', thing, count);
  const sipc = await measure('sipc', thing, count);
  console.log(
    `| ${name} | ${count} | ${kamailio.bytes.toFixed(0)} | ${sipc.bytes.toFixed(0)} | ${sipc.alive?.toFixed(0) ?? '–'} |`,
  );
  if (kamailio.lookup !== null && sipc.lookup !== null)
    console.log(`  a lookup among them: Kamailio ${kamailio.lookup.toFixed(1)} µs, sipc ${sipc.lookup.toFixed(1)} µs`);
}
process.exit(0);

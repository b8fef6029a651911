/**
 * Malformed messages at the stock config: whatever comes, nothing throws, it is counted, and the next good call is routed.
 * The RFC 4475 set, and 20,000 mutations of what phones send, on the simulated network.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SimulatedEnvironment, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { folderOf, tortureMessages } from '../conformance/torture/messages.js';
import { buildCfg, startBuilt } from '../support/in-process.js';
import { readSip, writeSip } from '../support/sip-text.js';
import { missingTools, stockConfig } from '../support/tools.js';

const MUTATIONS = 20_000;
/** Sent before time passes. */
const BURST = 40;
const SEED = 4475;
const proxy = { ip: '127.0.0.1', port: 5060 };
const alice = { ip: '127.0.0.1', port: 5071 };
const bob = { ip: '127.0.0.1', port: 5072 };

// What phones send -----------------------------------------------------------------------------------------------------

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';

function request(method: string, uri: string, n: string, more: [string, string][] = [], body = ''): string {
  const headers: [string, string][] = [
    ['Via', `SIP/2.0/UDP ${alice.ip}:${alice.port};rport;branch=z9hG4bK-${n}`],
    ['Max-Forwards', '70'],
    ['From', `"Alice \\" Liddell" <sip:alice@127.0.0.1>;tag=${n}`],
    ['To', method === 'REGISTER' ? '<sip:alice@127.0.0.1>' : '<sip:bob@127.0.0.1>'],
    ['Call-ID', `${n}@127.0.0.1`],
    ['CSeq', `1 ${method}`],
    ['Contact', `<sip:alice@${alice.ip}:${alice.port};transport=udp>;expires=60;q=0.5`],
    ['User-Agent', 'phone'],
    ...more,
  ];
  return writeSip(`${method} ${uri} SIP/2.0`, headers, body);
}
function response(status: string, method: string): string {
  const headers: [string, string][] = [
    ['Via', `SIP/2.0/UDP ${proxy.ip}:${proxy.port};branch=z9hG4bKcydzigwkX`],
    ['Via', `SIP/2.0/UDP ${alice.ip}:${alice.port};received=127.0.0.1;rport=${alice.port};branch=z9hG4bK-r`],
    ['Record-Route', `<sip:${proxy.ip};lr;ftag=x>`],
    ['From', '<sip:alice@127.0.0.1>;tag=a'],
    ['To', '<sip:bob@127.0.0.1>;tag=b'],
    ['Call-ID', 'r@127.0.0.1'],
    ['CSeq', `1 ${method}`],
    ['Contact', `<sip:bob@${bob.ip}:${bob.port}>`],
  ];
  return writeSip(`SIP/2.0 ${status}`, headers, '');
}
const inDialog: [string, string][] = [
  ['Route', `<sip:${proxy.ip};lr;ftag=x>, <sip:192.0.2.9:5070;lr>`],
  ['Record-Route', `<sip:${proxy.ip};lr>`],
];
const corpus: readonly string[] = [
  request('INVITE', 'sip:bob@127.0.0.1', 'inv', [['Content-Type', 'application/sdp']], sdp),
  request('INVITE', 'sip:nobody@127.0.0.1', 'inv2', inDialog, sdp),
  request('REGISTER', 'sip:127.0.0.1', 'reg'),
  request('REGISTER', 'sip:127.0.0.1', 'reg2', [
    ['Contact', '<sip:a@192.0.2.1>;q=0.1, "B" <sips:b@[::1]:5061;x=y?h=v>;expires=7, *'],
    ['Expires', '3600'],
    ['Path', '<sip:192.0.2.7;lr>'],
    ['Supported', 'path, gruu'],
  ]),
  request('CANCEL', 'sip:bob@127.0.0.1', 'inv'),
  request('ACK', 'sip:bob@127.0.0.1', 'inv', inDialog),
  request('BYE', 'sip:bob@127.0.0.1', 'bye', inDialog),
  request('OPTIONS', 'sip:127.0.0.1', 'opt'),
  request('MESSAGE', 'tel:+123456;phone-context=example.com', 'msg', [['Content-Type', 'text/plain']], 'hello'),
  request('SUBSCRIBE', 'sip:bob@127.0.0.1;user=phone?a=b', 'sub', [['Event', 'presence']]),
  'OPTIONS sip:127.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP 127.0.0.1:5071\r\n ;branch=z9hG4bK-c, SIP/2.0/TCP x\r\nf: sip:a@b;tag=1\r\nt:<sip:b@c>\r\ni: 9\r\nCSeq:\r\n 7 OPTIONS\r\nl: 0\r\n\r\n',
  response('180 Ringing', 'INVITE'),
  response('200 OK', 'INVITE'),
  response('486 Busy Here', 'INVITE'),
  response('200 OK', 'REGISTER'),
];

// Mutations ------------------------------------------------------------------------------------------------------------

const tokens = [
  ...['\r\n', '\r', '\n', '\r\n\r\n', '\r\n ', '\t', '\0', '\xff', '\xc3\xa9', ' '],
  ...['<', '>', '"', '\\', ';', ';;', ',', '=', ':', '@', '%', '%00', '%zz', '[', ']', '?', '&', '*', '(', ')'],
  ...['sip:', 'sips:', 'tel:', 'SIP/2.0', 'SIP/3.0', 'lr', 'tag=', 'branch=', 'z9hG4bK', 'rport', 'transport=sctp'],
  ...['0', '-1', '99999999999999999999', '4294967296', '65536', '0x10', '1e9', '$ru', '$(ru{s.len})', '%s%n'],
  ...[
    'Via: ',
    'v:',
    'Contact: *\r\n',
    'Content-Length: 9\r\n',
    'l: -1\r\n',
    'Max-Forwards: 0\r\n',
    'Route: <',
    'To:\r\n',
  ],
];
type Mutation = (text: string) => string;
const place = fc.nat(0xffff);
const at = (text: string, n: number) => n % (text.length + 1);
const lines = (text: string) => text.split('\r\n');
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(
    ([n, c]): Mutation =>
      (text) => {
        const i = at(text, n);
        return text.slice(0, i) + String.fromCharCode(c) + text.slice(i + 1);
      },
  ),
  fc.tuple(place, fc.constantFrom(...tokens)).map(
    ([n, token]): Mutation =>
      (text) => {
        const i = at(text, n);
        return text.slice(0, i) + token + text.slice(i);
      },
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
    ([n, length]): Mutation =>
      (text) => {
        const i = at(text, n);
        return text.slice(0, i) + text.slice(i + length);
      },
  ),
  fc.tuple(place, place).map(
    ([n, m]): Mutation =>
      (text) => {
        const all = lines(text);
        const [from, to] = [n % all.length, m % all.length];
        return all.toSpliced(to, 0, all[from]!).join('\r\n');
      },
  ),
  place.map(
    (n): Mutation =>
      (text) => {
        const all = lines(text);
        return all.toSpliced(n % all.length, 1).join('\r\n');
      },
  ),
  place.map(
    (n): Mutation =>
      (text) =>
        text.slice(0, at(text, n)),
  ),
  fc.tuple(place, fc.constantFrom(...tokens, 'a'), fc.integer({ min: 10, max: 3000 })).map(
    ([n, token, times]): Mutation =>
      (text) =>
        text.slice(0, at(text, n)) + token.repeat(times) + text.slice(at(text, n)),
  ),
);
const mutations = fc.array(mutation, { minLength: 1, maxLength: 5 });
const mutate = (text: string, list: readonly Mutation[]) =>
  list.reduce((changed, each) => each(changed), text).slice(0, 60_000);

// The server -----------------------------------------------------------------------------------------------------------

interface Peer {
  send(bytes: string): void;
  readonly got: string[];
}
interface Run {
  readonly env: SimulatedEnvironment;
  readonly server: Server;
  readonly alice: Peer;
  /** Answers INVITEs with 180 and 486, changed by `spoil`. */
  readonly bob: Peer & { spoil: (text: string) => string };
  /** Log lines about errors of our own, and what else is wrong with us. */
  readonly errors: string[];
}

const missing = missingTools([], [stockConfig]);
let folder = '';
const rejected: unknown[] = [];
const onRejection = (error: unknown) => void rejected.push(error);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipc-malformed-'));
  process.on('unhandledRejection', onRejection);
});
afterAll(() => {
  process.off('unhandledRejection', onRejection);
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Run> {
  const env = simulatedEnvironment(SEED);
  const built = await buildCfg(stockConfig, readFileSync(stockConfig, 'latin1'));
  const server = await startBuilt(built, env, ['-l', 'udp:127.0.0.1:5060', '-l', 'tcp:127.0.0.1:5060', '-Y', folder]);
  const got = { alice: [] as string[], bob: [] as string[] };
  const a = await env.network.bindUdp(alice, (bytes) => got.alice.push(bytes));
  const callee = { spoil: (text: string) => text };
  const b = await env.network.bindUdp(bob, (bytes, from) => {
    got.bob.push(bytes);
    if (bytes.startsWith('INVITE')) for (const text of answers(bytes)) b.send(callee.spoil(text), from);
  });
  const send = (socket: typeof a) => (bytes: string) => socket.send(bytes, proxy);
  return {
    env,
    server,
    errors: [],
    alice: { send: send(a), got: got.alice },
    bob: Object.assign(callee, { send: send(b), got: got.bob }),
  };
}
function answers(bytes: string): string[] {
  const copied = readSip(bytes)
    .headers.filter(([name]) => /^(Via|From|To|Call-ID|CSeq|Record-Route)$/i.test(name))
    .map(([name, value]): [string, string] => [name, name === 'To' ? `${value};tag=bob` : value]);
  return ['180 Ringing', '486 Busy Here'].map((status) => writeSip(`SIP/2.0 ${status}`, copied, ''));
}

const counter = ({ server }: Run, name: string) => server.stats.get('core', name)?.read() ?? 0;
const statusLines = (texts: readonly string[], callId: string) =>
  texts.filter((text) => text.includes(`Call-ID: ${callId}`)).map((text) => text.slice(0, text.indexOf('\r\n')));

/** Our errors are kept, the rest of the log is forgotten. */
function readLog({ env, errors }: Run): void {
  for (const { text } of env.log.records.splice(0))
    if (/^error .*while routing|^unexpected error/.test(text)) errors.push(text);
}

/** Nothing of ours went wrong, nothing is left over, and a good call gets through. */
async function expectHealthy(run: Run): Promise<void> {
  const { env, server } = run;
  await env.clock.advance(300_000);
  readLog(run);
  expect(run.errors).toEqual([]);
  expect(rejected).toEqual([]);
  expect({ requests: counter(run, 'err_requests'), replies: counter(run, 'err_replies') }).toEqual({
    requests: 0,
    replies: 0,
  });
  expect(server.transactions.size).toBe(0);
  run.bob.spoil = (text) => text;
  const contact = `<sip:bob@${bob.ip}:${bob.port}>;expires=60`;
  run.bob.send(
    request('REGISTER', 'sip:127.0.0.1', 'good-reg')
      .replace(/^Contact: .*/m, `Contact: ${contact}`)
      .replaceAll('sip:alice@', 'sip:bob@'),
  );
  await env.clock.advance(100);
  run.alice.send(request('INVITE', 'sip:bob@127.0.0.1', 'good-call', [['Content-Type', 'application/sdp']], sdp));
  await env.clock.advance(100);
  expect(statusLines(run.bob.got, 'good-call@')).toEqual([
    `INVITE sip:bob@${bob.ip}:${bob.port} SIP/2.0`,
    'ACK sip:bob@127.0.0.1:5072 SIP/2.0',
  ]);
  expect(statusLines(run.alice.got, 'good-call@')).toEqual([
    'SIP/2.0 100 trying -- your call is important to us',
    'SIP/2.0 180 Ringing',
    'SIP/2.0 486 Busy Here',
  ]);
  await server.stop(0);
}

describe.skipIf(missing !== null)(
  `malformed messages at the stock config${missing === null ? '' : ` (${missing})`}`,
  () => {
    it('RFC 4475', async ({ skip }) => {
      const messages = tortureMessages('rfc4475');
      if (messages === null) return skip(`${folderOf('rfc4475')} is not there`);
      const run = await start();
      for (const text of messages.values()) {
        run.alice.send(text);
        await run.env.clock.advance(10);
      }
      expect(counter(run, 'bad_msg_hdr')).toBeGreaterThan(5);
      expect(counter(run, 'bad_msg_hdr') + counter(run, 'rcv_requests') + counter(run, 'rcv_replies')).toBe(
        messages.size,
      );
      await expectHealthy(run);
    });

    it('one on a stream ends the stream, as in Kamailio; a good one gets its answer first', async () => {
      const run = await start();
      let got = '';
      let closed = false;
      const opening = run.env.network.connectTcp(proxy, { timeoutMs: 1000 });
      await run.env.clock.advance(10);
      const stream = await opening;
      stream.onData = (bytes) => {
        got += bytes;
      };
      stream.onClose = () => {
        closed = true;
      };
      stream.write(request('OPTIONS', 'sip:127.0.0.1', 'tcp').replace('/UDP', '/TCP'));
      await run.env.clock.advance(100);
      expect({ status: got.slice(0, 11), closed }).toEqual({ status: 'SIP/2.0 200', closed: false });
      stream.write('INVITE not a request\r\nContent-Length: 0\r\n\r\n');
      await run.env.clock.advance(100);
      expect({ bad: counter(run, 'bad_msg_hdr'), closed }).toEqual({ bad: 1, closed: true });
      await expectHealthy(run);
    });

    it(`${MUTATIONS} mutations of good messages, seed ${SEED}`, { timeout: 60_000 }, async () => {
      const run = await start();
      const startedAt = process.cpuUsage();
      const contact: [string, string] = ['Contact', `<sip:bob@${bob.ip}:${bob.port}>;expires=3600`];
      const register = request('REGISTER', 'sip:127.0.0.1', 'bob', [contact]).replaceAll(
        'sip:alice@127',
        'sip:bob@127',
      );
      const samples = fc.sample(fc.tuple(fc.constantFrom(...corpus), mutations), { numRuns: MUTATIONS, seed: SEED });
      for (const [n, [text, list]] of samples.entries()) {
        if (n % BURST === 0) {
          await run.env.clock.advance(30);
          run.bob.send(register);
          readLog(run);
        }
        run.bob.spoil = (answer) => mutate(answer, list);
        // Each its own call, or all but the first would be retransmissions.
        run.alice.send(mutate(text.replaceAll(/-(inv|inv2|reg|bye|msg|sub|opt)\b/g, `-$1${n}`), list));
      }
      await run.env.clock.advance(1000);
      const cpu = process.cpuUsage(startedAt);
      const seconds = (cpu.user + cpu.system) / 1e6;
      const bad = counter(run, 'bad_msg_hdr');
      console.info(
        `${MUTATIONS} mutations: ${bad} refused by the parser, ${counter(run, 'rcv_requests')} routed as requests, ` +
          `${counter(run, 'rcv_replies')} as responses, ${seconds.toFixed(1)} s of processor time`,
      );
      expect(bad).toBeGreaterThan(MUTATIONS / 20);
      expect(counter(run, 'rcv_requests')).toBeGreaterThan(MUTATIONS / 20);
      expect(seconds).toBeLessThan(20);
      await expectHealthy(run);
    });
  },
);

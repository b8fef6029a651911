/**
 * How much CPU does one call take in user space, without the system calls? Six messages through a cfg in this process, on the
 * simulated environment, 800 calls a second of its time; the best of some rounds.
 *
 *   npx tsx test/bench/call.ts [CFG]        default: test/bench/cfgs/stateful.cfg
 *   npm run bench:million [-- CFG]          1,000,000 calls: what is alive after each tenth
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import type { DatagramSocket, Endpoint, Environment, Network } from '../../runtime/env.js';
import type { AnyModule } from '../../runtime/sdk/context.js';
import { buildCfg, projectRoot } from '../support/in-process.js';

const CALLS = 2000;
const ROUNDS = 12;
const MS_PER_CALL = 1.25;
/** Promises one after the other, at most, before an answer to a message is sent. */
const PROMISES = 8;
const alice: Endpoint = { ip: '127.0.0.1', port: 24_901 };
const bob: Endpoint = { ip: '127.0.0.1', port: 24_902 };

const { values: asked, positionals } = parseArgs({ options: { calls: { type: 'string' } }, allowPositionals: true });
const path = positionals[0] ?? fileURLToPath(new URL('cfgs/stateful.cfg', import.meta.url));
const text = `#!define CALLEE_URI "sip:127.0.0.1:${bob.port}"\nlisten=udp:127.0.0.1:5060\n${readFileSync(path, 'latin1')}`;
const built = await buildCfg('kamailio.cfg', text);

interface Runtime {
  readonly start: typeof import('../../runtime/index.js').start;
  readonly SimulatedWorld: typeof import('../../runtime/env/simulated.js').SimulatedWorld;
  readonly modules: readonly AnyModule[];
}
/** Bundled as `sipc build` does it: what tsx adds to every function would be measured too. */
async function bundled(): Promise<Runtime> {
  const folder = mkdtempSync(join(projectRoot, '.cache-bench-'));
  const from = (file: string) => JSON.stringify(join(projectRoot, file));
  const imports = built.modules.map(({ name }, i) => `import m${i} from ${from(`stdlib-modules/${name}/module.ts`)};`);
  const contents = [
    ...imports,
    `export const modules = [${built.modules.map((_, i) => `m${i}`).join(', ')}];`,
    `export { start } from ${from('runtime/index.ts')};`,
    `export { SimulatedWorld } from ${from('runtime/env/simulated.ts')};`,
  ].join('\n');
  const outfile = join(folder, 'bench.mjs');
  try {
    await build({
      stdin: { contents, loader: 'ts', resolveDir: projectRoot },
      bundle: true,
      outfile,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      logLevel: 'warning',
    });
    return (await import(pathToFileURL(outfile).href)) as Runtime;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const { start, SimulatedWorld, modules } = await bundled();
const world = new SimulatedWorld(1);
const host = world.host(['127.0.0.1']);

/** Hands in bytes and takes what is sent, with the copies a socket would make. */
let deliver: (bytes: string, from: Endpoint) => void = () => {};
const sent: { bytes: string; to: Endpoint }[] = [];
const wire = Buffer.alloc(65_536);
const network: Network = Object.create(host.network, {
  bindUdp: {
    value: async (at: Endpoint, onMessage: typeof deliver): Promise<DatagramSocket> => {
      deliver = onMessage;
      return {
        local: at,
        send(bytes, to) {
          const length = wire.write(bytes, 'latin1');
          sent.push({ bytes: wire.toString('latin1', 0, length), to });
          return '';
        },
        close() {},
      };
    },
  },
});
const env: Environment = { ...host, network };
await start({
  argv: [],
  modules,
  programText: built.script.text,
  programMap: built.script.map,
  programPath: 'program.js',
  cfgPath: 'kamailio.cfg',
  name: 'sipc',
  version: 'bench',
  environment: env,
  print: () => {},
  signals: false,
});

const sdp =
  'v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n';
const sip = (lines: readonly string[], body = '') =>
  [...lines, ...(body ? ['Content-Type: application/sdp'] : []), `Content-Length: ${body.length}`, '', body].join(
    '\r\n',
  );
const all = (message: string, name: string) => message.split('\r\n').filter((line) => line.startsWith(`${name}:`));
const one = (message: string, name: string) => all(message, name)[0]!;

/** A datagram's text is fresh each time. */
const fresh = (message: string) => Buffer.from(message, 'latin1').toString('latin1');
/** Asking the system for the time on the processor takes longer than a message does: wall time, and the best round counts. */
const nowUs = (): number => performance.now() * 1000;
let busyUs = 0;
async function hand(message: string, from: Endpoint): Promise<void> {
  const bytes = Buffer.from(message, 'latin1');
  const start = nowUs();
  deliver(bytes.toString('latin1'), from);
  // What waits, waits for promises only.
  for (let turn = 0; turn < PROMISES; turn++) await null;
  busyUs += nowUs() - start;
}
const last = (to: Endpoint): string => {
  const found = sent.findLast((each) => each.to.port === to.port);
  if (!found) throw new Error('nothing was sent');
  return found.bytes;
};

let number = 0;
async function call(): Promise<void> {
  const id = `${++number}-bench@127.0.0.1`;
  const uri = 'sip:u1@127.0.0.1:5060';
  const from = `From: <sip:caller@127.0.0.1:5060>;tag=${number}c`;
  const head = (method: string, target: string, cseq: number, to: string, route: readonly string[] = []) => [
    `${method} ${target} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${alice.port};branch=z9hG4bK-${number}-${cseq}-${method}`,
    ...route,
    'Max-Forwards: 70',
    from,
    to,
    `Call-ID: ${id}`,
    `CSeq: ${cseq} ${method}`,
  ];
  sent.length = 0;
  await hand(
    fresh(sip([...head('INVITE', uri, 1, `To: <${uri}>`), `Contact: <sip:caller@127.0.0.1:${alice.port}>`], sdp)),
    alice,
  );
  const invite = last(bob);
  const answer = (message: string, status: string, body = '') =>
    sip(
      [
        `SIP/2.0 ${status}`,
        ...all(message, 'Via'),
        ...all(message, 'Record-Route'),
        one(message, 'From'),
        one(message, 'To').includes('tag=') ? one(message, 'To') : `${one(message, 'To')};tag=s${number}`,
        one(message, 'Call-ID'),
        one(message, 'CSeq'),
        `Contact: <sip:callee@127.0.0.1:${bob.port}>`,
      ],
      body,
    );
  await hand(answer(invite, '180 Ringing'), bob);
  await hand(answer(invite, '200 OK', sdp), bob);
  const ok = last(alice);
  const route = all(ok, 'Record-Route').map((line) => line.replace('Record-', ''));
  const target = `sip:callee@127.0.0.1:${bob.port}`;
  await hand(sip(head('ACK', target, 1, one(ok, 'To'), route)), alice);
  await hand(sip(head('BYE', target, 2, one(ok, 'To'), route)), alice);
  await hand(answer(last(bob), '200 OK'), bob);
  if (!last(alice).includes('CSeq: 2 BYE')) throw new Error('the BYE was not answered');
}

async function calls(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await call();
    const start = nowUs();
    await world.clock.advance(MS_PER_CALL);
    busyUs += nowUs() - start;
  }
}

if (asked.calls === undefined) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    busyUs = 0;
    await calls(CALLS);
    best = Math.min(best, busyUs / CALLS);
  }
  console.log(`${best.toFixed(1)} µs a call, ${(best / 6).toFixed(1)} µs a message`);
} else {
  const TENTHS = 10;
  const count = Number(asked.calls);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  console.log('calls       alive, MB');
  for (let tenth = 1; tenth <= TENTHS; tenth++) {
    await calls(Math.round(count / TENTHS));
    collect();
    const alive = process.memoryUsage().heapUsed / 2 ** 20;
    console.log(`${String(Math.round((count * tenth) / TENTHS)).padEnd(9)} ${alive.toFixed(2).padStart(11)}`);
  }
}
process.exit(0);

/**
 * `npm run bench:contacts [-- N]`: N (100,000) users register one contact each over UDP, on sipc and on Kamailio: bytes of memory
 * a contact, nanoseconds a lookup, registrations a second. Kamailio's memory is what its shared memory has in use; sipc's is
 * what the heap holds after a collection, and what the process has more of the machine's.
 */
import { createSocket, type Socket } from 'node:dgram';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kamailioVersion, startKamailio } from '../support/kamailio.js';
import type { ServerProcess } from '../support/server-process.js';
import { startSipc } from '../support/sipc.js';

const PORT = 24920;
const contacts = Number(process.argv[2] ?? 100_000);
/** Requests on their way at a time. */
const WINDOW = 64;
const SMALL = 1000;
/** Users asked for in a row, from all over the table, and how often: the fastest time counts, for others use the machine too. */
const LOOKUPS = 5000;
const TIMES = 40;
const step = Math.floor(contacts / LOOKUPS);

const timed = (name: string, job: string): string => `
	$var(i) = 0;
	$var(s) = $TV(sn); $var(u) = $TV(un);
	while ($var(i) < ${LOOKUPS * step}) { $var(i) = $var(i) + ${step}; ${job} }
	$var(e) = ($TV(sn) - $var(s)) * 1000000 + $TV(un) - $var(u);
	xlog("L_NOTICE", "${name} $var(e)\\n");`;
const cfg = `#!KAMAILIO
debug=2
log_stderror=yes
auto_aliases=no
max_while_loops=${LOOKUPS + 1}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "kex.so"
loadmodule "ctl.so"
loadmodule "textops.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
# As many slots as there are users, more or less: Kamailio's own 1,024 would have it walk through a hundred at each lookup.
modparam("usrloc", "hash_size", 16)
request_route {
	if (is_method("REGISTER")) {
		save("location");
		exit;
	}
	${timed('none', '$ru = "sip:user" + $var(i) + "@example.org";')}
	${timed('lookup', '$ru = "sip:user" + $var(i) + "@example.org"; lookup("location");')}
	${timed('registered', '$ru = "sip:user" + $var(i) + "@example.org"; registered("location");')}
	sl_send_reply("200", "Done");
}
`;

const folder = mkdtempSync(join(tmpdir(), 'sipc-bench-contacts-'));
const path = join(folder, 'contacts.cfg');
writeFileSync(path, cfg, 'latin1');

const register = (i: number): string =>
  [
    'REGISTER sip:example.org SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK-${i}`,
    'Max-Forwards: 70',
    `From: <sip:user${i}@example.org>;tag=from-${i}`,
    `To: <sip:user${i}@example.org>`,
    `Call-ID: ${(i * 2_654_435_761) % 4_294_967_296}-${i}@10.0.${(i >> 8) & 255}.${i & 255}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:user${i}@10.0.${(i >> 8) & 255}.${i & 255}:5060;transport=udp>;expires=3600`,
    'User-Agent: Telephone 1.2.3',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');

/** Registers users `from` to `to`; what is not answered in a second is sent again. */
function registerAll(socket: Socket, from: number, to: number): Promise<void> {
  const waiting = new Map<number, number>();
  let next = from;
  const send = (i: number) => {
    waiting.set(i, performance.now());
    socket.send(Buffer.from(register(i), 'latin1'), PORT, '127.0.0.1');
  };
  return new Promise((resolve, reject) => {
    const again = setInterval(() => {
      const late = performance.now() - 1000;
      for (const [i, at] of waiting) if (at < late) send(i);
    }, 500);
    const heard = (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      const i = Number(/;branch=z9hG4bK-(\d+)/.exec(text)?.[1]);
      if (!text.startsWith('SIP/2.0 200')) return reject(new Error(text));
      waiting.delete(i);
      if (next < to) send(next++);
      else if (waiting.size === 0) {
        clearInterval(again);
        socket.off('message', heard);
        resolve();
      }
    };
    socket.on('message', heard);
    while (next < to && waiting.size < WINDOW) send(next++);
  });
}

interface Memory {
  readonly heap: number;
  readonly resident: number;
}
/** A collection, and then what is left. */
const probe = join(folder, 'probe.mjs');
const report = join(folder, 'memory.json');
writeFileSync(
  probe,
  `import { renameSync, writeFileSync } from 'node:fs';
process.on('SIGUSR2', () => {
  gc(); gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  writeFileSync(${JSON.stringify(`${report}.new`)}, JSON.stringify({ heap: heapUsed + external, resident: rss }));
  renameSync(${JSON.stringify(`${report}.new`)}, ${JSON.stringify(report)});
});`,
);
async function sipcMemory(server: ServerProcess): Promise<Memory> {
  rmSync(report, { force: true });
  process.kill(server.pid, 'SIGUSR2');
  while (!existsSync(report)) await new Promise((resolve) => setTimeout(resolve, 20));
  return JSON.parse(readFileSync(report, 'utf8')) as Memory;
}
async function kamailioMemory(server: ServerProcess): Promise<Memory> {
  const used = /^\s*real_used:\s*(\d+)/m.exec(await server.rpc('core.shmmem'))?.[1];
  if (used === undefined) throw new Error('core.shmmem did not tell what is in use');
  return { heap: Number(used), resident: server.residentBytes() };
}

interface Result {
  readonly bytes: number;
  readonly residentBytes: number;
  readonly lookupNs: number;
  readonly registeredNs: number;
  readonly perSecond: number;
}
async function measure(
  start: typeof startSipc,
  memory: (server: ServerProcess) => Promise<Memory>,
  args: readonly string[] = [],
): Promise<Result> {
  const micros = new Map<string, number>();
  const server = await start({
    cfg: path,
    port: PORT,
    args,
    onLog: ({ text }) => {
      const found = /: (\w+) (-?\d+)$/.exec(text);
      if (!found) return;
      const [, name = '', taken = ''] = found;
      micros.set(name, Math.min(micros.get(name) ?? Number.POSITIVE_INFINITY, Number(taken)));
    },
  });
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    // What the first of them make the server load is not part of a contact.
    await registerAll(socket, 1, SMALL + 1);
    const before = await memory(server);
    const since = performance.now();
    await registerAll(socket, SMALL + 1, contacts + 1);
    const seconds = (performance.now() - since) / 1000;
    const after = await memory(server);
    for (let i = 0; i < TIMES; i++) {
      const done = new Promise<void>((resolve) => socket.once('message', () => resolve()));
      socket.send(register(0).replaceAll('REGISTER', 'OPTIONS'), PORT, '127.0.0.1');
      await done;
    }
    // Its log lines may come after its answer.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const time = (name: string) => micros.get(name) ?? Number.NaN;
    const each = (name: string) => ((time(name) - time('none')) * 1000) / LOOKUPS;
    const made = contacts - SMALL;
    return {
      bytes: (after.heap - before.heap) / made,
      residentBytes: (after.resident - before.resident) / made,
      lookupNs: each('lookup'),
      registeredNs: each('registered'),
      perSecond: made / seconds,
    };
  } finally {
    socket.close();
    await server.stop();
  }
}

const show = (name: string, r: Result): void =>
  console.log(
    `${name.padEnd(9)} ${r.bytes.toFixed(0).padStart(6)} bytes a contact (process ${r.residentBytes.toFixed(0)})   ` +
      `lookup() ${r.lookupNs.toFixed(0).padStart(5)} ns   registered() ${r.registeredNs.toFixed(0).padStart(5)} ns   ` +
      `${r.perSecond.toFixed(0)} registrations a second`,
  );

const nodeOptions = process.env.NODE_OPTIONS ?? '';
process.env.NODE_OPTIONS = `${nodeOptions} --expose-gc --import=${probe}`;
console.log(`${contacts} contacts`);
show('sipc', await measure(startSipc, sipcMemory));
process.env.NODE_OPTIONS = nodeOptions;
if (kamailioVersion() === 'absent') console.log('kamailio is not installed');
else show('kamailio', await measure(startKamailio, kamailioMemory, ['-m', '1024']));
rmSync(folder, { recursive: true });

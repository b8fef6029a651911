/**
 * `npm run bench:contacts [-- N]`: N (100,000) users register one contact each over UDP, on sipc and on Kamailio: bytes of memory
 * a contact, nanoseconds a lookup, registrations a second. Kamailio's memory is what its shared memory has in use; sipc's is
 * what the heap holds after a collection, and what the process has more of the machine's.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isInstalled, type ServerName, startServer } from '../../bin/bench/servers.js';
import { Caller, each, message } from './caller.js';

const PORT = 24920;
const contacts = Number(process.argv[2] ?? 100_000);
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
  message([
    'REGISTER sip:example.org SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK-${i}`,
    'Max-Forwards: 70',
    `From: <sip:user${i}@example.org>;tag=from-${i}`,
    `To: <sip:user${i}@example.org>`,
    `Call-ID: ${(i * 2_654_435_761) % 4_294_967_296}-${i}@10.0.${(i >> 8) & 255}.${i & 255}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:user${i}@10.0.${(i >> 8) & 255}.${i & 255}:5060;transport=udp>;expires=3600`,
    'User-Agent: Telephone 1.2.3',
  ]);

interface Result {
  readonly bytes: number;
  readonly residentBytes: number;
  readonly lookupNs: number;
  readonly registeredNs: number;
  readonly perSecond: number;
}
async function measure(name: ServerName): Promise<Result> {
  const server = await startServer(name, { cfg: path, port: PORT, core: 0, defines: [], countsBytes: true });
  const memory = async () => ({
    inUse: (await server.liveBytes()) ?? Number.NaN,
    process: server.usage().memoryMb * 2 ** 20,
  });
  const caller = await Caller.open(PORT);
  try {
    // What the first of them make the server load is not part of a contact.
    await each(1, SMALL + 1, (i) => caller.ask(register(i)));
    const before = await memory();
    const since = performance.now();
    await each(SMALL + 1, contacts + 1, (i) => caller.ask(register(i)));
    const seconds = (performance.now() - since) / 1000;
    const after = await memory();
    const least = new Map<string, number>();
    for (let i = 0; i < TIMES; i++) {
      await caller.ask(register(0).replaceAll('REGISTER', 'OPTIONS'));
      // Its log lines may come after its answer.
      await setTimeout(50);
      for (const [, what = '', micros = ''] of server.output().matchAll(/: (none|lookup|registered) (-?\d+)$/gm))
        least.set(what, Math.min(least.get(what) ?? Number.POSITIVE_INFINITY, Number(micros)));
    }
    const time = (what: string) => least.get(what) ?? Number.NaN;
    const nanoseconds = (what: string) => ((time(what) - time('none')) * 1000) / LOOKUPS;
    const made = contacts - SMALL;
    return {
      bytes: (after.inUse - before.inUse) / made,
      residentBytes: (after.process - before.process) / made,
      lookupNs: nanoseconds('lookup'),
      registeredNs: nanoseconds('registered'),
      perSecond: made / seconds,
    };
  } finally {
    caller.close();
    await server.stop();
  }
}

const show = (name: string, r: Result): void =>
  console.log(
    `${name.padEnd(9)} ${r.bytes.toFixed(0).padStart(6)} bytes a contact (process ${r.residentBytes.toFixed(0)})   ` +
      `lookup() ${r.lookupNs.toFixed(0).padStart(5)} ns   registered() ${r.registeredNs.toFixed(0).padStart(5)} ns   ` +
      `${r.perSecond.toFixed(0)} registrations a second`,
  );

console.log(`${contacts} contacts`);
for (const name of ['sipc', 'kamailio'] as const) {
  if (isInstalled(name === 'sipc' ? 'taskset' : name)) show(name, await measure(name));
  else console.log(`${name} cannot be measured: apt-get install ${name === 'sipc' ? 'util-linux' : name}`);
}
rmSync(folder, { recursive: true });
process.exit(0);

/**
 * `npm run bench:script`: what statements cost, in sipc and in Kamailio, by the same cfg: a `while` loop around each, timed by the
 * cfg itself; the fastest of some rounds. Nanoseconds a turn, the loop's own included: there it is what is measured.
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { typical } from '../differential/probes/messages.js';
import { kamailioVersion, startKamailio } from '../support/kamailio.js';
import { startSipc } from '../support/sipc.js';

const PORT = 23220;
/** sipc's clock counts milliseconds. */
const TURNS = { integer: 2_000_000, text: 100_000 };
const ROUNDS = 5;

interface Job {
  readonly kind: 'integer' | 'text';
  readonly name: string;
  /** Before the loop, and in each turn. */
  readonly before?: string;
  readonly turn: string;
}
const jobs: readonly Job[] = [
  { kind: 'integer', name: 'an empty loop', turn: '' },
  { kind: 'integer', name: 'a sum', before: '$var(n) = 0;', turn: '$var(n) = ($var(n) + $var(i) * 3) & 65535;' },
  {
    kind: 'integer',
    name: 'a switch of integers',
    turn: 'switch ($var(i) & 3) { case 0: $var(n) = 1; break; case 1: $var(n) = 2; break; default: $var(n) = 3; }',
  },
  { kind: 'integer', name: 'calling a route', turn: 'route(NOTHING);' },
  { kind: 'text', name: 'building a text', turn: '$var(t) = "sip:" + $var(i) + "@" + $fd + ";x=" + $rU;' },
  { kind: 'text', name: 'comparing texts', turn: 'if ($rU == "nobody" || $fU != $tU) $var(n) = 1;' },
  {
    kind: 'text',
    name: 'a switch of texts',
    turn: 'switch ($rm) { case "INVITE": $var(n) = 1; break; case "OPTIONS": $var(n) = 2; break; default: $var(n) = 3; }',
  },
  { kind: 'text', name: 'a regular expression', turn: 'if ($fu =~ "^sips?:[a-z0-9.]+@[a-z0-9.-]+$") $var(n) = 1;' },
  { kind: 'text', name: 'a substitution', turn: '$var(t) = $(fu{re.subst,/^sip:(.*)@.*$/tel:\\1/});' },
  { kind: 'text', name: 'transformations', turn: '$var(t) = $(ct{nameaddr.uri}{uri.host}{s.toupper}{s.substr,0,4});' },
  { kind: 'text', name: 'a hash table', turn: '$sht(t=>$fU) = $var(i); $var(n) = $sht(t=>$fU);' },
  { kind: 'text', name: 'AVPs', turn: '$avp(x) = "value"; $var(t) = $avp(x); $avp(x) = $null;' },
];
const loop = ({ kind, before = '', turn }: Job, n: number): string => `
	${before}
	$var(i) = 0;
	$var(s) = $TV(sn); $var(u) = $TV(un);
	while ($var(i) < ${TURNS[kind]}) { $var(i) = $var(i) + 1; ${turn} }
	$var(e) = ($TV(sn) - $var(s)) * 1000000 + $TV(un) - $var(u);
	xlog("L_NOTICE", "job ${n} $var(e)\\n");`;
const cfg = `#!KAMAILIO
debug=2
log_stderror=yes
max_while_loops=${TURNS.integer + 1}
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "htable.so"
modparam("htable", "htable", "t=>size=8;")
request_route {${jobs.map((_, i) => `\n\troute(JOB${i});`).join('')}
}
route[NOTHING] { return; }
${jobs.map((job, i) => `route[JOB${i}] {${loop(job, i)}\n}`).join('\n')}
`;

const folder = mkdtempSync(join(tmpdir(), 'sipc-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'script.cfg');
writeFileSync(path, cfg, 'latin1');

/** Nanoseconds a turn, by job. */
async function measure(start: typeof startSipc): Promise<number[]> {
  const micros: number[] = jobs.map(() => Number.POSITIVE_INFINITY);
  let roundOver = () => {};
  const server = await start({
    cfg: path,
    port: PORT,
    onLog: ({ text }) => {
      const found = /job (\d+) (-?\d+)$/.exec(text);
      if (!found) return;
      const i = Number(found[1]);
      micros[i] = Math.min(micros[i]!, Number(found[2]));
      if (i === jobs.length - 1) roundOver();
    },
  });
  const socket = createSocket('udp4');
  for (let round = 0; round < ROUNDS; round++) {
    const over = new Promise<void>((resolve) => {
      roundOver = resolve;
    });
    socket.send(Buffer.from(typical, 'latin1'), PORT, '127.0.0.1');
    await over;
  }
  socket.close();
  await server.stop();
  return micros.map((total, i) => (total * 1000) / TURNS[jobs[i]!.kind]);
}

const ours = await measure(startSipc);
const theirs = kamailioVersion() === 'absent' ? [] : await measure(startKamailio);
console.log('| statement | Kamailio, ns | sipc, ns | times as fast |');
console.log('| --- | --- | --- | --- |');
for (const [i, { kind, name }] of jobs.entries()) {
  const [k, s] = [theirs[i], ours[i]!];
  const times = k === undefined ? '–' : (k / s).toFixed(1);
  console.log(`| ${kind}: ${name} | ${k?.toFixed(0) ?? '–'} | ${s.toFixed(1)} | ${times} |`);
}

/**
 * `npm run bench:pvs`: what the 20 most used reads and a line of ten fields cost, in sipc and in Kamailio, by the same cfg: a
 * `while` loop around each, timed by the cfg itself. Nanoseconds each, the empty loop taken off.
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { typical } from '../differential/probes/messages.js';
import { kamailioVersion, startKamailio } from '../support/kamailio.js';
import { startSipc } from '../support/sipc.js';

const PORT = 23210;
const ROUNDS = 200_000;
const reads =
  '$ru $rU $rd $rm $fu $fU $fd $tu $tU $ci $cs $si $sp $ua $du $rs $hdr(Subject) $avp(x) $xavp(a[0]=>b) $var(y)'.split(
    ' ',
  );
const line = '$rm $ru $fu $tu $ci $si:$sp $ua $rU@$rd $hdr(Subject)';
const jobs = ['', ...reads.map((name) => `$var(x) = ${name};`), `pv_evalx("$var(x)", "${line}");`];
const loop = (job: string, n: number): string => `
	$var(i) = 0;
	$var(s) = $TV(sn); $var(u) = $TV(un);
	while ($var(i) < ${ROUNDS}) { $var(i) = $var(i) + 1; ${job} }
	$var(e) = ($TV(sn) - $var(s)) * 1000000 + $TV(un) - $var(u);
	xlog("L_NOTICE", "${n} $var(e)\\n");`;
const cfg = `#!KAMAILIO
debug=2
log_stderror=yes
max_while_loops=${ROUNDS + 1}
loadmodule "pv.so"
loadmodule "xlog.so"
request_route {
	$avp(x) = "value";
	$xavp(a=>b) = "value";
	$var(y) = 1;${jobs.map(loop).join('')}
}
`;

const path = join(mkdtempSync(join(tmpdir(), 'sipc-bench-')), 'pvs.cfg');
writeFileSync(path, cfg, 'latin1');

async function measure(start: typeof startSipc): Promise<number[]> {
  const micros: number[] = [];
  let done = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const server = await start({
    cfg: path,
    port: PORT,
    onLog: ({ text }) => {
      const found = /: (\d+) (-?\d+)$/.exec(text);
      if (found) micros[Number(found[1])] = Number(found[2]);
      if (micros.length === jobs.length) done();
    },
  });
  const socket = createSocket('udp4');
  socket.send(Buffer.from(typical, 'latin1'), PORT, '127.0.0.1');
  await finished;
  socket.close();
  await server.stop();
  return micros.map((total) => Math.max(0, Math.round(((total - micros[0]!) * 1000) / ROUNDS)));
}

const ours = await measure(startSipc);
const theirs = kamailioVersion() === 'absent' ? [] : await measure(startKamailio);
const names = ['', ...reads, 'line of ten fields'];
for (let i = 1; i < jobs.length; i++)
  console.log(
    `${names[i]!.padEnd(20)} sipc ${String(ours[i]).padStart(6)} ns   kamailio ${String(theirs[i] ?? '-').padStart(6)} ns`,
  );

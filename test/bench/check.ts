/**
 * How long does `sipc check` take, beside `kamailio -c` on the same file? Cold as a command, warm as an editor would.
 *
 *   npm run bench:check        (after npm run build)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNodeHost } from '../../bin/node-host.js';
import { withReadFile } from '../../compiler/host.js';
import { check, Matches } from '../../compiler/index.js';
import { findTool, missingTools, stockConfig } from '../support/tools.js';

const sipc = fileURLToPath(new URL('../../bin/sipc', import.meta.url));
/** Says what it used when it ends. */
const usageHook = `data:text/javascript,${encodeURIComponent(
  "process.on('exit',()=>{const u=process.resourceUsage();process.stderr.write(['used',u.maxRSS,u.userCPUTime+u.systemCPUTime].join(' ')+'\\n')})",
)}`;

export interface Cold {
  readonly wallMs: number;
  /** Of the processor: what is left when a machine does much else. */
  readonly cpuMs: number;
  readonly peakMb: number;
}

/** The quickest of `runs` processes: the machine may be busy with something else. */
export function coldCheck(path: string, runs = 5): Cold {
  const all = Array.from({ length: runs }, () => {
    const started = performance.now();
    const done = spawnSync(process.execPath, ['--import', usageHook, sipc, 'check', path], { encoding: 'utf8' });
    const wallMs = performance.now() - started;
    if (done.status === null || done.status > 1) throw new Error(`sipc check failed: ${done.stderr}`);
    const [, peak, cpu] = /^used (\d+) (\d+)$/m.exec(done.stderr) ?? [];
    return { wallMs, cpuMs: Number(cpu) / 1000, peakMb: Number(peak) / 1024 };
  });
  return {
    wallMs: Math.min(...all.map((r) => r.wallMs)),
    cpuMs: Math.min(...all.map((r) => r.cpuMs)),
    peakMb: Math.max(...all.map((r) => r.peakMb)),
  };
}

/** Checks in one process, ms each: the first, then with one text changed before each, as somebody types. */
export async function warmChecks(path: string, runs = 20): Promise<readonly number[]> {
  const host = await createNodeHost();
  const text = readFileSync(path, 'latin1');
  const matches = new Matches();
  return Array.from({ length: runs }, (_, i) => {
    const edited = text.replace('"Not here"', `"Not here ${i}"`);
    const typing = withReadFile(host, (wanted) => (wanted === path ? { text: edited } : host.readFile(wanted)));
    const started = performance.now();
    const cpu = process.cpuUsage();
    check(typing, path, { matches });
    const { user, system } = process.cpuUsage(cpu);
    return Math.min(performance.now() - started, (user + system) / 1000);
  });
}

/** A cfg of at least `lines` lines that means something: services one after the other, each with its routes. */
export function bigConfig(lines: number): string {
  const head = ['tm', 'sl', 'rr', 'pv', 'textops', 'siputils', 'maxfwd', 'sanity', 'xlog']
    .map((name) => `loadmodule "${name}.so"`)
    .concat('#!define FLT_ACC 1', 'modparam("rr", "enable_full_lr", 0)');
  const services = Math.ceil((lines - 60) / 27);
  const main = [
    'request_route {',
    '\tif (!mf_process_maxfwd_header("10")) {\n\t\tsl_send_reply("483", "Too Many Hops");\n\t\texit;\n\t}',
    '\tif (!sanity_check("17895", "7")) exit;',
    '\tif (has_totag()) {\n\t\tif (!loose_route()) {\n\t\t\tsl_send_reply("404", "Not here");\n\t\t\texit;\n\t\t}\n\t\tt_relay();\n\t\texit;\n\t}',
    '\tremove_hf("Route");\n\trecord_route();',
    ...Array.from({ length: services }, (_, i) => `\troute(SERVICE_${i});`),
    '\tsl_send_reply("404", "Not Found");\n}',
  ];
  const service = (i: number): string => `
# service ${i}
route[SERVICE_${i}] {
	$var(known) = 0;
	if (is_method("INVITE") && $rU =~ "^0[0-9]{${(i % 9) + 1}}$") {
		$var(prefix) = $(rU{s.substr,0,${(i % 5) + 1}});
		if ($var(prefix) == "${i}" || src_ip == 10.${i % 256}.0.0/16) {
			xlog("L_INFO", "service ${i}: $fU calls $rU from $si:$sp\\n");
			$ru = "sip:" + $rU + "@10.${i % 256}.0.1:5060";
			$var(known) = ${i} + 1;
		} else if ($hdr(X-Service) == $null) {
			$avp(service) = "${i}";
			append_hf("X-Service: ${i}\\r\\n");
		}
	}
	switch ($rU) {
		case "1${i}":
			$var(known) = 1;
			break;
		case /"^2${i}":
			$var(known) = 2;
			break;
	}
	if ($var(known) == 0) return -1;
	return 1;
}`;
  return [...head, ...main, ...Array.from({ length: services }, (_, i) => service(i)), ''].join('\n');
}

/** `kamailio -c`, with more memory than a large cfg gets by default; null where it is not installed. */
export function kamailioMs(path: string): number | null {
  const program = findTool('kamailio');
  if (program === null) return null;
  const runs = Array.from({ length: 5 }, () => {
    const started = performance.now();
    spawnSync(program, ['-c', '-M', '256', '-f', path]);
    return performance.now() - started;
  });
  return Math.min(...runs);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sipc-bench-'));
  const big = join(folder, 'big.cfg');
  writeFileSync(big, bigConfig(10_000));
  const files = missingTools([], [stockConfig]) === null ? [stockConfig, big] : [big];
  for (const file of files) {
    const cold = coldCheck(file);
    const [first = 0, ...later] = await warmChecks(file);
    const kamailio = kamailioMs(file);
    const sorted = later.toSorted((a, b) => a - b);
    const lines = readFileSync(file, 'latin1').split('\n').length - 1;
    console.log(
      [
        `${file === big ? 'generated' : file} (${lines} lines)`,
        `  sipc check, cold      ${cold.wallMs.toFixed(0)} ms, ${cold.peakMb.toFixed(0)} MB`,
        `  in one process        first ${first.toFixed(0)} ms, second ${(later[0] ?? 0).toFixed(0)} ms, then ${sorted[sorted.length >> 1]?.toFixed(1)} ms (median)`,
        `  kamailio -c           ${kamailio === null ? 'not installed' : `${kamailio.toFixed(0)} ms`}`,
      ].join('\n'),
    );
  }
  rmSync(folder, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

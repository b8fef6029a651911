/** What statements cost, in sipc and in Kamailio: the same cfg for both, with a `while` loop around each, timed by the cfg itself. */
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { typical } from '../differential/probes/messages.js';
import { kamailioVersion, startKamailio } from '../support/kamailio.js';
import { startSipc } from '../support/sipc.js';

export interface Statement {
  readonly turns: number;
  /** Before the loop, and in each turn. */
  readonly before?: string;
  readonly turn: string;
}
export interface StatementBench {
  readonly port: number;
  /** The cfg's head: modules, parameters, routes that the statements call. */
  readonly head: string;
  readonly statements: readonly Statement[];
}
/** Nanoseconds a turn, the loop's own included, by statement. */
export interface Costs {
  readonly sipc: readonly number[];
  /** Null where Kamailio is not installed. */
  readonly kamailio: readonly number[] | null;
}

/** Each message is a round; the fastest of each statement counts. */
const ROUNDS = 5;

const loop = ({ turns, before = '', turn }: Statement, n: number): string => `route[JOB${n}] {
	${before}
	$var(i) = 0;
	$var(s) = $TV(sn); $var(u) = $TV(un);
	while ($var(i) < ${turns}) { $var(i) = $var(i) + 1; ${turn} }
	$var(e) = ($TV(sn) - $var(s)) * 1000000 + $TV(un) - $var(u);
	xlog("L_NOTICE", "job ${n} $var(e)\\n");
}`;

export async function statementCosts({ port, head, statements }: StatementBench): Promise<Costs> {
  const cfg = `#!KAMAILIO
debug=2
log_stderror=yes
max_while_loops=${Math.max(...statements.map(({ turns }) => turns)) + 1}
loadmodule "pv.so"
loadmodule "xlog.so"
${head}
request_route {${statements.map((_, i) => `\n\troute(JOB${i});`).join('')}
}
${statements.map(loop).join('\n')}
`;
  const folder = mkdtempSync(join(tmpdir(), 'sipc-bench-'));
  const path = join(folder, 'statements.cfg');
  writeFileSync(path, cfg, 'latin1');
  const measure = async (start: typeof startSipc): Promise<number[]> => {
    const micros: number[] = statements.map(() => Number.POSITIVE_INFINITY);
    let roundOver = () => {};
    const server = await start({
      cfg: path,
      port,
      onLog: ({ text }) => {
        const found = /job (\d+) (-?\d+)$/.exec(text);
        if (!found) return;
        const i = Number(found[1]);
        micros[i] = Math.min(micros[i]!, Number(found[2]));
        if (i === statements.length - 1) roundOver();
      },
    });
    const socket = createSocket('udp4');
    for (let round = 0; round < ROUNDS; round++) {
      const over = new Promise<void>((resolve) => {
        roundOver = resolve;
      });
      socket.send(Buffer.from(typical, 'latin1'), port, '127.0.0.1');
      await over;
    }
    socket.close();
    await server.stop();
    return micros.map((total, i) => (total * 1000) / statements[i]!.turns);
  };
  try {
    const sipc = await measure(startSipc);
    return { sipc, kamailio: kamailioVersion() === 'absent' ? null : await measure(startKamailio) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

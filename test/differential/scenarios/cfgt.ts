/**
 * cfgt: the reports of messages, with the debugger handing over the actions and without. Variables are compared as a set: Kamailio has
 * them in the order of a hash.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Group, group, type Scenario, type Stage, scenario } from '../scenario.js';

interface Written {
  readonly flow: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[];
  readonly sip_in: readonly string[];
  readonly sip_out: readonly string[];
}
/** Members as they stand in the text: their order is compared, but for variables. */
function pieces(text: string): string[] {
  const report = JSON.parse(text) as Written;
  const flow = report.flow.flatMap((entry) =>
    Object.entries(entry).map(([name, shown]) => {
      const sorted = Object.entries(shown).sort(([a], [b]) => (a < b ? -1 : 1));
      return `${name} ${JSON.stringify(Object.fromEntries(sorted))}`;
    }),
  );
  const message = (bytes: string) => JSON.stringify(bytes.replace(/^(Server|User-Agent): .*$/gm, '$1: *'));
  return [
    Object.keys(report).join(' '),
    ...flow,
    ...report.sip_in.map((bytes) => `in ${message(bytes)}`),
    ...report.sip_out.map((bytes) => `out ${message(bytes)}`),
  ];
}

/** Both write while the scenario goes on: read when nothing changed for a while; that there is nothing takes longer to be believed. */
async function reports(folder: string): Promise<string[][]> {
  const read = () => {
    try {
      const names = readdirSync(folder).sort();
      return names.map((name) => ({ name, pieces: pieces(readFileSync(join(folder, name), 'latin1')) }));
    } catch {
      // The folder is not there, or a report is half written.
      return [];
    }
  };
  let found = read();
  for (let same = 0, empty = 0; same < 3 && empty < 20; ) {
    await pause(100);
    const now = read();
    if (now.length === 0) empty++;
    else if (JSON.stringify(now) === JSON.stringify(found)) same++;
    else same = 0;
    found = now;
  }
  return found.flatMap(({ name, pieces }) =>
    pieces.map((piece, i) => [`${name} ${String(i).padStart(2, '0')}`, piece]),
  );
}

function reporting(name: string, scenarios: readonly Scenario[], args: readonly string[]): Group {
  const folder = join(tmpdir(), `sipc-differential-${name}-p${process.pid}`);
  return {
    ...group(name, 'cfgt.cfg', scenarios, ['-A', `BASEDIR="${folder}"`, ...args]),
    prepare: async () => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
    },
    finish: () => rmSync(folder, { recursive: true, force: true }),
    read: (scenarioName) => reports(join(folder, scenarioName)),
  };
}
const shown = (stage: Stage, of: string) => stage.rows(of, 'report', 'says');

/** One OPTIONS through the route `slug`, and its report. */
const way = (slug: string, title: string): Scenario =>
  scenario(slug, title, async (stage) => {
    await stage.alice.request('OPTIONS', stage.uri(slug), { callId: `NGCP%${slug}%1` });
    await stage.alice.receives(200);
    await shown(stage, slug);
  });

const withActions = reporting(
  'cfgt',
  [
    way('simple', 'two routes and exit'),
    way('values', 'variables of each kind'),
    way('nested', 'routes within routes, return, break and drop'),
    way('calls', 'a return over more routes than are looked back'),
    scenario('relay', 'each kind of route', async (stage) => {
      const { alice, bob, uri } = stage;
      const invite = await alice.request('INVITE', uri('relay'), { callId: 'NGCP%relay%1' });
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 180);
      await alice.receives(180);
      await bob.reply(incoming, 486);
      await bob.receives('ACK');
      await alice.ack(invite, await alice.receives(500));
      await shown(stage, 'relay');
    }),
    scenario('unknown', 'Call-IDs that name no scenario, and commands', async (stage) => {
      const { alice, uri, rpc } = stage;
      const ask = async (callId: string) => {
        await alice.request('OPTIONS', uri('simple'), { callId });
        await alice.receives(200);
      };
      await rpc('cfgt.clean', 'all');
      await rpc('cfgt.list');
      await ask('NGCP%%empty');
      await ask('ngcp%lower%1');
      await ask('plain');
      await rpc('cfgt.list');
      await shown(stage, 'unknown');
      await rpc('cfgt.clean', 'unknown');
      await rpc('cfgt.clean', 'unknown');
      await shown(stage, 'unknown');
      await ask('plain-again');
      await rpc('cfgt.list');
      await rpc('cfgt.mask', '1');
      await rpc('cfgt.mask', 'one');
      await rpc('cfgt.mask');
      await rpc('cfgt.clean');
      await rpc('cfgt.clean', 'all');
      await rpc('cfgt.list');
    }),
  ],
  ['-A', 'WITH_ACTIONS'],
);

const alone = reporting(
  'cfgt-alone',
  [
    scenario('bare', 'without the debugger: what came in and went out', async (stage) => {
      const { alice, uri } = stage;
      await alice.request('OPTIONS', uri('simple'), { callId: 'of:bare:1' });
      await alice.receives(200);
      await shown(stage, 'bare');
      await alice.request('OPTIONS', uri('simple'), { callId: 'NGCP%bare%1' });
      await alice.receives(200);
      await shown(stage, 'unknown');
    }),
  ],
  [],
);

export default [withActions, alone];

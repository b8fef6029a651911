/** Whose report a message belongs to while several are under way, names from the network, bounds. What reports say is shown beside Kamailio. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RpcCall, RpcStruct, type ScriptAction } from '../../runtime/sdk/index.js';
import { benchRequest, startBench } from '../../runtime/sdk/testing.js';
import debuggerModule from '../debugger/module.js';
import { ReportFiles } from './files.js';
import module from './module.js';
import { Report } from './report.js';
import { Scenarios, scenarioOf } from './scenarios.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipc-cfgt-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['NGCP%123%456', '123'],
  ['NGCP%a b%', 'a b'],
  ['NGCP%..%x', null],
  ['NGCP%.%x', null],
  ['NGCP%../../etc%x', null],
  ['NGCP%/etc/cron.d%x', null],
  ['NGCP%a\0b%x', null],
  ['NGCP%a\tb%x', null],
  [`NGCP%${'n'.repeat(256)}%x`, null],
  [`NGCP%${'n'.repeat(255)}%x`, 'n'.repeat(255)],
  ['NGCP%%x', null],
  ['NGCP%no end', null],
  ['123', null],
])('%j is of the scenario %j', (callId, uuid) => expect(scenarioOf(callId, 'NGCP%')).toBe(uuid));
test('without a prefix there are no scenarios', () => expect(scenarioOf('123', '')).toBeNull());

test('scenarios are counted, and bounded', () => {
  const scenarios = new Scenarios();
  expect([scenarios.next('a'), scenarios.next('a'), scenarios.next('b')]).toEqual([1, 2, 1]);
  for (let i = 0; i < 10_000; i++) if (scenarios.hasRoomFor(`s${i}`)) scenarios.next(`s${i}`);
  expect([scenarios.all().length, scenarios.hasRoomFor('a'), scenarios.hasRoomFor('new')]).toEqual([
    10_000,
    true,
    false,
  ]);
  expect([scenarios.forget('a'), scenarios.forget('a'), scenarios.hasRoomFor('new')]).toEqual([true, false, true]);
});

const program = (params: Readonly<Record<string, string | number>>, route: string) => `
  const { action, watch } = link.program;
  let go;
  let runs = 0;
  const gate = new Promise((resolve) => { go = resolve; });
  const answer = (ctx) => ctx.server.transactions.replyStateless(ctx.msg, ctx.draft, 200, 'OK', null);
  const first = action('DEFAULT_ROUTE', 'x.cfg', 2, 'function', 'f');
  const inner = action('INNER', 'x.cfg', 5, 'function', 'f');
  const last = action('DEFAULT_ROUTE', 'x.cfg', 3, 'flow', 'exit');
  return {
    modparams: ${JSON.stringify(Object.entries(params).map(([name, value]) => ({ module: name === 'cfgtest' ? 'debugger' : 'cfgt', name, value, at: '' })))},
    async request_route(ctx) { ${route} return 1; },
  };`;
interface Read {
  readonly flow: readonly Readonly<Record<string, unknown>>[];
  readonly sip_in: readonly string[];
  readonly sip_out: readonly string[];
}
/** Call-IDs that went in and out, by report. */
function written(): Record<string, { flow: string[]; in: string[]; out: string[] }> {
  const callIds = (messages: readonly string[]) => messages.map((text) => /^Call-ID: (.*)$/m.exec(text)?.[1] ?? '');
  const found = readdirSync(folder).flatMap((uuid) => readdirSync(join(folder, uuid)).map((name) => `${uuid}/${name}`));
  return Object.fromEntries(
    found.sort().map((name) => {
      const { flow, sip_in, sip_out } = JSON.parse(readFileSync(join(folder, name), 'latin1')) as Read;
      return [name, { flow: flow.flatMap((entry) => Object.keys(entry)), in: callIds(sip_in), out: callIds(sip_out) }];
    }),
  );
}

describe('a server', () => {
  const steps = 'if (watch.on) await watch.step(ctx, first); if (watch.on) await watch.step(ctx, inner);';
  const exit = 'if (watch.on) await watch.step(ctx, last);';

  test('messages that are under way together have a report each', async () => {
    const wait = `if (ctx.msg.callId.includes('slow')) await gate; else go();`;
    const bench = await startBench({
      modules: [module, debuggerModule],
      program: program({ basedir: folder, cfgtest: 1 }, `${steps} ${wait} ${exit} answer(ctx);`),
    });
    expect(await bench.exchange(benchRequest('OPTIONS', '', 'NGCP%slow%1'))).toEqual([]);
    expect(await bench.exchange(benchRequest('OPTIONS', '', 'NGCP%quick%1'))).toHaveLength(2);
    await bench.stop();
    const flow = ['start|DEFAULT_ROUTE', 'start|INNER', 'return|INNER', 'exit|DEFAULT_ROUTE'];
    expect(written()).toEqual({
      'quick/1.json': { flow, in: ['NGCP%quick%1'], out: ['NGCP%quick%1'] },
      'slow/1.json': { flow, in: ['NGCP%slow%1'], out: ['NGCP%slow%1'] },
    });
  });

  test('what is sent after the routes is in the report too; what a timer runs has its own', async () => {
    const route = `${steps}
      if (runs++ > 0) {
        answer(ctx);
        return 1;
      }
      const { clock } = ctx.server.env;
      clock.setTimer(100, () => void answer(ctx));
      clock.setTimer(200, () => void ctx.server.script.runRoute('', ctx.msg));
      void new Promise((resolve) => setImmediate(resolve)).then(() => answer(ctx));`;
    const bench = await startBench({
      modules: [module, debuggerModule],
      program: program({ basedir: folder, cfgtest: 1 }, route),
    });
    await bench.exchange(benchRequest('OPTIONS', '', 'NGCP%late%1'));
    await bench.stop();
    const flow = ['start|DEFAULT_ROUTE', 'start|INNER', 'return|INNER'];
    const id = 'NGCP%late%1';
    expect(written()).toEqual({
      'late/1.json': { flow, in: [id], out: [id] },
      'late/2.json': { flow, in: [], out: [id] },
    });
  });

  test.each([
    [0, ['known/1.json', 'unknown/1.json']],
    [1, ['known/1.json']],
  ])('skip_unknown=%d', async (skip_unknown, names) => {
    const bench = await startBench({
      modules: [module, debuggerModule],
      program: program({ basedir: folder, cfgtest: 1, skip_unknown }, `${steps} answer(ctx);`),
    });
    await bench.exchange(benchRequest('OPTIONS', '', 'NGCP%../evil%1'));
    await bench.exchange(benchRequest('OPTIONS', '', 'NGCP%known%1'));
    await bench.stop();
    expect(Object.keys(written())).toEqual(names);
  });

  test.each([
    [0, []],
    [1, ['[INNER] exectime=7000 usec']],
  ])('route_log=%d', async (route_log, lines) => {
    const slowly = 'await new Promise((resolve) => ctx.server.env.clock.setTimer(7, resolve));';
    const bench = await startBench({
      modules: [module, debuggerModule],
      program: program(
        { basedir: folder, cfgtest: 1, route_log },
        `${steps} ${slowly} await watch.step(ctx, inner); ${exit} answer(ctx);`,
      ),
    });
    await bench.exchange(benchRequest('OPTIONS', '', 'NGCP%a%1'));
    await bench.stop();
    expect(bench.environment.log.texts('cfgt').filter((text) => text.startsWith('['))).toEqual(lines);
  });

  test('commands: reports of all scenarios go, their numbers begin again', async () => {
    const bench = await startBench({ modules: [module], program: program({ basedir: folder }, 'answer(ctx);') });
    const rpc = async (name: string, ...params: (string | number)[]) => {
      const call = new RpcCall(name, params);
      await bench.server.rpc.execute(call, () => {})?.done;
      const shown = call.results.map((result) =>
        result instanceof RpcStruct ? result.entries.map(({ value }) => value).join(' ') : result,
      );
      return call.faulted?.text ?? shown;
    };
    for (const callId of ['NGCP%a%1', 'NGCP%a%2', 'NGCP%b%1', 'other'])
      await bench.exchange(benchRequest('OPTIONS', '', callId));
    expect(await rpc('cfgt.list')).toEqual(['a 2', 'b 1', 'unknown 1', '200 ok']);
    // A scenario whose name begins with `all` is one of its own.
    expect(await rpc('cfgt.clean', 'allegro')).toBe('error in clean');
    expect(await rpc('cfgt.clean', 'a')).toEqual(['200 ok']);
    expect(readdirSync(folder).sort()).toEqual(['b', 'unknown']);
    expect(await rpc('cfgt.clean', 'all')).toEqual(['200 ok']);
    expect([readdirSync(folder), await rpc('cfgt.list')]).toEqual([[], ['200 ok']]);
    await bench.exchange(benchRequest('OPTIONS', '', 'NGCP%a%3'));
    expect(await rpc('cfgt.list')).toEqual(['a 1', '200 ok']);
    await bench.stop();
    expect(Object.keys(written())).toEqual(['a/1.json']);
  });

  test('an error in what follows a response is told of, and the next one has its report', async () => {
    const bench = await startBench({ modules: [module], program: program({ basedir: folder }, '') });
    const { transactions } = bench.server;
    const forward = transactions.response.bind(transactions);
    transactions.response = (msg, ...more) => {
      if (msg.callId === 'NGCP%bad%1') throw new Error('a bug of ours');
      return forward(msg, ...more);
    };
    const response = (callId: string) => benchRequest('OPTIONS', '', callId).replace(/^.*/, 'SIP/2.0 200 OK');
    await bench.exchange(response('NGCP%bad%1'));
    await bench.exchange(response('NGCP%good%1'));
    await bench.stop();
    expect(bench.environment.log.texts('<core>').filter((text) => text.includes('a bug of ours'))).toHaveLength(1);
    expect(Object.keys(written())).toEqual(['good/1.json']);
  });

  test('cfgtest without the module is refused', async () => {
    const started = startBench({ modules: [debuggerModule], program: program({ cfgtest: 1 }, '') });
    await expect(started).rejects.toThrow('debugger: cfgtest=1 needs the cfgt module');
  });
});

const action = (route: string, kind: ScriptAction['kind'] = 'function', name = 'f'): ScriptAction => {
  return { route, file: 'x.cfg', line: 1, kind, name, args: 0, dynamic: false };
};
const reportOf = (uuid: string, number: number): Report => Object.assign(new Report(), { uuid, number });

test('a report has an end', () => {
  const report = new Report();
  report.received('i'.repeat(3 * 1024 * 1024));
  report.sent('o'.repeat(2 * 1024 * 1024));
  report.sent('short');
  expect(report.before(action('A'), 0, () => {})).toBeNull();
  const { flow, sip_in, sip_out } = JSON.parse(report.text()) as Read;
  expect([flow.length, sip_in.length, sip_out.length]).toEqual([0, 1, 0]);
  expect(report.sizeBytes).toBeLessThan(4 * 1024 * 1024);
});

describe('files', () => {
  const collected = () => {
    const failed: string[] = [];
    const files = new ReportFiles(folder, { written: () => {}, failed: (text) => failed.push(text) });
    return { files, failed };
  };
  const save = async (files: ReportFiles, ...reports: Report[]) => {
    for (const report of reports) files.save(report);
    await files.idle();
  };

  test('links are not followed', async () => {
    const { files, failed } = collected();
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, join(folder, 'link'));
    mkdirSync(join(folder, 'real'));
    const target = join(elsewhere, 'precious');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(folder, 'real', '1.json'));
    writeFileSync(join(folder, 'file'), '');
    await save(files, reportOf('link', 1), reportOf('real', 1), reportOf('file', 1), reportOf('real', 2));
    expect(failed).toEqual([
      'link/1.json is not written: in its place is something that is no folder',
      'real/1.json is not written: ELOOP',
      'file/1.json is not written: in its place is something that is no folder',
    ]);
    expect([readFileSync(target, 'latin1'), existsSync(join(folder, 'real', '2.json'))]).toEqual(['precious', true]);
    await files.remove('link');
    expect(readdirSync(elsewhere)).toEqual(['precious']);
  });

  test('only reports are removed', async () => {
    const { files, failed } = collected();
    await save(files, reportOf('mine', 1), reportOf('mine', 2));
    writeFileSync(join(folder, 'mine', 'notes.txt'), '');
    await files.remove('mine');
    expect(readdirSync(join(folder, 'mine'))).toEqual(['notes.txt']);
    expect(failed).toEqual(['mine is not removed: ENOTEMPTY']);
    await files.remove('never there');
    expect(failed).toHaveLength(1);
  });

  test('a folder that is not there is told of', async () => {
    const failed: string[] = [];
    const told = { written: () => {}, failed: (text: string) => failed.push(text) };
    await save(new ReportFiles(join(folder, 'missing'), told), reportOf('a', 1));
    expect(failed).toEqual(['a/1.json is not written: ENOENT']);
  });

  test('the same report is written once for all that waits, and a full queue loses what comes', async () => {
    const names: string[] = [];
    const failed: string[] = [];
    const files = new ReportFiles(folder, {
      written: ({ number }) => names.push(String(number)),
      failed: (text) => failed.push(text),
    });
    const big = Array.from({ length: 40 }, (_, i) => reportOf('a', i));
    for (const report of big) report.received('x'.repeat(2 * 1024 * 1024));
    for (const report of big) {
      files.save(report);
      files.save(report);
    }
    await files.idle();
    expect(names.length).toBeGreaterThan(30);
    // The one that was being written when it came again.
    expect([names.length < 40, new Set(names).size]).toEqual([true, names.length - 1]);
    expect(failed).toEqual(['the disk is too slow: reports are lost']);
    await save(files, reportOf('a', 99));
    expect(names.at(-1)).toBe('99');
  });
});

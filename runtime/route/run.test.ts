import { addMapping, GenMapping, toEncodedMap } from '@jridgewell/gen-mapping';
import { afterEach, describe, expect, it } from 'vitest';
import { defineModule } from '../sdk/index.js';
import { BENCH_FIRST_LINE, type Bench, type BenchOptions, benchRequest, startBench } from '../sdk/testing.js';

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.stop();
  bench = null;
});
async function started(options: BenchOptions): Promise<Bench> {
  bench = await startBench(options);
  return bench;
}
const statusOf = (responses: readonly string[]) => responses.map((text) => text.split('\r\n')[0]);
const errors = (b: Bench) =>
  b.environment.log.records.filter(({ level }) => level < 0).map(({ text, at }) => ({ text, at }));

/** Line of `program` → line of the cfg. */
function mapOf(lines: Readonly<Record<number, number>>): string {
  const map = new GenMapping();
  for (const [line, original] of Object.entries(lines))
    addMapping(map, {
      generated: { line: Number(line) + BENCH_FIRST_LINE - 1, column: 0 },
      original: { line: original, column: 0 },
      source: 'proxy.cfg',
      name: '',
    });
  return JSON.stringify(toEncodedMap(map));
}

const faulty = defineModule({
  name: 'faulty',
  doc: 'Fails in every way.',
  uses: [],
  params: {},
  stats: {},
  functions: {
    fail: {
      doc: 'Throws.',
      args: [],
      routes: ['any'],
      returns: { 1: 'never' },
      example: 'fail();',
      run: () => {
        throw new TypeError('a bug of ours');
      },
    },
    reject: {
      doc: 'Rejects later.',
      args: [],
      routes: ['any'],
      returns: { 1: 'never' },
      example: 'reject();',
      async: 'always',
      run: () => Promise.reject(new TypeError('a later bug')),
    },
    answer: {
      doc: 'Answers.',
      args: [],
      routes: ['any'],
      returns: { 1: 'sent' },
      example: 'answer();',
      run: (_me, ctx) => (ctx.server.transactions.replyStateless(ctx.msg, ctx.draft, 200, 'OK', 'x') === null ? -1 : 1),
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});

describe('an error in a module', () => {
  it.each([
    ['thrown', 'link.modules.faulty.fail(ctx)', 'a bug of ours'],
    ['rejected', 'await link.modules.faulty.reject(ctx)', 'a later bug'],
  ])('%s: 500, the cfg line in the log, the server goes on', async (_how, call, message) => {
    const b = await started({
      modules: [faulty],
      program: `let calls = 0; return { async request_route(ctx) { if (calls++ > 0) return link.modules.faulty.answer(ctx);\n${call};\nreturn 1; } };`,
      map: mapOf({ 2: 42 }),
    });
    expect(statusOf(await b.exchange(benchRequest('OPTIONS')))).toEqual(['SIP/2.0 500 Server Internal Error']);
    expect(errors(b)).toHaveLength(1);
    expect(errors(b)[0]?.text).toContain(message);
    if (call.includes('fail')) expect(errors(b)[0]?.at).toBe('proxy.cfg:42');
    expect(statusOf(await b.exchange(benchRequest('OPTIONS', '', 'second')))).toEqual(['SIP/2.0 200 OK']);
  });
  it('an ACK gets no answer', async () => {
    const b = await started({
      modules: [faulty],
      program: 'return { request_route: (ctx) => link.modules.faulty.fail(ctx) };',
    });
    expect(await b.exchange(benchRequest('ACK'))).toEqual([]);
    expect(errors(b)).toHaveLength(1);
  });
});

describe('a run', () => {
  it('starts with fresh variables, flags and AVPs', async () => {
    const b = await started({
      modules: [faulty],
      program: `const seen = []; globalThis.__seen = seen; return { vars: () => ({ x: 0 }), request_route(ctx) {
        seen.push([ctx.vars.x, ctx.draft.flags, ctx.avps.get('a'), ctx.rc]);
        ctx.vars.x = 5; ctx.draft.flags = 3; ctx.avps.set('a', 1); ctx.rc = 7; return 1; } };`,
    });
    await b.exchange(benchRequest('OPTIONS', '', 'one'));
    await b.exchange(benchRequest('OPTIONS', '', 'two'));
    expect(Reflect.get(globalThis, '__seen')).toEqual([
      [0, 0, null, 0],
      [0, 0, null, 0],
    ]);
    Reflect.deleteProperty(globalThis, '__seen');
  });
  it('puts log_prefix, evaluated once, before its lines', async () => {
    const b = await started({
      program: `return { settings: { log_prefix: '{$nothing} ', debug: 3 }, request_route(ctx) { ctx.log(2, 'hello'); return 1; } };`,
    });
    await b.exchange(benchRequest('OPTIONS'));
    expect(b.environment.log.records.find(({ text }) => text === 'hello')?.source).toBe('{$nothing} <script>');
  });
  it.each([
    ['drop', 'ctx.dropped = true; return -0x80000000;', 0],
    ['exit', 'return -0x80000000;', 1],
    ['code 0', 'return 0;', 0],
    ['a negative code', 'return -1;', 0],
    ['a positive code', 'return 1;', 1],
  ])('reply_route ended by %s', async (_how, body, passed) => {
    const b = await started({ program: `return { reply_route(ctx) { ${body} } };` });
    const response =
      'SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bK0\r\n' +
      'From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n';
    expect(await b.exchange(response)).toHaveLength(passed);
  });
  it('what is not SIP is counted, not answered', async () => {
    const b = await started({ program: 'return { request_route: () => 1 };' });
    expect(await b.exchange('this is not a SIP message at all\r\n\r\n')).toEqual([]);
    expect(b.server.stats.get('core', 'bad_msg_hdr')?.read()).toBe(1);
  });
});

it('two servers in one process read URIs as their own cfg says', async () => {
  const wide = await startBench({ program: "return { settings: { uri_host_extra_chars: '_', phone2tel: 0 } };" });
  const plain = await started({});
  const user = (b: Bench, uri: string) =>
    b.run(benchRequest('OPTIONS').replace('sip:bob@10.0.0.1', uri)).requestUri?.user ?? null;
  const users = (uri: string) => [user(wide, uri), user(plain, uri)];
  expect(users('sip:1;x=2@my_host')).toEqual(['1;x=2', null]);
  expect(users('sip:1;x=2@host;user=phone')).toEqual(['1;x=2', '1']);
  await wide.stop();
});

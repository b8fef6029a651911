/** Commands and requests of our own, on the simulated wire: what Kamailio's transports could not show (`tm.t_uac_wait`), and what has no equal there. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RpcCall, type RpcParam, type RpcStruct } from '../../runtime/sdk/index.js';
import { BENCH_PEER, type Bench, benchRequest, startBench } from '../../runtime/sdk/testing.js';
import tmx from '../tmx/module.js';
import tm from './module.js';

const PEER_URI = `sip:x@${BENCH_PEER.ip}:${BENCH_PEER.port}`;
const HEADERS = 'From: <sip:a@example.com>\r\nTo: <sip:b@example.com>\r\n';
const program = `return { async request_route(ctx) {
  const { tm } = link.modules;
  if (ctx.msg.method === 'ACK') return 1;
  await tm.t_newtran(ctx);
  return tm.t_reply(ctx, 183, 'Held');
} };`;

let bench: Bench;
beforeEach(async () => {
  bench = await startBench({ modules: [tm, tmx], program });
});
afterEach(() => bench.stop());

/** Starts a command; its end is awaited apart from what the wire does meanwhile. */
function command(method: string, ...params: RpcParam[]) {
  const call = new RpcCall(method, params, { strict: true });
  const errors: unknown[] = [];
  const started = bench.server.rpc.execute(call, (error) => errors.push(error));
  return { call, errors, done: started?.done ?? Promise.resolve() };
}
const answerTo = (request: string, status: string, more = '') =>
  `SIP/2.0 ${status}\r\n${request
    .split('\r\n')
    .filter((line) => /^(Via|From|Call-ID|CSeq):/.test(line))
    .join('\r\n')}\r\nTo: <sip:b@example.com>;tag=bt\r\n${more}Content-Length: 0\r\n\r\n`;
const sentSince = async (): Promise<string[]> => bench.exchange('');

describe('tm.t_uac_wait', () => {
  it.each([
    [
      'a 2xx: target, next hop, routes and the header fields',
      '200 Fine',
      'Contact: <sip:t@h>\r\nRecord-Route: <sip:r1;lr>, <sip:r2;lr>\r\n',
      [200, 'Fine', 'sip:t@h', 'sip:r2;lr', 'Route: <sip:r2;lr>, <sip:r1;lr>'],
    ],
    ['a refusal: status, reason and the header fields', '486 Busy', '', [486, 'Busy']],
  ])('%s', async (_title, status, more, shown) => {
    const { call, done } = command('tm.t_uac_wait', 'MESSAGE', PEER_URI, '.', '.', HEADERS);
    const [request = ''] = await sentSince();
    expect(request).toMatch(/^MESSAGE sip:x@/);
    await bench.exchange(answerTo(request, status, more));
    await done;
    expect(call.faulted).toBeNull();
    expect(call.results.slice(0, -1)).toEqual(shown);
    expect(call.results.at(-1)).toContain('To: <sip:b@example.com>;tag=bt');
  });
  it('nobody answers: 408 and nothing else', async () => {
    const { call, done } = command('tm.t_uac_wait', 'MESSAGE', PEER_URI, '.', '.', HEADERS);
    await bench.environment.clock.advance(31_000);
    await done;
    expect(call.results).toEqual([408, 'Request Timeout', '', '', '', '']);
  });
  it('tm.t_uac_wait_block: code and text', async () => {
    const { call, done } = command('tm.t_uac_wait_block', 'MESSAGE', PEER_URI, '.', '.', HEADERS);
    const [request = ''] = await sentSince();
    await bench.exchange(answerTo(request, '404 Gone'));
    await done;
    expect((call.results[0] as RpcStruct).entries).toEqual([
      { name: 'code', value: 404 },
      { name: 'text', value: 'Gone' },
    ]);
  });
});

it('tm.t_uac_wait_noack leaves the ACK to who asked', async () => {
  const { call, done } = command('tm.t_uac_wait_noack', 'INVITE', PEER_URI, '.', '.', HEADERS);
  const [invite = ''] = await sentSince();
  expect(await bench.exchange(answerTo(invite, '200 OK', `Contact: <${PEER_URI}>\r\n`))).toEqual([]);
  await done;
  expect(call.results[0]).toBe(200);
});

describe('what later versions have beside them', () => {
  const typed = `${HEADERS}Content-Type: text/plain\r\n`;
  it('the body as hexadecimal digits', async () => {
    command('tm.t_uac_start_hex', 'MESSAGE', PEER_URI, '.', '.', typed, '68 69 0d0A');
    expect((await sentSince())[0]).toMatch(/\r\n\r\nhi\r\n$/);
    const { call, done } = command('tm.t_uac_wait_block_noack_hex', 'MESSAGE', PEER_URI, '.', '.', typed, '6');
    await done;
    expect(call.faulted).toEqual({ code: 400, text: 'Invalid hexa body' });
  });
  it('tm.t_uac_attrs: attributes say how', async () => {
    const attributes = 'mode=block;cbflags=noack;rpflags=1;fr_timeout=2000;';
    const { call, done } = command('tm.t_uac_attrs', attributes, 'INVITE', PEER_URI, '.', '.', typed, '6869');
    const [invite = ''] = await sentSince();
    expect(invite).toMatch(/\r\n\r\nhi$/);
    expect(await bench.exchange(answerTo(invite, '200 OK', `Contact: <${PEER_URI}>\r\n`))).toEqual([]);
    await done;
    expect((call.results[0] as RpcStruct).entries[0]).toEqual({ name: 'code', value: 200 });
  });
  it('tm.t_uac_attrs: its own timers; ringing has the second', async () => {
    const fast = command('tm.t_uac_attrs', 'mode=wait;fr_timeout=2000', 'MESSAGE', PEER_URI, '.', '.', HEADERS);
    await bench.environment.clock.advance(2100);
    await fast.done;
    expect(fast.call.results[0]).toBe(408);
    await sentSince();
    const rings = command('tm.t_uac_attrs', 'mode=wait;fr_inv_timeout=20000', 'INVITE', PEER_URI, '.', '.', HEADERS);
    const [invite = ''] = await sentSince();
    await bench.exchange(answerTo(invite, '180 Ringing'));
    await bench.environment.clock.advance(15_000);
    expect(rings.call.results).toEqual([]);
    await bench.environment.clock.advance(6000);
    await rings.done;
    expect(rings.call.results[0]).toBe(408);
  });
  it('tm.t_uac_attrs: none are as tm.t_uac_start; those not known are logged', async () => {
    const plain = command('tm.t_uac_attrs', '', 'MESSAGE', PEER_URI, '.', '.', HEADERS);
    await plain.done;
    expect([plain.call.faulted, plain.call.results]).toEqual([null, []]);
    command('tm.t_uac_attrs', 'mode=later;x=1', 'MESSAGE', PEER_URI, '.', '.', HEADERS);
    await sentSince();
    const { log } = bench.environment;
    expect(log.texts('tm')).toEqual(
      expect.arrayContaining([expect.stringMatching('mode=later'), expect.stringMatching('x=1')]),
    );
    const few = command('tm.t_uac_attrs', 'mode=wait', 'MESSAGE');
    await few.done;
    expect(few.call.faulted?.text).toMatch(/^too few parameters/);
  });
});

describe('requests of our own', () => {
  const request = { method: 'INVITE', uri: PEER_URI, from: 'sip:a@b', to: 'sip:c@d' };
  it('tell of every 2xx of a fork once, and acknowledge each copy', async () => {
    const told: string[] = [];
    const completed = (o: { status: number; reply: { to: { tag: string | null } | null } | null }) =>
      void told.push(`${o.status} ${o.reply?.to?.tag}`);
    await bench.server.transactions.request({ ...request, completed });
    const [invite = ''] = await sentSince();
    const ok = answerTo(invite, '200 OK', `Contact: <${PEER_URI}>\r\n`);
    expect((await bench.exchange(ok)).map((each) => each.slice(0, 3))).toEqual(['ACK']);
    expect((await bench.exchange(ok)).map((each) => each.slice(0, 3))).toEqual(['ACK']);
    await bench.exchange(ok.replace('tag=bt', 'tag=second'));
    expect(told).toEqual(['200 bt', '200 second']);
  });
  it('leave the ACK to the module that wants it', async () => {
    await bench.server.transactions.request({ ...request, ownAck: true });
    const [invite = ''] = await sentSince();
    expect(await bench.exchange(answerTo(invite, '200 OK', `Contact: <${PEER_URI}>\r\n`))).toEqual([]);
  });
  it('are not taken for a retransmission when they come back to us', async () => {
    await bench.server.transactions.request({ ...request, method: 'MESSAGE' });
    const [message = ''] = await sentSince();
    await bench.exchange(message.replace(/^MESSAGE \S+/, 'MESSAGE sip:spiral@10.0.0.1'));
    // The route took it for a new request.
    expect(bench.server.transactions.counters.created).toBe(2);
    expect(bench.server.transactions.counters.local).toBe(1);
  });
  it('cannot go where nothing resolves', async () => {
    const sending = bench.server.transactions.request({ ...request, uri: 'sip:x@no.such.host.invalid' });
    await bench.environment.clock.advance(60_000);
    const sent = await sending;
    expect(sent).toEqual({ code: -7, transaction: null });
    expect(bench.server.transactions.size).toBe(0);
  });
});

describe('commands on transactions', () => {
  const hold = async () => {
    await bench.exchange(benchRequest('MESSAGE'));
    const [t] = bench.server.transactions.all();
    if (!t) throw new Error('no transaction');
    return t;
  };
  it('tm.list shows what there is', async () => {
    const t = await hold();
    const { call } = command('tm.list');
    const shown = Object.fromEntries((call.results[0] as RpcStruct).entries.map(({ name, value }) => [name, value]));
    expect(shown).toMatchObject({
      tindex: t.index,
      tlabel: t.label,
      method: 'MESSAGE',
      uas_request: 'yes',
      outgoings: 0,
    });
    expect([shown.callid, shown.cseq]).toEqual(['Call-ID: bench\r\n', 'CSeq: 1']);
  });
  it('tm.retransmit_reply and tm.retransmit_reply_callid send the last response again', async () => {
    const t = await hold();
    command('tm.retransmit_reply', `${t.index}:${t.label}`);
    command('tm.retransmit_reply_callid', 'bench', '1');
    const again = await sentSince();
    expect(again.map((each) => each.slice(0, 16))).toEqual(['SIP/2.0 183 Held', 'SIP/2.0 183 Held']);
    expect(command('tm.retransmit_reply', '1:1').call.faulted).toEqual({ code: 404, text: 'Transaction not found' });
  });
  it('tm.clean removes only what is long past its life', async () => {
    const t = await hold();
    command('tm.clean');
    expect(bench.server.transactions.size).toBe(1);
    t.endOfLifeMs = -100_000;
    command('tm.clean');
    expect(bench.server.transactions.size).toBe(0);
  });
});

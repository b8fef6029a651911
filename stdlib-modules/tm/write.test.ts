/** The lines t_write_req() and t_write_unix() write, beside those Kamailio 5.6.3 wrote for the same requests; failures told by timers. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openUnixDatagram } from '../../runtime/admin/unix-datagram.js';
import { libc } from '../../runtime/env/libc.js';
import { BENCH_PEER, type Bench, benchRequest, startBench } from '../../runtime/sdk/testing.js';
import core from '../core/module.js';
import pv from '../pv/module.js';
import tm from './module.js';
import { parseAppends } from './write.js';

let folder: string;
let fifo: string;
let reader: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipc-write-'));
  fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
});
afterEach(() => {
  closeSync(reader);
  rmSync(folder, { recursive: true });
});
function written(): string {
  const into = Buffer.alloc(65_536);
  return into.toString('latin1', 0, readSync(reader, into));
}

type Params = readonly (readonly [string, string, string | number])[];
const paramsText = (params: Params) => JSON.stringify(params.map(([module, name, value]) => ({ module, name, value })));
const start = (call: string, modparams: Params = []): Promise<Bench> =>
  startBench({
    modules: [core, tm, pv],
    program: `return { modparams: ${paramsText(modparams)}, async request_route(ctx) {
      const { tm } = link.modules;
      if (ctx.msg.method === 'ACK') return 1;
      ctx.avps.add('who', 'alice');
      await tm.t_newtran(ctx);
      ctx.draft.uri = 'sip:new@10.0.0.9:5066';
      if (${call} < 0) tm.t_reply(ctx, 480, 'Nobody reads');
    } };`,
  });
const withContact = (method: string, more = '') =>
  benchRequest(method, `Subject: hello \r\nContact: "x" <sip:c@10.0.0.2:5070;t=1>;expires=3\r\n${more}`);

describe('t_write_req()', () => {
  it('writes the request, then a timer answers', async () => {
    const bench = await start(`tm.t_write_req(ctx, ${JSON.stringify(fifo)}, 'vm_msg/VM')`, [
      ['tm', 'fr_timer', 700],
      ['tm', 'tw_append', 'vm:hdr[Subject];name=avp[s:who];x=hdr[X-None];P-Call=hdr[i];msg[body]'],
    ]);
    const request = withContact('MESSAGE').replace('Content-Length: 0\r\n\r\n', 'Content-Length: 8\r\n\r\nhi there');
    expect((await bench.exchange(request)).map((text) => text.split('\r\n')[0])).toEqual([
      'SIP/2.0 408 Request Timeout',
    ]);
    expect(written().replace(/^\d+:\d+$/m, 'INDEX:LABEL')).toBe(
      [
        '0.3',
        'sip_request.vm_msg',
        'MESSAGE',
        'new',
        '10.0.0.9',
        '10.0.0.1',
        '.',
        'sip:bob@10.0.0.1',
        'sip:c@10.0.0.2:5070;t=1',
        '<sip:alice@10.0.0.2:5070>;tag=a',
        '<sip:bob@10.0.0.1>',
        'bench',
        'a',
        '',
        '1',
        'INDEX:LABEL',
        '.',
        '.',
        'P-MsgFlags: 08',
        'Subject: hello',
        'name: alice',
        'P-Call: bench',
        '.',
        'hi there',
        '',
      ].join('\n'),
    );
    await bench.stop();
  });
  it.each([
    [
      'a loose first proxy',
      'Record-Route: <sip:r1;lr>, <sip:r2;lr>\r\nRecord-Route: <sip:r3;lr>\r\n',
      ['sip:c@10.0.0.2:5070;t=1', '<sip:r1;lr>,<sip:r1;lr>,<sip:r2;lr>,<sip:r3;lr>', 'sip:r1;lr'],
    ],
    [
      'a strict first proxy',
      'Record-Route: <sip:r1>, <sip:r2;lr>\r\n',
      ['sip:r1', '<sip:r2;lr>,<sip:c@10.0.0.2:5070;t=1>', '.'],
    ],
  ])('%s', async (_title, more, expected) => {
    const bench = await start(`tm.t_write_req(ctx, ${JSON.stringify(fifo)}, 'plain')`);
    await bench.exchange(withContact('OPTIONS', more));
    const lines = written().split('\n');
    expect([lines[8], lines[16], lines[17]]).toEqual(expected);
    expect(lines.slice(18)).toEqual(['P-MsgFlags: 08', '.', '.', '']);
    await bench.stop();
  });
  it('nobody reads, no such name: false', async () => {
    for (const call of [`tm.t_write_req(ctx, '${folder}/none', 'a')`, `tm.t_write_req(ctx, '${fifo}', 'a/none')`]) {
      const bench = await start(call);
      expect((await bench.exchange(withContact('OPTIONS')))[0]).toMatch(/^SIP\/2.0 480 /);
      await bench.stop();
    }
  });
});

it.skipIf(libc() === null)('t_write_unix() sends the same lines', async () => {
  const path = join(folder, 'socket');
  const came = new Promise<string>((resolve) => {
    const socket = openUnixDatagram(path, (bytes) => {
      socket.close();
      resolve(bytes);
    });
  });
  const bench = await start(`tm.t_write_unix(ctx, ${JSON.stringify(path)}, 'info')`);
  await bench.exchange(withContact('INFO'));
  expect((await came).split('\n').slice(0, 4)).toEqual(['0.3', 'sip_request.info', 'INFO', 'new']);
  await bench.stop();
});

it.each(['', ':hdr[X]', 'x', 'x:', 'x:hdr', 'x:hdr[]', 'x:foo[y]', 'x:msg[head]', 'x:hdr[a] hdr[b]'])(
  'tw_append %o is refused',
  (text) => {
    expect(() => parseAppends([text])).toThrow(/tw_append/);
  },
);

describe('a destination that fails', () => {
  const silent = (modparams: Params) =>
    startBench({
      modules: [core, tm],
      program: `return { settings: { use_dst_blocklist: 1 }, modparams: ${paramsText(modparams)}, async request_route(ctx) {
        const { tm } = link.modules;
        ctx.draft.dstUri = 'sip:${BENCH_PEER.ip}:${BENCH_PEER.port}';
        return tm.t_relay(ctx);
      } };`,
    });
  const answer = (request: string, status: string) =>
    `SIP/2.0 ${status}\r\n${request
      .split('\r\n')
      .filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line))
      .join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
  it('reply_408_code and reply_408_reason name the timeout', async () => {
    const bench = await silent([
      ['tm', 'fr_timer', 600],
      ['tm', 'reply_408_code', 410],
      ['tm', 'reply_408_reason', 'Nobody there'],
    ]);
    expect((await bench.exchange(benchRequest('MESSAGE'))).at(-1)).toMatch(/^SIP\/2.0 410 Nobody there\r\n/);
    await bench.stop();
  });
  it.each([
    ['blst_503 lists it for its Retry-After', [['tm', 'blst_503', 1]], 'Retry-After: 7\r\n', [7]],
    [
      'within the bounds',
      [
        ['tm', 'blst_503', 1],
        ['tm', 'blst_503_max_timeout', 5],
      ],
      'Retry-After: 7\r\n',
      [5],
    ],
    [
      'without one as long as blst_503_def_timeout',
      [
        ['tm', 'blst_503', 1],
        ['tm', 'blst_503_def_timeout', 9],
      ],
      '',
      [9],
    ],
    ['not at all by default', [], 'Retry-After: 7\r\n', []],
  ] as const)('a 503: %s', async (_title, modparams, more, seconds) => {
    const bench = await silent(modparams);
    const [invite = ''] = await bench.exchange(benchRequest('MESSAGE'));
    await bench.exchange(answer(invite, '503 Busy').replace('\r\nContent-Length', `\r\n${more}Content-Length`));
    const now = bench.environment.clock.monotonic();
    const { blocklist } = bench.server as unknown as { blocklist: { all(): { expires: number }[] } };
    expect(blocklist.all().map(({ expires }) => Math.ceil((expires - now) / 1000))).toEqual(seconds);
    await bench.stop();
  });
  it('blst_methods_add and blst_methods_lookup', async () => {
    const bench = await silent([
      ['tm', 'fr_timer', 600],
      ['tm', 'blst_methods_add', 256],
      ['tm', 'blst_methods_lookup', 512],
    ]);
    const first = async (method: string, callId: string) =>
      (await bench.exchange(benchRequest(method, '', callId)))[0]?.split(' ')[0];
    expect(await first('MESSAGE', 'one')).toBe('MESSAGE');
    await bench.environment.clock.advance(2000);
    await bench.exchange('');
    expect([await first('MESSAGE', 'two'), await first('OPTIONS', 'three')]).toEqual(['MESSAGE', 'SIP/2.0']);
    await bench.stop();
  });
});

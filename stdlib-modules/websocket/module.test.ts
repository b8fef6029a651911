import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultGrammar, ParseFailure, parseMessage, RpcCall, type StreamConnection } from '../../runtime/sdk/index.js';
import { BENCH_SERVER, type Bench, benchRequest, startBench } from '../../runtime/sdk/testing.js';
import {
  closeFrame,
  FrameReader,
  frame,
  MAX_MESSAGE_BYTES,
  messageFrame,
  Opcode,
  withMask,
} from '../../runtime/transport/ws-frames.js';
import { targetOfUrl } from '../../runtime/transport/ws-opening.js';
import { readHandshake } from './handshake.js';
import websocket from './module.js';

/** As a client sends it. */
function masked(opcode: number, payload: string, { fin = true, rsv = 0, length = payload.length } = {}): string {
  const key = [7, 1, 250, 99];
  const first = (fin ? 0x80 : 0) | rsv | opcode;
  const size =
    length < 126
      ? [0x80 | length]
      : length < 65_536
        ? [0xfe, length >> 8, length & 255]
        : [0xff, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  const body = [...payload].map((c, i) => c.charCodeAt(0) ^ (key[i % 4] ?? 0));
  return [first, ...size, ...key, ...body].map((byte) => String.fromCharCode(byte)).join('');
}
function read(pieces: readonly string[]) {
  const seen: string[] = [];
  const reader = new FrameReader({
    message: (payload, opcode) => void seen.push(`message ${opcode} ${payload}`),
    control: (opcode, payload) => void seen.push(`control ${opcode} ${payload}`),
  });
  let problem = null;
  for (const piece of pieces) problem ??= reader.push(piece);
  return { seen, problem: problem && `${problem.status} ${problem.reason}` };
}

describe('frames from a client', () => {
  it.each<[string, string, string[], string | null]>([
    ['a text', masked(1, 'abc'), ['message 1 abc'], null],
    ['bytes above ASCII', masked(2, '\xff\0\xe9'), ['message 2 \xff\0\xe9'], null],
    ['200 bytes', masked(1, 'x'.repeat(200)), [`message 1 ${'x'.repeat(200)}`], null],
    ['two in one read', masked(9, 'a') + masked(9, 'b'), ['control 9 a', 'control 9 b'], null],
    [
      'fragments with a ping between them',
      masked(1, 'ab', { fin: false }) + masked(9, 'p') + masked(0, 'cd', { fin: false }) + masked(0, 'ef'),
      ['control 9 p', 'message 1 abcdef'],
      null,
    ],
    ['a message of the greatest size', masked(1, 'y'.repeat(MAX_MESSAGE_BYTES)), [`message 1 ${'y'.repeat(MAX_MESSAGE_BYTES)}`], null],
    ['one without a mask', '\x81\x03abc', [], '1002 Protocol error'],
    ['a reserved bit', masked(1, 'abc', { rsv: 0x40 }), [], '1002 Protocol error'],
    ['an unknown opcode', masked(3, 'abc'), [], '1008 Unsupported opcode'],
    ['an unknown control opcode', masked(11, ''), [], '1008 Unsupported opcode'],
    ['a ping in fragments', masked(9, 'a', { fin: false }), [], '1002 Protocol error'],
    ['a ping of 126 bytes', masked(9, 'a'.repeat(126)), [], '1002 Protocol error'],
    ['a continuation of nothing', masked(0, 'abc'), [], '1002 Protocol error'],
    ['a text inside a fragmented one', masked(1, 'a', { fin: false }) + masked(1, 'b'), [], '1002 Protocol error'],
    ['65,536 bytes announced', masked(1, '', { length: 65_536 }), [], '1009 Message too big'],
    ['2^63 bytes announced', `\x81\xff\x7f${'\xff'.repeat(7)}`, [], '1009 Message too big'],
    ['fragments that add up to more', masked(1, 'a'.repeat(60_000), { fin: false }) + masked(0, '', { length: 6000 }), [], '1009 Message too big'],
  ])('%s', (_, bytes, seen, problem) => {
    expect(read([bytes])).toEqual({ seen, problem });
    expect(read([...bytes])).toEqual({ seen, problem });
  }); // biome-ignore format: one row for each

  it('however it is cut, and whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii', maxLength: 300 }),
        fc.array(fc.nat(40), { maxLength: 30 }),
        (bytes, cuts) => {
          const pieces: string[] = [];
          let at = 0;
          for (const cut of cuts) pieces.push(bytes.slice(at, (at += cut)));
          pieces.push(bytes.slice(at));
          expect(read(pieces)).toEqual(read([bytes]));
        },
      ),
    );
  });
});

it.each([
  [frame(Opcode.ping, 'hi'), '\x89\x02hi'],
  [messageFrame('abc'), '\x81\x03abc'],
  [messageFrame('caf\xc3\xa9'), '\x81\x05caf\xc3\xa9'],
  [messageFrame('caf\xe9'), '\x82\x04caf\xe9'],
  [messageFrame('x'.repeat(126)), `\x81\x7e\0\x7e${'x'.repeat(126)}`],
  [messageFrame('x'.repeat(70_000)), `\x81\x7f\0\0\0\0\0\x01\x11\x70${'x'.repeat(70_000)}`],
  [closeFrame(1000, 'Normal closure'), '\x88\x10\x03\xe8Normal closure'],
])('frames to a client are not masked', (built, expected) => {
  expect(built).toBe(expected);
});

describe('the handshake', () => {
  const line = {
    upgrade: 'Upgrade: websocket',
    connection: 'Connection: keep-alive, Upgrade',
    key: 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    protocol: 'Sec-WebSocket-Protocol: sip',
    version: 'Sec-WebSocket-Version: 13',
    origin: 'Origin: http://x.example',
  };
  type Lines = Partial<Record<keyof typeof line | 'more', string>>;
  function shake(change: Lines, cors = 0) {
    const lines = Object.values({ ...line, ...change }).filter((text) => text !== '');
    const text = `OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1:9\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n${lines.join('\r\n')}\r\n\r\n`;
    const msg = parseMessage(text, { proto: 'tcp' } as never, defaultGrammar);
    if (msg instanceof ParseFailure) throw new Error(msg.reason);
    return readHandshake(msg, 1, cors);
  }
  const refused = 'Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n';

  it.each<[string, Lines, number, string]>([
    ['a version nobody speaks', { version: 'Sec-WebSocket-Version: 8' }, 426, 'Sec-WebSocket-Version: 13\r\n'],
    ['no version', { version: '' }, 400, refused],
    ['no key', { key: '' }, 400, refused],
    ['two keys', { more: 'Sec-WebSocket-Key: again' }, 400, ''],
    ['no sub-protocol', { protocol: '' }, 400, refused],
    ['another sub-protocol', { protocol: 'Sec-WebSocket-Protocol: chat' }, 400, refused],
    ['no upgrade', { upgrade: '' }, 400, refused],
    ['no Connection', { connection: '' }, 400, refused],
  ])('refuses %s', (_, change, status, headers) => {
    expect(shake(change)).toMatchObject({ status, headers, subProtocol: 0 });
  });
  it.each([
    [0, ''],
    [1, 'Access-Control-Allow-Origin: *\r\n'],
    [2, 'Access-Control-Allow-Origin: http://x.example\r\n'],
  ])('answers with the key of RFC 6455 §1.3; cors_mode %d', (cors, allow) => {
    expect(shake({}, cors)).toEqual({
      status: 101,
      reason: 'Switching Protocols',
      subProtocol: 1,
      headers: `${allow}Sec-WebSocket-Protocol: sip\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n`,
    });
  });
});

it.each([0, 5, 125, 126, 65_535, 65_536])('a frame of %i bytes with a mask is read as it was', (length) => {
  const payload = 'ab\xff'.repeat(Math.ceil(length / 3)).slice(0, length);
  const seen: string[] = [];
  const reader = new FrameReader({ message: (text) => void seen.push(text), control: () => {} });
  const problem = reader.push(withMask(frame(Opcode.text, payload), 0x81fe0c37));
  if (length <= MAX_MESSAGE_BYTES) expect([problem, seen[0] === payload]).toEqual([null, true]);
  else expect(problem?.reason).toBe('Message too big');
});

describe('connections to a server', () => {
  const program = `return {
    listen: ['udp', 'tcp'].map((proto) => ({ proto, host: '${BENCH_SERVER.ip}', port: ${BENCH_SERVER.port}, advertise: null, name: null, virtual: false, agname: null })),
    async request_route(ctx) {
      const call = /X-Call: (.*)\\r/.exec(ctx.msg.raw);
      if (call === null) { ctx.log(-1, 'from ' + ctx.msg.received.proto, 'test'); return 1; }
      const [name, ...args] = JSON.parse(call[1]);
      ctx.log(-1, name + ' ' + (await link.modules.websocket[name](ctx, ...args)), 'test');
      return 1;
    },
    event_route: { 'websocket:closed': (ctx) => { ctx.log(-1, 'closed', 'test'); return 1; } },
  };`;
  let bench: Bench;
  let streams: StreamConnection[];
  let received: string[];
  beforeEach(async () => {
    bench = await startBench({ modules: [websocket], program });
    [streams, received] = [[], []];
    await bench.environment.network.listenTcp({ ip: BENCH_SERVER.ip, port: 8080 }, (stream) => {
      streams.push(stream);
      stream.onData = (bytes) => void received.push(bytes);
    });
  });
  afterEach(() => bench.stop());

  let calls = 0;
  const call = (...what: (string | number)[]) =>
    bench.exchange(benchRequest('MESSAGE', `X-Call: ${JSON.stringify(what)}\r\n`, `call${++calls}`));
  const told = () => bench.environment.log.texts().filter((text) => /^(ws_|closed|from )/.test(text));
  const lastStream = () => streams.at(-1) as StreamConnection;
  const answer = (change: (text: string) => string = (text) => text) => {
    const key = /Sec-WebSocket-Key: (.*)\r/.exec(received[0] ?? '')?.[1] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    lastStream().write(
      change(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: sip\r\n\r\n`,
      ),
    );
  };
  const target = ['10.0.0.1', 8080, '/service?x=1', 'sip', 0] as const;
  const handshakes = () =>
    ['ws_successful_handshakes', 'ws_failed_handshakes', 'ws_current_connections'].map((name) =>
      bench.server.stats.get('websocket', name)?.read(),
    );

  it('are opened by ws_send(), whose request waits; both ends then talk', async () => {
    await call('ws_send', ...target);
    expect(received.join('').replace(/(Key: )[A-Za-z0-9+/]{22}==/, '$1K')).toBe(
      'GET /service?x=1 HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: K\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n',
    );
    // A ping comes in one piece with the answer.
    answer((text) => text + frame(Opcode.ping, 'hi'));
    await call('ws_send', ...target);
    const { seen, problem } = read(received.slice(1));
    expect([problem, seen.length, streams.length]).toEqual([null, 3, 1]);
    expect(seen.filter((text) => text === 'control 10 hi')).toHaveLength(1);
    const [first, second] = seen.filter((text) => text.startsWith('message 1 MESSAGE sip:bob@10.0.0.1 SIP/2.0\r\n'));
    expect([first, second].map((text) => /\r\nVia: SIP\/2.0\/(\w+)/.exec(text ?? '')?.[1])).toEqual(['WS', 'WS']);
    lastStream().write(frame(Opcode.text, benchRequest('OPTIONS')));
    await bench.exchange('');
    lastStream().write(frame(Opcode.close, '\x03\xe8'));
    await bench.exchange('');
    expect(told()).toEqual(['ws_send 1', 'ws_send 1', 'from ws', 'closed']);
    expect(handshakes()).toEqual([1, 0, 0]);
  });
  it('by ws_connect(): a second one to the address is refused; frames with a mask end it', async () => {
    await call('ws_connect', ...target);
    await call('ws_connect_url', 'ws://10.0.0.1:8080/other', 'SIP');
    answer();
    await bench.exchange('');
    expect(handshakes()).toEqual([1, 0, 1]);
    lastStream().write(masked(1, 'abc'));
    await bench.exchange('');
    expect(read(received.slice(1)).seen).toEqual(['control 8 \x03\xeaProtocol error']);
    expect(told()).toEqual(['ws_connect 1', 'ws_connect_url -1', 'closed']);
  });
  it('by ws_connect_url(), with the path and query of the URL', async () => {
    await call('ws_connect_url', 'ws://10.0.0.1:8080/other?y=2', 'sip');
    expect(received.join('')).toMatch(/^GET \/other\?y=2 HTTP\/1\.1\r\nHost: 10\.0\.0\.1:8080\r\n/);
    answer();
    await bench.exchange('');
    expect([handshakes(), told()]).toEqual([[1, 0, 1], ['ws_connect_url 1']]);
  });
  it('by the command ws.connect', async () => {
    const ask = async (...params: (string | number)[]) => {
      const call = new RpcCall('ws.connect', params);
      await bench.server.rpc.execute(call, () => undefined)?.done;
      return call.faulted ?? call.results;
    };
    expect(await ask(...target)).toEqual(['Outbound websocket handshake initiated']);
    await bench.exchange('');
    answer();
    await bench.exchange('');
    expect(handshakes()).toEqual([1, 0, 1]);
    expect(await ask('10.0.0.1', 8080, '/', 'msrp', 0)).toMatchObject({ code: 500 });
    expect(await ask('10.0.0.1', 8080)).toMatchObject({ code: 400 });
  });
  it.each<[string, (text: string) => string]>([
    ['another status', (text) => text.replace('101', '200')],
    ['the answer to another key', (text) => text.replace(/(Accept: )../, '$1--')],
    ['no sub-protocol', (text) => text.replace('Sec-WebSocket-Protocol: sip\r\n', '')],
    ['no upgrade', (text) => text.replace('Upgrade: WebSocket\r\n', '')],
    ['an answer that does not end', () => 'x'.repeat(9000)],
    ['no answer', () => ''],
  ])('%s: it is closed, and nobody hears of it', async (_, change) => {
    await call('ws_send', ...target);
    answer(change);
    await bench.environment.clock.advance(10_000);
    expect([received.length, handshakes(), told()]).toEqual([1, [0, 1, 0], ['ws_send 1']]);
    expect(lastStream().writable).toBe(false);
  });
  it.each([
    ['ws_connect', 'a b', 8080, '/', 'sip', 0],
    ['ws_connect', '10.0.0.1', 70_000, '/', 'sip', 0],
    ['ws_connect', '10.0.0.1', 8080, '/ HTTP/1.1', 'sip', 0],
    ['ws_connect', '10.0.0.1', 8080, '/', 'msrp', 0],
    ['ws_send', '10.0.0.1', 8080, '/', 'sip', 1],
    ['ws_connect_url', 'http://10.0.0.1:8080/', 'sip'],
  ])('%s(%s, %s, %s …) is refused', async (...what) => {
    await call(...what);
    expect([told(), streams]).toEqual([[`${what[0]} -1`], []]);
  });
  it('URLs', () => {
    expect(targetOfUrl('wss://[::1]/a?b')).toEqual({ secure: true, host: '::1', port: 443, path: '/a?b' });
    expect(targetOfUrl('WS://h')).toEqual({ secure: false, host: 'h', port: 80, path: '/' });
  });
});

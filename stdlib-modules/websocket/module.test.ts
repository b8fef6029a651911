import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseFailure, parseMessage } from '../../runtime/sdk/index.js';
import { closeFrame, FrameReader, frame, MAX_MESSAGE_BYTES, messageFrame, Opcode } from './frames.js';
import { readHandshake } from './handshake.js';

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
    const msg = parseMessage(text, { proto: 'tcp' } as never);
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

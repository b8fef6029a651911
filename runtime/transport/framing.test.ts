import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameError, StreamFramer } from './framing.js';

const invite = 'INVITE sip:bob@b SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nContent-Length: 4\r\n\r\nv=0\n';
const short = 'SIP/2.0 200 OK\r\nl : 0 \r\nX: y\r\n\r\n';
const bareLf = 'BYE sip:b SIP/2.0\nCONTENT-LENGTH:\t2\n\nhi';
const folded = 'A sip:b SIP/2.0\r\nSubject: a\r\n Content-Length: 9\r\nContent-Length: 0\r\n\r\n';
const startsWithC = 'CANCEL sip:l SIP/2.0\r\nContact: <sip:a>\r\nlanguage: x\r\nContent-Length: 0\r\n\r\n';

function feed(chunks: readonly string[], max?: number, lenient?: boolean) {
  const messages: string[] = [];
  let pings = 0;
  const framer = new StreamFramer({ message: (m) => messages.push(m), ping: () => pings++ }, max, lenient);
  let error: FrameError | null = null;
  for (const chunk of chunks) error = framer.push(chunk);
  return { messages, pings, error, held: framer.heldBytes };
}

describe('stream framing', () => {
  const rows: [string, string, Partial<ReturnType<typeof feed>>][] = [
    ['one message', invite, { messages: [invite], error: null }],
    ['compact form and blanks', short, { messages: [short] }],
    ['bare LF', bareLf, { messages: [bareLf] }],
    ['a folded line is not a header field', folded, { messages: [folded] }],
    ['c and l that are something else', startsWithC, { messages: [startsWithC] }],
    ['several in a row', invite + short + invite, { messages: [invite, short, invite] }],
    [
      'the first Content-Length counts',
      `A b\r\nl: 1\r\nl: 5\r\n\r\nx${short}`,
      { messages: ['A b\r\nl: 1\r\nl: 5\r\n\r\nx', short] },
    ],
    ['ping', '\r\n\r\n', { pings: 1, messages: [] }],
    ['pong or a single CRLF between messages', `\r\n${invite}\r\n${short}`, { pings: 0, messages: [invite, short] }],
    ['ping, then a message', `\r\n\r\n${invite}`, { pings: 1, messages: [invite] }],
    ['two pings', '\r\n\r\n\r\n\r\n', { pings: 2 }],
    ['blanks between are no ping', '\r\n \r\n', { pings: 0, error: null }],
    ['no Content-Length', 'A b\r\nX: y\r\n\r\n', { error: 'no-content-length', messages: [] }],
    ['not a number', 'A b\r\nl: x\r\n\r\n', { error: 'no-content-length' }],
    ['rubbish after the number', 'A b\r\nl: 1x\r\n\r\n', { error: 'bad-content-length' }],
    ['negative', 'A b\r\nl: -1\r\n\r\n', { error: 'no-content-length' }],
    ['overflow', 'A b\r\nl: 99999999999999999999\r\n\r\n', { error: 'bad-content-length' }],
    ['nothing is read after an error', `A b\r\n\r\n${invite}`, { error: 'no-content-length', messages: [] }],
    ['body beyond the limit', 'A b\r\nl: 99999\r\n\r\n', { error: 'too-long' }],
    ['headers beyond the limit', `A b\r\nX: ${'x'.repeat(20_000)}`, { error: 'too-long', held: 0 }],
    ['garbage without end', '\0'.repeat(17_000), { error: 'too-long' }],
  ];
  it.each(rows)('%s', (_, bytes, expected) => {
    expect(feed([bytes])).toMatchObject(expected);
    expect(feed([...bytes])).toMatchObject(expected);
  });

  it('without Content-Length when allowed', () => {
    expect(feed(['A b\r\nX: y\r\n\r\n'], undefined, true).messages).toEqual(['A b\r\nX: y\r\n\r\n']);
  });

  it('cuts the same wherever the stream was broken', () => {
    const stream = fc
      .array(
        fc.oneof(
          fc.constantFrom(invite, short, bareLf, folded, '\r\n', '\r\n\r\n'),
          fc.string({ unit: 'binary-ascii', maxLength: 30 }),
        ),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(stream, fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), (bytes, cuts) => {
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((to, i) => bytes.slice(at[i], to));
        expect(feed(chunks, 300)).toEqual(feed([bytes], 300));
        expect(feed([...bytes], 300)).toEqual(feed([bytes], 300));
      }),
      { numRuns: 300 },
    );
  });

  it('holds no more than the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 200 })), (chunks) => {
        expect(feed(chunks, 100).held).toBeLessThanOrEqual(100);
      }),
    );
  });
});

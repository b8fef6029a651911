import { describe, expect, it, test } from 'vitest';
import { buildRequest, parseSdp } from '../../runtime/message/index.js';
import { fakeSocket, message } from '../../runtime/message/testing.js';
import { cpuMs } from '../../test/support/cpu.js';
import { fakeRun, fakeSelf } from '../../test/support/fake-run.js';
import { listItems } from './codecs.js';
import sdpops from './module.js';

const out = { socket: fakeSocket(), proto: 'udp', hop: null, branchParam: 'z9hG4bK1' } as const;
const invite = (body: string, type = 'application/sdp') =>
  message(
    `INVITE sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
const head = 'v=0\r\no=a 1 2 IN IP4 1.1.1.1\r\ns=-\r\nc=IN IP4 1.1.1.1\r\n';
const sdp = `${head}t=0 0\r\nm=audio 4 RTP/AVP 0 8\r\na=rtpmap:8 PCMA/8000\r\nm=audio 0 RTP/AVP 8\r\n`;

test.each([
  ['0,8', ['0', '8']],
  [' 0, 8', ['0', '8']],
  ['0,,8', ['0']],
  ['', []],
])('items of %j', (text, items) => expect(listItems(text)).toEqual(items));

test.each<[string, string, number]>([
  ['a stream that is removed', sdp, 2],
  ['none', head, -1],
  ['a line too short', 'v=0\r\no=a 1 2\r\nm=audio 4 RTP/AVP 0\r\n', -1],
  ['a stream without transport', `${head}m=audio 4\r\n`, -1],
  ['no formats', `${head}m=audio 4 RTP/AVP\r\n`, 1],
])('%s', (_title, body, streams) => {
  const found = parseSdp(invite(body));
  expect(found === null || found === 'empty' ? -1 : found.sessions[0]?.streams.length).toBe(streams);
});

it('the last codec of a stream may go', () => {
  const run = fakeRun(invite(sdp));
  const self = fakeSelf({}, run);
  expect(sdpops.functions.sdp_remove_codecs_by_id.run(self, run.ctx, '8', undefined)).toBe(1);
  const body = buildRequest(run.ctx.msg, run.ctx.draft, out).split('\r\n\r\n')[1];
  expect(body).toContain('m=audio 4 RTP/AVP 0\r\nm=audio 0 RTP/AVP\r\n');
});

describe('a hostile body costs little', () => {
  const remove = (body: string) => {
    const run = fakeRun(invite(body));
    sdpops.functions.sdp_keep_codecs_by_id.run(fakeSelf({}, run), run.ctx, '96', undefined);
  };
  const read = (body: string) => void parseSdp(invite(body));
  const invited = (body: string) => void parseSdp(invite(body, 'multipart/mixed;boundary=b'));
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => 1000 + i).join(' ');
  /** Four bodies of n kB. */
  const repeat = (cost: (n: number) => void, n: number) => {
    for (let i = 0; i < 4; i++) cost(n);
  };
  // Each of about 1 kB for n = 1.
  it.each<[string, (n: number) => void]>([
    ['streams', (n) => read(head + 'm=audio 1 RTP/AVP 0\r\n'.repeat(48 * n))],
    ['streams with CR only', (n) => read(`${head}${'m=audio 1 RTP/AVP 0\rc=IN IP4 1\r'.repeat(30 * n)}`)],
    ['parts without an empty line', (n) => invited('--b\r\n'.repeat(200 * n))],
    ['formats', (n) => read(`${head}m=audio 1 RTP/AVP ${'0 '.repeat(500 * n)}\r\n`)],
    ['attributes with CR only', (n) => read(`${head}m=audio 1 RTP/AVP 0\r\n${'a=\r'.repeat(330 * n)}`)],
    ['blanks in a=rtpmap', (n) => read(`${head}m=audio 1 RTP/AVP 0\r\na=rtpmap:0${' '.repeat(1000 * n)}x\r\n`)],
    [
      'formats taken out',
      (n) => remove(`${head}m=audio 1 RTP/AVP ${numbers(100 * n)}\r\n${'a=fmtp:1 x\r\n'.repeat(40 * n)}`),
    ],
    [
      'formats taken out, with CR only',
      (n) => remove(`${head}m=audio 1 RTP/AVP ${numbers(100 * n)}\n${'a=fmtp:1\r'.repeat(40 * n)}`),
    ],
  ])('%s', (_title, cost) => {
    const small = cpuMs(0, () => repeat(cost, 30));
    expect(small).toBeLessThan(40);
    // Twice as much would be four times that where the cost is the square of the text.
    const twice = 3 * small + 4;
    expect(cpuMs(twice, () => repeat(cost, 60))).toBeLessThan(twice);
  });
});

describe('sdp_iterator_…()', () => {
  const { functions, pvs } = sdpops;
  it('goes through the lines of the SDP, and edits them', () => {
    const body = `--b\r\nContent-Type: text/plain\r\n\r\nnot this\r\n--b\r\nContent-Type: application/sdp\r\n\r\n${sdp}--b--\r\n`;
    const run = fakeRun(invite(body, 'multipart/mixed;boundary=b'));
    const self = fakeSelf({}, run);
    const seen: unknown[] = [];
    const value = () => pvs.sdpitval!.get(self, run.ctx, 's', undefined);
    expect(functions.sdp_iterator_start.run(self, run.ctx, 's')).toBe(1);
    expect(value()).toBeNull();
    while (functions.sdp_iterator_next.run(self, run.ctx, 's') === 1) {
      const line = String(value());
      seen.push(line);
      if (line.startsWith('t=')) functions.sdp_iterator_append.run(self, run.ctx, 's', 'a=after\r\n');
      if (line.startsWith('s=')) functions.sdp_iterator_insert.run(self, run.ctx, 's', 'i=before\r\n');
      if (line.startsWith('a=')) functions.sdp_iterator_rm.run(self, run.ctx, 's');
    }
    expect(seen.join('')).toBe(sdp);
    expect(value()).toBeNull();
    expect(functions.sdp_iterator_end.run(self, run.ctx, 's')).toBe(1);
    expect(functions.sdp_iterator_next.run(self, run.ctx, 's')).toBe(-1);
    const sent = buildRequest(run.ctx.msg, run.ctx.draft, out);
    expect(sent).toContain('i=before\r\ns=-\r\n');
    expect(sent).toContain('t=0 0\r\na=after\r\nm=audio 4 RTP/AVP 0 8\r\nm=audio 0');
    expect(sent).toContain('not this');
  });
  it('needs an SDP, and there are four', () => {
    const run = fakeRun(invite('x', 'text/plain'));
    expect(functions.sdp_iterator_start.run(fakeSelf({}, run), run.ctx, 's')).toBe(-1);
    const other = fakeRun(invite(sdp));
    const self = fakeSelf({}, other);
    const starts = ['1', '2', '3', '4', '5', '1'].map((name) =>
      functions.sdp_iterator_start.run(self, other.ctx, name),
    );
    expect(starts).toEqual([1, 1, 1, 1, -1, 1]);
  });
});

import { expect, it, test } from 'vitest';
import { buildRequest, parseSdp } from '../../runtime/message/index.js';
import { fakeSocket, message } from '../../runtime/message/testing.js';
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

it('a hostile body costs little', () => {
  const many = `${head}${'m=audio 1 RTP/AVP 0\r\n'.repeat(2000)}`;
  const started = performance.now();
  expect(parseSdp(invite(many))).not.toBeNull();
  expect(parseSdp(invite('--b\r\n'.repeat(8000), 'multipart/mixed;boundary=b'))).not.toBe('empty');
  expect(parseSdp(invite(`${head}m=audio 1 RTP/AVP ${'0 '.repeat(30_000)}\r\n`))).not.toBeNull();
  expect(performance.now() - started).toBeLessThan(1000);
});

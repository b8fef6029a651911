import { describe, expect, test } from 'vitest';
import { message } from '../../runtime/message/testing.js';
import { fakeRun, fakeSelf } from '../../test/support/fake-run.js';
import { Check, DEFAULT_CHECKS, DEFAULT_URI_CHECKS, SIZE_DEFAULTS, UriCheck } from './checks.js';
import sanity from './module.js';

const good = `REGISTER sip:b@c SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1;branch=z9
From: <sip:a@b>;tag=1
To: <sip:b@c>
Call-ID: i
CSeq: 1 REGISTER
Contact: <sip:a@1.2.3.4>
Content-Length: 0

`;
const params: Record<keyof typeof SIZE_DEFAULTS, number> &
  Record<'default_checks' | 'uri_checks' | 'autodrop' | 'noreply', number> & { proxy_require: string } = {
  default_checks: DEFAULT_CHECKS,
  uri_checks: DEFAULT_URI_CHECKS,
  proxy_require: '100rel, foo',
  autodrop: 1,
  noreply: 0,
  ...SIZE_DEFAULTS,
};
const all = (1 << 15) - 1;

function check(text: string, mask = all, uris = 15, more: Partial<typeof params> = {}) {
  const run = fakeRun(message(text));
  const me = fakeSelf({ ...params, ...more }, run);
  const verdict = sanity.functions.sanity_check.run(me, run.ctx, mask, uris);
  return { verdict, run, me, answer: run.answers[0] && `${run.answers[0].status} ${run.answers[0].reason}` };
}

describe('sanity_check', () => {
  const rows: [name: string, from: string, to: string, answer: string | undefined][] = [
    ['version', 'SIP/2.0\n', 'SIP/2.01\n', '505 Version Not Supported (R-URI)'],
    ['Request-URI', 'sip:b@c SIP', 'http://b SIP', '400 Bad Request URI'],
    ['second From', 'Contact:', 'From:', undefined],
    ['CSeq method', '1 REGISTER', '1 INVITE', '400 CSeq method does not match request method'],
    ['CSeq number', '1 REGISTER', '36893488147 REGISTER', '400 CSeq number is illegal'],
    ['Content-Length', 'Length: 0', 'Length: 5', '400 Content-Length mis-match'],
    ['Expires', 'Contact:', 'Expires: 99999999999\nContact:', '400 Expires value is illegal'],
    ['Proxy-Require', 'Contact:', 'Proxy-Require: 100rel, bar\nContact:', '420 Bad Proxy Require Extension'],
    ['From URI', '<sip:a@b>', '<isbn:1>', '400 Invalid From Header'],
    ['To URI', '<sip:b@c>', '<isbn:1>', '400 Ivalid To Header'],
    ['Contact', '<sip:a@1.2.3.4>', '<sip:a@1.2.3.4', '400 Bad Contact Header'],
    ['Contact URI', '<sip:a@1.2.3.4>', '<isbn:1>', '400 Bad Contact URI'],
    ['credentials', 'Contact:', 'Authorization: Digest username="u"\nContact:', '400 Bad Auth Credentials'],
    ['tags', ';tag=1', ';tag=1;tag=2', '400 Many From Tag Params'],
  ];
  test.each(rows)('%s', (_, from, to, answer) => {
    expect(good).toContain(from);
    const got = check(good.replace(from, to));
    expect([got.verdict, got.answer]).toEqual([0, answer]);
  });
  test('a good request passes everything', () => {
    const credentials = 'Authorization: Digest username="u", realm="r", nonce="n", uri="sip:c", response="x"\nContact:';
    expect(check(good).verdict).toBe(1);
    expect(check(good.replace('Contact:', credentials)).verdict).toBe(1);
    expect(check(good.replace('Contact:', 'Proxy-Require: foo , 100rel\nContact:')).verdict).toBe(1);
  });
  test('only the checks asked for are made', () => {
    const bad = good.replace('1 REGISTER', '1 INVITE');
    expect(check(bad, Check.contentLength).verdict).toBe(1);
    expect(check(good.replace('<sip:a@b>', '<isbn:1>'), Check.uris, UriCheck.to).verdict).toBe(1);
  });
  test('420 names the extension', () => {
    const { run } = check(good.replace('Contact:', 'Proxy-Require: bar\nContact:'));
    expect(run.ctx.draft.replyPieces).toEqual([{ kind: 'header', text: 'Unsupported: bar\r\n' }]);
  });
  test('autodrop off gives false', () => {
    expect(check(good.replace('Length: 0', 'Length: 5'), all, 15, { autodrop: 0 }).verdict).toBe(-1);
  });
  test.each([
    [0, 1],
    [1 << 15, 1],
    [1, 0],
    [1, 16],
  ])('mask %d, %d is refused', (mask, uris) => {
    expect(check(good, mask, uris).verdict).toBe(-1);
  });
  test('an ACK is not answered', () => {
    const got = check(good.replaceAll('REGISTER', 'ACK').replace('Length: 0', 'Length: 5'));
    expect([got.verdict, got.answer]).toEqual([0, undefined]);
  });
  test('malformed header fields cannot be answered', () => {
    const got = check(good.replace('Contact:', 'no colon\nContact:'));
    expect([got.verdict, got.answer]).toEqual([0, undefined]);
  });
});

test('sanity_reply sends what sanity_check noted', () => {
  const { verdict, run, me } = check(good.replace('Length: 0', 'Length: 5'), all, 15, { noreply: 1 });
  expect([verdict, run.answers]).toEqual([0, []]);
  expect(sanity.functions.sanity_reply.run(me, run.ctx)).toBe(1);
  expect(run.answers).toEqual([{ status: 400, reason: 'Content-Length mis-match' }]);
  const fresh = fakeRun(message(good));
  sanity.functions.sanity_reply.run(fakeSelf({ ...params, noreply: 1 }, fresh), fresh.ctx);
  expect(fresh.answers).toEqual([{ status: 500, reason: 'Server Sanity Failure' }]);
});

describe('sizes', () => {
  const withRoute = good.replace('Contact:', 'Route: <sip:r@h;lr>\nP-Asserted-Identity: <sip:long-name@h>\nContact:');
  test.each([
    ['message', 100],
    ['method', 7],
    ['ruri', 6],
    ['from_uri', 6],
    ['to_uri', 6],
    ['contact_uri', 12],
    ['route_uri', 9],
    ['pai_uri', 14],
    ['header', 20],
    ['headers', 60],
  ] as const)('size_%s', (name, limit) => {
    const at = (value: number) => check(withRoute, 1, 1, { size_checks: 1, [`size_${name}`]: value });
    expect([at(limit).verdict, at(limit).answer]).toEqual([0, undefined]);
    expect(at(0).verdict).toBe(1);
  });
  test('a body, and check 65536 in place of the parameter', () => {
    const text = `${good.replace('Length: 0', 'Length: 4')}abcd`;
    const small = { size_body: 3 };
    expect([check(text, 1, 1, small).verdict, check(text, Check.sizes | 1, 1, small).verdict]).toEqual([1, 0]);
  });
});

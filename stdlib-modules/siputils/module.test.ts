import { describe, expect, test } from 'vitest';
import type { SipMessage } from '../../runtime/message/index.js';
import { fakeReceived, message } from '../../runtime/message/testing.js';
import type { RouteContext, Verdict } from '../../runtime/sdk/index.js';
import { fakeRun, fakeSelf } from '../../test/support/fake-run.js';
import siputils from './module.js';

const head =
  'Via: SIP/2.0/UDP 127.0.0.1;branch=z9\nFrom: <sip:a@b>;tag=1\nTo: <sip:b@c>\nCall-ID: i\nCSeq: 1 OPTIONS\n';
const options = (uri = 'sip:c', more = '') => message(`OPTIONS ${uri} SIP/2.0\n${head}${more}\n`);
const params = {
  options_accept: '*/*',
  options_accept_encoding: '',
  options_accept_language: 'en',
  options_support: '',
};

type Name = keyof typeof siputils.functions;
/** Calls a function with these arguments, whatever their types: rows of tables. */
function call(name: Name, args: readonly unknown[], msg: SipMessage = options()) {
  const run = fakeRun(msg);
  const fn = siputils.functions[name].run as unknown as (
    me: unknown,
    ctx: RouteContext,
    ...args: readonly unknown[]
  ) => Verdict;
  return { verdict: fn(fakeSelf(params, run), run.ctx, ...args), run };
}
const cell = (value: string | number | null) => {
  const ref = {
    name: '$x',
    value,
    get: () => ref.value,
    set: (_: unknown, v: string | number | null) => void (ref.value = v),
  };
  return ref;
};

describe('verdicts', () => {
  const rows: [Name, readonly unknown[], Verdict][] = [
    ['is_request', [], 1],
    ['is_reply', [], -1],
    ['has_totag', [], -1],
    ['is_uri', ['sip:a@b'], 1],
    ['is_uri', ['a@b'], -1],
    ['is_gruu', ['sip:a@b;gr=x'], 1],
    ['is_gruu', ['sip:a@b;gr'], 2],
    ['is_gruu', ['sip:a@b'], -1],
    ['is_tel_number', ['+4912'], 1],
    ['is_tel_number', ['012'], 1],
    ['is_tel_number', ['+012'], -2],
    ['is_tel_number', ['+'], -2],
    ['is_tel_number', ['1a'], -2],
    ['is_numeric', ['123'], 1],
    ['is_numeric', ['12a'], -2],
    ['is_numeric', [''], -2],
    ['is_alphanum', ['aZ9'], 1],
    ['is_alphanum', ['a.b'], -3],
    ['is_alphanum', [''], -2],
    ['is_alphanumex', ['a.b', '.-'], 1],
    ['is_alphanumex', ['a@b', '.-'], -3],
    ['is_e164', [cell('+358123')], 1],
    ['is_e164', [cell('358123')], -1],
    ['is_e164', [cell('+1')], -1],
    ['is_uri_user_e164', [cell('sip:+358123@h')], 1],
    ['is_uri_user_e164', [cell('sip:h')], -1],
    ['cmp_uri', ['sip:a@B;x=1', 'sip:a@b;X=1'], 1],
    ['cmp_uri', ['sip:a@b', 'sip:a@b:5060'], -1],
    ['cmp_uri', ['sip:a@b', 'x'], -2],
    ['cmp_aor', ['sip:a@b', 'sip:a@B:5060;x'], 1],
    ['cmp_aor', ['sip:a@b', 'sip:A@b'], -1],
    ['cmp_hdr_name', ['From', 'f'], 1],
    ['cmp_hdr_name', ['X-A', 'x-a'], 1],
    ['cmp_hdr_name', ['From', 'To'], -1],
    ['is_first_hop', [undefined], 1],
    ['is_supported', ['path'], -1],
  ];
  test.each(rows)('%s(%j) = %d', (name, args, verdict) => expect(call(name, args).verdict).toBe(verdict));

  const inMessage: [Name, readonly unknown[], SipMessage, Verdict][] = [
    ['has_totag', [], message(`OPTIONS sip:c SIP/2.0\n${head.replace('To: <sip:b@c>', 'To: <sip:b@c>;tag=2')}\n`), 1],
    ['is_supported', ['path'], options('sip:c', 'k: gruu, Path\n'), 1],
    ['is_first_hop', [0], options('sip:c', 'v: SIP/2.0/UDP 1.1.1.1\n'), -1],
    ['uri_param', ['a', undefined], options('sip:c;a;b=1'), 1],
    ['uri_param', ['b', undefined], options('sip:c;a;b=1'), -1],
    ['uri_param', ['b', '1'], options('sip:c;a;b=1'), 1],
    ['uri_param', ['B', '1'], options('sip:c;a;b=1'), -1],
    ['uri_param_any', ['B'], options('sip:c;a;b=1'), 1],
    ['hdr_date_check', [10], options('sip:c', 'Date: Thu, 01 Jan 1970 00:00:00 GMT\n'), 1],
    ['hdr_date_check', [-10], options('sip:c', 'Date: Thu, 01 Jan 1970 00:00:00 GMT\n'), -4],
    ['hdr_date_check', [10], options('sip:c', 'Date: soon\n'), -1],
  ];
  test.each(inMessage)('%s(%j) in a message', (name, args, msg, verdict) =>
    expect(call(name, args, msg).verdict).toBe(verdict),
  );

  test.each([
    ['Record-Route: <sip:127.0.0.1;lr>\n', 1],
    ['Record-Route: <sip:9.9.9.9;lr>\n', -1],
    ['', 1],
  ])('is_first_hop() of a response with %j', (line, verdict) => {
    const reply = message(`SIP/2.0 200 OK\n${head}${line}\n`, fakeReceived({ src: { ip: '10.0.0.1', port: 5060 } }));
    expect(call('is_first_hop', [0], reply).verdict).toBe(verdict);
  });
});

describe('Request-URI changes', () => {
  const rows: [Name, readonly unknown[], string, string | null][] = [
    ['uri_param_rm', ['x'], 'sip:a@b;x=1;y', 'sip:a@b;y'],
    ['uri_param_rm', ['Y'], 'sip:a@b;x=1;y?h=i', 'sip:a@b;x=1?h=i'],
    ['uri_param_rm', ['z'], 'sip:a@b;x=1', null],
    ['add_uri_param', ['n=1'], 'sip:a@b;x', 'sip:a@b;x;n=1'],
    ['add_uri_param', ['n=1'], 'sip:a@b;x?h=i', 'sip:a@b;x;n=1?h=i'],
  ];
  test.each(rows)('%s(%j) on %s', (name, args, uri, expected) => {
    const got = call(name, args, options(uri));
    expect([got.verdict, got.run.ctx.draft.uri]).toEqual([1, expected]);
  });
});

describe('results in pseudo-variables', () => {
  const rows: [Name, (x: ReturnType<typeof cell>) => readonly unknown[], string | null, Verdict, string | null][] = [
    ['set_uri_user', (x) => [x, cell('c')], 'sip:a@b;x', 1, 'sip:c@b;x'],
    ['set_uri_user', (x) => [x, cell('')], 'sip:a@b', 1, 'sip:b'],
    ['set_uri_user', (x) => [x, cell('c')], 'sip:b', 1, 'sip:c@b'],
    ['set_uri_host', (x) => [x, cell('h')], 'sip:a@b:5060;x', 1, 'sip:a@h:5060;x'],
    ['set_uri_host', (x) => [x, cell('')], 'sip:a@b', -1, 'sip:a@b'],
    ['tel2sip', (x) => ['tel:+1-(20)1;Ext=5', 'h', x], null, 1, 'sip:+1201;ext=5@h;user=phone'],
    ['tel2sip', (x) => ['sip:a', 'h', x], null, 2, null],
    ['get_uri_param', (x) => ['b', x], null, 1, '1'],
    ['get_uri_param', (x) => ['q', x], null, -1, null],
  ];
  test.each(rows)('%s', (name, args, before, verdict, after) => {
    const x = cell(before);
    expect([call(name, args(x), options('sip:c;a;b=1')).verdict, x.value]).toEqual([verdict, after]);
  });
});

test('options_reply answers what is not for a user', () => {
  const got = call('options_reply', []);
  expect([got.verdict, got.run.answers]).toEqual([1, [{ status: 200, reason: 'OK' }]]);
  expect(got.run.ctx.draft.replyPieces[0]!.text).toBe(
    'Accept: */*\r\nAccept-Encoding: \r\nAccept-Language: en\r\nSupported: \r\n',
  );
  expect(call('options_reply', [], options('sip:a@c')).verdict).toBe(-1);
});

test('is_user compares with the credentials auth accepted', () => {
  const run = fakeRun(options('sip:a@c'));
  const me = (user: string | null) => ({
    ...fakeSelf(params, run),
    uses: { get: never, find: <Api>() => ({ authorized: () => (user === null ? null : { user }) }) as Api },
  });
  const is = (user: string | null, asked: string) => siputils.functions.is_user.run(me(user) as never, run.ctx, asked);
  expect([is('alice', 'alice'), is('alice', 'bob'), is('', '')]).toEqual([1, -1, -1]);
});
const never = (): never => {
  throw new Error('not asked for');
};

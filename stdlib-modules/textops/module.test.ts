import { describe, expect, test } from 'vitest';
import { buildRequest, type SipMessage } from '../../runtime/message/index.js';
import { fakeSocket, message } from '../../runtime/message/testing.js';
import { compileRegex, type Regex, type RegexMatch, type RouteContext, type Verdict } from '../../runtime/sdk/index.js';
import { fakeRun, fakeSelf } from '../../test/support/fake-run.js';
import textops from './module.js';

// Verdicts and texts are what Kamailio 5.6.3 gave for the same call on the same message.

const body = 'v=0\nm=audio 1 RTP/AVP 0\na=sendonly\n';
const invite = (content = body, type = 'Content-Type: application/sdp\n') => `INVITE sip:bob@example.com;x=1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:21350;branch=z9hG4bKabc;foo=bar
Max-Forwards: 70
From: "alice" <sip:a@x>;tag=1
To: <sip:b@x>
Call-ID: c
CSeq: 1 INVITE
User-Agent: foo
X-Two: a
X-Two: b
Privacy: id;critical
${type}Content-Length: ${content.replaceAll('\n', '\r\n').length}

${content}`;

const re = (source: string): Regex => compileRegex(source, { ignoreCase: true, newline: true });
/** `/match/replacement/` with \1 in the replacement. */
const s = (source: string, replacement: string, global = false) => ({
  regex: re(source),
  replacement: (m: RegexMatch) => replacement.replaceAll(/\\(\d)/g, (_, n: string) => m.groups[Number(n)] ?? ''),
  global,
});
const cell = () => {
  const ref = {
    name: '$x',
    value: null as unknown,
    get: () => null,
    set: (_: unknown, v: unknown) => void (ref.value = v),
  };
  return ref;
};

type Name = keyof typeof textops.functions;
/** One run, so that several calls work on the same draft. */
function start(msg: SipMessage = message(invite())) {
  const run = fakeRun(msg, 'request', 0);
  const me = fakeSelf({}, run, textops.state!(undefined as never, {}));
  const call = (name: Name, ...args: readonly unknown[]): Verdict => {
    const fn = textops.functions[name].run as unknown as (
      me: unknown,
      ctx: RouteContext,
      ...args: readonly unknown[]
    ) => Verdict;
    return fn(me, run.ctx, ...args);
  };
  const out = { socket: fakeSocket(), proto: 'udp', hop: null, branchParam: 'z' } as const;
  const sent = () => buildRequest(msg, run.ctx.draft, out, { noVia: true, keepVia: true });
  return { run, call, sent };
}

describe('verdicts', () => {
  const rows: [Name, readonly unknown[], Verdict][] = [
    ['search', [re('User-A')], 1],
    ['search', [re('nosuch')], -1],
    ['search_body', [re('a=s')], 1],
    ['search_body', [re('INVITE')], -1],
    ['search_hf', ['From', re('alice'), 'a'], 1],
    ['search_hf', ['X-Two', re('b'), 'f'], -1],
    ['search_hf', ['X-Two', re('b'), 'l'], 1],
    ['search_str', ['bob', '^b'], 1],
    ['search_str', ['', 'x'], -2],
    ['replace_hdrs', [re('X-Two'), 'X-Tri'], 1],
    ['replace_body_all', [re('a'), 'b'], 1],
    ['replace_all', [re('zzz'), 'b'], -1],
    ['replace_str', ['zzz', 'b', 'a'], 1],
    ['replace_body_str', ['a=', 'b=', 'a'], 1],
    ['is_present_hf', ['f'], 1],
    ['is_present_hf', ['X-None'], -1],
    ['is_present_hf_re', [re('^X-')], 1],
    ['is_present_hf_pv', ['x-two'], 1],
    ['is_present_hf_re_pv', ['^Y-'], -1],
    ['remove_hf', ['X-None'], -1],
    ['remove_hf_idx', ['X-Two', 5], 2],
    ['remove_hf_idx', ['X-Two', -5], 1],
    ['remove_hf_idx', ['X-Two', -1], 1],
    ['remove_hf_re', [re('^Nope')], -1],
    ['remove_hf_exp', [re('^X-'), re('X-Two')], -1],
    ['remove_hf_match', ['X-Two', 'eq', 'b'], 1],
    ['remove_hf_match', ['X-Two', 'in', 'q'], -2],
    ['remove_hf_match', ['X-Two', 'zz', 'q'], -1],
    ['has_body', [undefined], 1],
    ['has_body', ['application/sdp'], 1],
    ['has_body', ['text/plain'], -1],
    ['is_method', ['INVITE|ACK'], 1],
    ['is_method', ['BYE'], -1],
    ['is_method', ['FOO'], -1],
    ['is_privacy', ['id'], 1],
    ['is_privacy', ['user'], -1],
    ['in_list', ['b', 'a, b ,c', ','], 1],
    ['in_list', ['d', 'a,b', ','], -1],
    ['in_list_prefix', ['0049', '1,00', ','], 1],
    ['in_list_prefix', ['0049', '1,9', ','], -1],
    ['cmp_str', ['a', 'b'], -2],
    ['cmp_str', ['b', 'a'], -1],
    ['cmp_str', ['a', 'a'], 1],
    ['cmp_istr', ['A', 'a'], 1],
    ['starts_with', ['abc', 'ab'], 1],
    ['starts_with', ['abc', 'ac'], -2],
    ['starts_with', ['abc', 'aa'], -1],
    ['starts_with', ['a', 'ab'], -1],
    ['ends_with', ['abc', 'bc'], 1],
    ['ends_with', ['abc', 'cc'], -2],
    ['str_find', ['abc', 'b'], 2],
    ['str_find', ['abc', 'x'], -1],
    ['str_ifind', ['abc', 'B'], 2],
    ['is_audio_on_hold', [], -1],
    ['set_body', ['x', ''], -1],
    ['filter_body', ['text/plain'], -1],
    ['subst', [s('nosuch', 'x')], -1],
    ['subst_body', [s('nosuch', 'x')], -1],
    ['subst_hf', ['X-Two', s('b', 'c'), 'a'], 1],
    ['subst_hf', ['X-Two', s('q', 'c'), 'a'], -1],
    ['subst_user', [s('zz', 'c')], -1],
    ['append_to_reply', [''], -1],
    ['append_hf', ['', undefined], -1],
    ['regex_substring', ['sip:bob@h', 'nosuch', 1, 2, cell()], -2],
    ['regex_substring', ['sip:bob@h', 'sip:', 1, 2, cell()], -1],
    ['get_body_part', ['text/plain', cell()], 1],
    ['remove_body_part', ['text/plain'], -1],
    ['search_append', [re('User-A'), 'Z'], 1],
    ['search_append_body', [re('zzz'), 'Z'], -1],
    ['append_time_to_request', [], 1],
  ];
  test.each(rows)('%s(%j) = %d', (name, args, verdict) => expect(start().call(name, ...args)).toBe(verdict));

  test('is_method() of a method without a bit of its own', () => {
    const foo = start(message(invite().replace('INVITE sip', 'Foo sip').replace('1 INVITE', '1 Foo')));
    expect([foo.call('is_method', 'FOO'), foo.call('is_method', 'INVITE'), foo.call('is_method', 'BAR')]).toEqual([
      1, -1, -1,
    ]);
  });
  test.each([
    ['o=x\nc=IN IP4 1.1.1.1\nm=audio 1 a 0\na=sendonly\n', 2],
    ['o=x\nc=IN IP4 1.1.1.1\na=inactive\nm=audio 1 a 0\n', 2],
    ['o=x\nc=IN IP4 0.0.0.0\nm=audio 1 a 0\n', 1],
    ['o=x\nc=IN IP4 1.1.1.1\nm=audio 1 a 0\nm=video 2 a 0\na=sendonly\n', -1],
  ])('is_audio_on_hold() of %j', (sdp, verdict) =>
    expect(start(message(invite(sdp))).call('is_audio_on_hold')).toBe(verdict),
  );
});

describe('what is sent', () => {
  const rows: [title: string, script: (call: ReturnType<typeof start>['call']) => void, from: string, to: string][] = [
    ['append_hf', (c) => c('append_hf', 'P: 1\r\n'), 'Content-Length: 38\n', 'Content-Length: 38\nP: 1\n'],
    ['append_hf after', (c) => c('append_hf', 'P: 1\r\n', 'X-Two'), 'X-Two: b\n', 'X-Two: b\nP: 1\n'],
    ['insert_hf', (c) => c('insert_hf', 'P: 1\r\n'), 'Via:', 'P: 1\nVia:'],
    ['insert_hf before', (c) => c('insert_hf', 'P: 1\r\n', 'X-Two'), 'X-Two: a', 'P: 1\nX-Two: a'],
    [
      'append_urihf',
      (c) => c('append_urihf', 'U: <', '>\r\n'),
      'Length: 38\n',
      'Length: 38\nU: <sip:bob@example.com;x=1>\n',
    ],
    ['remove_hf', (c) => c('remove_hf', 'x-two'), 'X-Two: a\nX-Two: b\n', ''],
    ['remove_hf_idx', (c) => c('remove_hf_idx', 'X-Two', 0), 'X-Two: a\n', ''],
    ['remove_hf_re', (c) => c('remove_hf_re', re('^user')), 'User-Agent: foo\n', ''],
    ['remove_hf_match', (c) => c('remove_hf_match', 'X-Two', 'ne', 'a'), 'X-Two: b\n', ''],
    ['replace', (c) => c('replace', re('foo'), 'foobar'), ';foo=bar', ';foobar=bar'],
    ['replace_hdrs', (c) => c('replace_hdrs', re('fo+'), 'bar'), ';foo=bar', ';bar=bar'],
    ['subst', (c) => c('subst', s('^X-Two: (a)', 'X-Two: \\1\\1')), 'X-Two: a\n', 'X-Two: aa\n'],
    ['subst_hf', (c) => c('subst_hf', 'User-Agent', s('f', 'g', true), 'a'), 'Agent: foo', 'Agent: goo'],
    [
      'replace_body',
      (c) => c('replace_body', re('sendonly'), 'x'),
      'Length: 38\n\nv=0\nm=audio 1 RTP/AVP 0\na=sendonly',
      'Length: 31\n\nv=0\nm=audio 1 RTP/AVP 0\na=x',
    ],
    ['search_append', (c) => c('search_append', re('Agent: foo'), '/1'), 'Agent: foo', 'Agent: foo/1'],
    [
      'append_time_to_request',
      (c) => c('append_time_to_request'),
      'Max-Forwards',
      'Date: Thu, 01 Jan 1970 00:00:00 GMT\nMax-Forwards',
    ],
    [
      'set_body same type',
      (c) => c('set_body', 'hello', 'application/sdp'),
      `Length: 38\n\n${body}`,
      'Length: 5\n\nhello',
    ],
    [
      'set_body other type',
      (c) => c('set_body', 'hello', 'text/plain'),
      `Content-Type: application/sdp\nContent-Length: 38\n\n${body}`,
      'Content-Length: 5\nContent-Type: text/plain\n\nhello',
    ],
  ];
  test.each(rows)('%s', (_, script, from, to) => {
    const run = start();
    script(run.call);
    const text = invite();
    expect(text).toContain(from);
    expect(run.sent()).toBe(text.replace(from, to).replaceAll('\n', '\r\n'));
  });
  test('edits are not seen by what follows', () => {
    const { call } = start();
    call('remove_hf', 'User-Agent');
    expect([call('is_present_hf', 'User-Agent'), call('search', re('User-Agent'))]).toEqual([1, 1]);
  });
});

test('set_body without a Content-Length puts it before Content-Type', () => {
  const run = start(
    message(
      'MESSAGE sip:b SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:a@x>\nTo: <sip:b@x>\nCall-ID: c\nCSeq: 1 MESSAGE\n\n',
    ),
  );
  run.call('set_body', 'hello', 'text/plain');
  expect(run.sent().split('\r\n').slice(-4)).toEqual(['Content-Type: text/plain', 'Content-Length: 5', '', 'hello']);
});

test('the Request-URI is substituted in the draft', () => {
  const { run, call } = start();
  expect(call('subst_uri', s('bob', 'alice'))).toBe(1);
  expect(run.ctx.draft.uri).toBe('sip:alice@example.com;x=1');
  expect(call('subst_user', s('^(.)', '\\1\\1'))).toBe(1);
  expect(run.ctx.draft.uri).toBe('sip:aalice@example.com;x=1');
});

test('lines and body for our own responses', () => {
  const { run, call } = start();
  call('append_to_reply', 'P: 1\r\n');
  call('append_time');
  call('set_reply_body', 'b', 'text/plain');
  expect(run.ctx.draft.replyPieces).toEqual([
    { kind: 'header', text: 'P: 1\r\n' },
    { kind: 'header', text: 'Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n' },
    { kind: 'header', text: 'Content-Type: text/plain\r\n' },
    { kind: 'body', text: 'b' },
  ]);
});

describe('multipart', () => {
  const parts = '--B\nContent-Type: text/plain\n\nhi\n--B\nContent-Type: application/sdp\nX: 1\n\nv=0\n--B--\n';
  const multi = () => start(message(invite(parts, 'Content-Type: multipart/mixed;boundary="B"\n')));
  const crlf = (text: string) => text.replaceAll('\n', '\r\n');
  test('a part is stored', () => {
    const { call } = multi();
    const x = cell();
    expect([call('get_body_part', 'application/sdp', x), x.value]).toEqual([1, crlf('X: 1\n\nv=0\n')]);
    expect([call('get_body_part_raw', 'text/plain', x), x.value]).toEqual([
      1,
      crlf('Content-Type: text/plain\n\nhi\n--B\n'),
    ]);
    expect(call('get_body_part', 'text/html', x)).toBe(-1);
  });
  test('a part is removed, or alone is left', () => {
    const removed = multi();
    expect(removed.call('remove_body_part', 'text/plain')).toBe(1);
    expect(removed.sent().endsWith(crlf('\n\n--B\nContent-Type: application/sdp\nX: 1\n\nv=0\n--B--\n'))).toBe(true);
    const filtered = multi();
    expect(filtered.call('filter_body', 'text/plain')).toBe(1);
    expect(filtered.sent().endsWith('\r\nContent-Length: 2\r\n\r\nhi')).toBe(true);
  });
});

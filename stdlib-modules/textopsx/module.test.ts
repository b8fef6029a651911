import { describe, expect, test } from 'vitest';
import { applyEdits, type SipMessage } from '../../runtime/message/index.js';
import { fakeSocket, message } from '../../runtime/message/testing.js';
import { compileRegex, fnmatch, type RouteContext, type Verdict } from '../../runtime/sdk/index.js';
import { fakeRun, fakeSelf } from '../../test/support/fake-run.js';
import textopsx from './module.js';

const head =
  'Via: SIP/2.0/UDP 127.0.0.1;branch=z9\nFrom: <sip:a@b>;tag=1\nTo: <sip:b@c>\nCall-ID: i\nCSeq: 1 INVITE\nX-A: 1\nUser-Agent: u\n';
const request = () => message(`INVITE sip:b@c SIP/2.0\n${head}Content-Length: 10\n\nv=0\na=1\n`);
const response = (status = '180 Ringing') => message(`SIP/2.0 ${status}\n${head}\n`);
const out = { socket: fakeSocket(), proto: 'udp', hop: null, branchParam: '' } as const;

type Name = keyof typeof textopsx.functions;
function start(msg: SipMessage, kind: RouteContext['kind'] = 'request') {
  const run = fakeRun(msg, kind);
  const me = fakeSelf({}, run);
  const call = (name: Name, ...args: readonly unknown[]): Verdict => {
    const fn = textopsx.functions[name].run as unknown as (
      me: unknown,
      ctx: RouteContext,
      ...args: readonly unknown[]
    ) => Verdict;
    return fn(me, run.ctx, ...args);
  };
  const read = (pv: 'hfitname' | 'hfitbody' | 'blitval', key: string) =>
    textopsx.pvs[pv]!.get(me as never, run.ctx, key, undefined);
  return { ctx: run.ctx, call, read, text: () => applyEdits(run.ctx.msg.raw, run.ctx.draft.edits.entries, out) };
}

describe('msg_apply_changes', () => {
  test('edits and Request-URI become part of the message', () => {
    const { ctx, call } = start(request());
    ctx.draft.edits.insert(ctx.msg.headersEnd, 'P: 1\r\n');
    ctx.draft.uri = 'sip:new@c';
    ctx.draft.dstUri = 'sip:d';
    expect(call('msg_apply_changes')).toBe(1);
    expect([ctx.msg.headerValue('P'), ctx.msg.requestUri, ctx.draft.uri, ctx.draft.dstUri]).toEqual([
      '1',
      'sip:new@c',
      null,
      'sip:d',
    ]);
    expect(ctx.draft.edits.isEmpty).toBe(true);
  });
  test('refused after Record-Route and outside request_route', () => {
    const a = start(request());
    a.ctx.draft.recordRouted = true;
    expect(a.call('msg_apply_changes')).toBe(-1);
    expect(start(request(), 'failure').call('msg_apply_changes')).toBe(-1);
  });
  test('a result that is no message ends the script', () => {
    const { ctx, call } = start(request());
    ctx.draft.edits.remove(0, 20);
    expect(call('msg_apply_changes')).toBe(0);
  });
});

test('msg_set_buffer', () => {
  const { ctx, call } = start(request());
  expect(call('msg_set_buffer', request().raw.replace('INVITE', 'BYE'))).toBe(1);
  expect(ctx.msg.method).toBe('BYE');
  expect(call('msg_set_buffer', 'x')).toBe(0);
});

describe('change_reply_status', () => {
  const rows: [string, number, string, Verdict, string][] = [
    ['603 Decline', 404, 'Not Found', 1, 'SIP/2.0 404 Not Found'],
    ['180 Ringing', 183, 'Session Progress', 1, 'SIP/2.0 183 Session Progress'],
    ['180 Ringing', 200, 'OK', -1, 'SIP/2.0 180 Ringing'],
    ['200 OK', 404, 'No', -1, 'SIP/2.0 200 OK'],
    ['404 No', 200, 'OK', -1, 'SIP/2.0 404 No'],
    ['404 No', 700, 'X', -1, 'SIP/2.0 404 No'],
    ['404 No', 486, '', -1, 'SIP/2.0 404 No'],
  ];
  test.each(rows)('%s to %d %s', (from, code, reason, verdict, line) => {
    const run = start(response(from), 'tm_reply');
    run.ctx.draft.edits.insert(run.ctx.msg.headersEnd, 'P: 1\r\n');
    expect(run.call('change_reply_status', code, reason)).toBe(verdict);
    expect(run.text().split('\r\n')[0]).toBe(line);
    expect(run.text()).toContain('\r\nP: 1\r\n\r\n');
    expect(String(run.ctx.msg.status)).toBe(line.slice(8, 11));
  });
  test('the code alone', () => {
    const run = start(response('603 Decline'), 'tm_reply');
    expect([run.call('change_reply_status_code', 404), run.text().split('\r\n')[0]]).toEqual([
      1,
      'SIP/2.0 404 Decline',
    ]);
  });
});

test('remove_body and keep_hf', () => {
  const run = start(request());
  expect(run.call('remove_body')).toBe(1);
  expect(run.call('keep_hf', compileRegex('^x-'))).toBe(-1);
  expect(run.text()).toBe(request().raw.replace('X-A: 1\r\nUser-Agent: u\r\n', '').replace('v=0\r\na=1\r\n', ''));
  const kept = start(request());
  kept.call('keep_hf', compileRegex('^x-', { ignoreCase: true }));
  expect(kept.text()).toBe(request().raw.replace('User-Agent: u\r\n', ''));
});

describe('fnmatch', () => {
  const rows: [string, string, boolean][] = [
    ['abc', 'a*', true],
    ['abc', 'b*', false],
    ['abc', 'a?c', true],
    ['ABC', 'a?c', false],
    ['a]', 'a[]x]', true],
    ['a5', 'a[0-9]', true],
    ['ab', 'a[!0-9]', true],
    ['a*', 'a\\*', true],
    ['ab', 'a\\*', false],
    ['', '*', true],
    ['aXbXc', 'a*b*c', true],
    ['a[', 'a[', true],
  ];
  test.each(rows)('%s %s', (text, pattern, expected) => expect(fnmatch(pattern, text)).toBe(expected));
});

describe('iterators', () => {
  test('over header fields', () => {
    const { call, read, text } = start(request());
    expect([call('hf_iterator_next', 'i'), call('hf_iterator_start', 'i')]).toEqual([-1, 1]);
    const names: unknown[] = [];
    while (call('hf_iterator_next', 'i') > 0) {
      names.push(read('hfitname', 'i'));
      if (read('hfitname', 'i') === 'X-A') {
        call('hf_iterator_insert', 'i', 'B: 1\r\n');
        call('hf_iterator_append', 'i', 'C: 1\r\n');
        call('hf_iterator_rm', 'i');
        expect(read('hfitbody', 'i')).toBe('1');
      }
    }
    expect(names).toEqual(['Via', 'From', 'To', 'Call-ID', 'CSeq', 'X-A', 'User-Agent', 'Content-Length']);
    expect(text()).toContain('CSeq: 1 INVITE\r\nB: 1\r\nC: 1\r\nUser-Agent');
    expect([call('hf_iterator_prev', 'i'), read('hfitname', 'i')]).toEqual([-1, null]);
    expect([call('hf_iterator_end', 'i'), call('hf_iterator_end', 'none')]).toEqual([1, -1]);
    expect([call('hf_iterator_next', 'i'), read('hfitname', 'i')]).toEqual([1, 'Via']);
  });
  test('over body lines', () => {
    const { call, read, text } = start(request());
    call('bl_iterator_start', 'b');
    call('bl_iterator_next', 'b');
    expect(read('blitval', 'b')).toBe('v=0\r\n');
    call('bl_iterator_append', 'b', 'b=1\r\n');
    call('bl_iterator_next', 'b');
    call('bl_iterator_rm', 'b');
    expect([call('bl_iterator_next', 'b'), read('blitval', 'b')]).toEqual([-1, null]);
    expect(text().endsWith('\r\n\r\nv=0\r\nb=1\r\n')).toBe(true);
    expect(call('bl_iterator_end', 'b')).toBe(1);
  });
  test('at most four at once', () => {
    const { call } = start(request());
    expect(['a', 'b', 'c', 'd', 'e'].map((n) => call('hf_iterator_start', n))).toEqual([1, 1, 1, 1, -1]);
  });
});

import { describe, expect, test } from 'vitest';
import { equalsIgnoreCase, lowerAscii, parseUint } from './chars.js';
import { defaultGrammar } from './grammar.js';
import { HeaderId, headerId } from './headers.js';
import { ParseFailure, parseMessage, type SipMessage } from './message.js';
import { Method, methodId, parseMethodList } from './methods.js';
import { parseNameAddr, parseNameAddrList } from './name-addr.js';
import { parseParams } from './params.js';
import { tagPrefix, tagSuffix } from './tags.js';
import { fakeReceived, message } from './testing.js';
import { parseUri, type SipUri, sameUri } from './uri.js';
import { parseVia, parseViaList } from './via.js';

describe('methods', () => {
  const rows: [string, number][] = [
    ['INVITE', Method.INVITE],
    ['invite', Method.INVITE],
    ['ACK', 4],
    ['SUBSCRIBE', 64],
    ['PRACK', 1024],
    ['REFER', 4096],
    ['DELETE', 262144],
    ['FOO', Method.OTHER],
    ['INVIT@', Method.OTHER],
    ['', Method.UNDEF],
  ];
  test.each(rows)('%s', (name, id) => expect(methodId(name)).toBe(id));
  test('lists', () => {
    expect(parseMethodList('INVITE|ACK')).toEqual({ mask: 5, others: [] });
    expect(parseMethodList('INVITE|FOO')).toEqual({ mask: 1, others: ['FOO'] });
    expect(parseMethodList('INVITE||BYE')).toBeNull();
  });
});

describe('header names', () => {
  const rows: [string, HeaderId][] = [
    ['Via', HeaderId.Via],
    ['v', HeaderId.Via],
    ['CALL-ID', HeaderId.CallId],
    ['call-id', HeaderId.CallId],
    ['i', HeaderId.CallId],
    ['Contact', HeaderId.Contact],
    ['m', HeaderId.Contact],
    ['Record-Route', HeaderId.RecordRoute],
    ['P-Asserted-Identity', HeaderId.PAssertedIdentity],
    ['P-Preferred-Identity', HeaderId.PPreferredIdentity],
    ['Proxy-Authorization', HeaderId.ProxyAuthorization],
    ['Referred-By', HeaderId.ReferredBy],
    ['Retry-After', HeaderId.RetryAfter],
    ['x', HeaderId.SessionExpires],
    ['X-Foo', HeaderId.Other],
    ['Vias', HeaderId.Other],
  ];
  test.each(rows)('%s', (name, id) => expect(headerId(name)).toBe(id));
});

describe('URIs', () => {
  type Row = [string, null | Partial<SipUri>];
  const rows: Row[] = [
    ['sip:a@b', { scheme: 'sip', user: 'a', password: null, host: 'b', port: 0, params: '', headers: '' }],
    ['SIP:h.example:5070', { scheme: 'sip', user: null, host: 'h.example', port: 5070 }],
    [
      'sips:a:pw@[::1]:5061;transport=tcp?x=y',
      { scheme: 'sips', password: 'pw', host: '[::1]', port: 5061, params: 'transport=tcp', headers: 'x=y' },
    ],
    ['sip:a;b=c?d@h;lr', { user: 'a;b=c?d', host: 'h', params: 'lr' }],
    ['sip:h?x=y', { host: 'h', headers: 'x=y', params: '' }],
    ['tel:+1-201-555;phone-context=x', { scheme: 'tel', user: '+1-201-555', host: '', params: 'phone-context=x' }],
    ['urn:service:sos', { scheme: 'urn', user: 'service', host: 'sos' }],
    ['sip:a@b:;lr;', { host: 'b', port: 0, params: 'lr' }],
    ['sip:a_b', { user: null, host: 'a_b' }],
    ['sip:[::g]', { host: '[::g]' }],
    ['sip:', null],
    ['sip:@h', null],
    ['sip:a@', null],
    ['sip:a@b@c', null],
    ['sip:h:99999', null],
    ['sip:[::1', null],
    ['sip:a@h_b', null],
    ['sip:a:b:c@h', null],
    ['sip:a:5060;b@h', null],
    ['sip:a[b@h', null],
    ['sip:a@h?x;y', null],
    ['sip:a@h/x', null],
    ['http://x', null],
    [
      'sips:12;a=b@h;user=phone',
      { scheme: 'sips', user: '12', userParams: 'a=b', params: 'user=phone', isNumber: true },
    ],
    ['sip:12;a=b@h;user=phones', { user: '12;a=b', isNumber: false }],
    ['sip:;a=b@h;user=phone', null],
    ['nosuch:a@b', null],
  ];
  test.each(rows)('%s', (text, expected) => {
    const uri = parseUri(text, defaultGrammar);
    if (expected === null) expect(uri).toBeNull();
    else expect(uri).toMatchObject(expected);
  });
  test('parameters', () => {
    const uri = parseUri('sip:a@b;Transport=TCP;lr;maddr=1.2.3.4', defaultGrammar)!;
    expect([uri.param('transport'), uri.param('lr'), uri.param('x'), uri.transport]).toEqual(['TCP', '', null, 'tcp']);
  });
  // The examples of RFC 3261 §19.1.4.
  const same: [string, string, boolean][] = [
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp', true],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5', true],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
      true,
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
      true,
    ],
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP', false],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060', false],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp', false],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting', false],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off', false],
  ];
  test.each(same)('%s = %s: %s', (a, b, expected) => {
    expect(sameUri(parseUri(a, defaultGrammar)!, parseUri(b, defaultGrammar)!)).toBe(expected);
    expect(sameUri(parseUri(b, defaultGrammar)!, parseUri(a, defaultGrammar)!)).toBe(expected);
  });
});

describe('name-addr', () => {
  const rows: [string, null | { display?: string; uriText?: string; tag?: string | null }][] = [
    ['<sip:a@b>;tag=x', { display: '', uriText: 'sip:a@b', tag: 'x' }],
    ['"A \\" <B>" <sip:a@b;lr>;q=0.5;tag="y"', { display: '"A \\" <B>"', uriText: 'sip:a@b;lr', tag: 'y' }],
    ['Alice Smith <sip:a@b>', { display: 'Alice Smith', uriText: 'sip:a@b', tag: null }],
    ['sip:a@b;tag=z', { uriText: 'sip:a@b', tag: 'z' }],
    ['<sip:a@b> ; tag = t ', { tag: 't' }],
    ['"open <sip:a@b>', null],
    ['<sip:a@b', null],
    ['', null],
    ['<>', null],
    ['<sip:a@b> x', null],
  ];
  test.each(rows)('%s', (text, expected) => {
    const addr = parseNameAddr(text, defaultGrammar);
    if (expected === null) expect(addr).toBeNull();
    else expect(addr).toMatchObject(expected);
  });
  test('lists know where each value is', () => {
    const text = '<sip:a;lr>, "x,y" <sip:b>;q=1 ,sip:c;p';
    const list = parseNameAddrList(text, defaultGrammar)!;
    expect(list.map((a) => text.slice(a.start, a.end))).toEqual(['<sip:a;lr>', '"x,y" <sip:b>;q=1', 'sip:c;p']);
    expect(parseNameAddrList('<sip:a> <sip:b>', defaultGrammar)).toBeNull();
  });
  test('the tag span is its value', () => {
    const addr = parseNameAddr('<sip:a@b>;x=1;tag=abc;y', defaultGrammar)!;
    const span = addr.tagSpan!;
    expect('<sip:a@b>;x=1;tag=abc;y'.slice(span.start, span.end)).toBe('abc');
  });
});

test('parameters keep their place', () => {
  const text = 'a=1 ; b ;c="x;y";d=';
  const { params } = parseParams(text)!;
  expect(params.map((p) => [p.name, p.value, text.slice(p.start, p.end)])).toEqual([
    ['a', '1', 'a=1'],
    ['b', null, 'b'],
    ['c', 'x;y', 'c="x;y"'],
    ['d', '', 'd='],
  ]);
  expect(parseParams('a="open')).toBeNull();
});

describe('Via', () => {
  const rows: [string, null | Record<string, unknown>][] = [
    ['SIP/2.0/UDP h:5060;branch=z9', { transport: 'UDP', host: 'h', port: 5060, branch: 'z9', proto: 'udp' }],
    ['SIP / 2.0 / TCP   [::1] : 70 ; rport', { transport: 'TCP', host: '[::1]', port: 70, rport: '', proto: 'tcp' }],
    ['SIP/2.0/UDP h (comment)', { host: 'h', port: 0 }],
    ['SIP/2.0/UDP h (comment);x=y', null],
    ['SIP/2.0/UDP h;;x', null],
    ['SIP/2.0/UDP h;branch=', null],
    ['SIP/2.0/UDP h;x y', null],
    ['SIP/2.0/FOO h', { transport: 'FOO', proto: null }],
    ['SIP/1.0/UDP h', null],
    ['SIP/2.0/UDP', null],
    ['SIP/2.0/UDP h:', null],
    ['SIP/2.0/UDP h:70000', null],
    ['SIP/2.0/UDP h x', null],
  ];
  test.each(rows)('%s', (text, expected) => {
    const via = parseVia(text);
    if (expected === null) expect(via).toBeNull();
    else expect(via).toMatchObject(expected);
  });
  test('several in one field', () => {
    expect(parseViaList('SIP/2.0/UDP a;x=1 , SIP/2.0/TCP b')!.map((v) => v.host)).toEqual(['a', 'b']);
  });
});

const text = `INVITE sip:b@x SIP/2.0
v: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1
Via: SIP/2.0/TCP 10.0.0.1, SIP/2.0/UDP 10.0.0.2
f: "A" <sip:a@x>;tag=1
To: <sip:b@x>
Call-ID:  abc@d${' '}
CSeq: 7 INVITE
X-Fold: one
\ttwo
  three
m: <sip:a@1>;q=1, <sip:a@2>
Contact: <sip:a@3>
Route: <sip:r1;lr>,<sip:r2>
X-Fold: again

body
line`;

describe('a message', () => {
  const msg: SipMessage = message(text);
  test('start line', () => {
    expect([msg.method, msg.methodId, msg.requestUri, msg.version, msg.isRequest]).toEqual([
      'INVITE',
      1,
      'sip:b@x',
      'SIP/2.0',
      true,
    ]);
  });
  test('header fields', () => {
    expect(msg.headers).toHaveLength(11);
    expect(msg.callId).toBe('abc@d');
    expect(msg.header('x-fold')!.value).toBe('one\r\n\ttwo\r\n  three');
    expect(msg.header('X-FOLD', -1)!.value).toBe('again');
    expect(msg.header(HeaderId.Contact, 1)!.value).toBe('<sip:a@3>');
    for (const h of msg.headers) expect(msg.raw.slice(h.end - 2, h.end)).toBe('\r\n');
  });
  test('parsed fields', () => {
    expect(msg.vias().map((v) => v.host)).toEqual(['127.0.0.1', '10.0.0.1', '10.0.0.2']);
    expect(msg.from!.tag).toBe('1');
    expect(msg.to!.tag).toBeNull();
    expect(msg.cseq).toMatchObject({ number: 7, method: 'INVITE' });
    expect((msg.contacts() as readonly { uriText: string }[]).map((c) => c.uriText)).toEqual([
      'sip:a@1',
      'sip:a@2',
      'sip:a@3',
    ]);
    expect(msg.routes().map((r) => r.addr.uri!.param('lr'))).toEqual(['', null]);
    expect([msg.maxForwards, msg.contentLength]).toEqual([null, null]);
  });
  test('body', () => expect(msg.body).toBe('body\r\nline'));
  test('a response takes its method from CSeq', () => {
    const m = message(
      'SIP/2.0 180 Ringing now\nVia: SIP/2.0/UDP h\nFrom: <sip:a>\nTo: <sip:b>\nCall-ID: i\nCSeq: 3 BYE\n\n',
    );
    expect([m.isRequest, m.status, m.reason, m.method, m.methodId]).toEqual([false, 180, 'Ringing now', 'BYE', 8]);
  });
});

describe('what is dropped before any route', () => {
  const rows: [string, string, string][] = [
    ['nothing', 'x', 'message too short'],
    ['no line end', 'INVITE sip:b@x SIP/2.0 ', 'no line end after the start line'],
    ['no Via', text.replace('v:', 'w:').replace('Via:', 'X:'), 'no good Via'],
    ['bad Via', text.replace('SIP/2.0/UDP 127', 'SIP/2.0 127'), 'no good Via'],
    ['version', text.replace('SIP/2.0\n', 'SIP/7.0\n'), 'not SIP/2.0'],
    ['From', text.replace('f:', 'X:'), 'no From'],
    ['CSeq', text.replace('7 INVITE', '7'), 'no good CSeq'],
    ['To', text.replace('To: <', 'To: "<'), 'no good To'],
    ['four parts', text.replace('SIP/2.0\n', 'SIP/2.0 x\n'), 'more than three parts in the request line'],
    ['response without Call-ID', 'SIP/2.0 180 Ringing\nVia: SIP/2.0/UDP h\n\n', 'no Call-ID'],
    ['status', 'SIP/2.0 18 Ringing\nVia: SIP/2.0/UDP h\n\n', 'status code is not three digits'],
  ];
  test.each(rows)('%s', (_, t, reason) => {
    const got = parseMessage(t.replaceAll('\n', '\r\n'), fakeReceived(), defaultGrammar);
    expect(got).toBeInstanceOf(ParseFailure);
    expect((got as ParseFailure).reason).toBe(reason);
  });
  test('a malformed line later only ends the header fields', () => {
    const m = message(text.replace('X-Fold: again', 'no colon here'));
    expect([m.complete, m.headers.length, m.body]).toEqual([false, 10, '']);
  });
});

test('tags are the same for a retransmission and Kamailio’s', () => {
  const m = message(
    'INVITE sip:bob@example.com SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1:21350;branch=z9hG4bKabc;foo=bar\nFrom: <sip:a@x>;tag=1\nTo: <sip:b@x>\nCall-ID: cwarn\nCSeq: 1 INVITE\n\n',
  );
  expect(tagPrefix('KAMAILIO-stateless', '127.0.0.1', 21300, '.') + tagSuffix(m)).toBe(
    '8b5532ca68621379c795d53268ed26e1.2f16a627',
  );
});

test('letters beyond ASCII do not fold', () => {
  expect(lowerAscii('ABC\xc4Z')).toBe('abc\xc4z');
  expect(equalsIgnoreCase('\xc4', '\xe4')).toBe(false);
  expect(equalsIgnoreCase('a@', 'A`')).toBe(false);
  expect([parseUint('12'), parseUint('1x'), parseUint('')]).toEqual([12, -1, -1]);
});

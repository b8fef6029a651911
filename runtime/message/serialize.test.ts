import { describe, expect, test } from 'vitest';
import { Draft } from './draft.js';
import type { Outgoing } from './edit.js';
import { HeaderId } from './headers.js';
import type { SipMessage } from './message.js';
import { applyChanges, buildForwardedResponse, buildRequest, buildResponse, buildWarning } from './serialize.js';
import { fakeReceived, fakeSocket, message } from './testing.js';

// Expected texts are what Kamailio 5.6.3 sent for the same packet and the same script.

const socket = fakeSocket('udp', '127.0.0.1', 21300);
const received = fakeReceived({ socket, src: { ip: '127.0.0.1', port: 21350 } });
const out: Outgoing = { socket, proto: 'udp', hop: null, branchParam: 'z9hG4bKnew.0' };
const tcpOut: Outgoing = { ...out, socket: fakeSocket('tcp', '127.0.0.1', 21300), proto: 'tcp' };
const target = 'sip:b@127.0.0.1:21360';

const invite = (
  o: { via?: string; more?: string; body?: string; length?: string } = {},
) => `INVITE sip:bob@example.com SIP/2.0
${o.via ?? 'Via: SIP/2.0/UDP 127.0.0.1:21350;branch=z9hG4bKabc;foo=bar'}
Max-Forwards: 70
From: <sip:a@x>;tag=1
To: <sip:b@x>
Call-ID: c
CSeq: 1 INVITE
User-Agent: foo
${o.more ?? ''}${o.length ?? `Content-Length: ${(o.body ?? '').length}`}

${o.body ?? ''}`;

const append = (m: SipMessage, d: Draft, text: string) => d.edits.insert(m.headersEnd, `${text}\r\n`);
const insert = (m: SipMessage, d: Draft, text: string) => d.edits.insert(m.headers[0]!.start, `${text}\r\n`);
const remove = (m: SipMessage, d: Draft, name: string) => {
  for (const h of m.headersOf(name)) d.edits.remove(h.start, h.end);
};

function lines(text: string): string[] {
  return text.split('\r\n');
}
const topVia = 'Via: SIP/2.0/UDP 127.0.0.1:21300;branch=z9hG4bKnew.0';
const rest = ['From: <sip:a@x>;tag=1', 'To: <sip:b@x>', 'Call-ID: c', 'CSeq: 1 INVITE'];

function build(text: string, script: (m: SipMessage, d: Draft) => void = () => {}, to = out): string[] {
  const m = message(text, received);
  const d = new Draft();
  d.uri = target;
  script(m, d);
  return lines(buildRequest(m, d, to));
}

test('a forwarded request is the received one with our Via on top', () => {
  expect(build(invite())).toEqual([
    `INVITE ${target} SIP/2.0`,
    topVia,
    'Via: SIP/2.0/UDP 127.0.0.1:21350;branch=z9hG4bKabc;foo=bar',
    'Max-Forwards: 70',
    ...rest,
    'User-Agent: foo',
    'Content-Length: 0',
    '',
    '',
  ]);
});

describe('received and rport in the topmost Via', () => {
  const rows: [via: string, force: boolean, expected: string][] = [
    ['127.0.0.1:21350;branch=b', false, '127.0.0.1:21350;branch=b'],
    ['127.0.0.1:21350;rport;branch=b', false, '127.0.0.1:21350;received=127.0.0.1;rport=21350;branch=b'],
    ['127.0.0.1:21350;branch=b;rport;x=y', false, '127.0.0.1:21350;received=127.0.0.1;branch=b;rport=21350;x=y'],
    [
      '127.0.0.1:21350;branch=b;rport=12;x=y;received=1.2.3.4;z',
      false,
      '127.0.0.1:21350;branch=b;rport=21350;x=y;received=127.0.0.1;z',
    ],
    ['10.0.0.1:21350;branch=b;x=y', false, '10.0.0.1:21350;received=127.0.0.1;branch=b;x=y'],
    ['host.example', false, 'host.example;received=127.0.0.1'],
    ['127.0.0.1:21350;branch=b', true, '127.0.0.1:21350;rport=21350;branch=b'],
    ['10.0.0.1:21350 ;branch=b;x=y', true, '10.0.0.1:21350 ;rport=21350;received=127.0.0.1;branch=b;x=y'],
    [
      '10.0.0.1:1 ;branch=b , SIP/2.0/TCP 1.1.1.1',
      false,
      '10.0.0.1:1 ;received=127.0.0.1;branch=b , SIP/2.0/TCP 1.1.1.1',
    ],
  ];
  test.each(rows)('%s force_rport=%s', (via, force, expected) => {
    const got = build(invite({ via: `Via: SIP/2.0/UDP ${via}` }), (_, d) => {
      d.forceRport = force;
    });
    expect(got[2]).toBe(`Via: SIP/2.0/UDP ${expected}`);
  });
});

test('IPv6: brackets in Via, none in received', () => {
  const v6 = fakeSocket('udp', '::1', 21300);
  const from6 = fakeReceived({ socket: v6, src: { ip: '::1', port: 21350 } });
  const send = (via: string) =>
    lines(
      buildRequest(message(invite({ via: `Via: SIP/2.0/UDP ${via}` }), from6), new Draft(), { ...out, socket: v6 }),
    );
  expect(send('[::1]:21350;branch=b;rport').slice(1, 3)).toEqual([
    'Via: SIP/2.0/UDP [::1]:21300;branch=z9hG4bKnew.0',
    'Via: SIP/2.0/UDP [::1]:21350;received=::1;branch=b;rport=21350',
  ]);
  expect(send('[::1]:21350;branch=b')[2]).toBe('Via: SIP/2.0/UDP [::1]:21350;branch=b');
  expect(send('[0:0:0:0:0:0:0:1]:1;branch=b')[2]).toBe('Via: SIP/2.0/UDP [0:0:0:0:0:0:0:1]:1;received=::1;branch=b');
});

test('edits and our Via keep the order in which the script wrote them', () => {
  const via = 'X-First: yes\nVia: SIP/2.0/UDP 127.0.0.1:21350;branch=z9hG4bKabc';
  const script = (m: SipMessage, d: Draft) => {
    d.edits.insert(
      m.headers[0]!.start,
      (o) => `Record-Route: <sip:${o.socket.host}${o.socket.portText};lr;ftag=1>\r\n`,
    );
    append(m, d, 'P-A: 1');
    insert(m, d, 'P-I: 1');
    insert(m, d, 'P-J: 1');
    append(m, d, 'P-B: 2');
    remove(m, d, 'User-Agent');
    remove(m, d, 'User-Agent');
    const callId = m.header(HeaderId.CallId)!;
    d.edits.insert(callId.end, 'P-C: 3\r\n');
    d.edits.insert(callId.start, 'P-D: 4\r\n');
    d.edits.insert(m.header(HeaderId.Via)!.start, 'P-E: 5\r\n');
  };
  expect(build(invite({ via }), script)).toEqual([
    `INVITE ${target} SIP/2.0`,
    'Record-Route: <sip:127.0.0.1:21300;lr;ftag=1>',
    'P-I: 1',
    'P-J: 1',
    'X-First: yes',
    'P-E: 5',
    topVia,
    'Via: SIP/2.0/UDP 127.0.0.1:21350;branch=z9hG4bKabc',
    'Max-Forwards: 70',
    'From: <sip:a@x>;tag=1',
    'To: <sip:b@x>',
    'P-D: 4',
    'Call-ID: c',
    'P-C: 3',
    'CSeq: 1 INVITE',
    'Content-Length: 0',
    'P-A: 1',
    'P-B: 2',
    '',
    '',
  ]);
});

describe('our Via', () => {
  test('advertised address without and with port', () => {
    expect(build(invite(), (_, d) => void (d.advertisedAddress = 'adv.example'))[1]).toBe(
      'Via: SIP/2.0/UDP adv.example:21300;branch=z9hG4bKnew.0',
    );
    const both = build(invite(), (_, d) => {
      d.advertisedAddress = 'adv.example';
      d.advertisedPort = '5099';
    });
    expect(both[1]).toBe('Via: SIP/2.0/UDP adv.example:5099;branch=z9hG4bKnew.0');
  });
  test('names the connection a request came in on, low digit first', () => {
    const tcp = fakeReceived({ socket: fakeSocket('tcp', '127.0.0.1', 21300), connectionId: 0x1a2 });
    const m = message(invite(), tcp);
    expect(lines(buildRequest(m, new Draft(), out))[1]).toBe(`${topVia};i=2a1`);
  });
  test('rport comes after it', () => {
    expect(build(invite(), (_, d) => void (d.addLocalRport = true))[1]).toBe(`${topVia};rport`);
  });
});

describe('Content-Length', () => {
  const setBody = (m: SipMessage, d: Draft) => void d.edits.replace(m.bodyStart, m.raw.length, 'hello');
  test('follows a changed body', () => {
    const got = build(invite({ body: 'abc' }), setBody);
    expect(got.slice(-3)).toEqual(['Content-Length: 5', '', 'hello']);
  });
  test('is not added on UDP', () => {
    expect(build(invite({ length: 'X-Last: y', body: 'abc' }), setBody).slice(-3)).toEqual(['X-Last: y', '', 'hello']);
  });
  test('is added on TCP, after the last header field', () => {
    const got = build(invite({ length: 'X-Last: y' }), undefined, tcpOut);
    expect(got.slice(-4)).toEqual(['X-Last: y', 'Content-Length: 0', '', '']);
  });
  test('is put right on TCP when it was wrong', () => {
    const got = build(invite({ length: 'Content-Length: 99', body: 'hello' }), undefined, tcpOut);
    expect(got.slice(-3)).toEqual(['Content-Length: 5', '', 'hello']);
  });
  test('stays as received on UDP', () => {
    const got = build(invite({ length: 'Content-Length: 99', body: 'hello' }));
    expect(got.slice(-3)).toEqual(['Content-Length: 99', '', 'hello']);
  });
});

test('the path vector goes before a Route field, else below our Via', () => {
  const path = (_: SipMessage, d: Draft) => void (d.path = '<sip:1.1.1.1;lr>');
  expect(build(invite(), path).slice(1, 3)).toEqual([topVia, 'Route: <sip:1.1.1.1;lr>']);
  const got = build(invite({ more: 'Route: <sip:2.2.2.2;lr>\n' }), path);
  expect(got.slice(-5, -3)).toEqual(['Route: <sip:1.1.1.1;lr>', 'Route: <sip:2.2.2.2;lr>']);
});

describe('a forwarded response loses the topmost Via value', () => {
  const own = 'SIP/2.0/UDP 127.0.0.1:21300;branch=z9hG4bKxx.1.0';
  const next = 'SIP/2.0/UDP 127.0.0.1:21350;branch=z9hG4bKabc';
  const tail = '\nFrom: <sip:a@x>;tag=1\nTo: <sip:b@x>;tag=2\nCall-ID: c\nCSeq: 1 INVITE\nContent-Length: 0\n\n';
  const rows: [name: string, vias: string, expected: string[]][] = [
    ['two fields', `Via: ${own}\nVia: ${next}`, [`Via: ${next}`]],
    ['one field', `Via: ${own}, ${next}`, [`Via: ${next}`]],
    ['spaces', `v: ${own}  ,  ${next},SIP/2.0/UDP 1.1.1.1`, [`v: ${next},SIP/2.0/UDP 1.1.1.1`]],
    ['not first', `X: 1\nVia: ${own}\nVia: ${next}`, ['X: 1', `Via: ${next}`]],
  ];
  test.each(rows)('%s', (_, vias, expected) => {
    const m = message(`SIP/2.0 180 Ringing\n${vias}${tail}`, received);
    const got = lines(buildForwardedResponse(m, new Draft(), out));
    expect(got.slice(1, 1 + expected.length)).toEqual(expected);
    expect(got[1 + expected.length]).toBe('From: <sip:a@x>;tag=1');
  });
});

describe('a response of our own', () => {
  const server = 'Server: kamailio (5.6.3 (x86_64/linux))';
  const respond = (via: string, status: number, reason: string, forceRport = false) => {
    const m = message(invite({ via, more: 'Record-Route: <sip:1.1.1.1;lr>\n' }), received);
    const d = new Draft();
    d.addReplyHeader('P-R: 1\r\n');
    d.forceRport = forceRport;
    return lines(buildResponse(m, d, status, reason, { toTag: 't.1', server }));
  };
  test('200', () => {
    expect(respond('Via: SIP/2.0/UDP 127.0.0.1:21350;branch=b;rport;x=y', 200, 'OK fine')).toEqual([
      'SIP/2.0 200 OK fine',
      'Via: SIP/2.0/UDP 127.0.0.1:21350;branch=b;rport=21350;x=y;received=127.0.0.1',
      'From: <sip:a@x>;tag=1',
      'To: <sip:b@x>;tag=t.1',
      'Call-ID: c',
      'CSeq: 1 INVITE',
      'Record-Route: <sip:1.1.1.1;lr>',
      'P-R: 1',
      server,
      'Content-Length: 0',
      '',
      '',
    ]);
  });
  test('404 with force_rport has no Record-Route', () => {
    const got = respond('Via: SIP/2.0/UDP 10.0.0.1:21350;branch=b;x=y\nVia: SIP/2.0/UDP 10.0.0.2', 404, 'Nope', true);
    expect(got.slice(1, 3)).toEqual([
      'Via: SIP/2.0/UDP 10.0.0.1:21350;branch=b;x=y;rport=21350;received=127.0.0.1',
      'Via: SIP/2.0/UDP 10.0.0.2',
    ]);
    expect(got).not.toContain('Record-Route: <sip:1.1.1.1;lr>');
  });
  test('received is appended even where there was one', () => {
    expect(respond('Via: SIP/2.0/UDP 127.0.0.1:21350;received=1.2.3.4;branch=b', 200, 'OK')[1]).toBe(
      'Via: SIP/2.0/UDP 127.0.0.1:21350;received=1.2.3.4;branch=b;received=127.0.0.1',
    );
  });
  test('a tag that is there is replaced', () => {
    const m = message(invite().replace('To: <sip:b@x>', 'To: "B" <sip:b@x> ;a=b;tag=old;c'), received);
    expect(lines(buildResponse(m, null, 200, 'OK', { toTag: 'new' }))[3]).toBe('To: "B" <sip:b@x> ;a=b;tag=new;c');
  });
  test('Warning stands after Content-Length', () => {
    const m = message(invite(), received);
    const d = new Draft();
    const warning = buildWarning(m, d, 15805);
    expect(lines(buildResponse(m, d, 484, 'Warn', { warning })).at(-3)).toBe(
      'Warning: 392 127.0.0.1:21300 "Noisy feedback tells:  pid=15805 req_src_ip=127.0.0.1 req_src_port=21350 in_uri=sip:bob@example.com out_uri=sip:bob@example.com via_cnt==1"',
    );
  });
});

test('applyChanges gives the message its edits and nothing else', () => {
  const m = message(invite({ body: 'abc' }), received);
  const d = new Draft();
  append(m, d, 'P-A: 1');
  d.edits.replace(m.bodyStart, m.raw.length, 'hello');
  const again = applyChanges(m, d)!;
  expect(again.headerValue('P-A')).toBe('1');
  expect(again.body).toBe('hello');
  expect(again.contentLength).toBe(5);
  expect(again.vias()).toHaveLength(1);
});

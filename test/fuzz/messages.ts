/**
 * Messages for the fuzzer, from a seed: a grammar of SIP (RFC 3261 §25) that takes the rare turns often, a corpus of what phones
 * send, and mutations of both. Bytes as one-byte text.
 */
import fc from 'fast-check';

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const text = (...parts: readonly (fc.Arbitrary<string> | string)[]): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((all) => all.join(''));
const maybe = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), part);
const some = (part: fc.Arbitrary<string>, max: number, between = ''): fc.Arbitrary<string> =>
  fc.array(part, { maxLength: max }).map((all) => all.join(between));

// The grammar ------------------------------------------------------------------------------------------------------------

const token = fc.stringMatching(/^[a-zA-Z0-9.!%*_+`'~-]{1,10}$/);
/** The first as a rule. */
const rarely = (usual: string, ...others: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 12 }, { arbitrary: pick(...others), weight: 1 });
const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const number = pick('0', '1', '5', '70', '255', '3600', '65535', '65536', '4294967295', '4294967296', '99999999999');
const blank = rarely('', ' ', '  ', '\t', '\r\n ', '\r\n\t');
const quoted = text(
  '"',
  fc.stringMatching(/^[a-zA-Z <>;,@=]{0,12}$/),
  maybe(pick('\\"', '\\\\', '\\a', '\xc3\xa9')),
  '"',
);
const host = pick(
  ...['127.0.0.1', '10.1.2.3', 'example.com', 'EXAMPLE.com', 'a.b.c.d.e', 'h', '[::1]', '[2001:db8::9:1]', '256.1.1.1'],
  ...['1.2.3', 'x-y.z', 'x_y', 'example.com.', '[::ffff:192.0.2.10]', '-'],
);
const port = maybe(text(':', pick('5060', '5061', '1', '0', '65535', '65536', '', '05060')));
const user = text(
  fc.stringMatching(/^[a-zA-Z0-9+._-]{0,10}$/),
  maybe(pick('%41', '%00', '%', '%zz', '%e2%82%ac', ';x=y', '/&=+$,?')),
  maybe(text(':', word)),
);
const param = text(
  ';',
  pick('lr', 'transport', 'user', 'method', 'ttl', 'maddr', 'ob', 'gr', 'tag', 'q', 'expires', 'x', 'LR', 'r2', 'ftag'),
  maybe(
    text(pick('=', '= ', ' ='), fc.oneof(token, quoted, pick('on', 'udp', 'TCP', 'sctp', 'phone', '0.5', '1.000', ''))),
  ),
);
const uri = fc.oneof(
  {
    arbitrary: text(
      pick('sip:', 'sip:', 'sips:', 'SIP:'),
      maybe(text(user, '@')),
      host,
      port,
      some(param, 3),
      maybe(text('?', word, '=', word, maybe(text('&', word, '=', word)))),
    ),
    weight: 8,
  },
  { arbitrary: text('tel:', pick('+1-201-555-0123', '7042;phone-context=example.com', '911', '+', '*#')), weight: 1 },
  {
    arbitrary: pick(
      'urn:service:sos',
      'http://x',
      'mailto:a@b',
      'sip:',
      'sip:@',
      'nobodyKnowsThisScheme:x',
      ':',
      '',
      '*',
    ),
    weight: 1,
  },
);
const nameAddr = fc.oneof(
  text(maybe(text(fc.oneof(quoted, token, text(token, ' ', token)), blank)), '<', uri, '>', some(param, 3)),
  text(uri, some(param, 2)),
);
const tame = fc.oneof(
  {
    arbitrary: pick('<sip:alice@example.com>', '"A \\" B" <sip:a@b:5070;transport=tcp>', 'sip:x@y', 'Bob <tel:+1>'),
    weight: 4,
  },
  { arbitrary: nameAddr, weight: 1 },
);
const via = text(
  rarely('SIP/2.0/', 'SIP / 2.0 / ', 'sip/2.0/', 'SIP/3.0/'),
  rarely('UDP', 'TCP', 'TLS', 'WS', 'udp', 'SCTP', 'DTLS'),
  rarely(' ', '  ', '\t'),
  fc.oneof({ arbitrary: fc.constant('127.0.0.1:23981'), weight: 6 }, { arbitrary: text(host, port), weight: 1 }),
  blank,
  some(
    pick(
      ...[
        ';branch=z9hG4bKx',
        ';branch=',
        ';branch=1',
        ';rport',
        ';rport=5060',
        ';received=10.0.0.1',
        ';ttl=1',
        ';maddr=x',
      ],
      ...[';alias', ';x="a;b"', '; branch = z9hG4bKy', ';i=1', ';comp=sigcomp', ';BRANCH=z9hG4bKz'],
    ),
    4,
  ),
  rarely('', ' (comment)', ';'),
);
const method = fc.oneof(
  pick('INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'INFO'),
  pick('UPDATE', 'PRACK', 'REFER', 'KDMQ', 'GET', 'invite', 'Options', 'X'),
  token,
);
const credentials = text(
  pick('Digest ', 'digest ', 'Basic ', 'Digest\t'),
  some(
    text(
      pick('username', 'realm', 'nonce', 'uri', 'response', 'qop', 'nc', 'cnonce', 'algorithm', 'opaque', 'x', 'QOP'),
      pick('=', ' = '),
      fc.oneof(quoted, token, pick('auth', 'auth-int', 'MD5', 'SHA-256', '00000001', '"sip:x@y"')),
    ),
    8,
    ', ',
  ),
);
const sdp =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\nm=video 0 RTP/AVP 31\r\n';
const header = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  text(name, rarely(': ', ':', ' : ', ':\t', ':\r\n '), value, pick('', '', '', ' ', '\t'), rarely('\r\n', '\n'));
const extra = fc.oneof(
  header(pick('Contact', 'm', 'CONTACT'), fc.oneof(some(nameAddr, 3, ', '), pick('*', '', ','))),
  header(pick('Route', 'Record-Route', 'Path', 'Service-Route'), some(nameAddr, 3, ',')),
  header(pick('Via', 'v'), text(via, maybe(text(', ', via)))),
  header(pick('Authorization', 'Proxy-Authorization'), credentials),
  header(pick('Max-Forwards', 'Expires', 'Min-Expires', 'Session-Expires', 'x'), fc.oneof(number, token)),
  header(
    pick('P-Asserted-Identity', 'P-Preferred-Identity', 'Remote-Party-ID', 'Diversion', 'Refer-To', 'r'),
    nameAddr,
  ),
  header(pick('Supported', 'k', 'Require', 'Proxy-Require', 'Unsupported', 'Allow'), some(token, 4, ', ')),
  header(
    pick('Content-Type', 'c'),
    pick('application/sdp', 'text/plain', 'multipart/mixed;boundary=b', 'x', '', 'a/b;c="d"'),
  ),
  header(pick('Event', 'o', 'Subject', 's', 'User-Agent', 'Server', 'Accept', 'Date', 'Privacy', 'Reason'), token),
  header(token, fc.stringMatching(/^[ -~]{0,30}$/)),
  header(pick('To', 't', 'From', 'f'), nameAddr),
  header(pick('Call-ID', 'i', 'CSeq'), token),
);
const grammar: fc.Arbitrary<string> = fc
  .record({
    start: fc.oneof(
      {
        arbitrary: fc
          .tuple(method, uri, rarely('SIP/2.0', 'sip/2.0', 'SIP/7.0', 'HTTP/1.1'))
          .map(([m, u, v]) => ({ line: `${m} ${u} ${v}`, m })),
        weight: 6,
      },
      {
        arbitrary: fc
          .tuple(
            pick(
              '100 Trying',
              '180 Ringing',
              '200 OK',
              '302 Moved',
              '486 Busy',
              '699 X',
              '99 Low',
              '700 High',
              '200',
              '20 Short',
              '2000 Long',
            ),
            method,
          )
          .map(([s, m]) => ({ line: `SIP/2.0 ${s}`, m })),
        weight: 1,
      },
    ),
    via,
    from: tame,
    to: tame,
    tag: rarely(';tag=a', '', ';tag='),
    callId: fc.oneof(word, text(word, '@', host), token),
    cseq: rarely('1', '0', '4294967295', '4294967296', '01', ''),
    own: fc.nat(9).map((n) => n > 0),
    other: method,
    forwards: rarely('70', '0', '1', '255', '256', 'x'),
    extras: fc.array(extra, { maxLength: 4 }),
    body: pick('', '', sdp, 'hello', '--b\r\n\r\nx\r\n--b--\r\n'),
    length: rarely('0', '1', '-1', '1000').map(Number),
    left: fc.oneof({ arbitrary: fc.constant(99), weight: 9 }, { arbitrary: fc.nat(6), weight: 1 }),
    shuffled: fc.nat(9),
  })
  .map((m) => {
    const needed = [
      `Via: ${m.via}\r\n`,
      `From: ${m.from}${m.tag}\r\n`,
      `To: ${m.to}\r\n`,
      `Call-ID: ${m.callId}\r\n`,
      `CSeq: ${m.cseq} ${m.own ? m.start.m : m.other}\r\n`,
      `Max-Forwards: ${m.forwards}\r\n`,
      `Content-Length: ${m.body.length + m.length}\r\n`,
    ];
    const lines = needed.filter((_, i) => i !== m.left);
    const at = m.shuffled % (lines.length + 1);
    return `${m.start.line}\r\n${[...lines.slice(0, at), ...m.extras, ...lines.slice(at)].join('')}\r\n${m.body}`;
  });

// The corpus -------------------------------------------------------------------------------------------------------------

const plain = (method: string, n: number, more = '', body = ''): string =>
  `${method} sip:bob@127.0.0.1:5060;transport=udp SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:23981;rport;branch=z9hG4bKc${n}\r\n` +
  `Max-Forwards: 70\r\nFrom: "Alice" <sip:alice@example.com>;tag=f${n}\r\nTo: <sip:bob@example.com>\r\n` +
  `Call-ID: c${n}@127.0.0.1\r\nCSeq: ${n} ${method}\r\nContact: <sip:alice@127.0.0.1:23981>;expires=60;q=0.5\r\n` +
  `User-Agent: phone\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
export const corpus: readonly string[] = [
  plain('OPTIONS', 1),
  plain('INVITE', 2, 'Content-Type: application/sdp\r\nSupported: replaces, 100rel\r\n', sdp),
  plain('REGISTER', 3, 'Expires: 3600\r\nPath: <sip:192.0.2.7;lr>\r\n'),
  plain('MESSAGE', 4, 'Content-Type: text/plain\r\n', 'hello'),
  plain('BYE', 5, 'Route: <sip:127.0.0.1;lr;ftag=x>, <sip:192.0.2.9:5070;lr>\r\n'),
  plain('SUBSCRIBE', 6, 'Event: presence\r\nAccept: application/pidf+xml\r\n'),
  plain(
    'NOTIFY',
    7,
    'Event: refer\r\nSubscription-State: active;expires=60\r\nContent-Type: message/sipfrag\r\n',
    'SIP/2.0 100',
  ),
  plain(
    'INVITE',
    8,
    `Authorization: Digest username="a", realm="b", nonce="c", uri="sip:x", response="${'0'.repeat(32)}", qop=auth, nc=00000001, cnonce="d"\r\n`,
  ),
  plain(
    'PUBLISH',
    9,
    'P-Asserted-Identity: "A" <sip:a@b>, <tel:+1>\r\nDiversion: <sip:x@y>;reason=unconditional\r\nRemote-Party-ID: <sip:r@p>;party=calling\r\n',
  ),
  plain(
    'INFO',
    10,
    'Content-Type: multipart/mixed;boundary="b"\r\n',
    '--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n',
  ),
  plain('OPTIONS', 11).replace('CSeq: 11', 'CSeq:\r\n 11').replace('To: ', 't : ').replace('Call-ID', 'i'),
];

// Mutations --------------------------------------------------------------------------------------------------------------

const pieces = pick(
  ...[
    '\r\n',
    '\r',
    '\n',
    '\r\n\r\n',
    '\r\n ',
    '\t',
    '\0',
    '\xff',
    ' ',
    '<',
    '>',
    '"',
    '\\',
    ';',
    ';;',
    ',',
    '=',
    ':',
    '@',
  ],
  ...['%', '%00', '[', ']', '?', '&', '*', 'sip:', 'sips:', 'tel:', 'SIP/2.0', ';lr', ';tag=', 'branch=', '0', '-1'],
  ...['99999999999999999999', '65536', 'Via: ', 'v:', 'Contact: *\r\n', 'l: -1\r\n', 'Route: <', 'To:\r\n', 'a'],
);
type Mutation = (message: string) => string;
const place = fc.nat(0xffff);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat(255)).map(
    ([n, c]): Mutation =>
      (m) =>
        m.slice(0, n % (m.length + 1)) + String.fromCharCode(c) + m.slice((n % (m.length + 1)) + 1),
  ),
  fc.tuple(place, pieces, pick(1, 1, 1, 1, 30, 900)).map(
    ([n, piece, times]): Mutation =>
      (m) =>
        m.slice(0, n % (m.length + 1)) + piece.repeat(times) + m.slice(n % (m.length + 1)),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
    ([n, length]): Mutation =>
      (m) =>
        m.slice(0, n % (m.length + 1)) + m.slice((n % (m.length + 1)) + length),
  ),
  fc.tuple(place, place).map(
    ([n, k]): Mutation =>
      (m) => {
        const all = m.split('\r\n');
        return all.toSpliced(k % all.length, 0, all[n % all.length]!).join('\r\n');
      },
  ),
  place.map(
    (n): Mutation =>
      (m) => {
        const all = m.split('\r\n');
        return all.toSpliced(n % all.length, 1).join('\r\n');
      },
  ),
);
const mutated = fc
  .tuple(
    fc.oneof({ arbitrary: pick(...corpus), weight: 3 }, { arbitrary: grammar, weight: 1 }),
    fc.array(mutation, { minLength: 1, maxLength: 2 }),
  )
  .map(([start, list]) => list.reduce((changed, each) => each(changed), start).slice(0, 20_000));

export const message: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: grammar, weight: 5 },
  { arbitrary: mutated, weight: 5 },
);

/** The same for the same seed. */
export const messages = (seed: number, count: number): readonly string[] =>
  fc.sample(message, { seed, numRuns: count });

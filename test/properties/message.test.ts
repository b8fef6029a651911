import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applyEdits,
  buildRequest,
  Draft,
  defaultGrammar,
  Edits,
  HeaderId,
  headerId,
  indexMessage,
  type Outgoing,
  ParseFailure,
  parseCSeq,
  parseMessage,
  parseNameAddr,
  parseNameAddrList,
  parseParams,
  parseUri,
  parseViaList,
  SipMessage,
  sameUri,
} from '../../runtime/message/index.js';
import { fakeReceived, fakeSocket } from '../../runtime/message/testing.js';

// Laws over generated input. fast-check prints the seed of a failure.

const received = fakeReceived();
const out: Outgoing = { socket: fakeSocket(), proto: 'udp', hop: null, branchParam: 'z9hG4bK1' };

const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)), maxLength: 300 });
/** Pieces that parsers look for, in any order. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          'INVITE ',
          'SIP/2.0',
          ' ',
          '\r\n',
          '\n',
          '\r\n ',
          'Via: ',
          'v:',
          'SIP/2.0/UDP ',
          'To: ',
          'From:',
          'CSeq: 1 ',
          'Call-ID: x',
        ],
        ...[
          '<',
          '>',
          '"',
          ';',
          ',',
          '=',
          'sip:',
          'tel:',
          '@',
          ':',
          '[',
          ']',
          '?',
          '&',
          '%',
          '\\',
          'tag=',
          'branch=',
          'rport',
          'a',
          '1',
          '*',
          '\0',
        ],
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((p) => p.join(''));
const hostile = fc.oneof(bytes, pieces);

const token = fc.stringMatching(/^[a-zA-Z0-9.!%*_+`'~-]{1,12}$/);
const value = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);
/** Names that may stand any number of times, and hold only what Kamailio takes in a name. */
const fieldName = fc.stringMatching(/^X-[a-zA-Z0-9.+_~-]{1,12}$/);
const header = fc.tuple(fieldName, value).map(([name, text]) => `${name}: ${text}\r\n`);
const goodMessage = fc
  .record({ method: token, headers: fc.array(header, { maxLength: 12 }), body: bytes })
  .map(({ method, headers, body }) => {
    const needed =
      'Via: SIP/2.0/UDP 127.0.0.1;branch=z9\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: i\r\nCSeq: 1 X\r\n';
    return `${method} sip:b@c SIP/2.0\r\n${needed}${headers.join('')}\r\n${body}`;
  });
/** None of the generated names may be one that is parsed when the message comes in, or a second Via. */
const plain = (raw: string): SipMessage | null => {
  const msg = parseMessage(raw, received, defaultGrammar);
  return msg instanceof SipMessage && msg.headersOf(HeaderId.Via).length === 1 ? msg : null;
};

test('serialize after parse is the identity', () => {
  fc.assert(
    fc.property(goodMessage, (raw) => {
      const msg = indexMessage(raw, received, defaultGrammar);
      if (msg instanceof ParseFailure) return expect.fail(msg.reason);
      expect(buildRequest(msg, new Draft(), out, { noVia: true, keepVia: true })).toBe(raw);
      // Start line, header fields, empty line and body tile the text without a gap.
      let at = msg.startLine.end;
      for (const h of msg.headers) {
        expect(h.start).toBe(at);
        expect(headerId(h.name)).toBe(h.id);
        at = h.end;
      }
      expect(at).toBe(msg.headersEnd);
      expect(msg.raw.slice(msg.headersEnd, msg.bodyStart)).toBe('\r\n');
    }),
  );
});

test('our Via is the only thing a plain forward adds', () => {
  fc.assert(
    fc.property(goodMessage, (raw) => {
      const msg = plain(raw);
      if (msg === null) return;
      const sent = buildRequest(msg, new Draft(), out);
      const again = parseMessage(sent, received, defaultGrammar);
      if (again instanceof ParseFailure) return expect.fail(again.reason);
      expect(again.headers.slice(1).map((h) => h.value)).toEqual(msg.headers.map((h) => h.value));
      expect(again.vias()).toHaveLength(msg.vias().length + 1);
      expect(again.body).toBe(msg.body);
    }),
  );
});

test('no input crashes a parser', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const msg = parseMessage(text, received, defaultGrammar);
      if (msg instanceof SipMessage) {
        msg.uri();
        msg.contacts();
        msg.routes();
        msg.recordRoutes();
        buildRequest(msg, new Draft(), out);
      }
      parseUri(text, defaultGrammar)?.param('x');
      parseUri(`sip:${text}`, defaultGrammar)?.headerFields;
      parseNameAddr(text, defaultGrammar)?.uri;
      parseNameAddrList(text, defaultGrammar);
      parseViaList(text);
      parseViaList(`SIP/2.0/UDP h${text}`);
      parseParams(text);
      parseCSeq(text);
    }),
    { numRuns: 2000 },
  );
});

test('a message with its tail cut off or bytes flipped never crashes', () => {
  fc.assert(
    fc.property(goodMessage, fc.nat(), fc.nat(), fc.integer({ min: 0, max: 255 }), (raw, cut, at, c) => {
      parseMessage(raw.slice(0, cut % raw.length), received, defaultGrammar);
      const i = at % raw.length;
      parseMessage(raw.slice(0, i) + String.fromCharCode(c) + raw.slice(i + 1), received, defaultGrammar);
    }),
  );
});

const uriText = fc
  .record({
    scheme: fc.constantFrom('sip', 'SIP', 'sips', 'tel'),
    user: fc.constantFrom('', 'a@', 'A@', '%61@', 'a:p@', 'b;x@'),
    host: fc.constantFrom('h', 'H', '[::1]', '1.2.3.4'),
    port: fc.constantFrom('', ':5060', ':5070'),
    params: fc.array(fc.constantFrom(';lr', ';transport=udp', ';Transport=UDP', ';x=1', ';x=2', ';user=phone'), {
      maxLength: 3,
    }),
    headers: fc.constantFrom('', '?a=b', '?a=b&c=d', '?c=d&a=b'),
  })
  .map((u) => `${u.scheme}:${u.user}${u.host}${u.port}${u.params.join('')}${u.headers}`);

test('URI comparison is reflexive and symmetric', () => {
  fc.assert(
    fc.property(uriText, uriText, (x, y) => {
      const a = parseUri(x, defaultGrammar);
      const b = parseUri(y, defaultGrammar);
      if (a === null || b === null) return;
      expect(sameUri(a, b)).toBe(sameUri(b, a));
      expect(sameUri(a, parseUri(x, defaultGrammar)!)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('edits: removals take each character once, insertions all appear, a clone does not see later ones', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz';
  const edit = fc.tuple(fc.nat(26), fc.nat(8), fc.constantFrom('', '<1>', '<2>'));
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 12 }), (list) => {
      const edits = Edits.empty();
      const removed = new Set<number>();
      let inserted = '';
      for (const [at, length, piece] of list) {
        const end = Math.min(26, at + length);
        edits.replace(at, end, piece);
        for (let i = at; i < end; i++) removed.add(i);
        inserted += piece;
      }
      const clone = edits.clone();
      edits.insert(3, '#');
      const sent = applyEdits(text, clone.entries, out);
      const kept = [...text].filter((_, i) => !removed.has(i)).join('');
      expect(sent.replaceAll(/<.>/g, '')).toBe(kept);
      expect(sent.length).toBe(kept.length + inserted.length);
      expect(applyEdits(text, edits.entries, out)).toContain('#');
    }),
  );
});

/**
 * How long does a 600-byte INVITE take to index, to check, to answer and to forward?
 *
 *   npx tsx test/bench/message.ts
 */
import {
  buildRequest,
  buildResponse,
  Draft,
  defaultGrammar,
  HeaderId,
  indexMessage,
  type Outgoing,
  parseMessage,
  type SipMessage,
} from '../../runtime/message/index.js';
import { fakeReceived, fakeSocket } from '../../runtime/message/testing.js';

const raw = [
  'INVITE sip:bob@biloxi.example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK74b43a1c9;rport',
  'Max-Forwards: 70',
  'From: "Alice" <sip:alice@atlanta.example.com>;tag=9fxced76sl',
  'To: Bob <sip:bob@biloxi.example.com>',
  'Call-ID: 3848276298220188511@atlanta.example.com',
  'CSeq: 1 INVITE',
  'Contact: <sip:alice@192.0.2.10;transport=udp>',
  'User-Agent: bench 1.0',
  'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS',
  'Content-Type: application/sdp',
  'Content-Length: 131',
  '',
  'v=0',
  'o=alice 53655765 2353687637 IN IP4 192.0.2.10',
  's=-',
  'c=IN IP4 192.0.2.10',
  't=0 0',
  'm=audio 49172 RTP/AVP 0',
  'a=rtpmap:0 PCMU/8000',
  '',
].join('\r\n');
const received = fakeReceived();
const out: Outgoing = { socket: fakeSocket(), proto: 'udp', hop: null, branchParam: 'z9hG4bKcydzigwkX' };

// A received text is fresh each time: slices of one string would be cached by the engine.
const bytes = Buffer.from(raw, 'latin1');
const fresh = () => bytes.toString('latin1');

let sink = 0;
const buffer = Buffer.alloc(4096);
function measure(name: string, prepare: () => string, run: (text: string) => number): void {
  const rounds = 60_000;
  for (let i = 0; i < rounds; i++) sink += run(prepare());
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k < 7; k++) {
    const texts = Array.from({ length: 2000 }, prepare);
    const start = process.hrtime.bigint();
    for (const text of texts) sink += run(text);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / texts.length);
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(0).padStart(6)} ns`);
}

console.log(`${raw.length} bytes`);
const index = (text: string) => (indexMessage(text, received, defaultGrammar) as SipMessage).headers.length;
measure('index start line and header fields', fresh, index);
measure(
  'parseMessage (and Via, From, To, CSeq)',
  fresh,
  (t) => (parseMessage(t, received, defaultGrammar) as SipMessage).vias().length,
);
const draft = new Draft();
draft.uri = 'sip:bob@192.0.2.20:5060';
const cached = parseMessage(raw, received, defaultGrammar) as SipMessage;
draft.edits.insert(cached.headers[0]!.start, (o) => `Record-Route: <sip:${o.socket.host}${o.socket.portText};lr>\r\n`);
const mf = cached.header(HeaderId.MaxForwards)!;
draft.edits.replace(mf.valueStart, mf.valueEnd, '69');
// Flattening the built text is part of sending: it is read byte by byte.
measure('build the forwarded request', fresh, () => Buffer.byteLength(buildRequest(cached, draft, out), 'latin1'));
measure('  and write it to a buffer', fresh, () => bytesOf(buildRequest(cached, draft, out)));
measure('build a 200 of our own', fresh, () => bytesOf(buildResponse(cached, draft, 200, 'OK', { toTag: 'abc' })));
measure('parse, forward, write', fresh, (t) =>
  bytesOf(buildRequest(parseMessage(t, received, defaultGrammar) as SipMessage, draft, out)),
);

function bytesOf(text: string): number {
  return buffer.write(text, 0, text.length, 'latin1');
}
if (sink === 0) console.log(sink);

/** Messages by the dice of a seed through a whole server on the simulated network; and through all that can be read of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedWorld } from '../../runtime/env/simulated.js';
import { grammarOf } from '../../runtime/message/grammar.js';
import {
  applyChanges,
  type BranchTarget,
  buildForwardedResponse,
  buildRequest,
  buildResponse,
  buildVia,
  buildWarning,
  Draft,
  defaultGrammar,
  detach,
  type Grammar,
  HeaderId,
  headerId,
  inboundAddress,
  methodId,
  methodNames,
  type NameAddr,
  type Outgoing,
  outboundAddress,
  ParseFailure,
  parseCredentials,
  parseMessage,
  parseMethodList,
  parseNameAddr,
  parseNameAddrList,
  parseSdp,
  parseUint,
  parseUri,
  rewriteUri,
  SipMessage,
  type SipUri,
  sameUri,
  tagSuffix,
  type UriChange,
} from '../../runtime/message/index.js';
import { relayedSdp } from '../../runtime/message/sdp.js';
import { sentBy } from '../../runtime/message/serialize.js';
import { fakeReceived, fakeSocket } from '../../runtime/message/testing.js';
import { buildCfg, projectRoot, startBuilt } from '../support/in-process.js';
import { messages } from './messages.js';
import { SENDER, SERVER } from './sample.js';

const BATCH = 500;
const cfgPath = 'test/simulate/proxy.cfg';

export interface Fuzzed {
  readonly answered: number;
  /** Transactions left when all has come to rest. */
  readonly left: number;
  readonly errors: readonly string[];
  /** Resident bytes after each tenth, garbage collected where the process allows it. */
  readonly resident: readonly number[];
}

const received = fakeReceived();
const overTcp = fakeReceived({ socket: fakeSocket('tcp'), connectionId: 0x4d, src: { ip: '192.0.2.5', port: 9 } });
const overIpv6 = fakeReceived({ src: { ip: '2001:db8::9:1', port: 5060 } });
/** Where a message is taken to come from: by its length. */
const sources = [received, overTcp, received, overIpv6, received];
const out: Outgoing = { socket: fakeSocket(), proto: 'udp', hop: null, branchParam: 'z9hG4bK1' };
const overStream: Outgoing = { socket: fakeSocket('tcp'), proto: 'tcp', hop: null, branchParam: 'z9hG4bK1' };

/** Sockets with a name, with what they advertise, of other protocols. */
const elsewhere: readonly Outgoing[] = [
  { ...out, socket: { ...fakeSocket('tcp', '2001:db8::1', 5062), name: 'web' }, proto: 'ws' },
  { ...out, socket: { ...fakeSocket('tls'), advertised: { host: 'edge.example.com', port: 5071 } }, proto: 'wss' },
  { ...out, socket: fakeSocket('udp', '2001:db8::1', 5062), proto: 'udp' },
  { ...out, socket: fakeSocket('tls'), proto: 'tls' },
];
const branch: BranchTarget = {
  ...{ uri: 'sip:b@h', dstUri: null, path: null, q: -1, flags: 0, socket: null },
  ...{ instance: null, regId: 0, ruid: null, locationUa: null },
};

const changes: readonly UriChange[] = [
  { kind: 'host', text: 'h' },
  { kind: 'hostPort', text: 'h:1' },
  { kind: 'hostPortTransport', text: 'h:1;transport=tcp' },
  { kind: 'hostAll', text: 'h;x=y' },
  { kind: 'user', text: 'u' },
  { kind: 'user', text: '' },
  { kind: 'userPassword', text: 'p' },
  { kind: 'port', text: '7' },
  { kind: 'port', text: '' },
  { kind: 'prefix', text: '00' },
  { kind: 'strip', count: 2 },
  { kind: 'stripTail', count: 2 },
  { kind: 'userPhone' },
];

/** What a cfg may have taken beyond the grammar: every fourth text is read so. */
const wide = grammarOf({
  uri_host_extra_chars: '_!',
  hdr_name_extra_chars: '/! ',
  sip_parser_mode: 0,
  http_reply_parse: 1,
  phone2tel: 0,
});
/** Names that are told apart by more than their length and first letter. */
const likeNames = [
  'Organization',
  'Identity-Info',
  'WWW-Authenticate',
  'Request-Disposition',
  'Referred-By',
  'Content-x',
];

/** What a phone behind a NAT says of itself besides (RFC 3605, RFC 8839). */
const DIRECTION = 'a=sendrecv\r\n';
const MEDIA_LINES =
  'a=rtcp:4001 IN IP4 192.0.2.1\r\na=candidate:1 1 UDP 1 192.0.2.1 4000 typ host\r\na=remote-candidates:1 192.0.2.9 5000\r\n';

/** Everything the message layer can be asked of one message. */
export function readAll(text: string): void {
  const grammar = text.length % 4 === 3 ? wide : defaultGrammar;
  const from = sources[text.length % sources.length]!;
  // What a scanner sends: the beginning, or no line at all.
  parseMessage(text.slice(0, text.length % 40), from, grammar);
  const msg = parseMessage(text, from, grammar);
  if (msg instanceof ParseFailure) return;
  const uri = msg.uri();
  const contacts = msg.contacts();
  if (Array.isArray(contacts)) for (const each of contacts) if (each.uri && uri) sameUri(each.uri, uri);
  if (uri && text.length % 5 === 0) readUri(uri, msg.requestUri, grammar);
  void [SipMessage.unread(text, from, grammar).method, msg.contact?.uri];
  for (const entry of [msg.from, msg.to]) readAddress(entry);
  for (const h of msg.headers) {
    readAddress(parseNameAddr(msg.value(h), grammar));
    h.isNamed('x-y');
    headerId(h.name);
  }
  for (const via of msg.vias()) void [via.text, via.maddr, via.alias, via.connectionId, via.rport, via.received];
  msg.routes();
  msg.recordRoutes();
  for (const name of ['X-Y', HeaderId.Other, HeaderId.Via])
    void [msg.header(name, -1), msg.header(name), msg.headersOf(name)];
  for (const name of likeNames) headerId(name);
  void [msg.expires, msg.contentType, msg.userAgent, msg.wellFormed, msg.header('X-Y'), msg.headersOf('Event')];
  for (const id of [HeaderId.Authorization, HeaderId.ProxyAuthorization])
    for (const h of msg.headersOf(id)) parseCredentials(msg.value(h));
  for (const h of msg.headersOf(HeaderId.Allow)) parseMethodList(msg.value(h));
  for (const method of ['', '[', ...methodNames]) methodId(method);
  for (const change of changes) rewriteUri(msg.requestUri, change, grammar);
  void [uri?.aor, uri?.headerFields, detach(msg.requestUri)];
  parseSdp(msg);
  if (text.includes(DIRECTION)) {
    const offered = parseMessage(text.replace(DIRECTION, MEDIA_LINES), from, grammar);
    if (!(offered instanceof ParseFailure)) parseSdp(offered);
  }
  relayedSdp(msg);
  tagSuffix(msg);
  build(msg);
  msg.contact?.replaceUri('sip:elsewhere@example.com');
  void msg.contact?.uri;
  msg.forget();
  void msg.via;
}
/** A URI beside itself, and its parts in URIs of another kind. */
function readUri(uri: SipUri, text: string, grammar: Grammar): void {
  const rest = text.slice(text.indexOf(':') + 1);
  const like = [
    `sip:1;${uri.params}@h;user=phone`,
    `sip:;x@h;user=phone`,
    `urn:${rest}`,
    `tel:${rest}`,
    `sip:a:b@h?${rest}`,
  ];
  for (const each of [text, ...like, 'urn:;x', 'tel:;x', 'sip:a:c@h?x=1']) {
    const other = parseUri(each, grammar);
    if (other === null) continue;
    void [other.ownParamList, other.headerFields, sameUri(other, uri), sameUri(other, other)];
    rewriteUri(each, { kind: 'host', text: 'h' }, grammar);
  }
  const list = `<${text}>;q=1;,<sip:x@y>`;
  void [parseNameAddrList(list, grammar), parseNameAddrList(`${list}>`, grammar)];
  parseUint(`${uri.port}${'9'.repeat(rest.length % 20)}`);
}
function readAddress(entry: NameAddr | null): void {
  if (entry === null) return;
  void [entry.text, entry.displayName, entry.uri?.aor, entry.tag, entry.param('q')];
}
/** What is made of it when it is sent on or answered. */
function build(msg: SipMessage): void {
  const draft = new Draft();
  draft.uri = 'sip:changed@example.com';
  draft.path = '<sip:192.0.2.7;lr>';
  draft.addLocalRport = true;
  draft.multipart = true;
  draft.advertisedAddress = 'adv.example.com';
  draft.advertisedPort = '5099';
  draft.addReplyHeader('X-Reply: yes\r\n');
  draft.setReplyBody('x');
  draft.viaParams = () => ';xavp=1';
  draft.viaServerId = 7;
  draft.viaFlags = 3;
  draft.branchSuffix = '.cs1';
  draft.addBranch(branch);
  const first = msg.headers[0];
  if (first) {
    draft.edits.insertBefore(first.start, 'X-Before: 1\r\n');
    draft.edits.insertAfter(first.end, (leaves) => `X-After: ${leaves.proto}\r\n`);
    draft.edits.isRemoved(first.start, first.end);
    const gone = draft.edits.clone();
    gone.remove(first.start, first.end);
    gone.isRemoved(first.start, first.end);
  }
  // One that is taken back, and one the copy does not show.
  draft.edits.insert(msg.headersEnd, 'X-Not: 1\r\n', HeaderId.Via);
  draft.edits.drop((edit) => edit.about === HeaderId.Via);
  const copy = draft.clone();
  copy.edits.insert(msg.headersEnd, 'X-Copy: 1\r\n');
  if (msg.body !== '') draft.edits.replace(msg.bodyStart, msg.bodyStart + 1, 'changed');
  for (const drafted of [draft, new Draft()]) buildWarning(msg, drafted, 1);
  outboundAddress(overStream, draft, true);
  inboundAddress(msg.received, true);
  for (const leaves of elsewhere) {
    outboundAddress(leaves, draft, true);
    outboundAddress(leaves, new Draft());
    sentBy(copy, leaves);
    sentBy(null, leaves);
    buildVia(leaves);
    for (const port of [null, '7']) {
      copy.viaSentBy = () => ({ host: null, port });
      sentBy(copy, leaves);
    }
  }
  if (msg.isRequest) {
    buildRequest(msg, new Draft(), out);
    copy.viaSentBy = () => ({ host: '2001:db8::7', port: null });
    for (const leaves of elsewhere) buildRequest(msg, copy, leaves, { noVia: leaves === elsewhere[0], noPath: true });
    buildRequest(msg, copy, out, { keepVia: true, viaOut: overStream, viaParams: ';p=1' });
    buildResponse(msg, draft, 183, 'Session Progress', { contentType: 'text/plain', toTag: '' });
    buildRequest(msg, draft, overStream, { forceRport: true });
    buildResponse(msg, draft, 200, 'OK', { toTag: 'mine', server: 'Server: x', body: 'b', contentType: 'text/plain' });
    buildResponse(msg, draft, 404, 'Not Found', { forceRport: true, warning: 'Warning: 1', headers: 'X: y\r\n' });
    buildResponse(msg, null, 100, 'Trying');
  } else {
    draft.replyViaParams = () => ';srvid=1;flag';
    buildForwardedResponse(msg, draft, out);
    buildForwardedResponse(msg, new Draft(), overStream);
  }
  applyChanges(msg, draft);
}

export async function fuzz(o: {
  readonly seed: number;
  readonly count: number;
  readonly progress?: (done: number) => void;
}): Promise<Fuzzed> {
  const world = new SimulatedWorld(o.seed);
  const env = world.host([SERVER.ip], { 'next.sim': { a: [SENDER.ip] } });
  const text = readFileSync(join(projectRoot, cfgPath), 'latin1').replace('RFC_MODE', '0');
  const server = await startBuilt(await buildCfg(cfgPath, text), env, ['-l', `udp:${SERVER.ip}:${SERVER.port}`]);
  env.log.level = -2;
  const errors: string[] = [];
  const write = env.log.write.bind(env.log);
  env.log.write = (record) => {
    if (/^error .*while routing|unexpected error|error in a transaction/.test(record.text)) errors.push(record.text);
    write(record);
  };
  env.log.level = -1;
  let answered = 0;
  const socket = await env.network.bindUdp(SENDER, (bytes) => {
    if (bytes.startsWith('SIP/2.0 ')) answered++;
  });
  const resident: number[] = [];
  let done = 0;
  for (let batch = 0; done < o.count; batch++) {
    const list = messages(o.seed + batch, Math.min(BATCH, o.count - done));
    for (const each of list) {
      readAll(each);
      socket.send(each, SERVER);
    }
    await world.clock.advance(2_000);
    env.log.records.length = 0;
    env.resolver.queries.length = 0;
    done += list.length;
    if (Math.floor((done * 10) / o.count) > resident.length) {
      await world.clock.advance(200_000);
      globalThis.gc?.();
      resident.push(process.memoryUsage().rss);
      o.progress?.(done);
    }
  }
  await world.clock.advance(300_000);
  const left = server.transactions.size;
  await server.stop(0);
  return { answered, left, errors, resident };
}

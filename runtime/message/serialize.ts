/**
 * Texts that leave: a forwarded request, a forwarded response, a response of our own (RFC 3261 §16.6, §16.7, §8.2.6).
 * Order and content of header fields are Kamailio's (msg_translator.c), byte for byte.
 */
import { CR, equalsIgnoreCase, SP, TAB } from './chars.js';
import type { Draft } from './draft.js';
import { applyEdits, type Edit, Edits, lengthChange, type Outgoing } from './edit.js';
import { HeaderId } from './headers.js';
import { indexMessage, ParseFailure, type SipMessage } from './message.js';
import { closeParts } from './multipart.js';
import type { Via } from './via.js';

export type { Outgoing } from './edit.js';

/** What the cfg's global parameters say about texts; `force_rport`, `received_dns` … are the caller's business. */
export interface RequestOptions {
  /** `force_rport=yes`. */
  readonly forceRport?: boolean;
  /** `add_local_rport=yes`. */
  readonly localRport?: boolean;
  /** Leave our own Via out. */
  readonly noVia?: boolean;
  /** Leave the topmost received Via as it is. */
  readonly keepVia?: boolean;
  /** Do not put the path vector in. */
  readonly noPath?: boolean;
  /** More for our Via's parameters, with the leading `;`. */
  readonly viaParams?: string;
  /** What our Via shows when the message leaves otherwise than its other fields were made for (`udp_mtu`). */
  readonly viaOut?: Outgoing;
}

/** Lower-case hex digits, least significant first: how Kamailio writes connection ids and hash entries. */
export function reverseHex(n: number): string {
  let text = '';
  do {
    text += (n & 15).toString(16);
    n >>>= 4;
  } while (n !== 0);
  return text;
}

const viaName = (proto: string): string => {
  switch (proto) {
    case 'udp':
      return 'UDP';
    case 'tcp':
      return 'TCP';
    case 'tls':
      return 'TLS';
    case 'ws':
      // With a blank more, as via_builder() writes it.
      return 'WS ';
    default:
      return proto.toUpperCase();
  }
};

/** Our sent-by: advertised by the script, by the socket, or the socket's own. */
export function sentBy(draft: Draft | null, out: Outgoing): string {
  const { socket } = out;
  const own = draft?.viaSentBy?.() ?? null;
  const address = own?.host ?? draft?.advertisedAddress ?? null;
  const port = own?.port ?? draft?.advertisedPort ?? null;
  if (address === null && port === null) return socket.host + socket.portText;
  let host = address ?? socket.host;
  if (socket.family === 6 && host.includes(':') && !host.startsWith('[')) host = `[${host}]`;
  return port === null ? host + socket.portText : `${host}:${port}`;
}

/** Our Via header field, with its line end. */
export function buildVia(
  out: Outgoing,
  o: { draft?: Draft | null; connectionId?: number; localRport?: boolean; params?: string } = {},
): string {
  const id = o.connectionId ? `;i=${reverseHex(o.connectionId)}` : '';
  const rport = o.localRport ? ';rport' : '';
  return `Via: SIP/2.0/${viaName(out.proto)} ${sentBy(o.draft ?? null, out)};branch=${out.branchParam}${o.draft?.branchSuffix ?? ''}${id}${rport}${o.params ?? ''}\r\n`;
}

/** The Via's sent-by is the address the message came from, so that `received` is not needed (RFC 3261 §18.2.1). */
function viaMatchesSource(via: Via, ip: string): boolean {
  const { host } = via;
  if (host === ip) return true;
  if (!ip.includes(':')) return false;
  return equalsIgnoreCase(host, ip) || (host.charCodeAt(0) === 0x5b && equalsIgnoreCase(host.slice(1, -1), ip));
}

/** Kamailio adds `received` also when the sender wrote `received` or `rport` itself. */
export function needsReceived(msg: SipMessage, via: Via): boolean {
  return (
    via.paramAt('received') !== undefined ||
    via.paramAt('rport') !== undefined ||
    !viaMatchesSource(via, msg.received.src.ip)
  );
}

/** Edits that put `received` and `rport` into the topmost Via (RFC 3581 §4), first of its parameters if new. */
function updateTopVia(msg: SipMessage, via: Via, forceRport: boolean, edits: Edits): void {
  const { raw } = msg;
  const at = via.params.length > 0 ? raw.indexOf(';', via.sentByEnd) : via.sentByEnd;
  const rport = via.paramAt('rport');
  // An rport that was asked for by the script goes right before received, wherever that is.
  const forced = rport === undefined && forceRport ? `;rport=${msg.received.src.port}` : '';
  if (needsReceived(msg, via)) {
    const old = via.paramAt('received');
    const text = `${forced};received=${msg.received.src.ip}`;
    if (old === undefined) edits.insert(at, text, HeaderId.Via);
    else edits.replace(beforeSemicolon(raw, old.start), old.end, text, HeaderId.Via);
  } else if (forced !== '') {
    edits.insert(at, forced, HeaderId.Via);
  }
  if (rport !== undefined) {
    edits.replace(
      beforeSemicolon(raw, rport.start),
      withBlanks(raw, rport.end),
      `;rport=${msg.received.src.port}`,
      HeaderId.Via,
    );
  }
}
/** Blanks between a parameter and the next one belong to it, as Kamailio counts. */
const withBlanks = (raw: string, end: number): number => {
  let at = end;
  while (raw[at] === ' ' || raw[at] === '\t') at++;
  return raw[at] === ';' ? at : end;
};
const beforeSemicolon = (raw: string, start: number): number => raw.lastIndexOf(';', start);

/** Puts Content-Length right for what the edits do to the body; a stream needs one in any case. */
function fixContentLength(msg: SipMessage, edits: Edits, out: Outgoing, stream: boolean): void {
  const bodyEdited = edits.entries.some((e) => e.start > msg.headersEnd);
  if (!bodyEdited && !stream) return;
  const change = bodyEdited ? lengthChange(edits.entries, msg.headersEnd + 1, out) : 0;
  if (change === 0 && !stream) return;
  const length = msg.bodyLength + change;
  const field = msg.header(HeaderId.ContentLength);
  if (field === undefined) {
    if (out.proto !== 'udp') edits.insert(msg.headersEnd, `Content-Length: ${length}\r\n`, HeaderId.ContentLength);
  } else if (!stream || msg.contentLength !== length) {
    edits.replace(field.valueStart, field.valueEnd, String(length), HeaderId.ContentLength);
  }
}

const isStream = (proto: string): boolean => proto === 'tcp' || proto === 'tls';

/** What stands behind `rport` in our Via, in Kamailio's order (create_via_hf). */
const ownViaParams = (draft: Draft, options: RequestOptions): string =>
  `${options.viaParams ?? ''}${draft.viaServerId === 0 ? '' : `;srvid=${draft.viaServerId}`}${draft.viaParams?.() ?? ''}` +
  (draft.viaFlags === 0 ? '' : `;${VIA_FLAGS}=${draft.viaFlags.toString(16)}`);
/** Via parameter that carries flags of the cfg. */
export const VIA_FLAGS = 'kvf';

/** The request as it leaves on one branch. `draft` is not changed. */
export function buildRequest(msg: SipMessage, draft: Draft, out: Outgoing, options: RequestOptions = {}): string {
  const { raw } = msg;
  const edits = draft.edits.clone();
  const leaves = options.viaOut ?? out;
  if (draft.multipart) closeParts(msg, edits, leaves);
  fixContentLength(msg, edits, leaves, isStream(leaves.proto));
  const via = msg.via;
  const viaField = msg.header(HeaderId.Via);
  const top = viaField?.start ?? msg.startLine.end;
  if (!options.noVia) {
    const connectionId = msg.received.proto === 'tcp' || msg.received.proto === 'tls' ? msg.received.connectionId : 0;
    edits.insert(
      top,
      buildVia(leaves, {
        draft,
        connectionId,
        localRport: options.localRport === true || draft.addLocalRport,
        params: ownViaParams(draft, options),
      }),
      HeaderId.Via,
    );
  }
  if (draft.path && !options.noPath) {
    const route = msg.header(HeaderId.Route);
    edits.insert(route === undefined ? top : route.start, `Route: ${draft.path}\r\n`, HeaderId.Route);
  }
  if (via !== null && !options.keepVia) updateTopVia(msg, via, options.forceRport === true || draft.forceRport, edits);
  const { secondStart, secondEnd, thirdEnd, end } = msg.startLine;
  // Blanks before the line end, as some send, are no part of a request line (RFC 3261 §7.1).
  const after = raw.charCodeAt(thirdEnd);
  if (after === SP || after === TAB) edits.remove(thirdEnd, raw.charCodeAt(end - 2) === CR ? end - 2 : end - 1);
  if (draft.uri === null) return applyEdits(raw, edits.entries, out);
  return raw.slice(0, secondStart) + draft.uri + applyEdits(raw, edits.entries, out, secondEnd);
}

/** The response as it goes back: without our own Via. `out` is where it leaves from (the second Via's transport). */
export function buildForwardedResponse(
  msg: SipMessage,
  draft: Pick<Draft, 'edits' | 'replyViaParams'>,
  out: Outgoing,
): string {
  const edits = draft.edits.clone();
  const vias = msg.vias();
  const next = vias[1];
  const params = next === undefined ? '' : (draft.replyViaParams?.() ?? '');
  if (next !== undefined && params !== '')
    edits.insert(next.params.at(-1)?.end ?? next.sentByEnd, params, HeaderId.Via);
  const stream = next !== undefined && isStream(next.transport.toLowerCase());
  fixContentLength(msg, edits, stream ? { ...out, proto: 'tcp' } : { ...out, proto: 'udp' }, stream);
  const field = msg.header(HeaderId.Via);
  const top = vias[0];
  if (field !== undefined && top !== undefined) {
    if (next !== undefined && next.start < field.end) edits.remove(field.valueStart, next.start, HeaderId.Via);
    else edits.remove(field.start, field.end, HeaderId.Via);
  }
  return applyEdits(msg.raw, edits.entries, out);
}

export interface ResponseOptions {
  /** To tag of ours: replaces or adds. Null, undefined or '': To is copied as it is. */
  readonly toTag?: string | null;
  /** Whole `Server` line without its line end; '' or absent: none. */
  readonly server?: string;
  /** Whole `Warning` line without its line end. */
  readonly warning?: string;
  /** `force_rport=yes`. */
  readonly forceRport?: boolean;
  /** Header lines (with line ends) after those of the draft. */
  readonly headers?: string;
  readonly body?: string;
  readonly contentType?: string;
}

/** A response of our own to a request. */
export function buildResponse(
  msg: SipMessage,
  draft: Draft | null,
  status: number,
  reason: string,
  options: ResponseOptions = {},
): string {
  const { raw } = msg;
  let text = `${msg.version} ${String(status).padStart(3, '0').slice(-3)} ${reason}\r\n`;
  let firstVia = true;
  const withRecordRoute = status >= 180 && status < 300;
  for (const h of msg.headers) {
    switch (h.id) {
      case HeaderId.Via:
        if (firstVia) {
          firstVia = false;
          const forced = options.forceRport === true || draft?.forceRport === true;
          const field = `${topViaOfResponse(msg, h.start, h.valueEnd, forced)}${draft?.replyViaParams?.() ?? ''}\r\n`;
          // To an HTTP client our Via would be HTTP's: Kamailio spells it otherwise.
          text += msg.version.startsWith('HTTP') ? `S${field.slice(1)}` : field;
        } else {
          text += `${raw.slice(h.start, h.valueEnd)}\r\n`;
        }
        break;
      case HeaderId.To: {
        const tag = options.toTag;
        if (!tag) {
          text += raw.slice(h.start, h.end);
          break;
        }
        const old = msg.to?.tagSpan;
        if (old) text += raw.slice(h.start, old.start) + tag + raw.slice(old.end, h.end);
        else text += `${raw.slice(h.start, h.valueEnd)};tag=${tag}${raw.slice(h.valueEnd, h.end)}`;
        break;
      }
      case HeaderId.RecordRoute:
        if (withRecordRoute) text += raw.slice(h.start, h.end);
        break;
      case HeaderId.From:
      case HeaderId.CallId:
      case HeaderId.CSeq:
        text += raw.slice(h.start, h.end);
        break;
    }
  }
  let body = options.body ?? '';
  if (draft !== null) {
    for (const piece of draft.replyPieces) {
      if (piece.kind === 'header') text += piece.text;
      else if (options.body === undefined) body = piece.text;
    }
  }
  if (options.contentType !== undefined) text += `Content-Type: ${options.contentType}\r\n`;
  if (options.headers !== undefined) text += options.headers;
  if (options.server) text += `${options.server}\r\n`;
  text += `Content-Length: ${body.length}\r\n`;
  if (options.warning) text += `${options.warning}\r\n`;
  return `${text}\r\n${body}`;
}

/** In responses `rport` comes before `received`, both at the end of the field (Kamailio's order). */
function topViaOfResponse(msg: SipMessage, start: number, end: number, forceRport: boolean): string {
  const { raw } = msg;
  const via = msg.via;
  if (via === null) return raw.slice(start, end);
  const rport = via.paramAt('rport');
  let text: string;
  if (rport !== undefined) {
    const from = beforeSemicolon(raw, rport.start);
    text = `${raw.slice(start, from)};rport=${msg.received.src.port}${raw.slice(withBlanks(raw, rport.end), end)}`;
  } else {
    text = raw.slice(start, end);
    if (forceRport) text += `;rport=${msg.received.src.port}`;
  }
  return needsReceived(msg, via) ? `${text};received=${msg.received.src.ip}` : text;
}

/**
 * The message with its edits applied (`msg_apply_changes()`): nothing else is added. Null when the result is no
 * longer a message. The Request-URI of the draft goes in, as in Kamailio; the caller clears it and the edits.
 */
export function applyChanges(msg: SipMessage, draft: Draft): SipMessage | null {
  const out: Outgoing = { socket: msg.received.socket, proto: 'udp', hop: null, branchParam: '' };
  let text: string;
  if (msg.isRequest) {
    text = buildRequest(msg, draft, out, { noVia: true, keepVia: true, noPath: true });
  } else {
    const edits = draft.edits.clone();
    fixContentLength(msg, edits, out, false);
    text = applyEdits(msg.raw, edits.entries, out);
  }
  const again = indexMessage(text, msg.received, msg.grammar, msg.id);
  return again instanceof ParseFailure || again.via === null ? null : again;
}

/** `run` goes on with the changed message: 1; 0: it would be none, -1: it cannot be changed now. */
export function applyNow(run: { msg: SipMessage; readonly draft: Draft }): 1 | 0 | -1 {
  const { msg, draft } = run;
  // A Record-Route may be conditional on the outgoing socket: it cannot be put down now.
  if (msg.isRequest && draft.recordRouted) return -1;
  const made = applyChanges(msg, draft);
  if (made === null) return 0;
  run.msg = made;
  draft.edits = Edits.empty();
  draft.uri = null;
  draft.replyPieces = [];
  return 1;
}

/** Warning header field of `sip_warning=yes`, without its line end. */
export function buildWarning(msg: SipMessage, draft: Draft, pid: number): string {
  const { received } = msg;
  const out = draft.uri ?? msg.requestUri;
  return (
    `Warning: 392 ${received.socket.local.ip}:${received.socket.local.port} "Noisy feedback tells: ` +
    ` pid=${pid} req_src_ip=${received.src.ip} req_src_port=${received.src.port} in_uri=${msg.requestUri} ` +
    `out_uri=${out} via_cnt==${msg.vias().length}"`
  );
}

export type { Edit };

/**
 * Session descriptions (RFC 8866) as Kamailio's parser sees them (core/parser/sdp): sessions, their media, payload types and
 * the offsets of what gets edited. A body it refuses is refused here.
 */
import { equalsIgnoreCase } from './chars.js';
import type { SipMessage } from './message.js';
import { boundaryOf } from './multipart.js';

/** A piece of `msg.raw`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}
export interface SdpPayload {
  readonly id: string;
  /** From `a=rtpmap`; null without one. */
  encoding: string | null;
}
export interface SdpAddress extends Extent {
  readonly text: string;
  readonly family: 4 | 6;
}
export interface SdpStream extends Extent {
  readonly media: string;
  readonly port: string;
  readonly portStart: number;
  /** Of its own c= line. */
  readonly address: SdpAddress | null;
  /** Value of `a=rtcp` (RFC 3605). */
  readonly rtcp: Extent | null;
  /** Start of the last `a=candidate` line (RFC 8839). */
  readonly lastCandidate: number | null;
  readonly hasRemoteCandidates: boolean;
  readonly transport: string;
  /** The list of formats in the m= line. */
  readonly formats: Extent;
  readonly payloads: readonly SdpPayload[];
  /** `sendrecv`, `sendonly`, `recvonly`, `inactive`; null: not said here. */
  readonly mode: string | null;
}
export interface SdpSession {
  /** The version number in o=. */
  readonly version: Extent;
  /** In o=. */
  readonly origin: SdpAddress;
  /** Of the session's own c= line; null without one. */
  readonly address: SdpAddress | null;
  readonly streams: readonly SdpStream[];
}
export interface Sdp extends Extent {
  readonly sessions: readonly SdpSession[];
}

const isLineEnd = (raw: string, at: number): boolean => raw[at] === '\n' || raw[at] === '\r';

/** Start of the next line `x=` at or after `from`; -1 when there is none before `end`. */
export function findSdpLine(raw: string, from: number, end: number, letter: string): number {
  // A search in the whole text would look behind `end` each time: quadratic in the number of streams.
  const within = raw.slice(from, end);
  for (let at = within.indexOf(`${letter}=`); at >= 0; at = within.indexOf(`${letter}=`, at + 2))
    if (from + at === 0 || isLineEnd(raw, from + at - 1)) return from + at;
  return -1;
}
/** Of attributes and addresses no more is read: a body without line feeds would be read to its end for each of them. */
const MAX_LINE = 4096;
/** Text of the line at `at`, without its line end and blanks around it. */
function lineText(raw: string, at: number, end: number): string {
  const within = raw.slice(at, end);
  const lf = within.indexOf('\n');
  return (lf < 0 ? within : within.slice(0, lf)).trim();
}
const shortLineText = (raw: string, at: number, end: number): string => lineText(raw, at, Math.min(end, at + MAX_LINE));
/** The address in the line at `at`: `c=IN IP4 10.0.0.1`; null when there is none. */
function addressAt(raw: string, at: number, end: number): SdpAddress | null {
  const line = shortLineText(raw, at, end);
  const mark = line.lastIndexOf(' IP');
  const found = /^ IP([46])\s+(\S+)/.exec(mark < 0 ? '' : line.slice(mark));
  if (found === null) return null;
  const text = found[2] ?? '';
  const start = at + mark + found[0].length - text.length;
  return { start, end: start + text.length, text, family: found[1] === '4' ? 4 : 6 };
}

function versionOf(raw: string, start: number, end: number): Extent | null {
  const line = lineText(raw, start, end);
  const found = /^o=\S* \S* (\S*) /.exec(line);
  if (line.length < 13 || found === null) return null;
  const at = start + found[0].length - 1 - (found[1] ?? '').length;
  return { start: at, end: at + (found[1] ?? '').length };
}

function streamAt(raw: string, start: number, end: number, address: SdpAddress | null): SdpStream | null {
  const line = lineText(raw, start, end);
  const found = /^m=(\S+)[ \t]+(\S+)[ \t]+(\S+)[ \t]*/.exec(line);
  if (found === null) return null;
  const formats = { start: start + found[0].length, end: start + line.length };
  const list = line.slice(found[0].length);
  const payloads: SdpPayload[] = list === '' ? [] : list.split(/[ \t]+/).map((id) => ({ id, encoding: null }));
  let mode: string | null = null;
  let rtcp: Extent | null = null;
  let lastCandidate: number | null = null;
  let hasRemoteCandidates = false;
  for (let at = findSdpLine(raw, start, end, 'a'); at >= 0; at = findSdpLine(raw, at + 2, end, 'a')) {
    const text = shortLineText(raw, at, end);
    if (text.startsWith('a=rtcp:')) {
      const value = text.slice('a=rtcp:'.length).trimStart();
      rtcp = { start: at + text.length - value.length, end: at + text.length };
    } else if (/^a=candidate:\S* \d/i.test(text)) lastCandidate = at;
    else if (text.startsWith('a=remote-candidates:')) hasRemoteCandidates = true;
  }
  if (payloads.length > 0) {
    const byId = new Map(payloads.map((p) => [p.id, p]));
    for (let at = findSdpLine(raw, start, end, 'a'); at >= 0; at = findSdpLine(raw, at + 2, end, 'a')) {
      const text = shortLineText(raw, at, end);
      const map = /^a=rtpmap:(\S+)\s+([^/\s][^/]*)?\//i.exec(text);
      const payload = map === null ? undefined : byId.get(map[1] ?? '');
      if (payload !== undefined) payload.encoding = map?.[2] ?? '';
      const direction = /^a=(sendrecv|sendonly|recvonly|inactive)/i.exec(text)?.[1];
      if (direction !== undefined) mode = direction;
    }
  }
  return {
    start,
    end,
    media: found[1] ?? '',
    port: found[2] ?? '',
    portStart: start + (/^m=\S+[ \t]+/.exec(line)?.[0].length ?? 0),
    address,
    rtcp,
    lastCandidate,
    hasRemoteCandidates,
    transport: found[3] ?? '',
    formats,
    payloads,
    mode,
  };
}

function sessionAt(raw: string, { start, end }: Extent): SdpSession | null {
  const v = findSdpLine(raw, start, end, 'v');
  const o = v < 0 ? -1 : findSdpLine(raw, v, end, 'o');
  let m = o < 0 ? -1 : findSdpLine(raw, o, end, 'm');
  if (m < 0) return null;
  const version = versionOf(raw, o, m);
  const origin = addressAt(raw, o, end);
  if (version === null || origin === null) return null;
  const c = findSdpLine(raw, o, m, 'c');
  const address = c < 0 ? null : addressAt(raw, c, end);
  if (c >= 0 && address === null) return null;
  const streams: SdpStream[] = [];
  while (m >= 0) {
    const next = findSdpLine(raw, m + 2, end, 'm');
    const stop = next < 0 ? end : next;
    const own = findSdpLine(raw, m, stop, 'c');
    const ownAddress = own < 0 ? null : addressAt(raw, own, end);
    if (own < 0 ? c < 0 : ownAddress === null) return null;
    const stream = streamAt(raw, m, stop, ownAddress);
    if (stream === null) return null;
    streams.push(stream);
    m = next;
  }
  return { version, origin, address, streams };
}

/** Parts of a multipart body that are SDP; null when the body cannot be cut into parts. */
function sdpParts(msg: SipMessage, boundary: string): Extent[] | null {
  const { raw } = msg;
  const mark = `--${boundary}`;
  const lines: number[] = [];
  for (let at = raw.indexOf(mark, msg.bodyStart); at >= 0; at = raw.indexOf(mark, at + mark.length))
    if (isLineEnd(raw, at - 1)) lines.push(at);
  if (lines.length === 0) return null;
  const found: Extent[] = [];
  // The first empty line at or after the place last asked for; parts that have none share one search.
  const blank = /\r?\n\r?\n/g;
  let gap: { readonly index: number; readonly length: number } | null = { index: -1, length: 0 };
  for (const [i, line] of lines.entries()) {
    const end = lines[i + 1] ?? raw.length;
    const head = raw.indexOf('\n', line) + 1;
    if (head === 0 || head > end) continue;
    if (gap !== null && gap.index < head - 1) {
      blank.lastIndex = head - 1;
      const next = blank.exec(raw);
      gap = next && { index: next.index, length: next[0].length };
    }
    if (gap === null) break;
    if (gap.index >= end) continue;
    if (!/^(?:content-type|c)[ \t]*:[ \t]*application\/sdp[ \t]*(?:;|\r?$)/im.test(raw.slice(head, gap.index)))
      continue;
    let start = gap.index + gap.length;
    while (start < end && /\s/.test(raw[start] ?? '')) start++;
    found.push({ start, end });
  }
  return found;
}

/** Where the SDP of a message is; `empty`: there is no body; null: it is something else. */
function extents(msg: SipMessage): readonly Extent[] | 'empty' | null {
  if (!msg.complete) return null;
  if (msg.bodyStart >= msg.raw.length) return 'empty';
  const type = msg.contentType ?? '';
  const plain = (type.split(';')[0] ?? '').trim();
  if (equalsIgnoreCase(plain, 'application/sdp')) return [{ start: msg.bodyStart, end: msg.raw.length }];
  const boundary = equalsIgnoreCase(plain, 'multipart/mixed') ? boundaryOf(type) : null;
  return boundary === null ? null : sdpParts(msg, boundary);
}

/** `empty`: there is no body; null: it is no SDP, or a malformed one. */
export function parseSdp(msg: SipMessage): Sdp | 'empty' | null {
  const places = extents(msg);
  if (places === null || places === 'empty') return places;
  const sessions: SdpSession[] = [];
  for (const place of places) {
    const session = sessionAt(msg.raw, place);
    if (session === null) return null;
    sessions.push(session);
  }
  const last = places.at(-1);
  return { start: last?.start ?? msg.bodyStart, end: last?.end ?? msg.bodyStart, sessions };
}

/**
 * The SDP of a message for a media relay: bounded by Content-Length, of a body without a type too, or a trickle-ICE fragment
 * (RFC 8840 §9). Null where there is none.
 */
export function relayedSdp(msg: SipMessage): (Extent & { readonly fragment: boolean }) | null {
  const length = msg.contentLength;
  const end = msg.bodyStart + (length ?? 0);
  if (!msg.complete || length === null || length <= 0 || end > msg.raw.length) return null;
  const type = msg.contentType ?? 'application/sdp';
  if (equalsIgnoreCase(type.slice(0, 15), 'multipart/mixed')) {
    const boundary = boundaryOf(type);
    const part = boundary === null ? undefined : sdpParts(msg, boundary)?.[0];
    if (part === undefined) return null;
    let stop = part.end;
    if (msg.raw[stop - 1] === '\n') stop--;
    if (msg.raw[stop - 1] === '\r') stop--;
    return { start: part.start, end: stop, fragment: false };
  }
  const kind = /^application[ \t]*\/[ \t]*(sdp(?=[; \t]|$)|trickle-ice-sdpfrag)/i.exec(type)?.[1];
  return kind === undefined ? null : { start: msg.bodyStart, end, fragment: kind.length > 3 };
}

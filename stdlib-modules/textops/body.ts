/**
 * Bodies: replacing one, and the parts of multipart ones (RFC 2046 §5.1).
 */
import {
  boundaryOf,
  equalsIgnoreCase,
  HeaderId,
  type RouteContext,
  type SipMessage,
  type Verdict,
} from '../../runtime/sdk/index.js';

/** New body and Content-Type. Earlier edits of the body are dropped, as in Kamailio. */
export function setBody(ctx: RouteContext, body: string, type: string): Verdict {
  const { msg, draft } = ctx;
  if (body === '' || type === '' || !msg.complete) return -1;
  const { edits } = draft;
  edits.drop((e) => e.start > msg.headersEnd);
  const length = msg.contentLength;
  if (length !== null && length > 0) {
    if (msg.bodyStart + length > msg.raw.length) return -1;
    edits.remove(msg.bodyStart, msg.bodyStart + length);
  }
  setContentType(ctx, type);
  if (length === null) edits.insert(msg.headersEnd, `Content-Length: ${body.length}\r\n`, HeaderId.ContentLength);
  return edits.insert(msg.bodyStart, body) ? 1 : -1;
}
/** Leaves a field with the same value alone; else the new one goes after the last header field. */
export function setContentType(ctx: RouteContext, type: string): void {
  const { msg, draft } = ctx;
  const field = msg.header(HeaderId.ContentType);
  if (field?.value === type) return;
  if (field !== undefined) draft.edits.remove(field.start, field.end, HeaderId.ContentType);
  draft.edits.insert(msg.headersEnd, `Content-Type: ${type}\r\n`, HeaderId.ContentType);
}

export function hasBody(msg: SipMessage, type: string | undefined): Verdict {
  const length = msg.contentLength;
  if (length === null || length <= 0) return -1;
  if (type === undefined || type === '') return 1;
  return sameType(msg.contentType ?? 'application/sdp', type) ? 1 : -1;
}
/** Media types without parameters, ASCII case ignored. */
export function sameType(value: string, type: string): boolean {
  const semi = value.indexOf(';');
  const plain = (semi < 0 ? value : value.slice(0, semi)).trim();
  return equalsIgnoreCase(plain, type.trim());
}

export interface BodyPart {
  /** From its boundary line to the next: what is removed with it. */
  readonly start: number;
  readonly end: number;
  /** Its Content-Type line; both at the first header line when it has none. */
  readonly typeStart: number;
  readonly typeEnd: number;
  /** Content, without the line end that belongs to the next boundary. */
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly type: string;
}

const MAX_PARTS = 64;

/** Parts of a multipart body; null when it is not one. */
export function bodyParts(msg: SipMessage): readonly BodyPart[] | null {
  const type = msg.contentType;
  const boundary = type !== null && equalsIgnoreCase(type.slice(0, 10), 'multipart/') ? boundaryOf(type) : null;
  if (boundary === null || !msg.complete) return null;
  const { raw } = msg;
  const mark = `--${boundary}`;
  const lines: number[] = [];
  for (
    let at = raw.indexOf(mark, msg.bodyStart);
    at >= 0 && lines.length <= MAX_PARTS;
    at = raw.indexOf(mark, at + mark.length)
  ) {
    if (at === msg.bodyStart || raw.charCodeAt(at - 1) === 10) lines.push(at);
  }
  const parts: BodyPart[] = [];
  for (let i = 0; i + 1 < lines.length; i++) {
    const start = lines[i]!;
    const end = lines[i + 1]!;
    if (raw.startsWith('--', start + mark.length)) break;
    const headersStart = raw.indexOf('\n', start) + 1;
    if (headersStart === 0 || headersStart > end) break;
    let at = headersStart;
    let type = 'text/plain';
    let typeStart = headersStart;
    let typeEnd = headersStart;
    while (at < end && raw[at] !== '\r' && raw[at] !== '\n') {
      const lf = raw.indexOf('\n', at);
      if (lf < 0 || lf >= end) break;
      const line = raw.slice(at, lf);
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0)).trim();
      if (equalsIgnoreCase(name, 'Content-Type') || equalsIgnoreCase(name, 'c')) {
        type = line.slice(colon + 1).trim();
        typeStart = at;
        typeEnd = lf + 1;
      }
      at = lf + 1;
    }
    const contentStart = Math.min(raw.indexOf('\n', at) + 1 || end, end);
    const cut = raw.startsWith('\r\n', end - 2) ? 2 : 1;
    parts.push({ start, end, typeStart, typeEnd, contentStart, contentEnd: Math.max(contentStart, end - cut), type });
  }
  return parts;
}
/**
 * The first part whose Content-Type begins with `type`. Kamailio (`ki_get_body_part_helper` and its kin) wants the line end
 * right behind it and looks no further: a part with parameters, `application/sdp;charset=utf-8`, is not found.
 */
export function partOfType(msg: SipMessage, type: string): BodyPart | undefined {
  for (const part of bodyParts(msg) ?? []) {
    if (part.typeEnd === part.typeStart) continue;
    const line = msg.raw.slice(part.typeStart, part.typeEnd);
    const value = line.slice(line.indexOf(':') + 1).replace(/^[ \t]+/, '');
    if (!equalsIgnoreCase(value.slice(0, type.length), type)) continue;
    return value.startsWith('\r\n', type.length) ? part : undefined;
  }
  return undefined;
}

/** How an SDP body holds an audio stream: 1 by address 0.0.0.0 (RFC 2543), 2 by sendonly or inactive (RFC 3264), -1 not. */
export function audioOnHold(msg: SipMessage): Verdict {
  if (!msg.complete || !sameType(msg.contentType ?? 'application/sdp', 'application/sdp')) return -1;
  const lines = msg.body.split('\n').map((l) => l.trimEnd());
  // Kamailio's parser wants an origin and an address.
  if (!lines.some((l) => l.startsWith('o=')) || !lines.some((l) => l.startsWith('c='))) return -1;
  let media: string | null = null;
  let sessionMode = 0;
  let sessionNull = false;
  let mode = 0;
  let address: boolean | null = null;
  const verdict = (): Verdict => {
    if (media === null || !media.startsWith('m=audio ')) return -1;
    return mode || ((address ?? sessionNull) ? 1 : 0) || sessionMode || -1;
  };
  for (const line of lines) {
    if (line.startsWith('m=')) {
      const before = verdict();
      if (before > 0) return before;
      media = line;
      mode = 0;
      address = null;
    } else if (line.startsWith('c=')) {
      const isNull = line.endsWith(' 0.0.0.0');
      if (media === null) sessionNull = isNull;
      else address = isNull;
    } else if (line === 'a=sendonly' || line === 'a=inactive') {
      if (media === null) sessionMode = 2;
      else mode = 2;
    }
  }
  return verdict();
}

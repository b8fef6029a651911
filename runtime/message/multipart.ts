/**
 * Boundaries of a multipart body whose parts were edited (RFC 2046 §5.1.1): each line right, the last one closed. Kamailio does
 * it when a request is built (msg_translator.c, check_boundaries()), and drops what stands before the first boundary.
 */
import { equalsIgnoreCase } from './chars.js';
import { applyEdits, type Edits, type Outgoing } from './edit.js';
import type { SipMessage } from './message.js';

/** The `boundary` parameter of a Content-Type value; null when there is none. */
export function boundaryOf(contentType: string): string | null {
  for (const piece of contentType.split(';').slice(1)) {
    const eq = piece.indexOf('=');
    if (eq < 0 || !equalsIgnoreCase(piece.slice(0, eq).trim(), 'boundary')) continue;
    const value = piece.slice(eq + 1).trim();
    const bare = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
    return bare === '' ? null : bare;
  }
  return null;
}

/** The body with its boundary lines put right; null when it has fewer than two. */
export function closedParts(body: string, boundary: string): string | null {
  const mark = `--${boundary}`;
  const starts: number[] = [];
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length))
    if (at === 0 || body.charCodeAt(at - 1) === 10) starts.push(at);
  if (starts.length < 2) return null;
  let text = '';
  for (const [i, start] of starts.entries()) {
    const lf = body.indexOf('\n', start);
    const lineEnd = lf < 0 ? body.length : lf + 1;
    const next = starts[i + 1];
    if (next !== undefined) text += `${mark}\r\n${body.slice(lineEnd, next)}`;
    else text += body.slice(start, lineEnd) === `${mark}--\r\n` ? body.slice(start) : `${mark}--\r\n`;
  }
  return text;
}

/** Replaces the edits of the body by one that also closes its parts. */
export function closeParts(msg: SipMessage, edits: Edits, out: Outgoing): void {
  const boundary = boundaryOf(msg.contentType ?? '');
  if (boundary === null) return;
  const inBody = edits.entries.filter((e) => e.start > msg.headersEnd);
  const closed = closedParts(applyEdits(msg.raw, inBody, out, msg.bodyStart), boundary);
  if (closed === null) return;
  edits.drop((e) => e.start > msg.headersEnd);
  edits.replace(msg.bodyStart, msg.raw.length, closed);
}

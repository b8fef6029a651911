/**
 * Turning a body into a multipart one, and adding parts to it (RFC 2046 §5.1).
 */
import { boundaryOf, equalsIgnoreCase, HeaderId, type RouteContext, type Verdict } from '../../runtime/sdk/index.js';
import { partOfType } from './body.js';

const DEFAULT_BOUNDARY = 'unique-boundary-1';
const isMultipart = (type: string | null): boolean =>
  type !== null && equalsIgnoreCase(type.slice(0, 10), 'multipart/');

/** A part and the boundary line after it; null for an empty part, and for a boundary that could not be told from a text line. */
function part(body: string, type: string, disposition: string, boundary: string): string | null {
  if (body === '' || type === '' || boundary === '' || boundary.startsWith('-')) return null;
  const placed = disposition === '' ? '' : `Content-Disposition: ${disposition}\r\n`;
  const end = body.endsWith('\r\n\r\n') ? '' : '\r\n';
  return `Content-Type: ${type}\r\n${placed}\r\n${body}${end}--${boundary}\r\n`;
}

/**
 * The body, or the one given, as the only part of a multipart/mixed body. A body that is multipart already stays unless
 * another is given; its Content-Type then stays too.
 */
export function setMultipart(ctx: RouteContext, body: string, type: string, boundary: string): Verdict {
  const { msg, draft } = ctx;
  const already = isMultipart(msg.contentType);
  if (already && body === '') return 1;
  if (!msg.complete) return -1;
  const { edits } = draft;
  edits.drop((e) => e.start > msg.headersEnd);
  if (msg.bodyLength > 0) edits.remove(msg.bodyStart, msg.raw.length);
  const mark = boundary === '' ? DEFAULT_BOUNDARY : boundary;
  const ownType = type === '' ? 'text/plain' : type;
  const text =
    body === '' ? part(already ? '' : msg.body, msg.contentType ?? ownType, '', mark) : part(body, ownType, '', mark);
  if (text === null) return -1;
  const whole = `--${mark}\r\n${text}`;
  // Kamailio puts each of these lines right after the header fields, so the last one written comes first.
  let lines = msg.header(HeaderId.ContentLength) === undefined ? `Content-Length: ${whole.length}\r\n` : '';
  if (!already) {
    const field = msg.header(HeaderId.ContentType);
    if (field !== undefined) edits.remove(field.start, field.end, HeaderId.ContentType);
    lines = `Content-Type: multipart/mixed;boundary="${mark}"\r\n${lines}Mime-Version: 1.0\r\n`;
  }
  if (lines !== '') edits.insert(msg.headersEnd, lines);
  edits.insert(msg.bodyStart, whole);
  draft.multipart = true;
  return 1;
}

/** Adds a part at the end. */
export function appendPart(ctx: RouteContext, body: string, type: string, disposition: string): Verdict {
  const { msg, draft } = ctx;
  if (!msg.complete || msg.bodyLength === 0 || msg.contentType === null) return -1;
  const boundary = boundaryOf(msg.contentType);
  const text = boundary === null ? null : part(body, type, disposition, boundary);
  if (text === null || !draft.edits.insert(msg.raw.length, text)) return -1;
  draft.multipart = true;
  return 1;
}

/** Removes the first part of a media type. */
export function removePart(ctx: RouteContext, wanted: string): Verdict {
  const found = partOfType(ctx.msg, wanted);
  if (
    found === undefined ||
    !ctx.draft.edits.remove(found.typeStart, ctx.msg.raw.indexOf('\n', found.end) + 1 || found.end)
  )
    return -1;
  ctx.draft.multipart = true;
  return 1;
}

/**
 * Start lines (RFC 3261 §7.1, §7.2), as lenient as Kamailio (parser/parse_fline.c): any token is a method, any text up
 * to a space is a Request-URI, and the version is checked by whoever cares.
 */
import { CR, isDigit, isSpace, LF, SP } from './chars.js';
import type { Grammar } from './grammar.js';

export interface StartLine {
  readonly isRequest: boolean;
  /** Offset of the first character: white space before the message is skipped. */
  readonly start: number;
  /** Request: method, Request-URI, version. Response: version, status code, reason. */
  readonly firstEnd: number;
  readonly secondStart: number;
  readonly secondEnd: number;
  readonly thirdStart: number;
  readonly thirdEnd: number;
  /** After the line end. */
  readonly end: number;
}

/** Offsets of the start line's parts, or the reason why there are none. */
export function parseStartLine(raw: string, grammar: Grammar): StartLine | string {
  const n = raw.length;
  let start = 0;
  while (start < n && (isSpace(raw.charCodeAt(start)) || raw.charCodeAt(start) === 0)) start++;
  if (n - start <= 16) return 'message too short';
  const lf = raw.indexOf('\n', start);
  if (lf < 0 || lf + 1 >= n) return 'no line end after the start line';
  const lineEnd = lf > start && raw.charCodeAt(lf - 1) === CR ? lf - 1 : lf;
  const isRequest = !startsWithVersion(raw, start) && !(grammar.httpResponses && isHttpResponse(raw, start));

  let i = start;
  while (i < lineEnd && !isGap(raw.charCodeAt(i))) i++;
  const firstEnd = i;
  if (firstEnd === start || raw.charCodeAt(i) !== SP) return 'method not followed by a space';
  const secondStart = i + 1;
  i = secondStart;
  while (i < lineEnd && !isGap(raw.charCodeAt(i))) i++;
  const secondEnd = i;
  while (i < lineEnd && raw.charCodeAt(i) !== CR && isGap(raw.charCodeAt(i))) i++;
  const thirdStart = i;
  if (thirdStart === secondEnd) return isRequest ? 'no version' : 'no space after the status code';
  if (!isRequest) {
    if (secondEnd - secondStart !== 3) return 'status code is not three digits';
    for (let k = secondStart; k < secondEnd; k++)
      if (!isDigit(raw.charCodeAt(k))) return 'status code is not three digits';
    const cr = raw.indexOf('\r', thirdStart);
    const thirdEnd = cr >= 0 && cr < lineEnd ? cr : lineEnd;
    return { isRequest, start, firstEnd, secondStart, secondEnd, thirdStart, thirdEnd, end: lf + 1 };
  }
  while (i < lineEnd && !isGap(raw.charCodeAt(i))) i++;
  const thirdEnd = i;
  if (thirdEnd === thirdStart) return 'no version';
  while (i < lineEnd && isGap(raw.charCodeAt(i))) i++;
  if (i < lineEnd) return 'more than three parts in the request line';
  return { isRequest, start, firstEnd, secondStart, secondEnd, thirdStart, thirdEnd, end: lf + 1 };
}

const isGap = (c: number): boolean => c === SP || c === 9 || c === CR || c === LF || c === 0;

const isHttpResponse = (raw: string, at: number): boolean => HTTP_VERSION.test(raw.slice(at, at + 9));
const HTTP_VERSION = /^HTTP\/(?:1\.[01]|2) /i;

/** `SIP/2.0 `, ASCII case ignored. */
function startsWithVersion(raw: string, at: number): boolean {
  return (
    raw.charCodeAt(at + 3) === 0x2f &&
    raw.charCodeAt(at + 7) === SP &&
    (raw.charCodeAt(at) | 0x20) === 0x73 &&
    (raw.charCodeAt(at + 1) | 0x20) === 0x69 &&
    (raw.charCodeAt(at + 2) | 0x20) === 0x70 &&
    raw.charCodeAt(at + 4) === 0x32 &&
    raw.charCodeAt(at + 5) === 0x2e &&
    raw.charCodeAt(at + 6) === 0x30
  );
}

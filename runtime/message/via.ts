/**
 * Via values (RFC 3261 §20.42, RFC 3581): sent-protocol, sent-by, parameters, each with its place in the text.
 */
import type { Proto } from '../env.js';
import { isDigit, isSpace, isTokenChar, lowerAscii, skipSpace, trimEnd } from './chars.js';
import { areStrict, findParam, type Param, paramValue, parseParams } from './params.js';

export class Via {
  constructor(
    private readonly raw: string,
    /** Extent of this value in the message; a header field may hold several. */
    readonly start: number,
    readonly end: number,
    /** Upper case as written: UDP, TCP … */
    readonly transport: string,
    /** As written, brackets around IPv6. */
    readonly host: string,
    /** 0 when absent. */
    readonly port: number,
    /** After host and port: where `received` and `rport` are put in. */
    readonly sentByEnd: number,
    readonly params: readonly Param[],
    /** What stands in brackets at the end (RFC 2543). */
    readonly comment = '',
  ) {}
  get text(): string {
    return this.raw.slice(this.start, this.end);
  }
  get proto(): Proto | null {
    const p = lowerAscii(this.transport);
    return p === 'udp' || p === 'tcp' || p === 'tls' || p === 'sctp' || p === 'ws' || p === 'wss' ? p : null;
  }
  param(name: string): string | null {
    return paramValue(this.params, name);
  }
  paramAt(name: string): Param | undefined {
    return findParam(this.params, name);
  }
  get branch(): string | null {
    return this.param('branch');
  }
  get received(): string | null {
    return this.param('received');
  }
  /** '' for `;rport` without a value, null when absent. */
  get rport(): string | null {
    return this.param('rport');
  }
  get maddr(): string | null {
    return this.param('maddr');
  }
  get alias(): boolean {
    return findParam(this.params, 'alias') !== undefined;
  }
  /** Connection id Kamailio puts into its own Via for streams (`;i=`, hex digits reversed). */
  get connectionId(): string | null {
    return this.param('i');
  }
}

const isHostChar = (c: number): boolean => isTokenChar(c) || c >= 0x80;

/** One value from `start`; it ends at `end` or before a comma. Null when it is not a Via. */
export function parseVia(text: string, start = 0, end = text.length): Via | null {
  const from = skipSpace(text, start, end);
  let i = skipProtocol(text, from, end);
  if (i < 0) return null;
  const transportStart = i;
  i = skipToken(text, i, end);
  if (i === transportStart || i >= end || !isSpace(text.charCodeAt(i))) return null;
  const transport = transportName(text, transportStart, i);
  const hostStart = skipSpace(text, i, end);
  i = hostStart;
  if (text.charCodeAt(i) === 0x5b) {
    const close = text.indexOf(']', i);
    if (close < 0 || close >= end) return null;
    i = close + 1;
  } else {
    while (i < end && isHostChar(text.charCodeAt(i))) i++;
  }
  if (i === hostStart) return null;
  const host = text.slice(hostStart, i);
  let sentByEnd = i;
  let port = 0;
  i = skipSpace(text, i, end);
  if (i < end && text.charCodeAt(i) === 0x3a) {
    i = skipSpace(text, i + 1, end);
    const portStart = i;
    for (; i < end && isDigit(text.charCodeAt(i)); i++) {
      port = port * 10 + text.charCodeAt(i) - 0x30;
      if (port > 65_535) return null;
    }
    if (i === portStart) return null;
    sentByEnd = i;
    i = skipSpace(text, i, end);
  }
  let comment = '';
  let commented = false;
  if (i < end && text.charCodeAt(i) === 0x28) {
    const close = text.indexOf(')', i);
    if (close < 0 || close >= end) return null;
    comment = text.slice(i + 1, close);
    i = skipSpace(text, close + 1, end);
    commented = true;
  }
  if (i >= end || text.charCodeAt(i) === 0x2c) {
    return new Via(text, from, trimEnd(text, from, i), transport, host, port, sentByEnd, [], comment);
  }
  if (text.charCodeAt(i) !== 0x3b) return null;
  const last = trimEnd(text, i, end);
  const open = text.charCodeAt(last - 1) === 0x29 ? text.lastIndexOf('(', last - 2) : -1;
  // After parameters a comment stands at the end of the field, behind a blank.
  const closing = open > i && isSpace(text.charCodeAt(open - 1));
  const read = parseParams(text, i + 1, closing ? trimEnd(text, i, open) : end, 0x2c);
  if (commented || read === null || !areStrict(text, i, read.end, read.params)) return null;
  for (let n = 0; n < read.params.length; n++) {
    const p = read.params[n]!;
    // An empty value passes where another parameter follows it, as in Kamailio (parse_via.c).
    if (!p.value && needsValue(p.name) && (p.value === null || n === read.params.length - 1)) return null;
  }
  const commentEnds = closing && read.end >= trimEnd(text, i, open);
  if (commentEnds) comment = text.slice(open + 1, last - 1);
  const till = commentEnds ? last : trimEnd(text, from, read.end);
  return new Via(text, from, till, transport, host, port, sentByEnd, read.params, comment);
}

/** After `SIP/2.0/`, which nearly every Via starts with as it is; -1 when it is something else. */
function skipProtocol(text: string, from: number, end: number): number {
  if (text.startsWith('SIP/2.0/', from) && from + 8 < end && isTokenChar(text.charCodeAt(from + 8))) return from + 8;
  let i = skipToken(text, from, end);
  if (lowerAscii(text.slice(from, i)) !== 'sip') return -1;
  i = skipSlash(text, i, end);
  if (i < 0) return -1;
  const versionStart = i;
  i = skipToken(text, i, end);
  if (text.slice(versionStart, i) !== '2.0') return -1;
  return skipSlash(text, i, end);
}
/** The usual ones are constants: nothing is cut out of the message. */
function transportName(text: string, start: number, end: number): string {
  if (end - start === 3) {
    if (text.startsWith('UDP', start)) return 'UDP';
    if (text.startsWith('TCP', start)) return 'TCP';
    if (text.startsWith('TLS', start)) return 'TLS';
  }
  return text.slice(start, end);
}

/** Parameters Kamailio refuses without a value; `rport`, `alias`, `ttl` and those it does not know may do without. */
function needsValue(name: string): boolean {
  switch (lowerAscii(name)) {
    case 'branch':
    case 'received':
    case 'maddr':
    case 'i':
      return true;
    default:
      return false;
  }
}
const skipToken = (text: string, at: number, end: number): number => {
  while (at < end && isTokenChar(text.charCodeAt(at))) at++;
  return at;
};
const skipSlash = (text: string, at: number, end: number): number => {
  at = skipSpace(text, at, end);
  if (at >= end || text.charCodeAt(at) !== 0x2f) return -1;
  return skipSpace(text, at + 1, end);
};

const MAX_VIAS = 256;

/** All values of one Via field. Null when one is malformed. */
export function parseViaList(text: string, start = 0, end = text.length): readonly Via[] | null {
  let vias: Via[] | null = null;
  let at = start;
  for (;;) {
    const one = parseVia(text, at, end);
    if (one === null) return null;
    if (vias === null) vias = [one];
    else if (vias.length === MAX_VIAS) return null;
    else vias.push(one);
    at = skipSpace(text, one.end, end);
    if (at < end && text.charCodeAt(at) === 0x3b) at = skipSpace(text, at + 1, end);
    if (at >= end) return vias;
    if (text.charCodeAt(at) !== 0x2c) return null;
    at++;
  }
}

/**
 * Cuts a byte stream into SIP messages by Content-Length (RFC 3261 §18.3) and finds CRLF keep-alives
 * (RFC 5626 §3.5.1), with the limits and refusals of Kamailio's `tcp_read_headers()`.
 *
 *   between messages: CR LF SP TAB are skipped, CRLFCRLF is a ping
 *   header part:      up to an empty line; the first Content-Length counts; none is an error
 *   body:             that many bytes
 * Header and body together may not exceed the limit. Any error ends the stream: there is no way back into step.
 */

import { detach } from '../message/chars.js';

const CR = 13;
const LF = 10;
const SP = 32;
const TAB = 9;

const NAME = 'content-length';
/** As much of a line as a Content-Length header field can need. */
const LINE_BYTES = 64;

export type FrameError = 'too-long' | 'no-content-length' | 'bad-content-length';

export interface FrameSink {
  message(bytes: string): void;
  /** CRLFCRLF between messages: answer with CRLF. */
  ping(): void;
}

const BETWEEN = 0;
const HEADERS = 1;
const BODY = 2;
const FAILED = 3;
const STOPPED = 4;

export class StreamFramer {
  private state = BETWEEN;
  /** What was received of the current message. */
  private pieces: string[] = [];
  /** A piece is part of what was read. */
  private isView = false;
  private length = 0;
  /** How much of CRLFCRLF was seen between messages. */
  private pingSeen = 0;
  /** The header line being read: its first bytes when it may be a Content-Length, whether it is empty so far. */
  private line = '';
  private lineStarted = false;
  private lineEmpty = false;
  private firstLine = true;
  private contentLength = -1;
  private bodyLeft = 0;
  private failure: FrameError | null = null;

  /**
   * @param maxBytes longest message (`tcp_rd_buf_size`)
   * @param lenient a message without Content-Length has no body (`tcp_accept_no_cl`)
   */
  constructor(
    private readonly sink: FrameSink,
    private readonly maxBytes = 16_384,
    private readonly lenient = false,
  ) {}

  /** Bytes held for a message not complete yet. */
  get heldBytes(): number {
    return this.length;
  }

  /** Takes the next bytes; the error that ended the stream, or null. Nothing is read after an error. */
  push(bytes: string): FrameError | null {
    let at = 0;
    while (at < bytes.length && this.state < FAILED) {
      if (this.state === BETWEEN) at = this.between(bytes, at);
      else if (this.state === HEADERS) at = this.headers(bytes, at);
      else at = this.body(bytes, at);
    }
    if (this.state === STOPPED) this.rest = bytes.slice(at);
    return this.failure;
  }
  /** After the message being delivered nothing is read: the stream speaks another protocol from here on. */
  stop(): void {
    this.state = STOPPED;
  }
  /** What had come with the last message when it was stopped. */
  rest = '';

  private between(bytes: string, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const c = bytes.charCodeAt(at);
      if (c === CR || c === LF || c === SP || c === TAB) {
        const wanted = this.pingSeen % 2 === 0 ? CR : LF;
        this.pingSeen = c === wanted ? this.pingSeen + 1 : c === CR ? 1 : 0;
        if (this.pingSeen === 4) {
          this.pingSeen = 0;
          this.sink.ping();
        }
        continue;
      }
      this.pingSeen = 0;
      this.state = HEADERS;
      this.firstLine = true;
      this.lineEmpty = true;
      this.lineStarted = false;
      this.line = '';
      this.contentLength = -1;
      return at;
    }
    return bytes.length;
  }

  /** Reads lines; keeps of each only as much of its beginning as a Content-Length header field can need. */
  private headers(bytes: string, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const lf = bytes.indexOf('\n', at);
      const end = lf < 0 ? bytes.length : lf;
      if (this.length + (end - from) > this.maxBytes) return this.fail('too-long', bytes);
      for (let i = at; this.lineEmpty && i < end; i++) if (bytes.charCodeAt(i) !== CR) this.lineEmpty = false;
      if (end > at) {
        // Only lines that begin with c or l are looked at: `c`ontent-length, `l`.
        const first = bytes.charCodeAt(at) | 0x20;
        const wanted = this.lineStarted
          ? this.line !== '' && this.line.length < LINE_BYTES
          : (first === 0x63 || first === 0x6c) && this.contentLength < 0 && !this.firstLine;
        if (wanted) this.line += bytes.slice(at, Math.min(end, at + LINE_BYTES - this.line.length));
        this.lineStarted = true;
      }
      if (lf < 0) break;
      at = lf + 1;
      if (this.lineEmpty) {
        this.keep(bytes, from, at);
        return this.headersDone(bytes, at);
      }
      if (this.line !== '') {
        const value = contentLength(this.line);
        if (value === -2) return this.fail('bad-content-length', bytes);
        if (value >= 0) this.contentLength = value;
        this.line = '';
      }
      this.lineEmpty = true;
      this.lineStarted = false;
      this.firstLine = false;
    }
    this.keep(bytes, from, bytes.length);
    return bytes.length;
  }

  private headersDone(bytes: string, at: number): number {
    if (this.contentLength < 0) {
      if (!this.lenient) return this.fail('no-content-length', bytes);
      this.contentLength = 0;
    }
    if (this.length + this.contentLength > this.maxBytes) return this.fail('too-long', bytes);
    this.bodyLeft = this.contentLength;
    this.state = BODY;
    if (this.bodyLeft === 0) this.complete();
    return at;
  }

  private body(bytes: string, from: number): number {
    const end = Math.min(bytes.length, from + this.bodyLeft);
    this.keep(bytes, from, end);
    this.bodyLeft -= end - from;
    if (this.bodyLeft === 0) this.complete();
    return end;
  }

  private keep(bytes: string, from: number, to: number): void {
    const whole = from === 0 && to === bytes.length;
    this.pieces.push(whole ? bytes : bytes.slice(from, to));
    if (!whole) this.isView = true;
    this.length += to - from;
  }

  private complete(): void {
    const [first = ''] = this.pieces;
    // A view on what was read is slower to scan, and keeps all of it as long as the message is kept.
    const message = this.pieces.length > 1 ? this.pieces.join('') : this.isView ? detach(first) : first;
    this.isView = false;
    this.pieces = [];
    this.length = 0;
    this.state = BETWEEN;
    this.sink.message(message);
  }

  private fail(error: FrameError, bytes: string): number {
    this.failure = error;
    this.state = FAILED;
    this.pieces = [];
    this.length = 0;
    return bytes.length;
  }
}

/** The value when the line is a Content-Length; -1 when it is not one; -2 when it is one that cannot be. */
function contentLength(line: string): number {
  let at = 0;
  if (line.length >= NAME.length && line.slice(0, NAME.length).toLowerCase() === NAME) at = NAME.length;
  else if ((line.charCodeAt(0) | 0x20) === 0x6c) at = 1;
  else return -1;
  while (isBlank(line.charCodeAt(at))) at++;
  if (line[at] !== ':') return -1;
  at++;
  while (isBlank(line.charCodeAt(at))) at++;
  let value = 0;
  let digits = 0;
  for (; at < line.length; at++, digits++) {
    const c = line.charCodeAt(at) - 48;
    if (c < 0 || c > 9) break;
    value = value * 10 + c;
    if (value > 0x7fffffff) return -2;
  }
  if (digits === 0) return -1;
  const after = line.charCodeAt(at);
  return at >= line.length || after === CR || isBlank(after) ? value : -2;
}
const isBlank = (c: number) => c === SP || c === TAB;

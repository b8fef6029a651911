/**
 * A received (or rebuilt) SIP message: its text, indexed once; everything else is parsed when asked for and kept.
 * Immutable: what a script changes stands in a `Draft` until it is sent.
 */
import type { ReceiveInfo } from '../transport/types.js';
import { detach, equalsIgnoreCase, isDigit, isSpace, parseUint, skipSpace } from './chars.js';
import type { Grammar } from './grammar.js';
import { type HeaderField, HeaderId, type HeaderIndex, headerId, indexHeaders } from './headers.js';
import { Method, methodId } from './methods.js';
import { isStar, type NameAddr, parseNameAddr, parseNameAddrList } from './name-addr.js';
import { parseStartLine, type StartLine } from './start-line.js';
import { parseUri, type SipUri } from './uri.js';
import { parseViaList, type Via } from './via.js';

export type { ReceiveInfo } from '../transport/types.js';
export { detach };

/** Why a text is not a message anything can be done with. */
export class ParseFailure {
  constructor(
    readonly reason: string,
    /** It cannot be read; false: it can, and lacks something or is not SIP/2.0. */
    readonly malformed = true,
  ) {}
}

export interface CSeq {
  /** -1 when it is not a number. */
  readonly number: number;
  /** Digits as written. */
  readonly numberText: string;
  readonly method: string;
  readonly methodId: number;
}

/** One value of Route, Record-Route or Path: `addr.start`..`addr.end` is its place in `raw`. */
export interface RouteEntry {
  readonly field: HeaderField;
  readonly addr: NameAddr;
}

const NO_ENTRIES: readonly RouteEntry[] = [];
/** Contact values in order, `'star'` for `*`. */
export type Contacts = readonly NameAddr[] | 'star';

export class SipMessage {
  readonly isRequest: boolean;
  /** Method; for responses the CSeq method ('' when it has none). */
  readonly method: string;
  readonly methodId: number;
  /** '' for responses. */
  readonly requestUri: string;
  /** `SIP/2.0`, as written. */
  readonly version: string;
  /** 0 for requests. */
  readonly status: number;
  readonly reason: string;
  /** Offset of the empty line. */
  readonly headersEnd: number;
  /** Offset after the empty line. */
  readonly bodyStart: number;
  /** The empty line was found; without it there is no body. */
  readonly complete: boolean;
  /** A malformed line ended the header fields early: what follows is not seen. */
  readonly broken: boolean;

  private fields: readonly HeaderField[] | null;
  private ruri: SipUri | null | undefined;
  private viaList: readonly Via[] | null | undefined;
  /** No Via field is malformed; known once `vias()` was asked for. */
  private viasGood = true;
  private fromAddr: NameAddr | null | undefined;
  private toAddr: NameAddr | null | undefined;
  private cseqValue: CSeq | null | undefined;
  private contactList: Contacts | null | undefined;
  private contactFields: Map<HeaderField, readonly NameAddr[] | null> | null = null;
  private routeList: readonly RouteEntry[] | null | undefined;
  private recordRouteList: readonly RouteEntry[] | null | undefined;

  constructor(
    readonly raw: string,
    readonly received: ReceiveInfo,
    /** How its texts are read: that of the server it belongs to. */
    readonly grammar: Grammar,
    /** Number of the message in this process (`$mi`). */
    readonly id: number,
    /** Where the parts of the start line are. */
    readonly startLine: StartLine,
    index: HeaderIndex,
  ) {
    this.fields = index.fields;
    this.headersEnd = index.headersEnd;
    this.bodyStart = index.bodyStart;
    this.complete = index.complete;
    this.broken = index.broken;
    this.isRequest = startLine.isRequest;
    if (startLine.isRequest) {
      this.method = raw.slice(startLine.start, startLine.firstEnd);
      this.methodId = methodId(this.method);
      this.requestUri = raw.slice(startLine.secondStart, startLine.secondEnd);
      this.version = raw.slice(startLine.thirdStart, startLine.thirdEnd);
      this.status = 0;
      this.reason = '';
    } else {
      this.version = raw.slice(startLine.start, startLine.firstEnd);
      this.status = parseUint(raw, startLine.secondStart, startLine.secondEnd);
      this.reason = raw.slice(startLine.thirdStart, startLine.thirdEnd);
      this.requestUri = '';
      const cseq = this.cseq;
      this.method = cseq === null ? '' : cseq.method;
      this.methodId = cseq === null ? Method.UNDEF : cseq.methodId;
    }
  }

  /** Bytes that nobody has read as a message yet: no method, no header fields, only their text. */
  static unread(raw: string, received: ReceiveInfo, grammar: Grammar): SipMessage {
    const nothing = { start: 0, firstEnd: 0, secondStart: 0, secondEnd: 0, thirdStart: 0, thirdEnd: 0, end: 0 };
    const index = { fields: [], headersEnd: 0, bodyStart: raw.length, complete: false, broken: true };
    return new SipMessage(raw, received, grammar, 0, { isRequest: true, ...nothing }, index);
  }

  get headers(): readonly HeaderField[] {
    return (this.fields ??= indexHeaders(this.raw, this.startLine.end, this.grammar).fields);
  }
  /** Drops what was parsed; it is parsed again when asked for. For messages that are kept and seldom looked at. */
  forget(): void {
    this.fields = null;
    this.ruri = undefined;
    this.viaList = undefined;
    this.fromAddr = undefined;
    this.toAddr = undefined;
    this.cseqValue = undefined;
    this.contactList = undefined;
    this.contactFields = null;
    this.routeList = undefined;
    this.recordRouteList = undefined;
  }

  /** The n-th field (from 0; negative from the end) of that id or name. A name also finds its compact form. */
  header(id: HeaderId | string, n = 0): HeaderField | undefined {
    if (n !== 0) return this.headersOf(id).at(n);
    const known = typeof id === 'number' ? id : headerId(id);
    if (known !== HeaderId.Other) {
      for (const h of this.headers) if (h.id === known) return h;
      return undefined;
    }
    if (typeof id === 'number') return undefined;
    for (const h of this.headers) if (h.id === HeaderId.Other && h.isNamed(id)) return h;
    return undefined;
  }
  /** A field with this id stands more than once. */
  isRepeated(id: HeaderId): boolean {
    let found = false;
    for (const h of this.headers) {
      if (h.id !== id) continue;
      if (found) return true;
      found = true;
    }
    return false;
  }
  /** All fields of that id or name, in order. */
  headersOf(id: HeaderId | string): HeaderField[] {
    const known = typeof id === 'number' ? id : headerId(id);
    if (known !== HeaderId.Other) return this.fieldsOf(known);
    return typeof id === 'number' ? [] : this.headers.filter((h) => h.id === HeaderId.Other && h.isNamed(id));
  }
  private fieldsOf(id: HeaderId): HeaderField[] {
    let all: HeaderField[] | null = null;
    for (const h of this.headers) {
      if (h.id !== id) continue;
      if (all === null) all = [h];
      else all.push(h);
    }
    return all ?? [];
  }
  value(field: HeaderField): string {
    return field.value;
  }
  /** Trimmed value of the first field of that id or name; null when there is none. */
  headerValue(id: HeaderId | string): string | null {
    return this.header(id)?.value ?? null;
  }

  /** Body; '' when there is none. For datagrams everything after the empty line, whatever Content-Length says. */
  get body(): string {
    return this.raw.slice(this.bodyStart);
  }
  get bodyLength(): number {
    return this.raw.length - this.bodyStart;
  }

  /** Request-URI as received, parsed; null when it is malformed, and for responses. */
  uri(): SipUri | null {
    if (this.ruri === undefined) this.ruri = this.isRequest ? parseUri(this.requestUri, this.grammar) : null;
    return this.ruri;
  }

  /**
   * True when every header field could be parsed as far as Kamailio parses all of them: no malformed line, and each
   * Via, To and CSeq is good. Kamailio cannot answer a request for which this does not hold.
   */
  get wellFormed(): boolean {
    if (this.broken) return false;
    this.vias();
    if (!this.viasGood) return false;
    // To and CSeq may stand once only: a second one would have made the message `broken`.
    if (this.to === null && this.header(HeaderId.To) !== undefined) return false;
    return this.cseq !== null || this.header(HeaderId.CSeq) === undefined;
  }

  /** Topmost Via value. */
  get via(): Via | null {
    return this.vias()[0] ?? null;
  }
  /** All Via values from the top, up to the first malformed field. */
  vias(): readonly Via[] {
    if (this.viaList === undefined || this.viaList === null) {
      let all: readonly Via[] | null = null;
      for (const h of this.headers) {
        if (h.id !== HeaderId.Via) continue;
        const some = parseViaList(this.raw, h.valueStart, h.valueEnd);
        if (some === null) {
          this.viasGood = false;
          break;
        }
        all = all === null ? some : all.concat(some);
      }
      this.viaList = all ?? [];
    }
    return this.viaList;
  }

  get from(): NameAddr | null {
    if (this.fromAddr === undefined) this.fromAddr = this.nameAddr(HeaderId.From);
    return this.fromAddr;
  }
  get to(): NameAddr | null {
    if (this.toAddr === undefined) this.toAddr = this.nameAddr(HeaderId.To);
    return this.toAddr;
  }
  /** First field of that id as one name-addr; null when it is absent or malformed. */
  nameAddr(id: HeaderId | string): NameAddr | null {
    const h = this.header(id);
    return h === undefined ? null : parseNameAddr(this.raw, this.grammar, h.valueStart, h.valueEnd);
  }

  get cseq(): CSeq | null {
    if (this.cseqValue === undefined) {
      const h = this.header(HeaderId.CSeq);
      this.cseqValue = h === undefined ? null : parseCSeq(this.raw, h.valueStart, h.valueEnd);
    }
    return this.cseqValue;
  }
  get callId(): string | null {
    return this.headerValue(HeaderId.CallId);
  }

  /** All Contact values; null when there is no Contact field or one is malformed. */
  contacts(): Contacts | null {
    if (this.contactList === undefined) this.contactList = this.readContacts();
    return this.contactList;
  }
  /**
   * The Contact value that Kamailio finds first; null when there is none, it is `*` or malformed. Its parser puts each value before
   * those it has: of several in the first field, the last is the first (parse_contacts() in contact.c).
   */
  get contact(): NameAddr | null {
    const field = this.header(HeaderId.Contact);
    return field === undefined || this.contacts() === 'star' ? null : (this.contactsOf(field)?.at(-1) ?? null);
  }
  private readContacts(): Contacts | null {
    const all: NameAddr[] = [];
    let found = false;
    for (const h of this.headers) {
      if (h.id !== HeaderId.Contact) continue;
      found = true;
      if (isStar(h.value)) return 'star';
      const some = this.contactsOf(h);
      if (some === null) return null;
      all.push(...some);
    }
    return found ? all : null;
  }
  /** Values of one Contact field, parsed once: who replaces a URI there replaces it for all readers. Null: malformed. */
  contactsOf(field: HeaderField): readonly NameAddr[] | null {
    this.contactFields ??= new Map();
    let values = this.contactFields.get(field);
    if (values === undefined) {
      values = parseNameAddrList(this.raw, this.grammar, field.valueStart, field.valueEnd);
      this.contactFields.set(field, values);
    }
    return values;
  }

  /** Route values, top first, up to the first malformed field. */
  routes(): readonly RouteEntry[] {
    return (this.routeList ??= this.entries(HeaderId.Route).entries);
  }
  recordRoutes(): readonly RouteEntry[] {
    return (this.recordRouteList ??= this.entries(HeaderId.RecordRoute).entries);
  }
  /** Values of a comma-separated name-addr field; `ok` is false when one of its fields is malformed. */
  entries(id: HeaderId | string): { readonly entries: readonly RouteEntry[]; readonly ok: boolean } {
    let all: readonly RouteEntry[] = NO_ENTRIES;
    for (const field of this.headersOf(id)) {
      const some = parseNameAddrList(this.raw, this.grammar, field.valueStart, field.valueEnd);
      if (some === null) return { entries: all, ok: false };
      const more = some.map((addr) => ({ field, addr }));
      all = all === NO_ENTRIES ? more : all.concat(more);
    }
    return { entries: all, ok: true };
  }

  /** Digits at the start of the first field of that id; null when absent, -1 when it does not start with a number. */
  numberOf(id: HeaderId): number | null {
    const h = this.header(id);
    if (h === undefined) return null;
    let end = h.valueStart;
    while (end < h.valueEnd && isDigit(this.raw.charCodeAt(end))) end++;
    return parseUint(this.raw, h.valueStart, end);
  }
  get maxForwards(): number | null {
    return this.numberOf(HeaderId.MaxForwards);
  }
  get expires(): number | null {
    return this.numberOf(HeaderId.Expires);
  }
  get contentLength(): number | null {
    return this.numberOf(HeaderId.ContentLength);
  }
  get contentType(): string | null {
    return this.headerValue(HeaderId.ContentType);
  }
  get userAgent(): string | null {
    return this.headerValue(HeaderId.UserAgent);
  }
}

/** `number SP method`; null when malformed. What the number is, is not looked at here, as in Kamailio. */
export function parseCSeq(text: string, start = 0, end = text.length): CSeq | null {
  let i = start;
  while (i < end && !isSpace(text.charCodeAt(i))) i++;
  if (i === start) return null;
  const numberText = text.slice(start, i);
  // RFC 3261 §7.3.1: the field may be folded, which Kamailio refuses.
  const from = skipSpace(text, i, end);
  if (from === i) return null;
  i = from;
  while (i < end && !isSpace(text.charCodeAt(i))) i++;
  if (i === from || skipSpace(text, i, end) < end) return null;
  const method = text.slice(from, i);
  return { number: parseUint(numberText), numberText, method, methodId: methodId(method) };
}

/** Indexes a text without the checks of `parseMessage`: for messages we built ourselves. */
export function indexMessage(raw: string, received: ReceiveInfo, grammar: Grammar, id = 0): SipMessage | ParseFailure {
  const line = parseStartLine(raw, grammar);
  if (typeof line === 'string') return new ParseFailure(line);
  return new SipMessage(raw, received, grammar, id, line, indexHeaders(raw, line.end, grammar));
}

/**
 * Indexes a received message. Fails where Kamailio drops it before any route runs (receive.c): no usable start line,
 * not SIP/2.0, no good topmost Via, or without From, To, Call-ID and CSeq. Never throws.
 */
export function parseMessage(raw: string, received: ReceiveInfo, grammar: Grammar, id = 0): SipMessage | ParseFailure {
  const msg = indexMessage(raw, received, grammar, id);
  if (msg instanceof ParseFailure) return msg;
  const fault = whyDropped(msg);
  if (fault === null) return msg;
  return new ParseFailure(fault, msg.via === null && (msg.broken || msg.header(HeaderId.Via) !== undefined));
}
function whyDropped(msg: SipMessage): string | null {
  if (msg.via === null) return 'no good Via';
  if (msg.isRequest && !isSipVersion(msg.version)) return 'not SIP/2.0';
  if (msg.header(HeaderId.CallId) === undefined) return 'no Call-ID';
  if (msg.header(HeaderId.From) === undefined) return 'no From';
  if (msg.cseq === null) return 'no good CSeq';
  if (msg.to === null) return 'no good To';
  return null;
}
/** Kamailio looks at the first seven characters only; the sanity module looks at the rest. */
const isSipVersion = (version: string): boolean =>
  version.startsWith('SIP/2.0') || equalsIgnoreCase(version.slice(0, 7), 'SIP/2.0');

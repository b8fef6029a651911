/**
 * Header field names: one number per name Kamailio knows (parser/hf.h), long and compact forms alike (RFC 3261 §7.3.3),
 * found by a switch on length and char codes, without allocating.
 */
import { CR, isDigit, isSpace, isTokenChar, LF, SP, skipSpace, TAB, trimEnd } from './chars.js';
import type { Grammar } from './grammar.js';

export const HeaderId = {
  Other: 0,
  Via: 1,
  To: 3,
  From: 4,
  CSeq: 5,
  CallId: 6,
  Contact: 7,
  MaxForwards: 8,
  Route: 9,
  RecordRoute: 10,
  ContentType: 11,
  ContentLength: 12,
  Authorization: 13,
  Expires: 14,
  MinExpires: 15,
  ProxyAuthorization: 16,
  Supported: 17,
  Require: 18,
  ProxyRequire: 19,
  Unsupported: 20,
  Allow: 21,
  Event: 22,
  Accept: 23,
  AcceptLanguage: 24,
  Organization: 25,
  Priority: 26,
  Subject: 27,
  UserAgent: 28,
  Server: 29,
  ContentDisposition: 30,
  Diversion: 31,
  RemotePartyId: 32,
  ReferTo: 33,
  SipIfMatch: 34,
  SessionExpires: 35,
  MinSe: 36,
  SubscriptionState: 37,
  AcceptContact: 38,
  AllowEvents: 39,
  ContentEncoding: 40,
  ReferredBy: 41,
  RejectContact: 42,
  RequestDisposition: 43,
  WwwAuthenticate: 44,
  ProxyAuthenticate: 45,
  Date: 46,
  Identity: 47,
  IdentityInfo: 48,
  RetryAfter: 49,
  PPreferredIdentity: 50,
  PAssertedIdentity: 51,
  Path: 52,
  Privacy: 53,
  Reason: 54,
  CallInfo: 55,
} as const;
export type HeaderId = (typeof HeaderId)[keyof typeof HeaderId];

/** One header field of a message: offsets into its text. The value has no white space around it; folds stay inside. */
export class HeaderField {
  private text: string | undefined;
  constructor(
    private readonly raw: string,
    readonly id: HeaderId,
    /** First character of the name, i.e. of the line. */
    readonly start: number,
    readonly nameEnd: number,
    readonly valueStart: number,
    readonly valueEnd: number,
    /** After the line end; the next header field starts here. */
    readonly end: number,
  ) {}
  /** As written. */
  get name(): string {
    return this.raw.slice(this.start, this.nameEnd);
  }
  /** Trimmed; folded lines as received. */
  get value(): string {
    return (this.text ??= this.raw.slice(this.valueStart, this.valueEnd));
  }
  /** What reads see from now on, for a value that Kamailio writes over in its buffer; the text of the message stays. */
  overwrite(value: string): void {
    this.text = value;
  }
  /** Name without case, compact forms not considered. */
  isNamed(name: string): boolean {
    return this.nameEnd - this.start === name.length && sameName(this.raw, this.start, name);
  }
}

/** Text at `at` spells `name`, ASCII case ignored. Header names hold no characters for which `| 0x20` lies. */
function sameName(text: string, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if ((text.charCodeAt(at + i) | 0x20) !== (name.charCodeAt(i) | 0x20)) return false;
  }
  return true;
}
const pick = (text: string, at: number, name: string, id: HeaderId): HeaderId =>
  sameName(text, at, name) ? id : HeaderId.Other;

/** Id of the name in `text` from `start` to `end`. */
export function headerIdAt(text: string, start: number, end: number): HeaderId {
  const c = text.charCodeAt(start) | 0x20;
  switch (end - start) {
    case 1:
      return compactId(c);
    case 2:
      return c === 0x74 ? pick(text, start, 'To', HeaderId.To) : HeaderId.Other;
    case 3:
      return c === 0x76 ? pick(text, start, 'Via', HeaderId.Via) : HeaderId.Other;
    case 4:
      switch (c) {
        case 0x66:
          return pick(text, start, 'From', HeaderId.From);
        case 0x63:
          return pick(text, start, 'CSeq', HeaderId.CSeq);
        case 0x64:
          return pick(text, start, 'Date', HeaderId.Date);
        case 0x70:
          return pick(text, start, 'Path', HeaderId.Path);
        default:
          return HeaderId.Other;
      }
    case 5:
      switch (c) {
        case 0x72:
          return pick(text, start, 'Route', HeaderId.Route);
        case 0x61:
          return pick(text, start, 'Allow', HeaderId.Allow);
        case 0x65:
          return pick(text, start, 'Event', HeaderId.Event);
        default:
          return HeaderId.Other;
      }
    case 6:
      switch (c) {
        case 0x61:
          return pick(text, start, 'Accept', HeaderId.Accept);
        case 0x73:
          return pick(text, start, 'Server', HeaderId.Server);
        case 0x72:
          return pick(text, start, 'Reason', HeaderId.Reason);
        case 0x6d:
          return pick(text, start, 'Min-SE', HeaderId.MinSe);
        default:
          return HeaderId.Other;
      }
    case 7:
      switch (c) {
        case 0x63:
          switch (text.charCodeAt(start + 1) | 0x20) {
            case 0x6f:
              return pick(text, start, 'Contact', HeaderId.Contact);
            default:
              return pick(text, start, 'Call-ID', HeaderId.CallId);
          }
        case 0x65:
          return pick(text, start, 'Expires', HeaderId.Expires);
        case 0x72:
          return pick(text, start, 'Require', HeaderId.Require);
        case 0x73:
          return pick(text, start, 'Subject', HeaderId.Subject);
        case 0x70:
          return pick(text, start, 'Privacy', HeaderId.Privacy);
        default:
          return HeaderId.Other;
      }
    case 8:
      switch (c) {
        case 0x72:
          return pick(text, start, 'Refer-To', HeaderId.ReferTo);
        case 0x70:
          return pick(text, start, 'Priority', HeaderId.Priority);
        case 0x69:
          return pick(text, start, 'Identity', HeaderId.Identity);
        default:
          return HeaderId.Other;
      }
    case 9:
      switch (c) {
        case 0x73:
          return pick(text, start, 'Supported', HeaderId.Supported);
        case 0x64:
          return pick(text, start, 'Diversion', HeaderId.Diversion);
        case 0x63:
          return pick(text, start, 'Call-Info', HeaderId.CallInfo);
        default:
          return HeaderId.Other;
      }
    case 10:
      return c === 0x75 ? pick(text, start, 'User-Agent', HeaderId.UserAgent) : HeaderId.Other;
    case 11:
      switch (c) {
        case 0x75:
          return pick(text, start, 'Unsupported', HeaderId.Unsupported);
        case 0x6d:
          return pick(text, start, 'Min-Expires', HeaderId.MinExpires);
        case 0x72:
          return (text.charCodeAt(start + 2) | 0x20) === 0x66
            ? pick(text, start, 'Referred-By', HeaderId.ReferredBy)
            : pick(text, start, 'Retry-After', HeaderId.RetryAfter);
        default:
          return HeaderId.Other;
      }
    case 12:
      switch (c) {
        case 0x6d:
          return pick(text, start, 'Max-Forwards', HeaderId.MaxForwards);
        case 0x72:
          return pick(text, start, 'Record-Route', HeaderId.RecordRoute);
        case 0x63:
          return pick(text, start, 'Content-Type', HeaderId.ContentType);
        case 0x6f:
          return pick(text, start, 'Organization', HeaderId.Organization);
        case 0x61:
          return pick(text, start, 'Allow-Events', HeaderId.AllowEvents);
        case 0x73:
          return pick(text, start, 'SIP-If-Match', HeaderId.SipIfMatch);
        default:
          return HeaderId.Other;
      }
    case 13:
      switch (c) {
        case 0x61:
          return pick(text, start, 'Authorization', HeaderId.Authorization);
        case 0x70:
          return pick(text, start, 'Proxy-Require', HeaderId.ProxyRequire);
        case 0x69:
          return pick(text, start, 'Identity-Info', HeaderId.IdentityInfo);
        default:
          return HeaderId.Other;
      }
    case 14:
      switch (c) {
        case 0x63:
          return pick(text, start, 'Content-Length', HeaderId.ContentLength);
        case 0x61:
          return pick(text, start, 'Accept-Contact', HeaderId.AcceptContact);
        case 0x72:
          return pick(text, start, 'Reject-Contact', HeaderId.RejectContact);
        default:
          return HeaderId.Other;
      }
    case 15:
      switch (c) {
        case 0x73:
          return pick(text, start, 'Session-Expires', HeaderId.SessionExpires);
        case 0x61:
          return pick(text, start, 'Accept-Language', HeaderId.AcceptLanguage);
        case 0x72:
          return pick(text, start, 'Remote-Party-ID', HeaderId.RemotePartyId);
        default:
          return HeaderId.Other;
      }
    case 16:
      switch (c) {
        case 0x63:
          return pick(text, start, 'Content-Encoding', HeaderId.ContentEncoding);
        case 0x77:
          return pick(text, start, 'WWW-Authenticate', HeaderId.WwwAuthenticate);
        default:
          return HeaderId.Other;
      }
    case 18:
      switch (c) {
        case 0x73:
          return pick(text, start, 'Subscription-State', HeaderId.SubscriptionState);
        case 0x70:
          return pick(text, start, 'Proxy-Authenticate', HeaderId.ProxyAuthenticate);
        default:
          return HeaderId.Other;
      }
    case 19:
      switch (c) {
        case 0x63:
          return pick(text, start, 'Content-Disposition', HeaderId.ContentDisposition);
        case 0x70:
          return (text.charCodeAt(start + 1) | 0x20) === 0x72
            ? pick(text, start, 'Proxy-Authorization', HeaderId.ProxyAuthorization)
            : pick(text, start, 'P-Asserted-Identity', HeaderId.PAssertedIdentity);
        case 0x72:
          return pick(text, start, 'Request-Disposition', HeaderId.RequestDisposition);
        default:
          return HeaderId.Other;
      }
    case 20:
      return c === 0x70 ? pick(text, start, 'P-Preferred-Identity', HeaderId.PPreferredIdentity) : HeaderId.Other;
    default:
      return HeaderId.Other;
  }
}

function compactId(c: number): HeaderId {
  switch (c) {
    case 0x61:
      return HeaderId.AcceptContact;
    case 0x62:
      return HeaderId.ReferredBy;
    case 0x63:
      return HeaderId.ContentType;
    case 0x64:
      return HeaderId.RequestDisposition;
    case 0x65:
      return HeaderId.ContentEncoding;
    case 0x66:
      return HeaderId.From;
    case 0x69:
      return HeaderId.CallId;
    case 0x6a:
      return HeaderId.RejectContact;
    case 0x6b:
      return HeaderId.Supported;
    case 0x6c:
      return HeaderId.ContentLength;
    case 0x6d:
      return HeaderId.Contact;
    case 0x6f:
      return HeaderId.Event;
    case 0x72:
      return HeaderId.ReferTo;
    case 0x73:
      return HeaderId.Subject;
    case 0x74:
      return HeaderId.To;
    case 0x75:
      return HeaderId.AllowEvents;
    case 0x76:
      return HeaderId.Via;
    case 0x78:
      return HeaderId.SessionExpires;
    case 0x79:
      return HeaderId.Identity;
    default:
      return HeaderId.Other;
  }
}

/** Id of a name given as text. */
export const headerId = (name: string): HeaderId => headerIdAt(name, 0, name.length);

export interface HeaderIndex {
  readonly fields: readonly HeaderField[];
  /** Offset of the empty line; where parsing stopped when there is none. */
  readonly headersEnd: number;
  /** Offset after the empty line, or the length of the text when there is none. */
  readonly bodyStart: number;
  /** The empty line was found. */
  readonly complete: boolean;
  /** A line is not a header field, or repeats one that may stand only once: the fields end before it, as in Kamailio. */
  readonly broken: boolean;
}

const MAX_HEADERS = 1024;

const isSingle = (id: number): boolean =>
  (id >= HeaderId.To && id <= HeaderId.CallId) || id === HeaderId.MaxForwards || id === HeaderId.ContentLength;

/** RFC 3261 §25.1: a header field name is a token. Kamailio refuses a message with ! % * ` ' in one. */
function isNameChar(c: number): boolean {
  const letter = c | 0x20;
  if (letter >= 0x61 && letter <= 0x7a) return c < 0x80;
  return c === 0x2d || (c !== 0x3a && c !== SP && isTokenChar(c));
}

/** Digits only, below 2^31 as Kamailio counts it. */
function isLength(raw: string, start: number, end: number): boolean {
  if (start === end) return false;
  let n = 0;
  for (let i = start; i < end; i++) {
    const c = raw.charCodeAt(i);
    if (!isDigit(c) || n >= 214_748_364) return false;
    n = n * 10 + c - 0x30;
  }
  return true;
}

/** Finds every header field from `at`, the offset after the start line. */
export function indexHeaders(raw: string, at: number, grammar: Grammar): HeaderIndex {
  const fields: HeaderField[] = [];
  const n = raw.length;
  const more = grammar.headerNameChars.size === 0 ? null : grammar.headerNameChars;
  let seen = 0;
  while (at < n) {
    const first = raw.charCodeAt(at);
    if (first === CR || first === LF) {
      const body = first === CR && at + 1 < n && raw.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
      return { fields, headersEnd: at, bodyStart: body, complete: true, broken: false };
    }
    let i = at;
    let c = first;
    while (i < n && (isNameChar(c) || more?.has(c))) c = raw.charCodeAt(++i);
    const nameEnd = i;
    while ((c === SP || c === TAB) && i < n) c = raw.charCodeAt(++i);
    if (c !== 0x3a || nameEnd === at || i >= n || fields.length === MAX_HEADERS) break;
    let lf = raw.indexOf('\n', i);
    if (lf < 0) break;
    let next = lf + 1;
    for (c = raw.charCodeAt(next); c === SP || c === TAB; c = raw.charCodeAt(next)) {
      lf = raw.indexOf('\n', next);
      if (lf < 0) break;
      next = lf + 1;
    }
    if (lf < 0) break;
    const valueStart = raw.charCodeAt(i + 1) === SP ? i + 2 : i + 1;
    const from = isSpace(raw.charCodeAt(valueStart)) ? skipSpace(raw, valueStart, lf) : valueStart;
    let to = lf;
    if (to > from && raw.charCodeAt(to - 1) === CR) to--;
    if (to > from && isSpace(raw.charCodeAt(to - 1))) to = trimEnd(raw, from, to);
    const id = headerIdAt(raw, at, nameEnd);
    if (isSingle(id)) {
      const bit = 1 << id;
      const again = (seen & bit) !== 0 && !(grammar.repeats && id !== HeaderId.MaxForwards);
      if (again || (id === HeaderId.ContentLength && !isLength(raw, from, to))) break;
      seen |= bit;
    }
    fields.push(new HeaderField(raw, id, at, nameEnd, from, to, next));
    at = next;
  }
  return { fields, headersEnd: at, bodyStart: n, complete: false, broken: at < n };
}

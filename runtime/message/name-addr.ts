/**
 * `"Name" <sip:uri>;param=value`: From, To, Contact, Route, Record-Route and their like (RFC 3261 §20.10, §25.1).
 */
import { equalsIgnoreCase, isSpace, skipQuoted, skipSpace, trimEnd } from './chars.js';
import type { Grammar } from './grammar.js';
import { areStrict, type Param, paramValue, parseParams } from './params.js';
import { parseUri, type SipUri } from './uri.js';

export class NameAddr {
  private parsedUri: SipUri | null | undefined;
  private replacement: string | null = null;
  constructor(
    private readonly raw: string,
    private readonly grammar: Grammar,
    /** Extent of the whole value, parameters included, in the text that was parsed. */
    readonly start: number,
    readonly end: number,
    /** As written, quotes included, no white space around it; '' when there is none. */
    readonly display: string,
    readonly uriStart: number,
    readonly uriEnd: number,
    /** True when the URI stood in `<…>`. */
    readonly bracketed: boolean,
    readonly params: readonly Param[],
    /** End of the name-addr itself: after `>` or the bare URI. Parameters, if any, follow. */
    readonly addrEnd: number,
  ) {}
  /** URI text: as received, or what a script put in its place. */
  get uriText(): string {
    return this.replacement ?? this.raw.slice(this.uriStart, this.uriEnd);
  }
  /** What is read from here on; the text and its extents stay as they were received. */
  replaceUri(text: string): void {
    this.replacement = text;
    this.parsedUri = undefined;
  }
  /** Parsed; null when it is not a URI we know. */
  get uri(): SipUri | null {
    if (this.parsedUri === undefined) this.parsedUri = parseUri(this.uriText, this.grammar);
    return this.parsedUri;
  }
  /** Whole value as written. */
  get text(): string {
    return this.raw.slice(this.start, this.end);
  }
  /** Without quotes. */
  get displayName(): string {
    const d = this.display;
    return d.length > 1 && d.charCodeAt(0) === 0x22 && d.charCodeAt(d.length - 1) === 0x22 ? d.slice(1, -1) : d;
  }
  /** Value of a header parameter: '' when it has none, null when it is absent. */
  param(name: string): string | null {
    return paramValue(this.params, name);
  }
  /** `tag` parameter, the last one if there are several (as in Kamailio); null when absent or empty. */
  get tag(): string | null {
    const p = this.tagParam();
    return p?.value ? p.value : null;
  }
  private tagParam(): Param | undefined {
    for (let i = this.params.length - 1; i >= 0; i--) {
      const p = this.params[i]!;
      if (p.name === 'tag' || equalsIgnoreCase(p.name, 'tag')) return p;
    }
    return undefined;
  }
  /** Where the tag's value stands in the text; null when there is none. */
  get tagSpan(): { readonly start: number; readonly end: number } | null {
    const p = this.tagParam();
    return p?.value ? { start: p.end - p.value.length - (p.quoted ? 1 : 0), end: p.end - (p.quoted ? 1 : 0) } : null;
  }
}

/**
 * Parses one value from `start`; it ends at `end` or, with `list`, before a comma. Null when there is no URI or
 * quotes or brackets do not close.
 */
export function parseNameAddr(
  text: string,
  grammar: Grammar,
  start = 0,
  end = text.length,
  list = false,
): NameAddr | null {
  const from = skipSpace(text, start, end);
  let i = from;
  // Without <> a ';' starts header parameters, not the URI's, and a comma ends the value (RFC 3261 §20).
  while (i < end) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      i = skipQuoted(text, i, end);
      if (i < 0) return null;
      continue;
    }
    if (c === 0x3c) {
      const close = text.indexOf('>', i);
      if (close < 0 || close >= end || !isDisplay(text, from, trimEnd(text, from, i))) return null;
      const display = text.slice(from, trimEnd(text, from, i));
      const uriStart = skipSpace(text, i + 1, close);
      const uriEnd = trimEnd(text, uriStart, close);
      for (let k = uriStart; k < uriEnd; k++) if (isSpace(text.charCodeAt(k))) return null;
      return withParams(text, grammar, from, end, list, display, uriStart, uriEnd, true, close + 1);
    }
    if (c === 0x3b || (list && c === 0x2c)) break;
    i++;
  }
  const uriEnd = trimEnd(text, from, i);
  if (uriEnd === from) return null;
  for (let k = from; k < uriEnd; k++) {
    const c = text.charCodeAt(k);
    if (isSpace(c) || c === 0x22 || c === 0x3e) return null;
  }
  return withParams(text, grammar, from, end, list, '', from, uriEnd, false, uriEnd);
}

/** One quoted string, or words without quotes. */
function isDisplay(text: string, start: number, end: number): boolean {
  if (start >= end) return true;
  if (text.charCodeAt(start) === 0x22) return skipQuoted(text, start, end) === end;
  for (let i = start; i < end; i++) if (text.charCodeAt(i) === 0x22) return false;
  return true;
}

const NO_PARAMS: readonly Param[] = [];

function withParams(
  text: string,
  grammar: Grammar,
  start: number,
  end: number,
  list: boolean,
  display: string,
  uriStart: number,
  uriEnd: number,
  bracketed: boolean,
  addrEnd: number,
): NameAddr | null {
  if (uriEnd <= uriStart) return null;
  const at = skipSpace(text, addrEnd, end);
  if (at >= end || (list && text.charCodeAt(at) === 0x2c)) {
    return new NameAddr(text, grammar, start, addrEnd, display, uriStart, uriEnd, bracketed, NO_PARAMS, addrEnd);
  }
  if (text.charCodeAt(at) !== 0x3b) return null;
  const read = parseParams(text, at + 1, end, list ? 0x2c : -1);
  if (read === null || (!list && !areStrict(text, at, end, read.params))) return null;
  const valueEnd = trimEnd(text, start, read.end);
  return new NameAddr(text, grammar, start, valueEnd, display, uriStart, uriEnd, bracketed, read.params, addrEnd);
}

const MAX_VALUES = 256;

/** All values of a comma-separated field. Null when one of them is not a name-addr, or there are more than 256. */
export function parseNameAddrList(
  text: string,
  grammar: Grammar,
  start = 0,
  end = text.length,
): readonly NameAddr[] | null {
  let values: NameAddr[] | null = null;
  let at = start;
  for (;;) {
    const one = parseNameAddr(text, grammar, at, end, true);
    if (one === null) return null;
    if (values === null) values = [one];
    else if (values.length === MAX_VALUES) return null;
    else values.push(one);
    at = skipSpace(text, one.end, end);
    if (at < end && text.charCodeAt(at) === 0x3b) at = skipSpace(text, at + 1, end); // a ';' with nothing after it
    if (at >= end) return values;
    if (text.charCodeAt(at) !== 0x2c) return null;
    at = skipSpace(text, at + 1, end);
    if (at >= end) return values;
  }
}

/** `*` as the only Contact value (RFC 3261 §10.2.2). */
export const isStar = (value: string): boolean => equalsIgnoreCase(value.trim(), '*');

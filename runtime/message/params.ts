/**
 * `;name=value` lists, as in Via, From, Contact, Route and URIs (RFC 3261 §7.3.1, §20). Values may be quoted strings.
 */
import { equalsIgnoreCase, isSpace, skipQuoted, skipSpace, trimEnd } from './chars.js';

export interface Param {
  readonly name: string;
  /** Null when there is no `=`. Quotes are taken off; `quoted` says so. */
  readonly value: string | null;
  readonly quoted: boolean;
  /** Extent in the text that was scanned, without the `;` before it. */
  readonly start: number;
  readonly end: number;
}

const MAX_PARAMS = 128;
const NONE: readonly Param[] = [];

/** The usual ones are constants: nothing is cut out of the message. */
function paramName(text: string, start: number, end: number): string {
  switch (end - start) {
    case 2:
      if (text.startsWith('lr', start)) return 'lr';
      break;
    case 3:
      if (text.startsWith('tag', start)) return 'tag';
      break;
    case 5:
      if (text.startsWith('rport', start)) return 'rport';
      break;
    case 6:
      if (text.startsWith('branch', start)) return 'branch';
      break;
    case 8:
      if (text.startsWith('received', start)) return 'received';
      break;
  }
  return text.slice(start, end);
}

/**
 * Reads parameters from `start`, which is at the first name (after a `;`), up to `end`. Stops before `stop` (a char
 * code, such as `,`) outside quotes. Null when a quoted string does not close, or for more than 128 parameters.
 */
export function parseParams(
  text: string,
  start = 0,
  end = text.length,
  stop = -1,
): { readonly params: readonly Param[]; readonly end: number } | null {
  // Nearly all lists have one or two: a list that grows by `push` reserves room for seventeen.
  let first: Param | null = null;
  let params: Param[] | null = null;
  let at = start;
  for (;;) {
    const nameStart = skipSpace(text, at, end);
    let i = nameStart;
    let c = -1;
    while (i < end && (c = text.charCodeAt(i)) !== 0x3b && c !== 0x3d && c !== stop) i++;
    let paramEnd = trimEnd(text, nameStart, i);
    const name = paramName(text, nameStart, paramEnd);
    let value: string | null = null;
    let quoted = false;
    if (i < end && c === 0x3d) {
      const valueStart = skipSpace(text, i + 1, end);
      if (valueStart < end && text.charCodeAt(valueStart) === 0x22) {
        const close = skipQuoted(text, valueStart, end);
        if (close < 0) return null;
        quoted = true;
        value = text.slice(valueStart + 1, close - 1);
        paramEnd = close;
        i = close;
        while (i < end && (c = text.charCodeAt(i)) !== 0x3b && c !== stop) {
          if (!isSpace(c)) return null;
          i++;
        }
      } else {
        i = valueStart;
        while (i < end && (c = text.charCodeAt(i)) !== 0x3b && c !== stop) i++;
        paramEnd = trimEnd(text, valueStart, i);
        value = text.slice(valueStart, paramEnd);
      }
    }
    if (name !== '') {
      const param: Param = { name, value, quoted, start: nameStart, end: paramEnd };
      if (params !== null) {
        if (params.length === MAX_PARAMS) return null;
        params.push(param);
      } else if (first !== null) params = [first, param];
      else first = param;
    }
    if (i >= end || c === stop) return { params: params ?? (first === null ? NONE : [first]), end: i };
    at = i + 1;
  }
}

/**
 * None is empty, has no name, or holds white space or `=` where a token is due: what Kamailio asks of From, To and Via.
 * `start` is at the first `;`, `end` after the last parameter.
 */
export function areStrict(text: string, start: number, end: number, params: readonly Param[]): boolean {
  let semicolons = 0;
  let equals = 0;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c > 0x3d) continue;
    if (c === 0x3b) semicolons++;
    else if (c === 0x3d) equals++;
    else if (c === 0x22 || isSpace(c)) return areStrictWithQuotes(text, start, end, params);
  }
  for (const p of params) if (p.value !== null) equals--;
  return semicolons === params.length && equals === 0;
}
/** The same where there are quotes or blanks. */
function areStrictWithQuotes(text: string, start: number, end: number, params: readonly Param[]): boolean {
  let semicolons = 0;
  let quoted = false;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c && quoted) i++;
    else if (c === 0x22) quoted = !quoted;
    else if (c === 0x3b && !quoted) semicolons++;
  }
  if (semicolons !== params.length) return false;
  for (const p of params) {
    if (hasGap(p.name)) return false;
    if (p.value !== null && !p.quoted && hasGap(p.value)) return false;
  }
  return true;
}
function hasGap(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (isSpace(text.charCodeAt(i)) || text.charCodeAt(i) === 0x3d) return true;
  return false;
}

/** The first parameter of that name, ASCII case ignored. */
export function findParam(params: readonly Param[], name: string): Param | undefined {
  for (const p of params) if (equalsIgnoreCase(p.name, name)) return p;
  return undefined;
}
/** Its value: '' for a parameter without one, null when it is absent. */
export function paramValue(params: readonly Param[], name: string): string | null {
  const p = findParam(params, name);
  return p === undefined ? null : (p.value ?? '');
}

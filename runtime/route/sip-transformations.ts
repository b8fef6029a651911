/**
 * `{uri.…}`, `{param.…}`, `{nameaddr.…}`, `{tobody.…}`, `{line.…}`, `{urialias.…}`, `{val.…}`, `{num.…}` (pv_trans.c). Null
 * wherever Kamailio's fails: undefined or empty input, text that is not what the class is about.
 */
import { equalsIgnoreCase } from '../message/chars.js';
import type { Grammar } from '../message/grammar.js';
import { type NameAddr, parseNameAddr } from '../message/name-addr.js';
import { parseUri, type SipUri } from '../message/uri.js';
import type { Value } from '../sdk/define.js';
import { toInt, toStr } from '../values/coerce.js';
import { type ParamItem as Item, parseParamList } from '../values/param-list.js';

type Transformation = (value: Value, a?: Value, b?: Value) => Value;
type Transformations = Readonly<Record<string, Transformation>>;

/** Numbers count as their digits; null for undefined and empty, which every class here refuses. */
const given = (value: Value): string | null => (value === null || value === '' ? null : String(value));

const KEPT = 2;
/** Keeps the last few texts as they were read: a cfg asks for one part of an address after the other, and of few addresses. */
function remembering<T>(read: (text: string) => T): (text: string) => T {
  const kept: { readonly text: string; readonly meaning: T }[] = [];
  let oldest = 0;
  return (text) => {
    for (const one of kept) if (one.text === text) return one.meaning;
    const meaning = read(text);
    kept[oldest] = { text, meaning };
    oldest = (oldest + 1) % KEPT;
    return meaning;
  };
}

// uri ----------------------------------------------------------------------------------------------------------------

type OnUri = (apply: (uri: SipUri, text: string, argument?: Value) => Value) => Transformation;
const readUri = (text: string, grammar: Grammar): SipUri | null =>
  parseUri(text.length > 4 && text.endsWith(';') ? text.slice(0, -1) : text, grammar);
const schemeText = (text: string): string => {
  const colon = text.indexOf(':');
  return colon < 0 ? text : text.slice(0, colon);
};
function simple(uri: SipUri, text: string, parts: { user: boolean; port: boolean }): string {
  const user = parts.user && uri.user ? `${uri.user}@` : '';
  const port = parts.port && uri.port ? `:${uri.port}` : '';
  const transport = parts.port ? uri.param('transport') : null;
  return `${schemeText(text)}:${user}${uri.host}${port}${transport ? `;transport=${transport}` : ''}`;
}
function removeParam(uri: SipUri, text: string, name: string): string {
  const gone = uri.paramList.find((param) => equalsIgnoreCase(param.name, name));
  if (!gone) return text;
  const start = text.indexOf(uri.params, uri.host === '' ? 0 : text.indexOf(uri.host)) + gone.start;
  return text.slice(0, start - 1) + text.slice(start + gone.end - gone.start);
}

const uriClass = (onUri: OnUri): Transformations => {
  const uriParam = (name: string) => onUri((uri) => uri.param(name) ?? '');
  return {
    uri_user: onUri((u) => u.user ?? ''),
    uri_host: onUri((u) => u.host),
    uri_domain: onUri((u) => u.host),
    uri_passwd: onUri((u) => u.password ?? ''),
    uri_port: onUri((u) => String(u.port)),
    uri_params: onUri((u, text) => (schemeText(text) === 'tel' ? '' : u.params)),
    uri_headers: onUri((u) => u.headers),
    uri_param: onUri((u, _text, name = '') => u.param(toStr(name)) ?? ''),
    uri_rmparam: onUri((u, text, name = '') => removeParam(u, text, toStr(name))),
    uri_transport: uriParam('transport'),
    uri_ttl: uriParam('ttl'),
    uri_uparam: uriParam('user'),
    uri_maddr: uriParam('maddr'),
    uri_method: uriParam('method'),
    uri_lr: uriParam('lr'),
    uri_r2: uriParam('r2'),
    uri_scheme: onUri((_u, text) => schemeText(text)),
    // Without a transport parameter the protocol is not known, and there is no socket text.
    uri_tosocket: onUri((u) => (u.transport ? `${u.transport}:${u.host}:${u.port || 5060}` : '')),
    uri_saor: onUri((u, text) => simple(u, text, { user: true, port: false })),
    uri_suri: onUri((u, text) => simple(u, text, { user: true, port: true })),
    uri_duri: onUri((u, text) => simple(u, text, { user: false, port: true })),
  };
};

// param --------------------------------------------------------------------------------------------------------------

/** The separator is `;` when none is given; null for what is none. */
const separatorOf = (separator: Value | undefined): string | null => {
  const c = separator === null || separator === undefined ? ';' : toStr(separator);
  return c.length === 1 ? c : null;
};
function paramClass(): Transformations {
  let last: { readonly text: string; readonly separator: string; readonly items: readonly Item[] | null } | null = null;
  const read = (value: Value, separator: Value | undefined): readonly Item[] | null => {
    const text = given(value);
    const c = separatorOf(separator);
    if (text === null || c === null) return null;
    if (last === null || last.text !== text || last.separator !== c)
      last = { text, separator: c, items: parseParamList(text, c) };
    return last.items;
  };
  const onParams =
    (apply: (params: readonly Item[], which: Value) => Value): Transformation =>
    (value, which = '', separator = null) => {
      const params = read(value, separator);
      return params === null ? null : apply(params, which);
    };
  return {
    param_value: onParams((params, name) => named(params, name)?.value ?? ''),
    param_in: onParams((params, name) => (named(params, name) ? 1 : 0)),
    param_valueat: onParams((params, index) => params.at(toInt(index))?.value ?? ''),
    param_name: onParams((params, index) => params.at(toInt(index))?.name ?? ''),
    param_count: (value, separator = null) => read(value, separator)?.length ?? null,
  };
}
const named = (params: readonly Item[], name: Value) => {
  const wanted = toStr(name);
  // Of a name that comes twice the last one counts.
  return params.findLast((param) => equalsIgnoreCase(param.name, wanted));
};

// nameaddr, tobody ---------------------------------------------------------------------------------------------------

interface Address {
  readonly uri: string;
  readonly length: number;
  /** As written up to the `<`, the blank before it too. */
  readonly name: string;
}

function nameaddrClass(grammar: () => Grammar): Transformations {
  const read = remembering((text) => readAddress(text, grammar()));
  const onAddress =
    (apply: (address: Address) => Value): Transformation =>
    (value) => {
      const text = given(value);
      const address = text === null ? null : read(text);
      return address === null ? null : apply(address);
    };
  return {
    nameaddr_uri: onAddress((a) => a.uri),
    nameaddr_len: onAddress((a) => a.length),
    nameaddr_name: onAddress((a) => a.name),
  };
}
/** The first one: of a list, the others do not matter. Without `<` the whole text is the URI. */
function readAddress(text: string, grammar: Grammar): Address | null {
  const open = addressStart(text);
  const close = open < 0 ? -1 : text.indexOf('>', open);
  const a = parseNameAddr(text, grammar, 0, close < 0 ? text.length : close + 1);
  if (a?.bracketed) return { uri: a.uriText, length: a.addrEnd - a.start, name: text.slice(a.start, a.uriStart - 1) };
  return open < 0 ? { uri: text, length: text.length, name: '' } : null;
}
/** The first `<` outside quotes; -1 when there is none. */
function addressStart(text: string): number {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x22) quoted = !quoted;
    else if (c === 0x3c && !quoted) return i;
  }
  return -1;
}
function tobodyClass(grammar: () => Grammar): Transformations {
  const read = remembering((text) => parseNameAddr(text, grammar()));
  const onToBody =
    (apply: (address: NameAddr, uri: SipUri, text: string) => Value): Transformation =>
    (value) => {
      const text = given(value);
      const parsed = text === null ? null : read(text);
      return text !== null && parsed?.uri ? apply(parsed, parsed.uri, text) : null;
    };
  return {
    tobody_uri: onToBody((a) => a.uriText),
    tobody_tag: onToBody((a) => a.tag ?? ''),
    tobody_user: onToBody((_a, u) => u.user ?? ''),
    tobody_host: onToBody((_a, u) => u.host),
    tobody_display: onToBody((a) => a.display),
    tobody_params: onToBody((a, _u, text) => (a.params[0] ? text.slice(a.params[0].start) : '')),
  };
}

// line ---------------------------------------------------------------------------------------------------------------

const linesOf = (text: string): string[] => {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
};
const onLines =
  (apply: (lines: string[], argument: Value) => Value): Transformation =>
  (value, argument = '') => {
    const text = given(value);
    return text === null ? null : apply(linesOf(text), argument);
  };
const line: Transformations = {
  line_at: onLines((lines, index) => lines.at(toInt(index)) ?? ''),
  line_sw: onLines((lines, start) => lines.find((text) => text.startsWith(toStr(start))) ?? ''),
  line_count: onLines((lines) => lines.length),
};

// urialias, val, num -------------------------------------------------------------------------------------------------

/** Protocol numbers of `alias=ip~port~proto` parameters. */
const PROTOS: readonly string[] = ['none', 'udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'];
function encodeAlias(u: SipUri): string {
  const proto = u.transport ?? 'udp';
  const number = PROTOS.indexOf(proto);
  return `${u.host}~${u.port || (proto === 'tls' ? 5061 : 5060)}~${number}`;
}
function decodeAlias(text: string): string {
  const [host = '', port = '', number = ''] = text.slice(text.startsWith('alias=') ? 6 : 0).split('~');
  const proto = PROTOS[Number(number)];
  if (host === '' || port === '' || number === '' || proto === undefined) return '';
  return `sip:${host}:${port}${proto === 'udp' || proto === 'none' ? '' : `;transport=${proto}`}`;
}

const json = (text: string): string => {
  let out = '';
  for (const c of text) {
    const code = c.charCodeAt(0);
    const short = { '"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' }[c];
    out += short ?? (code < 0x20 ? `\\u${code.toString(16).padStart(4, '0')}` : c);
  }
  return out;
};
const digit = (value: Value, at: number): Value => {
  const text = value === null ? '' : toStr(value);
  let start = 0;
  while (start < text.length && text[start] === '-') start++;
  const digits = text.slice(start);
  return digits === '' ? null : (digits.at(at) ?? null);
};

/** Those of one server: each class keeps what it read last. */
export function sipTransformations(grammar: () => Grammar): Transformations {
  const read = remembering((text) => readUri(text, grammar()));
  const onUri: OnUri = (apply) => (value, argument) => {
    const text = given(value);
    const uri = text === null ? null : read(text);
    return text === null || uri === null ? null : apply(uri, text, argument);
  };
  const encoded = onUri(encodeAlias);
  return {
    ...uriClass(onUri),
    ...paramClass(),
    ...nameaddrClass(grammar),
    ...tobodyClass(grammar),
    ...line,
    urialias_encode: (value) => (value === null ? null : (encoded(value) ?? '')),
    urialias_decode: (value) => (typeof value === 'string' && value !== '' ? decodeAlias(value) || null : null),
    val_n0: (value) => value ?? 0,
    val_ne: (value) => value ?? '',
    val_json: (value) => (value === null ? '' : typeof value === 'string' ? json(value) : value),
    val_jsonqe: (value) => (value === null ? '""' : typeof value === 'string' ? `"${json(value)}"` : value),
    num_fdigit: (value) => digit(value, 0),
    num_ldigit: (value) => digit(value, -1),
  };
}

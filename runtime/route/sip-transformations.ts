/**
 * `{uri.…}`, `{param.…}`, `{nameaddr.…}`, `{tobody.…}`, `{line.…}`, `{urialias.…}`, `{val.…}`, `{num.…}` (pv_trans.c). Null
 * wherever Kamailio's fails: undefined or empty input, text that is not what the class is about.
 */
import { type NameAddr, parseNameAddr } from '../message/name-addr.js';
import { parseUri, type SipUri } from '../message/uri.js';
import type { Value } from '../sdk/define.js';
import { toInt, toStr } from '../values/coerce.js';
import { type ParamItem as Item, parseParamList } from '../values/param-list.js';
import { lower } from '../values/string-transformations.js';

type Transformation = (value: Value, ...args: Value[]) => Value;

/** Numbers count as their digits; null for undefined and empty, which every class here refuses. */
const given = (value: Value): string | null => (value === null || value === '' ? null : String(value));

// uri ----------------------------------------------------------------------------------------------------------------

const onUri =
  (apply: (uri: SipUri, text: string, ...args: Value[]) => Value): Transformation =>
  (value, ...args) => {
    const text = given(value);
    if (text === null) return null;
    const uri = parseUri(text.length > 4 && text.endsWith(';') ? text.slice(0, -1) : text);
    return uri === null ? null : apply(uri, text, ...args);
  };
const uriParam = (name: string) => onUri((uri) => uri.param(name) ?? '');
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
  const wanted = lower(name);
  const gone = uri.paramList.find((param) => lower(param.name) === wanted);
  if (!gone) return text;
  const start = text.indexOf(uri.params, uri.host === '' ? 0 : text.indexOf(uri.host)) + gone.start;
  return text.slice(0, start - 1) + text.slice(start + gone.end - gone.start);
}

const uri: Record<string, Transformation> = {
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

// param --------------------------------------------------------------------------------------------------------------

/** The separator is `;` when none is given. */
function paramList(value: Value, separator: Value): readonly Item[] | null {
  const text = given(value);
  const c = separator === null || separator === undefined ? ';' : toStr(separator);
  return text === null || c.length !== 1 ? null : parseParamList(text, c);
}
const named = (params: readonly Item[], name: Value) => {
  const wanted = lower(toStr(name));
  // Of a name that comes twice the last one counts.
  return params.findLast((param) => lower(param.name) === wanted);
};
const onParams =
  (apply: (params: readonly Item[], which: Value) => Value): Transformation =>
  (value, which = '', separator = null) => {
    const params = paramList(value, separator);
    return params === null ? null : apply(params, which);
  };
const param: Record<string, Transformation> = {
  param_value: onParams((params, name) => named(params, name)?.value ?? ''),
  param_in: onParams((params, name) => (named(params, name) ? 1 : 0)),
  param_valueat: onParams((params, index) => params.at(toInt(index))?.value ?? ''),
  param_name: onParams((params, index) => params.at(toInt(index))?.name ?? ''),
  param_count: (value, separator = null) => paramList(value, separator)?.length ?? null,
};

// nameaddr, tobody ---------------------------------------------------------------------------------------------------

const nameaddr: Record<string, Transformation> = {
  nameaddr_uri: (value) => onNameAddr(value, (a, text) => a?.uriText ?? text),
  nameaddr_len: (value) => onNameAddr(value, (a, text) => (a ? a.addrEnd - a.start : text.length)),
  // As written up to the `<`, the blank before it too.
  nameaddr_name: (value) => onNameAddr(value, (a, text) => (a ? text.slice(a.start, a.uriStart - 1) : '')),
};
/** Without `<` the whole text is the URI: `apply` then gets null. */
function onNameAddr(value: Value, apply: (address: NameAddr | null, text: string) => Value): Value {
  const text = given(value);
  if (text === null) return null;
  const parsed = parseNameAddr(firstOf(text));
  if (parsed?.bracketed) return apply(parsed, text);
  return opensAddress(text) ? null : apply(null, text);
}
/** Is there a `<` outside quotes? */
function opensAddress(text: string): boolean {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') quoted = !quoted;
    else if (text[i] === '<' && !quoted) return true;
  }
  return false;
}
/** Up to the `>` of the first address: of a list, the others do not matter. */
function firstOf(text: string): string {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') quoted = !quoted;
    else if (text[i] === '<' && !quoted) {
      const end = text.indexOf('>', i);
      return end < 0 ? text : text.slice(0, end + 1);
    }
  }
  return text;
}
const onToBody =
  (apply: (address: NameAddr, uri: SipUri, text: string) => Value): Transformation =>
  (value) => {
    const text = given(value);
    const parsed = text === null ? null : parseNameAddr(text);
    return text !== null && parsed?.uri ? apply(parsed, parsed.uri, text) : null;
  };
const tobody: Record<string, Transformation> = {
  tobody_uri: onToBody((a) => a.uriText),
  tobody_tag: onToBody((a) => a.tag ?? ''),
  tobody_user: onToBody((_a, u) => u.user ?? ''),
  tobody_host: onToBody((_a, u) => u.host),
  tobody_display: onToBody((a) => a.display),
  tobody_params: onToBody((a, _u, text) => (a.params[0] ? text.slice(a.params[0].start) : '')),
};

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
const line: Record<string, Transformation> = {
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

export const sipTransformations: Readonly<Record<string, Transformation>> = {
  ...uri,
  ...param,
  ...nameaddr,
  ...tobody,
  ...line,
  urialias_encode: (value) => (value === null ? null : (onUri(encodeAlias)(value) ?? '')),
  urialias_decode: (value) => (typeof value === 'string' && value !== '' ? decodeAlias(value) || null : null),
  val_n0: (value) => value ?? 0,
  val_ne: (value) => value ?? '',
  val_json: (value) => (value === null ? '' : typeof value === 'string' ? json(value) : value),
  val_jsonqe: (value) => (value === null ? '""' : typeof value === 'string' ? `"${json(value)}"` : value),
  num_fdigit: (value) => digit(value, 0),
  num_ldigit: (value) => digit(value, -1),
};

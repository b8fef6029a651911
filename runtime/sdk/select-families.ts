/**
 * Families of selects: what can be asked of any URI (`.host`, `.params.lr`) and of any name-addr (`.name`, `.uri`, `.params`).
 * Null where Kamailio's fails or gives nothing (core/select_core.c).
 */
import { parseUri, type SipUri } from '../message/uri.js';
import { parseParamList } from '../values/param-list.js';
import type { RouteContext } from './context.js';
import type { SelectSpec, Value } from './define.js';

/** `@hdr["Subject"][1].x` is `hdr`, `Subject`, 1, `x`. */
export type SelectWords = readonly (string | number)[];
type Words = SelectWords;
/** A text: null where it fails, undefined where there is none. */
type Source = (ctx: RouteContext, words: Words) => string | null | undefined;
/** Text that is not there rather than empty. */
export const some = (text: string): string | undefined => (text === '' ? undefined : text);
export type SelectTable = Record<string, SelectSpec<object, RouteContext>>;

export const select = (
  doc: string,
  read: (ctx: RouteContext, words: Words) => Value | undefined,
): SelectSpec<object, RouteContext> => ({
  doc,
  get: (_me, ctx, words) => read(ctx, words),
});
/** A word as it names a header field or a parameter: `_` stands for `-`. */
export const dashed = (word: string | number | undefined): string => String(word).replace(/(?!^)_/g, '-');
const asked = (words: Words): string => dashed(words.at(-1));

/** Value of a parameter in `a=1;b`; null when it is absent or has none. */
export function paramIn(text: string, name: string): string | null {
  const wanted = name.toLowerCase();
  const found = parseParamList(text)?.findLast((p) => p.name.toLowerCase() === wanted);
  return found?.value || null;
}

// URIs -------------------------------------------------------------------------------------------------------------

const known = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'];
const isTel = (uri: SipUri): boolean => uri.scheme === 'tel' || uri.isNumber;
/** A telephone number without its visual separators. */
const digits = (user: string): string => user.replace(/[-.()]/g, '');
const user = (uri: SipUri): string => (isTel(uri) ? digits(uri.user ?? '') : (uri.user ?? ''));

/** The port as written, which may be empty or 0; null where no colon is. */
export function writtenPort(uri: SipUri): string | null {
  if (uri.host === '') return null;
  const at = uri.text.indexOf(uri.host, uri.text.indexOf('@') + 1) + uri.host.length;
  return /^\s*:\s*(\d*)/.exec(uri.text.slice(at))?.[1] ?? (uri.port === 0 ? null : String(uri.port));
}
function hostPort(uri: SipUri): string | null {
  if (uri.host === '') return null;
  return `${uri.host}:${writtenPort(uri) || (uri.secure ? '5061' : '5060')}`;
}
function rnUser(uri: SipUri): string | null {
  if (uri.params !== '' && parseParamList(uri.params) === null) return null;
  const rn = uri.param('rn');
  return rn === null ? user(uri) : digits(rn) || null;
}
const uriParts: Readonly<Record<string, readonly [string, (uri: SipUri) => Value | undefined]>> = {
  type: ['scheme', (uri) => (uri.isNumber ? 'tel' : uri.scheme)],
  user: ['user; of a number without separators', user],
  rn_user: ['the rn parameter, or else the user', rnUser],
  pwd: ['password', (uri) => uri.password ?? ''],
  host: ['host', (uri) => uri.host],
  port: ['port, as written', (uri) => writtenPort(uri) ?? undefined],
  hostport: ['host and port, the default one where none is written', hostPort],
  transport: ['transport', (uri) => (known.includes(uri.transport ?? '') ? uri.transport : uri.secure ? 'tls' : 'udp')],
  // Of a number in a sip URI these are the number's own, which stand before the @.
  params: ['all parameters', (uri) => (uri.isNumber ? uri.userParams : uri.params)],
};

/** `path` and what can be asked of the URI there. */
export function uriSelects(path: string, doc: string, source: Source): SelectTable {
  const parsed = (ctx: RouteContext, words: Words) => {
    const text = source(ctx, words);
    return text === null || text === undefined ? null : parseUri(text, ctx.grammar);
  };
  const table: SelectTable = {};
  for (const [part, [what, read]] of Object.entries(uriParts))
    table[`${path}.${part}`] = select(`${what} of ${doc}`, (ctx, words) => {
      const uri = parsed(ctx, words);
      if (uri === null) return null;
      const value = read(uri);
      // A host is there, and may be empty: the domain of a number. So may a port be, behind its colon.
      return value === '' && part !== 'host' && part !== 'port' ? undefined : value;
    });
  table[`${path}.params.*`] = select(`parameter of ${doc}`, (ctx, words) => {
    const uri = parsed(ctx, words);
    return uri === null ? null : paramIn(uri.params, asked(words));
  });
  return table;
}
/** The URI itself too. */
export const wholeUri = (path: string, doc: string, source: Source): SelectTable => ({
  [path]: select(doc, source),
  ...uriSelects(path, doc, source),
});

// Name-addrs -------------------------------------------------------------------------------------------------------

/** Offset of a character outside quotes, -1 when it is not there. */
function outsideQuotes(text: string, wanted: string): number {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"' && text[i - 1] !== '\\') quoted = !quoted;
    else if (!quoted && text[i] === wanted) return i;
  }
  return -1;
}
function displayOf(text: string): string {
  const open = outsideQuotes(text, '<');
  return open < 0 ? '' : text.slice(0, open).trimEnd();
}
export function addrUriOf(text: string): string | null {
  const open = outsideQuotes(text, '<');
  if (open < 0) {
    const end = text.indexOf(';');
    return end < 0 ? text : text.slice(0, end);
  }
  const close = outsideQuotes(text.slice(open + 1), '>');
  return close < 0 ? null : text.slice(open + 1, open + 1 + close);
}
/** What follows the first `;` after the address; where there is none, what stands after the address as it is (select_nameaddr_params). */
function addrParamsOf(text: string): { readonly text: string; readonly parsed: boolean } | null {
  const open = outsideQuotes(text, '<');
  let rest = text;
  if (open >= 0) {
    const close = outsideQuotes(text.slice(open + 1), '>');
    if (close < 0) return null;
    rest = text.slice(open + 1 + close + 1);
  }
  const start = outsideQuotes(rest, ';');
  return start < 0 ? { text: rest, parsed: false } : { text: rest.slice(start + 1), parsed: true };
}

/** `path.params.x`: a parameter of a text that is all parameters. */
export function paramsSelect(path: string, doc: string, source: Source): SelectTable {
  return {
    [`${path}.params.*`]: select(`parameter in ${doc}`, (ctx, words) => {
      const text = source(ctx, words);
      return text ? paramIn(text, asked(words)) : null;
    }),
  };
}

/** What can be asked of a header value that may be an address. */
export function nameAddrSelects(path: string, doc: string, source: Source): SelectTable {
  const of =
    (read: (text: string) => string | null): Source =>
    (ctx, words) => {
      const text = source(ctx, words);
      return text ? read(text) : null;
    };
  const params = (ctx: RouteContext, words: Words) => {
    const text = source(ctx, words);
    return text ? addrParamsOf(text) : null;
  };
  return {
    [`${path}.name`]: select(`display name of ${doc}, quotes included`, of(displayOf)),
    [`${path}.params`]: select(
      `parameters after the address of ${doc}`,
      (ctx, words) => params(ctx, words)?.text ?? null,
    ),
    [`${path}.params.*`]: select(`parameter after the address of ${doc}`, (ctx, words) => {
      const found = params(ctx, words);
      return found?.parsed ? paramIn(found.text, asked(words)) : (found?.text ?? null);
    }),
    ...wholeUri(`${path}.uri`, `URI of ${doc}`, of(addrUriOf)),
  };
}

/**
 * Changes to the parts of a Request-URI: what `rewriteuser()`, `strip()`, `$rd = …` and their kin do.
 * Matching Kamailio's core/action.c (SET_HOST_T and following): a tel URI that gets a host becomes a sip URI with `user=phone`.
 */
import type { Grammar } from './grammar.js';
import { parseUri, type SipUri } from './uri.js';

export const MAX_URI_BYTES = 1024;

export type UriChange =
  | {
      readonly kind:
        | 'host'
        | 'hostPort'
        | 'hostPortTransport'
        | 'hostAll'
        | 'user'
        | 'userPassword'
        | 'port'
        | 'prefix';
      readonly text: string;
    }
  | { readonly kind: 'strip' | 'stripTail'; readonly count: number }
  | { readonly kind: 'userPhone' };

const isTel = (uri: SipUri) => uri.scheme === 'tel';
const setsHost = (kind: UriChange['kind']) => kind === 'host' || kind === 'hostPort' || kind === 'hostPortTransport';

function scheme(uri: SipUri, change: UriChange): string {
  if (isTel(uri)) return setsHost(change.kind) ? 'sip' : 'tel';
  return uri.secure ? 'sips' : 'sip';
}

function userPart(old: string, change: UriChange): string {
  switch (change.kind) {
    case 'user':
    case 'userPassword':
      return change.text;
    case 'prefix':
      return change.text + old;
    case 'strip':
      return old.slice(change.count);
    case 'stripTail':
      return change.count >= old.length ? '' : old.slice(0, old.length - change.count);
    default:
      return old;
  }
}

/** Parameters without `transport`. */
const withoutTransport = (params: string): string =>
  params
    .split(';')
    .filter((param) => !/^transport(=|$)/i.test(param))
    .join(';');

/** The URI with one part changed; null when it does not parse, the change cannot be made, or the result is too long. */
export function rewriteUri(text: string, change: UriChange, grammar: Grammar): string | null {
  const uri = parseUri(text, grammar);
  if (uri === null) return null;
  const tel = isTel(uri);
  if (change.kind === 'userPhone' && (tel || uri.param('user') === 'phone')) return text;
  if (change.kind === 'port' && tel) return null;

  const user = userPart(uri.user ?? '', change);
  const password = user !== '' && uri.password !== null && change.kind !== 'userPassword' ? `:${uri.password}` : '';
  let result = `${scheme(uri, change)}:${user}${password}`;
  // The parameters of a tel URI belong to its number.
  if (tel && uri.params !== '') result += `;${uri.params}`;
  if (uri.userParams !== '') result += `;${uri.userParams}`;
  const host =
    setsHost(change.kind) || change.kind === 'hostAll' ? (change as { text: string }).text : tel ? null : uri.host;
  if (host !== null) result += (user !== '' ? '@' : '') + host;
  if (change.kind === 'hostAll') return bounded(result);
  if (change.kind === 'port') result += change.text === '' ? '' : `:${change.text}`;
  else if (change.kind !== 'hostPort' && change.kind !== 'hostPortTransport' && uri.port !== 0)
    result += `:${uri.port}`;
  const params = tel ? '' : change.kind === 'hostPortTransport' ? withoutTransport(uri.params) : uri.params;
  if (params !== '') result += `;${params}`;
  if ((tel && setsHost(change.kind)) || change.kind === 'userPhone') result += ';user=phone';
  if (uri.headers !== '') result += `?${uri.headers}`;
  return bounded(result);
}
const bounded = (text: string): string | null => (text.length < MAX_URI_BYTES ? text : null);

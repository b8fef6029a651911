/** Whose URI a function is about, named by a word of the cfg: what group, uri_db and others share. */
import type { Credentials, SipMessage, SipUri } from '../message/index.js';
import { parseUri } from '../message/index.js';
import type { RouteContext } from './context.js';
import { namedPv } from './pv-names.js';

export interface Identity {
  readonly user: string;
  readonly host: string;
}
/** auth's API, as far as it is needed here. */
export interface AuthorizedApi {
  authorized(msg: SipMessage): Credentials | null;
}

const ofUri = (uri: SipUri | null | undefined): Identity | null =>
  uri ? { user: uri.user ?? '', host: uri.host } : null;

/** `Request-URI`, `To`, `From`, `Credentials` (accepted ones: the realm is the host) or an AVP with a URI. */
export function identityOf(ctx: RouteContext, word: string, auth: AuthorizedApi | null): Identity | null {
  switch (word.toLowerCase()) {
    case 'request-uri':
      return ofUri(ctx.requestUri);
    case 'to':
      return ofUri(ctx.msg.to?.uri);
    case 'from':
      return ofUri(ctx.msg.from?.uri);
    case 'credentials': {
      const accepted = auth?.authorized(ctx.msg);
      return accepted ? { user: accepted.user, host: accepted.realm } : null;
    }
    default: {
      const value = namedPv(ctx.server, word, 'user field').get(ctx);
      return value === null ? null : ofUri(parseUri(String(value), ctx.grammar));
    }
  }
}

/** Without the prefix (`sip.`) where the host has it and more. */
export const withoutPrefix = (host: string, prefix: string): string =>
  prefix !== '' && prefix.length < host.length && host.toLowerCase().startsWith(prefix.toLowerCase())
    ? host.slice(prefix.length)
    : host;

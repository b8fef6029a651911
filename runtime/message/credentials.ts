/**
 * Credentials of an Authorization or Proxy-Authorization header field: `Digest name=value, …` (RFC 3261 §22, RFC 7616
 * §3.4). As lenient as Kamailio: any value may be quoted or a token, unknown names are passed over, the last one counts.
 */
import { equalsIgnoreCase, isSpace } from './chars.js';

export interface Credentials {
  /** The user name as written, and its parts: `sip:user@domain` gives `user` and `domain`. */
  readonly username: string;
  readonly user: string;
  readonly domain: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly cnonce: string;
  readonly opaque: string;
  readonly qop: string;
  readonly nc: string;
  readonly algorithm: string;
}

const names = ['username', 'realm', 'nonce', 'uri', 'response', 'cnonce', 'opaque', 'qop', 'nc', 'algorithm'] as const;
type Name = (typeof names)[number];
const MAX_PARAMS = 128;

function splitUser(whole: string): { user: string; domain: string } {
  if (whole.length <= 2) return { user: whole, domain: '' };
  const at = whole.indexOf('@');
  const name = at < 0 ? whole : whole.slice(0, at);
  return { user: name.slice(name.indexOf(':') + 1), domain: at < 0 ? '' : whole.slice(at + 1) };
}

/** What the text says; null for another scheme than Digest, and for text that is none of its parameters. */
export function parseCredentials(text: string): Credentials | null {
  let at = 0;
  const blank = () => {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  };
  blank();
  const after = text.charCodeAt(at + 6);
  if (!equalsIgnoreCase(text.slice(at, at + 6), 'digest') || !(isSpace(after) || after === 0x2c)) return null;
  at += 7;
  const values: Record<Name, string> = {
    username: '',
    realm: '',
    nonce: '',
    uri: '',
    response: '',
    cnonce: '',
    opaque: '',
    qop: '',
    nc: '',
    algorithm: '',
  };
  for (let count = 0; ; count++) {
    blank();
    const equals = text.indexOf('=', at);
    if (equals < 0 || count === MAX_PARAMS) return null;
    const written = text.slice(at, equals).trim();
    at = equals + 1;
    blank();
    if (at >= text.length) return null;
    let value: string;
    if (text.charCodeAt(at) === 0x22) {
      const close = text.indexOf('"', at + 1);
      if (close < 0) return null;
      value = text.slice(at + 1, close);
      at = close + 1;
    } else {
      const start = at;
      while (at < text.length && text.charCodeAt(at) !== 0x2c && !isSpace(text.charCodeAt(at))) at++;
      if (at === start) return null;
      value = text.slice(start, at);
    }
    const name = names.find((n) => equalsIgnoreCase(n, written));
    if (name !== undefined) values[name] = value;
    const comma = text.indexOf(',', at);
    if (comma < 0) return { ...values, ...splitUser(values.username) };
    at = comma + 1;
  }
}

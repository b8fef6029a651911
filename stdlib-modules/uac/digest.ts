/**
 * Answers to digest challenges (RFC 3261 §22, RFC 7616 §3.4): MD5 and SHA-256, with the form of uac's header field.
 */
import { createHash } from 'node:crypto';
import { coreHash, equalsIgnoreCase, type SipMessage } from '../../runtime/sdk/index.js';

type Algorithm = 'MD5' | 'SHA-256';
export interface Challenge {
  readonly status: 401 | 407;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string;
  readonly algorithm: Algorithm;
  /** The algorithm ends in -sess. */
  readonly session: boolean;
  /** `auth` is offered; without it the answer has the form of RFC 2069. */
  readonly qop: boolean;
}
export interface Credential {
  readonly user: string;
  readonly realm: string;
  /** H(user:realm:password) when `isHa1`. */
  readonly password: string;
  readonly isHa1: boolean;
}

const hash = (algorithm: Algorithm, text: string): string =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text, 'latin1')
    .digest('hex');

/** `name="value"` or `name=value` in a list. */
function paramOf(text: string, name: string): string {
  const match = new RegExp(`(?:^|[\\s,])${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,]+))`, 'i').exec(text);
  return match?.[1] ?? match?.[2] ?? '';
}

/** The first challenge of a 401 or 407 that can be answered; null when there is none. */
export function challengeOf(reply: SipMessage): Challenge | null {
  const { status } = reply;
  if (status !== 401 && status !== 407) return null;
  for (const field of reply.headersOf(status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate')) {
    const { value } = field;
    if (!equalsIgnoreCase(value.slice(0, 7), 'digest ')) continue;
    const rest = value.slice(7);
    const written = (paramOf(rest, 'algorithm') || 'MD5').toUpperCase();
    const session = written.endsWith('-SESS');
    const algorithm = session ? written.slice(0, -5) : written;
    const [realm, nonce] = [paramOf(rest, 'realm'), paramOf(rest, 'nonce')];
    if ((algorithm !== 'MD5' && algorithm !== 'SHA-256') || realm === '' || nonce === '') continue;
    const offered = paramOf(rest, 'qop')
      .split(',')
      .map((s) => s.trim().toLowerCase());
    const qop = offered.includes('auth') || offered.includes('auth-int');
    return { status, realm, nonce, opaque: paramOf(rest, 'opaque'), algorithm, session, qop };
  }
  return null;
}

const NC = '00000001';

/** The Authorization or Proxy-Authorization line, with its line end. */
export function answer(c: Challenge, credential: Credential, method: string, uri: string): string {
  const { algorithm: a, nonce } = c;
  const { user, password, isHa1 } = credential;
  const cnonce = String(coreHash(nonce, ''));
  let ha1 = isHa1 ? password : hash(a, `${user}:${c.realm}:${password}`);
  if (c.session) ha1 = hash(a, `${ha1}:${nonce}:${cnonce}`);
  const middle = c.qop ? `${NC}:${cnonce}:auth:` : '';
  const response = hash(a, `${ha1}:${nonce}:${middle}${hash(a, `${method}:${uri}`)}`);
  const name = c.status === 401 ? 'Authorization' : 'Proxy-Authorization';
  return (
    `${name}: Digest username="${user}", realm="${c.realm}", nonce="${nonce}", uri="${uri}", ` +
    (c.opaque === '' ? '' : `opaque="${c.opaque}", `) +
    (c.qop ? `qop=auth, nc=${NC}, cnonce="${cnonce}", ` : '') +
    `response="${response}", algorithm=${a}${c.session ? '-sess' : ''}\r\n`
  );
}

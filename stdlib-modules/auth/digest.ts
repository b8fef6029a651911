/** The arithmetic of digest authentication (RFC 2617 §3.2.2, RFC 7616 §3.4) with MD5 or SHA-256. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Credentials, lowerAscii } from '../../runtime/sdk/index.js';

export type Algorithm = 'MD5' | 'SHA-256';
const names = { MD5: 'md5', 'SHA-256': 'sha256' } as const;

export const hash = (algorithm: Algorithm, text: string): string =>
  createHash(names[algorithm]).update(text, 'latin1').digest('hex');

/** H(user:realm:password). */
export const ha1Of = (algorithm: Algorithm, user: string, realm: string, password: string): string =>
  hash(algorithm, `${user}:${realm}:${password}`);

/** What `response` has to be. `method` is '' for rspauth. */
export function responseOf(
  algorithm: Algorithm,
  ha1: string,
  credentials: Credentials,
  method: string,
  body: string,
): string {
  const { nonce, nc, cnonce, qop, uri } = credentials;
  const entity = lowerAscii(qop) === 'auth-int' ? `:${hash(algorithm, body)}` : '';
  const ha2 = hash(algorithm, `${method}:${uri}${entity}`);
  const middle = qop === '' ? '' : `${nc}:${cnonce}:${qop}:`;
  return hash(algorithm, `${ha1}:${nonce}:${middle}${ha2}`);
}

/** Equal text, in a time that says nothing about where it differs. */
export function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}

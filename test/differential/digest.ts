/** What a phone answers to a challenge (RFC 7616 §3.4), right or deliberately wrong. */
import { createHash } from 'node:crypto';
import type { Packet } from './packet.js';

export interface Answer {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly qop?: 'auth' | 'auth-int';
  readonly nc?: number;
  readonly realm?: string;
  readonly nonce?: string;
  readonly body?: string;
  /** Last change to the value of the header field. */
  readonly edit?: (value: string) => string;
}

/** The header line for the challenge in a 401 or 407. */
export function answerTo(challenge: Packet, answer: Answer): string {
  const line = /^(WWW|Proxy)-Authenticate: (.*)$/m.exec(challenge.text.replaceAll('\r', ''));
  const text = line?.[2] ?? '';
  const value = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(text)?.[1] ?? '';
  const algorithm = value('algorithm') === 'SHA-256' ? 'sha256' : 'md5';
  const hash = (of: string) => createHash(algorithm).update(of, 'latin1').digest('hex');
  const realm = answer.realm ?? value('realm');
  const nonce = answer.nonce ?? value('nonce');
  const nc = (answer.nc ?? 1).toString(16).padStart(8, '0');
  const ha1 = hash(`${answer.user}:${realm}:${answer.password}`);
  const entity = answer.qop === 'auth-int' ? `:${hash(answer.body ?? '')}` : '';
  const ha2 = hash(`${answer.method}:${answer.uri}${entity}`);
  const middle = answer.qop ? `${nc}:cafe:${answer.qop}:` : '';
  const counted = answer.qop ? `, qop=${answer.qop}, nc=${nc}, cnonce="cafe"` : '';
  const shown = algorithm === 'sha256' ? 'SHA-256' : 'MD5';
  const full = `Digest username="${answer.user}", realm="${realm}", nonce="${nonce}", uri="${answer.uri}", response="${hash(`${ha1}:${nonce}:${middle}${ha2}`)}", algorithm=${shown}${counted}`;
  return `${line?.[1] === 'WWW' ? '' : 'Proxy-'}Authorization: ${answer.edit?.(full) ?? full}`;
}

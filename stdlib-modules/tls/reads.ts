/** `$tls_…` and `@tls.…`: one table of what can be read, under all its names. */
import type { RouteContext, Value } from '../../runtime/sdk/index.js';
import { type AltName, Certificate, type NamePart } from './certificate.js';
import { describeCipher } from './cipher.js';
import { hasProblem, type ProblemName, type Sessions, type Side } from './session.js';

export type Read = (sessions: Sessions, ctx: RouteContext, index: number) => Value;

const session =
  (get: (info: NonNullable<ReturnType<Sessions['of']>>) => Value): Read =>
  (sessions, ctx) => {
    const info = sessions.of(ctx);
    return info === null ? null : get(info);
  };

export const version = session((s) => s.version);
export const cipher = session((s) => s.cipher.name);
export const bits = session((s) => s.cipher.bits);
export const serverName = session((s) => (s.serverName === '' ? null : s.serverName));
export const description = session((s) => describeCipher(s.cipher.name, s.cipher.bits));
export const problem = (name: ProblemName): Read => session((s) => hasProblem(s, name));

export const part =
  (side: Side, of: 'subject' | 'issuer', name: NamePart): Read =>
  (sessions, ctx) =>
    sessions.certificate(ctx, side)?.part(of, name) ?? null;
export const line =
  (side: Side, of: 'subject' | 'issuer'): Read =>
  (sessions, ctx) =>
    sessions.certificate(ctx, side)?.line(of) ?? null;
export const alt =
  (side: Side, kind: AltName): Read =>
  (sessions, ctx, index) =>
    sessions.certificate(ctx, side)?.alt(kind).at(index) ?? null;
/** How many alternative names of this kind; null without any alternative name. */
export const altCount =
  (side: Side, kind: AltName): Read =>
  (sessions, ctx) =>
    sessions.certificate(ctx, side)?.altCount(kind) ?? null;
export const simple =
  (side: Side, what: 'pem' | 'serial' | 'version' | 'notBefore' | 'notAfter'): Read =>
  (sessions, ctx) =>
    sessions.certificate(ctx, side)?.[what] ?? null;
/** PEM with everything outside letters, digits and `-_.~` as %XX. */
export const urlencoded =
  (side: Side): Read =>
  (sessions, ctx) => {
    const pem = sessions.certificate(ctx, side)?.pem;
    return pem === undefined
      ? null
      : pem.replace(/[^A-Za-z0-9\-_.~]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  };
/** What Kamailio has a name for and never a value. */
export const nothing: Read = () => null;
/** PEM of the n-th certificate from the peer's to the root. */
export const verifiedChain = (sessions: Sessions, ctx: RouteContext, n: number): Value => {
  const chain = sessions.of(ctx)?.verifiedChain();
  const der = n < 0 ? undefined : chain?.[n];
  return der === undefined ? null : new Certificate(der).pem;
};

/** All words a select may use for one thing. */
export const partWords: Readonly<Record<string, NamePart>> = {
  cn: 'CN', commonName: 'CN', common_name: 'CN', name: 'CN',
  l: 'L', localityName: 'L', locality_name: 'L', locality: 'L',
  c: 'C', countryName: 'C', country_name: 'C', country: 'C',
  st: 'ST', stateOrProvinceName: 'ST', state_or_province_name: 'ST', state: 'ST',
  o: 'O', organizationName: 'O', organization_name: 'O', organization: 'O',
  ou: 'OU', organizationalUnitName: 'OU', organizational_unit_name: 'OU', unit: 'OU',
  uid: 'UID', uniqueIdentifier: 'UID', unique_identifier: 'UID',
}; // biome-ignore format: one row for each part
export const altWords: Readonly<Record<string, AltName>> = {
  email: 'email', emailAddress: 'email', email_address: 'email',
  host: 'DNS', hostname: 'DNS', dns: 'DNS',
  uri: 'URI', url: 'URI', urn: 'URI',
  ip: 'IP Address', IPAddress: 'IP Address', ip_address: 'IP Address',
}; // biome-ignore format: one row for each kind
/** Words that name a kind where it is counted: so many letters are looked at (tls_select.c, sel_alt_count). */
export const countedWords: Readonly<Record<string, AltName>> = {
  EMAIL: 'email',
  DNS: 'DNS',
  URI: 'URI',
  IP: 'IP Address',
};
export const problemWords: Readonly<Record<string, ProblemName>> = {
  verified: 'verified',
  revoked: 'revoked',
  expired: 'expired',
  self_signed: 'selfsigned',
};

/** What `@tls.peer.WORD` (`my`, `me`, `myself`) reads; null: no such word. No word, and a subject or issuer alone, is its CN. */
export function certificateRead(side: Side, words: readonly (string | number)[]): Read | null {
  const [word, second] = words;
  if (word === undefined) return part(side, 'subject', 'CN');
  if (word === 'subject' || word === 'subj' || word === 'issuer') {
    const of = word === 'issuer' ? 'issuer' : 'subject';
    if (second === undefined) return part(side, of, 'CN');
    const name = partWords[String(second)];
    return name === undefined ? null : part(side, of, name);
  }
  const key = String(word);
  const kind = altWords[key];
  if (kind !== undefined) return alt(side, kind);
  const asked = problemWords[key];
  if (asked !== undefined) return side === 'peer' ? problem(asked) : nothing;
  switch (key) {
    case 'version':
      return simple(side, 'version');
    case 'sn':
    case 'serialNumber':
    case 'serial_number':
      return simple(side, 'serial');
    case 'notBefore':
    case 'not_before':
      return simple(side, 'notBefore');
    case 'notAfter':
    case 'not_after':
      return simple(side, 'notAfter');
    case 'rawCert':
    case 'raw_cert':
      return simple(side, 'pem');
    case 'URLEncodedCert':
    case 'urlencoded_cert':
      return urlencoded(side);
    default:
      return null;
  }
}

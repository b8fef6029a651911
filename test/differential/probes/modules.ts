/** What modules beside the core ones add to read: tls (pseudo-variables and selects), nathelper (selects). */
import { modulePaths } from './selects.js';

const sides = ['peer', 'my'] as const;
const certificate = (side: 'peer' | 'my'): readonly string[] => {
  const parts = ['cn', 'locality', 'country', 'state', 'organization', 'unit'];
  return [
    ...['subject', 'issuer', 'subject_uid', 'version', 'serial'],
    ...parts.flatMap((part) => [`subject_${part}`, `issuer_${part}`]),
    ...['email', 'hostname', 'uri', 'ip'].map((kind) => `san_${kind}`),
  ].map((name) => `$tls_${side}_${name}`);
};
/** Text of several lines: as a digest. */
const digest = (inner: string): string => `$(${inner}{s.md5})`;

const tlsPvs: readonly string[] = [
  ...['version', 'cipher_info', 'cipher_bits'].map((name) => `$tls_${name}`),
  '$(tls_description{s.rtrim})',
  ...sides.flatMap(certificate),
  ...sides.flatMap((side) => [digest(`tls_${side}_raw_cert`), digest(`tls_${side}_urlencoded_cert`)]),
  ...['verified', 'revoked', 'expired', 'selfsigned', 'notBefore', 'notAfter', 'server_name'].map(
    (name) => `$tls_peer_${name}`,
  ),
  ...['m_issuer_line', 'm_subject_line', 'p_issuer_line', 'p_subject_line'].map((key) => `$tls(${key})`),
];

const chain = ['0', '1', '2', '-1'];
const tlsSelects: readonly string[] = modulePaths('tls').flatMap((path) => {
  if (path.endsWith('.verified_cert_chain')) return chain.map((n) => digest(`sel(${path}[${n}])`));
  if (/raw_?cert$|URL_?encoded_?cert$/i.test(path)) return [digest(`sel(${path})`)];
  return [/\.desc(ription)?$/.test(path) ? `$(sel(${path}){s.rtrim})` : `$sel(${path})`];
});
export const tlsReads: readonly string[] = [...tlsPvs, ...tlsSelects];

/** Never with a value: a subject or issuer as a whole; whether our own certificate is verified. */
export const modulesElsewhere: readonly string[] = [
  ...['expired', 'revoked', 'self_signed', 'verified'].map((name) => `sel(tls.my.${name})`),
  ...sides.flatMap((side) => [`tls_${side}_issuer`, `tls_${side}_subject`]),
];

export const natReads: readonly string[] = modulePaths('nathelper').flatMap((path) =>
  ['1', '2', '9', '0', '-1'].map((n) => `$sel(${path.replace('rewrite_contact', `rewrite_contact[${n}]`)})`),
);

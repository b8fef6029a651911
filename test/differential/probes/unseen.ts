/** What docs/coverage.md has as done and not tested: no transcript of Kamailio 5.6.3 shows a value of it. Why, entry by entry. */
import { readFileSync } from 'node:fs';
import type { Versions } from '../../../compiler/host.js';

const versions = JSON.parse(
  readFileSync(new URL('../../../compiler/catalog/kamailio-versions.json', import.meta.url), 'utf8'),
) as Pick<Versions, 'newer'>;

const bare = (entry: string): string => entry.slice(entry.indexOf(':') + 1);
const broken = 'Kamailio reads past the end of its text (docs/deviations.md)';
const each = (entries: string, why: string): Record<string, string> =>
  Object.fromEntries(entries.split(' ').map((entry) => [entry, why]));

/** Names the probes read everywhere, and that never have a value: $null is all there is to show. */
export const neverValue: ReadonlySet<string> = new Set([
  ...'$null $err.class $err.info $err.level $err.rcode $err.rreason'.split(' '),
  ...'$tls_my_issuer $tls_my_subject $tls_peer_issuer $tls_peer_subject'.split(' '),
  ...'@branch.uriq.name @v.alias @via.alias'.split(' '),
  ...['me', 'my', 'myself'].flatMap((side) =>
    ['expired', 'revoked', 'self_signed', 'verified'].map((what) => `@tls.${side}.${what}`),
  ),
]);

export const unseen: Readonly<Record<string, string>> = {
  ...Object.fromEntries([
    ...Object.keys(versions.newer.pvs).map((entry) => [`$${bare(entry)}`, 'newer than 5.6.3'] as const),
    ...Object.keys(versions.newer.transformations).map((entry) => [`{${bare(entry)}}`, 'newer than 5.6.3'] as const),
  ]),
  ...each('$defs $defv', 'newer than 5.6.3'),
  ...Object.fromEntries(
    ['me', 'my', 'myself', 'peer'].map((side) => [`@tls.${side}.count.{str}`, 'newer than 5.6.3'] as const),
  ),
  ...each('{s.rafter} {s.rbefore} {uri.duri} {uri.saor} {uri.suri} {s.decode.base58}', broken),
};

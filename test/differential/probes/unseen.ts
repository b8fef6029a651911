/** What docs/coverage.md has as done and not tested: no transcript of Kamailio 5.6.3 shows a value of it. Why, entry by entry. */
import { readFileSync } from 'node:fs';

const versions = JSON.parse(
  readFileSync(new URL('../../../compiler/catalog/kamailio-versions.json', import.meta.url), 'utf8'),
) as { readonly newer: { readonly pvs: readonly string[]; readonly transformations: readonly string[] } };

const bare = (entry: string): string => entry.slice(entry.indexOf(':') + 1);
const nowhere = 'never has a value in Kamailio either';
const broken = 'Kamailio reads past the end of its text (docs/deviations.md)';
const each = (entries: string, why: string): Record<string, string> =>
  Object.fromEntries(entries.split(' ').map((entry) => [entry, why]));

export const unseen: Readonly<Record<string, string>> = {
  ...Object.fromEntries([
    ...versions.newer.pvs.map((entry) => [`$${bare(entry)}`, 'newer than 5.6.3'] as const),
    ...versions.newer.transformations.map((entry) => [`{${bare(entry)}}`, 'newer than 5.6.3'] as const),
  ]),
  ...each('$defs $defv', 'newer than 5.6.3'),
  ...each('$null $err.class $err.info $err.level $err.rcode $err.rreason', nowhere),
  ...each('$tls_my_issuer $tls_my_subject $tls_peer_issuer $tls_peer_subject', nowhere),
  ...each('@branch.uriq.name @v.alias @via.alias', nowhere),
  ...Object.fromEntries(
    ['me', 'my', 'myself'].flatMap((side) =>
      ['expired', 'revoked', 'self_signed', 'verified'].map((what) => [`@tls.${side}.${what}`, nowhere]),
    ),
  ),
  ...each('{s.rafter} {s.rbefore} {uri.duri} {uri.saor} {uri.suri} {s.decode.base58}', broken),
  $envn: 'needs a number in the environment',
  $msgbuf: 'a byte and a NUL, which ends the log line there',
  $rcv: 'only where received data is looked at before it is a message',
  $Rn: 'on a socket with a name: those of the scenarios have none',
  $DLG_lifetime: 'the seconds of a call: read into a variable, of which dialog shows the range',
  $T_reply_ruid: 'of branches made from the location service',
  $rtppstat: 'the statistics of a media relay: rtpproxy compares them in a condition',
  $sqlrows: 'db_sqlite of Kamailio does not count them',
  $ws_conid: 'the number of a connection',
  '@tm.uas.local_to_tag': 'a tag made up by the server; tm-relay shows that it is empty before',
};

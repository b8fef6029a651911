/** avpops: the same values after each function, and the same rows. */
import { type Rows, withRows } from '../prepared.js';
import { group, type Stage, scenario } from '../scenario.js';

const rows: Rows = {
  usr_preferences: [
    { uuid: '', username: 'alice', domain: 'example.com', attribute: 'a', type: 0, value: 'first' },
    { uuid: '', username: 'alice', domain: 'example.com', attribute: 'a', type: 0, value: 'second' },
    { uuid: '', username: 'alice', domain: 'example.com', attribute: 'n', type: 1, value: '42' },
    { uuid: '', username: 'alice', domain: 'example.com', attribute: 'm', type: 1, value: 'no number' },
    { uuid: '', username: 'alice', domain: 'example.com', attribute: '5', type: 2, value: 'five' },
    { uuid: '', username: 'alice', domain: 'other.com', attribute: 'a', type: 0, value: 'other' },
    { uuid: '', username: 'bob', domain: 'example.com', attribute: 'n', type: 1, value: '7' },
    { uuid: 'u-1', username: '', domain: '', attribute: 'b', type: 0, value: 'by uuid' },
    { uuid: 'u-1', username: '', domain: '', attribute: 'b', type: 0, value: '' },
  ],
  speed_dial: [
    {
      username: 'alice',
      domain: 'example.com',
      sd_username: '1',
      sd_domain: 'd',
      new_uri: 'sip:one@x',
      fname: '',
      lname: '',
      description: '',
    },
    {
      username: 'alice',
      domain: 'else.com',
      sd_username: '2',
      sd_domain: 'd',
      new_uri: 'sip:two@x',
      fname: '',
      lname: '',
      description: '',
    },
  ],
  location: [1, 2].map((n) => ({
    username: 'alice',
    ruid: `r${n}`,
    contact: 'sip:x',
    cseq: n,
    path: n === 1 ? '<sip:p>' : null,
  })),
};
const slugs: readonly (readonly [string, string])[] = [
  ['copy', 'avp_copy()'],
  ['delete', 'avp_delete()'],
  ['check', 'avp_check()'],
  ['op', 'avp_op()'],
  ['subst', 'avp_subst() and avp_subst_pv()'],
  ['set', 'is_avp_set()'],
  ['push', 'avp_pushto()'],
  ['rows', 'avp_db_load()'],
  ['store', 'avp_db_store() and avp_db_delete()'],
  ['query', 'avp_db_query()'],
];
const scenarios = slugs.map(([slug, title]) =>
  scenario(slug, title, async ({ alice, uri }: Stage) => {
    await alice.request('OPTIONS', uri(slug), { from: '<sip:alice@example.com>;tag=1', to: '<sip:bob@example.com>' });
    await alice.receives(200);
  }),
);
const databases = scenarios.filter(({ slug }) => ['rows', 'store', 'query'].includes(slug));
/** The same rows as files of db_text. */
const texts: Readonly<Record<string, string>> = {
  version: 'id(int,auto) table_name(string) table_version(int)\n1:usr_preferences:2\n',
  usr_preferences: [
    'id(int,auto) uuid(string) username(string) domain(string) attribute(string) type(int) value(string) last_modified(int,null)',
    '1::alice:example.com:a:0:first:',
    '2::alice:example.com:a:0:sec\\:ond:',
    '3::alice:example.com:n:1:42:',
    '4::alice:example.com:5:2:five:',
    '5::alice:other.com:a:0:other:',
    '6::bob:example.com:n:1:7:',
    '7:u-1:::b:0:by uuid:',
    '',
  ].join('\n'),
  speed_dial: 'id(int,auto) username(string) domain(string) new_uri(string)\n1:alice:example.com:sip\\:one@x\n',
  location: 'id(int,auto) username(string) cseq(int) path(string,null) ruid(string)\n1:alice:5::r1\n2:alice:6:p:r2\n',
};

export default [
  {
    ...group(
      'avpops-text',
      'avpops.cfg',
      databases.filter(({ slug }) => slug !== 'query'),
      ['-A', 'DOMAIN=1', '-A', 'TEXT=1'],
    ),
    beside: texts,
  },
  // Without use_domain Kamailio's db_sqlite refuses to store: it is given NULL for the domain.
  withRows(
    group(
      'avpops',
      'avpops.cfg',
      scenarios.filter(({ slug }) => slug !== 'store'),
    ),
    rows,
  ),
  withRows(group('avpops-domain', 'avpops.cfg', databases, ['-A', 'DOMAIN=1']), rows),
];

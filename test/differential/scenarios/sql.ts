/** sqlops: the same SQL on the same rows. */
import { DbTime } from '../../../runtime/db/types.js';
import { preparedFile, withRows } from '../prepared.js';
import { group, type Stage, scenario } from '../scenario.js';

const location = ['alice', 'alice', 'bob', 'gr\xc3\xbc\xc3\x9fe'].map((username, i) => ({
  username,
  domain: i === 1 ? null : 'here.test',
  ruid: `r${i}`,
  contact: 'sip:x',
  expires: new DbTime(1_700_000_000 + i),
  cseq: 10 + i,
  path: i === 0 ? '<sip:p>' : null,
}));
const asked = scenario('asked', 'queries, results, XAVPs and variables', async ({ alice }: Stage) => {
  for (const user of ['alice', 'bob', 'nobody', "o'hara", "x' or '1'='1"]) {
    const uri = `sip:${user.replaceAll(' ', '%20')}@here.test`;
    await alice.request('MESSAGE', uri, { uri });
    await alice.receives(200);
  }
});
const plain = group('sql', 'sql.cfg', [asked], ['-A', `DB_CONNECTION="ca=>sqlite://${preparedFile('sql')}"`]);
export default withRows(plain, { location });

/** presence_xml with an XCAP server: rules of the table, rules that are fetched, and none. */
import { createServer, type Server } from 'node:http';
import { presenceGroups, standardGroups } from '../../../runtime/db/schema/ddl.js';
import { withRows } from '../prepared.js';
import { generated, type Stage, scenario } from '../scenario.js';

const PORT = 21797;
/** What RFC 5025 has for one watcher. */
export const rulesFor = (watcher: string, handling: string): string =>
  `<?xml version="1.0"?>\n<cr:ruleset xmlns="urn:ietf:params:xml:ns:pres-rules" xmlns:pr="urn:ietf:params:xml:ns:pres-rules" xmlns:cr="urn:ietf:params:xml:ns:common-policy"><cr:rule id="a"><cr:conditions><cr:identity><cr:one id="${watcher}"/></cr:identity></cr:conditions><cr:actions><pr:sub-handling>${handling}</pr:sub-handling></cr:actions><cr:transformations/></cr:rule></cr:ruleset>`;
const WATCHER = 'sip:watcher@here.test';

const text = `#!KAMAILIO
debug=1
log_stderror=yes
auto_aliases=no
loadmodule "db_sqlite.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "presence.so"
loadmodule "xcap_client.so"
loadmodule "presence_xml.so"
modparam("presence|presence_xml|xcap_client", "db_url", DB_URL)
modparam("presence", "clean_period", 0)
modparam("presence", "db_update_period", 0)
modparam("presence_xml", "xcap_server", "127.0.0.1:${PORT}")
modparam("xcap_client", "periodical_query", 0)
request_route {
	if (is_method("SUBSCRIBE")) handle_subscribe();
	exit;
}
`;

const watches =
  (user: string) =>
  async ({ alice }: Stage) => {
    const uri = `sip:${user}@here.test`;
    const headers = ['Event: presence', 'Expires: 600'];
    await alice.request('SUBSCRIBE', uri, { uri, from: `<${WATCHER}>;tag=${alice.newTag()}`, to: `<${uri}>`, headers });
    await alice.receives(200, 'SUBSCRIBE', 8000);
    await alice.reply(await alice.receives('NOTIFY', undefined, 8000), 200);
  };

const document = (user: string, doc: string) => ({
  username: user,
  domain: 'here.test',
  doc,
  doc_type: 2,
  etag: '"1"',
  source: 2,
  doc_uri: user,
  port: 0,
});
let server: Server | null = null;
const group = withRows(
  generated('xcap', text, [
    scenario('table', 'rules of the table', watches('stored')),
    scenario('blocked', 'rules of the table that refuse', watches('closed')),
    scenario('fetched', 'rules the server has', watches('remote')),
    scenario('nowhere', 'no rules at all', watches('unknown')),
  ]),
  { xcap: [document('stored', rulesFor(WATCHER, 'allow')), document('closed', rulesFor(WATCHER, 'block'))] },
  [],
  [...standardGroups, ...presenceGroups],
);
export default {
  ...group,
  async prepare(shift: number) {
    await group.prepare?.(shift);
    server = createServer((request, response) => {
      const known = request.url === '/pres-rules/users/sip:remote@here.test/index';
      response.writeHead(known ? 200 : 404, { ETag: '"a"', 'Content-Type': 'application/auth-policy+xml' });
      response.end(known ? rulesFor(WATCHER, 'allow') : '');
    });
    await new Promise<void>((open) => void server?.listen(PORT + shift, '127.0.0.1', open));
  },
  async finish() {
    server?.closeAllConnections();
    server?.close();
    await group.finish?.();
  },
};

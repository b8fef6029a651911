/** What is only shown on MariaDB: SQL that nobody waits for, and rows an update finds though it does not change them. */
import { cfg } from '../cfg-text.js';
import { withServerRows } from '../prepared.js';
import { generated, scenario } from '../scenario.js';

const text = cfg(
  'db_mysql sl pv textops xlog sqlops',
  `async_workers=1
modparam("db_mysql", "timeout_interval", 3)
modparam("db_mysql", "update_affected_found", 1)
modparam("db_mysql", "opt_ssl_mode", 1)
modparamx("sqlops", "sqlcon", "ca=>$(def(DBURL){s.unquote})")
request_route {
	if ($rU == "async") {
		sql_query_async("ca", "insert into speed_dial (username, domain, sd_username, sd_domain, new_uri) values ('$fU', 'here', '1', 'd', 'sip:new')");
		xlog("L_NOTICE", "insert $rc\\n");
		sql_query_async("ca", "insert into no_such_table values (1)");
		xlog("L_NOTICE", "nowhere $rc\\n");
	} else {
		sql_query("ca", "update speed_dial set new_uri='sip:old' where username='bob'");
		xlog("L_NOTICE", "update $rc found $sqlrows(ca)\\n");
	}
	sl_send_reply("200", "OK");
}
`,
);
const asks = (user: string, title: string) =>
  scenario(user, title, async ({ alice, uri, rows, pause }) => {
    await alice.request('OPTIONS', uri(user));
    await alice.receives(200);
    await pause(300);
    await rows('speed_dial', 'username', 'domain', 'new_uri');
  });
const row = { username: 'bob', domain: 'here', sd_username: '1', sd_domain: 'd', new_uri: 'sip:old' };

export default withServerRows(
  'mysql',
  generated('sql-async', text, [
    asks('async', 'sql_query_async()'),
    asks('found', 'update_affected_found: rows that are found count'),
  ]),
  { speed_dial: [row] },
  [],
  ['standard', 'speeddial'],
);

/**
 * User names that are SQL, or no text at all, in every query that has a user's name in it, on three databases: nobody is let in,
 * no row is lost, no row has another name. On PostgreSQL usrloc keeps nothing in memory (db_mode 3), on the others it writes
 * through.
 */
import type { DbRow } from '../../../runtime/db/types.js';
import { peerPorts } from '../../support/ports.js';
import { answerTo } from '../digest.js';
import { type Rows, withRows, withServerRows } from '../prepared.js';
import { type Group, generated, scenario } from '../scenario.js';

const names = [
  'alice',
  "'OR'1'='1",
  "alice'--",
  "alice'/*",
  "';DROP/**/TABLE/**/subscriber;--",
  "\\'/**/OR/**/1=1;--",
  'alice\\',
  '%25',
  'a_ice',
  "'||(SELECT/**/password/**/FROM/**/subscriber)||'",
  '$1',
  "o'hara",
  'x'.repeat(300),
  'gr\xc3\xbcn',
  // No UTF-8.
  'gr\xfcn',
  'alice\xff',
] as const;
const domain = 'here.test';
const subscriber = (username: string): DbRow => ({ username, domain, password: 'secret', ha1: '', ha1b: '' });
const rows: Rows = {
  subscriber: [subscriber('alice'), subscriber("o'hara")],
  dbaliases: [{ alias_username: 'alice', alias_domain: domain, username: 'desk', domain }],
  speed_dial: [{ username: 'alice', domain, sd_username: 'alice', sd_domain: domain, new_uri: `sip:far@${domain}` }],
  grp: [{ username: 'alice', domain, grp: 'ld' }],
  trusted: [
    { src_ip: 'alice', proto: 'any', from_pattern: '^sip:alice@', ruri_pattern: null, tag: 'a', priority: 1 },
    { src_ip: 'gr\xc3\xbcn', proto: 'any', from_pattern: null, ruri_pattern: null, tag: 'g', priority: 1 },
  ],
};

// On SQLite, Kamailio's acc finds the file locked by the others, and so would who reads its rows.
const cfg = (driver: string): string => `#!KAMAILIO
debug=0
log_stderror=yes
auto_aliases=no
loadmodule "db_${driver}.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
loadmodule "alias_db.so"
loadmodule "speeddial.so"
loadmodule "group.so"
loadmodule "uri_db.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "acc.so"
loadmodule "permissions.so"
loadmodule "msilo.so"
modparam("auth_db|alias_db|speeddial|group|uri_db|usrloc|acc|permissions|msilo", "db_url", DBURL)
modparam("permissions", "load_backends", 2)
modparam("msilo", "outbound_proxy", "sip:127.0.0.1:${peerPorts.carol}")
loadmodule "sqlops.so"
modparamx("sqlops", "sqlcon", "ca=>$(def(DBURL){s.unquote})")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "password_column", "password")
modparam("usrloc", "db_mode", ${driver === 'postgres' ? 3 : 1})
modparam("acc", "db_flag", 1)
request_route {
	if (method=="REGISTER") {
		save("location");
		exit;
	}
	proxy_authenticate("here.test", "subscriber");
	$var(a) = $rc;
	if ($var(a) == -5) {
		proxy_challenge("here.test", "0");
		exit;
	}
	is_subscriber("$fu", "subscriber", "1");
	$var(b) = $rc;
	is_user_in("From", "ld");
	$var(c) = $rc;
	does_uri_exist();
	$var(d) = $rc;
	allow_trusted("$fU", "any");
	$var(g) = $rc;
	m_store("$fu");
	$var(h) = $rc;
	m_dump("$fu");
	$var(i) = $rc;
	lookup("location");
	$var(e) = $rc;
${
  driver === 'sqlite'
    ? ''
    : `	acc_db_request("200 seen", "acc");
	if ($rU == "alice") {
		sql_query("ca", "update subscriber set ha1='x' where domain='here.test'");
		xlog("L_ERR", "update r sqlrows(ca)=[$sqlrows(ca)]\\n");
	}`
}
	sd_lookup("speed_dial");
	$var(f) = $rc;
	alias_db_lookup("dbaliases");
	xlog("L_ERR", "$var(a) $var(b) $var(c) $var(d) $var(e) $var(f) $rc $var(g) $var(h) $var(i)\\n");
	sl_send_reply("200", "OK");
}
`;

const asked = (driver: string) =>
  scenario('names', 'names that are SQL', async (stage) => {
    const { alice, uri, server } = stage;
    await alice.request('MESSAGE', uri('alice'));
    const challenge = await alice.receives(407);
    for (const [i, name] of names.entries()) {
      const aor = `sip:${name}@${domain}`;
      // Kamailio reads no To and From with a backslash.
      const sayable = !name.includes('\\');
      const address = sayable ? aor : `sip:nobody@${domain}`;
      const from = `<${address}>;tag=${alice.newTag()}`;
      const to = `<${address}>`;
      // Half of them are users who know the password of another.
      const digest = {
        user: name,
        password: 'secret',
        method: 'MESSAGE',
        uri: `sip:${server.host}`,
        qop: 'auth',
      } as const;
      await alice.request('MESSAGE', aor, {
        from,
        to,
        callId: `ask-${i}`,
        headers: [answerTo(challenge, digest)],
        body: 'hello',
        type: 'text/plain',
      });
      await alice.receives('final');
      if (!sayable) continue;
      await alice.request('REGISTER', aor, { uri: `sip:${server.host}`, from, callId: `register-${i}` });
      await alice.receives('final');
    }
    if (driver === 'sqlite') return;
    await stage.pause(300);
    await stage.rows('subscriber', 'username', 'domain', 'password');
    await stage.rows('grp', 'username', 'grp');
    await stage.rows('location', 'username', 'contact');
    await stage.rows('acc', 'method', 'callid', 'sip_code');
    await stage.rows('silo', 'username', 'src_addr');
  });

const TABLES = [
  ...['standard', 'auth_db', 'alias_db', 'speeddial', 'group', 'uri_db', 'usrloc', 'acc', 'permissions', 'msilo'],
];
const made = (driver: string): Group => generated(`hostile-${driver}`, cfg(driver), [asked(driver)]);
export default [
  withRows({ ...made('sqlite'), text: cfg('sqlite').replaceAll('DBURL', 'DB_URL') }, rows, [], TABLES),
  withServerRows('mysql', made('mysql'), rows, [], TABLES),
  withServerRows('postgres', made('postgres'), rows, [], TABLES),
];

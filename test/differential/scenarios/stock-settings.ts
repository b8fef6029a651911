/** Parameters that a stock configuration may set, a group for each module: auth, acc, nathelper, presence_xml, xmlrpc. */
import { standardGroups } from '../../../runtime/db/schema/ddl.js';
import { cfg } from '../cfg-text.js';
import { type Answer, answerTo } from '../digest.js';
import { preparedFile, withRows } from '../prepared.js';
import { establish, generated, hangUp, type Stage, scenario, silent } from '../scenario.js';

// ---------------------------------------------------------------------------------------------------------------
// auth

const digestUri = 'sip:proxy.test';
const authText = cfg(
  'db_sqlite tm sl pv textops xlog auth auth_db',
  `modparam("auth", "force_stateless_reply", 1)
modparam("auth", "challenge_attr", "$made")
modparam("auth", "nonce_auth_max_drift", 5)
modparam("auth", "protect_contacts", 1)
modparam("auth", "secret", "secret")
modparam("auth_db", "db_url", DB_URL)
modparam("auth_db", "version_table", 0)
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "password_column", "password")
modparam("auth_db", "load_credentials", "$avp(s:mail)=ha1")
modparam("auth_db", "force_generate_avps", 1)
#!ifdef NAMED
modparam("auth", "proxy_challenge_header", "X-Proxy-Asks")
modparam("auth", "www_challenge_header", "X-Asks")
#!endif
#!ifdef COUNTED
modparam("auth", "nonce_count", 1)
modparam("auth", "nc_array_size", 65536)
modparam("auth", "nc_array_order", 16)
modparam("auth", "nid_pool_no", 2)
modparam("auth", "auth_checks_in_dlg", 15)
#!endif
#!ifdef ONCE
modparam("auth", "one_time_nonce", 1)
modparam("auth", "otn_in_flight_no", 65536)
modparam("auth", "otn_in_flight_order", 16)
#!endif
request_route {
	switch ($rU) {
		case "pv-www":
			pv_www_authorize("realm.test", "secret", "0");
			$var(v) = $rc;
			break;
		case "pv-proxy":
			pv_proxy_authorize("realm.test", "secret", "0");
			$var(v) = $rc;
			break;
		case "db-www":
			www_authorize("realm.test", "subscriber");
			$var(v) = $rc;
			break;
		case "db-proxy":
			proxy_authorize("realm.test", "subscriber");
			$var(v) = $rc;
			break;
		case "get":
			auth_get_www_authenticate("realm.test", "1", "$var(made)");
			xlog("L_NOTICE", "made $rc $(var(made){s.substr,0,44})\\n");
			append_to_reply("$var(made)");
			sl_send_reply("401", "Asked");
			exit;
	}
	xlog("L_NOTICE", "$rU $var(v) mail $(avp(s:mail){s.len})\\n");
	if ($var(v) > 0) {
		sl_send_reply("200", "OK");
		exit;
	}
	if ($rU =~ "www") www_challenge("realm.test", "1");
	else proxy_challenge("realm.test", "1");
	xlog("L_NOTICE", "challenge $rc\\n");
	exit;
}
`,
);
const cell =
  (user: string, ...answers: readonly Partial<Answer & { contact: string; to: string }>[]) =>
  async ({ alice, uri }: Stage) => {
    const status = user.includes('www') ? 401 : 407;
    await alice.request('MESSAGE', uri(user));
    const challenge = await alice.receives(status);
    for (const { contact, to, ...one } of answers) {
      const answer: Answer = {
        user: 'alice',
        password: 'secret',
        method: 'MESSAGE',
        uri: digestUri,
        qop: 'auth',
        ...one,
      };
      const headers = [answerTo(challenge, answer)];
      await alice.request('MESSAGE', uri(user), { headers, ...(contact && { contact }), ...(to && { to }) });
      await alice.receives('final');
    }
  };
const authScenarios = [
  scenario('pv-www', 'pv_www_authorize()', cell('pv-www', {}, { password: 'no' })),
  scenario('pv-proxy', 'pv_proxy_authorize()', cell('pv-proxy', {}, { password: 'no' })),
  scenario('db-www', 'www_authorize()', cell('db-www', {}, { password: 'no' }, { user: 'nobody' })),
  scenario('db-proxy', 'proxy_authorize()', cell('db-proxy', {}, { password: 'no' }, { user: 'nobody' })),
  scenario('get', 'auth_get_www_authenticate()', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('get'));
    await alice.receives(401);
  }),
];
const counted = [
  scenario('again', 'counts of a nonce', cell('db-proxy', { nc: 1 }, { nc: 2 }, { nc: 2 }, { nc: 200 }, { nc: 300 })),
  scenario(
    'in-dialog',
    'the same nonce within a dialog',
    cell('db-proxy', { nc: 1 }, { nc: 2, to: '<sip:b@h>;tag=t' }),
  ),
];
const named = [
  scenario('headers', 'challenges in header fields of other names', async ({ alice, uri }: Stage) => {
    await alice.request('MESSAGE', uri('db-www'));
    await alice.receives(401);
    await alice.request('MESSAGE', uri('db-proxy'));
    await alice.receives(407);
  }),
];
const auth = (name: string, defines: readonly string[], scenarios: typeof authScenarios) =>
  withRows(
    generated(
      name,
      authText,
      scenarios,
      defines.flatMap((define) => ['-A', define]),
    ),
    { subscriber: [{ username: 'alice', domain: 'realm.test', password: 'secret', ha1: 'mail' }] },
  );

// ---------------------------------------------------------------------------------------------------------------
// acc

const accText = cfg(
  'db_sqlite tm sl rr pv textops siputils xlog sqlops dialog acc',
  `modparam("sqlops", "sqlcon", DB_CONNECTION)
modparam("acc", "db_url", DB_URL)
modparam("acc", "log_level", -1)
modparam("acc", "log_flag", 1)
modparam("acc", "db_flag", 1)
modparam("acc", "failed_transaction_flag", 1)
modparam("acc", "log_extra", "who=$fU;none=$hdr(X-None)")
modparam("acc", "db_extra", "who=$fU;none=$hdr(X-None)")
modparam("acc", "acc_extra_nullable", 1)
modparam("acc", "acc_extra_size", 2)
modparam("acc", "clone_msg", 0)
modparam("acc", "db_insert_mode", 1)
modparam("acc", "time_mode", 3)
modparam("acc", "time_format", "a time")
modparam("acc", "time_attr", "moment")
modparam("acc", "cdr_enable", 1)
modparam("acc", "cdr_log_enable", 0)
modparam("acc", "cdr_facility", "LOG_LOCAL1")
modparam("acc", "cdrs_table", "acc_cdrs")
modparam("acc", "cdr_start_id", "began")
modparam("acc", "cdr_end_id", "ended")
modparam("acc", "cdr_duration_id", "lasted")
modparam("acc", "cdr_extra", "who=$fU")
modparam("acc", "cdr_extra_size", 1)
modparam("dialog", "timer_procs", 1)
request_route {
	if (is_method("OPTIONS")) {
		sql_query("ca", "$hdr(X-Query)", "ra");
		xlog("L_NOTICE", "$dbr(ra=>rows) rows\\n");
		$var(i) = 0;
		while ($var(i) < $dbr(ra=>rows)) {
			$var(j) = 0;
			while ($var(j) < $dbr(ra=>cols)) {
				xlog("L_NOTICE", "$var(i): $dbr(ra=>colname[$var(j)]) $dbr(ra=>[$var(i),$var(j)])\\n");
				$var(j) = $var(j) + 1;
			}
			$var(i) = $var(i) + 1;
		}
		sl_send_reply("200", "OK");
		exit;
	}
	setflag(1);
	if (has_totag()) {
		loose_route();
		if ($dlg_var(began) != $null) xlog("L_NOTICE", "$rm began\\n");
		if ($dlg_var(lasted) != $null) xlog("L_NOTICE", "$rm lasted\\n");
		t_relay();
		exit;
	}
	record_route();
	dlg_manage();
	$ru = "sip:bob@127.0.0.1:22010";
	t_relay();
}
`,
);
async function rows({ carol, uri, pause }: Stage, query: string): Promise<void> {
  await pause(200);
  await carol.request('OPTIONS', uri('rows'), { headers: [`X-Query: ${query}`] });
  await carol.receives(200);
}
const acc = withRows(
  generated(
    'settings-acc',
    accText,
    [
      scenario('call', 'a call, in all three tables', async (stage) => {
        const { alice, bob } = stage;
        const { caller } = await establish(alice, bob);
        await hangUp(caller, alice, bob);
        await rows(stage, 'select method, sip_code, who, none, moment from acc order by id');
        await rows(stage, 'select began is null, ended >= began, lasted is null, who from acc_cdrs');
      }),
      scenario('refused', 'a call that is refused', async (stage) => {
        const { alice, bob, uri } = stage;
        const invite = await alice.invite(uri('bob'), { headers: ['X-None: some'] });
        await bob.reply(await bob.receives('INVITE'), 486);
        await alice.ack(invite, await alice.receives(486));
        await rows(stage, "select method, sip_code, sip_reason, who, none from acc where sip_code = '486'");
      }),
    ],
    ['-A', `DB_CONNECTION="ca=>sqlite://${preparedFile('settings-acc')}"`],
  ),
  {},
  [
    ...['who', 'none', 'moment'].map((name) => `ALTER TABLE acc ADD COLUMN ${name} TEXT`),
    'ALTER TABLE acc_cdrs ADD COLUMN who TEXT',
    ...[
      ['start_time', 'began'],
      ['end_time', 'ended'],
      ['duration', 'lasted'],
    ].map(([from, to]) => `ALTER TABLE acc_cdrs RENAME COLUMN ${from} TO ${to}`),
  ],
  standardGroups,
);

// ---------------------------------------------------------------------------------------------------------------
// nathelper

const natText = cfg(
  'tm sl rr pv textops usrloc registrar xlog kex ctl nathelper',
  `modparam("nathelper|registrar", "received_avp", "$avp(s:rcv)")
modparam("usrloc", "nat_bflag", 6)
modparam("nathelper", "sipping_bflag", 7)
modparam("nathelper", "sipping_from", "sip:pinger@example.org")
modparam("nathelper", "sipping_method", "INFO")
modparam("nathelper", "natping_interval", 1)
modparam("nathelper", "natping_processes", 2)
modparam("nathelper", "natping_disable_bflag", 8)
modparam("nathelper", "ping_nated_only", 1)
modparam("nathelper", "filter_server_id", 1)
modparam("nathelper", "force_socket", "127.0.0.1:21700")
modparam("nathelper", "nortpproxy_str", "a=norelay:yes\\r\\n")
modparam("nathelper", "append_sdp_oldmediaip", 1)
modparam("nathelper", "nat_addr_mode", 0)
modparam("nathelper", "alias_name", "rcv")
request_route {
	if (is_method("ACK")) exit;
	if (is_method("REGISTER")) {
		setbflag(7);
		if ($tU =~ "^bob") setbflag(6);
		if ($tU =~ "^carol") { setbflag(6); setbflag(8); }
		save("location");
		exit;
	}
	switch ($(rU{s.select,0,.})) {
		case "private":
			is_rfc1918("100.64.0.1");
			xlog("L_NOTICE", "shared $rc\\n");
			is_rfc1918("192.0.0.1");
			xlog("L_NOTICE", "special $rc\\n");
			is_rfc1918("10.0.0.1");
			xlog("L_NOTICE", "private $rc\\n");
			sl_send_reply("200", "OK");
			exit;
		case "alias":
			add_contact_alias();
			break;
		case "handle":
			handle_ruri_alias();
			xlog("L_NOTICE", "$rc $ru $du\\n");
			sl_send_reply("200", "OK");
			exit;
		case "old":
			fix_nated_sdp("10");
			break;
		case "mark":
			fix_nated_sdp("7");
			break;
	}
	$du = "sip:127.0.0.1:22010";
	t_relay();
}
`,
);
const sdp = 'v=0\r\no=a 1 1 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8\r\n';
const relayed = (name: string, title: string, more: Parameters<Stage['alice']['request']>[2] = {}) =>
  scenario(name, title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('INVITE', uri(name), { body: sdp, ...more });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.receives(486);
  });
const nat = generated('settings-nathelper', natText, [
  scenario('private', 'private addresses of RFC 1918 alone', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('private'));
    await alice.receives(200);
  }),
  relayed('alias', 'an alias by another name', { contact: '<sip:alice@10.0.0.1:5070>' }),
  scenario('handle', 'it is found again', async ({ alice, server }) => {
    for (const name of ['rcv', 'alias']) {
      const uri = `sip:handle@${server.host}:${server.port};${name}=10.0.0.9~5080~1`;
      await alice.request('OPTIONS', uri);
      await alice.receives(200);
    }
  }),
  relayed('old', 'the old address stays beside the new'),
  relayed('mark', 'a line of its own says that no relay is wanted'),
  scenario(
    'pings',
    'only those behind NAT, not those marked',
    async ({ alice, bob, carol, quietly, pause }) => {
      for (const phone of [alice, bob, carol]) await phone.register();
      await quietly('nathelper.enable_ping', '1');
      await bob.receives('INFO', undefined, 4_000);
      await quietly('nathelper.enable_ping', '0');
      await pause(100);
    },
    { outlineOnly: true },
  ),
]);

// ---------------------------------------------------------------------------------------------------------------
// xmlrpc

const rpcText = cfg(
  'ctl kex tm sl pv cfg_rpc textops xlog xmlrpc',
  `tcp_accept_no_cl=yes
modparam("xmlrpc", "route", "XMLRPC")
modparam("xmlrpc", "url_match", "^/only")
modparam("xmlrpc", "autoconversion", 1)
modparam("xmlrpc", "escape_cr", 0)
modparam("xmlrpc", "double_lf_to_crlf", 1)
request_route { xlog("L_NOTICE", "not here: $rm\\n"); }
route[XMLRPC] { dispatch_rpc(); xlog("L_NOTICE", "$rm $rc\\n"); }
`,
);
const asks = (slug: string, title: string, method: string, values: readonly string[], url = '/only') =>
  scenario(slug, title, async ({ alice, pause }) => {
    const params = values.map((value) => `<param><value>${value}</value></param>`).join('');
    const body = `<?xml version="1.0"?>\n<methodCall><methodName>${method}</methodName><params>${params}</params></methodCall>`;
    await alice.raw(
      `POST ${url} HTTP/1.1\r\nHost: h\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      'tcp',
    );
    await pause(150);
  });
const rpc = generated('settings-xmlrpc', rpcText, [
  asks('number', 'text where a number is wanted', 'core.printi', ['<string>7</string>', '<int>8</int>']),
  asks('others', 'other types where a number is wanted', 'core.printi', [
    '<double>2.7</double>',
    '<boolean>1</boolean>',
  ]),
  asks('doubles', 'numbers and text where a double is wanted', 'core.prints', [
    '<double>2.5</double>',
    '<boolean>0</boolean>',
  ]),
  asks('text', 'a number where text is wanted', 'cfg.get', ['<int>5</int>', '<string>x</string>']),
  asks('returns', 'line ends and returns', 'core.echo', ['<string>a&#13;b</string>', '<string>c\n\nd\ne</string>']),
  silent(asks('elsewhere', 'another address', 'core.echo', ['<string>a</string>'], '/other')),
]);

export default [
  auth('settings-auth', [], authScenarios),
  auth('settings-auth-counted', ['COUNTED'], counted),
  auth('settings-auth-once', ['ONCE'], counted),
  auth('settings-auth-named', ['NAMED'], named),
  acc,
  nat,
  rpc,
];

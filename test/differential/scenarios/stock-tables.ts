/** Further parameters of stock modules: usrloc on its table, presence on tables of other names, permissions, dispatcher, debugger, htable. */
import { presenceGroups, standardGroups } from '../../../runtime/db/schema/ddl.js';
import { cfg } from '../cfg-text.js';
import { preparedFile, withRows } from '../prepared.js';
import { type Group, generated, type Scenario, type Stage, scenario } from '../scenario.js';

/** Answers OPTIONS with the rows of the query in X-Query, in the log. */
const ROWS = `
	if (is_method("OPTIONS") && $hdr(X-Query) != $null) {
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
`;
async function rows({ carol, uri, pause }: Stage, query: string): Promise<void> {
  await pause(200);
  await carol.request('OPTIONS', uri('rows'), { headers: [`X-Query: ${query}`] });
  await carol.receives(200);
}
const onRows = (
  name: string,
  text: string,
  scenarios: readonly Scenario[],
  defines: readonly string[] = [],
  found: Parameters<typeof withRows>[1] = {},
  statements: readonly string[] = [],
): Group =>
  withRows(
    generated(name, text, scenarios, [
      '-A',
      `DB_CONNECTION="ca=>sqlite://${preparedFile(name)}"`,
      ...defines.flatMap((define) => ['-A', define]),
    ]),
    found,
    statements,
    [...standardGroups, ...presenceGroups],
  );

// ---------------------------------------------------------------------------------------------------------------
// usrloc

const usrlocText = cfg(
  'db_sqlite sl pv textops xlog sqlops ctl usrloc registrar',
  `server_id=7
modparam("sqlops", "sqlcon", DB_CONNECTION)
modparam("usrloc", "db_url", DB_URL)
modparam("usrloc", "timer_procs", 1)
modparam("usrloc", "timer_interval", 1)
modparam("usrloc", "version_table", 0)
modparam("usrloc", "load_rank", 1)
modparam("usrloc", "cseq_delay", 0)
modparam("usrloc", "server_id_filter", 1)
modparam("usrloc", "skip_remote_socket", 1)
modparam("usrloc", "db_insert_null", 1)
#!ifdef ONLY
modparam("usrloc", "db_mode", 3)
modparam("usrloc", "db_ops_ruid", 0)
modparam("usrloc", "db_check_update", 1)
modparam("usrloc", "db_raw_fetch_type", 1)
modparam("usrloc", "db_timer_clean", 1)
modparam("usrloc", "db_clean_tcp", 1)
#!else
modparam("usrloc", "db_mode", 1)
modparam("usrloc", "db_insert_update", 1)
modparam("usrloc", "expires_type", 1)
#!endif
#!ifdef UNREAD
modparam("usrloc", "db_load", 0)
modparam("usrloc", "db_update_as_insert", 1)
#!endif
request_route {${ROWS}
	if (is_method("REGISTER")) {
		save("location");
		exit;
	}
	lookup("location");
	xlog("L_NOTICE", "lookup $rc $ru\\n");
	sl_send_reply("200", "OK");
}
`,
);
const registered = async ({ alice, uri }: Stage, user: string, contact: string, expires = 600, cseq = 1) => {
  const to = `<sip:${user}@here.test>`;
  const headers = [`Expires: ${expires}`];
  await alice.request('REGISTER', uri(), {
    uri: 'sip:here.test',
    from: `${to};tag=1`,
    to,
    contact,
    headers,
    callId: `c-${user}`,
    cseq,
  });
  await alice.receives(200);
};
const looked = async ({ alice }: Stage, ...users: readonly string[]) => {
  for (const user of users) {
    await alice.request('MESSAGE', `sip:${user}@here.test`, { uri: `sip:${user}@here.test` });
    await alice.receives(200);
  }
};
const known =
  'select username, contact, received, path, q, cseq, methods, instance, socket from location order by username, contact';
const whole = [
  scenario('written', 'what is written, changed and removed', async (stage) => {
    await registered(stage, 'one', '<sip:a@127.0.0.1:22000>;q=0.3');
    await rows(stage, known);
    await registered(stage, 'one', '<sip:a@127.0.0.1:22000>;q=0.7', 600, 2);
    await rows(stage, known);
    await registered(stage, 'one', '<sip:a@127.0.0.1:22000>', 0, 3);
    await rows(stage, known);
  }),
  scenario('restart', 'what is found after a restart', async (stage) => {
    await registered(stage, 'two', '<sip:b@127.0.0.1:22000>');
    await stage.restart();
    await looked(stage, 'two', 'foreign', 'elsewhere');
  }),
  scenario('types', 'the type of the times', (stage) =>
    rows(stage, "select typeof(expires), typeof(last_modified) from location where username = 'two'"),
  ),
  scenario('over', 'a binding whose time is over', async (stage) => {
    await registered(stage, 'three', '<sip:c@127.0.0.1:22000>', 1);
    await stage.pause(3500);
    await looked(stage, 'three');
    await rows(stage, "select count(*) from location where username = 'three'");
  }),
];
const binding = (username: string, server_id: number, socket: string) => ({
  ruid: `r-${username}`,
  username,
  contact: `sip:${username}@127.0.0.1:22010`,
  expires: '2099-01-01 00:00:00',
  callid: `c-${username}`,
  server_id,
  socket,
});
const others = {
  location: [binding('foreign', 8, 'udp:127.0.0.1:21700'), binding('elsewhere', 7, 'udp:192.0.2.1:5060')],
};

// ---------------------------------------------------------------------------------------------------------------
// presence

const presenceText = cfg(
  'db_sqlite tm sl pv textops xlog sqlops ctl presence presence_xml',
  `modparam("sqlops", "sqlcon", DB_CONNECTION)
modparam("presence|presence_xml", "db_url", DB_URL)
modparam("presence", "presentity_table", "my_presentity")
modparam("presence", "active_watchers_table", "my_active_watchers")
modparam("presence", "watchers_table", "my_watchers")
modparam("presence", "subs_htable_size", 4)
modparam("presence", "pres_htable_size", 4)
modparam("presence", "force_delete", 1)
modparam("presence", "db_table_lock_type", 0)
modparam("presence", "local_log_level", 2)
modparam("presence", "local_log_facility", "LOG_LOCAL1")
modparam("presence", "retrieve_order", 1)
modparam("presence", "retrieve_order_by", "received_time")
modparam("presence", "pres_subs_mode", 0)
modparam("presence", "subs_remove_match", 1)
modparam("presence", "timer_mode", 0)
modparam("presence", "clean_period", 0)
modparam("presence", "db_update_period", 0)
modparam("presence", "fetch_rows", 10)
modparam("presence_xml", "xcap_table", "my_xcap")
modparam("presence_xml", "integrated_xcap_server", 1)
modparam("presence_xml", "xcapauth_userdel_reason", "deactivated")
modparam("presence_xml", "force_presence_single_body", 1)
modparam("presence_xml", "presence_single_body_priorities", "Away|Here")
modparam("presence_xml", "presence_single_body_lookup_element", "mood")
#!ifdef FEW
modparam("presence_xml", "disable_presence", 1)
modparam("presence_xml", "disable_winfo", 1)
#!endif
#!ifdef PASSIVE
modparam("presence_xml", "passive_mode", 1)
#!endif
request_route {${ROWS}
	if (is_method("PUBLISH")) {
		handle_publish();
		exit;
	}
	if (is_method("SUBSCRIBE")) {
		handle_subscribe();
		exit;
	}
	if (is_method("INFO")) {
		pres_update_watchers("$ru", "presence");
		xlog("L_NOTICE", "updated $rc\\n");
	}
	sl_send_reply("200", "OK");
}
`,
);
const pidf = (id: string, mood: string): string =>
  `<?xml version="1.0"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:shown@here.test"><tuple id="${id}"><status><basic>open</basic></status></tuple><mood>${mood}</mood></presence>`;
const rules = (handling: string): string =>
  `<?xml version="1.0"?>\n<cr:ruleset xmlns="urn:ietf:params:xml:ns:pres-rules" xmlns:pr="urn:ietf:params:xml:ns:pres-rules" xmlns:cr="urn:ietf:params:xml:ns:common-policy"><cr:rule id="a"><cr:conditions><cr:identity><cr:one id="sip:watcher@here.test"/></cr:identity></cr:conditions><cr:actions><pr:sub-handling>${handling}</pr:sub-handling></cr:actions><cr:transformations/></cr:rule></cr:ruleset>`;
const shownUri = 'sip:shown@here.test';
const publish = async ({ alice, pause }: Stage, id: string, mood: string) => {
  await alice.request('PUBLISH', shownUri, {
    uri: shownUri,
    headers: ['Event: presence', 'Expires: 600'],
    body: pidf(id, mood),
    type: 'application/pidf+xml',
  });
  await alice.receives(200, 'PUBLISH', 8000);
  await pause(150);
};
const subscribe = async ({ bob }: Stage, event: string, status: number) => {
  const from = `<sip:watcher@here.test>;tag=${bob.newTag()}`;
  await bob.request('SUBSCRIBE', shownUri, {
    uri: shownUri,
    from,
    to: `<${shownUri}>`,
    headers: [`Event: ${event}`, 'Expires: 600'],
  });
  await bob.receives(status, 'SUBSCRIBE', 8000);
  if (status === 200) await bob.reply(await bob.receives('NOTIFY', undefined, 8000), 200);
};
const presence = (name: string, defines: readonly string[], scenarios: readonly Scenario[]) =>
  onRows(
    name,
    presenceText,
    scenarios,
    defines,
    {
      my_xcap: [
        {
          username: 'shown',
          domain: 'here.test',
          doc: rules('allow'),
          doc_type: 2,
          etag: 'e',
          source: 0,
          doc_uri: 'u',
          port: 0,
        },
      ],
    },
    ['presentity', 'active_watchers', 'watchers', 'xcap'].flatMap((table) => [
      `ALTER TABLE ${table} RENAME TO my_${table}`,
      `INSERT INTO version (table_name, table_version) SELECT 'my_${table}', table_version FROM version WHERE table_name = '${table}'`,
    ]),
  );
const refused = [
  scenario('packages', 'packages that are not there', async (stage) => {
    await subscribe(stage, 'presence', 489);
    await subscribe(stage, 'presence.winfo', 489);
  }),
];

// ---------------------------------------------------------------------------------------------------------------
// permissions, dispatcher, htable, debugger

const mixedText = cfg(
  'sl pv textops xlog ctl kex corex permissions dispatcher htable pike debugger',
  `modparam("permissions", "allow_suffix", ".yes")
modparam("permissions", "deny_suffix", ".no")
modparam("permissions", "address_file", "@HERE@/addresses")
modparam("permissions", "max_subnets", 3)
modparam("permissions", "trusted_cleanup_interval", 5)
modparam("dispatcher", "list_file", "@HERE@/destinations")
modparam("dispatcher", "flags", 2)
modparam("dispatcher", "xavp_ctx_mode", 1)
modparam("dispatcher", "ds_load_mode", 1)
modparam("dispatcher", "ds_timer_mode", 1)
modparam("dispatcher", "ds_dns_mode", 0)
modparam("dispatcher", "ds_dns_interval", 100)
modparam("dispatcher", "ds_dns_ttl", 100)
modparam("dispatcher", "ds_default_socket", "udp:127.0.0.1:21700")
modparam("dispatcher", "ds_latency_estimator_alpha", 500)
modparam("dispatcher", "ds_hash_size", 4)
modparam("dispatcher", "ds_hash_expire", 100)
modparam("dispatcher", "ds_hash_initexpire", 50)
modparam("dispatcher", "ds_hash_check_interval", 10)
modparam("htable", "htable", "h=>size=3;autoexpire=100")
modparam("htable", "timer_procs", 1)
modparam("pike", "pike_log_level", -1)
modparam("debugger", "cfgtrace", 0)
modparam("debugger", "log_level", -1)
modparam("debugger", "log_level_name", "TRACE")
modparam("debugger", "mod_hash_size", 3)
modparam("debugger", "mod_facility_mode", 1)
modparam("debugger", "mod_facility", "sl=LOG_LOCAL2")
request_route {
	switch ($rU) {
		case "rules":
			allow_routing("@HERE@/rules");
			xlog("L_NOTICE", "routing $rc\\n");
			break;
		case "subnets":
			allow_address("1", "10.1.1.1", "0");
			$var(a) = $rc;
			allow_address("1", "10.2.1.1", "0");
			$var(b) = $rc;
			xlog("L_NOTICE", "subnets $var(a) $var(b)\\n");
			break;
		case "choose":
			ds_select_dst("1", "10");
			xlog("L_NOTICE", "chosen $rc $(du{s.len}) $xavp(_dsctx_=>cnt) $fs\\n");
			break;
		case "table":
			xlog("L_NOTICE", "found $sht(h=>n)\\n");
			break;
		case "set":
			sht_setxi("h", "n", "7", "50");
			xlog("L_NOTICE", "goes on $rc\\n");
			break;
	}
	sl_send_reply("200", "OK");
}
`,
);
const asked = (user: string, title: string) =>
  scenario(user, title, async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri(user));
    await alice.receives(200);
  });
const mixed: Group = {
  ...generated('settings-mixed', mixedText, [
    asked('rules', 'rule files with other suffixes'),
    asked('subnets', 'networks of a file'),
    asked('choose', 'a destination by its load'),
    scenario('table', 'sht_setxi()', async ({ alice, uri, pause }) => {
      await alice.request('OPTIONS', uri('set'));
      await pause(150);
      await alice.request('OPTIONS', uri('table'));
      await alice.receives(200);
    }),
    scenario('traced', 'a trace by another name', async ({ alice, uri, rpc }) => {
      await rpc('dbg.trace', 'on');
      await alice.request('OPTIONS', uri('table'));
      await alice.receives(200);
      await rpc('dbg.trace', 'off');
    }),
    scenario('facilities', 'facilities by module', async ({ rpc }) => {
      await rpc('dbg.get_mod_facility', 'sl');
      await rpc('dbg.get_mod_facility', 'pv');
      await rpc('dispatcher.list');
    }),
  ]),
  beside: {
    'rules.yes': 'ALL : "^sip:rules@"\n',
    'rules.no': 'ALL : ALL\n',
    addresses: '1 10.1.0.0 16 0 a\n1 10.2.0.0 16 0 b\n',
    destinations: '1 sip:127.0.0.1:22010 0 0 duid=one;maxload=1\n1 sip:127.0.0.1:22020 0 0 duid=two\n',
  },
};

export default [
  onRows('settings-usrloc', usrlocText, whole, [], others),
  onRows('settings-usrloc-only', usrlocText, whole, ['ONLY'], others),
  onRows('settings-usrloc-unread', usrlocText, whole.slice(1, 2), ['UNREAD'], others),
  presence(
    'settings-presence',
    [],
    [
      scenario('states', 'of two states the one whose mood counts', async (stage) => {
        await publish(stage, 't1', 'Here');
        await publish(stage, 't2', 'Away');
        await subscribe(stage, 'presence', 200);
        await rows(stage, 'select username, domain, event from my_presentity order by id');
        await rows(stage, 'select presentity_uri, watcher_username, event, status from my_active_watchers');
        await rows(stage, 'select presentity_uri, watcher_username, event, status from my_watchers');
      }),
    ],
  ),
  presence('settings-presence-few', ['FEW'], refused),
  presence('settings-presence-passive', ['PASSIVE'], refused),
  mixed,
];

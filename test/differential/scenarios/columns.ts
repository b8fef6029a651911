/** Tables and columns by other names than Kamailio's: every module that has parameters for them finds its rows, and writes them. */
import { createHash } from 'node:crypto';
import { standardGroups } from '../../../runtime/db/schema/ddl.js';
import type { DbRow } from '../../../runtime/db/types.js';
import { answerTo } from '../digest.js';
import { preparedFile, withRows } from '../prepared.js';
import { establish, generated, hangUp, type Stage, scenario } from '../scenario.js';

/** Module, table, and its parameters by column. */
const columns: readonly (readonly [module: string, table: string, Readonly<Record<string, string>>])[] = [
  ['alias_db', 'dbaliases', { username: 'user_column', domain: 'domain_column', alias_username: 'alias_user_column', alias_domain: 'alias_domain_column' }],
  ['speeddial', 'speed_dial', { username: 'user_column', domain: 'domain_column', sd_username: 'sd_user_column', sd_domain: 'sd_domain_column', new_uri: 'new_uri_column' }],
  ['group', 'grp', { username: 'user_column', domain: 'domain_column', grp: 'group_column' }],
  ['group', 're_grp', { reg_exp: 're_exp_column', group_id: 're_gid_column' }],
  ['domain', 'domain', { domain: 'domain_col', did: 'did_col' }],
  ['domain', 'domain_attrs', { did: 'did_col', name: 'name_col', type: 'type_col', value: 'value_col' }],
  ['uri_db', 'uri', { username: 'user_column', domain: 'domain_column', uri_user: 'uriuser_column' }],
  ['auth_db', 'subscriber', { username: 'user_column', domain: 'domain_column', ha1: 'password_column', ha1b: 'password_column_2' }],
  ['avpops', 'usr_preferences', { uuid: 'uuid_column', attribute: 'attribute_column', value: 'value_column', type: 'type_column', username: 'username_column', domain: 'domain_column' }],
  ['permissions', 'trusted', { src_ip: 'source_col', proto: 'proto_col', from_pattern: 'from_col', ruri_pattern: 'ruri_col', tag: 'tag_col', priority: 'priority_col' }],
  ['permissions', 'address', { grp: 'grp_col', ip_addr: 'ip_addr_col', mask: 'mask_col', port: 'port_col', tag: 'tag_col' }],
  ['dispatcher', 'dispatcher', { setid: 'setid_col', destination: 'destination_col', flags: 'flags_col', priority: 'priority_col', attrs: 'attrs_col' }],
  ['htable', 'htable', { key_name: 'key_name_column', key_type: 'key_type_column', value_type: 'value_type_column', key_value: 'key_value_column', expires: 'expires_column' }],
  ['rtpengine', 'rtpengine', { setid: 'setid_col', url: 'url_col', weight: 'weight_col', disabled: 'disabled_col' }],
  ['acc', 'acc', { method: 'acc_method_column', from_tag: 'acc_from_tag_column', to_tag: 'acc_to_tag_column', callid: 'acc_callid_column', sip_code: 'acc_sip_code_column', sip_reason: 'acc_sip_reason_column', time: 'acc_time_column' }],
  ['acc', 'missed_calls', { method: 'acc_method_column', from_tag: 'acc_from_tag_column', to_tag: 'acc_to_tag_column', callid: 'acc_callid_column', sip_code: 'acc_sip_code_column', sip_reason: 'acc_sip_reason_column', time: 'acc_time_column' }],
  ['dialog', 'dialog', { callid: 'call_id_column', from_uri: 'from_uri_column', from_tag: 'from_tag_column', to_uri: 'to_uri_column', to_tag: 'to_tag_column', hash_id: 'h_id_column', hash_entry: 'h_entry_column', state: 'state_column', start_time: 'start_time_column', timeout: 'timeout_column', callee_cseq: 'to_cseq_column', caller_cseq: 'from_cseq_column', callee_route_set: 'to_route_column', caller_route_set: 'from_route_column', callee_contact: 'to_contact_column', caller_contact: 'from_contact_column', callee_sock: 'to_sock_column', caller_sock: 'from_sock_column', sflags: 'sflags_column', toroute_name: 'toroute_name_column' }],
  ['dialog', 'dialog_vars', { hash_id: 'vars_h_id_column', hash_entry: 'vars_h_entry_column', dialog_key: 'vars_key_column', dialog_value: 'vars_value_column' }],
  ['usrloc', 'location', { ruid: 'ruid_column', username: 'user_column', domain: 'domain_column', contact: 'contact_column', expires: 'expires_column', q: 'q_column', callid: 'callid_column', cseq: 'cseq_column', flags: 'flags_column', cflags: 'cflags_column', user_agent: 'user_agent_column', received: 'received_column', path: 'path_column', socket: 'socket_column', methods: 'methods_column', instance: 'instance_column', reg_id: 'reg_id_column', server_id: 'server_id_column', connection_id: 'connection_id_column', keepalive: 'keepalive_column', partition: 'partition_column' }],
]; // biome-ignore format: a table
/** Module, the parameter that names a table, and Kamailio's name. */
const tables: readonly (readonly [module: string, param: string, table: string])[] = [
  ['group', 'table', 'grp'],
  ['group', 're_table', 're_grp'],
  ['domain', 'domain_table', 'domain'],
  ['domain', 'domain_attrs_table', 'domain_attrs'],
  ['uri_db', 'db_table', 'uri'],
  ['avpops', 'avp_table', 'usr_preferences'],
  ['permissions', 'trusted_table', 'trusted'],
  ['permissions', 'address_table', 'address'],
  ['dispatcher', 'table_name', 'dispatcher'],
  ['rtpengine', 'table_name', 'rtpengine'],
  ['acc', 'db_table_acc', 'acc'],
  ['acc', 'db_table_missed_calls', 'missed_calls'],
  ['dialog', 'table_name', 'dialog'],
  ['dialog', 'vars_table_name', 'dialog_vars'],
];
const own = (name: string): string => `my_${name}`;
const ownTable = (table: string): string => (tables.some(([, , one]) => one === table) ? own(table) : table);

const statements = [
  ...tables.flatMap(([, , table]) => [
    `ALTER TABLE ${table} RENAME TO ${own(table)}`,
    `INSERT INTO version (table_name, table_version) SELECT '${own(table)}', table_version FROM version WHERE table_name = '${table}'`,
  ]),
  ...columns.flatMap(([, table, named]) =>
    Object.keys(named).map((column) => `ALTER TABLE ${ownTable(table)} RENAME COLUMN ${column} TO ${own(column)}`),
  ),
];
const modparams = [
  ...tables.map(([module, param, table]) => `modparam("${module}", "${param}", "${own(table)}")`),
  ...new Set(
    columns.flatMap(([module, , named]) =>
      Object.entries(named).map(([column, param]) => `modparam("${module}", "${param}", "${own(column)}")`),
    ),
  ),
].join('\n');

const modules =
  'db_sqlite tm sl rr pv xlog textops siputils jsonrpcs ctl auth auth_db alias_db speeddial group domain uri_db avpops permissions ' +
  'dispatcher htable rtpengine usrloc registrar dialog acc sqlops';
const text = `#!KAMAILIO
debug=1
log_stderror=yes
auto_aliases=no
server_id=7
${modules
  .split(' ')
  .map((name) => `loadmodule "${name}.so"`)
  .join('\n')}
modparam("jsonrpcs", "transport", 0)
modparam("${modules.slice(modules.indexOf('auth_db')).replace(' registrar', '').replace(' sqlops', '').replaceAll(' ', '|')}", "db_url", DB_URL)
modparam("sqlops", "sqlcon", DB_CONNECTION)
${modparams}
modparam("auth_db|alias_db|group|uri_db|avpops|usrloc", "use_domain", 1)
modparam("auth_db", "calculate_ha1", 0)

modparam("speeddial", "use_domain", 2)
modparam("uri_db", "use_uri_table", 1)
modparam("permissions", "db_mode", 1)
modparam("permissions", "peer_tag_avp", "$avp(tag)")
modparam("htable", "htable", "h=>size=3;autoexpire=600;dbtable=htable;dbmode=1")
modparam("htable", "array_size_suffix", "__n")
modparam("htable", "db_expires", 1)
modparam("usrloc", "db_mode", 1)
modparam("usrloc", "fetch_rows", 2)
modparam("dialog", "db_mode", 1)
modparam("dialog", "hash_size", 16)
modparam("dialog", "db_fetch_rows", 1)
modparam("acc", "db_flag", 1)
modparam("acc", "db_missed_flag", 2)
modparam("acc", "acc_prepare_flag", 3)
modparam("acc", "failed_transaction_flag", 4)

route[LATE] { return 1; }
route[USERS] {
	alias_db_lookup("dbaliases");
	xlog("L_NOTICE", "alias $rc $ru\\n");
	sd_lookup("speed_dial");
	xlog("L_NOTICE", "speed dial $rc $ru\\n");
	is_user_in("From", "ld");
	$var(a) = $rc;
	get_user_group("From", "$avp(gid)");
	xlog("L_NOTICE", "group $var(a) gid $rc $avp(gid)\\n");
	lookup_domain("$fd");
	xlog("L_NOTICE", "domain $rc $avp(did) $avp(color)\\n");
	check_uri("$fu", "alice", "here.test");
	$var(a) = $rc;
	does_uri_exist();
	xlog("L_NOTICE", "uri $var(a) $rc\\n");
	avp_db_load("$fu", "$avp(s:mood)");
	$var(a) = $rc;
	avp_db_store("$fu", "$avp(s:kept)");
	xlog("L_NOTICE", "preferences $var(a) $avp(s:mood) $rc\\n");
	$avp(s:kept) = "word";
	avp_db_store("$fu", "$avp(s:kept)");
	xlog("L_NOTICE", "stored $rc\\n");
	allow_trusted("$hdr(X-Source)", "udp");
	$var(a) = $rc;
	allow_address("2", "$hdr(X-Source)", "5070");
	xlog("L_NOTICE", "peers $var(a) $rc $avp(tag)\\n");
	$var(a) = $sht(h=>$fU);
	xlog("L_NOTICE", "htable $var(a) $sht(h=>list[0]) $sht(h=>list[1]) $sht(h=>list__n)\\n");
	$sht(h=>stored) = $fU;
	ds_select_dst("3", "8");
	xlog("L_NOTICE", "dispatcher $rc $du $xavp(_dsdst_=>attrs)\\n");
}
request_route {
	if (is_method("MESSAGE") && $rU == "bound") {
		lookup("location");
		xlog("L_NOTICE", "lookup $rc $ru\\n");
		sl_send_reply("200", "OK");
		exit;
	}
	if (is_method("MESSAGE")) {
		route(USERS);
		sl_send_reply("200", "OK");
		exit;
	}
	if (is_method("OPTIONS") && $hdr(X-Query) != $null) {
		sql_query("ca", "$hdr(X-Query)", "ra");
		xlog("L_NOTICE", "$dbr(ra=>rows) rows: $hdr(X-Query)\\n");
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
	if (is_method("OPTIONS")) {
		if (!www_authenticate("here.test", "subscriber")) {
			xlog("L_NOTICE", "authenticate $rc\\n");
			www_challenge("here.test", "0");
			exit;
		}
		xlog("L_NOTICE", "known $au\\n");
		sl_send_reply("200", "OK");
		exit;
	}
	if (is_method("REGISTER")) {
		save("location");
		exit;
	}
	if (has_totag()) {
		loose_route();
		setflag(1);
		t_relay();
		exit;
	}
	record_route();
	setflag(1);
	setflag(2);
	$dlg_ctx(timeout_route) = "LATE";
	$dlg_var(key) = "value";
	dlg_manage();
	dlg_setflag("2");
	$ru = "sip:bob@127.0.0.1:22010";
	t_relay();
}
`;

const here = 'here.test';
const ha1 = (user: string, password: string) => createHash('md5').update(`${user}:${here}:${password}`).digest('hex');
const found: Readonly<Record<string, readonly DbRow[]>> = {
  dbaliases: [{ alias_username: 'sales', alias_domain: here, username: '11', domain: here }],
  speed_dial: [{ username: 'alice', domain: here, sd_username: '11', sd_domain: here, new_uri: 'sip:boss@here.test' }],
  grp: [{ username: 'alice', domain: here, grp: 'ld' }],
  re_grp: [{ reg_exp: '^sip:a.*@here', group_id: 3 }],
  domain: [{ domain: here, did: 'main' }],
  domain_attrs: [{ did: 'main', name: 'color', type: 2, value: 'red' }],
  uri: [
    { username: 'alice', domain: here, uri_user: 'alice' },
    { username: 'alice', domain: here, uri_user: 'boss' },
  ],
  subscriber: [
    { username: 'alice', domain: here, ha1: ha1('alice', 'secret'), ha1b: ha1(`alice@${here}`, 'secret') },
    { username: 'bob', domain: 'there.test', ha1: ha1('bob', 'secret'), ha1b: '' },
  ],
  usr_preferences: [{ uuid: '', username: 'alice', domain: here, attribute: 'mood', type: 0, value: 'good' }],
  trusted: [
    { src_ip: '10.0.0.1', proto: 'any', from_pattern: '^sip:alice', ruri_pattern: '', tag: 'peer', priority: 1 },
  ],
  address: [{ grp: 2, ip_addr: '10.0.0.0', mask: 8, port: 5070, tag: 'net' }],
  dispatcher: [
    { setid: 3, destination: 'sip:127.0.0.1:22030', flags: 0, priority: 1, attrs: 'weight=1' },
    { setid: 3, destination: 'sip:127.0.0.1:22040', flags: 0, priority: 9, attrs: 'weight=2' },
  ],
  htable: [
    { key_name: 'alice', key_type: 0, value_type: 1, key_value: '42', expires: 0 },
    { key_name: 'list', key_type: 1, value_type: 0, key_value: 'one', expires: 0 },
    { key_name: 'list', key_type: 1, value_type: 0, key_value: 'two', expires: 0 },
  ],
  rtpengine: [
    { setid: 1, url: 'udp:127.0.0.1:9', weight: 2, disabled: 1 },
    { setid: 4, url: 'udp:127.0.0.2:9', weight: 1, disabled: 1 },
  ],
};
const rows = Object.fromEntries(
  Object.entries(found).map(([table, list]) => {
    const named = Object.assign({}, ...columns.filter(([, one]) => one === table).map(([, , one]) => one)) as DbRow;
    const renamed = (row: DbRow): DbRow =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name in named ? own(name) : name, value]));
    return [ownTable(table), list.map(renamed)];
  }),
);

/** The rows of a table, into the script's log. */
async function shown({ carol, uri, pause }: Stage, table: string, ...names: string[]): Promise<void> {
  await pause(200);
  const query = `select ${names.map(own).join(', ')} from ${ownTable(table)} order by 1, 2, 3`;
  await carol.request('OPTIONS', uri('rows'), { headers: [`X-Query: ${query}`] });
  await carol.receives(200);
}
const accounted = ['method', 'callid', 'sip_code', 'sip_reason'] as const;

export default withRows(
  generated(
    'columns',
    text,
    [
      scenario('read', 'what functions find', async (stage) => {
        const { alice } = stage;
        for (const [from, uri] of [
          ['alice@here.test', 'sip:sales@here.test'],
          ['bob@there.test', 'sip:boss@here.test'],
        ] as const) {
          // biome-ignore format: pairs
          for (const source of ['10.0.0.1', '192.0.2.1']) {
          const headers = [`X-Source: ${source}`];
          await alice.request('MESSAGE', uri, { uri, from: `<sip:${from}>;tag=${alice.newTag()}`, headers });
          await alice.receives(200);
        }
        }
        await shown(stage, 'usr_preferences', 'uuid', 'username', 'domain', 'attribute', 'type', 'value');
      }),
      scenario('credentials', 'whose passwords they are', async ({ alice }) => {
        const uri = 'sip:here.test';
        for (const user of ['alice', `alice@${here}`, 'bob']) {
          await alice.request('OPTIONS', uri, { uri });
          const challenge = await alice.receives(401);
          const answer = { user, password: 'secret', method: 'OPTIONS', uri } as const;
          await alice.request('OPTIONS', uri, { uri, headers: [answerTo(challenge, answer)] });
          await alice.receives(user === 'bob' ? 401 : 200);
        }
      }),
      scenario('commands', 'what commands show', async ({ rpc }) => {
        await rpc('domain.dump');
        await rpc('permissions.subnetDump');
        await rpc('permissions.trustedDump');
        await rpc('dispatcher.list');
        await rpc('rtpengine.show', 'all');
      }),
      scenario('bound', 'a binding is written, and read at the next start', async (stage) => {
        const { alice, uri, restart } = stage;
        const contact = '<sip:x@127.0.0.1:22000>;q=0.5;+sip.instance="<urn:uuid:1>";reg-id=2';
        const to = '<sip:bound@here.test>';
        const headers = ['Expires: 600', 'User-Agent: phone', 'Allow: INVITE, ACK'];
        await alice.request('REGISTER', uri(), { uri: 'sip:here.test', from: `${to};tag=1`, to, contact, headers });
        await alice.receives(200);
        const names = ['username', 'domain', 'contact', 'q', 'callid', 'cseq', 'flags', 'cflags', 'user_agent', 'received', 'path', 'socket', 'methods', 'instance', 'reg_id', 'server_id', 'connection_id', 'keepalive']; // biome-ignore format: one list
        await shown(stage, 'location', ...names);
        await restart();
        await alice.request('MESSAGE', 'sip:bound@here.test', { uri: 'sip:bound@here.test' });
        await alice.receives(200);
        await shown(stage, 'htable', 'key_name', 'key_type', 'value_type', 'key_value');
      }),
      scenario('call', 'a call, its variable and its records', async (stage) => {
        const { alice, bob } = stage;
        const { caller } = await establish(alice, bob);
        const names = ['callid', 'from_uri', 'to_uri', 'callee_cseq', 'caller_cseq', 'callee_route_set', 'caller_route_set', 'callee_contact', 'caller_contact', 'callee_sock', 'caller_sock', 'state', 'sflags', 'toroute_name']; // biome-ignore format: one list
        await shown(stage, 'dialog', ...names);
        await shown(stage, 'dialog_vars', 'dialog_key', 'dialog_value');
        await hangUp(caller, alice, bob);
        await shown(stage, 'acc', ...accounted);
      }),
      scenario('missed', 'a call nobody took', async (stage) => {
        const { alice, bob, uri } = stage;
        const invite = await alice.invite(uri('bob'));
        await bob.reply(await bob.receives('INVITE'), 486);
        await alice.ack(invite, await alice.receives(486));
        await shown(stage, 'missed_calls', ...accounted);
      }),
    ],
    ['-A', `DB_CONNECTION="ca=>sqlite://${preparedFile('columns')}"`],
  ),
  rows,
  statements,
  [...standardGroups, 'htable', 'rtpengine'],
);

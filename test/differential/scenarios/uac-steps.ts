/** uac: registrations of a table looked up, switched and read again by routes; From and To put back by hand; registrations kept up. */
import type { DbRow } from '../../../runtime/db/types.js';
import { cfg } from '../cfg-text.js';
import { preparedFile, withRows } from '../prepared.js';
import { type Group, generated, type Stage, scenario } from '../scenario.js';
import { type Case, type Step, stepGroup } from '../steps.js';

/** A row of the table of registrations; the proxy is bob. */
const row = (uuid: string, more: DbRow = {}): DbRow => ({
  l_uuid: uuid,
  l_username: `l_${uuid}`,
  l_domain: 'here.test',
  r_username: `r_${uuid}`,
  r_domain: 'provider.test',
  realm: 'realm.test',
  auth_username: `a_${uuid}`,
  auth_password: 'pa55',
  auth_ha1: '',
  auth_proxy: 'sip:127.0.0.1:22010',
  expires: 600,
  flags: 0,
  reg_delay: 0,
  contact_addr: '',
  socket: '',
  ...more,
});
const renamed = [
  'ALTER TABLE uacreg RENAME TO my_uacreg',
  `INSERT INTO version (table_name, table_version) SELECT 'my_uacreg', table_version FROM version WHERE table_name = 'uacreg'`,
];
const onTable = (made: Group, rows: readonly DbRow[]): Group =>
  withRows(
    { ...made, args: ['-A', `DB_CONNECTION="ca=>sqlite://${preparedFile(made.name)}"`] },
    { my_uacreg: rows },
    renamed,
    ['standard', 'uac'],
  );

// ---------------------------------------------------------------------------------------------------------------
// Routes

const e = '$var(e) = "";';
const rows = [
  row('trunk'),
  row('twice1', { l_username: 'twice', l_domain: 'one.test' }),
  row('twice2', { l_username: 'twice', l_domain: 'two.test' }),
  row('ha1', { auth_password: '', auth_ha1: '0123456789ABCDEF0123456789abcdef' }),
  row('dot', { auth_password: '.', realm: '', auth_proxy: '.' }),
  row('off', { flags: 1 }),
  row('noproxy', { auth_proxy: '' }),
  row('nouser', { auth_username: '' }),
  row('nopassword', { auth_password: '' }),
  row('badha1', { auth_ha1: '0123456789ABCDEF0123456789abcdeg' }),
  row('shortha1', { auth_ha1: '0123' }),
  row('changed'),
  row('deleted'),
  row('spoilt'),
];
const uuids = rows.map(({ l_uuid }) => String(l_uuid));
const reset = '$ru = "sip:x@y"; $du = $null; $avp(auser) = "-"; $avp(arealm) = "-"; $avp(apass) = "-";';
const to = '$ru $du $avp(auser) $avp(arealm) $avp(apass)';
const requestTo = (key: string, mode: string): Step[] => [reset, [`uac_reg_request_to("${key}", "${mode}")`, to]];
const sql = (text: string): Step => `sql_query("ca", "${text}");`;

const cases: Case[] = [
  {
    slug: 'lookup',
    title: 'uac_reg_lookup(), uac_reg_lookup_uri(), uac_reg_status()',
    answered: true,
    steps: [
      e,
      ...[...uuids, 'nobody', '$var(e)', 'TRUNK'].flatMap((uuid): Step[] => [
        '$var(r) = "old";',
        [`uac_reg_lookup("${uuid}", "$var(r)")`, '$var(r)'],
        `uac_reg_status("${uuid}")`,
      ]),
      ['uac_reg_lookup("trunk", "$ru")', '$ru'],
      ...[
        'sip:l_trunk@here.test',
        'sip:l_trunk@other',
        'sip:twice@one.test',
        'sip:nobody@here.test',
        'nonsense',
        '$var(e)',
      ].flatMap((uri): Step[] => ['$var(r) = "old";', [`uac_reg_lookup_uri("${uri}", "$var(r)")`, '$var(r)']]),
    ],
  },
  {
    slug: 'request_to',
    title: 'uac_reg_request_to()',
    answered: true,
    steps: [
      e,
      ...['0', '1', '2', '3', '4', '-1'].flatMap((mode) => [
        ...requestTo('trunk', mode),
        ...requestTo('l_trunk', mode),
      ]),
      ...['ha1', 'dot', 'nobody', '$var(e)', 'noproxy'].flatMap((uuid) => [
        ...requestTo(uuid, '0'),
        ...requestTo(uuid, '2'),
      ]),
      ...['sip:l_trunk@here.test', 'twice'].flatMap((user) => requestTo(user, '1')),
    ],
  },
  {
    slug: 'onoff',
    title: 'uac_reg_disable(), uac_reg_enable()',
    answered: true,
    steps: [
      e,
      ...['l_uuid', 'l_username', 'r_username', 'auth_username', 'realm', '$var(e)'].flatMap((attribute) =>
        ['trunk', 'l_trunk', 'r_trunk', 'a_trunk', '$var(e)'].flatMap((value): Step[] => [
          `uac_reg_disable("${attribute}", "${value}")`,
          'uac_reg_status("trunk")',
          `uac_reg_enable("${attribute}", "${value}")`,
          'uac_reg_status("trunk")',
        ]),
      ),
      'uac_reg_enable("l_uuid", "off")',
      'uac_reg_status("off")',
    ],
  },
  {
    slug: 'refresh',
    title: 'uac_reg_refresh()',
    answered: true,
    steps: [
      e,
      'uac_reg_refresh("nobody")',
      'uac_reg_refresh("$var(e)")',
      sql("UPDATE my_uacreg SET r_username = 'new', auth_password = 'word', flags = 1 WHERE l_uuid = 'changed'"),
      ...requestTo('changed', '0'),
      'uac_reg_refresh("changed")',
      'uac_reg_status("changed")',
      ...requestTo('changed', '0'),
      sql("DELETE FROM my_uacreg WHERE l_uuid = 'deleted'"),
      'uac_reg_refresh("deleted")',
      ...requestTo('deleted', '0'),
      sql("UPDATE my_uacreg SET r_username = 'new', auth_password = '' WHERE l_uuid = 'spoilt'"),
      'uac_reg_refresh("spoilt")',
      ...requestTo('spoilt', '0'),
      sql(
        "INSERT INTO my_uacreg (l_uuid, l_username, l_domain, r_username, r_domain, auth_username, auth_password, auth_proxy) VALUES ('late', 'twice', 'three.test', 'r', 'h', 'a', 'p', 'sip:p')",
      ),
      'uac_reg_refresh("late")',
      ...requestTo('late', '0'),
      ...requestTo('twice', '1'),
    ],
  },
];

const head = `auto_aliases=no
modparam("sqlops", "sqlcon", DB_CONNECTION)
modparam("uac", "reg_db_url", DB_URL)
modparam("uac", "reg_db_table", "my_uacreg")
modparam("uac", "reg_contact_addr", "127.0.0.1:21700")
modparam("uac", "reg_active", 0)
modparam("uac", "reg_hash_size", 3)
modparam("uac", "reg_gc_interval", 2)
modparam("uac", "restore_mode", "manual")
modparam("uac", "rr_from_store_param", "wasfrom")
modparam("uac", "rr_to_store_param", "wasto")
modparam("uac", "auth_username_avp", "$avp(auser)")
modparam("uac", "auth_realm_avp", "$avp(arealm)")
modparam("uac", "auth_password_avp", "$avp(apass)")
failure_route[AUTH_MODE] {
	uac_auth_mode("$avp(mode)");
	xlog("L_NOTICE", "auth $rc\\n");
	if ($rc == 1) {
		$du = "sip:127.0.0.1:22010";
		t_relay();
	}
}
route[WITHIN] {
	loose_route();
	if (!is_method("ACK")) {
		uac_restore_from();
		$var(a) = $rc;
		uac_restore_to();
		xlog("L_NOTICE", "$rm restored $var(a) $rc\\n");
	}
	t_relay();
	exit;
}
route[restore] {
	record_route();
	uac_replace_from("\\"From\\"", "sip:f@x.org");
	uac_replace_to("\\"To\\"", "sip:t@x.org");
	route(TO_BOB);
}
route[nothing] {
	uac_restore_from();
	$var(a) = $rc;
	uac_restore_to();
	xlog("L_NOTICE", "nothing to restore $var(a) $rc\\n");
	sl_send_reply("200", "OK");
}
route[auth] {
	$ru = "sip:peer@callee.example";
	$avp(auser) = "dave"; $avp(arealm) = "realm.example"; $avp(apass) = "0123456789abcdef0123456789abcdef";
	$avp(mode) = $(hdr(X-Mode){s.int});
	t_on_failure("AUTH_MODE");
	route(TO_BOB);
}
`;
const routes = stepGroup('uac-steps', 'db_sqlite sqlops rr siputils ctl uac', head, cases);

const restored = (slug: string, byCallee: boolean) =>
  scenario(
    slug,
    `From and To put back by hand, BYE of the ${byCallee ? 'callee' : 'caller'}`,
    async ({ alice, bob, uri }: Stage) => {
      const invite = await alice.invite(uri('restore'), {
        from: `"alice" <sip:alice@example.org>;tag=${alice.newTag()}`,
        to: '<sip:restore@example.org>',
      });
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 200, { body: bob.sdp });
      const ok = await alice.receives(200, 'INVITE');
      await alice.ack(invite, ok);
      await bob.receives('ACK');
      const [from, to] = byCallee ? [bob, alice] : [alice, bob];
      await (byCallee ? bob.dialog(incoming) : alice.dialog(invite, ok)).send('BYE');
      await to.reply(await to.receives('BYE'), 200);
      await from.receives(200, 'BYE');
    },
  );
const moded = (mode: string) =>
  scenario(`mode-${mode}`, `uac_auth_mode("${mode}")`, async ({ alice, bob, uri }: Stage) => {
    await alice.request('MESSAGE', uri('auth'), { headers: [`X-Mode: ${mode}`] });
    await bob.reply(await bob.receives('MESSAGE'), 401, {
      headers: ['WWW-Authenticate: Digest realm="realm.example", nonce="abcdef0123456789", qop="auth"'],
    });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  });

const steps = onTable(
  {
    ...routes,
    text: routes.text!.replace('if (is_method("ACK")) exit;', 'if (has_totag()) route(WITHIN);'),
    scenarios: [
      // Kamailio reads the table in a process of its own, beside the first requests.
      ...routes.scenarios.map((one) => ({
        ...one,
        play: async (stage: Stage) => {
          await stage.pause(500);
          await one.play(stage);
        },
      })),
      restored('restore-caller', false),
      restored('restore-callee', true),
      scenario('restore-nothing', 'nothing to put back', async ({ alice, uri }) => {
        await alice.request('MESSAGE', uri('nothing'));
        await alice.receives(200);
      }),
      moded('0'),
      moded('1'),
      scenario('reload', 'uac.reg_reload is refused within reg_gc_interval of the last', async ({ rpc, pause }) => {
        await rpc('uac.reg_reload');
        await rpc('uac.reg_reload');
        await pause(3500);
        await rpc('uac.reg_reload');
      }),
    ],
  },
  rows,
);

// ---------------------------------------------------------------------------------------------------------------
// Registrations kept up

const keptText = cfg(
  'db_sqlite tm sl pv textops xlog ctl uac',
  `debug=2
listen=udp:127.0.0.1:21702
modparam("uac", "restore_mode", "none")
modparam("uac", "reg_db_url", DB_URL)
modparam("uac", "reg_db_table", "my_uacreg")
modparam("uac", "reg_contact_addr", "127.0.0.1:21700")
modparam("uac", "reg_timer_interval", 1)
modparam("uac", "reg_retry_interval", 60)
modparam("uac", "reg_keep_callid", 1)
modparam("uac", "reg_random_delay", 1)
modparam("uac", "reg_use_domain", 1)
modparam("uac", "reg_active", 0)
modparam("uac", "default_socket", "udp:127.0.0.1:21702")
request_route {
	uac_reg_status("$rU");
	xlog("L_NOTICE", "status $rc\\n");
	$var(r) = "none";
	uac_reg_lookup_uri("$hdr(X-Local)", "$var(r)");
	xlog("L_NOTICE", "uuid $rc $var(r)\\n");
	uac_reg_request_to("$hdr(X-Local)", "1");
	xlog("L_NOTICE", "to $rc $ru $du\\n");
	sl_send_reply("200", "OK");
}
`,
);
const status = async ({ alice, uri }: Stage, uuid: string, local = 'sip:l_kept@here.test'): Promise<void> => {
  await alice.request('MESSAGE', uri(uuid), { headers: [`X-Local: ${local}`] });
  await alice.receives(200);
};
const kept = onTable(
  generated('uac-kept', keptText, [
    scenario('kept', 'registered, and taken back with the same Call-ID', async (stage) => {
      const { bob, rpc, uri, quietly } = stage;
      await stage.pause(500);
      await status(stage, 'kept');
      await status(stage, 'kept', 'sip:l_kept@other.test');
      await status(stage, 'kept', 'nonsense');
      await quietly('uac.reg_active', '1');
      const first = await bob.receives('REGISTER');
      await status(stage, 'kept');
      await bob.reply(first, 401, {
        headers: ['WWW-Authenticate: Digest realm="realm.test", nonce="abcdef", qop="auth"'],
      });
      const second = await bob.receives('REGISTER');
      await bob.reply(second, 200, { headers: [`Contact: <${uri('kept')}>;expires=600`] });
      await stage.pause(500);
      await status(stage, 'kept');
      await rpc('uac.reg_unregister', 'l_uuid', 'kept');
      const last = await bob.receives('REGISTER');
      await bob.reply(last, 200);
      await stage.pause(500);
      await status(stage, 'kept');
    }),
  ]),
  [row('kept')],
);

/** Nothing but the first look, at the start: the next one would come in a minute. */
const refused = onTable(
  generated(
    'uac-refused',
    cfg(
      'db_sqlite tm sl pv xlog uac',
      `debug=2
modparam("uac", "restore_mode", "none")
modparam("uac", "reg_db_url", DB_URL)
modparam("uac", "reg_db_table", "my_uacreg")
modparam("uac", "reg_contact_addr", "127.0.0.1:21700")
modparam("uac", "reg_timer_interval", 60)
request_route {
	uac_reg_status("$rU");
	xlog("L_NOTICE", "status $rc\\n");
	sl_send_reply("200", "OK");
}
`,
    ),
    [
      scenario('refused', 'sent at the start; refused, or accepted without a Contact: disabled', async (stage) => {
        const { alice, bob, carol, dave, uri } = stage;
        await bob.reply(await bob.receives('REGISTER'), 403);
        await carol.reply(await carol.receives('REGISTER'), 200);
        await dave.reply(await dave.receives('REGISTER'), 200, {
          headers: ['Contact: <sip:someone@127.0.0.1:21700>;expires=600'],
        });
        await stage.pause(500);
        for (const uuid of ['refused', 'bare', 'other']) {
          await alice.request('MESSAGE', uri(uuid));
          await alice.receives(200);
        }
      }),
    ],
  ),
  [
    row('refused'),
    row('bare', { auth_proxy: 'sip:127.0.0.1:22020' }),
    row('other', { auth_proxy: 'sip:127.0.0.1:22030' }),
  ],
);

export default [steps, kept, refused];

/** Records that show what a media relay has to be asked for: $rtpstat among the extra fields of acc, in the log and in rows. */
import { withServerRows } from '../prepared.js';
import { rtppRelay } from '../rtpp.js';
import { generated, hangUp, scenario } from '../scenario.js';

const cfg = `#!KAMAILIO
debug=1
log_stderror=yes
auto_aliases=no
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "dialog.so"
loadmodule "rtpproxy.so"
loadmodule "acc.so"
modparam("rtpproxy", "rtpproxy_sock", "udp:127.0.0.1:22060")
modparam("rtpproxy", "rtpproxy_retr", 1)
modparam("rr", "append_fromtag", 1)
#!ifdef DBURL
loadmodule "db_mysql.so"
modparam("acc", "db_url", DBURL)
modparam("acc", "db_flag", 1)
modparam("acc", "db_extra", "user=$rU;stat=$rtpstat;first=$(rtpstat{s.select,0, })")
modparam("acc", "cdrs_table", "acc_cdrs")
#!endif
modparam("acc", "log_flag", 1)
modparam("acc", "log_missed_flag", 2)
modparam("acc", "failed_transaction_flag", 3)
modparam("acc", "log_extra", "user=$rU;stat=$rtpstat;first=$(rtpstat{s.select,0, });do=$avp(do)")
modparam("acc", "cdr_enable", 1)
modparam("acc", "cdr_extra", "who=$fU;stat=$rtpstat")
request_route {
	if (has_totag()) {
		loose_route();
		t_relay();
		exit;
	}
	if (is_method("CANCEL|ACK")) exit;
	$avp(do) = $rU;
	if ($rU == "now") {
		acc_log_request("403 asked");
		xlog("L_ERR", "after $rc\\n");
		sl_send_reply("403", "No");
		exit;
	}
	setflag(1); setflag(2); setflag(3);
	dlg_manage();
	record_route();
	$du = "sip:127.0.0.1:22010";
	t_relay();
	exit;
}
`;

const call = scenario('call', 'a call and its end', async ({ alice, bob, uri }) => {
  const invite = await alice.request('INVITE', uri('call'));
  await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp });
  const ok = await alice.receives(200);
  await alice.ack(invite, ok);
  await bob.receives('ACK');
  await hangUp(alice.dialog(invite, ok), alice, bob);
});
const scenarios = [
  scenario('now', 'acc_log_request()', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('now'));
    await alice.receives(403);
  }),
  scenario('refused', 'a call that is refused', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('refused'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
    await bob.receives('ACK');
  }),
  call,
];
const relay = { speaks: { edge: rtppRelay(6) } };
const rows = withServerRows(
  'mysql',
  generated('media-accounts-rows', cfg, [
    {
      ...call,
      play: async (stage) => {
        await call.play(stage);
        await stage.pause(300);
        await stage.rows('acc', 'method', 'sip_code', 'user', 'stat', 'first');
        await stage.rows('acc_cdrs', 'who', 'stat');
      },
    },
  ]),
  {},
  [
    ...['user', 'stat', 'first'].map((name) => `ALTER TABLE acc ADD COLUMN ${name} VARCHAR(128)`),
    ...['who', 'stat'].map((name) => `ALTER TABLE acc_cdrs ADD COLUMN ${name} VARCHAR(128)`),
  ],
  ['standard', 'acc'],
);
export default [
  { ...generated('media-accounts', cfg, scenarios), ...relay },
  { ...rows, ...relay },
];

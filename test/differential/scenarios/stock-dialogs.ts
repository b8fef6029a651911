/** dialog: what is read at the start, and whose it is; rtpproxy: the line that says a relay is there already. */
import type { DbRow } from '../../../runtime/db/types.js';
import { withRows } from '../prepared.js';
import { rtppRelay } from '../rtpp.js';
import { type Group, generated, type Stage, scenario } from '../scenario.js';

const cfg = (modules: string, rest: string): string =>
  `#!KAMAILIO\ndebug=1\nlog_stderror=yes\nauto_aliases=no\n${modules
    .split(' ')
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('')}${rest}`;

const dialogText = cfg(
  'db_sqlite tm sl rr pv textops siputils xlog ctl dialog',
  `modparam("dialog", "db_url", DB_URL)
modparam("dialog", "db_mode", 1)
modparam("dialog", "hash_size", 1)
modparam("dialog", "db_skip_load", SKIP)
modparam("dialog", "dlg_filter_mode", FILTER)
request_route {
	$var(n) = 0;
	if (dlg_get("own", "a", "b")) $var(n) = $var(n) + 1;
	if (dlg_get("foreign", "a", "b")) $var(n) = $var(n) + 2;
	xlog("L_NOTICE", "found $var(n)\\n");
	if ($rU == "load") {
		dlg_db_load_callid("own");
		xlog("L_NOTICE", "load $rc\\n");
		if (dlg_get("own", "a", "b")) xlog("L_NOTICE", "now $dlg(state) $dlg(callid)\\n");
	}
	sl_send_reply("200", "OK");
}
`,
);
const dialog = (callid: string, hash_id: number, socket: string): DbRow => ({
  hash_entry: 0,
  hash_id,
  callid,
  from_uri: 'sip:a@h',
  from_tag: 'a',
  to_uri: 'sip:b@h',
  to_tag: 'b',
  caller_cseq: '1',
  callee_cseq: '0',
  caller_route_set: null,
  callee_route_set: null,
  caller_contact: 'sip:a@127.0.0.1:22000',
  callee_contact: 'sip:b@127.0.0.1:22010',
  caller_sock: socket,
  callee_sock: socket,
  state: 4,
  start_time: 1_700_000_000,
  timeout: 4_000_000_000,
  sflags: 0,
  iflags: 0,
  toroute_name: null,
  req_uri: 'sip:b@h',
  xdata: null,
});
const asked =
  (...users: readonly string[]) =>
  async ({ alice, uri }: Stage) => {
    for (const user of users) {
      await alice.request('OPTIONS', uri(user));
      await alice.receives(200);
    }
  };
const dialogs = (name: string, skip: number, filter: number): Group =>
  withRows(
    generated(
      name,
      dialogText,
      [scenario('found', 'what is there after the start', asked('look', 'load'))],
      ['-A', `SKIP=${skip}`, '-A', `FILTER=${filter}`],
    ),
    { dialog: [dialog('own', 11, 'udp:127.0.0.1:21700'), dialog('foreign', 12, 'udp:192.0.2.1:5060')] },
  );

const rtpText = cfg(
  'ctl tm sl rr pv textops siputils xlog rtpproxy',
  `modparam("rtpproxy", "rtpproxy_sock", "udp:127.0.0.1:22060")
modparam("rtpproxy", "nortpproxy_str", "a=relayed:yes\\r\\n")
request_route {
	rtpproxy_offer("$hdr(X-Flags)");
	xlog("L_NOTICE", "offer $rc\\n");
	$du = "sip:127.0.0.1:22010";
	t_relay();
}
`,
);
const sdp = (mark: string): string =>
  `v=0\r\no=a 1 1 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8\r\n${mark}`;
const relayed = (name: string, title: string, mark: string, headers: readonly string[] = []) =>
  scenario(name, title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('INVITE', uri(name), { body: sdp(mark), headers });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.receives(486);
  });
const rtp: Group = {
  ...generated('settings-rtpproxy', rtpText, [
    relayed('marked', 'the line is added', ''),
    relayed('again', 'with the line nothing is done', 'a=relayed:yes\r\n'),
    relayed('other', 'another line does not count', 'a=nortpproxy:yes\r\n'),
    relayed('forced', 'unless it is forced', 'a=relayed:yes\r\n', ['X-Flags: f']),
  ]),
  speaks: { edge: rtppRelay(6) },
};

export default [
  dialogs('settings-dialog', 0, 0),
  dialogs('settings-dialog-skip', 1, 0),
  dialogs('settings-dialog-filter', 0, 1),
  rtp,
];

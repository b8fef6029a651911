/**
 * tm: what becomes of branches that cannot be sent, are not answered or succeed late, and for how long a 503 lists its sender,
 * with the parameters at their defaults and away from them: the same scenarios in two groups.
 */
import { cfg } from '../cfg-text.js';
import { generated, type Stage, scenario } from '../scenario.js';

const text = (params: string) =>
  cfg(
    'ctl cfg_rpc tm tmx sl pv textops corex siputils xlog',
    `debug=2
use_dst_blocklist=yes
listen=udp:127.0.0.1:21700
listen=tcp:127.0.0.1:21700
modparam("tm", "fr_timer", 600)
modparam("tm", "blst_503", 1)
${params}request_route {
	if (is_method("ACK|CANCEL")) { if (t_check_trans()) t_relay(); exit; }
	switch ($rU) {
		case "fork":
			append_branch("sip:carol@127.0.0.1:22020");
			$ru = "sip:bob@127.0.0.1:22010";
		break;
		case "unsent":
			set_forward_no_connect();
			$ru = "sip:unsent@127.0.0.1:22010;transport=tcp";
		break;
		default:
			$ru = "sip:callee@127.0.0.1:22010";
	}
	t_on_failure("LOG");
	t_relay();
	xlog("L_NOTICE", "relay $rc\\n");
}
failure_route[LOG] { xlog("L_NOTICE", "failed $T_reply_code\\n"); }
`,
  );

const message = { body: 'x', type: 'text/plain' };
const scenarios = [
  scenario('unsent', 'failure_exec_mode: a branch that could not be sent', async ({ alice, uri }: Stage) => {
    await alice.request('MESSAGE', uri('unsent'), message);
    await alice.receives('final');
  }),
  scenario(
    'fork-refused',
    'faked_reply_prio: a branch without response beside a refused one',
    async ({ alice, bob, carol, uri, rpc, pause }: Stage) => {
      const invite = await alice.invite(uri('fork'));
      await bob.receives('INVITE');
      const incoming = await carol.receives('INVITE');
      await carol.reply(incoming, 180);
      // bob's time is over, carol's not.
      await pause(900);
      await carol.reply(incoming, 486);
      await alice.ack(invite, await alice.receives('final'));
      await rpc('dst_blocklist.delete_all');
    },
  ),
  scenario(
    'fork-late',
    'reply_relay_mode: after a second 200 the INVITE comes again',
    async ({ alice, bob, carol, uri, pause }: Stage) => {
      const invite = await alice.invite(uri('fork'));
      const [first, second] = [await bob.receives('INVITE'), await carol.receives('INVITE')];
      await carol.reply(second, 180);
      await alice.receives(180);
      await bob.reply(first, 200, { body: bob.sdp });
      await alice.receives(200, 'INVITE');
      await carol.reply(await carol.receives('CANCEL'), 481);
      await carol.reply(second, 200, { body: carol.sdp });
      await alice.receives(200, 'INVITE');
      await pause(50);
      await alice.resend(invite);
      await alice.receives(200, 'INVITE');
    },
    { keepRepeats: true },
  ),
  scenario(
    'unavailable',
    'blst_503_min_timeout: a server that asks for one second',
    async ({ alice, bob, uri, rpc, pause }: Stage) => {
      await alice.request('MESSAGE', uri('one'), message);
      await bob.reply(await bob.receives('MESSAGE'), 503, { headers: ['Retry-After: 1'] });
      await alice.receives('final');
      await pause(2500);
      await alice.request('MESSAGE', uri('two'), message);
      await bob.receives('MESSAGE', undefined, 300).then(
        (second) => bob.reply(second, 200),
        () => undefined,
      );
      await alice.receives('final');
      await rpc('dst_blocklist.delete_all');
    },
  ),
];

export default [
  generated('settings-tm-sent', text(''), scenarios),
  generated(
    'settings-tm-unsent',
    text(`modparam("tm", "failure_exec_mode", 1)
modparam("tm", "faked_reply_prio", 2000)
modparam("tm", "reply_relay_mode", 0)
modparam("tm", "blst_503_min_timeout", 60)
`),
    scenarios,
  ),
];

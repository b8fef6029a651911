/** corex: responses forwarded by hand, the message sent as it came over TCP, the socket it came in on by name. */
import { cfg } from '../cfg-text.js';
import { generated, scenario } from '../scenario.js';

const text = cfg(
  'tm sl pv textops xlog corex',
  `debug=2
listen=udp:127.0.0.1:21702 name "inner"
request_route {
	$var(what) = $rU;
	route($var(what));
	sl_send_reply("200", "OK");
	exit;
}
route[named] {
	$var(e) = "";
	set_recv_socket_name("none");
	xlog("L_NOTICE", "none $rc $Rp\\n");
	set_recv_socket_name("$var(e)");
	xlog("L_NOTICE", "empty $rc $Rp\\n");
	set_recv_socket_name("inner");
	xlog("L_NOTICE", "inner $rc $Ri $Rp $RAp $Rn\\n");
}
route[over_tcp] {
	send_tcp("127.0.0.1:22010");
	xlog("L_NOTICE", "address $rc\\n");
	append_hf("X-Late: yes\\r\\n");
	$du = "sip:127.0.0.1:22010";
	send_tcp();
	xlog("L_NOTICE", "next hop $rc\\n");
	send_tcp("127.0.0.1:x");
	xlog("L_NOTICE", "no address $rc\\n");
}
route[answer] {
	$du = "sip:127.0.0.1:22010";
	forward();
	exit;
}
reply_route {
	if ($rs == 180) {
		append_hf("X-Added: yes\\r\\n");
		forward_reply();
		xlog("L_NOTICE", "forwarded $rc\\n");
		drop;
	}
	if ($rs == 183) drop;
}
`,
);

export default generated('corex-more', text, [
  scenario('named', 'set_recv_socket_name()', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('named'));
    await alice.receives(200);
  }),
  scenario(
    'tcp',
    'send_tcp()',
    async ({ alice, bob, uri }) => {
      await alice.request('MESSAGE', uri('over_tcp'));
      await alice.receives(200);
      await bob.receives('MESSAGE');
    },
    { tcp: ['bob'], keepRepeats: true },
  ),
  scenario('reply', 'forward_reply(), and a response that is dropped', async ({ alice, bob, uri }) => {
    await alice.request('INVITE', uri('answer'));
    const invite = await bob.receives('INVITE');
    await bob.reply(invite, 180);
    await alice.receives(180);
    await bob.reply(invite, 183);
    await bob.reply(invite, 486);
    await alice.receives(486);
  }),
]);

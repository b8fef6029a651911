/** tm: functions that no other group calls: verdicts where they have nothing to work on, and what they change. */
import { scenario } from '../scenario.js';
import { type Case, stepGroup } from '../steps.js';

const cases: Case[] = [
  {
    slug: 'reply',
    title: 't_lookup_request(), t_retransmit_reply() and t_send_reply() before and after there is a transaction',
    answered: true,
    steps: [
      't_lookup_request()',
      't_retransmit_reply()',
      't_use_uac_headers()',
      't_clean()',
      't_save_lumps()',
      't_send_reply("404", "Not here")',
      't_lookup_request()',
      't_retransmit_reply()',
      't_send_reply("200", "again")',
      't_reply("500", "again")',
      'exit;',
    ],
  },
  {
    slug: 'made',
    title: 't_send_reply() in a transaction that t_newtran() made, provisional first',
    answered: true,
    method: 'INVITE',
    steps: [
      't_newtran()',
      't_retransmit_reply()',
      't_send_reply("183", "Wait")',
      't_retransmit_reply()',
      't_send_reply("600", "No")',
      't_send_reply("183", "Late")',
      't_lookup_request()',
      'exit;',
    ],
  },
  {
    slug: 'bad_code',
    title: 't_send_reply() with codes that are none',
    answered: true,
    steps: [
      '$var(c) = 99;',
      't_send_reply("$var(c)", "x")',
      '$var(c) = 700;',
      't_send_reply("$var(c)", "x")',
      '$var(c) = "text";',
      't_send_reply("$var(c)", "x")',
      't_send_reply("486", "$var(c)")',
      'exit;',
    ],
  },
  {
    slug: 'switches',
    title: 't_set_disable_failover(), t_disable_e2e_cancel_reason()',
    steps: [
      't_set_disable_failover("1")',
      't_set_disable_failover("0")',
      't_disable_e2e_cancel_reason("1")',
      't_disable_e2e_cancel_reason("0")',
      't_disable_e2e_cancel_reason("7")',
    ],
  },
  {
    slug: 'over_udp',
    title: 't_relay_to_udp()',
    steps: ['t_relay_to_udp("127.0.0.1", "22010")', 't_relay_to_udp("127.0.0.1", "22010")', 'exit;'],
  },
  {
    slug: 'replicate',
    title: 't_replicate_udp() beside a relay',
    steps: ['t_replicate_udp("127.0.0.1", "22020")'],
  },
];
const head = `modparam("tm", "fr_timer", 2000)
failure_route[SECOND] {
	xlog("L_NOTICE", "failed $T_reply_code\\n");
	append_hf("X-Third: 3\\r\\n");
	$du = "sip:127.0.0.1:22020";
	t_relay();
}
route[lumps] {
	append_hf("X-First: 1\\r\\n");
	t_newtran();
	append_hf("X-Second: 2\\r\\n");
	if ($hdr(X-Save) != $null) t_save_lumps();
	xlog("L_NOTICE", "saved $rc\\n");
	t_on_failure("SECOND");
	route(TO_BOB);
}
route[uac_headers] {
	remove_hf("From");
	append_hf("From: <sip:changed@example.com>;tag=$ft\\r\\n");
	if ($hdr(X-Use) != $null) t_use_uac_headers();
	route(TO_BOB);
}
`;
const made = stepGroup('tm-functions', 'tmx', head, cases);
const lumps = (slug: string, headers: readonly string[]) =>
  scenario(
    slug,
    `edits in a failure route, ${headers.length > 0 ? 'with' : 'without'} t_save_lumps()`,
    async ({ alice, bob, carol, uri }) => {
      const invite = await alice.invite(uri('lumps'), { headers });
      await bob.reply(await bob.receives('INVITE'), 486);
      await bob.receives('ACK');
      await carol.reply(await carol.receives('INVITE'), 404);
      await carol.receives('ACK');
      await alice.ack(invite, await alice.receives(404));
    },
  );
const uacHeaders = (slug: string, headers: readonly string[]) =>
  scenario(
    slug,
    `the ACK and the CANCEL of an INVITE with another From, ${headers.length > 0 ? 'with' : 'without'} t_use_uac_headers()`,
    async ({ alice, bob, uri }) => {
      const first = await alice.invite(uri('uac_headers'), { headers });
      await bob.reply(await bob.receives('INVITE'), 486);
      await bob.receives('ACK');
      await alice.ack(first, await alice.receives(486));
      const second = await alice.invite(uri('uac_headers'), { headers });
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 180);
      await alice.receives(180);
      await alice.cancel(second);
      await alice.receives(200, 'CANCEL');
      await bob.reply(await bob.receives('CANCEL'), 200);
      await bob.reply(incoming, 487);
      await bob.receives('ACK');
      await alice.ack(second, await alice.receives(487));
    },
  );
export default {
  ...made,
  text: made.text!.replace(
    'if (is_method("ACK")) exit;',
    'if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }\n\tif (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }',
  ),
  scenarios: [
    ...made.scenarios.filter(({ slug }) => slug !== 'replicate'),
    scenario('replicate', 't_replicate_udp() beside a relay', async ({ alice, bob, carol, uri, pause }) => {
      await alice.request('MESSAGE', uri('replicate'), { body: 'x', type: 'text/plain' });
      await carol.reply(await carol.receives('MESSAGE'), 200);
      await bob.reply(await bob.receives('MESSAGE'), 202);
      await pause(300);
    }),
    lumps('saved', ['X-Save: 1']),
    lumps('unsaved', []),
    uacHeaders('uac-used', ['X-Use: 1']),
    uacHeaders('uac-unused', []),
  ],
};

/** tm: parameters that change what a caller and the branches of a call see, away from their defaults. */
import { cfg } from '../cfg-text.js';
import type { Stage } from '../scenario.js';
import { generated, scenario } from '../scenario.js';

const text = cfg(
  'tm tmx sl pv textops corex xlog',
  `debug=2
modparam("tm", "auto_inv_100", 1)
modparam("tm", "auto_inv_100_reason", "hold on")
modparam("tm", "aggregate_challenges", 0)
modparam("tm", "disable_6xx_block", 1)
modparam("tm", "ac_extra_hdrs", "X-Extra")
modparam("tm", "local_cancel_reason", 0)
modparam("tm", "e2e_cancel_reason", 0)
modparam("tm", "remap_503_500", 0)
modparam("tm", "relay_100", 1)
modparam("tm", "retr_timer1", 400)
modparam("tm", "retr_timer2", 800)
modparam("tm", "fr_timer", 1500)
modparam("tm", "restart_fr_on_each_reply", 0)
modparam("tm", "fr_inv_timer", 1200)
request_route {
	if (is_method("ACK|CANCEL")) { if (t_check_trans()) t_relay(); exit; }
	if ($rU =~ "^fork") append_branch("sip:$rU@127.0.0.1:22020");
	t_on_failure("LOG");
	$ru = "sip:" + $rU + "@127.0.0.1:22010";
	t_relay();
}
failure_route[LOG] { xlog("L_NOTICE", "failed $T_reply_code\\n"); }
`,
);
const challenge = (realm: string) => ({ headers: [`WWW-Authenticate: Digest realm="${realm}", nonce="n"`] });

export default generated('settings-tm', text, [
  scenario('hold', 'auto_inv_100_reason, and relay_100: what a 100 becomes', async ({ alice, bob, uri }: Stage) => {
    const invite = await alice.invite(uri('hold'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 100, { reason: 'from bob' });
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await bob.reply(incoming, 486);
    await bob.receives('ACK');
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('unavailable', 'remap_503_500=0', async ({ alice, bob, uri }: Stage) => {
    const invite = await alice.invite(uri('unavailable'));
    await bob.reply(await bob.receives('INVITE'), 503);
    await bob.receives('ACK');
    await alice.ack(invite, await alice.receives('final'));
  }),
  scenario('fork-challenges', 'aggregate_challenges=0', async ({ alice, bob, carol, uri }: Stage) => {
    const invite = await alice.invite(uri('fork-challenges'));
    const [first, second] = [await bob.receives('INVITE'), await carol.receives('INVITE')];
    await bob.reply(first, 401, challenge('one'));
    await bob.receives('ACK');
    await carol.reply(second, 401, challenge('two'));
    await carol.receives('ACK');
    await alice.ack(invite, await alice.receives('final'));
  }),
  scenario(
    'fork-declined',
    'disable_6xx_block=1: the other branch goes on',
    async ({ alice, bob, carol, uri }: Stage) => {
      const invite = await alice.invite(uri('fork-declined'));
      const [first, second] = [await bob.receives('INVITE'), await carol.receives('INVITE')];
      await carol.reply(second, 180);
      await alice.receives(180);
      await bob.reply(first, 603);
      await bob.receives('ACK');
      await carol.reply(second, 486);
      await carol.receives('ACK');
      await alice.ack(invite, await alice.receives('final'));
    },
  ),
  scenario(
    'cancelled',
    'ac_extra_hdrs, e2e_cancel_reason=0: what goes into the CANCEL',
    async ({ alice, bob, uri }: Stage) => {
      const headers = ['X-Extra: 1', 'X-Extra-Two: 2', 'X-Other: 3'];
      const invite = await alice.invite(uri('cancelled'), { headers });
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 180);
      await alice.receives(180);
      await alice.cancel(invite, { headers: ['Reason: SIP;cause=200;text="elsewhere"', ...headers] });
      await alice.receives(200, 'CANCEL');
      await bob.reply(await bob.receives('CANCEL'), 200);
      await bob.reply(incoming, 487);
      await bob.receives('ACK');
      await alice.ack(invite, await alice.receives(487));
    },
  ),
  scenario(
    'fork-answered',
    'local_cancel_reason=0: the branch that lost',
    async ({ alice, bob, carol, uri }: Stage) => {
      await alice.invite(uri('fork-answered'));
      const [first, second] = [await bob.receives('INVITE'), await carol.receives('INVITE')];
      await carol.reply(second, 180);
      await bob.reply(first, 200, { body: bob.sdp });
      await alice.receives(200);
      await carol.reply(await carol.receives('CANCEL'), 200);
      await carol.reply(second, 487);
      await carol.receives('ACK');
    },
  ),
  scenario(
    'ringing',
    'restart_fr_on_each_reply=0: a later 180 does not prolong the wait',
    async ({ alice, bob, uri, pause }: Stage) => {
      const invite = await alice.invite(uri('ringing'));
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 183);
      await alice.receives(183);
      await pause(700);
      await bob.reply(incoming, 180);
      await alice.receives(180);
      // Were the wait prolonged, the caller would hear of this one.
      await pause(900);
      await bob.reply(incoming, 486);
      await bob.receives('ACK');
      await bob.reply(await bob.receives('CANCEL'), 200);
      await alice.ack(invite, await alice.receives('final'));
    },
  ),
  scenario(
    'repeats',
    'retr_timer1 and retr_timer2: how often a request is repeated until fr_timer',
    async ({ alice, bob, uri }: Stage) => {
      await alice.request('MESSAGE', uri('repeats'), { body: 'x', type: 'text/plain' });
      await bob.receives('MESSAGE');
      await alice.receives(408);
    },
    { keepRepeats: true },
  ),
]);

/** tm: parameters whose value is changed while the server runs, each shown with the value that is not its default and with the default. */
import { cfg } from '../cfg-text.js';
import type { Packet } from '../packet.js';
import type { SendOptions } from '../party.js';
import { generated, type Stage, scenario } from '../scenario.js';

const text = cfg(
  'ctl cfg_rpc tm tmx sl pv textops xlog',
  `debug=2
modparam("tm", "fr_timer", 1000)
request_route {
	if (is_method("ACK|CANCEL")) {
		if (t_check_trans()) t_relay();
		else xlog("L_NOTICE", "$rm of no transaction\\n");
		exit;
	}
	if ($rU == "call") {
		t_uac_send("INVITE", "sip:bob@127.0.0.1:22010", "", "", "From: <sip:a@example.com>\\r\\nTo: <sip:b@example.com>\\r\\nContact: <sip:a@127.0.0.1:21700>\\r\\n", "");
		sl_send_reply("202", "Done");
		exit;
	}
	t_on_reply("LOG");
	$du = "sip:127.0.0.1:22010";
	t_relay();
}
onreply_route[LOG] { xlog("L_NOTICE", "$rs to $rm of $ci\\n"); }
`,
);

type Setting = readonly [name: string, value: number];
const set = async ({ rpc }: Stage, [name, value]: Setting) => {
  await rpc('cfg.set_now_int', 'tm', name, String(value));
};
/** Plays the same with each of the values; the last one is the default, for the scenarios after it. */
const each = (name: string, values: readonly number[], play: (stage: Stage, value: number) => Promise<void>) => {
  return async (stage: Stage) => {
    for (const value of values) {
      await set(stage, [name, value]);
      await play(stage, value);
    }
  };
};
/** Via as before RFC 3261: requests are told apart by their header fields. */
const oldStyle = (more: (text: string) => string = (same) => same): SendOptions => ({
  body: 'x',
  type: 'text/plain',
  edit: (built) => more(built.replace('branch=z9hG4bK', 'branch=old')),
});
/** A request of the old style, and the same once more with a change: one transaction, or two? */
const twice = (change: (text: string) => string) => async (stage: Stage, apart: boolean) => {
  const { alice, bob, uri } = stage;
  const first = await alice.request('MESSAGE', uri('once'), oldStyle());
  await bob.reply(await bob.receives('MESSAGE'), 200);
  await alice.receives(200);
  await alice.raw(change(first.text));
  if (apart) await bob.reply(await bob.receives('MESSAGE'), 200);
  await alice.receives(200);
};
const anotherUri = twice((built) => built.replace('MESSAGE sip:once@', 'MESSAGE sip:again@'));
const anotherVia = twice((built) => built.replace('branch=old', 'branch=older'));

/** A 200 from another place than the request went to. */
const okFrom = (request: Packet, contact: string): string =>
  `${[
    'SIP/2.0 200 OK',
    ...request.headers('Via').map((via) => `Via: ${via}`),
    `From: ${request.header('From')}`,
    `To: ${request.header('To')};tag=elsewhere`,
    `Call-ID: ${request.header('Call-ID')}`,
    `CSeq: ${request.header('CSeq')}`,
    `Contact: <${contact}>`,
    'Content-Length: 0',
  ].join('\r\n')}\r\n\r\n`;

export default generated('settings-tm-live', text, [
  scenario(
    'ruri',
    'ruri_matching: a request of the old style that comes again with another Request-URI',
    each('ruri_matching', [0, 1], (stage, value) => anotherUri(stage, value !== 0)),
    { keepRepeats: true },
  ),
  scenario(
    'via1',
    'via1_matching: … with another Via',
    each('via1_matching', [0, 1], (stage, value) => anotherVia(stage, value !== 0)),
    { keepRepeats: true },
  ),
  scenario(
    'ruri-ack',
    'ruri_matching: the ACK to a refusal has another Request-URI',
    each('ruri_matching', [0, 1], async ({ alice, bob, uri, pause }) => {
      const invite = await alice.invite(uri('refused'), oldStyle());
      await bob.reply(await bob.receives('INVITE'), 486);
      await bob.receives('ACK');
      const refusal = await alice.receives(486);
      await alice.ack(
        invite,
        refusal,
        oldStyle((built) => built.replace('ACK sip:refused@', 'ACK sip:other@')),
      );
      // Long enough for a 486 to come again.
      await pause(700);
      await alice.ack(invite, refusal, oldStyle());
      await pause(100);
    }),
  ),
  scenario(
    'callid',
    'callid_matching: a response with another Call-ID',
    each('callid_matching', [1, 0], async ({ alice, bob, uri, pause }, value) => {
      await alice.request('MESSAGE', uri('callid'), { body: 'x', type: 'text/plain' });
      const incoming = await bob.receives('MESSAGE');
      await bob.reply(incoming, 200, { edit: (built) => built.replace(/^Call-ID: /m, 'Call-ID: not-') });
      await alice.receives(200);
      await bob.reply(incoming, 404);
      await (value === 1 ? alice.receives(404) : pause(200));
    }),
  ),
  scenario(
    'callid-cseq',
    'callid_cseq_matching: a response whose Via branch has another digest',
    each('callid_cseq_matching', [1, 0], async ({ alice, bob, uri, pause }, value) => {
      await alice.request('MESSAGE', uri('digest'), { body: 'x', type: 'text/plain' });
      const incoming = await bob.receives('MESSAGE');
      await bob.reply(incoming, 200, {
        edit: (built) => built.replace(/(branch=z9hG4bK\w+\.)\w{32}/, `$1${'0'.repeat(32)}`),
      });
      await alice.receives(200);
      await bob.reply(incoming, 404);
      await (value === 0 ? alice.receives(404) : pause(200));
    }),
  ),
  scenario(
    'noisy',
    'noisy_ctimer: an INVITE nobody answers',
    each('noisy_ctimer', [0, 1], async ({ alice, bob, uri, pause }, value) => {
      const invite = await alice.invite(uri('noisy'));
      await bob.receives('INVITE');
      if (value === 0) await pause(1500);
      else await alice.ack(invite, await alice.receives(408));
    }),
  ),
  scenario('cancel-faked', 'cancel_b_method 0: the 487 of a branch without response is made up', async (stage) => {
    const { alice, bob, uri } = stage;
    await set(stage, ['cancel_b_method', 0]);
    const invite = await alice.invite(uri('silent'));
    await bob.receives('INVITE');
    await alice.receives(100);
    await alice.cancel(invite);
    await alice.receives(200, 'CANCEL');
    await alice.ack(invite, await alice.receives(487));
    await set(stage, ['cancel_b_method', 1]);
  }),
  scenario('cancel-waits', 'cancel_b_method 1: the INVITE goes on until there is a response', async (stage) => {
    const { alice, bob, uri, pause } = stage;
    const invite = await alice.invite(uri('silent'));
    const incoming = await bob.receives('INVITE');
    await alice.receives(100);
    await alice.cancel(invite);
    await alice.receives(200, 'CANCEL');
    await pause(300);
    await bob.reply(incoming, 180);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('cancel-sent', 'cancel_b_method 2: the CANCEL goes out without a response', async (stage) => {
    const { alice, bob, uri } = stage;
    await set(stage, ['cancel_b_method', 2]);
    const invite = await alice.invite(uri('silent'));
    const incoming = await bob.receives('INVITE');
    await alice.receives(100);
    await alice.cancel(invite);
    await alice.receives(200, 'CANCEL');
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
    await set(stage, ['cancel_b_method', 1]);
  }),
  scenario(
    'ack',
    'local_ack_mode: the ACK to a 2xx goes to its Contact (0), where the INVITE went (1), where the 2xx came from (2)',
    each('local_ack_mode', [1, 2, 0], async ({ alice, bob, carol, dave, uri }, value) => {
      await alice.request('MESSAGE', uri('call'), { body: 'x', type: 'text/plain' });
      const incoming = await bob.receives('INVITE');
      await alice.receives(202);
      await carol.raw(okFrom(incoming, 'sip:dave@127.0.0.1:22030'));
      await [dave, bob, carol][value]!.receives('ACK');
    }),
  ),
]);

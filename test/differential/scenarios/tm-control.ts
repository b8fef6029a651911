/** Branches canceled, transactions answered and dropped from the script; flags, timers, reply modes; the best response (RFC 3261 §16.7). */
import type { Party } from '../party.js';
import { group, type Scenario, scenario, silent } from '../scenario.js';

/** Bob and carol ring; bob's 183 makes the reply route cancel branches. */
const cancels = (which: 'others' | 'this' | 'all', victims: readonly ('bob' | 'carol')[]): Scenario =>
  scenario(`cancel-${which}`, `t_cancel_branches("${which}")`, async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri(`cancel-${which}.x`));
    const at = { bob: await bob.receives('INVITE'), carol: await carol.receives('INVITE') };
    const peers = { bob, carol };
    await carol.reply(at.carol, 180);
    await alice.receives(180);
    await bob.reply(at.bob, 183);
    await alice.receives(183);
    for (const name of victims) {
      await peers[name].reply(await peers[name].receives('CANCEL'), 200);
      await peers[name].reply(at[name], 487);
      await peers[name].receives('ACK');
    }
    for (const name of ['bob', 'carol'] as const) if (!victims.includes(name)) await peers[name].reply(at[name], 486);
    await alice.ack(invite, await alice.receives(which === 'all' ? 487 : 486));
  });
/** Nobody answers (or it only rings); the failure route says what it saw. */
const times = (slug: string, title: string, ringing = false): Scenario =>
  scenario(slug, title, async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri(`${slug}.x`));
    const incoming = await bob.receives('INVITE');
    if (ringing) {
      await bob.reply(incoming, 180);
      await alice.receives(180);
      await bob.reply(await bob.receives('CANCEL'), 200);
    }
    await alice.ack(invite, await alice.receives(480));
    if (ringing) await bob.reply(incoming, 487);
  });
const ask = (from: Party, what: string, callId: string, uri: (user: string) => string) =>
  from.request('MESSAGE', uri(what), { headers: [`X-Call: ${callId}`] });
/** Bob and carol refuse, the failure route goes on to voicemail, which refuses too. */
const drops = (slug: string, title: string, expected: number): Scenario =>
  scenario(slug, title, async ({ alice, bob, carol, voicemail, uri }) => {
    const invite = await alice.invite(uri(`${slug}.x`));
    await bob.reply(await bob.receives('INVITE'), 603);
    await carol.reply(await carol.receives('INVITE'), 404);
    await voicemail.reply(await voicemail.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(expected));
  });

export default group('tm-control', 'tm-control.cfg', [
  cancels('others', ['carol']),
  cancels('this', ['bob']),
  cancels('all', ['bob', 'carol']),
  ...(['cancel-callid', 'cancel-callid-reason'] as const).map((what) =>
    scenario(
      what,
      `t_cancel_callid()${what.endsWith('reason') ? ' with a reason' : ''}`,
      async ({ alice, bob, dave, uri }) => {
        const invite = await alice.invite(uri('plain.x'));
        const incoming = await bob.receives('INVITE');
        await bob.reply(incoming, 180);
        await alice.receives(180);
        await ask(dave, what, invite.callId, uri);
        await bob.reply(await bob.receives('CANCEL'), 200);
        await bob.reply(incoming, 487);
        await alice.ack(invite, await alice.receives(487));
        await dave.receives(200);
        await ask(dave, what, 'no-such-call', uri);
        await dave.receives(200);
      },
    ),
  ),
  scenario('reply-callid', 't_reply_callid()', async ({ alice, bob, dave, uri }) => {
    const invite = await alice.invite(uri('plain.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await ask(dave, 'reply-callid', invite.callId, uri);
    await alice.ack(invite, await alice.receives(410));
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await dave.receives(200);
    await ask(dave, 'reply-callid', 'no-such-call', uri);
    await dave.receives(200);
  }),
  silent(
    scenario('dropped', 't_drop(): no answer, what comes again is absorbed', async ({ alice, uri, pause }) => {
      const invite = await alice.invite(uri('dropped.x'));
      await pause(200);
      await alice.resend(invite);
      await pause(200);
    }),
  ),
  scenario('released', 't_release(): no answer', async ({ alice, uri, pause }) => {
    const invite = await alice.invite(uri('released.x'));
    await pause(200);
    await alice.resend(invite);
    await pause(200);
  }),
  scenario('flags', 't_flush_flags(), t_flush_xflags()', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('flags.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('noflags', 't_flush_flags() without a transaction', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('noflags.x'));
    await alice.receives(200);
  }),
  times('avp-timer', 'fr_timer_avp'),
  times('avp-ringing', 'fr_inv_timer_avp', true),
  times('set-fr', 't_set_fr(), t_set_retr()'),
  times('reset', 't_reset_fr() and its kin'),
  times('lifetime', 't_set_max_lifetime()'),
  scenario('sixxx', 't_set_disable_6xx(): the other branch goes on ringing', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('sixxx.x'));
    await bob.reply(await bob.receives('INVITE'), 603);
    await bob.receives('ACK');
    await carol.reply(await carol.receives('INVITE'), 200, { body: carol.sdp });
    await alice.ack(invite, await alice.receives(200));
  }),
  scenario('sixxx-plain', 'a 6xx cancels the other branch', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('sixxx-plain.x'));
    const atCarol = await carol.receives('INVITE');
    await carol.reply(atCarol, 180);
    await alice.receives(180);
    await bob.reply(await bob.receives('INVITE'), 603);
    await carol.reply(await carol.receives('CANCEL'), 200);
    await carol.reply(atCarol, 487);
    await alice.ack(invite, await alice.receives(603));
  }),
  scenario('no100', 't_set_auto_inv_100("0")', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('no100.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  ...(['noreason', 'reason'] as const).map((what) =>
    scenario(
      what,
      `the caller's Reason in our CANCEL: ${what === 'reason' ? 'yes' : 'no'}`,
      async ({ alice, bob, uri }) => {
        const invite = await alice.invite(uri(`${what}.x`));
        const incoming = await bob.receives('INVITE');
        await bob.reply(incoming, 180);
        await alice.receives(180);
        await alice.cancel(invite, { headers: ['Reason: Q.850;cause=16', 'Reason: SIP;cause=200'] });
        await bob.reply(await bob.receives('CANCEL'), 200);
        await bob.reply(incoming, 487);
        await alice.ack(invite, await alice.receives(487));
      },
    ),
  ),
  scenario('internal', 't_set_disable_internal_reply()', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('internal.x'));
    await alice.ack(invite, await alice.receives(488));
  }),
  scenario(
    'branch-failure',
    'one branch fails and is replaced while the other rings',
    async ({ alice, bob, carol, voicemail, uri }) => {
      const invite = await alice.invite(uri('branch-failure.x'));
      const atCarol = await carol.receives('INVITE');
      await carol.reply(atCarol, 180);
      await alice.receives(180);
      await bob.reply(await bob.receives('INVITE'), 486);
      await bob.receives('ACK');
      const atVoicemail = await voicemail.receives('INVITE');
      await carol.reply(atCarol, 404);
      await carol.receives('ACK');
      await voicemail.reply(atVoicemail, 200, { body: voicemail.sdp });
      await alice.ack(invite, await alice.receives(200));
    },
  ),
  drops('drop-replies', 't_drop_replies()', 486),
  drops('drop-replies-last', 't_drop_replies("l")', 486),
  drops('drop-replies-none', 't_drop_replies("n"): the 6xx wins', 603),
  scenario('challenges', '401 and 407 of a fork in one response', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('challenges.x'));
    await bob.reply(await bob.receives('INVITE'), 401, { headers: ['WWW-Authenticate: Digest realm="b", nonce="1"'] });
    await carol.reply(await carol.receives('INVITE'), 407, {
      headers: ['Proxy-Authenticate: Digest realm="c", nonce="2"'],
    });
    await alice.ack(invite, await alice.receives(401));
  }),
  ...(
    [
      [404, 486, 404],
      [486, 404, 404],
      [408, 500, 408],
      [302, 404, 302],
      [503, 486, 486],
      [407, 404, 407],
      [415, 404, 415],
      [503, 500, 500],
    ] as const
  ).map(([one, two, best], n) =>
    scenario(`best-${n}`, `${one} and ${two}: ${best} goes upstream`, async ({ alice, bob, carol, uri }) => {
      const invite = await alice.invite(uri('best.x'));
      const atCarol = await carol.receives('INVITE');
      await bob.reply(await bob.receives('INVITE'), one);
      await bob.receives('ACK');
      await carol.reply(atCarol, two);
      await alice.ack(invite, await alice.receives(best));
    }),
  ),
  scenario('status', 'what reply and failure routes can ask', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('status.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await bob.reply(incoming, 486, { reason: 'Busy There' });
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('is-set', 't_is_set()', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('is-set.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('precheck', 't_precheck_trans()', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('precheck.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('cancel-inv', 'the INVITE seen from its CANCEL, and its flags', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('cancel-inv.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('stray', 'on_sl_reply sees responses of no transaction and may drop them', async ({ alice, bob }) => {
    const via = (n: number) =>
      `SIP/2.0/UDP 127.0.0.1:21700;branch=z9hG4bKstray${n}\r\nVia: SIP/2.0/UDP ${alice.hostPort};branch=z9hG4bKs${n}`;
    const response = (status: number, n: number) =>
      `SIP/2.0 ${status} Stray\r\nVia: ${via(n)}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: stray-${n}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`;
    await bob.raw(response(180, 1));
    await alice.receives(180);
    await bob.raw(response(183, 2));
    await bob.raw(response(200, 3));
    await alice.receives(200);
  }),
]);

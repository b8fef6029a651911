/** rr in its variants, stateless forwarding (RFC 3261 §16.4, §16.6 item 4, §16.11, §16.12). */
import { group, hangUp, type Stage, scenario } from '../scenario.js';

/** A call to the user that names the variant, with a BYE from each side. */
const call = (name: string, title: string, options?: Parameters<typeof scenario>[3]) =>
  scenario(
    name,
    title,
    async ({ alice, bob, uri }: Stage) => {
      const invite = await alice.invite(uri(`${name}.x`));
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 200, { body: bob.sdp });
      const ok = await alice.receives(200);
      await alice.ack(invite, ok);
      await bob.receives('ACK');
      const info = alice.dialog(invite, ok);
      await info.send('INFO');
      await bob.reply(await bob.receives('INFO'), 200);
      await alice.receives(200, 'INFO');
      await hangUp(bob.dialog(incoming), bob, alice);
    },
    options,
  );
const message = (name: string, title: string, options?: Parameters<typeof scenario>[3]) =>
  scenario(
    name,
    title,
    async ({ alice, bob, uri }: Stage) => {
      await alice.request('MESSAGE', uri(`${name}.x`), { body: 'x', type: 'text/plain', viaParams: ';rport' });
      await bob.reply(await bob.receives('MESSAGE'), 200);
      await alice.receives(200);
    },
    options,
  );

export default group('routes', 'routes.cfg', [
  call('plain', 'Record-Route with lr=on and ftag'),
  call('param', 'add_rr_param() before record_route()'),
  call('param-after', 'add_rr_param() after record_route()'),
  call('inline', 'record_route() with a parameter'),
  call('twice', 'record_route() twice'),
  call('received', 'force_rport() and add_local_rport()'),
  call('both-transports', 'TCP to UDP: two Record-Routes with ftag', { tcp: ['alice'] }),
  scenario('preset', 'record_route_preset()', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('preset.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('none', 'no Record-Route', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('none.x'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  message('stateless', 'forward()'),
  message('stateless-rport', 'forward() with force_rport() and $du'),
  message('stateless-tcp', 'forward() from UDP to TCP', { tcp: ['bob'] }),
  scenario(
    'stateless-call',
    'a call forwarded without state',
    async ({ alice, bob, uri }) => {
      const invite = await alice.invite(uri('stateless.x'));
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 180);
      await alice.receives(180);
      await alice.resend(invite);
      await bob.receives('INVITE');
      await bob.reply(incoming, 486);
      await alice.ack(invite, await alice.receives(486));
    },
    { keepRepeats: true },
  ),
  scenario('loose', 'a preloaded Route to us and on', async ({ alice, bob, carol, uri }) => {
    const headers = [`Route: <${uri()};lr>`, `Route: <sip:${carol.hostPort};lr;x=y>`];
    const invite = await alice.invite(uri('loose.x'), { headers });
    await carol.reply(await carol.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
    await alice.request('MESSAGE', `sip:loose.x@${bob.hostPort}`, { headers: [`Route: <${uri()};lr>`] });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('not-ours', 'a Route to somebody else', async ({ alice, carol, uri }) => {
    await alice.request('MESSAGE', uri('loose.x'), { headers: [`Route: <sip:${carol.hostPort};lr>`] });
    await carol.reply(await carol.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('msg-received', 'event_route[core:msg-received]: changed, ended, left alone', async ({ alice, uri }) => {
    for (const user of ['early-drop', 'early-false', 'early-null']) await alice.request('OPTIONS', uri(user));
    for (const user of ['early-exit', 'early-zero', 'early-change', 'early-other']) {
      await alice.request('OPTIONS', uri(user));
      await alice.receives(200);
    }
  }),
  scenario('pre-routing', 'event_route[core:pre-routing]: kept for the route, ended', async ({ alice, bob, uri }) => {
    await alice.request('OPTIONS', uri('early-pre'));
    await alice.receives(200);
    await alice.request('OPTIONS', uri('early-gone'));
    await alice.receives(480);
    await alice.request('MESSAGE', uri('early-reply'), { body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200, { headers: ['X-Early: yes'] });
    await alice.receives(200);
  }),
  scenario('parse-error', 'event_route[core:receive-parse-error]', async ({ alice, uri }) => {
    await alice.raw('GARBAGE\r\n\r\n');
    await alice.raw('OPTIONS sip:early-x SIP/2.0\r\nVia: nonsense\r\n\r\n');
    await alice.raw('OPTIONS sip:early-x SIP/2.0\r\nFrom: <sip:a@b>;tag=x\r\n\r\n');
    await alice.request('OPTIONS', uri('early-other'));
    await alice.receives(200);
  }),
]);

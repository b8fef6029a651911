/** Other methods, refusals and odd or broken messages, at the stock config. */
import { group, scenario, silent } from '../scenario.js';

export default group('stock-requests', '/etc/kamailio/kamailio.cfg', [
  scenario('message', 'MESSAGE and its 200', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, { body: 'Hello Bob', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200, 'MESSAGE');
  }),
  scenario('message-202', 'MESSAGE and 202 with a To tag', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, { body: 'Hello Bob', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 202, { headers: ['X-Seen: yes'] });
    await alice.receives(202);
  }),
  scenario('message-offline', 'MESSAGE to nobody', async ({ alice, bob }) => {
    await alice.request('MESSAGE', bob, { body: 'Hello Bob', type: 'text/plain' });
    await alice.receives(404);
  }),
  scenario(
    'message-again',
    'a retransmitted MESSAGE is answered from the transaction',
    async ({ alice, bob }) => {
      await bob.register();
      const message = await alice.request('MESSAGE', bob, { body: 'Hello Bob', type: 'text/plain' });
      await bob.reply(await bob.receives('MESSAGE'), 200);
      await alice.receives(200);
      await alice.resend(message);
      await alice.receives(200);
    },
    { keepRepeats: true },
  ),
  scenario('options', 'OPTIONS to the server', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri());
    await alice.receives(200);
  }),
  scenario('options-user', 'OPTIONS to a user', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('OPTIONS', bob);
    await bob.reply(await bob.receives('OPTIONS'), 200, { headers: ['Accept: application/sdp', 'Allow: INVITE, ACK'] });
    await alice.receives(200);
  }),
  scenario('publish', 'PUBLISH without presence', async ({ alice, bob }) => {
    await alice.request('PUBLISH', bob, { headers: ['Event: presence'], body: '<x/>', type: 'application/pidf+xml' });
    await alice.receives(404);
  }),
  scenario('subscribe', 'SUBSCRIBE passes and is record-routed', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('SUBSCRIBE', bob, { headers: ['Event: presence', 'Expires: 300'] });
    const incoming = await bob.receives('SUBSCRIBE');
    await bob.reply(incoming, 202, {
      headers: incoming.headers('Record-Route').map((route) => `Record-Route: ${route}`),
    });
    await alice.receives(202);
    const dialog = bob.dialog(incoming);
    await dialog.send('NOTIFY', { headers: ['Event: presence', 'Subscription-State: active;expires=300'] });
    await alice.reply(await alice.receives('NOTIFY'), 200);
    await bob.receives(200, 'NOTIFY');
  }),
  scenario('subscribe-mwi', 'message-summary without voicemail', async ({ alice, bob }) => {
    await alice.request('SUBSCRIBE', bob, { headers: ['Event: message-summary'] });
    await alice.receives(404);
  }),
  scenario('subscribe-no-user', 'SUBSCRIBE to the server itself', async ({ alice, uri }) => {
    await alice.request('SUBSCRIBE', uri(), { headers: ['Event: presence'] });
    await alice.receives(404);
  }),
  scenario('subscribe-in-dialog', 'SUBSCRIBE with a To tag, to the server', async ({ alice, uri }) => {
    await alice.request('SUBSCRIBE', uri('x'), { to: `<${uri('x')}>;tag=t1`, headers: ['Event: message-summary'] });
    await alice.receives(404);
  }),
  scenario('notify', 'NOTIFY out of the blue', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('NOTIFY', bob, { headers: ['Event: keep-alive'] });
    await bob.reply(await bob.receives('NOTIFY'), 481);
    await alice.receives(481);
  }),
  scenario('unknown-method', 'a method nobody knows', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('DANCE', bob, { body: 'tango', type: 'text/plain' });
    await bob.reply(await bob.receives('DANCE'), 501, { reason: 'Not Implemented' });
    await alice.receives(501);
  }),
  scenario('no-user', 'INVITE to the server itself: 484', async ({ alice, uri }) => {
    const invite = await alice.invite(uri());
    await alice.ack(invite, await alice.receives(484));
  }),
  scenario('foreign', 'INVITE to a foreign domain: 403', async ({ alice }) => {
    const invite = await alice.invite('sip:bob@example.com');
    await alice.ack(invite, await alice.receives(403));
  }),
  scenario('other-port', 'our address with another port is foreign', async ({ alice }) => {
    await alice.request('MESSAGE', 'sip:bob@127.0.0.1:5999', { body: 'x', type: 'text/plain' });
    await alice.receives(403);
  }),
  scenario('foreign-from', 'a caller from a foreign domain', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob, { from: '<sip:x@example.com>;tag=ff1' });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('max-forwards-0', 'Max-Forwards 0: 483', async ({ alice, bob }) => {
    const invite = await alice.invite(bob, { maxForwards: 0 });
    await alice.ack(invite, await alice.receives(483));
  }),
  scenario('max-forwards-1', 'Max-Forwards 1 becomes 0', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, { maxForwards: 1, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('max-forwards-none', 'no Max-Forwards: one is added', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, { omit: ['Max-Forwards'], body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('max-forwards-big', 'Max-Forwards above the limit', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, { maxForwards: 200, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('max-forwards-bad', 'Max-Forwards that is no number', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri(), { edit: (text) => text.replace('Max-Forwards: 70', 'Max-Forwards: many') });
  }),
  silent(
    scenario('scanner', 'a known scanner gets no answer', async ({ alice, uri }) => {
      await alice.request('OPTIONS', uri(), { headers: ['User-Agent: friendly-scanner'] });
      await alice.request('OPTIONS', uri(), { headers: ['User-Agent: SIPVicious'] });
    }),
  ),
  scenario('compact', 'compact header names', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) =>
      text
        .replace('Via:', 'v:')
        .replace('From:', 'f:')
        .replace('To:', 't:')
        .replace('Call-ID:', 'i:')
        .replace('Contact:', 'm:')
        .replace('Content-Type:', 'c:')
        .replace('Content-Length:', 'l:');
    const invite = await alice.invite(bob, { edit });
    await bob.reply(await bob.receives('INVITE'), 486);
    const { text: _, ...parts } = invite;
    await alice.receives(486);
    await alice.send({ ...parts, method: 'ACK' }, { edit });
  }),
  scenario('folded', 'folded header fields', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) =>
      text.replace(';branch', '\r\n ;branch').replace('From: ', 'From:\r\n\t').replace('Call-ID: ', 'Call-ID: \r\n  ');
    await alice.request('MESSAGE', bob, {
      edit,
      headers: ['Subject: one', ' two', '\tthree'],
      body: 'x',
      type: 'text/plain',
    });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('folded-cseq', 'a folded CSeq', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, { edit: (text) => text.replace('CSeq: 1 ', 'CSeq: 1\r\n  ') });
  }),
  scenario('odd-case', 'header names in odd case with blanks before the colon', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) =>
      text
        .replace('Via:', 'VIA :')
        .replace('From:', 'fROM :')
        .replace('Call-ID:', 'call-id  :')
        .replace('CSeq:', 'CSEQ:');
    await alice.request('MESSAGE', bob, { edit, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('header-order', 'unknown header fields keep their place and bytes', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) => text.replace('Max-Forwards', 'X-First:  two blanks \r\nP-Empty:\r\nMax-Forwards');
    const headers = ['X-Last: a,b;c="d"', 'Route: <sip:127.0.0.1:21700;lr>', 'Date: Sat, 13 Nov 2010 23:29:00 GMT'];
    await alice.request('MESSAGE', bob, { edit, headers, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('long-uri', 'parameters and headers in the Request-URI', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, { uri: `${bob.aor};user=phone;x=1?Subject=a`, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('escaped-user', 'an escaped user finds its registration', async ({ alice, bob, uri }) => {
    await bob.register({ aor: uri('esc%61ped') });
    await alice.request('MESSAGE', uri('escaped'), { body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('tel', 'a tel URI', async ({ alice }) => {
    await alice.request('MESSAGE', 'tel:+493012345', { body: 'x', type: 'text/plain' });
    await alice.receives(403);
  }),
  scenario('sips', 'a sips URI', async ({ alice, bob }) => {
    await alice.request('MESSAGE', bob.aor.replace('sip:', 'sips:'), { body: 'x', type: 'text/plain' });
    await alice.receives(404);
  }),
  scenario('no-content-length', 'UDP without Content-Length', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, { omit: ['Content-Length'], body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('wrong-content-length', 'Content-Length longer than the body', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) => text.replace(/Content-Length: \d+/, 'Content-Length: 99');
    await alice.request('MESSAGE', bob, { edit, body: 'x', type: 'text/plain' });
    await alice.receives(400);
  }),
  scenario('short-content-length', 'Content-Length shorter than the body', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) => text.replace(/Content-Length: \d+/, 'Content-Length: 2');
    await alice.request('MESSAGE', bob, { edit, body: 'xyz and more', type: 'text/plain' });
    await alice.receives(400);
  }),
  ...(['From', 'To', 'Call-ID', 'CSeq', 'Via'] as const).map((name) =>
    scenario(`without-${name.toLowerCase()}`, `a request without ${name}`, async ({ alice, bob }) => {
      await bob.register();
      await alice.request('MESSAGE', bob, { omit: [name], body: 'x', type: 'text/plain' });
    }),
  ),
  scenario('cseq-method', 'CSeq names another method', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, {
      edit: (text) => text.replace('1 MESSAGE', '1 INFO'),
      body: 'x',
      type: 'text/plain',
    });
  }),
  silent(
    scenario('bad-version', 'SIP/7.0', async ({ alice, bob }) => {
      await alice.request('MESSAGE', bob, { edit: (text) => text.replace('SIP/2.0\r\n', 'SIP/7.0\r\n') });
    }),
  ),
  scenario('bad-ruri', 'a Request-URI that is no URI', async ({ alice }) => {
    await alice.request('MESSAGE', 'sip:', { to: '<sip:x@127.0.0.1:21700>' });
  }),
  scenario('unknown-scheme', 'an unknown URI scheme', async ({ alice }) => {
    await alice.request('OPTIONS', 'nobodyKnowsThisScheme:totallyopaquecontent', { to: '<sip:x@127.0.0.1:21700>' });
  }),
  scenario('require', 'Proxy-Require with an unknown option', async ({ alice, bob }) => {
    await bob.register();
    await alice.request('MESSAGE', bob, {
      headers: ['Proxy-Require: nothingSupportsThis'],
      body: 'x',
      type: 'text/plain',
    });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('garbage', 'bytes that are no SIP', async ({ alice, uri }) => {
    await alice.raw('hello there\r\n\r\n');
    await alice.raw('\0\0\0\0');
    await alice.raw('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await alice.request('OPTIONS', uri());
    await alice.receives(200);
  }),
  scenario('stray-response', 'a response that belongs to nothing', async ({ alice, uri }) => {
    const via = 'SIP/2.0/UDP 127.0.0.1:21700;branch=z9hG4bKabcd.1234.0';
    const common = `From: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:y@127.0.0.1>;tag=2\r\nCall-ID: stray\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`;
    await alice.raw(`SIP/2.0 200 OK\r\nVia: ${via}\r\nVia: SIP/2.0/UDP 127.0.0.1:22010;branch=z9hG4bK-up\r\n${common}`);
    await alice.request('OPTIONS', uri());
    await alice.receives(200);
  }),
  scenario(
    'rpc-location',
    'ul.dump, ul.lookup and ul.rm show and remove a binding',
    async ({ alice, rpc }) => {
      await alice.register({ headers: ['Expires: 600', 'User-Agent: Phone 1.0'] });
      await rpc('ul.lookup', 'location', alice.user);
      await rpc('ul.rm', 'location', alice.user);
      await rpc('ul.lookup', 'location', alice.user);
      await alice.register({ omit: ['Contact'] });
    },
    { needs: ['kamcmd'] },
  ),
  scenario(
    'rpc-errors',
    'unknown commands and missing arguments',
    async ({ rpc }) => {
      await rpc('no.such');
      await rpc('ul.lookup', 'location');
      await rpc('ul.lookup', 'nowhere', 'x');
      await rpc('pv.shvGet', 'nothing');
      await rpc('core.echo', 'a', '1', 's:2');
    },
    { needs: ['kamcmd'] },
  ),
]);

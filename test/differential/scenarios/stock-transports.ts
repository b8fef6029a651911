/** TCP, IPv6 and the way between transports, at the stock config (RFC 3261 §18). */
import { establish, group, hangUp, scenario } from '../scenario.js';

export default group('stock-transports', '/etc/kamailio/kamailio.cfg', [
  scenario(
    'tcp-udp',
    'TCP caller, UDP callee: two Record-Routes',
    async ({ alice, bob }) => {
      await bob.register();
      const call = await establish(alice, bob);
      await hangUp(call.caller, alice, bob);
    },
    { tcp: ['alice'] },
  ),
  scenario(
    'tcp-udp-callee-bye',
    'the UDP callee hangs up on the TCP caller',
    async ({ alice, bob }) => {
      await bob.register();
      const call = await establish(alice, bob);
      await hangUp(call.callee, bob, alice);
    },
    { tcp: ['alice'] },
  ),
  scenario(
    'udp-tcp',
    'UDP caller, TCP callee',
    async ({ alice, bob }) => {
      await bob.register();
      const call = await establish(alice, bob);
      await hangUp(call.caller, alice, bob);
    },
    { tcp: ['bob'] },
  ),
  scenario(
    'tcp-tcp',
    'TCP on both sides',
    async ({ alice, bob }) => {
      await bob.register();
      const call = await establish(alice, bob);
      await hangUp(call.callee, bob, alice);
    },
    { tcp: ['alice', 'bob'] },
  ),
  scenario(
    'tcp-cancel',
    'CANCEL over TCP',
    async ({ alice, bob }) => {
      await bob.register();
      const invite = await alice.invite(bob);
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 180);
      await alice.receives(180);
      await alice.cancel(invite);
      await bob.reply(await bob.receives('CANCEL'), 200);
      await bob.reply(incoming, 487);
      await alice.ack(invite, await alice.receives(487));
      await bob.receives('ACK');
    },
    { tcp: ['alice', 'bob'] },
  ),
  scenario(
    'tcp-message',
    'MESSAGE from TCP to UDP and back',
    async ({ alice, bob }) => {
      await alice.register();
      await bob.register();
      await alice.request('MESSAGE', bob, { body: 'hello', type: 'text/plain' });
      await bob.reply(await bob.receives('MESSAGE'), 200);
      await alice.receives(200, 'MESSAGE');
      await bob.request('MESSAGE', alice, { body: 'hello', type: 'text/plain' });
      await alice.reply(await alice.receives('MESSAGE'), 200);
      await bob.receives(200, 'MESSAGE');
    },
    { tcp: ['alice'] },
  ),
  scenario(
    'tcp-two-at-once',
    'two requests in one segment',
    async ({ alice, uri }) => {
      const one = (n: number) =>
        [
          `OPTIONS ${uri()} SIP/2.0`,
          `Via: SIP/2.0/TCP 127.0.0.1:22000;branch=z9hG4bK-two-${n}`,
          'Max-Forwards: 70',
          `From: <${alice.aor}>;tag=${n}`,
          `To: <${uri()}>`,
          `Call-ID: two-at-once-${n}`,
          'CSeq: 1 OPTIONS',
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n');
      await alice.raw(one(1) + one(2));
      await alice.receives(200);
      await alice.receives(200);
    },
    { tcp: ['alice'] },
  ),
  scenario(
    'tcp-keepalive',
    'CRLF before a request is skipped',
    async ({ alice, uri }) => {
      await alice.request('OPTIONS', uri(), { edit: (text) => `\r\n\r\n${text}` });
      await alice.receives(200);
    },
    { tcp: ['alice'] },
  ),
  scenario('tcp-refused', 'the TCP callee does not listen', async ({ alice, bob, server }) => {
    await bob.register({ contact: `<sip:bob@${server.host}:21799;transport=tcp>` });
    await alice.invite(bob);
    await alice.receives(477);
  }),
  scenario(
    'ipv6',
    'a call over ::1',
    async ({ alice, bob }) => {
      await bob.register();
      const call = await establish(alice, bob);
      await hangUp(call.caller, alice, bob);
    },
    { ipv6: true },
  ),
  scenario(
    'ipv6-tcp',
    'TCP over ::1',
    async ({ alice, bob }) => {
      await bob.register();
      const call = await establish(alice, bob);
      await hangUp(call.caller, alice, bob);
    },
    { ipv6: true, tcp: ['alice', 'bob'] },
  ),
  scenario(
    'ipv6-to-ipv4',
    'from ::1 to a contact at 127.0.0.1',
    async ({ alice, bob }) => {
      await bob.register({ contact: `<sip:bob@127.0.0.1:22010>` });
      const invite = await alice.invite(bob);
      await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp });
      await alice.ack(invite, await alice.receives(200));
      await bob.receives('ACK');
    },
    { ipv6: true },
  ),
  scenario('rport', 'Via with rport', async ({ alice, bob }) => {
    await bob.register();
    const invite = await alice.invite(bob, { viaParams: ';rport' });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('other-sent-by', 'a sent-by that is not the source: received and rport', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) => text.replace('127.0.0.1:22000;branch', '10.9.8.7:5060;branch');
    await alice.request('MESSAGE', bob, { edit, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('rport-middle', 'rport between other parameters; spaces in Via', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) =>
      text.replace(/Via: SIP\/2.0\/UDP 127.0.0.1:22000;/, 'Via: SIP / 2.0 / UDP 10.9.8.7 : 5070 ;ttl=3; rport ;x=y;');
    await alice.request('MESSAGE', bob, { edit, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('two-vias', 'another hop before the caller', async ({ alice, bob }) => {
    await bob.register();
    const second = 'Via: SIP/2.0/UDP 10.1.1.1:5060;branch=z9hG4bK-first-hop;received=10.2.2.2;rport=777';
    const edit = (text: string) => text.replace('Max-Forwards: 70', `${second}\r\nMax-Forwards: 69`);
    await alice.request('MESSAGE', bob, { edit, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('two-vias-in-one', 'two Vias in one header field', async ({ alice, bob }) => {
    await bob.register();
    const edit = (text: string) =>
      text.replace(/^(Via: .*)$/m, '$1, SIP/2.0/TCP host.example.com;branch=z9hG4bK-first-hop');
    await alice.request('MESSAGE', bob, { edit, body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('transport-param', 'a UDP contact registered over TCP', async ({ alice, bob }) => {
    await bob.register({ contact: '<sip:bob@127.0.0.1:22010>', over: 'tcp' });
    const invite = await alice.invite(bob);
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
]);

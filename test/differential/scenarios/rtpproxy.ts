/** rtpproxy: the commands it is sent, the SDP that comes of it, sets and failures. */
import type { SendOptions } from '../party.js';
import { rtppRelay } from '../rtpp.js';
import { group, hangUp, type Stage, scenario } from '../scenario.js';

const head = (ip = 'IP4 10.0.0.5') => ['v=0', `o=alice 7 1 IN ${ip}`, 's=call', `c=IN ${ip}`, 't=0 0'];
const lines = (...list: readonly string[]) => `${list.join('\r\n')}\r\n`;
const audio = 'm=audio 30000 RTP/AVP 0 8';
const sdp = lines(...head(), audio);
const video = ['m=video 30002 RTP/AVP 31', 'c=IN IP4 10.0.0.6', 'a=rtcp:30005 IN IP4 10.0.0.6'];

const relayed = (name: string, title: string, options: SendOptions = {}, slug = name) =>
  scenario(slug.replaceAll('.', '-'), title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('INVITE', uri(name), { body: sdp, ...options });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.receives(486);
  });
const flags = (slug: string, text: string, options: SendOptions = {}) =>
  relayed('offer', `flags: ${text}`, { headers: [`X-Flags: ${text}`], ...options }, `flags-${slug}`);
const toTag = { to: '<sip:offer@127.0.0.1:21700>;tag=known' };

const rtpproxy = group('rtpproxy', 'rtpproxy.cfg', [
  scenario('call', 'offer, answer and end by rtpproxy_manage()', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('manage'), { body: sdp });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183, { body: bob.sdp });
    await alice.receives(183);
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, bob);
  }),
  scenario('late-offer', 'the response offers, the ACK answers', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('late'));
    await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200), { body: sdp, headers: ['X-Flags: r'] });
    await bob.receives('ACK');
  }),
  scenario('update', 'UPDATE offers', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('manage'), { body: sdp });
    await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await alice.dialog(invite, ok).send('UPDATE', { body: sdp, headers: ['X-Flags: z20'] });
    await bob.reply(await bob.receives('UPDATE'), 200);
    await alice.receives(200, 'UPDATE');
  }),
  relayed('manage', 'a call that is declined', {}, 'declined'),
  relayed('plain', 'an offer without flags'),
  relayed('plain', 'two streams', { body: lines(...head(), audio, ...video) }, 'two'),
  relayed('plain', 'a stream that is off', { body: lines(...head(), 'm=audio 0 RTP/AVP 0', ...video) }, 'off'),
  relayed('plain', 'on hold', { body: lines(...head('IP4 0.0.0.0'), audio) }, 'hold'),
  relayed('plain', 'a transport that is not RTP', { body: lines(...head(), 'm=image 30000 udptl t38') }, 'fax'),
  relayed('plain', 'IPv6 in the SDP', { body: lines(...head('IP6 2001:db8::5'), audio) }, 'v6'),
  relayed('plain', 'the proxy answers with IPv6', {}, 'six'),
  relayed('plain', 'the proxy answers with a port only', {}, 'short'),
  relayed('plain', 'another proxy did it', { body: lines(...head(), audio, 'a=nortpproxy:yes') }, 'marked'),
  relayed('stat', '$rtpstat asks the proxy'),
  relayed('stat', '$rtpstat, and the proxy refuses', {}, 'stat-refused'),
  relayed('stat', '$rtpstat within a dialog', toTag, 'stat-known'),
  flags('force', 'f', { body: lines(...head(), audio, 'a=nortpproxy:yes') }),
  flags('all', 'aiecowrz20'),
  flags('common', 'c', { body: lines(...head(), ...video) }),
  flags('bridge', 'x'),
  flags('bridge-six', 'xr', { body: lines(...head('IP6 2001:db8::5'), audio, 'm=video 4 RTP/AVP 31') }),
  flags('via', '1'),
  flags('via-auto', '3'),
  flags('via-second', '2'),
  flags('extra', 'b'),
  flags('lookup', 'l', toTag),
  flags('lookup-none', 'l'),
  flags('lookup-unknown', 'l', { ...toTag, callId: 'call-1-unknown' }),
  flags('bad', 'q'),
  relayed('address', 'an address of our own'),
  relayed('answer', 'rtpproxy_answer() in an INVITE'),
  relayed('plain', 'no body', { body: '' }, 'nobody'),
  relayed('plain', 'another body', { body: 'hello', type: 'text/plain' }, 'text'),
  relayed('plain', 'an error', {}, 'refused'),
  ...['ice', 'icelow', 'icebad'].map((name) =>
    relayed(name, 'ICE candidates', {
      body: lines(
        ...head(),
        audio,
        'a=candidate:1 1 UDP 2130706431 10.0.0.5 30000 typ host',
        'a=candidate:2 2 UDP 2130706430 10.0.0.5 30001 typ host',
        'a=sendrecv',
      ),
    }),
  ),
  relayed('verbs', 'the other commands'),
  relayed('setone', 'a set with weights'),
  relayed('setone', 'another Call-ID, another node', { callId: 'call-1-otheX' }, 'setone-other'),
  relayed('setpv', 'a set from a variable'),
  scenario('enabled', 'rtpproxy.enable', async ({ rpc }) => {
    await rpc('rtpproxy.enable', 'udp:127.0.0.1:22050', '0');
    await rpc('rtpproxy.list');
    await rpc('rtpproxy.enable', 'udp:127.0.0.1:22050', '1');
    await rpc('rtpproxy.list');
    await rpc('rtpproxy.enable', 'udp:1.2.3.4:5', '1');
    await rpc('rtpproxy.enable', 'udp:127.0.0.1:22050');
  }),
  relayed('setone', 'a node that does not answer', { callId: 'call-1-silent-not-5' }, 'next-silent'),
]);
export default {
  ...rtpproxy,
  speaks: { edge: rtppRelay(6), voicemail: rtppRelay(5), gateway: rtppRelay(4, true) },
};

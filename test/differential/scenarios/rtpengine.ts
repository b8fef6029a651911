/** rtpengine: the commands it is sent, the SDP that comes of it, sets and failures. */
import { ngRelay } from '../ng.js';
import type { SendOptions } from '../party.js';
import { group, hangUp, type Stage, scenario } from '../scenario.js';

const sdp = (...more: readonly string[]) =>
  [
    'v=0',
    'o=alice 7 1 IN IP4 10.0.0.5',
    's=call',
    'c=IN IP4 10.0.0.5',
    't=0 0',
    'm=audio 30000 RTP/AVP 0 8',
    ...more,
    '',
  ].join('\r\n');
const fragment = ['a=ice-ufrag:x', 'a=ice-pwd:y', 'm=audio 9 RTP/AVP 0', 'a=mid:1', ''].join('\r\n');

const relayed = (name: string, title: string, options: SendOptions = {}, slug = name) =>
  scenario(slug.replaceAll('.', '-'), title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('INVITE', uri(name), { body: sdp(), ...options });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.receives(486);
  });
/** An offer with these flags. */
const flags = (slug: string, text: string, options: SendOptions = {}) =>
  relayed('offer', `flags: ${text}`, { headers: [`X-Flags: ${text}`], ...options }, `flags-${slug}`);

const rtpengine = group('rtpengine', 'rtpengine.cfg', [
  scenario('call', 'offer, answer and delete by rtpengine_manage()', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('manage'), { body: sdp(), headers: ['X-Flags: replace-origin'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183, { body: bob.sdp });
    await alice.receives(183);
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, bob);
  }),
  scenario('backwards', 'the callee sends the BYE', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('manage'), { body: sdp() });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200));
    await bob.receives('ACK');
    await hangUp(bob.dialog(incoming), bob, alice);
  }),
  scenario('late-offer', 'no SDP in the INVITE: the response offers, the ACK answers', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('late'));
    await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200), { body: sdp() });
    await bob.receives('ACK');
  }),
  scenario('update', 'UPDATE offers, its 200 answers', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('manage'), { body: sdp() });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await alice.dialog(invite, ok).send('UPDATE', { body: sdp('a=sendonly') });
    await bob.reply(await bob.receives('UPDATE'), 200);
    await alice.receives(200, 'UPDATE');
  }),
  scenario('canceled', 'CANCEL deletes', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('manage'), { body: sdp() });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  relayed('manage', 'a call that is declined deletes', {}, 'declined'),
  relayed('branch', 'rtpengine_manage() in a branch route'),
  scenario('both', 'via-branch=1 and 2', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('both'), { body: sdp() });
    await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200));
    await bob.receives('ACK');
  }),
  relayed('plain', 'an offer without flags'),
  flags('origin', 'replace-origin replace=session-connection trust-address symmetric'),
  flags('srtp', 'RTP/SAVP ICE=force SDES-off SDES=unencrypted_srtp'),
  flags('words', 'SRTP AVPF DTLS=passive rtcp-mux-demux rtcp-mux=accept'),
  flags('dtls', 'DTLS AVPF'),
  flags('down', 'RTP/SAVPF RTP AVP'),
  flags('webrtc', 'UDP/TLS/RTP/SAVPF ICE=force rtcp-mux-offer generate-mid'),
  flags(
    'codecs',
    'transcode-PCMU codec-strip-G722 codec-strip=opus codec-mask-all codec-offer-PCMA codec-transcode=G729 codec-set-opus/48000 codec-except=AMR',
  ),
  flags('direction', 'internal external direction=lan direction=wan'),
  flags('numbers', 'TOS=184 repacketize=40 delete-delay=7 media-address=1.2.3.4'),
  flags('fax', 'T38=decode T.38=force T38-no-ecm'),
  flags('tags', 'call-id=mine from-tag=ft to-tag=tt'),
  flags('totag', 'to-tag'),
  flags('directional', 'directional record-call=on'),
  flags('force', 'force-answer from-tag=x to-tag=y'),
  flags('forced-bare', 'force-answer'),
  flags('via-extra', 'via-branch=extra'),
  flags('via-auto', 'via-branch=auto'),
  flags('via-auto-extra', 'via-branch=auto-extra'),
  flags('via-next', 'via-branch=next'),
  flags('via-second', 'via-branch=2'),
  flags('via-bad', 'via-branch=third'),
  flags('via-missing', 'via-branch'),
  flags('packet-bad', 'repacketize=no'),
  flags('odd', 'replace replace- T38 =x lost'),
  flags('blanks', '   a    b=    c'),
  relayed('offer', 'no body', { body: '' }, 'nobody'),
  relayed('offer', 'another body', { body: 'hello', type: 'text/plain' }, 'text'),
  relayed(
    'offer',
    'SDP in a multipart body',
    {
      body: `--b\r\nContent-Type: application/sdp\r\n\r\n${sdp()}\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--\r\n`,
      type: 'multipart/mixed;boundary=b',
    },
    'parts',
  ),
  relayed('offer', 'a trickle-ICE fragment', { body: fragment, type: 'application/trickle-ice-sdpfrag' }, 'fragment'),
  relayed('offer', 'a body without a type', { omit: ['Content-Type'] }, 'untyped'),
  relayed('info', 'rtpengine_info() leaves the SDP alone', { headers: ['X-Flags: look'] }),
  relayed('answer', 'rtpengine_answer() in an INVITE'),
  relayed('setone', 'a set with weights'),
  relayed('setone', 'another Call-ID, another node', { callId: 'call-9-other' }, 'setone-other'),
  relayed('setbranch', 'a set chosen before the branch route'),
  relayed('setavp', 'a set from an AVP'),
  relayed('setbad', 'a set that is not there'),
  relayed('settext', 'a set written as text'),
  relayed('setpv', 'a set from a variable'),
  scenario('settwo', 'two sets, one behind the other', async ({ alice, bob, uri }) => {
    const invite = await alice.request('INVITE', uri('settwo'), { body: sdp() });
    await bob.reply(await bob.receives('INVITE'), 200, { body: bob.sdp });
    await alice.ack(invite, await alice.receives(200));
    await bob.receives('ACK');
  }),
  relayed('verbs', 'the other commands'),
  relayed('asked', 'rtpengine_query_v()'),
  relayed('quality', 'what delete tells about the call'),
  relayed('offer', 'an error', {}, 'refused'),
  relayed('offer', 'a result nobody knows', {}, 'strange'),
  relayed('offer', 'no result', {}, 'empty'),
  relayed('offer', 'ok without an SDP', {}, 'nosdp'),
  relayed('setone', 'a node at its limit', { callId: 'call-1-loaded-not-voicemail' }, 'next-loaded'),
  relayed('setone', 'a node with no room', { callId: 'call-1-full-not-voicemail' }, 'next-full'),
  relayed('setone', 'all nodes without ports', { callId: 'call-1-noports' }, 'all-noports'),
  scenario('shown', 'rtpengine.show, ping, enable', async ({ rpc }) => {
    await rpc('rtpengine.show', 'all');
    await rpc('rtpengine.show', 'udp:127.0.0.1:22050');
    await rpc('rtpengine.show', 'udp:127.0.0.1:1');
    await rpc('rtpengine.show');
    await rpc('rtpengine.ping', 'all');
    await rpc('rtpengine.ping', 'udp:127.0.0.1:22060');
    await rpc('rtpengine.ping', 'other');
    await rpc('rtpengine.enable', 'udp:127.0.0.1:22050', '0');
    await rpc('rtpengine.show', 'udp:127.0.0.1:22050');
    await rpc('rtpengine.enable', 'udp:127.0.0.1:22050', '1');
    await rpc('rtpengine.show', 'udp:127.0.0.1:22050');
    await rpc('rtpengine.enable', 'udp:127.0.0.1:22050');
    await rpc('rtpengine.reload');
  }),
  relayed('setone', 'a node that does not answer', { callId: 'call-1-silent-not-voicemail' }, 'next-silent'),
  scenario('down', 'the node that did not answer is disabled', async ({ rpc }) => {
    await rpc('rtpengine.ping', 'udp:127.0.0.1:22040');
    await rpc('rtpengine.ping', 'udp:127.0.0.1:22050');
  }),
]);

const relay = (name: string) => ngRelay(name);
export default {
  ...rtpengine,
  speaks: { edge: relay('edge'), voicemail: relay('voicemail'), gateway: relay('gateway'), dave: relay('dave') },
};

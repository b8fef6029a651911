/** sdpops: codecs, streams, lines and versions of session descriptions. */
import type { SendOptions } from '../party.js';
import { group, type Stage, scenario } from '../scenario.js';

const relayed = (name: string, title: string, options: SendOptions) =>
  scenario(name.replaceAll('.', '-'), title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('INVITE', uri(name), options);
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.receives(486);
  });

const lines = (...list: readonly string[]) => `${list.join('\r\n')}\r\n`;
const head = ['v=0', 'o=alice 2890844526 99 IN IP4 10.0.0.5', 's=-', 'c=IN IP4 10.0.0.5', 't=0 0'];
const audio = [
  'm=audio 30000 RTP/AVP 0 8 96 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:96 opus/48000/2',
  'a=fmtp:96 useinbandfec=1',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=rtcp-fb:0 nack',
  'a=sendrecv',
];
const video = [
  'm=video 30002 RTP/SAVP 31 97',
  'c=IN IP4 10.0.0.6',
  'a=rtpmap:97 H264/90000',
  'a=fmtp:97 profile-level-id=42e01f',
  'a=inactive',
];
const both = lines(...head, ...audio, ...video);
const ice = lines(
  ...head.slice(0, 3),
  'c=IN IP6 2001:db8::1',
  't=0 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 8',
  'a=rtpmap:111 opus/48000/2',
  'a=candidate:1 1 UDP 1 10.0.0.5 30000 typ host',
);
const parts = lines(
  '--b',
  'Content-Type: application/sdp',
  '',
  ...head,
  ...audio,
  '--b',
  'Content-Type: text/plain',
  '',
  'hello',
  '--b--',
);
const body = { body: both };

export default group('sdpops', 'sdpops.cfg', [
  relayed('rmid', 'codecs removed by number', body),
  relayed('rmidaudio', 'codecs removed by number from audio', body),
  relayed('rmname', 'codecs removed by name', body),
  relayed('rmnamevideo', 'codecs removed by name from video', body),
  relayed('rmunknown', 'a name nobody has', body),
  relayed('keepid', 'codecs kept by number', body),
  relayed('keepidaudio', 'codecs kept by number in audio', body),
  relayed('keepname', 'codecs kept by name', body),
  relayed('keepnamecase', 'codecs kept by name in other letters', body),
  relayed('rmline', 'lines removed', body),
  relayed('rmlinevideo', 'lines of a stream removed', body),
  relayed('rmlinenone', 'no such line', body),
  relayed('rmmedia', 'a stream removed', body),
  relayed('rmfirst', 'the first stream removed', body),
  relayed('rmtransport', 'streams of a transport removed', body),
  relayed('version', 'the version counted up', body),
  relayed('version.long', 'a version of more than 31 bits', { body: both.replace(' 99 ', ' 3724394400 ') }),
  relayed('versionset', 'the version set', body),
  relayed('ask.both', 'questions about audio and video', body),
  relayed('ask.ice', 'questions about ICE and IPv6', { body: ice }),
  relayed('ask.parts', 'questions about a part of a body', { body: parts, type: 'multipart/mixed;boundary=b' }),
  relayed('ask.none', 'questions without a body', {}),
  relayed('ask.text', 'questions about another body', { body: 'hello\r\n', type: 'text/plain' }),
  relayed('ask.broken', 'questions about a malformed SDP', { body: lines('v=0', 'o=a 1 1 IN IP4 1.1.1.1', 's=-') }),
  relayed('ask.noaddress', 'no address anywhere', { body: lines(...head.slice(0, 3), 't=0 0', ...audio) }),
  relayed('rmid.parts', 'codecs removed in a part', { body: parts, type: 'multipart/mixed;boundary=b' }),
]);

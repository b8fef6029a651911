/**
 * What rtpengine has since after 5.6.3: connect, tests on time, SDP into a variable and the message, subscriptions, DTMF events;
 * and what rtpproxy has: the tag of a session that times out. A relay on the simulated wire hears it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedEnvironment, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { type Dictionary, decodeDictionary } from '../../stdlib-modules/rtpengine/bencode.js';
import { eventsAddress } from '../../stdlib-modules/rtpengine/dtmf.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
const cfg = `listen=udp:127.0.0.1:5060
${['sl', 'pv', 'xlog', 'textops', 'textopsx', 'rtpproxy', 'rtpengine'].map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:5097")
modparam("rtpengine", "ping_mode", 0)
modparam("rtpengine", "ping_interval", 5)
modparam("rtpengine", "write_sdp_pv", "$avp(sdp)")
modparam("rtpengine", "write_sdp_pv_mode", 1)
modparam("rtpproxy", "rtpproxy_sock", "udp:127.0.0.1:5095")
modparam("rtpproxy", "timeout_socket", "xmlrpc:http://10.0.0.9")
modparam("rtpproxy", "timeout_tag_pv", "$hdr(X-Tag)")
modparam("rtpengine", "dtmf_events_sock", "127.0.0.1:5098")
modparam("rtpengine", "dtmf_event_callid", "$avp(call)")
modparam("rtpengine", "dtmf_event", "$avp(key)")
modparam("rtpengine", "dtmf_event_tags", "$avp(tags)")
modparam("rtpengine", "dtmf_event_type", "$avp(type)")
modparam("rtpengine", "dtmf_event_source_tag", "$avp(tag)")
modparam("rtpengine", "dtmf_event_source_label", "$avp(label)")
modparam("rtpengine", "dtmf_event_source_ip", "$avp(ip)")
modparam("rtpengine", "dtmf_event_timestamp", "$avp(time)")
modparam("rtpengine", "dtmf_event_duration", "$avp(duration)")
modparam("rtpengine", "dtmf_event_volume", "$avp(volume)")
event_route[rtpengine:dtmf-event] {
  xlog("L_ERR", "event $avp(call) $avp(key) $avp(tags) $avp(type) from $avp(tag) $avp(label) $avp(ip) at $avp(time) for $avp(duration) by $avp(volume)\\n");
}
request_route {
  if (is_method("UPDATE")) {
    rtpproxy_offer();
    xlog("L_ERR", "$rc\\n");
    exit;
  }
  if (is_method("INFO")) {
    rtpengine_subscribe_request("all siprec from-tags=a from-tags=b", "$avp(copy)", "$avp(tag)", "streams");
    xlog("L_ERR", "$rc $avp(copy) $avp(tag) $xavp(streams[0]=>tag) $xavp(streams[1]=>tag) $xavp(streams[1]=>label[0]) $xavp(streams[1]=>label[1]) $xavp(streams[1]=>label[2])\\n");
    rtpengine_subscribe_answer("to-tag=$avp(tag) call-id=other");
    xlog("L_ERR", "$rc\\n");
    rtpengine_unsubscribe("to-tag=$avp(tag)");
    xlog("L_ERR", "$rc\\n");
    exit;
  }
  rtpengine_offer();
  msg_apply_changes();
  xlog("L_ERR", "$avp(sdp) $rb\\n");
  rtpengine_connect("to-call-id=other to-tag=t");
  xlog("L_ERR", "$rc\\n");
  rtpengine_destroy();
}`;

let env: SimulatedEnvironment;
let server: Server;
let send: (method: string, line?: string) => Promise<void>;
const heard: Dictionary[] = [];
const proxyHeard: string[] = [];
const said = () =>
  env.log.records.splice(0).flatMap(({ source, text }) => (source === '<script>' ? [text.trim()] : []));
const SUBSCRIBED =
  'd6:result2:ok3:sdp4:copy6:to-tag4:made10:tag-mediasld3:tag1:a6:mediasld5:label1:0ed5:label1:1ed5:label1:xeeed3:tag1:b6:mediasleeee';

beforeAll(async () => {
  env = simulatedEnvironment();
  const relay = await env.network.bindUdp({ ip: '127.0.0.1', port: 5097 }, (bytes, from) => {
    const [cookie = ''] = bytes.split(' ', 1);
    const asked = decodeDictionary(bytes.slice(cookie.length + 1));
    if (asked === null) return;
    heard.push(asked);
    const answers: Readonly<Record<string, string>> = {
      ping: 'd6:result4:ponge',
      offer: 'd6:result2:ok3:sdp3:newe',
      'subscribe request': SUBSCRIBED,
    };
    relay.send(`${cookie} ${answers[asked.text('command') ?? ''] ?? 'd6:result2:oke'}`, from);
  });
  const proxy = await env.network.bindUdp({ ip: '127.0.0.1', port: 5095 }, (bytes, from) => {
    const [cookie = '', verb = '', ...words] = bytes.trimEnd().split(' ');
    if (verb.startsWith('U')) proxyHeard.push(words.join(' '));
    proxy.send(`${cookie} ${verb === 'V' ? '20040107' : verb === 'VF' ? '1' : '35000 203.0.113.1'}\n`, from);
  });
  server = await startBuilt(await buildCfg('newer-rtpengine.cfg', cfg), env);
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, () => {});
  send = async (method, line = 'X-Tag: t') => {
    peer.send(
      `${method} sip:b@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKr\r\nFrom: <sip:a@b>;tag=f\r\nTo: <sip:b@b>\r\n` +
        `Call-ID: call\r\nCSeq: 1 ${method}\r\n${line}\r\nContent-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`,
      { ip: '127.0.0.1', port: 5060 },
    );
    await env.clock.advance(100);
  };
});
afterAll(() => server.stop(0));

it('a relay is told', async () => {
  const names = () => heard.splice(0).map((one) => one.text('command'));
  await env.clock.advance(4_900);
  expect(names()).toEqual([]);
  await env.clock.advance(200);
  expect(names()).toEqual(['ping']);
  await send('INVITE');
  expect(said()).toEqual(['new new', '1']);
  const connect = heard.find((one) => one.text('command') === 'connect');
  expect(['call-id', 'from-tag', 'to-tag', 'to-call-id'].map((key) => connect?.text(key))).toEqual([
    'call',
    'f',
    't',
    'other',
  ]);
  expect(names()).toEqual(['offer', 'connect', 'delete']);
});

it('who gets copies of the media', async () => {
  await send('INFO');
  expect(said()).toEqual(['1 copy made b a 1 0 <null>', '1', '1']);
  const about = ['command', 'call-id', 'from-tag', 'to-tag', 'sdp'] as const;
  expect(heard.map((one) => about.map((key) => one.text(key)))).toEqual([
    ['subscribe request', 'call', null, null, null],
    ['subscribe answer', 'other', null, 'made', SDP],
    ['unsubscribe', 'call', null, 'made', null],
  ]);
  const [request] = heard.splice(0);
  expect([request?.list('flags'), request?.list('from-tags')]).toEqual([
    ['all', 'siprec'],
    ['a', 'b'],
  ]);
});

it('DTMF events run their route, in order', async () => {
  const relay = await env.network.bindUdp({ ip: '127.0.0.1', port: 5096 }, () => {});
  const event = (told: unknown) =>
    relay.send(typeof told === 'string' ? told : JSON.stringify(told), { ip: '127.0.0.1', port: 5098 });
  const source = { source_tag: 'a', source_label: 'left', source_ip: '10.0.0.1' };
  event({
    callid: 'c1',
    event: 11,
    tags: ['a', 'b'],
    type: 'DTMF',
    ...source,
    timestamp: 1_700_000_000,
    duration: 100,
    volume: 8,
  });
  event('{"callid":');
  event('[1]');
  event({ callid: 7, event: 1.9 });
  await env.clock.advance(50);
  const dropped = env.log.records.filter(({ text }) => text.includes('no JSON object')).length;
  expect([said(), dropped]).toEqual([
    [
      'event c1 11 a,b 0 from a left 10.0.0.1 at 1700000000 for 100 by 8',
      'event <null> 1 <null> <null> from <null> <null> <null> at <null> for <null> by <null>',
    ],
    2,
  ]);
});
it('the address of DTMF events', () => {
  expect(eventsAddress('127.0.0.1:2223')).toEqual({ ip: '127.0.0.1', port: 2223 });
  expect(eventsAddress('[::1]:2223')).toEqual({ ip: '::1', port: 2223 });
  for (const bad of ['127.0.0.1', 'localhost:2223', '127.0.0.1:70000', '::1:2223', '[127.0.0.1]:1'])
    expect(eventsAddress(bad)).toBeNull();
});

it('rtpproxy is told what to say when a session times out', async () => {
  await send('UPDATE', 'X-Tag: caf%C3%A9');
  await send('UPDATE', 'X-Tag: two words');
  expect(said()).toEqual(['1', '-1']);
  expect(proxyHeard).toEqual(['call 127.0.0.1 4000 f;1 xmlrpc:http://10.0.0.9 caf%C3%A9']);
});

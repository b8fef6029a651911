/** rtpengine over WebSocket (wsapi, newer than 5.6.3): the ng protocol with its cookies, and what becomes of a relay that is not there. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedEnvironment, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { StreamConnection } from '../../runtime/env.js';
import type { Server } from '../../runtime/index.js';
import { FrameReader, frame, Opcode } from '../../runtime/transport/ws-frames.js';
import { wsAccept } from '../../runtime/transport/ws-opening.js';
import { decodeDictionary } from '../../stdlib-modules/rtpengine/bencode.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
const modules = (...names: string[]) => names.map((name) => `loadmodule "${name}.so"\n`).join('');
const cfg = `listen=udp:127.0.0.1:5060
${modules('sl', 'pv', 'xlog', 'textops', 'lwsc', 'rtpengine')}
modparam("lwsc", "protocol", "log")
modparam("rtpengine", "wsapi", "lwsc")
modparam("rtpengine", "rtpengine_tout_ms", 300)
modparam("rtpengine", "rtpengine_sock", "ws://127.0.0.1:5097/ng")
modparam("rtpengine", "rtpengine_sock", "2 == ws://127.0.0.1:5098/ng wss:nonsense")
modparam("rtpengine", "rtp_inst_pvar", "$var(who)")
request_route {
  if (is_method("MESSAGE")) {
    lwsc_request("ws://127.0.0.1:5097/log", "hello $fU");
    xlog("L_ERR", "$rc $lwsc(rdata)\\n");
    exit;
  }
  if ($rU == "second") set_rtpengine_set("2");
  rtpengine_offer();
  xlog("L_ERR", "$rc $var(who)\\n");
}`;

/** A WebSocket server: what it is sent, and the lines it was asked to open with. */
class StandIn {
  readonly heard: string[] = [];
  readonly openings: string[] = [];
  connection: StreamConnection | null = null;
  answer: (message: string) => readonly string[] = () => [];
  accepted(connection: StreamConnection): void {
    this.connection = connection;
    let head = '';
    const reader = new FrameReader({
      message: (text) => {
        this.heard.push(text);
        for (const one of this.answer(text)) connection.write(frame(Opcode.text, one));
      },
      control: () => {},
    });
    connection.onData = (bytes) => {
      if (head.endsWith('\r\n\r\n')) {
        expect(reader.push(bytes)).toBeNull();
        return;
      }
      head += bytes;
      if (!head.endsWith('\r\n\r\n')) return;
      this.openings.push(head);
      const key = /Sec-WebSocket-Key: (\S+)/.exec(head)?.[1] ?? '';
      connection.write(
        `HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${wsAccept(key)}\r\n\r\n`,
      );
    };
  }
}

let env: SimulatedEnvironment;
let server: Server;
const relay = new StandIn();
let send: (method: string, user?: string) => Promise<void>;
const said = () =>
  env.log.records.splice(0).flatMap(({ source, text }) => (source === '<script>' ? [text.trim()] : []));
const command = (text: string) => decodeDictionary(text.slice(text.indexOf(' ') + 1))?.text('command');

beforeAll(async () => {
  env = simulatedEnvironment();
  relay.answer = (message) => {
    const [cookie = ''] = message.split(' ', 1);
    const asked = decodeDictionary(message.slice(cookie.length + 1));
    if (asked === null) return [`${message} to you`];
    const result = asked.text('command') === 'ping' ? 'd6:result4:ponge' : 'd6:result2:ok3:sdp3:newe';
    // What is another's comes first.
    return [`0_0 d6:result5:errore`, `${cookie} ${result}`];
  };
  await env.network.listenTcp({ ip: '127.0.0.1', port: 5097 }, (connection) => relay.accepted(connection));
  server = await startBuilt(await buildCfg('newer-rtpengine-ws.cfg', cfg), env);
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, () => {});
  let calls = 0;
  send = async (method, user = 'b') => {
    const call = `call-${calls++}`;
    peer.send(
      `${method} sip:${user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK${call}\r\nFrom: <sip:a@b>;tag=f\r\n` +
        `To: <sip:b@b>\r\nCall-ID: ${call}\r\nCSeq: 1 ${method}\r\nContent-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`,
      { ip: '127.0.0.1', port: 5060 },
    );
    await env.clock.advance(3000);
  };
  await env.clock.advance(100);
});
afterAll(() => server.stop(0));

it('a relay is found, with the sub-protocol of ng', async () => {
  expect(relay.heard.map(command)).toEqual(['ping']);
  expect(relay.openings).toHaveLength(1);
  expect(relay.openings[0]).toMatch(/^GET \/ng HTTP\/1\.1\r\nHost: 127\.0\.0\.1:5097\r\n/);
  expect(relay.openings[0]).toContain('\r\nSec-WebSocket-Protocol: ng.rtpengine.com\r\n');
});
it('an offer is answered by the message with its cookie', async () => {
  relay.heard.length = 0;
  await send('INVITE');
  expect(said()).toEqual(['1 ws://127.0.0.1:5097/ng']);
  expect(relay.heard.map(command)).toEqual(['offer']);
});
it('a relay that cannot be reached is left alone', async () => {
  await send('INVITE', 'second');
  expect(said()).toEqual(['-1 0']);
});
it('the connection is opened again when the relay closed it', async () => {
  relay.connection?.write(frame(Opcode.close, '\x03\xe8'));
  await env.clock.advance(100);
  await send('INVITE');
  expect(said()).toEqual(['1 ws://127.0.0.1:5097/ng']);
  expect(relay.openings).toHaveLength(2);
});
it('a relay that is silent, or closes while it is asked', async () => {
  const { answer } = relay;
  relay.answer = () => [];
  await send('INVITE');
  expect(said()).toEqual(['-1 0']);
  expect(relay.heard.slice(-2).map(command)).toEqual(['offer', 'ping']);
  relay.answer = () => {
    relay.connection?.destroy();
    return [];
  };
  await send('INVITE');
  expect(said()).toEqual(['-1 0']);
  relay.answer = answer;
});
it('lwsc_request() has a connection of its own', async () => {
  await send('MESSAGE');
  expect(said()).toEqual(['1 hello a to you']);
  expect(relay.openings.at(-1)).toMatch(/^GET \/log .*\r\nSec-WebSocket-Protocol: log\r\n/s);
});
it.each([
  [modules('rtpengine'), 'lwsc', 'wsapi needs loadmodule'],
  [modules('lwsc', 'rtpengine'), 'curl', 'wsapi curl does not exist'],
])('%s with wsapi %s is refused', async (loaded, wsapi, why) => {
  const text = `${loaded}modparam("rtpengine", "wsapi", "${wsapi}")\nrequest_route { exit; }`;
  const built = await buildCfg('refused.cfg', text);
  await expect(startBuilt(built, simulatedEnvironment())).rejects.toThrow(why);
});

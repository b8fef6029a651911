/**
 * JsSIP, the SIP stack of browsers, over WebSocket: two phones register, one calls the other, talks, hangs up. Media is
 * not negotiated here (Node has no WebRTC): a stand-in makes up the SDP.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Child, freePort, startSipcCommand } from '../support/child.js';

const sdp = (id: number) =>
  `v=0\r\no=- ${id} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv\r\n`;
interface Description {
  readonly type: string;
  readonly sdp: string;
}
/** As much of RTCPeerConnection as JsSIP looks at. */
class MadeUpPeerConnection {
  iceGatheringState = 'complete';
  iceConnectionState = 'connected';
  signalingState = 'stable';
  localDescription: Description | null = null;
  remoteDescription: Description | null = null;
  addEventListener() {}
  removeEventListener() {}
  addTrack() {}
  getSenders() {
    return [];
  }
  getReceivers() {
    return [];
  }
  close() {
    this.signalingState = 'closed';
  }
  createOffer = async (): Promise<Description> => ({ type: 'offer', sdp: sdp(1) });
  createAnswer = async (): Promise<Description> => ({ type: 'answer', sdp: sdp(2) });
  async setLocalDescription(d: Description) {
    this.localDescription = d;
    this.signalingState = d.type === 'offer' ? 'have-local-offer' : 'stable';
  }
  async setRemoteDescription(d: Description) {
    this.remoteDescription = d;
    this.signalingState = d.type === 'offer' ? 'have-remote-offer' : 'stable';
  }
}

let server: Child;
let port = 0;

beforeAll(async () => {
  port = await freePort();
  const cfg = join(mkdtempSync(join(tmpdir(), 'sipc-jssip-')), 'kamailio.cfg');
  writeFileSync(
    cfg,
    `#!KAMAILIO
tcp_accept_no_cl=yes
tcp_connection_lifetime=600
auto_aliases=no
alias="example.com"
listen=tcp:127.0.0.1:${port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "xhttp.so"
loadmodule "websocket.so"
modparam("registrar", "received_avp", "$avp(RECEIVED)")
request_route {
	if (is_method("REGISTER")) {
		$avp(RECEIVED) = "sip:" + $si + ":" + $sp + ";transport=" + $proto;
		save("location");
		exit;
	}
	if (has_totag()) loose_route();
	else record_route();
	# A browser has no address of its own: location knows the connection of the user its contact names.
	$ru = "sip:" + $rU + "@example.com";
	if (!lookup("location")) {
		sl_send_reply("404", "Not Found");
		exit;
	}
	t_relay();
}
event_route[xhttp:request] {
	set_reply_close();
	if ($hdr(Upgrade) =~ "websocket" && ws_handle_handshake()) exit;
	xhttp_reply("404", "Not Found", "", "");
}
`,
  );
  server = startSipcCommand(['run', cfg]);
  await server.until(new RegExp(`tcp:127.0.0.1:${port}`));
  Object.assign(globalThis, {
    WebSocket,
    window: globalThis,
    RTCPeerConnection: MadeUpPeerConnection,
    RTCSessionDescription: class {
      constructor(given: Description) {
        Object.assign(this, given);
      }
    },
  });
}, 60_000);
afterAll(async () => {
  server.kill('SIGKILL');
  await server.ended;
});

it('two phones register, call and hang up', async () => {
  const { default: JsSIP } = await import('jssip');
  const mediaStream = { getTracks: () => [] } as never;
  const phone = (name: string) =>
    new Promise<InstanceType<typeof JsSIP.UA>>((resolve, reject) => {
      const ua = new JsSIP.UA({
        sockets: [new JsSIP.WebSocketInterface(`ws://127.0.0.1:${port}/`)],
        uri: `sip:${name}@example.com`,
        contact_uri: `sip:${name}@${name}.invalid;transport=ws`,
        session_timers: false,
      });
      ua.on('registered', () => resolve(ua));
      ua.on('registrationFailed', ({ cause }) => reject(new Error(String(cause))));
      ua.start();
    });
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  const seen: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`only ${seen.join(', ')}\n${server.err()}`)), 5000);
    bob.on(
      'newRTCSession',
      ({ session, originator }: { session: import('jssip/lib/RTCSession.js').RTCSession; originator: string }) => {
        if (originator !== 'remote') return;
        seen.push('bob rings');
        session.on('confirmed', () => {
          seen.push('bob talks');
          session.terminate();
        });
        session.answer({ mediaStream });
      },
    );
    alice.call('sip:bob@example.com', {
      mediaStream,
      eventHandlers: {
        accepted: () => void seen.push('alice talks'),
        failed: () => reject(new Error(`failed after ${seen.join(', ')}`)),
        ended: () => {
          seen.push('bob hung up');
          clearTimeout(late);
          resolve();
        },
      },
    });
  });
  expect(seen).toEqual(expect.arrayContaining(['bob rings', 'alice talks', 'bob talks', 'bob hung up']));
  alice.stop();
  bob.stop();
}, 20_000);

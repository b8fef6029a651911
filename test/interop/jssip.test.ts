/**
 * JsSIP, the SIP stack of browsers, over WebSocket: two phones register, one calls the other, talks, hangs up. Once with a cfg
 * of a page, and once with the stock cfg, whose phones have to know the passwords that are in MariaDB: there Kamailio plays
 * the same. Media is not negotiated here (Node has no WebRTC): a stand-in makes up the SDP.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RTCSession } from 'jssip/lib/RTCSession.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createStatements, standardGroups } from '../../runtime/db/schema/ddl.js';
import { freePort } from '../support/child.js';
import { adminSql, createDatabase, describeWithServer, type TestDatabase } from '../support/databases.js';
import { startKamailio } from '../support/kamailio.js';
import type { ServerProcess } from '../support/server-process.js';
import { startSipc } from '../support/sipc.js';
import { splicedStock } from '../support/stock-config.js';
import { missingTools, stockConfig } from '../support/tools.js';

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

type Phone = import('jssip').UA;
beforeAll(() => {
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
});

/** A phone that has registered; rejects with the cause when it is refused. */
async function phone(port: number, name: string, password?: string): Promise<Phone> {
  const { default: JsSIP } = await import('jssip');
  return new Promise((resolve, reject) => {
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(`ws://127.0.0.1:${port}/`)],
      uri: `sip:${name}@example.com`,
      contact_uri: `sip:${name}@${name}.invalid;transport=ws`,
      session_timers: false,
      ...(password === undefined ? {} : { password }),
    });
    ua.on('registered', () => resolve(ua));
    ua.on('registrationFailed', ({ cause }) => {
      ua.stop();
      reject(new Error(String(cause)));
    });
    ua.start();
  });
}

/** Calls; the callee answers and hangs up once the call stands. What was seen, in order at each phone. */
function call(caller: Phone, callee: Phone, to: string, said: () => string): Promise<readonly string[]> {
  const mediaStream = { getTracks: () => [] } as never;
  const seen: string[] = [];
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`only ${seen.join(', ')}\n${said()}`)), 5000);
    callee.on('newRTCSession', ({ session, originator }: { session: RTCSession; originator: string }) => {
      if (originator !== 'remote') return;
      seen.push('callee rings');
      session.on('confirmed', () => {
        seen.push('callee talks');
        session.terminate();
      });
      session.answer({ mediaStream });
    });
    caller.call(to, {
      mediaStream,
      eventHandlers: {
        accepted: () => void seen.push('caller talks'),
        failed: () => reject(new Error(`failed after ${seen.join(', ')}\n${said()}`)),
        ended: () => {
          seen.push('callee hung up');
          clearTimeout(late);
          resolve(seen);
        },
      },
    });
  });
}
const wholeCall = ['callee rings', 'caller talks', 'callee talks', 'callee hung up'];

/** The server of the tests of a `describe`. */
function withServer(
  start: typeof startSipc,
  options: () => { readonly cfg: string; readonly args?: readonly string[] },
) {
  const running = { server: null as ServerProcess | null, port: 0, said: () => running.server?.output() ?? '' };
  beforeAll(async () => {
    running.port = await freePort();
    const { cfg, args = [] } = options();
    const path = join(mkdtempSync(join(tmpdir(), 'sipc-jssip-')), 'kamailio.cfg');
    writeFileSync(path, cfg, 'latin1');
    running.server = await start({ cfg: path, port: running.port, args });
  }, 60_000);
  afterAll(() => running.server?.stop());
  return running;
}

const smallCfg = `#!KAMAILIO
tcp_accept_no_cl=yes
tcp_connection_lifetime=600
auto_aliases=no
alias="example.com"
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
`;

describe('a small cfg', () => {
  const running = withServer(startSipc, () => ({ cfg: smallCfg }));
  it('two phones register, call and hang up', async () => {
    const { port, said } = running;
    const [alice, bob] = [await phone(port, 'alice'), await phone(port, 'bob')];
    const seen = await call(alice, bob, 'sip:bob@example.com', said);
    expect(seen).toEqual(expect.arrayContaining(wholeCall));
    alice.stop();
    bob.stop();
  }, 20_000);
});

const stock = () => {
  let database: TestDatabase;
  beforeAll(() => {
    database = createDatabase('mysql', 'jssip');
    const rows = ['alice', 'bob'].map((name) => `('${name}', 'example.com', 'of ${name}')`).join(', ');
    const statements = [
      ...createStatements('mysql', standardGroups),
      `INSERT INTO subscriber (username, domain, password) VALUES ${rows}`,
    ];
    adminSql('mysql', `${statements.join(';\n')};`, database.name);
  });
  afterAll(() => database.drop());

  describe.each([
    ['Kamailio', startKamailio, ['kamailio']],
    ['sipc', startSipc, []],
  ] as const)('%s', (_, start, tools) => {
    const missing = missingTools([...tools], [stockConfig]);
    if (missing !== null) {
      it.skip(missing, () => {});
      return;
    }
    const running = withServer(start, () => ({
      cfg: splicedStock.replace('# alias="sip.mydomain.com"', 'alias="example.com"'),
      args: ['MYSQL', 'AUTH', 'NAT', 'WEBSOCKETS']
        .flatMap((name) => ['-A', `WITH_${name}`])
        .concat('-A', `DBURL="${database.url}"`),
    }));
    it('who knows the password registers, calls and hangs up; others do not get in', async () => {
      const { port, said } = running;
      await expect(phone(port, 'alice', 'of bob')).rejects.toThrow('Authentication Error');
      await expect(phone(port, 'eve', 'of alice')).rejects.toThrow('Authentication Error');
      const [alice, bob] = [await phone(port, 'alice', 'of alice'), await phone(port, 'bob', 'of bob')];
      const seen = await call(alice, bob, 'sip:bob@example.com', said);
      expect(seen).toEqual(expect.arrayContaining(wholeCall));
      alice.stop();
      bob.stop();
    }, 20_000);
  });
};
await describeWithServer('mysql', 'the stock cfg with WITH_WEBSOCKETS', stock);

/**
 * One set of laws over every transport: udp, tcp, tls, ws, wss. A server process, and clients that know no more of it than a
 * phone does: they open a connection, register, and are reached over that same connection.
 */
import { createSocket } from 'node:dgram';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Child, freePort, startSipcCommand } from '../support/child.js';
import { allValues, readSip, type SipText } from '../support/sip-text.js';
import { tlsFolder } from '../support/tls-files.js';

const transports = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
type Transport = (typeof transports)[number];
/** WebSocket has no sockets of its own: one Record-Route where both sides share one. */
const socketOf = { udp: 'udp', tcp: 'tcp', tls: 'tls', ws: 'tcp', wss: 'tls' } as const;

/** A connection that carries whole messages. */
interface Wire {
  readonly port: number;
  send(bytes: string): void;
  close(): void;
}
type OnMessage = (bytes: string) => void;

class Stream {
  private held = '';
  constructor(private readonly onMessage: OnMessage) {}
  push(bytes: string): void {
    this.held += bytes;
    for (;;) {
      const head = this.held.indexOf('\r\n\r\n');
      if (head < 0) return;
      const size = head + 4 + Number(/\nContent-Length: *(\d+)/i.exec(this.held.slice(0, head))?.[1] ?? 0);
      if (this.held.length < size) return;
      const message = this.held.slice(0, size);
      this.held = this.held.slice(size);
      this.onMessage(message);
    }
  }
}

let server: Child;
let port = 0;
let tlsPort = 0;

async function open(transport: Transport, onMessage: OnMessage): Promise<Wire> {
  switch (transport) {
    case 'udp': {
      const socket = createSocket('udp4');
      socket.on('message', (bytes) => onMessage(bytes.toString('latin1')));
      await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve));
      return {
        port: socket.address().port,
        send: (bytes) => socket.send(Buffer.from(bytes, 'latin1'), port, '127.0.0.1'),
        close: () => void socket.close(),
      };
    }
    case 'tcp':
    case 'tls': {
      const stream = new Stream(onMessage);
      const socket =
        transport === 'tcp'
          ? connect(port, '127.0.0.1')
          : connectTls({ host: '127.0.0.1', port: tlsPort, rejectUnauthorized: false });
      socket.on('data', (bytes) => stream.push(bytes.toString('latin1')));
      await new Promise<void>((resolve, reject) => {
        socket.once(transport === 'tcp' ? 'connect' : 'secureConnect', resolve);
        socket.once('error', reject);
      });
      return {
        port: socket.localPort ?? 0,
        send: (bytes) => void socket.write(bytes, 'latin1'),
        close: () => void socket.destroy(),
      };
    }
    case 'ws':
    case 'wss': {
      const url = transport === 'ws' ? `ws://127.0.0.1:${port}/` : `wss://127.0.0.1:${tlsPort}/`;
      const socket = new WebSocket(url, 'sip', { rejectUnauthorized: false });
      socket.on('message', (data: Buffer) => onMessage(data.toString('latin1')));
      await new Promise<void>((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
      });
      return { port: 9, send: (bytes) => socket.send(Buffer.from(bytes, 'latin1')), close: () => socket.close() };
    }
  }
}

class Client {
  private readonly arrived: SipText[] = [];
  private readonly waiting: { matches: (m: SipText) => boolean; resolve: (m: SipText) => void }[] = [];
  private wire: Wire | null = null;
  private branches = 0;

  private constructor(
    readonly name: string,
    readonly transport: Transport,
  ) {}
  static async open(name: string, transport: Transport): Promise<Client> {
    const client = new Client(name, transport);
    client.wire = await open(transport, (bytes) => client.take(readSip(bytes)));
    return client;
  }
  get host(): string {
    return this.transport.startsWith('ws') ? `${this.name}.invalid` : `127.0.0.1:${this.wire?.port}`;
  }
  get contact(): string {
    const transport = this.transport === 'wss' ? 'ws' : this.transport;
    return `sip:${this.name}@${this.host}${transport === 'udp' ? '' : `;transport=${transport}`}`;
  }
  close(): void {
    this.wire?.close();
  }
  send(bytes: string): void {
    this.wire?.send(bytes);
  }
  request(method: string, uri: string, headers: readonly string[] = [], body = '', to = uri): string {
    const branch = `z9hG4bK${this.name}${++this.branches}`;
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/${this.transport.toUpperCase()} ${this.host};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: <sip:${this.name}@example.com>;tag=${this.name}`,
      `To: <${to}>`,
      `Call-ID: ${branch}`,
      `CSeq: ${this.branches} ${method}`,
      ...headers,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  }
  answer(to: SipText, status: number): void {
    const copied = to.headers.filter(([name]) => /^(via|from|to|call-id|cseq)$/i.test(name));
    const lines = copied.map(([name, value]) => `${name}: ${value}${name === 'To' ? ';tag=x' : ''}`);
    this.send(`SIP/2.0 ${status} OK\r\n${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
  }
  receives(what: string | number): Promise<SipText> {
    const matches = (m: SipText) =>
      typeof what === 'number' ? m.status === what : m.status === 0 && m.method === what;
    const index = this.arrived.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.arrived.splice(index, 1)[0]!);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} (${this.transport}) waits for ${what}`)), 3000);
      const done = (m: SipText) => {
        clearTimeout(timer);
        resolve(m);
      };
      this.waiting.push({ matches, resolve: done });
    });
  }
  async register(): Promise<void> {
    const aor = `sip:${this.name}@example.com`;
    this.send(this.request('REGISTER', 'sip:example.com', [`Contact: <${this.contact}>;expires=600`], '', aor));
    await this.receives(200);
  }
  private take(message: SipText): void {
    const index = this.waiting.findIndex(({ matches }) => matches(message));
    if (index < 0) this.arrived.push(message);
    else this.waiting.splice(index, 1)[0]!.resolve(message);
  }
}

beforeAll(async () => {
  port = await freePort();
  tlsPort = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'sipc-transports-'));
  const cfg = join(folder, 'kamailio.cfg');
  writeFileSync(
    cfg,
    `#!KAMAILIO
enable_tls=yes
tcp_accept_no_cl=yes
tcp_connection_lifetime=600
auto_aliases=no
alias="example.com"
listen=udp:127.0.0.1:${port}
listen=tcp:127.0.0.1:${port}
listen=tls:127.0.0.1:${tlsPort}
loadmodule "tls.so"
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
modparam("tls", "certificate", "${tlsFolder}server.pem")
modparam("tls", "private_key", "${tlsFolder}server.key")
modparam("registrar", "received_avp", "$avp(RECEIVED)")
request_route {
	if (is_method("REGISTER")) {
		if ($proto =~ "ws") $avp(RECEIVED) = "sip:" + $si + ":" + $sp + ";transport=" + $proto;
		save("location");
		exit;
	}
	if (is_method("OPTIONS")) {
		sl_send_reply("200", "$proto");
		exit;
	}
	if (!lookup("location")) {
		sl_send_reply("404", "Not Found");
		exit;
	}
	record_route();
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
  await server.until(new RegExp(`tls:127.0.0.1:${tlsPort}`));
}, 60_000);
afterAll(async () => {
  server.kill('SIGKILL');
  await server.ended;
});

describe.each(transports)('over %s', (transport) => {
  it('answers where the request came from, and says how it came', async () => {
    const alice = await Client.open(`ask-${transport}`, transport);
    alice.send(alice.request('OPTIONS', 'sip:example.com'));
    const reply = await alice.receives(200);
    expect(reply.firstLine).toBe(`SIP/2.0 200 ${transport}`);
    expect(allValues(reply, 'Via')[0]).toContain(`SIP/2.0/${transport.toUpperCase()} `);
    alice.close();
  });

  it('takes several messages at once, and bytes of any kind', async () => {
    const alice = await Client.open(`many-${transport}`, transport);
    const body = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
    for (let n = 0; n < 20; n++) alice.send(alice.request('OPTIONS', 'sip:example.com', ['Subject: caf\xe9'], body));
    for (let n = 0; n < 20; n++) await alice.receives(200);
    alice.close();
  });

  it.each(transports)('reaches a phone registered over %s, and its answer comes back', async (other) => {
    const alice = await Client.open(`a-${transport}-${other}`, transport);
    const bob = await Client.open(`b-${transport}-${other}`, other);
    await bob.register();
    alice.send(alice.request('MESSAGE', `sip:${bob.name}@example.com`, ['Content-Type: text/plain'], 'h\xf6llo'));
    const message = await bob.receives('MESSAGE');
    expect(message.body).toBe('h\xf6llo');
    // Two blanks behind WS, as Kamailio has it.
    const expected = new RegExp(`^SIP/2\\.0/${other.toUpperCase()} +127\\.0\\.0\\.1`);
    expect(allValues(message, 'Via')[0]).toMatch(expected);
    const routes = allValues(message, 'Record-Route');
    expect(routes).toHaveLength(socketOf[transport] === socketOf[other] ? 1 : 2);
    bob.answer(message, 200);
    expect((await alice.receives(200)).method).toBe('MESSAGE');
    alice.close();
    bob.close();
  });

  it('a phone that is gone is not reached, and nobody else notices', async () => {
    const bob = await Client.open(`gone-${transport}`, transport);
    await bob.register();
    bob.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const alice = await Client.open(`left-${transport}`, 'udp');
    if (transport !== 'udp') {
      alice.send(alice.request('MESSAGE', `sip:${bob.name}@example.com`));
      const reply = await Promise.race([477, 503, 500].map((status) => alice.receives(status)));
      expect(reply.status).toBeGreaterThanOrEqual(400);
    }
    alice.send(alice.request('OPTIONS', 'sip:example.com'));
    await alice.receives(200);
    alice.close();
  });
});

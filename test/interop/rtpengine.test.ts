/**
 * The real rtpengine, in user space on loopback: a call through it, media both ways, and what it tells about the call.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mediaPorts as ports } from '../support/ports.js';
import type { ServerProcess } from '../support/server-process.js';
import { startSipc } from '../support/sipc.js';
import { findTool, missingTools } from '../support/tools.js';

const missing = missingTools(['rtpengine']);
const ip = '127.0.0.1';

const cfg = `#!KAMAILIO
loadmodule "ctl.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "rtpengine.so"
modparam("rtpengine", "rtpengine_sock", "udp:${ip}:${ports.relay}")
log_stderror=yes
debug=2
request_route {
  if (has_totag()) {
    loose_route();
    if (is_method("BYE")) { rtpengine_query(); xlog("L_NOTICE", "stats $rtpstat\\n"); }
  } else record_route();
  rtpengine_manage("replace-origin replace-session-connection ICE=remove");
  xlog("L_NOTICE", "$rm $rc\\n");
  t_on_reply("MEDIA");
  $du = "sip:${ip}:${ports.callee}";
  t_relay();
}
onreply_route[MEDIA] { rtpengine_manage("replace-origin replace-session-connection ICE=remove"); }
`;

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  for (let i = 0; i < 250; i++) {
    const found = look();
    if (found !== undefined) return found;
    await pause(20);
  }
  throw new Error(`waited for ${what} in vain`);
}

class Port {
  readonly arrived: Buffer[] = [];
  private constructor(private readonly socket: Socket) {
    socket.on('message', (bytes) => this.arrived.push(bytes));
  }
  static open(port: number): Promise<Port> {
    const socket = createSocket('udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, ip, () => resolve(new Port(socket)));
    });
  }
  get port(): number {
    return this.socket.address().port;
  }
  send(bytes: Buffer | string, port: number): void {
    this.socket.send(bytes, port, ip);
  }
  message(start: string): Promise<string> {
    return until(start, () => this.arrived.map(String).find((text) => text.startsWith(start)));
  }
  close(): void {
    this.socket.close();
  }
}

const sdp = (port: number) =>
  `v=0\r\no=- 1 1 IN IP4 ${ip}\r\ns=-\r\nc=IN IP4 ${ip}\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n`;
const mediaPort = (message: string) => Number(/^m=audio (\d+) /m.exec(message)?.[1]);
/** An RTP packet (RFC 3550 §5.1) of G.711 silence. */
function rtp(sequence: number, ssrc: number): Buffer {
  const packet = Buffer.alloc(172, 0xd5);
  packet.writeUInt16BE(0x8008, 0);
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE(sequence * 160, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}
function request(method: string, cseq: number, tag: string, route: string, body = ''): string {
  return [
    `${method} sip:bob@${ip}:${ports.callee} SIP/2.0`,
    `Via: SIP/2.0/UDP ${ip}:${ports.caller};branch=z9hG4bK-media-${method}`,
    'Max-Forwards: 70',
    ...(route === '' ? [] : [`Route: ${route}`]),
    `From: <sip:alice@${ip}>;tag=a`,
    `To: <sip:bob@${ip}>${tag}`,
    'Call-ID: media-interop',
    `CSeq: ${cseq} ${method}`,
    `Contact: <sip:alice@${ip}:${ports.caller}>`,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}
function ok(to: string, body = ''): string {
  const copied = to.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq|Record-Route):/i.test(line));
  const tag = /^To: .*;tag=/im.test(to) ? '' : ';tag=b';
  return [
    'SIP/2.0 200 OK',
    ...copied,
    `${/^To: .*$/im.exec(to)?.[0]}${tag}`,
    `Contact: <sip:bob@${ip}:${ports.callee}>`,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

describe('rtpengine', () => {
  let relay: ChildProcess | null = null;
  let said = '';
  let server: ServerProcess | null = null;
  let folder = '';
  const log: string[] = [];
  beforeAll(async () => {
    if (missing !== null) return;
    folder = mkdtempSync(join(tmpdir(), 'sipc-media-'));
    const path = join(folder, 'media.cfg');
    writeFileSync(path, cfg);
    relay = spawn(
      findTool('rtpengine') ?? 'rtpengine',
      [
        ...['--table=-1', '--foreground', '--log-stderr', `--interface=${ip}`, `--listen-ng=${ip}:${ports.relay}`],
        ...[`--port-min=${ports.media}`, `--port-max=${ports.media + 15}`, `--pidfile=${join(folder, 'pid')}`],
        `--config-file=none`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    relay.stderr?.on('data', (bytes) => {
      said = (said + String(bytes)).slice(-4000);
    });
    await pause(500);
    server = await startSipc({ cfg: path, port: ports.server, onLog: ({ text }) => void log.push(text) });
  });
  afterAll(async () => {
    await server?.stop();
    relay?.kill('SIGTERM');
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  it('relays a call', async ({ skip }) => {
    if (missing !== null) skip(missing);
    if (relay === null || relay.exitCode !== null) skip(`rtpengine does not run here: ${said}`);
    const [caller, callee] = [await Port.open(ports.caller), await Port.open(ports.callee)];
    const [callerMedia, calleeMedia] = [await Port.open(0), await Port.open(0)];
    try {
      caller.send(request('INVITE', 1, '', '', sdp(callerMedia.port)), ports.server);
      const invite = await callee.message('INVITE');
      expect(mediaPort(invite)).toBeGreaterThanOrEqual(ports.media);
      callee.send(ok(invite, sdp(calleeMedia.port)), ports.server);
      const answer = await caller.message('SIP/2.0 200');
      expect(mediaPort(answer)).toBeGreaterThanOrEqual(ports.media);
      const route = /^Record-Route: (.*)$/im.exec(answer)?.[1] ?? '';
      caller.send(request('ACK', 1, ';tag=b', route), ports.server);
      await callee.message('ACK');
      for (let n = 0; n < 10; n++) {
        callerMedia.send(rtp(n, 1), mediaPort(answer));
        calleeMedia.send(rtp(n, 2), mediaPort(invite));
        await pause(20);
      }
      const heard = (port: Port, ssrc: number) =>
        until('media', () => port.arrived.find((packet) => packet.length === 172 && packet.readUInt32BE(8) === ssrc));
      await heard(calleeMedia, 1);
      await heard(callerMedia, 2);
      caller.send(request('BYE', 2, ';tag=b', route), ports.server);
      callee.send(ok(await callee.message('BYE')), ports.server);
      await until('the end of the call', () =>
        caller.arrived.map(String).find((text) => text.startsWith('SIP/2.0 200') && text.includes('2 BYE')),
      );
      const stats = await until('statistics', () => log.find((line) => line.includes('stats ')));
      expect(Number(/RTP: \d+ bytes, (\d+) packets/.exec(stats)?.[1])).toBeGreaterThanOrEqual(10);
      expect(log.filter((line) => /(INVITE|BYE) 1/.test(line)).length).toBe(2);
      expect(await server?.rpc('rtpengine.get_hash_total')).toBe('0\n');
    } finally {
      for (const port of [caller, callee, callerMedia, calleeMedia]) port.close();
    }
  });
});

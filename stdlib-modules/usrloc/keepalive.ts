/**
 * Keepalives of usrloc (`ka_mode`): a request to every contact at each timer tick, and its answer matched by the From tag,
 * which carries record id, AOR hash and time (ul_keepalive.c).
 */
import {
  type Grammar,
  type ListenSocket,
  type NextHop,
  type Proto,
  parseNameAddrList,
  parseUri,
  type RouteContext,
  type ServerApi,
  type SipMessage,
} from '../../runtime/sdk/index.js';
import type { Contact } from './contact.js';
import type { AorRecord, Location } from './location.js';

/** Bits of `ka_mode`. */
export const KeepaliveMode = { all: 1, nat: 2, udp: 4 } as const;
/** Bit of `ka_filter`: contacts of this server only. */
const OWN_SERVER = 1;
/** Seconds a contact that does not answer is kept. */
const GRACE_SEC = 10;
/** Rules in `ka_reply_codes` (UL_KA_REPLY_CODES_SIZE). */
const MAX_REPLY_CODES = 32;
/** Longest request (ULKA_BUF_SIZE). */
const MAX_REQUEST = 2047;

export interface KeepaliveSettings {
  readonly mode: number;
  readonly from: string;
  readonly domain: string;
  readonly method: string;
  readonly filter: number;
  readonly timeoutSec: number;
  /** A contact that answered is left in peace for so long, and up to `randomizeSec` more; 0: every tick. */
  readonly intervalSec: number;
  readonly randomizeSec: number;
  /** Which answers count: statuses or their classes; none: all. */
  readonly replyCodes: readonly number[];
  readonly logLevel: number;
  /** Text behind each answer's log line. */
  readonly logMessage: (ctx: RouteContext) => string;
}

export class Keepalives {
  private counter = 0;
  constructor(
    private readonly settings: KeepaliveSettings,
    private readonly server: ServerApi,
    private readonly location: Location,
  ) {}

  /** One tick for a record with its contacts. */
  record(record: AorRecord): void {
    const { mode, filter, timeoutSec, intervalSec } = this.settings;
    const { natFlag } = this.location.options;
    const { grammar } = this.server;
    const now = this.location.nowSec();
    const serverId = this.server.settings.values.server_id;
    this.counter = (this.counter + 1) >>> 0;
    let branch = 0;
    for (const contact of record.contacts) {
      if (contact.uri === '') continue;
      if (filter & OWN_SERVER && contact.serverId !== serverId) continue;
      if (mode & KeepaliveMode.nat && (natFlag === 0 || (contact.cflags & natFlag) === 0)) continue;
      if (timeoutSec > 0 && contact.lastKeepalive > 0 && contact.lastKeepalive + timeoutSec < now) {
        if (contact.expires > now + GRACE_SEC) {
          contact.expires = now + GRACE_SEC;
          continue;
        }
      }
      if (intervalSec > 0 && contact.lastKeepalive + this.waitSec() > now) continue;
      const target = parseUri(contact.received || firstPathUri(contact.path, grammar) || contact.uri, grammar);
      if (target === null) continue;
      const proto = (target.transport ?? 'udp') as Proto;
      if (mode & KeepaliveMode.udp && proto !== 'udp') continue;
      const host = target.host.startsWith('[') ? target.host.slice(1, -1) : target.host;
      const number = ++branch;
      const send = (ip: string) =>
        this.send(record, contact, { proto, ip, port: target.port || 5060 }, this.counter, number);
      if (isNumeric(host)) send(host);
      else this.resolve(host, send);
    }
  }
  private waitSec(): number {
    const { intervalSec, randomizeSec } = this.settings;
    return intervalSec + (randomizeSec > 0 ? this.server.env.random.uint32() % randomizeSec : 0);
  }
  private resolve(host: string, send: (ip: string) => void): void {
    const failed = () => this.server.log(-1, 'usrloc', `cannot resolve destination ${host}`);
    this.server.env.resolver.addresses(host, 4).then((found) => {
      const first = found[0];
      if (first) send(first.ip);
      else failed();
    }, failed);
  }

  private send(
    record: AorRecord,
    contact: Contact,
    to: Pick<NextHop, 'proto' | 'ip' | 'port'>,
    counter: number,
    branch: number,
  ): void {
    const { transports } = this.server;
    const socket = contact.socket ?? transports.chooseSocket(to.proto, to.ip, null);
    if (socket === null) {
      this.server.log(-1, 'usrloc', 'cannot get sending socket');
      return;
    }
    const text = this.request(record, contact, to.proto, socket, counter, branch);
    if (text.length > MAX_REQUEST) {
      this.server.log(-1, 'usrloc', 'failed to print the keepalive request');
      return;
    }
    const hop = { ...to, socket, ...(contact.connectionId > 0 ? { connectionId: contact.connectionId } : {}) };
    transports.send(hop, text);
  }

  private request(
    record: AorRecord,
    contact: Contact,
    proto: Proto,
    socket: ListenSocket,
    counter: number,
    branch: number,
  ): string {
    const { settings, server } = this;
    const { method } = settings;
    const ms = server.env.clock.now();
    const [sec, usec] = [Math.floor(ms / 1000), Math.floor((ms % 1000) * 1000)];
    const hex = (n: number) => n.toString(16);
    const tag = `${contact.ruid}-${hex(record.hash)}-${hex(sec)}-${hex(usec)}-${hex(counter)}.${hex(branch)}`;
    const owner = record.aor.includes('@') ? record.aor : `${record.aor}@${settings.domain}`;
    const callId = `ksrulka-${hex(server.env.random.uint32() & 0x7fff_ffff)}-${hex(server.info.pid)}-${hex(counter)}.${hex(branch)}`;
    return (
      `${method} ${contact.uri} SIP/2.0\r\n` +
      `Via: SIP/2.0/${proto.toUpperCase()} ${socket.host}:${socket.port};branch=z9hG4bKx.${counter}.${branch}.0\r\n` +
      (contact.path === '' ? '' : `Route: ${contact.path}\r\n`) +
      `From: <${settings.from}>;tag=${tag}\r\n` +
      `To: <sip:${owner}>\r\n` +
      `Call-ID: ${callId}\r\n` +
      `CSeq: 80 ${method}\r\n` +
      'Content-Length: 0\r\n\r\n'
    );
  }

  /** A response from the network: when it answers a keepalive, its contact is alive. */
  seen(reply: SipMessage): void {
    const { settings, server, location } = this;
    if (reply.method !== settings.method || reply.vias().length > 1) return;
    const { replyCodes } = settings;
    const [status, class_] = [reply.status, Math.floor(reply.status / 100)];
    if (replyCodes.length > 0 && !replyCodes.some((code) => code === status || code === class_)) return;
    const { from } = reply;
    if (from === null || from.uriText !== settings.from) return;
    const mark = markOf(from.tag ?? '');
    if (mark === null) return;
    const ms = server.env.clock.now();
    const passed = Math.round(ms * 1000) - (mark.sec * 1_000_000 + mark.usec);
    for (const domain of location.domains.values()) {
      const found = domain.byRuid(mark.hash, mark.ruid);
      if (found === null) continue;
      found.contact.lastKeepalive = Math.floor(ms / 1000);
      found.contact.roundtrip = passed;
      break;
    }
    if (settings.logLevel === 255) return;
    const seconds = `${Math.floor(passed / 1_000_000)}.${String(passed % 1_000_000).padStart(6, '0')}`;
    const run = server.detachedRun(reply);
    const level = Math.max(-5, Math.min(3, settings.logLevel)) as -5;
    run.log(level, `keepalive roundtrip: ${seconds} sec - ruid [${mark.ruid}]${settings.logMessage(run)}`, 'usrloc');
  }
}

const isNumeric = (host: string): boolean => host.includes(':') || /^[0-9.]+$/.test(host);
const firstPathUri = (path: string, grammar: Grammar): string =>
  path === '' ? '' : (parseNameAddrList(path, grammar)?.[0]?.uriText ?? '');

/** `ka_reply_codes`: `2,404`; null when it is not a list of numbers. `0` stands for all. */
export function replyCodesOf(text: string): number[] | null {
  const words = text.split(/[ ,]+/).filter((word) => word !== '');
  if (words.length === 0 || words.length > MAX_REPLY_CODES || !words.every((word) => /^[0-9]{1,3}$/.test(word)))
    return null;
  return words.map(Number).filter((code) => code > 0);
}

/** `ruid-hash-sec-usec-counter`, hexadecimal; the record id has dashes of its own. */
export function markOf(tag: string): { ruid: string; hash: number; sec: number; usec: number } | null {
  if (tag.length <= 8 || tag.length > 255) return null;
  const match = /^(.+)-([0-9a-f]{1,8})-([0-9a-f]{1,12})-([0-9a-f]{1,8})-[^-]*$/i.exec(tag);
  if (match === null) return null;
  const [, ruid = '', hash = '', sec = '', usec = ''] = match;
  return {
    ruid,
    hash: Number.parseInt(hash, 16),
    sec: Number.parseInt(sec, 16),
    usec: Number.parseInt(usec, 16),
  };
}

/** The opening handshake (RFC 6455 §4, RFC 7118 §4.1): reads the request and says what to answer; asks, and reads the answer. */
import { createHash } from 'node:crypto';
import type { SipMessage } from '../../runtime/sdk/index.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const VERSION = 13;
export const SubProtocol = { sip: 1, msrp: 2 } as const;
export const Cors = { none: 0, any: 1, origin: 2 } as const;

const acceptOf = (key: string): string =>
  createHash('sha1')
    .update(key + GUID, 'latin1')
    .digest('base64');

export interface Handshake {
  readonly status: 101 | 400 | 426;
  readonly reason: string;
  readonly headers: string;
  /** Bit of `SubProtocol`; 0 when refused. */
  readonly subProtocol: number;
}

/** `allowed`: bits of `SubProtocol`. */
export function readHandshake(msg: SipMessage, allowed: number, cors: number): Handshake {
  const values = (name: string) =>
    msg.headers.filter((h) => h.name.toLowerCase() === name).map((h) => msg.raw.slice(h.valueStart, h.valueEnd).trim());
  const has = (name: string, word: string) => values(name).some((value) => value.toLowerCase().includes(word));
  const bad = (headers = ''): Handshake => ({ status: 400, reason: 'Bad Request', headers, subProtocol: 0 });
  const keys = values('sec-websocket-key');
  const versions = values('sec-websocket-version');
  const origins = values('origin');
  if (keys.length > 1 || versions.length > 1 || origins.length > 1) return bad();
  const [key, version, origin] = [keys[0], versions[0], origins[0]];
  const versionLine = `Sec-WebSocket-Version: ${VERSION}\r\n`;
  if (version !== undefined && Number(version) !== VERSION)
    return { status: 426, reason: 'Upgrade Required', headers: versionLine, subProtocol: 0 };
  const asked =
    (has('sec-websocket-protocol', 'sip') ? SubProtocol.sip : 0) |
    (has('sec-websocket-protocol', 'msrp') ? SubProtocol.msrp : 0);
  const offered = asked & allowed;
  if (!key || version === undefined || offered === 0 || !has('connection', 'upgrade') || !has('upgrade', 'websocket')) {
    const protocols = (['sip', 'msrp'] as const).filter((name) => allowed & SubProtocol[name]);
    return bad(protocols.map((name) => `Sec-WebSocket-Protocol: ${name}\r\n`).join('') + versionLine);
  }
  const subProtocol = offered & SubProtocol.sip ? SubProtocol.sip : SubProtocol.msrp;
  const accept = acceptOf(key);
  const allow = cors === Cors.any ? '*' : cors === Cors.origin && origin !== undefined && origin !== '' ? origin : null;
  const lines = [
    ...(allow === null ? [] : [`Access-Control-Allow-Origin: ${allow}`]),
    `Sec-WebSocket-Protocol: ${subProtocol === SubProtocol.sip ? 'sip' : 'msrp'}`,
    'Upgrade: websocket',
    'Connection: upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  return { status: 101, reason: 'Switching Protocols', headers: `${lines.join('\r\n')}\r\n`, subProtocol };
}

/** A server we connect to. */
export interface WsTarget {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** Null: not a host, a port, or a path that can stand in a request line. */
export function targetOf(host: string, port: number, path: string, secure: boolean): WsTarget | null {
  const bare = /^\[(.+)\]$/.exec(host)?.[1] ?? host;
  const fits =
    /^(?:[A-Za-z0-9_.-]{1,253}|[0-9A-Fa-f:.]{2,45})$/.test(bare) &&
    Number.isInteger(port) &&
    port > 0 &&
    port <= 65_535;
  const asked = path === '' ? '/' : path;
  if (!fits || asked.length > MAX_PATH || !/^\/[\x21-\x7e]*$/.test(asked)) return null;
  return { secure, host: bare, port, path: asked };
}
/** `ws://host:port/path` or `wss://…`. */
export function targetOfUrl(url: string): WsTarget | null {
  const parts = /^(wss?):\/\/(\[[^\]]*\]|[^/:?#]*)(?::([0-9]{1,5}))?(\/[^#]*)?$/i.exec(url);
  if (parts === null) return null;
  const secure = parts[1]?.length === 3;
  const port = parts[3] === undefined ? defaultPort(secure) : Number(parts[3]);
  return targetOf(parts[2] ?? '', port, parts[4] ?? '', secure);
}
export const defaultPort = (secure: boolean): number => (secure ? 443 : 80);
/** As it stands in a URI and in `Host`. */
export const hostPort = ({ host, port }: WsTarget): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** `key`: 16 random bytes in base64. */
export const openingRequest = (target: WsTarget, key: string): string =>
  `GET ${target.path} HTTP/1.1\r\nHost: ${hostPort(target)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: ${VERSION}\r\nSec-WebSocket-Protocol: sip\r\n\r\n`;

/** Longest path asked for, longest answer read: characters. */
const MAX_PATH = 1024;
export const MAX_ANSWER = 8192;

/** §4.1: why an answer does not open the connection; null when it does. `head`: up to its empty line. */
export function answerProblem(head: string, key: string): string | null {
  const [status = '', ...lines] = head.split('\r\n');
  if (!/^HTTP\/1\.1 101(?: |$)/.test(status)) return `answered "${status.slice(0, 100)}"`;
  const values = (name: string) =>
    lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
  const hasWord = (name: string, word: string) =>
    values(name).some((value) =>
      value
        .toLowerCase()
        .split(/[ \t]*,[ \t]*/)
        .includes(word),
    );
  if (!hasWord('upgrade', 'websocket') || !hasWord('connection', 'upgrade')) return 'the answer upgrades nothing';
  const accepted = values('sec-websocket-accept');
  if (accepted.length !== 1 || accepted[0] !== acceptOf(key)) return 'the answer is not to this key';
  const protocols = values('sec-websocket-protocol');
  return protocols.length === 1 && protocols[0]?.toLowerCase() === 'sip' ? null : 'the answer does not choose sip';
}

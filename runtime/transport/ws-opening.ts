/** The opening handshake of a client (RFC 6455 §4.1): where to, what is asked, and whether the answer opens the connection. */
import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
export const WS_VERSION = 13;

export const wsAccept = (key: string): string =>
  createHash('sha1')
    .update(key + GUID, 'latin1')
    .digest('base64');

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
export const targetHostPort = ({ host, port }: WsTarget): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** `key`: 16 random bytes in base64. */
export const openingRequest = (target: WsTarget, key: string, protocol: string): string =>
  `GET ${target.path} HTTP/1.1\r\nHost: ${targetHostPort(target)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: ${WS_VERSION}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`;

/** Longest path asked for, longest answer read: characters. */
const MAX_PATH = 1024;
export const MAX_ANSWER = 8192;

/**
 * §4.1: why an answer does not open the connection; null when it does. `head`: up to its empty line. `chosen`: the answer has
 * to name the sub-protocol; else it may be silent about it.
 */
export function answerProblem(head: string, key: string, protocol: string, chosen: boolean): string | null {
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
  if (accepted.length !== 1 || accepted[0] !== wsAccept(key)) return 'the answer is not to this key';
  const protocols = values('sec-websocket-protocol');
  if (protocols.length === 0 && !chosen) return null;
  const fits = protocols.length === 1 && protocols[0]?.toLowerCase() === protocol.toLowerCase();
  return fits ? null : `the answer does not choose ${protocol}`;
}

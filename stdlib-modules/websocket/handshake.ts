/** The opening handshake of a server (RFC 6455 §4.2, RFC 7118 §4.1): reads the request and says what to answer. */
import { type SipMessage, WS_VERSION, wsAccept } from '../../runtime/sdk/index.js';

export const SubProtocol = { sip: 1, msrp: 2 } as const;
export const Cors = { none: 0, any: 1, origin: 2 } as const;

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
  const versionLine = `Sec-WebSocket-Version: ${WS_VERSION}\r\n`;
  if (version !== undefined && Number(version) !== WS_VERSION)
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
  const accept = wsAccept(key);
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

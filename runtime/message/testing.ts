/** Sockets and receive infos for tests of parsing and building. */
import type { Proto } from '../env.js';
import type { ListenSocket, ReceiveInfo } from '../transport/types.js';
import { defaultGrammar } from './grammar.js';
import { parseMessage, SipMessage } from './message.js';

export function fakeSocket(proto: Proto = 'udp', ip = '127.0.0.1', port = 5060): ListenSocket {
  const family = ip.includes(':') ? 6 : 4;
  const host = family === 6 ? `[${ip}]` : ip;
  return {
    index: 0,
    proto,
    local: { ip, port },
    family,
    advertised: null,
    name: null,
    virtual: false,
    sockStr: `${proto}:${host}:${port}`,
    advertisedStr: `${proto}:${host}:${port}`,
    host,
    portText: port === 5060 ? '' : `:${port}`,
    port,
  };
}

export function fakeReceived(more: Partial<ReceiveInfo> = {}): ReceiveInfo {
  const socket = more.socket ?? fakeSocket();
  return {
    proto: socket.proto,
    src: { ip: '127.0.0.1', port: 5070 },
    dst: socket.local,
    socket,
    connectionId: 0,
    at: 0,
    ...more,
  };
}

/** Parses text with bare LF or CRLF line ends; throws when it is no message: the test is wrong then. */
export function message(text: string, received: ReceiveInfo = fakeReceived(), id = 1): SipMessage {
  const raw = text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n');
  const msg = parseMessage(raw, received, defaultGrammar, id);
  if (!(msg instanceof SipMessage)) throw new Error(`${msg.reason}: ${raw}`);
  return msg;
}

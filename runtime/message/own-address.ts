/**
 * Our own address in a Record-Route or Path URI: host, port unless it is 5060, transport unless it is UDP
 * (SUBST_RCV_ALL and SUBST_SND_ALL in Kamailio's msg_translator.c).
 */
import type { Proto } from '../env.js';
import type { ListenSocket, ReceiveInfo } from '../transport/types.js';
import type { Outgoing } from './edit.js';

/** `;transport=…`; WebSocket of either kind is `ws` in a URI. `actual` is what runs over the socket. */
export function transportParam(socket: ListenSocket, actual: Proto): string {
  if (socket.proto === 'udp') return '';
  return `;transport=${actual === 'ws' || actual === 'wss' ? 'ws' : socket.proto}`;
}
const nameParam = (socket: ListenSocket): string => (socket.name === null ? '' : `;sn=${socket.name}`);

/** The side a request came in by: what the script advertises does not count here. `named`: with the socket's name. */
export function inboundAddress(received: ReceiveInfo, named = false): string {
  const { socket } = received;
  const port = socket.port === 5060 ? '' : `:${socket.port}`;
  return socket.host + port + transportParam(socket, received.proto) + (named ? nameParam(socket) : '');
}

/** What the script said with set_advertised_address() and _port(); null: nothing. */
export interface AdvertisedAddress {
  readonly advertisedAddress: string | null;
  readonly advertisedPort: string | null;
}
/** The side it leaves by. An advertised port is written even when it is 5060; what the socket advertises goes first. */
export function outboundAddress(out: Outgoing, script: AdvertisedAddress, named = false): string {
  const { socket } = out;
  const own = socket.advertised?.port ? String(socket.advertised.port) : null;
  const port = own ?? script.advertisedPort;
  const portText = port !== null ? `:${port}` : socket.local.port === 5060 ? '' : `:${socket.local.port}`;
  const host = socket.advertised === null ? (script.advertisedAddress ?? socket.host) : socket.host;
  return host + portText + transportParam(socket, out.proto) + (named ? nameParam(socket) : '');
}

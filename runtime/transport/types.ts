/**
 * What the layers above see of the transport: a listen socket, where a message came from, where one goes.
 */
import type { Endpoint, Proto } from '../env.js';

/** Largest datagram Kamailio reads (BUF_SIZE) and what it takes for a SIP message at all (MIN_UDP_PACKET). */
export const MAX_MESSAGE_BYTES = 65_535;
export const MIN_DATAGRAM_BYTES = 20;

/** A socket the server listens on. One object for its whole life: compare with `===`. */
export interface ListenSocket {
  /** Position in `Transports.sockets`. */
  readonly index: number;
  readonly proto: Proto;
  readonly local: Endpoint;
  readonly family: 4 | 6;
  /** `listen=... advertise host:port`. Port 0: as `local`. */
  readonly advertised: { readonly host: string; readonly port: number } | null;
  /** `listen=... name "x"`, for `$fsn`. */
  readonly name: string | null;
  readonly virtual: boolean;
  /** Interface of a link-local address: SIP writes the address without it, the system wants both. */
  readonly zone?: string;
  /** `udp:127.0.0.1:5060`, brackets around IPv6; `$fs` and location rows use it. */
  readonly sockStr: string;
  /** As `sockStr`, with the advertised address when there is one. */
  readonly advertisedStr: string;
  /** Host as it goes into Via and Record-Route: advertised or own, brackets around IPv6. */
  readonly host: string;
  /** Port as it goes there: `''` when it is the default of the protocol, else `:5080`. */
  readonly portText: string;
  /** Advertised port or own. */
  readonly port: number;
}

/** Where and when a message arrived. `connectionId` is 0 for datagrams. */
export interface ReceiveInfo {
  readonly proto: Proto;
  readonly src: Endpoint;
  readonly dst: Endpoint;
  readonly socket: ListenSocket;
  readonly connectionId: number;
  /** Wall time, ms with microseconds (`Clock.exactNow`). */
  readonly at: number;
}

/** Takes what arrives. False: it is not SIP, and a stream it came on is closed. */
export type OnMessage = (bytes: string, received: ReceiveInfo) => unknown;

/** Where a message is sent now: an address, never a name. */
export interface NextHop {
  readonly proto: Proto;
  readonly ip: string;
  readonly port: number;
  /** Socket it leaves from; for a stream, whose address the connection is shown with. */
  readonly socket: ListenSocket;
  /** A connection to use when it is still open (responses, `;alias`). */
  readonly connectionId?: number;
  /** The socket was forced: a stream leaves from its address, and only a connection that has it is used again. */
  readonly forced?: boolean;
  /** The name it was resolved from. */
  readonly host?: string;
}

/** What a new TLS connection should ask for. */
export interface SecureTarget {
  /** Server name sent to the peer (SNI); '' none. */
  readonly serverName: string;
  /** Names the client domain (`server_id` of tls.cfg); '' none. */
  readonly serverId: string;
}

export interface SendOptions {
  /** Streams: use an open connection or refuse (`tcp_no_connect`, `set_forward_no_connect()`). */
  readonly noConnect?: boolean;
  /** For a TLS connection that has to be opened. */
  readonly secure?: SecureTarget | null;
  /** Streams: close the connection once this is written. */
  readonly close?: boolean;
  /** Streams: called once when the connection that had to be opened first is there. */
  readonly opened?: () => void;
  /** Called at most once, later, with the system's code (ECONNREFUSED, ETIMEDOUT …). */
  readonly failed?: (code: string) => void;
}

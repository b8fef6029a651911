/** TLS as the transport sees it: the tls module provides it, before that nothing encrypted can be opened or accepted. */
import type { SecureStream, StreamConnection } from '../env.js';
import type { ListenSocket, NextHop, SecureTarget } from './types.js';

export interface SecureTransport {
  /** Shakes hands on an accepted stream. Rejects with the reason; the stream is then destroyed. */
  accept(stream: StreamConnection, socket: ListenSocket): Promise<SecureStream>;
  /** Shakes hands on a stream we opened. */
  connect(stream: StreamConnection, hop: NextHop, target: SecureTarget | null): Promise<SecureStream>;
  /** Names the client domain a connection to this hop would have: the same name, the same certificate and rules. */
  domain(hop: NextHop, target: SecureTarget | null): string;
  /** Idle seconds of an encrypted connection (`connection_timeout`). */
  readonly lifetimeSec: number;
}

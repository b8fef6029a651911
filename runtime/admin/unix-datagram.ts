/**
 * Unix datagram sockets (AF_UNIX, SOCK_DGRAM), which Node itself does not have: through koffi, an optional dependency.
 * Bytes are one-byte strings. A peer without a name of its own cannot be answered.
 */
import { AF_UNIX, libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from '../env/libc.js';

const MAX_BYTES = 65_535;
/** Family (2 bytes) and path (108). */
const ADDRESS_BYTES = 110;
/** Datagrams read before other work gets its turn. */
const BATCH = 64;

export interface UnixDatagramSocket {
  /** `to` is the peer's path. False: the peer is gone or its queue is full. */
  send(bytes: string, to: string): boolean;
  close(): void;
}
/** `code`: ENOKOFFI where koffi is not installed, else the system's. */
export class UnixDatagramError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

function addressOf(path: string): Uint8Array | null {
  const bytes = Buffer.alloc(ADDRESS_BYTES);
  if (path.length >= ADDRESS_BYTES - 2) return null;
  bytes.writeUInt16LE(AF_UNIX, 0);
  bytes.write(path, 2, 'latin1');
  return bytes;
}

/** One datagram to the socket at `path`, without a name of our own: '' when it was taken, else the system's code. */
export function sendUnixDatagram(path: string, bytes: string): string {
  const lib = libc();
  if (lib === null) return 'ENOKOFFI';
  const peer = path === '' ? null : addressOf(path);
  if (peer === null) return 'ENAMETOOLONG';
  const fd = lib.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return lib.lastError();
  const data = Buffer.from(bytes, 'latin1');
  const code = lib.sendto(fd, data, data.length, MSG_DONTWAIT, peer, path.length + 3) < 0 ? lib.lastError() : '';
  lib.close(fd);
  return code;
}

/** Binds `path`, which must not exist. Throws `UnixDatagramError`. */
export function openUnixDatagram(path: string, onMessage: (bytes: string, from: string) => void): UnixDatagramSocket {
  const lib = libc();
  if (lib === null)
    throw new UnixDatagramError(
      'ENOKOFFI',
      'unix datagram sockets need the optional package koffi, which is not installed',
    );
  const fail = (): never => {
    const code = lib.lastError();
    throw new UnixDatagramError(code, code);
  };
  const address = addressOf(path);
  if (address === null) throw new UnixDatagramError('ENAMETOOLONG', 'the path is longer than a socket name can be');
  const fd = lib.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail();
  if (lib.bind(fd, address, path.length + 3) !== 0) {
    const code = lib.lastError();
    lib.close(fd);
    throw new UnixDatagramError(code, code);
  }
  const buffer = Buffer.alloc(MAX_BYTES);
  const from = Buffer.alloc(ADDRESS_BYTES);
  const fromSize = Buffer.alloc(4);
  const drain = () => {
    for (let i = 0; i < BATCH; i++) {
      fromSize.writeUInt32LE(ADDRESS_BYTES, 0);
      const size = lib.recvfrom(fd, buffer, MAX_BYTES, MSG_DONTWAIT, from, fromSize);
      if (size < 0) return;
      const nameEnd = Math.min(fromSize.readUInt32LE(0), ADDRESS_BYTES);
      const name = nameEnd <= 2 ? '' : from.toString('latin1', 2, nameEnd).replace(/\0+$/, '');
      onMessage(buffer.toString('latin1', 0, size), name);
    }
  };
  const watch = lib.watch(fd, drain);
  let open = true;
  return {
    send(bytes, to) {
      const peer = to === '' || !open ? null : addressOf(to);
      if (peer === null) return false;
      const data = Buffer.from(bytes, 'latin1');
      return lib.sendto(fd, data, data.length, MSG_DONTWAIT, peer, to.length + 3) === data.length;
    },
    close() {
      if (!open) return;
      open = false;
      watch.close();
      lib.close(fd);
    },
  };
}

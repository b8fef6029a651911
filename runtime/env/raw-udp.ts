/**
 * Datagrams from an address that need not be ours: IPv4 and UDP headers written here, sent through a raw socket, which the
 * system allows to root and to who has CAP_NET_RAW. The system fills in the length and checksum of the IP header.
 */
import type { Endpoint, ForeignSender } from '../env.js';
import { AF_INET, libc, SOCK_CLOEXEC, SOCK_NONBLOCK } from './libc.js';
import { encodeSockaddr, sockaddrLength } from './sockaddr.js';

const SOCK_RAW = 3;
const IPPROTO_RAW = 255;
const IPPROTO_UDP = 17;
const IP_BYTES = 20;
const UDP_BYTES = 8;
/** What passes everywhere unfragmented (RFC 791). */
const MAX_PACKET_BYTES = 576;
const TTL = 69;

/** Headers and payload; null where an address is not IPv4, or it would be too long. */
export function rawDatagram(bytes: string, from: Endpoint, to: Endpoint): Buffer | null {
  const source = ipv4(from.ip);
  const target = ipv4(to.ip);
  const length = IP_BYTES + UDP_BYTES + bytes.length;
  if (source === null || target === null || length > MAX_PACKET_BYTES) return null;
  const packet = Buffer.alloc(length);
  packet[0] = 0x45;
  packet.writeUInt16BE(length, 2);
  packet[8] = TTL;
  packet[9] = IPPROTO_UDP;
  packet.set(source, 12);
  packet.set(target, 16);
  packet.writeUInt16BE(from.port, 20);
  packet.writeUInt16BE(to.port, 22);
  packet.writeUInt16BE(UDP_BYTES + bytes.length, 24);
  packet.write(bytes, IP_BYTES + UDP_BYTES, 'latin1');
  return packet;
}
function ipv4(text: string): number[] | null {
  const numbers = text.split('.').map(Number);
  return numbers.length === 4 && numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 255) ? numbers : null;
}

/** Throws an error with the system's code: EPERM without the right, ENOSYS where the C library cannot be called. */
export function openForeignSender(): ForeignSender {
  const c = libc();
  if (c === null)
    throw Object.assign(new Error('the C library cannot be called: koffi is missing'), { code: 'ENOSYS' });
  const fd = c.socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
  if (fd < 0) {
    const code = c.lastError();
    throw Object.assign(new Error(`raw socket: ${code}`), { code });
  }
  let open = true;
  return {
    send(bytes, from, to) {
      if (!open) return 'EBADF';
      const packet = rawDatagram(bytes, from, to);
      const address = encodeSockaddr(c, { ip: to.ip, port: 0 });
      if (packet === null || address === null) return 'EINVAL';
      const sent = c.sendto(fd, packet, packet.length, 0, address, sockaddrLength(to.ip));
      return sent === packet.length ? '' : c.lastError();
    },
    close() {
      if (open) c.close(fd);
      open = false;
    },
  };
}

/** `sockaddr_in` and `sockaddr_in6`: between an endpoint and the bytes the system takes. */
import type { Endpoint } from '../env.js';
import { AF_INET, AF_INET6, type Libc } from './libc.js';

/** The longer of the two, 28, on the next boundary of 8. */
export const SOCKADDR_BYTES = 32;

/** Off V8's heap, so that its address can be given away. */
export const outside = (size: number): Buffer => Buffer.from(new ArrayBuffer(size));

export const sockaddrLength = (ip: string): number => (ip.includes(':') ? 28 : 16);

/** Null when it is no numeric address, its zone is unknown, or the port is out of range. */
export function encodeSockaddr(c: Libc, { ip, port }: Endpoint): Buffer | null {
  if (!(port >= 0 && port <= 65_535)) return null;
  const bytes = outside(SOCKADDR_BYTES);
  bytes.writeUInt16BE(port, 2);
  if (!ip.includes(':')) {
    bytes.writeUInt16LE(AF_INET, 0);
    return c.inet_pton(AF_INET, ip, bytes.subarray(4, 8)) === 1 ? bytes : null;
  }
  bytes.writeUInt16LE(AF_INET6, 0);
  const [address = '', zone] = ip.split('%');
  if (zone !== undefined) {
    const index = c.if_nametoindex(zone);
    if (index === 0) return null;
    bytes.writeUInt32LE(index, 24);
  }
  return c.inet_pton(AF_INET6, address, bytes.subarray(8, 24)) === 1 ? bytes : null;
}

/** 4 or 16 bytes; null when it is no numeric address. */
export function encodeIp(c: Libc, ip: string): Buffer | null {
  const six = ip.includes(':');
  const bytes = Buffer.alloc(six ? 16 : 4);
  return c.inet_pton(six ? AF_INET6 : AF_INET, ip, bytes) === 1 ? bytes : null;
}

/** As `node:dgram` writes it: a link-local address with its zone. */
export function decodeSockaddr(c: Libc, bytes: Buffer): Endpoint {
  const port = bytes.readUInt16BE(2);
  if (bytes.readUInt16LE(0) === AF_INET) return { ip: `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`, port };
  const text = Buffer.alloc(64);
  c.inet_ntop(AF_INET6, bytes.subarray(8, 24), text, text.length);
  const ip = untilNul(text);
  const index = bytes.readUInt32LE(24);
  if (index === 0) return { ip, port };
  const name = Buffer.alloc(16);
  return c.if_indextoname(index, name) ? { ip: `${ip}%${untilNul(name)}`, port } : { ip, port };
}

const untilNul = (text: Buffer): string => text.toString('latin1', 0, text.indexOf(0));

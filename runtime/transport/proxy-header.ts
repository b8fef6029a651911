/**
 * The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): a balancer in front of us says at the start of a
 * connection where it comes from (`tcp_accept_haproxy`), or in a datagram (`udp_accept_proxy`).
 */
import { canonicalIp } from '../dns/ip.js';
import type { Endpoint } from '../env.js';

/** Longest header: that of version 1 has 107 bytes, of version 2 we take as many as Kamailio has room for. */
export const MAX_PROXY_HEADER = 232;
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

export interface ProxyHeader {
  /** Null: the balancer speaks for itself (LOCAL, UNKNOWN). */
  readonly src: Endpoint | null;
  readonly dst: Endpoint | null;
  readonly sizeBytes: number;
}
/** `more`: not all of it has come; `none`: the connection begins with something else; `bad`: it cannot be used. */
export function readProxyHeader(bytes: string): ProxyHeader | 'more' | 'none' | 'bad' {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.slice(0, known) === SIGNATURE.slice(0, known)) return known < SIGNATURE.length ? 'more' : readBinary(bytes);
  const word = 'PROXY';
  const text = Math.min(bytes.length, word.length);
  if (bytes.slice(0, text) !== word.slice(0, text)) return 'none';
  return text < word.length ? 'more' : readText(bytes);
}

const word16 = (bytes: string, at: number) => bytes.charCodeAt(at) * 256 + bytes.charCodeAt(at + 1);
const ip4 = (bytes: string, at: number) => [0, 1, 2, 3].map((i) => bytes.charCodeAt(at + i)).join('.');
const ip6 = (bytes: string, at: number) =>
  canonicalIp([0, 2, 4, 6, 8, 10, 12, 14].map((i) => word16(bytes, at + i).toString(16)).join(':')) ?? '';

function readBinary(bytes: string): ProxyHeader | 'more' | 'bad' {
  if (bytes.length < 16) return 'more';
  const sizeBytes = 16 + word16(bytes, 14);
  if (bytes.charCodeAt(12) >> 4 !== 2 || sizeBytes > MAX_PROXY_HEADER) return 'bad';
  if (bytes.length < sizeBytes) return 'more';
  const command = bytes.charCodeAt(12) & 15;
  if (command === 0) return { src: null, dst: null, sizeBytes };
  if (command !== 1) return 'bad';
  const family = bytes.charCodeAt(13);
  if (family === 0x11 && sizeBytes >= 28)
    return {
      src: { ip: ip4(bytes, 16), port: word16(bytes, 24) },
      dst: { ip: ip4(bytes, 20), port: word16(bytes, 26) },
      sizeBytes,
    };
  if (family === 0x21 && sizeBytes >= 52)
    return {
      src: { ip: ip6(bytes, 16), port: word16(bytes, 48) },
      dst: { ip: ip6(bytes, 32), port: word16(bytes, 50) },
      sizeBytes,
    };
  return 'bad';
}

/** Cloudflare's header of datagrams (Simple Proxy Protocol): magic, client's and proxy's address as IPv6, their ports. */
const SIMPLE_MAGIC = '\x56\xec';
const SIMPLE_BYTES = 38;
const MAPPED = `${'\0'.repeat(10)}\xff\xff`;

/** The header a datagram begins with; null: none. `src` null: it names nobody. It may not be longer than the datagram. */
export function readDatagramHeader(
  bytes: string,
  kind: 'haproxy' | 'simple' | 'any',
): { readonly src: Endpoint | null; readonly sizeBytes: number } | null {
  if (kind !== 'simple' && bytes.length >= 16 && bytes.startsWith(SIGNATURE)) {
    const length = word16(bytes, 14);
    if (bytes.charCodeAt(12) >> 4 !== 2 || bytes.length < 16 + length) return null;
    const family = bytes.charCodeAt(13);
    const sizeBytes = 16 + length;
    if ((bytes.charCodeAt(12) & 15) !== 1) return { src: null, sizeBytes };
    if (family === 0x12 && length === 12) return { src: { ip: ip4(bytes, 16), port: word16(bytes, 24) }, sizeBytes };
    if (family === 0x22 && length === 36) return { src: { ip: ip6(bytes, 16), port: word16(bytes, 48) }, sizeBytes };
    return { src: null, sizeBytes };
  }
  if (kind !== 'haproxy' && bytes.length >= SIMPLE_BYTES && bytes.startsWith(SIMPLE_MAGIC)) {
    const ip = bytes.startsWith(MAPPED, 2) ? ip4(bytes, 14) : ip6(bytes, 2);
    return { src: { ip, port: word16(bytes, 34) }, sizeBytes: SIMPLE_BYTES };
  }
  return null;
}

function endpoint(ip: string, port: string, six: boolean): Endpoint | null {
  const canonical = canonicalIp(ip);
  if (canonical === null || canonical.includes(':') !== six || !/^[1-9]\d{0,4}$/.test(port)) return null;
  return Number(port) > 65_535 ? null : { ip: canonical, port: Number(port) };
}
function readText(bytes: string): ProxyHeader | 'more' | 'bad' {
  const end = bytes.indexOf('\r\n');
  if (end < 0 || end > 105) return bytes.length <= 107 && end < 0 ? 'more' : 'bad';
  const sizeBytes = end + 2;
  const [, family = '', src = '', dst = '', srcPort = '', dstPort = ''] = bytes.slice(0, end).split(' ');
  if (family === 'UNKNOWN') return { src: null, dst: null, sizeBytes };
  if (family !== 'TCP4' && family !== 'TCP6') return 'bad';
  const from = endpoint(src, srcPort, family === 'TCP6');
  const to = endpoint(dst, dstPort, family === 'TCP6');
  return from === null || to === null ? 'bad' : { src: from, dst: to, sizeBytes };
}

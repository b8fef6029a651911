/**
 * Flow tokens (RFC 5626 §5.2): which of our sockets and which remote address a phone's connection is between, signed, as
 * the user part of a Path or Record-Route URI. The layout is that of Kamailio's outbound module.
 *
 * ```
 * 10 bytes  last half of HMAC-SHA1(key, rest)
 *  1        transport number; bit 7: IPv6
 *  4 or 16  our address        2  our port
 *  4 or 16  the phone's        2  its port
 * ```
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Endpoint, Proto } from '../../runtime/sdk/index.js';

/** Addresses of a connection: `dst` is our side, `src` the other. */
export interface Flow {
  readonly proto: Proto;
  readonly dst: Endpoint;
  readonly src: Endpoint;
}

const SIGNATURE = 10;
const SIZES = [23, 47];
/** Longest token looked at: 47 bytes in base64. */
const MAX_TEXT = 64;
const IPV6 = 0x80;
/** In Kamailio's numbering, from 1. */
const protos: readonly Proto[] = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'];

/** The key of `flow_token_secret`; without one it is made up, and tokens end with the process. */
export const keyOf = (secret: string): Buffer =>
  secret === '' ? randomBytes(20) : createHash('sha1').update(secret, 'latin1').digest();

const sign = (key: Buffer, data: Buffer): Buffer => createHmac('sha1', key).update(data).digest().subarray(SIGNATURE);

export function encode(key: Buffer, flow: Flow): string {
  const six = flow.dst.ip.includes(':');
  const data = Buffer.from([
    (protos.indexOf(flow.proto) + 1) | (six ? IPV6 : 0),
    ...endpointBytes(flow.dst),
    ...endpointBytes(flow.src),
  ]);
  return Buffer.concat([sign(key, data), data]).toString('base64');
}

/** Null: no token at all; 'broken': it looks like one and is not signed with this key. */
export function decode(key: Buffer, text: string): Flow | null | 'broken' {
  if (text === '' || text.length > MAX_TEXT) return null;
  const bytes = Buffer.from(text, 'base64');
  if (!SIZES.includes(bytes.length) || bytes.toString('base64') !== text) return null;
  const data = bytes.subarray(SIGNATURE);
  if (!timingSafeEqual(bytes.subarray(0, SIGNATURE), sign(key, data))) return 'broken';
  const proto = protos[((data[0] ?? 0) & 0x7f) - 1];
  const size = (data[0] ?? 0) & IPV6 ? 16 : 4;
  if (proto === undefined || data.length !== 1 + 2 * (size + 2)) return 'broken';
  return { proto, dst: endpointAt(data, 1, size), src: endpointAt(data, 3 + size, size) };
}

function endpointBytes({ ip, port }: Endpoint): number[] {
  const address = ip.includes(':') ? groupsOf(ip).flatMap((g) => [g >> 8, g & 255]) : ip.split('.').map(Number);
  return [...address, port >> 8, port & 255];
}
/** Eight groups of an IPv6 address in its usual spelling. */
function groupsOf(ip: string): number[] {
  const [left = [], right] = ip.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const words =
    right === undefined ? left : [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return words.map((word) => Number.parseInt(word, 16));
}
function endpointAt(data: Buffer, at: number, size: number): Endpoint {
  const port = data.readUInt16BE(at + size);
  if (size === 4) return { ip: [...data.subarray(at, at + 4)].join('.'), port };
  const words = Array.from({ length: 8 }, (_, i) => data.readUInt16BE(at + 2 * i).toString(16));
  return { ip: shortest(words), port };
}
/** RFC 5952 §4.2: the first longest run of zero groups is left out. */
function shortest(words: readonly string[]): string {
  const runs = [...words.join(':').matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)];
  const longest = runs.reduce<RegExpMatchArray | null>(
    (a, b) => (a === null || b[0].length > a[0].length ? b : a),
    null,
  );
  if (longest === null) return words.join(':');
  const text = words.join(':');
  const before = text.slice(0, longest.index).replace(/:$/, '');
  const after = text.slice((longest.index ?? 0) + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}

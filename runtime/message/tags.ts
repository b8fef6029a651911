/**
 * To tags of our own responses (RFC 3261 §19.3). A stateless response's tag has to be the same for a retransmission
 * and known again in the ACK, so it is made from the request: `<server>.<request>`; tm uses `<server>-<request>`.
 * Kamailio: core/tags.h.
 */
import { createHash } from 'node:crypto';
import { HeaderId } from './headers.js';
import type { SipMessage } from './message.js';

/** Part of the tag that says which server and module made it. `separator` is `.` in sl, `-` in tm; the signatures are
 * `KAMAILIO-stateless` and `SER-TM/tags`, ip and port those of the first listen socket. */
export function tagPrefix(signature: string, ip: string, port: number, separator: '.' | '-'): string {
  return createHash('md5').update(signature).update(ip).update(String(port)).digest('hex') + separator;
}

/** CRC-CCITT, reflected, as ITU-T V.41 has it; eight bits a step. */
const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x8408 : crc >>> 1;
  return crc;
});
function crc16(text: string, crc: number): number {
  for (let i = 0; i < text.length; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ text.charCodeAt(i)) & 0xff]!;
  return crc;
}
/** Two digits of each byte, the less significant one first. */
const BYTES = Array.from({ length: 256 }, (_, n) => (n & 15).toString(16) + (n >>> 4).toString(16));
/** Least significant digit first, filled with zeros, as Kamailio prints it. */
const hex4 = (crc: number): string => {
  const n = ~crc & 0xffff;
  return BYTES[n & 0xff]! + BYTES[n >>> 8]!;
};

/** Part of the tag that depends on the request: its topmost Via and Call-ID. */
export function tagSuffix(msg: SipMessage): string {
  const via = msg.via;
  const host = via?.host ?? '';
  const port = via && via.port !== 0 ? String(via.port) : '';
  const first = crc16(via?.branch ?? '', crc16(port, crc16(host, 0xffff)));
  const second = crc16(msg.header(HeaderId.CallId)?.value ?? '', crc16(host, crc16(port, 0xffff)));
  return hex4(first) + hex4(second);
}

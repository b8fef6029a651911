/**
 * The branch parameter of our Via (RFC 3261 §8.1.1.7): cookie, table index, digest of the request, branch number.
 *
 * Same shape as Kamailio's (msg_translator.c, branch_builder), so that tools which read it go on working. The digest
 * comes from the received request, so a stateless forward of the same request makes the same branch (§16.11).
 */
import { hash } from 'node:crypto';
import type { SipMessage } from '../message/message.js';

export const MAGIC_COOKIE = 'z9hG4bK';
export const TABLE_ENTRIES = 65_536;

/** Number as hexadecimal digits, lowest first. */
export function reverseHex(value: number): string {
  let rest = value >>> 0;
  let text = '';
  do {
    text += (rest & 15).toString(16);
    rest >>>= 4;
  } while (rest !== 0);
  return text;
}

/** -1 when it is not such a number, or has more than eight digits. */
export function parseReverseHex(text: string, start: number, end: number): number {
  if (end <= start || end - start > 8) return -1;
  let value = 0;
  for (let i = end - 1; i >= start; i--) {
    const c = text.charCodeAt(i) | 0x20;
    const digit = c >= 48 && c <= 57 ? c - 48 : c >= 97 && c <= 102 ? c - 87 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Slot of the table: requests of one call with one CSeq share it. */
export function tableIndex(callId: string, cseq: number | string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < callId.length; i++) h = Math.imul(h ^ callId.charCodeAt(i), 0x01000193);
  const number = String(cseq);
  for (let i = 0; i < number.length; i++) h = Math.imul(h ^ number.charCodeAt(i), 0x01000193);
  return (h ^ (h >>> 16)) & (TABLE_ENTRIES - 1);
}

/** What identifies a request as received: tags, Call-ID, Request-URI, CSeq number, topmost Via. */
export function requestDigest(msg: SipMessage): string {
  const via = msg.via;
  const method = msg.method;
  const dialogForming = method === 'INVITE' || method === 'ACK' || method === 'CANCEL';
  const text =
    `${msg.from?.tag ?? ''}${dialogForming ? '' : (msg.to?.tag ?? '')}${msg.callId ?? ''}${msg.requestUri}` +
    `${msg.cseq?.number ?? ''}${via?.host ?? ''}${via?.port ? via.port : ''}${via?.branch ?? ''}`;
  return hash('md5', Buffer.from(text, 'latin1'), 'hex');
}

export const buildBranch = (index: number, digest: string, branch: number): string =>
  `${MAGIC_COOKIE}${reverseHex(index)}.${digest}.${reverseHex(branch)}`;

export interface BranchId {
  readonly index: number;
  readonly digest: string;
  readonly branch: number;
}
/** Null when it is not one we made. The CSeq number as received may stand behind it (`.cs1`): dialog's track_cseq_updates. */
export function parseBranch(text: string): BranchId | null {
  if (!text.startsWith(MAGIC_COOKIE)) return null;
  const first = text.indexOf('.', MAGIC_COOKIE.length);
  if (first < 0) return null;
  const second = text.indexOf('.', first + 1);
  if (second - first !== 33) return null;
  const index = parseReverseHex(text, MAGIC_COOKIE.length, first);
  const suffix = text.indexOf('.cs', second + 1);
  const branch = parseReverseHex(text, second + 1, suffix < 0 ? text.length : suffix);
  if (index < 0 || index >= TABLE_ENTRIES || branch < 0) return null;
  return { index, digest: text.slice(first + 1, second), branch };
}

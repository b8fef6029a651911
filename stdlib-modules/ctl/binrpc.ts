/**
 * binrpc, the wire format of `kamcmd` (Kamailio's ctl module, binrpc.h):
 *
 *     A1 | type:4 lengthBytes-1:2 cookieBytes-1:2 | total length | cookie | records …
 *     record: size:4 type:4 | value          size 1nnn: nnn bytes of length come first
 *
 * Integers and lengths are big-endian and as short as possible; 0 has no bytes. Texts end in NUL, which counts.
 * Doubles are thousandths in a 64-bit integer. Structs and arrays are both sent as structs; members are name records
 * followed by a value. Nothing here throws on bad input.
 */
import { double, RpcArray, RpcDouble, type RpcParam, type RpcStruct, type RpcValue } from '../../runtime/sdk/index.js';

const MAGIC = 0xa1;
export const PacketType = { request: 0, reply: 1, fault: 3 } as const;
const T = { int: 0, str: 1, double: 2, struct: 3, array: 4, name: 5, bytes: 6 } as const;

/** Requests longer than this are refused: Kamailio's buffer for them. */
export const MAX_REQUEST_BYTES = 65_535;
const MIN_PACKET = 4;

export interface Packet {
  readonly type: number;
  readonly cookie: number;
  /** First byte of the records, and the byte after the packet. */
  readonly start: number;
  readonly end: number;
}

/** The packet at the start of `bytes`; `more` when it is not all there, `bad` when it never will be one. */
export function readPacket(bytes: string, maxBytes = MAX_REQUEST_BYTES): Packet | 'more' | 'bad' {
  if (bytes.length > 0 && bytes.charCodeAt(0) !== MAGIC) return 'bad';
  if (bytes.length < MIN_PACKET) return 'more';
  const second = bytes.charCodeAt(1);
  const type = second >> 4;
  if (type !== PacketType.request && type !== PacketType.reply && type !== PacketType.fault) return 'bad';
  const lengthBytes = ((second >> 2) & 3) + 1;
  const cookieBytes = (second & 3) + 1;
  const start = 2 + lengthBytes + cookieBytes;
  if (bytes.length < start) return 'more';
  const length = readInt(bytes, 2, lengthBytes);
  if (length < 0 || length > maxBytes) return 'bad';
  const end = start + length;
  return bytes.length < end ? 'more' : { type, cookie: readInt(bytes, 2 + lengthBytes, cookieBytes) >>> 0, start, end };
}

const readInt = (bytes: string, at: number, size: number): number => {
  let value = 0;
  for (let i = 0; i < size; i++) value = (value << 8) | bytes.charCodeAt(at + i);
  return value;
};

interface Record {
  readonly type: number;
  /** Flag of the head: a struct or array ends here, a number or text is long. */
  readonly size: number;
  readonly at: number;
  readonly next: number;
}
/** The record at `at`; null when it does not end before `end`. */
function readRecord(bytes: string, at: number, end: number): Record | null {
  const head = bytes.charCodeAt(at++);
  const type = head & 15;
  let size = head >> 4;
  if (type === T.struct || type === T.array) return { type, size, at, next: at };
  if (type !== T.double && size & 8) {
    const lengthBytes = size & 7;
    if (lengthBytes > 4 || at + lengthBytes > end) return null;
    size = readInt(bytes, at, lengthBytes);
    at += lengthBytes;
  }
  return size < 0 || at + size > end ? null : { type, size, at, next: at + size };
}
/** Value of a record that is neither struct nor array nor name; null when it is malformed. */
function readScalar(bytes: string, { type, size, at }: Record): RpcParam | null {
  if (type === T.int) return size > 4 ? null : readInt(bytes, at, size);
  if (type === T.str) return size === 0 ? null : bytes.slice(at, at + size - 1);
  if (type === T.bytes) return bytes.slice(at, at + size);
  return type === T.double ? double(readThousandths(bytes, at, size)) : null;
}

/** The records of a packet as parameters; null when one is malformed or is a struct. */
export function readRecords(bytes: string, packet: Packet): RpcParam[] | null {
  const values: RpcParam[] = [];
  for (let at = packet.start; at < packet.end; ) {
    const record = readRecord(bytes, at, packet.end);
    const value = record && readScalar(bytes, record);
    if (record === null || value === null) return null;
    values.push(value);
    at = record.next;
  }
  return values;
}

/** Structs may stand in structs this deep. */
const MAX_DEPTH = 32;
/** The values of a reply, structs and arrays with all in them; null when one is malformed. */
export function readReply(bytes: string, packet: Packet): RpcValue[] | null {
  const values: RpcValue[] = [];
  const open: RpcArray[] = [];
  let name: string | null = null;
  for (let at = packet.start; at < packet.end; ) {
    const record = readRecord(bytes, at, packet.end);
    if (record === null) return null;
    at = record.next;
    if (record.type === T.name) {
      if (record.size === 0) return null;
      name = bytes.slice(record.at, record.at + record.size - 1);
      continue;
    }
    let value: RpcValue | null;
    if (record.type === T.struct || record.type === T.array) {
      if (record.size & 8) {
        if (open.pop() === undefined) return null;
        continue;
      }
      value = new RpcArray();
    } else value = readScalar(bytes, record);
    if (value === null) return null;
    const inside = open.at(-1);
    if (inside) inside.items.push({ name, value });
    else values.push(value);
    name = null;
    if (value instanceof RpcArray && open.push(value) > MAX_DEPTH) return null;
  }
  return open.length === 0 ? values : null;
}
function readThousandths(bytes: string, at: number, size: number): number {
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(bytes.charCodeAt(at + i));
  return Number(BigInt.asIntN(64, value)) / 1000;
}

const shortest = (value: number): string => {
  let out = '';
  for (let v = value >>> 0; v !== 0; v >>>= 8) out = String.fromCharCode(v & 255) + out;
  return out;
};
const int = (value: number): string => {
  const bytes = shortest(value);
  return String.fromCharCode((bytes.length << 4) | T.int) + bytes;
};
const text = (value: string, type: number): string => {
  const size = value.length + 1;
  const head = size < 8 ? String.fromCharCode((size << 4) | type) : lengthHead(size, type);
  return `${head}${value}\0`;
};
const lengthHead = (size: number, type: number): string => {
  const bytes = shortest(size);
  return String.fromCharCode(((bytes.length | 8) << 4) | type) + bytes;
};
const thousandths = (value: number): string => {
  let out = '';
  for (let v = BigInt.asUintN(64, BigInt(Math.trunc(value * 1000))); v !== 0n; v >>= 8n)
    out = String.fromCharCode(Number(v & 255n)) + out;
  return String.fromCharCode((out.length << 4) | T.double) + out;
};
const STRUCT_START = '\x03';
const STRUCT_END = '\x83';

/** One value as records. */
export function writeValue(value: RpcValue): string {
  if (typeof value === 'string') return text(value, T.str);
  if (typeof value === 'number') return int(value);
  if (typeof value === 'boolean') return int(value ? 1 : 0);
  if (value === null) return text('<null string>', T.str);
  if (value instanceof RpcDouble) return thousandths(value.value);
  const parts: string[] = [STRUCT_START];
  const items: readonly { name: string | null; value: RpcValue }[] =
    value instanceof RpcArray ? value.items : value.entries;
  for (const item of items) {
    if (item.name !== null) parts.push(text(item.name, T.name));
    parts.push(writeValue(item.value));
  }
  parts.push(STRUCT_END);
  return parts.join('');
}

function packet(type: number, body: string, cookie: number): string {
  const length = shortest(body.length) || '\0';
  const echo = shortest(cookie) || '\0';
  return `${String.fromCharCode(MAGIC, (type << 4) | ((length.length - 1) << 2) | (echo.length - 1))}${length}${echo}${body}`;
}
export const writeReply = (values: readonly RpcValue[], cookie: number): string =>
  packet(PacketType.reply, values.map(writeValue).join(''), cookie);
/** Kamailio cuts fault texts at 255 bytes. */
export const writeFault = (code: number, phrase: string, cookie: number): string =>
  packet(PacketType.fault, int(code) + text(phrase.slice(0, 255), T.str), cookie);
/** A request: what `kamcmd` sends. */
export const writeRequest = (method: string, params: readonly RpcParam[], cookie: number): string =>
  packet(PacketType.request, [method, ...params].map(writeValue).join(''), cookie);

export type { RpcStruct };

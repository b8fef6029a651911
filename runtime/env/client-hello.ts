/**
 * The server name in a TLS client's hello (RFC 8446 §4.1.2, RFC 6066 §3), read before the handshake begins: which
 * certificate and which rules serve it is decided by that name.
 */

/** As long as a hello may be before it is refused. */
export const MAX_HELLO_BYTES = 32 * 1024;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;

/** The name ('' when there is none); `more` when it is not complete; `not-tls` when it is something else. */
export function readServerName(bytes: Buffer): { readonly name: string } | 'more' | 'not-tls' {
  const records: Buffer[] = [];
  let at = 0;
  let held = 0;
  let wanted = 4;
  while (held < wanted) {
    if (at < bytes.length && bytes[at] !== HANDSHAKE) return 'not-tls';
    if (bytes.length < at + 5) return 'more';
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || bytes[at + 1] !== 3) return 'not-tls';
    const part = bytes.subarray(at + 5, at + 5 + length);
    records.push(part);
    held += part.length;
    at += 5 + length;
    if (wanted === 4 && held >= 4) {
      const head = Buffer.concat(records);
      if (head[0] !== CLIENT_HELLO) return 'not-tls';
      wanted = 4 + head.readUIntBE(1, 3);
      if (wanted > MAX_HELLO_BYTES) return 'not-tls';
    }
    if (part.length < length && held < wanted) return 'more';
  }
  try {
    return { name: nameIn(Buffer.concat(records).subarray(4, wanted)) };
  } catch {
    return 'not-tls';
  }
}

/** Throws (a read past the end) when the hello is malformed. */
function nameIn(hello: Buffer): string {
  let at = 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  if (at === hello.length) return '';
  const end = at + 2 + hello.readUInt16BE(at);
  at += 2;
  while (at < end) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    if (type === SERVER_NAME && length >= 5 && hello.readUInt8(at + 6) === 0) {
      const size = hello.readUInt16BE(at + 7);
      return hello.toString('latin1', at + 9, at + 9 + size);
    }
    at += 4 + length;
  }
  return '';
}

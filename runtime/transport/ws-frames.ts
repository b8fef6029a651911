/**
 * WebSocket frames (RFC 6455 §5) on one-byte strings: what the peer sends is cut, checked and unmasked, what goes to it
 * is built. Nothing is kept but the frame being received and the message being put together, both bounded.
 */

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Kamailio's BUF_SIZE: a SIP message longer than this is refused. */
export const MAX_MESSAGE_BYTES = 65_535;

/** A violation: the status and the words the peer is told (RFC 6455 §7.4.1). */
export interface FrameProblem {
  readonly status: 1002 | 1008 | 1009;
  readonly reason: 'Protocol error' | 'Unsupported opcode' | 'Message too big';
}
const protocolError: FrameProblem = { status: 1002, reason: 'Protocol error' };
const unsupported: FrameProblem = { status: 1008, reason: 'Unsupported opcode' };
const tooBig: FrameProblem = { status: 1009, reason: 'Message too big' };

export interface FrameSink {
  /** A whole message; fragments are put together first. */
  message(payload: string, opcode: number): void;
  control(opcode: number, payload: string): void;
}

export class FrameReader {
  private held = '';
  private fragments = '';
  private fragmented = 0;
  /** Whole frames seen. */
  frames = 0;

  constructor(
    private readonly sink: FrameSink,
    /** Who sends them. */
    private readonly from: 'client' | 'server' = 'client',
    /** Longest message; below 16 MiB. */
    private readonly maxBytes = MAX_MESSAGE_BYTES,
  ) {}

  /** Takes the next bytes; the violation that ends the connection, or null. */
  push(bytes: string): FrameProblem | null {
    this.held = this.held === '' ? bytes : this.held + bytes;
    for (;;) {
      const problem = this.next();
      if (problem !== undefined) return problem;
    }
  }

  /** Undefined: one frame taken, look again. Null: more bytes are needed. */
  private next(): FrameProblem | null | undefined {
    const { held } = this;
    if (held.length < 2) return null;
    const first = held.charCodeAt(0);
    const second = held.charCodeAt(1);
    const opcode = first & 0x0f;
    if (first & 0x70) return protocolError;
    if (opcode > Opcode.binary && (opcode < Opcode.close || opcode > Opcode.pong)) return unsupported;
    // §5.1: a client masks all it sends, a server nothing. §5.5: control frames are short and whole.
    const masked = (second & 0x80) !== 0;
    if (masked !== (this.from === 'client')) return protocolError;
    const control = opcode >= Opcode.close;
    const whole = (first & 0x80) !== 0;
    let length = second & 0x7f;
    if (control && (length > 125 || !whole)) return protocolError;
    let at = 2;
    if (length === 126) {
      if (held.length < 4) return null;
      length = (held.charCodeAt(2) << 8) | held.charCodeAt(3);
      at = 4;
    } else if (length === 127) {
      if (held.length < 10) return null;
      for (let i = 2; i < 7; i++) if (held.charCodeAt(i) !== 0) return tooBig;
      length = (held.charCodeAt(7) << 16) | (held.charCodeAt(8) << 8) | held.charCodeAt(9);
      at = 10;
    }
    if (length > this.maxBytes || this.fragments.length + length > this.maxBytes) return tooBig;
    const end = at + (masked ? 4 : 0) + length;
    if (held.length < end) return null;
    const payload = masked ? unmask(held, at, length) : held.slice(at, end);
    this.held = held.slice(end);
    this.frames++;
    if (control) this.sink.control(opcode, payload);
    else return this.data(opcode, payload, whole);
    return undefined;
  }

  private data(opcode: number, payload: string, whole: boolean): FrameProblem | undefined {
    const continues = opcode === Opcode.continuation;
    if (continues !== (this.fragmented !== 0)) return protocolError;
    if (!continues) {
      if (whole) {
        this.sink.message(payload, opcode);
        return undefined;
      }
      this.fragmented = opcode;
    }
    this.fragments += payload;
    if (whole) {
      const message = this.fragments;
      const kind = this.fragmented;
      this.fragments = '';
      this.fragmented = 0;
      this.sink.message(message, kind);
    }
    return undefined;
  }
}

function unmask(held: string, at: number, length: number): string {
  const bytes = Buffer.from(held.slice(at + 4, at + 4 + length), 'latin1');
  for (let i = 0; i < length; i++) bytes[i] = (bytes[i] ?? 0) ^ held.charCodeAt(at + (i & 3));
  return bytes.toString('latin1');
}

/** A frame as a client sends it, with the four bytes of `key` (§5.3). */
export function withMask(built: string, key: number): string {
  const size = built.charCodeAt(1);
  const at = size === 0x7e ? 4 : size === 0x7f ? 10 : 2;
  const head = built.slice(2, at);
  const mask = String.fromCharCode(key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff);
  const payload = unmask(mask + built.slice(at), 0, built.length - at);
  return built.charAt(0) + String.fromCharCode(size | 0x80) + head + mask + payload;
}

/** One whole frame to a client: never masked. */
export function frame(opcode: number, payload: string): string {
  const { length } = payload;
  const head = String.fromCharCode(0x80 | opcode);
  if (length < 126) return head + String.fromCharCode(length) + payload;
  if (length <= 0xffff) return `${head}\x7e${String.fromCharCode(length >> 8, length & 0xff)}${payload}`;
  const long = [0, 0, 0, 0, (length >>> 24) & 0xff, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff];
  return `${head}\x7f${String.fromCharCode(...long)}${payload}`;
}
export const closeFrame = (status: number, reason: string): string =>
  frame(Opcode.close, String.fromCharCode((status >> 8) & 0xff, status & 0xff) + reason.slice(0, 123));

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Text where it is UTF-8, as a browser wants it; else binary. */
export function messageFrame(payload: string): string {
  return frame(isUtf8(payload) ? Opcode.text : Opcode.binary, payload);
}
function isUtf8(bytes: string): boolean {
  let ascii = true;
  for (let i = 0; ascii && i < bytes.length; i++) ascii = bytes.charCodeAt(i) < 0x80;
  if (ascii) return true;
  try {
    utf8.decode(Buffer.from(bytes, 'latin1'));
    return true;
  } catch {
    return false;
  }
}

/**
 * The C library's socket calls, through koffi, an optional dependency: what `node:dgram` has no name for.
 * The numbers are those of Linux on 64-bit little-endian machines; elsewhere there is no `Libc`.
 */
import { createRequire } from 'node:module';

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_RCVBUF = 8;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const MSG_DONTWAIT = 0x40;

/** Watches until it is closed, and keeps the process alive as a socket does. */
export interface Watch {
  /** Again, after `stop` or after an error stopped it. */
  start(ready: (status: number) => void): void;
  stop(): void;
  close(): void;
}

export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  listen(fd: number, backlog: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  recvmmsg(fd: number, messages: Uint8Array, count: number, flags: number, timeout: null): number;
  sendmmsg(fd: number, messages: Uint8Array, count: number, flags: number): number;
  recvfrom(fd: number, into: Uint8Array, size: number, flags: number, from: Uint8Array, fromSize: Uint8Array): number;
  sendto(fd: number, from: Uint8Array, size: number, flags: number, to: Uint8Array, toSize: number): number;
  close(fd: number): number;
  /** 1 when the text is an address of the family. */
  inet_pton(family: number, text: string, into: Uint8Array): number;
  inet_ntop(family: number, from: Uint8Array, into: Uint8Array, size: number): unknown;
  /** 0 when there is none. */
  if_nametoindex(name: string): number;
  /** Null when there is none. `into` has 16 bytes. */
  if_indextoname(index: number, into: Uint8Array): unknown;
  /** The error of the last call, by name: EAGAIN … */
  lastError(): string;
  /** Where the bytes lie. They must not be on V8's heap: a view of an `ArrayBuffer` made as such is not. */
  address(bytes: Uint8Array): number;
  /** Calls `ready` each turn of the event loop in which there is something to read. */
  watch(fd: number, ready: (status: number) => void): Watch;
}

let loaded: Libc | null | undefined;

/** Null where koffi is not installed or has no binary, and on systems with other numbers. */
export function libc(): Libc | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): Libc | null {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) return null;
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const c = koffi.load(null);
    const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
    // EAGAIN and EWOULDBLOCK are one number.
    names.set(koffi.os.errno.EAGAIN ?? 11, 'EAGAIN');
    return {
      socket: c.func('int socket(int, int, int)'),
      setsockopt: c.func('int setsockopt(int, int, int, const void *, uint32_t)'),
      bind: c.func('int bind(int, const void *, uint32_t)'),
      listen: c.func('int listen(int, int)'),
      getsockname: c.func('int getsockname(int, _Out_ void *, _Inout_ void *)'),
      recvmmsg: c.func('int recvmmsg(int, _Inout_ void *, uint, int, void *)'),
      sendmmsg: c.func('int sendmmsg(int, _Inout_ void *, uint, int)'),
      recvfrom: c.func('long recvfrom(int, _Out_ void *, size_t, int, _Out_ void *, _Inout_ void *)'),
      sendto: c.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)'),
      close: c.func('int close(int)'),
      inet_pton: c.func('int inet_pton(int, const char *, _Out_ void *)'),
      inet_ntop: c.func('void *inet_ntop(int, const void *, _Out_ void *, uint32_t)'),
      if_nametoindex: c.func('uint if_nametoindex(const char *)'),
      if_indextoname: c.func('void *if_indextoname(uint, _Out_ void *)'),
      lastError: () => names.get(koffi.errno()) ?? 'EIO',
      address: (bytes) => Number(koffi.address(bytes)),
      watch: (fd, ready) => {
        // Called with (status, events), whatever the declaration says.
        const handle: unknown = koffi.node.poll(fd, ready as unknown as () => void);
        return handle as Watch;
      },
    };
  } catch {
    return null;
  }
}

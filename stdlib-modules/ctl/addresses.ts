/**
 * Values of `binrpc` and `fifo`: `unixs:/path`, `unix:/path`, `unixd:/path`, `fifo:/path`, `tcp:host:port`, `udp:host:port`,
 * `tcp:port`, `host:port`, and a name alone.
 */

export const DEFAULT_PORT = 2049;
export type ControlAddress =
  | { readonly kind: 'unix_stream' | 'unix_dgram' | 'fifo'; readonly path: string }
  | { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number };

/**
 * Null when it cannot be read. Without a protocol: of `binrpc`, a name with a slash is a unix stream socket, any other is UDP;
 * of `fifo`, a name is a pipe, one with a port UDP.
 */
export function parseControlAddress(text: string, of: 'binrpc' | 'fifo' = 'binrpc'): ControlAddress | null {
  const colon = text.indexOf(':');
  const proto = colon < 0 ? '' : text.slice(0, colon).toLowerCase();
  const rest = text.slice(colon + 1);
  switch (proto) {
    case 'unix':
    case 'unixs':
      return rest === '' ? null : { kind: 'unix_stream', path: rest };
    case 'unixd':
      return rest === '' ? null : { kind: 'unix_dgram', path: rest };
    case 'fifo':
      return rest === '' ? null : { kind: 'fifo', path: rest };
    case 'tcp':
    case 'udp':
      return hostAndPort(proto, rest);
  }
  if (of === 'fifo' && colon < 0) return text === '' ? null : { kind: 'fifo', path: text };
  if (text.startsWith('/')) return { kind: 'unix_stream', path: text };
  return hostAndPort('udp', text);
}

function hostAndPort(kind: 'tcp' | 'udp', text: string): ControlAddress | null {
  if (text === '') return null;
  if (/^[0-9]+$/.test(text)) return hostAndPort(kind, `*:${text}`);
  const close = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', Math.max(0, close));
  const host = text.slice(0, colon < 0 ? undefined : colon).replace(/^\[|\]$/g, '');
  const port = colon < 0 ? DEFAULT_PORT : Number(text.slice(colon + 1));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null;
  return { kind, host: host === '*' ? '0.0.0.0' : host, port };
}

export const shown = (a: ControlAddress): string => ('path' in a ? a.path : `${a.host}:${a.port}`);
/** Name and port, as the commands list them. */
export const nameAndPort = (a: ControlAddress): readonly [name: string, port: string] =>
  'path' in a ? [a.path, ''] : [a.host, String(a.port)];

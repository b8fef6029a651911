/** `binrpc` parameter values: `unixs:/path`, `unix:/path`, `unixd:/path`, `tcp:host:port`, `udp:host:port`, `host`. */

export const DEFAULT_PORT = 2049;
export type ControlAddress =
  | { readonly kind: 'unix_stream' | 'unix_dgram'; readonly path: string }
  | { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number };

/** Null when it cannot be read. A name with a slash is a unix stream socket, one without a protocol is UDP. */
export function parseControlAddress(text: string): ControlAddress | null {
  const colon = text.indexOf(':');
  const proto = colon < 0 ? '' : text.slice(0, colon).toLowerCase();
  const rest = text.slice(colon + 1);
  switch (proto) {
    case 'unix':
    case 'unixs':
      return rest === '' ? null : { kind: 'unix_stream', path: rest };
    case 'unixd':
      return rest === '' ? null : { kind: 'unix_dgram', path: rest };
    case 'tcp':
    case 'udp':
      return hostAndPort(proto, rest);
  }
  if (text.startsWith('/')) return { kind: 'unix_stream', path: text };
  return hostAndPort('udp', text);
}

function hostAndPort(kind: 'tcp' | 'udp', text: string): ControlAddress | null {
  if (text === '') return null;
  const close = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', Math.max(0, close));
  const host = text.slice(0, colon < 0 ? undefined : colon).replace(/^\[|\]$/g, '');
  const port = colon < 0 ? DEFAULT_PORT : Number(text.slice(colon + 1));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null;
  return { kind, host: host === '*' ? '0.0.0.0' : host, port };
}

export const shown = (a: ControlAddress): string => ('path' in a ? a.path : `${a.host}:${a.port}`);

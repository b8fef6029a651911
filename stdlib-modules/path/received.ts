/** `received` of a Path URI: written by add_path_received(), read again when a request follows it as a Route. */
import { lowerAscii, type Proto, type ReceiveInfo } from '../../runtime/sdk/index.js';

/** In Kamailio's numbering, from 1. */
const protos: readonly Proto[] = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'];
/** Longest URI (MAX_URI_SIZE), less what is put around the value. */
const MAX_VALUE = 1024 - 24;

export function receivedParam(name: string, format: number, { src, proto }: ReceiveInfo): string {
  const host = src.ip.includes(':') ? `[${src.ip}]` : src.ip;
  if (format !== 0) return `;${name}=${host}~${src.port}~${protos.indexOf(proto) + 1}`;
  const transport = proto === 'udp' ? '' : `%3Btransport%3D${proto === 'wss' ? 'ws' : proto}`;
  return `;${name}=sip:${host}:${src.port}${transport}`;
}

/** URI of the next hop; null when there is no such parameter. */
export function receivedTarget(name: string, format: number, params: string): string | null | 'malformed' {
  const value = paramOf(params, name);
  if (value === null || value === '') return null;
  if (value.length >= MAX_VALUE) return 'malformed';
  if (format === 0) return unescaped(value);
  const [address, port, number] = value.split('~');
  if (port === undefined) return `sip:${value}`;
  if (number === undefined) return `sip:${address}:${port}`;
  const proto = protos[Number(number.slice(0, 1)) - 1];
  if (proto === undefined) return 'malformed';
  return `sip:${address}:${port}${proto === 'udp' ? '' : `;transport=${proto}`}`;
}

/** Case of the name is ignored for the usual name only, as Kamailio's parameter parser does. */
function paramOf(params: string, name: string): string | null {
  for (const part of params.split(';')) {
    const equals = part.indexOf('=');
    const own = equals < 0 ? '' : part.slice(0, equals).trim();
    if (own === name || (name === 'received' && lowerAscii(own) === name)) return part.slice(equals + 1).trim();
  }
  return null;
}

/** `%3B` is `;`; 'malformed' when the digits are missing. */
function unescaped(text: string): string | 'malformed' {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '%') {
      out += text[i];
      continue;
    }
    const digits = text.slice(i + 1, i + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) return 'malformed';
    out += String.fromCharCode(Number.parseInt(digits, 16));
    i += 2;
  }
  return out;
}

/** `{sock.…}`, `{url.…}`, `{msrpuri.…}`: classes that other modules than pv bring. */
import type { Value } from '../sdk/define.js';

type Transformation = (value: Value) => Value;

const socket = /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:/]+)(?::(\d{1,5}))?$/i;
const ofSocket =
  (part: (proto: string, host: string, port: string) => Value): Transformation =>
  (value) => {
    const match = typeof value === 'string' ? socket.exec(value) : null;
    return match ? part(match[1]?.toLowerCase() ?? '', match[2]!, match[3] ?? '') : null;
  };
const toUri = (proto: string, host: string, port: string): string =>
  `sip:${host}${port === '' ? '' : `:${port}`}${proto === '' ? '' : `;transport=${proto}`}`;

/** `msrps://user@host:port/session;proto;params` (RFC 4975 §6). */
const msrp = /^(msrps?):\/\/(?:([^@/]*)@)?(\[[^\]]*\]|[^:/;]*)(?::(\d{1,5}))?(?:\/([^;]*))?(?:;([^;]*))?(?:;(.*))?$/i;
const ofMsrp =
  (group: number, name?: (text: string) => string): Transformation =>
  (value) => {
    const match = typeof value === 'string' ? msrp.exec(value) : null;
    if (!match) return null;
    const found = match[group] ?? '';
    return name ? name(found) : found;
  };

export const addressTransformations: Readonly<Record<string, Transformation>> = {
  sock_host: ofSocket((_proto, host) => host),
  sock_port: ofSocket((_proto, _host, port) => port),
  sock_proto: ofSocket((proto) => proto),
  sock_touri: ofSocket(toUri),
  url_path: (value) => (typeof value === 'string' ? value.split('?')[0]! : null),
  url_querystring: (value) => {
    if (typeof value !== 'string') return null;
    const at = value.indexOf('?');
    return at < 0 ? '' : value.slice(at + 1);
  },
  msrpuri_scheme: ofMsrp(1),
  msrpuri_userinfo: ofMsrp(2),
  msrpuri_user: ofMsrp(2, (text) => text.split(':')[0]!),
  msrpuri_host: ofMsrp(3),
  msrpuri_port: ofMsrp(4),
  msrpuri_session: ofMsrp(5),
  msrpuri_proto: ofMsrp(6),
  // parse_msrp_uri: what follows the protocol, and the protocol with it; alone it is no parameter.
  msrpuri_params: (value) => {
    const rest = ofMsrp(7)(value);
    return rest ? `${ofMsrp(6)(value)};${rest}` : rest;
  },
};

/**
 * From `listen=` and `-l` to the addresses to bind, as Kamailio's `fix_all_socket_lists()`: protocol or both, an address, a
 * host name or an interface, a port or the default; duplicates once; nothing written = every address of the machine.
 */
import { bracket, canonicalIp, isMulticast, unbracket } from '../dns/ip.js';
import type { Endpoint, Environment, Proto } from '../env.js';
import { StartError } from '../errors.js';
import type { ListenSocket } from './types.js';

/** One `listen=` of the cfg or `-l` of the command line. */
export interface ListenSpec {
  /** `udp:127.0.0.1:5060`, `tcp:eth0`, `[::1]:5080`; no protocol = all that are on. */
  readonly address: string;
  /** `host` or `host:port`. */
  readonly advertise?: string;
  readonly name?: string;
  readonly virtual?: boolean;
}

export interface ListenSettings {
  readonly port: number;
  readonly disable_tcp: number;
  readonly enable_tls: number;
  readonly disable_tls: number;
  readonly tls_port_no: number;
  readonly advertised_address: string;
  readonly advertised_port: number;
  readonly auto_bind_ipv6: number;
  readonly bind_ipv6_link_local: number;
}

/** An address to bind, and how its socket is to be shown. */
export interface Listen {
  readonly proto: Proto;
  readonly ip: string;
  readonly port: number;
  /** As written when it was a name. */
  readonly hostName: string | null;
  readonly advertised: { readonly host: string; readonly port: number } | null;
  readonly name: string | null;
  readonly virtual: boolean;
  /** Interface of a link-local address, which means nothing without it (RFC 4007). */
  readonly zone?: string;
}

/** `bind_ipv6_link_local`: 2 of later versions; to 5.6 any but 0 is 1. */
const SKIP_LINK_LOCAL = 2;

const PROTOS: readonly string[] = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'];
const isProto = (word: string): word is Proto => PROTOS.includes(word);

/** `proto:host:port`, each part but the host optional. Null when it is none of that. */
export function splitAddress(text: string): { proto: Proto | null; host: string; port: number | null } | null {
  let rest = text.trim();
  let proto: Proto | null = null;
  const word = rest.slice(0, Math.max(0, rest.indexOf(':'))).toLowerCase();
  if (isProto(word)) {
    proto = word;
    rest = rest.slice(word.length + 1);
  }
  // `(a, b)`: only the first address; the others are for SCTP.
  if (rest.startsWith('(')) {
    const close = rest.indexOf(')');
    if (close < 0) return null;
    rest = rest.slice(1, close).split(',')[0]!.trim() + rest.slice(close + 1);
  }
  let host = rest;
  let portText = '';
  if (rest.startsWith('[')) {
    const close = rest.indexOf(']');
    if (close < 0) return null;
    host = rest.slice(0, close + 1);
    if (rest.length > close + 1) {
      if (rest[close + 1] !== ':') return null;
      portText = rest.slice(close + 2);
      if (portText === '') return null;
    }
  } else if (canonicalIp(rest) === null) {
    const colon = rest.lastIndexOf(':');
    if (colon >= 0) {
      host = rest.slice(0, colon);
      portText = rest.slice(colon + 1);
      if (portText === '') return null;
    }
  }
  if (host === '' || (portText !== '' && !/^\d{1,5}$/.test(portText)) || Number(portText) > 65_535) return null;
  return { proto, host, port: portText === '' ? null : Number(portText) };
}

function advertisedOf(text: string | undefined): Listen['advertised'] {
  if (!text) return null;
  const parts = splitAddress(text);
  if (!parts) throw new StartError('SIPC8006', `cannot advertise ${text}: write host, host:port or [ipv6]:port`);
  return { host: parts.host, port: parts.port ?? 0 };
}

export async function resolveListens(
  env: Environment,
  specs: readonly ListenSpec[],
  settings: ListenSettings,
): Promise<Listen[]> {
  const withTls = settings.enable_tls !== 0 && settings.disable_tls === 0 && !settings.disable_tcp;
  const every: Proto[] = settings.disable_tcp ? ['udp'] : withTls ? ['udp', 'tcp', 'tls'] : ['udp', 'tcp'];
  const listens: Listen[] = [];
  let withoutTls: string | null = null;
  const local = env.network.localAddresses();
  const mode = settings.bind_ipv6_link_local;
  const binds = (ip: string) => !isLinkLocal(ip) || (mode !== 0 && mode !== SKIP_LINK_LOCAL);
  const zoneOf = (ip: string) =>
    isLinkLocal(ip) && binds(ip) ? local.find((own) => canonicalIp(own.ip) === ip)?.interfaceName : undefined;
  const written: readonly ListenSpec[] =
    specs.length > 0
      ? specs
      : local
          .filter(({ ip }) => !ip.includes(':') || (settings.auto_bind_ipv6 !== 0 && binds(ip)))
          .map(({ ip }) => ({ address: ip.includes(':') ? `[${ip}]` : ip }));
  for (const spec of written) {
    const parts = splitAddress(spec.address);
    if (!parts) {
      throw new StartError(
        'SIPC8006',
        `cannot listen on ${spec.address}: write protocol:address:port, such as udp:127.0.0.1:5060`,
      );
    }
    if (parts.proto === 'ws' || parts.proto === 'wss') {
      const plain = parts.proto === 'ws' ? 'tcp' : 'tls';
      throw new StartError(
        'SIPC8007',
        `cannot listen on ${spec.address}: WebSocket comes in on ${plain} sockets (websocket module); write ${plain}:`,
      );
    }
    if (parts.proto === 'sctp')
      throw new StartError(
        'SIPC8007',
        `cannot listen on ${spec.address}: SCTP is not there: Node has no sockets for it; take the line out, or use udp, tcp or tls`,
      );
    if (parts.proto === 'tcp' && settings.disable_tcp) continue;
    // As Kamailio: without enable_tls a tls socket is not opened.
    if (parts.proto === 'tls' && !withTls) {
      withoutTls ??= spec.address;
      continue;
    }
    const host = unbracket(parts.host);
    const numeric = canonicalIp(host);
    const ofInterface = local
      .filter(({ interfaceName, ip }) => interfaceName === host && !ip.includes(':'))
      .map(({ ip }) => ip);
    const ips = numeric !== null ? [numeric] : ofInterface.length > 0 ? ofInterface : [await resolveName(env, host)];
    for (const proto of parts.proto ? [parts.proto] : every)
      for (const ip of ips) {
        // A group is for datagrams.
        if (proto !== 'udp' && isMulticast(ip)) continue;
        if (isLinkLocal(ip) && mode === SKIP_LINK_LOCAL) continue;
        const zone = zoneOf(ip);
        listens.push({
          proto,
          ip,
          port: portFor(proto, parts, settings),
          hostName: numeric === null && ofInterface.length === 0 ? host : null,
          advertised: advertisedOf(spec.advertise),
          name: spec.name ?? null,
          virtual: spec.virtual ?? false,
          ...(zone === undefined ? {} : { zone }),
        });
      }
  }
  if (listens.length === 0 && withoutTls !== null)
    throw new StartError(
      'SIPC8007',
      `cannot listen on ${withoutTls}: TLS is off; write enable_tls=yes and loadmodule "tls.so" into the cfg`,
    );
  // By protocol, as Kamailio keeps its lists; the first of two equals stays.
  const kept = new Map<string, Listen>();
  for (const listen of listens) {
    const key = `${listen.proto} ${listen.ip} ${listen.port}`;
    if (!kept.has(key) || listen.port === 0) kept.set(listen.port === 0 ? `${key} ${kept.size}` : key, listen);
  }
  const order = (proto: Proto) => PROTOS.indexOf(proto);
  return [...kept.values()].sort((a, b) => order(a.proto) - order(b.proto));
}

/** The address with the interface it is on, where it needs one. */
export const zoned = (ip: string, zone: string | undefined): string =>
  zone !== undefined && isLinkLocal(ip) ? `${ip}%${zone}` : ip;
export function unzoned(at: Endpoint): Endpoint {
  const zone = at.ip.indexOf('%');
  return zone < 0 ? at : { ip: at.ip.slice(0, zone), port: at.port };
}
const isLinkLocal = (ip: string): boolean => /^fe[89ab].:/i.test(ip);

/** Without a protocol written, TLS is one port up. */
function portFor(proto: Proto, parts: { proto: Proto | null; port: number | null }, settings: ListenSettings): number {
  if (!parts.port) return proto === 'tls' ? settings.tls_port_no : settings.port;
  return proto === 'tls' && parts.proto === null ? parts.port + 1 : parts.port;
}

async function resolveName(env: Environment, host: string): Promise<string> {
  const answers = await env.resolver.addresses(host, 4).catch(() => []);
  const found = answers[0] ?? (await env.resolver.addresses(host, 6).catch(() => []))[0];
  if (found) return found.ip;
  throw new StartError(
    'SIPC8008',
    `cannot listen on ${host}: it is neither an address, an interface of this machine nor a name that resolves; check the spelling`,
  );
}

/** The socket as the layers above see it, once it is bound. */
export function listenSocket(
  listen: Listen,
  index: number,
  local: Endpoint,
  /** `advertised_address`, `advertised_port`: for every socket, and before its own. */
  everywhere: { readonly advertised_address: string; readonly advertised_port: number } = {
    advertised_address: '',
    advertised_port: 0,
  },
): ListenSocket {
  const { advertised, proto } = listen;
  const port = advertised?.port || local.port;
  const host = advertised ? bracket(unbracket(advertised.host)) : bracket(local.ip);
  const own = listen.hostName ?? bracket(local.ip);
  return {
    index,
    proto,
    local,
    family: local.ip.includes(':') ? 6 : 4,
    advertised,
    name: listen.name,
    virtual: listen.virtual,
    ...(listen.zone === undefined ? {} : { zone: listen.zone }),
    sockStr: `${proto}:${bracket(local.ip)}:${local.port}`,
    advertisedStr: `${proto}:${host}:${port}`,
    host: everywhere.advertised_address ? bracket(everywhere.advertised_address) : advertised ? host : own,
    // Kamailio leaves out only 5060, whatever the protocol, and never an advertised port.
    portText: everywhere.advertised_port
      ? `:${everywhere.advertised_port}`
      : local.port !== 5060 || advertised?.port
        ? `:${port}`
        : '',
    port,
  };
}

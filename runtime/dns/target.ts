/**
 * Where a URI leads (RFC 3263 §4): protocol, addresses and ports, in the order to try them. The choices follow Kamailio's
 * `dns_sip_resolve()`: NAPTR only with `dns_try_naptr`, SRV when there is no port, else addresses.
 */
import type { Environment, Proto } from '../env.js';
import { defaultGrammar, type Grammar } from '../message/grammar.js';
import { parseUri, type SipUri } from '../message/uri.js';
import { after, all, type CacheSettings, DnsCache, type Maybe, type RecordType } from './cache.js';
import { canonicalIp } from './ip.js';

export interface DnsSettings extends CacheSettings {
  readonly dns_try_naptr: number;
  readonly dns_try_ipv6: number;
  readonly dns_srv_lb: number;
  readonly dns_cache_flags: number;
  readonly dns_naptr_ignore_rfc: number;
  readonly dns_udp_pref: number;
  readonly dns_tcp_pref: number;
  readonly dns_tls_pref: number;
  readonly dns_sctp_pref: number;
}

/** Bits of `dns_cache_flags`. */
const Family = { only4: 1, only6: 2, first6: 4 } as const;

/** One address to try. */
export interface Target {
  readonly proto: Proto;
  /** One spelling, no brackets. */
  readonly ip: string;
  readonly port: number;
  /** The name it stands for; absent when the URI had the address. */
  readonly host?: string;
}

const MAX_TARGETS = 32;
const MAX_SRV = 16;
const SRV_PREFIX: Readonly<Partial<Record<Proto, string>>> = {
  udp: '_sip._udp.',
  tcp: '_sip._tcp.',
  tls: '_sips._tcp.',
};
const NAPTR_SERVICE: Readonly<Record<string, Proto>> = { 'sip+d2u': 'udp', 'sip+d2t': 'tcp', 'sips+d2t': 'tls' };
const TRANSPORTS: Readonly<Record<string, Proto>> = {
  udp: 'udp',
  tcp: 'tcp',
  tls: 'tls',
  sctp: 'sctp',
  ws: 'ws',
  wss: 'wss',
};

const defaultPort = (proto: Proto) => (proto === 'tls' || proto === 'wss' ? 5061 : 5060);

interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

interface Service {
  readonly order: number;
  readonly preference: number;
  readonly proto: Proto;
}

/** What the search has to know of the server it belongs to. */
export interface TargetsServer {
  /** Protocols there are sockets for, best first: the order in which SRV names are tried. */
  protos(): readonly Proto[];
  grammar(): Grammar;
}

export class Targets {
  readonly cache: DnsCache;
  constructor(
    private readonly env: Environment,
    private readonly settings: DnsSettings,
    private readonly server: TargetsServer = { protos: () => ['udp', 'tcp'], grammar: () => defaultGrammar },
  ) {
    this.cache = new DnsCache(env.clock, settings);
  }

  /** Empty: it cannot be resolved. `forced`: protocol the cfg asked for; wins over the URI's `transport`. */
  readonly resolve = (uri: string | SipUri, forced: Proto | null = null): Maybe<readonly Target[]> => {
    const parsed = typeof uri === 'string' ? parseUri(uri, this.server.grammar()) : uri;
    if (!parsed || parsed.host === '') return [];
    const written = parsed.transport;
    const transport = written === null ? null : TRANSPORTS[written];
    if (transport === undefined && forced === null) return [];
    let proto = forced ?? transport ?? null;
    // RFC 3261 §26.2.2: sips asks for TLS; `transport=tcp` beside it means TLS over TCP.
    if (parsed.secure && forced === null) proto = proto === 'ws' || proto === 'wss' ? 'wss' : 'tls';
    return this.host(parsed.host, parsed.port, proto);
  };

  /** `host[:port]` without a URI around it: `forward()`, a Via's address. */
  host(host: string, port: number, proto: Proto | null): Maybe<readonly Target[]> {
    const ip = canonicalIp(host);
    if (ip !== null) {
      const chosen = proto ?? 'udp';
      return [{ proto: chosen, ip, port: port || defaultPort(chosen) }];
    }
    const name = nameOf(host);
    if (name === null) return [];
    // RFC 3263 §4.2: with a port there is only the address to find.
    if (port !== 0) return this.addresses(name, port, proto ?? 'udp');
    const services = this.settings.dns_try_naptr ? this.byNaptr(name, proto) : [];
    return after(services, (found) =>
      found.length > 0
        ? found
        : after(this.bySrv(name, proto === null ? this.server.protos() : [proto]), (targets) => {
            if (targets.length > 0) return targets;
            const chosen = proto ?? 'udp';
            return this.addresses(name, defaultPort(chosen), chosen);
          }),
    );
  }

  /** One question through the cache (`dns.lookup`). */
  lookup(type: RecordType, name: string): Maybe<readonly { readonly ttlSec: number }[]> {
    const { resolver } = this.env;
    const bare = nameOf(name);
    if (bare === null) return [];
    switch (type) {
      case 'A':
      case 'AAAA':
        return this.cache.get(type, bare, () => resolver.addresses(bare, type === 'A' ? 4 : 6));
      case 'SRV':
        return this.cache.get(type, bare, () => resolver.srv(bare));
      case 'NAPTR':
        return this.cache.get(type, bare, () => resolver.naptr(bare));
    }
  }

  /** A before AAAA, unless `dns_cache_flags` says otherwise. */
  private addresses(name: string, port: number, proto: Proto): Maybe<Target[]> {
    const { resolver } = this.env;
    const { dns_cache_flags: flags, dns_try_ipv6 } = this.settings;
    const four = () => this.cache.get('A', name, () => resolver.addresses(name, 4));
    const six = () => this.cache.get('AAAA', name, () => resolver.addresses(name, 6));
    const wants6 = dns_try_ipv6 !== 0 && !(flags & Family.only4);
    const both = flags & Family.first6 ? [six, four] : [four, six];
    const asks = !wants6 ? [four] : flags & Family.only6 ? [six] : both;
    return after(all(asks.map((ask) => ask())), (lists) =>
      lists
        .flat()
        .slice(0, MAX_TARGETS)
        .map(({ ip }) => ({ proto, ip: canonicalIp(ip) ?? ip, port, host: name })),
    );
  }

  /** The first of the protocols whose SRV name has answers that lead to addresses. */
  private bySrv(name: string, protos: readonly Proto[]): Maybe<Target[]> {
    const [proto, ...others] = protos;
    if (proto === undefined) return [];
    const prefix = SRV_PREFIX[proto];
    if (prefix === undefined) return this.bySrv(name, others);
    return after(this.srv(prefix + name, proto), (targets) =>
      targets.length > 0 ? targets : this.bySrv(name, others),
    );
  }

  private srv(name: string, proto: Proto): Maybe<Target[]> {
    return after(
      this.cache.get('SRV', name, () => this.env.resolver.srv(name)),
      (records) => {
        const usable = this.sorted(records).flatMap((record) => {
          const target = record.port > 0 ? nameOf(record.target) : null;
          return target === null ? [] : [{ target, port: record.port }];
        });
        const lists = usable.slice(0, MAX_SRV).map(({ target, port }) => this.addresses(target, port, proto));
        return after(all(lists), (found) => found.flat().slice(0, MAX_TARGETS));
      },
    );
  }

  /** RFC 2782: lowest priority first; inside one, by weight, heaviest first, or drawn by weight with `dns_srv_lb`. */
  private sorted(records: readonly Srv[]): Srv[] {
    const ordered = [...records].sort((a, b) => a.priority - b.priority || b.weight - a.weight);
    if (!this.settings.dns_srv_lb) return ordered;
    const drawn: Srv[] = [];
    while (ordered.length > 0) {
      const group = ordered.filter(({ priority }) => priority === ordered[0]!.priority);
      const total = group.reduce((sum, { weight }) => sum + weight, 0);
      let left = total > 0 ? this.env.random.uint32() % (total + 1) : 0;
      const chosen = group.find(({ weight }) => (left -= weight) <= 0) ?? group[0]!;
      ordered.splice(ordered.indexOf(chosen), 1);
      drawn.push(chosen);
    }
    return drawn;
  }

  /** `dns_udp_pref` and the like: the higher, the sooner. */
  private preference(proto: Proto): number {
    const s = this.settings;
    return proto === 'tcp' ? s.dns_tcp_pref : proto === 'tls' ? s.dns_tls_pref : proto === 'sctp' ? s.dns_sctp_pref : s.dns_udp_pref; // biome-ignore format: one row
  }
  /** RFC 2915 order first, unless `dns_naptr_ignore_rfc`: then what we prefer, whatever the order field says. */
  private compareServices(a: Service, b: Service): number {
    const byOrder = a.order - b.order;
    const byPreference = this.preference(b.proto) - this.preference(a.proto);
    const byField = a.preference - b.preference;
    return this.settings.dns_naptr_ignore_rfc ? byPreference || byOrder || byField : byOrder || byField || byPreference;
  }

  private byNaptr(name: string, proto: Proto | null): Maybe<readonly Target[]> {
    return after(
      this.cache.get('NAPTR', name, () => this.env.resolver.naptr(name)),
      (records) => {
        const ours = this.server.protos();
        const services = records
          .flatMap((record) => {
            const service = NAPTR_SERVICE[record.service.toLowerCase()];
            const next = nameOf(record.replacement);
            const wanted =
              service && (proto === null ? ours.includes(service) && this.preference(service) >= 0 : service === proto);
            return wanted && next !== null && record.flags.toLowerCase() === 's'
              ? [{ ...record, proto: service, next }]
              : [];
          })
          .sort((a, b) => this.compareServices(a, b))
          .slice(0, MAX_SRV);
        const attempt = (index: number): Maybe<readonly Target[]> => {
          const service = services[index];
          if (!service) return [];
          return after(this.srv(service.next, service.proto), (targets) =>
            targets.length > 0 ? targets : attempt(index + 1),
          );
        };
        return attempt(0);
      },
    );
  }
}

/** Lower case, no final dot; null when it cannot be a name (RFC 1035 §2.3.4, and what SIP allows in host). */
function nameOf(host: string): string | null {
  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
  if (name.length < 1 || name.length > 253) return null;
  let label = 0;
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c === 0x2e) {
      if (label === 0) return null;
      label = 0;
    } else if ((c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2d || c === 0x5f) {
      if (++label > 63) return null;
    } else return null;
  }
  return label > 0 ? name : null;
}

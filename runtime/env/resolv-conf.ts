/** resolv.conf(5) and hosts(5): servers, search list, names of this machine's own table. */
import { canonicalIp } from '../dns/ip.js';

export interface NameServer {
  readonly ip: string;
  readonly port: number;
}
export interface ResolvConf {
  readonly servers: readonly NameServer[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeoutSec: number;
  /** Rounds through the servers. */
  readonly attempts: number;
}

/** As the C library keeps them. */
const MAX_SERVERS = 3;
const MAX_SEARCH = 6;

/** `nameserver 127.0.0.1:5353` names a port, which resolv.conf itself cannot. */
function serverOf(text: string): NameServer | null {
  const whole = canonicalIp(text.split('%')[0] ?? '');
  if (whole !== null) return { ip: whole, port: 53 };
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const ip = match ? canonicalIp(match[1]!) : null;
  return ip === null ? null : { ip, port: Number(match?.[2]) };
}

export function parseResolvConf(text: string): ResolvConf {
  const servers: NameServer[] = [];
  let search: string[] = [];
  const options = { ndots: 1, timeout: 5, attempts: 2 };
  for (const line of text.split('\n')) {
    const [keyword, ...words] = (line.split(/[#;]/)[0] ?? '').trim().split(/\s+/);
    if (keyword === 'nameserver') {
      const server = serverOf(words[0] ?? '');
      if (server && servers.length < MAX_SERVERS) servers.push(server);
    } else if (keyword === 'search' || keyword === 'domain') {
      search = words.map((word) => word.toLowerCase().replace(/\.$/, '')).filter((word) => word !== '');
    } else if (keyword === 'options') {
      for (const word of words) {
        const [, name, value] = /^(ndots|timeout|attempts):(\d+)$/.exec(word) ?? [];
        if (name === 'ndots' || name === 'timeout' || name === 'attempts') options[name] = Number(value);
      }
    }
  }
  return {
    servers: servers.length > 0 ? servers : [{ ip: '127.0.0.1', port: 53 }],
    search: search.slice(0, MAX_SEARCH),
    ndots: Math.min(options.ndots, 15),
    timeoutSec: Math.min(Math.max(options.timeout, 1), 30),
    attempts: Math.min(Math.max(options.attempts, 1), 5),
  };
}

export class Hosts {
  private readonly ips = new Map<string, string[]>();
  private readonly names = new Map<string, string[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
      const ip = canonicalIp(address);
      if (ip === null) continue;
      for (const name of names) {
        const key = name.toLowerCase();
        this.ips.set(key, [...new Set([...(this.ips.get(key) ?? []), ip])]);
      }
      if (!this.names.has(ip)) this.names.set(ip, names);
    }
  }
  addresses(name: string, family: 4 | 6): string[] {
    return (this.ips.get(name.toLowerCase()) ?? []).filter((ip) => ip.includes(':') === (family === 6));
  }
  reverse(ip: string): readonly string[] {
    return this.names.get(ip) ?? [];
  }
}

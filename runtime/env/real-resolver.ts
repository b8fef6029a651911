/**
 * DNS of our own, because Node's loses the TTL of SRV and NAPTR: the servers, the search list and the patience of
 * resolv.conf, or what the cfg's `dns_*` parameters say; names of the hosts file first.
 *
 * A name there is none of is an empty list. It rejects only when no server answered.
 */
import { readFileSync } from 'node:fs';
import type { Answer as Record, StringAnswer, TxtAnswer } from 'dns-packet';
import type { Clock, Resolver, ResolverSettings } from '../env.js';
import { type Answer, ask, type QueryType } from './dns-query.js';
import { Hosts, parseResolvConf, type ResolvConf } from './resolv-conf.js';

const HOSTS_TTL_SEC = 60;
const REVERSE_MS = 1000;
/** A chain of aliases longer than this is a loop. */
const MAX_ALIASES = 8;

export interface ResolverFiles {
  readonly resolvConf: string;
  readonly hosts: string;
}
const systemFiles: ResolverFiles = { resolvConf: '/etc/resolv.conf', hosts: '/etc/hosts' };

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};

export class RealResolver implements Resolver {
  settings: ResolverSettings | null = null;
  private conf: ResolvConf | null = null;
  private hosts: Hosts | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly files: ResolverFiles = { ...systemFiles, resolvConf: process.env.SIPC_RESOLV_CONF || systemFiles.resolvConf },
  ) {} // biome-ignore format: one row

  /** Reads the files again at the next question (`dns_reinit`). */
  reload(): void {
    this.conf = null;
    this.hosts = null;
  }
  private get config(): ResolvConf {
    this.conf ??= parseResolvConf(read(this.files.resolvConf));
    return this.conf;
  }
  private get table(): Hosts {
    this.hosts ??= new Hosts(read(this.files.hosts));
    return this.hosts;
  }

  async addresses(host: string, family: 4 | 6): Promise<{ ip: string; ttlSec: number }[]> {
    const local = this.table.addresses(host, family);
    if (local.length > 0) return local.map((ip) => ({ ip, ttlSec: HOSTS_TTL_SEC }));
    const type = family === 4 ? 'A' : 'AAAA';
    const found = await this.query(host, type);
    return records(found, type).map(({ record, ttlSec }) => ({ ip: String((record as StringAnswer).data), ttlSec }));
  }
  async srv(name: string) {
    return records(await this.query(name, 'SRV'), 'SRV').flatMap(({ record, ttlSec }) => {
      if (record.type !== 'SRV') return [];
      const { priority = 0, weight = 0, port, target } = record.data;
      return [{ priority, weight, port, target, ttlSec }];
    });
  }
  async naptr(name: string) {
    return records(await this.query(name, 'NAPTR'), 'NAPTR').flatMap(({ record, ttlSec }) => {
      if (record.type !== 'NAPTR') return [];
      const { order, preference, flags, services, regexp, replacement } = record.data;
      return [{ order, preference, flags, service: services, regexp, replacement, ttlSec }];
    });
  }
  async text(name: string): Promise<{ text: string; ttlSec: number }[]> {
    return records(await this.query(name, 'TXT'), 'TXT').map(({ record, ttlSec }) => {
      const { data } = record as TxtAnswer;
      const text = (Array.isArray(data) ? data : [data]).map((part) => Buffer.from(part).toString('latin1')).join('');
      return { text, ttlSec };
    });
  }
  async reverse(ip: string): Promise<readonly string[]> {
    const local = this.table.reverse(ip);
    if (local.length > 0) return local;
    const late = new Promise<null>((resolve) => void this.clock.setTimer(REVERSE_MS, () => resolve(null)));
    const found = await Promise.race([this.query(reverseName(ip), 'PTR').catch(() => null), late]);
    return found === null ? [] : records(found, 'PTR').map(({ record }) => String((record as StringAnswer).data));
  }

  /** The name as it is and with the domains of the search list, in the C library's order. */
  private async query(name: string, type: QueryType): Promise<Answer> {
    const { search, ndots } = this.config;
    const absolute = name.endsWith('.');
    const bare = absolute ? name.slice(0, -1) : name;
    const withSearch = !absolute && this.settings?.dns_use_search_list !== 0 && type !== 'PTR' ? search : [];
    const others = withSearch.map((domain) => `${bare}.${domain}`);
    const dots = bare.split('.').length - 1;
    const names = dots >= ndots ? [bare, ...others] : [...others, bare];
    let last: Answer = { name, rcode: 'NXDOMAIN', records: [] };
    for (const each of names) {
      last = await this.queryServers(each, type);
      if (last.records.length > 0) return last;
    }
    return last;
  }

  private async queryServers(name: string, type: QueryType): Promise<Answer> {
    const { servers, timeoutSec, attempts } = this.config;
    const { dns_retr_time = -1, dns_retr_no = -1, dns_servers_no = -1 } = this.settings ?? {};
    const timeoutMs = (dns_retr_time >= 1 ? dns_retr_time : timeoutSec) * 1000;
    const rounds = dns_retr_no >= 1 ? dns_retr_no : attempts;
    const used = dns_servers_no >= 1 ? servers.slice(0, dns_servers_no) : servers;
    let problem: unknown = new Error('no name server');
    for (let round = 0; round < rounds; round++) {
      for (const server of used) {
        try {
          const answer = await ask(this.clock, server, name, type, timeoutMs);
          if (answer.rcode === 'NOERROR' || answer.rcode === 'NXDOMAIN') return answer;
          problem = Object.assign(new Error(`${server.ip} answered ${answer.rcode}`), { code: answer.rcode });
        } catch (error) {
          problem = error;
        }
      }
    }
    throw problem;
  }
}

/** Those of this type at the end of the chain of aliases, with the least TTL on the way. */
function records({ name, records: all }: Answer, type: QueryType): { record: Record; ttlSec: number }[] {
  let ttlSec = Number.POSITIVE_INFINITY;
  let owner = name.toLowerCase();
  for (let hop = 0; hop < MAX_ALIASES; hop++) {
    const alias = all.find((record) => record.type === 'CNAME' && record.name.toLowerCase() === owner);
    if (alias === undefined || alias.type !== 'CNAME') break;
    ttlSec = Math.min(ttlSec, alias.ttl ?? 0);
    owner = alias.data.toLowerCase();
  }
  return all
    .filter((record) => record.type === type && record.name.toLowerCase() === owner)
    .map((record) => ({ record, ttlSec: Math.min(ttlSec, 'ttl' in record ? (record.ttl ?? 0) : 0) }));
}

function reverseName(ip: string): string {
  if (!ip.includes(':')) return `${ip.split('.').reverse().join('.')}.in-addr.arpa`;
  const [left = '', right = ''] = ip.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const fill = new Array<string>(Math.max(0, 8 - groups(left).length - groups(right).length)).fill('0');
  const hex = [...groups(left), ...(ip.includes('::') ? fill : []), ...groups(right)].map((g) => g.padStart(4, '0'));
  return `${[...hex.join('')].reverse().join('.')}.ip6.arpa`;
}

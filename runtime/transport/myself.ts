/** Which host names and ports are this server: its sockets, what they advertise, and the aliases (`grep_sock_info()`). */
import { canonicalIp, unbracket } from '../dns/ip.js';
import type { Proto } from '../env.js';

interface Entry {
  readonly proto: Proto | null;
  /** 0: any. A socket that advertises another port answers to both. */
  readonly ports: readonly number[];
  /** Virtual sockets count only while the machine has their address. */
  readonly when: (() => boolean) | null;
}

/** A socket of this protocol also serves that one: WebSocket comes in on streams (`;transport=ws` means either kind). */
export const carries = (socket: Proto, asked: Proto): boolean =>
  socket === asked ||
  (asked === 'ws' && (socket === 'tcp' || socket === 'tls')) ||
  (asked === 'wss' && socket === 'tls');

export class Myself {
  private readonly byHost = new Map<string, Entry[]>();
  private readonly domains: { readonly suffix: string; readonly port: number; readonly proto: Proto | null }[] = [];

  add(host: string, ports: readonly number[], proto: Proto | null, when: (() => boolean) | null = null): void {
    const key = spelling(host);
    const entries = this.byHost.get(key) ?? [];
    entries.push({ proto, ports: ports.includes(0) ? [] : ports, when });
    this.byHost.set(key, entries);
  }

  addSubdomains(host: string, port: number, proto: Proto | null): void {
    this.domains.push({ suffix: spelling(host), port, proto });
  }

  /** Port 0 and no protocol match any. */
  matches(host: string, port = 0, proto?: Proto): boolean {
    const entries = this.byHost.get(spelling(host));
    if (!entries) return this.domains.length > 0 && this.inDomain(spelling(host), port, proto);
    for (const entry of entries) {
      if (port !== 0 && entry.ports.length > 0 && !entry.ports.includes(port)) continue;
      if (proto !== undefined && entry.proto !== null && !carries(entry.proto, proto)) continue;
      if (entry.when && !entry.when()) continue;
      return true;
    }
    return this.domains.length > 0 && this.inDomain(spelling(host), port, proto);
  }
  private inDomain(host: string, port: number, proto: Proto | undefined): boolean {
    return this.domains.some(
      (d) =>
        (d.port === 0 || port === 0 || d.port === port) &&
        (d.proto === null || proto === undefined || d.proto === proto) &&
        host.endsWith(d.suffix) &&
        (host.length === d.suffix.length || host.charAt(host.length - d.suffix.length - 1) === '.'),
    );
  }

  /** For `core.aliases_list` and the lines printed at the start. */
  names(): { host: string; ports: readonly number[]; proto: Proto | null }[] {
    return [...this.byHost].flatMap(([host, entries]) => entries.map(({ ports, proto }) => ({ host, ports, proto })));
  }
}

/** One spelling for each host: addresses canonical, names in lower case (ASCII only). */
function spelling(host: string): string {
  if (host.includes(':')) {
    const bare = unbracket(host);
    return canonicalIp(bare) ?? bare;
  }
  for (let i = 0; i < host.length; i++) {
    const c = host.charCodeAt(i);
    if (c >= 0x41 && c <= 0x5a) return host.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  }
  return host;
}

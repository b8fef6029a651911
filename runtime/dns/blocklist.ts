/**
 * Destinations that failed lately (`use_dst_blocklist`, dst_blocklist.c): a request skips them until they have been
 * listed for `dst_blocklist_expire` seconds. Masks say which kinds of failure of a protocol do not count.
 */
import type { Clock, Proto } from '../env.js';

/** Why a destination is listed: bits, as `dst_blocklist.view` shows them. */
export const Failure = {
  ipv6: 1,
  send: 2,
  connect: 4,
  icmp: 8,
  timeout: 16,
  unavailable: 32,
  prohibited: 64,
  permanent: 128,
} as const;

export interface BlocklistSettings {
  readonly dst_blocklist_init: number;
  readonly use_dst_blocklist: number;
  readonly dst_blocklist_expire: number;
  /** KB. */
  readonly dst_blocklist_mem: number;
  readonly dst_blocklist_udp_imask: number;
  readonly dst_blocklist_tcp_imask: number;
  readonly dst_blocklist_tls_imask: number;
  readonly dst_blocklist_sctp_imask: number;
}
export interface Destination {
  /** Null: any. */
  readonly proto: Proto | null;
  readonly ip: string;
  /** 0: any. */
  readonly port: number;
}
export interface BlockedEntry extends Destination {
  readonly flags: number;
  /** Monotonic, ms. */
  readonly expires: number;
}

const ENTRY_BYTES = 64;
const keyOf = (proto: Proto | null, ip: string, port: number) => `${proto ?? 'none'} ${ip} ${port}`;

export class Blocklist {
  private readonly entries = new Map<string, BlockedEntry>();
  readonly stats = { hits: 0, added: 0, full: 0 };

  constructor(
    private readonly clock: Clock,
    private readonly settings: BlocklistSettings,
  ) {}
  get sizeBytes(): number {
    return this.entries.size * ENTRY_BYTES;
  }
  all(): BlockedEntry[] {
    const now = this.clock.monotonic();
    return [...this.entries.values()].filter((entry) => this.holds(entry, now));
  }
  clear(): void {
    this.entries.clear();
  }

  private get isOn(): boolean {
    return this.settings.dst_blocklist_init !== 0 && this.settings.use_dst_blocklist !== 0;
  }
  /** After a failure of this kind, unless the protocol's mask ignores it. */
  failed(
    { proto, ip, port }: { readonly proto: Proto; readonly ip: string; readonly port: number },
    flag: number,
    forSec = this.settings.dst_blocklist_expire,
  ): void {
    if (!this.isOn || (flag & ~this.ignored(proto)) === 0) return;
    this.put({ proto, ip, port }, flag, forSec);
  }
  /** By a command; false when the list is full. */
  put(to: Destination, flags: number, forSec: number): boolean {
    const now = this.clock.monotonic();
    const key = keyOf(to.proto, to.ip, to.port);
    if (!this.entries.has(key) && this.sizeBytes >= this.settings.dst_blocklist_mem * 1024) {
      for (const [each, entry] of this.entries) if (!this.holds(entry, now)) this.entries.delete(each);
      if (this.sizeBytes >= this.settings.dst_blocklist_mem * 1024) {
        this.stats.full++;
        return false;
      }
    }
    this.stats.added++;
    const old = this.entries.get(key);
    const all = flags | (to.ip.includes(':') ? Failure.ipv6 : 0) | (old && this.holds(old, now) ? old.flags : 0);
    this.entries.set(key, { ...to, flags: all, expires: now + forSec * 1000 });
    return true;
  }
  blocks({ proto, ip, port }: { readonly proto: Proto; readonly ip: string; readonly port: number }): boolean {
    if (!this.isOn || this.entries.size === 0) return false;
    const listed =
      this.has(keyOf(proto, ip, port)) ||
      this.has(keyOf(null, ip, port)) ||
      this.has(keyOf(proto, ip, 0)) ||
      this.has(keyOf(null, ip, 0));
    if (listed) this.stats.hits++;
    return listed;
  }
  private has(key: string): boolean {
    const entry = this.entries.get(key);
    if (!entry) return false;
    if (this.holds(entry, this.clock.monotonic())) return true;
    this.entries.delete(key);
    return false;
  }
  private holds({ flags, expires }: BlockedEntry, now: number): boolean {
    return (flags & Failure.permanent) !== 0 || expires > now;
  }
  private ignored(proto: Proto): number {
    const s = this.settings;
    switch (proto) {
      case 'udp':
        return s.dst_blocklist_udp_imask;
      case 'tcp':
      case 'ws':
        return s.dst_blocklist_tcp_imask;
      case 'tls':
      case 'wss':
        return s.dst_blocklist_tls_imask;
      case 'sctp':
        return s.dst_blocklist_sctp_imask;
    }
  }
}

/** `dns.*` and `dst_blocklist.*`, with the answers dns_cache.c and dst_blocklist.c give. */
import type { Blocklist } from '../dns/blocklist.js';
import { type CacheEntry, type DnsCache, type RecordType, recordTypes } from '../dns/cache.js';
import { canonicalIp } from '../dns/ip.js';
import type { Targets } from '../dns/target.js';
import type { Environment, Proto } from '../env.js';
import type { Settings } from '../settings.js';
import { type RpcCall, type RpcRegistry, RpcStruct } from './rpc.js';
import type { Stats } from './stats.js';

interface DnsRpcServer {
  readonly env: Environment;
  readonly rpc: RpcRegistry;
  readonly settings: Settings;
  readonly stats: Stats;
  readonly targets: Targets;
  readonly blocklist: Blocklist;
}

const NO_CACHE = 'dns cache support disabled (see use_dns_cache)';
/** Flag of `dns.add_…`: the record stays. */
const PERMANENT = 2;
const PROTOS: readonly (Proto | null)[] = [null, 'udp', 'tcp', 'tls', 'sctp'];
/** Known to Kamailio's cache, never in ours. */
const otherTypes = ['CNAME', 'TXT', 'EBL', 'PTR'];

const typeOf = (text: string): RecordType | null => {
  const word = text.toUpperCase().replace(/^T_/, '');
  return recordTypes.find((type) => type === word) ?? null;
};

function entryOf(entry: CacheEntry, now: number): RpcStruct {
  const left = entry.expires > now ? Math.floor((entry.expires - now) / 1000) : -1;
  const shown = new RpcStruct({
    name: entry.name,
    type: entry.type,
    size_bytes: entry.sizeBytes,
    reference_counter: 1,
    permanent: entry.permanent ? 'yes' : 'no',
    expires: entry.permanent ? 0 : left,
    last_used: Math.floor((now - entry.lastUsed) / 1000),
    negative_entry: entry.records.length === 0 ? 'yes' : 'no',
  });
  if (entry.records.length === 0) return shown;
  const list = shown.array('records');
  for (const [index, record] of entry.records.entries()) {
    const row = list.struct().add('rr_idx', index);
    const values: Readonly<Record<string, unknown>> = { ...record };
    const text = (name: string) => String(values[name] ?? '');
    const number = (name: string) => Number(values[name] ?? 0);
    if (entry.type === 'A' || entry.type === 'AAAA') row.add('rr_ip', text('ip'));
    else if (entry.type === 'SRV')
      row
        .add('rr_name', text('target'))
        .add('rr_port', number('port'))
        .add('rr_priority', number('priority'))
        .add('rr_weight', number('weight'));
    else
      row
        .add('rr_order', number('order'))
        .add('rr_preference', number('preference'))
        .add('rr_flags', text('flags'))
        .add('rr_service', text('service'))
        .add('rr_regexp', text('regexp'))
        .add('rr_replacement', text('replacement'));
    row.add('rr_permanent', entry.permanent ? 'yes' : 'no').add('rr_expires', entry.permanent ? 0 : left);
  }
  return shown;
}

export function registerDnsRpc(server: DnsRpcServer): void {
  const { rpc, env, settings, targets } = server;
  const { cache } = targets;
  const now = () => env.clock.monotonic();
  const put = (name: string, doc: string, run: (call: RpcCall) => void | Promise<void>, array?: boolean) =>
    rpc.register(
      name,
      doc,
      (call) => {
        const { use_dns_cache, dns_cache_init } = settings.values;
        return use_dns_cache && dns_cache_init ? run(call) : call.fault(500, NO_CACHE);
      },
      array,
    );
  const ok = (call: RpcCall) => call.add(new RpcStruct({ status: 'ok' }));

  put('dns.mem_info', 'dns cache memory info.', (call) => {
    call.add(cache.sizeBytes);
    call.add(settings.values.dns_cache_mem * 1024);
  }, true); // biome-ignore format: one command
  const list = (call: RpcCall) => {
    for (const entry of cache.all()) call.add(entryOf(entry, now()));
  };
  put('dns.view', 'dns cache dump in a human-readable format', list, true);
  put('dns.debug', 'dns debug info.', list, true);
  put('dns.debug_all', 'complete dns debug dump', list, true);
  put('dns.lookup', 'perform a dns lookup', async (call) => {
    const type = call.str();
    const name = type === undefined ? undefined : call.str();
    if (type === undefined || name === undefined) return;
    const wanted = typeOf(type);
    if (wanted === null) return call.fault(400, 'Invalid type');
    await targets.lookup(wanted, name);
    const entry = cache.find(wanted, name.toLowerCase());
    if (!entry || entry.records.length === 0) return call.fault(400, 'Not found');
    call.add(entryOf(entry, now()));
  });
  put('dns.delete_all', 'deletes all the non-permanent entries from the DNS cache', (call) => {
    cache.clear(false);
    ok(call);
  });
  put('dns.delete_all_force', 'deletes all the entries from the DNS cache including the permanent ones', (call) => {
    cache.clear(true);
    ok(call);
  });
  for (const type of [...recordTypes, ...otherTypes])
    put(`dns.delete_${type.toLowerCase()}`, `deletes an ${type} record from the DNS cache`, (call) => {
      const name = call.str();
      if (name === undefined) return;
      const known = typeOf(type);
      if (known === null || !cache.remove(known, name.toLowerCase())) call.fault(400, 'Not found');
    });
  registerAdditions(put, cache);
  put('dns.set_server_state', 'sets the state of the DNS servers (1: up, 0: down)', (call) => {
    const state = call.int();
    if (state !== undefined) cache.serversUp = state !== 0;
  });
  put('dns.get_server_state', 'prints the state of the DNS servers', (call) => call.add(cache.serversUp ? 1 : 0));
  put('dns.stats_get', 'returns the dns measurement counters.', (call) => {
    const name = call.str();
    const reset = name === undefined ? undefined : call.int();
    if (name === undefined || reset === undefined) return;
    const { stats } = cache;
    const shown = { dns_req_cnt: 'requests', dc_hits_cnt: 'hits', dc_neg_hits_cnt: 'negativeHits', dc_lru_cnt: 'evicted' } as const; // biome-ignore format: one table
    const chosen = Object.entries(shown).filter(([each]) => name === 'all' || each === name.toLowerCase());
    if (chosen.length === 0) return call.fault(500, 'unknown dns cache stat parameter');
    const answer = new RpcStruct();
    for (const [each, field] of chosen) {
      answer.add(each, stats[field]);
      if (reset) stats[field] = 0;
    }
    call.add(answer);
  });
  server.stats.gauge('dns', 'failed_dns_request', () => cache.stats.failures);
  server.stats.gauge('dns', 'slow_dns_request', () => cache.stats.slow);
  registerBlocklist(server);
}

type Put = (name: string, doc: string, run: (call: RpcCall) => void) => void;

/** `dns.add_a NAME TTL IP FLAGS` and its kin. */
function registerAdditions(put: Put, cache: DnsCache): void {
  for (const type of ['A', 'AAAA'] as const)
    put(`dns.add_${type.toLowerCase()}`, `adds an ${type} record to the DNS cache`, (call) => {
      const name = call.str();
      const ttlSec = call.optInt();
      const ip = canonicalIp(call.optStr() ?? '');
      const flags = call.optInt();
      if (name === undefined || ttlSec === undefined || flags === undefined) return;
      if (ip === null || ip.includes(':') !== (type === 'AAAA'))
        return call.fault(400, 'Failed to add the entry to the cache');
      cache.add(type, name.toLowerCase(), { ip, ttlSec } as { ttlSec: number }, (flags & PERMANENT) !== 0);
      return undefined;
    });
  put('dns.add_srv', 'adds an SRV record to the DNS cache', (call) => {
    const name = call.str();
    const [ttlSec, priority, weight, port] = [call.optInt(), call.optInt(), call.optInt(), call.optInt()];
    const target = call.optStr();
    const flags = call.optInt();
    if (name === undefined || ttlSec === undefined || target === undefined || flags === undefined) return;
    const record = { priority: priority ?? 0, weight: weight ?? 0, port: port ?? 0, target, ttlSec };
    cache.add('SRV', name.toLowerCase(), record, (flags & PERMANENT) !== 0);
  });
}

function registerBlocklist({ rpc, settings, blocklist, env }: DnsRpcServer): void {
  const put = (name: string, doc: string, run: (call: RpcCall) => void, array?: boolean) =>
    rpc.register(
      name,
      doc,
      (call) => {
        const { use_dst_blocklist, dst_blocklist_init } = settings.values;
        return use_dst_blocklist && dst_blocklist_init ? run(call) : call.fault(500, 'dst blocklist support disabled');
      },
      array,
    );
  put('dst_blocklist.mem_info', 'dst blocklist memory usage info.', (call) => {
    call.add(blocklist.sizeBytes);
    call.add(settings.values.dst_blocklist_mem * 1024);
  }, true); // biome-ignore format: one command
  const view = (call: RpcCall) => {
    const now = env.clock.monotonic();
    for (const { proto, ip, port, expires, flags } of blocklist.all()) {
      call.add(`{\n    protocol: ${proto ?? 'none'}`);
      call.add(`    ip: ${ip}`);
      call.add(`    port: ${port}`);
      call.add(`    expires in (s): ${Math.max(0, Math.floor((expires - now) / 1000))}`);
      call.add(`    flags: ${flags}\n}`);
    }
  };
  put('dst_blocklist.view', 'dst blocklist dump in human-readable format.', view, true);
  put('dst_blocklist.debug', 'dst blocklist debug info.', view, true);
  put('dst_blocklist.delete_all', 'Deletes all the entries from the dst blocklist except the permanent ones.', () =>
    blocklist.clear(),
  );
  put('dst_blocklist.add', 'Adds a new entry to the dst blocklist.', (call) => {
    const text = call.str();
    const [port, proto, flags] = [call.optInt(), call.optInt(), call.optInt()];
    if (text === undefined || port === undefined || proto === undefined || flags === undefined) return;
    const ip = canonicalIp(text);
    const named = PROTOS[proto];
    if (named === undefined) return call.fault(400, 'Unknown protocol');
    if (ip === null) return call.fault(400, 'Malformed ip address');
    if (!blocklist.put({ proto: named, ip, port }, flags, settings.values.dst_blocklist_expire))
      return call.fault(400, 'Failed to add the entry to the blocklist');
    return undefined;
  });
  put('dst_blocklist.stats_get', 'returns the dst blocklist measurement counters.', (call) => {
    const name = call.str();
    const reset = name === undefined ? undefined : call.int();
    if (name === undefined || reset === undefined) return;
    const { stats } = blocklist;
    const shown = { bkl_hit_cnt: 'hits', bkl_lru_cnt: 'full' } as const;
    const chosen = Object.entries(shown).filter(([each]) => name === 'all' || each === name.toLowerCase());
    if (chosen.length === 0) return call.fault(500, 'unknown dst blocklist stat parameter');
    const answer = new RpcStruct();
    for (const [each, field] of chosen) {
      answer.add(each, stats[field]);
      if (reset) stats[field] = 0;
    }
    call.add(answer);
    return undefined;
  });
}

/** `dns_cache` and `dns_file`: records that are in the DNS cache from the start (corex_dns_cache_param_add() in corex_mod.c). */
import { canonicalIp, type ServerApi } from '../../runtime/sdk/index.js';

/** Bit of `flags`: the record stays, whatever its ttl (DNS_CACHE_PERMANENT). */
const PERMANENT = 2;
type RecordType = 'A' | 'AAAA' | 'SRV';

/** `type=A;name=example.org;addr=192.0.2.1;ttl=3600;flags=2`; false when it is no such record. */
export function addRecord(server: ServerApi, text: string): boolean {
  const fields = new Map<string, string>();
  for (const part of text.split(';')) {
    const eq = part.indexOf('=');
    if (eq < 0) continue;
    const value = part.slice(eq + 1).trim();
    fields.set(part.slice(0, eq).trim().toLowerCase(), /^".*"$/.test(value) ? value.slice(1, -1) : value);
  }
  const numbers = ['ttl', 'flags', 'priority', 'weight', 'port'].map((name) => fields.get(name) ?? '0');
  if (!numbers.every((number) => /^\d{1,10}$/.test(number))) return false;
  const [ttlSec = 0, flags = 0, priority = 0, weight = 0, port = 0] = numbers.map(Number);
  const [type, name, addr] = [fields.get('type')?.toUpperCase(), fields.get('name'), fields.get('addr')];
  if (!name || !addr || (type !== 'A' && type !== 'AAAA' && type !== 'SRV')) return false;
  const record = recordOf(type, addr, { priority, weight, port, ttlSec });
  if (record === null) return false;
  server.targets.cache.add(type, name.toLowerCase(), record, (flags & PERMANENT) !== 0);
  return true;
}

function recordOf(
  type: RecordType,
  addr: string,
  more: { readonly ttlSec: number; readonly priority: number; readonly weight: number; readonly port: number },
): { readonly ttlSec: number } | null {
  if (type === 'SRV') return { ...more, target: addr } as { ttlSec: number };
  const ip = canonicalIp(addr);
  if (ip === null || ip.includes(':') !== (type === 'AAAA')) return null;
  return { ip, ttlSec: more.ttlSec } as { ttlSec: number };
}

/** The lines of a file: a record each, empty ones and comments (`#`) left out. The first that is none; null: all are good. */
export function addRecords(server: ServerApi, text: string): string | null {
  for (const line of text.split('\n').map((one) => one.trim()))
    if (line !== '' && !line.startsWith('#') && !addRecord(server, line)) return line;
  return null;
}

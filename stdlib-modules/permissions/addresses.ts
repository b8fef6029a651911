/** The address table in memory: single addresses, networks and names, each of a group, with a port (0: any) and a tag. */
import { ipValue } from '../../runtime/sdk/index.js';

export interface AddressRow {
  readonly group: number;
  readonly address: string;
  readonly mask: number;
  readonly port: number;
  readonly tag: string | null;
}
interface Subnet extends AddressRow {
  readonly family: 4 | 6;
  readonly network: bigint;
  readonly shift: bigint;
}

/** An address in one spelling; null when it is a name. */
function canonical(address: string): string | null {
  const value = ipValue(address);
  return value === null ? null : `${value.family}:${value.bits.toString(16)}`;
}
const fits = (row: AddressRow, port: number): boolean => row.port === 0 || row.port === port;

export class Addresses {
  /** Newest row first, as Kamailio's chains are. */
  readonly hosts = new Map<string, AddressRow[]>();
  /** By group, then as they came. */
  readonly subnets: Subnet[] = [];
  readonly names = new Map<string, AddressRow[]>();

  /** `longest`: of several networks an address is in, the smallest counts, else the first. */
  constructor(private readonly longest = false) {}

  /** What is wrong with the row, or null. `maxSubnets`: further ones are left out. */
  add(row: AddressRow, maxSubnets: number): string | null {
    const value = ipValue(row.address);
    if (value === null) {
      this.names.set(row.address, [row, ...(this.names.get(row.address) ?? [])]);
      return null;
    }
    const width = value.family === 4 ? 32 : 128;
    if (row.mask < 0 || row.mask > width) return `mask ${row.mask} of ${row.address}`;
    const mask = row.mask || width;
    if (mask === width) {
      const key = canonical(row.address) ?? row.address;
      this.hosts.set(key, [row, ...(this.hosts.get(key) ?? [])]);
      return null;
    }
    if (this.subnets.length >= maxSubnets) return null;
    const shift = BigInt(width - mask);
    const subnet = { ...row, mask, family: value.family, network: value.bits >> shift, shift };
    let at = this.subnets.length;
    while (at > 0 && (this.subnets[at - 1]?.group ?? 0) > row.group) at--;
    this.subnets.splice(at, 0, subnet);
    return null;
  }

  /** The row for an address of this group, or of any where it is null. */
  match(group: number | null, address: string, port: number): AddressRow | null {
    const wanted = (row: AddressRow) => (group === null || row.group === group) && fits(row, port);
    const value = ipValue(address);
    if (value === null) return this.names.get(address)?.find(wanted) ?? null;
    const host = this.hosts.get(`${value.family}:${value.bits.toString(16)}`)?.find(wanted);
    if (host) return host;
    const holds = (row: Subnet) =>
      wanted(row) && row.family === value.family && value.bits >> row.shift === row.network;
    if (!this.longest) return this.subnets.find(holds) ?? null;
    let found: Subnet | null = null;
    for (const row of this.subnets) if (holds(row) && row.mask > (found?.mask ?? -1)) found = row;
    return found;
  }
}

/** Lines `group address [mask [port [tag]]]`, `#` starts a comment. Throws with the number of a bad line. */
export function parseAddressFile(text: string): AddressRow[] {
  const rows: AddressRow[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const words = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (words[0] === '') continue;
    const [group = '', address, mask = '0', port = '0', tag] = words;
    if (!/^\d+$/.test(group) || address === undefined) throw new Error(`line ${i + 1} is no address: ${line.trim()}`);
    rows.push({
      group: Number(group),
      address,
      mask: Number.parseInt(mask, 10) || 0,
      port: Number.parseInt(port, 10) || 0,
      tag: tag ?? null,
    });
  }
  return rows;
}

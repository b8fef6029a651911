/** Does a message, or a URI, belong to a destination (dispatch.c, ds_is_addr_from_list())? */
import { canonicalIp, type Maybe, parseUri, type RouteContext, type Verdict } from '../../runtime/sdk/index.js';
import type { Dispatcher } from './dispatcher.js';
import { type DestinationSet, skipped } from './sets.js';
import { DnsMode, type Found, lookUp } from './sources.js';

/** Bits of the mode. */
const Match = { noPort: 1, noProto: 2, active: 4 } as const;

/** `setId` -1: any set, and the variable of `setid_pvname` gets it. `uri` '': where the message came from. */
export function comesFrom(ds: Dispatcher, ctx: RouteContext, setId: number, mode: number, uri: string): Maybe<Verdict> {
  const one = setId === -1 ? null : ds.sets.get(setId);
  const sets = one === null ? ds.sets.inOrder : one ? [one] : [];
  if (uri === '' && (ds.params.ds_dns_mode & DnsMode.always) === 0) {
    const { src, proto } = ctx.msg.received;
    return matched(ds, ctx, { ip: src.ip, all: [src.ip], port: src.port, proto }, sets, mode, setId === -1);
  }
  return resolved(ds, ctx, sets, mode, uri, setId === -1);
}

async function resolved(
  ds: Dispatcher,
  ctx: RouteContext,
  sets: readonly DestinationSet[],
  mode: number,
  uri: string,
  tellSet: boolean,
): Promise<Verdict> {
  const { src, proto } = ctx.msg.received;
  let from: Found | null = { ip: src.ip, all: [src.ip], port: src.port, proto };
  if (uri !== '') {
    const parsed = parseUri(uri, ctx.grammar);
    if (parsed === null) {
      ctx.log(-1, `bad uri [${uri}]`, 'dispatcher');
      return -1;
    }
    from = await lookUp(ds.server, ds.params.ds_dns_mode, {
      host: parsed.host,
      port: parsed.port,
      proto: parsed.transport ?? '',
    });
    if (from === null) {
      ctx.log(-1, `could not resolve ${parsed.host}`, 'dispatcher');
      return -1;
    }
  }
  if (ds.params.ds_dns_mode & DnsMode.always)
    for (const { list } of sets)
      for (const d of list) d.addresses = ds.kept((await lookUp(ds.server, ds.params.ds_dns_mode, d))?.all ?? []);
  return matched(ds, ctx, from, sets, mode, tellSet);
}

function matched(
  ds: Dispatcher,
  ctx: RouteContext,
  from: Found,
  sets: readonly DestinationSet[],
  mode: number,
  tellSet: boolean,
): Verdict {
  const ips = new Set(ds.kept(from.all).map((ip) => canonicalIp(ip) ?? ip));
  for (const { id, list } of sets)
    for (const d of list) {
      if (!d.addresses.some((ip) => ips.has(ip))) continue;
      if ((mode & Match.noPort) === 0 && d.port !== 0 && d.port !== from.port) continue;
      if ((mode & Match.noProto) === 0 && d.proto !== from.proto) continue;
      if (mode & Match.active && skipped(d.flags)) continue;
      if (tellSet) ds.setPv?.set(ctx, id);
      if (d.attrs.body) ds.attrsPv?.set(ctx, d.attrs.body);
      return 1;
    }
  return -1;
}

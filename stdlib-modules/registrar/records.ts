/** Looking at the contacts of an address without routing to them: lookup_xavp() and reg_from_user() of Kamailio 6. */
import { lowerAscii, parseUri, type RouteContext, type Verdict, XavpRecord } from '../../runtime/sdk/index.js';
import { extractAor } from './aor.js';
import { isError } from './errors.js';
import type { Domain } from './location.js';
import { aorRules, type Lookups } from './lookup.js';

/** Contacts into `$xavp(contacts[n]=>uri|socket|dsturi)`, the address and their number into `$xavp(record=>aor|count)`. */
export function lookupXavp(
  env: Lookups,
  ctx: RouteContext,
  domain: Domain,
  uri: string,
  record: string,
  contacts: string,
): Verdict {
  const extracted = extractAor(uri, ctx.grammar, aorRules(env));
  if (isError(extracted) || record === '' || contacts === '') return -1;
  const found = domain.get(extracted.aor)?.contacts;
  if (found === undefined) return -1;
  for (const contact of [...found].reverse()) {
    const fields = new XavpRecord();
    fields.add('uri', contact.uri);
    if (contact.socket !== null) fields.add('socket', contact.socket.sockStr);
    if (contact.received !== '') fields.add('dsturi', contact.received);
    if (!ctx.xavps.add(contacts, fields)) return -1;
  }
  const summary = new XavpRecord();
  summary.add('aor', extracted.aor);
  summary.add('count', found.length);
  return ctx.xavps.add(record, summary) ? 1 : -1;
}

/** Bits of reg_from_user()'s mode: what has to agree besides the address. */
const Agree = { port: 1, transport: 2 } as const;

/** Does the message come from where one of the contacts is? */
export function isFromUser(env: Lookups, ctx: RouteContext, domain: Domain, uri: string, mode: number): boolean {
  const extracted = extractAor(uri, ctx.grammar, aorRules(env));
  if (isError(extracted)) return false;
  const { src, proto } = ctx.msg.received;
  for (const contact of domain.get(extracted.aor)?.contacts ?? []) {
    const from = parseUri(contact.received === '' ? contact.uri : contact.received, ctx.grammar);
    if (from === null) return false;
    const host = from.host.startsWith('[') ? from.host.slice(1, -1) : from.host;
    if (lowerAscii(host) !== src.ip) continue;
    if (mode & Agree.port && (from.port || 5060) !== src.port) continue;
    if (mode & Agree.transport && (from.transport ?? 'udp') !== proto) continue;
    return true;
  }
  return false;
}

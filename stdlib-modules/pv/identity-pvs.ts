/** Pseudo-variables of who the sender claims to be: credentials, Diversion, P-Preferred-Identity. */
import {
  type Credentials,
  HeaderId,
  type NameAddr,
  type PvSpec,
  paramValue,
  parseCredentials,
  parseNameAddrList,
  type RouteContext,
  type Value,
} from '../../runtime/sdk/index.js';
import { type PvMe, type PvTable, strPv } from './spec.js';

// Credentials ------------------------------------------------------------------------------------------------------

const parsed = new WeakMap<object, Credentials | null>();
/** Those of Proxy-Authorization, else of Authorization; parsed once a message. ACK and CANCEL are not looked at. */
function credentials(ctx: RouteContext): Credentials | null {
  const { msg } = ctx;
  if (msg.method === 'ACK' || msg.method === 'CANCEL') return null;
  const known = parsed.get(msg);
  if (known !== undefined) return known;
  const text = msg.headerValue(HeaderId.ProxyAuthorization) ?? msg.headerValue(HeaderId.Authorization);
  const found = text === null ? null : parseCredentials(text);
  parsed.set(msg, found);
  return found;
}
const credential = (doc: string, get: (c: Credentials) => Value) =>
  strPv(doc, (ctx) => {
    const found = credentials(ctx);
    return found === null ? null : get(found);
  });
/** Kamailio prefers credentials that an auth module has accepted to From; those a client merely sent do not count. */
const accountUser = ({ msg: { from } }: RouteContext): Value => (from?.uri ? (from.uri.user ?? '') : null);
const accountName = ({ msg: { from } }: RouteContext): Value =>
  from?.uri ? `${from.uri.user ?? ''}@${from.uri.host}` : null;

// Identities -------------------------------------------------------------------------------------------------------

const preferred = (doc: string, get: (addr: NameAddr) => Value): PvSpec<PvMe, RouteContext> => ({
  doc,
  type: 'str',
  index: true,
  get(_me, { msg }, _key, index) {
    if (index === '*') return null;
    const entry = msg.entries('P-Preferred-Identity').entries[Math.max(0, index ?? 0)];
    return entry === undefined ? null : get(entry.addr);
  },
});
/** The first value of the first field. */
export function firstDiversion({ msg }: RouteContext): NameAddr | null {
  const field = msg.header('Diversion');
  return field === undefined
    ? null
    : (parseNameAddrList(msg.raw, msg.grammar, field.valueStart, field.valueEnd)?.[0] ?? null);
}
const diversion = (doc: string, name: string) =>
  strPv(doc, (ctx) => {
    const addr = firstDiversion(ctx);
    return addr === null ? null : paramValue(addr.params, name);
  });

export const identityPvs = {
  au: credential('user of the credentials, without domain', (c) => c.user),
  aU: credential('user name of the credentials as written', (c) => c.username),
  ad: credential('domain in the user name of the credentials', (c) => c.domain),
  ar: credential('realm of the credentials', (c) => c.realm),
  aa: credential('algorithm of the credentials', (c) => c.algorithm),
  adu: credential('URI of the credentials', (c) => c.uri || null),
  adn: credential('nonce of the credentials', (c) => c.nonce),
  adc: credential('cnonce of the credentials', (c) => c.cnonce),
  adr: credential('response of the credentials', (c) => c.response),
  ado: credential('opaque of the credentials', (c) => c.opaque),
  Au: strPv('user@domain of From', accountName),
  AU: strPv('user of From', accountUser),
  dir: diversion('reason parameter of Diversion', 'reason'),
  dip: diversion('privacy parameter of Diversion', 'privacy'),
  dic: diversion('counter parameter of Diversion', 'counter'),
  pd: preferred('host of P-Preferred-Identity', (a) => a.uri?.host || null),
  pn: preferred('display name of P-Preferred-Identity, quotes included', (a) => a.display || null),
  pU: preferred('user of P-Preferred-Identity', (a) => a.uri?.user || null),
} satisfies PvTable;

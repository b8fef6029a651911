/** `@nathelper.rewrite_contact[n]`: a Contact value with the address the message came from (nathelper.c). */
import {
  type NameAddr,
  parseNameAddr,
  parseUri,
  type RouteContext,
  type SelectSpec,
  type SipUri,
  type Value,
} from '../../runtime/sdk/index.js';

type Words = readonly (string | number)[];
type Spec = SelectSpec<object, RouteContext>;

/** Null: no such value, or its URI is none. */
function rewritten(ctx: RouteContext, words: Words): string | null {
  const index = typeof words[2] === 'number' ? words[2] : 1;
  const contacts = ctx.msg.contacts();
  const contact = contacts === null || contacts === 'star' || index < 1 ? undefined : contacts[index - 1];
  if (!contact?.uri) return null;
  const { raw, received } = ctx.msg;
  const { host, port } = contact.uri;
  const { ip } = received.src;
  const shown = ip.includes(':') ? `[${ip}]` : ip;
  const standard = received.proto === 'tls' ? 5061 : 5060;
  const address = received.src.port === standard ? shown : `${shown}:${received.src.port}`;
  const user = contact.uriText.indexOf('@');
  const start = contact.uriText.indexOf(host, user < 0 ? contact.uriText.indexOf(':') : user);
  const portEnd =
    port === 0
      ? start + host.length
      : start + host.length + /^:\d*/.exec(contact.uriText.slice(start + host.length))![0].length;
  return (
    raw.slice(contact.start, contact.uriStart + start) + address + raw.slice(contact.uriStart + portEnd, contact.end)
  );
}
const read = (doc: string, part: (address: NameAddr) => Value): Spec => ({
  doc,
  get(_me, ctx, words) {
    const text = rewritten(ctx, words);
    const address = text === null ? null : parseNameAddr(text);
    return address === null ? null : part(address);
  },
});
const uriParts: Readonly<Record<string, (uri: SipUri) => Value>> = {
  type: (u) => u.scheme,
  user: (u) => u.user ?? '',
  pwd: (u) => u.password ?? '',
  host: (u) => u.host,
  port: (u) => (u.port ? String(u.port) : ''),
  transport: (u) => u.transport ?? (u.secure ? 'tls' : 'udp'),
  params: (u) => u.params,
};

function selects(): Record<string, Spec> {
  const path = 'nathelper.rewrite_contact.#';
  const table: Record<string, Spec> = {
    [path]: { doc: 'the whole value', get: (_me, ctx, words) => rewritten(ctx, words) },
    [`${path}.nameaddr.name`]: read('its display name', (a) => a.displayName ?? ''),
    [`${path}.nameaddr.uri`]: read('its URI', (a) => a.uriText),
  };
  for (const [name, get] of Object.entries(uriParts))
    table[`${path}.nameaddr.uri.${name}`] = read(`${name} of its URI`, (a) => {
      const uri = parseUri(a.uriText);
      return uri === null ? null : get(uri);
    });
  return table;
}
export const contactSelects = selects();

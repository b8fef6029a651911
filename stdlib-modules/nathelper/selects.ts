/** `@nathelper.rewrite_contact[n]`: a Contact value with the address the message came from (nathelper.c). */
import {
  HeaderId,
  nameAddrSelects,
  parseNameAddrList,
  type RouteContext,
  type SelectTable,
  type SelectWords,
  select,
} from '../../runtime/sdk/index.js';

/** Null: no such value, or its URI is none. */
function rewritten(ctx: RouteContext, words: SelectWords): string | null {
  const index = typeof words[2] === 'number' ? words[2] : 1;
  // The contacts of a field are kept last first.
  const contacts = ctx.msg
    .headersOf(HeaderId.Contact)
    .flatMap(({ valueStart, valueEnd }) =>
      [...(parseNameAddrList(ctx.msg.raw, ctx.grammar, valueStart, valueEnd) ?? [])].reverse(),
    );
  const contact = index < 1 ? undefined : contacts[index - 1];
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

const path = 'nathelper.rewrite_contact.#';
export const contactSelects: SelectTable = {
  [path]: select('the whole value', rewritten),
  ...nameAddrSelects(`${path}.nameaddr`, 'it', rewritten),
};

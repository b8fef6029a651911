/** Selects of single header fields: addresses, Via, CSeq, credentials, and those that are taken whole. */
import {
  type Credentials,
  HeaderId,
  type NameAddr,
  parseCredentials,
  parseNameAddrList,
  type RouteContext,
  type SelectTable,
  select,
  some,
  type Value,
  type Via,
  type SelectWords as Words,
  wholeUri,
} from '../../../runtime/sdk/index.js';

const last = (words: Words): string => String(words.at(-1));
type Found = Value | undefined;
const param = (params: readonly { readonly name: string; readonly value: string | null }[], name: string): Found => {
  const wanted = name.toLowerCase();
  const found = params.find((p) => p.name.toLowerCase() === wanted);
  return found === undefined ? null : (found.value ?? undefined);
};

// From, To, Refer-To, Remote-Party-ID ------------------------------------------------------------------------------

function addressSelects(path: string, name: HeaderId | string, title: string): SelectTable {
  const read =
    (get: (addr: NameAddr) => Found) =>
    (ctx: RouteContext): Found => {
      const addr = ctx.msg.nameAddr(name);
      return addr === null ? null : get(addr);
    };
  return {
    [path]: select(`body of ${title}`, (ctx) => (ctx.msg.nameAddr(name) === null ? null : ctx.msg.headerValue(name))),
    ...wholeUri(`${path}.uri`, `URI of ${title}`, (ctx) => ctx.msg.nameAddr(name)?.uriText ?? null),
    [`${path}.tag`]: select(
      `tag of ${title}`,
      read((a) => a.tag ?? undefined),
    ),
    [`${path}.name`]: select(
      `display name of ${title}, quotes included`,
      read((a) => some(a.display)),
    ),
    [`${path}.params.*`]: select(`parameter of ${title}`, (ctx, words) => {
      const addr = ctx.msg.nameAddr(name);
      return addr === null ? null : param([...addr.params].reverse(), last(words));
    }),
  };
}

// Contact, Record-Route --------------------------------------------------------------------------------------------

/** First value of the first field. */
function firstOf(ctx: RouteContext, id: HeaderId): NameAddr | null {
  const field = ctx.msg.header(id);
  return field === undefined
    ? null
    : (parseNameAddrList(ctx.msg.raw, ctx.grammar, field.valueStart, field.valueEnd)?.[0] ?? null);
}
const contactParams = ['q', 'expires', 'methods', 'received', 'instance'] as const;
function contactSelects(path: string): SelectTable {
  // The contacts of a field are kept last first.
  const first = (ctx: RouteContext): NameAddr | null => {
    const field = ctx.msg.header(HeaderId.Contact);
    return field === undefined ? null : (ctx.msg.contactsOf(field)?.at(-1) ?? null);
  };
  const named = (ctx: RouteContext, name: string): Found => {
    const contact = first(ctx);
    return contact === null ? null : param(contact.params, name);
  };
  const known = Object.fromEntries(
    contactParams.map((name) => [
      `${path}.${name}`,
      select(`${name} of the first contact`, (ctx) => named(ctx, name === 'instance' ? '+sip.instance' : name)),
    ]),
  );
  return {
    [path]: select('body of the first Contact', (ctx) => ctx.msg.headerValue(HeaderId.Contact)),
    ...wholeUri(`${path}.uri`, 'URI of the first contact', (ctx) => first(ctx)?.uriText ?? null),
    [`${path}.name`]: select('display name of the first contact', (ctx) => first(ctx)?.display ?? null),
    ...known,
    [`${path}.params.*`]: select('parameter of the first contact', (ctx, words) => named(ctx, last(words))),
  };
}
function recordRouteSelects(path: string): SelectTable {
  const first = (ctx: RouteContext) => firstOf(ctx, HeaderId.RecordRoute);
  return {
    [path]: select('body of the first Record-Route', (ctx) => ctx.msg.headerValue(HeaderId.RecordRoute)),
    ...wholeUri(`${path}.uri`, 'URI of the first Record-Route', (ctx) => first(ctx)?.uriText ?? null),
    [`${path}.name`]: select('display name of the first Record-Route, up to the bracket', (ctx) => {
      const addr = first(ctx);
      return addr === null ? null : addr.bracketed ? ctx.msg.raw.slice(addr.start, addr.uriStart - 1) : addr.display;
    }),
    [`${path}.params.*`]: select('parameter of the first Record-Route', (ctx, words) => {
      const addr = first(ctx);
      return addr === null ? null : param(addr.params, last(words));
    }),
  };
}

// Via --------------------------------------------------------------------------------------------------------------

/** From 1 at the top; below 0 the last one. */
function viaAt(ctx: RouteContext, words: Words): Via | null {
  const index = typeof words[1] === 'number' ? words[1] : 1;
  return ctx.msg.vias().at(index > 0 ? index - 1 : -1) ?? null;
}
const viaParts: Readonly<Record<string, readonly [string, (via: Via) => Found]>> = {
  name: ['protocol name', (via) => via.text.slice(0, via.text.search(/[\s/]/))],
  version: ['protocol version', () => '2.0'],
  transport: ['transport', (via) => via.transport],
  host: ['host', (via) => via.host],
  port: ['port', (via) => (via.port === 0 ? undefined : String(via.port))],
  comment: ['comment', (via) => some(via.comment)],
  branch: ['branch parameter', (via) => via.branch],
  received: ['received parameter', (via) => via.received],
  rport: ['rport parameter', (via) => via.rport || undefined],
  i: ['i parameter', (via) => via.connectionId],
  alias: ['alias parameter', (via) => (via.alias ? via.param('alias') || undefined : null)],
};
function viaSelects(path: string): SelectTable {
  const table: SelectTable = {};
  for (const at of [path, `${path}.#`]) {
    table[at] = select('a Via', (ctx, words) => viaAt(ctx, words)?.text ?? null);
    for (const [part, [what, read]] of Object.entries(viaParts))
      table[`${at}.${part}`] = select(`${what} of a Via`, (ctx, words) => {
        const via = viaAt(ctx, words);
        return via === null ? null : read(via);
      });
    table[`${at}.params.*`] = select(
      'parameter of a Via',
      (ctx, words) => viaAt(ctx, words)?.param(last(words)) ?? null,
    );
  }
  return table;
}

// Credentials ------------------------------------------------------------------------------------------------------

const credentialParts = {
  username: 'username',
  'username.user': 'user',
  'username.domain': 'domain',
  realm: 'realm',
  nonce: 'nonce',
  uri: 'uri',
  cnonce: 'cnonce',
  nc: 'nc',
  response: 'response',
  opaque: 'opaque',
  algorithm: 'algorithm',
  qop: 'qop',
} as const satisfies Record<string, keyof Credentials>;

/** The credentials for a realm, among all fields of the name. */
function credentialsFor(ctx: RouteContext, id: HeaderId, realm: string) {
  for (const field of ctx.msg.headersOf(id)) {
    const parsed = parseCredentials(field.value);
    if (parsed !== null && parsed.realm === realm) return { field, parsed };
  }
  return null;
}
function authSelects(path: string, id: HeaderId, title: string): SelectTable {
  const table: SelectTable = {
    [`${path}.*`]: select(
      `body of the ${title} for a realm`,
      (ctx, words) => credentialsFor(ctx, id, String(words[1]))?.field.value ?? null,
    ),
  };
  for (const [part, key] of Object.entries(credentialParts))
    table[`${path}.*.${part}`] = select(
      `${part} of the ${title} for a realm`,
      (ctx, words) => credentialsFor(ctx, id, String(words[1]))?.parsed[key] ?? null,
    );
  return table;
}

// Whole fields -----------------------------------------------------------------------------------------------------

/** Up to the line end, blanks before it too. */
function wholeBody({ msg }: RouteContext, name: string): string | null {
  const field = msg.header(name);
  return field === undefined ? null : msg.raw.slice(field.valueStart, field.end).replace(/[\r\n]+$/, '');
}
const whole = {
  call_id: 'Call-ID',
  max_forwards: 'Max-Forwards',
  content_type: 'Content-Type',
  content_length: 'Content-Length',
  user_agent: 'User-Agent',
  subject: 'Subject',
  organization: 'Organization',
  priority: 'Priority',
  session_expires: 'Session-Expires',
  min_se: 'Min-SE',
  sip_if_match: 'SIP-If-Match',
  date: 'Date',
  identity: 'Identity',
  identity_info: 'Identity-Info',
} as const;

export const headerSelects: SelectTable = {
  ...addressSelects('from', HeaderId.From, 'From'),
  ...addressSelects('f', HeaderId.From, 'From'),
  ...addressSelects('to', HeaderId.To, 'To'),
  ...addressSelects('t', HeaderId.To, 'To'),
  ...addressSelects('refer_to', HeaderId.ReferTo, 'Refer-To'),
  ...addressSelects('remote_party_id', 'Remote-Party-ID', 'Remote-Party-ID'),
  ...addressSelects('rpid', 'Remote-Party-ID', 'Remote-Party-ID'),
  ...contactSelects('contact'),
  ...contactSelects('m'),
  ...recordRouteSelects('record_route'),
  ...recordRouteSelects('rr'),
  ...viaSelects('via'),
  ...viaSelects('v'),
  ...authSelects('authorization', HeaderId.Authorization, 'Authorization'),
  ...authSelects('proxy_authorization', HeaderId.ProxyAuthorization, 'Proxy-Authorization'),
  cseq: select('body of CSeq', (ctx) => (ctx.msg.cseq === null ? null : ctx.msg.headerValue(HeaderId.CSeq))),
  'cseq.num': select('number of CSeq', (ctx) => ctx.msg.cseq?.numberText ?? null),
  'cseq.method': select('method of CSeq', (ctx) => ctx.msg.cseq?.method ?? null),
  event: select('event package', (ctx) => /^[^;\s]*/.exec(ctx.msg.headerValue('Event') ?? '')?.[0] || null),
  expires: select('seconds in Expires', (ctx) => /^\d+/.exec(ctx.msg.headerValue('Expires') ?? '')?.[0] ?? null),
  ...Object.fromEntries(
    Object.entries(whole).map(([path, name]) => [path, select(`body of ${name}`, (ctx) => wholeBody(ctx, name))]),
  ),
};

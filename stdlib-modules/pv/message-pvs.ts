/** Pseudo-variables of the message itself: start line, header fields, body, where it came from. */
import {
  type Arrival,
  type HeaderField,
  HeaderId,
  headerId,
  type ListenSocket,
  type NameAddr,
  type PvIndex,
  parseNameAddrList,
  type RouteContext,
  scriptFlags,
  setScriptFlags,
  type Value,
  type Via,
} from '../../runtime/sdk/index.js';
import { firstDiversion } from './identity-pvs.js';
import { findSocket, hex8, intPv, keyedPv, named, type PvMe, type PvTable, pick, protoNumbers, strPv } from './spec.js';
import { uriParts } from './uri-pvs.js';

const text = (value: string | null | undefined): Value => (value ? value : null);

// From and To ------------------------------------------------------------------------------------------------------

type Side = 'from' | 'to';
const headerOf = (ctx: RouteContext, side: Side): NameAddr | null => ctx.msg[side];

/** Where a written part of From or To stands in the received text. */
function replacePart(
  ctx: RouteContext,
  side: Side,
  part: 'uri' | 'user' | 'domain' | 'display',
  value: Value,
): boolean {
  const addr = headerOf(ctx, side);
  const { edits } = ctx.draft;
  if (addr === null || typeof value === 'number') return false;
  const { raw } = ctx.msg;
  const uri = raw.slice(addr.uriStart, addr.uriEnd);
  const userStart = addr.uriStart + uri.indexOf(':') + 1;
  const user = addr.uri?.user ?? '';
  const hostStart = user === '' ? userStart : addr.uriStart + uri.indexOf('@') + 1;
  switch (part) {
    case 'uri':
      if (value === null) return true; // cannot be deleted; Kamailio warns and goes on
      return edits.replace(addr.uriStart, addr.uriEnd, value);
    case 'user':
      if (value === null || value === '') {
        return (
          user === '' ||
          edits.remove(userStart, userStart + user.length + (raw[userStart + user.length] === '@' ? 1 : 0))
        );
      }
      return user === ''
        ? edits.insert(hostStart, `${value}@`)
        : edits.replace(userStart, userStart + user.length, value);
    case 'domain': {
      if (value === null) return true;
      const host = addr.uri?.host ?? '';
      return edits.replace(hostStart, hostStart + host.length, value);
    }
    case 'display': {
      const { display, start } = addr;
      const end = start + display.length;
      if (value === null || value === '')
        return display === '' || edits.remove(start, end + (raw[end] === ' ' ? 1 : 0));
      return display === '' ? edits.insert(start, `${value} `) : edits.replace(start, end, value);
    }
  }
}
const partPv = (
  side: Side,
  doc: string,
  get: (addr: NameAddr) => Value,
  write?: 'uri' | 'user' | 'domain' | 'display',
) =>
  strPv(
    doc,
    (ctx) => {
      const addr = headerOf(ctx, side);
      return addr === null ? null : get(addr);
    },
    write ? (ctx, value) => replacePart(ctx, side, write, value) : undefined,
  );

function sidePvs(side: Side, letter: 'f' | 't'): PvTable {
  const name = side === 'from' ? 'From' : 'To';
  const user = partPv(side, `user part of the ${name} URI`, (a) => (a.uri ? uriParts.user(a.uri) : null), 'user');
  const domain = partPv(side, `host of the ${name} URI`, (a) => (a.uri ? uriParts.host(a.uri) : null), 'domain');
  return {
    ...named(
      [`${letter}u`, side],
      partPv(side, `URI of ${name}`, (a) => a.uriText, 'uri'),
    ),
    ...named([`${letter}U`, `${side}.user`], user),
    ...named([`${letter}d`, `${side}.domain`], domain),
    [`${letter}n`]: partPv(side, `display name of ${name}, quotes included`, (a) => text(a.display), 'display'),
    [`${letter}t`]: partPv(side, `tag of ${name}`, (a) => text(a.tag)),
    [`${letter}Ul`]: intPv(`length of the user part of the ${name} URI`, (ctx) => {
      const uri = headerOf(ctx, side)?.uri;
      return uri ? uriParts.userLength(uri) : null;
    }),
  };
}

// Header fields ----------------------------------------------------------------------------------------------------

/** Up to the line end, blanks before it too. */
const bodyOf = (ctx: RouteContext, field: HeaderField): string => {
  let { end } = field;
  const { raw } = ctx.msg;
  // maxfwd writes over the value.
  if (field.id === HeaderId.MaxForwards && !raw.startsWith(field.value, field.valueStart)) return field.value;
  while (end > field.valueStart && (raw[end - 1] === '\r' || raw[end - 1] === '\n' || raw[end - 1] === '\0')) end--;
  return raw.slice(field.valueStart, Math.max(end, field.valueStart));
};
const bodies = (ctx: RouteContext, name: string): string[] =>
  ctx.msg.headersOf(name).map((field) => bodyOf(ctx, field));
/** Whether `$hfl` counts from the end past the last value, as it does for the fields that are lists. */
const lists: ReadonlySet<HeaderId> = new Set([HeaderId.Via, HeaderId.Route, HeaderId.RecordRoute, HeaderId.Contact]);
const isList = (name: string): boolean => lists.has(headerId(name));
/** Values of the four fields that are lists to Kamailio; of others, one a field. Null when one of them is malformed. */
function listValues(ctx: RouteContext, name: string): readonly string[] | null {
  const { raw } = ctx.msg;
  const id = headerId(name);
  if (id === HeaderId.Via) return ctx.msg.vias().map((via) => via.text);
  if (!lists.has(id)) return bodies(ctx, name);
  const found: string[] = [];
  for (const field of ctx.msg.headersOf(id)) {
    const list = parseNameAddrList(raw, ctx.grammar, field.valueStart, field.valueEnd);
    if (list === null) return null;
    const values = list.map((addr) => raw.slice(addr.start, addr.end).trim());
    // The contacts of a field are kept last first.
    found.push(...(id === HeaderId.Contact ? values.reverse() : values));
  }
  return found;
}
function listValue(ctx: RouteContext, name: string, index: PvIndex): Value {
  if (index === '*') return pick(bodies(ctx, name), '*');
  const list = listValues(ctx, name);
  if (list === null || list.length === 0) return null;
  if (index === undefined || index >= 0 || !isList(name)) return pick(list, index);
  const position = list.length + 1 + index;
  return position < 0 ? null : (list[position] ?? null);
}
const identity = (ctx: RouteContext, name: string): NameAddr[] => {
  return ctx.msg.entries(name).entries.map((entry) => entry.addr);
};

/** All that follows the headers, whatever Content-Length says (get_body()). */
const body = (ctx: RouteContext): string => ctx.msg.body;

// Where it came from -----------------------------------------------------------------------------------------------

const bracketed = (ip: string) => (ip.includes(':') ? `[${ip}]` : ip);
/** `sip:ip:port;transport=tcp`; the transport is left out for udp unless all is asked for. */
const uriOf = (ip: string, port: number, proto: string, full: boolean) =>
  `sip:${bracketed(ip)}:${port}${full || proto !== 'udp' ? `;transport=${proto}` : ''}`;
const advertised = (s: ListenSocket) => ({
  host: s.advertised?.host ?? s.local.ip,
  port: s.advertised?.port || s.local.port,
});
/** Linux's numbers of the address families. */
const AF_INET = 2;
const AF_INET6 = 10;
const familyNumber = (ctx: RouteContext): number => (ctx.msg.received.socket.family === 6 ? AF_INET6 : AF_INET);
/** Kamailio: pv_get_rcv() in pv_branch.c; transport and address family as numbers. */
const receivedFrom = {
  buf: ({ bytes }) => bytes,
  len: ({ bytes }) => bytes.length,
  proto: ({ received }) => protoNumbers[received.proto],
  sproto: ({ received }) => received.proto,
  srcip: ({ received }) => received.src.ip,
  rcvip: ({ received }) => received.socket.local.ip,
  srcport: ({ received }) => received.src.port,
  rcvport: ({ received }) => received.socket.local.port,
  af: ({ received }) => (received.socket.family === 6 ? AF_INET6 : AF_INET),
} as const satisfies Record<string, (arrival: Arrival) => Value>;
/** Kamailio's buffer for a message (BUF_SIZE), less the two bytes pv_set_rcv() leaves free. */
const MAX_RECEIVED = 65_535 - 2;
/** pv_set_rcv(): only `buf` is written; the others stay, without an error. */
function changeReceived(ctx: RouteContext, value: Value, key: string): boolean {
  const { arrival } = ctx;
  if (arrival === null) return false;
  if (key !== 'buf') return true;
  const bytes = value ?? '';
  if (typeof bytes !== 'string' || bytes.length > MAX_RECEIVED) return false;
  arrival.bytes = bytes;
  return true;
}

// Via --------------------------------------------------------------------------------------------------------------

const viaParts = {
  host: (via: Via) => via.host,
  port: (via: Via) => via.port || 5060,
  proto: (via: Via) => via.transport,
  protoid: (via: Via) => protoNumbers[via.proto ?? 'none'],
  branch: (via: Via) => text(via.branch),
  rport: (via: Via) => text(via.rport),
  received: (via: Via) => text(via.received),
  params: (via: Via) => text(via.params.length === 0 ? null : via.text.slice(via.text.indexOf(';') + 1)),
} as const;
const viaPv = (doc: string, pickVia: (all: readonly Via[]) => Via | undefined) =>
  keyedPv(doc, 'any', Object.keys(viaParts) as (keyof typeof viaParts)[], (ctx, key) => {
    const via = pickVia(ctx.msg.vias());
    return via ? viaParts[key](via) : null;
  });

// Flags ------------------------------------------------------------------------------------------------------------

const flagBit = (key: string): number => {
  const bit = Number(key);
  return Number.isInteger(bit) && bit >= 0 && bit < 32 ? bit : -1;
};
/** `$mf`, `$mF`, `$Mf(n)` over one 32-bit word. */
function flagPvs(
  [decimal, hex, single]: readonly [string, string, string],
  what: string,
  read: (me: PvMe, ctx: RouteContext) => number,
  write: (me: PvMe, ctx: RouteContext, flags: number) => void,
): PvTable {
  const set = (me: PvMe, ctx: RouteContext, value: Value): boolean => {
    if (value !== null && typeof value !== 'number') return false;
    write(me, ctx, value ?? 0);
    return true;
  };
  return {
    [decimal]: { doc: `${what} as a number`, type: 'int', get: (me, ctx) => read(me, ctx) >>> 0, set },
    [hex]: { doc: `${what} as eight hex digits`, type: 'str', get: (me, ctx) => hex8(read(me, ctx)), set },
    [single]: {
      doc: `one of the ${what}: 1 or 0`,
      type: 'int',
      key: { use: 'req' },
      get: (me, ctx, key) => (flagBit(key) < 0 ? null : (read(me, ctx) >>> flagBit(key)) & 1),
      set: (me, ctx, value, key) => {
        const bit = flagBit(key);
        if (bit < 0 || (value !== null && typeof value !== 'number')) return false;
        const mask = 1 << bit;
        write(me, ctx, value ? read(me, ctx) | mask : read(me, ctx) & ~mask);
        return true;
      },
    },
  };
}

const field = (id: HeaderId) => (ctx: RouteContext) => {
  const found = ctx.msg.header(id);
  return found === undefined ? null : bodyOf(ctx, found);
};

export const messagePvs = {
  ...sidePvs('from', 'f'),
  ...sidePvs('to', 't'),
  hdr: {
    doc: 'value of a header field by name; index counts fields, * joins them',
    type: 'str',
    key: { use: 'req', dynamic: true },
    index: true,
    get: (_me: PvMe, ctx: RouteContext, key: string, index) => pick(bodies(ctx, key), index),
  },
  hdrc: {
    doc: 'how many header fields of a name there are',
    type: 'int',
    nullable: false,
    key: { use: 'req', dynamic: true },
    get: (_me: PvMe, ctx: RouteContext, key: string) => ctx.msg.headersOf(key).length,
  },
  hfl: {
    doc: 'one value of a header field that holds a list of addresses (Contact, Route, Record-Route, Via …)',
    type: 'str',
    key: { use: 'req', dynamic: true },
    index: true,
    get: (_me: PvMe, ctx: RouteContext, key: string, index) => listValue(ctx, key, index),
  },
  hflc: {
    doc: 'how many values a header field that holds a list has',
    type: 'int',
    nullable: false,
    key: { use: 'req', dynamic: true },
    get: (_me: PvMe, ctx: RouteContext, key: string) => listValues(ctx, key)?.length ?? 0,
  },
  rm: strPv('method; of a response the CSeq method, of an HTTP one null', (ctx) =>
    text(ctx.msg.isRequest || !/^http/i.test(ctx.msg.version) ? ctx.msg.method : ''),
  ),
  rmid: intPv('number of the method', (ctx) => ctx.msg.methodId),
  rv: strPv('protocol version of the start line', (ctx) => ctx.msg.version),
  rs: intPv('status of the response', (ctx) => (ctx.msg.isRequest ? null : ctx.msg.status)),
  rsi: intPv('status of the response as a number; of a request 0', (ctx) => (ctx.msg.isRequest ? 0 : ctx.msg.status)),
  rr: strPv('reason phrase of the response', (ctx) => (ctx.msg.isRequest ? null : ctx.msg.reason)),
  ci: strPv('Call-ID', field(HeaderId.CallId)),
  ful: intPv('length of the From URI', (ctx) => ctx.msg.from?.uriText.length ?? null),
  tts: intPv('1 when To has a tag, else 0', (ctx) => (ctx.msg.to?.tag ? 1 : 0)),
  cs: strPv('CSeq number', (ctx) => ctx.msg.cseq?.numberText ?? null),
  csb: strPv('CSeq body', field(HeaderId.CSeq)),
  ct: strPv('Contact body; undefined when there is nothing in it', (ctx) => field(HeaderId.Contact)(ctx) || null),
  ctu: strPv('URI of the first contact; undefined for `*`', ({ msg }) => {
    const contacts = msg.contacts();
    return contacts === null || contacts === 'star' ? null : (contacts[0]?.uriText ?? null);
  }),
  cts: intPv('1 when Contact is `*`, else 0; undefined without a Contact', ({ msg }) => {
    const contacts = msg.contacts();
    return contacts === null ? null : contacts === 'star' ? 1 : 0;
  }),
  cT: strPv('Content-Type body', field(HeaderId.ContentType)),
  cl: intPv('Content-Length', (ctx) => ctx.msg.contentLength),
  ua: strPv('User-Agent', field(HeaderId.UserAgent)),
  rt: strPv('URI of Refer-To', (ctx) => text(ctx.msg.nameAddr(HeaderId.ReferTo)?.uriText)),
  re: strPv('URI of Remote-Party-ID', (ctx) => text(ctx.msg.nameAddr('Remote-Party-ID')?.uriText)),
  di: strPv('URI of Diversion', (ctx) => text(firstDiversion(ctx)?.uriText)),
  ai: {
    doc: 'URI of P-Asserted-Identity',
    type: 'str',
    index: true,
    get: (_me: PvMe, ctx: RouteContext, _key: string, index) =>
      index === '*'
        ? null
        : pick(
            identity(ctx, 'P-Asserted-Identity').map((a) => a.uriText),
            index,
          ),
  },
  pu: {
    doc: 'URI of P-Preferred-Identity',
    type: 'str',
    index: true,
    get: (_me: PvMe, ctx: RouteContext, _key: string, index) =>
      index === '*'
        ? null
        : pick(
            identity(ctx, 'P-Preferred-Identity').map((a) => a.uriText),
            index,
          ),
  },
  rb: strPv('body; empty when there is none', body),
  bs: intPv('size of the body in bytes', (ctx) => body(ctx).length),
  mb: strPv('the whole message as received', (ctx) => ctx.msg.raw),
  ml: intPv('size of the message in bytes', (ctx) => ctx.msg.raw.length),
  mi: intPv('number of the message in this process; in failure routes one less', (ctx) =>
    ctx.kind === 'failure' || ctx.kind === 'branch_failure' ? ctx.msg.id - 1 : ctx.msg.id,
  ),
  mt: intPv('1 for a request, 2 for a response', (ctx) => (ctx.msg.isRequest ? 1 : 2)),
  mts: strPv('rq for a request, rp for a response', (ctx) => (ctx.msg.isRequest ? 'rq' : 'rp')),
  ...named(
    ['si', 'src_ip'],
    strPv('source address', (ctx) => ctx.msg.received.src.ip),
  ),
  siz: strPv('source address, brackets around IPv6', (ctx) => bracketed(ctx.msg.received.src.ip)),
  sp: intPv('source port', (ctx) => ctx.msg.received.src.port),
  su: strPv('source as a URI', ({ msg: { received: r } }) => uriOf(r.src.ip, r.src.port, r.proto, false)),
  sut: strPv('source as a URI with its transport', ({ msg: { received: r } }) =>
    uriOf(r.src.ip, r.src.port, r.proto, true),
  ),
  sas: strPv(
    'source as proto:address:port',
    ({ msg: { received: r } }) => `${r.proto}:${bracketed(r.src.ip)}:${r.src.port}`,
  ),
  Ri: strPv('local address it was received on', (ctx) => ctx.msg.received.socket.local.ip),
  Rp: intPv('local port it was received on', (ctx) => ctx.msg.received.socket.local.port),
  Rn: strPv('name of the socket it was received on', (ctx) => text(ctx.msg.received.socket.name)),
  Ras: strPv('socket it was received on as proto:address:port', (ctx) => ctx.msg.received.socket.sockStr),
  Ru: strPv('socket it was received on as a URI', ({ msg: { received: r } }) =>
    uriOf(r.socket.local.ip, r.socket.local.port, r.proto, false),
  ),
  Rut: strPv('socket it was received on as a URI with its transport', ({ msg: { received: r } }) =>
    uriOf(r.socket.local.ip, r.socket.local.port, r.proto, true),
  ),
  RAi: strPv('advertised address of the socket it was received on', (ctx) => advertised(ctx.msg.received.socket).host),
  RAp: intPv('advertised port of the socket it was received on', (ctx) => advertised(ctx.msg.received.socket).port),
  RAu: strPv('advertised socket as a URI', ({ msg: { received: r } }) =>
    uriOf(advertised(r.socket).host, advertised(r.socket).port, r.proto, false),
  ),
  RAut: strPv('advertised socket as a URI with its transport', ({ msg: { received: r } }) =>
    uriOf(advertised(r.socket).host, advertised(r.socket).port, r.proto, true),
  ),
  ...named(
    ['pr', 'proto'],
    strPv('transport it was received on', (ctx) => ctx.msg.received.proto),
  ),
  prid: intPv('number of the transport it was received on', (ctx) => protoNumbers[ctx.msg.received.proto]),
  conid: intPv('connection it was received on', (ctx) => ctx.msg.received.connectionId || null),
  af: keyedPv('address family it was received on', 'any', ['id', 'name'], (ctx, key) => {
    const id = familyNumber(ctx);
    return key === 'id' ? id : id === AF_INET6 ? 'IPv6' : 'IPv4';
  }),
  ...named(['rcv', 'recv'], {
    ...keyedPv(
      'attributes of received data, in event_route[core:msg-received]; null elsewhere. Written to `buf`: what is read instead',
      'any',
      Object.keys(receivedFrom) as (keyof typeof receivedFrom)[],
      (ctx, key) => (ctx.arrival === null ? null : receivedFrom[key](ctx.arrival)),
    ),
    set: (_me, ctx, value, key) => changeReceived(ctx, value, String(key)),
  }),
  msg: keyedPv(
    'parts of the message',
    'any',
    ['len', 'buf', 'body', 'body_len', 'hdrs', 'hdrs_len', 'fline', 'fpart', 'lpart'],
    (ctx, key) => {
      const { msg } = ctx;
      const headersFrom = msg.headers[0]?.start ?? msg.headersEnd;
      switch (key) {
        case 'len':
          return msg.raw.length;
        case 'buf':
          return msg.raw;
        case 'body':
          return msg.body;
        case 'body_len':
          return msg.bodyLength;
        case 'hdrs':
          return msg.raw.slice(headersFrom, msg.headersEnd);
        case 'hdrs_len':
          return Math.max(0, msg.headersEnd - 2 - headersFrom);
        case 'fline':
          return msg.raw.slice(0, headersFrom).trimEnd();
        case 'fpart':
          return msg.raw.slice(0, msg.headersEnd);
        case 'lpart':
          return msg.raw.slice(headersFrom);
      }
    },
  ),
  via0: viaPv('topmost Via', (all) => all[0]),
  via1: viaPv('second Via', (all) => all[1]),
  viaZ: viaPv('last Via', (all) => all.at(-1)),
  fs: strPv(
    'socket the message will be sent from',
    (ctx) => ctx.draft.sendSocket?.sockStr ?? null,
    (ctx, value) => {
      if (value === null) {
        ctx.draft.sendSocket = null;
        return true;
      }
      if (typeof value === 'number') return false;
      const socket = findSocket(ctx, value);
      if (socket === null) {
        ctx.log(0, `no listen socket ${value}`, 'pv');
        return /^(?:(?:udp|tcp|tls|sctp):)?(?:\[[^\]]+\]|[^\s:@[\]]+)(?::\d+)?$/.test(value); // no failure when it is an address
      }
      ctx.draft.sendSocket = socket;
      return true;
    },
  ),
  fsn: strPv(
    'name of the socket the message will be sent from',
    (ctx) => text(ctx.draft.sendSocket?.name),
    (ctx, value) => {
      const socket = value === null ? null : (ctx.server.transports.sockets.find((s) => s.name === value) ?? undefined);
      if (socket === undefined) return false;
      ctx.draft.sendSocket = socket;
      return true;
    },
  ),
  fsp: intPv('port of the socket the message will be sent from', (ctx) => ctx.draft.sendSocket?.local.port ?? 0),
  ruid: strPv('record id of the binding that lookup() found', (ctx) => text(ctx.draft.ruid)),
  location_ua: strPv('User-Agent of the binding that lookup() found', (ctx) => text(ctx.draft.locationUa)),
  ...flagPvs(
    ['mf', 'mF', 'Mf'],
    'message flags',
    (_me, ctx) => ctx.draft.flags,
    (_me, ctx, flags) => {
      ctx.draft.flags = flags | 0;
    },
  ),
  ...flagPvs(
    ['bf', 'bF', 'Bf'],
    'branch flags',
    (_me, ctx) => ctx.draft.branchFlags,
    (_me, ctx, flags) => {
      ctx.draft.branchFlags = flags | 0;
    },
  ),
  ...flagPvs(
    ['sf', 'sF', 'Sf'],
    'script flags',
    (_me, ctx) => scriptFlags(ctx),
    (_me, ctx, flags) => setScriptFlags(ctx, flags),
  ),
} satisfies PvTable;

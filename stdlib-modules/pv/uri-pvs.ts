/** Pseudo-variables of URIs: Request-URI, its original, the destination URI, the branches of the target set. */
import {
  parseUri,
  type RouteContext,
  rewriteUri,
  type SipUri,
  toStr,
  type UriChange,
  type Value,
  writtenPort,
} from '../../runtime/sdk/index.js';
import { intPv, named, type PvMe, type PvTable, strPv } from './spec.js';

/** As written; a parameter without a value counts as none. */
function transportText(uri: SipUri): string | null {
  return uri.paramList.find(({ name }) => name.toLowerCase() === 'transport')?.value ?? null;
}

/** Parts of a URI as Kamailio shows them (pv_core.c, pv_get_xuri_attr). */
export const uriParts = {
  user: (uri: SipUri): Value => uri.user || null,
  host: (uri: SipUri): Value => uri.host || null,
  /** Text, as written. */
  port: (uri: SipUri): Value => writtenPort(uri) ?? (uri.transport === 'tls' ? '5061' : '5060'),
  /** As written; `UDP` when there is none. */
  transport: (uri: SipUri): Value => transportText(uri) || 'UDP',
  /** A number that stands in a sip URI is a tel one too. */
  scheme: (uri: SipUri): Value => (uri.isNumber ? 'tel' : uri.scheme),
  userLength: (uri: SipUri): Value => uri.user?.length ?? 0,
} as const;

/** The Request-URI as it stands; the received one is parsed once and kept by the message. */
const requestUri = (ctx: RouteContext): SipUri | null => {
  if (!ctx.msg.isRequest) return null;
  return ctx.requestUri;
};
const part = (uri: SipUri | null, get: (uri: SipUri) => Value): Value => (uri === null ? null : get(uri));

function change(ctx: RouteContext, what: UriChange): boolean {
  if (!ctx.msg.isRequest) return false;
  const uri = rewriteUri(ctx.uri, what, ctx.grammar);
  if (uri === null) {
    ctx.log(-1, `cannot change the Request-URI ${ctx.uri}`, 'pv');
    return false;
  }
  ctx.draft.uri = uri;
  return true;
}

function setRequestUri(ctx: RouteContext, value: Value): boolean {
  if (typeof value !== 'string') {
    ctx.log(-1, 'the Request-URI can be set to text only', 'pv');
    return false;
  }
  ctx.draft.uri = value;
  return true;
}
function setDestination(ctx: RouteContext, value: Value): boolean {
  if (typeof value === 'number') return false;
  ctx.draft.dstUri = value === '' ? null : value;
  // Another next hop is worth another try with the same Request-URI.
  if (value !== null) ctx.draft.uriIsNew = true;
  return true;
}

const withQ = ({ uri, q }: { readonly uri: string; readonly q: number }) =>
  q < 0 ? uri : `<${uri}>;q=${q >= 1000 ? '1' : q === 0 ? '0' : `0.${String(q).padStart(3, '0').replace(/0+$/, '')}`}`;

/** A response goes back along its second Via. */
function replyHop(ctx: RouteContext, key: string): Value {
  const via = ctx.msg.vias()[1];
  if (via === undefined || key === 'U') return null;
  const host = via.received || via.host;
  const port = via.rport || String(via.port || 5060);
  const proto = via.proto ?? 'udp';
  switch (key) {
    case 'u':
      return `sip:${host}:${port};transport=${proto}`;
    case 'd':
      return host;
    case 'p':
      return port;
    case 'P':
      return proto;
    default:
      return null;
  }
}

/** `$nh(key)`: where the request goes next, destination URI before Request-URI. */
function nextHop(ctx: RouteContext, key: string): Value {
  if (!ctx.msg.isRequest) return replyHop(ctx, key);
  const text = ctx.draft.dstUri || ctx.uri;
  if (key === 'u') return text;
  const uri = parseUri(text, ctx.grammar);
  if (uri === null) return null;
  switch (key) {
    case 'U':
      return uriParts.user(uri);
    case 'd':
      return uriParts.host(uri);
    case 'p':
      return writtenPort(uri) ?? '5060';
    case 'i':
      return /^\d+\.\d+\.\d+\.\d+$/.test(uri.host) ? 4 : uri.host.startsWith('[') ? 6 : 0;
    default:
      return uriParts.transport(uri);
  }
}

const destination = (ctx: RouteContext) => (ctx.draft.dstUri ? parseUri(ctx.draft.dstUri, ctx.grammar) : null);
const original = (ctx: RouteContext) => (ctx.msg.isRequest ? ctx.msg.uri() : null);

export const uriPvs = {
  ...named(
    ['ru', 'ruri'],
    strPv('Request-URI as it stands', (ctx) => (requestUri(ctx) === null ? null : ctx.uri), setRequestUri),
  ),
  ...named(
    ['rU', 'ruri.user'],
    strPv(
      'user part of the Request-URI',
      (ctx) => part(requestUri(ctx), uriParts.user),
      (ctx, value) => (typeof value === 'number' ? false : change(ctx, { kind: 'user', text: value ?? '' })),
    ),
  ),
  ...named(
    ['rd', 'ruri.domain'],
    strPv(
      'host of the Request-URI',
      (ctx) => part(requestUri(ctx), uriParts.host),
      (ctx, value) => (typeof value === 'string' ? change(ctx, { kind: 'host', text: value }) : false),
    ),
  ),
  rp: {
    doc: 'port of the Request-URI, 5060 or 5061 when it has none',
    type: 'any',
    get: (_me: PvMe, ctx: RouteContext) => part(requestUri(ctx), uriParts.port),
    set: (_me: PvMe, ctx: RouteContext, value: Value) => change(ctx, { kind: 'port', text: toStr(value) }),
  },
  rP: strPv('transport parameter of the Request-URI, UDP when it has none', (ctx) =>
    part(requestUri(ctx), uriParts.transport),
  ),
  rul: intPv('length of the Request-URI', (ctx) => (ctx.msg.isRequest ? ctx.uri.length : null)),
  rz: strPv('scheme of the Request-URI', (ctx) => part(requestUri(ctx), uriParts.scheme)),
  rUl: {
    doc: 'length of the user part of the Request-URI',
    type: 'int',
    get: (_me: PvMe, ctx: RouteContext) => part(requestUri(ctx), uriParts.userLength),
  },
  ...named(
    ['ou', 'ouri'],
    strPv('Request-URI as received', (ctx) => (original(ctx) === null ? null : ctx.msg.requestUri)),
  ),
  oU: strPv('user part of the received Request-URI', (ctx) => part(original(ctx), uriParts.user)),
  od: strPv('host of the received Request-URI', (ctx) => part(original(ctx), uriParts.host)),
  op: {
    doc: 'port of the received Request-URI',
    type: 'any',
    get: (_me: PvMe, ctx: RouteContext) => part(original(ctx), uriParts.port),
  },
  oP: strPv('transport of the received Request-URI', (ctx) => part(original(ctx), uriParts.transport)),
  oUl: {
    doc: 'length of the user part of the received Request-URI',
    type: 'int',
    get: (_me: PvMe, ctx: RouteContext) => part(original(ctx), uriParts.userLength),
  },
  ...named(
    ['du', 'duri'],
    strPv('destination URI: the next hop, when it is not the Request-URI', (ctx) => ctx.draft.dstUri, setDestination),
  ),
  dd: strPv('host of the destination URI', (ctx) => part(destination(ctx), uriParts.host)),
  dp: {
    doc: 'port of the destination URI',
    type: 'any',
    // An empty one counts as none here.
    get: (_me: PvMe, ctx: RouteContext) => part(destination(ctx), (uri) => uriParts.port(uri) || '5060'),
  },
  dP: strPv('transport of the destination URI', (ctx) => part(destination(ctx), uriParts.transport)),
  nh: {
    doc: 'next hop: URI, user, domain, port, protocol',
    type: 'any',
    key: { use: 'req', values: ['u', 'U', 'd', 'p', 'P', 'i'] },
    get: (_me: PvMe, ctx: RouteContext, key: string) => nextHop(ctx, key),
  },
  br: strPv(
    'first branch of the target set',
    (ctx) => (ctx.msg.isRequest ? (ctx.draft.branches[0]?.uri ?? null) : null),
    (ctx, value) => {
      if (typeof value !== 'string' || value === '') return false;
      ctx.draft.addBranch({
        uri: value,
        dstUri: null,
        path: null,
        q: -1,
        flags: ctx.draft.branchFlags,
        socket: null,
        instance: null,
        regId: 0,
        ruid: null,
        locationUa: null,
      });
      return true;
    },
  ),
  bR: strPv('all branches of the target set', (ctx) =>
    ctx.msg.isRequest && ctx.draft.branches.length > 0 ? ctx.draft.branches.map(withQ).join(',') : null,
  ),
  ds: strPv('target set as a Contact header field shows it', (ctx) => {
    const { branches } = ctx.draft;
    const q = ctx.kind === 'branch' ? -1 : ctx.draft.q;
    const uri = ctx.draft.uri ?? (ctx.kind === 'branch' ? ctx.uri : null);
    const targets = [...(uri === null ? [] : [{ uri, q }]), ...branches];
    return targets.length === 0
      ? null
      : `Contact: ${targets.map((t) => (t.q < 0 ? `<${t.uri}>` : withQ(t))).join(', ')}`;
  }),
} satisfies PvTable;

/**
 * Following the route set of a request (RFC 3261 §16.4, §16.6 item 6; rr/loose.c): our own Route values are taken out,
 * the next one is where it goes; strict routers before or after us get their own treatment.
 */
import {
  type Endpoint,
  type HeaderField,
  HeaderId,
  type ListenSocket,
  type Proto,
  parseUri,
  type RouteContext,
  type RouteEntry,
  type SipUri,
} from '../../runtime/sdk/index.js';

export const Driven = { error: -1, yes: 1, no: -1, outbound: 2, broken: -2, preloaded: -3 } as const;

/** What the outbound module knows of a flow token (RFC 5626 §5.3). */
export interface FlowTokens {
  /** The flow a token names; null: it is no token; 'broken': it was not made here. */
  decode(token: string): Flow | null | 'broken';
}
export interface Flow {
  readonly proto: Proto;
  /** Our side. */
  readonly dst: Endpoint;
  /** The phone's side. */
  readonly src: Endpoint;
}

export interface LooseSettings {
  readonly doubleRr: boolean;
  readonly forceSendSocket: boolean;
  readonly warnMismatch: boolean;
  /** `;sockname=` in our Route names the socket. */
  readonly socketNames: boolean;
  readonly flows: FlowTokens | null;
  /** Told of the parameters of each Route of ours that was followed. */
  readonly routed: readonly RoutedListener[];
}
export type RoutedListener = (ctx: RouteContext, params: string) => void;

/** `;lr` among the parameters? */
const isStrict = (uri: SipUri): boolean => uri.param('lr') === null;
const isSecondOfTwo = (uri: SipUri): boolean => uri.param('r2') === 'on';

export function isMyself(ctx: RouteContext, uri: SipUri): boolean {
  if (uri.host === '' || uri.param('gr') !== null) return false;
  return ctx.server.transports.isMyself(uri.host, uri.port || 5060);
}

/** `sip:maddr:port` when the URI names one. */
function withMaddr(uri: SipUri): string {
  const maddr = uri.param('maddr');
  return maddr ? `sip:${maddr}${uri.port ? `:${uri.port}` : ''}` : uri.text;
}

const everyProto: readonly Proto[] = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'];
/** No transport in the URI: any, UDP first (grep_sock_info in socket_info.c). */
function socketOf(ctx: RouteContext, uri: SipUri, port: number): ListenSocket | null {
  const transport = uri.param('transport')?.toLowerCase() ?? null;
  for (const proto of everyProto) {
    if (transport !== null && proto !== transport) continue;
    const socket = ctx.server.transports.findSocket(uri.host, port, proto);
    if (socket !== null) return socket;
  }
  return null;
}
function namedSocket(ctx: RouteContext, uri: SipUri): ListenSocket | null {
  const name = uri.param('sn');
  return name ? (ctx.server.transports.sockets.find((s) => s.name === name) ?? null) : null;
}
function forceSocket(ctx: RouteContext, uri: SipUri, settings: LooseSettings, second: boolean): void {
  const secure = uri.scheme === 'sips' || uri.param('transport')?.toLowerCase() === 'tls';
  const socket =
    (settings.socketNames ? namedSocket(ctx, uri) : null) ??
    socketOf(ctx, uri, uri.port || (secure ? 5061 : 5060)) ??
    socketOf(ctx, uri, uri.port);
  if (socket !== null) ctx.draft.sendSocket = socket;
  else if (second && settings.warnMismatch) {
    ctx.log(0, `no socket found to match second RR (${uri.text})`, 'rr');
    if (!isMyself(ctx, uri)) ctx.log(0, `second RR uri is not myself (${uri.text})`, 'rr');
  }
}

/**
 * A flow token of ours in the user part (RFC 5626 §5.3): when the request did not come over that flow, it goes there.
 * True: it does; null: the token is not genuine.
 */
function alongFlow(ctx: RouteContext, uri: SipUri, settings: LooseSettings): boolean | null {
  const flow = settings.flows?.decode(uri.user ?? '') ?? null;
  if (flow === null) return false;
  if (flow === 'broken') {
    ctx.log(2, 'failed to decode flow token', 'rr');
    return null;
  }
  const { src } = ctx.msg.received;
  if (flow.src.ip === src.ip && flow.src.port === src.port) return false;
  const socket = ctx.server.transports.findSocket(flow.dst.ip, flow.dst.port, flow.proto);
  if (socket === null) {
    ctx.log(2, 'cannot find socket from flow-token', 'rr');
    return null;
  }
  ctx.draft.sendSocket = socket;
  const host = flow.src.ip.includes(':') ? `[${flow.src.ip}]` : flow.src.ip;
  ctx.draft.dstUri = `sip:${host}:${flow.src.port};transport=${flow.proto}`;
  ctx.draft.uriIsNew = true;
  return true;
}

const removeField = (ctx: RouteContext, field: HeaderField): void => {
  ctx.draft.edits.remove(field.start, field.end, HeaderId.Route);
};
const removeUpTo = (ctx: RouteContext, field: HeaderField, end: number): void => {
  ctx.draft.edits.remove(field.valueStart, end, HeaderId.Route);
};
/** The next value; the field goes when this was its last. -1: none is left. */
function advance(ctx: RouteContext, routes: readonly RouteEntry[], i: number): number {
  const here = routes[i]!;
  const next = routes[i + 1];
  if (next?.field === here.field) return i + 1;
  removeField(ctx, here.field);
  return next ? i + 1 : -1;
}
const firstOfField = (routes: readonly RouteEntry[], i: number): boolean => routes[i - 1]?.field !== routes[i]!.field;

/** Parameters of the URI that led here: check_route_param(), is_direction(). */
export interface Routed {
  readonly params: string;
  /** A strict router came before us: they are those of the Request-URI, which check_route_param() sees without the first `;`. */
  readonly strict?: boolean;
  /** And the Request-URI was not the received one: Kamailio's pointer to them leads out of the message and is not followed. */
  readonly lost?: boolean;
}

/**
 * What led here, as `redo_route_params()`: what loose_route() left; when that is nothing, the first Route when it is ours; null
 * when neither has parameters.
 */
function routedOf(ctx: RouteContext): Routed | null {
  const kept = ctx.data.get('rr.routed') as Routed | undefined;
  if (kept && kept.params !== '' && !kept.lost) return kept;
  const uri = ctx.msg.isRequest ? (ctx.msg.routes()[0]?.addr.uri ?? null) : null;
  return uri !== null && uri.params !== '' && isMyself(ctx, uri) ? { params: uri.params } : null;
}

/** Text of the parameters, without the first `;`; null when there are none. */
export const routedParams = (ctx: RouteContext): string | null => routedOf(ctx)?.params ?? null;

/** What check_route_param() matches against; null when there is nothing. */
export function matchedParams(ctx: RouteContext): string | null {
  const routed = routedOf(ctx);
  return routed === null ? null : routed.strict ? routed.params : `;${routed.params}`;
}

export function looseRoute(ctx: RouteContext, settings: LooseSettings, mode: number): number {
  const { msg } = ctx;
  const routes = msg.routes();
  if (routes.length === 0) return Driven.error;
  const requestUri = parseUri(ctx.draft.uri ?? msg.requestUri, ctx.grammar);
  if (requestUri === null || msg.to === null) return Driven.error;
  const preloaded = !msg.to.tag;
  const result =
    !preloaded && mode === 0 && isMyself(ctx, requestUri)
      ? afterStrict(ctx, settings, routes, requestUri)
      : afterLoose(ctx, settings, routes, preloaded);
  const followed = result === Driven.yes || result === Driven.outbound || result === Driven.preloaded;
  const params = followed ? ((ctx.data.get('rr.routed') as Routed | undefined)?.params ?? '') : '';
  if (params !== '') for (const listener of settings.routed) listener(ctx, params);
  return result;
}

function afterLoose(
  ctx: RouteContext,
  settings: LooseSettings,
  routes: readonly RouteEntry[],
  preloaded: boolean,
): number {
  let i = 0;
  let uri = routes[0]!.addr.uri;
  if (uri === null) return Driven.error;
  let flow = false;
  ctx.data.delete('rr.routed');
  if (isMyself(ctx, uri)) {
    ctx.data.set('rr.routed', { params: uri.params } satisfies Routed);
    const token = alongFlow(ctx, uri, settings);
    if (token === null) return Driven.broken;
    flow = token;
    const end = flow ? Driven.outbound : preloaded ? Driven.preloaded : Driven.yes;
    const two = settings.doubleRr && isSecondOfTwo(uri);
    if (settings.forceSendSocket && !flow && !two) forceSocket(ctx, uri, settings, false);
    i = advance(ctx, routes, i);
    if (i < 0) return end;
    if (two) {
      const second = routes[i]!.addr.uri;
      if (second === null) return Driven.error;
      // The request leaves by the socket the second one names.
      if (!flow) forceSocket(ctx, second, settings, true);
      i = advance(ctx, routes, i);
      if (i < 0) return end;
    }
    uri = routes[i]!.addr.uri;
    if (uri === null) return Driven.error;
    ctx.draft.routeIsNext = true;
  }
  const done = flow ? Driven.outbound : Driven.yes;
  const route = routes[i]!;
  if (isStrict(uri)) {
    // RFC 3261 §16.6 item 6: the next hop is a strict router; the Request-URI goes to the end of the route set.
    ctx.draft.edits.insert(ctx.msg.headersEnd, `Route: <${ctx.msg.requestUri}>\r\n`, HeaderId.Route);
    ctx.draft.uri = withMaddr(uri);
    const next = routes[i + 1];
    if (next?.field === route.field) removeUpTo(ctx, route.field, next.addr.start);
    else removeField(ctx, route.field);
    return done;
  }
  if (!flow) {
    ctx.draft.dstUri = withMaddr(uri);
    ctx.draft.uriIsNew = true;
  }
  if (!firstOfField(routes, i)) removeUpTo(ctx, route.field, route.addr.start);
  return done;
}

/** The previous hop was a strict router: the Request-URI is us, the remote target is the last Route (§16.4). */
function afterStrict(
  ctx: RouteContext,
  settings: LooseSettings,
  routes: readonly RouteEntry[],
  requestUri: SipUri,
): number {
  let i = 0;
  let uri = routes[0]!.addr.uri;
  if (uri === null) return Driven.error;
  ctx.data.delete('rr.routed');
  if (settings.doubleRr && isSecondOfTwo(uri) && isMyself(ctx, uri)) {
    const socket = socketOf(ctx, uri, uri.port);
    if (socket !== null) ctx.draft.sendSocket = socket;
    else if (settings.warnMismatch) ctx.log(0, 'no socket found for match second RR', 'rr');
    i = advance(ctx, routes, i);
    if (i < 0) return Driven.no;
    uri = routes[i]!.addr.uri;
    if (uri === null) return Driven.error;
  }
  const lost = ctx.draft.uri !== null;
  ctx.data.set('rr.routed', { params: requestUri.params, strict: true, lost } satisfies Routed);
  const route = routes[i]!;
  if (isStrict(uri)) {
    ctx.draft.uri = withMaddr(uri);
    const next = routes[i + 1];
    if (next?.field === route.field) removeUpTo(ctx, route.field, next.addr.start);
    else removeField(ctx, route.field);
    return Driven.yes;
  }
  ctx.draft.dstUri = withMaddr(uri);
  if (!firstOfField(routes, i)) removeUpTo(ctx, route.field, route.addr.start);
  const last = routes[routes.length - 1]!;
  const target = last.addr.uri;
  if (target === null) return Driven.error;
  ctx.draft.uri = withMaddr(target);
  const before = routes[routes.length - 2];
  if (before?.field === last.field) ctx.draft.edits.remove(before.addr.end, last.addr.end, HeaderId.Route);
  else removeField(ctx, last.field);
  return Driven.yes;
}

/** Value of a parameter of the Route that led here; null when absent, '' when it has none. */
export function routeParam(ctx: RouteContext, name: string): string | null {
  const params = routedParams(ctx);
  if (params === null) return null;
  for (const part of params.split(';')) {
    const eq = part.indexOf('=');
    const own = (eq < 0 ? part : part.slice(0, eq)).trim();
    if (own !== name) continue;
    const value = eq < 0 ? '' : part.slice(eq + 1).trim();
    return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  }
  return null;
}

/** Does the request go from callee to caller? Told by `;ftag`, the From tag of the dialog's first request. */
export function isUpstream(ctx: RouteContext): boolean {
  const ftag = routeParam(ctx, 'ftag');
  const tag = ctx.msg.from?.tag;
  return !!ftag && !!tag && ftag !== tag;
}

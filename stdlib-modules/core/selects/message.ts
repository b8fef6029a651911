/** Selects of the message as a whole: start line, header fields by name, body; where it came from and goes to. */
import type { RouteContext, Value } from '../../../runtime/sdk/index.js';
import {
  dashed,
  nameAddrSelects,
  paramsSelect,
  parseUri,
  type SelectTable,
  select,
  some,
  type SelectWords as Words,
  wholeUri,
} from '../../../runtime/sdk/index.js';

const ifRequest = (ctx: RouteContext, value: string): string | null => (ctx.msg.isRequest ? value : null);
const ifResponse = (ctx: RouteContext, value: string): string | null => (ctx.msg.isRequest ? null : value);

// Header fields by name --------------------------------------------------------------------------------------------

/** `@msg.header.name`, `@msg.header.name[2]`: from 1; a negative index is the last one. */
function headerAt(ctx: RouteContext, words: Words): string | null {
  return fieldAt(ctx, words, typeof words[3] === 'number' ? words[3] : 1);
}
/** Below `nameaddr` select_anyheader counts that word too: the last field without an index, the first with one. */
function addressAt(ctx: RouteContext, words: Words): string | null {
  return fieldAt(ctx, words, typeof words[3] === 'number' ? 1 : -1);
}
function fieldAt(ctx: RouteContext, words: Words, index: number): string | null {
  const fields = ctx.msg.headersOf(dashed(words[2]));
  const field = index > 0 ? fields[index - 1] : fields.at(-1);
  return field?.value.trim() ?? null;
}
function anyHeader(path: string): SelectTable {
  return {
    [path]: select('all header fields, as received', ({ msg }) =>
      msg.raw.slice(msg.headers[0]?.start ?? msg.headersEnd, msg.bodyStart),
    ),
    [`${path}.*`]: select('value of a header field', headerAt),
    [`${path}.*.#`]: select('value of a header field', headerAt),
    ...paramsSelect(`${path}.*`, 'a header field', headerAt),
    ...paramsSelect(`${path}.*.#`, 'a header field', headerAt),
    ...nameAddrSelects(`${path}.*.nameaddr`, 'a header field', addressAt),
    ...nameAddrSelects(`${path}.*.#.nameaddr`, 'a header field', addressAt),
  };
}

// Body -------------------------------------------------------------------------------------------------------------

const body = ({ msg }: RouteContext): string => msg.body;
/** The SDP of the body: all of it, or the part of a multipart one. */
function sdp(ctx: RouteContext): string | null {
  const type = ctx.msg.headerValue('Content-Type') ?? '';
  if (/^application\/sdp\s*(;|$)/i.test(type)) return ctx.msg.body === '' ? null : ctx.msg.body;
  const boundary = /^multipart\/.*;\s*boundary="?([^";]{1,70})"?/i.exec(type)?.[1];
  if (boundary === undefined) return null;
  for (const part of ctx.msg.body.split(`--${boundary}`)) {
    const end = part.indexOf('\r\n\r\n');
    if (end >= 0 && /^content-type:\s*application\/sdp/im.test(part.slice(0, end))) return part.slice(end + 4);
  }
  return null;
}
/** Text of the first line with this letter. */
function sdpLine(ctx: RouteContext, words: Words): string | null {
  const letter = String(words[4])[0] ?? '';
  for (const line of (sdp(ctx) ?? '').split('\n')) {
    if (line[0] !== letter) continue;
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    return text[1] === '=' && text.length > 2 ? text.slice(2) : null;
  }
  return null;
}

// The message ------------------------------------------------------------------------------------------------------

function requestLine(path: string): SelectTable {
  return {
    [path]: select('the message, when it is a request', (ctx) => ifRequest(ctx, ctx.msg.raw)),
    [`${path}.method`]: select('method of the request', (ctx) => ifRequest(ctx, ctx.msg.method)),
    ...wholeUri(`${path}.uri`, 'Request-URI as received', (ctx) => ifRequest(ctx, ctx.msg.requestUri)),
    [`${path}.version`]: select('version of the request', (ctx) => ifRequest(ctx, ctx.msg.version)),
  };
}
function statusLine(path: string): SelectTable {
  const status = select('status of the response', (ctx) => ifResponse(ctx, String(ctx.msg.status)));
  return {
    [path]: select('the message, when it is a response', (ctx) => ifResponse(ctx, ctx.msg.raw)),
    [`${path}.version`]: select('version of the response', (ctx) => ifResponse(ctx, ctx.msg.version)),
    [`${path}.status`]: status,
    [`${path}.code`]: status,
    [`${path}.reason`]: select('reason phrase of the response', (ctx) => ifResponse(ctx, ctx.msg.reason)),
  };
}
function wholeMessage(path: string): SelectTable {
  const table: SelectTable = {
    [path]: select('the message, as received', ({ msg }) => msg.raw),
    [`${path}.first_line`]: select('start line', ({ msg }) =>
      msg.raw.slice(msg.startLine.start, msg.startLine.thirdEnd).trimEnd(),
    ),
    [`${path}.type`]: select('1 for a request, 2 for a response', ({ msg }) => (msg.isRequest ? '1' : '2')),
    [`${path}.len`]: select('bytes of the message', ({ msg }) => String(msg.raw.length)),
    [`${path}.id`]: select('number of the message', ({ msg }) => String(msg.id)),
    [`${path}.id.hex`]: select('number of the message in eight hex digits', ({ msg }) =>
      msg.id.toString(16).padStart(8, '0'),
    ),
    [`${path}.flags`]: select('message flags', (ctx) => String(ctx.draft.flags >>> 0)),
    ...anyHeader(`${path}.header`),
    ...anyHeader(`${path}.h`),
  };
  for (const name of ['request', 'req']) Object.assign(table, requestLine(`${path}.${name}`));
  for (const name of ['response', 'res']) Object.assign(table, statusLine(`${path}.${name}`));
  for (const name of ['body', 'content']) {
    table[`${path}.${name}`] = select('body', body);
    table[`${path}.${name}.sdp`] = select('SDP in the body', sdp);
    table[`${path}.${name}.sdp.line.*`] = select('first SDP line of a type', sdpLine);
  }
  return table;
}

// Where from, where to ---------------------------------------------------------------------------------------------

const uri = (ctx: RouteContext): string | null => ifRequest(ctx, ctx.uri);
const nextHop = (ctx: RouteContext): string | null => ifRequest(ctx, ctx.draft.dstUri || ctx.uri);
/** Address of the socket that the request would leave from. */
function sourceIp(ctx: RouteContext): Value {
  if (!ctx.msg.isRequest) return null;
  if (ctx.draft.sendSocket !== null) return ctx.draft.sendSocket.local.ip;
  const target = parseUri(nextHop(ctx) ?? '', ctx.grammar);
  // Names are not resolved for a read.
  if (target === null || !/^(\[.*\]|[\d.]+)$/.test(target.host)) return null;
  const proto = target.secure ? 'tls' : (target.transport ?? 'udp');
  const family = target.host.startsWith('[') ? 6 : 4;
  const { sockets } = ctx.server.transports;
  const own = ctx.msg.received.socket;
  if (own.proto === proto && own.family === family) return own.local.ip;
  return sockets.find((s) => s.proto === proto && s.family === family)?.local.ip ?? null;
}
function endpoint(path: string, ip: (ctx: RouteContext) => string, port: (ctx: RouteContext) => number): SelectTable {
  return {
    [`${path}.ip`]: select('address', ip),
    [`${path}.port`]: select('port', (ctx) => String(port(ctx))),
    [`${path}.ip_port`]: select('address:port', (ctx) => `${ip(ctx)}:${port(ctx)}`),
  };
}
const status = select('status of the response', (ctx) => ifResponse(ctx, String(ctx.msg.status)));

export const messageSelects: SelectTable = {
  ...wholeMessage('msg'),
  ...wholeMessage('message'),
  method: select('method of the request', (ctx) => ifRequest(ctx, ctx.msg.method)),
  status,
  code: status,
  reason: select('reason phrase of the response', (ctx) => ifResponse(ctx, ctx.msg.reason)),
  version: select('version of the start line', (ctx) => ctx.msg.version),
  ...wholeUri('ruri', 'Request-URI', uri),
  ...wholeUri('request_uri', 'Request-URI', uri),
  ...wholeUri('dst_uri', 'destination URI', (ctx) => (ctx.msg.isRequest ? some(ctx.draft.dstUri ?? '') : null)),
  ...wholeUri('next_hop', 'next hop', nextHop),
  'next_hop.src_ip': select('address the request would leave from', sourceIp),
  ...endpoint(
    'src',
    (ctx) => ctx.msg.received.src.ip,
    (ctx) => ctx.msg.received.src.port,
  ),
  ...endpoint(
    'dst',
    (ctx) => ctx.msg.received.dst.ip,
    (ctx) => ctx.msg.received.dst.port,
  ),
  ...endpoint(
    'received',
    (ctx) => ctx.msg.received.socket.local.ip,
    (ctx) => ctx.msg.received.socket.local.port,
  ),
  'received.proto': select('transport it was received on', (ctx) => ctx.msg.received.proto),
  'received.proto_ip_port': select(
    'transport:address:port it was received on',
    ({ msg: { received: r } }) => `${r.proto}:${r.socket.local.ip}:${r.socket.local.port}`,
  ),
};

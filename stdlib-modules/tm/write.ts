/**
 * `t_write_req()` and `t_write_unix()`: a request as lines of text for another program, which answers it through
 * `tm.reply` (t_fifo.c). 20 entries, of which the last two, further header fields and body, may be several lines long.
 */
import {
  type HeaderField,
  HeaderId,
  parseUri,
  type RouteContext,
  StartError,
  sendUnixDatagram,
  str,
  type Transaction,
  type Verdict,
  writeFifo,
} from '../../runtime/sdk/index.js';
import { type Append, found, type TmState, tmOf } from './shared.js';

const VERSION = '0.3';
const NOTHING = '.';
/** Longest route set and longest list of further header fields, in bytes. */
const MAX_ROUTE = 512;
const MAX_APPEND = 4096;

export const writeParams = {
  tw_append: {
    type: 'str',
    many: true,
    doc: 'What t_write_req() and t_write_unix() add: `name:element;…`, an element being `[title=]hdr[Name]`, `[title=]avp[name]` or `msg[body]`.',
  },
} as const;

const ELEMENT = /^(?:([^[=;\s]+)\s*=\s*)?(avp|hdr|msg)\[([^\];\s]+)\]$/i;

/** Parses the parameter; names ignore case. */
export function parseAppends(texts: readonly string[]): ReadonlyMap<string, Append> {
  const appends = new Map<string, Append>();
  for (const text of texts) {
    const wrong = (why: string) => new StartError('SIPC8023', `tm: parameter tw_append "${text}": ${why}`);
    const [, name, list] = /^\s*([^:\s]+)\s*:\s*(\S.*)$/s.exec(text) ?? [];
    if (name === undefined || list === undefined) throw wrong('write it as name:element;element');
    if (appends.has(name.toLowerCase())) throw wrong('this name was declared before');
    const elements: Append['elements'][number][] = [];
    let body = false;
    for (const part of list.split(';')) {
      const [, title, type = '', value = ''] = ELEMENT.exec(part.trim()) ?? [];
      if (type === '') throw wrong(`"${part.trim()}" is none of hdr[…], avp[…] and msg[body]`);
      if (type.toLowerCase() === 'hdr') elements.push({ kind: 'hdr', title: title ?? value, name: value });
      else if (type.toLowerCase() === 'avp')
        elements.push({ kind: 'avp', title: title ?? value.replace(/^[is]:/, ''), key: value });
      else if (value.toLowerCase() === 'body') body = true;
      else throw wrong('of the message only msg[body] can be added');
    }
    appends.set(name.toLowerCase(), { elements, body });
  }
  return appends;
}

function furtherLines(ctx: RouteContext, append: Append | null): string | null {
  // The message's own flags, digits from the right: hashed (0x80), and rport forced (1).
  let text = `P-MsgFlags: ${ctx.draft.forceRport ? '1' : '0'}8\n`;
  for (const element of append?.elements ?? []) {
    let value: string | number | null;
    if (element.kind === 'hdr') value = ctx.msg.headerValue(element.name);
    else value = ctx.server.pv('avp')?.get(ctx, element.key) ?? null;
    if (value !== null) text += `${element.title}: ${value}\n`;
  }
  return text.length > MAX_APPEND ? null : `${text}${NOTHING}`;
}

/** URI of the first Contact, else of From: what a request in the dialog will be sent to. */
function remoteTarget({ msg }: RouteContext): string {
  return msg.contact?.uriText || (msg.from?.uriText ?? '');
}
/** The route set as whoever answers has to write it; a strict first proxy takes the place of the target (RFC 3261 §12.2.1.1). */
function routing(ctx: RouteContext): { uri: string; routes: string; nextHop: string } | null {
  const target = remoteTarget(ctx);
  const uris = ctx.msg.recordRoutes().map(({ addr }) => addr.uriText);
  const [first, ...others] = uris;
  if (first === undefined) return { uri: target, routes: NOTHING, nextHop: NOTHING };
  const loose = parseUri(first, ctx.grammar)?.param('lr') != null;
  // A loose first proxy is written twice, as in Kamailio.
  const list = loose ? [first, ...uris] : [...others, target];
  const routes = list.map((uri) => `<${uri}>`).join(',');
  if (routes.length >= MAX_ROUTE) return null;
  return { uri: loose ? target : first, routes, nextHop: loose ? first : NOTHING };
}

const bodyOf = (ctx: RouteContext, append: Append | null): string =>
  ctx.msg.method === 'INVITE' || ctx.msg.method === 'INFO' || append?.body
    ? ctx.msg.raw.slice(ctx.msg.bodyStart)
    : NOTHING;

/** The lines; null when the message lacks something. */
function linesOf(ctx: RouteContext, t: Transaction, action: string, append: Append | null): string | null {
  const { msg } = ctx;
  const uri = ctx.requestUri;
  const value = (id: HeaderField['id']) => msg.header(id)?.value ?? '';
  const way = routing(ctx);
  const more = furtherLines(ctx, append);
  if (uri === null || msg.from === null || way === null || more === null) return null;
  const { dst } = msg.received;
  const lines = [
    VERSION,
    `sip_request.${action}`,
    msg.method,
    uri.user ?? '',
    uri.host,
    dst.ip,
    dst.port === 5060 ? NOTHING : String(dst.port),
    msg.requestUri,
    way.uri || NOTHING,
    value(HeaderId.From),
    value(HeaderId.To),
    msg.callId ?? '',
    msg.from.tag ?? '',
    msg.to?.tag ?? '',
    msg.cseq?.numberText ?? '',
    `${t.index}:${t.label}`,
    way.routes,
    way.nextHop,
    more,
    bodyOf(ctx, append),
  ];
  return `${lines.join('\n')}\n`;
}

interface Me {
  readonly state: TmState;
}
/** `send` gives the system's code, '' when all is written. */
function write(me: Me, ctx: RouteContext, info: string, send: (text: string) => string): Verdict {
  const fail = (why: string): Verdict => {
    ctx.log(-1, why, 'tm');
    return -1;
  };
  const [, action = '', name] = /^([^/]*)(?:\/(.*))?$/s.exec(info) ?? [];
  const append = name === undefined ? null : me.state.appends.get(name.toLowerCase());
  if (append === undefined) return fail(`unknown append name <${name}>`);
  if (!ctx.msg.isRequest) return fail('only requests can be written');
  const t = found(ctx);
  if (t === null) return fail('no transaction: t_newtran() makes one');
  const text = linesOf(ctx, t, action, append);
  if (text === null) return fail('the request lacks header fields, or its route set is too long');
  const code = send(text);
  if (code !== '') return fail(`cannot write the request: ${code}`);
  return tmOf(ctx).waitForOthers(ctx, t) ? 1 : -1;
}

const returns = {
  1: 'written; a timer answers when nobody does',
  [-1]: 'not written: no transaction, nobody reads, or the request lacks header fields',
} as const;
const info = str('action', '`action`, or `action/name` with the name of a tw_append');
const routes = ['request', 'failure'] as const;

export const writeFunctions = {
  t_write_req: {
    doc: 'Writes the request into a named pipe, for another program to answer with `tm.reply`.',
    args: [str('fifo', 'path of the pipe'), info] as const,
    routes,
    constArgs: true,
    returns,
    example: 't_newtran(); if (!t_write_req("/nonexistent/fifo", "vm_invite")) t_reply("480", "Not available");',
    run: (me: Me, ctx: RouteContext, fifo: string, what: string) =>
      write(me, ctx, what, (text) => writeFifo(fifo, text)),
  },
  t_write_unix: {
    doc: 'Sends the request to a unix datagram socket, for another program to answer with `tm.reply`.',
    args: [str('socket', 'path of the socket'), info] as const,
    routes,
    constArgs: true,
    returns,
    example: 't_newtran(); if (!t_write_unix("/nonexistent/socket", "vm_invite")) t_reply("480", "Not available");',
    run: (me: Me, ctx: RouteContext, socket: string, what: string) =>
      write(me, ctx, what, (text) => sendUnixDatagram(socket, text)),
  },
};

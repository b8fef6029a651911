/**
 * xhttp: HTTP requests that come in on the SIP sockets run `event_route[xhttp:request]` (needs `tcp_accept_no_cl=yes` for
 * requests without a Content-Length).
 */
import {
  compileRegex,
  defineModule,
  indexMessage,
  ParseFailure,
  type ReceiveInfo,
  type Regex,
  type RouteContext,
  type ServerApi,
  scriptCallback,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';

const EVENT = 'xhttp:request';
const REQUEST_LINE = /^[A-Za-z]{1,20} (\S{1,4096}) HTTP\/1\.[01]\r?\n/;

interface XhttpState {
  readonly match: Regex | null;
  readonly skip: Regex | null;
}

/** Answers over the connection, with a type and a body where they are not empty. */
function reply(ctx: RouteContext, code: number, reason: string, type: string, body: string): Verdict {
  const { draft, msg, server } = ctx;
  if (type !== '') draft.addReplyHeader(`Content-Type: ${type}\r\n`);
  if (body !== '') draft.setReplyBody(body);
  return server.transactions.replyStateless(msg, draft, code, reason, null) === null ? -1 : 1;
}

/** The request as the routes see it: a Via that leads back to the client behind the request line. */
function withVia(bytes: string, { proto, src }: ReceiveInfo): string {
  const line = bytes.indexOf('\n') + 1;
  const host = src.ip.includes(':') ? `[${src.ip}]` : src.ip;
  // A proxy's own Via is not SIP's.
  const rest = bytes.slice(line).replace(/(^|\n)Via([ \t]*:)/gi, '$1Hia$2');
  return `${bytes.slice(0, line)}Via: SIP/2.0/${proto.toUpperCase()} ${host}:${src.port}\r\n${rest}`;
}

/** False: not HTTP, or not for this module. */
function receive(state: XhttpState, server: ServerApi, bytes: string, received: ReceiveInfo): boolean {
  const url = REQUEST_LINE.exec(bytes)?.[1];
  if (url === undefined || state.skip?.test(url) || (state.match !== null && !state.match.test(url))) return false;
  if (!server.script.hasEvent(EVENT)) {
    server.log(-1, 'xhttp', `an HTTP request came in, but there is no event_route[${EVENT}]`);
    return false;
  }
  const msg = indexMessage(withVia(bytes, received), received, server.grammar);
  if (msg instanceof ParseFailure || msg.via === null) return false;
  void server.script.runEvent(EVENT, msg);
  return true;
}

const pattern = (text: string): Regex | null => (text === '' ? null : compileRegex(text, {}));

export default defineModule({
  name: 'xhttp',
  doc: 'HTTP on the SIP ports.',
  uses: [],
  params: {
    url_match: { type: 'str', default: '', doc: 'Only URLs this expression matches are taken.' },
    url_skip: { type: 'str', default: '', doc: 'URLs this expression matches are left to others.' },
    event_callback: scriptCallback('event_route[xhttp:request]'),
  },
  stats: {},
  state: (_init, params: { url_match: string; url_skip: string }): XhttpState => ({
    match: pattern(params.url_match),
    skip: pattern(params.url_skip),
  }),
  start(me, server) {
    server.transports.nonSip.push((bytes, received) => receive(me.state, server, bytes, received));
  },
  functions: {
    xhttp_reply: {
      doc: 'Answers an HTTP request.',
      args: [varInt('code'), varStr('reason'), varStr('contentType', "'' none"), varStr('body', "'' none")],
      routes: ['request', 'event'],
      constArgs: true,
      returns: { 1: 'sent', [-1]: 'could not be sent' },
      example: 'xhttp_reply("200", "OK", "text/html", "<html><body>Hello</body></html>");',
      run: (_me, ctx, code, reason, type, body) => reply(ctx, code, reason, type, body),
    },
  },
  pvs: {
    hu: {
      doc: 'URL of the HTTP request, as received.',
      type: 'str',
      get: (_me, ctx) => (ctx.msg.isRequest && ctx.msg.version.startsWith('HTTP/') ? ctx.msg.requestUri : null),
    },
  },
  rpc: {},
  api: () => ({ reply }),
  eventRoutes: { [EVENT]: { doc: 'An HTTP request came in.' } },
  // bind_xhttp is no function of the cfg: other C modules call it.
  missing: ['transformation:url'],
});

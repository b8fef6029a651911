/**
 * xmlrpc: XML-RPC calls that come in over HTTP on the SIP sockets. With `mode` 0 it takes HTTP requests itself and runs `route`
 * on them; with 1 another module (xhttp) does, and the cfg calls dispatch_rpc().
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
  StartError,
  scriptCallback,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { dispatch, faultText, readCall, succeeded } from './call.js';

interface XmlrpcState {
  readonly match: Regex | null;
  readonly skip: Regex | null;
}
const REQUEST_LINE = /^([A-Za-z]{1,20}) (\S{1,4096}) (HTTP\/1\.[01])\r?\n/;
/** What stands for the URL in the request the route sees. */
const URI = 'sip:127.0.0.1:9';

/** The request as the route sees it: a SIP URI, and a Via that leads back to the client. */
function asRequest(bytes: string, { proto, src }: ReceiveInfo): string {
  const line = REQUEST_LINE.exec(bytes);
  const host = src.ip.includes(':') ? `[${src.ip}]` : src.ip;
  // A proxy's own Via is not SIP's.
  const rest = bytes.slice(line?.[0].length ?? 0).replace(/(^|\n)Via([ \t]*:)/gi, '$1Hia$2');
  return `${line?.[1]} ${URI} ${line?.[3]}\r\nVia: SIP/2.0/${proto.toUpperCase()} ${host}:${src.port}\r\n${rest}`;
}

/** False: not HTTP, or not for this module. */
function receive(state: XmlrpcState, server: ServerApi, route: string, bytes: string, from: ReceiveInfo): boolean {
  const [, method = '', url] = REQUEST_LINE.exec(bytes) ?? [];
  if (url === undefined || state.skip?.test(url) || (state.match !== null && !state.match.test(url))) return false;
  if (!/^(?:GET|POST)$/i.test(method)) return false;
  const msg = indexMessage(asRequest(bytes, from), from, server.grammar);
  if (msg instanceof ParseFailure || msg.via === null) return false;
  void server.script.runRoute(route, msg);
  return true;
}

function answer(ctx: RouteContext, body: string): Verdict {
  const { draft, msg, server } = ctx;
  draft.setReplyBody(body);
  return server.transactions.replyStateless(msg, draft, 200, 'OK', null) === null ? -1 : 1;
}
const pattern = (text: string): Regex | null => (text === '' ? null : compileRegex(text, {}));

export default defineModule({
  name: 'xmlrpc',
  doc: 'XML-RPC over HTTP on the SIP ports.',
  uses: [],
  params: {
    route: { type: 'str', default: '', doc: 'Route that gets the requests; empty: the main one.' },
    autoconversion: { type: 'int', default: 0, doc: '1: parameters are converted to the type a command wants.' },
    escape_cr: { type: 'int', default: 1, doc: '1: a carriage return in answers becomes &#xD;.' },
    double_lf_to_crlf: {
      type: 'int',
      default: 0,
      doc: '1: in parameters two line feeds become carriage return and line feed.',
    },
    mode: { type: 'int', default: 0, doc: '1: HTTP requests are left to another module.' },
    url_match: { type: 'str', default: '', doc: 'Only URLs this expression matches are taken.' },
    url_skip: { type: 'str', default: '', doc: 'URLs this expression matches are left to others.' },
    event_callback: scriptCallback('the route that `route` names'),
  },
  stats: {},
  state: (_init, params: { url_match: string; url_skip: string }): XmlrpcState => ({
    match: pattern(params.url_match),
    skip: pattern(params.url_skip),
  }),
  start(me, server) {
    const { route, mode } = me.params;
    if (route !== '' && !server.config.has('route', route))
      throw new StartError('SIPC8086', `xmlrpc: there is no route[${route}]`);
    if (mode === 0)
      server.transports.nonSip.push((bytes, received) => receive(me.state, server, route, bytes, received));
  },
  functions: {
    dispatch_rpc: {
      doc: 'Runs the command in the body and answers.',
      args: [],
      routes: ['request', 'event'],
      returns: { 1: 'answered, with a fault too', [-1]: 'could not be answered' },
      async: 'always',
      example: 'dispatch_rpc();',
      async run(me, ctx) {
        const { escape_cr, double_lf_to_crlf, autoconversion } = me.params;
        const document = await dispatch(ctx.server, ctx.msg.body, {
          escapeCr: escape_cr !== 0,
          doubleLfToCrlf: double_lf_to_crlf !== 0,
          converts: autoconversion !== 0,
        });
        return answer(ctx, document);
      },
    },
    xmlrpc_reply: {
      doc: 'Answers: below 300 with success, else with this fault.',
      args: [varInt('code'), varStr('reason')],
      routes: ['request', 'event'],
      constArgs: true,
      returns: { 1: 'answered', [-1]: 'could not be answered' },
      example: 'xmlrpc_reply("403", "Forbidden");',
      run: (me, ctx, code, reason) =>
        answer(ctx, code >= 300 ? faultText(code, reason, { escapeCr: me.params.escape_cr !== 0 }) : succeeded),
    },
  },
  pvs: {},
  rpc: {},
  selects: {
    'xmlrpc.method': {
      doc: 'The command in the body.',
      get(_me, ctx) {
        const request = readCall(ctx.msg.body, { doubleLfToCrlf: false });
        return typeof request === 'string' ? null : request.method;
      },
    },
  },
  eventRoutes: {},
  missing: [],
});

/** websocket: SIP over WebSocket (RFC 7118) on the TCP and TLS sockets, after a handshake in event_route[xhttp:request]. */
import {
  acceptsProtocol,
  defaultPort,
  defineModule,
  type ListenSocket,
  type Maybe,
  Opcode,
  opt,
  type RouteContext,
  type RpcCall,
  type ServerApi,
  type Steps,
  scriptCallback,
  steps,
  targetHostPort,
  targetOf,
  targetOfUrl,
  type Verdict,
  varInt,
  varStr,
  type WsTarget,
  wait,
} from '../../runtime/sdk/index.js';
import { type WsConnection, WsConnections } from './connections.js';
import { readHandshake, SubProtocol } from './handshake.js';

/** Kamailio lists no more. */
const MAX_LISTED = 50;

const counter = (doc: string) => ({ doc });
const gauge = (doc: string) => ({ doc, gauge: true });

function answer(ctx: RouteContext, status: number, reason: string, headers: string): boolean {
  if (headers !== '') ctx.draft.addReplyHeader(headers);
  return ctx.server.transactions.replyStateless(ctx.msg, ctx.draft, status, reason, null) !== null;
}

const connectionOf = (call: RpcCall, state: WsConnections): WsConnection | null => {
  const id = call.optInt();
  if (id === undefined) {
    call.fault(500, 'Invalid Parameters');
    return null;
  }
  const ws = state.get(id);
  if (!ws) call.fault(500, 'Unknown connection ID');
  return ws ?? null;
};

function describe(ws: WsConnection, now: number): string {
  const { connection: c, proto } = ws;
  const pong = ws.awaitingPong ? 'awaiting Pong, ' : '';
  const used = Math.floor((now - ws.lastUsed) / 1000);
  const name = ws.subProtocol === SubProtocol.sip ? 'sip' : 'msrp';
  return (
    `${c.id}: ${proto}:${c.remote.ip}:${c.remote.port} -> ${proto}:${c.local.ip}:${c.local.port}` +
    ` (state: ${ws.state}, ${pong}last used ${used}s ago, sub-protocol: ${name})`
  );
}

const targetArgs = [
  varStr('host'),
  varInt('port', '0: that of HTTP or HTTPS'),
  varStr('path', 'of the request'),
  varStr('subProtocol', 'sip'),
  varInt('secure', '1: over TLS'),
] as const;
const connectReturns = { 1: 'connecting', [-1]: 'not possible: the log says why' } as const;

interface Me {
  readonly params: { readonly sub_protocols: number };
  readonly state: { readonly connections: WsConnections | null };
}
/** Who wants a connection: a run, from its socket, or a command. */
interface Asker {
  readonly server: ServerApi;
  readonly sendSocket: ListenSocket | null;
}
const askerOf = ({ server, draft }: RouteContext): Asker => ({ server, sendSocket: draft.sendSocket });
function refuse({ server }: Pick<Asker, 'server'>, why: string): -1 {
  server.log(-1, 'websocket', `no WebSocket connection is opened: ${why}`);
  return -1;
}
const connect = (ctx: RouteContext, me: Me, target: WsTarget | null, subProtocol: string): Maybe<Verdict> =>
  steps(connecting(askerOf(ctx), me, target, subProtocol));
function* connecting(ctx: Asker, me: Me, target: WsTarget | null, subProtocol: string): Steps<1 | -1> {
  const state = me.state.connections;
  if (!state?.enabled) return refuse(ctx, 'the module is disabled');
  if (target === null) return refuse(ctx, 'not a host, port and path');
  // MSRP is not spoken here.
  if (subProtocol.toLowerCase() !== 'sip' || (me.params.sub_protocols & SubProtocol.sip) === 0)
    return refuse(ctx, `the sub-protocol ${subProtocol} is not enabled`);
  const { core } = ctx.server.transactions;
  const [address] = yield* wait(core.resolve(`sip:${targetHostPort(target)}`, target.secure ? 'tls' : 'tcp'));
  if (address === undefined) return refuse(ctx, `${target.host} cannot be resolved`);
  const socket = core.sendSocket(null, ctx.sendSocket, address);
  if (socket === null) return refuse(ctx, `there is no ${address.proto} socket`);
  return state.connect(ctx.server, { ...address, host: target.host, socket }, target) ? 1 : -1;
}
function* send(ctx: RouteContext, me: Me, target: WsTarget | null, subProtocol: string): Steps<Verdict> {
  if (!ctx.msg.isRequest) return refuse(ctx, 'a response is not sent');
  if (target === null || me.state.connections?.to(target) == null) {
    const verdict = yield* connecting(askerOf(ctx), me, target, subProtocol);
    if (verdict < 0 || target === null) return -1;
  }
  const uri = `sip:${targetHostPort(target)};transport=ws`;
  const sent = yield* wait(ctx.server.transactions.forward(ctx, { uri, proto: target.secure ? 'wss' : 'ws' }));
  return sent > 0 ? 1 : -1;
}

export default defineModule({
  name: 'websocket',
  doc: 'SIP over WebSocket (RFC 7118).',
  uses: ['xhttp?', 'sl?'],
  params: {
    keepalive_mechanism: { type: 'int', default: 1, min: 0, max: 3, doc: '0 none, 1 ping, 2 pong, 3 look only.' },
    keepalive_timeout: { type: 'int', default: 180, doc: 'Idle seconds before a ping.', live: true, min: 1 },
    keepalive_interval: { type: 'int', default: 1, doc: 'Seconds between looks at an idle connection.' },
    keepalive_processes: { type: 'int', default: 1, doc: 'Accepted.' },
    ping_application_data: { type: 'str', default: 'kamailio', doc: 'What a ping carries.' },
    sub_protocols: { type: 'int', default: 1, min: 1, max: 3, doc: 'Bits of what is offered: 1 sip, 2 msrp.' },
    cors_mode: { type: 'int', default: 0, min: 0, max: 2, doc: 'Access-Control-Allow-Origin: 0 none, 1 any, 2 the origin.' },
    timer_interval: { type: 'int', default: 1, doc: 'Accepted.' },
    rm_delay_interval: { type: 'int', default: 5, doc: 'Accepted.' },
    verbose_list: { type: 'int', default: 0, doc: 'Accepted.' },
    event_callback: scriptCallback('event_route[websocket:closed]'),
  }, // biome-ignore format: one row for each
  stats: {
    ws_current_connections: gauge('Open WebSocket connections.'),
    ws_max_concurrent_connections: gauge('Most at a time.'),
    ws_sip_current_connections: gauge('Open, for SIP.'),
    ws_sip_max_concurrent_connections: gauge('Most at a time, for SIP.'),
    ws_msrp_current_connections: gauge('Open, for MSRP.'),
    ws_msrp_max_concurrent_connections: gauge('Most at a time, for MSRP.'),
    ws_failed_connections: counter('Connections that could not be written to.'),
    ws_local_closed_connections: counter('Closed here.'),
    ws_remote_closed_connections: counter('Closed by the peer.'),
    ws_received_frames: counter('Frames received.'),
    ws_transmitted_frames: counter('Frames sent.'),
    ws_sip_failed_connections: counter('As above, for SIP.'),
    ws_sip_local_closed_connections: counter('As above, for SIP.'),
    ws_sip_remote_closed_connections: counter('As above, for SIP.'),
    ws_sip_received_frames: counter('As above, for SIP.'),
    ws_sip_transmitted_frames: counter('As above, for SIP.'),
    ws_msrp_failed_connections: counter('As above, for MSRP, which is not spoken.'),
    ws_msrp_local_closed_connections: counter('As above, for MSRP, which is not spoken.'),
    ws_msrp_remote_closed_connections: counter('As above, for MSRP, which is not spoken.'),
    ws_msrp_received_frames: counter('As above, for MSRP, which is not spoken.'),
    ws_msrp_transmitted_frames: counter('As above, for MSRP, which is not spoken.'),
    ws_failed_handshakes: counter('Handshakes refused.'),
    ws_successful_handshakes: counter('Handshakes done.'),
    ws_sip_successful_handshakes: counter('Handshakes done, for SIP.'),
    ws_msrp_successful_handshakes: counter('As above, for MSRP, which is not spoken.'),
  },
  state: () => ({ connections: null as WsConnections | null }),
  start(me, server: ServerApi) {
    const state = new WsConnections(me.stats, me.params, server.env.clock);
    state.server = server;
    me.state.connections = state;
    server.transports.connections.onClosed.push((connection) => state.closed(connection));
    for (const name of ['ws', 'ws_sip'] as const) {
      server.stats.gauge('websocket', `${name}_current_connections`, () => state.size);
      server.stats.gauge('websocket', `${name}_max_concurrent_connections`, () => state.peak);
    }
    for (const name of ['current', 'max_concurrent'])
      server.stats.gauge('websocket', `ws_msrp_${name}_connections`, () => 0);
    server.settings.register({
      group: 'websocket',
      name: 'enabled',
      type: 'int',
      doc: 'New handshakes are taken.',
      default: 1,
      min: 0,
      max: 1,
      get: () => state.enabled,
      set: (value) => {
        state.enabled = Number(value);
      },
    });
  },
  functions: {
    ws_handle_handshake: {
      doc: 'Makes a WebSocket of the connection the HTTP request came on, or answers why not; then the route ends.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done: frames from here on', 0: 'refused and answered' },
      example: 'ws_handle_handshake();',
      run(me, ctx): Verdict {
        const state = me.state.connections;
        const { server, msg, draft } = ctx;
        const connection = server.transports.connections.get(msg.received.connectionId);
        draft.closeReply = true;
        draft.noConnectReply = true;
        const refuse = (status: number, reason: string, headers = ''): Verdict => {
          me.stats.ws_failed_handshakes.value++;
          answer(ctx, status, reason, headers);
          return 0;
        };
        if (!state?.enabled || !acceptsProtocol(server.settings.values, 'ws'))
          return refuse(503, 'Service Unavailable');
        if (!connection || connection.protocol) return refuse(500, 'Internal Server Error');
        const shake = readHandshake(msg, me.params.sub_protocols & SubProtocol.sip, me.params.cors_mode);
        if (shake.status !== 101) return refuse(shake.status, shake.reason, shake.headers);
        draft.closeReply = false;
        if (!answer(ctx, shake.status, shake.reason, shake.headers)) return 0;
        state.add(server, connection, shake.subProtocol);
        return 1;
      },
    },
    ws_connect: {
      doc: 'Connects to a WebSocket server; requests to its address (`$du` with `;transport=ws`) go there, once its answer is here.',
      args: targetArgs,
      routes: ['any'],
      async: 'maybe',
      returns: connectReturns,
      example: 'ws_connect("127.0.0.1", "443", "/service", "sip", "0");',
      run: (me, ctx, host, port, path, subProtocol, secure) =>
        connect(ctx, me, targetOf(host, port > 0 ? port : defaultPort(secure !== 0), path, secure !== 0), subProtocol),
    },
    ws_connect_url: {
      doc: 'As `ws_connect()`, with a URL.',
      args: [varStr('url', 'ws://host:port/path or wss://…'), varStr('subProtocol', 'sip')],
      routes: ['any'],
      async: 'maybe',
      returns: connectReturns,
      example: 'ws_connect_url("ws://127.0.0.1/service", "sip");',
      run: (me, ctx, url, subProtocol) => connect(ctx, me, targetOfUrl(url), subProtocol),
    },
    ws_send: {
      doc: 'Forwards the request without a transaction over the connection to a WebSocket server, which is opened when it is not there. Port 0: 5060, with TLS 5061.',
      args: targetArgs,
      routes: ['any'],
      async: 'maybe',
      runs: ['onsend'],
      returns: { 1: 'sent, or waits for the connection', [-1]: 'not a request, or not possible' },
      example: 'ws_send("127.0.0.1", "80", "/service", "sip", "0");',
      run(me, ctx, host, port, path, subProtocol, secure) {
        const wanted = port > 0 ? port : secure === 0 ? 5060 : 5061;
        return steps(send(ctx, me, targetOf(host, wanted, path, secure !== 0), subProtocol));
      },
    },
    ws_close: {
      doc: 'Closes the WebSocket connection of this message, or the one with this id, with a status and a reason.',
      args: [opt(varInt('status')), opt(varStr('reason')), opt(varInt('connection'))],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'asked to close', 0: 'could not be told', [-1]: 'there is no such connection' },
      example: 'ws_close("1000", "Bye");',
      run(me, ctx, status = 1000, reason = 'Normal closure', id = ctx.msg.received.connectionId): Verdict {
        const state = me.state.connections;
        const ws = state?.get(id);
        if (!state || !ws) {
          ctx.log(-1, 'failed to retrieve WebSocket connection', 'websocket');
          return -1;
        }
        return state.close(ws, status, reason) ? 1 : 0;
      },
    },
  },
  pvs: {
    ws_conid: {
      doc: 'Id of the connection of this message.',
      type: 'int',
      get: (_me, ctx) => ctx.msg.received.connectionId,
    },
  },
  rpc: {
    'ws.dump': {
      doc: 'List WebSocket connections',
      run(me, call) {
        const order = call.optStr() ?? 'id_hash';
        if (!['id_hash', 'used_desc', 'used_asc'].includes(order))
          return call.fault(400, 'Bad display order parameter');
        const list = me.state.connections?.all() ?? [];
        if (order !== 'id_hash') list.sort((a, b) => (order === 'used_asc' ? 1 : -1) * (a.lastUsed - b.lastUsed));
        const top = call.struct();
        const shown = top.array('connections');
        const now = me.state.connections?.now ?? 0;
        for (const ws of list.slice(0, MAX_LISTED)) shown.push(describe(ws, now));
        top
          .struct('info')
          .add('wscounter', Math.min(list.length, MAX_LISTED))
          .add('truncated', list.length > MAX_LISTED ? 'yes' : 'no');
        return undefined;
      },
    },
    'ws.close': {
      doc: 'Close a WebSocket connection',
      run(me, call) {
        const state = me.state.connections;
        const ws = state && connectionOf(call, state);
        if (ws && !state.close(ws, 1000, 'Normal closure')) call.fault(500, 'Error closing connection');
      },
    },
    'ws.ping': {
      doc: 'Send a Ping frame on a WebSocket connection',
      run(me, call) {
        const state = me.state.connections;
        const ws = state && connectionOf(call, state);
        if (ws && !state.ping(ws, Opcode.ping)) call.fault(500, 'Error sending frame');
      },
    },
    'ws.pong': {
      doc: 'Send a Pong frame on a WebSocket connection',
      run(me, call) {
        const state = me.state.connections;
        const ws = state && connectionOf(call, state);
        if (ws && !state.ping(ws, Opcode.pong)) call.fault(500, 'Error sending frame');
      },
    },
    'ws.connect': {
      doc: 'Initiate an outbound websocket connection: host port path subprotocol tls(0|1)',
      async run(me, call, server) {
        const host = call.str();
        const port = call.int();
        const path = call.str();
        const subProtocol = call.str();
        const secure = call.int();
        if (
          host === undefined ||
          port === undefined ||
          path === undefined ||
          subProtocol === undefined ||
          secure === undefined
        )
          return call.fault(400, 'Invalid parameters. Expected host, port, path, subprotocol, tls');
        const target = targetOf(host, port > 0 ? port : defaultPort(secure !== 0), path, secure !== 0);
        if ((await steps(connecting({ server, sendSocket: null }, me, target, subProtocol))) < 0)
          return call.fault(500, 'Failed to initiate outbound websocket handshake');
        call.add('Outbound websocket handshake initiated');
      },
    },
    'ws.enable': {
      doc: 'Enable WebSocket connections',
      run(me) {
        if (me.state.connections) me.state.connections.enabled = 1;
      },
    },
    'ws.disable': {
      doc: 'Disable WebSocket connections',
      run(me) {
        if (me.state.connections) me.state.connections.enabled = 0;
      },
    },
  },
  eventRoutes: { 'websocket:closed': { doc: 'A WebSocket connection ended.' } },
  // MSRP is not spoken here: its frames have nobody to go to.
  missing: [],
});

/** lwsc: asks servers things over WebSocket; not for SIP. One connection for each address and sub-protocol, opened when it is first needed. */
import {
  defineModule,
  type Endpoint,
  type RouteContext,
  type ServerApi,
  targetHostPort,
  targetOfUrl,
  type Verdict,
  varStr,
  WsClient,
} from '../../runtime/sdk/index.js';
import type { LwscApi } from './api.js';

/** More are not kept open: addresses may come from messages. */
const MAX_CLIENTS = 100;
const MAX_PROTOCOL = 100;
const ANSWER = 'lwsc.rdata';

class State {
  server: ServerApi | null = null;
  /** By sub-protocol and URL, the one used last at the end. */
  readonly clients = new Map<string, WsClient>();
  /** lwsc_request() takes the next message as its answer, so they wait for each other. */
  readonly turns = new WeakMap<WsClient, Promise<unknown>>();
}
interface Me {
  readonly params: { readonly protocol: string; readonly timeout_init: number; readonly timeout_read: number };
  readonly state: State;
}

const find =
  (server: ServerApi) =>
  async (host: string, port: number): Promise<Endpoint | null> => {
    const [found] = await server.transactions.core.resolve(
      `sip:${host.includes(':') ? `[${host}]` : host}:${port}`,
      'tcp',
    );
    return found === undefined ? null : { ip: found.ip, port: found.port };
  };
const inMs = (microseconds: number): number => Math.max(1, Math.ceil(microseconds / 1000));

/** Null: the URL or the sub-protocol cannot be used, or too many connections are at work. */
function clientFor({ state, params }: Me, url: string, asked: string): WsClient | null {
  const { server, clients } = state;
  const protocol = asked === '' ? params.protocol : asked;
  const target = targetOfUrl(url.replace(/^http/i, 'ws'));
  if (server === null || target === null || !/^[!#$%&'*+.^_`|~\w-]+$/.test(protocol) || protocol.length > MAX_PROTOCOL)
    return null;
  const key = `${protocol} ${target.secure ? 'wss' : 'ws'}://${targetHostPort(target)}${target.path}`;
  let client = clients.get(key);
  if (client === undefined) {
    if (clients.size >= MAX_CLIENTS) {
      const [idle] = [...clients].filter(([, one]) => one.idle);
      if (idle === undefined) return null;
      clients.delete(idle[0]);
      idle[1].close();
    }
    client = new WsClient(server.env, find(server), target, protocol, (text) => server.log(-1, 'lwsc', text));
  } else clients.delete(key);
  clients.set(key, client);
  return client;
}
async function readyFor(me: Me, ctx: RouteContext, url: string, protocol: string, data: string) {
  if (url === '' || data === '') {
    ctx.log(-1, 'invalid parameters', 'lwsc');
    return null;
  }
  const client = clientFor(me, url, protocol);
  if (client === null) ctx.log(-1, 'endpoint not available', 'lwsc');
  else if (await client.ready(inMs(me.params.timeout_init))) return client;
  else ctx.log(-1, 'connection not ready after init timeout', 'lwsc');
  return null;
}
/** Runs when those before it on this connection have ended. */
function inTurn<T>(state: State, client: WsClient, work: () => Promise<T>): Promise<T> {
  const turn = (state.turns.get(client) ?? Promise.resolve()).then(work);
  state.turns.set(client, turn);
  return turn;
}
async function request(me: Me, ctx: RouteContext, url: string, protocol: string, data: string): Promise<Verdict> {
  ctx.data.delete(ANSWER);
  const client = await readyFor(me, ctx, url, protocol, data);
  if (client === null) return -1;
  const answer = await inTurn(me.state, client, () => client.ask(data, () => true, inMs(me.params.timeout_read)));
  if (answer === null) return -2;
  ctx.data.set(ANSWER, answer);
  return 1;
}
async function notify(me: Me, ctx: RouteContext, url: string, protocol: string, data: string): Promise<Verdict> {
  const client = await readyFor(me, ctx, url, protocol, data);
  return client?.send(data) ? 1 : -1;
}

const url = varStr('url', 'ws://host:port/path or wss://…');
const protocol = varStr('protocol', 'the sub-protocol');
const data = varStr('data');
const asked = {
  1: 'answered: `$lwsc(rdata)` has it',
  [-1]: 'not possible, or no connection in timeout_init',
  [-2]: 'no answer in timeout_read',
} as const;
const told = { 1: 'sent', [-1]: 'not possible, or no connection in timeout_init' } as const;

export default defineModule({
  name: 'lwsc',
  doc: 'A WebSocket client: asks servers things; not for SIP.',
  uses: [],
  params: {
    protocol: { type: 'str', default: 'kmsg', doc: 'The sub-protocol where a function names none.' },
    timeout_init: { type: 'int', default: 2_000_000, min: 0, doc: 'Microseconds a connection may take to open.' },
    timeout_read: { type: 'int', default: 2_000_000, min: 0, doc: 'Microseconds lwsc_request() waits for the answer.' },
    timeout_connect: { type: 'int', default: 0, noEffect: true, doc: 'Kamailio does not read it either.' },
    timeout_send: { type: 'int', default: 0, noEffect: true, doc: 'Kamailio does not read it either.' },
    verbosity: { type: 'int', default: 0, noEffect: true, doc: 'What Kamailio says of its library’s events.' },
  },
  stats: {},
  state: () => new State(),
  start(me, server) {
    me.state.server = server;
  },
  stop(me) {
    me.state.server = null;
    for (const client of me.state.clients.values()) client.close();
    me.state.clients.clear();
  },
  functions: {
    lwsc_request: {
      doc: 'Sends data and waits for the answer: the next message that comes.',
      args: [url, data],
      routes: ['any'],
      constArgs: true,
      async: 'always',
      returns: asked,
      example: 'if (lwsc_request("ws://127.0.0.1:8080/", "from=$fU")) { xlog("$lwsc(rdata)\\n"); }',
      run: (me, ctx, at, text) => request(me, ctx, at, '', text),
    },
    lwsc_request_proto: {
      doc: 'As lwsc_request(), with a sub-protocol.',
      args: [url, protocol, data],
      routes: ['any'],
      constArgs: true,
      async: 'always',
      returns: asked,
      example: 'lwsc_request_proto("ws://127.0.0.1:8080/", "log", "from=$fU");',
      run: (me, ctx, at, name, text) => request(me, ctx, at, name, text),
    },
    lwsc_notify: {
      doc: 'Sends data; what comes back is not looked at.',
      args: [url, data],
      routes: ['any'],
      constArgs: true,
      async: 'always',
      returns: told,
      example: 'lwsc_notify("ws://127.0.0.1:8080/", "from=$fU");',
      run: (me, ctx, at, text) => notify(me, ctx, at, '', text),
    },
    lwsc_notify_proto: {
      doc: 'As lwsc_notify(). The sub-protocol is the one of the module all the same, as in Kamailio.',
      args: [url, protocol, data],
      routes: ['any'],
      constArgs: true,
      async: 'always',
      returns: told,
      example: 'lwsc_notify_proto("ws://127.0.0.1:8080/", "log", "from=$fU");',
      // lwsc_mod.c, lwsc_api_notify: it looks for the connection without the name it was given.
      run: (me, ctx, at, _name, text) => notify(me, ctx, at, '', text),
    },
  },
  pvs: {
    lwsc: {
      doc: '`rdata`: the answer lwsc_request() got in this run; `status`: 0.',
      type: 'any',
      key: { use: 'req', values: ['rdata', 'status'] },
      get: (_me, ctx, key) => (key === 'status' ? 0 : ((ctx.data.get(ANSWER) as string | undefined) ?? null)),
    },
  },
  rpc: {},
  eventRoutes: {},
  api: (me): LwscApi => ({
    async request(at, name, text, fits, timeoutMs) {
      const client = clientFor(me, at, name);
      if (client === null || !(await client.ready(inMs(me.params.timeout_init)))) return null;
      return client.ask(text, fits, timeoutMs);
    },
  }),
  missing: [],
});

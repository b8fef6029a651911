/** jsonrpcs: JSON-RPC 2.0 over a fifo, a unix datagram socket, HTTP and a TCP port, and from routes. */
import {
  defineModule,
  type LocalListener,
  listenTcpLocal,
  listenUnixDatagram,
  localError,
  makeRunDirectory,
  openFifo,
  type RouteContext,
  type ServerApi,
  StartError,
  type Verdict,
  varStr,
  writeReplyFifo,
} from '../../runtime/sdk/index.js';
import { type Answer, runRequest } from './request.js';
import { DocumentSplitter } from './split.js';
import { TcpClients, tcpAddress } from './tcp.js';

/** `transport`: 0 is all that can be had. */
const Transport = { http: 1, fifo: 2, datagram: 4, tcp: 8 } as const;
const LAST = 'jsonrpcs.last';

/** What this module needs of xhttp. */
interface HttpApi {
  reply(ctx: RouteContext, code: number, reason: string, type: string, body: string): Verdict;
}

class JsonrpcState {
  listeners: LocalListener[] = [];
}

interface FifoOptions {
  readonly pretty: boolean;
  readonly replyDir: string;
}

/** A name in the reply folder: no dots and no slashes, so that it cannot lead elsewhere. */
const goodReplyName = (name: string) => name.length < 128 && !/[./\\\0]/.test(name);

async function fromFifo(server: ServerApi, text: string, options: FifoOptions): Promise<void> {
  const answer = await runRequest(server, text, options.pretty);
  if (answer === null) {
    server.log(-1, 'jsonrpcs', 'failed to execute the json document from fifo stream');
    return;
  }
  const { replyName, body } = answer;
  if (replyName === '') return;
  if (!goodReplyName(replyName)) {
    server.log(-1, 'jsonrpcs', `Forbidden reply fifo filename: ${replyName}`);
    return;
  }
  const sleep = (ms: number) => new Promise<void>((resolve) => void server.env.clock.setTimer(ms, resolve));
  const problem = await writeReplyFifo(options.replyDir + replyName, body, sleep);
  if (problem !== null) server.log(-1, 'jsonrpcs', problem);
}

/** Full path of a fifo or socket; a name without a slash in front is in the run directory, which is made when missing. */
function inRunDir(server: ServerApi, name: string): string {
  if (name.startsWith('/')) return name;
  const { rundir } = server.settings.values;
  try {
    makeRunDirectory(rundir);
  } catch (error) {
    throw localError('jsonrpcs', `the run directory ${rundir}`, error);
  }
  return `${rundir}/${name}`;
}

export default defineModule({
  name: 'jsonrpcs',
  doc: 'JSON-RPC 2.0 over a fifo, a unix datagram socket and, with xhttp, HTTP.',
  uses: ['xhttp?'],
  params: {
    pretty_format: { type: 'int', default: 1, doc: '0: answers on one line.' },
    transport: { type: 'int', default: 6, doc: '1 HTTP, 2 fifo, 4 datagram, 8 TCP, added up; 0: all there are.' },
    fifo_name: {
      type: 'str',
      default: 'kamailio_rpc.fifo',
      doc: 'The fifo; empty: none. Without a slash: in the run directory.',
    },
    fifo_mode: { type: 'int', default: 0o660, doc: 'Its mode.' },
    fifo_user: { type: 'str', default: '', doc: 'Its owner.' },
    fifo_group: { type: 'str', default: '', doc: 'Its group.' },
    fifo_reply_dir: { type: 'str', default: '/tmp/', doc: 'Folder of the reply fifos.' },
    tcp_socket: {
      type: 'str',
      default: '',
      doc: 'Port of its own, tcp:host:port; whoever reaches it may command the server.',
    },
    dgram_socket: { type: 'str', default: 'kamailio_rpc.sock', doc: 'The datagram socket; empty: none.' },
    dgram_mode: { type: 'int', default: 0o660, doc: 'Its mode.' },
    dgram_user: { type: 'str', default: '', doc: 'Its owner.' },
    dgram_group: { type: 'str', default: '', doc: 'Its group.' },
    dgram_workers: { type: 'int', default: 1, noEffect: true, doc: 'Processes in Kamailio; one loop does it here.' },
    dgram_timeout: {
      type: 'int',
      default: 2000,
      noEffect: true,
      doc: 'Milliseconds an answer may take; not needed here.',
    },
  },
  stats: {},
  state: (init) => (init.previous instanceof JsonrpcState ? init.previous : new JsonrpcState()),
  async serve(me, server) {
    const { params, state } = me;
    if (state.listeners.length > 0) return;
    const pretty = params.pretty_format !== 0;
    const wants = (bit: number) => params.transport === 0 || (params.transport & bit) !== 0;
    const opened = async (what: string, open: () => LocalListener | Promise<LocalListener>) => {
      try {
        state.listeners.push(await open());
      } catch (error) {
        for (const l of state.listeners) l.close();
        state.listeners = [];
        throw localError('jsonrpcs', what, error);
      }
    };
    if (wants(Transport.fifo) && params.fifo_name !== '') {
      const path = inRunDir(server, params.fifo_name);
      const splitter = new DocumentSplitter();
      const options = { pretty, replyDir: params.fifo_reply_dir };
      const permissions = { mode: params.fifo_mode, user: params.fifo_user, group: params.fifo_group };
      // One after another, as Kamailio's one fifo process.
      let turn: Promise<void> = Promise.resolve();
      await opened(`the fifo ${path}`, () =>
        openFifo(path, permissions, (bytes) => {
          for (const text of splitter.push(bytes)) turn = turn.then(() => fromFifo(server, text, options));
        }),
      );
    }
    if (wants(Transport.tcp) && params.tcp_socket !== '') {
      const address = tcpAddress(params.tcp_socket);
      if (address === null)
        throw new StartError('SIPC8023', `jsonrpcs: tcp_socket "${params.tcp_socket}" has to be tcp:host:port`);
      const clients = new TcpClients(server, pretty);
      await opened(params.tcp_socket, () =>
        listenTcpLocal(address.host, address.port, (client) => clients.take(client)),
      );
    }
    if (wants(Transport.datagram) && params.dgram_socket !== '') {
      const path = inRunDir(server, params.dgram_socket);
      const permissions = { mode: params.dgram_mode, user: params.dgram_user, group: params.dgram_group };
      await opened(`the datagram socket ${path}`, () =>
        listenUnixDatagram(path, permissions, (bytes, answer) => {
          void runRequest(server, bytes, pretty).then((result) => {
            if (result === null) server.log(-1, 'jsonrpcs', 'command processing failed');
            else answer(result.body);
          });
        }),
      );
    }
  },
  stop(me) {
    for (const l of me.state.listeners) l.close();
    me.state.listeners = [];
  },
  functions: {
    jsonrpc_dispatch: {
      doc: 'Answers the HTTP request in event_route[xhttp:request] as JSON-RPC; needs xhttp. Let only those in who may command the server.',
      args: [],
      routes: ['request', 'event'],
      async: 'always',
      returns: {
        1: 'answered, or no HTTP request',
        [-1]: 'the body is no JSON, xhttp is not loaded, or `transport` is without HTTP',
      },
      example:
        'event_route[xhttp:request] { if (src_ip == 127.0.0.1) { jsonrpc_dispatch(); exit; } xhttp_reply("403", "Forbidden", "", ""); }',
      async run(me, ctx) {
        if (!ctx.msg.version.startsWith('HTTP/')) return 1;
        const { transport, pretty_format } = me.params;
        const http = transport === 0 || transport & Transport.http ? me.uses.find<HttpApi>('xhttp') : null;
        if (http === null) {
          ctx.log(
            -1,
            'JSON-RPC over HTTP is off: load xhttp before this module, and set transport to 1, 7 or 0',
            'jsonrpcs',
          );
          return -1;
        }
        const answer = await runRequest(ctx.server, ctx.msg.raw.slice(ctx.msg.bodyStart), pretty_format !== 0);
        if (answer === null) return -1;
        return http.reply(ctx, answer.status, answer.reason, 'application/json', answer.body);
      },
    },
    jsonrpc_exec: {
      doc: 'Runs a command given as JSON; the answer is in $jsonrpl.',
      args: [varStr('request', 'the JSON document')],
      routes: ['any'],
      async: 'maybe',
      returns: { 1: 'done', [-1]: 'not JSON' },
      example: `jsonrpc_exec('{"jsonrpc": "2.0", "method": "core.psx", "id": 1}');`,
      async run(me, ctx, text) {
        const answer = await runRequest(ctx.server, text, me.params.pretty_format !== 0);
        if (answer === null) return -1;
        ctx.data.set(LAST, answer);
        return 1;
      },
    },
  },
  pvs: {
    jsonrpl: {
      doc: 'Answer of jsonrpc_exec(): `code`, `text`, `body`.',
      type: 'any',
      key: { use: 'req', values: ['code', 'text', 'body'] },
      get(_me, ctx, key) {
        const answer = ctx.data.get(LAST) as Answer | undefined;
        if (answer === undefined) return null;
        return key === 'code' ? answer.status : key === 'text' ? answer.reason : answer.body;
      },
    },
  },
  rpc: {
    'jsonrpc.echo': {
      doc: 'echo back the parameters',
      array: true,
      run(_me, call) {
        for (let v = call.any(); v !== undefined; v = call.any()) call.add(v);
      },
    },
  },
  eventRoutes: {},
  missing: [],
});

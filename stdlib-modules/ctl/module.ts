/**
 * ctl: the control sockets that `kamcmd` talks to, and those of the older protocol of lines (`fifo`). Without either parameter
 * it listens on `kamailio_ctl` in the run directory, as Kamailio does.
 */
import {
  defineModule,
  type LocalListener,
  type LocalStream,
  listenTcpLocal,
  listenUdpLocal,
  listenUnixDatagram,
  listenUnixStream,
  localError,
  makeRunDirectory,
  openFifo,
  type ServerApi,
  StartError,
  writeReplyFifo,
} from '../../runtime/sdk/index.js';
import { type ControlAddress, nameAndPort, parseControlAddress, shown } from './addresses.js';
import { readPacket, writeFault } from './binrpc.js';
import { FifoReader, goodReplyName, REPLY_FOLDER, readFifoRequest, runFifoRequest, writeFifoReply } from './fifo.js';
import { PacketReader, runPacket } from './server.js';

/** What is spoken on a socket. */
type Protocol = 'binrpc' | 'fifo';

class CtlState {
  listeners: { readonly protocol: Protocol; readonly address: ControlAddress; readonly listener: LocalListener }[] = [];
  clients = new Set<{ readonly protocol: Protocol; readonly address: ControlAddress; readonly peer: string }>();
}

interface Options {
  readonly protocol: Protocol;
  readonly strict: boolean;
  readonly permissions: { readonly mode: number; readonly user: string; readonly group: string };
}

/** A stream client: its requests are answered in order. */
function onClient(
  server: ServerApi,
  state: CtlState,
  address: ControlAddress,
  { protocol, strict }: Options,
  client: LocalStream,
): void {
  const entry = { protocol, address, peer: client.peer };
  state.clients.add(entry);
  let turn: Promise<void> = Promise.resolve();
  const write = (bytes: string) => client.write(bytes);
  const binrpc = new PacketReader();
  const lines = new FifoReader();
  client.onData = (bytes) => {
    if (protocol === 'fifo') {
      const requests = lines.push(bytes);
      if (requests === 'bad') return client.end();
      for (const text of requests) turn = turn.then(() => answerLines(server, text, client.peer, write));
      return;
    }
    const packets = binrpc.push(bytes);
    if (packets === 'bad') {
      client.write(writeFault(400, 'bad request: corrupted packet', 0));
      client.end();
      return;
    }
    for (const { bytes: whole, packet } of packets)
      turn = turn.then(() => runPacket(server, whole, packet, strict, client.peer, write));
  };
  // What was asked is answered first.
  client.onEnd = () => void turn.then(() => client.end());
  client.onClose = () => state.clients.delete(entry);
}

/** A request of lines over a socket: the answer goes back there, whatever pipe it names. */
async function answerLines(
  server: ServerApi,
  text: string,
  peer: string,
  answer: (text: string) => void,
): Promise<void> {
  const request = readFifoRequest(text);
  if (request === null) return answer(writeFifoReply(400, 'Command expected', []));
  const { text: reply, after } = await runFifoRequest(server, request, peer);
  answer(reply);
  after?.();
}

/** The same through a pipe: without a name for the answer nobody gets it. */
async function answerInPipe(server: ServerApi, text: string): Promise<void> {
  const request = readFifoRequest(text);
  const problem = (what: string) => server.log(-1, 'ctl', what);
  if (request === null) return problem('fifo: command expected');
  if (request.reply !== '' && !goodReplyName(request.reply))
    return problem(`fifo: forbidden filename: ${request.reply}`);
  const { text: reply, after } = await runFifoRequest(server, request, '');
  if (request.reply !== '') {
    const sleep = (ms: number) => new Promise<void>((resolve) => void server.env.clock.setTimer(ms, resolve));
    const failed = await writeReplyFifo(REPLY_FOLDER + request.reply, reply, sleep);
    if (failed !== null) problem(failed);
  }
  after?.();
}

function openPipe(server: ServerApi, path: string, permissions: Options['permissions']): LocalListener {
  const reader = new FifoReader();
  // One after another: many may write into it.
  let turn: Promise<void> = Promise.resolve();
  return openFifo(path, permissions, (bytes) => {
    const requests = reader.push(bytes);
    if (requests === 'bad') return server.log(-1, 'ctl', 'fifo: a request is too long');
    for (const text of requests) turn = turn.then(() => answerInPipe(server, text));
  });
}

async function open(
  server: ServerApi,
  state: CtlState,
  address: ControlAddress,
  options: Options,
): Promise<LocalListener> {
  const client = (c: LocalStream) => onClient(server, state, address, options, c);
  const datagram = (bytes: string, answer: (reply: string) => void) => {
    if (options.protocol === 'fifo') {
      const requests = new FifoReader().push(bytes);
      if (requests !== 'bad') for (const text of requests.slice(0, 1)) void answerLines(server, text, '', answer);
      return;
    }
    const packet = readPacket(bytes);
    if (typeof packet === 'string') answer(writeFault(400, 'bad request: corrupted packet', 0));
    else void runPacket(server, bytes, packet, options.strict, '', answer);
  };
  switch (address.kind) {
    case 'unix_stream':
      return listenUnixStream(address.path, options.permissions, client);
    case 'unix_dgram':
      return listenUnixDatagram(address.path, options.permissions, datagram);
    case 'tcp':
      return listenTcpLocal(address.host, address.port, client);
    case 'udp':
      return listenUdpLocal(address.host, address.port, datagram);
    case 'fifo':
      return openPipe(server, address.path, options.permissions);
  }
}

export default defineModule({
  name: 'ctl',
  doc: 'Control sockets for kamcmd (binrpc).',
  uses: [],
  params: {
    binrpc: {
      type: 'str',
      many: true,
      doc: 'Where to listen: unixs:/path, unixd:/path, tcp:host:port, udp:host:port.',
    },
    fifo: {
      type: 'str',
      many: true,
      doc: 'Where to take requests of lines: fifo:/path, a pipe whose answers go into pipes in /tmp, or a socket as for binrpc.',
    },
    mode: { type: 'int', default: 0o600, doc: 'Mode of unix sockets and pipes.' },
    user: { type: 'str', default: '', doc: 'Owner of unix sockets and pipes.' },
    group: { type: 'str', default: '', doc: 'Group of unix sockets and pipes.' },
    autoconversion: { type: 'int', default: 0, doc: '1: parameters are converted to the type a command wants.' },
    binrpc_max_body_size: { type: 'int', default: 32, noEffect: true, doc: 'Not needed: answers grow as they must.' },
    binrpc_struct_max_body_size: {
      type: 'int',
      default: 8,
      noEffect: true,
      doc: 'Not needed: answers grow as they must.',
    },
    binrpc_buffer_size: { type: 'int', default: 2048, noEffect: true, doc: 'Not needed: answers grow as they must.' },
  },
  stats: {},
  state: (init) => (init.previous instanceof CtlState ? init.previous : new CtlState()),
  async serve(me, server) {
    const { params, state } = me;
    if (state.listeners.length > 0) return;
    const own = params.binrpc.length + params.fifo.length === 0;
    const wanted: [Protocol, string][] = [
      ...params.binrpc.map((text): [Protocol, string] => ['binrpc', text]),
      ...params.fifo.map((text): [Protocol, string] => ['fifo', text]),
    ];
    if (own) wanted.push(['binrpc', `unixs:${server.settings.values.rundir}/kamailio_ctl`]);
    const { mode, user, group } = params;
    const permissions = { mode, user, group };
    for (const [protocol, text] of wanted) {
      const address = parseControlAddress(text, protocol);
      if (address === null)
        throw new StartError('SIPC8041', `ctl: bad listen socket: "${text}"; write unixs:/path or tcp:host:port`);
      try {
        if (own) makeRunDirectory(server.settings.values.rundir);
        const options = { protocol, strict: params.autoconversion === 0, permissions };
        state.listeners.push({ protocol, address, listener: await open(server, state, address, options) });
      } catch (error) {
        for (const { listener } of state.listeners) listener.close();
        state.listeners = [];
        const what = address.kind === 'fifo' ? 'fifo' : 'control socket';
        throw localError('ctl', `the ${what} ${shown(address)}`, error);
      }
    }
  },
  stop(me) {
    for (const { listener } of me.state.listeners) listener.close();
    me.state.listeners = [];
  },
  functions: {},
  pvs: {},
  rpc: {
    'ctl.listen': {
      doc: 'list ctl listen sockets',
      run({ state }, call) {
        for (const { protocol, address } of state.listeners)
          for (const t of [protocol, address.kind, ...nameAndPort(address)]) call.add(t);
      },
    },
    'ctl.connections': {
      doc: 'returns number of open connections',
      run: ({ state }, call) => call.add(state.clients.size),
    },
    'ctl.who': {
      doc: 'list open connections',
      run({ state }, call) {
        if (state.clients.size === 0) call.fault(400, 'no open stream connection');
        for (const { protocol, address, peer } of state.clients) {
          const colon = 'path' in address ? peer.length : peer.lastIndexOf(':');
          const from = [peer.slice(0, colon), peer.slice(colon + 1)];
          for (const t of [protocol, address.kind, ...from, ...nameAndPort(address)]) call.add(t);
        }
      },
    },
  },
  eventRoutes: {},
  missing: [],
});

/**
 * ctl: the control sockets that `kamcmd` talks to. Without a `binrpc` parameter it listens on
 * `kamailio_ctl` in the run directory, as Kamailio does.
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
  type ServerApi,
  StartError,
} from '../../runtime/sdk/index.js';
import { type ControlAddress, parseControlAddress, shown } from './addresses.js';
import { readPacket, writeFault } from './binrpc.js';
import { PacketReader, runPacket } from './server.js';

class CtlState {
  listeners: { readonly address: ControlAddress; readonly listener: LocalListener }[] = [];
  clients = new Set<{ readonly address: ControlAddress; readonly peer: string }>();
}

interface Options {
  readonly strict: boolean;
  readonly permissions: { readonly mode: number; readonly user: string; readonly group: string };
}

/** A stream client: its requests are answered in order. */
function onClient(
  server: ServerApi,
  state: CtlState,
  address: ControlAddress,
  strict: boolean,
  client: LocalStream,
): void {
  const entry = { address, peer: client.peer };
  state.clients.add(entry);
  const reader = new PacketReader();
  let turn: Promise<void> = Promise.resolve();
  client.onData = (bytes) => {
    const packets = reader.push(bytes);
    if (packets === 'bad') {
      client.write(writeFault(400, 'bad request: corrupted packet', 0));
      client.end();
      return;
    }
    for (const { bytes: whole, packet } of packets)
      turn = turn.then(() => runPacket(server, whole, packet, strict, client.peer, (reply) => client.write(reply)));
  };
  // What was asked is answered first.
  client.onEnd = () => void turn.then(() => client.end());
  client.onClose = () => state.clients.delete(entry);
}

async function open(
  server: ServerApi,
  state: CtlState,
  address: ControlAddress,
  options: Options,
): Promise<LocalListener> {
  const client = (c: LocalStream) => onClient(server, state, address, options.strict, c);
  const datagram = (bytes: string, answer: (reply: string) => void) => {
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
    mode: { type: 'int', default: 0o600, doc: 'Mode of unix sockets.' },
    user: { type: 'str', default: '', doc: 'Owner of unix sockets.' },
    group: { type: 'str', default: '', doc: 'Group of unix sockets.' },
    autoconversion: { type: 'int', default: 0, doc: '1: parameters are converted to the type a command wants.' },
    binrpc_max_body_size: { type: 'int', default: 32, doc: 'Not needed: answers grow as they must.' },
    binrpc_struct_max_body_size: { type: 'int', default: 8, doc: 'Not needed: answers grow as they must.' },
    binrpc_buffer_size: { type: 'int', default: 2048, doc: 'Not needed: answers grow as they must.' },
  },
  stats: {},
  state: (init) => (init.previous instanceof CtlState ? init.previous : new CtlState()),
  async serve(me, server) {
    const { params, state } = me;
    if (state.listeners.length > 0) return;
    const wanted = params.binrpc.length > 0 ? params.binrpc : [`unixs:${server.settings.values.rundir}/kamailio_ctl`];
    const { mode, user, group } = params;
    const options = { strict: params.autoconversion === 0, permissions: { mode, user, group } };
    for (const text of wanted) {
      const address = parseControlAddress(text);
      if (address === null)
        throw new StartError('SIPC8041', `ctl: bad listen socket: "${text}"; write unixs:/path or tcp:host:port`);
      try {
        if (params.binrpc.length === 0) makeRunDirectory(server.settings.values.rundir);
        state.listeners.push({ address, listener: await open(server, state, address, options) });
      } catch (error) {
        for (const { listener } of state.listeners) listener.close();
        state.listeners = [];
        throw localError('ctl', `the control socket ${shown(address)}`, error);
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
        for (const { address } of state.listeners)
          for (const t of ['binrpc', address.kind, shown(address), '']) call.add(t);
      },
    },
    'ctl.connections': {
      doc: 'returns number of open connections',
      run: ({ state }, call) => call.add(state.clients.size),
    },
    'ctl.who': {
      doc: 'list open connections',
      run({ state }, call) {
        for (const c of state.clients)
          for (const t of ['binrpc', c.address.kind, c.peer, '', shown(c.address)]) call.add(t);
      },
    },
  },
  eventRoutes: {},
  missing: ['param:fifo'],
});

/** rtpproxy: media through one of several rtpproxies, by their control protocol. */
import {
  defineModule,
  type Endpoint,
  Exchange,
  FOR_EVER,
  format,
  int,
  opt,
  parseRelaySet,
  type RelaySet,
  relayAddress,
  type ServerApi,
  type SipMessage,
  StartError,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import {
  answer,
  askStatistics,
  DEFAULT_SET,
  destroy,
  manage,
  type RtpproxyState,
  relay,
  startRecording,
  statistics,
  stream,
} from './call.js';
import { Relays } from './relays.js';

class State implements RtpproxyState {
  relays: Relays | null = null;
  exchange: Exchange | null = null;
  readonly chosen = new WeakMap<SipMessage, RelaySet>();
  readonly offers = new WeakSet<SipMessage>();
}
const DEFAULT_PORT = 22222;

/** Without a scheme it is the path of a unix socket. */
function addNode(relays: Relays, id: number, url: string, weight: number, disabled: boolean): void {
  const address = /^(?:udp6?|unix):/i.test(url)
    ? relayAddress(url, DEFAULT_PORT)
    : ({ kind: 'unix', path: url } as const);
  if (address === null) throw new StartError('SIPC8083', `rtpproxy: "${url}" is no address of an rtpproxy`);
  const node = relays.sets.add(id, url, address, weight);
  if (!disabled) return;
  node.disabled = true;
  node.recheckSec = FOR_EVER;
}
async function fromTable(server: ServerApi, url: string, table: string, relays: Relays): Promise<void> {
  const db = await server.databases.open(url, 'rtpproxy');
  const rows = await db.query(table, { columns: ['setid', 'url', 'weight', 'flags'] }).catch(() => {
    throw new StartError('SIPC8084', `rtpproxy: table ${table} cannot be read; see the log`);
  });
  for (const [id, address, weight, flags] of rows.rows)
    if (/^\d{1,9}$/.test(String(id)))
      addNode(relays, Number(id), String(address ?? ''), Number(weight), Number(flags) !== 0);
}
const findHost =
  (server: ServerApi) =>
  async (host: string, port: number): Promise<Endpoint | null> => {
    const uri = `sip:${host.includes(':') ? `[${host}]` : host}:${port}`;
    const [found] = await server.transactions.core.resolve(uri, 'udp');
    return found === undefined ? null : { ip: found.ip, port: found.port };
  };

const flagsArg = opt(varStr('flags', 'letters'));
const addressArg = opt(varStr('address', 'what the SDP gets'));
const media = {
  1: 'done',
  [-1]: 'no SDP, or the proxy refused',
  [-2]: 'another proxy did it',
  [-3]: 'no proxy answers',
} as const;
const told = { 1: 'done', [-1]: 'no proxy answers, or the message lacks something' } as const;

export default defineModule({
  name: 'rtpproxy',
  doc: 'Media through rtpproxy.',
  uses: [],
  params: {
    nortpproxy_str: {
      type: 'str',
      default: 'a=nortpproxy:yes\r\n',
      doc: 'Line that tells other proxies not to do it too; empty: none.',
    },
    rtpproxy_sock: {
      type: 'str',
      many: true,
      doc: 'Nodes of a set: `1 == udp:10.0.0.1:7722=2 unix:/run/rtpproxy.sock`.',
    },
    rtpproxy_disable_tout: {
      type: 'int',
      default: 60,
      doc: 'Seconds a node that did not answer is left alone; below 0: for ever.',
    },
    rtpproxy_retr: { type: 'int', default: 5, min: 0, max: 100, doc: 'How often a command is sent.' },
    rtpproxy_tout: { type: 'int', default: 1, min: 0, max: 60, doc: 'Seconds each time waits for the answer.' },
    timeout_socket: { type: 'str', default: '', doc: 'Where the proxy tells that a session timed out.' },
    timeout_tag_pv: { type: 'format', doc: 'What the proxy sends to `timeout_socket` with it: one URL-encoded word.' },
    ice_candidate_priority_avp: {
      type: 'avp',
      doc: 'AVP: relay candidates of ICE are added above (1) or below (2) the others; 0 not.',
    },
    extra_id_pv: { type: 'format', doc: 'What flag b adds to the Call-ID.' },
    db_url: { type: 'str', default: '', doc: 'Database with the nodes; empty: rtpproxy_sock has them.' },
    table_name: { type: 'str', default: 'rtpproxy', doc: 'Its table.' },
    rtp_inst_pvar: { type: 'pv', doc: 'Gets the URL of the node chosen.' },
  },
  stats: {},
  state: (init) => (init.previous instanceof State ? init.previous : new State()),
  async start(me, server) {
    const { params, state } = me;
    const exchange = new Exchange(server.env, findHost(server));
    const nowSec = () => Math.floor(server.env.clock.monotonic() / 1000);
    const relays = new Relays(exchange, params, nowSec, (level, text) => server.log(level, 'rtpproxy', text));
    state.exchange = exchange;
    state.relays = relays;
    if (params.db_url !== '') await fromTable(server, params.db_url, params.table_name, relays);
    else
      for (const text of params.rtpproxy_sock) {
        const set = parseRelaySet(text);
        if (set === null) throw new StartError('SIPC8085', `rtpproxy: rtpproxy_sock "${text}" is malformed`);
        for (const { url, weight } of set.nodes) addNode(relays, set.id ?? DEFAULT_SET, url, weight, false);
      }
    for (const { nodes } of relays.sets.all)
      for (const node of nodes)
        void relays.test(node).then((up) => {
          node.disabled = !up;
        });
  },
  async stop(me) {
    await me.state.exchange?.close();
    me.state.exchange = null;
  },
  functions: {
    set_rtp_proxy_set: {
      doc: 'The set for this message.',
      args: [varInt('set')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'chosen', [-1]: 'there is no such set' },
      example: 'set_rtp_proxy_set("0");',
      run(me, ctx, id) {
        const set = me.state.relays?.sets.get(id) ?? null;
        if (set === null) {
          ctx.log(-1, `could not locate rtpproxy set ${id}`, 'rtpproxy');
          return -1;
        }
        me.state.chosen.set(ctx.msg, set);
        return 1;
      },
    },
    rtpproxy_offer: {
      doc: 'Makes a session at the proxy for each stream and puts its addresses into the SDP.',
      args: [flagsArg, addressArg],
      routes: ['any'],
      returns: media,
      async: 'always',
      example: 'rtpproxy_offer("co");',
      run: (me, ctx, flags, address) => relay(me, ctx, true, flags ?? '', address ?? null),
    },
    rtpproxy_answer: {
      doc: 'As rtpproxy_offer(), for an answer: in responses and ACK.',
      args: [flagsArg, addressArg],
      routes: ['any'],
      returns: media,
      async: 'maybe',
      example: 'rtpproxy_answer("co");',
      run: (me, ctx, flags, address) => answer(me, ctx, flags ?? '', address ?? null),
    },
    rtpproxy_manage: {
      doc: 'Offer, answer or the end of the session, whichever fits the message and the route.',
      args: [flagsArg, addressArg],
      routes: ['any'],
      returns: { ...media, [-1]: 'nothing fits, or the proxy refused' },
      async: 'maybe',
      example: 'rtpproxy_manage("co");',
      run: (me, ctx, flags, address) => manage(me, ctx, flags ?? '', address ?? null),
    },
    rtpproxy_destroy: {
      doc: 'Ends the session.',
      args: [flagsArg],
      routes: ['any'],
      aliases: ['unforce_rtp_proxy'],
      returns: told,
      async: 'always',
      example: 'rtpproxy_destroy();',
      run: (me, ctx, flags) => destroy(me, ctx, flags ?? ''),
    },
    start_recording: {
      doc: 'Starts recording the session.',
      args: [],
      routes: ['any'],
      returns: told,
      async: 'always',
      example: 'start_recording();',
      run: (me, ctx) => startRecording(me, ctx),
    },
    rtpproxy_stream2uac: {
      doc: 'Plays a file to the caller.',
      args: [format('prompt'), int('count', '-1: until stopped')],
      routes: ['any'],
      constArgs: true,
      returns: told,
      async: 'always',
      example: 'rtpproxy_stream2uac("/var/rtpproxy/prompts/wait", "-1");',
      run: (me, ctx, prompt, count) => stream(me, ctx, true, { prompt: prompt(ctx), count }),
    },
    rtpproxy_stream2uas: {
      doc: 'Plays a file to the callee.',
      args: [format('prompt'), int('count', '-1: until stopped')],
      routes: ['any'],
      constArgs: true,
      returns: told,
      async: 'always',
      example: 'rtpproxy_stream2uas("/var/rtpproxy/prompts/wait", "-1");',
      run: (me, ctx, prompt, count) => stream(me, ctx, false, { prompt: prompt(ctx), count }),
    },
    rtpproxy_stop_stream2uac: {
      doc: 'Ends it.',
      args: [],
      routes: ['any'],
      returns: told,
      async: 'always',
      example: 'rtpproxy_stop_stream2uac();',
      run: (me, ctx) => stream(me, ctx, true, null),
    },
    rtpproxy_stop_stream2uas: {
      doc: 'Ends it.',
      args: [],
      routes: ['any'],
      returns: told,
      async: 'always',
      example: 'rtpproxy_stop_stream2uas();',
      run: (me, ctx) => stream(me, ctx, false, null),
    },
  },
  pvs: {
    rtpstat: {
      doc: 'What the proxy counted for the call, as it answers; each read asks.',
      type: 'str',
      prepare: (me, ctx) => askStatistics(me, ctx),
      get: (_me, ctx) => statistics(ctx),
    },
    rtppstat: {
      doc: 'As $rtpstat.',
      type: 'str',
      prepare: (me, ctx) => askStatistics(me, ctx),
      get: (_me, ctx) => statistics(ctx),
    },
  },
  rpc: {
    'rtpproxy.list': {
      doc: 'List rtp proxies.',
      array: true,
      run(me, call) {
        for (const set of me.state.relays?.sets.all ?? [])
          for (const node of set.nodes)
            call
              .struct()
              .add('setid', set.id)
              .add('url', node.url)
              .add('index', node.index)
              .add('disabled', Number(node.disabled))
              .add('weight', node.weight)
              .add('recheck', node.recheckSec === FOR_EVER ? -1 : node.recheckSec);
      },
    },
    'rtpproxy.enable': {
      doc: 'Set state (enable/disable) for a rtp proxy.',
      run(me, call) {
        const url = call.str();
        const on = url === undefined ? undefined : call.int();
        if (on === undefined) return call.fault(500, 'Not enough parameters');
        const found = (me.state.relays?.sets.all ?? []).flatMap(({ nodes }) => nodes.filter((n) => n.url === url));
        if (found.length === 0) return call.fault(404, 'RTPProxy not found');
        for (const node of found) {
          node.disabled = on === 0;
          node.recheckSec = on === 0 ? FOR_EVER : 0;
        }
      },
    },
  },
  eventRoutes: {},
  missing: [],
});

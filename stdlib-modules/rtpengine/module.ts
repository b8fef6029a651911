/** rtpengine: media through one of several rtpengines, by their ng protocol. */
import {
  type AskWebSocket,
  type Database,
  defineModule,
  type Endpoint,
  Exchange,
  FOR_EVER,
  openChannel,
  opt,
  parseRelaySet,
  pvWritable,
  type RelayAddress,
  type RelayNode,
  type RelaySet,
  type RpcCall,
  relayAddress,
  type ServerApi,
  type SipMessage,
  StartError,
  scriptCallback,
  str,
  type Timer,
  targetOfUrl,
  type Uses,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { MAX_NODES, type RtpengineState } from './call.js';
import { DTMF_EVENT, DtmfEvents, dtmfParams } from './dtmf.js';
import {
  answer,
  askStatistics,
  manage,
  offer,
  playMedia,
  query,
  queryInto,
  remove,
  simple,
  statistics,
  subscribe,
} from './functions.js';
import { mosParams } from './mos.js';
import { Relays } from './relays.js';
import { Replication } from './replication.js';

class State implements RtpengineState {
  timer: Timer | null = null;
  relays: Relays | null = null;
  exchange: Exchange | null = null;
  dtmf: DtmfEvents | null = null;
  db: Database | null = null;
  reloadedSec = Number.NEGATIVE_INFINITY;
  sides: RtpengineState['sides'] = null;
  readonly chosen = new WeakMap<SipMessage, readonly [RelaySet, RelaySet | null]>();
  readonly offers = new WeakSet<SipMessage>();
}
const DEFAULT_PORT = 22222;
/** Between two reloads. */
const RELOAD_PAUSE_SEC = 10;

interface TableParams {
  readonly table_name: string;
  readonly setid_col: string;
  readonly url_col: string;
  readonly weight_col: string;
  readonly disabled_col: string;
}
type Warn = (text: string) => void;

function addNode(relays: Relays, id: number, url: string, weight: number, warn: Warn): RelayNode | null {
  const isWebSocket = /^wss?:/i.test(url);
  if (isWebSocket && !relays.overWebSocket) {
    warn(`node '${url}' is ignored: WebSocket needs wsapi`);
    return null;
  }
  const address = isWebSocket ? webSocketAddress(url) : relayAddress(url, DEFAULT_PORT);
  if (address === null) {
    warn(
      `node '${url}' is ignored: it has to be udp:host:port, udp6:[address]:port, unix:/path or ws://host:port/path`,
    );
    return null;
  }
  return relays.sets.add(id, url, address, weight);
}
const webSocketAddress = (url: string): RelayAddress | null => (targetOfUrl(url) === null ? null : { kind: 'ws', url });

/** What lwsc gives (its api). */
interface LwscApi {
  request(url: string, protocol: string, data: string, fits: (answer: string) => boolean, timeoutMs: number): Promise<string | null>;
} // biome-ignore format: one line
/** The sub-protocol of ng. */
const NG = 'ng.rtpengine.com';
/** Null: no wsapi. */
function webSocketOf(wsapi: string, uses: Uses): AskWebSocket | null {
  if (wsapi === '') return null;
  if (wsapi.toLowerCase() !== 'lwsc')
    throw new StartError('SIPC8133', `rtpengine: wsapi ${wsapi} does not exist; use lwsc`);
  const lwsc = uses.find<LwscApi>('lwsc');
  if (lwsc === null) throw new StartError('SIPC8134', 'rtpengine: wsapi needs loadmodule "lwsc.so" before rtpengine');
  return (url, question, fits, timeoutMs) => lwsc.request(url, NG, question, fits, timeoutMs);
}

/** The nodes of the table in place of those there are. Throws when it cannot be read. */
async function load(db: Database, relays: Relays, params: TableParams, warn: Warn): Promise<void> {
  const { setid_col, url_col, weight_col, disabled_col } = params;
  const found = await db.query(params.table_name, { columns: [setid_col, url_col, weight_col, disabled_col] });
  for (const { nodes } of relays.sets.all)
    for (const node of nodes) {
      node.listed = false;
      node.disabled = true;
      node.recheckSec = FOR_EVER;
    }
  for (const [id, url, weight, disabled] of found.rows) {
    const node = addNode(relays, Number(id), String(url ?? ''), Number(weight), warn);
    if (node === null || Number(disabled) === 0) continue;
    node.disabled = true;
    node.recheckSec = FOR_EVER;
  }
}

const listedNodes = (relays: Relays): { node: RelayNode; set: RelaySet }[] =>
  relays.sets.all.flatMap((set) => set.nodes.filter((node) => node.listed).map((node) => ({ node, set })));

/** Nodes of that URL, or all; null after a fault. */
function namedNodes(me: { state: State }, call: RpcCall, url: string): { node: RelayNode; set: RelaySet }[] | null {
  const all = me.state.relays === null ? [] : listedNodes(me.state.relays);
  const found = url.startsWith('all') ? all : all.filter(({ node }) => node.url === url);
  if (found.length > 0 || url.startsWith('all')) return found;
  call.fault(404, 'Instance not found');
  return null;
}

const findHost =
  (server: ServerApi) =>
  async (host: string, port: number): Promise<Endpoint | null> => {
    const [found] = await server.transactions.core.resolve(
      `sip:${host.includes(':') ? `[${host}]` : host}:${port}`,
      'udp',
    );
    return found === undefined ? null : { ip: found.ip, port: found.port };
  };

const flagsArg = opt(varStr('flags', 'with blanks between'));
const done = { 1: 'done', [-1]: 'no rtpengine did it' } as const;
/** A function that is one command with optional flags. */
const plain = <const E extends string>(doc: string, example: E) =>
  ({ doc, args: [flagsArg], routes: ['any'], returns: done, async: 'always', example }) as const;
const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;

export default defineModule({
  name: 'rtpengine',
  doc: 'Media through rtpengine.',
  uses: ['lwsc?', 'dmq?'],
  params: {
    rtpengine_sock: { type: 'str', many: true, doc: 'Nodes of a set: `1 == udp:10.0.0.1:2223=2 udp:10.0.0.2:2223`.' },
    rtpengine_disable_tout: {
      type: 'int',
      default: 60,
      min: 0,
      live: true,
      doc: 'Seconds a node that did not answer is left alone.',
    },
    aggressive_redetection: {
      type: 'int',
      default: 1,
      live: true,
      doc: '1: when no node is left, all are tried again.',
    },
    rtpengine_retr: { type: 'int', default: 5, min: 0, max: 100, live: true, doc: 'How often a command is sent.' },
    rtpengine_tout_ms: {
      type: 'int',
      default: 1000,
      min: 1,
      max: 60_000,
      live: true,
      doc: 'Milliseconds each time waits for the answer.',
    },
    queried_nodes_limit: {
      type: 'int',
      default: MAX_NODES,
      min: 1,
      max: MAX_NODES,
      live: true,
      doc: 'Nodes tried for one command.',
    },
    rtpengine_allow_op: {
      type: 'int',
      default: 0,
      min: 0,
      max: 2,
      doc: 'Calls go on at a node that is disabled: 1 always, 2 when an administrator disabled it.',
    },
    control_cmd_tos: { type: 'int', default: -1, doc: 'Accepted; the system’s own type of service is used.' },
    db_url: column('', 'Database with the nodes; empty: rtpengine_sock has them.'),
    table_name: column('rtpengine', 'Its table.'),
    setid_col: column('setid', 'Column of the set.'),
    url_col: column('url', 'Column of the node.'),
    weight_col: column('weight', 'Column of its weight.'),
    disabled_col: column('disabled', 'Column that disables it.'),
    extra_id_pv: { type: 'format', doc: 'What via-branch=extra sends.' },
    setid_avp: { type: 'avp', doc: 'AVP with the number of the set.' },
    force_send_interface: column('', 'Address commands leave from.'),
    rtp_inst_pvar: { type: 'pv', doc: 'Gets the URL of the node that answered.' },
    write_sdp_pv_mode: { type: 'int', default: 0, min: 0, max: 1, doc: '1: the message gets the new SDP too.' },
    ping_mode: { type: 'int', default: 1, min: 0, max: 1, doc: '0: nodes are not tested at the start.' },
    ping_interval: {
      type: 'int',
      default: 0,
      min: 0,
      doc: 'Seconds between tests of all nodes; 0, as in Kamailio 5.6: one that did not answer is tested when a command needs it.',
    },
    wsapi: column('', 'lwsc: nodes may be ws://host:port/path and wss://…; the lwsc module opens the connections.'),
    event_callback: scriptCallback('event routes'),
    write_sdp_pv: { type: 'pv', doc: 'Gets the new SDP in place of the message.' },
    read_sdp_pv: { type: 'pv', doc: 'Has the SDP in place of the message.' },
    hash_table_tout: {
      type: 'int',
      default: 3600,
      min: 1,
      doc: 'Seconds in which a call finds its node again.',
    },
    enable_dmq: {
      type: 'int',
      default: 0,
      doc: '1: the nodes of the cluster tell each other which rtpengine has a call (dmq). All have the same sets.',
    },
    dmq_peer_id: column('rtpengine', 'Channel of the cluster.'),
    hash_table_size: { type: 'int', default: 256, doc: 'Accepted: the table grows as it must.' },
    setid_default: { type: 'int', default: 0, min: 0, doc: 'The set when none is chosen.' },
    media_duration: { type: 'pv', doc: 'Gets the milliseconds play_media() plays.' },
    hash_algo: {
      type: 'int',
      default: 0,
      min: 0,
      max: 2,
      doc: 'How a Call-ID chooses a node: 0 sum of its bytes, 1 SHA-1, 2 CRC-32.',
    },
    ...dtmfParams,
    ...mosParams,
  },
  stats: {},
  state: (init): State => (init.previous instanceof State ? init.previous : new State()),
  async start(me, server) {
    const { params, state } = me;
    const warn: Warn = (text) => server.log(0, 'rtpengine', text);
    const webSocket = webSocketOf(params.wsapi, me.uses);
    const exchange = new Exchange(server.env, findHost(server), params.force_send_interface, webSocket);
    const nowSec = () => Math.floor(server.env.clock.monotonic() / 1000);
    const relays = new Relays(
      exchange,
      params,
      nowSec,
      (level, text) => server.log(level, 'rtpengine', text),
      webSocket !== null,
    );
    state.exchange = exchange;
    state.relays = relays;
    state.sides = null;
    if (params.db_url !== '') {
      state.db = await server.databases.open(params.db_url, 'rtpengine');
      try {
        await load(state.db, relays, params, warn);
      } catch {
        throw new StartError('SIPC8081', `rtpengine: table ${params.table_name} cannot be read; see the log`);
      }
    } else
      for (const text of params.rtpengine_sock) {
        const set = parseRelaySet(text);
        if (set === null) throw new StartError('SIPC8082', `rtpengine: rtpengine_sock "${text}" is malformed`);
        for (const { url, weight } of set.nodes) addNode(relays, set.id ?? params.setid_default, url, weight, warn);
      }
    if (params.enable_dmq > 0) {
      const replication = new Replication(relays, (level, text) => server.log(level, 'rtpengine', text));
      replication.begin(openChannel('rtpengine', me.uses, replication.channel(params.dmq_peer_id)));
    }
    state.dtmf = await DtmfEvents.listen(server, params);
    if (params.ping_interval > 0) {
      const timer = server.env.clock.setTimer(params.ping_interval * 1000, () => {
        void relays.testAll();
        timer.rearm(params.ping_interval * 1000);
      });
      state.timer = timer;
    }
    if (params.ping_mode === 0) return;
    for (const { node } of listedNodes(relays))
      if (!node.disabled)
        void relays.test(node).then((up) => {
          node.disabled = !up;
          if (up) server.log(2, 'rtpengine', `instance <${node.url}> found, support for it enabled`);
        });
  },
  async stop(me) {
    me.state.timer?.cancel();
    me.state.timer = null;
    me.state.dtmf?.close();
    me.state.dtmf = null;
    await me.state.exchange?.close();
    me.state.exchange = null;
  },
  functions: {
    set_rtpengine_set: {
      doc: 'The set for this message; with a second one, what the first answers goes through the second too.',
      args: [varInt('set'), opt(varInt('second'))],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'chosen', [-1]: 'there is no such set' },
      example: 'set_rtpengine_set("0");',
      run(me, ctx, first, second) {
        const sets = me.state.relays?.sets;
        const set = sets?.get(first) ?? null;
        const other = second === undefined ? null : (sets?.get(second) ?? null);
        me.state.chosen.delete(ctx.msg);
        if (set === null || (second !== undefined && other === null)) {
          ctx.log(-1, `could not locate rtpengine set ${set === null ? first : second}`, 'rtpengine');
          return -1;
        }
        me.state.chosen.set(ctx.msg, [set, other]);
        return 1;
      },
    },
    rtpengine_offer: {
      doc: 'Sends the SDP as an offer and puts in its place what comes back.',
      args: [flagsArg],
      routes: ['any'],
      returns: done,
      async: 'always',
      example: 'rtpengine_offer("replace-origin replace-session-connection ICE=remove");',
      run: (me, ctx, flags) => offer(me, ctx, flags ?? ''),
    },
    rtpengine_answer: {
      doc: 'As rtpengine_offer(), for an answer: in responses, ACK and PRACK.',
      args: [flagsArg],
      routes: ['any'],
      returns: { ...done, [-1]: 'no rtpengine did it, or another request' },
      async: 'maybe',
      example: 'rtpengine_answer("replace-origin replace-session-connection");',
      run: (me, ctx, flags) => answer(me, ctx, flags ?? ''),
    },
    rtpengine_manage: {
      doc: 'Offer, answer or delete, whichever fits the message and the route.',
      args: [flagsArg],
      routes: ['any'],
      returns: { ...done, [-1]: 'no rtpengine did it, or nothing fits' },
      async: 'maybe',
      example: 'rtpengine_manage("replace-origin replace-session-connection");',
      run: (me, ctx, flags) => manage(me, ctx, flags ?? ''),
    },
    rtpengine_delete: {
      doc: 'Ends the call’s media.',
      args: [flagsArg],
      routes: ['any'],
      aliases: ['rtpengine_destroy'],
      returns: done,
      async: 'always',
      example: 'rtpengine_delete();',
      run: (me, ctx, flags) => remove(me, ctx, flags ?? ''),
    },
    rtpengine_query: {
      doc: 'Asks about the call, for the mos_… parameters.',
      args: [flagsArg],
      routes: ['any'],
      returns: done,
      async: 'always',
      example: 'if (rtpengine_query()) { xlog("$rtpstat\\n"); }',
      run: (me, ctx, flags) => query(me, ctx, flags ?? ''),
    },
    rtpengine_query_v: {
      doc: 'Asks about the call and stores the answer.',
      args: [varStr('format', 'j: JSON; jp: JSON with line ends'), pvWritable('result')],
      routes: ['any'],
      returns: done,
      async: 'maybe',
      example: 'rtpengine_query_v("j", "$var(about)");',
      run: (me, ctx, format, target) => queryInto(me, ctx, format, target),
    },
    rtpengine_info: {
      ...plain('Sends the SDP as an offer and leaves it as it is.', 'rtpengine_info();'),
      run: (me, ctx, flags) => simple(me, ctx, 'offer', flags ?? ''),
    },
    rtpengine_connect: {
      ...plain(
        'Connects two parties without offer and answer; `to-call-id=` names the other’s call.',
        'rtpengine_connect();',
      ),
      run: (me, ctx, flags) => simple(me, ctx, 'connect', flags ?? ''),
    },
    start_recording: {
      ...plain('Starts recording the call.', 'start_recording();'),
      run: (me, ctx, flags) => simple(me, ctx, 'start recording', flags ?? ''),
    },
    stop_recording: {
      ...plain('Ends it.', 'stop_recording();'),
      run: (me, ctx, flags) => simple(me, ctx, 'stop recording', flags ?? ''),
    },
    start_forwarding: {
      ...plain('Starts sending copies of the media.', 'start_forwarding();'),
      run: (me, ctx, flags) => simple(me, ctx, 'start forwarding', flags ?? ''),
    },
    stop_forwarding: {
      ...plain('Ends it.', 'stop_forwarding();'),
      run: (me, ctx, flags) => simple(me, ctx, 'stop forwarding', flags ?? ''),
    },
    block_dtmf: {
      ...plain('Drops DTMF events; all, or of the party in the flags.', 'block_dtmf();'),
      run: (me, ctx, flags) => simple(me, ctx, 'block DTMF', flags ?? ''),
    },
    unblock_dtmf: {
      ...plain('Ends it.', 'unblock_dtmf();'),
      run: (me, ctx, flags) => simple(me, ctx, 'unblock DTMF', flags ?? ''),
    },
    block_media: {
      ...plain('Drops media; all, or of the party in the flags.', 'block_media("directional");'),
      run: (me, ctx, flags) => simple(me, ctx, 'block media', flags ?? ''),
    },
    unblock_media: {
      ...plain('Ends it.', 'unblock_media("directional");'),
      run: (me, ctx, flags) => simple(me, ctx, 'unblock media', flags ?? ''),
    },
    silence_media: {
      ...plain('Sends silence in place of media.', 'silence_media();'),
      run: (me, ctx, flags) => simple(me, ctx, 'silence media', flags ?? ''),
    },
    unsilence_media: {
      ...plain('Ends it.', 'unsilence_media();'),
      run: (me, ctx, flags) => simple(me, ctx, 'unsilence media', flags ?? ''),
    },
    play_media: {
      doc: 'Plays a file, a blob or a row of a database to a party.',
      args: [varStr('flags', 'file=, blob= or db-id=, and who')],
      routes: ['any'],
      returns: done,
      async: 'always',
      example: 'play_media("file=/var/media/wait.wav");',
      run: (me, ctx, flags) => playMedia(me, ctx, flags, me.params.media_duration),
    },
    stop_media: {
      ...plain('Ends it.', 'stop_media();'),
      run: (me, ctx, flags) => simple(me, ctx, 'stop media', flags ?? ''),
    },
    play_dtmf: {
      doc: 'Sends a DTMF event.',
      args: [varStr('flags', 'code=, and who')],
      routes: ['any'],
      returns: done,
      async: 'always',
      example: 'play_dtmf("code=5");',
      run: (me, ctx, flags) => simple(me, ctx, 'play DTMF', flags),
    },
    rtpengine_subscribe_request: {
      doc: 'Asks for copies of the call’s media: the SDP to offer to who gets them, as a recorder.',
      args: [
        varStr('flags', 'all or from-tags=, siprec, and those of an offer'),
        pvWritable('sdp', 'gets the SDP'),
        pvWritable('to_tag', 'gets the tag of who gets the media'),
        str('streams', 'name of an $xavp: for each party its tag and the labels of its streams'),
      ],
      routes: ['any'],
      returns: done,
      async: 'always',
      example: 'rtpengine_subscribe_request("all siprec", "$avp(copy_sdp)", "$avp(copy_tag)", "copied");',
      run: (me, ctx, flags, sdp, toTag, streams) => subscribe(me, ctx, flags, { sdp, toTag, streams }),
    },
    rtpengine_subscribe_answer: {
      ...plain(
        'Sends the SDP of who gets the copies; `to-tag=` and `call-id=` name the subscription.',
        'rtpengine_subscribe_answer("to-tag=$avp(copy_tag) call-id=$avp(call)");',
      ),
      run: (me, ctx, flags) => simple(me, ctx, 'subscribe answer', flags ?? ''),
    },
    rtpengine_unsubscribe: {
      ...plain('Ends the copies; the flags name them.', 'rtpengine_unsubscribe("to-tag=$avp(copy_tag)");'),
      run: (me, ctx, flags) => simple(me, ctx, 'unsubscribe', flags ?? ''),
    },
  },
  pvs: {
    rtpstat: {
      doc: 'What the call’s media came to; each read asks rtpengine.',
      type: 'str',
      prepare: (me, ctx) => askStatistics(me, ctx),
      get: (_me, ctx) => statistics(ctx),
    },
    rtpestat: {
      doc: 'As $rtpstat.',
      type: 'str',
      prepare: (me, ctx) => askStatistics(me, ctx),
      get: (_me, ctx) => statistics(ctx),
    },
  },
  rpc: {
    'rtpengine.reload': {
      doc: 'Reload rtpengine proxies from database',
      async run(me, call, server) {
        const { db, relays } = me.state;
        if (db === null || relays === null) return call.fault(500, 'No Database URL');
        const now = relays.nowSec();
        if (now - me.state.reloadedSec < RELOAD_PAUSE_SEC)
          return call.fault(500, 'Too short reload interval - try later');
        me.state.reloadedSec = now;
        try {
          await load(db, relays, me.params, (text) => server.log(0, 'rtpengine', text));
          call.add('Ok. Reload successful.');
        } catch {
          call.fault(500, 'Failed reloading db');
        }
      },
    },
    'rtpengine.ping': {
      doc: 'Ping an rtpengine instance',
      async run(me, call) {
        const url = call.str();
        if (url === undefined) return call.fault(500, 'Not enough parameters');
        const found = namedNodes(me, call, url);
        if (found === null) return;
        let failed = false;
        for (const { node } of found) {
          if (await me.state.relays?.pongs(node)) continue;
          failed = true;
          me.state.relays?.disable(node);
        }
        call
          .struct()
          .add('url', url)
          .add('status', failed ? 'fail' : 'success');
      },
    },
    'rtpengine.show': {
      doc: 'Get details about an rtpengine instance',
      array: true,
      run(me, call) {
        const url = call.str();
        if (url === undefined) return call.fault(500, 'Not enough parameters');
        for (const { node, set } of namedNodes(me, call, url) ?? []) {
          const forEver = node.recheckSec === FOR_EVER;
          const left = Math.max(0, node.recheckSec - (me.state.relays?.nowSec() ?? 0));
          call
            .struct()
            .add('url', node.url)
            .add('set', set.id)
            .add('index', node.index)
            .add('weight', node.weight)
            .add('disabled', node.disabled && forEver ? '1(permanent)' : Number(node.disabled))
            .add('recheck_ticks', forEver ? 'N/A' : left);
        }
      },
    },
    'rtpengine.enable': {
      doc: 'Enable or disable an rtpengine instance',
      async run(me, call) {
        const url = call.str();
        const on = url === undefined ? undefined : call.int();
        if (url === undefined || on === undefined) return call.fault(500, 'Not enough parameters');
        const found = namedNodes(me, call, url);
        if (found === null) return;
        let failed = false;
        for (const { node } of found) {
          const up = on !== 0 && (await me.state.relays?.pongs(node)) === true;
          node.disabled = !up;
          node.recheckSec = on === 0 ? FOR_EVER : 0;
          if (on !== 0 && !up) {
            failed = true;
            me.state.relays?.disable(node);
          }
        }
        call
          .struct()
          .add('url', url)
          .add('status', on === 0 ? 'disable' : failed ? 'fail' : 'enable');
      },
    },
    'rtpengine.get_hash_total': {
      doc: 'Get total number of entries in hash table',
      run: (me, call) => call.add(me.state.relays?.callCount ?? 0),
    },
  },
  eventRoutes: {
    [DTMF_EVENT]: { doc: 'rtpengine saw a DTMF event: the dtmf_event_… variables tell which.' },
  },
  missing: [],
});

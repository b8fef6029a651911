/** dmq: the nodes of a cluster find each other and carry what other modules and scripts tell each other, as KDMQ requests. */
import {
  type DmqAnswer,
  type DmqApi,
  defineModule,
  int,
  type Maybe,
  opt,
  type Proto,
  parseUri,
  type RouteContext,
  type RpcCall,
  type ServerApi,
  StartError,
  type Steps,
  scriptCallback,
  steps,
  type Verdict,
  varInt,
  varStr,
  wait,
} from '../../runtime/sdk/index.js';
import { Cluster, type ClusterParams } from './cluster.js';
import { addressOf, isStatus, parseAddress } from './nodes.js';

/** What dmq uses of sl. */
interface SlApi {
  reply(ctx: RouteContext, status: number, reason: string): Verdict;
}
interface State {
  cluster: Cluster | null;
}
interface Params extends ClusterParams {
  readonly server_address: string;
  readonly server_socket: string;
}

const JSON_TYPE = 'application/json';

const refuse = (text: string): never => {
  throw new StartError('SIPC8140', `dmq: ${text}`);
};

/** The address is a URI of one of our sockets, or the socket is named apart. */
function clusterOf(me: { readonly params: Params; readonly state: State }, server: ServerApi): Cluster {
  const { params, state } = me;
  if (state.cluster !== null) return state.cluster;
  const { server_address: text, server_socket: named } = params;
  const uri = parseUri(text, server.grammar);
  if (uri === null || uri.host === '') return refuse(`server_address ${text} is no URI; write sip:ADDRESS:PORT`);
  for (const one of params.notification_address)
    if (parseUri(one, server.grammar) === null) refuse(`notification_address ${one} is no URI; write sip:ADDRESS:PORT`);
  const address = addressOf(uri);
  const written = `${address.proto || 'udp'}:${uri.host}${uri.port === 0 ? '' : `:${uri.port}`}`;
  const socket = socketAt(server, named || written);
  if (socket === null)
    return refuse(`${named || written} is no socket of this server; add it to listen, or name one in server_socket`);
  state.cluster = new Cluster(server, { address, socket }, params);
  return state.cluster;
}
function socketAt(server: ServerApi, text: string) {
  const [, proto, host = '', port] =
    /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (host === '') return null;
  return server.transports.findSocket(host, Number(port ?? 0), proto?.toLowerCase() as Proto | undefined);
}
/** Functions and commands run after the start. */
function of(me: { readonly state: State }): Cluster {
  const { cluster } = me.state;
  if (cluster === null) throw new TypeError('dmq was not started');
  return cluster;
}
const fail = (ctx: RouteContext, text: string): Verdict => {
  ctx.log(-1, text, 'dmq');
  return -1;
};

/** Gives the request to the channel in the user part of its Request-URI, and answers it. */
function* receive(cluster: Cluster, sl: SlApi, ctx: RouteContext, verdict: number | undefined): Steps<Verdict> {
  const done = Math.min(verdict ?? 0, 1);
  const user = ctx.requestUri?.user;
  if (!user) return fail(ctx, 'no user in the Request-URI');
  const channel = cluster.channel(user);
  if (channel === undefined) return sl.reply(ctx, 404, 'User Not Found') > 0 ? done : -1;
  const { msg } = ctx;
  const answer: DmqAnswer = yield* wait(
    channel.received({
      body: msg.body.slice(0, msg.contentLength ?? 0),
      maxForwards: msg.maxForwards ?? 0,
      node: msg.from === null ? null : cluster.nodes.byUri(msg.from.uriText),
    }),
  );
  if (answer.body !== undefined) {
    ctx.draft.addReplyHeader(`Content-Type: ${answer.contentType}\r\n`);
    ctx.draft.setReplyBody(answer.body);
  }
  sl.reply(ctx, answer.status, answer.reason);
  return done;
}
/** A message of the script's own making. */
function* receiveCustom(cluster: Cluster, name: string, from: string, body: string): Steps<Verdict> {
  const channel = cluster.channel(name);
  if (channel === undefined) return -1;
  yield* wait(channel.received({ body, maxForwards: 1, node: cluster.nodes.byUri(from) }));
  return 1;
}

const bareBranch = {
  dstUri: null,
  path: null,
  q: -1,
  flags: 0,
  instance: null,
  regId: 0,
  ruid: null,
  locationUa: null,
};
/** To all active nodes but this one; the first goes out as the request itself, the others as further branches of it. */
function* replicate(cluster: Cluster, ctx: RouteContext): Steps<Verdict> {
  if (cluster.nodes.hasAddress(ctx.msg.received.src.ip)) return -1;
  const { socket } = cluster.identity;
  ctx.draft.sendSocket = socket;
  let first = true;
  for (const { local, status, uri } of cluster.nodes.nodes) {
    if (local || status !== 'active') continue;
    if (!first) ctx.draft.addBranch({ ...bareBranch, uri: ctx.uri, socket });
    first = false;
    const sent: number = yield* wait(ctx.server.transactions.relay(ctx, { uri, replicate: true }));
    if (sent < 0) return fail(ctx, `cannot replicate to ${uri}`);
  }
  return 0;
}

const sentReturns = { 1: 'sent', [-1]: 'no such node, or it could not be sent' } as const;
const handled = {
  0: 'answered; the script ends',
  1: 'answered, and 1 was asked for',
  [-1]: 'no channel in the Request-URI, or the number asked for',
} as const;
const verdict = opt(int('verdict', 'what to return when it is done: 0 ends the script, 1 does not'));
const channel = varStr('channel', 'the user part of the requests');
const body = varStr('body');
const contentType = varStr('type', 'Content-Type');

export default defineModule({
  name: 'dmq',
  doc: 'Nodes of a cluster that find each other and tell each other what changes, as KDMQ requests.',
  uses: ['sl', 'tm'],
  params: {
    num_workers: {
      type: 'int',
      default: 2,
      doc: '0: dmq_handle_message() fails. Otherwise requests are served as they come.',
    },
    worker_usleep: { type: 'int', default: 0, noEffect: true, doc: 'How Kamailio’s processes wait for requests.' },
    ping_interval: { type: 'int', default: 60, doc: 'Seconds between two lists sent to every node; 5 at least.' },
    server_address: { type: 'str', default: '', doc: 'URI of this node.' },
    server_socket: { type: 'str', default: '', doc: 'Socket to send from, where it is not that of server_address.' },
    notification_address: { type: 'str', many: true, doc: 'URI of a node that is asked for the others at the start.' },
    notification_channel: { type: 'str', default: 'notification_peer', doc: 'Channel of the lists of nodes.' },
    multi_notify: {
      type: 'int',
      default: 0,
      doc: '1: all hosts behind the name in notification_address (SRV, A and AAAA) are such nodes.',
    },
    remove_inactive: {
      type: 'int',
      default: 1,
      doc: '0: a node that does not answer becomes not_active, and stays in the list.',
    },
    fail_count_enabled: {
      type: 'int',
      default: 0,
      doc: '1: a node changes its status after more failures than the thresholds say.',
    },
    fail_count_threshold_not_active: {
      type: 'int',
      default: 0,
      doc: 'Failures after which an active node is not_active.',
    },
    fail_count_threshold_disabled: {
      type: 'int',
      default: 1,
      doc: 'Failures after which one that is not_active is disabled.',
    },
    init_with_single: {
      type: 'int',
      default: 0,
      doc: '1: at the start, what other nodes have is asked of the first one that answered, not of all.',
    },
    sl_send: { type: 'int', default: 0, doc: '1: what other modules send goes out without a transaction.' },
    event_callback: scriptCallback('event_route[dmq:peer-up] and its kin'),
  },
  stats: {},
  state: (): State => ({ cluster: null }),
  start(me, server) {
    clusterOf(me, server);
  },
  serve(me, server) {
    // Others are asked over the network: the start does not wait for them.
    of(me)
      .start(me.params.server_address)
      .catch((error: unknown) => server.log(-1, 'dmq', `the list of nodes: ${String(error)}`));
  },
  stop(me) {
    me.state.cluster?.stop();
  },
  functions: {
    dmq_handle_message: {
      doc: 'Gives a KDMQ request to the channel named by the user part of its Request-URI, and answers it.',
      args: [verdict],
      routes: ['request'],
      async: 'maybe',
      returns: handled,
      example: 'dmq_handle_message();',
      run(me, ctx, value) {
        if (me.params.num_workers === 0) return fail(ctx, 'num_workers is 0: nobody serves this');
        return steps(receive(of(me), me.uses.get<SlApi>('sl'), ctx, value));
      },
    },
    dmq_process_message: {
      doc: 'As dmq_handle_message(), whatever num_workers says.',
      args: [verdict],
      routes: ['request'],
      async: 'maybe',
      returns: handled,
      example: 'dmq_process_message("1");',
      run: (me, ctx, value) => steps(receive(of(me), me.uses.get<SlApi>('sl'), ctx, value)),
    },
    dmq_handle_custom: {
      doc: 'Gives a text to a channel as if a node had sent it.',
      args: [channel, varStr('from', 'URI of the node'), body, contentType],
      routes: ['any'],
      constArgs: true,
      async: 'maybe',
      returns: { 1: 'done', [-1]: 'no such channel' },
      example: 'dmq_handle_custom("htable", "sip:127.0.0.1:5070", "$rb", "application/json");',
      run(me, ctx, name, from, text) {
        if (me.params.num_workers === 0) return fail(ctx, 'num_workers is 0: nobody serves this');
        return steps(receiveCustom(of(me), name, from, text));
      },
    },
    dmq_process_custom: {
      doc: 'As dmq_handle_custom(), whatever num_workers says.',
      args: [channel, varStr('from', 'URI of the node'), body, contentType],
      routes: ['any'],
      constArgs: true,
      async: 'maybe',
      returns: { 1: 'done', [-1]: 'no such channel' },
      example: 'dmq_process_custom("htable", "sip:127.0.0.1:5070", "$rb", "application/json");',
      run: (me, _ctx, name, from, text) => steps(receiveCustom(of(me), name, from, text)),
    },
    dmq_send_message: {
      doc: 'Sends a text to one node.',
      args: [channel, varStr('node', 'its URI'), body, contentType],
      routes: ['any'],
      constArgs: true,
      async: 'maybe',
      returns: sentReturns,
      example: 'dmq_send_message("news", "sip:127.0.0.1:5070", "text", "text/plain");',
      run(me, ctx, name, to, text, type): Maybe<Verdict> {
        const cluster = of(me);
        if (!cluster.scriptChannel(name)) return -1;
        const node = cluster.nodes.byUri(to);
        if (node === null) return fail(ctx, `cannot find dmq_node: ${to}`);
        return asVerdict(cluster.send(name, text, type, node, { told: cluster.listAnswered }));
      },
    },
    dmq_bcast_message: {
      doc: 'Sends a text to all active nodes.',
      args: [channel, body, contentType],
      routes: ['any'],
      constArgs: true,
      async: 'maybe',
      returns: { 1: 'sent, or there is no other node', [-1]: 'it could not be sent to one of them' },
      example: 'dmq_bcast_message("news", "text", "text/plain");',
      run(me, _ctx, name, text, type): Maybe<Verdict> {
        const cluster = of(me);
        if (!cluster.scriptChannel(name)) return -1;
        return asVerdict(cluster.broadcast(name, text, type, { told: cluster.listAnswered }));
      },
    },
    dmq_t_replicate: {
      doc: 'Sends a request that came from no node to all active ones; their responses end here. With an argument it fails, as Kamailio, which cannot read it.',
      args: [opt(varInt('mode', '1: meant for requests that came from a node as well'))],
      routes: ['request'],
      async: 'maybe',
      runs: ['branch', 'onsend'],
      returns: { 0: 'done; the script ends', [-1]: 'it came from a node, or could not be sent' },
      example: 'dmq_t_replicate();',
      run(me, ctx, mode) {
        // get_int_fparam() knows no parameter that fixup_spve_null() made.
        if (mode !== undefined) return fail(ctx, 'failed to get parameter value');
        return steps(replicate(of(me), ctx));
      },
    },
    dmq_is_from_node: {
      doc: 'Did the request come from the address of a node?',
      args: [],
      routes: ['request'],
      returns: { 1: 'it did', [-1]: 'it did not' },
      example: 'if (dmq_is_from_node()) { exit; }',
      run: (me, ctx) => (of(me).nodes.hasAddress(ctx.msg.received.src.ip) ? 1 : -1),
    },
  },
  pvs: {},
  rpc: {
    'dmq.list_nodes': {
      doc: 'Print all nodes',
      array: true,
      run(me, call) {
        const cluster = of(me);
        for (const node of cluster.nodes.nodes) {
          const entry = call
            .struct()
            .add('host', node.host)
            .add('port', node.port === 0 ? '' : String(node.port))
            .add('proto', node.proto === '' ? '*' : node.proto === 'wss' ? 'ws' : node.proto)
            .add('resolved_ip', node.ip)
            .add('status', node.status)
            .add('last_notification', 0)
            .add('local', node.local ? 1 : 0);
          if (cluster.params.fail_count_enabled !== 0) entry.add('fail_count', node.failCount);
        }
      },
    },
    'dmq.add': {
      doc: 'Add a DMQ node',
      async run(me, call) {
        const cluster = of(me);
        const uri = call.text();
        if (uri === undefined) call.fault(500, 'Invalid Parameters');
        else if (cluster.nodes.byUri(uri) !== null) call.fault(500, 'Node is already added');
        else if ((await cluster.addNode(uri)) === null) call.fault(500, 'Failure');
        else call.add('Ok. DMQ node added.');
      },
    },
    'dmq.remove': {
      doc: 'Remove a DMQ node',
      run(me, call, server) {
        const cluster = of(me);
        const uri = call.text();
        const address = uri === undefined ? null : parseAddress(uri, server.grammar);
        if (uri === undefined) call.fault(500, 'Invalid Parameters');
        else if (address === null) call.fault(500, 'Failure');
        else {
          const node = cluster.nodes.find(address);
          if (node !== null) cluster.forget(node);
          call.add('Ok. DMQ node removed.');
        }
      },
    },
    'dmq.change_status': { doc: 'Change the status of a DMQ node', run: (me, call) => changeStatus(of(me), call) },
  },
  eventRoutes: {
    'dmq:peer-up': { doc: 'A node answers again, or for the first time: $ru is its URI.' },
    'dmq:peer-down': { doc: 'A node does not answer: $ru is its URI.' },
    'dmq:peer-disabled': { doc: 'A node is about to be forgotten, or was removed: $ru is its URI.' },
  },
  api: (me, server): DmqApi => ({
    open(channel) {
      const cluster = clusterOf(me, server);
      if (!cluster.open(channel)) return null;
      const failed = (error: unknown) => server.log(-1, 'dmq', `${channel.name}: ${String(error)}`);
      return {
        socket: cluster.identity.socket,
        send(body, to) {
          const text = JSON.stringify(body);
          const node = to ? cluster.nodes.nodes.find((one) => one === to) : null;
          if (node === undefined) return;
          const sent = node
            ? cluster.send(channel.name, text, JSON_TYPE, node)
            : cluster.broadcast(channel.name, text, JSON_TYPE);
          if (sent instanceof Promise) sent.catch(failed);
        },
      };
    },
  }),
  // bind_dmq is for C modules.
  missing: [],
});

const asVerdict = (code: Maybe<number>): Maybe<Verdict> =>
  code instanceof Promise ? code.then((c) => (c > 0 ? 1 : -1)) : code > 0 ? 1 : -1;

function changeStatus(cluster: Cluster, call: RpcCall): void {
  const [uri, status] = [call.text(), call.text()];
  const node = uri === undefined ? null : cluster.nodes.byUri(uri);
  if (uri === undefined || status === undefined) call.fault(500, 'Invalid Parameters');
  else if (!isStatus(status) || status === 'pending' || status === 'timeout')
    call.fault(500, 'Invalid Status - use: active, not_active, disabled');
  else if (node === null) call.fault(500, 'Node Not Found');
  else if (node.local) call.fault(500, 'Node is local');
  else if (node.status === status) call.add(`Ok. DMQ node status is already ${status}.`);
  else {
    cluster.change(node, status);
    call.add('Ok. DMQ node status changed.');
  }
}

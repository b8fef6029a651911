/**
 * corex: further core functions, `$cfg`, `$lsock` and the socket commands. Many that have little to do with each other: each stands
 * whole beside its name; what needs more is in the files beside this one.
 */
import {
  type BranchTarget,
  defineModule,
  equalsIgnoreCase,
  int,
  type ListenSocket,
  type Maybe,
  MessageMark,
  opt,
  pvWritable,
  type RouteContext,
  RpcStruct,
  readBytes,
  StartError,
  toldOf,
  type Value,
  type Verdict,
  VIA_FLAGS,
  varInt,
  varStr,
  writeBytes,
} from '../../runtime/sdk/index.js';
import { addRecord, addRecords } from './dns-records.js';
import { memoryCommands } from './memory.js';
import { interceptNetwork, isIncoming, NETWORK_EVENT } from './network.js';
import { arriveAt, comeFrom } from './received.js';
import { sendMessage, sendText, socketAt } from './sending.js';
import { listAliases, listSockets } from './sockets.js';

const done = { 1: 'done', [-1]: 'not done' } as const;

/** 0: there is no such flag. */
const maskOf = (flag: number): number => (flag < 0 || flag > 31 ? 0 : (1 << flag) >>> 0);
function viaFlag(verb: string, change: (flags: number, mask: number) => number) {
  return {
    doc: `${verb} a flag of our Via, of the 32 that come back with the response (\`kvf\`).`,
    args: [varInt('flag', '0 to 31')],
    routes: ['any'],
    returns: { 1: 'done', [-1]: 'there is no such flag' },
    example: `msg_vbflag_${verb === 'Sets' ? 'set' : 'reset'}("1");`,
    run(_me: unknown, ctx: RouteContext, flag: number): Verdict {
      const mask = maskOf(flag);
      if (mask === 0) return -1;
      ctx.draft.viaFlags = change(ctx.draft.viaFlags, mask);
      return 1;
    },
  } as const;
}

/** `setxflag`: 64 flags in two words. */
function changeXflag(ctx: RouteContext, n: number, on: boolean): Verdict {
  if (n < 0 || n > 63) return -1;
  const [low, high] = ctx.draft.xflags;
  const mask = 1 << (n & 31);
  const changed = (word: number) => (on ? word | mask : word & ~mask) >>> 0;
  ctx.draft.xflags = n < 32 ? [changed(low), high] : [low, changed(high)];
  return 1;
}

/** Kamailio 5.8's core/forward.c, forward_uac_uri(). */
function forwardAlone(ctx: RouteContext, uri: string | null, branchIndex = 0): Maybe<Verdict> {
  const forwarded = ctx.server.transactions.forward(ctx, { uri, ownViaOnly: true, branchIndex });
  const verdict = (code: number): Verdict => (code > 0 ? 1 : -1);
  return forwarded instanceof Promise ? forwarded.then(verdict) : verdict(forwarded);
}

/**
 * `append_branch()`: the Request-URI as it stands, or the URI given; next hop, path, socket and flags of the request go with
 * it either way. Without a URI they move to the branch, and the request has them no more (corex_lib.c).
 */
function appendBranch(ctx: RouteContext, uri: string | undefined, q: string | undefined): Verdict {
  const { draft } = ctx;
  if (draft.branches.length >= ctx.server.settings.values.max_branches - 1) return -1;
  const given = uri !== undefined && uri !== '';
  const target: BranchTarget = {
    uri: given ? uri : ctx.uri,
    dstUri: draft.dstUri,
    path: draft.path,
    q: q === undefined || q === '' ? (given ? -1 : draft.q) : Math.round(Number(q) * 1000),
    flags: draft.branchFlags,
    socket: draft.sendSocket,
    instance: null,
    regId: 0,
    ruid: null,
    locationUa: null,
  };
  if (!Number.isInteger(target.q) || target.q > 1000) return -1;
  draft.addBranch(target);
  if (!given) {
    draft.sendSocket = null;
    draft.branchFlags = 0;
    draft.dstUri = null;
    draft.path = null;
  }
  return 1;
}

const socketReturns = { 1: 'done, also when there is no such socket', [-1]: 'not an address' } as const;
const sent = { 1: 'sent', [-1]: 'the address cannot be resolved, or there is nothing to send' } as const;
const MAX_FILE_BYTES = 1 << 20;

const sendFrom = (ctx: RouteContext, socket: ListenSocket): Verdict => {
  ctx.draft.sendSocket = socket;
  return 1;
};
const socketNamed = (ctx: RouteContext, name: string) =>
  ctx.server.transports.sockets.find((s) => s.name === name) ?? null;
function useSocket(
  ctx: RouteContext,
  text: string,
  socket: ListenSocket | null,
  use: (ctx: RouteContext, socket: ListenSocket) => Verdict,
): Verdict {
  if (text === '') return -1;
  if (socket !== null) return use(ctx, socket);
  ctx.log(0, `no socket found to match [${text}]`, 'corex');
  return 1;
}

/** `$lsock(l/udp:127.0.0.1:5060/n)`. */
function listenSocket(ctx: RouteContext, expression: string): Value {
  const [match, value = '', field = '', ...more] = expression.split('/');
  if (match?.length !== 1 || more.length > 0) return null;
  const { sockets } = ctx.server.transports;
  const same = (text: string | null) => text !== null && equalsIgnoreCase(text, value);
  const socket = sockets.find((s) => {
    switch (match) {
      case 'n':
        return s.name === value;
      case 'l':
        return same(s.sockStr);
      case 'a':
        return s.advertised !== null && same(s.advertisedStr);
      // Kamailio never reads the number that is written, and takes 0.
      case 'i':
        return s.index === 0;
      default:
        return false;
    }
  });
  if (socket === undefined) return null;
  switch (field.charAt(0)) {
    case 'n':
      return socket.name ?? '';
    case 'l':
      return socket.sockStr;
    case 'a':
      return socket.advertised === null ? '' : socket.advertisedStr;
    case 'i':
      return socket.index;
    default:
      return null;
  }
}

const sendOver = (proto: 'udp' | 'tcp') =>
  ({
    doc: `Sends the message as it came in over ${proto}, to an address or to its next hop.`,
    args: [opt(varStr('address', 'host or host:port'))],
    routes: ['request', 'failure'],
    async: 'maybe',
    returns: sent,
    example: `send_${proto}("127.0.0.1:5090");`,
    run: (_me: unknown, ctx: RouteContext, address: string | undefined) => sendMessage(ctx, address ?? '', proto),
  }) as const;

const markOf = (name: string): number => {
  switch (name.toUpperCase()) {
    case 'USE_UAC_FROM':
      return MessageMark.uacFrom;
    case 'USE_UAC_TO':
      return MessageMark.uacTo;
    case 'UAC_AUTH':
      return MessageMark.uacAuth;
    case 'MSG_APPLY_CHANGES':
      return MessageMark.applyChanges;
    default:
      return 0;
  }
};

/** The newest comes first, as in the list. `bare`: what is empty has no `=`, as in the newest version. */
function fieldsAsParams(ctx: RouteContext, xavp: string, bare = false): string {
  const record = ctx.xavps.record(xavp);
  if (record === null) return '';
  let text = '';
  for (const name of record.names()) {
    const value = record.value(name);
    if (value !== null) text += bare && value === '' ? `;${name}` : `;${name}=${value}`;
  }
  return text;
}
function viaSentBy(ctx: RouteContext) {
  const record = ctx.xavps.record(ctx.server.settings.values.xavp_via_fields);
  const text = (name: string) => {
    const value = record?.value(name) ?? null;
    return typeof value === 'string' ? value : null;
  };
  return { host: text('address'), port: text('port') };
}

export default defineModule({
  name: 'corex',
  doc: 'Further core functions.',
  uses: [],
  params: {
    evcb_reply_out: {
      type: 'str',
      default: '',
      doc: 'Not used: names a function of a KEMI script.',
    },
    alias_subdomains: {
      type: 'str',
      many: true,
      doc: 'A domain that is us with all domains under it: [proto:]domain[:port].',
    },
    dns_cache: {
      type: 'str',
      many: true,
      doc: 'A record of the DNS cache: type=A;name=example.org;addr=192.0.2.1;ttl=3600;flags=0. A, AAAA, SRV; flags 2: it stays.',
    },
    dns_file: { type: 'str', many: true, doc: 'A file with such records, one a line.' },
    nio_intercept: { type: 'int', default: 0, doc: '1: event_route[network:msg] sees every message, in and out.' },
    nio_min_msg_len: { type: 'int', default: -1, doc: 'Shorter messages are not shown to it.' },
    nio_msg_avp: { type: 'avp', doc: 'AVP in which it leaves the message to put in place of the one it saw.' },
  },
  stats: {},
  async start(me, server) {
    const { params } = me;
    for (const text of params.dns_cache)
      if (!addRecord(server, text))
        throw new StartError('SIPC8023', `corex: dns_cache ${text} is no record; write type=A;name=…;addr=…;ttl=…`);
    for (const path of params.dns_file) {
      const text = await readBytes(path, MAX_FILE_BYTES);
      if (text === null) throw new StartError('SIPC8023', `corex: dns_file ${path} cannot be read`);
      const bad = addRecords(server, text);
      if (bad !== null) throw new StartError('SIPC8023', `corex: dns_file ${path}: ${bad} is no record`);
    }
    if (params.nio_intercept !== 0) {
      if (!server.script.hasEvent(NETWORK_EVENT))
        throw new StartError(
          'SIPC8023',
          `corex: nio_intercept needs event_route[${NETWORK_EVENT}]: write it, or take it out`,
        );
      if (params.nio_msg_avp === undefined) server.log(0, 'corex', 'no AVP defined to store modified message');
      interceptNetwork(server, { minBytes: Math.max(0, params.nio_min_msg_len), result: params.nio_msg_avp ?? null });
    }
    for (const text of params.alias_subdomains)
      if (!server.transports.addSubdomains(text))
        throw new StartError('SIPC8023', `corex: alias_subdomains ${text} is not [proto:]domain[:port]`);
  },
  functions: {
    append_branch: {
      doc: 'Adds a target: the Request-URI as it stands, or this URI.',
      args: [opt(varStr('uri')), opt(varStr('q', '0 to 1'))],
      routes: ['request', 'failure'],
      returns: done,
      example: 'append_branch("sip:bob@10.0.0.2", "0.5");',
      run: (_me, ctx, uri, q) => appendBranch(ctx, uri, q),
    },
    is_incoming: {
      doc: 'In event_route[network:msg]: did this message come in? Else it is about to go out.',
      args: [],
      routes: ['any'],
      returns: { 1: 'it came in', [-1]: 'it goes out' },
      example: 'if (is_incoming()) { xlog("$ml bytes\\n"); }',
      run: (_me, ctx) => (isIncoming(ctx) ? 1 : -1),
    },
    setxflag: {
      doc: 'Sets one of 64 further message flags.',
      args: [int('flag', '0 to 63')],
      routes: ['any'],
      returns: done,
      example: 'setxflag(40);',
      run: (_me, ctx, n) => changeXflag(ctx, n, true),
    },
    resetxflag: {
      doc: 'Takes a further message flag away.',
      args: [int('flag', '0 to 63')],
      routes: ['any'],
      returns: done,
      example: 'resetxflag(40);',
      run: (_me, ctx, n) => changeXflag(ctx, n, false),
    },
    isxflagset: {
      doc: 'Is the further message flag set?',
      args: [int('flag', '0 to 63')],
      routes: ['any'],
      returns: { 1: 'it is', [-1]: 'it is not' },
      example: 'if (isxflagset(40)) { exit; }',
      run(_me, ctx, n) {
        if (n < 0 || n > 63) return -1;
        const word = ctx.draft.xflags[n < 32 ? 0 : 1];
        return (word & (1 << (n & 31))) !== 0 ? 1 : -1;
      },
    },
    set_send_socket: {
      doc: 'Sends from this socket.',
      args: [varStr('socket', 'proto:host:port')],
      routes: ['any'],
      returns: socketReturns,
      example: 'set_send_socket("udp:127.0.0.1:5060");',
      run: (_me, ctx, text) => useSocket(ctx, text, socketAt(ctx, text), sendFrom),
    },
    set_send_socket_name: {
      doc: 'Sends from the socket of this name.',
      args: [varStr('name')],
      routes: ['any'],
      returns: socketReturns,
      example: 'set_send_socket_name("internal");',
      run: (_me, ctx, name) => useSocket(ctx, name, socketNamed(ctx, name), sendFrom),
    },
    set_recv_socket: {
      doc: 'The message counts as received on this socket.',
      args: [varStr('socket', 'proto:host:port')],
      routes: ['any'],
      returns: socketReturns,
      example: 'set_recv_socket("udp:127.0.0.1:5060");',
      run: (_me, ctx, text) => useSocket(ctx, text, socketAt(ctx, text), arriveAt),
    },
    set_recv_socket_name: {
      doc: 'The message counts as received on the socket of this name.',
      args: [varStr('name')],
      routes: ['any'],
      returns: socketReturns,
      example: 'set_recv_socket_name("internal");',
      run: (_me, ctx, name) => useSocket(ctx, name, socketNamed(ctx, name), arriveAt),
    },
    set_source_address: {
      doc: 'The message counts as sent from this address: $si and $sp, and where the answer goes.',
      args: [varStr('address', 'proto:host:port')],
      routes: ['any'],
      async: 'maybe',
      returns: { 1: 'done', [-1]: 'no address, or it cannot be resolved' },
      example: 'set_source_address("udp:127.0.0.1:5080");',
      run: (_me, ctx, address) => comeFrom(ctx, address),
    },
    forward_reply: {
      doc: 'Forwards a response by its second Via now, without its transaction.',
      args: [],
      routes: ['core_reply'],
      async: 'maybe',
      runs: ['onsend'],
      returns: { 1: 'always' },
      example: 'reply_route { forward_reply(); drop; }',
      run(_me, ctx) {
        const sent = ctx.server.transactions.forwardResponse(ctx.msg, ctx.draft);
        return sent instanceof Promise ? sent.then(() => 1) : 1;
      },
    },
    forward_uac: {
      doc: 'Forwards the request without its Vias, so that no response finds back; `branch` is the index in our Via.',
      args: [opt(varInt('branch', 'index of the branch, 0 when left out'))],
      routes: ['request'],
      async: 'maybe',
      runs: ['onsend'],
      returns: sent,
      example: 'sl_send_reply("200", "OK"); $du = "sip:mirror.example.com"; forward_uac();',
      run: (_me, ctx, branch) => forwardAlone(ctx, null, branch),
    },
    forward_uac_uri: {
      doc: 'As `forward_uac()`, to a URI.',
      args: [varStr('uri'), opt(varInt('branch', 'index of the branch, 0 when left out'))],
      routes: ['request'],
      async: 'maybe',
      runs: ['onsend'],
      returns: sent,
      example: 'sl_send_reply("200", "OK"); forward_uac_uri("sip:mirror.example.com");',
      run: (_me, ctx, uri, branch) => forwardAlone(ctx, uri, branch),
    },
    send_udp: sendOver('udp'),
    send_tcp: sendOver('tcp'),
    send_data: {
      doc: 'Sends a text to a URI.',
      args: [varStr('uri'), varStr('text')],
      routes: ['any'],
      async: 'maybe',
      returns: sent,
      example: 'send_data("sip:127.0.0.1:5090", "ping");',
      run: (_me, ctx, uri, text) => sendText(ctx, uri, '', text),
    },
    sendx: {
      doc: 'Sends a text to a URI from a socket.',
      args: [varStr('uri'), varStr('socket', 'proto:host:port'), varStr('text')],
      routes: ['any'],
      async: 'maybe',
      returns: sent,
      example: 'sendx("sip:127.0.0.1:5090", "udp:127.0.0.1:5060", "ping");',
      run: (_me, ctx, uri, socket, text) => sendText(ctx, uri, socket, text),
    },
    file_read: {
      doc: 'Stores the content of a file, 1 MB at most.',
      args: [varStr('path'), pvWritable('result')],
      routes: ['any'],
      constArgs: true,
      async: 'always',
      returns: { 1: 'stored', [-1]: 'it cannot be read' },
      example: 'file_read("/etc/hostname", "$var(host)");',
      async run(_me, ctx, path, result) {
        const bytes = path === '' ? null : await readBytes(path, MAX_FILE_BYTES);
        if (bytes === null) {
          ctx.log(-1, `cannot open file: ${path}`, 'corex');
          return -1;
        }
        result.set?.(ctx, bytes);
        return 1;
      },
    },
    file_write: {
      doc: 'Replaces the content of a file.',
      args: [varStr('path'), varStr('text')],
      routes: ['any'],
      async: 'always',
      returns: { 1: 'written', [-1]: 'it cannot be written, or there is nothing to write' },
      example: 'file_write("/dev/null", "$mb");',
      run: async (_me, _ctx, path, text) => (path !== '' && text !== '' && (await writeBytes(path, text)) ? 1 : -1),
    },
    msg_iflag_set: {
      doc: 'Marks the message: USE_UAC_FROM, USE_UAC_TO, UAC_AUTH, or MSG_APPLY_CHANGES (Kamailio 6: as msg_apply_changes_mode, for its transaction).',
      args: [varStr('name')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no such mark' },
      example: 'msg_iflag_set("USE_UAC_FROM");',
      run(_me, ctx, name) {
        const mark = markOf(name);
        ctx.draft.marks |= mark;
        return mark === 0 ? -1 : 1;
      },
    },
    msg_iflag_reset: {
      doc: 'Takes a mark away.',
      args: [varStr('name')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no such mark' },
      example: 'msg_iflag_reset("USE_UAC_FROM");',
      run(_me, ctx, name) {
        const mark = markOf(name);
        ctx.draft.marks &= ~mark;
        return mark === 0 ? -1 : 1;
      },
    },
    msg_iflag_is_set: {
      doc: 'Has the message this mark?',
      args: [varStr('name')],
      routes: ['any'],
      returns: { 1: 'it has', [-1]: 'no such mark', [-2]: 'it has not' },
      example: 'if (msg_iflag_is_set("UAC_AUTH")) { exit; }',
      run(_me, ctx, name) {
        const mark = markOf(name);
        return mark === 0 ? -1 : (ctx.draft.marks & mark) !== 0 ? 1 : -2;
      },
    },
    via_add_xavp_params: {
      doc: 'Our Via gets the fields of the xavp that `xavp_via_params` names as parameters.',
      args: [varInt('on', '0: no')],
      routes: ['any'],
      returns: { 1: 'done' },
      example: 'via_add_xavp_params("1");',
      run(_me, ctx, on) {
        ctx.draft.viaParams = on === 0 ? null : () => fieldsAsParams(ctx, ctx.server.settings.values.xavp_via_params);
        return 1;
      },
    },
    via_reply_add_xavp_params: {
      doc: 'The topmost Via of a response gets the fields of the xavp that `xavp_via_reply_params` names as parameters: of those made here to this request, or of this response when it is passed on.',
      args: [varInt('on', '0: no')],
      routes: ['any'],
      returns: { 1: 'done' },
      example: 'via_reply_add_xavp_params("1");',
      run(_me, ctx, on) {
        const { xavp_via_reply_params: xavp } = ctx.server.settings.values;
        ctx.draft.replyViaParams = on === 0 || xavp === '' ? null : () => fieldsAsParams(ctx, xavp, true);
        return 1;
      },
    },
    via_use_xavp_fields: {
      doc: 'Our Via shows `address` and `port` of the xavp that `xavp_via_fields` names.',
      args: [varInt('on', '0: no')],
      routes: ['any'],
      returns: { 1: 'done' },
      example: 'via_use_xavp_fields("1");',
      run(_me, ctx, on) {
        ctx.draft.viaSentBy = on === 0 ? null : () => viaSentBy(ctx);
        return 1;
      },
    },
    is_socket_name: {
      doc: 'Is there a socket of this name?',
      args: [varStr('name')],
      routes: ['any'],
      returns: { 1: 'there is', [-1]: 'there is not' },
      example: 'if (is_socket_name("internal")) { exit; }',
      run: (_me, ctx, name) => (ctx.server.transports.sockets.some((s) => s.name === name) ? 1 : -1),
    },
    is_faked_msg: {
      doc: 'Was this message made here?',
      args: [],
      routes: ['any'],
      returns: { 1: 'it was', [-1]: 'it was not' },
      example: 'if (is_faked_msg()) { exit; }',
      run: (_me, ctx) => (ctx.kind === 'event' || (ctx.kind === 'failure' && ctx.reply === null) ? 1 : -1),
    },
    msg_vbflag_set: viaFlag('Sets', (flags, mask) => (flags | mask) >>> 0),
    msg_vbflag_reset: viaFlag('Resets', (flags, mask) => (flags & ~mask) >>> 0),
    msg_vbflag_is_set: {
      doc: 'Tells whether a flag of our Via is set, of the 32 that come back with the response.',
      args: [varInt('flag', '0 to 31')],
      routes: ['any'],
      returns: { 1: 'it is', [-1]: 'it is not, or there is no such flag' },
      example: 'if (msg_vbflag_is_set("1")) { exit; }',
      run: (_me, ctx, flag) => ((ctx.draft.viaFlags & maskOf(flag)) !== 0 ? 1 : -1),
    },
    msg_vbflag_parse: {
      doc: 'Takes the flags from the topmost Via: of a response those its request was sent with.',
      args: [],
      routes: ['any'],
      returns: { 1: 'taken', [-1]: 'the Via has none' },
      example: 'reply_route { if (msg_vbflag_parse() && msg_vbflag_is_set("1")) xlog("ours\\n"); }',
      run(_me, ctx) {
        const text = ctx.msg.via?.param(VIA_FLAGS);
        if (!text || !/^[0-9a-f]{1,8}$/i.test(text)) return -1;
        ctx.draft.viaFlags = Number.parseInt(text, 16);
        return 1;
      },
    },
    via_add_srvid: {
      doc: 'Our Via carries `srvid`, the `server_id` of this server, where it has one.',
      args: [varInt('on')],
      routes: ['any'],
      returns: { 1: 'done' },
      example: 'via_add_srvid("1");',
      run(_me, ctx, on) {
        ctx.draft.viaServerId = on === 0 ? 0 : ctx.server.settings.values.server_id;
        return 1;
      },
    },
  },
  pvs: {
    // The compiler puts the place in where it stands in the cfg; a read at run time knows the block only.
    cfg: {
      doc: 'Place in the cfg: `line`, `file`, `route` (or `name`) of the block.',
      type: 'str',
      key: { use: 'req', values: ['line', 'file', 'route', 'name'] },
      get: (_me, ctx, key) => (key === 'route' || key === 'name' ? ctx.block : null),
    },
    atkv: {
      doc: 'In event_route[core:tkv]: `type`, `key` and `val` of what is told; `gname` the group of processes it is for.',
      type: 'any',
      key: { use: 'req', values: ['type', 'key', 'val', 'gname'] },
      get(_me, ctx, key) {
        const told = toldOf(ctx);
        if (told === null) return null;
        if (key === 'gname') return ctx.server.settings.values.async_tkv_gname;
        return key === 'type' ? told.type : key === 'key' ? told.key : told.value;
      },
    },
    lsock: {
      doc: 'A listen socket: `match/value/field`, each of match and field `n` name, `l` address, `a` advertised or `i` number.',
      type: 'any',
      key: { use: 'req', dynamic: true },
      get: (_me, ctx, key) => listenSocket(ctx, key),
    },
  },
  rpc: {
    'corex.list_sockets': {
      doc: 'List listening sockets',
      array: true,
      run: (_me, call, server) => listSockets(server, call),
    },
    'corex.list_aliases': {
      doc: 'List socket aliases',
      array: true,
      run: (_me, call, server) => listAliases(server, call),
    },
    'corex.debug': {
      doc: 'Set core debug level',
      run(_me, call, { settings, env }) {
        const level = call.optInt();
        if (level === undefined) {
          call.add(new RpcStruct({ debug: settings.values.debug }));
          return;
        }
        const old = settings.values.debug;
        settings.values.debug = level;
        env.log.level = level;
        call.add(new RpcStruct({ old, new: level }));
      },
    },
    ...memoryCommands,
  },
  eventRoutes: {
    [NETWORK_EVENT]: {
      doc: 'A message as it comes in or goes out, its text in $mb (nio_intercept). It must not wait.',
    },
    'corex:reply-out': { doc: 'Accepted and never run: Kamailio 5.6 hands it no message, and does not run it either.' },
  },
  missing: [],
  outOfReach: {
    'add_tcp_alias()':
      'the core has a statement of this name, which the grammar takes first: a text in its brackets is a syntax error',
  },
});

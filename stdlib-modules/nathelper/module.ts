/** nathelper: finds senders behind NATs, rewrites what they say about themselves, and keeps the way to them open. */
import {
  defineModule,
  type Endpoint,
  HeaderId,
  int,
  opt,
  parseUri,
  pvWritable,
  type RouteContext,
  type ServerApi,
  StartError,
  type Timer,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import {
  addGivenAlias,
  addOwnAlias,
  addReceived,
  aliasUri,
  fixContact,
  handleAlias,
  setAlias,
  sourceUri,
} from './contacts.js';
import { type Bindings, type ForeignSource, Pinger } from './ping.js';
import { fixSdp } from './sdp.js';
import { contactSelects } from './selects.js';
import { isNated, isPrivate } from './tests.js';

class State {
  pinger: Pinger | null = null;
  timer: Timer | null = null;
}
const flagMask = (bit: number): number => (bit < 0 ? 0 : 1 << bit);
const alias = { 1: 'done', 2: 'nothing to do', [-1]: 'malformed, or done before' } as const;
const places = ['request', 'reply', 'branch', 'local'] as const;

/** Record-Route values; 2 for the two of one proxy on two sockets. */
function topCount(ctx: RouteContext): number | null {
  if (ctx.msg.header(HeaderId.RecordRoute) === undefined) return 0;
  const uri = parseUri(ctx.msg.recordRoutes()[0]?.addr.uriText ?? '', ctx.grammar);
  return uri === null ? null : uri.param('r2') ? 2 : 1;
}

/** What `natping_socket` and `udpping_from_path` need; null: neither is set. */
async function foreignSource(server: ServerApi, text: string, pathDepth: number): Promise<ForeignSource | null> {
  if (text === '' && pathDepth === 0) return null;
  let from: Endpoint | null = null;
  if (pathDepth === 0) {
    const [, proto, host = '', port] = /^(?:(\w+):)?([^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
    if (host === '' || (proto ?? 'udp').toLowerCase() !== 'udp' || Number(port ?? 0) > 65_535)
      throw new StartError(
        'SIPC8023',
        `nathelper: natping_socket "${text}" has to be an IPv4 address or a name, and a port`,
      );
    const [address] = await server.transactions.core.resolve(`sip:${host}:${port ?? 5060}`, 'udp');
    if (address === undefined || address.ip.includes(':'))
      throw new StartError('SIPC8023', `nathelper: natping_socket: "${host}" has no IPv4 address`);
    from = address;
  }
  try {
    return { sender: server.env.network.foreignSender(), from, pathDepth };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why =
      code === 'ENOSYS'
        ? 'the package koffi is missing, or has no binary for this system: npm install koffi'
        : `no raw socket (${code}): start as root, or give the program CAP_NET_RAW`;
    throw new StartError('SIPC8040', `nathelper: natping_socket and udpping_from_path: ${why}`);
  }
}

export default defineModule({
  name: 'nathelper',
  doc: 'NAT traversal: tests, contacts, keep-alive packets.',
  uses: ['usrloc?'],
  params: {
    natping_interval: {
      type: 'int',
      default: 0,
      min: 0,
      doc: 'Seconds in which each contact is pinged once; 0: none.',
    },
    ping_nated_only: { type: 'int', default: 0, doc: '1: only contacts with usrloc’s nat_bflag.' },
    nortpproxy_str: { type: 'str', default: 'a=nortpproxy:yes', doc: 'Line that fix_nated_sdp(4) adds.' },
    received_avp: { type: 'avp', doc: 'AVP that fix_nated_register() writes, as registrar’s.' },
    natping_socket: {
      type: 'str',
      default: '',
      doc: 'Address, with a port or 5060, that pings of zero bytes seem to come from, IPv4; needs root or CAP_NET_RAW.',
    },
    udpping_from_path: {
      type: 'int',
      default: 0,
      min: 0,
      doc: '1: they seem to come from the last proxy of the contact’s Path, n + 1: from the nth; instead of natping_socket.',
    },
    force_socket: { type: 'str', default: '', doc: 'Socket pings leave from; else the contact’s own.' },
    sipping_from: { type: 'str', default: '', doc: 'From of SIP pings; empty: none are sent.' },
    sipping_method: { type: 'str', default: 'OPTIONS', doc: 'Method of SIP pings.' },
    sipping_bflag: { type: 'int', default: -1, max: 31, doc: 'Branch flag of contacts that get SIP pings.' },
    natping_disable_bflag: { type: 'int', default: -1, max: 31, doc: 'Branch flag of contacts that get no pings.' },
    natping_processes: { type: 'int', default: 1, doc: 'Processes in Kamailio; one loop does it here.' },
    append_sdp_oldmediaip: {
      type: 'int',
      default: 1,
      doc: '1: a=oldmediaip lines tell what fix_nated_sdp() replaced.',
    },
    filter_server_id: { type: 'int', default: 0, doc: '1: only contacts that this server registered are pinged.' },
    nat_addr_mode: { type: 'int', default: 1, doc: '1: 192.0.0.0/24 counts as private too.' },
    keepalive_timeout: {
      type: 'int',
      default: 0,
      min: 0,
      doc: 'Seconds after the last answer to a SIP ping until the contact goes; 0: it stays.',
    },
    ignore_path: {
      type: 'int',
      default: 0,
      doc: '1: pings go to the contact or where it was received from, not along its Path.',
    },
    alias_name: { type: 'str', default: 'alias', doc: 'Name of the alias parameter.' },
  },
  stats: {},
  state: (init) => (init.previous instanceof State ? init.previous : new State()),
  async start(me, server) {
    const { params, state } = me;
    if (params.natping_interval === 0) return;
    const bindings = me.uses.find<Bindings>('usrloc');
    if (bindings === null)
      throw new StartError(
        'SIPC8023',
        'nathelper: natping_interval needs usrloc: add  loadmodule "usrloc.so"  before it',
      );
    if (params.ping_nated_only !== 0 && bindings.natFlag === 0)
      throw new StartError('SIPC8023', 'nathelper: ping_nated_only needs the nat_bflag of usrloc: set it');
    const match = /^(?:udp:)?(\[[^\]]*\]|[^:]+)(?::(\d+))?$/.exec(params.force_socket);
    const socket = match === null ? null : server.transports.findSocket(match[1] ?? '', Number(match[2] ?? 0), 'udp');
    state.pinger = new Pinger(server, bindings, {
      intervalSec: params.natping_interval,
      ignorePath: params.ignore_path !== 0,
      natedOnly: params.ping_nated_only !== 0,
      sipFlag: flagMask(params.sipping_bflag),
      disableFlag: flagMask(params.natping_disable_bflag),
      method: params.sipping_method,
      from: params.sipping_from,
      socket,
      serverId: params.filter_server_id === 0 ? null : server.settings.values.server_id,
      timeoutSec: params.sipping_from === '' ? 0 : params.keepalive_timeout,
      foreign: await foreignSource(server, params.natping_socket, params.udpping_from_path),
    });
    const timer = server.env.clock.setTimer(1000, () => {
      state.pinger?.tick();
      timer.rearm(1000);
    });
    state.timer = timer;
    const { pinger } = state;
    server.transactions.responseSeen.push((reply) => pinger.seen(reply));
  },
  stop(me) {
    me.state.timer?.cancel();
    me.state.timer = null;
    me.state.pinger?.close();
  },
  functions: {
    nat_uac_test: {
      doc: 'True when one of the tests holds: 1 private Contact, 2 Via host is not the source, 4 private Via, 8 private SDP, 16 Via port is not the source’s, 32 private source, 64 WebSocket, 128 Contact port is not the source’s, 256 SDP address is not the source, 512 it goes elsewhere than its URI says.',
      args: [varInt('tests', 'added up')],
      routes: ['request', 'reply', 'failure', 'branch', 'local'],
      returns: { 1: 'behind a NAT', [-1]: 'no test holds' },
      example: 'if (nat_uac_test("19")) { force_rport(); }',
      run: (me, ctx, tests) => (isNated(ctx, tests, me.params.nat_addr_mode) ? 1 : -1),
    },
    is_rfc1918: {
      doc: 'Is this a private IPv4 address?',
      args: [varStr('address')],
      routes: ['any'],
      returns: { 1: 'it is', [-1]: 'it is not, or it is no address', [-2]: 'empty' },
      example: 'if (is_rfc1918("$si")) { xlog("from inside\\n"); }',
      run: (me, _ctx, address) => (address === '' ? -2 : isPrivate(address, me.params.nat_addr_mode) ? 1 : -1),
    },
    fix_nated_contact: {
      doc: 'Replaces the address in the Contact by where the message came from.',
      args: [],
      routes: places,
      returns: { 1: 'done', [-1]: 'no good Contact, or done before' },
      example: 'fix_nated_contact();',
      run: (_me, ctx) => fixContact(ctx),
    },
    add_contact_alias: {
      doc: 'Adds where the message came from, or the address given, to the Contact as an alias parameter.',
      args: [opt(varStr('address')), opt(varStr('port')), opt(varStr('protocol'))],
      routes: [...places, 'failure'],
      returns: alias,
      example: 'if (!add_contact_alias()) { xlog("bad contact\\n"); }',
      run(me, ctx, ip, port, proto): Verdict {
        const name = me.params.alias_name;
        return ip === undefined || port === undefined || proto === undefined
          ? addOwnAlias(ctx, name)
          : addGivenAlias(ctx, name, ip, port, proto);
      },
    },
    set_contact_alias: {
      doc: 'Adds where the message came from at the end of the Contact URI, whatever that is.',
      args: [opt(int('trim', '1: an alias that is there is taken away'))],
      routes: places,
      returns: alias,
      example: 'set_contact_alias();',
      run: (me, ctx, trim) => setAlias(ctx, me.params.alias_name, (trim ?? 0) > 0),
    },
    handle_ruri_alias: {
      doc: 'Makes the alias in the Request-URI the next hop ($du) and takes it out.',
      args: [opt(varInt('last', '1: of several the last one'))],
      routes: ['request', 'branch', 'local'],
      returns: { 1: 'done', 2: 'there is none', [-1]: 'malformed' },
      example: 'if (handle_ruri_alias() < 0) { exit; }',
      run: (me, ctx, last) => handleAlias(ctx, me.params.alias_name, (last ?? 0) !== 0),
    },
    set_alias_to_pv: {
      doc: 'Stores the alias in the Contact as a URI.',
      args: [pvWritable('result')],
      routes: ['any'],
      returns: { 1: 'stored', [-1]: 'no single Contact with an alias' },
      example: 'set_alias_to_pv("$avp(alias)");',
      run(me, ctx, result) {
        const uri = aliasUri(ctx, me.params.alias_name);
        return uri === null || result.set?.(ctx, uri) === false ? -1 : 1;
      },
    },
    fix_nated_sdp: {
      doc: 'Edits the SDP: 1 a=direction:active, 2 addresses in c=, 4 a=nortpproxy, 8 the address in o=; the address is the source’s or the one given.',
      args: [varInt('what', 'added up'), opt(varStr('address'))],
      routes: ['request', 'reply', 'failure', 'branch', 'local'],
      constArgs: true,
      returns: { 1: 'addresses were replaced', 2: 'no address was replaced', [-1]: 'no SDP, or malformed' },
      example: 'fix_nated_sdp("10");',
      run: (me, ctx, what, ip) =>
        fixSdp(ctx, what, ip || ctx.msg.received.src.ip, {
          noRtpProxy: me.params.nortpproxy_str.replace(/[\r\n]+$/, ''),
          keepOld: me.params.append_sdp_oldmediaip !== 0,
        }),
    },
    fix_nated_register: {
      doc: 'Stores where the REGISTER came from in `received_avp`, for save().',
      args: [],
      routes: ['request'],
      returns: { 1: 'done, or received_avp is not set', [-1]: 'failed' },
      example: 'fix_nated_register();',
      run: (me, ctx) => (me.params.received_avp?.set?.(ctx, sourceUri(ctx)) === false ? -1 : 1),
    },
    add_rcv_param: {
      doc: 'Adds where the message came from to each Contact as `received`: a header parameter, or with 1 one of the URI.',
      args: [opt(varInt('inUri', '1: in the URI'))],
      routes: ['request'],
      returns: { 1: 'done', [-1]: 'malformed Contact' },
      example: 'add_rcv_param();',
      run: (_me, ctx, inUri) => addReceived(ctx, (inUri ?? 0) !== 0),
    },
  },
  pvs: {
    rr_count: {
      doc: 'How many Record-Route values there are.',
      type: 'int',
      get: (_me, ctx) => ctx.msg.recordRoutes().length,
    },
    rr_top_count: {
      doc: 'Record-Route values of the proxy nearest to us: 2 when it wrote two.',
      type: 'int',
      get: (_me, ctx) => topCount(ctx),
    },
  },
  selects: contactSelects,
  rpc: {
    'nathelper.enable_ping': {
      doc: 'Set (enable/disable) nathelper ping.',
      run(me, call) {
        const on = call.int();
        if (me.state.pinger === null) call.fault(500, 'NATping not enabled');
        else if (on === undefined) call.fault(500, 'No parameter');
        else me.state.pinger.enabled = on !== 0;
      },
    },
  },
  eventRoutes: {},
  missing: [],
});

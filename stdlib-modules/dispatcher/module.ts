/** dispatcher: load balancing and failover over sets of destinations, from a file or a table, kept under watch by probes. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import {
  defineModule,
  type Maybe,
  namedPv,
  opt,
  parseParamList,
  type RouteContext,
  type ServerApi,
  StartError,
  scriptCallback,
  str,
  type Timer,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { Calls } from './calls.js';
import {
  CHANGE,
  type Change,
  Dispatcher,
  ModuleFlag,
  type Params,
  Probing,
  parseReplyCodes,
  type Reason,
} from './dispatcher.js';
import { comesFrom } from './origin.js';
import { pingAll } from './ping.js';
import * as commands from './rpc.js';
import { fromList, type Push, select, selectRoutes } from './select.js';
import { DestState, skipped } from './sets.js';
import { DnsMode, socketAt, socketNamed } from './sources.js';

interface State {
  dispatcher: Dispatcher | null;
}
interface Me {
  readonly state: State;
}
/** Functions and commands run after the start. */
function of(me: Me): Dispatcher {
  const { dispatcher } = me.state;
  if (dispatcher === null) throw new TypeError('dispatcher was not started');
  return dispatcher;
}

/** Runs `work` every so many seconds until the server stops. */
function every(ds: Dispatcher, seconds: number, work: () => void): void {
  const timer: Timer = ds.server.env.clock.setTimer(seconds * 1000, () => {
    work();
    timer.rearm(seconds * 1000);
  });
  ds.timers.push(timer);
}

/** Letters of `ds_mark_dst()`: a active, i inactive, d disabled, t trying, p probing; null for others. */
function stateOfLetters(text: string): number | null {
  let state = 0;
  for (const letter of text.toLowerCase()) {
    const bit = { a: 0, i: DestState.inactive, d: DestState.disabled, t: DestState.trying, p: DestState.probing }[
      letter
    ];
    if (bit === undefined) return null;
    state = letter === 'a' ? state & ~DestState.all : state | bit;
  }
  return state;
}

/** The destination on top of the list gets a state. */
function mark(ds: Dispatcher, ctx: RouteContext, letters: string): Maybe<Verdict> {
  const { params } = ds;
  const usual = DestState.inactive | (params.ds_probing_mode === Probing.all ? DestState.probing : 0);
  const state = letters === '' ? usual : stateOfLetters(letters);
  if (state === null) {
    ctx.log(0, `Failed to parse state flags: ${letters}`, 'dispatcher');
    return -1;
  }
  if ((params.flags & ModuleFlag.failover) === 0 || params.xavp_dst === '') {
    ctx.log(0, 'failover support disabled', 'dispatcher');
    return -1;
  }
  const record = ctx.xavps.record(params.xavp_dst);
  const [set, uri] = [record?.get('grp'), record?.get('uri')];
  return typeof set === 'number' && typeof uri === 'string' ? update(ds, ctx, set, uri, state) : -1;
}

/** The state of any destination, as `mark` has it for the one in use. */
function markAddress(ds: Dispatcher, ctx: RouteContext, letters: string, set: number, uri: string): Maybe<Verdict> {
  const state = stateOfLetters(letters);
  if (state !== null) return update(ds, ctx, set, uri, state);
  ctx.log(0, `failed to parse state flags: ${letters}`, 'dispatcher');
  return -1;
}
function update(ds: Dispatcher, ctx: RouteContext, set: number, uri: string, state: number): Maybe<Verdict> {
  const { msg } = ctx;
  const reason: Reason = msg.isRequest
    ? { code: 820, reason: null, flags: 0 }
    : { code: msg.status, reason: msg.reason || null, flags: 1 };
  const cause = { msg, transaction: ctx.transaction, draft: ctx.draft };
  const marked = ds.updateState(set, uri, state, reason, cause);
  return marked instanceof Promise ? marked.then((done) => (done ? 1 : -1)) : marked ? 1 : -1;
}

/** What a run of a route asked for, for `$dsg(…)`; Kamailio keeps it in the process. */
const GROUP = 'dispatcher.group';
interface Asked {
  readonly set: number;
  /** '': no destination. */
  readonly uri: string;
}
const groupKeys = [
  'count', 'active', 'inactive', 'pactive', 'pinactive', 'octime_sec', 'octime_usec', 'ocseq', 'ocrate',
] as const; // biome-ignore format: one list
function groupValue(ds: Dispatcher, ctx: RouteContext, key: string): number | null {
  const { set, uri } = (ctx.data.get(GROUP) as Asked | undefined) ?? { set: 1, uri: '' };
  const list = ds.sets.get(set)?.list;
  if (list === undefined) return null;
  const inactive = list.filter(({ flags }) => skipped(flags)).length;
  const share = (n: number) => (list.length === 0 ? 0 : Math.trunc((n * 100) / list.length));
  const overload = uri === '' ? undefined : list.findLast((d) => d.uri === uri)?.overload;
  switch (key) {
    case 'count':
      return list.length;
    case 'active':
      return list.length - inactive;
    case 'inactive':
      return inactive;
    case 'pactive':
      return share(list.length - inactive);
    case 'pinactive':
      return share(inactive);
    case 'octime_sec':
      return Math.floor((overload?.untilMs ?? 0) / 1000) | 0;
    case 'octime_usec':
      return (Math.trunc(overload?.untilMs ?? 0) % 1000) * 1000;
    case 'ocseq':
      return overload?.sequence ?? 0;
    default:
      return overload?.rate ?? 0;
  }
}
/** Kamailio sets it for each destination of the set with this URI. */
function setOverload(ds: Dispatcher, setId: number, uri: string, rate: number, forMs: number, seq: number): Verdict {
  const list = ds.sets.get(setId)?.list;
  if (list === undefined) {
    ds.log(-1, `destination set [${setId}] not found`);
    return -1;
  }
  const { clock, random } = ds.server.env;
  const named = list.filter((d) => d.uri.toLowerCase() === uri.toLowerCase());
  const done = named.filter(({ overload }) => overload.set(rate, forMs, seq, clock.now(), random));
  return done.length > 0 ? 1 : -2;
}

/** A started call counts until its BYE or CANCEL; a 2xx to INVITE makes it one that is answered. */
function updateLoad(ds: Dispatcher, ctx: RouteContext): Verdict {
  const { msg } = ctx;
  const { callId, cseq } = msg;
  if (callId === null || cseq === null) return -1;
  if (msg.isRequest) {
    if (msg.method === 'BYE' || msg.method === 'CANCEL') ds.calls?.remove(callId);
  } else if (cseq.method === 'INVITE' && msg.status >= 200 && msg.status < 300) ds.calls?.confirm(callId);
  return 1;
}
function unsetLoad(ds: Dispatcher, ctx: RouteContext): Verdict {
  const { msg } = ctx;
  if (ds.params.xavp_dst === '') return 1;
  if (msg.isRequest && msg.method === 'INVITE' && !ctx.xavps.record(ds.params.xavp_dst)?.get('dstid')) return 1;
  return ds.calls?.remove(msg.callId ?? '') ? 1 : -1;
}

function isActive(ds: Dispatcher, set: number, uri: string): Verdict {
  const found = ds.sets.get(set)?.list.some((d) => !skipped(d.flags) && (uri === '' || d.uri === uri));
  return found ? 1 : -1;
}

/** Everything but the sets follows from the parameters. */
interface StartParams extends Params {
  readonly table_name: string;
  readonly setid_col: string;
  readonly destination_col: string;
  readonly flags_col: string;
  readonly priority_col: string;
  readonly attrs_col: string;
  readonly ds_db_extra_attrs: string;
  readonly setid_pvname: string;
  readonly attrs_pvname: string;
  readonly ds_ping_interval: number;
  readonly ds_ping_reply_codes: string;
  readonly ds_hash_expire: number;
  readonly ds_hash_initexpire: number;
  readonly ds_hash_check_interval: number;
  readonly ds_default_socket: string;
  readonly ds_default_sockname: string;
  readonly ds_ping_socket: string;
  readonly ds_dns_interval: number;
}
const refuse = (text: string): never => {
  throw new StartError('SIPC8072', `dispatcher: ${text}`);
};
async function started(params: StartParams, server: ServerApi): Promise<Dispatcher> {
  const more = params.ds_db_extra_attrs === '' ? [] : parseParamList(params.ds_db_extra_attrs.replace(/;$/, ''));
  if (more === null || more.some(({ value }) => value === ''))
    return refuse(`ds_db_extra_attrs is no list of name=column: ${params.ds_db_extra_attrs}`);
  const columns = {
    table: params.table_name,
    set: params.setid_col,
    uri: params.destination_col,
    flags: params.flags_col,
    priority: params.priority_col,
    attrs: params.attrs_col,
    more,
  };
  const path = (name: string) => (isAbsolute(name) ? name : join(dirname(server.config.source), name));
  const ds = new Dispatcher(server, params, columns, (name) => readFileSync(path(name), 'latin1'));
  const { ds_default_sockname: name, ds_default_socket: address } = params;
  ds.defaultSocket = name !== '' ? socketNamed(server, name) : address !== '' ? socketAt(server, address) : null;
  if (ds.defaultSocket === null && (name || address) !== '') refuse(`${name || address} is no socket of this server`);
  if (params.ds_ping_socket !== '') {
    ds.pingSocket = socketAt(server, params.ds_ping_socket);
    if (ds.pingSocket === null) refuse(`${params.ds_ping_socket} is no socket of this server`);
  }
  if (parseReplyCodes(params.ds_ping_reply_codes) === null)
    refuse(`ds_ping_reply_codes is not understood: ${params.ds_ping_reply_codes}`);
  if (params.setid_pvname !== '') ds.setPv = namedPv(server, params.setid_pvname, 'dispatcher.setid_pvname');
  if (params.attrs_pvname !== '') ds.attrsPv = namedPv(server, params.attrs_pvname, 'dispatcher.attrs_pvname');
  if (params.ds_hash_size > 0) {
    const { ds_hash_expire, ds_hash_initexpire } = params;
    const calls = new Calls(server.env.clock, () => ds.sets, ds_hash_expire, ds_hash_initexpire);
    ds.calls = calls;
    every(ds, Math.max(1, params.ds_hash_check_interval), () => calls.expire());
  }
  if (params.db_url !== '') {
    ds.db = await server.databases.open(params.db_url, 'dispatcher');
    ds.tableVersion = await ds.db.tableVersion(params.table_name);
    if (ds.tableVersion < 1 || ds.tableVersion > 4) refuse(`table ${params.table_name} has version ${ds.tableVersion}`);
  }
  if ((await ds.load()) === 'failed') refuse('no destinations could be loaded');
  if (params.ds_ping_interval > 0) every(ds, params.ds_ping_interval, () => pingAll(ds));
  if (params.ds_dns_mode & DnsMode.timer)
    every(ds, params.ds_dns_interval > 0 ? params.ds_dns_interval : 600, () => void ds.refreshAddresses());
  return ds;
}

const selected = {
  1: 'a destination was chosen',
  [-1]: 'none is in use, no such set, or the message lacks what is hashed',
} as const;
const parallel = { ...selected, 2: 'parallel: not all destinations could be added' } as const;
const selectArgs = [
  varInt('set', 'number of the set'),
  varInt('algorithm', '0 to 13, 64'),
  opt(varInt('limit', 'most destinations that are listed; 0: all')),
] as const;
const chosen = (push: Push, doc: string, example: string) =>
  ({
    doc,
    args: selectArgs,
    routes: ['any'],
    returns: parallel,
    example,
    run: (me: Me, ctx: RouteContext, set: number, algorithm: number, limit: number | undefined) =>
      select(of(me), ctx, set, algorithm, limit ?? 0, push),
  }) as const;
const listed = (next: boolean, push: Push, doc: string, example: string) =>
  ({
    doc,
    args: [],
    routes: ['request', 'failure'],
    returns: { 1: 'set', [-1]: 'the list is empty or ends here' },
    example,
    run: (me: Me, ctx: RouteContext) => fromList(of(me), ctx, next, push),
  }) as const;
const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const number = (initial: number, doc: string) => ({ type: 'int', default: initial, doc }) as const;
const exists = {
  constArgs: true,
  doc: 'Is there such a set?',
  args: [varInt('set')],
  routes: ['any'],
  returns: { 1: 'yes', [-1]: 'no' },
  run: (me: Me, _ctx: RouteContext, set: number) => (of(me).sets.get(set) ? 1 : -1),
} as const;

export default defineModule({
  name: 'dispatcher',
  doc: 'Load balancing and failover over sets of destinations.',
  uses: ['tm?'],
  params: {
    list_file: column('/etc/kamailio/dispatcher.list', 'File with the sets; relative names lie beside the cfg.'),
    db_url: column('', 'Where the table is; the list file is then not read.'),
    table_name: column('dispatcher', 'Table of destinations.'),
    setid_col: column('setid', 'Column of the set.'),
    destination_col: column('destination', 'Column of the URI.'),
    flags_col: column('flags', 'Column of the state.'),
    priority_col: column('priority', 'Column of the priority.'),
    attrs_col: column('attrs', 'Column of the attributes.'),
    ds_db_extra_attrs: column('', 'Further columns as attributes: name=column;name=column.'),
    force_dst: number(1, '0: a next hop that is set already is kept, and the choice fails.'),
    flags: number(0, 'Bits: 1 hash over the user only, 2 list the others for failover.'),
    use_default: number(0, '1: the last destination of a set is for when no other is left.'),
    xavp_dst: column('_dsdst_', 'XAVP with the destinations to try, the one in use on top.'),
    xavp_dst_mode: number(0, 'Bits: 1 without attributes, 2 with the socket, 4 with its name.'),
    xavp_ctx: column('_dsctx_', 'XAVP with the number of destinations.'),
    xavp_ctx_mode: number(0, '1: without it.'),
    hash_pvar: { type: 'format', doc: 'Text that algorithm 7 hashes.' },
    setid_pvname: column('', 'Variable that gets the set in which ds_is_from_list() finds the sender.'),
    attrs_pvname: column('', 'Variable that gets the attributes it finds there.'),
    ds_probing_threshold: {
      ...number(1, 'Failures in a row after which a destination is inactive.'),
      live: 'dispatcher.probing_threshold',
    },
    ds_inactive_threshold: {
      ...number(1, 'Answers in a row after which it is active again.'),
      live: 'dispatcher.inactive_threshold',
    },
    ds_ping_method: column('OPTIONS', 'Method of the probes.'),
    ds_ping_from: column('sip:dispatcher@localhost', 'From URI of the probes.'),
    ds_ping_fr_timer: number(
      0,
      'Above 0: a probe that nobody answers fails after so many ticks of 1/16 second; else fr_timer of tm.',
    ),
    ds_ping_fr_timeout: number(0, 'The same, by its older name.'),
    ds_ping_socket: column('', 'Socket of probes to destinations without one: proto:host:port.'),
    ds_ping_interval: number(0, 'Seconds between probes; 0: none are sent.'),
    ds_ping_latency_stats: number(0, '1: how long answers to probes take is measured.'),
    ds_retain_latency_stats: number(0, '1: what was measured of a destination stays at a reload.'),
    ds_latency_estimator_alpha: number(900, 'Weight of the latency so far against the newest, in thousandths.'),
    ds_ping_reply_codes: {
      ...column('', 'What counts as success besides 2xx: class=3;code=404.'),
      live: 'dispatcher.ping_reply_codes',
    },
    ds_probing_mode: number(
      0,
      'Who is probed: 0 with the probing flag, 1 all, 2 inactive ones, 3 with the flag, which stays.',
    ),
    ds_hash_size: number(0, 'Above 0: calls are counted, for algorithm 10.'),
    ds_hash_expire: number(7200, 'Seconds after which a call no longer counts.'),
    ds_hash_initexpire: number(7200, 'Seconds after which one that was not answered no longer counts.'),
    ds_hash_check_interval: number(30, 'Seconds between searches for such calls.'),
    outbound_proxy: column('', 'URI that probes are sent to.'),
    ds_default_socket: column('', 'Socket for destinations without one: proto:host:port.'),
    ds_default_sockname: column('', 'The same by its name.'),
    ds_timer_mode: number(0, 'Which of its timers Kamailio uses; there is one here.'),
    event_callback: scriptCallback('event routes'),
    event_callback_mode: {
      ...number(
        0,
        'Event routes run: 0 at changes by probes and functions, 1 by probes only, 2 also where there was no state before.',
      ),
      min: 0,
      max: 2,
    },
    ds_attrs_none: number(0, '1: destinations without attributes get none=yes.'),
    ds_load_mode: number(0, '1: one bad destination makes the whole list fail.'),
    reload_delta: number(5, 'Seconds between two changes by command at least.'),
    ds_dns_mode: number(
      1,
      'Bits of when names are looked up: 1 at load, 2 at each comparison, 4 by timer; 8 by SRV too.',
    ),
    ds_dns_match_all: number(0, '1: all addresses of a host count in ds_is_from_list(), 32 at most.'),
    ds_dns_interval: number(600, 'Seconds between look-ups by timer.'),
    ds_dns_ttl: number(0, 'Accepted: the records’ own time counts.'),
  },
  stats: {},
  state: (): State => ({ dispatcher: null }),
  async start(me, server) {
    me.state.dispatcher = await started(me.params, server);
  },
  stop(me) {
    for (const timer of me.state.dispatcher?.timers.splice(0) ?? []) timer.cancel();
  },
  functions: {
    ds_select: chosen(
      'list',
      'Lists the destinations that an algorithm chooses of a set, and sets none.',
      'ds_select("1", "4");',
    ),
    ds_select_dst: chosen(
      'nextHop',
      'Chooses a destination of a set as next hop, and lists the others.',
      'if (!ds_select_dst("1", "4")) { send_reply("503", "No destination"); exit; }',
    ),
    ds_select_domain: {
      ...chosen(
        'uri',
        'Chooses a destination of a set as host of the Request-URI, and lists the others.',
        'ds_select_domain("1", "4", "3");',
      ),
      constArgs: true,
    },
    ds_select_routes: {
      doc: 'Chooses by several rules, `set=algorithm;…`: the first that gives a destination sets it, all go into the list.',
      args: [
        varStr('rules'),
        varStr('mode', 'd next hop, r host of the Request-URI, x list only'),
        opt(varInt('limit')),
      ],
      routes: ['request', 'failure'],
      returns: parallel,
      example: 'ds_select_routes("1=4;2=8", "d");',
      run: (me, ctx, rules, mode, limit) => selectRoutes(of(me), ctx, rules, mode, limit ?? 0),
    },
    ds_next_dst: listed(
      true,
      'nextHop',
      'Takes the next destination of the list as next hop.',
      'if (ds_next_dst()) { t_relay(); }',
    ),
    ds_next_domain: listed(
      true,
      'uri',
      'Takes the next destination of the list as host of the Request-URI.',
      'if (ds_next_domain()) { t_relay(); }',
    ),
    ds_set_dst: listed(false, 'nextHop', 'Takes the destination on top of the list as next hop.', 'ds_set_dst();'),
    ds_set_domain: listed(
      false,
      'uri',
      'Takes the destination on top of the list as host of the Request-URI.',
      'ds_set_domain();',
    ),
    ds_mark_dst: {
      doc: 'Gives the destination on top of the list a state: inactive, or by letters (a, i, d, t, p).',
      args: [opt(str('state'))],
      routes: ['request', 'failure', 'reply'],
      constArgs: true,
      returns: { 1: 'marked', [-1]: 'nothing is listed, or no such state' },
      async: 'maybe',
      runs: ['event'],
      example: 'ds_mark_dst("ip");',
      run: (me, ctx, letters) => mark(of(me), ctx, letters ?? ''),
    },
    ds_mark_addr: {
      doc: 'Gives a destination of a set a state, by letters (a, i, d, t, p).',
      args: [varStr('state'), varInt('set'), varStr('uri')],
      routes: ['any'],
      returns: { 1: 'marked', [-1]: 'no such destination, or no such state' },
      async: 'maybe',
      runs: ['event'],
      example: 'ds_mark_addr("ip", "1", "sip:127.0.0.1:5080");',
      run: (me, ctx, letters, set, uri) => markAddress(of(me), ctx, letters, set, uri),
    },
    ds_oc_set_attrs: {
      doc: 'Overload control of a destination (RFC 7339): of 100 calls by algorithm 64 so many pass it over, for so many milliseconds.',
      args: [
        varInt('set'),
        varStr('uri'),
        varInt('rate', '0 to 100, kept within ocmin and ocmax of the destination'),
        varInt('milliseconds', '0 or less: 500'),
        varInt('sequence', 'above the last one'),
      ],
      routes: ['any'],
      returns: {
        1: 'set',
        [-1]: 'no such set',
        [-2]: 'no such destination, or the sequence number is not above the last',
      },
      example: 'ds_oc_set_attrs("1", "sip:127.0.0.1:5080", "30", "180000", "1");',
      run: (me, _ctx, set, uri, rate, forMs, seq) => setOverload(of(me), set, uri, rate, forMs, seq),
    },
    ds_dsg_fetch: {
      doc: 'Chooses the set that $dsg(…) tells of, in this run of a route.',
      args: [varInt('set')],
      routes: ['any'],
      returns: { 1: 'chosen' },
      example: 'ds_dsg_fetch("1");',
      run(_me, ctx, set) {
        ctx.data.set(GROUP, { set, uri: '' } satisfies Asked);
        return 1;
      },
    },
    ds_dsg_fetch_uri: {
      doc: 'Chooses the set that $dsg(…) tells of, and the destination whose overload control it does.',
      args: [varInt('set'), varStr('uri')],
      routes: ['any'],
      returns: { 1: 'chosen' },
      example: 'ds_dsg_fetch_uri("1", "sip:127.0.0.1:5080");',
      run(_me, ctx, set, uri) {
        ctx.data.set(GROUP, { set, uri } satisfies Asked);
        return 1;
      },
    },
    ds_is_from_list: {
      doc: 'Does the message, or a URI, come from a destination of the set (of any)? Mode bits: 1 without port, 2 without protocol, 4 active ones only.',
      args: [opt(varInt('set')), opt(varInt('mode')), opt(varStr('uri'))],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      async: 'maybe',
      example: 'if (ds_is_from_list()) { xlog("from a trunk\\n"); }',
      run: (me, ctx, set, mode, uri) => comesFrom(of(me), ctx, set ?? -1, mode ?? 2, uri ?? ''),
    },
    ds_list_exist: { ...exists, example: 'if (ds_list_exist("1")) { xlog("there\\n"); }' },
    ds_list_exists: { ...exists, example: 'if (ds_list_exists("1")) { xlog("there\\n"); }' },
    ds_is_active: {
      doc: 'Has the set a destination in use, or is this one in use?',
      args: [varInt('set'), opt(varStr('uri'))],
      routes: ['any'],
      returns: { 1: 'yes', [-1]: 'no' },
      example: 'if (!ds_is_active("1")) { xlog("all down\\n"); }',
      run: (me, _ctx, set, uri) => isActive(of(me), set, uri ?? ''),
    },
    ds_load_update: {
      doc: 'Keeps the count of calls: for BYE, CANCEL and replies (algorithm 10).',
      args: [],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no Call-ID or CSeq' },
      example: 'ds_load_update();',
      run: (me, ctx) => updateLoad(of(me), ctx),
    },
    ds_load_unset: {
      doc: 'The call no longer counts (algorithm 10).',
      args: [],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'it did not count' },
      example: 'ds_load_unset();',
      run: (me, ctx) => unsetLoad(of(me), ctx),
    },
    ds_reload: {
      doc: 'Reads the file or table again.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'it cannot be read, or was read just now' },
      async: 'always',
      example: 'ds_reload();',
      async run(me, ctx) {
        const ds = of(me);
        if (ds.mayReload()) return (await ds.reload()) ? 1 : -1;
        ctx.log(-1, 'ongoing reload', 'dispatcher');
        return -1;
      },
    },
  },
  pvs: {
    dsg: {
      doc: 'of the set that ds_dsg_fetch() chose (1 before): destinations, those in use and not, in per cent too; overload control of the one that ds_dsg_fetch_uri() chose',
      type: 'int',
      key: { use: 'req', values: [...groupKeys] },
      get: (me, ctx, key) => groupValue(of(me), ctx, key),
    },
    dsv: {
      doc: 'in the event routes: why the state of a destination changed, and which one it is',
      type: 'any',
      key: { use: 'req', values: ['code', 'reason', 'flags', 'uri', 'setid', 'group'] },
      get(_me, ctx, key) {
        const why = ctx.data.get(CHANGE) as Change | undefined;
        if (why === undefined) return null;
        if (key === 'setid' || key === 'group') return why.set;
        return why[key as 'code' | 'reason' | 'flags' | 'uri'];
      },
    },
  },
  rpc: {
    'dispatcher.reload': { doc: 'Reads the file or table again.', run: (me, call) => commands.reload(of(me), call) },
    'dispatcher.list': { doc: 'All sets; short or full.', run: (me, call) => commands.list(of(me), call) },
    'dispatcher.set_state': {
      doc: 'Gives a destination of a set a state, by its URI (or all).',
      run: (me, call) => commands.setState(of(me), call, 'uri'),
    },
    'dispatcher.set_duid_state': {
      doc: 'Gives a destination of a set a state, by its duid (or all).',
      run: (me, call) => commands.setState(of(me), call, 'duid'),
    },
    'dispatcher.ping_active': {
      doc: 'Shows whether probes are sent, or switches them.',
      run: (me, call) => commands.pingActive(of(me), call),
    },
    'dispatcher.add': {
      doc: 'Adds a destination until the next reload.',
      run: (me, call) => commands.add(of(me), call),
    },
    'dispatcher.remove': {
      doc: 'Removes a destination until the next reload.',
      run: (me, call) => commands.remove(of(me), call),
    },
    'dispatcher.oclist': {
      doc: 'Overload control of the destinations of a set.',
      array: true,
      run: (me, call) => commands.overloadList(of(me), call),
    },
    'dispatcher.hash': { doc: 'The hash of a text or two, and its slot.', run: (_me, call) => commands.hash(call) },
  },
  eventRoutes: {
    'dispatcher:dst-down': { doc: 'A destination is out of use; $ru is its URI, $dsv says why.' },
    'dispatcher:dst-up': { doc: 'A destination is in use again.' },
  },
  missing: [],
});

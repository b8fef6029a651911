/**
 * presence: the event server of RFC 6665 and RFC 3903. SUBSCRIBE, PUBLISH and NOTIFY are here; what is published and what
 * watchers see of it is a package's matter (presence_xml, presence_mwi, presence_dialoginfo …).
 */
import {
  type Counter,
  coreHash,
  type Database,
  defineModule,
  lowerAscii,
  openChannel,
  opt,
  parseUri,
  type RouteContext,
  type RpcCall,
  RpcStruct,
  RuidSource,
  type ServerApi,
  type SipMessage,
  StartError,
  type Value,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import type { PresenceApi } from './api.js';
import { authStatus, Refresh, refreshWatchers, updateWatchers } from './authorization.js';
import { type EventPackage, Packages } from './events.js';
import { MemorySubscriptions } from './memory.js';
import { REPLY, SUBS, stateBody } from './notify.js';
import { currentSphere, handlePublish, sphereOf } from './publish.js';
import { Replication } from './replication.js';
import { refusals } from './reply.js';
import { SubscriptionRows } from './rows.js';
import { complain, Locks, nowOf, PublishCache, type Settings, type SlApi, SubsMode, type World } from './settings.js';
import { accountHash, type PublishedState, Publishers, StateRows, type StateStore, StatesInMemory } from './states.js';
import { handleSubscribe } from './subscribe.js';
import { RowState, type Subscription, uriOf } from './subscription.js';
import { cleanStates, notifyRound, repeat, updateSubscriptions } from './timers.js';

interface State {
  readonly packages: Packages;
  /** Null in library mode: without a database there is nothing to serve. */
  world: World | null;
  stops: (() => void)[];
}
interface Me {
  readonly params: Params;
  readonly stats: Readonly<Record<'refused_publishes' | 'refused_subscribes', Counter>>;
  readonly state: State;
}
type Params = Readonly<Record<(typeof numbers)[number], number>> & Readonly<Record<(typeof texts)[number], string>>;
const numbers = [
  'clean_period',
  'db_update_period',
  'waitn_time',
  'notifier_poll_rate',
  'notifier_processes',
  'force_delete',
  'startup_mode',
  'expires_offset',
  'max_expires',
  'min_expires',
  'min_expires_action',
  'subs_db_mode',
  'publ_cache',
  'enable_sphere_check',
  'timeout_rm_subs',
  'send_fast_notify',
  'local_log_level',
  'retrieve_order',
  'sip_uri_match',
  'cseq_offset',
  'pres_subs_mode',
  'delete_same_subs',
  'subs_respond_200',
  'enable_dmq',
  'enable_pres_dmq',
  'enable_pres_sync_dmq',
  'enable_subs_dmq',
  'enable_subs_sync_dmq',
  'skip_notify_dmq',
] as const;
const texts = [
  'db_url',
  'presentity_table',
  'active_watchers_table',
  'watchers_table',
  'server_address',
  'xavp_cfg',
  'retrieve_order_by',
  'default_socket',
  'dmq_peer_id',
] as const;

/** Kamailio's corrections of what makes no sense (presence.c, mod_init). */
function settingsOf(p: Params): Settings {
  if (p.min_expires_action !== 1 && p.min_expires_action !== 2)
    throw new StartError('SIPC8023', 'presence: min_expires_action is 1 (answer 423) or 2 (take min_expires)');
  const maxExpires = p.max_expires > 0 ? p.max_expires : 3600;
  return {
    subsMode: p.subs_db_mode,
    cache: p.publ_cache,
    waitSec: p.waitn_time > 0 ? p.waitn_time : 5,
    pollRate: p.notifier_poll_rate > 0 ? p.notifier_poll_rate : 10,
    notifiers: p.subs_db_mode === SubsMode.database ? Math.max(p.notifier_processes, 0) : 0,
    forceDelete: p.force_delete > 0,
    onlyUnexpired: p.startup_mode === 1,
    expiresOffset: Math.max(p.expires_offset, 0),
    minExpires: Math.min(p.min_expires, maxExpires),
    minExpiresAction: p.min_expires_action,
    maxExpires,
    serverAddress: p.server_address,
    sphere: p.enable_sphere_check !== 0,
    timeoutRemoves: p.timeout_rm_subs !== 0,
    fastNotify: p.send_fast_notify !== 0,
    logLevel: Math.max(-5, Math.min(3, p.local_log_level)) as Settings['logLevel'],
    xavpCfg: p.xavp_cfg,
    orderBy: p.retrieve_order === 1 ? p.retrieve_order_by : 'received_time',
    ignoreCase: p.sip_uri_match === 1,
    cseqOffset: p.cseq_offset,
    keepLast: p.pres_subs_mode === 1,
    deleteSame: p.delete_same_subs !== 0,
    okStatus: p.subs_respond_200 !== 0 ? 200 : 202,
    cluster: {
      states: p.enable_pres_dmq > 0,
      asksStates: p.enable_pres_sync_dmq > 0,
      subscriptions: p.enable_subs_dmq > 0,
      asksSubscriptions: p.enable_subs_sync_dmq > 0,
      quiet: p.skip_notify_dmq !== 0,
      socket: p.default_socket,
    },
  };
}

function statesOf(settings: Settings, db: Database | null, p: Params): StateStore {
  if (settings.cache === PublishCache.record || db === null) return new StatesInMemory(p.retrieve_order === 1);
  return new StateRows(db, p.presentity_table, settings.orderBy);
}

async function open(me: Me, server: ServerApi, sl: SlApi): Promise<World | null> {
  const { params, state } = me;
  const settings = settingsOf(params);
  const needsDb = settings.cache !== PublishCache.record || settings.subsMode !== SubsMode.memory;
  if (params.db_url === '') {
    if (settings.cache !== PublishCache.record) return null;
    if (needsDb) throw new StartError('SIPC8023', 'presence: db_url has to be set for subs_db_mode other than 0');
  }
  const db = needsDb ? await server.databases.open(params.db_url, 'presence') : null;
  const tables = { activeWatchers: params.active_watchers_table, watchers: params.watchers_table };
  const startedSec = Math.floor(server.env.clock.now() / 1000);
  return {
    settings,
    server,
    sl,
    packages: state.packages,
    db,
    memory: settings.subsMode === SubsMode.database ? null : new MemorySubscriptions(settings.ignoreCase),
    rows: db === null ? null : new SubscriptionRows(db, tables, state.packages),
    states: statesOf(settings, db, params),
    publishers: new Publishers(settings.ignoreCase),
    ruids: new RuidSource('pres', startedSec, server.info.pid, server.settings.values.server_id),
    locks: new Locks(server),
    sending: new Map(),
    refused: { PUBLISH: me.stats.refused_publishes, SUBSCRIBE: me.stats.refused_subscribes },
    requests: 0,
    hash: (first, second) => coreHash(lowerAscii(first), lowerAscii(second)),
    startedSec,
    replica: null,
  };
}

/** What the tables know from before. */
async function restore(world: World, params: Params): Promise<void> {
  const { memory, rows, db, settings, publishers } = world;
  const now = nowOf(world);
  if (memory !== null && rows !== null) {
    for (const subs of await rows.read([['expires', '>=', now]])) {
      const row = settings.subsMode === SubsMode.writeThrough ? RowState.writtenThrough : RowState.same;
      memory.insert({ ...subs, expires: subs.expires - now }, now, row);
    }
    if (settings.subsMode === SubsMode.memory) await rows.deleteWhere([]);
  }
  if (settings.cache !== PublishCache.hybrid || db === null) return;
  const columns = ['username', 'domain', 'event', 'expires', ...(settings.sphere ? ['body'] : [])];
  const { rows: found } = await db.query(params.presentity_table, { columns, order: ['username'] });
  for (const [user, domain, event, expires, body] of found) {
    if (params.startup_mode !== 0 && Number(expires) < now) continue;
    const name = String(event ?? '').split(';', 1)[0] ?? '';
    const sphere = settings.sphere && name === 'presence' ? sphereOf(String(body ?? '')) : null;
    publishers.add(uriOf(String(user ?? ''), String(domain ?? '')), name, sphere);
  }
}

function startTimers(world: World, { clean_period, db_update_period }: Params): (() => void)[] {
  const { settings } = world;
  const stops: (() => void)[] = [];
  if (clean_period > 0) stops.push(repeat(world, clean_period * 1000, () => cleanStates(world)));
  if (db_update_period > 0) stops.push(repeat(world, db_update_period * 1000, () => updateSubscriptions(world)));
  const rounds = settings.waitSec * settings.pollRate;
  for (let n = 0; n < settings.notifiers; n++) {
    let round = 0;
    stops.push(
      repeat(world, Math.max(1, Math.floor(1000 / settings.pollRate)), () => {
        const due = round + rounds * n;
        round = (round + 1) % rounds;
        return notifyRound(world, due);
      }),
    );
  }
  return stops;
}

/** The subscription a run is about: the one its SUBSCRIBE made, or whose NOTIFY is being made or was answered. */
function subsOf(me: Me, ctx: RouteContext): Subscription | null {
  if (me.params.pres_subs_mode !== 1) return null;
  const own = ctx.data.get(SUBS) as Subscription | undefined;
  if (own !== undefined || ctx.msg.method !== 'NOTIFY') return own ?? null;
  const { callId, cseq, from } = ctx.msg;
  return me.state.world?.sending.get(`${callId}\n${cseq?.number}\n${from?.tag}`) ?? null;
}
const fields: Readonly<Record<string, (s: Subscription) => Value>> = {
  uri: (s) => s.presUri,
  pres_uri: (s) => s.presUri,
  to_user: (s) => s.toUser,
  to_domain: (s) => s.toDomain,
  from_user: (s) => s.fromUser,
  from_domain: (s) => s.fromDomain,
  watcher_username: (s) => s.watcherUser,
  watcher_domain: (s) => s.watcherDomain,
  event: (s) => s.event.name,
  event_id: (s) => s.eventId,
  to_tag: (s) => s.toTag,
  from_tag: (s) => s.fromTag,
  callid: (s) => s.callId,
  remote_cseq: (s) => s.remoteCseq,
  local_cseq: (s) => s.localCseq,
  contact: (s) => s.contact,
  local_contact: (s) => s.localContact,
  record_route: (s) => s.recordRoute,
  expires: (s) => s.expires,
  status: (s) => s.status,
  reason: (s) => s.reason,
  version: (s) => s.version,
  flags: (s) => s.flags,
  user_agent: (s) => s.userAgent,
  sockinfo: (s) => s.sockInfo,
};

const PV = /^\$?(?:\(\s*)?(\w+)(?:\((.*)\))?(?:\s*\))?$/s;

const text = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const number = (initial: number, doc: string) => ({ type: 'int', default: initial, doc }) as const;
const ignored = (initial: number, doc: string) => number(initial, `Not used: ${doc}`);
const handled = { 1: 'dealt with and answered', [-1]: 'refused, and answered so' } as const;
const noServer = (ctx: RouteContext): -1 => {
  ctx.log(-1, 'set db_url: without it presence only serves other modules', 'presence');
  return -1;
};

export default defineModule({
  name: 'presence',
  doc: 'The event server: SUBSCRIBE, PUBLISH, NOTIFY (RFC 6665, RFC 3903).',
  uses: ['sl', 'tm', 'dmq?'],
  params: {
    db_url: text(
      '',
      'Where states and subscriptions are. Without it (and with publ_cache other than 2) the module only serves others.',
    ),
    presentity_table: text('presentity', 'Table of published states.'),
    active_watchers_table: text('active_watchers', 'Table of subscriptions.'),
    watchers_table: text('watchers', 'Table of who may watch whom.'),
    clean_period: number(100, 'Seconds between searches for states that ran out; 0: never.'),
    db_update_period: number(
      100,
      'Seconds between searches for subscriptions that ran out, and writes of subs_db_mode 2; 0: never.',
    ),
    waitn_time: number(5, 'Seconds a full turn of the notifiers takes.'),
    notifier_poll_rate: number(10, 'Rounds of a notifier a second.'),
    notifier_processes: number(1, 'Notifiers, with subs_db_mode 3; 0: NOTIFYs are sent at once.'),
    force_delete: number(0, '1: states that ran out are deleted without telling anybody.'),
    startup_mode: number(1, '0: states that ran out are shown until they are deleted.'),
    expires_offset: number(0, 'Seconds a state or subscription is kept longer than it says.'),
    max_expires: number(3600, 'Longest time of a state or subscription, seconds.'),
    min_expires: number(0, 'Shortest time of a subscription, seconds.'),
    min_expires_action: number(1, 'A shorter one is 1 refused with 423, 2 made min_expires.'),
    server_address: text('', 'Contact in answers and NOTIFYs; without it the socket a SUBSCRIBE came in on.'),
    subs_htable_size: ignored(9, 'the table grows as it has to.'),
    pres_htable_size: number(
      9,
      'Slots, as a power of two, by which presence.presentity_list is in order; the table grows as it has to.',
    ),
    subs_db_mode: {
      ...number(
        2,
        'Subscriptions are 0 in memory, 1 also written at once, 2 also written from time to time, 3 in the database only.',
      ),
      min: 0,
      max: 3,
    },
    publ_cache: {
      ...number(1, 'States are 0 in the database, 1 there with a table of who has any, 2 in memory only.'),
      min: 0,
      max: 2,
    },
    enable_sphere_check: number(0, '1: the sphere of a presentity counts in its rules.'),
    timeout_rm_subs: number(1, '1: a NOTIFY that is not answered ends its subscription.'),
    send_fast_notify: number(1, '0: no NOTIFY right after a SUBSCRIBE.'),
    fetch_rows: ignored(500, 'rows are read at once.'),
    db_table_lock_type: ignored(1, 'what concerns a presentity is done one after the other.'),
    local_log_level: number(2, 'Level of the line for each NOTIFY.'),
    local_log_facility: text('', 'Not used: there is one log.'),
    subs_remove_match: ignored(0, 'subscriptions are always removed by Call-ID and both tags.'),
    xavp_cfg: text('', 'XAVP a route tells by: `priority` of a state, `delete_subscription`.'),
    retrieve_order: number(0, '1: states in the order of retrieve_order_by, not of their time.'),
    retrieve_order_by: text('priority', 'Column for retrieve_order.'),
    sip_uri_match: number(0, '1: URIs are compared without case.'),
    cseq_offset: number(0, 'By how much the CSeq of a SUBSCRIBE may be behind.'),
    pres_subs_mode: number(1, '0: no `$subs`.'),
    delete_same_subs: number(0, '1: a new subscription ends the one of the same presentity and Call-ID.'),
    default_socket: text('', 'Socket of subscriptions made at other nodes of the cluster: `udp:10.0.0.1:5060`.'),
    timer_mode: ignored(1, 'timers need no process.'),
    enable_dmq: number(0, '1: a node of a cluster (dmq): what is published at one is published at all.'),
    enable_pres_dmq: number(1, '0: what is published here is not told.'),
    enable_pres_sync_dmq: number(
      1,
      '0: the other nodes are not asked for the states they have; with publ_cache 2 they tell.',
    ),
    enable_subs_dmq: number(0, '1: who subscribes at one node is subscribed at all, in memory.'),
    enable_subs_sync_dmq: number(1, '0: they are not asked for their subscriptions.'),
    skip_notify_dmq: number(0, '1: states told by another node bring no NOTIFY here, as that node sends them.'),
    dmq_peer_id: text('presence', 'Channel of the cluster.'),
    subs_respond_200: number(1, '0: a SUBSCRIBE is answered 202.'),
  },
  stats: {
    refused_publishes: { doc: 'PUBLISH requests answered with an error.' },
    subscriptions: { doc: 'Subscriptions in memory.', gauge: true },
    refused_subscribes: { doc: 'SUBSCRIBE requests answered with an error.' },
  },
  state: (): State => ({ packages: new Packages(), world: null, stops: [] }),
  async start(me, server) {
    const world = await open(me, server, me.uses.get<SlApi>('sl'));
    me.state.world = world;
    if (world === null) return;
    server.stats.gauge('presence', 'subscriptions', () => world.memory?.size ?? 0);
    if (me.params.enable_dmq > 0) {
      const replication = new Replication(world);
      replication.begin(openChannel('presence', me.uses, replication.channel(me.params.dmq_peer_id)));
      world.replica = replication;
    }
    await restore(world, me.params);
    me.state.stops = startTimers(world, me.params);
  },
  async stop(me) {
    const { state } = me;
    for (const stop of state.stops.splice(0)) stop();
    if (state.world?.settings.subsMode === SubsMode.writeBack) await updateSubscriptions(state.world, true);
  },
  functions: {
    handle_publish: {
      doc: 'Stores the state that the PUBLISH brings, answers it and tells who watches. With the URI of its sender, that one is not told.',
      args: [opt(varStr('sender', 'URI of the publisher'))],
      routes: ['request'],
      returns: handled,
      async: 'always',
      example: 'handle_publish();',
      run: async (me, ctx, sender) =>
        me.state.world === null ? noServer(ctx) : handlePublish(me.state.world, ctx, sender ?? null),
    },
    handle_subscribe: {
      doc: 'Makes, refreshes or ends the subscription, answers it and sends its NOTIFY.',
      args: [opt(varStr('watcher', 'URI of the watcher, when it is not the one in From'))],
      routes: ['request'],
      returns: { ...handled, 0: 'From is not a URI: answered 400' },
      async: 'always',
      example: 'handle_subscribe();',
      async run(me, ctx, watcher) {
        const { world } = me.state;
        if (world === null) return noServer(ctx);
        const uri = watcher === undefined ? ctx.msg.from?.uri : parseUri(watcher, ctx.grammar);
        if (uri) return handleSubscribe(world, ctx, { user: uri.user ?? '', domain: uri.host });
        if (watcher !== undefined) return -1;
        world.sl.reply(ctx, refusals.badRequest.status, refusals.badRequest.reason);
        return 0;
      },
    },
    pres_auth_status: {
      doc: 'May the watcher see the presentity, by the rules of that one?',
      args: [varStr('watcher', 'URI'), varStr('presentity', 'URI')],
      routes: ['request'],
      returns: {
        1: 'active',
        2: 'pending',
        3: 'terminated',
        4: 'waiting',
        5: 'politely blocked',
        [-1]: 'it cannot be told',
      },
      async: 'always',
      example: 'if (pres_auth_status("$fu", "$ru") == 1) xlog("may watch\\n");',
      run: async (me, ctx, watcher, presentity) =>
        me.state.world === null ? noServer(ctx) : authStatus(me.state.world, watcher, presentity),
    },
    pres_refresh_watchers: {
      doc: 'Tells watchers anew: type 0 by rules that changed, 1 the state, 2 a document that becomes state.',
      args: [
        varStr('presentity', 'URI'),
        varStr('event'),
        varInt('type'),
        opt(varStr('file_uri', 'for type 2')),
        opt(varStr('file_name', 'for type 2')),
      ],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'failed' },
      async: 'always',
      example: 'pres_refresh_watchers("sip:alice@example.com", "presence", 1);',
      async run(me, ctx, presentity, event, type, fileUri, fileName) {
        const { world } = me.state;
        if (world === null) return noServer(ctx);
        const file = fileUri === undefined || fileName === undefined ? null : { uri: fileUri, name: fileName };
        if ((type === Refresh.file) !== (file !== null)) return -1;
        return (await refreshWatchers(world, presentity, event, type, file)) ? 1 : -1;
      },
    },
    pres_update_watchers: {
      doc: 'The presentity has new rules: every watcher gets its standing by them.',
      args: [varStr('presentity', 'URI'), varStr('event')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'failed, or there are no rules' },
      async: 'always',
      example: 'pres_update_watchers("sip:alice@example.com", "presence");',
      run: async (me, ctx, presentity, event) =>
        me.state.world === null
          ? noServer(ctx)
          : guarded(me.state.world, () => updateWatchers(me.state.world!, presentity, event)),
    },
    pres_has_subscribers: {
      doc: 'Does anybody watch?',
      args: [varStr('presentity', 'URI'), varStr('event')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'yes', [-1]: 'no, or there is no such package' },
      async: 'always',
      example: 'if (pres_has_subscribers("sip:alice@example.com", "presence")) xlog("watched\\n");',
      async run(me, ctx, presentity, name) {
        const { world } = me.state;
        if (world === null) return noServer(ctx);
        const event = world.packages.named(name);
        if (!event) return -1;
        return guarded(world, async () => {
          const count = world.memory?.count(presentity, event) ?? (await world.rows?.count(presentity, name)) ?? 0;
          return count > 0;
        });
      },
    },
  },
  pvs: {
    subs: {
      doc: 'The subscription a SUBSCRIBE made, or whose NOTIFY is being sent or was answered.',
      type: 'any',
      key: { use: 'req', values: Object.keys(fields) },
      get(me, ctx, key) {
        const subs = subsOf(me, ctx);
        return (subs && fields[key]?.(subs)) ?? null;
      },
    },
    notify_reply: {
      doc: 'A pseudo-variable of the answer to a NOTIFY, in event_route[presence:notify-reply]: `$notify_reply($rs)`.',
      type: 'any',
      key: { use: 'req' },
      get(_me, ctx, key) {
        const reply = ctx.data.get(REPLY) as SipMessage | undefined;
        const named = PV.exec(key.trim());
        if (reply === undefined || named?.[1] === undefined) return null;
        return ctx.server.pv(named[1])?.get(ctx.server.detachedRun(reply), named[2] ?? '') ?? null;
      },
    },
  },
  rpc: {
    'presence.cleanup': {
      doc: 'Manually triggers the cleanup functions for the active_watchers, presentity, and watchers tables.',
      async run(me, call) {
        const { world } = me.state;
        if (world !== null) {
          await cleanStates(world);
          await updateSubscriptions(world, true);
        }
        call.add('Reload OK');
      },
    },
    'presence.refreshWatchers': {
      doc: 'Trigger refresh of watchers',
      run: (me, call) => refreshCommand(me.state.world, call),
    },
    'presence.updateWatchers': {
      doc: 'Trigger update of watchers',
      async run(me, call) {
        const [uri, event] = [call.text(), call.text()];
        const { world } = me.state;
        if (uri === undefined || event === undefined) call.fault(500, 'Not enough parameters');
        else if (uri === '') call.fault(500, 'Empty presentity URI');
        else if (event === '') call.fault(500, 'Empty event parameter');
        else if (world === null || (await guarded(world, () => updateWatchers(world, uri, event))) < 0)
          call.fault(500, 'Processing error');
      },
    },
    'presence.presentity_list': {
      doc: 'Trigger update of watchers',
      array: true,
      run: (me, call) => listStates(me.state.world, call, me.params.pres_htable_size),
    },
  },
  eventRoutes: {
    'presence:notify-reply': { doc: 'A NOTIFY was answered, or nobody did: `$subs` and `$notify_reply` tell.' },
  },
  api: (me): PresenceApi => ({
    add: (spec: EventPackage) => me.state.packages.add(spec),
    async body(presUri, name) {
      const { world, packages } = me.state;
      const event = packages.named(name);
      return world === null || event === null ? null : stateBody(world, presUri, event);
    },
    async updateWatchers(presUri, event) {
      const { world } = me.state;
      return world !== null && (await guarded(world, () => updateWatchers(world, presUri, event))) > 0;
    },
    sphere: async (presUri) => (me.state.world === null ? null : currentSphere(me.state.world, presUri)),
  }),
  missing: ['rpc:presence.publish_cache_sync', 'rpc:presence.presentity_show', 'rpc:presence.watcher_list'],
});

async function guarded(world: World, work: () => Promise<boolean>): Promise<1 | -1> {
  try {
    return (await work()) ? 1 : -1;
  } catch (error) {
    complain(world, String(error));
    return -1;
  }
}

async function refreshCommand(world: World | null, call: RpcCall): Promise<void> {
  const [uri, event, type] = [call.text(), call.text(), call.int()];
  const [fileUri, fileName] = [call.optText(), call.optText()];
  if (uri === undefined || event === undefined || type === undefined) return call.fault(500, 'Not enough parameters');
  if (uri === '') return call.fault(500, 'Empty presentity URI');
  if (event === '') return call.fault(500, 'Empty event parameter');
  if (type === Refresh.file) {
    if (fileUri === undefined || fileName === undefined) return call.fault(500, 'No file uri or name parameters');
    if (fileUri === '') return call.fault(500, 'Empty file uri parameter');
    if (fileName === '') return call.fault(500, 'Empty file name parameter');
  }
  const file = fileUri && fileName ? { uri: fileUri, name: fileName } : null;
  if (world === null || !(await refreshWatchers(world, uri, event, type, file))) call.fault(500, 'Execution failed');
}

/** States in memory; with `full`, their bodies too. */
function listStates(world: World | null, call: RpcCall, bits: number): void {
  const full = call.optText() === 'full';
  if (!(world?.states instanceof StatesInMemory)) return;
  const slots = bits < 1 ? 256 : 2 ** Math.min(bits, 30);
  const slotOf = (state: PublishedState) => accountHash(state) & (slots - 1);
  for (const state of [...world.states.all()].sort((a, b) => slotOf(a) - slotOf(b))) {
    const shown = new RpcStruct({
      user: state.user,
      domain: state.domain,
      event: state.event,
      etag: state.etag,
      sender: state.sender,
      expires: state.expires,
    });
    if (full)
      shown
        .add('received_time', state.receivedTime)
        .add('priority', state.priority)
        .add('ruid', state.ruid)
        .add('body', state.body)
        .add('hashid', accountHash(state));
    call.add(shown);
  }
}

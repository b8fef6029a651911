/**
 * usrloc: the location service (RFC 3261 §10), in memory and, with `db_mode` 1, 2 and 4, in a database too; with `db_mode` 3
 * in the database only. registrar writes and reads it.
 */
import {
  DbError,
  defineModule,
  type Format,
  type ModuleInit,
  type RouteContext,
  type RpcCall,
  RuidSource,
  type ServerApi,
  StartError,
  type Timer,
} from '../../runtime/sdk/index.js';
import type { UsrlocApi } from './api.js';
import { copyOf, insertAt } from './contact-xavp.js';
import { Keepalives, replyCodesOf } from './keepalive.js';
import { aorHash, type ConnectionWatch, Location } from './location.js';
import { DbMode, Persistence } from './persistence.js';
import { type ColumnName, columnNames } from './rows.js';
import * as commands from './rpc.js';

const database = (doc: string, value = 0) => ({ type: 'int', default: value, doc: `${doc} For db_mode > 0.` }) as const;
const column = (name: string) => ({ type: 'str', default: name, doc: 'Database column; for db_mode > 0.' }) as const;

/** One per process: outlives reloads. */
class UsrlocState {
  caseSensitive = false;
  timer: Timer | null = null;
  /** What the timer does, and ul.flush. */
  tick: () => void = () => {};
  server: ServerApi | null = null;
  persistence: Persistence | null = null;
  constructor(
    readonly location: Location,
    /** Of contacts added by command, and by registrar. */
    readonly ruids: RuidSource,
    readonly registrarRuids: RuidSource,
  ) {}
}

/** Sizes as Kamailio's `hash_size`: a power of two as exponent; 1 and less mean 512 slots. */
const slotsOf = (exponent: number): number => (exponent <= 1 ? 512 : 2 ** Math.min(exponent, 16));

const optionsOf = (params: {
  matching_mode: number;
  desc_time_order: number;
  cseq_delay: number;
  nat_bflag: number;
  hash_size: number;
  handle_lost_tcp: number;
  close_expired_tcp: number;
}) => ({
  matchingMode: params.matching_mode,
  descTimeOrder: params.desc_time_order !== 0,
  cseqDelay: params.cseq_delay,
  natFlag: params.nat_bflag < 0 ? 0 : (1 << params.nat_bflag) >>> 0,
  slots: slotsOf(params.hash_size),
  dropsLost: params.handle_lost_tcp !== 0,
  closesExpired: params.close_expired_tcp !== 0,
});

export default defineModule({
  name: 'usrloc',
  doc: 'Location service in memory: addresses-of-record and their contacts (RFC 3261 §10).',
  uses: [],
  params: {
    timer_interval: { type: 'int', default: 60, doc: 'Seconds between removals of expired contacts; 0: none.' },
    timer_procs: { type: 'int', default: 0, doc: 'Processes for that timer; one loop does it here.' },
    use_domain: { type: 'int', default: 0, min: 0, max: 1, doc: '1: an AOR is user@domain, 0: the user alone.' },
    db_mode: {
      type: 'int',
      default: 0,
      doc: '0 memory only, 1 written at once, 2 written by the timer, 3 database only, 4 read at the start only.',
    },
    db_url: { type: 'str', default: '', doc: 'Database; for db_mode > 0.' },
    matching_mode: { type: 'int', default: 0, doc: '0 contact, 1 contact and Call-ID, 2 contact and Path, 3 Call-ID.' },
    cseq_delay: { type: 'int', default: 20, doc: 'Seconds in which an equal CSeq is taken as a retransmission.' },
    desc_time_order: { type: 'int', default: 0, doc: '1: newest contact first, 0: by q.' },
    hash_size: { type: 'int', default: 10, doc: 'Two to the power of this is the size shown by ul.dump.' },
    nat_bflag: { type: 'int', default: -1, doc: 'Branch flag that marks contacts behind a NAT.' },
    rm_expired_delay: {
      type: 'int',
      default: 0,
      doc: 'Seconds an expired row stays in the table; for db_mode 3, others refuse it. Below 0: 0.',
    },
    user_column: column('username'),
    domain_column: column('domain'),
    contact_column: column('contact'),
    expires_column: column('expires'),
    q_column: column('q'),
    callid_column: column('callid'),
    cseq_column: column('cseq'),
    flags_column: column('flags'),
    cflags_column: column('cflags'),
    user_agent_column: column('user_agent'),
    received_column: column('received'),
    path_column: column('path'),
    socket_column: column('socket'),
    methods_column: column('methods'),
    ruid_column: column('ruid'),
    instance_column: column('instance'),
    reg_id_column: column('reg_id'),
    server_id_column: column('server_id'),
    connection_id_column: column('connection_id'),
    keepalive_column: column('keepalive'),
    partition_column: column('partition'),
    fetch_rows: { type: 'int', default: 2000, doc: 'Rows read at a time; for db_mode > 0.' },
    db_load: database('1: read the tables at the start.', 1),
    db_insert_update: database('1: insert becomes an update where the row exists.'),
    db_update_as_insert: database('1: insert instead of update.'),
    db_check_update: database('1: insert when an update changed nothing.'),
    db_ops_ruid: database('1: rows are found by record id.', 1),
    db_raw_fetch_type: database('1: a raw query reads the contacts of an AOR.'),
    db_insert_null: database('1: columns without value are written as NULL.'),
    db_timer_clean: database('1: expired rows are deleted at each tick.'),
    db_clean_tcp: database('1: contacts of stream transports are deleted at the start.'),
    expires_type: database('Type of the time columns: 0 DATETIME, 1 BIGINT.'),
    server_id_filter: database('1: only rows of this server.'),
    skip_remote_socket: database('1: rows with a socket that is not here are not read.'),
    version_table: database('1: the version of the table is checked.', 1),
    load_rank: database('Process that reads the tables: there is one here.', 1),
    handle_lost_tcp: { type: 'int', default: 0, doc: '1: a contact ends with its connection.' },
    close_expired_tcp: { type: 'int', default: 0, doc: '1: the connection of an expired contact is closed.' },
    xavp_contact: { type: 'str', default: '', doc: 'XAVP kept with each contact; lookup() gives it back.' },
    ka_mode: {
      type: 'int',
      default: 0,
      doc: 'Keepalives: bits 1 all contacts, 2 those behind NAT, 4 UDP only; 0: none.',
    },
    ka_from: { type: 'str', default: 'sip:server@kamailio.org', doc: 'From URI of keepalives.' },
    ka_domain: { type: 'str', default: 'kamailio.org', doc: 'Domain of their To URI when the AOR has none.' },
    ka_method: { type: 'str', default: 'OPTIONS', doc: 'Their method.' },
    ka_filter: { type: 'int', default: 0, doc: '1: contacts of this server_id only.' },
    ka_timeout: { type: 'int', default: 0, doc: 'Seconds without an answer after which a contact goes; 0: never.' },
    ka_interval: {
      type: 'int',
      default: 0,
      min: 0,
      doc: 'Seconds a contact that answered is left in peace; 0: one at each timer_interval, as in 5.6 (40 from 6.0 on).',
    },
    ka_randomize: { type: 'int', default: 20, min: 0, doc: 'Up to so many seconds more, by chance.' },
    ka_reply_codes: {
      type: 'str',
      default: '0',
      doc: 'Answers that say a contact is there: statuses or classes, 2,404; 0: every answer.',
    },
    ka_loglevel: { type: 'int', default: 255, doc: 'Level of a line for each answer; 255: none.' },
    ka_logmsg: { type: 'format', doc: 'Text of that line; default to-uri and remote address.' },
    preload: { type: 'str', many: true, doc: 'Tables to open at the start.' },
  },
  stats: {},
  state: (init, params) =>
    init.previous instanceof UsrlocState
      ? init.previous
      : new UsrlocState(
          new Location(optionsOf(params), () => Math.floor(init.env.clock.now() / 1000)),
          ruidSource('ulcx', init),
          ruidSource('uloc', init),
        ),
  async start(me, server) {
    const { db_mode, matching_mode, preload, timer_interval } = me.params;
    if (db_mode < 0 || db_mode > 4)
      throw new StartError('SIPC8020', `usrloc: db_mode ${db_mode} does not exist; use 0 to 4`);
    if (matching_mode < 0 || matching_mode > 3)
      throw new StartError('SIPC8021', `usrloc: matching_mode ${matching_mode} does not exist; use 0, 1, 2 or 3`);
    if (me.params.rm_expired_delay !== 0 && db_mode !== DbMode.only)
      throw new StartError('SIPC8073', 'usrloc: rm_expired_delay needs db_mode 3; remove it or change db_mode');
    if (me.params.nat_bflag > 31)
      throw new StartError('SIPC8074', `usrloc: nat_bflag ${me.params.nat_bflag} is no branch flag; use 0 to 31`);
    const { location } = me.state;
    me.state.server = server;
    server.stats.gauge('usrloc', 'registered_users', () => location.users, 'addresses-of-record with contacts');
    const { stats_name_separator: separator } = server.settings.values;
    location.opened = (domain) => {
      server.stats.gauge('usrloc', `${domain.name}${separator}users`, () => domain.records.size);
      server.stats.gauge('usrloc', `${domain.name}${separator}contacts`, () => domain.contactCount);
      server.stats.gauge('usrloc', `${domain.name}${separator}expires`, () => domain.expiredCount);
    };
    for (const domain of location.domains.values()) location.opened(domain);
    for (const name of preload) location.domain(name);
    if (db_mode !== 0) await openDatabase(me, server);
    location.connections = watchOf(server.transports);
    const keepalives = keepalivesOf(me, server);
    me.state.tick = () => {
      if (db_mode !== DbMode.only)
        location.collect(keepalives === null ? undefined : (record) => keepalives.record(record));
      void me.state.persistence?.flush();
    };
    if (keepalives !== null) server.transactions.responseSeen.push((reply) => keepalives.seen(reply));
    me.state.timer?.cancel();
    if (timer_interval <= 0) return;
    const tick = () => {
      me.state.tick();
      me.state.timer = server.env.clock.setTimer(timer_interval * 1000, tick);
    };
    me.state.timer = server.env.clock.setTimer(timer_interval * 1000, tick);
  },
  async stop(me) {
    me.state.timer?.cancel();
    me.state.timer = null;
    await me.state.persistence?.finish();
  },
  functions: {},
  pvs: {},
  rpc: {
    'ul.dump': { doc: 'Dump user location tables', run: (me, call) => commands.dump(environment(me), call) },
    'ul.lookup': {
      doc: 'Lookup one AOR in the usrloc location table',
      run: (me, call) => onRecord(me, call, commands.lookup),
    },
    'ul.rm': {
      doc: 'Delete an address of record including its contacts',
      run: (me, call) => onRecord(me, call, commands.removeAor),
    },
    'ul.rm_contact': {
      doc: 'Delete a contact from an AOR record',
      run: (me, call) => onRecord(me, call, commands.removeContact),
    },
    'ul.flush': { doc: 'Flush the usrloc memory cache to DB', run: (me) => me.state.tick() },
    'ul.add': {
      doc: 'Add a new contact for an address of record',
      run: (me, call) => onRecord(me, call, commands.add),
    },
    'ul.db_users': { doc: 'Count of users in the database', run: (me, call) => count(me.state, call, 'users') },
    'ul.db_contacts': {
      doc: 'Count of contacts in the database',
      run: (me, call) => count(me.state, call, 'contacts'),
    },
    'ul.db_expired_contacts': {
      doc: 'Count of expired contacts there',
      run: (me, call) => count(me.state, call, 'expired'),
    },
  },
  eventRoutes: {},
  api: (me, server): UsrlocApi => ({
    location: me.state.location,
    useDomain: me.params.use_domain !== 0,
    natFlag: me.state.location.options.natFlag,
    serverId: server.settings.values.server_id,
    aorHash,
    nextRuid: () => me.state.registrarRuids.next(),
    xavpOf: ({ xavps }) => (me.params.xavp_contact === '' ? null : copyOf(xavps.get(me.params.xavp_contact))),
    giveXavp(ctx, contact, index) {
      const copy = copyOf(contact.xavp);
      if (copy !== null) insertAt(ctx.xavps, me.params.xavp_contact, index, copy);
    },
    waits: me.params.db_mode === DbMode.writeThrough || me.params.db_mode === DbMode.only,
    hold: (table, aor) => me.state.persistence?.hold(me.state.location.domain(table), aor) ?? null,
    written: (table, aor) => me.state.persistence?.written(me.state.location.domain(table), aor) ?? null,
    setCaseSensitive: (on) => {
      me.state.caseSensitive = on;
    },
  }),
  missing: [],
});

const ruidSource = (prefix: string, { env, settings }: ModuleInit) =>
  new RuidSource(prefix, Math.floor(env.clock.now() / 1000), process.pid, settings.values.server_id);

const watchOf = ({ connections }: ServerApi['transports']): ConnectionWatch => ({
  isOpen: (id) => connections.get(id) !== undefined,
  close(id) {
    const connection = connections.get(id);
    if (connection !== undefined) connections.close(connection);
  },
});

function keepalivesOf(me: KeepaliveSelf, server: ServerApi): Keepalives | null {
  const { params } = me;
  const replyCodes = replyCodesOf(params.ka_reply_codes);
  if (replyCodes === null)
    throw new StartError('SIPC8087', `usrloc: ka_reply_codes ${params.ka_reply_codes} is no list; write 2 or 200,404`);
  if (params.ka_mode === 0) return null;
  return new Keepalives(
    {
      mode: params.ka_mode,
      from: params.ka_from,
      domain: params.ka_domain,
      method: params.ka_method,
      filter: params.ka_filter,
      timeoutSec: params.ka_timeout,
      intervalSec: params.ka_interval,
      randomizeSec: params.ka_randomize,
      replyCodes,
      logLevel: params.ka_loglevel,
      logMessage: params.ka_logmsg ?? defaultLogMessage(server),
    },
    server,
    me.state.location,
  );
}
interface KeepaliveSelf {
  readonly params: {
    readonly ka_mode: number;
    readonly ka_from: string;
    readonly ka_domain: string;
    readonly ka_method: string;
    readonly ka_filter: number;
    readonly ka_timeout: number;
    readonly ka_interval: number;
    readonly ka_randomize: number;
    readonly ka_reply_codes: string;
    readonly ka_loglevel: number;
    readonly ka_logmsg: Format<RouteContext> | undefined;
  };
  readonly state: UsrlocState;
}
/** ` to-uri: [$tu] remote-addr: [$sas]` */
const defaultLogMessage =
  (server: ServerApi) =>
  (ctx: RouteContext): string => {
    const text = (name: string) => String(server.pv(name)?.get(ctx) ?? '');
    return ` to-uri: [${text('tu')}] remote-addr: [${text('sas')}]`;
  };

/** Commands on one record, named by table and address: with `db_mode` 3 it is read before and written behind. */
function onRecord(
  me: { state: UsrlocState; params: { use_domain: number } },
  call: RpcCall,
  run: (env: commands.RpcEnvironment, call: RpcCall) => void,
): void | Promise<void> {
  const env = environment(me);
  const [table, aor] = call.params;
  const domain = typeof table === 'string' ? me.state.location.domains.get(table) : undefined;
  const fixed = typeof aor === 'string' && domain ? commands.fixAor(env, aor) : null;
  const holding = domain && fixed !== null ? (me.state.persistence?.hold(domain, fixed) ?? null) : null;
  if (holding === null) return run(env, call);
  return holding.then(
    async (held) => {
      try {
        run(env, call);
      } finally {
        if (!(await held.release())) call.fault(500, 'The database does not answer');
      }
    },
    () => call.fault(500, 'The database does not answer'),
  );
}

async function count(state: UsrlocState, call: RpcCall, what: 'users' | 'contacts' | 'expired'): Promise<void> {
  if (state.persistence === null) return call.fault(500, 'Command is not supported in db_mode=0');
  const table = call.str();
  if (table === undefined) return call.fault(500, 'Not enough parameters (table to lookup)');
  if (!state.location.domains.has(table)) return call.fault(500, 'Failed to use table');
  try {
    call.add(await state.persistence.count(table, what));
  } catch (error) {
    if (!(error instanceof DbError)) throw error;
    call.fault(500, `Failed to query ${what === 'users' ? 'AoR' : 'contact'} count`);
  }
}

interface DatabaseSelf {
  readonly params: Readonly<Record<`${ColumnName}_column`, string>> & {
    readonly [name in
      | 'db_mode' | 'db_load' | 'use_domain' | 'db_insert_update' | 'db_update_as_insert' | 'db_check_update' | 'db_ops_ruid'
      | 'db_insert_null' | 'db_timer_clean' | 'db_clean_tcp' | 'expires_type' | 'server_id_filter' | 'skip_remote_socket'
      | 'rm_expired_delay' | 'version_table']: number;
  } & { readonly db_url: string; readonly xavp_contact: string };
  readonly state: UsrlocState;
} // biome-ignore format: one list

/** Tables named in `preload`, and `location`, are read before the first message; others when they are first used. */
async function openDatabase(me: DatabaseSelf, server: ServerApi): Promise<void> {
  const { params: p, state } = me;
  const { location } = state;
  if (p.db_url === '') throw new StartError('SIPC8082', 'usrloc: db_mode needs a db_url, such as sqlite:///path/file');
  const db = await server.databases.open(p.db_url, 'usrloc');
  const on = (value: number) => value !== 0;
  const persistence = new Persistence(
    {
      mode: p.db_mode,
      columns: Object.fromEntries(columnNames.map((name) => [name, p[`${name}_column`]])) as Record<ColumnName, string>,
      useDomain: on(p.use_domain),
      numericTimes: on(p.expires_type),
      nulls: on(p.db_insert_null),
      serverIdFilter: on(p.server_id_filter),
      skipRemoteSocket: on(p.skip_remote_socket),
      insertUpdate: on(p.db_insert_update),
      updateAsInsert: on(p.db_update_as_insert),
      checkUpdate: p.db_check_update === 1,
      byRuid: on(p.db_ops_ruid),
      cleansTcp: on(p.db_clean_tcp),
      timerCleans: on(p.db_timer_clean),
      expiredDelaySec: Math.max(0, p.rm_expired_delay),
      checksVersion: on(p.version_table),
      loads: on(p.db_load),
      keepsXavp: p.xavp_contact !== '',
    },
    db,
    location,
    server,
  );
  location.domain('location');
  for (const domain of location.domains.values()) await persistence.open(domain);
  const opened = location.opened;
  location.opened = (domain) => {
    opened(domain);
    server.log(
      1,
      'usrloc',
      `table ${domain.name} is read while calls go on; name it in preload to have it read before`,
    );
    persistence.open(domain).catch((error: unknown) => server.log(-1, 'usrloc', String(error)));
  };
  location.listeners.push((event, contact, domain) => persistence.changed(event, contact, domain));
  state.persistence = persistence;
}

function environment(me: { state: UsrlocState; params: { use_domain: number } }): commands.RpcEnvironment {
  const { state } = me;
  return {
    location: state.location,
    useDomain: me.params.use_domain !== 0,
    caseSensitive: state.caseSensitive,
    serverId: state.server?.settings.values.server_id ?? 0,
    nextRuid: () => state.ruids.next(),
    socket: (name) => (state.server === null ? null : commands.socketNamed(state.server, name)),
  };
}

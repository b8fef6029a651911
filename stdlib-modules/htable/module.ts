/**
 * htable: hash tables shared by all routes, with expiry, counting, iterators and database tables behind them. The names and
 * what each does to a table; most are a line or two, so that one page says all of the module.
 */
import {
  type Database,
  defineModule,
  NamedLocks,
  openChannel,
  type RouteContext,
  type ServerApi,
  StartError,
  scriptCallback,
  type Timer,
  type Value,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { type Columns, load, save } from './database.js';
import { current, end, next, remove, start } from './iterators.js';
import { Replication } from './replication.js';
import * as rpc from './rpc.js';
import { parseSpec } from './spec.js';
import { type Cell, cellTest, count, Table } from './table.js';

/** What `$sht…(table=>key)` stands for. */
interface Place {
  readonly text: string;
  readonly table: Table;
  readonly key: string;
}
class State {
  readonly tables = new Map<string, Table>();
  /** Looked up last: a cfg reads and writes one item in turn, and then another of the same table. */
  place: Place | null = null;
  locks: NamedLocks | null = null;
  timer: Timer | null = null;
  db: Database | null = null;
  /** With `enable_dmq`. */
  replication: Replication | null = null;
}
interface Params {
  readonly db_url: string;
  readonly key_name_column: string;
  readonly key_type_column: string;
  readonly value_type_column: string;
  readonly key_value_column: string;
  readonly expires_column: string;
  readonly db_expires: number;
  readonly array_size_suffix: string;
  readonly timer_interval: number;
}

const done = { 1: 'done', [-1]: 'no such table, or nothing to work on' } as const;
const found = { 1: 'one matches', [-1]: 'none does, or no such table or operator' } as const;
const stepped = { 1: 'there is one', [-1]: 'no more, or no such iterator' } as const;
const table = varStr('table', 'its name');
const iterator = varStr('iterator', 'its name');
const seconds = (server: ServerApi) => Math.floor(server.env.clock.now() / 1000);
const EXPIRED = 'htable.record';

/** `table=>key` as written in `$sht(…)`. */
function split(text: string): { readonly name: string; readonly key: string } | null {
  const arrow = text.indexOf('=>');
  return arrow < 0 ? null : { name: text.slice(0, arrow).trim(), key: text.slice(arrow + 2) };
}
function place(state: State, text: string): Place | null {
  if (state.place?.text === text) return state.place;
  const last = state.place?.table;
  if (last !== undefined && text.startsWith(last.prefix))
    return (state.place = { text, table: last, key: text.slice(last.prefix.length) });
  const parts = split(text);
  const table = parts === null ? undefined : state.tables.get(parts.name);
  if (parts === null || table === undefined) return null;
  return (state.place = { text, table, key: parts.key });
}
const keySpec = { use: 'req', dynamic: true } as const;

function removeMatching(state: State, name: string, operator: string, text: string, by: 'name' | 'value'): Verdict {
  const found = state.tables.get(name);
  const test = found === undefined || text === '' ? null : cellTest(operator, text, by, ['re', 'sw']);
  if (found === undefined || test === null) return -1;
  found.replica?.removeWhere(operator === 're' ? 're' : 'sw', text, by);
  found.removeWhere(test);
  return 1;
}
function removeByExpression(state: State, text: string, by: 'name' | 'value'): Verdict {
  const at = split(text);
  if (at === null) return -1;
  return state.tables.has(at.name) ? removeMatching(state, at.name, 're', at.key, by) : 1;
}
function matches(state: State, name: string, operator: string, text: string, by: 'name' | 'value'): Verdict {
  const found = state.tables.get(name);
  const test = found === undefined || text === '' ? null : cellTest(operator, text, by, ['eq', 'ne', 're', 'sw']);
  if (found === undefined || test === null) return -1;
  for (const cell of found.cells.values()) if (test(cell)) return 1;
  return -1;
}
const matchArgs = [table, varStr('operator', 'eq, ne, re or sw'), varStr('text')] as const;
const removeArgs = [table, varStr('operator', 're or sw'), varStr('text')] as const;

/** The table of a lock and the key in it; the lock is the key's slot in Kamailio, and the key itself here. */
const lockName = (text: string) => split(text) !== null;

function setItem(state: State, name: string, key: string, value: string | number, expire: number): Verdict {
  const found = state.tables.get(name);
  if (found === undefined || key === '') return -1;
  found.replica?.set(key, value);
  found.replica?.setExpire(key, expire);
  return found.set(key, value, expire) ? 1 : -1;
}

const columnsOf = (p: Params): Columns => ({
  name: p.key_name_column,
  keyType: p.key_type_column,
  valueType: p.value_type_column,
  value: p.key_value_column,
  expires: p.expires_column,
  withExpires: p.db_expires !== 0,
  arraySuffix: p.array_size_suffix,
});

/** Removes what is over, and runs the table's event route for each item. */
async function collect(state: State, server: ServerApi): Promise<void> {
  for (const found of state.tables.values()) {
    const event = `htable:expired:${found.spec.name}`;
    const gone = found.collect();
    if (!server.script.hasEvent(event)) continue;
    for (const cell of gone)
      await server.script.runEvent(event, server.detachedRun().msg, (run) => void run.data.set(EXPIRED, cell));
  }
}
const MIN_INTERVAL_SEC = 1;

function schedule(state: State, server: ServerApi, everySec: number): void {
  state.timer = server.env.clock.setTimer(everySec * 1000, () => {
    void collect(state, server).then(() => state.timer?.rearm(everySec * 1000));
  });
}

async function loadAll(state: State, params: Params, server: ServerApi): Promise<void> {
  if (params.db_url === '') return;
  state.db = await server.databases.open(params.db_url, 'htable');
  for (const found of state.tables.values())
    if (found.spec.dbTable !== '') await load(state.db, found, columnsOf(params), seconds(server));
}

/** A module's own commands get the table that a parameter names, and a database. */
async function withDatabase(
  state: State,
  call: Parameters<typeof rpc.get>[1],
  work: (db: Database, found: Table) => Promise<string>,
): Promise<void> {
  if (state.db === null) {
    call.fault(500, 'No htable db_url');
    return;
  }
  const name = call.str();
  if (name === undefined) {
    call.fault(500, 'No htable name given');
    return;
  }
  const found = state.tables.get(name);
  if (found === undefined) call.fault(500, 'No such htable');
  else if (found.spec.dbTable === '') call.fault(500, 'No database htable');
  else {
    try {
      call.add(await work(state.db, found));
    } catch {
      call.fault(500, 'Failed to access the htable database table');
    }
  }
}

export default defineModule({
  name: 'htable',
  doc: 'Hash tables shared by all routes.',
  uses: ['dmq?'],
  params: {
    htable: {
      type: 'str',
      many: true,
      doc: 'A table: name=>size=…;autoexpire=…;initval=…;updateexpire=…;dbtable=…;dbmode=…;cols="…".',
    },
    db_url: { type: 'str', default: '', doc: 'Where `dbtable`s are.' },
    key_name_column: { type: 'str', default: 'key_name', doc: 'Column of the key.' },
    key_type_column: { type: 'str', default: 'key_type', doc: 'Column that tells arrays: 1.' },
    value_type_column: { type: 'str', default: 'value_type', doc: 'Column that tells integers: 1.' },
    key_value_column: { type: 'str', default: 'key_value', doc: 'Column of the value.' },
    expires_column: { type: 'str', default: 'expires', doc: 'Column of the expiry, seconds since 1970.' },
    array_size_suffix: { type: 'str', default: '::size', doc: 'Added to an array’s key for the item with its size.' },
    fetch_rows: { type: 'int', default: 100, doc: 'Rows fetched at once; the whole result is read here.' },
    timer_interval: { type: 'int', default: 20, doc: 'Seconds between searches for items that are over.' },
    db_expires: { type: 'int', default: 0, doc: '1: the expiry is loaded and stored too.' },
    timer_procs: { type: 'int', default: 0, doc: 'Timer processes in Kamailio; one loop does it here.' },
    enable_dmq: {
      type: 'int',
      default: 0,
      doc: '1: tables with dmqreplicate=1 are the same on all nodes of the cluster.',
    },
    dmq_init_sync: { type: 'int', default: 0, doc: '1: at the start the other nodes are asked for what is in them.' },
    dmq_peer_id: { type: 'str', default: 'htable', doc: 'Channel of the cluster.' },
    event_callback: scriptCallback('event_route[htable:mod-init]'),
    event_callback_mode: {
      type: 'int',
      default: 0,
      noEffect: true,
      doc: 'When Kamailio runs htable:mod-init; here at the start.',
    },
  },
  stats: {},
  state: (init, params) => {
    if (init.previous instanceof State) return init.previous;
    const state = new State();
    state.locks = new NamedLocks(init.env, true);
    for (const text of params.htable) {
      const spec = parseSpec(text);
      if (typeof spec === 'string') throw new StartError('SIPC8023', `htable: parameter htable "${text}" ${spec}`);
      if (state.tables.has(spec.name)) throw new StartError('SIPC8023', `htable: table ${spec.name} is declared twice`);
      state.tables.set(spec.name, new Table(spec, () => Math.floor(init.env.clock.now() / 1000)));
    }
    return state;
  },
  async start(me, server) {
    const { enable_dmq: replicates, dmq_init_sync: asks, dmq_peer_id: channel } = me.params;
    if (replicates > 0 && me.state.replication === null) {
      const replication = new Replication(server, me.state.tables);
      replication.begin(openChannel('htable', me.uses, replication.channel(channel, asks !== 0)));
      me.state.replication = replication;
    }
    await loadAll(me.state, me.params, server);
    if ([...me.state.tables.values()].some(({ spec }) => spec.autoExpireSec > 0)) {
      const every = me.params.timer_interval;
      schedule(me.state, server, every > 0 ? Math.max(every, MIN_INTERVAL_SEC) : 20);
    }
    const run = await server.script.runEvent('htable:mod-init', server.detachedRun().msg);
    if (run?.dropped)
      throw new StartError('SIPC8050', 'event_route[htable:mod-init] ended with drop: the cfg refuses to start');
  },
  async stop(me, server) {
    const { state, params } = me;
    state.timer?.cancel();
    state.timer = null;
    if (state.db === null) return;
    for (const found of state.tables.values()) {
      const { dbTable, dbMode, columns } = found.spec;
      if (dbTable === '' || dbMode === 0 || columns.length > 0) continue;
      await save(state.db, found, columnsOf(params)).catch((error: unknown) =>
        server.log(-1, 'htable', `failed syncing ${found.spec.name}: ${error instanceof Error ? error.message : ''}`),
      );
    }
  },
  functions: {
    sht_print: {
      doc: 'Writes all tables to the log.',
      args: [],
      routes: ['any'],
      returns: { 1: 'always' },
      example: 'sht_print();',
      run(me, ctx) {
        for (const { spec, cells } of me.state.tables.values()) {
          ctx.log(-1, `htable[${spec.name}] exp: ${spec.autoExpireSec}`, 'htable');
          for (const { name, value, expire } of cells.values())
            ctx.log(-1, `  ${name} = ${value} (expire: ${expire})`, 'htable');
        }
        return 1;
      },
    },
    sht_rm: {
      doc: 'Removes an item.',
      args: [table, varStr('key')],
      routes: ['any'],
      returns: done,
      example: 'sht_rm("calls", "$ci");',
      run(me, _ctx, name, key) {
        const found = me.state.tables.get(name);
        if (found === undefined || key === '') return -1;
        found.replica?.remove(key);
        found.cells.delete(key);
        return 1;
      },
    },
    sht_is_null: {
      doc: 'Is there no item of this key?',
      args: [table, varStr('key')],
      routes: ['any'],
      returns: { 1: 'there is none', 2: 'no such table', [-1]: 'there is one', [-2]: 'the table has an initial value' },
      example: 'if (sht_is_null("calls", "$ci") > 0) { xlog("none\\n"); }',
      run(me, _ctx, name, key) {
        const found = me.state.tables.get(name);
        if (found === undefined) return 2;
        return found.spec.initial !== null ? -2 : found.get(key) === null ? 1 : -1;
      },
    },
    sht_inc: {
      doc: 'Adds one to an item.',
      args: [table, varStr('key')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no such table, or the item is no number' },
      example: 'sht_inc("calls", "$fU");',
      run: (me, _ctx, name, key) => (addTo(me.state.tables.get(name), key, 1) === null ? -1 : 1),
    },
    sht_dec: {
      doc: 'Takes one from an item.',
      args: [table, varStr('key')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no such table, or the item is no number' },
      example: 'sht_dec("calls", "$fU");',
      run: (me, _ctx, name, key) => (addTo(me.state.tables.get(name), key, -1) === null ? -1 : 1),
    },
    sht_rm_name_re: {
      doc: 'Removes the items whose key matches.',
      args: [varStr('expression', 'table=>expression')],
      routes: ['any'],
      constArgs: true,
      returns: done,
      example: 'sht_rm_name_re("calls=>^$fU::.*");',
      run: (me, _ctx, text) => removeByExpression(me.state, text, 'name'),
    },
    sht_rm_value_re: {
      doc: 'Removes the items whose value is a text that matches.',
      args: [varStr('expression', 'table=>expression')],
      routes: ['any'],
      constArgs: true,
      returns: done,
      example: 'sht_rm_value_re("calls=>^10\\\\.");',
      run: (me, _ctx, text) => removeByExpression(me.state, text, 'value'),
    },
    sht_rm_name: {
      doc: 'Removes the items whose key matches (re) or begins with (sw) a text.',
      args: removeArgs,
      routes: ['any'],
      constArgs: true,
      returns: done,
      example: 'sht_rm_name("calls", "sw", "$fU::");',
      run: (me, _ctx, name, operator, text) => removeMatching(me.state, name, operator, text, 'name'),
    },
    sht_rm_value: {
      doc: 'Removes the items whose value is a text that matches (re) or begins with (sw) a text.',
      args: removeArgs,
      routes: ['any'],
      constArgs: true,
      returns: done,
      example: 'sht_rm_value("calls", "sw", "10.");',
      run: (me, _ctx, name, operator, text) => removeMatching(me.state, name, operator, text, 'value'),
    },
    sht_match_name: {
      doc: 'Is there an item whose key equals (eq), does not equal (ne), matches (re) or begins with (sw) a text?',
      args: matchArgs,
      routes: ['any'],
      constArgs: true,
      aliases: ['sht_has_name'],
      returns: found,
      example: 'if (sht_match_name("calls", "sw", "$fU::")) { exit; }',
      run: (me, _ctx, name, operator, text) => matches(me.state, name, operator, text, 'name'),
    },
    sht_match_str_value: {
      doc: 'As sht_match_name(), by values that are texts.',
      args: matchArgs,
      routes: ['any'],
      constArgs: true,
      aliases: ['sht_has_str_value'],
      returns: found,
      example: 'if (sht_match_str_value("calls", "eq", "$si")) { exit; }',
      run: (me, _ctx, name, operator, text) => matches(me.state, name, operator, text, 'value'),
    },
    sht_lock: {
      doc: 'Takes the lock of a key; waits while another run has it, 10 seconds at most.',
      args: [varStr('key', 'table=>key')],
      routes: ['any'],
      constArgs: true,
      async: 'maybe',
      returns: { 1: 'taken', [-1]: 'not table=>key' },
      example: 'sht_lock("calls=>$fU"); $sht(calls=>$fU) = $sht(calls=>$fU) + 1; sht_unlock("calls=>$fU");',
      run(me, ctx, text): Verdict | Promise<Verdict> {
        if (!lockName(text)) return -1;
        const waiting = me.state.locks?.take(text, ctx);
        return waiting === undefined ? 1 : waiting.then(() => 1);
      },
    },
    sht_unlock: {
      doc: 'Gives the lock of a key back.',
      args: [varStr('key', 'table=>key')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'not table=>key' },
      example: 'sht_unlock("calls=>$fU");',
      run(me, _ctx, text) {
        if (!lockName(text)) return -1;
        me.state.locks?.give(text);
        return 1;
      },
    },
    sht_reset: {
      doc: 'Empties a table.',
      args: [table],
      routes: ['any'],
      returns: done,
      example: 'sht_reset("calls");',
      run(me, _ctx, name) {
        const found = me.state.tables.get(name);
        found?.cells.clear();
        return found === undefined ? -1 : 1;
      },
    },
    sht_setxs: {
      doc: 'Sets an item to a text that is kept for some seconds.',
      args: [table, varStr('key'), varStr('text'), varInt('seconds', '0: the table’s own')],
      routes: ['any'],
      returns: done,
      example: 'sht_setxs("calls", "$ci", "$si", "120");',
      run: (me, _ctx, name, key, text, expire) => setItem(me.state, name, key, text, expire),
    },
    sht_setxi: {
      doc: 'Sets an item to an integer that is kept for some seconds.',
      args: [table, varStr('key'), varInt('value'), varInt('seconds', '0: the table’s own')],
      routes: ['any'],
      returns: done,
      example: 'sht_setxi("calls", "$ci", "1", "120");',
      run: (me, _ctx, name, key, value, expire) => setItem(me.state, name, key, value, expire),
    },
    sht_iterator_start: {
      doc: 'Starts an iterator before the first item of a table.',
      args: [iterator, table],
      routes: ['any'],
      returns: { 1: 'started', [-1]: 'no such table, or four are running' },
      example:
        'sht_iterator_start("i", "calls"); while (sht_iterator_next("i")) { xlog("$shtitkey(i)\\n"); } sht_iterator_end("i");',
      run: (me, ctx, name, of) => start(ctx, name, me.state.tables.get(of)),
    },
    sht_iterator_next: {
      doc: 'Goes to the next item.',
      args: [iterator],
      routes: ['any'],
      returns: stepped,
      example: 'if (sht_iterator_next("i")) { xlog("$shtitkey(i) $shtitval(i)\\n"); }',
      run: (_me, ctx, name) => next(ctx, name),
    },
    sht_iterator_end: {
      doc: 'Ends an iterator.',
      args: [iterator],
      routes: ['any'],
      returns: { 1: 'ended', [-1]: 'no such iterator' },
      example: 'sht_iterator_end("i");',
      run: (_me, ctx, name) => end(ctx, name),
    },
    sht_iterator_rm: {
      doc: 'Removes the item and goes on to the one after it.',
      args: [iterator],
      routes: ['any'],
      returns: { 1: 'removed, there is another', [-1]: 'not at an item', [-2]: 'removed, it was the last' },
      example: 'sht_iterator_rm("i");',
      run: (_me, ctx, name) => remove(ctx, name),
    },
    sht_iterator_sets: {
      doc: 'Sets the item to a text.',
      args: [iterator, varStr('text')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'not at an item' },
      example: 'sht_iterator_sets("i", "seen");',
      run: (_me, ctx, name, text) => atItem(ctx, name, (t, cell) => void t.set(cell.name, text)),
    },
    sht_iterator_seti: {
      doc: 'Sets the item to an integer.',
      args: [iterator, varInt('value')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'not at an item' },
      example: 'sht_iterator_seti("i", "1");',
      run: (_me, ctx, name, value) => atItem(ctx, name, (t, cell) => void t.set(cell.name, value)),
    },
    sht_iterator_setex: {
      doc: 'Lets the item live for some more seconds.',
      args: [iterator, varInt('seconds')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'not at an item' },
      example: 'sht_iterator_setex("i", "60");',
      run: (_me, ctx, name, value) =>
        atItem(ctx, name, (_t, cell) => {
          cell.expire = seconds(ctx.server) + value;
        }),
    },
  },
  pvs: {
    sht: {
      doc: 'An item: `$sht(table=>key)`; null removes it.',
      type: 'any',
      key: keySpec,
      get(me, _ctx, key) {
        const at = place(me.state, key);
        return at === null ? null : (at.table.get(at.key)?.value ?? at.table.spec.initial);
      },
      set(me, _ctx, value, key) {
        const at = place(me.state, key);
        if (at === null) return false;
        const { replica } = at.table;
        if (value !== null) {
          replica?.set(at.key, value);
          return at.table.set(at.key, value);
        }
        replica?.remove(at.key);
        at.table.cells.delete(at.key);
        return true;
      },
    },
    shtex: {
      doc: 'Seconds an item has left; assigned: seconds it lives from now, 0 for ever.',
      type: 'int',
      key: keySpec,
      get(me, _ctx, key) {
        const at = place(me.state, key);
        return at === null ? null : at.table.expiresIn(at.key);
      },
      set(me, _ctx, value, key) {
        const at = place(me.state, key);
        const lives = typeof value === 'number' ? value : 0;
        at?.table.replica?.setExpire(at.key, lives);
        at?.table.setExpire(at.key, lives);
        return at !== null;
      },
    },
    shtcn: {
      doc: 'How many keys match: an expression, or ~~expression, ~%end, %~start, ==text, ** for all.',
      type: 'int',
      key: keySpec,
      get: (me, _ctx, key) => counted(me.state, key, 'name'),
    },
    shtcv: {
      doc: 'How many values match: as $shtcn by texts, and eqNUMBER.',
      type: 'int',
      key: keySpec,
      get: (me, _ctx, key) => counted(me.state, key, 'value'),
    },
    shtinc: {
      doc: 'The item, one larger than it was.',
      type: 'int',
      key: keySpec,
      get: (me, _ctx, key) => added(me.state, key, 1),
    },
    shtdec: {
      doc: 'The item, one smaller than it was.',
      type: 'int',
      key: keySpec,
      get: (me, _ctx, key) => added(me.state, key, -1),
    },
    shtrecord: {
      doc: 'In event_route[htable:expired:…]: `key` and `value` of the item that is over.',
      type: 'any',
      key: { use: 'req', values: ['key', 'value'] },
      get(_me, ctx, key) {
        const cell = ctx.data.get(EXPIRED) as Cell | undefined;
        return cell === undefined ? null : key === 'key' ? cell.name : cell.value;
      },
    },
    shtitkey: {
      doc: 'Key of the item an iterator is at.',
      type: 'str',
      key: { use: 'req' },
      get: (_me, ctx, name) => current(ctx, name)?.cell.name ?? null,
    },
    shtitval: {
      doc: 'Value of the item an iterator is at.',
      type: 'any',
      key: { use: 'req' },
      get: (_me, ctx, name) => current(ctx, name)?.cell.value ?? null,
    },
  },
  rpc: {
    'htable.dump': {
      doc: 'Dump the contents of hash table.',
      array: true,
      run: (me, call) => rpc.dump(me.state.tables, call),
    },
    'htable.delete': { doc: 'Delete one key from a hash table.', run: (me, call) => rpc.remove(me.state.tables, call) },
    'htable.get': { doc: 'Get one key from a hash table.', run: (me, call) => rpc.get(me.state.tables, call) },
    'htable.sets': {
      doc: 'Set one key in a hash table to a string value.',
      run: (me, call) => rpc.set(me.state.tables, call, 'text', false),
    },
    'htable.seti': {
      doc: 'Set one key in a hash table to an integer value.',
      run: (me, call) => rpc.set(me.state.tables, call, 'int', false),
    },
    'htable.setxs': {
      doc: 'Set one key in a hash table to a string value and its expire value.',
      run: (me, call) => rpc.set(me.state.tables, call, 'text', true),
    },
    'htable.setxi': {
      doc: 'Set one key in a hash table to an integer value and its expire value.',
      run: (me, call) => rpc.set(me.state.tables, call, 'int', true),
    },
    'htable.setex': {
      doc: 'Set expire in a hash table for the item referenced by key.',
      run: (me, call) => rpc.setExpire(me.state.tables, call),
    },
    'htable.listTables': { doc: 'List all htables.', array: true, run: (me, call) => rpc.list(me.state.tables, call) },
    'htable.stats': {
      doc: 'Statistics about htables.',
      array: true,
      run: (me, call) => rpc.stats(me.state.tables, call),
    },
    'htable.flush': { doc: 'Flush hash table.', run: (me, call) => rpc.flush(me.state.tables, call) },
    'htable.reload': {
      doc: 'Reload hash table from database.',
      run: (me, call, server) =>
        withDatabase(me.state, call, async (db, found) => {
          const fresh = new Table(found.spec, () => seconds(server));
          await load(db, fresh, columnsOf(me.params), seconds(server));
          found.cells.clear();
          for (const [name, cell] of fresh.cells) found.cells.set(name, cell);
          await server.script.runEvent(`htable:reloaded:${found.spec.name}`, server.detachedRun().msg);
          return 'Ok. Htable reloaded.';
        }),
    },
    'htable.store': {
      doc: 'Store hash table to database.',
      run: (me, call) =>
        withDatabase(me.state, call, async (db, found) => {
          await save(db, found, columnsOf(me.params));
          return 'Ok. Htable successfully stored to DB.';
        }),
    },
    'htable.dmqsync': {
      doc: 'Perform DMQ sync action.',
      run: (me, call) => rpc.askFor(me.state.replication, call),
    },
    'htable.dmqresync': {
      doc: 'Perform DMQ resync action (flush and sync).',
      run: (me, call) => rpc.startOver(me.state.tables, me.state.replication, call),
    },
  },
  eventRoutes: {
    'htable:mod-init': { doc: 'Once at the start: fills tables. `drop` refuses the start.' },
    'htable:expired:*': { doc: 'An item of the table is over: $shtrecord.' },
    'htable:reloaded:*': { doc: 'The table was loaded again (htable.reload).' },
  },
  // bind_htable is for C modules. sht_is_null, sht_inc and sht_dec came after 5.6.3.
  missing: [],
});

function atItem(ctx: RouteContext, name: string, change: (table: Table, cell: Cell) => void): Verdict {
  const at = current(ctx, name);
  if (at === null) return -1;
  change(at.table, at.cell);
  return 1;
}
function counted(state: State, key: string, by: 'name' | 'value'): Value {
  const at = place(state, key);
  return at === null ? null : count(at.table, at.key, by);
}
function added(state: State, key: string, by: number): Value {
  const at = place(state, key);
  return at === null ? null : addTo(at.table, at.key, by);
}
/** The new value is told as a value: nodes do not add for each other. */
function addTo(table: Table | undefined, key: string, by: number): number | null {
  const sum = table?.add(key, by) ?? null;
  if (sum !== null) table?.replica?.set(key, sum);
  return sum;
}

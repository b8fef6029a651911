/** counters: counters of the script, and all statistics by group and name. */
import {
  type Counter,
  defineModule,
  opt,
  type RouteContext,
  type RpcCall,
  type RpcSpec,
  RpcStruct,
  type ServerApi,
  StartError,
  type StatEntry,
  type Stats,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';

interface Me {
  readonly params: { readonly script_cnt_grp_name: string };
}
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const returns = { 1: 'done', [-1]: 'no such counter' } as const;

/** `group.name`, or a name of the script's own group. */
function split(own: string, name: string): [string, string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [own, name] : [name.slice(0, dot), name.slice(dot + 1)];
}
function change(me: Me, ctx: RouteContext, name: string, by: (c: Counter) => void): Verdict {
  const { stats } = ctx.server;
  const [group, id] = split(me.params.script_cnt_grp_name, name);
  const entry = stats.get(group, id);
  if (entry === null || entry.gauge) {
    ctx.log(-1, `counter ${group}.${id} does not exist`, 'counters');
    return -1;
  }
  by(stats.counter(group, id));
  return 1;
}

function one(stats: Stats, call: RpcCall): StatEntry | null {
  const group = call.str();
  const name = call.str();
  if (group === undefined || name === undefined) return null;
  const entry = stats.get(group, name);
  if (entry === null) call.fault(400, `non-existent counter ${group}.${name}\n`);
  return entry;
}
function listNames(stats: Stats, call: RpcCall) {
  const group = call.str();
  if (group === undefined) return;
  for (const name of stats
    .group(group)
    .map((s) => s.name)
    .sort(byText))
    call.add(name);
}
function getAll(stats: Stats, call: RpcCall) {
  const group = call.str();
  if (group === undefined) return;
  const all = new RpcStruct();
  for (const s of [...stats.group(group)].sort((a, b) => byText(a.name, b.name))) all.add(s.name, s.read());
  call.add(all);
}

type Command = RpcSpec<unknown, RpcCall, ServerApi>;
const listGroups: Command = {
  doc: 'list all the counter group names',
  array: true,
  run(_me, call, { stats }) {
    for (const name of [...stats.groupNames()].sort(byText)) call.add(name);
  },
};
const listVars: Command = {
  doc: 'list all the counters names in a specified group',
  array: true,
  run: (_me, call, { stats }) => listNames(stats, call),
};
const getVars: Command = {
  doc: 'list all counter names and values in a specified group',
  run: (_me, call, { stats }) => getAll(stats, call),
};
const getValue = (doc: string): Command => ({
  doc,
  run(_me, call, { stats }) {
    const entry = one(stats, call);
    if (entry !== null) call.add(entry.read());
  },
});
const commands = {
  'cnt.get': getValue('get counter value (takes group and counter name as parameters)'),
  'cnt.get_raw': getValue('get raw counter value (debugging version)'),
  'cnt.reset': {
    doc: 'reset counter (takes group and counter name as parameters)',
    run(_me, call, { stats }) {
      const entry = one(stats, call);
      if (entry?.resettable) entry.reset();
    },
  },
  'cnt.list_groups': listGroups,
  'cnt.grps_list': listGroups,
  'cnt.list_vars': listVars,
  'cnt.var_list': listVars,
  'cnt.get_vars': getVars,
  'cnt.grp_get_all': getVars,
  'cnt.help': {
    doc: 'print the description of a counter (group and counter name required).',
    run(_me, call, { stats }) {
      const entry = one(stats, call);
      if (entry !== null) call.add(entry.doc === '' ? 'kamailio statistic (no description)' : entry.doc);
    },
  },
} satisfies Record<string, Command>;

export default defineModule({
  name: 'counters',
  doc: 'Counters of the script, and all statistics by group and name.',
  uses: [],
  params: {
    script_cnt_grp_name: { type: 'str', default: 'script', doc: 'Group of the counters that script_counter declares.' },
    script_counter: {
      type: 'str',
      many: true,
      takes: ['script_cnt_grp_name'],
      doc: 'A counter of the group set above it: `name`, `group.name`, with a description after a space or colon.',
    },
  },
  stats: {},
  start(me, server) {
    for (const [declared, own] of me.params.script_counter) {
      const text = String(declared).trim();
      let end = 0;
      while (end < text.length && text[end] !== ' ' && text[end] !== ':' && text[end] !== '\t') end++;
      const [group, name] = split(String(own), text.slice(0, end));
      if (name === '') throw new StartError('SIPC8024', `counters: script_counter "${declared}" names no counter`);
      server.stats.counter(group, name, text.slice(end).replace(/^[\s:]+/, '') || 'custom script counter.');
    }
  },
  functions: {
    cnt_inc: {
      doc: 'Adds one to a counter.',
      args: [varStr('counter', '[group.]name')],
      routes: ['any'],
      constArgs: true,
      returns,
      example: 'cnt_inc("calls");',
      run: (me, ctx, name) => change(me, ctx, name, (c) => c.value++),
    },
    cnt_add: {
      doc: 'Adds a number to a counter.',
      args: [varStr('counter', '[group.]name'), opt(varInt('number'))],
      routes: ['any'],
      constArgs: true,
      returns,
      example: 'cnt_add("bytes", "100");',
      run: (me, ctx, name, by) =>
        change(me, ctx, name, (c) => {
          c.value += by ?? 1;
        }),
    },
    cnt_reset: {
      doc: 'Sets a counter to zero.',
      args: [varStr('counter', '[group.]name')],
      routes: ['any'],
      constArgs: true,
      returns,
      example: 'cnt_reset("calls");',
      run: (me, ctx, name) =>
        change(me, ctx, name, (c) => {
          c.value = 0;
        }),
    },
  },
  pvs: {},
  rpc: commands,
  eventRoutes: {},
  missing: [],
});

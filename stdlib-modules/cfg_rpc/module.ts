/**
 * cfg_rpc: `cfg.*`, reading and changing what may change while the server runs: global parameters, module parameters
 * and the cfg's own `group.name` values.
 */
import {
  defineModule,
  type RpcCall,
  type RpcSpec,
  RpcStruct,
  type ServerApi,
  type Settings,
} from '../../runtime/sdk/index.js';

type Setting = NonNullable<ReturnType<Settings['live']['get']>>;
interface Change {
  readonly setting: Setting;
  /** Null: the instance has the group's value again (`cfg.del`). */
  readonly value: number | string | null;
  /** Of an instance, `group[id]`; null: of the group itself. */
  readonly id: number | null;
}

class CfgState {
  /** Waiting for cfg.commit. */
  delayed: Change[] = [];
}

const typeName = (s: Setting) => (s.type === 'int' ? 'integer' : 'string');

interface Group {
  readonly group: string;
  readonly id: number | null;
}
const GROUP = /^([^[\]]+)(?:\[(\d{1,9})\])?$/;
/** `group` or `group[id]`; null: faulted. */
function groupOf(call: RpcCall, text: string): Group | null {
  const match = GROUP.exec(text);
  if (match?.[1] !== undefined) return { group: match[1], id: match[2] === undefined ? null : Number(match[2]) };
  call.fault(400, 'Wrong group syntax. Use either "group", or "group[id]"');
  return null;
}
/** Where an instance has to be named. */
function instanceOf(call: RpcCall): { readonly group: string; readonly id: number } | null {
  const text = call.str();
  if (text === undefined) return null;
  const match = GROUP.exec(text);
  if (match?.[1] !== undefined && match[2] !== undefined) return { group: match[1], id: Number(match[2]) };
  call.fault(400, 'Wrong group syntax. Use "group[id]"');
  return null;
}
function groupAndName(call: RpcCall): (Group & { readonly name: string }) | null {
  const text = call.str();
  const name = text === undefined ? undefined : call.str();
  if (text === undefined || name === undefined) return null;
  const at = groupOf(call, text);
  return at === null ? null : { ...at, name };
}
/** The value in the group, or in one of its instances; undefined: there is no such instance. */
function currentValue({ settings }: ServerApi, setting: Setting, id: number | null): number | string | undefined {
  if (id === null) return setting.get() ?? '';
  const own = settings.instance(setting.group, id);
  return own === undefined ? undefined : (own.get(setting.name) ?? setting.get() ?? '');
}

/** The value as the setting wants it; null when it cannot be. */
function fitting(setting: Setting, value: number | string): number | string | null {
  if (setting.type === 'str') return String(value);
  const number = typeof value === 'number' ? value : value === '' ? Number.NaN : Number(value);
  if (!Number.isInteger(number)) return null;
  if (setting.min !== undefined && number < setting.min) return null;
  if (setting.max !== undefined && number > setting.max) return null;
  return number;
}

/** False: the instance is not there. */
function apply(server: ServerApi, { setting, value, id }: Change): boolean {
  if (id !== null) {
    const own = server.settings.instance(setting.group, id);
    if (value === null) own?.delete(setting.name);
    else own?.set(setting.name, value);
    return own !== undefined;
  }
  if (value === null) return true;
  setting.set(value);
  if (setting.group === 'core' && setting.name === 'debug' && typeof value === 'number') server.env.log.level = value;
  server.log(2, 'cfg_rpc', `${setting.group}.${setting.name} has been changed to ${value}`);
  return true;
}

type Kind = 'any' | 'int' | 'str';
/** One of the set commands. */
function change(server: ServerApi, state: CfgState, call: RpcCall, kind: Kind, delayed: boolean): void {
  const at = groupAndName(call);
  const value = at === null ? undefined : kind === 'int' ? call.int() : kind === 'str' ? call.str() : call.any();
  if (at === null || (typeof value !== 'number' && typeof value !== 'string')) return;
  const setting = server.settings.live.get(`${at.group}.${at.name}`);
  const fit = setting === undefined ? null : fitting(setting, value);
  if (setting === undefined || fit === null) {
    call.fault(400, 'Failed to set the variable');
    return;
  }
  const { id } = at;
  if (delayed) state.delayed.push({ setting, value: fit, id });
  else if (!apply(server, { setting, value: fit, id })) call.fault(400, 'Failed to set the variable');
}
/** `cfg.del`, `cfg.del_delayed`: an instance gives a value up. */
function remove(server: ServerApi, state: CfgState, call: RpcCall, delayed: boolean): void {
  const at = instanceOf(call);
  const name = at === null ? undefined : call.str();
  if (at === null || name === undefined) return;
  const setting = server.settings.live.get(`${at.group}.${name}`);
  if (setting === undefined) call.fault(400, 'Failed to delete the value');
  else if (delayed) state.delayed.push({ setting, value: null, id: at.id });
  else if (!apply(server, { setting, value: null, id: at.id })) call.fault(400, 'Failed to delete the value');
}

function get(server: ServerApi, call: RpcCall): void {
  const text = call.str();
  if (text === undefined) {
    call.fault(500, 'Failed to get the parameters');
    return;
  }
  const at = groupOf(call, text);
  if (at === null) return;
  const name = call.optStr();
  if (name === undefined) {
    const all = new RpcStruct();
    for (const s of server.settings.live.values())
      if (s.group === at.group) all.add(s.name, currentValue(server, s, at.id) ?? '');
    call.add(all);
    return;
  }
  const setting = server.settings.live.get(`${at.group}.${name}`);
  const value = setting === undefined ? undefined : currentValue(server, setting, at.id);
  if (value === undefined) call.fault(400, 'Failed to get the variable');
  else call.add(value);
}

function list(server: ServerApi, call: RpcCall): void {
  const group = call.optStr();
  for (const s of server.settings.live.values())
    if (group === undefined || s.group === group) call.add(`${s.group}: ${s.name}`);
}

function one(server: ServerApi, call: RpcCall, missing: string): Setting | null {
  const at = groupAndName(call);
  if (at === null) return null;
  const setting = at.id === null ? server.settings.live.get(`${at.group}.${at.name}`) : undefined;
  if (setting !== undefined) return setting;
  call.fault(400, missing);
  return null;
}

type Command = RpcSpec<{ readonly state: CfgState }, RpcCall, ServerApi>;
const now = 'Set the value of a configuration variable and commit the change immediately';
const later = 'Prepare the change of a configuration variable, but does not commit the new value yet';
const setter = (kind: Kind, delayed: boolean): Command => ({
  doc: delayed ? later : now,
  run: ({ state }, call, server) => change(server, state, call, kind, delayed),
});

const commands = {
  'cfg.set': setter('any', false),
  'cfg.set_delayed': setter('any', true),
  'cfg.set_now_int': setter('int', false),
  'cfg.seti': setter('int', false),
  'cfg.set_now_string': setter('str', false),
  'cfg.sets': setter('str', false),
  'cfg.set_delayed_int': setter('int', true),
  'cfg.set_delayed_string': setter('str', true),
  'cfg.commit': {
    doc: 'Commit the previously prepared configuration changes',
    run({ state }, call, server) {
      const missing = state.delayed.some(
        ({ setting, id }) => id !== null && !server.settings.instance(setting.group, id),
      );
      if (missing) call.fault(400, 'Failed to commit the changes');
      else for (const changeToMake of state.delayed.splice(0)) apply(server, changeToMake);
    },
  },
  'cfg.rollback': {
    doc: 'Drop the prepared configuration changes',
    run({ state }) {
      state.delayed = [];
    },
  },
  'cfg.get': { doc: 'Get the value of a configuration variable', run: (_me, call, server) => get(server, call) },
  'cfg.list': {
    doc: 'List the configuration variables',
    array: true,
    run: (_me, call, server) => list(server, call),
  },
  'cfg.help': {
    doc: 'Print the description of a configuration variable',
    run(_me, call, server) {
      const setting = one(server, call, 'Failed to get the variable description');
      if (setting === null) return;
      call.add(setting.doc);
      call.add(`(parameter type is ${typeName(setting)})`);
    },
  },
  'cfg.reset': {
    doc: 'Reset all the values of a configuration group and commit the change immediately',
    run(_me, call, server) {
      const group = call.str();
      if (group === undefined) return;
      const name = call.optStr();
      const all = [...server.settings.live.values()].filter(
        (s) => s.group === group && (name === undefined || s.name === name),
      );
      if (all.length === 0) call.fault(400, 'Failed to set the variable');
      for (const setting of all) apply(server, { setting, value: setting.default ?? '', id: null });
    },
  },
  'cfg.diff': {
    doc: 'List the pending configuration changes that have not been committed yet',
    run({ state }, call, server) {
      for (const { setting, value, id } of state.delayed) {
        const old = currentValue(server, setting, id);
        if (old === undefined) {
          call.fault(400, 'Failed to get the changes');
          return;
        }
        const change = new RpcStruct({ 'group name': setting.group });
        if (id !== null) change.add('group id', id);
        change.add('variable name', setting.name);
        change.add('old value', old);
        change.add('new value', value ?? setting.get() ?? '');
        call.add(change);
      }
    },
  },
  'cfg.del': {
    doc: 'Delete the value of a configuration variable from a group instance and commit the change immediately',
    run: ({ state }, call, server) => remove(server, state, call, false),
  },
  'cfg.del_delayed': {
    doc: 'Prepare the deletion of the value of a configuration variable from a group instance, but does not commit the change yet',
    run: ({ state }, call, server) => remove(server, state, call, true),
  },
  'cfg.add_group_inst': {
    doc: 'Add a new instance to an existing configuration group',
    run(_me, call, { settings }) {
      const at = instanceOf(call);
      if (at !== null && !settings.addInstance(at.group, at.id)) call.fault(400, 'Failed to add the group instance');
    },
  },
  'cfg.del_group_inst': {
    doc: 'Delete an instance of a configuration group',
    run(_me, call, { settings }) {
      const at = instanceOf(call);
      if (at !== null && !settings.removeInstance(at.group, at.id))
        call.fault(400, 'Failed to delete the group instance');
    },
  },
} satisfies Record<string, Command>;

export default defineModule({
  name: 'cfg_rpc',
  doc: 'Commands for the configuration that may change while the server runs.',
  uses: [],
  params: {},
  stats: {},
  state: (init) => (init.previous instanceof CfgState ? init.previous : new CfgState()),
  functions: {},
  pvs: {},
  rpc: commands,
  eventRoutes: {},
  missing: [],
});

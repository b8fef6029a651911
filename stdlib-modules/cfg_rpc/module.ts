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
  readonly value: number | string;
}

class CfgState {
  /** Waiting for cfg.commit. */
  delayed: Change[] = [];
}

const typeName = (s: Setting) => (s.type === 'int' ? 'integer' : 'string');

function groupAndName(call: RpcCall): { group: string; name: string } | null {
  const group = call.str();
  const name = group === undefined ? undefined : call.str();
  return group === undefined || name === undefined ? null : { group, name };
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

function apply(server: ServerApi, { setting, value }: Change): void {
  setting.set(value);
  if (setting.group === 'core' && setting.name === 'debug' && typeof value === 'number') server.env.log.level = value;
  server.log(2, 'cfg_rpc', `${setting.group}.${setting.name} has been changed to ${value}`);
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
  if (delayed) state.delayed.push({ setting, value: fit });
  else apply(server, { setting, value: fit });
}

function get(server: ServerApi, call: RpcCall): void {
  const group = call.str();
  if (group === undefined) {
    call.fault(500, 'Failed to get the parameters');
    return;
  }
  const name = call.optStr();
  if (name === undefined) {
    const all = new RpcStruct();
    for (const s of server.settings.live.values()) if (s.group === group) all.add(s.name, s.get() ?? '');
    call.add(all);
    return;
  }
  const setting = server.settings.live.get(`${group}.${name}`);
  if (setting === undefined) call.fault(400, 'Failed to get the variable');
  else call.add(setting.get() ?? '');
}

function list(server: ServerApi, call: RpcCall): void {
  const group = call.optStr();
  for (const s of server.settings.live.values())
    if (group === undefined || s.group === group) call.add(`${s.group}: ${s.name}`);
}

function one(server: ServerApi, call: RpcCall, missing: string): Setting | null {
  const at = groupAndName(call);
  if (at === null) return null;
  const setting = server.settings.live.get(`${at.group}.${at.name}`);
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
    run({ state }, _call, server) {
      for (const changeToMake of state.delayed.splice(0)) apply(server, changeToMake);
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
      for (const setting of all) apply(server, { setting, value: setting.default ?? '' });
    },
  },
  'cfg.diff': {
    doc: 'List the pending configuration changes that have not been committed yet',
    run({ state }, call) {
      for (const { setting, value } of state.delayed)
        call.add(
          new RpcStruct({
            'group name': setting.group,
            'variable name': setting.name,
            'old value': setting.get() ?? '',
            'new value': value,
          }),
        );
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
  missing: ['rpc:cfg.del', 'rpc:cfg.del_delayed', 'rpc:cfg.add_group_inst', 'rpc:cfg.del_group_inst'],
});

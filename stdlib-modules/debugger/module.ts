/** debugger: traces of what the routes do, stepping through them, log levels by module. */
import {
  actionOf,
  defineModule,
  isFacility,
  type LogLevel,
  levelFor,
  opt,
  parseLevel,
  printJson,
  prints,
  type RouteContext,
  type RpcCall,
  RpcStruct,
  type ScriptAction,
  type ServerApi,
  SHOW_ALL,
  StartError,
  shaped,
  type Verdict,
  variables,
} from '../../runtime/sdk/index.js';
import { routeKindName } from './actions.js';
import { Breakpoints } from './breakpoints.js';
import { messageText } from './dump.js';

/** Where the running action stands, in a run's data. */
const LINE = 'debugger.line';
/** As Kamailio's log shows the function that writes the lines. */
const TRACER = 'dbg_cfg_trace()';
const DEFAULT_FACILITY = 'LOG_DAEMON';
/** Longest pseudo-variable that dbg.bp takes (DBG_CMD_SIZE). */
const MAX_PV = 255;

/** Of cfgt. */
interface CfgtApi {
  action(ctx: RouteContext, action: ScriptAction): void;
}

class State {
  tracing = false;
  /** Gets each action too; null unless `cfgtest` asks for it. */
  cfgt: CfgtApi | null = null;
  readonly breakpoints = new Breakpoints();
  readonly levels = new Map<string, number>();
  readonly facilities = new Map<string, string>();
}
interface Params {
  readonly cfgtrace_format: number;
  readonly log_level: number;
  readonly log_prefix: string;
  readonly log_level_name: string | undefined;
  readonly log_assign: number;
  readonly mod_hash_size: number;
  readonly mod_level_mode: number;
  readonly mod_facility_mode: number;
  readonly reset_msgid: number;
}
interface Me {
  readonly params: Params;
  readonly state: State;
}

const levelOf = (number: number): LogLevel => Math.max(-5, Math.min(3, number)) as LogLevel;
const shown = (action: ScriptAction, between: string): string => {
  const [name, type] = actionOf(action);
  return `${between} a=${type} n=${name}`;
};

function trace({ params }: Me, ctx: RouteContext, action: ScriptAction): void {
  const level = levelOf(params.log_level);
  if (!prints(ctx.server.env.log, level, 'debugger')) return;
  const file = (params.cfgtrace_format & 1) !== 0 ? '' : ` c=[${action.file}]`;
  const text = shown(action, `${routeKindName(ctx.kind)}=[${action.route}]${file} l=${action.line}`);
  ctx.log(level, text, `${params.log_prefix}${TRACER}`, params.log_level_name);
}

/** Before an action: traced, and held while breakpoints are on. */
function before(me: Me, ctx: RouteContext, action: ScriptAction): Promise<void> | undefined {
  const { state, params } = me;
  ctx.data.set(LINE, action.line);
  if (state.tracing) trace(me, ctx, action);
  state.cfgt?.action(ctx, action);
  return state.breakpoints.hold(ctx, action, () => {
    const at = `breakpoint hit: p=[${ctx.server.info.pid}] c=[${action.file}] l=${action.line}`;
    ctx.log(levelOf(params.log_level), shown(action, at), 'debugger');
  });
}

/** Kamailio asks for the levels only with `mod_level_mode`. */
function applyLevels({ params, state }: Me, server: ServerApi): void {
  server.env.log.levels = params.mod_level_mode !== 0 ? new Map(state.levels) : new Map();
}

const evaluated = (value: string | number | null): string =>
  value === null ? 't=null' : typeof value === 'number' ? `t=int v=${value}` : `t=str v=${value}`;

/** A run's answer to `eval` and `log`: the pseudo-variable and its value; null when there is none. */
function evaluate(ctx: RouteContext, text: string): string | null {
  const name = /^\$\(?([A-Za-z_]\w*)/.exec(text)?.[1];
  if (name === undefined) return null;
  const known = ctx.config.pvs.find((pv) => pv.name === text);
  if (known !== undefined) return `${text} : ${evaluated(known.get(ctx))}`;
  if (name !== 'var' && ctx.server.pv(name) === null) return null;
  const variable = /^\$\(?var\((.*?)\)/.exec(text)?.[1];
  const value = variable !== undefined ? (ctx.vars[variable] ?? 0) : ctx.server.format(text)(ctx);
  return `${text} : ${evaluated(value)}`;
}

/** A process number that is given has to be ours; false, with a fault, when it is not. */
function ownProcess(call: RpcCall, server: ServerApi, required: boolean): boolean {
  const pid = call.optInt();
  if (pid === undefined) {
    if (required) call.fault(500, 'Missing pid parameter');
    return !required;
  }
  if (pid !== server.info.pid) call.fault(500, 'No such pid');
  return pid === server.info.pid;
}

const needPid: ReadonlySet<string> = new Set(['keep', 'move', 'next', 'show', 'eval', 'log']);

function breakpoint({ state, params }: Me, call: RpcCall, server: ServerApi): void {
  const { breakpoints } = state;
  const command = call.text();
  if (command === undefined) {
    call.fault(500, 'Config breakpoint command missing');
    return;
  }
  if (!ownProcess(call, server, needPid.has(command))) return;
  const held = breakpoints.first;
  switch (command) {
    case 'on':
      breakpoints.on = true;
      break;
    case 'off':
      breakpoints.release();
      break;
    case 'release':
      if (held === null) breakpoints.release();
      break;
    case 'keep':
      break;
    case 'move':
      if (held !== null || breakpoints.isStepping) breakpoints.release();
      break;
    case 'next': {
      const done = breakpoints.next();
      if (done === null) break;
      call.add(shown(done, `exec [${done.file}:${done.line}]`));
      return;
    }
    case 'show':
      if (held === null) break;
      call.add(shown(held.action, `at bkp [${held.action.file}:${held.action.line}]`));
      return;
    case 'eval':
    case 'log': {
      const text = call.text();
      if (text === undefined || text.length < 2 || text.length > MAX_PV) {
        call.fault(500, text === undefined ? 'pv param missing' : 'invalid pv param');
        return;
      }
      const value = held === null ? null : evaluate(held.ctx, text);
      if (value === null) break;
      if (command === 'eval') {
        call.add(value);
        return;
      }
      held?.ctx.log(levelOf(params.log_level), `breakpoint eval: ${value}`, 'debugger');
      break;
    }
    default:
      call.fault(500, 'Unknown inner command');
      return;
  }
  call.add('200 ok');
}

/** `name=value` of mod_level and mod_facility. */
function pair(param: string, text: string, fits: (value: string) => boolean): readonly [string, string] {
  const at = text.indexOf('=');
  const value = text.slice(at + 1);
  if (at < 0 || !fits(value))
    throw new StartError('SIPC8023', `debugger: parameter ${param} "${text}" is not name=value`);
  return [text.slice(0, at), value];
}

/** `L_ERR` … by its third letter, as Kamailio's fixup reads it. */
const levelShape = '^..[ABCEWNID]';
const levelWanted = 'a log level such as L_ERR';

export default defineModule({
  name: 'debugger',
  doc: 'Traces of what the routes do, stepping through them, log levels by module.',
  uses: ['cfgt?'],
  watchesRoutes: true,
  params: {
    cfgtrace: { type: 'int', default: 0, doc: '1: a line in the log before each action; `dbg.trace` changes it.' },
    cfgtrace_format: { type: 'int', default: 0, doc: '1: lines without the name of the file.' },
    breakpoint: {
      type: 'int',
      default: 0,
      doc: '1: runs wait before each action from the start; `dbg.bp` changes it.',
    },
    log_level: { type: 'int', default: -1, doc: 'Level of the lines.' },
    log_facility: { type: 'str', default: DEFAULT_FACILITY, doc: 'Syslog facility of the lines.' },
    log_prefix: { type: 'str', default: '*** cfgtrace:', doc: 'What the lines of the trace begin with.' },
    log_level_name: { type: 'str', doc: 'What they show in place of the level.' },
    log_assign: { type: 'int', default: 0, doc: '1: what was assigned is logged, at the level of debugging.' },
    step_usleep: { type: 'int', default: 100_000, noEffect: true, doc: 'How Kamailio’s processes wait for commands.' },
    step_loops: { type: 'int', default: 200, noEffect: true, doc: 'How often they look.' },
    mod_hash_size: {
      type: 'int',
      default: 0,
      live: 'dbg',
      doc: 'Above 0: levels and facilities by module may be set.',
    },
    mod_level_mode: { type: 'int', default: 0, min: 0, max: 1, live: 'dbg', doc: '1: levels by module count.' },
    mod_level: { type: 'str', many: true, doc: 'The level of a module: name=level; core is the server itself.' },
    mod_facility_mode: { type: 'int', default: 0, min: 0, max: 1, live: 'dbg', doc: '1: facilities by module count.' },
    mod_facility: { type: 'str', many: true, doc: 'The syslog facility of a module: name=facility.' },
    reset_msgid: { type: 'int', default: 0, doc: '1: dbg.reset_msgid may be used.' },
    cfgtest: { type: 'int', default: 0, doc: '1: the cfgt module gets each action, for its reports.' },
    cfgpkgcheck: { type: 'int', default: 0, noEffect: true, doc: 'Checks of Kamailio’s memory.' },
  },
  stats: {},
  state: (init, params) => {
    if (!isFacility(params.log_facility))
      throw new StartError('SIPC8023', `debugger: log_facility ${params.log_facility} does not exist`);
    if (init.previous instanceof State) return init.previous;
    const state = new State();
    state.tracing = params.cfgtrace === 1;
    state.breakpoints.on = params.breakpoint === 1;
    for (const text of params.mod_level) {
      const [name, level] = pair('mod_level', text, (value) => /^[+-]?\d+$/.test(value));
      state.levels.set(name, Number(level));
    }
    for (const text of params.mod_facility) {
      const [name, facility] = pair('mod_facility', text, isFacility);
      state.facilities.set(name, facility);
    }
    return state;
  },
  start(me, server) {
    if (me.params.cfgtest === 1) {
      me.state.cfgt = me.uses.find<CfgtApi>('cfgt');
      if (me.state.cfgt === null)
        throw new StartError('SIPC8023', 'debugger: cfgtest=1 needs the cfgt module: loadmodule "cfgt.so" before it');
    }
    const assigns = me.params.log_assign > 0;
    server.watch.observer = {
      action: (ctx, action) => before(me, ctx, action),
      assigned(ctx, target) {
        if (!assigns || !prints(ctx.server.env.log, 3, 'debugger')) return;
        const value = target.get(ctx);
        const text = value === null ? ' $null' : typeof value === 'number' ? String(value) : `"${value}"`;
        ctx.log(3, `${target.name}:${text}`, 'debugger');
      },
    };
    applyLevels(me, server);
    server.settings.onChange((name) => {
      if (name === 'dbg.mod_level_mode') applyLevels(me, server);
    });
  },
  stop(me, server) {
    server.watch.observer = null;
    server.env.log.levels = new Map();
    me.state.breakpoints.release();
  },
  functions: {
    dbg_breakpoint: {
      doc: 'Marks a place; without a meaning of its own, as in Kamailio.',
      args: [shaped('mode', '^.', '0 or 1', '0 off, else on')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'always' },
      example: 'dbg_breakpoint("1");',
      run: (): Verdict => 1,
    },
    dbg_pv_dump: {
      doc: 'Writes the pseudo-variables of the cfg and their values to the log, as JSON.',
      args: [
        opt(shaped('mask', '^\\d+$', 'a number', '1 undefined ones too, 2 $avp, 4 $var, 8 $xavp, 16 others; added up')),
        opt(shaped('level', levelShape, levelWanted)),
      ],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'always' },
      example: 'dbg_pv_dump("30", "L_INFO");',
      run(_me, ctx, mask, level) {
        const at = level === undefined ? 3 : (parseLevel(level) ?? 3);
        if (prints(ctx.server.env.log, at, 'debugger'))
          ctx.log(at, printJson(variables(ctx, mask === undefined ? SHOW_ALL : Number(mask)), false), 'debugger');
        return 1;
      },
    },
    dbg_sip_msg: {
      doc: 'Writes the message as it would leave now to the log, with what was changed.',
      args: [opt(shaped('level', levelShape, levelWanted)), opt(shaped('facility', '^LOG_', 'a syslog facility'))],
      routes: ['request', 'reply'],
      constArgs: true,
      returns: { 1: 'written', [-1]: 'a request, and not in the request route; or what was made is no message' },
      example: 'append_hf("X-Seen: yes\\r\\n"); dbg_sip_msg("L_INFO");',
      run(_me, ctx, level) {
        if (ctx.msg.isRequest && ctx.kind !== 'request') {
          ctx.log(-1, 'invalid usage - not in request route', 'debugger');
          return -1;
        }
        const { debug } = ctx.server.settings.values;
        const at = level === undefined ? levelOf(debug) : (parseLevel(level) ?? -1);
        const line = ctx.data.get(LINE);
        const text = messageText(ctx, level !== undefined && typeof line === 'number' ? line : null);
        if (text === null) return -1;
        ctx.log(at, text, 'debugger');
        return 1;
      },
    },
  },
  pvs: {},
  rpc: {
    'dbg.bp': {
      doc: 'Breakpoint command',
      run: (me, call, server) => breakpoint(me, call, server),
    },
    'dbg.ls': {
      doc: 'List debugging process array',
      run(me, call, server) {
        if (!ownProcess(call, server, false)) return;
        const { tracing, breakpoints, cfgt } = me.state;
        call.add(
          new RpcStruct({
            entry: 0,
            pid: server.info.pid,
            set: (tracing ? 1 : 0) | (breakpoints.on ? 2 : 0) | (cfgt !== null ? 8 : 0),
            state: breakpoints.isStepping ? 2 : breakpoints.first !== null ? 1 : 0,
            'in.pid': 0,
            'in.cmd': 0,
          }),
        );
      },
    },
    'dbg.trace': {
      doc: 'Config trace command',
      run(me, call, server) {
        const command = call.text();
        if (command === undefined) {
          call.fault(500, 'Config trace command missing');
          return;
        }
        if (!ownProcess(call, server, false)) return;
        if (command !== 'on' && command !== 'off') {
          call.fault(500, 'Unknown trace command');
          return;
        }
        me.state.tracing = command === 'on';
        call.add('200 ok');
      },
    },
    'dbg.set_mod_level': {
      doc: 'Set module log level',
      run(me, call, server) {
        const name = call.text();
        const level = name === undefined ? undefined : call.int();
        if (name === undefined || level === undefined) {
          call.fault(500, 'invalid parameters');
          return;
        }
        if (me.params.mod_hash_size <= 0) {
          call.fault(500, 'cannot store parameter');
          return;
        }
        me.state.levels.set(name, level);
        applyLevels(me, server);
        call.add('200 ok');
      },
    },
    'dbg.get_mod_level': {
      doc: 'Get module log level',
      run(_me, call, server) {
        const name = call.text();
        if (name === undefined) call.fault(500, 'invalid parameters');
        else call.add(levelFor(server.env.log, name));
      },
    },
    'dbg.set_mod_facility': {
      doc: 'Set module log facility',
      run(me, call) {
        const name = call.text();
        const facility = name === undefined ? undefined : call.text();
        if (name === undefined || facility === undefined) call.fault(500, 'invalid parameters');
        else if (!isFacility(facility)) call.fault(500, 'facility not found');
        else if (me.params.mod_hash_size <= 0) call.fault(500, 'cannot store parameter');
        else {
          me.state.facilities.set(name, facility);
          call.add('200 ok');
        }
      },
    },
    'dbg.get_mod_facility': {
      doc: 'Get module log facility',
      run(me, call, server) {
        const name = call.text();
        if (name === undefined) {
          call.fault(500, 'invalid parameters');
          return;
        }
        const own = me.params.mod_facility_mode !== 0 ? me.state.facilities.get(name) : undefined;
        call.add(own ?? server.settings.values.log_facility);
      },
    },
    'dbg.reset_msgid': {
      doc: 'Reset msgid on all process',
      run(me, call, server) {
        if (me.params.reset_msgid === 0) {
          call.fault(500, 'reset_msgid is 0. Set it to 1 to enable.');
          return;
        }
        server.messageCount.value = 0;
        call.add('200 ok');
      },
    },
  },
  eventRoutes: {},
  missing: [],
});

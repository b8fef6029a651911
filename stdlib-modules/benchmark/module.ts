/** benchmark: how long parts of the cfg take. */
import {
  defineModule,
  type LogLevel,
  type RouteContext,
  type RpcCall,
  StartError,
  str,
} from '../../runtime/sdk/index.js';
import { type Stopwatch, Stopwatches } from './timers.js';

class State {
  readonly timers = new Stopwatches();
  enable = 0;
  granularity = 1;
  logLevel = 2;
  /** Microseconds. */
  lastDiff = 0;
}
interface Me {
  readonly state: State;
}
const isActive = ({ state }: Me, timer: Stopwatch) => state.enable > 0 || timer.enabled;
const RUN = 'benchmark';
/** Starts within this run: another run that goes on in between does not count. */
function startsOf(ctx: RouteContext): Map<Stopwatch, number> {
  const known = ctx.data.get(RUN) as Map<Stopwatch, number> | undefined;
  if (known) return known;
  const fresh = new Map<Stopwatch, number>();
  ctx.data.set(RUN, fresh);
  return fresh;
}

function numberWithin(call: RpcCall, min: number, max: number, set: (value: number) => void): void {
  const value = call.int();
  if (value === undefined) call.fault(500, 'Invalid Parameters');
  else if (value < min || value > max) call.fault(500, 'Invalid Parameter Value');
  else set(value);
}
const name = str('timer', 'its name');
const routes = ['request', 'failure', 'reply', 'branch', 'local'] as const;

export default defineModule({
  name: 'benchmark',
  doc: 'How long parts of the cfg take.',
  uses: [],
  params: {
    enable: { type: 'int', default: 0, min: -1, max: 1, doc: '1: all timers run; 0: those that are switched on.' },
    granularity: { type: 'int', default: 1, min: 1, doc: 'Measurements between two lines in the log.' },
    loglevel: { type: 'int', default: 2, doc: 'Level of these lines.' },
    register: { type: 'str', many: true, doc: 'A timer that is there before the cfg names it.' },
  },
  stats: {},
  state: (init, params) => {
    if (init.previous instanceof State) return init.previous;
    const state = new State();
    state.enable = params.enable;
    state.granularity = params.granularity;
    state.logLevel = params.loglevel;
    for (const timer of params.register)
      if (state.timers.named(timer) === null)
        throw new StartError('SIPC8023', `benchmark: parameter register "${timer}" is no name of a timer`);
    return state;
  },
  functions: {
    bm_start_timer: {
      doc: 'Starts a timer.',
      args: [name],
      routes,
      returns: { 1: 'done', [-1]: 'no name, or too many timers' },
      constArgs: true,
      example: 'bm_start_timer("lookup");',
      run(me, ctx, timer) {
        const found = me.state.timers.named(timer);
        if (found === null) return -1;
        if (!isActive(me, found)) return 1;
        found.startedAt = ctx.server.env.clock.monotonic();
        startsOf(ctx).set(found, found.startedAt);
        return 1;
      },
    },
    bm_log_timer: {
      doc: 'Measures the time since the start; every `granularity` times the sums are logged.',
      args: [name],
      routes,
      returns: { 1: 'done', [-1]: 'no name, or too many timers' },
      constArgs: true,
      example: 'bm_start_timer("lookup"); bm_log_timer("lookup");',
      run(me, ctx, timer) {
        const found = me.state.timers.named(timer);
        if (found === null) return -1;
        const started = found ? (startsOf(ctx).get(found) ?? found.startedAt) : null;
        if (!isActive(me, found) || started === null) return 1;
        const us = Math.max(0, Math.round((ctx.server.env.clock.monotonic() - started) * 1000));
        me.state.lastDiff = us | 0;
        const line = found.measured(us, me.state.granularity);
        if (line !== null) ctx.log(Math.max(-5, Math.min(3, me.state.logLevel)) as LogLevel, line, 'benchmark');
        return 1;
      },
    },
  },
  pvs: {
    BM_time_diff: {
      doc: 'microseconds that were measured last',
      type: 'int',
      nullable: false,
      get: (me) => me.state.lastDiff,
    },
  },
  rpc: {
    'benchmark.enable_global': {
      doc: 'Switches all timers: -1, 0 or 1.',
      run: ({ state }, call) =>
        numberWithin(call, -1, 1, (value) => {
          state.enable = value;
        }),
    },
    'benchmark.enable_timer': {
      doc: 'Switches a timer: 0 or 1.',
      run({ state }, call) {
        const [timer, value] = [call.str(), call.int()];
        const found = timer === undefined ? undefined : state.timers.get(timer);
        if (timer === undefined || value === undefined) call.fault(500, 'Invalid Parameters');
        else if (value < 0 || value > 1) call.fault(500, 'Invalid Parameter Value');
        else if (!found) call.fault(500, 'Register timer failure');
        else found.enabled = value === 1;
      },
    },
    'benchmark.granularity': {
      doc: 'Measurements between two lines in the log.',
      run: ({ state }, call) =>
        numberWithin(call, 1, 0x7fff_ffff, (value) => {
          state.granularity = value;
        }),
    },
    'benchmark.loglevel': {
      doc: 'Level of these lines: -1, 0 or 1.',
      run: ({ state }, call) =>
        numberWithin(call, -1, 1, (value) => {
          state.logLevel = value;
        }),
    },
    'benchmark.timer_list': {
      doc: 'All timers.',
      array: true,
      run(me, call) {
        for (const timer of me.state.timers.all) call.add(timer.show(isActive(me, timer), me.state.granularity));
      },
    },
    'benchmark.timer_name_list': {
      doc: 'A timer by its name.',
      array: true,
      run(me, call) {
        const timer = call.str();
        const found = timer === undefined ? undefined : me.state.timers.get(timer);
        if (timer === undefined) call.fault(400, 'Invalid timer name');
        else if (!found) call.fault(500, 'Register timer failure');
        else call.add(found.show(isActive(me, found), me.state.granularity));
      },
    },
  },
  eventRoutes: {},
  missing: [],
});

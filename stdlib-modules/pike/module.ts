/** pike: addresses that send too much in a sampling unit are told, so that the cfg can drop them. */
import {
  defineModule,
  type LogLevel,
  type RouteContext,
  RpcStruct,
  type ServerApi,
  type Timer,
  type Verdict,
  varStr,
} from '../../runtime/sdk/index.js';
import { PikeTree } from './tree.js';

class State {
  readonly timers: Timer[] = [];
  constructor(readonly tree: PikeTree) {}
}
const returns = { 1: 'fine', [-1]: 'blocked, or no address', [-2]: 'blocked from now on' } as const;
/** Seconds, as Kamailio's ticks. */
const ticks = (server: ServerApi) => Math.floor(server.env.clock.monotonic() / 1000);
const level = (n: number): LogLevel => Math.max(-5, Math.min(3, n)) as LogLevel;

interface Me {
  readonly state: State;
  readonly params: { readonly pike_log_level: number };
  readonly stats: { readonly blocked_ips: { value: number } };
}
function check(me: Me, ctx: RouteContext, ip: string): Verdict {
  const verdict = me.state.tree.mark(ip, ticks(ctx.server));
  if (verdict === null) {
    ctx.log(-1, `failed to parse ip address: ${ip}`, 'pike');
    return -1;
  }
  if (verdict === -2) {
    me.stats.blocked_ips.value++;
    ctx.log(level(me.params.pike_log_level), `PIKE - BLOCKing ip ${ip}`, 'pike');
  }
  return verdict;
}
function every(server: ServerApi, state: State, sec: number, work: () => void): void {
  const timer = server.env.clock.setTimer(sec * 1000, () => {
    work();
    timer.rearm(sec * 1000);
  });
  state.timers.push(timer);
}
const shown = (bytes: readonly number[]): string =>
  bytes.length === 4
    ? bytes.join('.')
    : Array.from({ length: 8 }, (_, i) => (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16)).join(
        ':',
      );

const top = {
  doc: 'pike.top Dump parts of the pike table',
  run(
    { state: { tree } }: Me,
    call: { optStr(): string | undefined; fault(code: number, text: string): void; add(v: RpcStruct): void },
    server: ServerApi,
  ) {
    const asked = (call.optStr() ?? 'HOT').toUpperCase();
    const which = asked.includes('ALL')
      ? 'ALL'
      : asked.includes('HOT')
        ? 'HOT'
        : asked.includes('WARM')
          ? 'WARM'
          : null;
    if (which === null) {
      call.fault(500, 'Bad argument. Select: ALL, HOT or WARM');
      return;
    }
    // WARM lists nothing, in Kamailio as well.
    const entries = which === 'WARM' ? [] : tree.top(which, ticks(server));
    const result = new RpcStruct({ max_hits: tree.maxHits });
    const list = result.array('list');
    for (const { bytes, previous, current, expires, status } of entries)
      list.push(
        new RpcStruct({ ip_addr: shown(bytes), leaf_hits_prev: previous, leaf_hits_curr: current, expires, status }),
      );
    result.add('number_of_rows', entries.length);
    call.add(result);
  },
} as const;

export default defineModule({
  name: 'pike',
  doc: 'Finds addresses that send too much.',
  uses: [],
  params: {
    sampling_time_unit: { type: 'int', default: 2, min: 1, doc: 'Seconds over which packets are counted.' },
    reqs_density_per_unit: { type: 'int', default: 30, min: 1, doc: 'Packets of one address in a unit that block it.' },
    remove_latency: {
      type: 'int',
      default: 120,
      min: 1,
      doc: 'Seconds after its last packet an address is forgotten.',
    },
    pike_log_level: { type: 'int', default: 0, doc: 'Level of the lines about blocking.' },
  },
  stats: { blocked_ips: { doc: 'Times an address was blocked.' } },
  state: (init, params) =>
    init.previous instanceof State
      ? init.previous
      : new State(new PikeTree(params.reqs_density_per_unit, params.remove_latency)),
  start(me, server) {
    const { tree } = me.state;
    every(server, me.state, 1, () => tree.clean(ticks(server)));
    every(server, me.state, me.params.sampling_time_unit, () => {
      const freed = tree.nextUnit();
      if (freed > 0) server.log(level(me.params.pike_log_level), 'pike', `PIKE - UNBLOCKing ${freed} addresses`);
    });
  },
  stop(me) {
    for (const timer of me.state.timers.splice(0)) timer.cancel();
  },
  functions: {
    pike_check_req: {
      doc: 'Counts the packet; false when its source sends too much.',
      args: [],
      routes: ['request', 'reply'],
      returns,
      example: 'if (!pike_check_req()) { xlog("too much from $si\\n"); exit; }',
      run: (me, ctx) => check(me, ctx, ctx.msg.received.src.ip),
    },
    pike_check_ip: {
      doc: 'As pike_check_req(), for an address.',
      args: [varStr('address')],
      routes: ['request', 'reply'],
      returns,
      example: 'if (!pike_check_ip("$si")) { exit; }',
      run: (me, ctx, ip) => (ip === '' ? -1 : check(me, ctx, ip)),
    },
  },
  pvs: {},
  rpc: { 'pike.top': top, 'pike.list': top },
  eventRoutes: {},
  missing: [],
});

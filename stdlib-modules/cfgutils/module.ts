/** cfgutils: chance, waiting, locks, global flags, and routes that may be missing. */
import { createHash } from 'node:crypto';
import {
  coreHash,
  defineModule,
  int,
  memoryReport,
  NamedLocks,
  opt,
  type RouteContext,
  readBytes,
  StartError,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';

interface State {
  probability: number;
  flags: number;
  locks: NamedLocks | null;
  /** MD5 of `hash_file` at the start. */
  hash: string;
}
const yes = { 1: 'yes', [-1]: 'no' } as const;
const MAX_HASHED_BYTES = 1 << 26;
/** As long as a route may wait at once. */
const MAX_WAIT_MS = 600_000;

async function waits(ctx: RouteContext, ms: number): Promise<Verdict> {
  if (ms > 0)
    await new Promise<void>((resolve) => void ctx.server.env.clock.setTimer(Math.min(ms, MAX_WAIT_MS), resolve));
  return 1;
}
async function md5Of(path: string): Promise<string | null> {
  const bytes = await readBytes(path, MAX_HASHED_BYTES);
  return bytes === null ? null : createHash('md5').update(bytes, 'latin1').digest('hex');
}
const bitOf = (flag: number): number => (flag < 0 || flag > 31 ? 0 : 1 << flag);

/** Kamailio's pools of memory have no counterpart: all four tell of the process. */
const logMemory = (name: string) =>
  ({
    doc: 'Logs the memory of the process.',
    args: [],
    routes: ['any'],
    returns: { 1: 'always' },
    example: `${name}();`,
    run(_me: unknown, ctx: RouteContext) {
      for (const line of memoryReport()) ctx.log(1, line, name);
      return 1;
    },
  }) as const;

export default defineModule({
  name: 'cfgutils',
  doc: 'Chance, waiting, locks, global flags.',
  uses: [],
  params: {
    initial_probability: {
      type: 'int',
      default: 10,
      min: 0,
      max: 100,
      doc: 'Percent with which rand_event() is true.',
    },
    initial_gflags: { type: 'int', default: 0, doc: 'Global flags at the start, as bits.' },
    hash_file: { type: 'str', default: '', doc: 'File whose MD5 cfgutils.check_config_hash compares.' },
    lock_set_size: {
      type: 'int',
      default: 0,
      doc: 'Above 0: lock() works. Locks are by name here, whatever the size.',
    },
  },
  stats: {},
  state: (init, params): State => ({
    probability: params.initial_probability,
    flags: params.initial_gflags,
    locks: params.lock_set_size > 0 ? new NamedLocks(init.env, false) : null,
    hash: '',
  }),
  async start(me) {
    const { hash_file } = me.params;
    if (hash_file === '') return;
    const hash = await md5Of(hash_file);
    if (hash === null)
      throw new StartError('SIPC8023', `cfgutils: cannot read hash_file ${hash_file}: name a file that is there`);
    me.state.hash = hash;
  },
  functions: {
    rand_set_prob: {
      doc: 'Sets the percent with which rand_event() is true.',
      args: [int('percent', '0 to 100')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'done', [-1]: 'not 0 to 100' },
      example: 'rand_set_prob(4);',
      run(me, _ctx, percent) {
        if (percent < 0 || percent > 100) return -1;
        me.state.probability = percent;
        return 1;
      },
    },
    rand_reset_prob: {
      doc: 'Sets the percent back to `initial_probability`.',
      args: [],
      routes: ['any'],
      returns: { 1: 'always' },
      example: 'rand_reset_prob();',
      run(me) {
        me.state.probability = me.params.initial_probability;
        return 1;
      },
    },
    rand_get_prob: {
      doc: 'Returns the percent; 0 ends the script.',
      args: [],
      routes: ['any'],
      returns: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [n, `${n} percent`])),
      example: 'rand_get_prob(); xlog("$rc percent\\n");',
      run: (me) => me.state.probability,
    },
    rand_event: {
      doc: 'True with the percent set.',
      args: [],
      routes: ['any'],
      returns: yes,
      example: 'if (rand_event()) { append_to_reply("X-Chosen: yes\\r\\n"); }',
      run: ({ state: { probability } }, ctx) =>
        probability > 0 && ctx.server.env.random.uint32() / 0x1_0000_0000 < probability / 100 ? 1 : -1,
    },
    sleep: {
      doc: 'Waits; other messages are routed meanwhile.',
      args: [varInt('seconds')],
      routes: ['any'],
      async: 'always',
      returns: { 1: 'always' },
      example: 'sleep("1");',
      run: (_me, ctx, seconds) => waits(ctx, seconds * 1000),
    },
    usleep: {
      doc: 'Waits microseconds; other messages are routed meanwhile.',
      args: [varInt('microseconds')],
      routes: ['any'],
      async: 'always',
      returns: { 1: 'always' },
      example: 'usleep("500000");',
      run: (_me, ctx, us) => waits(ctx, Math.ceil(us / 1000)),
    },
    set_gflag: {
      doc: 'Sets a flag of the whole server.',
      args: [int('flag', '0 to 31')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'always' },
      example: 'set_gflag(4);',
      run(me, _ctx, flag) {
        me.state.flags |= bitOf(flag);
        return 1;
      },
    },
    reset_gflag: {
      doc: 'Takes a flag of the whole server away.',
      args: [int('flag', '0 to 31')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'always' },
      example: 'reset_gflag(4);',
      run(me, _ctx, flag) {
        me.state.flags &= ~bitOf(flag);
        return 1;
      },
    },
    is_gflag: {
      doc: 'Is a flag of the whole server set?',
      args: [int('flag', '0 to 31')],
      routes: ['any'],
      constArgs: true,
      returns: yes,
      example: 'if (is_gflag(4)) { exit; }',
      run: (me, _ctx, flag) => ((me.state.flags & bitOf(flag)) !== 0 ? 1 : -1),
    },
    lock: {
      doc: 'Takes the lock of this name; waits while another run has it, 10 seconds at most. Needs `lock_set_size`.',
      args: [varStr('name'), opt(varStr('more'))],
      routes: ['any'],
      async: 'maybe',
      returns: { 1: 'taken', [-1]: 'lock_set_size is not set' },
      example: 'if (lock("$rU")) { unlock("$rU"); }',
      run(me, ctx, name): Verdict | Promise<Verdict> {
        if (me.state.locks === null) return -1;
        const waiting = me.state.locks.take(name, ctx);
        return waiting === undefined ? 1 : waiting.then(() => 1);
      },
    },
    trylock: {
      doc: 'Takes the lock of this name when it is free.',
      args: [varStr('name'), opt(varStr('more'))],
      routes: ['any'],
      returns: { 1: 'taken', [-1]: 'another run has it, or lock_set_size is not set' },
      example: 'if (trylock("$rU")) { unlock("$rU"); }',
      run: (me, ctx, name) => (me.state.locks?.tryTake(name, ctx) ? 1 : -1),
    },
    unlock: {
      doc: 'Gives the lock back.',
      args: [varStr('name'), opt(varStr('more'))],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'lock_set_size is not set' },
      example: 'unlock("$rU");',
      run(me, _ctx, name) {
        me.state.locks?.give(name);
        return me.state.locks === null ? -1 : 1;
      },
    },
    core_hash: {
      doc: 'Returns a number from 1 to 2^size made from one or two texts.',
      args: [varStr('text'), varStr('more', 'may be empty'), varInt('size')],
      routes: ['any'],
      constArgs: true,
      returns: {},
      positive: 'the number',
      example: 'core_hash("$fU", "$rU", "8"); xlog("$rc\\n");',
      run(_me, _ctx, text, more, size) {
        const buckets = size <= 0 ? 2 : 2 ** Math.min(size, 30);
        return (coreHash(text, more) & (buckets - 1)) + 1;
      },
    },
    abort: {
      doc: 'Ends the process at once, with a core dump where the system makes one: for debugging.',
      args: [],
      routes: ['any'],
      returns: { 0: 'never' },
      example: 'route[CRASH] { abort(); }',
      run(_me, ctx) {
        ctx.log(-5, 'abort() called from the cfg', 'cfgutils');
        process.abort();
      },
    },
    pkg_status: logMemory('pkg_status'),
    shm_status: logMemory('shm_status'),
    pkg_summary: logMemory('pkg_summary'),
    shm_summary: logMemory('shm_summary'),
    check_route_exists: {
      doc: 'Is there a route block of this name?',
      args: [varStr('name')],
      routes: ['any'],
      returns: yes,
      example: 'if (check_route_exists("X")) { route(X); }',
      run: (_me, ctx, name) => (ctx.config.has('route', name) ? 1 : -1),
    },
    route_if_exists: {
      doc: 'Runs a route block, when there is one of this name.',
      args: [varStr('name')],
      routes: ['any'],
      async: 'maybe',
      returns: { 0: 'the route ended the script', [-1]: 'no such route, or its code' },
      positive: 'the code of the route',
      example: 'route_if_exists("X");',
      run: (_me, ctx, name) => ctx.server.script.callRoute(ctx, name) ?? -1,
    },
  },
  pvs: {
    RANDOM: {
      doc: 'A random number from 0 to 2147483647.',
      type: 'int',
      nullable: false,
      get: (_me, ctx) => ctx.server.env.random.uint32() >>> 1,
    },
  },
  rpc: {
    'cfgutils.set_gflag': {
      doc: 'Sets the bits specified by the argument.',
      run(me, call) {
        const bits = call.int();
        if (bits === undefined) call.fault(500, 'Invalid Parameters');
        else me.state.flags |= bits;
      },
    },
    'cfgutils.reset_gflag': {
      doc: 'Resets the bits specified by the argument.',
      run(me, call) {
        const bits = call.int();
        if (bits === undefined) call.fault(500, 'Invalid Parameters');
        else me.state.flags &= ~bits;
      },
    },
    'cfgutils.is_gflag': {
      doc: 'Checks if the bits specified by the argument are all set.',
      run(me, call) {
        const bits = call.int();
        if (bits === undefined) call.fault(500, 'Invalid Parameters');
        else call.add((me.state.flags & bits) === bits ? 'TRUE' : 'FALSE');
      },
    },
    'cfgutils.get_gflags': {
      doc: 'Return the value for global flags.',
      run(me, call) {
        const flags = me.state.flags >>> 0;
        call.add(`0x${flags.toString(16).toUpperCase()} (${flags})`);
      },
    },
    'cfgutils.rand_set_prob': {
      doc: 'Set the random probability.',
      run(me, call) {
        const percent = call.int();
        if (percent === undefined) call.fault(500, 'Invalid Parameters');
        else if (percent < 0 || percent > 100) call.fault(500, 'Invalid Percent');
        else me.state.probability = percent;
      },
    },
    'cfgutils.rand_reset_prob': {
      doc: 'Reset the random probability.',
      run(me) {
        me.state.probability = me.params.initial_probability;
      },
    },
    'cfgutils.rand_get_prob': {
      doc: 'Get the random probability.',
      run: (me, call) => call.add(`actual probability: ${me.state.probability} percent`),
    },
    'cfgutils.get_config_hash': {
      doc: 'Get config hash value.',
      run: (me, call) => call.add(me.state.hash),
    },
    'cfgutils.check_config_hash': {
      doc: 'Check config hash value.',
      async run(me, call) {
        const { hash_file } = me.params;
        const hash = hash_file === '' ? '' : await md5Of(hash_file);
        if (hash_file === '') call.fault(500, 'No hash file');
        else if (hash === null) call.fault(500, 'Failed to hash the file');
        else call.add(hash === me.state.hash ? 'Identical hash' : 'Different hash');
      },
    },
  },
  eventRoutes: {},
  missing: [],
});

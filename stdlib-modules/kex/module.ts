/** kex: flags of the script and of branches, the destination URI, statistics commands; what Kamailio moved out of its core. */
import {
  defineModule,
  format,
  opt,
  parseUri,
  processMemory,
  pvWritable,
  type RouteContext,
  RuidSource,
  scriptFlags,
  setScriptFlags,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { memoryCommands } from './memory.js';
import { fetch, getStatistics, reset } from './stats.js';

const yes = { 1: 'done', [-1]: 'no such flag or branch' } as const;
const test = { 1: 'it is set', [-1]: 'it is not' } as const;
const bit = (n: number): number => (n >= 0 && n < 32 ? (1 << n) >>> 0 : 0);

/** Flags of branch `index`: 0 is the first, the others are those of append_branch(). Undefined: there is none. */
function branchFlags(ctx: RouteContext, index: number): number | undefined {
  return index === 0 ? ctx.draft.branchFlags : ctx.draft.branches[index - 1]?.flags;
}
function setBranchFlags(ctx: RouteContext, index: number, flags: number): void {
  const { draft } = ctx;
  if (index === 0) draft.branchFlags = flags >>> 0;
  else draft.branches = draft.branches.map((b, i) => (i === index - 1 ? { ...b, flags: flags >>> 0 } : b));
}
function changeBranchFlag(ctx: RouteContext, n: number, index: number, on: boolean): Verdict {
  const mask = bit(n);
  const flags = branchFlags(ctx, index);
  if (mask === 0 || flags === undefined) return -1;
  setBranchFlags(ctx, index, on ? flags | mask : flags & ~mask);
  return 1;
}

function isMyself(ctx: RouteContext, text: string): boolean {
  const { transports } = ctx.server;
  // Kamailio's w_is_myself(): what does not begin like a SIP URI is a host as a whole.
  if (!/^sips?:/.test(text)) return text !== '' && transports.isMyself(text);
  const whole = parseUri(text, ctx.grammar);
  if (whole === null) return false;
  const proto = whole.transport;
  const known = proto === 'udp' || proto === 'tcp' || proto === 'tls' || proto === 'sctp' ? proto : undefined;
  return transports.isMyself(whole.host, whole.port, known);
}

const branchArgs = [varInt('flag', '0 to 31'), opt(varInt('branch', '0 is the first'))] as const;

class KexState {
  constructor(readonly ruids: RuidSource) {}
}

export default defineModule({
  name: 'kex',
  doc: 'Script and branch flags, destination URI, statistics.',
  uses: [],
  params: {},
  stats: {},
  state: (init) =>
    init.previous instanceof KexState
      ? init.previous
      : new KexState(
          new RuidSource('srid', Math.floor(init.env.clock.now() / 1000), process.pid, init.settings.values.server_id),
        ),
  start(_me, server) {
    const { stats } = server;
    const gauge = (name: string, read: () => number) => stats.gauge('shmem', name, read);
    // Memory of this process: Kamailio's shared memory has no other counterpart here.
    gauge('total_size', () => processMemory().total);
    gauge('used_size', () => processMemory().used);
    gauge('real_used_size', () => processMemory().realUsed);
    gauge('max_used_size', () => processMemory().maxUsed);
    gauge('free_size', () => processMemory().free);
    gauge('fragments', () => processMemory().fragments);
  },
  functions: {
    setsflag: {
      doc: 'Sets a script flag: it lasts as long as this run.',
      args: [varInt('flag', '0 to 31')],
      routes: ['any'],
      returns: yes,
      example: 'setsflag(3);',
      run(_me, ctx, n) {
        if (bit(n) === 0) return -1;
        setScriptFlags(ctx, scriptFlags(ctx) | bit(n));
        return 1;
      },
    },
    resetsflag: {
      doc: 'Takes a script flag away.',
      args: [varInt('flag', '0 to 31')],
      routes: ['any'],
      returns: yes,
      example: 'resetsflag(3);',
      run(_me, ctx, n) {
        if (bit(n) === 0) return -1;
        setScriptFlags(ctx, scriptFlags(ctx) & ~bit(n));
        return 1;
      },
    },
    issflagset: {
      doc: 'Is the script flag set?',
      args: [varInt('flag', '0 to 31')],
      routes: ['any'],
      returns: test,
      example: 'if (issflagset(3)) { exit; }',
      run: (_me, ctx, n) => ((scriptFlags(ctx) & bit(n)) !== 0 ? 1 : -1),
    },
    setbflag: {
      doc: 'Sets a flag of a branch.',
      args: branchArgs,
      routes: ['any'],
      returns: yes,
      example: 'setbflag(6);',
      run: (_me, ctx, n, index) => changeBranchFlag(ctx, n, index ?? 0, true),
    },
    resetbflag: {
      doc: 'Takes a flag of a branch away.',
      args: branchArgs,
      routes: ['any'],
      returns: yes,
      example: 'resetbflag(6);',
      run: (_me, ctx, n, index) => changeBranchFlag(ctx, n, index ?? 0, false),
    },
    isbflagset: {
      doc: 'Is the flag of the branch set?',
      args: branchArgs,
      routes: ['any'],
      returns: test,
      example: 'if (isbflagset(6)) { xlog("nat\\n"); }',
      run: (_me, ctx, n, index) => (((branchFlags(ctx, index ?? 0) ?? 0) & bit(n)) !== 0 ? 1 : -1),
    },
    setdsturi: {
      doc: 'Sets the destination URI ($du); an empty text takes it away.',
      args: [varStr('uri')],
      routes: ['any'],
      returns: { 1: 'set' },
      example: 'setdsturi("sip:10.0.0.10:5090");',
      run(_me, ctx, uri) {
        ctx.draft.dstUri = uri === '' ? null : uri;
        return 1;
      },
    },
    resetdsturi: {
      doc: 'Takes the destination URI away.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done' },
      example: 'resetdsturi();',
      run(_me, ctx) {
        ctx.draft.dstUri = null;
        return 1;
      },
    },
    isdsturiset: {
      doc: 'Is there a destination URI?',
      args: [],
      routes: ['any'],
      returns: test,
      example: 'if (!isdsturiset()) { xlog("none\\n"); }',
      run: (_me, ctx) => (ctx.draft.dstUri === null || ctx.draft.dstUri === '' ? -1 : 1),
    },
    pv_printf: {
      doc: 'Assigns a text with pseudo-variables in it.',
      args: [pvWritable('to'), format('text')],
      routes: ['any'],
      constArgs: true,
      aliases: ['avp_printf'],
      returns: { 1: 'assigned', [-1]: 'it could not be assigned' },
      example: 'pv_printf("$var(x)", "$rU@$fd");',
      run: (_me, ctx, to, text) => (to.set?.(ctx, text(ctx)) === false ? -1 : 1),
    },
    is_myself: {
      doc: 'Is the host (and port) of this URI one of ours?',
      args: [varStr('uri')],
      routes: ['any'],
      returns: { 1: 'it is', [-1]: 'it is not' },
      example: 'if (is_myself("$ru")) { xlog("local\\n"); }',
      run: (_me, ctx, uri) => (isMyself(ctx, uri) ? 1 : -1),
    },
    is_myhost: {
      doc: 'Is this host, or the host of this URI, ours, whatever the port?',
      args: [varStr('uri')],
      routes: ['any'],
      returns: { 1: 'it is', [-1]: 'it is not' },
      example: 'if (is_myhost("$ru")) { xlog("local\\n"); }',
      run(_me, ctx, uri) {
        const host = parseUri(uri, ctx.grammar)?.host ?? uri;
        return host !== '' && ctx.server.transports.isMyself(host) ? 1 : -1;
      },
    },
    setdebug: {
      doc: 'Sets the log level until resetdebug().',
      args: [varInt('level')],
      routes: ['any'],
      returns: { 1: 'set' },
      example: 'setdebug("3");',
      run(_me, ctx, level) {
        ctx.server.env.log.level = level;
        return 1;
      },
    },
    resetdebug: {
      doc: 'Back to the level of the cfg.',
      args: [],
      routes: ['any'],
      returns: { 1: 'done' },
      example: 'resetdebug();',
      run(_me, ctx) {
        ctx.server.env.log.level = ctx.server.settings.values.debug;
        return 1;
      },
    },
  },
  pvs: {
    sruid: {
      doc: 'A new id, unique to this server.',
      type: 'str',
      nullable: false,
      get: (me) => me.state.ruids.next(),
    },
  },
  rpc: {
    'stats.get_statistics': {
      doc: 'get core and modules stats',
      array: true,
      run: (_me, call, { stats }) => getStatistics(stats, call),
    },
    'stats.fetch': {
      doc: 'fetch core and modules stats as string values',
      run: (_me, call, { stats }) => fetch(stats, call, false),
    },
    'stats.fetchn': {
      doc: 'fetch core and modules stats as number values',
      run: (_me, call, { stats }) => fetch(stats, call, true),
    },
    'stats.reset_statistics': {
      doc: 'reset core and modules stats (silent operation)',
      run: (_me, call, { stats }) => reset(stats, call, false),
    },
    'stats.clear_statistics': {
      doc: 'clear core and modules stats (verbose operation)',
      run: (_me, call, { stats }) => reset(stats, call, true),
    },
    ...memoryCommands,
  },
  eventRoutes: {},
  missing: [],
});

/**
 * Declarations and modparams → what emitted code calls: functions with `me` applied, pseudo-variable function objects,
 * commands and statistics registered, hooks in load order.
 */

import type { ProgramLink } from '../route/link.js';
import type { ModParam, Pv } from '../route/program.js';
import type { AnyModule, RouteContext, SelectRead, ServerApi, Uses } from '../sdk/context.js';
import type { ArgSpec, Counter, PvIndex, Value, Verdict } from '../sdk/define.js';
import { liveParams, type ParamRecord, paramsOf } from './params.js';
import { Apis, checkUses } from './uses.js';

export type BoundFunction = (ctx: RouteContext, ...args: unknown[]) => Verdict | Promise<Verdict>;
interface Me {
  readonly name: string;
  readonly params: ParamRecord;
  readonly stats: Readonly<Record<string, Counter>>;
  state: unknown;
  readonly uses: Uses;
}

/** What `program.js` is linked with. */
export interface Link {
  readonly program: ProgramLink;
  readonly modules: Readonly<Record<string, Readonly<Record<string, BoundFunction>>>>;
  readonly pvs: Readonly<Record<string, Pv>>;
}

interface Loaded {
  readonly module: AnyModule;
  readonly me: Me;
}

export class Modules {
  readonly functions: Record<string, Record<string, BoundFunction>> = {};
  readonly pvs: Record<string, Pv> = {};
  readonly #loaded: Loaded[] = [];
  readonly #started: Loaded[] = [];
  /** Made when the first select is looked up. */
  #selects: ReadonlyMap<string, readonly DeclaredSelect[]> | null = null;
  readonly #apis = new Apis();

  /** `modules`: core first, then in load order. Binds names; parameters come with `configure`. */
  constructor(
    modules: readonly AnyModule[],
    private readonly server: ServerApi,
  ) {
    checkUses(modules);
    for (const module of modules) this.load(module);
  }
  private load(module: AnyModule): void {
    const me: Me = {
      name: module.name,
      params: paramsOf(module, []),
      stats: this.statsOf(module),
      state: undefined,
      uses: this.#apis.of(module),
    };
    this.#loaded.push({ module, me });
    const functions: Record<string, BoundFunction> = {};
    for (const [name, spec] of Object.entries(module.functions)) {
      const bound = this.bindFunction(module, name, spec, me);
      functions[name] = bound;
      for (const alias of spec.aliases ?? []) functions[alias] = bound;
    }
    this.functions[module.name] = functions;
    for (const [name, spec] of Object.entries(module.pvs)) this.pvs[`$${name}`] ??= bindPv(name, spec, me);
    const { database } = module;
    if (database) this.server.databases.offer(module.name, () => database.call(module, me as never, this.server));
    this.#apis.offer(module.name, () => module.api?.(me as never, this.server) ?? {});
  }
  private statsOf(module: AnyModule): Record<string, Counter> {
    const stats: Record<string, Counter> = {};
    for (const [name, spec] of Object.entries(module.stats)) {
      if (spec.gauge) continue;
      stats[name] = this.server.stats.counter(spec.group ?? module.name, name, spec.doc);
    }
    return stats;
  }
  private bindFunction(module: AnyModule, name: string, spec: AnyModule['functions'][string], me: Me): BoundFunction {
    // One cast: the declaration's own types were checked where it was written, the call's by the compiler.
    const run = spec.run.bind(spec) as (me: Me, ctx: RouteContext, ...args: unknown[]) => Verdict | Promise<Verdict>;
    const checked = computedArgs(spec.args);
    if (checked.length === 0) return (ctx, ...args) => run(me, ctx, ...args);
    return (ctx, ...args) => {
      for (const { position, wants } of checked)
        if (args[position] === null || Number.isNaN(args[position])) {
          ctx.log(-1, `${name}(): argument ${position + 1} is not ${wants}`, module.name);
          return -1;
        }
      return run(me, ctx, ...args);
    };
  }

  /** What `modparam.*` tell of: the modules in their order, without the core. */
  params(): readonly {
    readonly module: string;
    readonly specs: AnyModule['params'];
    readonly values: ParamRecord;
  }[] {
    return this.#loaded
      .filter(({ module }) => module.name !== 'core')
      .map(({ module, me }) => ({ module: module.name, specs: module.params, values: me.params }));
  }

  /** Parameters in, state made: once the program is known. */
  configure(modparams: readonly ModParam[]): void {
    for (const { module, me } of this.#loaded) {
      Object.assign(me.params, paramsOf(module, modparams));
      for (const live of liveParams(module, me.params)) this.server.settings.register(live);
    }
    for (const { module, me } of this.#loaded) {
      const { env, settings } = this.server;
      me.state = module.state?.({ env, settings, previous: undefined }, me.params as never);
      for (const [name, spec] of Object.entries(module.rpc))
        this.server.rpc.register(
          name,
          spec.doc,
          (call) => spec.run(me as never, call, this.server),
          spec.array,
          spec.paced,
        );
    }
  }
  /** Start hooks in load order. The first error goes on; `stop` then stops those that have started. */
  async start(): Promise<void> {
    for (const loaded of this.#loaded) {
      await loaded.module.start?.(loaded.me as never, this.server);
      this.#started.push(loaded);
    }
  }
  /** Once every module has started and the sockets are open. */
  async serve(): Promise<void> {
    for (const { module, me } of this.#started) await module.serve?.(me as never, this.server);
  }
  /** In the opposite order; an error in one does not keep the others. */
  async stop(): Promise<void> {
    for (const { module, me } of this.#started.splice(0).reverse()) {
      try {
        await module.stop?.(me as never, this.server);
      } catch (error) {
        this.server.log(-1, module.name, `stop: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  /** The first declared select that fits these words. */
  findSelect = (words: readonly (string | number)[]): SelectRead | null => {
    this.#selects ??= selectsByStart(this.#loaded);
    const found = this.#selects.get(startOf(words))?.find(({ pattern }) => fits(pattern, words));
    if (!found) return null;
    const { me, spec } = found;
    const get = spec.get.bind(spec) as (
      me: Me,
      ctx: RouteContext,
      words: readonly (string | number)[],
    ) => Value | undefined;
    return (ctx) => get(me, ctx, words);
  };
}

interface DeclaredSelect {
  readonly pattern: readonly string[];
  readonly me: Me;
  readonly spec: NonNullable<AnyModule['selects']>[string];
}
/** First word and number of words: what patterns are looked up by. */
const startOf = (words: readonly (string | number)[]): string => `${String(words[0]).toLowerCase()} ${words.length}`;
function selectsByStart(loaded: readonly { readonly module: AnyModule; readonly me: Me }[]) {
  const table = new Map<string, DeclaredSelect[]>();
  for (const { module, me } of loaded)
    for (const [path, spec] of Object.entries(module.selects ?? {})) {
      const pattern = path.split('.');
      const start = startOf(pattern);
      const known = table.get(start);
      if (known) known.push({ pattern, me, spec });
      else table.set(start, [{ pattern, me, spec }]);
    }
  return table;
}

/** Arguments whose value may turn out at the call to be none: NaN, or null. */
const computedArgs = (args: readonly ArgSpec[]): { readonly position: number; readonly wants: string }[] =>
  args.flatMap(({ kind }, position) => {
    const wants = computedWants[kind];
    return wants === undefined ? [] : [{ position, wants }];
  });
const computedWants: Readonly<Partial<Record<ArgSpec['kind'], string>>> = {
  varInt: 'a number',
  regex: 'a regular expression',
  pv: 'a pseudo-variable',
  pvWritable: 'a pseudo-variable',
};

/** As lvalue.c: an assignment that fails is logged with its place; what the module says of it stands before. */
function logFailed(ctx: RouteContext, name: string): void {
  if (ctx.server.env.log.level < -1) return;
  const at = ctx.config.place(new Error());
  ctx.log(-1, `assignment to $${name} failed${at === undefined ? '' : ` at ${at}`}`, '<core>');
}

function bindPv(name: string, spec: AnyModule['pvs'][string], me: Me): Pv {
  const get = spec.get.bind(spec) as (me: Me, ctx: RouteContext, key: string, index: PvIndex) => Value;
  const read = (ctx: RouteContext, key = '', index: PvIndex = undefined): Value => get(me, ctx, key, index);
  const set = spec.set?.bind(spec) as
    | ((me: Me, ctx: RouteContext, value: Value, key: string, index: PvIndex) => boolean | undefined)
    | undefined;
  const prepare = spec.prepare?.bind(spec) as
    | ((me: Me, ctx: RouteContext, key: string, index: PvIndex) => Promise<void> | undefined)
    | undefined;
  return Object.assign(read, {
    prepare: (ctx: RouteContext, key = '', index: PvIndex = undefined) => prepare?.(me, ctx, key, index),
    set: (ctx: RouteContext, value: Value, key = '', index: PvIndex = undefined): Verdict => {
      if (set !== undefined && set(me, ctx, value, key, index) !== false) return 1;
      logFailed(ctx, name);
      return -1;
    },
  });
}

/** `cfg_get.*`: `*` is any word, `#` a number; case does not count in the others. */
const fits = (pattern: readonly string[], words: readonly (string | number)[]): boolean =>
  pattern.length === words.length &&
  pattern.every((part, i) => {
    const word = words[i];
    if (part === '#') return typeof word === 'number';
    return typeof word === 'string' && (part === '*' || part.toLowerCase() === word.toLowerCase());
  });

/**
 * `defineModule`: the one declaration of everything a cfg can name.
 *
 * Pure and import-free. The compiler reads the declarations (through an index the build writes), the runtime binds
 * `run`, `get` and `set` from the same object. Argument types, `me.params` and `me.stats` are inferred from the literal.
 */

/** A config function's return code: `> 0` true, `< 0` false, `0` ends the script. */
export type Verdict = number;

/** What a route returns after `exit` (or a verdict of 0): callers return it too. No cfg value can equal it by arithmetic on verdicts. */
export const EXIT: Verdict = -0x8000_0000;

/** Value of a pseudo-variable: text as one-byte characters, a 32-bit integer, or `$null`. */
export type Value = string | number | null;

export const routeKinds = [
  'request',
  'failure',
  'branch',
  'branch_failure',
  'tm_reply',
  'core_reply',
  'onsend',
  'local',
  'event',
] as const;
export type RouteKind = (typeof routeKinds)[number];

/** Route kinds an entry may be used in; `any` is all of them, `reply` both reply kinds. */
export type RouteMask = RouteKind | 'any' | 'reply';

// ---------------------------------------------------------------------------------------------------------------
// Arguments

/** Text with pseudo-variables inside, evaluated when the function asks: nothing is built for a log line that is not written. */
export type Format<Ctx = unknown> = (ctx: Ctx) => string;

/** A compiled POSIX extended regular expression (`runtime/values/regex.ts`). */
export interface Regex {
  readonly source: string;
  test(text: string): boolean;
  /** Leftmost-longest match: whole match, then groups (undefined where a group took no part); null when none. */
  exec(text: string, from?: number): RegexMatch | null;
}
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
}

/** `/regex/replacement/flags`, parsed. */
export interface Substitution<Ctx = unknown> {
  readonly regex: Regex;
  readonly replacement: (match: RegexMatch, ctx: Ctx) => string;
  readonly global: boolean;
}

/** A reference to a pseudo-variable as an argument: read it, and write it where the declaration allows. */
export interface PvRef<Ctx = unknown> {
  readonly name: string;
  get(ctx: Ctx): Value;
  /** Of a parameter: awaited before `get`, where others have to be asked for what is read. */
  readonly prepare?: (ctx: Ctx) => Promise<void>;
  /** Null when the pv is read-only. */
  readonly set: ((ctx: Ctx, value: Value) => boolean | undefined) | null;
}

export type ArgKind =
  | 'str'
  | 'int'
  | 'varStr'
  | 'varInt'
  | 'format'
  | 'regex'
  | 'subst'
  | 'pv'
  | 'pvWritable'
  | 'route'
  | 'flag'
  | 'avpFlag'
  | 'avpName'
  | 'oneOf'
  | 'hostPort'
  | 'hdrName'
  | 'name';

/** What a constant text has to look like. */
export interface Shape {
  /** Regular expression, and what it means in words. */
  readonly pattern: string;
  readonly wants: string;
  /** Only in calls with so many arguments. */
  readonly of?: number;
  /** Kamailio takes other texts as well, and the call is false. */
  readonly lax?: boolean;
}

/** One argument: its kind says what the cfg may write and what `run` receives. */
export interface ArgSpec<T = unknown> {
  readonly kind: ArgKind;
  readonly name: string;
  readonly doc: string;
  readonly optional?: boolean;
  readonly rest?: boolean;
  /** `oneOf`: the words allowed. */
  readonly values?: readonly string[];
  /** Forms a constant text has to have. */
  readonly shapes?: readonly Shape[];
  /** `route`: the kind of block named. */
  readonly route?: RouteKind;
  /** `name`: which modparam declares the names. */
  readonly table?: string;
  /** `format`: the text begins with where it stands in the cfg: file, NUL, line and a colon. */
  readonly place?: boolean;
  /** Never set: carries the type `run` receives. */
  readonly received?: T;
}

const arg = <T>(kind: ArgKind, name: string, doc: string, more: Partial<ArgSpec<T>> = {}): ArgSpec<T> => ({
  kind,
  name,
  doc,
  ...more,
});
/** Constant text. */
export const str = (name: string, doc = '') => arg<string>('str', name, doc);
/** Constant text of a certain form. */
export const shaped = (name: string, pattern: string, wants: string, doc = '') =>
  arg<string>('str', name, doc, { shapes: [{ pattern, wants }] });
/** An argument whose constant text has to have these forms. */
export const withShapes = <T>(spec: ArgSpec<T>, ...shapes: readonly Shape[]): ArgSpec<T> => ({ ...spec, shapes });
/** Constant integer (a number, or text that is one). */
export const int = (name: string, doc = '') => arg<number>('int', name, doc);
/** Text in which pseudo-variables are replaced at each call. */
export const varStr = (name: string, doc = '') => arg<string>('varStr', name, doc);
/** Integer, or a pseudo-variable or text that holds one. */
export const varInt = (name: string, doc = '') => arg<number>('varInt', name, doc);
/** As `varStr`, but built only when called. */
export const format = (name: string, doc = '') => arg<Format<never>>('format', name, doc);
/** As `format`, with its place in front (`ArgSpec.place`). */
export const placedFormat = (name: string, doc = '') => arg<Format<never>>('format', name, doc, { place: true });
/** POSIX extended regular expression; a constant one is compiled once at load. */
export const regex = (name: string, doc = '') => arg<Regex>('regex', name, doc);
/** Constant substitution expression, compiled once at load. */
export const subst = (name: string, doc = '') => arg<Substitution<never>>('subst', name, doc);
/** A pseudo-variable itself. */
export const pv = (name: string, doc = '') => arg<PvRef<never>>('pv', name, doc);
/** A pseudo-variable that can be assigned. */
export const pvWritable = (name: string, doc = '') => arg<PvRef<never>>('pvWritable', name, doc);
/** Name of a route block of this kind; the checker looks it up. `run` receives the name (pvs replaced). */
export const route = (kind: RouteKind, name = 'name', doc = '') => arg<string>('route', name, doc, { route: kind });
/** Flag number or name. */
export const flag = (name = 'flag', doc = '') => arg<number>('flag', name, doc);
/** Name declared by `avpflags`; `run` receives its number, from 0. */
export const avpFlag = (name = 'flag', doc = '') => arg<number>('avpFlag', name, doc);
/** Name of an AVP, `x`, `$x`, `s:x` or `i:5`, as cfg.y takes one; `run` receives the text behind the `$`. */
export const avpNamed = (name = 'avp', doc = '') => arg<string>('avpName', name, doc);
/** One of these words. */
export const oneOf = <const V extends readonly string[]>(name: string, values: V, doc = '') =>
  arg<V[number]>('oneOf', name, doc, { values });
/** `host`, `host:port` or `proto:host:port`, pvs allowed; received as text. */
export const hostPort = (name: string, doc = '') => arg<string>('hostPort', name, doc);
/** Header field name, without pseudo-variables. */
export const hdrName = (name: string, doc = '') =>
  arg<string>('hdrName', name, doc, {
    shapes: [{ pattern: '^[\\w.+$*%@!?&~-]+[ \\t]*(?::|$)', wants: 'the name of a header field' }],
  });
/** Text that has to be a name some modparam declared, such as an htable. */
export const name = (table: string, argName = 'name', doc = '') => arg<string>('name', argName, doc, { table });
/** The argument may be left out; `run` then receives undefined. */
export const opt = <T>(spec: ArgSpec<T>): ArgSpec<T | undefined> =>
  ({ ...spec, optional: true }) as ArgSpec<T | undefined>;
/** Any number of these, last only; `run` receives each as an argument of its own. */
export const rest = <T>(spec: ArgSpec<T>): ArgSpec<T> => ({ ...spec, rest: true });

type ArgValue<S> = S extends ArgSpec<infer T> ? T : never;
/** The values `run` receives for these argument specs. Format-like kinds get the context type filled in. */
type WithCtx<T, Ctx> =
  T extends Format<never>
    ? Format<Ctx>
    : T extends PvRef<never>
      ? PvRef<Ctx>
      : T extends Substitution<never>
        ? Substitution<Ctx>
        : T;
export type ArgValues<A extends readonly ArgSpec[], Ctx> = { -readonly [I in keyof A]: WithCtx<ArgValue<A[I]>, Ctx> };

// ---------------------------------------------------------------------------------------------------------------
// Parameters

export type ParamType = 'int' | 'str' | 'pv' | 'format' | 'extra' | 'avp';

/** A module parameter. `many`: may be set several times and arrives as an array. */
export interface ParamSpec<T extends ParamType = ParamType, D = unknown> {
  readonly type: T;
  readonly doc: string;
  readonly default?: D;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly many?: boolean;
  /** With `many`: each value comes as `[value, …]` with what these parameters were set to above it. */
  readonly takes?: readonly string[];
  /**
   * Readable and settable at run time as `group.name` (Kamailio's cfg framework); the group's name when it is not the module's, or
   * `group.name` when that is another one too.
   */
  readonly live?: boolean | string;
  /** Accepted, and without a meaning in this runtime. */
  readonly noEffect?: boolean;
  /** Names a function of a KEMI script: a cfg in Kamailio's own language has none. */
  readonly embedded?: boolean;
}

/** A parameter that names a function of a KEMI script; `instead`: what a cfg has. */
export const scriptCallback = (instead: string) =>
  ({ type: 'str', default: '', embedded: true, doc: `Function of a KEMI script; a cfg has ${instead}.` }) as const;

type Scalar<T extends ParamType, Ctx> = T extends 'int'
  ? number
  : T extends 'str'
    ? string
    : T extends 'pv' | 'avp'
      ? PvRef<Ctx>
      : T extends 'format'
        ? Format<Ctx>
        : readonly { readonly name: string; readonly pv: PvRef<Ctx> }[];
/** Value of a parameter: its default's absence shows as `undefined`. */
export type ParamValue<S, Ctx = never> = S extends { many: true; takes: readonly string[] }
  ? readonly (readonly (string | number)[])[]
  : S extends { many: true; type: infer T extends ParamType }
    ? readonly Scalar<T, Ctx>[]
    : S extends { type: infer T extends ParamType; default: string | number }
      ? Scalar<T, Ctx>
      : S extends { type: infer T extends ParamType }
        ? Scalar<T, Ctx> | undefined
        : never;

// ---------------------------------------------------------------------------------------------------------------
// Watching routes

/** One action of a route, as modules that declare `watchesRoutes` are told of it. */
export interface ScriptAction {
  /** Name of the block it stands in; `DEFAULT_ROUTE` and the like for those without one. */
  readonly route: string;
  readonly file: string;
  /** The line on which Kamailio's parser has read all of it: that of its last word, or of the one behind it. */
  readonly line: number;
  /** `core` and `function`: calls. `jump`, `numbers`, `texts`: how Kamailio decides a switch. */
  readonly kind: 'core' | 'function' | 'route' | 'if' | 'while' | 'jump' | 'numbers' | 'texts' | 'assign' | 'flow';
  /** Function called, or the word: `if`, `exit`. */
  readonly name: string;
  /** Of a function: arguments written; -1 where any number may be. */
  readonly args: number;
  /** Of a function: an argument is computed at the call. */
  readonly dynamic: boolean;
}

// ---------------------------------------------------------------------------------------------------------------
// The declaration

/** Meanings of the verdicts a function gives; the keys are all it may return. `0` listed = it may end the script. */
export type Returns = Readonly<Record<number, string>>;

interface FunctionCommon<Args extends readonly ArgSpec[]> {
  readonly doc: string;
  readonly args: Args;
  readonly routes: readonly RouteMask[];
  /** Other names of the same function. */
  readonly aliases?: readonly string[];
  readonly returns: Returns;
  /** What any other positive verdict means: a count, a hash. */
  readonly positive?: string;
  /** Kinds of route a call may run before it returns. */
  readonly runs?: readonly RouteKind[];
  /** One or more cfg statements that use it: compiled as a test, shown in the docs. */
  readonly example: string;
  /** All arguments have to be constant expressions (a format string counts). */
  readonly constArgs?: boolean;
  /** What it needs and this runtime does not have: said when the cfg is checked. */
  readonly lacks?: string;
}
export type FunctionSpec<Me, Ctx, Args extends readonly ArgSpec[]> = FunctionCommon<Args> &
  (
    | { readonly async?: 'never'; run(me: Me, ctx: Ctx, ...args: ArgValues<Args, Ctx>): Verdict }
    | { readonly async: 'maybe'; run(me: Me, ctx: Ctx, ...args: ArgValues<Args, Ctx>): Verdict | Promise<Verdict> }
    | { readonly async: 'always'; run(me: Me, ctx: Ctx, ...args: ArgValues<Args, Ctx>): Promise<Verdict> }
  );

/** What stands inside `$name(...)`. */
export interface PvKeySpec {
  /** `none`: `$name`; `opt`: with or without; `req`: always `$name(key)`. */
  readonly use: 'none' | 'opt' | 'req';
  /** Literal keys accepted; absent = free text (which may hold pseudo-variables if `dynamic`). */
  readonly values?: readonly string[];
  readonly dynamic?: boolean;
}
/** Index in `$(name[3])`: a number from 0, from -1 backwards, or `*` for all; undefined when not written. */
export type PvIndex = number | '*' | undefined;

export interface PvSpec<Me, Ctx> {
  readonly doc: string;
  readonly type: 'str' | 'int' | 'any';
  /** False when a read can never give `$null`. Default true. */
  readonly nullable?: boolean;
  readonly key?: PvKeySpec;
  readonly index?: boolean;
  get(me: Me, ctx: Ctx, key: string, index: PvIndex): Value;
  /**
   * Fetches what `get` then answers with, for values that others have to be asked for. The statement that reads the variable
   * waits for it; undefined when there is nothing to wait for. Reads by name and in parameters are not preceded by it.
   */
  prepare?(me: Me, ctx: Ctx, key: string, index: PvIndex): Promise<void> | undefined;
  /** Assignment (`null` deletes). False or nothing: done; `true` is not needed. Returns false when Kamailio's assignment fails. */
  set?(me: Me, ctx: Ctx, value: Value, key: string, index: PvIndex): boolean | undefined;
}

export interface RpcSpec<Me, Call, Server> {
  readonly doc: string;
  /** The results are a list, also when there is one or none. */
  readonly array?: boolean;
  /** It reloads something: `rpc_exec_delta` keeps two runs apart. */
  readonly paced?: boolean;
  run(me: Me, call: Call, server: Server): void | Promise<void>;
}

export interface SelectSpec<Me, Ctx> {
  readonly doc: string;
  /** Words after the first that match literally or by `*` (any word) and `#` (a number). */
  /** Null: it fails. Undefined: nothing is there; `@path` is then empty text, `$sel(path)` is `$null`. */
  get(me: Me, ctx: Ctx, words: readonly (string | number)[]): Value | undefined;
}

export interface EventRouteSpec {
  readonly doc: string;
}

/** What a module's code gets as `me`. */
export interface Self<P, S extends string, State, Api = unknown> {
  readonly name: string;
  readonly params: P;
  /** Counters by name; `group:name` in the statistics. */
  readonly stats: Readonly<Record<S, Counter>>;
  readonly state: State;
  /** The `api` of each module named in `uses`. */
  readonly uses: Api;
}
export interface Counter {
  value: number;
}

export interface StatSpec {
  readonly doc: string;
  /** Group under which Kamailio shows it, when not the module's name. */
  readonly group?: string;
  /** A gauge: read when asked. */
  readonly gauge?: boolean;
}

/**
 * The environment types are parameters, so that this file imports nothing: `runtime/sdk/index.ts` fixes them to the
 * real context, server and RPC call, and that is the `defineModule` modules import.
 */
export interface ModuleSpec<
  Env extends ModuleEnv,
  P extends Record<string, ParamSpec>,
  S extends Record<string, StatSpec>,
  State,
  Args extends Record<string, readonly ArgSpec[]>,
  Api,
> {
  readonly name: string;
  readonly doc: string;
  /** Modules whose `api` it needs; `?` at the end: when loaded. */
  readonly uses: readonly string[];
  /** It may set `server.watch.observer`: each action of the routes asks it first. Programs that do not load it do not pay. */
  readonly watchesRoutes?: boolean;
  readonly params: P;
  readonly stats: S;
  /** State by lifetime. `server` receives what the previous config's module left at a reload. */
  readonly state?: (init: Env['init'], params: ParamValues<P, Env['ctx']>) => State;
  /** After all modules are bound, before any socket is open: open connections to others, register hooks (Kamailio's `mod_init`). */
  readonly start?: (
    me: Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>,
    server: Env['server'],
  ) => void | Promise<void>;
  /** After every module has started and the SIP sockets are open, before the first message: listen for what is not SIP. */
  readonly serve?: (
    me: Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>,
    server: Env['server'],
  ) => void | Promise<void>;
  readonly stop?: (
    me: Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>,
    server: Env['server'],
  ) => void | Promise<void>;
  readonly functions: {
    readonly [K in keyof Args]: FunctionSpec<
      Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>,
      Env['ctx'],
      Args[K]
    >;
  };
  readonly pvs: Readonly<
    Record<string, PvSpec<Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>, Env['ctx']>>
  >;
  readonly rpc: Readonly<
    Record<
      string,
      RpcSpec<Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>, Env['rpcCall'], Env['server']>
    >
  >;
  readonly selects?: Readonly<
    Record<string, SelectSpec<Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>, Env['ctx']>>
  >;
  readonly eventRoutes: Readonly<Record<string, EventRouteSpec>>;
  /** A `db_*` module: what opens the databases of its scheme; made when the first `db_url` of the scheme is opened. */
  readonly database?: (
    me: Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>,
    server: Env['server'],
  ) => Env['dbDriver'];
  /** What another module gets from `uses`. */
  readonly api?: (
    me: Self<ParamValues<P, Env['ctx']>, keyof S & string, State, Env['uses']>,
    server: Env['server'],
  ) => Api;
  /** Names Kamailio has and we do not yet: functions as `name`, `$pv`, `param:name`, `rpc:name`, `@select`. */
  readonly missing: readonly string[];
  /** Names of its source, `name()` for functions, that no cfg can use, and why: neither done nor missing. */
  readonly outOfReach?: Readonly<Record<string, string>>;
}
export interface ModuleEnv {
  ctx: unknown;
  server: unknown;
  init: unknown;
  rpcCall: unknown;
  uses: unknown;
  dbDriver: unknown;
}
export type ParamValues<P, Ctx> = { readonly [K in keyof P]: ParamValue<P[K], Ctx> };

/** A `defineModule` with its environment types fixed. */
export const defineModuleIn =
  <Env extends ModuleEnv>() =>
  <
    const P extends Record<string, ParamSpec>,
    const S extends Record<string, StatSpec>,
    State,
    const Args extends Record<string, readonly ArgSpec[]>,
    Api,
  >(
    spec: ModuleSpec<Env, P, S, State, Args, Api>,
  ): ModuleSpec<Env, P, S, State, Args, Api> =>
    spec;

/**
 * What module code sees while a route runs (`RouteContext`) and of the server it runs in (`ServerApi`).
 *
 * One context per run of a top-level route; the routes it calls share it. It belongs to that run alone: a module may
 * write its fields, and keep what outlives the run elsewhere (transaction, `me.state`).
 */
import type { RpcCall, RpcRegistry } from '../admin/rpc.js';
import type { Stats } from '../admin/stats.js';
import type { Databases } from '../db/databases.js';
import type { DbDriver } from '../db/types.js';
import type { Targets } from '../dns/target.js';
import type { Environment, LogLevel } from '../env.js';
import type { Grammar } from '../message/grammar.js';
import type { SipMessage } from '../message/message.js';
import type { SipUri } from '../message/uri.js';
import type { Transactions } from '../proxy/transactions.js';
import type { Script } from '../script.js';
import type { Settings } from '../settings.js';
import type { Transaction } from '../transaction/transaction.js';
import type { RouteRun } from '../transaction/types.js';
import type { Transports } from '../transport/transports.js';
import type { NextHop, ReceiveInfo } from '../transport/types.js';
import type { AvpStore } from '../values/avp.js';
import type { XavpStore } from '../values/xavp.js';
import type {
  ArgSpec,
  Counter,
  EventRouteSpec,
  ParamSpec,
  PvIndex,
  PvRef,
  StatSpec,
  Value,
  Verdict,
} from './define.js';
import type { RouteWatch } from './watch.js';

/** AVPs and extended AVPs: one object, so that the transaction can keep all (`RouteRun.values`). */
export interface RunValues {
  readonly avps: AvpStore;
  readonly xavps: XavpStore;
  /** `$xavu`: one value a name. */
  readonly xavus: XavpStore;
  /** `$xavi`: names ignore case. */
  readonly xavis: XavpStore;
}

/** Where a message is about to be sent: onsend routes only. */
export interface Sending {
  readonly hop: NextHop;
  /** The bytes as they will leave. */
  readonly bytes: string;
}

/** What came in, before it is read as a message: `event_route[core:msg-received]` sees it and may change its bytes. */
export interface Arrival {
  bytes: string;
  readonly received: ReceiveInfo;
}

/** A select that was looked up: null where it fails, undefined where nothing is there. */
export type SelectRead = (ctx: RouteContext) => Value | undefined;

export interface RouteContext extends RouteRun {
  /** The script ended with the verdict 0 (`return 0`): of a response nothing goes further. */
  endedByZero: boolean;
  readonly server: ServerApi;
  readonly config: LoadedConfig;
  /** `$var`: at the start of every run 0, or what `varset` says. */
  vars: Record<string, string | number>;
  /** Blocks within each other where routes call themselves (`max_recursive_level`). */
  depth: number;
  /** The transaction's once there is one. */
  readonly values: RunValues;
  readonly avps: AvpStore;
  readonly xavps: XavpStore;
  /** Onsend routes; null elsewhere. */
  sending: Sending | null;
  /** `event_route[core:msg-received]`; null elsewhere. */
  arrival: Arrival | null;
  /** Name of the top-level block: `request_route`, `failure_route[X]`. */
  readonly block: string;
  /** A module's own data for this run; made at first use. */
  readonly data: Map<string, unknown>;
  /** Request-URI as it stands: `$ru`. '' for responses. */
  readonly uri: string;
  /** The same, parsed; null when it is malformed, and for responses. */
  readonly requestUri: SipUri | null;
  /** How URIs and messages are read here. */
  readonly grammar: Grammar;
  /** Log line of this run: prefixed with `log_prefix`. */
  /** `levelName` is shown in place of the level. */
  log(level: LogLevel, text: string, source?: string, levelName?: string): void;
}

/** One loaded cfg: what dies at a reload. */
export interface LoadedConfig {
  /** Path of the main file. */
  readonly source: string;
  /** Names declared by `flags`. */
  readonly flags: Readonly<Record<string, number>>;
  /** Definitions the cfg reads by name, with their text. */
  readonly defines: Readonly<Record<string, string>>;
  readonly modules: readonly string[];
  /** Pseudo-variables as the routes write them, in order of appearance; empty unless a module watches the routes. */
  readonly pvs: readonly PvRef<RouteContext>[];
  /** Names of the blocks, for `t_on_failure()` and the like. */
  has(kind: 'failure_route' | 'branch_route' | 'onreply_route' | 'event_route' | 'route', name: string): boolean;
  /** `kamailio.cfg:12`: the statement that was running where this error was made. */
  place(error: Error): string | undefined;
}

export interface Rewritten {
  readonly bytes: string;
  readonly values: RunValues;
}
export interface ServerScript extends Script<SipMessage, RouteContext> {
  /** Sees what came in before it is read as a message; `bytes` take its place, `values` are those of the request's run. */
  rewrite: ((bytes: string, received: ReceiveInfo) => Rewritten | null) | null;
}

/** What a start-up and a module hook see. */
export interface ServerApi {
  readonly env: Environment;
  /** Global parameters, live. */
  readonly settings: Settings;
  /** How the cfg has URIs and messages read. */
  readonly grammar: Grammar;
  readonly transports: Transports;
  readonly transactions: Transactions;
  /** RFC 3263, and the cache of what DNS said. */
  readonly targets: Targets;
  readonly stats: Stats;
  readonly rpc: RpcRegistry;
  /** What `db_url` parameters open: `await server.databases.open(url, me.name)` in a start hook. */
  readonly databases: Databases;
  readonly script: ServerScript;
  /** Messages received so far: the last one's number (`$mi`). */
  readonly messageCount: Counter;
  /** For modules that declare `watchesRoutes`. */
  readonly watch: RouteWatch;
  readonly config: LoadedConfig;
  readonly info: ServerInfo;
  /** Options of the command line, in order: `kamcmd core.arg`, tests. */
  readonly argv: readonly string[];
  log(level: LogLevel, source: string, text: string, at?: string): void;
  /** A pseudo-variable by name, for what reads names at run time (`$pv` in RPC parameters); null when there is none. */
  pv(name: string): Readable | null;
  /** Text with pseudo-variables known only at run time, read once; unknown ones stay as they are written. */
  format(text: string): (ctx: RouteContext) => string;
  /** A select by its words, for `$sel(…)`; null when there is none. */
  select(words: readonly (string | number)[]): SelectRead | null;
  /** A run that belongs to no message from the network: pseudo-variables in timers and events. */
  detachedRun(msg?: SipMessage, t?: Transaction): RouteContext;
  /** What `$var(name)` has when a run begins, instead of 0. */
  presetVariable(name: string, value: string | number): void;
  /** Drains and stops, as on SIGTERM. */
  shutdown(): void;
}
export interface Readable {
  get(ctx: RouteContext, key?: string, index?: number | '*'): Value;
  /** As an assignment in the cfg; below 0 when the variable cannot be written. */
  set(ctx: RouteContext, value: Value, key?: string, index?: number | '*'): Verdict;
}

export interface ServerInfo {
  /** What Server and User-Agent show, and `core.version`: `kamailio (5.6.3 (x86_64/linux))` in compatible mode. */
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  /** Variables of the process's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Wall time of the start, ms. */
  readonly startedAt: number;
}

/** What a module's `state` gets. */
export interface ModuleInit {
  readonly env: Environment;
  readonly settings: Settings;
  /** What this module's state was before a reload. */
  readonly previous: unknown;
}

/**
 * `me.uses`: other modules' APIs, by name. Typed at the place of use: `me.uses.get<UsrlocApi>('usrloc')`.
 */
export interface Uses {
  /** The `api` of a module named in `uses`; throws when it is not loaded (a start-up check makes that impossible). */
  get<Api>(module: string): Api;
  /** For names with `?`. */
  find<Api>(module: string): Api | null;
}

/** The environment of every module: see `defineModule`. */
export interface SdkEnv {
  ctx: RouteContext;
  server: ServerApi;
  init: ModuleInit;
  rpcCall: RpcCall;
  uses: Uses;
  dbDriver: DbDriver;
}

/** A module as the runtime binds it, whatever its own types are: every `defineModule` result fits. */
export interface AnyModule {
  readonly name: string;
  readonly doc: string;
  readonly uses: readonly string[];
  readonly params: Readonly<Record<string, ParamSpec>>;
  readonly stats: Readonly<Record<string, StatSpec>>;
  state?(init: ModuleInit, params: never): unknown;
  start?(me: never, server: ServerApi): void | Promise<void>;
  serve?(me: never, server: ServerApi): void | Promise<void>;
  stop?(me: never, server: ServerApi): void | Promise<void>;
  readonly functions: Readonly<
    Record<
      string,
      {
        readonly args: readonly ArgSpec[];
        readonly aliases?: readonly string[];
        run(me: never, ctx: RouteContext, ...args: never[]): Verdict | Promise<Verdict>;
      }
    >
  >;
  readonly pvs: Readonly<
    Record<
      string,
      {
        get(me: never, ctx: RouteContext, key: string, index: PvIndex): Value;
        prepare?(me: never, ctx: RouteContext, key: string, index: PvIndex): Promise<void> | undefined;
        set?(me: never, ctx: RouteContext, value: Value, key: string, index: PvIndex): boolean | undefined;
      }
    >
  >;
  readonly rpc: Readonly<
    Record<
      string,
      {
        readonly doc: string;
        readonly array?: boolean;
        readonly paced?: boolean;
        run(me: never, call: RpcCall, server: ServerApi): void | Promise<void>;
      }
    >
  >;
  readonly selects?: Readonly<
    Record<string, { get(me: never, ctx: RouteContext, words: readonly (string | number)[]): Value | undefined }>
  >;
  readonly eventRoutes: Readonly<Record<string, EventRouteSpec>>;
  database?(me: never, server: ServerApi): DbDriver;
  api?(me: never, server: ServerApi): unknown;
  readonly missing: readonly string[];
}

export type { Counter };

/**
 * All that emitted programs import as `sipc/program`: operators, regexes, loops, keywords.
 *
 * What needs the server is declared here and supplied by `link.ts`; the rest is plain functions.
 */
import { ArithmeticFailure } from '../errors.js';
import { equalsIgnoreCase } from '../message/chars.js';
import type { RouteContext } from '../sdk/context.js';
import {
  type Format as AnyFormat,
  type PvRef as AnyPvRef,
  type Substitution as AnySubstitution,
  EXIT,
  type PvIndex,
  type Regex,
  type RegexMatch,
  type ScriptAction,
  type Value,
  type Verdict,
} from '../sdk/define.js';
import type { RouteWatch } from '../sdk/watch.js';
import { toStr } from '../values/coerce.js';
import { ipValue, type Network, parseNetwork } from '../values/network.js';
import { compileRegex } from '../values/regex.js';
import type { ActionTime } from './action-time.js';
import type { Transformations } from './transformations.js';

export type { Network, PvIndex, Regex, RegexMatch, RouteContext, Value, Verdict };
export { EXIT };
export type Format = AnyFormat<RouteContext>;
export type PvRef = AnyPvRef<RouteContext>;
export type Substitution = AnySubstitution<RouteContext>;
export { methodId } from '../message/methods.js';
export { argInt, argSum, div, eq, mod, ne, plus, text, toInt, toStr } from '../values/coerce.js';

/** A pseudo-variable in emitted code: `$hdr(ctx, 'Event')`, `$ru.set(ctx, value)`. */
export interface Pv<T extends Value = Value> {
  (ctx: RouteContext, key?: string, index?: PvIndex): T;
  /** 1 done, -1 failed. */
  set(ctx: RouteContext, value: Value, key?: string, index?: PvIndex): Verdict;
  /** Awaited before a read of what others have to be asked for. */
  prepare(ctx: RouteContext, key?: string, index?: PvIndex): Promise<void> | undefined;
}
export type RouteFunction = (ctx: RouteContext) => Verdict | Promise<Verdict>;

export interface ModParam {
  readonly module: string;
  readonly name: string;
  readonly value: number | string | PvRef | Format | readonly { readonly name: string; readonly pv: PvRef }[];
  /** `modparamx`: `value` is called once, at start, and what it gives is the value. */
  readonly evaluated?: boolean;
  /** `kamailio.cfg:12`. */
  readonly at: string;
}
export interface ProgramListen {
  readonly proto: 'udp' | 'tcp' | 'tls' | 'sctp' | null;
  readonly host: string;
  readonly port: number | null;
  readonly advertise: { readonly host: string; readonly port: number | null } | null;
  readonly name: string | null;
  readonly virtual: boolean;
  readonly agname: string | null;
}
export interface Program {
  readonly source: string;
  readonly version: string;
  readonly settings: Readonly<Record<string, number | string>>;
  readonly lists?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly listen: readonly ProgramListen[];
  readonly aliases: readonly { readonly proto: string | null; readonly host: string; readonly port: number | null }[];
  readonly custom: readonly {
    readonly group: string;
    readonly name: string;
    readonly value: number | string;
    readonly description: string | null;
  }[];
  readonly flags: Readonly<Record<string, number>>;
  /** Definitions the cfg reads by name (`$def(…)`). */
  readonly defines?: Readonly<Record<string, string>>;
  /** Pseudo-variables of the routes, where a module watches them. */
  readonly pvs?: readonly PvRef[];
  readonly modules: readonly string[];
  readonly modparams: readonly ModParam[];
  readonly vars: () => Record<string, number | string>;
  readonly request_route: RouteFunction | null;
  readonly reply_route: RouteFunction | null;
  readonly onsend_route: RouteFunction | null;
  readonly routes: Readonly<Record<string, RouteFunction>>;
  readonly failure_route: Readonly<Record<string, RouteFunction>>;
  readonly branch_route: Readonly<Record<string, RouteFunction>>;
  readonly onreply_route: Readonly<Record<string, RouteFunction>>;
  readonly event_route: Readonly<Record<string, RouteFunction>>;
  readonly branch_failure_route: Readonly<Record<string, RouteFunction>>;
}
export const defineProgram = (program: Program): Program => program;

// Supplied by the server at load (link.ts) ---------------------------------------------------------------------------

/** The script ends with the verdict 0: `return 0`, and functions that give it. `exit` is the verdict 1. */
export function zero(ctx: RouteContext): Verdict {
  ctx.endedByZero = true;
  return EXIT;
}
/** Undefined, and a logged error, when the computation was impossible (division by zero). */
export declare function attempt<T>(compute: () => T): T | undefined;
/** `=~` with a right side known only now; `undefinedIs`: what an undefined one gives, else it is the empty expression. */
export declare function matchesDynamic(value: Value, source: Value, undefinedIs?: boolean): boolean;
/** An expression argument that was computed, compiled and kept; null when it is malformed. */
export declare function regexArg(source: string): Regex | null;
/** The pseudo-variable a computed argument names; null when it names none. */
export declare function pvArg(text: string): PvRef | null;
/** `@ruri.user`. */
export declare function select(words: readonly (string | number)[]): (ctx: RouteContext) => Value;
/** A host name written in the cfg: its addresses are asked for at load. */
export declare function hostName(name: string): string;
/** `src_ip == "name"`: true when the name has that address, or the text is a network it lies in. */
export declare function hostIs(ctx: RouteContext, ip: Value, host: Value): boolean;
/** Transformations: `{s.len}` is `tr.s_len(value)`. */
export declare const tr: Transformations;
/** Where a module watches the routes: asked before each action. */
export declare const watch: RouteWatch;
/** Where actions are measured (`latency_limit_action`): written before each, and behind it. */
export declare const started: ActionTime['started'];
export declare const took: ActionTime['took'];
/** What `--allow-missing` compiled: logged once per place. */
export declare function missing(ctx: RouteContext, what: string, at: string): Verdict;
export declare function missingPv(ctx: RouteContext, what: string, at: string): null;

// Plain ------------------------------------------------------------------------------------------------------------

/** `action('MAIN', 'kamailio.cfg', 12, 'if')`; calls also say what is called, and how. */
export const action = (
  route: string,
  file: string,
  line: number,
  kind: ScriptAction['kind'],
  name: string = kind,
  args = 0,
  dynamic = false,
): ScriptAction => ({ route, file, line, kind, name, args, dynamic });

const hasFlag = (flags: string, flag: string) => flags.includes(flag);
export const regex = (source: string, flags: string): Regex =>
  compileRegex(source, { ignoreCase: hasFlag(flags, 'i'), newline: hasFlag(flags, 'n') });
export const matches = (value: Value, re: Regex): boolean => re.test(toStr(value));
export const subst = (
  source: string,
  flags: string,
  replacement: (match: RegexMatch, ctx: RouteContext) => string,
): Substitution => ({
  // As re.c compiles them: REG_NEWLINE unless the `s` flag asks for a dot that takes newlines.
  regex: compileRegex(source, { ignoreCase: hasFlag(flags, 'i'), newline: !hasFlag(flags, 's') }),
  replacement,
  global: hasFlag(flags, 'g'),
});

export function pvRef(
  name: string,
  pv: Pv,
  key?: string | ((ctx: RouteContext) => string),
  index?: PvIndex | ((ctx: RouteContext) => PvIndex),
): PvRef {
  const keyOf = typeof key === 'function' ? key : () => key;
  const indexOf = typeof index === 'function' ? index : () => index;
  return {
    name,
    get: (ctx) => pv(ctx, keyOf(ctx), indexOf(ctx)),
    set: (ctx, value) => pv.set(ctx, value, keyOf(ctx), indexOf(ctx)) > 0,
  };
}
export const varRef = (name: string): PvRef => ({
  name: `$var(${name})`,
  get: (ctx) => ctx.vars[name] ?? 0,
  set: (ctx, value) => {
    ctx.vars[name] = value ?? 0;
    return true;
  },
});
/** A reference for which others have to be asked before it is read. */
export const preparedRef = (ref: PvRef, prepare: (ctx: RouteContext) => Promise<void>): PvRef => ({ ...ref, prepare });
/** A read-only reference: a pv with transformations. */
export const computedRef = (name: string, get: (ctx: RouteContext) => Value): PvRef => ({ name, get, set: null });
export const rcRef: PvRef = { name: '$rc', get: (ctx) => ctx.rc, set: null };
export const nullRef: PvRef = { name: '$null', get: () => null, set: null };

/**
 * A call by which a route comes to itself: `levels` more blocks within each other, of which `max_recursive_level` are allowed
 * (action.c, run_actions). A route that waits answers with a promise.
 */
export function deeper(ctx: RouteContext, route: (ctx: RouteContext) => Verdict, levels: number): Verdict;
export function deeper(ctx: RouteContext, route: RouteFunction, levels: number): Verdict | Promise<Verdict>;
export function deeper(ctx: RouteContext, route: RouteFunction, levels: number): Verdict | Promise<Verdict> {
  if (ctx.depth + levels > ctx.server.settings.values.max_recursive_level) {
    ctx.log(-1, `too many recursive routing table lookups (${ctx.depth + levels}) giving up!`, '<core>');
    return -1;
  }
  ctx.depth += levels;
  const verdict = route(ctx);
  if (typeof verdict === 'number') {
    ctx.depth -= levels;
    return verdict;
  }
  return verdict.finally(() => {
    ctx.depth -= levels;
  });
}

/** A number of a pseudo-variable, assigned where a text is wanted. */
export const withText = (value: Value): Value => (typeof value === 'number' ? String(value) : value);

/** `route($var(x))`. */
export function callRoute(
  ctx: RouteContext,
  routes: Readonly<Record<string, RouteFunction>>,
  name: Value,
): Verdict | Promise<Verdict> {
  const wanted = toStr(name);
  const found = Object.hasOwn(routes, wanted) ? routes[wanted] : undefined;
  if (found) return deeper(ctx, found, 1);
  ctx.log(-1, `route block [${wanted}] not found`, '<core>');
  return -1;
}

/** `switch` with `case /regex/` labels: index of the first label that is the text or matches it, -1 when none. */
export const firstMatch = (subject: string, labels: readonly (string | Regex)[]): number =>
  labels.findIndex((label) => (typeof label === 'string' ? label === subject : label.test(subject)));

/** One more round of a while loop? */
export function turn(ctx: RouteContext, rounds: number, line: string): boolean {
  const most = ctx.server.settings.values.max_while_loops;
  if (most <= 0 || rounds <= most) return true;
  ctx.log(-1, `runaway while (${line}): more than ${most} loops`, '<core>');
  return false;
}

/** `method == INVITE`, `uri == "sip:…"`: ASCII case does not count. What is undefined equals nothing. */
export const sameText = (a: Value, b: Value): boolean =>
  a !== null && b !== null && equalsIgnoreCase(toStr(a), toStr(b));

/** A number keyword against a value: only a number can compare, everything else differs. */
export function numberIs(a: number, sign: '===' | '!==' | '<' | '>' | '<=' | '>=', b: Value): boolean {
  if (typeof b !== 'number') return sign === '!==';
  switch (sign) {
    case '===':
      return a === b;
    case '!==':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    case '>=':
      return a >= b;
  }
}
/** Kamailio's numbers of the transports (ip_addr.h). */
export const protocolNumber = (proto: Value): number =>
  ['', 'udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'].indexOf(toStr(proto));

export const network = (written: string): Network => parseNetwork(written);
export function inNetwork(ip: Value, net: Network): boolean {
  if (typeof ip !== 'string') return false;
  const value = ipValue(ip);
  return value !== null && value.family === net.family && (value.bits & net.mask) === net.bits;
}

/** `INET` and `INET6` are numbers to the grammar: Linux' AF_INET and AF_INET6. */
const familyOf = (ip: string): number => (ip.includes(':') ? 10 : 2);
const nextHopIp = (ctx: RouteContext): string => ctx.sending?.hop.ip ?? '';

/** Keyword operands. */
export const keyword = {
  method: (ctx: RouteContext): Value => ctx.msg.method,
  uri: (ctx: RouteContext): Value => ctx.uri,
  from_uri: (ctx: RouteContext): Value => ctx.msg.from?.uriText ?? '',
  to_uri: (ctx: RouteContext): Value => ctx.msg.to?.uriText ?? '',
  src_ip: (ctx: RouteContext): Value => ctx.msg.received.src.ip,
  dst_ip: (ctx: RouteContext): Value => ctx.msg.received.dst.ip,
  snd_ip: (ctx: RouteContext): Value => ctx.sending?.hop.socket.local.ip ?? '',
  to_ip: (ctx: RouteContext): Value => nextHopIp(ctx),
  src_port: (ctx: RouteContext): number => ctx.msg.received.src.port,
  dst_port: (ctx: RouteContext): number => ctx.msg.received.dst.port,
  snd_port: (ctx: RouteContext): number => ctx.sending?.hop.socket.local.port ?? 0,
  to_port: (ctx: RouteContext): number => ctx.sending?.hop.port ?? 0,
  proto: (ctx: RouteContext): Value => ctx.msg.received.proto,
  snd_proto: (ctx: RouteContext): Value => ctx.sending?.hop.proto ?? '',
  af: (ctx: RouteContext): number => familyOf(ctx.msg.received.src.ip),
  snd_af: (ctx: RouteContext): number => familyOf(nextHopIp(ctx)),
  msg_len: (ctx: RouteContext): number => ctx.sending?.bytes.length ?? ctx.msg.raw.length,
  status: (ctx: RouteContext): Value => {
    if (ctx.kind === 'failure' && ctx.reply) return ctx.reply.status;
    return ctx.msg.isRequest ? null : ctx.msg.status;
  },
  max_len: (): number => 65_535,
} as const;

/** `uri == myself`. */
export function isMyself(
  ctx: RouteContext,
  what: 'uri' | 'from_uri' | 'to_uri' | 'src_ip' | 'dst_ip' | 'snd_ip' | 'to_ip',
): boolean {
  const { transports } = ctx.server;
  const { received } = ctx.msg;
  // route.c: an address is looked up whatever its port, a URI with the port it names or the protocol's default.
  switch (what) {
    case 'src_ip':
      return transports.isMyself(received.src.ip);
    case 'dst_ip':
      return transports.isMyself(received.dst.ip);
    case 'snd_ip':
      return ctx.sending !== null && transports.isMyself(ctx.sending.hop.socket.local.ip);
    case 'to_ip':
      return ctx.sending !== null && transports.isMyself(ctx.sending.hop.ip);
    default: {
      const uri = what === 'uri' ? ctx.requestUri : what === 'from_uri' ? ctx.msg.from?.uri : ctx.msg.to?.uri;
      if (!uri) return false;
      return transports.isMyself(uri.host, uri.port || (uri.secure || uri.transport === 'tls' ? 5061 : 5060));
    }
  }
}
export { ArithmeticFailure };

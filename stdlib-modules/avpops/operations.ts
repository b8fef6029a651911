/** What avpops does with AVPs in memory (avpops_impl.c). */
import {
  type AvpValue,
  compileRegex,
  fnmatch,
  lowerAscii,
  parseSubstitution,
  type RouteContext,
  reSubst,
  rewriteUri,
  type Substitution,
  type Value,
  type Verdict,
} from '../../runtime/sdk/index.js';
import { type AvpRef, namedAs, type Operation, type Ref } from './spec.js';

/** Most bytes of a value that is compared or pushed. */
const MAX_TEXT = 1023;
/** As a number of 64 bits without sign: what int2str() writes. */
export const intText = (n: number): string => (n >= 0 ? String(n) : String(BigInt.asUintN(64, BigInt(n))));
/** Decimal digits only (str2int). */
export const wholeNumber = (text: string): number | null => {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value <= 0xffff_ffff ? value | 0 : null;
};

export function remove(ctx: RouteContext, avp: AvpRef, all: boolean): Verdict {
  const name = avp.name(ctx);
  const had = ctx.avps.all(name).length;
  ctx.avps.delete(name, all ? '*' : 0);
  return had > 0 ? 1 : -1;
}
export function removeNamed(ctx: RouteContext, names: 'all' | 'text' | 'integer'): Verdict {
  const found = [...ctx.avps.names()].filter((name) => namedAs(name, names));
  for (const name of found) ctx.avps.delete(name);
  return found.length > 0 ? 1 : -1;
}

/** Takes values out of a list that only grew on top since `before` was its length: the value that was at `position`. */
function removeOld(ctx: RouteContext, name: string, before: number, position: number): void {
  const list = ctx.avps.all(name);
  ctx.avps.delete(name, list.length - before + position);
}

export function copy(ctx: RouteContext, from: AvpRef, to: AvpRef, flags: ReadonlySet<string>): Verdict {
  const source = from.name(ctx);
  const target = to.name(ctx);
  const values = [...ctx.avps.all(source)];
  let left = values.length;
  let at = 0;
  for (const value of flags.has('g') ? values : values.slice(0, 1)) {
    let made: AvpValue | null = value;
    if (typeof value === 'string' && flags.has('n')) made = wholeNumber(value);
    else if (typeof value === 'number' && flags.has('s')) made = intText(value);
    if (made === null) {
      ctx.log(-1, 'cannot convert str to int', 'avpops');
      return -1;
    }
    if (!ctx.avps.add(target, made)) return -1;
    if (flags.has('d')) {
      removeOld(ctx, source, left, at);
      left--;
    } else at++;
  }
  return values.length > 0 ? 1 : -1;
}

export function substitute(
  ctx: RouteContext,
  from: AvpRef,
  to: AvpRef | null,
  flags: ReadonlySet<string>,
  by: Substitution<RouteContext>,
): Verdict {
  const source = from.name(ctx);
  const target = (to ?? from).name(ctx);
  const values = [...ctx.avps.all(source)];
  let left = values.length;
  let at = 0;
  let done = 0;
  for (const value of values) {
    const made =
      typeof value === 'string' && by.regex.test(value) ? reSubst(value, by as Substitution<never>, ctx) : null;
    if (made === null) {
      at++;
      continue;
    }
    if (!ctx.avps.add(target, made)) return -1;
    done++;
    if (flags.has('d') || to === null) {
      removeOld(ctx, source, left, at);
      left--;
    } else at++;
    if (!flags.has('g')) break;
  }
  return done > 0 ? 1 : -1;
}
export const substitutionOf = (text: string): Substitution<RouteContext> | null =>
  parseSubstitution(text) as Substitution<RouteContext> | null;

/** Where values go: the Request-URI or a part of it, the next hop, a new branch. */
export type Destination = 'uri' | 'username' | 'domain' | 'nextHop' | 'branch';

export function push(ctx: RouteContext, where: Destination, from: Ref, all: boolean): Verdict {
  let values: readonly Value[];
  if (from.kind === 'avp') values = ctx.avps.all(from.name(ctx));
  else if (from.kind === 'xavp') values = (from.values(ctx) ?? []).filter((v) => typeof v !== 'object').slice(0, 1);
  else values = [from.get(ctx)];
  for (const [n, value] of (all && from.kind === 'avp' ? values : values.slice(0, 1)).entries())
    if (value === null || !pushOne(ctx, where, value, n)) return -1;
  return values.length > 0 ? 1 : -1;
}
function pushOne(ctx: RouteContext, where: Destination, value: string | number, n: number): boolean {
  const { draft } = ctx;
  const text = typeof value === 'string' ? value : intText(value);
  const branch = (uri: string, socket: typeof draft.sendSocket): boolean => {
    if (draft.branches.length >= ctx.server.settings.values.max_branches - 1) {
      ctx.log(-1, 'append_branch action failed', 'avpops');
      return false;
    }
    const none = { dstUri: null, path: null, q: -1, flags: 0, instance: null, regId: 0, ruid: null, locationUa: null };
    draft.addBranch({ uri, socket, ...none });
    return true;
  };
  if (where === 'nextHop' || where === 'branch') {
    if (typeof value === 'number') return false;
    if (where === 'branch') return branch(text, draft.sendSocket);
    draft.dstUri = text;
    draft.uriIsNew = true;
    return true;
  }
  if (text.length > MAX_TEXT || (n > 0 && !branch(ctx.uri, null))) return false;
  const uri =
    where === 'uri' ? text : rewriteUri(ctx.uri, { kind: where === 'username' ? 'user' : 'host', text }, ctx.grammar);
  if (uri === null) return false;
  draft.uri = uri;
  return true;
}

// Comparing ---------------------------------------------------------------------------------------------------------

const order = (a: string, b: string): number => {
  const [x, y] = [lowerAscii(a), lowerAscii(b)];
  return x < y ? -1 : x > y ? 1 : 0;
};
function textHolds(ctx: RouteContext, check: Operation, value: string, other: string): boolean {
  const folded = check.flags.has('i');
  switch (check.name) {
    case 'eq':
      return folded ? order(value, other) === 0 : value === other;
    case 'ne':
      return folded ? order(value, other) !== 0 : value !== other;
    case 'lt':
      return order(value, other) < 0;
    case 'le':
      return order(value, other) <= 0;
    case 'gt':
      return order(value, other) > 0;
    case 'ge':
      return order(value, other) >= 0;
    case 'fm':
      // Kamailio is built without FNM_CASEFOLD: `i` changes nothing here.
      return fnmatch(other, value);
    case 're':
      try {
        return (check.regex ?? compileRegex(other, { ignoreCase: true, newline: true })).test(value);
      } catch {
        ctx.log(-1, `bad re <${other}>`, 'avpops');
        return false;
      }
    default:
      return false;
  }
}
function numberHolds({ name }: Operation, value: number, other: number): boolean {
  switch (name) {
    case 'eq':
      return value === other;
    case 'ne':
      return value !== other;
    case 'lt':
      return value < other;
    case 'le':
      return value <= other;
    case 'gt':
      return value > other;
    case 'ge':
      return value >= other;
    case 'and':
      return (value & other) !== 0;
    case 'or':
      return (value | other) !== 0;
    case 'xor':
      return (value ^ other) !== 0;
    default:
      return false;
  }
}

/** Values to look at; null: there are none, and the check fails. */
function candidates(ctx: RouteContext, ref: Ref): readonly Value[] | null {
  if (ref.kind === 'pv') return [ref.get(ctx) ?? ''];
  if (ref.kind === 'xavp') return ref.values(ctx)?.filter((value) => typeof value !== 'object') ?? null;
  const values = ctx.avps.all(ref.name(ctx));
  return values.length > 0 ? values : null;
}
/** Any value against any other; of an AVP on the left the newest only, unless `g`. */
export function check(ctx: RouteContext, left: Ref, operation: Operation): Verdict {
  const found = candidates(ctx, left);
  if (found === null) return -1;
  const values = left.kind === 'avp' && !operation.flags.has('g') ? found.slice(0, 1) : found;
  const others = typeof operation.value === 'object' ? candidates(ctx, operation.value) : [operation.value];
  if (others === null) return -1;
  for (const value of values)
    for (const other of others) {
      if (typeof value === 'string' && value.length > MAX_TEXT) return -1;
      if (typeof value === 'string' && typeof other === 'string') {
        if (textHolds(ctx, operation, value, other)) return 1;
      } else if (typeof value === 'number' && typeof other === 'number') {
        if (numberHolds(operation, value, other)) return 1;
      } else ctx.log(-1, "value types don't match", 'avpops');
    }
  return -1;
}

// Calculating -------------------------------------------------------------------------------------------------------

function calculated(ctx: RouteContext, name: string, a: number, b: number): number {
  switch (name) {
    case 'add':
      return (a + b) | 0;
    case 'sub':
      return (a - b) | 0;
    case 'mul':
      return Math.imul(a, b);
    case 'div':
    case 'mod':
      if (b === 0) ctx.log(-1, `${name === 'div' ? 'division' : 'modulo'} by 0`, 'avpops');
      return b === 0 ? 0 : name === 'div' ? Math.trunc(a / b) | 0 : (a % b) | 0;
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    default:
      return ~b;
  }
}
const isNumber = (value: Value): value is number => typeof value === 'number';

/** Each integer of the source with each of the operand, one result after another on top of the target. */
export function calculate(ctx: RouteContext, from: AvpRef, to: AvpRef | null, operation: Operation): Verdict {
  const source = from.name(ctx);
  const target = (to ?? from).name(ctx);
  const values = [...ctx.avps.all(source)];
  if (values.length === 0 || (!values.some(isNumber) && operation.name !== 'not')) return -1;
  let left = values.length;
  let at = 0;
  for (const value of values.some(isNumber) ? values : [0]) {
    if (!isNumber(value)) {
      at++;
      continue;
    }
    const operands = operandsOf(ctx, operation.value);
    if (operands === null) return -1;
    let result = value;
    for (const operand of operands) {
      result = calculated(ctx, operation.name, result, operand);
      if (!ctx.avps.add(target, result)) return -1;
    }
    if (operation.flags.has('d') && values.some(isNumber)) {
      removeOld(ctx, source, left, at);
      left--;
    } else at++;
  }
  return 1;
}
function operandsOf(ctx: RouteContext, value: Operation['value']): readonly number[] | null {
  if (typeof value === 'number') return [value];
  if (typeof value === 'string') return null;
  const found = candidates(ctx, value)?.filter(isNumber) ?? [];
  return found.length > 0 ? found : null;
}

/** Letters of `is_avp_set()`: e empty, n a number, s text; none: only whether it is there. */
export function isSet(ctx: RouteContext, avp: AvpRef, flags: ReadonlySet<string>): Verdict {
  const value = ctx.avps.all(avp.name(ctx))[Math.max(0, avp.index)];
  if (value === undefined) return -1;
  if ((flags.has('s') && isNumber(value)) || (flags.has('n') && !isNumber(value))) return -1;
  return flags.has('e') && value !== '' && value !== 0 ? -1 : 1;
}

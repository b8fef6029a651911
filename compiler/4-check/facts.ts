/**
 * What is known about the message at one place of a path: which methods it may have, and which things were done to it.
 * Each fact is known to hold, known not to hold, or either; states that come together are joined only when there are
 * too many of them.
 */
import type { RouteKind } from '../../runtime/sdk/define.js';
import type { CallExpression } from '../ast.js';

/** Bits of `State.methods`; the last stands for all that are not named. */
export const methodNames = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'REGISTER',
  'OPTIONS',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'MESSAGE',
  'INFO',
  'UPDATE',
  'REFER',
  'PRACK',
] as const;
export const allMethods = 2 ** (methodNames.length + 1) - 1;
const otherMethod = 2 ** methodNames.length;
export const methodBit = (name: string): number => {
  const at = (methodNames as readonly string[]).indexOf(name.toUpperCase());
  return at < 0 ? otherMethod : 1 << at;
};

export const facts = [
  /** The request has a tag in To. */
  'inDialog',
  /** loose_route() was called; it said yes. */
  'looseRoute',
  'routed',
  'recordRoute',
  /** No Route header field of the sender is left. */
  'routeRemoved',
  'maxForwards',
  'sanity',
  /** A final response was sent. */
  'replied',
  'relayed',
  /** Something was done that may have answered: save(), t_release(), functions nobody here knows. */
  'handled',
  /** A failure route asked whether the caller has given up. */
  'cancelChecked',
  /** There is a transaction. */
  'transaction',
  /** It was suspended: the script goes on, but nothing more may be done to the request. */
  'suspended',
  /** A repeated request does not come so far. */
  'absorbed',
  /** The sender has proved who it is, and what it sent for that is still in the request. */
  'credentials',
] as const;
export type Fact = (typeof facts)[number];
export type Known = 'no' | 'yes' | 'either';

const noBit = 1;
const yesBit = 2;
const shiftOf = Object.fromEntries(facts.map((name, i) => [name, i * 2])) as Record<Fact, number>;

export interface State {
  /** The block at the root of the path. */
  readonly kinds: readonly RouteKind[];
  readonly methods: number;
  readonly facts: number;
  /** Parts of From and To that were assigned and not applied yet. */
  readonly assigned: number;
  /** The calls that answered and relayed, where it was one. */
  readonly reply: CallExpression | null;
  readonly relay: CallExpression | null;
  /** The call that had this run later, in another process of Kamailio: what the process kept is gone. */
  readonly resumedBy: CallExpression | null;
  /** The call that replaced From or To. */
  readonly replaced: CallExpression | null;
  /** `$var`s written since the block that is being followed was entered; bits by number of the variable. */
  readonly written: bigint;
}

const none = facts.reduce((bits, _, i) => bits | (noBit << (i * 2)), 0);

/** A message that has just come in: nothing was done, and whether it belongs to a dialog is open. Elsewhere there is a transaction. */
export function freshState(allowed: readonly RouteKind[]): State {
  // A branch that failed: what a request route may call may be called, and the request came in long before.
  const kinds = allowed.includes('branch_failure') ? allowed.filter((kind) => kind !== 'request') : allowed;
  const state: State = {
    kinds,
    methods: allMethods,
    facts: none,
    assigned: 0,
    reply: null,
    relay: null,
    resumedBy: null,
    replaced: null,
    written: 0n,
  };
  const known = withFact(state, 'inDialog', 'either');
  return kinds.includes('request') ? known : withFact(known, 'transaction', 'either');
}

export function known(state: State, fact: Fact): Known {
  const bits = (state.facts >> shiftOf[fact]) & 3;
  return bits === noBit ? 'no' : bits === yesBit ? 'yes' : 'either';
}

export function withFact(state: State, fact: Fact, value: Known): State {
  const shift = shiftOf[fact];
  const bits = value === 'no' ? noBit : value === 'yes' ? yesBit : 3;
  const changed = (state.facts & ~(3 << shift)) | (bits << shift);
  return changed === state.facts ? state : { ...state, facts: changed };
}

/** Where a suspended transaction goes on: as in a failure route (tm, t_suspend.c), with nothing of what the process kept. */
export function resumedState(before: State, by: CallExpression): State {
  const state: State = { ...before, kinds: ['failure'], resumedBy: by, reply: null, relay: null, written: 0n };
  // Kamailio does not go on with a call that was given up meanwhile.
  return withFact(withFact(withFact(state, 'transaction', 'yes'), 'cancelChecked', 'yes'), 'suspended', 'no');
}

/** Only one value is left; null when the path is impossible. */
export function assume(state: State, fact: Fact, value: 'no' | 'yes'): State | null {
  const is = known(state, fact);
  if (is === value) return state;
  return is === 'either' ? withFact(state, fact, value) : null;
}

export function assumeMethods(state: State, methods: number): State | null {
  const left = state.methods & methods;
  return left === 0 ? null : left === state.methods ? state : { ...state, methods: left };
}

/** After something nobody here knows. */
export function blurred(state: State): State {
  let after = state;
  for (const fact of facts) if (fact !== 'inDialog') after = withFact(after, fact, 'either');
  return { ...after, assigned: 0 };
}

function join(a: State, b: State): State {
  return {
    kinds: a.kinds,
    methods: a.methods | b.methods,
    facts: a.facts | b.facts,
    assigned: a.assigned & b.assigned,
    reply: a.reply === b.reply ? a.reply : null,
    relay: a.relay === b.relay ? a.relay : null,
    resumedBy: a.resumedBy === b.resumedBy ? a.resumedBy : null,
    replaced: a.replaced === b.replaced ? a.replaced : null,
    written: a.written & b.written,
  };
}

/** States at one place; bounded. */
const maxStates = 48;

export class States {
  private readonly byKey = new Map<string, State>();
  constructor(
    private readonly keyOf: (state: State) => string,
    from: Iterable<State> = [],
  ) {
    for (const state of from) this.add(state);
  }
  add(state: State | null): void {
    if (!state) return;
    const key = this.keyOf(state);
    const same = this.byKey.get(key);
    if (same) {
      if (same.written !== state.written) this.byKey.set(key, { ...same, written: same.written & state.written });
      return;
    }
    this.byKey.set(key, state);
    if (this.byKey.size <= maxStates) return;
    const joined = [...this.byKey.values()].reduce(join);
    this.byKey.clear();
    this.byKey.set(this.keyOf(joined), joined);
  }
  addAll(states: Iterable<State>): this {
    for (const state of states) this.add(state);
    return this;
  }
  get size(): number {
    return this.byKey.size;
  }
  [Symbol.iterator](): Iterator<State> {
    return this.byKey.values();
  }
}

/** Methods as a person would say them: `an INVITE request`, `a request`. */
export function describeMethods(methods: number): string {
  if (methods === allMethods) return 'a request';
  const names = methodNames.filter((_, i) => methods & (1 << i));
  if (methods & otherMethod || names.length > 4) return `a request (${names[0] ?? 'some other method'}, for instance)`;
  const first = names[0] ?? '';
  return `${/^[AEIO]/.test(first) ? 'an' : 'a'} ${names.join(' or ')} request`;
}

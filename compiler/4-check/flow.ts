/**
 * Paths through the routes: what a message may have been through when it reaches a call or the end of a route.
 * Every block that a server event enters is followed with the states of `facts.ts`, through `route(X)` and back. A route
 * is followed once for each state it is entered with; loops go round until nothing new comes; all of it is bounded.
 * The lint rules only read the result.
 */

import type { BoundCall, BoundProgram, BoundPv, BoundRoute, Format, ParamValue } from '../3-bind/index.js';
import type { CallExpression, Expression, Flow as FlowStatement, Statement, Switch, While } from '../ast.js';
import type { Span } from '../span.js';
import { routeKey, targetKey } from './callgraph.js';
import { askedField, changesTarget, editedField, readsOnPurpose, shownField } from './edits.js';
import { effectOf, methodTest, type Outcome } from './effects.js';
import { assume, blurred, freshState, resumedState, type State, States, withFact } from './facts.js';
import { pvsOfTransformArg } from './lint.js';

/** One state in which a call was reached. */
export interface Visit {
  readonly state: State;
  /** The block at the root of the path, and the one the call stands in. */
  readonly root: BoundRoute;
  readonly route: BoundRoute;
  /** The `route()` calls that led there, outermost first. */
  readonly chain: readonly CallExpression[];
}
export interface End {
  readonly how: 'fall' | 'return' | 'exit' | 'drop';
  /** The statement; for `fall` the head of the block. */
  readonly at: Span;
  readonly state: State;
  readonly route: BoundRoute;
}
/** A `$var` that was not written on some path. */
export interface Leak {
  readonly name: string;
  readonly span: Span;
  readonly root: BoundRoute;
  /** The call behind which this runs in another process (`State.resumedBy`). */
  readonly resumedBy: CallExpression | null;
}
/** A part of From or To that was assigned before on the same way. */
export interface Rewrite {
  readonly text: string;
  readonly span: Span;
  /** Another assignment of it. */
  readonly first: Span | null;
}
/** A header field, or the body, that is read though it was edited before on the same way. */
export interface Stale {
  readonly field: string;
  readonly span: Span;
  readonly edit: Span;
}
export interface Flow {
  readonly stale: readonly Stale[];
  readonly visits: ReadonlyMap<CallExpression, readonly Visit[]>;
  /** `fall` and `return` are those of root blocks only. */
  readonly ends: readonly End[];
  readonly leaks: readonly Leak[];
  readonly rewrites: readonly Rewrite[];
  /** Keys of the routes that can reach their end without a `return`. */
  readonly falling: ReadonlySet<string>;
}

const maxSteps = 300_000;
const maxDepth = 60;
/** `$fu` and its parts are written into the text of the message when it is sent: a second write adds to the first. */
export const spliced = ['fu', 'fU', 'fd', 'fn', 'tu', 'tU', 'td', 'tn'] as const;

/** Bits of `State.assigned` behind those of `spliced`: append_branch() without a new Request-URI since, then edited fields. */
export const appendedBit = 1 << spliced.length;
const firstField = spliced.length + 1;
const maxFields = 30 - firstField;

export function analyseFlow(program: BoundProgram): Flow {
  return new Analysis(program).run();
}

interface Need {
  readonly name: string;
  readonly span: Span;
  readonly bit: bigint;
  readonly resumedBy: CallExpression | null;
}
/** What a route does with a message that comes in one state; `written` of the states counts from its entry. */
interface Summary {
  readonly yes: readonly State[];
  readonly no: readonly State[];
  readonly fall: readonly State[];
  readonly needs: readonly Need[];
}
interface Frame {
  readonly route: BoundRoute;
  readonly yes: States;
  readonly no: States;
  readonly needs: Map<string, Need>;
  readonly returns: { readonly at: Span; readonly states: States }[];
}
interface Loop {
  readonly breaks: States;
  readonly continues: States;
}

class Analysis {
  private readonly visits = new Map<CallExpression, Visit[]>();
  private readonly ends: End[] = [];
  private readonly leaks: Leak[] = [];
  private readonly rewrites = new Map<Expression, Rewrite>();
  private readonly firstAssigned = new Map<number, Span>();
  private readonly falling = new Set<string>();
  private readonly stale = new Map<string, Stale>();
  private readonly fields = new Map<string, { readonly bit: number; readonly edit: Span }>();
  private readonly byKey: ReadonlyMap<string, BoundRoute>;
  private readonly summaries = new Map<string, Summary>();
  private readonly running = new Set<string>();
  private readonly ids = new Map<CallExpression, number>();
  private readonly bits = new Map<string, bigint>();
  private readonly chain: CallExpression[] = [];
  private readonly loops: Loop[] = [];
  private readonly preset: ReadonlySet<string>;
  private root!: BoundRoute;
  private frame!: Frame;
  private steps = 0;
  /** Inside the arguments of a call that shows or keeps what was received. */
  private onPurpose = false;

  constructor(private readonly program: BoundProgram) {
    this.byKey = new Map(program.routes.map((r) => [routeKey(r), r]));
    this.preset = new Set(
      program.params.flatMap(({ module, name, value }) =>
        module === 'pv' && name === 'varset' ? [presetName(value)] : [],
      ),
    );
  }

  run(): Flow {
    const resumed = resumedRoutes(this.program);
    for (const route of this.program.routes) {
      const again = route.table === 'routes' ? resumed.get(route.name) : undefined;
      if (route.table === 'routes' && !again) continue;
      this.root = route;
      const fresh = freshState(route.kinds);
      const { frame, fall } = this.follow(route, again ? resumedState(fresh, again) : fresh);
      const head = route.blocks.at(-1)?.head;
      if (head && !again) for (const state of fall) this.ends.push({ how: 'fall', at: head, state, route });
      for (const { at, states } of again ? [] : frame.returns)
        for (const state of states) this.ends.push({ how: 'return', at, state, route });
      for (const { name, span, resumedBy } of frame.needs.values())
        this.leaks.push({ name, span, root: route, resumedBy });
    }
    const { visits, ends, leaks, falling } = this;
    const stale = [...this.stale.values()];
    return { visits, ends, leaks, falling, stale, rewrites: [...this.rewrites.values()] };
  }

  private readonly keyOf = (s: State): string =>
    `${s.kinds.join()} ${s.methods} ${s.facts} ${s.assigned} ${this.id(s.reply)} ${this.id(s.relay)} ${this.id(s.resumedBy)} ${this.id(s.replaced)}`;
  private id(call: CallExpression | null): number {
    if (!call) return 0;
    let id = this.ids.get(call);
    if (id === undefined) {
      id = this.ids.size + 1;
      this.ids.set(call, id);
    }
    return id;
  }
  private states(from: Iterable<State> = []): States {
    return new States(this.keyOf, from);
  }

  private follow(route: BoundRoute, entry: State): { frame: Frame; fall: States } {
    const outer = this.frame;
    const frame: Frame = { route, yes: this.states(), no: this.states(), needs: new Map(), returns: [] };
    this.frame = frame;
    const loops = this.loops.splice(0);
    let states = this.states([entry]);
    for (const block of route.blocks) states = this.list(block.body, states);
    this.loops.push(...loops);
    this.frame = outer;
    if (states.size > 0) this.falling.add(routeKey(route));
    return { frame, fall: states };
  }

  private summary(route: BoundRoute, state: State): Summary | null {
    const key = `${routeKey(route)} ${this.keyOf(state)}`;
    const known = this.summaries.get(key);
    if (known) return known;
    // A route that calls itself: what comes back from inside is what comes back from outside.
    if (this.running.has(key) || this.chain.length > maxDepth) return { yes: [], no: [], fall: [], needs: [] };
    if (this.steps > maxSteps) return null;
    this.running.add(key);
    const { frame, fall } = this.follow(route, { ...state, written: 0n });
    this.running.delete(key);
    const summary = { yes: [...frame.yes], no: [...frame.no], fall: [...fall], needs: [...frame.needs.values()] };
    this.summaries.set(key, summary);
    return summary;
  }

  // Statements ------------------------------------------------------------------------------------------------------

  private list(statements: readonly Statement[], from: States): States {
    let states = from;
    for (const statement of statements) {
      if (states.size === 0) break;
      this.steps++;
      states = this.statement(statement, states);
    }
    return states;
  }

  private statement(s: Statement, states: States): States {
    switch (s.kind) {
      case 'if': {
        const { yes, no } = this.condition(s.condition, states);
        const after = this.list(s.then, yes);
        return this.states(after).addAll(s.else ? this.list(s.else, no) : no);
      }
      case 'while':
        return this.loop(s, states);
      case 'switch':
        return this.switch(s, states);
      case 'assign': {
        const after = this.value(s.value, states);
        return this.assign(s.target, after);
      }
      case 'expression':
        return this.action(s.expression, states);
      case 'exit':
      case 'drop':
        this.end(s.kind, s.span, s.value ? this.value(s.value, states) : states);
        return this.states();
      case 'return':
        this.return(s, states);
        return this.states();
      case 'break':
      case 'continue': {
        const loop = this.loops.at(-1);
        if (loop) (s.kind === 'break' ? loop.breaks : loop.continues).addAll(states);
        else this.frame.no.addAll(states);
        return this.states();
      }
      case 'empty':
        return states;
      case 'bad':
        return this.states([...states].map(blurred));
    }
  }

  private end(how: 'exit' | 'drop', at: Span, states: States): void {
    for (const state of states) this.ends.push({ how, at, state, route: this.frame.route });
  }

  private return(s: FlowStatement, from: States): void {
    const code = s.value ? constantInt(s.value) : 1;
    if (code === 0) {
      this.end('exit', s.span, from);
      return;
    }
    const states = s.value ? this.value(s.value, from) : from;
    this.frame.returns.push({ at: s.span, states });
    if (code === null || code > 0) this.frame.yes.addAll(states);
    if (code === null || code < 0) this.frame.no.addAll(states);
  }

  private loop(s: While, from: States): States {
    const after = this.states();
    const entered = this.states(from);
    for (let round = 0; round < 8; round++) {
      const size = entered.size;
      const { yes, no } = this.condition(s.condition, this.states(entered));
      after.addAll(no);
      const loop = { breaks: after, continues: entered };
      this.loops.push(loop);
      const fall = this.list(s.body, yes);
      this.loops.pop();
      entered.addAll(fall);
      if (entered.size === size) break;
    }
    return after;
  }

  private switch(s: Switch, from: States): States {
    const byMethod = s.subject.kind === 'pv' && this.program.pvs.get(s.subject)?.text === '$rm';
    let left = this.value(s.subject, from);
    const after = this.states();
    let through = this.states();
    const body = s.cases.map((c) => {
      const entry = this.states();
      if (c.label.kind === 'value' && byMethod && c.label.value.kind === 'str') {
        const rest = this.states();
        for (const state of left) {
          const { yes, no } = methodTest(state, [c.label.value.value]);
          entry.add(yes);
          rest.add(no);
        }
        left = rest;
      } else if (c.label.kind !== 'default') entry.addAll(left);
      return { c, entry };
    });
    const loop = { breaks: after, continues: this.loops.at(-1)?.continues ?? after };
    this.loops.push(loop);
    for (const { c, entry } of body) {
      if (c.label.kind === 'default') entry.addAll(left);
      through = this.list(c.body, entry.addAll(through));
    }
    this.loops.pop();
    after.addAll(through);
    return s.cases.some((c) => c.label.kind === 'default') ? after : after.addAll(left);
  }

  private assign(target: Expression, states: States): States {
    const pv = target.kind === 'pv' ? this.program.pvs.get(target) : undefined;
    if (!pv) return states;
    if (pv.what === 'var') return this.write(pv, states);
    this.readParts(pv, target.span, states);
    if (/^r[uUdp]$|^ru$/.test(pv.name))
      return this.states(
        [...states].map((s) => (s.assigned & appendedBit ? { ...s, assigned: s.assigned & ~appendedBit } : s)),
      );
    const at = (spliced as readonly string[]).indexOf(pv.name);
    if (at < 0) return states;
    const first = this.firstAssigned.get(at) ?? target.span;
    this.firstAssigned.set(at, first);
    if ([...states].some((s) => s.assigned & (1 << at)))
      this.rewrites.set(target, { text: pv.text, span: target.span, first: first === target.span ? null : first });
    return this.states([...states].map((s) => ({ ...s, assigned: s.assigned | (1 << at) })));
  }

  // Expressions -----------------------------------------------------------------------------------------------------

  private action(e: Expression, states: States): States {
    if (e.kind !== 'call') return this.value(e, states);
    const { yes, no } = this.call(e, states);
    return this.states(yes).addAll(no);
  }

  /** States after an expression whose value does not matter. */
  private value(e: Expression, states: States): States {
    switch (e.kind) {
      case 'call':
        return this.action(e, states);
      case 'unary':
        return this.value(e.operand, states);
      case 'binary': {
        const left = this.value(e.left, states);
        const right = this.value(e.right, left);
        return e.operator === '&&' || e.operator === '||' ? this.states(left).addAll(right) : right;
      }
      case 'block':
        return this.list(e.body, states);
      case 'assignExpression':
        return this.assign(e.assign.target, this.value(e.assign.value, states));
      case 'pv': {
        const pv = this.program.pvs.get(e);
        if (pv) this.read(pv, e.span, states);
        return states;
      }
      default:
        return states;
    }
  }

  private condition(e: Expression, states: States): { yes: States; no: States } {
    if (e.kind === 'call') return this.call(e, states);
    if (e.kind === 'int')
      return e.value !== 0 ? { yes: states, no: this.states() } : { yes: this.states(), no: states };
    if (e.kind === 'unary' && e.operator === '!') {
      const { yes, no } = this.condition(e.operand, states);
      return { yes: no, no: yes };
    }
    if (e.kind === 'binary' && e.operator === '&&') {
      const left = this.condition(e.left, states);
      const right = this.condition(e.right, left.yes);
      return { yes: right.yes, no: this.states(left.no).addAll(right.no) };
    }
    if (e.kind === 'binary' && e.operator === '||') {
      const left = this.condition(e.left, states);
      const right = this.condition(e.right, left.no);
      return { yes: this.states(left.yes).addAll(right.yes), no: right.no };
    }
    const test = this.test(e);
    const after = this.value(e, states);
    if (!test) return { yes: this.states(after), no: this.states(after) };
    const yes = this.states();
    const no = this.states();
    for (const state of after) {
      const outcome = test(state);
      yes.add(outcome.yes);
      no.add(outcome.no);
    }
    return { yes, no };
  }

  /** Comparisons that say something about the message. */
  private test(e: Expression): ((state: State) => Outcome) | null {
    const textOf = (x: Expression) => (x.kind === 'pv' ? (this.program.pvs.get(x)?.text ?? x.text) : '');
    if (e.kind === 'unary' && (e.operator === 'defined' || e.operator === 'strempty')) {
      if (textOf(e.operand) !== '$tt') return null;
      return swappedWhen(e.operator === 'strempty', hasTag);
    }
    if (e.kind !== 'binary') return null;
    const differs = e.operator === '!=' || e.operator === 'ne';
    if (!differs && e.operator !== '==' && e.operator !== 'eq') {
      if (!/\$(?:\((?:hdr|hdrc)\(Route|hdr\(Route\)|route_uri)/i.test(textOf(e.left) || textOf(e.right))) return null;
      return looksAtRoute;
    }
    const { left, right } = e;
    if ((left.kind === 'keyword' && left.name === 'method') || textOf(left) === '$rm') {
      const name = right.kind === 'word' ? right.text : right.kind === 'str' ? right.value : null;
      return name === null ? null : swappedWhen(differs, (state) => methodTest(state, [name]));
    }
    const empty = right.kind === 'null' || (right.kind === 'str' && right.value === '');
    if (textOf(left) === '$tt' && empty) return swappedWhen(!differs, hasTag);
    if (/\$\(?(?:hdr|hdrc)\(Route\)|\$route_uri/i.test(textOf(left))) return looksAtRoute;
    return null;
  }

  private call(e: CallExpression, states: States): { yes: States; no: States } {
    const bound = this.program.calls.get(e);
    let before = states;
    if (bound?.kind === 'function') before = this.args(bound, e, states);
    else for (const a of e.args) before = this.value(a, before);
    const { route } = this.frame;
    const seen = this.visits.get(e) ?? [];
    for (const state of before) seen.push({ state, root: this.root, route, chain: [...this.chain] });
    this.visits.set(e, seen);
    if (bound?.kind === 'route') return this.routeCall(e, bound, before);
    const yes = this.states();
    const no = this.states();
    for (const state of before) {
      const outcome = effectOf(bound, e, state);
      yes.add(outcome.yes);
      no.add(outcome.no);
    }
    if (bound?.kind !== 'function') return { yes, no };
    const edited = this.editing(e);
    return { yes: edited(this.writes(bound, yes)), no: edited(this.writes(bound, no)) };
  }

  /** What a call leaves to be written into the message. */
  private editing(e: CallExpression): (states: States) => States {
    const name = e.name.text;
    const field = editedField(e);
    const set = (field === null ? 0 : this.fieldBit(field, e.span)) | (isPlainAppend(e) ? appendedBit : 0);
    const clear = changesTarget.test(name) ? appendedBit : 0;
    if (set === 0 && clear === 0) return (states) => states;
    return (states) => this.states([...states].map((s) => ({ ...s, assigned: (s.assigned & ~clear) | set })));
  }
  private fieldBit(field: string, edit: Span): number {
    const known = this.fields.get(field);
    if (known) return known.bit;
    if (this.fields.size >= maxFields) return 0;
    const bit = 1 << (firstField + this.fields.size);
    this.fields.set(field, { bit, edit });
    return bit;
  }
  private readField(field: string | null, span: Span, states: States): void {
    const edited = field === null ? undefined : this.fields.get(field);
    if (!edited || field === null || ![...states].some((s) => s.assigned & edited.bit)) return;
    this.stale.set(`${span.file.path} ${span.start} ${field}`, { field, span, edit: edited.edit });
  }

  private routeCall(
    e: CallExpression,
    bound: Extract<BoundCall, { kind: 'route' }>,
    states: States,
  ): { yes: States; no: States } {
    const yes = this.states();
    const no = this.states();
    const target = bound.target === null ? undefined : this.byKey.get(targetKey(bound.target));
    for (const state of states) {
      this.chain.push(e);
      const done = target && this.summary(target, state);
      this.chain.pop();
      if (!done) {
        yes.add(blurred(state));
        no.add(blurred(state));
        continue;
      }
      for (const need of done.needs) if (!(state.written & need.bit)) this.need(need);
      const after = (s: State): State => ({ ...s, written: s.written | state.written });
      for (const s of [...done.yes, ...done.fall]) yes.add(after(s));
      for (const s of [...done.no, ...done.fall]) no.add(after(s));
    }
    return { yes, no };
  }

  // Variables -------------------------------------------------------------------------------------------------------

  private args(bound: Extract<BoundCall, { kind: 'function' }>, e: CallExpression, from: States): States {
    let states = from;
    this.readField(askedField(e), e.span, states);
    const outer = this.onPurpose;
    this.onPurpose = readsOnPurpose.test(e.name.text);
    bound.args.forEach((arg, i) => {
      const span = e.args[i]?.span ?? e.span;
      if (arg.kind === 'expression') states = this.value(arg.expression, states);
      else if (arg.kind === 'format' || arg.kind === 'int') this.readFormat(arg.parts, span, states);
      else if (arg.kind === 'pv') this.readParts(arg.pv, span, states);
      else if (arg.kind === 'subst')
        for (const part of arg.substitution.replacement) if (typeof part === 'object') this.read(part, span, states);
    });
    this.onPurpose = outer;
    return states;
  }
  private writes(bound: Extract<BoundCall, { kind: 'function' }>, from: States): States {
    let states = from;
    bound.args.forEach((arg, i) => {
      if (arg.kind === 'pv' && bound.specs[i]?.kind === 'pvWritable' && arg.pv.what === 'var')
        states = this.write(arg.pv, states);
    });
    return states;
  }

  private bit(name: string): bigint {
    let bit = this.bits.get(name);
    if (bit === undefined) {
      bit = 1n << BigInt(this.bits.size);
      this.bits.set(name, bit);
    }
    return bit;
  }
  private write(pv: BoundPv, states: States): States {
    const bit = this.bit(variableOf(pv));
    return this.states([...states].map((s) => ({ ...s, written: s.written | bit })));
  }
  private readFormat(parts: Format, span: Span, states: States): void {
    for (const part of parts) if (typeof part !== 'string') this.read(part, span, states);
  }
  private read(pv: BoundPv, span: Span, states: States): void {
    this.readParts(pv, span, states);
    if (!this.onPurpose) this.readField(shownField(pv), span, states);
    if (pv.what !== 'var') return;
    const name = variableOf(pv);
    if (this.preset.has(name)) return;
    const bit = this.bit(name);
    for (const state of states)
      if (!(state.written & bit)) {
        this.need({ name, span, bit, resumedBy: state.resumedBy });
        return;
      }
  }
  /** Variables inside a key, an index or a transformation. */
  private readParts(pv: BoundPv, span: Span, states: States): void {
    if (pv.what !== 'var' && pv.key) this.readFormat(pv.key, span, states);
    if (typeof pv.index === 'object' && pv.index) this.read(pv.index, span, states);
    for (const { args } of pv.transforms)
      for (const arg of args) for (const inner of pvsOfTransformArg(arg)) this.read(inner, span, states);
  }
  private need(need: Need): void {
    this.frame.needs.set(`${need.name} ${need.span.file.path} ${need.span.start}`, need);
  }
}

const resumedRouteArgument: Readonly<Record<string, number>> = {
  t_continue: 2,
  async_route: 0,
  async_ms_route: 0,
  async_task_route: 0,
  async_task_group_route: 0,
  http_async_query: 1,
};
/** Routes in which a suspended transaction goes on (tm, t_suspend.c: as in a failure route), with the calls that name them. */
export function resumedRoutes(program: BoundProgram): ReadonlyMap<string, CallExpression> {
  const found = new Map<string, CallExpression>();
  for (const node of program.calls.keys()) {
    const at = resumedRouteArgument[node.name.text];
    const name = at === undefined ? undefined : node.args[at];
    if (name?.kind === 'str') found.set(name.value, node);
  }
  return found;
}

/** `name` of `name=s:text`. */
function presetName(value: ParamValue): string {
  const text = value.kind === 'constant' ? value.value : value.kind === 'evaluated' ? value.parts[0] : '';
  return typeof text === 'string' ? text.split('=')[0]!.trim() : '';
}
const isPlainAppend = (e: CallExpression): boolean => e.name.text === 'append_branch' && e.args.length === 0;
const variableOf = (pv: BoundPv): string => String(pv.key?.[0] ?? '');

const hasTag = (state: State): Outcome => ({
  yes: assume(state, 'inDialog', 'yes'),
  no: assume(state, 'inDialog', 'no'),
});
const looksAtRoute = (state: State): Outcome => {
  const open = withFact(state, 'routeRemoved', 'either');
  return { yes: open, no: open };
};
const swappedWhen =
  (swap: boolean, test: (state: State) => Outcome) =>
  (state: State): Outcome => {
    const { yes, no } = test(state);
    return swap ? { yes: no, no: yes } : { yes, no };
  };

/** An integer written in the cfg, with its sign. */
export function constantInt(e: Expression): number | null {
  if (e.kind === 'int') return e.value;
  if (e.kind === 'unary' && e.operator === '-' && e.operand.kind === 'int') return -e.operand.value;
  return null;
}

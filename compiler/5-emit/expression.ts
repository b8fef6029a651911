/**
 * Expressions. Most become one TypeScript expression. Calls that may wait or end the script cannot stand inside one:
 * they are written as statements first, and their results used (`needsStatements`). Rules: rvalue.c.
 */
import { constantOf } from '../3-bind/constant.js';
import type { BoundCall } from '../3-bind/index.js';
import { nodeWaits, targetKey } from '../4-check/callgraph.js';
import { preparedIn } from '../4-check/reads.js';
import type { Assign, Binary, BlockExpression, CallExpression, Expression, Unary } from '../ast.js';
import type { Span } from '../span.js';
import { walkExpression } from '../visit.js';
import { type CallCode, callCode } from './call.js';
import type { EmitContext, Frame } from './context.js';
import { keywordTest } from './keyword.js';
import { keyAndIndex, literalKey, pvReference, readPv } from './pv.js';
import { member, quote } from './text.js';
import {
  asInt,
  asNonZero,
  asStr,
  asTruth,
  asValue,
  type Code,
  intOperand,
  negated,
  tight,
  verdictTruth,
} from './values.js';
import { ActionEmitter } from './watch.js';

export class ExpressionEmitter {
  /** Null where nobody asks about the actions. */
  readonly actions: ActionEmitter | null;

  constructor(
    private readonly emit: EmitContext,
    private readonly frame: Frame,
    /** Writes `{ actions }` as a function of its own; the code of calling it. */
    private readonly blockFunction: (block: BlockExpression) => { code: string; waits: boolean },
  ) {
    this.actions = emit.watched || emit.measured ? new ActionEmitter(emit, frame) : null;
  }

  bound(call: CallExpression): BoundCall {
    return this.emit.program.calls.get(call) ?? { kind: 'bad' };
  }

  call(call: CallExpression): CallCode {
    const bound = this.bound(call);
    const measured = this.actions?.call(call, bound) ?? null;
    this.prepare(call);
    return { ...callCode(call, bound, this.emit, this.frame, (e) => this.value(e)), measured };
  }

  /** Waits for what the variables of this node have to be asked for. */
  private prepare(e: Expression): void {
    for (const pv of preparedIn(e, this.emit.program))
      this.emit.writer.line(
        `await ${this.emit.pv(pv.name)}.prepare(${['ctx', ...keyAndIndex(pv, this.emit)].join(', ')});`,
        pv.span,
      );
  }

  /** Does it hold something that has to be written as a statement of its own? */
  needsStatements(e: Expression): boolean {
    let found = false;
    walkExpression(e, {
      expression: (x) => {
        if (x.kind === 'block' || preparedIn(x, this.emit.program).length > 0) found = true;
        if (x.kind === 'assignExpression' && this.actions) found = true;
        if (x.kind === 'call' && !this.plain(this.bound(x))) found = true;
        return !found;
      },
    });
    return found;
  }

  /** A call that answers at once and never ends the script. */
  private plain(bound: BoundCall): boolean {
    if (bound.kind === 'route') return false;
    if (bound.kind !== 'function') return true;
    if (this.actions) return false;
    return (
      bound.declaration.async === 'never' && (bound.module === 'core' || !((0 as number) in bound.declaration.returns))
    );
  }

  /** A condition, as code of type boolean. */
  truth(e: Expression): string {
    const direct = this.direct(e);
    const code = this.emit.returnMode === 0 ? asTruth(direct) : asNonZero(direct).code;
    return this.divides(e) ? `${this.emit.helper('attempt')}(() => ${code}) === true` : code;
  }

  /** `while` goes on for anything but zero (5.6.3), and while `also` holds. */
  nonZero(e: Expression, also?: string): string {
    const test = asNonZero(this.direct(e));
    const safe: Code = this.divides(e)
      ? { code: `${this.emit.helper('attempt')}(() => ${test.code}) === true`, type: 'bool' }
      : test;
    return also === undefined ? safe.code : joined('&&', safe, { code: also, type: 'bool' }).code;
  }

  /** As `value`, but a call (or its opposite) at the top is read from `ctx.rc`: nothing can come between. */
  private direct(e: Expression): Code {
    if (e.kind === 'unary' && e.operator === '!') return negated(asNonZero(this.direct(e.operand)));
    return e.kind === 'call' ? this.callValue(e, true) : this.value(e);
  }

  /** Can this divide by zero, which ends the expression? */
  divides(e: Expression): boolean {
    let found = false;
    walkExpression(e, {
      expression(x) {
        if (x.kind === 'binary' && (x.operator === '/' || x.operator === 'mod'))
          found ||= constantOf(x.right) === 0 || (constantOf(x.right) === undefined && constantOf(x.left) !== 0);
        return undefined;
      },
    });
    return found;
  }

  value(e: Expression): Code {
    const constant = e.kind === 'unary' || e.kind === 'binary' ? constantOf(e) : undefined;
    if (typeof constant === 'number') return number(constant);
    if (constant !== undefined) return { code: quote(constant), type: 'str', constant, atom: true };
    switch (e.kind) {
      case 'int':
        return { code: String(e.value | 0), type: 'int', constant: e.value | 0, atom: e.value >= 0 };
      case 'str':
        return { code: quote(e.value), type: 'str', constant: e.value, atom: true };
      case 'word':
        return { code: quote(e.text), type: 'str', constant: e.text, atom: true };
      case 'null':
        return { code: 'null', type: 'value', constant: null, atom: true };
      case 'pv': {
        this.prepare(e);
        const pv = this.emit.program.pvs.get(e);
        if (!pv) return { code: 'null', type: 'value', constant: null, atom: true };
        if (pv.what === 'cfg' && ['route', 'name'].includes(literalKey(pv)))
          return { code: quote(this.frame.routeName), type: 'str', constant: this.frame.routeName, atom: true };
        return { ...readPv(pv, this.emit), hasText: true };
      }
      case 'select': {
        const words = (this.emit.program.selects.get(e) ?? []).map((w) => (typeof w === 'number' ? w : quote(w)));
        const name = this.emit.hoist('select', `${this.emit.helper('select')}([${words.join(', ')}])`);
        return { code: `${name}(ctx)`, type: 'value', atom: true, textual: true };
      }
      case 'attribute':
        return {
          code: `${this.emit.helper('missingPv')}(ctx, ${quote(e.text)}, ${this.emit.at(e.span)})`,
          type: 'value',
          atom: true,
        };
      case 'keyword':
        return keywordTest(e, null, '==', this.emit, (x) => this.value(x));
      case 'call':
        return this.callValue(e, false);
      case 'unary':
        return this.unary(e);
      case 'binary':
        return this.binary(e);
      case 'block':
        return this.verdictValue(this.runBlock(e));
      case 'assignExpression':
        return this.assignExpression(e.assign);
    }
  }

  private assignExpression(assign: Assign): Code {
    const measured = this.actions?.statement(assign) ?? null;
    const code = this.resetting(this.assignment(assign.target, this.value(assign.value)));
    if (!this.actions) return this.verdictValue(code);
    const t = this.frame.temporary();
    this.emit.writer.line(`const ${t} = ${code};`);
    this.actions.end(measured);
    this.tellAssigned(assign.target, t);
    return this.verdictValue(t);
  }

  /** Tells the watching module of an assignment, once `verdict` says that it worked. */
  tellAssigned(target: Expression, verdict?: string): void {
    const pv = target.kind === 'pv' ? this.emit.program.pvs.get(target) : undefined;
    if (!this.emit.watched || (pv?.what !== 'declared' && pv?.what !== 'var')) return;
    const name = this.emit.hoist('pv', pvReference(pv, this.emit));
    const worked = verdict === undefined ? '' : ` && ${verdict} > 0`;
    this.emit.writer.line(`if (${this.emit.helper('watch')}.on${worked}) watch.assigned(ctx, ${name});`);
  }

  /** The verdict itself, as `$x = f();` sees it. Null when `e` is no action. */
  verdict(e: Expression): string | null {
    if (e.kind === 'call' && this.bound(e).kind !== 'choice') {
      const call = this.call(e);
      if (this.plain(this.bound(e))) return call.setsRc ? `ctx.rc = ${call.code}` : call.code;
      return this.takeVerdict(call);
    }
    return e.kind === 'block' ? this.runBlock(e) : null;
  }

  /** Writes the call as a statement; the code that then holds its verdict. */
  takeVerdict(call: CallCode): string {
    if (!call.setsRc) {
      const t = this.frame.temporary();
      this.emit.writer.line(`const ${t} = ${arrived(call)};`);
      this.actions?.end(call.measured);
      return t;
    }
    this.settle(call, 'ctx.rc', { inExpression: true });
    return 'ctx.rc';
  }

  /** Writes the call, its verdict in `target`, and the end of the script where the verdict is one. */
  settle(
    call: CallCode,
    target: string,
    { span, inExpression = false }: { span?: Span; inExpression?: boolean },
  ): void {
    const { writer } = this.emit;
    const ends = endTest(call);
    if (ends === null || call.measured === null || !this.actions) {
      const code = `${target} = ${arrived(call)}`;
      writer.line(ends === null ? `${code};` : `if ((${code}) === ${ends}) return ${endCode(ends, this.emit)};`, span);
      this.actions?.end(call.measured);
      return;
    }
    // Of what the end of the script leaves, the function that asks for it is told, and the action whose expression it stands in.
    const { actions } = this;
    writer.line(`${target} = ${arrived(call)};`, span);
    if (ends === '0') actions.end(call.measured);
    writer.block(`if (ctx.rc === ${ends})`, () => {
      if (inExpression) actions.leaveAround(call.measured);
      writer.line(`return ${endCode(ends, this.emit)};`);
    });
    if (ends !== '0') actions.end(call.measured);
  }

  /** `selval(condition, yes, no)`. */
  private choice(e: CallExpression): Code {
    const [condition, yes, no] = e.args;
    if (!condition || !yes || !no) return { code: 'null', type: 'value', constant: null, atom: true };
    const [a, b] = [this.value(yes), this.value(no)];
    const test = asTruth(this.value(condition));
    const type = a.type === b.type && a.type !== 'bool' ? a.type : 'value';
    return { code: `(${test} ? ${asValue(a)} : ${asValue(b)})`, type, atom: true };
  }

  private callValue(e: CallExpression, direct: boolean): Code {
    if (this.bound(e).kind === 'choice') return this.choice(e);
    const call = this.call(e);
    if (this.plain(this.bound(e)))
      return this.verdictValue(call.setsRc ? `(ctx.rc = ${call.code})` : this.resetting(call.code));
    const verdict = this.takeVerdict(call);
    if (direct || verdict !== 'ctx.rc') return this.verdictValue(verdict);
    const t = this.frame.temporary();
    if (this.emit.returnMode === 1) {
      this.emit.writer.line(`const ${t} = ctx.rc;`);
      return { code: t, type: 'int', atom: true };
    }
    this.emit.writer.line(`const ${t} = ctx.rc > 0;`);
    return { code: t, type: 'bool', atom: true };
  }

  /** What an action is in an expression: true or not, with `return_mode=1` its verdict. */
  private verdictValue(verdict: string): Code {
    return this.emit.returnMode === 1 ? { code: verdict, type: 'int', atom: true } : verdictTruth(verdict);
  }

  /** An action in an expression starts with `$rc` at 0 (run_actions_safe). Written only where the route reads `$rc`. */
  private resetting(code: string): string {
    return this.frame.readsRc ? `((ctx.rc = 0), ${code})` : code;
  }

  private runBlock(e: BlockExpression): string {
    const { code, waits } = this.blockFunction(e);
    const t = this.frame.temporary();
    this.emit.helper('EXIT');
    if (this.frame.readsRc) this.emit.writer.line('ctx.rc = 0;');
    this.emit.writer.line(`const ${t} = ${waits ? 'await ' : ''}${code};`);
    this.emit.writer.line(`if (${t} === EXIT) return EXIT;`);
    return t;
  }

  /** The code of an assignment, which is its verdict. */
  assignment(target: Expression, given: Code): string {
    this.prepare(target);
    const value = assigned(given);
    const pv = target.kind === 'pv' ? this.emit.program.pvs.get(target) : undefined;
    if (pv?.what === 'var') {
      return `((ctx.vars${member(literalKey(pv))} = ${variableValue(value)}), 1)`;
    }
    if (pv?.what === 'declared') {
      const code =
        value.hasText && value.type !== 'str' && pv.declaration?.type === 'str'
          ? `${this.emit.helper('withText')}(${asValue(value)})`
          : asValue(value);
      return `${this.emit.pv(pv.name)}.set(${['ctx', code, ...keyAndIndex(pv, this.emit)].join(', ')})`;
    }
    const text = target.kind === 'pv' || target.kind === 'attribute' ? target.text : '';
    return `${this.emit.helper('missing')}(ctx, ${quote(text)}, ${this.emit.at(target.span)})`;
  }

  private unary(e: Unary): Code {
    const operand = this.value(e.operand);
    const { constant } = operand;
    switch (e.operator) {
      case '!':
        return negated(asNonZero(operand));
      case '-':
        if (typeof constant === 'number') return number(-constant);
        return { code: `-${intOperand(operand)} | 0`, type: 'int' };
      case '~':
        if (typeof constant === 'number') return number(~constant);
        return { code: `~${intOperand(operand)}`, type: 'int' };
      case '(int)':
        return { code: asInt(operand), type: 'int', atom: operand.type !== 'int' || operand.atom === true };
      case '(str)':
        return { code: asStr(operand), type: 'str', atom: operand.type !== 'str' || operand.atom === true };
      case 'defined':
        return operand.type === 'value'
          ? { code: `${tight(operand)} !== null`, type: 'bool' }
          : { code: 'true', type: 'bool', atom: true };
      case 'strlen':
        return { code: `${strOperand(operand)}.length`, type: 'int', atom: true };
      case 'strempty':
        return { code: `${strOperand(operand)} === ''`, type: 'bool' };
    }
  }

  private binary(e: Binary): Code {
    const keyword = e.left.kind === 'keyword' ? e.left : e.right.kind === 'keyword' ? e.right : null;
    if (keyword) {
      const other = keyword === e.left ? e.right : e.left;
      return keywordTest(keyword, other, e.operator, this.emit, (x) => this.value(x));
    }
    if (e.operator === '&&' || e.operator === '||') return this.logical(e, e.operator);
    if (/^(?:==|!=|i?eq|i?ne|=~)$/.test(e.operator) && this.isNull(e.right)) {
      // `$x == $null` asks whether it is defined, not what it equals: an empty text is defined.
      const left = this.value(e.left);
      const defined = left.type !== 'value';
      const differs = e.operator === '!=' || e.operator === 'ne' || e.operator === 'ine';
      if (defined) return { code: String(differs), type: 'bool', atom: true };
      const [same, other] = differs ? ['!==', '==='] : ['===', '!=='];
      return { code: `${tight(left)} ${same} null`, type: 'bool', opposite: `${tight(left)} ${other} null` };
    }
    let left = this.value(e.left);
    if (left.constant === undefined && this.needsStatements(e.right)) {
      // The left side is read before what the right side does.
      const t = this.frame.temporary();
      this.emit.writer.line(`const ${t} = ${left.code};`);
      left = { ...left, code: t, atom: true };
    }
    return this.combine(e.operator, left, this.value(e.right));
  }

  private isNull(e: Expression): boolean {
    if (e.kind === 'null') return true;
    const pv = e.kind === 'pv' ? this.emit.program.pvs.get(e) : undefined;
    return pv?.what === 'null' && pv.transforms.length === 0;
  }

  private logical(e: Binary, operator: '&&' | '||'): Code {
    // Kamailio's optimiser drops a constant that decides nothing and keeps the other side, as an integer; one that
    // decides takes the place of the whole. Other constants (`$x && 5`) stay.
    const deciding = operator === '&&' ? 0 : 1;
    const sides = [constantOf(e.left), constantOf(e.right)];
    if (sides.includes(deciding)) return number(deciding);
    if (sides[0] === 1 - deciding) return int(this.value(e.right));
    if (sides[1] === 1 - deciding) return int(this.value(e.left));
    const left = this.value(e.left);
    if (!this.needsStatements(e.right)) {
      const right = this.value(e.right);
      return joined(operator, asNonZero(left), asNonZero(right));
    }
    const t = this.frame.temporary();
    const { writer } = this.emit;
    writer.line(`let ${t} = ${asNonZero(left).code};`);
    writer.block(`if (${operator === '&&' ? t : `!${t}`})`, () => {
      const right = asNonZero(this.direct(e.right));
      writer.line(`${t} = ${right.code};`);
    });
    return { code: t, type: 'bool', atom: true };
  }

  private combine(operator: Binary['operator'], left: Code, right: Code): Code {
    const int = (code: string): Code => ({ code, type: 'int' });
    const bool = (code: string): Code => ({ code, type: 'bool' });
    const l = () => intOperand(left);
    const r = () => intOperand(right);
    switch (operator) {
      case '==':
      case '!=':
        return this.equality(operator, left, right);
      case 'eq':
      case 'ne':
        return bool(`${strOperand(left)} ${operator === 'eq' ? '===' : '!=='} ${strOperand(right)}`);
      case 'ieq':
      case 'ine':
        return bool(`${l()} ${operator === 'ieq' ? '===' : '!=='} ${r()}`);
      case '=~':
      case '!~': {
        const test =
          typeof right.constant === 'string'
            ? `${this.emit.helper('matches')}(${asValue(left)}, ${this.emit.regex(right.constant, 'i')})`
            : `${this.emit.helper('matchesDynamic')}(${asValue(left)}, ${asValue(right)})`;
        return { code: operator === '=~' ? test : `!${test}`, type: 'bool', atom: true };
      }
      case '<':
      case '>':
      case '<=':
      case '>=':
        return bool(`${l()} ${operator} ${r()}`);
      case '|':
      case '&':
      case '^':
      case '<<':
      case '>>':
        return int(`${l()} ${operator} ${r()}`);
      case '+':
        if (left.type === 'str') {
          if (typeof left.constant === 'string' && right.constant !== undefined && right.constant !== null)
            return {
              code: quote(left.constant + right.constant),
              type: 'str',
              constant: left.constant + right.constant,
              atom: true,
            };
          return { code: `${left.code} + ${strOperand(right)}`, type: 'str' };
        }
        if (left.textual) return { code: `${asStr(left)} + ${strOperand(right)}`, type: 'str' };
        if (left.type === 'value')
          return {
            code: `${this.emit.helper('plus')}(${asValue(left)}, ${asValue(right)})`,
            type: 'value',
            atom: true,
            asInt: `(${l()} + ${r()}) | 0`,
          };
        return fold(left, right, (a, b) => a + b) ?? int(`(${l()} + ${r()}) | 0`);
      case '-':
        return fold(left, right, (a, b) => a - b) ?? int(`(${l()} - ${r()}) | 0`);
      case '*':
        return (
          fold(left, right, Math.imul) ?? {
            code: `Math.imul(${asInt(left)}, ${asInt(right)})`,
            type: 'int',
            atom: true,
          }
        );
      case '/':
      case 'mod': {
        if (left.constant === 0 && typeof right.constant !== 'number') return number(0); // even when that is 0
        const helper = this.emit.helper(operator === '/' ? 'div' : 'mod');
        return { code: `${helper}(${asInt(left)}, ${asInt(right)})`, type: 'int', atom: true };
      }
      case '&&':
      case '||':
        return joined(operator, asNonZero(left), asNonZero(right));
    }
  }

  /** `==` is decided by the left side: integers are compared as integers, text as text, what is undefined by the right. */
  private equality(operator: '==' | '!=', left: Code, right: Code): Code {
    const same = operator === '==' ? '===' : '!==';
    // `$x == ""` asks whether its text is empty, also of a number; `!=` is not turned around (rve_opt_01).
    if (operator === '==' && left.type === 'value' && right.constant === '')
      return { code: `${strOperand(left)} === ''`, type: 'bool' };
    if (left.type === 'int' || left.type === 'bool')
      return { code: `${intOperand(left)} ${same} ${intOperand(right)}`, type: 'bool' };
    if (left.type === 'str') return { code: `${strOperand(left)} ${same} ${strOperand(right)}`, type: 'bool' };
    const code = `${this.emit.helper(operator === '==' ? 'eq' : 'ne')}(${asValue(left)}, ${asValue(right)})`;
    return { code, type: 'bool', atom: true };
  }

  /** Whether evaluating this one node, its parts aside, may wait. */
  waits(e: Expression): boolean {
    if (nodeWaits(e, this.emit.program)) return true;
    const bound = e.kind === 'call' ? this.bound(e) : { kind: 'bad' as const };
    return bound.kind === 'route' && (bound.target === null || this.emit.waiting.has(targetKey(bound.target)));
  }
}

/** What an assignment takes: an undefined select is the empty text there (lvalue.c). */
const assigned = (c: Code): Code => (c.textual ? { code: asStr(c), type: 'str', atom: true } : c);

/** What a `$var` gets: it is never undefined. */
export function variableValue(given: Code): string {
  const value = assigned(given);
  if (value.type !== 'value') return asValue(value);
  return value.constant === null ? '0' : `${value.code} ?? 0`;
}

/** As an integer: a truth value stays one. */
const int = (c: Code): Code =>
  c.type === 'bool' || c.type === 'int' ? c : { code: asInt(c), type: 'int', atom: true };

const number = (value: number): Code => ({
  code: String(value | 0),
  type: 'int',
  constant: value | 0,
  atom: (value | 0) >= 0,
});

function fold(left: Code, right: Code, f: (a: number, b: number) => number): Code | null {
  return typeof left.constant === 'number' && typeof right.constant === 'number'
    ? number(f(left.constant, right.constant))
    : null;
}

/** `a && b`: brackets only where `&&` and `||` meet. */
function joined(operator: '&&' | '||', left: Code, right: Code): Code {
  const side = (c: Code) => (c.joins !== undefined && c.joins !== operator ? `(${c.code})` : c.code);
  return { code: `${side(left)} ${operator} ${side(right)}`, type: 'bool', joins: operator };
}

const strOperand = (c: Code): string => (c.type === 'str' ? tight(c) : asStr(c));

/** The call with its verdict waited for, where it has to be. */
export function arrived(call: CallCode): string {
  if (call.arrives === 'now') return call.code;
  return call.arrives === 'promise' ? `await ${call.code}` : `typeof (v = ${call.code}) === 'number' ? v : await v`;
}

/** What is returned where the script ends so. */
export const endCode = (ends: string, emit: EmitContext): string =>
  ends === '0' ? `${emit.helper('zero')}(ctx)` : emit.helper('EXIT');

/** The verdict that ends the script; null when none does. */
export const endTest = (call: CallCode): string | null =>
  call.ends === 'never' ? null : call.ends === 'zero' ? '0' : 'EXIT';

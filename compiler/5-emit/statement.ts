/**
 * Statements, one TypeScript statement for each. A route's code is that of its last action, so statements are written
 * for a place: in the middle; last, where they return; or last inside a loop or switch, where they note their code.
 */
import type { Assign, BlockExpression, Expression, Flow, If, Statement, Switch, While } from '../ast.js';
import { walkStatements } from '../visit.js';
import type { EmitContext, Frame } from './context.js';
import { arrived, ExpressionEmitter, endTest, variableValue } from './expression.js';
import { literalKey } from './pv.js';
import { member } from './text.js';
import { asInt, asStr, asValue } from './values.js';
import type { Measured } from './watch.js';

/** What becomes of a statement's code: nothing, `return`, or `last = …`. */
type Place = 'middle' | 'return' | 'note';

export class StatementEmitter {
  private readonly expressions: ExpressionEmitter;

  constructor(
    private readonly emit: EmitContext,
    private readonly frame: Frame,
  ) {
    this.expressions = new ExpressionEmitter(emit, frame, (block) => this.blockFunction(block));
  }

  /** The statements of a function: the code of the last one is returned. */
  body(statements: readonly Statement[]): void {
    const { writer } = this.emit;
    const text = writer.captured(() => {
      if (this.emit.measured) this.measuredBody(statements);
      else this.list(statements, 'return');
    });
    // Where a call may wait and may not, its answer is looked at first.
    if (text.includes('(v = ')) {
      this.emit.types.add('Verdict');
      writer.line('let v: Verdict | Promise<Verdict>;');
    }
    writer.written(text);
  }

  /** The last action too has an end that can be written behind it. */
  private measuredBody(statements: readonly Statement[]): void {
    this.emit.types.add('Verdict');
    this.emit.writer.line('let last: Verdict = 1;');
    this.noted = true;
    this.list(statements, 'note');
    this.emit.writer.line('return last;');
  }

  private list(statements: readonly Statement[], place: Place): void {
    const real = statements.filter((s) => s.kind !== 'empty' && s.kind !== 'bad');
    real.forEach((s, i) => {
      this.statement(s, i === real.length - 1 ? place : 'middle');
    });
    if (real.length === 0) this.code('1', place);
  }

  /** Uses up a code that is known without doing anything. */
  private code(code: string, place: Place): void {
    if (place === 'return') this.emit.writer.line(`return ${code};`);
    if (place === 'note') this.emit.writer.line(`last = ${code};`);
  }

  private statement(s: Statement, place: Place): void {
    const measured = this.expressions.actions?.statement(s) ?? null;
    switch (s.kind) {
      case 'if':
        this.if(s, place);
        break;
      case 'while':
        this.noting(place, () => this.while(s, place));
        break;
      case 'switch':
        this.noting(place, () => this.switch(s, place));
        break;
      case 'assign':
        this.assign(s, place);
        break;
      case 'expression':
        this.action(s.expression, place);
        break;
      case 'exit':
      case 'drop':
      case 'return':
        this.flow(s, measured);
        return;
      case 'break':
      case 'continue':
        this.leave(s.kind, s, place);
        break;
      case 'empty':
      case 'bad':
        break;
    }
    this.expressions.actions?.end(measured);
  }

  /** How deep in loops and switches this is: `break` outside of them ends the route with the code 0. */
  private depth = 0;
  private loops = 0;
  /** Actions measured around the loop or switch. */
  private around = 0;
  private leave(kind: 'break' | 'continue', s: Statement, place: Place): void {
    const { writer } = this.emit;
    if (this.depth === 0 || (kind === 'continue' && this.loops === 0)) {
      this.expressions.actions?.leave();
      writer.line('return 0;', s.span);
      return;
    }
    this.expressions.actions?.leave(this.around);
    if (this.noted) writer.line('last = 0;');
    if (place !== 'middle' || this.depth > 0) writer.line(`${kind};`, s.span);
  }

  /** In a last loop or switch the codes are noted in `last`. */
  private noted = false;
  private noting(place: Place, body: () => void): void {
    const first = place === 'return';
    const outer = this.noted;
    if (first) {
      this.emit.types.add('Verdict');
      this.emit.writer.line('let last: Verdict = 1;');
    } else if (place === 'note') this.emit.writer.line('last = 1;');
    this.noted = place !== 'middle';
    body();
    this.noted = outer;
    if (first) this.emit.writer.line('return last;');
  }

  private if(s: If, place: Place): void {
    const { writer } = this.emit;
    let head = `if (${this.expressions.truth(s.condition)})`;
    writer.openBlock(head, () => this.list(s.then, place), s.span);
    let otherwise = s.else;
    for (;;) {
      const [only] = otherwise ?? [];
      if (otherwise?.length !== 1 || only?.kind !== 'if' || this.expressions.actions !== null) break;
      if (this.expressions.needsStatements(only.condition)) break;
      head = ` else if (${this.expressions.truth(only.condition)})`;
      writer.openBlock(head, () => this.list(only.then, place));
      otherwise = only.else;
    }
    if (otherwise) writer.openBlock(' else', () => this.list(otherwise, place));
    else if (place === 'note')
      writer.openBlock(' else', () => {
        this.code('1', place);
      });
    writer.endLine();
    if (!otherwise && place === 'return') this.code('1', place);
  }

  /** Writes what `break` in it leaves. */
  private inside(body: () => void): void {
    const { around } = this;
    this.around = this.expressions.actions?.depth ?? 0;
    this.depth++;
    body();
    this.depth--;
    this.around = around;
  }

  private while(s: While, place: Place): void {
    const { writer } = this.emit;
    const n = this.frame.counter();
    const turn = `${this.emit.helper('turn')}(ctx, ${n}, ${this.emit.at(s.span)})`;
    const inner = place === 'middle' ? 'middle' : 'note';
    // Where the loop's code counts, a runaway is -1; elsewhere it only ends.
    const noted = place !== 'middle';
    const runaway = () =>
      writer.block(`if (!${turn})`, () => {
        writer.line('last = -1;');
        writer.line('break;');
      });
    const body = () => {
      if (noted) runaway();
      this.loops++;
      this.inside(() => this.list(s.body, inner));
      this.loops--;
    };
    if (!this.expressions.needsStatements(s.condition)) {
      const goesOn = this.expressions.nonZero(s.condition, noted ? undefined : turn);
      writer.block(`for (let ${n} = 1; ${goesOn}; ${n}++)`, body, '', s.span);
      return;
    }
    writer.block(
      `for (let ${n} = 1; ; ${n}++)`,
      () => {
        const stop = `!(${this.expressions.nonZero(s.condition)})`;
        writer.line(`if (${noted ? stop : `${stop} || !${turn}`}) break;`);
        body();
      },
      '',
      s.span,
    );
  }

  private switch(s: Switch, place: Place): void {
    const { writer } = this.emit;
    const subject = this.expressions.value(s.subject);
    const labels = s.cases.map((c) => c.label);
    const texts = labels.some((l) => l.kind === 'regex' || (l.kind === 'value' && l.value.kind === 'str'));
    const matched = labels.some((l) => l.kind === 'regex');
    let head = texts ? asStr(subject) : asInt(subject);
    if (matched) {
      const choices = labels
        .filter((l) => l.kind !== 'default')
        .map((l) => (l.kind === 'regex' ? this.emit.regex(l.source, '') : asStr(this.expressions.value(l.value))));
      head = `${this.emit.helper('firstMatch')}(${head}, [${choices.join(', ')}])`;
    }
    const inner = place === 'middle' ? 'middle' : 'note';
    const cases = () => {
      let n = 0;
      for (const { label, body, span } of s.cases) {
        const value = label.kind === 'value' ? this.expressions.value(label.value) : null;
        const code = matched ? String(n) : value ? (texts ? asStr(value) : asInt(value)) : '';
        if (label.kind !== 'default') n++;
        const title = label.kind === 'default' ? 'default' : `case ${code}`;
        const real = body.filter((b) => b.kind !== 'empty' && b.kind !== 'bad');
        if (real.length === 0) writer.line(`${title}:`, span);
        else writer.block(`${title}:`, () => this.list(body, inner), '', span);
      }
    };
    writer.block(`switch (${head})`, () => this.inside(cases), '', s.span);
  }

  private assign(s: Assign, place: Place): void {
    const { writer } = this.emit;
    const verdict = this.expressions.verdict(s.value);
    let value = verdict !== null ? { code: verdict, type: 'int' as const } : this.expressions.value(s.value);
    if (this.expressions.divides(s.value)) {
      const t = this.frame.temporary();
      writer.line(`const ${t} = ${this.emit.helper('attempt')}(() => ${asValue(value)});`, s.span);
      value = { code: t, type: 'int' };
      writer.block(`if (${t} !== undefined)`, () => this.assignValue(s, value, 'middle'));
      this.code(`${t} === undefined ? -1 : 1`, place);
      return;
    }
    this.assignValue(s, value, place);
  }

  private assignValue(s: Assign, value: ReturnType<ExpressionEmitter['value']>, place: Place): void {
    const { writer } = this.emit;
    const pv = s.target.kind === 'pv' ? this.emit.program.pvs.get(s.target) : undefined;
    if (pv?.what === 'var') {
      writer.line(`ctx.vars${member(literalKey(pv))} = ${variableValue(value)};`, s.span);
      this.expressions.tellAssigned(s.target);
      this.code('1', place);
      return;
    }
    const code = this.expressions.assignment(s.target, value);
    if (this.emit.watched) {
      const t = this.frame.temporary();
      writer.line(`const ${t} = ${code};`, s.span);
      this.expressions.tellAssigned(s.target, t);
      this.code(t, place);
      return;
    }
    if (place === 'middle') writer.line(`${code};`, s.span);
    else writer.line(place === 'return' ? `return ${code};` : `last = ${code};`, s.span);
  }

  /** An expression as an action: a call gives its verdict, everything else is evaluated for what it does, and gives 1. */
  private action(e: Expression, place: Place): void {
    const { writer } = this.emit;
    if (e.kind !== 'call') {
      const value = this.expressions.value(e);
      if (value.constant === undefined) writer.line(`void (${value.code});`, e.span);
      this.code('1', place);
      return;
    }
    const call = this.expressions.call(e);
    if (place === 'return') {
      const waited = call.arrives === 'now' ? call.code : `(await ${call.code})`;
      const code = endTest(call) === '0' ? `${waited} || ${this.emit.helper('zero')}(ctx)` : call.code;
      writer.line(`return ${code};`, e.span);
      return;
    }
    if (call.setsRc) {
      this.expressions.settle(call, place === 'note' ? 'last = ctx.rc' : 'ctx.rc', { span: e.span });
      return;
    }
    if (place === 'note') writer.line(`last = ${arrived(call)};`, e.span);
    else
      writer.line(
        call.arrives === 'maybe' ? `if (typeof (v = ${call.code}) !== 'number') await v;` : `${arrived(call)};`,
        e.span,
      );
    this.expressions.actions?.end(call.measured);
  }

  private flow(s: Flow, measured: Measured | null): void {
    const { writer } = this.emit;
    if (s.kind === 'return') {
      this.return(s, measured);
      return;
    }
    this.emit.helper('EXIT');
    if (s.value && s.value.kind !== 'int') {
      const value = this.expressions.value(s.value);
      if (value.constant === undefined) writer.line(`void (${value.code});`, s.span);
    }
    if (s.kind === 'drop') writer.line('ctx.dropped = true;', s.span);
    writer.line('return EXIT;', s.span);
  }

  /** `return 0` ends the script. */
  private return(s: Flow, measured: Measured | null): void {
    const { writer } = this.emit;
    const value = s.value === null ? null : this.expressions.value(s.value);
    this.expressions.actions?.leave();
    this.expressions.actions?.forget(measured);
    if (value === null) {
      writer.line('return 1;', s.span);
      return;
    }
    if (typeof value.constant === 'number' && value.constant !== 0) writer.line(`return ${value.constant};`, s.span);
    else {
      const zero = `${this.emit.helper('zero')}(ctx)`;
      if (value.constant === 0) writer.line(`return ${zero};`, s.span);
      else if (value.type === 'bool') writer.line(`return ${value.code} ? 1 : ${zero};`, s.span);
      else writer.line(`return ${asInt(value)} || ${zero};`, s.span);
    }
  }

  /** `{ actions }` as an operand: a function of its own, since `return` and `break` inside end only the block. */
  private blockFunction(block: BlockExpression): { code: string; waits: boolean } {
    const { writer } = this.emit;
    let waits = this.emit.watched;
    walkStatements(block.body, {
      expression: (e) => {
        if (this.expressions.waits(e)) waits = true;
        return undefined;
      },
    });
    const name = this.frame.temporary();
    this.emit.types.add('Verdict');
    const type = waits ? 'async (): Promise<Verdict>' : '(): Verdict';
    writer.block(
      `const ${name} = ${type} =>`,
      () => {
        new StatementEmitter(this.emit, this.frame).body(block.body);
      },
      ';',
      block.span,
    );
    return { code: `${name}()`, waits };
  }
}

/**
 * What a module that watches the routes (`watchesRoutes`) is told of an action, and how long one takes is measured
 * (`latency_limit_action`). Lines are those on which Kamailio's parser makes the action (cfg.y, set_cfg_pos): it has then read
 * the last word of it, or, where only the next word shows that the action is over, that one.
 */
import type { ScriptAction } from '../../runtime/sdk/define.js';
import type { BoundCall } from '../3-bind/index.js';
import type { CallExpression, Statement, Switch } from '../ast.js';
import { positionAt, type Span } from '../span.js';
import type { EmitContext, Frame } from './context.js';
import { writtenSpan } from './map.js';
import { quote } from './text.js';

/** Jump tables of switch.c reach this far, and are made for more labels than this. */
const MAX_JUMPS = 100;
const MIN_JUMPS = 3;

const lastLine = (span: Span): number => {
  const { file, start, end } = writtenSpan(span);
  return positionAt(file, Math.max(start, end - 1)).line;
};

/** The line of the next word behind `span`. */
function nextLine(span: Span): number {
  const { file, end } = writtenSpan(span);
  const blank = /(?:\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
  blank.lastIndex = end;
  blank.test(file.text);
  return positionAt(file, Math.min(blank.lastIndex, Math.max(0, file.text.length - 1))).line;
}

/** An `if` without `else` is over when the next word is no `else`. */
function lineOf(s: Statement): number {
  if (s.kind === 'assign') return nextLine(s.value.span);
  if (s.kind !== 'if') return lastLine(s.span);
  if (s.else === null) return nextLine(s.span);
  const last = s.else.at(-1);
  return last?.kind === 'if' && last.span.end === s.span.end ? lineOf(last) : lastLine(s.span);
}

type Kind = ScriptAction['kind'];

/** An action that is being measured: names in the program. */
export interface Measured {
  readonly since: string;
  readonly action: string;
}

/** Writes, around each action, what asks the watching module before it and what measures it. */
export class ActionEmitter {
  /** Those that stand around what is written now, the outermost first. */
  private readonly open: Measured[] = [];

  constructor(
    private readonly emit: EmitContext,
    private readonly frame: Frame,
  ) {}

  /** What ends the script takes no time itself, and Kamailio leaves what is around it without a word (longjmp). */
  statement(s: Statement): Measured | null {
    switch (s.kind) {
      case 'if':
      case 'while':
      case 'assign':
        return this.begin(s.kind, lineOf(s), s.span);
      case 'switch':
        return this.begin(switchKind(s), lineOf(s), s.span);
      case 'exit':
      case 'drop':
      case 'return': {
        const measured = s.kind === 'return' && s.value !== null && s.value.kind !== 'int';
        return this.begin('flow', lineOf(s), s.span, [quote(s.kind)], measured);
      }
      case 'break':
        // An `exit` to Kamailio's debugger.
        return this.begin('flow', lineOf(s), s.span, ["'exit'"], false);
      case 'continue':
      case 'expression':
      case 'empty':
      case 'bad':
        return null;
    }
  }

  call(e: CallExpression, bound: BoundCall): Measured | null {
    const line = e.bare ? nextLine(e.span) : lastLine(e.span);
    if (bound.kind === 'route') return this.begin('route', line, e.span);
    if (bound.kind !== 'function') return null;
    const { declaration, module, args } = bound;
    const any = declaration.args.at(-1)?.rest === true;
    const dynamic = args.some(
      (a, i) => (a.kind === 'expression' || a.kind === 'pv') && e.args[i] !== undefined && e.args[i].kind !== 'str',
    );
    const more = [quote(declaration.name), any ? '-1' : String(e.args.length), ...(dynamic ? ['true'] : [])];
    if (more.length === 2 && more[1] === '0') more.pop();
    return this.begin(module === 'core' ? 'core' : 'function', line, e.span, more);
  }

  /** The action is over; nothing of it comes behind this. */
  end(measured: Measured | null): void {
    this.forget(measured);
    if (measured !== null) this.tell(measured);
  }
  /** Its end is written already. */
  forget(measured: Measured | null): void {
    if (measured !== null) this.open.splice(this.open.indexOf(measured));
  }
  /** The script ends in `measured`, a call in an expression: of all that is around it the action of the expression is told. */
  leaveAround(measured: Measured | null): void {
    const at = measured === null ? -1 : this.open.indexOf(measured);
    const around = this.open[(at < 0 ? this.open.length : at) - 1];
    if (around) this.tell(around);
  }
  /** How many stand around this place. */
  get depth(): number {
    return this.open.length;
  }
  /** All but the outermost `depth` of them end here, as the program leaves them. */
  leave(depth = 0): void {
    for (const measured of this.open.slice(depth).reverse()) this.tell(measured);
  }

  private begin(kind: Kind, line: number, span: Span, more: readonly string[] = [], measures = true): Measured | null {
    const { emit } = this;
    if (!emit.watched && !measures) return null;
    const args = [quote(this.frame.routeName), quote(writtenSpan(span).file.path), String(line), quote(kind), ...more];
    const action = emit.hoist('a', `${emit.helper('action')}(${args.join(', ')})`);
    if (emit.watched) emit.writer.line(`if (${emit.helper('watch')}.on) await watch.step(ctx, ${action});`, span);
    if (!emit.measured || !measures) return null;
    const measured = { since: this.frame.moment(), action };
    this.emit.writer.line(`const ${measured.since} = ${this.emit.helper('started')}();`);
    this.open.push(measured);
    return measured;
  }
  private tell({ since, action }: Measured): void {
    this.emit.writer.line(`${this.emit.helper('took')}(ctx, ${since}, ${action});`);
  }
}

function switchKind({ cases }: Switch): Kind {
  const labels = cases.flatMap(({ label }) => (label.kind === 'default' ? [] : [label]));
  if (labels.some((l) => l.kind === 'regex' || l.value.kind === 'str')) return 'texts';
  const numbers = labels.flatMap((l) => (l.kind === 'value' && l.value.kind === 'int' ? [l.value.value] : []));
  const near = (first: number) => numbers.filter((n) => n >= first && n < first + MAX_JUMPS).length;
  return numbers.some((n) => near(n) > MIN_JUMPS) ? 'jump' : 'numbers';
}

/**
 * What a module that watches the routes (`watchesRoutes`) is told of an action. Lines are those on which Kamailio's parser
 * makes the action (cfg.y, set_cfg_pos): it has then read the last word of it, or, where only the next word shows that the
 * action is over, that one.
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

/** The statement that asks the watching module before an action. */
export class WatchEmitter {
  constructor(
    private readonly emit: EmitContext,
    private readonly frame: Frame,
  ) {}

  statement(s: Statement): void {
    switch (s.kind) {
      case 'if':
      case 'while':
      case 'assign':
        this.write(s.kind, lineOf(s), s.span);
        break;
      case 'switch':
        this.write(switchKind(s), lineOf(s), s.span);
        break;
      case 'exit':
      case 'drop':
      case 'return':
        this.write('flow', lineOf(s), s.span, [quote(s.kind)]);
        break;
      case 'break':
        // An `exit` to Kamailio's debugger.
        this.write('flow', lineOf(s), s.span, ["'exit'"]);
        break;
      case 'continue':
      case 'expression':
      case 'empty':
      case 'bad':
        break;
    }
  }

  call(e: CallExpression, bound: BoundCall): void {
    const line = e.bare ? nextLine(e.span) : lastLine(e.span);
    if (bound.kind === 'route') this.write('route', line, e.span);
    if (bound.kind !== 'function') return;
    const { declaration, module, args } = bound;
    const any = declaration.args.at(-1)?.rest === true;
    const dynamic = args.some(
      (a, i) => (a.kind === 'expression' || a.kind === 'pv') && e.args[i] !== undefined && e.args[i].kind !== 'str',
    );
    const more = [quote(declaration.name), any ? '-1' : String(e.args.length), ...(dynamic ? ['true'] : [])];
    if (more.length === 2 && more[1] === '0') more.pop();
    this.write(module === 'core' ? 'core' : 'function', line, e.span, more);
  }

  private write(kind: Kind, line: number, span: Span, more: readonly string[] = []): void {
    const file = writtenSpan(span).file.path;
    const args = [quote(this.frame.routeName), quote(file), String(line), quote(kind), ...more];
    const name = this.emit.hoist('a', `${this.emit.helper('action')}(${args.join(', ')})`);
    this.emit.writer.line(`if (${this.emit.helper('watch')}.on) await watch.step(ctx, ${name});`, span);
  }
}

function switchKind({ cases }: Switch): Kind {
  const labels = cases.flatMap(({ label }) => (label.kind === 'default' ? [] : [label]));
  if (labels.some((l) => l.kind === 'regex' || l.value.kind === 'str')) return 'texts';
  const numbers = labels.flatMap((l) => (l.kind === 'value' && l.value.kind === 'int' ? [l.value.value] : []));
  const near = (first: number) => numbers.filter((n) => n >= first && n < first + MAX_JUMPS).length;
  return numbers.some((n) => near(n) > MIN_JUMPS) ? 'jump' : 'numbers';
}

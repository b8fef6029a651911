/** Calls of functions and routes, as code; how their verdicts are taken is up to the statement or expression around them. */
import type { BoundArg, BoundCall } from '../3-bind/index.js';
import { targetKey } from '../4-check/callgraph.js';
import type { CallExpression, Expression } from '../ast.js';
import type { EmitContext, Frame } from './context.js';
import { lazyText, pvReference, readPv, substitutionCode, textCode } from './pv.js';
import { member, quote } from './text.js';
import { asStr, asValue, type Code } from './values.js';
import type { Measured } from './watch.js';

/** How the verdict of a call arrives, and what it may mean. */
export interface CallCode {
  readonly code: string;
  readonly arrives: 'now' | 'maybe' | 'promise';
  /** Which verdicts end the script: none, 0, or `EXIT` (a route's). */
  readonly ends: 'never' | 'zero' | 'exit';
  /** It becomes `$rc`: module functions and routes do, core functions do not. */
  readonly setsRc: boolean;
  /** It is measured: to be ended once its verdict is there. */
  readonly measured: Measured | null;
}

export function callCode(
  call: CallExpression,
  bound: BoundCall,
  emit: EmitContext,
  frame: Frame,
  /** Emits an argument that is an expression. */
  expression: (e: Expression) => Code,
): Omit<CallCode, 'measured'> {
  const mark = emit.writer.marked(call.span);
  switch (bound.kind) {
    case 'function': {
      const { module, declaration } = bound;
      const args = bound.args.map((a) => argCode(a, emit, expression));
      while (args.at(-1) === 'undefined') args.pop();
      const code = `${mark}${emit.module(module)}${member(declaration.name)}(${['ctx', ...args].join(', ')})`;
      const arrives = declaration.async === 'never' ? 'now' : declaration.async === 'maybe' ? 'maybe' : 'promise';
      const ends = module !== 'core' && (0 as number) in declaration.returns ? 'zero' : 'never';
      return { code, arrives, ends, setsRc: module !== 'core' };
    }
    case 'route': {
      if (bound.target === null) {
        const name = asValue(expression(bound.argument));
        const found = `${mark}${emit.helper('callRoute')}(ctx, routes, ${name})`;
        // Where no route waits, none of them answers with a promise.
        const code = frame.waits ? found : `(${found} as Verdict)`;
        return { code, arrives: frame.waits ? 'maybe' : 'now', ends: 'exit', setsRc: true };
      }
      const key = targetKey(bound.target);
      const name = emit.functions.get(key) ?? 'undefined';
      const nested = emit.recursion.get(call);
      const code = nested === undefined ? `${name}(ctx)` : `${emit.helper('deeper')}(ctx, ${name}, ${nested + 1})`;
      return {
        code: `${mark}${code}`,
        arrives: !emit.waiting.has(key) ? 'now' : nested === undefined ? 'promise' : 'maybe',
        ends: 'exit',
        setsRc: true,
      };
    }
    case 'choice': // a value, which expression.ts writes; it cannot stand as a statement
    case 'missing':
    case 'bad': {
      const what = quote(`function ${call.name.text}`);
      const code = `${mark}${emit.helper('missing')}(ctx, ${what}, ${emit.at(call.name.span)})`;
      return { code, arrives: 'now', ends: 'never', setsRc: true };
    }
  }
}

function argCode(arg: BoundArg, emit: EmitContext, expression: (e: Expression) => Code): string {
  switch (arg.kind) {
    case 'constant':
      return typeof arg.value === 'number' ? String(arg.value) : quote(arg.value);
    case 'format':
      return arg.lazy ? lazyText(arg.parts, emit) : textCode(arg.parts, emit);
    case 'int': {
      const [only] = arg.parts;
      const value =
        arg.parts.length === 1 && typeof only === 'object' ? asValue(readPv(only, emit)) : textCode(arg.parts, emit);
      return `${emit.helper('argInt')}(${value})`;
    }
    case 'expression': {
      const value = expression(arg.expression);
      if (arg.as === 'int') return value.type === 'int' ? value.code : `${emit.helper('argSum')}(${asStr(value)})`;
      if (arg.as === 'regex') return `${emit.helper('regexArg')}(${asStr(value)})`;
      if (arg.as === 'pv') return `${emit.helper('pvArg')}(${asStr(value)})`;
      return arg.as === 'format' ? `() => ${asStr(value)}` : asStr(value);
    }
    case 'regex':
      return emit.regex(arg.source, 'in');
    case 'subst':
      return substitutionCode(arg.substitution, emit);
    case 'pv':
      return emit.hoist('pv', pvReference(arg.pv, emit));
    case 'omitted':
      return 'undefined';
  }
}

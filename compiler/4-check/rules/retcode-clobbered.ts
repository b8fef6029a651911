/**
 * `$rc` read right behind a call that always says yes, such as a log line. Evidence: kamailio#2802, and tried with
 * 5.6.3: a call sets it, an assignment and a condition without calls do not.
 */
import type { Expression, Statement } from '../../ast.js';
import { retcodeClobbered } from '../../diagnostics/6xxx-lint.js';
import type { Span } from '../../span.js';
import { walkExpression } from '../../visit.js';
import { type FunctionCall, type Lint, pvAndInner, pvsOfCall, type Rule } from '../lint.js';

export const checkClobberedCodes: Rule = (lint) => {
  for (const { list } of lint.lists)
    list.forEach((s, i) => {
      const before = list[i - 1];
      const spoils = before?.kind === 'expression' && before.expression.kind === 'call' ? before.expression : null;
      const call = spoils && lint.program.calls.get(spoils);
      if (!spoils || call?.kind !== 'function' || !alwaysYes(call)) return;
      const read = firstRead(s, lint);
      if (read)
        lint.found.report(retcodeClobbered, read.span, { text: read.text, name: spoils.name.text }, [
          { span: spoils.name.span, message: 'set by this call' },
        ]);
    });
};

const alwaysYes = (call: FunctionCall): boolean =>
  call.module === 'xlog' || Object.keys(call.declaration.returns).every((code) => Number(code) === 1);

/** What a statement evaluates before anything in it runs. */
function operands(s: Statement): readonly Expression[] {
  switch (s.kind) {
    case 'if':
    case 'while':
      return [s.condition];
    case 'switch':
      return [s.subject];
    case 'assign':
      return [s.value];
    case 'expression':
      return [s.expression];
    case 'exit':
    case 'drop':
    case 'return':
      return s.value ? [s.value] : [];
    default:
      return [];
  }
}

function firstRead(s: Statement, lint: Lint): { span: Span; text: string } | null {
  let read: { span: Span; text: string } | null = null;
  let called = false;
  for (const operand of operands(s))
    walkExpression(operand, {
      expression(e) {
        if (read || called) return false;
        if (e.kind === 'pv') {
          const pv = lint.program.pvs.get(e);
          const rc = pv && [...pvAndInner(pv)].find((p) => p.what === 'rc');
          if (rc) read = { span: e.span, text: rc.text };
        }
        if (e.kind === 'call') {
          const bound = lint.program.calls.get(e);
          const rc = bound?.kind === 'function' ? [...pvsOfCall(bound)].find((p) => p.what === 'rc') : undefined;
          if (rc) read = { span: rc.span, text: rc.text };
        }
        return undefined;
      },
      leaveExpression(e) {
        if (e.kind === 'call') called = true;
      },
    });
  return read;
}

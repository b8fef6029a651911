/**
 * Statements behind one that always leaves. Not reported: a bare `exit`, `break` or `return` kept for form, and what
 * stands behind a preprocessor line, where another build may leave out the statement that leaves.
 */
import type { Statement } from '../../ast.js';
import { unreachableCode } from '../../diagnostics/6xxx-lint.js';
import { directiveBetween, type Rule } from '../lint.js';

export const checkUnreachable: Rule = ({ lists, found }) => {
  for (const { list } of lists) {
    const last = list.findIndex(leaves);
    const next = last < 0 ? undefined : list.slice(last + 1).find((s) => !isForm(s));
    if (next && !directiveBetween(list[last]!.span, next.span))
      found.report(unreachableCode, next.span, undefined, [{ span: list[last]!.span, message: 'this always leaves' }]);
  }
};

const isForm = (s: Statement): boolean =>
  ['exit', 'drop', 'return', 'break', 'continue', 'empty', 'bad'].includes(s.kind);

function leaves(s: Statement): boolean {
  if (s.kind === 'if') return s.else !== null && s.then.some(leaves) && s.else.some(leaves);
  return ['exit', 'drop', 'return', 'break', 'continue'].includes(s.kind);
}

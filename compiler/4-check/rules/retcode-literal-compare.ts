/**
 * `f() == -1`: an operand is 1 or 0, so it never holds. Evidence: tried with Kamailio 5.6.3 (`f() == false` and
 * `f() == 0` do hold there, so they are left alone); kamailio#2271 has the confusion.
 */
import type { BinaryOperator } from '../../ast.js';
import { retcodeLiteralCompare } from '../../diagnostics/6xxx-lint.js';
import { constantInt } from '../flow.js';
import type { Rule } from '../lint.js';

const compare: Partial<Record<BinaryOperator, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

export const checkLiteralCompares: Rule = ({ expressions, found }) => {
  for (const { node } of expressions) {
    if (node.kind !== 'binary') continue;
    const holds = compare[node.operator];
    const [call, other, swapped] =
      node.left.kind === 'call' ? [node.left, node.right, false] : [node.right, node.left, true];
    const code = constantInt(other);
    if (!holds || call.kind !== 'call' || code === null) continue;
    const [asOne, asZero] = [1, 0].map((value) => (swapped ? holds(code, value) : holds(value, code)));
    if (asOne === asZero)
      found.report(retcodeLiteralCompare, node.span, { name: call.name.text, always: asOne === true, code });
  }
};

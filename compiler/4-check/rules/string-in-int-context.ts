/**
 * Text that is no number where an integer is wanted: it counts as 0. Evidence: Kamailio's migration notes, kazoo#132,
 * tried with 5.6.3. What Kamailio refuses (`1 + "a"`) is an error already.
 */
import type { Expression } from '../../ast.js';
import { stringInInt } from '../../diagnostics/6xxx-lint.js';
import type { Lint, Rule } from '../lint.js';

const number = /^\s*[+-]?(?:\d+|0[xX][0-9a-fA-F]+)\s*$/;

export const checkStringsAsIntegers: Rule = (lint) => {
  const report = (e: Expression) => {
    if (e.kind === 'str' && !number.test(e.value) && e.value !== '')
      lint.found.report(stringInInt, e.span, { value: e.value });
  };
  for (const { node } of lint.expressions) {
    if (node.kind === 'unary' && node.operator === '(int)') report(node.operand);
    if (node.kind === 'binary' && (node.operator === '==' || node.operator === '!=') && isInteger(node.left, lint))
      report(node.right);
  }
};

function isInteger(e: Expression, lint: Lint): boolean {
  const pv = e.kind === 'pv' ? lint.program.pvs.get(e) : undefined;
  return pv?.what === 'declared' && pv.declaration?.type === 'int' && pv.transforms.length === 0;
}

/** `$var(x) == $null` never holds. Evidence: kamailio#153 and #2928, tried with 5.6.3: `$var(x) = $null` makes it 0. */

import type { BoundPv } from '../../3-bind/index.js';
import type { Expression } from '../../ast.js';
import { nullOnNonNullable } from '../../diagnostics/6xxx-lint.js';
import type { Lint, Rule } from '../lint.js';

export const checkNulls: Rule = (lint) => {
  for (const { node } of lint.expressions) {
    if (node.kind === 'binary' && (node.operator === '==' || node.operator === '!=') && node.right.kind === 'null') {
      const pv = neverNull(node.left, lint);
      if (pv) lint.found.report(nullOnNonNullable, node.span, { text: pv.text, always: node.operator === '!=' });
    }
    if (node.kind === 'unary' && node.operator === 'defined') {
      const pv = neverNull(node.operand, lint);
      if (pv) lint.found.report(nullOnNonNullable, node.span, { text: pv.text, always: true });
    }
  }
};

function neverNull(e: Expression, lint: Lint): BoundPv | undefined {
  const pv = e.kind === 'pv' ? lint.program.pvs.get(e) : undefined;
  if (!pv || pv.transforms.length > 0) return undefined;
  return pv.what === 'var' || (pv.what === 'declared' && pv.name === 'shv') ? pv : undefined;
}

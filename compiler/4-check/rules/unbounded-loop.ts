/**
 * A loop in which nothing changes its condition. Evidence: kamailio#3068 (workers held up by loops); max_while_loops
 * ends it, and logs, for every message.
 */
import type { Expression, While } from '../../ast.js';
import { unboundedLoop } from '../../diagnostics/6xxx-lint.js';
import { walkExpression, walkStatements } from '../../visit.js';
import { functionOf, type Lint, type Rule } from '../lint.js';

export const checkLoops: Rule = (lint) => {
  for (const { node } of lint.statements)
    if (node.kind === 'while' && !mayEnd(node, lint)) lint.found.report(unboundedLoop, node.condition.span, undefined);
};

function mayEnd(loop: While, lint: Lint): boolean {
  const reads = new Set<string>();
  let open = false;
  walkExpression(loop.condition, {
    expression(e) {
      if (e.kind === 'int' && e === loop.condition && e.value === 0) open = true;
      if (e.kind === 'call' || e.kind === 'assignExpression' || e.kind === 'block') open = true;
      if (e.kind === 'pv') {
        const pv = lint.program.pvs.get(e);
        if (pv?.what === 'var') reads.add(pv.text.replace(/\s/g, ''));
        else open = true;
      } else if (e.kind === 'select' || e.kind === 'attribute' || e.kind === 'keyword') open = true;
      return undefined;
    },
  });
  if (open) return true;
  const written = (target: Expression) => target.kind === 'pv' && reads.has(target.text.replace(/\s/g, ''));
  let changes = false;
  walkStatements(loop.body, {
    statement(s) {
      if (['exit', 'drop', 'return', 'break', 'bad'].includes(s.kind)) changes = true;
      if (s.kind === 'assign' && written(s.target)) changes = true;
      return undefined;
    },
    expression(e) {
      if (e.kind === 'assignExpression' && written(e.assign.target)) changes = true;
      if (e.kind === 'call') {
        const bound = lint.program.calls.get(e);
        const call = bound && functionOf({ node: e, bound, route: lint.program.routes[0]! });
        if (!call || Object.hasOwn(call.declaration.returns, 0)) changes = true;
        else if (call.args.some((a) => a.kind === 'pv' && reads.has(a.pv.text))) changes = true;
      }
      return undefined;
    },
  });
  return changes;
}

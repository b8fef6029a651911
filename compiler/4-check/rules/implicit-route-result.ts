/**
 * `if (route(X))` where X has no `return` on some way: the code of its last action decides. Evidence: Kamailio's core
 * cookbook asks for a return at the end of every route.
 */
import type { Expression } from '../../ast.js';
import { implicitRouteResult } from '../../diagnostics/6xxx-lint.js';
import { targetKey } from '../callgraph.js';
import { decidingParts, type Rule } from '../lint.js';

export const checkImplicitResults: Rule = ({ program, statements, flow, found }) => {
  const check = (condition: Expression): void => {
    for (const part of decidingParts(condition)) {
      const bound = part.kind === 'call' ? program.calls.get(part) : undefined;
      if (bound?.kind !== 'route' || bound.target === null || !flow.falling.has(targetKey(bound.target))) continue;
      const head = program.routes.find((r) => r.table === 'routes' && r.name === bound.target)?.blocks[0]?.head;
      const related = head ? [{ span: head, message: 'this block' }] : [];
      found.report(implicitRouteResult, part.span, { name: bound.target }, related);
    }
  };
  for (const { node } of statements) if (node.kind === 'if' || node.kind === 'while') check(node.condition);
};

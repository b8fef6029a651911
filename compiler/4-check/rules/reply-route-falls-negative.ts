/**
 * A reply_route whose last action may say no throws the response away. Evidence: kamailio-wiki#61; in 5.6.3 only the
 * core's reply_route is read that way, so named onreply_routes and branch_routes are not looked at.
 */
import type { CallExpression, Statement } from '../../ast.js';
import { replyRouteNegative } from '../../diagnostics/6xxx-lint.js';
import type { Lint, Rule } from '../lint.js';

export const checkReplyRouteEnd: Rule = (lint) => {
  const route = lint.program.routes.find((r) => r.table === 'reply_route');
  const body = route?.blocks.at(-1)?.body;
  for (const call of body ? lastCalls(body, lint) : [])
    lint.found.report(replyRouteNegative, call.span, { name: call.name.text });
};

/** Calls that may be the last action and may say no. */
function lastCalls(list: readonly Statement[], lint: Lint): CallExpression[] {
  const last = list.findLast((s) => s.kind !== 'empty');
  if (last?.kind === 'if') return [...lastCalls(last.then, lint), ...(last.else ? lastCalls(last.else, lint) : [])];
  if (last?.kind !== 'expression' || last.expression.kind !== 'call') return [];
  const bound = lint.program.calls.get(last.expression);
  const mayRefuse =
    bound?.kind === 'function' &&
    bound.module !== 'xlog' &&
    Object.keys(bound.declaration.returns).some((code) => Number(code) < 0);
  return mayRefuse ? [last.expression] : [];
}

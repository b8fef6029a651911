/**
 * `drop` in a named onreply_route that does not look at the status. Evidence: the core cookbook on drop, and tm: only
 * provisional responses are held back.
 */
import type { Expression, Statement } from '../../ast.js';
import { dropIneffective } from '../../diagnostics/6xxx-lint.js';
import { walkExpression } from '../../visit.js';
import { type Rule, titleOf } from '../lint.js';

export const checkDrops: Rule = ({ program, found }) => {
  for (const route of program.routes) {
    if (route.table !== 'onreply_route') continue;
    const visit = (list: readonly Statement[]): void => {
      // A test with a way out in front of the rest guards the rest.
      for (const s of list) {
        if (s.kind === 'drop') found.report(dropIneffective, s.span, { title: titleOf(route) });
        else if (s.kind === 'if') {
          if (looksAtStatus(s.condition)) return;
          visit(s.then);
          if (s.else) visit(s.else);
        } else if (s.kind === 'while') visit(s.body);
        else if (s.kind === 'switch' && !looksAtStatus(s.subject)) for (const c of s.cases) visit(c.body);
      }
    };
    for (const block of route.blocks) visit(block.body);
  }
};

function looksAtStatus(condition: Expression): boolean {
  let looks = false;
  walkExpression(condition, {
    expression(e) {
      if (e.kind === 'keyword' && e.name === 'status') looks = true;
      if (e.kind === 'pv' && /\$\(?(?:rs|T_reply_code|T_rpl)\b/.test(e.text)) looks = true;
      if (e.kind === 'call' && /^(?:t_check_status|t_grep_status|route)$/.test(e.name.text)) looks = true;
      return undefined;
    },
  });
  return looks;
}

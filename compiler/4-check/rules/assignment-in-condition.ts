/** `if ($rU = "a")`: Kamailio 5.6.3 takes it without a word (tried). */
import type { Expression } from '../../ast.js';
import { assignmentInCondition } from '../../diagnostics/6xxx-lint.js';
import { decidingParts, type Rule } from '../lint.js';

export const checkConditions: Rule = ({ statements, found }) => {
  for (const { node } of statements) {
    if (node.kind !== 'if' && node.kind !== 'while') continue;
    for (const part of decidingParts(node.condition)) {
      const target = assigned(part);
      if (target) found.report(assignmentInCondition, part.span, { text: target });
    }
  }
};

const assigned = (e: Expression): string | null => (e.kind === 'assignExpression' ? e.assign.target.text : null);

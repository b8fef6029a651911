/** A case with statements that runs on into the next one. Evidence: an official tutorial has one by mistake. */
import { switchFallthrough } from '../../diagnostics/6xxx-lint.js';
import { completes, type Rule } from '../lint.js';

export const checkFallthrough: Rule = (lint) => {
  for (const { node } of lint.statements) {
    if (node.kind !== 'switch') continue;
    node.cases.slice(0, -1).forEach((c, i) => {
      const next = node.cases[i + 1]!;
      if (c.body.some((s) => s.kind !== 'empty') && completes(c.body, lint))
        lint.found.report(switchFallthrough, c.span, undefined, [{ span: next.span, message: 'into this one' }]);
    });
  }
};

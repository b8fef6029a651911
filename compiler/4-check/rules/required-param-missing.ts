/** Parameters that need another module or parameter. Evidence: tried with 5.6.3, which does not start without. */
import { requiredParam } from '../../diagnostics/6xxx-lint.js';
import type { Rule } from '../lint.js';

export const checkRequiredParams: Rule = ({ program, found }) => {
  const direction = program.params.findLast((p) => p.module === 'acc' && p.name === 'detect_direction');
  if (direction?.value.kind !== 'constant' || direction.value.value === 0) return;
  const needs = (what: string) =>
    found.report(requiredParam, direction.span, { module: 'acc', name: 'detect_direction', needs: what });
  const tag = program.params.findLast((p) => p.module === 'rr' && p.name === 'append_fromtag')?.value;
  if (!program.modules.some((m) => m.name === 'rr')) needs('the module rr');
  else if (tag?.kind === 'constant' && tag.value === 0) needs('append_fromtag=1 of rr');
};

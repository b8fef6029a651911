/** Modules that others need to start. Evidence: each was started alone with 5.6.3; `kamailio -c` says the cfg is fine. */
import { moduleMissing } from '../../diagnostics/6xxx-lint.js';
import type { Rule } from '../lint.js';

export const checkNeededModules: Rule = ({ program, found }) => {
  const loaded = new Set(program.modules.map((m) => m.name));
  for (const { name, declaration, node } of program.modules) {
    const uses = [...(declaration?.uses ?? []), ...(name === 'siputils' ? ['pv'] : [])];
    for (const needs of uses)
      if (node && !needs.endsWith('?') && !loaded.has(needs))
        found.report(moduleMissing, node.name.span, { name, needs });
  }
};

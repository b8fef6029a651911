/** The same parameter set twice. Evidence: kamailio#266, where the second line was a slip. */
import { modparamOverridden } from '../../diagnostics/6xxx-lint.js';
import type { Span } from '../../span.js';
import type { Rule } from '../lint.js';

export const checkOverriddenParams: Rule = ({ program, found }) => {
  const first = new Map<string, Span>();
  for (const { module, name, spec, span } of program.params) {
    if (spec.many) continue;
    const key = `${module} ${name}`;
    const before = first.get(key);
    if (before) found.report(modparamOverridden, span, { module, name }, [{ span: before, message: 'first set here' }]);
    else first.set(key, span);
  }
};

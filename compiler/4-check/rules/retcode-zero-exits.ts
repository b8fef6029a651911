/**
 * `return 0` in a route that others call ends the script. Evidence: the Kamailio FAQ, kamailio#928, and tried with
 * 5.6.3. Where `return_mode` is set, newer versions give it another meaning.
 */
import { retcodeZero } from '../../diagnostics/6xxx-lint.js';
import { constantInt } from '../flow.js';
import type { Rule } from '../lint.js';

export const checkReturnZero: Rule = ({ program, statements, found }) => {
  if (program.globals.some((g) => g.name.text === 'return_mode')) return;
  for (const { node, route } of statements)
    if (node.kind === 'return' && node.value && constantInt(node.value) === 0 && route.table === 'routes')
      found.report(retcodeZero, node.span, { name: route.name });
};

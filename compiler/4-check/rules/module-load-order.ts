/** Modules that ask another one for its functions when they start. Evidence: each pair was started with 5.6.3. */
import { moduleLoadOrder, slBeforeTm } from '../../diagnostics/6xxx-lint.js';
import type { Rule } from '../lint.js';

const pairs: readonly (readonly [first: string, later: string])[] = [
  ['usrloc', 'registrar'],
  ['tm', 'acc'],
  ['tm', 'tmx'],
  // Starts all the same.
  ['tm', 'sl'],
];

export const checkLoadOrder: Rule = ({ program, found }) => {
  const at = (name: string) => program.modules.findIndex((m) => m.name === name);
  for (const [first, later] of pairs) {
    const module = program.modules[at(later)];
    const before = program.modules[at(first)];
    if (!module?.node || !before?.node || at(first) < at(later)) continue;
    const related = [{ span: before.node.name.span, message: 'loaded here' }];
    if (later === 'sl') found.report(slBeforeTm, module.node.name.span, undefined, related);
    else found.report(moduleLoadOrder, module.node.name.span, { name: later, first }, related);
  }
};

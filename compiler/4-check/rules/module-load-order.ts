/** Modules that ask another one for its functions when they start. Evidence: each pair was started with 5.6.3. */
import { moduleLoadOrder, slBeforeTm } from '../../diagnostics/6xxx-lint.js';
import { type Rule, writtenParam } from '../lint.js';

/** `when`: a parameter of the later one, without which it does not ask. */
const pairs: readonly (readonly [first: string, later: string, when?: string])[] = [
  ['usrloc', 'registrar'],
  ['tm', 'acc'],
  ['tm', 'tmx'],
  ['dmq', 'htable', 'enable_dmq'],
  ['dmq', 'dialog', 'enable_dmq'],
  ['dmq', 'presence', 'enable_dmq'],
  // Newer than 5.6.3; it asks in the same place (rtpengine.c, mod_init()).
  ['dmq', 'rtpengine', 'enable_dmq'],
  ['cfgt', 'debugger', 'cfgtest'],
  // Starts all the same.
  ['tm', 'sl'],
];

export const checkLoadOrder: Rule = ({ program, found }) => {
  const at = (name: string) => program.modules.findIndex((m) => m.name === name);
  for (const [first, later, when] of pairs) {
    const module = program.modules[at(later)];
    const before = program.modules[at(first)];
    if (!module?.node || !before?.node || at(first) < at(later)) continue;
    if (when !== undefined && !asks(writtenParam(program, later, when)?.value.value)) continue;
    const related = [{ span: before.node.name.span, message: 'loaded here' }];
    if (later === 'sl') found.report(slBeforeTm, module.node.name.span, undefined, related);
    else found.report(moduleLoadOrder, module.node.name.span, { name: later, first }, related);
  }
};
/** Numbers may be written as text. */
const asks = (value: unknown): boolean => Number(value ?? 0) !== 0;

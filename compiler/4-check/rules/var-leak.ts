/** `$var` read where this message has not written it on every way. Evidence: the cookbook; a `$var` lives as long as the process. */
import { varLeak } from '../../diagnostics/6xxx-lint.js';
import { type Rule, titleOf } from '../lint.js';
import { writtenBefore } from './state-lost-across-suspend.js';

export const checkVariables: Rule = (lint) => {
  const { flow, found } = lint;
  // One variable, one report: where it is read first.
  const first = new Map<string, (typeof flow.leaks)[number]>();
  for (const leak of flow.leaks) {
    if (writtenBefore(leak, lint)) continue;
    const before = first.get(leak.name);
    if (!before || (before.span.file === leak.span.file && leak.span.start < before.span.start))
      first.set(leak.name, leak);
  }
  for (const { name, span, root } of first.values()) found.report(varLeak, span, { name, root: titleOf(root) });
};

/** Parameters that need another module or parameter. Evidence: tried with 5.6.3, which does not start without. */
import { requiredParam } from '../../diagnostics/6xxx-lint.js';
import type { Span } from '../../span.js';
import { type Rule, writtenParam } from '../lint.js';

export const checkRequiredParams: Rule = ({ program, found }) => {
  const loaded = (name: string) => program.modules.some((m) => m.name === name);
  const noFromTag = writtenParam(program, 'rr', 'append_fromtag')?.value.value === 0;
  const needsFromTag = (span: Span, module: string, name: string) => {
    const needs = !loaded('rr') ? 'the module rr' : noFromTag ? 'append_fromtag=1 of rr' : null;
    if (needs !== null) found.report(requiredParam, span, { module, name, needs });
  };
  const direction = writtenParam(program, 'acc', 'detect_direction');
  if (direction && direction.value.value !== 0) needsFromTag(direction.span, 'acc', 'detect_direction');
  const uac = program.modules.find((m) => m.name === 'uac')?.node;
  const mode = writtenParam(program, 'uac', 'restore_mode');
  const auto = String(mode?.value.value ?? 'auto').toLowerCase() === 'auto';
  if (uac && auto && !writtenParam(program, 'uac', 'restore_dlg')?.value.value)
    needsFromTag((mode ?? uac).span, 'uac', 'restore_mode (auto)');
};

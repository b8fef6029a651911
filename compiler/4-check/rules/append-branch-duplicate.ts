/**
 * The same branch twice. Evidence: kamailio#72, #2708; tried with 5.6.3: append_branch() and t_relay() without a new
 * Request-URI in between send two INVITEs to one phone.
 */

import type { Statement } from '../../ast.js';
import { appendBranchDuplicate } from '../../diagnostics/6xxx-routing.js';
import type { Span } from '../../span.js';
import { relayFunctions } from '../effects.js';
import { appendedBit } from '../flow.js';
import type { Rule } from '../lint.js';

export const checkBranches: Rule = ({ program, calls, flow, lists, statements, found }) => {
  for (const { node } of calls) {
    if (!relayFunctions.has(node.name.text)) continue;
    if (flow.visits.get(node)?.some(({ state }) => state.kinds.includes('request') && state.assigned & appendedBit))
      found.report(appendBranchDuplicate, node.name.span, { text: '', how: 'same' });
  }
  for (const { list } of lists) {
    const seen = new Set<string>();
    for (const s of list) {
      const added = addedBranch(s);
      if (added && seen.has(added.uri))
        found.report(appendBranchDuplicate, added.span, { text: added.uri, how: 'twice' });
      if (added) seen.add(added.uri);
      // Whatever else happens in between may clear what was collected.
      else if (
        s.kind !== 'expression' ||
        s.expression.kind !== 'call' ||
        /branch|uri|lookup|route/.test(s.expression.name.text)
      )
        seen.clear();
    }
  }
  for (const { node, route } of statements) {
    if (node.kind !== 'assign' || node.target.kind !== 'pv' || node.value.kind !== 'pv') continue;
    const target = program.pvs.get(node.target);
    if (target?.name !== 'ru' || program.pvs.get(node.value)?.text !== target.text) continue;
    if (route.kinds.includes('failure'))
      found.report(appendBranchDuplicate, node.span, { text: target.text, how: 'self' });
  }
};

function addedBranch(s: Statement): { uri: string; span: Span } | null {
  if (s.kind !== 'expression' || s.expression.kind !== 'call' || s.expression.name.text !== 'append_branch')
    return null;
  const uri = s.expression.args[0];
  return uri?.kind === 'str' && !uri.value.includes('$') ? { uri: uri.value, span: uri.span } : null;
}

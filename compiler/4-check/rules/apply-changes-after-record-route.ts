/** msg_apply_changes() behind record_route(). Evidence: the FAQ forbids it, and 5.6.3 logs an error and does nothing. */
import { applyAfterRecordRoute } from '../../diagnostics/6xxx-lint.js';
import { known } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkApplyChanges: Rule = ({ calls, flow, found }) => {
  for (const site of calls) {
    const { node } = site;
    if (!functionOf(site) || node.name.text !== 'msg_apply_changes') continue;
    if (flow.visits.get(node)?.some(({ state }) => known(state, 'recordRoute') === 'yes'))
      found.report(applyAfterRecordRoute, node.name.span, { name: node.name.text });
  }
};

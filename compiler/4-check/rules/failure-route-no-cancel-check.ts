/** Sending a call on from a failure_route nobody asked t_is_canceled() in. Evidence: the default cfg does it first. */
import { noCancelCheck } from '../../diagnostics/6xxx-lint.js';
import { relayFunctions } from '../effects.js';
import { known } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkCancelChecks: Rule = ({ calls, flow, found }) => {
  for (const site of calls) {
    const { node } = site;
    if (!functionOf(site) || !relayFunctions.has(node.name.text)) continue;
    const visit = flow.visits
      .get(node)
      ?.find(({ state }) => state.kinds.includes('failure') && known(state, 'cancelChecked') === 'no');
    const head = visit?.root === site.route ? undefined : visit?.root.blocks[0]?.head;
    if (visit)
      found.report(
        noCancelCheck,
        node.name.span,
        { name: node.name.text },
        head ? [{ span: head, message: 'reached from this block' }] : [],
      );
  }
};

/** Relays no check of Max-Forwards stands before. Evidence: RFC 3261 §16.3, RFC 5393. */
import { noMaxForwards } from '../../diagnostics/6xxx-lint.js';
import { relayFunctions } from '../effects.js';
import { known } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkMaxForwards: Rule = ({ calls, flow, found }) => {
  for (const site of calls) {
    const { node } = site;
    if (!functionOf(site) || !relayFunctions.has(node.name.text)) continue;
    const visits = flow.visits.get(node) ?? [];
    if (visits.some(({ state }) => state.kinds.includes('request') && known(state, 'maxForwards') === 'no'))
      found.report(noMaxForwards, node.name.span, { name: node.name.text });
  }
};

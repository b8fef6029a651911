/** Relays sanity_check() does not stand before. Evidence: the default cfg and the security tutorial begin with it. */
import { noSanity } from '../../diagnostics/6xxx-lint.js';
import { relayFunctions } from '../effects.js';
import { known } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkSanity: Rule = ({ calls, flow, found }) => {
  for (const site of calls) {
    const { node } = site;
    if (!functionOf(site) || !relayFunctions.has(node.name.text)) continue;
    const visits = flow.visits.get(node) ?? [];
    if (visits.some(({ state }) => state.kinds.includes('request') && known(state, 'sanity') === 'no'))
      found.report(noSanity, node.name.span, { name: node.name.text });
  }
};

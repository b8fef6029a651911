/**
 * Requests inside a dialog that are relayed though loose_route() was not called. Evidence: route[WITHINDLG] of the
 * default cfg; without it the Route that names this proxy stays and the request comes back.
 */
import { noLooseRoute } from '../../diagnostics/6xxx-lint.js';
import { relayFunctions } from '../effects.js';
import { known, methodBit, type State } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkLooseRoute: Rule = ({ calls, flow, found }) => {
  // ACK and CANCEL may belong to a transaction here and go its way.
  const hopByHop = methodBit('ACK') | methodBit('CANCEL');
  const wrong = (state: State) =>
    state.kinds.includes('request') &&
    known(state, 'inDialog') === 'yes' &&
    known(state, 'looseRoute') === 'no' &&
    (state.methods & ~hopByHop) !== 0;
  for (const site of calls) {
    const { node } = site;
    if (!functionOf(site) || !relayFunctions.has(node.name.text)) continue;
    if (flow.visits.get(node)?.some(({ state }) => wrong(state)))
      found.report(noLooseRoute, node.name.span, { name: node.name.text });
  }
};

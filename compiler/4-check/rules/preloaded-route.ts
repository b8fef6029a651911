/**
 * Requests that begin a dialog, relayed with a Route their sender chose. Evidence: the default cfg removes preloaded
 * Route header fields in front of the relay, and calls loose_route() only for requests with a tag in To.
 */
import { preloadedRoute } from '../../diagnostics/6xxx-lint.js';
import { relayFunctions } from '../effects.js';
import { known, methodBit, type State } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkPreloadedRoutes: Rule = ({ calls, flow, found }) => {
  // These belong to something that is there already.
  const later = ['ACK', 'CANCEL', 'BYE', 'PRACK', 'UPDATE'].reduce((bits, m) => bits | methodBit(m), 0);
  const wrong = (state: State) =>
    state.kinds.includes('request') &&
    (state.methods & ~later) !== 0 &&
    known(state, 'inDialog') !== 'yes' &&
    known(state, 'routeRemoved') === 'no';
  for (const site of calls) {
    const { node } = site;
    if (!functionOf(site) || !relayFunctions.has(node.name.text)) continue;
    const visits = (flow.visits.get(node) ?? []).filter(({ state }) => wrong(state));
    if (visits.length === 0) continue;
    const routed = visits.every(({ state }) => known(state, 'routed') === 'yes');
    found.report(preloadedRoute, node.name.span, { name: node.name.text, routed });
  }
};

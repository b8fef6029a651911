/**
 * An INVITE relayed without record_route() in a cfg that uses loose_route(). Evidence: the topos README asks for it on
 * all initial requests; the default cfg does it. A branch_route that records the route counts for all.
 */
import { noRecordRoute } from '../../diagnostics/6xxx-lint.js';
import { relayFunctions } from '../effects.js';
import { known, methodBit, type State } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkRecordRoute: Rule = ({ calls, flow, found }) => {
  const named = (pattern: RegExp) => calls.filter((site) => pattern.test(site.node.name.text));
  if (named(/^loose_route/).length === 0) return;
  if (named(/^record_route/).some(({ node }) => flow.visits.get(node)?.some((v) => v.state.kinds.includes('branch'))))
    return;
  const wrong = (state: State) =>
    state.kinds.includes('request') &&
    (state.methods & methodBit('INVITE')) !== 0 &&
    known(state, 'inDialog') !== 'yes' &&
    known(state, 'routed') === 'no' &&
    known(state, 'recordRoute') === 'no';
  for (const site of calls) {
    const { node } = site;
    if (!functionOf(site) || !relayFunctions.has(node.name.text)) continue;
    if (flow.visits.get(node)?.some(({ state }) => wrong(state)))
      found.report(noRecordRoute, node.name.span, { name: node.name.text });
  }
};

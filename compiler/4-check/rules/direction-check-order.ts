/** Questions about our Route before loose_route() has found it. Evidence: the rr README, which also asks for append_fromtag. */
import { directionOrder } from '../../diagnostics/6xxx-routing.js';
import { known } from '../facts.js';
import { type Rule, writtenParam } from '../lint.js';

export const checkDirection: Rule = ({ program, calls, flow, found }) => {
  const withoutTag = writtenParam(program, 'rr', 'append_fromtag')?.value.value === 0;
  for (const { node } of calls) {
    const name = node.name.text;
    if (name !== 'is_direction' && name !== 'check_route_param') continue;
    const visits = flow.visits.get(node) ?? [];
    const early = visits.some(
      ({ state }) =>
        state.kinds.includes('request') && !state.kinds.includes('failure') && known(state, 'looseRoute') === 'no',
    );
    if (early) found.report(directionOrder, node.name.span, { name, tag: false });
    else if (withoutTag && name === 'is_direction') found.report(directionOrder, node.name.span, { name, tag: true });
  }
};

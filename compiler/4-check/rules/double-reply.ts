/** A second final response, or a response and a relay, on one way. Evidence: kamailio#1543. */
import { doubleReply } from '../../diagnostics/6xxx-lint.js';
import { relayFunctions, replyFunctions } from '../effects.js';
import { known } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkDoubleReplies: Rule = ({ calls, flow, found }) => {
  for (const site of calls) {
    const { node } = site;
    const name = node.name.text;
    if (!functionOf(site) || !(replyFunctions.has(name) || relayFunctions.has(name))) continue;
    for (const { state } of flow.visits.get(node) ?? []) {
      const before =
        (known(state, 'replied') === 'yes' && state.reply) ||
        (known(state, 'relayed') === 'yes' && replyFunctions.has(name) && state.relay);
      if (!before) continue;
      found.report(doubleReply, node.name.span, { name, before: before.name.text }, [
        { span: before.name.span, message: 'first here' },
      ]);
      break;
    }
  }
};

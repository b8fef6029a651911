/** Answers that only an ACK can reach. Evidence: RFC 3261 §17 has no response to ACK; Kamailio sends none. */
import { replyToAck } from '../../diagnostics/6xxx-lint.js';
import { replyFunctions } from '../effects.js';
import { methodBit } from '../facts.js';
import { functionOf, type Rule } from '../lint.js';

export const checkAckReplies: Rule = ({ calls, flow, found }) => {
  const ack = methodBit('ACK');
  for (const site of calls) {
    const { node } = site;
    const visits = flow.visits.get(node) ?? [];
    if (!functionOf(site) || !replyFunctions.has(node.name.text) || visits.length === 0) continue;
    if (visits.every(({ state }) => state.methods === ack && state.kinds.includes('request')))
      found.report(replyToAck, node.name.span, { name: node.name.text });
  }
};

/**
 * Digest checks that a repeated request reaches. Evidence: the default cfg asks for its transaction first. One report a
 * cfg: the first place. With sipc a repetition that comes while its request still waits is absorbed anyway; one that
 * comes after a stateless answer is not.
 */
import { noRetransmissionAbsorb } from '../../diagnostics/6xxx-async.js';
import { authFunctions } from '../effects.js';
import { known, methodBit } from '../facts.js';
import type { Rule } from '../lint.js';

// Sent once for each response, or answered by the transaction.
const unrepeated = methodBit('ACK') | methodBit('CANCEL');

export const checkRetransmissions: Rule = ({ program, calls, flow, found }) => {
  if (!program.modules.some((m) => m.name === 'tm')) return;
  for (const { node } of calls) {
    if (!authFunctions.has(node.name.text)) continue;
    const open = flow.visits
      .get(node)
      ?.some(
        ({ state }) =>
          state.kinds.includes('request') &&
          (state.methods & ~unrepeated) !== 0 &&
          known(state, 'absorbed') === 'no' &&
          known(state, 'transaction') === 'no',
      );
    if (!open) continue;
    found.report(noRetransmissionAbsorb, node.name.span, { name: node.name.text });
    return;
  }
};

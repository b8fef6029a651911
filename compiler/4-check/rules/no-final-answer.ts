/**
 * Requests that reach the end of request_route unanswered. Evidence: "I send requests and nothing happens" is in the
 * Kamailio FAQ. `exit` and `drop` are taken as meant: silence is right for scanners and repeated requests.
 */
import { noFinalAnswer } from '../../diagnostics/6xxx-lint.js';
import type { Span } from '../../span.js';
import { describeMethods, known, methodBit } from '../facts.js';
import type { Rule } from '../lint.js';

export const checkAnswers: Rule = ({ flow, found }) => {
  const silent = new Map<Span, number>();
  for (const { how, at, state, route } of flow.ends) {
    if (route.table !== 'request_route' || how === 'exit' || how === 'drop') continue;
    if (known(state, 'replied') !== 'no' || known(state, 'relayed') !== 'no' || known(state, 'handled') !== 'no')
      continue;
    const all = state.methods;
    const methods = all & ~methodBit('ACK');
    if (methods !== 0) silent.set(at, (silent.get(at) ?? 0) | all);
  }
  for (const [at, methods] of silent) found.report(noFinalAnswer, at, { who: describeMethods(methods) });
};

/** A level inside the text, and levels that do not exist. Evidence: kamailio#2835. */
import { xlogLevel } from '../../diagnostics/6xxx-lint.js';
import { type FunctionCall, functionOf, type Rule } from '../lint.js';

export const checkLogLevels: Rule = ({ calls, found }) => {
  for (const site of calls) {
    const call = functionOf(site);
    if (call?.module !== 'xlog') continue;
    const { args, name } = site.node;
    const first = textOf(call, 0);
    const span = args[0]?.span ?? site.node.span;
    const level = args.length === 1 ? /^L_[A-Z]+\d?\b/.exec(first ?? '')?.[0] : undefined;
    if (level !== undefined) found.report(xlogLevel, span, { text: level, inText: true });
    else if (name.text === 'xlog' && args.length === 2 && first !== null && !/^(?:L_[ABCDEINW]|-?\d)/.test(first))
      found.report(xlogLevel, span, { text: first, inText: false });
  }
};

function textOf(call: FunctionCall, i: number): string | null {
  const arg = call.args[i];
  if (arg?.kind === 'constant') return String(arg.value);
  const part = arg?.kind === 'format' ? arg.parts[0] : undefined;
  return typeof part === 'string' ? part : null;
}

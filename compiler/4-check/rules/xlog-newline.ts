/** Log lines without an end. Evidence: kamailio#3821. */
import { xlogNewline } from '../../diagnostics/6xxx-lint.js';
import { type FunctionCall, functionOf, type Rule } from '../lint.js';

export const checkLogLines: Rule = ({ calls, found }) => {
  for (const site of calls) {
    const call = functionOf(site);
    if (!call || !(call.module === 'xlog' || (call.module === 'core' && site.node.name.text === 'log'))) continue;
    const text = endOf(call);
    const span = site.node.args.at(-1)?.span ?? site.node.span;
    if (text !== null && !text.endsWith('\n')) found.report(xlogNewline, span, { name: site.node.name.text });
  }
};

/** Null when the end is only known when it runs. */
function endOf(call: FunctionCall): string | null {
  const last = call.args.at(-1);
  if (last?.kind === 'constant') return String(last.value);
  const part = last?.kind === 'format' ? last.parts.at(-1) : undefined;
  return typeof part === 'string' ? part : null;
}

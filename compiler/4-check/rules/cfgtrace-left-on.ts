/** Statement tracing in a cfg. Evidence: the debugger README; kamailio#3821. */
import { cfgTraceLeftOn } from '../../diagnostics/6xxx-network.js';
import { type Rule, writtenParam } from '../lint.js';

export const checkTracing: Rule = ({ program, found }) => {
  const trace = writtenParam(program, 'debugger', 'cfgtrace');
  if (trace?.value.value === 1) found.report(cfgTraceLeftOn, trace.span, undefined);
};

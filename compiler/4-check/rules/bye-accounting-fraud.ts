/** A BYE accounted though nothing shows that it belongs to a call. Evidence: openser list 2008: a BYE to oneself ends the record. */
import { byeFraud } from '../../diagnostics/6xxx-security.js';
import { constantArg } from '../effects.js';
import { known, methodBit } from '../facts.js';
import { functionOf, type Rule, writtenParam } from '../lint.js';

export const checkByeAccounting: Rule = ({ program, calls, flow, found }) => {
  if (writtenParam(program, 'acc', 'cdr_enable')?.value.value) return;
  const flags = ['log_flag', 'db_flag'].map((name) => writtenParam(program, 'acc', name)?.value.value);
  for (const site of calls) {
    const call = functionOf(site);
    const flag = call && site.node.name.text === 'setflag' ? constantArg(call, 0) : null;
    if (typeof flag !== 'number' || !flags.includes(flag)) continue;
    const bye = methodBit('BYE');
    const unseen = flow.visits
      .get(site.node)
      ?.some(
        ({ state }) => state.methods === bye && known(state, 'routed') === 'no' && state.kinds.includes('request'),
      );
    if (unseen) found.report(byeFraud, site.node.name.span, { flag });
  }
};

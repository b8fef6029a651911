/** An accounting flag no setflag() names. Evidence: kamailio#3527, "no call detail records". */
import { flagNeverSet } from '../../diagnostics/6xxx-lint.js';
import { constantArg } from '../effects.js';
import { everyPv, functionOf, type Rule } from '../lint.js';

export const checkFlagsSet: Rule = (lint) => {
  const { program, calls, found } = lint;
  // The flags can also be assigned as a whole.
  if (program.modules.some((m) => m.declaration === null) || [...everyPv(lint)].some((pv) => /^m[fF]$/.test(pv.name)))
    return;
  const set = new Set<number>();
  for (const site of calls) {
    const call = functionOf(site);
    const flag = call && site.node.name.text === 'setflag' ? constantArg(call, 0) : null;
    if (typeof flag === 'number') set.add(flag);
  }
  for (const { module, name, value, span } of program.params) {
    if (module !== 'acc' || !/^(?:log|db)(?:_missed)?_flag$|^failed_transaction_flag$/.test(name)) continue;
    if (value.kind === 'constant' && Number(value.value) >= 0 && !set.has(Number(value.value)))
      found.report(flagNeverSet, span, { flag: Number(value.value), param: `${name} of ${module}` });
  }
};

/** A flag that is set and never looked at. A modparam counts as a look when its name says flag; so does $mf. */
import { flagNeverRead } from '../../diagnostics/6xxx-lint.js';
import { constantArg } from '../effects.js';
import { everyPv, functionOf, type Rule } from '../lint.js';

export const checkFlagsRead: Rule = (lint) => {
  const { program, calls, found } = lint;
  if (program.modules.some((m) => m.declaration === null) || [...everyPv(lint)].some((pv) => /^m[fF]$/.test(pv.name)))
    return;
  const flagsOf = (name: string) =>
    calls.flatMap((site) => {
      const call = functionOf(site);
      const flag = call && site.node.name.text === name ? constantArg(call, 0) : null;
      return typeof flag === 'number' ? [{ flag, span: site.node.args[0]?.span ?? site.node.span }] : [];
    });
  const read = new Set(flagsOf('isflagset').map((f) => f.flag));
  for (const item of program.config.items)
    if (item.kind === 'modparam' && /flag/i.test(item.name.text)) read.add(Number(item.value.value));
  const told = new Set<number>();
  for (const { flag, span } of flagsOf('setflag')) {
    if (read.has(flag) || told.has(flag)) continue;
    told.add(flag);
    found.report(flagNeverRead, span, { flag });
  }
};

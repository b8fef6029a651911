/** Parameters that two modules have to agree on. Evidence: the READMEs of nathelper, usrloc and sst say so. */
import { pairedParam } from '../../diagnostics/6xxx-routing.js';
import { type Rule, writtenParam } from '../lint.js';

const pairs: readonly (readonly [name: string, one: string, other: string, otherName?: string])[] = [
  ['received_avp', 'registrar', 'nathelper'],
  ['xavp_contact', 'usrloc', 'tm'],
  ['timeout_avp', 'dialog', 'sst'],
];

export const checkPairedParams: Rule = ({ program, found }) => {
  const loaded = (name: string): boolean => program.modules.some((m) => m.name === name);
  for (const [name, one, other] of pairs) {
    if (!loaded(one) || !loaded(other)) continue;
    const a = writtenParam(program, one, name);
    const b = writtenParam(program, other, name);
    if (!a || !b || a === b || a.value.value === b.value.value) continue;
    found.report(pairedParam, b.span, { name, one, other }, [{ span: a.span, message: `of ${one}` }]);
  }
};

/**
 * `$var(r) = f(); if (!$var(r))`: the variable holds -1, which is true. Evidence: tried with Kamailio 5.6.3;
 * kamailio#2517. Only variables that hold nothing but return codes are looked at.
 */
import type { Expression } from '../../ast.js';
import { retcodeNegated } from '../../diagnostics/6xxx-lint.js';
import { decidingParts, functionOf, type Rule } from '../lint.js';

export const checkNegatedCodes: Rule = ({ program, statements, expressions, calls, found }) => {
  const codes = new Map<string, boolean>();
  const note = (target: Expression, value: Expression): void => {
    const pv = target.kind === 'pv' ? program.pvs.get(target) : undefined;
    if (pv?.what !== 'var') return;
    const isCode = value.kind === 'call' || (value.kind === 'pv' && program.pvs.get(value)?.what === 'rc');
    const name = String(pv.key?.[0]);
    codes.set(name, isCode && codes.get(name) !== false);
  };
  for (const { node } of statements) if (node.kind === 'assign') note(node.target, node.value);
  for (const { node } of expressions) if (node.kind === 'assignExpression') note(node.assign.target, node.assign.value);
  for (const site of calls)
    functionOf(site)?.args.forEach((arg) => {
      if (arg.kind === 'pv' && arg.pv.what === 'var') codes.set(String(arg.pv.key?.[0]), false);
    });
  for (const { node } of statements) {
    if (node.kind !== 'if' && node.kind !== 'while') continue;
    for (const part of decidingParts(node.condition)) {
      const pv = part.kind === 'pv' ? program.pvs.get(part) : undefined;
      if (!pv || pv.transforms.length > 0) continue;
      if (pv.what === 'rc' || (pv.what === 'var' && codes.get(String(pv.key?.[0])) === true))
        found.report(retcodeNegated, part.span, { text: pv.text });
    }
  }
};

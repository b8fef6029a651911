/** A method one letter off one of the RFCs'. A name further off may be somebody's own method. */

import { unknownMethod } from '../../diagnostics/6xxx-lint.js';
import { nearest } from '../../diagnostics/near.js';
import type { Span } from '../../span.js';
import { methodNames } from '../facts.js';
import type { Rule } from '../lint.js';

const known = new Set<string>([
  ...methodNames,
  'KDMQ',
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'SEND',
  'AUTH',
  'REPORT',
]);

export const checkMethodNames: Rule = ({ program, expressions, found }) => {
  const test = (name: string, span: Span): void => {
    if (known.has(name.toUpperCase())) return;
    const near = nearest(name.toUpperCase(), methodNames, 2);
    if (near !== undefined && name.length > 3) found.report(unknownMethod, span, { name, near });
  };
  for (const { node } of expressions) {
    const [first] = node.kind === 'call' && node.name.text === 'is_method' ? node.args : [];
    if (first?.kind === 'str' && !first.value.includes('$'))
      for (const name of first.value.split('|')) test(name.trim(), first.span);
    if (node.kind !== 'binary' || (node.operator !== '==' && node.operator !== '!=')) continue;
    const { left, right } = node;
    const isMethod =
      (left.kind === 'keyword' && left.name === 'method') ||
      (left.kind === 'pv' && program.pvs.get(left)?.text === '$rm');
    if (isMethod && (right.kind === 'word' || right.kind === 'str'))
      test(right.kind === 'word' ? right.text : right.value, right.span);
  }
};

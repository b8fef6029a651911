/**
 * Back-references to groups without a bound. Evidence: measured with glibc, whose matcher takes seconds for
 * `(a+)+\\1` and 320 letters, and milliseconds at most for nested quantifiers without back-references; so only the
 * former are reported. (sipc itself gives up on such an expression when the text is long.)
 */
import { regexRedos } from '../../diagnostics/6xxx-lint.js';
import type { Rule } from '../lint.js';

export const checkRegexCost: Rule = ({ regexes, found }) => {
  for (const { source, span } of regexes) {
    const group = costlyReference(source);
    if (group !== null) found.report(regexRedos, span, { group });
  }
};

/** The number of a group of unbounded length that is referred to. */
export function costlyReference(source: string): number | null {
  const groups: { bounded: boolean }[] = [];
  const open: number[] = [];
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    if (c === '\\') {
      const digit = source[++i] ?? '';
      if (/[1-9]/.test(digit) && groups[Number(digit) - 1]?.bounded === false) return Number(digit);
    } else if (c === '[') {
      let end = i + (source[i + 1] === '^' ? 2 : 1);
      end = source.indexOf(']', source[end] === ']' ? end + 1 : end);
      if (end < 0) return null;
      while (source[end + 1] === ']' && /\[[:.=]/.test(source.slice(i + 1, end))) end++;
      i = end;
    } else if (c === '(') open.push(groups.push({ bounded: true }) - 1);
    else if (c === ')') open.pop();
    else if (c === '*' || c === '+' || /^\{\d*,\}/.test(source.slice(i, i + 8)))
      for (const at of open) groups[at]!.bounded = false;
  }
  return null;
}

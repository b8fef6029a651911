/**
 * Perl's `\d`, classes such as `[\\w]` and lazy quantifiers in POSIX expressions. Evidence: opensips#1793, an official
 * tutorial, and tried with glibc: `\d` matches no digit, `\w` and `\s` outside brackets do work, `+?` means "perhaps".
 */
import { pcreInPosix } from '../../diagnostics/6xxx-lint.js';
import type { Rule } from '../lint.js';

export const checkPerlRegexes: Rule = ({ regexes, found }) => {
  for (const { source, span } of regexes) {
    const problem = perlPiece(source);
    if (problem) found.report(pcreInPosix, span, problem);
  }
};

export function perlPiece(source: string): { piece: string; means: string } | null {
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    const next = source[i + 1] ?? '';
    if (c === '\\') {
      if (/[dDhHvV]/.test(next)) return { piece: `\\${next}`, means: `matches only the letter ${next}` };
      if (/[tnrf]/.test(next)) return { piece: `\\${next}`, means: `matches only the letter ${next}` };
      i++;
    } else if (c === '[') {
      let end = i + 1;
      if (source[end] === '^') end++;
      if (source[end] === ']') end++;
      while (end < source.length && source[end] !== ']') {
        if (source[end] === '[' && /[:.=]/.test(source[end + 1] ?? '')) {
          const close = source.indexOf(`${source[end + 1]}]`, end + 2);
          end = close < 0 ? source.length : close + 1;
        }
        end++;
      }
      const inside = source.slice(i, end + 1);
      const perl = /\\[dDwWsS]/.exec(inside);
      if (perl) return { piece: inside, means: `holds a backslash and the letter ${perl[0][1]}` };
      i = end;
    } else if ((c === '*' || c === '+') && next === '?')
      return { piece: `${c}?`, means: 'is not lazy, it allows nothing at all as well,' };
  }
  return null;
}

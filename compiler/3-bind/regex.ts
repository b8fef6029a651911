/** Is this text a POSIX extended regular expression? Only what glibc's regcomp refuses is a problem. */

export function regexProblem(source: string): string | null {
  let depth = 0;
  let repeatable = false;
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    if (c === '\\') {
      if (i + 1 >= source.length) return 'it ends with a backslash';
      i++;
      repeatable = true;
    } else if (c === '[') {
      const end = bracketEnd(source, i);
      if (end < 0) return 'a [ is not closed';
      i = end;
      repeatable = true;
    } else if (c === '(') {
      depth++;
      repeatable = false;
    } else if (c === ')') {
      // An unmatched ) is an ordinary character to glibc only when nothing is open.
      if (depth > 0) depth--;
      else return 'a ) has no (';
      repeatable = true;
    } else if (c === '|' || c === '^') repeatable = false;
    else if (c === '*' || c === '+' || c === '?') {
      // glibc takes `a**`, and a leading `*` as itself, but no leading + or ?.
      if (c === '?' && source[i - 1] === '(') return "(? is Perl's";
      if (!repeatable && c !== '*') return `nothing stands before ${c}`;
      repeatable = true;
    } else repeatable = true;
  }
  return depth > 0 ? 'a ( is not closed' : null;
}

/** Index of the `]` that ends the bracket expression at `start`. */
function bracketEnd(source: string, start: number): number {
  let i = start + 1;
  if (source[i] === '^') i++;
  if (source[i] === ']') i++;
  for (; i < source.length; i++) {
    if (source[i] === ']') return i;
    if (source[i] === '[' && ':.='.includes(source[i + 1] ?? ' ')) {
      const end = source.indexOf(`${source[i + 1]}]`, i + 2);
      if (end < 0) return -1;
      i = end + 1;
    }
  }
  return -1;
}

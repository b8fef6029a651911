/** fnmatch(3): shell patterns, without the special meaning of a slash or a leading dot. */

/** Shell pattern: `*`, `?`, `[...]`, backslash. */
export function fnmatch(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      starAt = p++;
      starText = t;
      continue;
    }
    const step = matchOne(pattern, p, text[t]!);
    if (step > 0) {
      p += step;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
/** How many pattern characters match this one character; 0: none. */
function matchOne(pattern: string, p: number, c: string): number {
  const m = pattern[p];
  if (m === undefined) return 0;
  if (m === '?') return 1;
  if (m === '\\' && p + 1 < pattern.length) return pattern[p + 1] === c ? 2 : 0;
  if (m !== '[') return m === c ? 1 : 0;
  let i = p + 1;
  const negated = pattern[i] === '!' || pattern[i] === '^';
  if (negated) i++;
  let inside = false;
  for (let first = true; i < pattern.length && (first || pattern[i] !== ']'); first = false) {
    const low = pattern[i]!;
    if (pattern[i + 1] === '-' && pattern[i + 2] !== undefined && pattern[i + 2] !== ']') {
      if (c >= low && c <= pattern[i + 2]!) inside = true;
      i += 3;
    } else {
      if (c === low) inside = true;
      i++;
    }
  }
  if (i >= pattern.length) return c === '[' ? 1 : 0;
  return inside !== negated ? i - p + 1 : 0;
}

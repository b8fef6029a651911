/** Selects: `@ruri.user` and `$sel(ruri.user)`. The paths there are stand in the declarations of core and the loaded modules. */
import { missingSelect, unknownSelect } from '../diagnostics/3xxx-names.js';
import { nearest } from '../diagnostics/near.js';
import type { Span } from '../span.js';
import type { Scope } from './scope.js';

/** The words of a select; a path nobody declares is reported. */
export function bindSelect(text: string, span: Span, scope: Scope): (string | number)[] {
  const words = selectWords(text);
  const declared: string[] = [];
  for (const { declaration } of scope.modules)
    for (const pattern of Object.keys(declaration?.selects ?? {})) declared.push(pattern);
  if (declared.some((p) => selectMatches(p, words)) || scope.lacking.length > 0) return words;
  const path = words.filter((w) => typeof w === 'string').join('.');
  const first = String(words[0]);
  const owners = Object.values(scope.catalog.modules).flatMap((m) => m.selects ?? []);
  // The catalog leaves out most indices.
  const named = words.filter((w) => typeof w === 'string');
  const known = [...scope.catalog.core.selects, ...owners].some((s) => selectMatches(plain(s), named));
  if (known) scope.diagnostics.report(missingSelect, span, { name: text.replace(/^@/, '') });
  else {
    const near = nearest(
      path,
      declared.filter((p) => !/[*#]/.test(p) || p.startsWith(`${first}.`)),
    );
    scope.diagnostics.report(unknownSelect, span, near === undefined ? { name: path } : { name: path, near });
  }
  return words;
}

/** The catalog's form of a path, `{str}` for any word. */
const plain = (path: string): string => path.replace(/\{\w+\}\??/g, '*');

/** `@hdr["Subject"][1].x` → `hdr`, `Subject`, 1, `x`. */
export function selectWords(text: string): (string | number)[] {
  const words: (string | number)[] = [];
  for (const m of text.matchAll(/\["([^"]*)"\]|\[(-?\d{1,9})\]|[^.[\]@]+/g))
    words.push(m[2] !== undefined ? Number(m[2]) : (m[1] ?? m[0]));
  return words;
}

/** Patterns are written `ruri.user`, with `*` for any word and `#` for a number. Case does not count in what is not `*`. */
export function selectMatches(pattern: string, words: readonly (string | number)[]): boolean {
  const wanted = pattern.replace(/^@/, '').split('.');
  if (wanted.length !== words.length) return false;
  return wanted.every((w, i) => {
    const word = words[i]!;
    if (w === '#') return typeof word === 'number';
    return typeof word === 'string' && (w === '*' || w.toLowerCase() === word.toLowerCase());
  });
}

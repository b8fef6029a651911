/** Perl's classes in a regular expression of the cfg, rewritten. */
import { expect, it } from 'vitest';
import { unescaped } from '../../compiler/0-lex/strings.js';
import { posixClasses } from '../../compiler/diagnostics/posix-classes.js';

it.each([
  ['"^\\d+$"', '"^[0-9]+$"'],
  ['"^\\\\d+\\\\D$"', '"^[0-9]+[^0-9]$"'],
  ['"[\\d.]"', '"[0-9.]"'],
  ['"[^]\\\\w\\s]x]"', '"[^][:alnum:]_[:space:]]x]"'],
  ['"[[:alpha:]\\d]\\d"', '"[[:alpha:]0-9][0-9]"'],
  ['"[\\]\\d"', '"[\\][0-9]"'],
  ['"\\w+\\s"', '"\\w+\\s"'],
  ['"\\\\\\\\d"', '"\\\\\\\\d"'],
  ['"a\\.\\d"', '"a\\.[0-9]"'],
  ['"a" "\\d"', '"a" "\\d"'],
  ["'\\d'", "'\\d'"],
])('%s becomes %s', (before, after) => {
  const file = { path: 'case.cfg', text: before };
  const source = unescaped(before.slice(1, -1));
  let text = before;
  for (const edit of [...posixClasses({ file, start: 0, end: before.length }, source)].reverse())
    text = text.slice(0, edit.span.start) + edit.text + text.slice(edit.span.end);
  expect(text).toBe(after);
});

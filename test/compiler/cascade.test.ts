/**
 * One mistake, one diagnostic: a token taken out of a good cfg, put in twice, or swapped with the next one, at random places,
 * gives few errors, and the first stands where it was done.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { Lexer } from '../../compiler/0-lex/lexer.js';
import { isTrivia } from '../../compiler/0-lex/token.js';
import { check, Matches } from '../../compiler/index.js';
import { positionAt, type Span } from '../../compiler/span.js';
import { missingTools, stockConfig } from '../support/tools.js';

const real = await createNodeHost();
const office = new URL('../../examples/office/kamailio.cfg', import.meta.url).pathname;
const paths = missingTools([], [stockConfig]) === null ? [office, stockConfig] : [office];
const matches = new Matches();

interface Change {
  readonly text: string;
  readonly line: number;
  readonly what: string;
}

function errors(text: string): { code: string; line: number }[] {
  const host = {
    ...real,
    readFile: (path: string) => (path === 'case.cfg' ? { text } : null),
    resolve: (_: string, path: string) => path,
  };
  return check(host, 'case.cfg', { lint: false, matches })
    .diagnostics.filter((d) => d.severity === 'error')
    .map(({ code, span }) => {
      // Of what came out of a definition, the place of its use.
      let at: Span = span;
      while (at.via) at = at.via;
      return { code, line: positionAt(at.file, at.start).line };
    })
    .sort((a, b) => a.line - b.line);
}

/** Places of the tokens. */
function tokens(text: string): readonly { readonly start: number; readonly end: number }[] {
  const lexer = new Lexer({ path: '', text });
  const found: { start: number; end: number }[] = [];
  for (let lexeme = lexer.next(); lexeme; lexeme = lexer.next())
    if (!isTrivia(lexeme) && lexeme.end > lexeme.start) found.push({ start: lexeme.start, end: lexeme.end });
  return found;
}

describe.each(paths)('%s', (path) => {
  const text = readFileSync(path, 'latin1');
  // What a directive says has its effects everywhere.
  const directive = (at: number) => /^[ \t]*(?:#!|!!)/.test(text.slice(text.lastIndexOf('\n', at - 1) + 1));
  const all = tokens(text).filter(({ start }) => !directive(start));
  const change = fc
    .record({ at: fc.nat(all.length - 2), how: fc.constantFrom('deleted', 'doubled', 'swapped') })
    .map(({ at, how }): Change => {
      const { start, end } = all[at]!;
      const next = all[at + 1]!;
      const word = text.slice(start, end);
      const line = text.slice(0, start).split('\n').length;
      const across = how === 'swapped' && /^[ \t]*(?:#!|!!)/m.test(text.slice(end, next.start));
      const rest =
        how === 'deleted' || across
          ? text.slice(end)
          : how === 'doubled'
            ? ` ${word} ${word}${text.slice(end)}`
            : `${text.slice(next.start, next.end)} ${word} ${text.slice(next.end)}`;
      return {
        text: text.slice(0, start) + (how === 'deleted' ? ' ' : '') + rest,
        line,
        what: `${word} ${how} in line ${line}`,
      };
    });

  it('is good', () => expect(errors(text)).toEqual([]));

  it('with one token changed gives few errors, the first near it', () => {
    const counts: number[] = [];
    const far: string[] = [];
    const many: string[] = [];
    fc.assert(
      fc.property(change, ({ text: changed, line, what }) => {
        const found = errors(changed);
        counts.push(found.length);
        if (found.length > 4)
          many.push(`${found.length}: ${what}: ${found.map((e) => `${e.code}:${e.line}`).join(' ')}`);
        const nearest = Math.min(...found.map((e) => Math.abs(e.line - line)));
        // A brace is missed where the block ends; without its loadmodule a name in quotes belongs to the one before.
        if (found.length > 0 && nearest > 2 && !/^(?:[{}]|loadmodule )/.test(what))
          far.push(`${what}: ${found.map((e) => `${e.code}:${e.line}`).join(' ')}`);
      }),
      { numRuns: 200, seed: 11 },
    );
    const hurt = counts.filter((n) => n > 0);
    expect(hurt.length).toBeGreaterThan(counts.length / 5);
    expect(hurt.filter((n) => n === 1).length / hurt.length).toBeGreaterThan(0.7);
    expect({ many, far }).toEqual({ many: [], far: [] });
  });
});

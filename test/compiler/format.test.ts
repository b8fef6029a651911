/**
 * The formatter: test/cases/format (each input.cfg gives expected.cfg; UPDATE=1 rewrites them), and its laws — what was
 * formatted stays as it is, the tree is the same, comments and directives are all there in their order — over generated
 * text and every cfg of Debian's package.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lexer } from '../../compiler/0-lex/lexer.js';
import { isTrivia } from '../../compiler/0-lex/token.js';
import { format } from '../../compiler/format/index.js';
import { MemoryHost } from '../../compiler/host.js';
import { catalog, parseText } from '../support/parse.js';
import { printTree } from '../support/print-tree.js';

const host = new MemoryHost({}, new Map(), catalog);

function formatted(text: string): string {
  const result = format(host, 'case.cfg', text);
  expect('text' in result ? 'formatted' : result).toBe('formatted');
  return 'text' in result ? result.text : '';
}

/** Comments and directives, in order. */
function remarks(text: string): string[] {
  const lexer = new Lexer({ path: '', text });
  const found: string[] = [];
  for (let lexeme = lexer.next(); lexeme; lexeme = lexer.next())
    if (isTrivia(lexeme) && lexeme.kind !== 'blank') found.push(text.slice(lexeme.start, lexeme.end).trimEnd());
  return found;
}

function holdsLaws(text: string): void {
  const once = formatted(text);
  expect(formatted(once)).toBe(once);
  expect(remarks(once)).toEqual(remarks(text));
  expect(printTree(parseText(once).config)).toBe(printTree(parseText(text).config));
}

describe('cases', () => {
  const folder = new URL('../cases/format/', import.meta.url);
  it.each(readdirSync(folder))('%s', (name) => {
    const input = readFileSync(new URL(`${name}/input.cfg`, folder), 'latin1');
    const expected = new URL(`${name}/expected.cfg`, folder);
    const got = formatted(input);
    if (process.env.UPDATE) writeFileSync(expected, got, 'latin1');
    expect(got).toBe(existsSync(expected) ? readFileSync(expected, 'latin1') : '');
    holdsLaws(input);
  });
});

describe('laws over generated text', () => {
  const blank = fc.constantFrom(
    '',
    ' ',
    '\t',
    '\n',
    '\n\n\n',
    ' # note\n',
    '/* x */',
    ' /* y\n  z */ ',
    '\r\n',
    ' \\\n ',
  );
  const operand = fc.constantFrom('$rU', '$var(i)', '5', '"a"', '"a" \n "b"', '-1', '!$x', '(int)$y', 'f("x",1)', '~2');
  const join = (parts: readonly string[]) =>
    fc.array(blank, { minLength: parts.length, maxLength: parts.length }).map((gaps) =>
      parts
        .map((part, i) => {
          // Two words need something between them.
          const joins = /[A-Za-z0-9_$"'!\-=&|/*]$/.test(parts[i - 1] ?? '') && /^[A-Za-z0-9_$"'(\-=~&|/*!]/.test(part);
          return (joins && gaps[i] === '' ? ' ' : gaps[i]!) + part;
        })
        .join(''),
    );
  const expression = fc
    .tuple(operand, fc.constantFrom('==', '&&', '||', '+', '-', '*', '/', 'mod', '=~', '<'), operand)
    .chain(([a, operator, b]) => join(['(', a, operator, b, ')']));
  const simple = fc.oneof(
    fc.constantFrom(
      'exit;',
      'return 1;',
      'drop;',
      ';',
      'force_rport();',
      'import_file "none.cfg"\n',
      '\n#!ifdef A\nexit;\n#!endif\n',
    ),
    expression.chain((e) => join(['$var(x)', '=', e, ';'])),
    expression.chain((e) => join(['xlog', '(', '"a"', ',', e, ')', ';'])),
  );
  const { statement } = fc.letrec<{ statement: string }>((tie) => ({
    statement: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      simple,
      fc.tuple(expression, tie('statement')).chain(([e, s]) => join(['if', e, s])),
      fc
        .tuple(expression, tie('statement'), tie('statement'))
        .chain(([e, a, b]) => join(['if', e, '{', a, '}', 'else', b])),
      fc.tuple(expression, simple, tie('statement')).chain(([e, a, b]) => join(['if', e, a, 'else', b])),
      fc.tuple(expression, tie('statement')).chain(([e, s]) => join(['while', e, '{', s, s, '}'])),
      fc
        .tuple(tie('statement'), tie('statement'))
        .chain(([a, b]) => join(['switch', '(', '$rU', ')', '{', 'case', '"a"', ':', a, 'default', ':', b, '}'])),
    ),
  }));
  const cfg = fc
    .array(statement, { minLength: 1, maxLength: 5 })
    .chain((list) =>
      join(['debug=2\n', 'request_route', '{', ...list, '}', 'route', '[', 'A', ']', '{', 'exit;', '}', '\n']),
    );

  it('hold', () => {
    let kept = 0;
    fc.assert(
      fc.property(cfg, (text) => {
        if (parseText(text).diagnostics.some((d) => d.severity === 'error')) return;
        kept++;
        holdsLaws(text);
      }),
      { numRuns: 150 },
    );
    expect(kept).toBeGreaterThan(50);
  });
});

describe('refusals', () => {
  it('text that does not parse is given back with its mistakes', () => {
    expect(format(host, 'case.cfg', 'request_route {\n  exit\n}\n')).toMatchObject({
      diagnostics: [{ code: 'SIPC2002' }],
    });
  });

  it('a definition that ends in a comment hides the rest of its line, which stays there', () => {
    const text = '#!define N 5 # five\nrequest_route {\n  $var(x) = N; exit;\n  ; $var(y) = 1;\n}\n';
    expect(format(host, 'case.cfg', text)).toEqual({
      text: '#!define N 5 # five\nrequest_route {\n\t$var(x) = N ; exit;\n\t\t\t;\n\t$var(y) = 1;\n}\n',
    });
  });
});

describe('blanks somebody else would have written', () => {
  const here = (path: string) => new URL(`../../${path}`, import.meta.url);
  const within = (folder: string) =>
    readdirSync(here(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.cfg'))
      .map((name) => readFileSync(here(`${folder}/${name}`), 'latin1'));
  const stock = '/etc/kamailio/kamailio.cfg';
  const texts = [
    ...['examples', 'test/cases', 'test/differential/cfgs', 'docs'].flatMap((folder) => within(`${folder}/`)),
    ...(existsSync(stock) ? [readFileSync(stock, 'latin1')] : []),
  ].filter((text) => 'text' in format(host, 'case.cfg', text));

  it('hold the laws for every cfg in the tree', () => {
    expect(texts.length).toBeGreaterThan(20);
    for (const text of texts) holdsLaws(text);
  }, 90_000);

  /** Blanks between tokens made wider, narrower, tabs; line ends doubled, lines indented anew. */
  function mutated(text: string, random: () => number): string {
    const lexer = new Lexer({ path: '', text });
    let out = '';
    for (let lexeme = lexer.next(); lexeme; lexeme = lexer.next()) {
      const piece = text.slice(lexeme.start, lexeme.end);
      const roll = random();
      if (lexeme.kind !== 'blank' || roll < 0.8) out += piece;
      else if (piece.includes('\n')) out += piece.replace(/\n[ \t]*$/, roll < 0.9 ? '\n\n\t\t ' : '\n');
      else out += roll < 0.9 ? '\t  ' : ' ';
    }
    return out;
  }

  it('change nothing but the groups of lines', () => {
    let kept = 0;
    fc.assert(
      fc.property(
        fc.nat(texts.length - 1),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
        (i, stream) => {
          const text = texts[i]!;
          const changed = mutated(text, () => stream.next().value as number);
          if (!('text' in format(host, 'case.cfg', changed))) return;
          kept++;
          holdsLaws(changed);
          expect(printTree(parseText(changed).config)).toBe(printTree(parseText(text).config));
          // Empty lines apart, it does not matter how it was written; within a comment lines keep their places to each other.
          const lines = (t: string) =>
            formatted(t)
              .split('\n')
              .map((line) => line.trim().replace(/\s+/g, ' '))
              .filter((line) => line !== '');
          expect(lines(changed)).toEqual(lines(text));
        },
      ),
      { numRuns: 20 },
    );
    expect(kept).toBeGreaterThan(15);
  }, 90_000);
});

describe('configs of the Debian package', () => {
  const examples = '/usr/share/doc/kamailio/examples';
  const names = existsSync(examples)
    ? readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cfg'))
    : [];
  const paths = ['/etc/kamailio/kamailio.cfg', ...names.map((name) => join(examples, name))].filter((p) =>
    existsSync(p),
  );
  it.skipIf(names.length === 0)(`hold the laws where they parse (skipped where ${examples} is absent)`, () => {
    const parsed = paths
      .map((path) => readFileSync(path, 'latin1'))
      .filter((text) => 'text' in format(host, 'case.cfg', text));
    expect(parsed.length).toBeGreaterThan(paths.length / 2);
    for (const text of parsed) holdsLaws(text);
    expect(paths.filter((path) => 'changed' in format(host, 'case.cfg', readFileSync(path, 'latin1')))).toEqual([]);
  });
});

/** What the tree cases do not show: where expanded text says it comes from, and include rules. */
import { expect, it } from 'vitest';
import type { Span } from '../../compiler/span.js';
import { describeSpan } from '../../compiler/span.js';
import { parseText, place } from '../support/parse.js';

const way = (span: Span): string[] => [describeSpan(span), ...(span.via ? way(span.via) : [])];

it('a mistake in a definition names the definition and each use', () => {
  const { diagnostics } = parseText('#!define B 1 +\n#!define A B\nrequest_route {\n  $var(x) = A;\n}\n');
  expect(diagnostics.map(place)).toEqual(['SIPC2001 4:14']);
  const inside = parseText('#!define A $var(x) = ;\nrequest_route {\n  A\n}\n').diagnostics[0]!;
  expect(way(inside.span)).toEqual(['case.cfg:1:22', 'case.cfg:3:3']);
});

it('text of an include names the include', () => {
  const files = { 'a.cfg': 'include_file "b.cfg"\n', 'b.cfg': '\nexit\n' };
  const { diagnostics } = parseText('request_route {\n  include_file "a.cfg"\n}\n', { files });
  expect(diagnostics.map((d) => way(d.span))).toEqual([['b.cfg:2:5', 'a.cfg:1:14', 'case.cfg:2:16']]);
});

it('an unreadable include names the chain', () => {
  const files = { 'a.cfg': 'include_file "absent.cfg"\n' };
  const { diagnostics } = parseText('include_file "a.cfg"\nrequest_route { exit; }\n', { files });
  expect(diagnostics.map((d) => [d.message, ...way(d.span)])).toEqual([
    ['cannot read absent.cfg: no such file', 'a.cfg:1:14', 'case.cfg:1:14'],
  ]);
});

it('includes go ten deep', () => {
  const chain = (depth: number) => {
    const files: Record<string, string> = {};
    for (let i = 1; i <= depth; i++) files[`${i}.cfg`] = i < depth ? `include_file "${i + 1}.cfg"\n` : 'children=1\n';
    return parseText('include_file "1.cfg"\nrequest_route { exit; }\n', { files }).diagnostics.map((d) => d.code);
  };
  expect(chain(10)).toEqual([]);
  expect(chain(11)).toEqual(['SIPC1002']);
});

it('the span of a node that is partly expanded is the place of use', () => {
  const { config } = parseText('#!define N 5\nrequest_route {\n  setflag(N);\n  $var(x) = N + N;\n}\n');
  const block = config.items[0]!;
  const spans = block.kind === 'route' ? block.body.map((s) => s.span.file.text.slice(s.span.start, s.span.end)) : [];
  expect(spans).toEqual(['setflag(N);', '$var(x) = N + N;']);
  const assign = block.kind === 'route' ? block.body[1]! : null;
  const sum = assign?.kind === 'assign' ? assign.value.span : null;
  expect(sum && [sum.start, sum.end, sum.via].join()).toBe(
    `${'#!define N 5\nrequest_route {\n  setflag(N);\n  $var(x) = '.length},${'#!define N 5\nrequest_route {\n  setflag(N);\n  $var(x) = N + N'.length},`,
  );
});

it.each([
  ['1 + 2 * 3 == 7', true],
  ['(1 + 2) * 3 == 7', false],
  ['KAMAILIO_VERSION >= 5006003', true],
  ['KAMAILIO_5_6 && !KAMAILIO_6', true],
  ['NAME == "abc"', true],
  ['NAME + "d" == "abcd"', true],
  ['COUNT > 4 || COUNT < 2', true],
  ['COUNT % 2 == 0', false],
  ['UNKNOWN', false],
  ['-COUNT == 0 - 5', true],
])('#!ifexp %s', (expression, holds) => {
  const { config, diagnostics } = parseText(
    `#!define NAME "abc"\n#!define COUNT 5\n#!ifexp ${expression}\nchildren=1\n#!endif\n`,
  );
  expect(diagnostics.map((d) => d.code)).toEqual(['SIPC1015']);
  expect(config.items.length).toBe(holds ? 1 : 0);
});

it.each([
  ['#!define X $var\n', 'X(a) = 1;', '$var(a)'],
  ['#!define X $avp(s:a)\n', 'X = 1;', '$avp(s:a)'],
  ['#!SER\n', '$f.a = 1;', '$f.a'],
  ['#!KAMAILIO\n', '$ru = 1;', '$ru'],
])('%s%s assigns to %s', (head, statement, target) => {
  const { config } = parseText(`${head}request_route {\n  ${statement}\n}\n`);
  const block = config.items[0]!;
  const first = block.kind === 'route' ? block.body[0]! : null;
  expect(first?.kind === 'assign' && 'text' in first.target && first.target.text).toBe(target);
});

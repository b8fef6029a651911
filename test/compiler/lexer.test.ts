/** The scanner keeps everything and survives everything. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { preprocess } from '../../compiler/1-preprocess/index.js';
import { Diagnostics } from '../../compiler/diagnostics/define.js';
import { MemoryHost } from '../../compiler/host.js';
import { catalog, parseText } from '../support/parse.js';

function lexemesOf(text: string) {
  const host = new MemoryHost({ 'case.cfg': text }, new Map(), catalog);
  return preprocess(host, 'case.cfg', {}, new Diagnostics()).files[0]!.lexemes;
}

const cfgText = fc
  .array(
    fc.constantFrom(
      '#!define A 1\n',
      '#!define B {',
      '#!ifdef A\n',
      '#!else\n',
      '#!endif\n',
      '#!ifexp 1 +\n',
      '#!subst "/a/b/"\n',
      '\n',
      'request_route {',
      'route[A] {',
      '}',
      '{',
      ';',
      'if (',
      ')',
      '$var(x)',
      '$(',
      '=',
      '==',
      '!~',
      '"text"',
      '"',
      "'",
      '\\',
      'A',
      'B',
      'xlog(',
      'exit',
      'exit;',
      'case',
      ':',
      'default:',
      'switch ($rU) {',
      '/*',
      '*/',
      '#',
      '//',
      '10.0.0.1',
      '::1',
      'src_ip ==',
      'method',
      'else',
      'modparam("a", "b", 1)',
      'listen=udp:1.2.3.4',
      '@a.b',
      '%f.x',
      '\u00e4',
      '019',
      'event_route[',
      'include_file "case.cfg"',
      ',',
      'loadmodule "x"',
      '!',
      '-',
      'mod',
      'and',
      ' ',
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

it('the lexemes of a file are the file', () => {
  fc.assert(
    fc.property(cfgText, (text) => {
      let at = 0;
      for (const { start, end } of lexemesOf(text)) {
        expect(start).toBe(at);
        at = end;
      }
      expect(at).toBe(text.length);
    }),
    {
      numRuns: 300,
      examples: [['#!define B {#!define A 1\nB#!define A 1\n'], ['#!define X $var\nroute { X(a) = 1; }']],
    },
  );
});

it('no text crashes the parser, and every diagnostic points into a file', () => {
  fc.assert(
    fc.property(fc.oneof(cfgText, fc.string({ maxLength: 200 })), (text) => {
      for (const { span } of parseText(text).diagnostics) {
        expect(span.start).toBeLessThanOrEqual(span.end);
        expect(span.end).toBeLessThanOrEqual(span.file.text.length);
      }
    }),
    { numRuns: 500 },
  );
});

it.each([
  ['$rcv(af)', ['$rc', 'v', '(', 'af', ')']],
  ['$a=~$b', ['$a', '=~', '$b']],
  ['!!$x', ['!', '!', '$x']],
  ['2001:db8::1:5060', ['2001:db8::1:5060']],
  ['udp:10.0.0.1:5060', ['udp', ':', '10', '.', '0', '.', '0', '.', '1', ':', '5060']],
  ['uri:host uri', ['uri:host', 'uri']],
  ['msg:len', ['msg:len']],
  ['(int)$x (int )', ['(int)', '$x', '(', 'int', ')']],
  ['event_route[a:b-c_d]', ['event_route', '[', 'a:b-c_d', ']']],
  ["'it\\' x", ["'it\\'", 'x']],
  ['case 1: $(a)', ['case', '1', ':', '$(a)']],
  ['a/b', ['a', '/', 'b']],
])('%s', (text, expected) => {
  const code = lexemesOf(text).filter((l) => 'text' in l);
  expect(code.map((l) => ('text' in l ? l.text : ''))).toEqual(expected);
});

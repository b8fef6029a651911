/** `--fix`: what the cfg is afterwards, and that a fix which does not help is taken back. */
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { type Diagnostic, Diagnostics, defineDiagnostic, type Edit } from '../../compiler/diagnostics/define.js';
import { nearTo } from '../../compiler/diagnostics/near.js';
import { applyEdits, applyFixes, type Texts } from '../../compiler/format/edits.js';
import { check } from '../../compiler/index.js';

const real = await createNodeHost();

function fix(files: Readonly<Record<string, string>>): { texts: Texts; codes: string[] } {
  const fixed = applyFixes((texts) => {
    const readFile = (path: string) => {
      const text = texts.get(path) ?? files[path];
      return text === undefined ? null : { text };
    };
    return check({ ...real, readFile, resolve: (_, path) => path }, 'case.cfg', { lint: false }).diagnostics;
  });
  return { texts: fixed.texts, codes: fixed.applied.map((d) => d.code) };
}

const request = 'request_route { exit; }\n';
const rows: readonly (readonly [name: string, before: string, after: string | null])[] = [
  ['no ;', 'request_route {\n  force_rport()\n  exit;\n}\n', 'request_route {\n  force_rport();\n  exit;\n}\n'],
  [
    'a route',
    'request_route { route(RELYA); }\nroute[RELAY] { exit; }\n',
    'request_route { route(RELAY); }\nroute[RELAY] { exit; }\n',
  ],
  [
    'a failure route, in quotes',
    'loadmodule "tm.so"\nrequest_route { t_on_failure("MISED"); }\nfailure_route[MISSED] { exit; }\n',
    'loadmodule "tm.so"\nrequest_route { t_on_failure("MISSED"); }\nfailure_route[MISSED] { exit; }\n',
  ],
  [
    'two routes as near: nobody knows',
    'request_route { route(AX1); }\nroute[AX2] { exit; }\nroute[AX3] { exit; }\n',
    null,
  ],
  [
    'a function',
    'loadmodule "tm.so"\nrequest_route { t_relya(); }\n',
    'loadmodule "tm.so"\nrequest_route { t_relay(); }\n',
  ],
  ['t_relay or t_reply: nobody knows', 'loadmodule "tm.so"\nrequest_route { t_rely(); }\n', null],
  ['a module in its path', `loadmodule "/x/textosp.so"\n${request}`, `loadmodule "/x/textops.so"\n${request}`],
  ['a global parameter', `childern=4\n${request}`, `children=4\n${request}`],
  [
    'the name of a parameter, then its value',
    `loadmodule "tm.so"\nmodparam("tm", "fr_timr", "5000")\n${request}`,
    `loadmodule "tm.so"\nmodparam("tm", "fr_timer", 5000)\n${request}`,
  ],
  ['#!endif with text', `#!ifdef A\n  #!endif of A\n${request}`, `#!ifdef A\n  # of A\n  #!endif\n${request}`],
  ['#!endif with a comment', `#!ifdef A\n#!endif // A\n${request}`, `#!ifdef A\n// A\n#!endif\n${request}`],
  ['#!endif without a line end', `${request}#!ifdef A\n#!endif`, `${request}#!ifdef A\n#!endif\n`],
  ['#!else with text stays: the meaning would change', `#!ifdef A\n#!else # x\n#!endif\n${request}`, null],
  [
    'inside a definition: it may serve elsewhere',
    `#!define GO route(RELYA);\nrequest_route { GO }\nroute[RELAY] { exit; }\n`,
    null,
  ],
  ['nothing wrong', request, null],
];

it.each(rows)('%s', (_, before, after) => {
  expect(fix({ 'case.cfg': before }).texts.get('case.cfg') ?? null).toBe(after);
});

it('in an include', () => {
  const { texts } = fix({
    'case.cfg': 'include_file "part.cfg"\nroute[RELAY] { exit; }\n',
    'part.cfg': 'request_route { route(RELYA); }\n',
  });
  expect([...texts]).toEqual([['part.cfg', 'request_route { route(RELAY); }\n']]);
});

describe('edits', () => {
  const file = { path: 'case.cfg', text: 'abcdef' };
  const kind = (code: string, edits: readonly Edit[]) =>
    defineDiagnostic(code, code, {
      severity: 'error',
      message: () => code,
      why: '',
      edits: () => edits,
      bad: '',
      good: '',
    });
  const edit = (start: number, end: number, text: string): Edit => ({ span: { file, start, end }, text });
  const reported = (code: string, ...edits: Edit[]): Diagnostic => {
    const found = new Diagnostics();
    found.report(kind(code, edits), edits[0]!.span, undefined);
    return found.all[0]!;
  };

  it('are made together or not at all; the first of two that overlap wins', () => {
    const { texts, applied } = applyEdits([
      reported('A', edit(0, 1, 'X'), edit(4, 5, '')),
      reported('B', edit(2, 3, 'Y'), edit(3, 5, 'Z')),
      reported('C', edit(2, 2, '++')),
    ]);
    expect(texts.get('case.cfg')).toBe('Xb++cdf');
    expect(applied.map((d) => d.code)).toEqual(['A', 'C']);
  });

  it('that leave their mistake are taken back, the others stay', () => {
    const { texts, applied } = applyFixes((now) => {
      const text = now.get('case.cfg') ?? file.text;
      const at = { path: 'case.cfg', text };
      const here = (start: number, put: string): Edit => ({ span: { file: at, start, end: start + 1 }, text: put });
      return [
        ...(text.includes('a') ? [reported('A', here(text.indexOf('a'), 'x'))] : []),
        reported('B', here(3, 'y')),
      ];
    });
    expect(texts.get('case.cfg')).toBe('xbcdef');
    expect(applied.map((d) => d.code)).toEqual(['A']);
  });
});

it.each([
  ['one slip', 'RELYA', ['RELAY', 'REPLY_X'], { near: 'RELAY', sure: true }],
  ['two as close', 'AX1', ['AX2', 'AX3'], { near: 'AX2', sure: false }],
  ['two slips in a short name', 'relxx', ['relay'], { near: 'relay', sure: false }],
  ['two slips in a long name', 'MANAGE_FAILIRE_', ['MANAGE_FAILURE'], { near: 'MANAGE_FAILURE', sure: true }],
  ['nothing near', 'abc', ['xyz'], {}],
])('nearest name: %s', (_, name, candidates, expected) => {
  expect(nearTo(name, candidates)).toEqual({ name, ...expected });
});

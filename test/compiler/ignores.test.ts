/** `# sipc-ignore CODE: reason`: what it covers, and what is said about one that is wrong or hides nothing. */
import { expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { inOrder } from '../../compiler/diagnostics/render.js';
import { check } from '../../compiler/index.js';
import { place } from '../support/parse.js';

const real = await createNodeHost();

function found(lines: readonly string[], files: Readonly<Record<string, string>> = {}): string[] {
  const all: Readonly<Record<string, string>> = { 'case.cfg': `${lines.join('\n')}\n`, ...files };
  const host = {
    ...real,
    readFile: (path: string) => (all[path] === undefined ? null : { text: all[path] }),
    resolve: (_: string, path: string) => path,
  };
  const wanted = ['SIPC1008', 'SIPC3004', 'SIPC5001', 'SIPC5004', 'SIPC6901', 'SIPC6902'];
  return inOrder(check(host, 'case.cfg').diagnostics)
    .filter(({ code }) => wanted.includes(code))
    .map(place);
}

const reason = '# sipc-ignore SIPC5004: the caller goes on';
const rows: readonly (readonly [name: string, lines: readonly string[], ...expected: string[]])[] = [
  ['nothing to ignore', ['request_route {', '  break;', '}'], 'SIPC5004 2:3'],
  ['the next statement', ['request_route {', `  ${reason}`, '  break;', '}']],
  ['only that one', ['request_route {', `  ${reason}`, '  if ($rU == "a") break;', '  break;', '}'], 'SIPC5004 4:3'],
  [
    'all of it',
    ['request_route {', `  ${reason}`, '  if ($rU == "a") {', '    exit;', '  } else {', '    break;', '  }', '}'],
  ],
  ['blank lines and other comments between', ['request_route {', `  ${reason}`, '', '  # why not', '  break;', '}']],
  [
    'with // and /* */',
    [
      'route[A] {',
      `  //${reason.slice(1)}`,
      '  break;',
      '}',
      'request_route {',
      `  /*${reason.slice(1)} */`,
      '  break;',
      '}',
    ],
  ],
  [
    'several codes',
    [
      'loadmodule "tm.so"',
      'request_route {',
      '  # sipc-ignore SIPC5004, SIPC5001: both',
      '  if ($rU == "a") {',
      '    t_on_failure("A");',
      '    break;',
      '  }',
      '}',
    ],
  ],
  [
    'several comments',
    [
      'loadmodule "tm.so"',
      'request_route {',
      `  ${reason}`,
      '  # sipc-ignore SIPC5001: later',
      '  if ($rU == "a") {',
      '    t_on_failure("A");',
      '    break;',
      '  }',
      '}',
    ],
  ],
  [
    'above a route block: its head only',
    [`${reason}`, 'request_route {', '  break;', '}'],
    'SIPC6901 1:1',
    'SIPC5004 3:3',
  ],
  ['a directive', ['# sipc-ignore SIPC1008: no matter', '#!endif # x', 'request_route { exit; }']],
  [
    'an error stays',
    ['request_route {', '  # sipc-ignore SIPC3004: soon', '  route(A);', '}'],
    'SIPC6901 2:3',
    'SIPC3004 3:9',
  ],
  ['nothing hidden', ['request_route {', `  ${reason}`, '  exit;', '}'], 'SIPC6901 2:3'],
  [
    'one of two hides nothing',
    ['request_route {', '  # sipc-ignore SIPC5004, SIPC5001: both', '  break;', '}'],
    'SIPC6901 2:3',
  ],
  ['no such code', ['request_route {', '  # sipc-ignore SIPC6999: what', '  exit;', '}'], 'SIPC6901 2:3'],
  ['no reason', ['request_route {', '  # sipc-ignore SIPC5004', '  break;', '}'], 'SIPC6902 2:3', 'SIPC5004 3:3'],
  [
    'an empty reason',
    ['request_route {', '  # sipc-ignore SIPC5004:  ', '  break;', '}'],
    'SIPC6902 2:3',
    'SIPC5004 3:3',
  ],
  ['no code', ['request_route {', '  # sipc-ignore: all', '  break;', '}'], 'SIPC6902 2:3', 'SIPC5004 3:3'],
  ['nothing follows', ['request_route { exit; }', reason], 'SIPC6901 2:1'],
  ['in a part that is off', ['#!ifdef A', reason, '#!endif', 'request_route { exit; }']],
  ['where rules were not run', ['request_route {', `  ${reason}`, '  exit;', '  xlog(', '}']],
  ['a definition as statement', ['#!define LEAVE break;', 'request_route {', `  ${reason}`, '  LEAVE', '}']],
];

it.each(rows.map(([name, lines, ...expected]) => ({ name, lines, expected })))('$name', ({ lines, expected }) => {
  expect(found(lines)).toEqual(expected);
});

it('in an include', () => {
  const part = `route[A] {\n  ${reason}\n  break;\n  break;\n}\n`;
  expect(found(['include_file "part.cfg"', 'request_route {', '  route(A);', '}'], { 'part.cfg': part })).toEqual([
    'SIPC5004 part.cfg:4:3',
  ]);
});

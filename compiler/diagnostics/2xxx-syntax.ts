/** Scanning and grammar. */
import { defineDiagnostic } from './define.js';
import { type Near, renamed } from './near.js';

const route = (body: string) => `request_route {\n  ${body}\n}`;

export const unexpectedToken = defineDiagnostic('SIPC2001', 'unexpected-token', {
  severity: 'error',
  message: (a: { found: string; expected: string; hint?: string }) => `expected ${a.expected}, found ${a.found}`,
  why: 'The grammar does not go on like this; Kamailio stops with a syntax error.',
  fix: ({ expected, hint }) => hint ?? `Write ${expected} here.`,
  bad: route('if ($rU == ) exit;'),
  good: route('if ($rU == "bob") exit;'),
});

export const missingSemicolon = defineDiagnostic('SIPC2002', 'no-semicolon', {
  severity: 'error',
  message: (_: object) => 'a `;` is missing here',
  why: 'Every action ends with `;`, also the last one of a block.',
  fix: () => 'Add `;`.',
  edits: (_, span) => [{ span, text: ';' }],
  bad: route('exit'),
  good: route('exit;'),
});

export const emptyBlock = defineDiagnostic('SIPC2003', 'empty-block', {
  severity: 'error',
  message: (_: object) => 'a block needs at least one action',
  why: 'Kamailio takes `{ }` for a syntax error.',
  fix: () => 'Write `{ ; }`, or take the block out.',
  bad: route('if ($rU == "bob") { } exit;'),
  good: route('if ($rU == "bob") { ; } exit;'),
});

export const unclosedBlock = defineDiagnostic('SIPC2004', 'unclosed-block', {
  severity: 'error',
  message: (_: object) => 'this `{` is never closed',
  why: 'What follows would belong to the block.',
  fix: () => 'Add the missing `}`.',
  bad: 'request_route {\n  if ($rU == "bob") {\n    exit;\n}\nroute[A] { exit; }',
  good: 'request_route {\n  if ($rU == "bob") {\n    exit;\n  }\n}\nroute[A] { exit; }',
});

export const strayBrace = defineDiagnostic('SIPC2005', 'stray-brace', {
  severity: 'error',
  message: (_: object) => 'this `}` closes nothing',
  why: 'A block ended before it, or never began.',
  fix: () => 'Remove it, or add the `{` it belongs to.',
  bad: 'request_route { exit; }\n}',
  good: 'request_route { exit; }',
});

export const unclosedString = defineDiagnostic('SIPC2006', 'unclosed-string', {
  severity: 'error',
  message: (_: object) => 'this string is never closed',
  why: 'The text after it would be part of the string.',
  fix: () => 'Add the closing quote. Inside "…", write \\" for a quote.',
  bad: 'server_header="Server: us\nrequest_route { exit; }',
  good: 'server_header="Server: us"\nrequest_route { exit; }',
});

export const unclosedComment = defineDiagnostic('SIPC2007', 'unclosed-comment', {
  severity: 'error',
  message: (_: object) => 'this comment is never closed',
  why: 'The rest of the file is part of it.',
  fix: () => 'Add */.',
  bad: 'request_route { exit; }\n/* the end',
  good: 'request_route { exit; }\n/* the end */',
});

export const unclosedPv = defineDiagnostic('SIPC2008', 'unclosed-pv', {
  severity: 'error',
  message: (_: object) => 'this pseudo-variable has an open parenthesis',
  why: 'A pseudo-variable ends on the line where it begins.',
  fix: () => 'Add the missing `)`.',
  bad: route('$var(x) = $(hdr(From){s.len};\n  exit;'),
  good: route('$var(x) = $(hdr(From){s.len});\n  exit;'),
});

export const badPv = defineDiagnostic('SIPC2009', 'bad-pv', {
  severity: 'error',
  message: (_: object) => '`$` starts no pseudo-variable here',
  why: 'A name or a parenthesis follows `$`.',
  fix: () => 'Write $name, $name(key) or $(name{transformation}).',
  bad: route('$var(x) = $5;'),
  good: route('$var(x) = $rU;'),
});

export const badCharacter = defineDiagnostic('SIPC2010', 'bad-character', {
  severity: 'error',
  message: (_: object) => 'this character has no meaning here',
  why: 'Outside of strings and comments only ASCII letters, digits and operators are known.',
  fix: () => 'Remove it, or put the text in quotes.',
  bad: route('exit;\n  ´'),
  good: route('exit;'),
});

export const badNumber = defineDiagnostic('SIPC2011', 'bad-number', {
  severity: 'error',
  message: (a: { text: string }) => `${a.text} is not a number`,
  why: 'Numbers are 10, 0x1f (lower-case x), 017 (octal, so without 8 and 9) or 101b (binary).',
  fix: (a) =>
    /^0[0-9]+$/.test(a.text)
      ? `Write ${a.text.replace(/^0+/, '')}.`
      : /^0X[0-9a-fA-F]+$/.test(a.text)
        ? `Write ${a.text.toLowerCase()}.`
        : undefined,
  bad: 'children=08\nrequest_route { exit; }',
  good: 'children=8\nrequest_route { exit; }',
});

export const nestedCall = defineDiagnostic('SIPC2012', 'nested-call', {
  severity: 'error',
  message: (a: { name: string }) => `${a.name}() cannot be called inside the arguments of another function`,
  why: 'Kamailio evaluates no functions in parameters.',
  fix: (a) => `Call ${a.name}() first and pass $rc or a variable.`,
  bad: route('xlog(is_method("INVITE"));'),
  good: route('is_method("INVITE");\n  xlog("$rc");'),
});

export const bareWord = defineDiagnostic('SIPC2013', 'bare-word', {
  severity: 'error',
  message: (a: { name: string; meant?: string }) => `${a.name} is neither called nor quoted`,
  why: 'A name stands for a function (with parentheses) or a definition (#!define); text goes between quotes.',
  fix: (a) => (a.meant === undefined ? `Write "${a.name}", ${a.name}(), or define it.` : `Write ${a.meant}.`),
  bad: route('xlog(hello);'),
  good: route('xlog("hello");'),
});

export const reservedWord = defineDiagnostic('SIPC2014', 'reserved-word', {
  severity: 'error',
  message: (a: { word: string }) => `${a.word} is a keyword and cannot be a name here`,
  why: 'The scanner knows keywords everywhere, also in route names, host names and custom parameters.',
  fix: (a) => `Write "${a.word}" where a string may stand, else choose another name.`,
  bad: 'request_route { exit; }\nroute[log] { exit; }',
  good: 'request_route { exit; }\nroute["log"] { exit; }',
});

export const bareKeyword = defineDiagnostic('SIPC2015', 'bare-keyword', {
  severity: 'error',
  message: (a: { word: string }) => `${a.word} has to be compared with something`,
  why: 'Condition keywords stand on the left of ==, != or =~ (ports and af also of <, >, <=, >=) and nowhere else.',
  fix: ({ word }) => `Write ${word} == and the value.`,
  bad: route('if (method) exit;'),
  good: route('if (method == INVITE) exit;'),
});

export const noSuchOperator = defineDiagnostic('SIPC2016', 'no-such-operator', {
  severity: 'error',
  message: (a: { operator: string }) => `there is no operator ${a.operator}`,
  why: 'Kamailio takes it for a syntax error.',
  fix: (a): string | undefined =>
    ({
      '!~': 'Write !($x =~ "…").',
      '+=': 'Write $x = $x + ….',
      '-=': 'Write $x = $x - ….',
      '++': 'Write $x = $x + 1.',
      '--': 'Write $x = $x - 1.',
      '%': 'The modulo operator is mod.',
      '===': 'Write ==.',
      '=>': 'Write >=.',
      '=<': 'Write <=.',
      '<>': 'Write !=.',
      '?': 'There is no ?: operator; use if, or selval(condition, a, b).',
    })[a.operator],
  bad: route('if ($rU !~ "^b") exit;'),
  good: route('if (!($rU =~ "^b")) exit;'),
});

export const badCase = defineDiagnostic('SIPC2017', 'bad-case', {
  severity: 'error',
  message: (_: object) => 'a case label has to be a constant',
  why: 'Labels are compared before any message arrives.',
  fix: () => 'Use if and else if for values that change.',
  bad: route('switch ($rU) {\n    case $fU: exit;\n  }'),
  good: route('switch ($rU) {\n    case "bob": exit;\n  }'),
});

export const secondDefault = defineDiagnostic('SIPC2018', 'second-default', {
  severity: 'error',
  message: (_: object) => 'a switch can have one default',
  why: 'Kamailio refuses the second one.',
  fix: () => 'Remove one of the two.',
  bad: route('switch ($rU) {\n    default: exit;\n    default: drop;\n  }'),
  good: route('switch ($rU) {\n    case "bob": exit;\n    default: drop;\n  }'),
});

export const tooManyArguments = defineDiagnostic('SIPC2020', 'too-many-arguments', {
  severity: 'error',
  message: (a: { name: string; count: number }) =>
    `${a.name}() is called with ${a.count} arguments; 6 is the most a call can have`,
  why: 'That is a limit of the grammar, whatever the function.',
  fix: () => 'Pass fewer; one text can hold several values.',
  bad: route('f("1", "2", "3", "4", "5", "6", "7");'),
  good: route('xlog("1");'),
});

export const badAddress = defineDiagnostic('SIPC2021', 'bad-address', {
  severity: 'error',
  message: (a: { text: string; reason: string }) => `${a.text} is not an address: ${a.reason}`,
  why: 'It can match nothing and be bound to nothing.',
  fix: () => 'Write four numbers from 0 to 255, or an IPv6 address in brackets.',
  bad: 'listen=udp:127.0.0.256:5060\nrequest_route { exit; }',
  good: 'listen=udp:127.0.0.1:5060\nrequest_route { exit; }',
});

export const chainedAssign = defineDiagnostic('SIPC2022', 'chained-assign', {
  severity: 'error',
  message: (_: object) => 'an assignment cannot be assigned',
  why: '`=` is not an operator inside expressions; between parentheses it yields a return code, not the value.',
  fix: () => 'Use two statements; to compare, write ==.',
  bad: route('$var(a) = $var(b) = 5;'),
  good: route('$var(b) = 5;\n  $var(a) = $var(b);'),
});

export const notAnItem = defineDiagnostic('SIPC2023', 'not-an-item', {
  severity: 'error',
  message: (a: { found: string; near?: string }) => `${a.found} cannot stand outside of a route block`,
  why: 'At the top level there are parameters (name=value), loadmodule, modparam and route blocks.',
  fix: (a) => (a.near ? `Did you mean ${a.near}?` : 'Move it into a route block, or remove it.'),
  bad: 'xlog("up");\nrequest_route { exit; }',
  good: 'request_route { xlog("up"); exit; }',
});

export const bareBlock = defineDiagnostic('SIPC2024', 'bare-block', {
  severity: 'error',
  message: (_: object) => 'a block cannot stand alone',
  why: 'Braces belong to if, else, while and switch.',
  fix: () => 'Remove the braces.',
  bad: route('{ exit; }'),
  good: route('exit;'),
});

export const strayElse = defineDiagnostic('SIPC2025', 'stray-else', {
  severity: 'error',
  message: (_: object) => 'this else has no if',
  why: 'An if takes one statement or one block; after a `;` too many it is over.',
  fix: () => 'Remove the `;` before it, or the else.',
  bad: route('if ($rU == "a") exit;; else drop;'),
  good: route('if ($rU == "a") exit; else drop;'),
});

export const unclosedParenthesis = defineDiagnostic('SIPC2026', 'unclosed-parenthesis', {
  severity: 'error',
  message: (_: object) => 'this `(` is never closed',
  why: 'The call or condition has no end.',
  fix: () => 'Add `)`.',
  bad: route('xlog("a";'),
  good: route('xlog("a");'),
});

export const wrongKeywordOperator = defineDiagnostic('SIPC2027', 'wrong-keyword-operator', {
  severity: 'error',
  message: (a: { word: string; operator: string; allowed: string }) =>
    `${a.word} cannot be compared with ${a.operator}; it takes ${a.allowed}`,
  why: 'Each condition keyword has its own comparisons.',
  fix: ({ allowed }) => `Use ${allowed}.`,
  bad: route('if (method > 5) exit;'),
  good: route('if (method == "ACK") exit;'),
});

export const blockName = defineDiagnostic('SIPC2028', 'block-name', {
  severity: 'error',
  message: (a: { keyword: string; problem: 'none' | 'missing' | 'form' }) =>
    a.problem === 'none'
      ? `${a.keyword} takes no name`
      : a.problem === 'missing'
        ? `${a.keyword} needs the name of an event`
        : 'an event is named like tm:local-request, with a colon',
  why: 'request_route and reply_route exist once; an event_route is found by its name.',
  fix: (a) =>
    a.problem === 'none'
      ? `Use ${a.keyword === 'request_route' ? 'route' : 'onreply_route'}[NAME] for a named block.`
      : 'Name the event, such as event_route[tm:local-request].',
  bad: 'request_route { exit; }\nevent_route[local-request] { exit; }',
  good: 'request_route { exit; }\nevent_route[tm:local-request] { exit; }',
});

export const unknownSetting = defineDiagnostic('SIPC2029', 'unknown-setting', {
  severity: 'error',
  message: (a: Near) => `there is no global parameter ${a.name}`,
  why: 'Kamailio knows its global parameters by name and takes any other for a syntax error.',
  fix: (a) => (a.near ? `Did you mean ${a.near}?` : 'Remove the line; parameters of modules are set with modparam().'),
  edits: (a, span) => renamed(span, a),
  bad: 'childern=4\nrequest_route { exit; }',
  good: 'children=4\nrequest_route { exit; }',
});

export const wrongSetting = defineDiagnostic('SIPC2030', 'wrong-setting', {
  severity: 'error',
  message: (a: { name: string; takes: string }) => `${a.name} takes ${a.takes}`,
  why: 'Nothing is converted: a number between quotes is a string.',
  fix: ({ takes }) => `Write ${takes}.`,
  bad: 'children="4"\nrequest_route { exit; }',
  good: 'children=4\nrequest_route { exit; }',
});

export const coreArgument = defineDiagnostic('SIPC2031', 'core-argument', {
  severity: 'error',
  message: (a: { name: string; takes: string }) => `${a.name}() takes ${a.takes} here, written out`,
  why: 'The arguments of core functions are part of the grammar: literals of one kind, nothing computed or converted.',
  fix: (a) =>
    /^(?:rewrite|set)(?:host|user|uri|port)|^set[hup]+$|^prefix$|^strip/.test(a.name)
      ? 'To use a computed value, assign to $ru, $rU, $rd or $rp.'
      : `Write ${a.takes}.`,
  bad: route('strip("2");'),
  good: route('strip(2);'),
});

export const bareTransformation = defineDiagnostic('SIPC2032', 'bare-transformation', {
  severity: 'error',
  message: (a: { pv: string; braces: string }) => `${a.pv}${a.braces} is a transformation without its brackets`,
  why: 'A transformation is part of the name of a variable, and $name ends before the brace.',
  fix: (a) => `Write $(${a.pv.slice(1)}${a.braces}).`,
  edits: (a, span) => [{ span, text: `$(${a.pv.slice(1)}${a.braces})` }],
  bad: 'request_route { if ($rU{s.len} > 3) exit; }',
  good: 'request_route { if ($(rU{s.len}) > 3) exit; }',
});

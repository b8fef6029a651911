/** Broken cfgs: exact code, line, column and fix of everything reported, in order, and nothing else. */
import { expect, it } from 'vitest';
import { parseText, place } from '../support/parse.js';

const route = (...lines: string[]) => ['request_route {', ...lines, '}', ''].join('\n');

const rows: readonly (readonly [name: string, cfg: string, ...expected: string[]])[] = [
  // Semicolons and braces
  ['no ; before the next line', route('  force_rport()', '  exit;'), 'SIPC2002 2:16 Add `;`.'],
  ['no ; at the end of a block', route('  if ($rU == "a") { exit }'), 'SIPC2002 2:25 Add `;`.'],
  [
    'no ; twice',
    route('  xlog("a")', '  xlog("b");', '  xlog("c")', '  exit;'),
    'SIPC2002 2:12 Add `;`.',
    'SIPC2002 4:12 Add `;`.',
  ],
  ['no ; after an assignment', route('  $var(x) = 1', '  $var(y) = 2;'), 'SIPC2002 2:14 Add `;`.'],
  [
    'empty block',
    route('  if ($rU == "a") {', '  }', '  exit;'),
    'SIPC2003 2:19 Write `{ ; }`, or take the block out.',
  ],
  ['empty route', 'route[A] { }\n', 'SIPC2003 1:10 Write `{ ; }`, or take the block out.'],
  [
    'block never closed',
    'request_route {\n  if ($rU == "a") {\n    exit;\n\nroute[A] {\n  exit;\n}\n',
    'SIPC2004 2:19 Add the missing `}`.',
  ],
  [
    'block never closed, by indentation',
    'request_route {\n  if ($rU == "a") {\n    exit;\n  exit;\n}\nroute[A] { exit; }\n',
    'SIPC2004 2:19 Add the missing `}`.',
  ],
  ['block never closed, last one', 'request_route {\n  exit;\n', 'SIPC2004 1:15 Add the missing `}`.'],
  ['} too many', 'request_route {\n  exit;\n}\n}\n', 'SIPC2005 4:1 Remove it, or add the `{` it belongs to.'],
  [
    '} too early, statements after it',
    'request_route {\n  }\n  exit;\n}\nroute[A] { exit; }\n',
    'SIPC2003 1:15 Write `{ ; }`, or take the block out.',
    'SIPC2005 4:1 Remove it, or add the `{` it belongs to.',
  ],
  ['bare block', route('  { exit; }'), 'SIPC2024 2:3 Remove the braces.'],
  ['else without if', route('  exit; else drop;'), 'SIPC2025 2:9 Remove the `;` before it, or the else.'],
  // Calls and parentheses
  [
    'transformations without brackets',
    route('  if ($rU{s.len} > 3) exit;', '  $var(a) = $rU{s.substr,0,2} + "x";'),
    'SIPC2032 2:7 Write $(rU{s.len}).',
    'SIPC2032 3:13 Write $(rU{s.substr,0,2}).',
  ],
  ['( never closed', route('  xlog("a";', '  exit;'), 'SIPC2026 2:7 Add `)`.'],
  ['( of a condition never closed', route('  if ($rU == "a" {', '    exit;', '  }'), 'SIPC2026 2:6 Add `)`.'],
  [') too many', route('  xlog("a"));', '  exit;'), 'SIPC2001 2:12 Write `;` here.'],
  ['no comma', route('  xlog("L_INFO" $rU);'), 'SIPC2001 2:17 Write an operator, `)` or `,` here.'],
  ['trailing comma', route('  xlog("a", );'), 'SIPC2001 2:13 Write a value here.'],
  [
    'call in a call',
    route('  xlog(is_method("A"));'),
    'SIPC2012 2:8 Call is_method() first and pass $rc or a variable.',
  ],
  ['word as argument', route('  xlog(hello);'), 'SIPC2013 2:8 Write "hello", hello(), or define it.'],
  ['word as statement', route('  exitt;'), 'SIPC2013 2:3 Write exit.'],
  [
    'seven arguments',
    route('  f("1", "2", "3", "4", "5", "6", "7");'),
    'SIPC2020 2:35 Pass fewer; one text can hold several values.',
  ],
  ['number as string', route('  strip("1");'), 'SIPC2031 2:9 To use a computed value, assign to $ru, $rU, $rd or $rp.'],
  [
    'variable in a core function',
    route('  rewritehost($rU);'),
    'SIPC2031 2:15 To use a computed value, assign to $ru, $rU, $rd or $rp.',
  ],
  [
    'transport in forward()',
    route('  forward(udp:10.0.0.1:5060);'),
    'SIPC2031 2:11 Write a host name or a string or an address or uri:host.',
  ],
  [
    'core functions as they are',
    route('  forward("a", 5060); forward(10.0.0.1); setflag(A); force_send_socket(udp:10.0.0.1:5060); log(1, "a");'),
  ],
  // Expressions
  ['nothing after ==', route('  if ($rU == ) exit;'), 'SIPC2001 2:14 Write a value here.'],
  ['!~', route('  if ($rU !~ "x") exit;'), 'SIPC2016 2:11 Write !($x =~ "…").'],
  ['++', route('  $var(i)++;'), 'SIPC2016 2:10 Write $x = $x + 1.'],
  ['+=', route('  $var(i) += 1;'), 'SIPC2016 2:11 Write $x = $x + ….'],
  ['===', route('  if ($rU === "a") exit;'), 'SIPC2016 2:11 Write ==.'],
  ['= chain', route('  $var(a) = $var(b) = 5;'), 'SIPC2022 2:21 Use two statements; to compare, write ==.'],
  [
    '= in a condition',
    route('  if ($rU == "a" && $var(x) = 1) exit;'),
    'SIPC2022 2:29 Use two statements; to compare, write ==.',
  ],
  ['keyword alone', route('  if (method) exit;'), 'SIPC2015 2:7 Write method == and the value.'],
  ['keyword with a wrong operator', route('  if (proto =~ "udp") exit;'), 'SIPC2027 2:13 Use == and !=.'],
  [
    'mask too long',
    route('  if (src_ip == 10.0.0.0/33) exit;'),
    'SIPC2021 2:17 Write four numbers from 0 to 255, or an IPv6 address in brackets.',
  ],
  [
    'octet too large',
    route('  if (src_ip == 10.0.0.300) exit;'),
    'SIPC2021 2:17 Write four numbers from 0 to 255, or an IPv6 address in brackets.',
  ],
  ['octal with a 9', route('  $var(x) = 019;'), 'SIPC2011 2:13 Write 19.'],
  ['0X', route('  $var(x) = 0XFF;'), 'SIPC2011 2:13 Write 0xff.'],
  [
    'variable as label',
    route('  switch ($rU) { case $fU: exit; }'),
    'SIPC2017 2:23 Use if and else if for values that change.',
  ],
  ['two defaults', route('  switch ($rU) { default: exit; default: drop; }'), 'SIPC2018 2:33 Remove one of the two.'],
  [
    'statement before the first case',
    route('  switch ($rU) { exit; }'),
    'SIPC2001 2:18 Write `}`, `default` or `case` here.',
  ],
  // Scanning
  [
    'string never closed',
    'log_prefix="abc\nrequest_route { exit; }\n',
    'SIPC2006 1:12 Add the closing quote. Inside "…", write \\" for a quote.',
  ],
  [
    'string never closed before another',
    route('  xlog("a);', '  xlog("b");'),
    'SIPC2006 2:8 Add the closing quote. Inside "…", write \\" for a quote.',
  ],
  ['pv never closed', route('  $var(x) = $(hdr(a);', '  exit;'), 'SIPC2008 2:13 Add the missing `)`.'],
  ['comment never closed', 'request_route { exit; }\n/* x\n', 'SIPC2007 2:1 Add */.'],
  ['stray character', route('  exit;', '  \\ exit;'), 'SIPC2010 3:3 Remove it, or put the text in quotes.'],
  // Top level
  [
    'statement at top level',
    'xlog("a");\nrequest_route { exit; }\n',
    'SIPC2023 1:1 Move it into a route block, or remove it.',
  ],
  ['misspelled keyword', 'lodmodule "tm.so"\nrequest_route { exit; }\n', 'SIPC2023 1:1 Did you mean loadmodule?'],
  [
    'reserved route name',
    'route[log] { exit; }\n',
    'SIPC2014 1:7 Write "log" where a string may stand, else choose another name.',
  ],
  [
    'event name without a colon',
    'event_route[local] { exit; }\nrequest_route { exit; }\n',
    'SIPC2028 1:13 Name the event, such as event_route[tm:local-request].',
  ],
  ['request_route with a name', 'request_route[A] { exit; }\n', 'SIPC2028 1:15 Use route[NAME] for a named block.'],
  ['a parameter named like a function', 'udp_mtu_try_proto=TCP\nrequest_route { exit; }\n'],
  ['unknown parameter', 'childern=4\nrequest_route { exit; }\n', 'SIPC2029 1:1 Did you mean children?'],
  ['string for a number', 'children=4\ndebug="2"\nrequest_route { exit; }\n', 'SIPC2030 2:7 Write a number.'],
  ['number for a string', 'log_prefix=2\nrequest_route { exit; }\n', 'SIPC2030 1:12 Write a string.'],
  ['no value', 'children=\nrequest_route { exit; }\n', 'SIPC2001 1:10 Write a value here.'],
  ['loadmodule without quotes', 'loadmodule tm.so\nrequest_route { exit; }\n', 'SIPC2001 1:12 Write a string here.'],
  [
    'modparam with two arguments',
    'modparam("tm", "fr_timer")\nrequest_route { exit; }\n',
    'SIPC2001 1:26 Write `,` here.',
  ],
  // Several at once
  [
    'five in one file',
    ['children=', 'request_route {', '  xlog("a")', '  if ($rU == ) {', '    xlog(b);', '  }', '  $x++;', '}', ''].join(
      '\n',
    ),
    'SIPC2001 1:10 Write a value here.',
    'SIPC2002 3:12 Add `;`.',
    'SIPC2001 4:14 Write a value here.',
    'SIPC2013 5:10 Write "b", b(), or define it.',
    'SIPC2016 7:5 Write $x = $x + 1.',
  ],
  // Preprocessing
  [
    'undefined include',
    'include_file "x.cfg"\nrequest_route { exit; }\n',
    'SIPC1001 1:14 Check the path; a relative one is looked up in the working directory, then beside the file that names it.',
  ],
  [
    'defined twice',
    '#!define A 1\n#!define A 2\n',
    'SIPC1004 2:10 Use #!redefine A to replace the value, or #!trydef to keep the first one.',
  ],
  ['no #!endif', '#!ifdef A\n', 'SIPC1006 1:1 Add a line #!endif, with nothing behind it and a line end after it.'],
  ['#!endif alone', '\n#!endif\n', 'SIPC1007 2:1 Remove #!endif, or add the #!ifdef it belongs to.'],
  ['#!else alone', '#!else\n', 'SIPC1016 1:1 Remove it, or add the #!ifdef it belongs to.'],
  ['comments nest', 'request_route { exit; /* a /* b */ exit; }\n', 'SIPC2007 1:23 Add */.'],
  ['custom parameter below zero', 'a.b = -1\nrequest_route { exit; }\n', 'SIPC2001 1:7 Write a value here.'],
  ['avpflags with a number', 'avpflags a:1\nrequest_route { exit; }\n', 'SIPC2001 1:11 Write `;` or `,` here.'],
  [
    '#!else with a comment',
    '#!ifdef A\n#!else # b\n#!endif\n',
    'SIPC1008 2:1 Move the text to the line above, leaving #!else alone.',
  ],
];

it.each(rows)('%s', (_, cfg, ...expected) => {
  expect(parseText(cfg).diagnostics.map((d) => `${place(d)} ${d.fix ?? '-'}`)).toEqual(expected);
});

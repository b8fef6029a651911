/** Broken cfgs that parse: what is said of names, arguments, types and kinds of route, where, and what to do. Nothing else is said. */
import { expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { inOrder } from '../../compiler/diagnostics/render.js';
import { check } from '../../compiler/index.js';
import { place } from '../support/parse.js';

const real = await createNodeHost();

/** Stands for the first `@` of a cfg, one line. */
const modules = ['tm', 'sl', 'rr', 'pv', 'textops', 'siputils', 'xlog', 'usrloc', 'registrar', 'maxfwd']
  .map((name) => `loadmodule "${name}.so"`)
  .join(' ');

/** What each of these short cfgs lacks besides the mistake it is about. */
const unfinished = new Set(['SIPC6013', 'SIPC6028', 'SIPC6035', 'SIPC6037', 'SIPC6038']);

const rows: readonly (readonly [name: string, cfg: string, ...expected: string[]])[] = [
  [
    't_on_failure of nothing',
    '@request_route {\n  t_on_failure("MANAGE_FAILUR");\n  t_relay();\n}\nfailure_route[MANAGE_FAILURE] { exit; }\n',
    'SIPC5001 3:16 did you mean MANAGE_FAILURE?',
  ],
  [
    't_on_branch of a plain route',
    '@request_route {\n  t_on_branch("NAT");\n  t_relay();\n}\nroute[NAT] { exit; }\n',
    'SIPC6041 3:15 write branch_route[NAT] { … }',
  ],
  [
    't_on_reply of a failure route',
    '@request_route {\n  t_on_reply("X");\n  t_on_failure("X");\n  t_relay();\n}\nfailure_route[X] { exit; }\n',
    'SIPC6041 3:14 write onreply_route[X] { … }',
  ],
  [
    'route in another case',
    '@request_route {\n  route(relay);\n}\nroute[RELAY] { exit; }\n',
    'SIPC3004 3:9 did you mean RELAY?',
  ],
  [
    'failure route called as a route',
    '@request_route {\n  route(F);\n}\nfailure_route[F] { exit; }\n',
    'SIPC3004 3:9 it runs when it was armed; put what both need into route[…]',
  ],
  [
    'function misspelled',
    '@request_route {\n  sl_send_replay("404", "Not Found");\n}\n',
    'SIPC3003 3:3 did you mean sl_send_reply()?',
  ],
  [
    'function of a module not loaded',
    'loadmodule "sl.so"\nrequest_route {\n  if (!mf_process_maxfwd_header("10")) exit;\n}\n',
    'SIPC3003 3:8 add loadmodule "maxfwd.so" above',
  ],
  [
    'line end within an argument of a transformation',
    '@request_route {\n  xlog("$(rb{s.replace,a\\nb,c})");\n  exit;\n}\n',
    'SIPC3014 3:8 write $name, $name(key), $(name[index]) or $(name{transformation}); `$$` is a dollar sign',
  ],
  [
    'module of an old version',
    'loadmodule "mi_fifo.so"\nrequest_route { exit; }\n',
    'SIPC3001 1:12 jsonrpcs took its place',
  ],
  [
    'module renamed',
    'loadmodule "userblacklist.so"\nrequest_route { exit; }\n',
    'SIPC3001 1:12 userblocklist took its place',
  ],
  ['module misspelled', 'loadmodule "tmm.so"\nrequest_route { t_relay(); }\n', 'SIPC3001 1:12 did you mean tm?'],
  [
    'parameter of a module not loaded',
    'modparam("usrloc", "db_mode", 2)\nrequest_route { exit; }\n',
    'SIPC3010 1:10 add loadmodule "usrloc.so" above, or leave this out',
  ],
  [
    'parameter above loadmodule',
    'modparam("tm", "fr_timer", 5000)\nloadmodule "tm.so"\nrequest_route { exit; }\n',
    'SIPC3010 1:10 add loadmodule "tm.so" above, or leave this out',
  ],
  [
    'module misspelled in modparam',
    'loadmodule "registrar.so"\nmodparam("registar", "max_contacts", 5)\nrequest_route { exit; }\n',
    'SIPC3010 2:10 did you mean registrar?',
  ],
  [
    'text for a number',
    'loadmodule "tm.so"\nmodparam("tm", "fr_timer", "30")\nrequest_route { exit; }\n',
    'SIPC4006 2:28 leave the quotes out',
  ],
  [
    'number for text',
    'loadmodule "registrar.so"\nmodparam("registrar", "xavp_cfg", 1)\nrequest_route { exit; }\n',
    'SIPC4006 2:35 put it in quotes',
  ],
  [
    'out of range',
    'loadmodule "maxfwd.so"\nmodparam("maxfwd", "max_limit", 1000)\nrequest_route { exit; }\n',
    'SIPC4010 2:33 write a value that is from 0 to 255',
  ],
  [
    'avp parameter that is none',
    'loadmodule "registrar.so"\nmodparam("registrar", "received_avp", "received")\nrequest_route { exit; }\n',
    'SIPC3006 2:39 add loadmodule "pv.so" above',
  ],
  ['pv misspelled', '@request_route {\n  xlog("$fUU calls\\n");\n}\n', 'SIPC3006 3:8 did you mean $fU?'],
  [
    'pv without pv.so',
    'loadmodule "xlog.so"\nrequest_route {\n  xlog("$ru\\n");\n}\n',
    'SIPC3006 3:8 add loadmodule "pv.so" above',
  ],
  [
    'a name with a dash, without quotes',
    '@request_route {\n  route(TO-PSTN);\n}\nroute[TO-PSTN] { exit; }\n',
    'SIPC2013 3:9 Write "TO-PSTN".',
    'SIPC2001 5:9 Put a name with - in quotes, here and where it is called.',
  ],
  [
    'a definition that is not there',
    'loadmodule "usrloc.so"\nmodparam("usrloc", "db_url", DBURL)\nrequest_route { exit; }\n',
    'SIPC2001 2:30 DBURL is not defined here: #!define DBURL …, or put it in quotes.',
  ],
  ['var without $', '@request_route {\n  if (var(x) == 1) exit;\n}\n', 'SIPC2013 3:11 Write $var(x).'],
  ['$hdr without a name', '@request_route {\n  $var(x) = $hdr;\n}\n', 'SIPC4009 3:13 write $hdr(…)'],
  [
    'key not closed',
    '@request_route {\n  xlog("$hdr(X-A\\n");\n}\n',
    'SIPC3014 3:8 write $name, $name(key), $(name[index]) or $(name{transformation}); `$$` is a dollar sign',
  ],
  [
    'transformation misspelled',
    '@request_route {\n  $var(x) = $(ru{s.lenght});\n}\n',
    'SIPC3012 3:13 leave it out, or correct the name',
  ],
  [
    'transformation argument missing',
    '@request_route {\n  $var(x) = $(rU{s.substr,1});\n}\n',
    'SIPC3014 3:13 write $name, $name(key), $(name[index]) or $(name{transformation}); `$$` is a dollar sign',
  ],
  [
    'transformation index',
    '@request_route {\n  $var(x) = $(hdr(Via)[x]);\n}\n',
    'SIPC3014 3:13 write $name, $name(key), $(name[index]) or $(name{transformation}); `$$` is a dollar sign',
  ],
  [
    'assign to read-only',
    '@request_route {\n  $si = "10.0.0.1";\n}\n',
    'SIPC4008 3:3 assign to a variable: $var(name) for this run, $avp(name) for the transaction',
  ],
  [
    'assign transformed',
    '@request_route {\n  $(rU{s.len}) = 5;\n}\n',
    'SIPC4008 3:3 assign to a variable: $var(name) for this run, $avp(name) for the transaction',
  ],
  ['too few arguments', '@request_route {\n  sl_send_reply("404");\n}\n', 'SIPC4001 3:3 give it 2 arguments'],
  [
    'too many arguments',
    '@request_route {\n  t_relay("udp:10.0.0.1:5060", "1", "2", "3");\n}\n',
    'SIPC4001 3:3 give it 0 to 2 arguments',
  ],
  [
    'code as expression text',
    '@request_route {\n  sl_send_reply("Not Found", "404");\n}\n',
    'SIPC4004 3:17 write an integer',
  ],
  [
    'code out of range',
    '@request_route {\n  sl_send_reply("abc", "Not Found");\n}\n',
    'SIPC4004 3:17 write an integer',
  ],
  [
    'record_route in reply',
    '@request_route { exit; }\nonreply_route[R] {\n  record_route();\n}\n',
    'SIPC4002 4:3 call it from a block of the right kind',
  ],
  [
    't_relay in onreply',
    '@request_route { t_on_reply("R"); t_relay(); }\nonreply_route[R] {\n  t_relay();\n}\n',
    'SIPC4002 4:3 call it from a block of the right kind',
  ],
  [
    'sl_send_reply in branch',
    '@request_route { t_on_branch("B"); t_relay(); }\nbranch_route[B] {\n  sl_send_reply("500", "x");\n}\n',
    'SIPC4002 4:3 call it from a block of the right kind',
  ],
  ['int + text', '@request_route {\n  $var(x) = 1 + "a";\n}\n', 'SIPC4005 3:17 convert it: (int)…'],
  ['text - int', '@request_route {\n  $var(x) = "a" - 1;\n}\n', 'SIPC4005 3:13 convert it: (int)…'],
  ['! of text', '@request_route {\n  if (!"abc") exit;\n}\n', 'SIPC4005 3:8 convert it: (int)…'],
  ['int =~', '@request_route {\n  if (5 =~ "5") exit;\n}\n', 'SIPC4005 3:7 convert it: (str)…'],
  ['strlen of int', '@request_route {\n  if (strlen(5) > 3) exit;\n}\n', 'SIPC4005 3:14 convert it: (str)…'],
  [
    'regex [ not closed',
    '@request_route {\n  if ($rU =~ "^[0-9+$") exit;\n}\n',
    'SIPC4007 3:14 close what is open, or write \\\\ before a character that means itself',
  ],
  [
    'regex begins with *',
    '@request_route {\n  if ($rU =~ "+49") exit;\n}\n',
    'SIPC4007 3:14 write \\\\+ for the sign itself',
  ],
  [
    'regex case',
    '@request_route {\n  switch ($rU) { case /"^(0": exit; }\n}\n',
    'SIPC4007 3:24 close what is open, or write \\\\ before a character that means itself',
  ],
  [
    'regex of a function',
    '@request_route {\n  if (search("(abc")) exit;\n}\n',
    'SIPC4007 3:14 close what is open, or write \\\\ before a character that means itself',
  ],
  [
    'subst without slashes',
    '@request_route {\n  subst("abc");\n}\n',
    'SIPC4004 3:9 write a substitution /regex/replacement/flags',
  ],
  [
    'subst not closed',
    '@request_route {\n  subst("/a/b");\n}\n',
    'SIPC4004 3:9 write a substitution /regex/replacement/flags',
  ],
  ['\\d', '@request_route {\n  if ($rU =~ "^\\\\d{3}$") exit;\n}\n', 'SIPC6033 3:14 write [0-9]'],
  [
    '(?:',
    '@request_route {\n  if ($rU =~ "^(?:00|\\\\+)49") exit;\n}\n',
    'SIPC4007 3:14 leave ?: out: a group is ( … ), POSIX has no other',
  ],
  ['\\d in a function', '@request_route {\n  if (search("\\\\d+")) exit;\n}\n', 'SIPC6033 3:14 write [0-9]'],
  [
    'duplicate case',
    '@request_route {\n  switch ($rU) { case "a": exit; case "a": drop; }\n}\n',
    'SIPC4012 3:39 remove one of the two',
  ],
  [
    'case int and text',
    '@request_route {\n  switch ($rU) { case "a": exit; case 1: drop; }\n}\n',
    'SIPC4011 3:3 quote the integers',
  ],
  ['flag too large', '@request_route {\n  setflag(32);\n}\n', 'SIPC4004 3:11 write a flag from 0 to 31'],
  [
    'flag name unknown',
    '@request_route {\n  setflag(FLT_ACC);\n}\n',
    'SIPC3017 3:11 declare it above: flags FLT_ACC:N;',
  ],
  [
    'flag name misspelled',
    'flags acc:1, nat:2;\n@request_route {\n  setflag(acx);\n}\n',
    'SIPC3017 4:11 did you mean acc?',
  ],
  [
    'route twice',
    '@request_route {\n  route(A);\n}\nroute[A] { exit; }\nroute[A] { drop; }\n',
    'SIPC3011 6:1 rename one, or put both into one block',
  ],
  ['no request_route', '@route[A] { exit; }\n', 'SIPC5003 2:1 add request_route { … }'],
  [
    'event route misspelled',
    '@request_route {\n  exit;\n}\nevent_route[tm:local-requst] { exit; }\n',
    'SIPC3021 5:1 did you mean tm:local-request?',
  ],
  ['loaded twice', 'loadmodule "tm.so" loadmodule "tm.so"\nrequest_route { t_relay(); }\n', 'SIPC3018 1:31 remove it'],
  ['select unknown', '@request_route {\n  $var(x) = @ruri.usr;\n}\n', 'SIPC3015 3:13 did you mean @ruri.user?'],
  [
    'is_method misspelled method',
    '@request_route {\n  if (is_method("INVTE")) exit;\n}\n',
    'SIPC6066 3:17 did you mean INVITE?',
  ],
  [
    'a misspelled function of a module that is not loaded',
    'loadmodule "pv.so"\nrequest_route {\n  if (is_metod("INVITE")) exit;\n}\n',
    'SIPC3003 3:7 did you mean is_method()? Then add loadmodule "textops.so" above',
  ],
  [
    '= in if, of what cannot be assigned',
    '@request_route {\n  if ($hdr(X) = "a") exit;\n}\n',
    'SIPC4008 3:7 write == to compare',
  ],
  [
    'a computed code',
    '@request_route {\n  sl_send_reply($var(c), "x");\n}\n',
    'SIPC4003 3:17 write it as one quoted text; pseudo-variables inside the text are replaced at each call',
  ],
  [
    'a header name with a blank',
    '@request_route {\n  remove_hf("X Y");\n}\n',
    'SIPC4004 3:13 write the name of a header field',
  ],
  [
    'a level that does not exist',
    '@request_route {\n  xlog("INFO", "x\\n");\n}\n',
    'SIPC4004 3:8 write a log level, such as L_INFO',
  ],
  ['= in if', '@request_route {\n  if ($rU = "a") exit;\n}\n', 'SIPC6065 3:6 write =='],
  [
    'loadmodule after use',
    'request_route {\n  t_relay();\n}\nloadmodule "tm.so"\n',
    'SIPC3003 2:3 move loadmodule "tm.so" above this call',
  ],
  [
    'lookup of unknown table',
    '@request_route {\n  if (is_method("REGISTER")) { save("location"); exit; }\n  lookup("locations");\n}\n',
    'SIPC6021 4:10 did you mean location?',
  ],
];

it.each(rows)('%s', (_, cfg, ...expected) => {
  const text = cfg.replace(/^((?:flags.*\n)?)@/, `$1${modules}\n`);
  const host = { ...real, readFile: () => ({ text }), resolve: (_from: string, path: string) => path };
  const found = (lint: boolean) =>
    inOrder(check(host, 'case.cfg', { lint }).diagnostics)
      .filter((d) => !unfinished.has(d.code))
      .map((d) => `${place(d)} ${d.fix ?? '-'}`);
  // Lint is looked at where nothing else is wrong.
  const refused = found(false);
  expect(refused.length > 0 ? refused : found(true)).toEqual(expected);
});

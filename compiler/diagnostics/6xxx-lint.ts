/**
 * Lint: what Kamailio takes and what will not do what it looks like. A finding here never blocks a build, whatever its
 * severity; `error` is for what Kamailio only refuses when it starts. One rule a file in `4-check/rules`; why each is
 * believed stands there.
 */
import { defineDiagnostic } from './define.js';
import { guarded, modules } from './examples.js';

// Control flow and return codes -----------------------------------------------------------------------------------

export const deadRoute = defineDiagnostic('SIPC6001', 'dead-route', {
  severity: 'warning',
  message: (a: { title: string }) => `nothing leads to ${a.title}`,
  why: 'It is neither called nor armed from a block that runs; what was meant to happen there does not happen.',
  fix: () => 'call it, arm it with t_on_failure(), t_on_branch() or t_on_reply(), or remove it',
  bad: 'request_route { exit; }\nroute[OLD] { drop; }',
  good: 'request_route { route(OLD); }\nroute[OLD] { drop; }',
});

export const routeKindMismatch = defineDiagnostic('SIPC6002', 'route-kind-mismatch', {
  severity: 'warning',
  message: (a: { name: string; root: string; allowed: readonly string[] }) =>
    `${a.name}() is reached from ${a.root}; it works in ${a.allowed.join(', ')}`,
  why: 'Kamailio looks only at the block a call stands in, and takes every route[…] for a request route.',
  fix: () => 'test the kind first: is_request(), t_is_failure_route() …',
  bad: `${modules('tm')}reply_route { route(A); }\nrequest_route { exit; }\nroute[A] { t_newtran(); }`,
  good: `${modules('tm')}request_route { route(A); }\nroute[A] { t_newtran(); }`,
});

export const unreachableCode = defineDiagnostic('SIPC6003', 'unreachable-code', {
  severity: 'warning',
  message: () => 'this is never reached',
  why: 'What stands before it always leaves.',
  fix: () => 'remove it, or put it before the statement that leaves',
  bad: 'request_route { exit; force_rport(); }',
  good: 'request_route { force_rport(); exit; }',
});

export const implicitRouteResult = defineDiagnostic('SIPC6004', 'implicit-route-result', {
  severity: 'warning',
  message: (a: { name: string }) => `route[${a.name}] can end without return, and its result decides here`,
  why: 'The result of a route is then the code of whatever ran last in it.',
  fix: () => 'end it with return 1; or return -1;',
  bad: 'request_route { if (route(A)) exit; drop; }\nroute[A] { if (src_ip == 10.0.0.1) return -1; force_rport(); }',
  good: 'request_route { if (route(A)) exit; drop; }\nroute[A] { if (src_ip == 10.0.0.1) return -1; return 1; }',
});

export const retcodeLiteralCompare = defineDiagnostic('SIPC6005', 'retcode-literal-compare', {
  severity: 'warning',
  message: (a: { name: string; always: boolean; code: number }) =>
    `this ${a.always ? 'always' : 'never'} holds: as an operand ${a.name}() is 1 or 0, whatever code it gives`,
  why: 'Only $rc and an assignment keep the code of a function.',
  fix: (a) => `call ${a.name}() first, then compare $rc with ${a.code}`,
  bad: `${modules('rr')}request_route { if (loose_route() == -1) exit; drop; }`,
  good: `${modules('rr')}request_route { loose_route(); if ($rc == -1) exit; drop; }`,
});

export const retcodeNegated = defineDiagnostic('SIPC6006', 'retcode-stored-then-negated', {
  severity: 'warning',
  message: (a: { text: string }) => `${a.text} holds a return code: as a condition it is true for -1 as well`,
  why: 'A code is never 0 here: false is a negative number.',
  fix: (a) => `compare it: ${a.text} < 0, ${a.text} > 0`,
  bad: `${modules('pv', 'rr')}request_route { $var(r) = loose_route(); if (!$var(r)) exit; drop; }`,
  good: `${modules('pv', 'rr')}request_route { $var(r) = loose_route(); if ($var(r) < 0) exit; drop; }`,
});

export const retcodeZero = defineDiagnostic('SIPC6007', 'retcode-zero-exits', {
  severity: 'warning',
  message: (a: { name: string }) => `return 0 ends the whole script, not only route[${a.name}]`,
  why: 'A code of 0 means exit, through every caller.',
  fix: () => 'write exit, or return -1 for false',
  bad: 'request_route { route(A); drop; }\nroute[A] { return 0; }',
  good: 'request_route { route(A); drop; }\nroute[A] { return -1; }',
});

export const retcodeClobbered = defineDiagnostic('SIPC6008', 'retcode-clobbered', {
  severity: 'warning',
  message: (a: { text: string; name: string }) => `${a.text} is the code of ${a.name}() here`,
  why: 'Every call sets it anew.',
  fix: () => 'keep the code right after the call that matters: $var(rc) = $rc;',
  bad: `${modules('rr', 'xlog')}request_route { loose_route(); xlog("tried\\n"); if ($rc == -1) exit; drop; }`,
  good: `${modules('rr', 'xlog')}request_route { loose_route(); if ($rc == -1) { xlog("no\\n"); exit; } drop; }`,
});

export const replyRouteNegative = defineDiagnostic('SIPC6009', 'reply-route-falls-negative', {
  severity: 'warning',
  message: (a: { name: string }) => `when ${a.name}() says no here, the response is thrown away`,
  why: 'The code of the last action is the code of reply_route, and with a negative one nothing is forwarded.',
  fix: () => 'add return; after it',
  bad: `${modules('textops')}request_route { exit; }\nreply_route { remove_hf("X-Secret"); }`,
  good: `${modules('textops')}request_route { exit; }\nreply_route { remove_hf("X-Secret"); return; }`,
});

export const dropIneffective = defineDiagnostic('SIPC6010', 'drop-ineffective', {
  severity: 'warning',
  message: (a: { title: string }) => `drop in ${a.title} stops provisional responses only`,
  why: 'A final response goes on all the same; its transaction is already decided.',
  fix: () => 'test status first, or use a failure_route with t_drop_replies()',
  bad: `${modules('tm')}request_route { t_on_reply("R"); exit; }\nonreply_route[R] { drop; }`,
  good: `${modules('tm')}request_route { t_on_reply("R"); exit; }\nonreply_route[R] { if (status == 183) drop; }`,
});

export const switchFallthrough = defineDiagnostic('SIPC6011', 'switch-fallthrough', {
  severity: 'warning',
  message: () => 'this case runs on into the next one',
  why: 'Without break, return, exit or drop the statements of the next case run as well.',
  fix: () => 'add break;',
  bad: `${modules('pv')}request_route { switch ($rU) { case "a": force_rport(); case "b": drop; } exit; }`,
  good: `${modules('pv')}request_route { switch ($rU) { case "a": case "b": drop; } exit; }`,
});

export const unboundedLoop = defineDiagnostic('SIPC6012', 'unbounded-loop', {
  severity: 'warning',
  message: () => 'nothing in this loop changes its condition',
  why: 'It runs until max_while_loops stops it, for each message.',
  fix: () => 'change a variable of the condition in the loop, or leave it with break',
  bad: `${modules('pv')}request_route { $var(i) = 0; while ($var(i) < 3) { force_rport(); } exit; }`,
  good: `${modules('pv')}request_route { $var(i) = 0; while ($var(i) < 3) { $var(i) = $var(i) + 1; } exit; }`,
});

export const noFinalAnswer = defineDiagnostic('SIPC6013', 'no-final-answer', {
  severity: 'warning',
  message: (a: { who: string }) => `${a.who} can get here without an answer`,
  why: 'It was neither answered nor relayed; the sender repeats it until it gives up.',
  fix: () => 'answer it, relay it, or say exit; where silence is meant',
  bad: `${modules('sl')}request_route { if (src_ip == 10.0.0.1) { sl_send_reply("403", "No"); } }`,
  good: `${modules('sl')}request_route { if (src_ip == 10.0.0.1) exit; sl_send_reply("403", "No"); }`,
});

export const doubleReply = defineDiagnostic('SIPC6014', 'double-reply', {
  severity: 'warning',
  message: (a: { name: string; before: string }) => `${a.name}() is reached after ${a.before}()`,
  why: 'A request gets one final response: answered twice, or answered and relayed, its sender sees contradictions.',
  fix: () => 'put exit; between the two',
  bad: `${modules('sl')}request_route { if (src_ip == 10.0.0.1) { sl_send_reply("403", "No"); } sl_send_reply("404", "No"); }`,
  good: `${modules('sl')}request_route { if (src_ip == 10.0.0.1) { sl_send_reply("403", "No"); exit; } sl_send_reply("404", "No"); }`,
});

export const noCancelCheck = defineDiagnostic('SIPC6015', 'failure-route-no-cancel-check', {
  severity: 'warning',
  message: (a: { name: string }) => `${a.name}() can be reached after the caller has given up`,
  why: 'A cancelled call also ends in the failure route; sent on from there, a phone rings for nobody.',
  fix: () => 'begin the failure route with if (t_is_canceled()) exit;',
  bad: `${modules('tm', 'pv')}request_route { t_on_failure("F"); exit; }\nfailure_route[F] { $ru = "sip:b@192.0.2.1"; t_relay(); }`,
  good: `${modules('tm', 'pv')}request_route { t_on_failure("F"); exit; }\nfailure_route[F] { if (t_is_canceled()) exit; $ru = "sip:b@192.0.2.1"; t_relay(); }`,
});

export const replyToAck = defineDiagnostic('SIPC6016', 'reply-to-ack', {
  severity: 'warning',
  message: (a: { name: string }) => `${a.name}() is only reached by ACK requests, which are never answered`,
  why: 'An ACK has no response (RFC 3261 §17); nothing is sent.',
  fix: () => 'write exit',
  bad: `${modules('sl', 'textops')}request_route { if (is_method("ACK")) { sl_send_reply("404", "No"); } exit; }`,
  good: `${modules('sl', 'textops')}request_route { if (!is_method("ACK")) { sl_send_reply("404", "No"); } exit; }`,
});

// Routing and header fields ---------------------------------------------------------------------------------------

export const noLooseRoute = defineDiagnostic('SIPC6017', 'in-dialog-without-loose-route', {
  severity: 'warning',
  message: (a: { name: string }) => `${a.name}() sends a request inside a dialog on, and loose_route() was not called`,
  why: 'Its way is in its Route header fields (RFC 3261 §16.4); without loose_route() it comes back to this proxy.',
  fix: () => 'if (has_totag()) { if (loose_route()) { … } }',
  bad: `${guarded.replace('!loose_route()', 'src_ip == 10.0.0.1')}request_route { route(GUARD); t_relay(); }`,
  good: `${guarded}request_route { route(GUARD); t_relay(); }`,
});

export const noRecordRoute = defineDiagnostic('SIPC6018', 'record-route-missing', {
  severity: 'warning',
  message: (a: { name: string }) => `an INVITE can reach ${a.name}() without record_route()`,
  why: 'loose_route() is used, but what follows in the dialog will not come through here: BYE is not seen.',
  fix: () => 'if (is_method("INVITE|SUBSCRIBE")) record_route();',
  bad: `${guarded.replace('record_route(); ', '')}request_route { route(GUARD); t_relay(); }`,
  good: `${guarded}request_route { route(GUARD); t_relay(); }`,
});

export const applyAfterRecordRoute = defineDiagnostic('SIPC6019', 'apply-changes-after-record-route', {
  severity: 'warning',
  message: (a: { name: string }) => `${a.name}() after record_route() is refused when it runs`,
  why: 'A second Record-Route may have to be added when the outgoing socket is known; Kamailio applies nothing then.',
  fix: () => 'call it before record_route()',
  bad: `${modules('rr', 'textopsx')}request_route { record_route(); msg_apply_changes(); exit; }`,
  good: `${modules('rr', 'textopsx')}request_route { msg_apply_changes(); record_route(); exit; }`,
});

export const doubleLumpWrite = defineDiagnostic('SIPC6020', 'double-lump-write', {
  severity: 'warning',
  message: (a: { text: string }) => `${a.text} is assigned a second time on this way`,
  why: 'The first value is not replaced: both are written one after the other into the message.',
  fix: () => 'assign it once, or call msg_apply_changes() between the two',
  bad: `${modules('pv')}request_route { $fU = "bob"; $fU = "carol"; exit; }`,
  good: `${modules('pv')}request_route { if (src_ip == 10.0.0.1) $fU = "bob"; else $fU = "carol"; exit; }`,
});

export const lookupWithoutSave = defineDiagnostic('SIPC6021', 'lookup-without-save', {
  severity: 'warning',
  message: (a: { table: string; near?: string }) => `nothing is ever saved in ${a.table}`,
  why: 'The lookup cannot find anybody.',
  fix: (a) => (a.near !== undefined ? `did you mean ${a.near}?` : `save("${a.table}") where REGISTER is handled`),
  bad: `${modules('sl', 'usrloc', 'registrar')}request_route { if (lookup("location")) drop; exit; }`,
  good: `${modules('sl', 'usrloc', 'registrar', 'textops')}request_route { if (is_method("REGISTER")) { save("location"); exit; } if (lookup("location")) drop; exit; }`,
});

// Modules, parameters, flags --------------------------------------------------------------------------------------

export const modparamOverridden = defineDiagnostic('SIPC6022', 'modparam-overridden', {
  severity: 'warning',
  message: (a: { module: string; name: string }) => `${a.name} of ${a.module} was already set`,
  why: 'The last one counts.',
  fix: () => 'remove one of the two',
  bad: `${modules('tm')}modparam("tm", "fr_timer", 5000)\nmodparam("tm", "fr_timer", 9000)\nrequest_route { exit; }`,
  good: `${modules('tm')}modparam("tm", "fr_timer", 5000)\nmodparam("tm", "fr_inv_timer", 9000)\nrequest_route { exit; }`,
});

export const flagCollision = defineDiagnostic('SIPC6023', 'flag-collision', {
  severity: 'warning',
  message: (a: { flag: number; one: string; other: string }) => `flag ${a.flag} is both ${a.one} and ${a.other}`,
  why: 'Who sets it for one purpose sets it for the other.',
  fix: () => 'give each its own number',
  bad: `${modules('tm', 'acc')}modparam("acc", "log_missed_flag", 3)\nmodparam("acc", "failed_transaction_flag", 3)\nrequest_route { setflag(3); exit; }`,
  good: `${modules('tm', 'acc')}modparam("acc", "log_missed_flag", 2)\nmodparam("acc", "failed_transaction_flag", 3)\nrequest_route { setflag(2); setflag(3); exit; }`,
});

export const flagNeverSet = defineDiagnostic('SIPC6024', 'flag-never-set', {
  severity: 'warning',
  message: (a: { flag: number; param: string }) => `${a.param} waits for flag ${a.flag}, and nothing sets it`,
  why: 'What the parameter switches on never happens.',
  fix: (a) => `setflag(${a.flag}); before the request is relayed`,
  bad: `${modules('tm', 'acc')}modparam("acc", "log_flag", 1)\nrequest_route { exit; }`,
  good: `${modules('tm', 'acc')}modparam("acc", "log_flag", 1)\nrequest_route { setflag(1); exit; }`,
});

export const flagNeverRead = defineDiagnostic('SIPC6025', 'flag-never-read', {
  severity: 'warning',
  message: (a: { flag: number }) => `flag ${a.flag} is set, and nothing looks at it`,
  why: 'Neither isflagset() nor a module parameter names it.',
  fix: () => 'remove it, or check the number',
  bad: 'request_route { setflag(9); exit; }',
  good: 'request_route { setflag(9); if (isflagset(9)) drop; exit; }',
});

export const requiredParam = defineDiagnostic('SIPC6026', 'required-param-missing', {
  severity: 'error',
  message: (a: { module: string; name: string; needs: string }) => `${a.name} of ${a.module} needs ${a.needs}`,
  why: 'Kamailio reads the cfg without complaint and then does not start.',
  fix: (a) => `add ${a.needs}, or leave ${a.name} out`,
  bad: `${modules('tm', 'acc')}modparam("acc", "detect_direction", 1)\nrequest_route { exit; }`,
  good: `${modules('tm', 'rr', 'acc')}modparam("acc", "detect_direction", 1)\nrequest_route { exit; }`,
});

export const moduleLoadOrder = defineDiagnostic('SIPC6027', 'module-load-order', {
  severity: 'error',
  message: (a: { name: string; first: string }) => `${a.first} has to be loaded before ${a.name}`,
  why: 'Modules start in the order they are loaded, and this one asks the other for its functions: Kamailio does not start.',
  fix: (a) => `move loadmodule "${a.first}.so" above`,
  bad: `${modules('sl', 'registrar', 'usrloc')}request_route { save("location"); exit; }`,
  good: `${modules('sl', 'usrloc', 'registrar')}request_route { save("location"); exit; }`,
});

export const moduleUnused = defineDiagnostic('SIPC6028', 'module-unused', {
  severity: 'hint',
  message: (a: { name: string }) => `nothing of ${a.name} is used`,
  why: 'A module that is not loaded cannot be attacked, and the start is quicker.',
  fix: () => 'remove the loadmodule',
  bad: `${modules('maxfwd')}request_route { exit; }`,
  good: `${modules('maxfwd')}request_route { mf_process_maxfwd_header("10"); exit; }`,
});

export const moduleMissing = defineDiagnostic('SIPC6029', 'module-missing', {
  severity: 'error',
  message: (a: { name: string; needs: string }) => `${a.name} needs the module ${a.needs}, which is not loaded`,
  why: 'Kamailio reads the cfg without complaint and then does not start.',
  fix: (a) => `add loadmodule "${a.needs}.so" above`,
  bad: `${modules('usrloc', 'registrar')}request_route { save("location"); exit; }`,
  good: `${modules('sl', 'usrloc', 'registrar')}request_route { save("location"); exit; }`,
});

// Types, values, regular expressions ------------------------------------------------------------------------------

export const stringInInt = defineDiagnostic('SIPC6030', 'string-in-int-context', {
  severity: 'warning',
  message: (a: { value: string }) => `"${a.value}" is no number; here it counts as 0`,
  why: 'Text in the place of an integer is converted, and what is no number becomes 0.',
  fix: () => 'write the number, or make the other side text with (str)',
  bad: `${modules('pv')}request_route { $var(i) = (int)"abc"; exit; }`,
  good: `${modules('pv')}request_route { $var(i) = (int)"12"; exit; }`,
});

export const nullOnNonNullable = defineDiagnostic('SIPC6031', 'null-on-nonnullable', {
  severity: 'warning',
  message: (a: { text: string; always: boolean }) =>
    `this ${a.always ? 'always' : 'never'} holds: ${a.text} cannot be $null`,
  why: 'Assigned $null, it becomes 0.',
  fix: (a) => a.text.startsWith('$var') && `use $vn${a.text.slice(4)}, or compare with 0`,
  bad: `${modules('pv')}request_route { $var(x) = 1; if ($var(x) == $null) exit; drop; }`,
  good: `${modules('pv')}request_route { $vn(x) = 1; if ($vn(x) == $null) exit; drop; }`,
});

export const varLeak = defineDiagnostic('SIPC6032', 'var-leak', {
  severity: 'warning',
  message: (a: { name: string; root: string }) =>
    `$var(${a.name}) is read here; on some way from ${a.root} nothing was written to it for this message`,
  why: 'A $var belongs to the process: it then has what an earlier message of the same worker left there.',
  fix: (a) => `write it first on every way: $var(${a.name}) = 0;`,
  bad: `${modules('pv')}request_route { if (src_ip == 10.0.0.1) $var(a) = 1; if ($var(a) == 1) drop; exit; }`,
  good: `${modules('pv')}request_route { $var(a) = 0; if (src_ip == 10.0.0.1) $var(a) = 1; if ($var(a) == 1) drop; exit; }`,
});

export const pcreInPosix = defineDiagnostic('SIPC6033', 'pcre-in-posix-regex', {
  severity: 'warning',
  message: (a: { piece: string; means: string }) => `${a.piece} ${a.means} in this kind of regular expression`,
  why: 'These are POSIX extended expressions; what Perl adds does not exist in them.',
  fix: (a) =>
    a.piece.endsWith('\\d')
      ? 'write [0-9]'
      : a.piece.endsWith('\\D')
        ? 'write [^0-9]'
        : a.piece.startsWith('[')
          ? 'write a class: [[:alnum:]_], [[:space:]]'
          : a.piece.endsWith('?') && 'leave the ? out, or bound what may stand there: [^;]*',
  bad: `${modules('pv')}request_route { if ($rU =~ "^\\\\d+$") exit; drop; }`,
  good: `${modules('pv')}request_route { if ($rU =~ "^[0-9]+$") exit; drop; }`,
});

export const regexRedos = defineDiagnostic('SIPC6034', 'regex-redos', {
  severity: 'warning',
  message: (a: { group: number }) => `\\${a.group} stands for a group of any length: matching can take seconds`,
  why: 'Only back-references make matching backtrack; with such a group the time grows steeply with the length of the text, and the sender chooses the text.',
  fix: () => 'bound the group, such as {1,8}, or take the text apart and compare the pieces',
  bad: `${modules('pv')}request_route { if ($rU =~ "^(.*)(.*)\\\\1$") exit; drop; }`,
  good: `${modules('pv')}request_route { if ($rU =~ "^(.)(.)\\\\1$") exit; drop; }`,
});

// Security --------------------------------------------------------------------------------------------------------

export const preloadedRoute = defineDiagnostic('SIPC6035', 'preloaded-route', {
  severity: 'security',
  message: (a: { name: string; routed: boolean }) =>
    a.routed
      ? `${a.name}() obeys the Route of requests that begin a dialog, too`
      : `${a.name}() sends requests that begin a dialog on with the Route their sender wrote`,
  why: 'Whoever sends a request with a Route of his own chooses where this proxy, or the next one, sends it.',
  fix: (a) =>
    a.routed
      ? 'test has_totag() before loose_route(), and remove_hf("Route") without it'
      : 'remove_hf("Route"); for requests without a tag in To',
  bad: `${guarded.replace('remove_hf("Route"); ', '')}request_route { route(GUARD); t_relay(); }`,
  good: `${guarded}request_route { route(GUARD); t_relay(); }`,
});

export const versionDisclosure = defineDiagnostic('SIPC6036', 'version-disclosure', {
  severity: 'security',
  message: (a: { name: string }) => `${a.name} tells everybody what runs here`,
  why: 'Who looks for servers with a known hole finds this one by its version.',
  fix: (a) => (a.name === 'sip_warning' ? 'sip_warning=0' : `${a.name} without a version`),
  bad: 'server_header="Server: Kamailio 5.6.3"\nrequest_route { exit; }',
  good: 'server_header="Server: proxy"\nrequest_route { exit; }',
});

export const noMaxForwards = defineDiagnostic('SIPC6037', 'no-maxfwd', {
  severity: 'warning',
  message: (a: { name: string }) => `${a.name}() can be reached without a check of Max-Forwards`,
  why: 'Two servers that send a request to each other do so until one of them breaks (RFC 3261 §16.3).',
  fix: () => 'begin with if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }',
  bad: `${guarded.replace(/.*mf_process.*\n/, '').replace(/.*maxfwd.*\n/, '')}request_route { route(GUARD); t_relay(); }`,
  good: `${guarded}request_route { route(GUARD); t_relay(); }`,
});

export const noSanity = defineDiagnostic('SIPC6038', 'no-sanity', {
  severity: 'warning',
  message: (a: { name: string }) => `${a.name}() can be reached without sanity_check()`,
  why: 'What is malformed goes on to phones and servers that may not stand it.',
  fix: () => 'loadmodule "sanity.so", and begin with if (!sanity_check("17895", "7")) exit;',
  bad: `${guarded.replace(/.*sanity_check.*\n/, '').replace(/.*sanity.*\n/, '')}request_route { route(GUARD); t_relay(); }`,
  good: `${guarded}request_route { route(GUARD); t_relay(); }`,
});

// Logging ---------------------------------------------------------------------------------------------------------

export const xlogNewline = defineDiagnostic('SIPC6039', 'xlog-newline', {
  severity: 'hint',
  message: (a: { name: string }) => `the text of ${a.name}() does not end with \\n`,
  why: 'On standard error Kamailio writes the next line right behind it.',
  fix: () => 'end the text with \\n',
  bad: `${modules('xlog')}request_route { xlog("hello"); exit; }`,
  good: `${modules('xlog')}request_route { xlog("hello\\n"); exit; }`,
});

export const xlogLevel = defineDiagnostic('SIPC6040', 'xlog-level', {
  severity: 'hint',
  message: (a: { text: string; inText: boolean }) =>
    a.inText ? `${a.text} is part of the text here, not the level` : `there is no log level ${a.text}`,
  why: 'With one argument xlog() writes at level L_ERR.',
  fix: (a) =>
    a.inText ? `xlog("${a.text}", "…");` : 'levels: L_ALERT L_BUG L_CRIT L_ERR L_WARN L_NOTICE L_INFO L_DBG',
  bad: `${modules('xlog')}request_route { xlog("L_INFO: hello\\n"); exit; }`,
  good: `${modules('xlog')}request_route { xlog("L_INFO", "hello\\n"); exit; }`,
});

export const unarmedTmRoute = defineDiagnostic('SIPC6041', 'unarmed-tm-route', {
  severity: 'warning',
  message: (a: { name: string; wants: string; has: string }) =>
    `there is a ${a.has}[${a.name}], but this arms ${a.wants}[${a.name}]`,
  why: 'Each kind of block has names of its own; Kamailio says so once at start, and nothing runs when the event happens.',
  fix: (a) => `write ${a.wants}[${a.name}] { … }`,
  bad: `${modules('tm')}request_route { t_on_failure("F"); route(F); exit; }\nroute[F] { exit; }`,
  good: `${modules('tm')}request_route { t_on_failure("F"); exit; }\nfailure_route[F] { exit; }`,
});

export const slBeforeTm = defineDiagnostic('SIPC6042', 'sl-before-tm', {
  severity: 'warning',
  message: () => 'sl is loaded before tm',
  why: 'sl asks tm for its functions when it starts, logs an error, and send_reply() then knows no transactions.',
  fix: () => 'move loadmodule "tm.so" above',
  bad: `${modules('sl', 'tm')}request_route { t_newtran(); send_reply("404", "No"); }`,
  good: `${modules('tm', 'sl')}request_route { t_newtran(); send_reply("404", "No"); }`,
});

export const assignmentInCondition = defineDiagnostic('SIPC6065', 'assignment-in-condition', {
  severity: 'warning',
  message: (a: { text: string }) => `this assigns to ${a.text}; it does not compare`,
  why: 'A single = writes the value, and the condition is then true whatever was there before.',
  fix: () => 'write ==',
  bad: `${modules('pv')}request_route { if ($rU = "100") drop; exit; }`,
  good: `${modules('pv')}request_route { if ($rU == "100") drop; exit; }`,
});

export const unknownMethod = defineDiagnostic('SIPC6066', 'unknown-method', {
  severity: 'warning',
  message: (a: { name: string; near: string }) => `no request has the method ${a.name}`,
  why: 'The test is never true; nothing says so.',
  fix: (a) => `did you mean ${a.near}?`,
  bad: `${modules('textops')}request_route { if (is_method("INVTE")) drop; exit; }`,
  good: `${modules('textops')}request_route { if (is_method("INVITE")) drop; exit; }`,
});

export const sharedFunctionName = defineDiagnostic('SIPC6070', 'shared-function-name', {
  severity: 'warning',
  message: (a: { name: string; module: string; other: string }) =>
    `${a.name}() is that of ${a.module}, though ${a.other} has one too`,
  why: 'A call goes to the module loaded last; the order of the loadmodule lines decides, and nothing says so.',
  fix: (a) => `where that of ${a.other} is meant, load ${a.other} after ${a.module}`,
  bad: `${modules('rtpengine', 'rtpproxy')}request_route { rtpengine_manage(); start_recording(); exit; }`,
  good: `${modules('rtpproxy')}request_route { start_recording(); exit; }`,
});

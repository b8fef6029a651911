/** Arguments, parameter values and types. */
import { defineDiagnostic } from './define.js';

export const wrongArgumentCount = defineDiagnostic('SIPC4001', 'argument-count', {
  severity: 'error',
  message: (a: { name: string; wants: string; has: number }) => `${a.name}() takes ${a.wants}, not ${a.has}`,
  why: 'A function is found by its name and number of arguments.',
  fix: ({ wants }) => `give it ${wants}`,
  bad: 'request_route { setflag(1, 2); }',
  good: 'request_route { setflag(1); }',
});

export const wrongRouteKind = defineDiagnostic('SIPC4002', 'function-not-allowed-here', {
  severity: 'error',
  message: (a: { name: string; block: string; allowed: readonly string[] }) =>
    `${a.name}() cannot be called in ${a.block}; it works in ${a.allowed.join(', ')}`,
  why: 'Kamailio refuses the call: what the function needs does not exist there.',
  fix: () => 'call it from a block of the right kind',
  bad: 'loadmodule "tm.so"\nrequest_route { exit; }\nreply_route { t_relay(); }',
  good: 'loadmodule "tm.so"\nrequest_route { t_relay(); }',
});

export const notConstant = defineDiagnostic('SIPC4003', 'argument-not-constant', {
  severity: 'error',
  message: (a: { name: string; argument: string }) => `${a.argument} of ${a.name}() has to be a constant`,
  why: 'The function prepares it once, when the cfg is loaded.',
  fix: () => 'write it as one quoted text; pseudo-variables inside the text are replaced at each call',
  bad: 'loadmodule "xlog.so"\nloadmodule "pv.so"\nrequest_route { xlog("a" + $var(x)); }',
  good: 'loadmodule "xlog.so"\nloadmodule "pv.so"\nrequest_route { xlog("a$var(x)"); }',
});

export const wrongArgument = defineDiagnostic('SIPC4004', 'wrong-argument', {
  severity: 'error',
  message: (a: { name: string; argument: string; wants: string; has: string }) =>
    `${a.argument} of ${a.name}() is ${a.wants}, not ${a.has}`,
  why: 'Kamailio does not start: the function cannot use this value.',
  fix: ({ wants }) => `write ${wants}`,
  bad: 'request_route { setflag(40); }',
  good: 'request_route { setflag(4); }',
});

export const typeMismatch = defineDiagnostic('SIPC4005', 'type-mismatch', {
  severity: 'error',
  message: (a: { operator: string; wants: string; has: string }) =>
    `${a.operator} wants ${a.wants} here, and this is ${a.has}`,
  why: 'Where both types are known, Kamailio refuses to mix them.',
  fix: (a) => (a.wants === 'an integer' ? 'convert it: (int)…' : 'convert it: (str)…'),
  bad: 'loadmodule "pv.so"\nrequest_route { $var(x) = 1 + "2"; }',
  good: 'loadmodule "pv.so"\nrequest_route { $var(x) = 1 + 2; }',
});

export const wrongParameterType = defineDiagnostic('SIPC4006', 'parameter-type', {
  severity: 'error',
  message: (a: { name: string; module: string; wants: string }) => `${a.name} of ${a.module} takes ${a.wants}`,
  why: 'modparam converts nothing between integers and text.',
  fix: (a) => (a.wants === 'an integer' ? 'leave the quotes out' : 'put it in quotes'),
  edits: (a, span) => {
    const text = span.file.text.slice(span.start, span.end);
    if (a.wants === 'an integer') return /^"-?\d{1,9}"$/.test(text) ? [{ span, text: text.slice(1, -1) }] : [];
    return /^-?\d+$/.test(text) ? [{ span, text: `"${text}"` }] : [];
  },
  bad: 'loadmodule "tm.so"\nmodparam("tm", "fr_timer", "5000")\nrequest_route { exit; }',
  good: 'loadmodule "tm.so"\nmodparam("tm", "fr_timer", 5000)\nrequest_route { exit; }',
});

export const badRegex = defineDiagnostic('SIPC4007', 'bad-regex', {
  severity: 'error',
  message: (a: { source: string; problem: string }) => `/${a.source}/ is no regular expression: ${a.problem}`,
  why: 'Regular expressions are POSIX extended ones, compiled when the cfg is loaded.',
  fix: ({ problem }) =>
    problem.startsWith('(?')
      ? 'leave ?: out: a group is ( … ), POSIX has no other'
      : problem.startsWith('nothing')
        ? `write \\\\${problem.at(-1)} for the sign itself`
        : 'close what is open, or write \\\\ before a character that means itself',
  bad: 'loadmodule "pv.so"\nrequest_route { if ($rU =~ "a[b") exit; }',
  good: 'loadmodule "pv.so"\nrequest_route { if ($rU =~ "a[b]") exit; }',
});

export const notWritable = defineDiagnostic('SIPC4008', 'not-writable', {
  severity: 'error',
  message: (a: { text: string; compared?: boolean }) => `${a.text} cannot be assigned`,
  why: 'The pseudo-variable only shows something.',
  fix: ({ compared }) =>
    compared ? 'write == to compare' : 'assign to a variable: $var(name) for this run, $avp(name) for the transaction',
  bad: 'loadmodule "pv.so"\nrequest_route { $ci = "x"; }',
  good: 'loadmodule "pv.so"\nrequest_route { $var(x) = "x"; }',
});

export const wrongPvKey = defineDiagnostic('SIPC4009', 'pv-key', {
  severity: 'error',
  message: (a: { name: string; problem: string }) => `$${a.name} ${a.problem}`,
  why: 'Kamailio does not parse it.',
  fix: ({ name, problem }) =>
    problem.startsWith('needs') ? `write $${name}(…)` : `write what $${name} has, or $${name} alone`,
  bad: 'loadmodule "pv.so"\nrequest_route { $var(x) = $hdr; }',
  good: 'loadmodule "pv.so"\nrequest_route { $var(x) = $hdr(Subject); }',
});

export const parameterRange = defineDiagnostic('SIPC4010', 'parameter-range', {
  severity: 'warning',
  message: (a: { name: string; value: number | string; wants: string }) =>
    `${a.name} is ${a.value}; it should be ${a.wants}`,
  why: 'Kamailio takes the value and does not work as it reads.',
  fix: (a) => `write a value that is ${a.wants}`,
  bad: 'loadmodule "maxfwd.so"\nmodparam("maxfwd", "max_limit", 1000)\nrequest_route { exit; }',
  good: 'loadmodule "maxfwd.so"\nmodparam("maxfwd", "max_limit", 70)\nrequest_route { exit; }',
});

export const mixedLabels = defineDiagnostic('SIPC4011', 'mixed-case-labels', {
  severity: 'error',
  message: () => 'integer and text labels in one switch',
  why: 'Kamailio builds one table of integers or one of texts.',
  fix: () => 'quote the integers',
  bad: 'loadmodule "pv.so"\nrequest_route { switch ($rU) { case "a": exit; case 1: exit; } }',
  good: 'loadmodule "pv.so"\nrequest_route { switch ($rU) { case "a": exit; case "1": exit; } }',
});

export const duplicateLabel = defineDiagnostic('SIPC4012', 'duplicate-case', {
  severity: 'error',
  message: (a: { label: string }) => `case ${a.label} stands twice in this switch`,
  why: 'Kamailio refuses it: the second could never be reached.',
  fix: () => 'remove one of the two',
  bad: 'loadmodule "pv.so"\nrequest_route { switch ($var(x)) { case 1: exit; case 1: drop; } }',
  good: 'loadmodule "pv.so"\nrequest_route { switch ($var(x)) { case 1: exit; case 2: drop; } }',
});

export const wrongKeywordValue = defineDiagnostic('SIPC4013', 'wrong-keyword-value', {
  severity: 'error',
  message: (a: { word: string; takes: string }) => `${a.word} cannot be compared with this; it takes ${a.takes}`,
  why: 'Each condition keyword has its own right sides: a URI is text, a port a number, a transport one of a few words.',
  fix: ({ word }) =>
    word === 'uri' || word === 'from_uri' || word === 'to_uri' ? 'Put the text between quotes.' : undefined,
  bad: 'request_route { if (uri == INVITE) exit; drop; }',
  good: 'request_route { if (method == INVITE) exit; drop; }',
});

export const settingRange = defineDiagnostic('SIPC4014', 'setting-range', {
  severity: 'error',
  message: (a: { name: string; value: number | string; wants: string }) =>
    `${a.name} is ${a.value === '' ? 'empty' : a.value}; it has to be ${a.wants}`,
  why: 'Kamailio refuses the cfg.',
  fix: (a) => `write ${a.wants}`,
  bad: 'max_branches=40\nrequest_route { exit; }',
  good: 'max_branches=20\nrequest_route { exit; }',
});

export const scriptCallback = defineDiagnostic('SIPC4016', 'script-callback', {
  severity: 'warning',
  message: (a: { name: string; module: string }) => `${a.name} of ${a.module} names a function of a KEMI script`,
  why: 'A cfg in Kamailio’s own language has no such function: nothing is called, in Kamailio neither.',
  fix: () => 'leave it out, and write the event route',
  bad: 'loadmodule "tm.so"\nmodparam("tm", "event_callback", "ksr_tm_event")\nrequest_route { exit; }',
  good: 'loadmodule "tm.so"\nrequest_route { exit; }\nevent_route[tm:local-request] { exit; }',
});

export const uselessArgument = defineDiagnostic('SIPC4015', 'useless-argument', {
  severity: 'warning',
  message: (a: { name: string; argument: string; wants: string }) => `${a.argument} of ${a.name}() is not ${a.wants}`,
  why: 'Kamailio starts with it; the call can do nothing with this value, and is false.',
  fix: (a) => `write ${a.wants}`,
  bad: 'loadmodule "tm.so"\nrequest_route { if (!t_is_set("failure")) t_on_failure("F"); exit; }\nfailure_route[F] { exit; }',
  good: 'loadmodule "tm.so"\nrequest_route { if (!t_is_set("failure_route")) t_on_failure("F"); exit; }\nfailure_route[F] { exit; }',
});

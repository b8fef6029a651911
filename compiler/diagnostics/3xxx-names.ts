/** Names: modules, functions, parameters, pseudo-variables, routes, flags. `missing-…`: Kamailio has it, sipc does not yet. */
import { defineDiagnostic } from './define.js';
import { type Near, renamed } from './near.js';

const nearOr = (otherwise: (a: Near) => string) => (a: Near) =>
  a.near === undefined ? otherwise(a) : `did you mean ${a.near}?`;
/** A name of an older Kamailio: the last version that had it, and what took its place. */
interface Past {
  readonly last?: string;
  readonly instead?: string;
}
const went = ({ last }: Past): string => (last === undefined ? '' : ` any more (Kamailio ${last} had it)`);
/** The way out for a name that went, else the usual one. */
const orInstead =
  <A extends Past>(otherwise: (a: A) => string) =>
  (a: A): string =>
    a.instead !== undefined
      ? `${a.instead} took its place`
      : a.last !== undefined
        ? 'nothing took its place: leave it out'
        : otherwise(a);
/** A name Kamailio has; `since`: the first version that does, where that is after the one that is followed. */
interface Since {
  readonly name: string;
  readonly since?: string;
}
const came = (a: Since): string => (a.since === undefined ? '' : `, which Kamailio has since ${a.since}`);
const missingFix = () => 'leave it out, or build with --allow-missing: it then logs once and gives -1';

export const unknownModule = defineDiagnostic('SIPC3001', 'unknown-module', {
  severity: 'error',
  message: (a: Near & Past) => `there is no module ${a.name}${went(a)}`,
  why: 'Kamailio would not start: no such module file exists.',
  fix: orInstead<Near & Past>(nearOr(() => 'correct the name; a module of your own goes into stdlib-modules')),
  edits: (a, span) => (a.last === undefined ? renamed(span, a) : []),
  bad: 'loadmodule "textop.so"\nrequest_route { exit; }',
  good: 'loadmodule "textops.so"\nrequest_route { exit; }',
});

export const missingModule = defineDiagnostic('SIPC3002', 'missing-module', {
  severity: 'error',
  message: (a: Since) => `sipc does not have the module ${a.name} yet${came(a)}`,
  why: 'Kamailio has it, so the cfg is right; what it does cannot be run here. Its functions and parameters are not reported one by one.',
  fix: missingFix,
  bad: 'loadmodule "app_perl.so"\nrequest_route { exit; }',
  good: 'request_route { exit; }',
});

export const unknownFunction = defineDiagnostic('SIPC3003', 'unknown-function', {
  severity: 'error',
  message: (a: Near & Past & { module?: string; later?: boolean }) =>
    a.later
      ? `${a.name}() is called above the loadmodule of ${a.module}`
      : a.last !== undefined
        ? `there is no function ${a.name}()${went(a)}`
        : `no loaded module has a function ${a.name}()`,
  why: 'A call is resolved where it stands, among the modules loaded above it.',
  fix: orInstead((a) =>
    a.later
      ? `move loadmodule "${a.module}.so" above this call`
      : a.module !== undefined
        ? `${a.near === undefined ? '' : `did you mean ${a.near}()? Then `}add loadmodule "${a.module}.so" above`
        : a.near !== undefined
          ? `did you mean ${a.near}()?`
          : 'load the module that has it above this call, or correct the name',
  ),
  edits: (a, span) => (a.later || a.module !== undefined || a.last !== undefined ? [] : renamed(span, a)),
  bad: 'request_route { no_such_function(); }',
  good: 'request_route { setflag(1); }',
});

export const unknownRoute = defineDiagnostic('SIPC3004', 'unknown-route', {
  severity: 'error',
  message: (a: Near & { other?: string }) =>
    a.other === undefined ? `no route block is named ${a.name}` : `${a.other}[${a.name}] cannot be called with route()`,
  why: 'Kamailio does not start with a call of a route that does not exist.',
  fix: (a) =>
    a.other !== undefined
      ? `it runs when ${a.other === 'event_route' ? 'its event comes' : 'it was armed'}; put what both need into route[…]`
      : a.near !== undefined
        ? `did you mean ${a.near}?`
        : `add route[${a.name}] { … }, or correct the name`,
  edits: (a, span) => renamed(span, a),
  bad: 'request_route { route(RELAYY); }\nroute[RELAY] { exit; }',
  good: 'request_route { route(RELAY); }\nroute[RELAY] { exit; }',
});

// SIPC3005 was missing-function: no function of a module there is is missing any more.

export const unknownPv = defineDiagnostic('SIPC3006', 'unknown-pv', {
  severity: 'error',
  message: (a: Past & { name: string; near?: string; module?: string }) =>
    `there is no pseudo-variable $${a.name}${went(a)}`,
  why: 'Pseudo-variables belong to modules; even $ru needs loadmodule "pv.so".',
  fix: orInstead((a) =>
    a.module !== undefined
      ? `add loadmodule "${a.module}.so" above`
      : a.near !== undefined
        ? `did you mean $${a.near}?`
        : 'load the module that has it, or correct the name; your own variables are $var(name)',
  ),
  bad: '#!KAMAILIO\nloadmodule "pv.so"\nrequest_route { $nosuch = 1; }',
  good: 'loadmodule "pv.so"\nrequest_route { $var(x) = 1; }',
});

// SIPC3007 was missing-pv: no pseudo-variable of a module there is is missing any more.

export const unknownParameter = defineDiagnostic('SIPC3008', 'unknown-parameter', {
  severity: 'error',
  message: (a: Near & Past & { module: string }) => `the module ${a.module} has no parameter ${a.name}${went(a)}`,
  why: 'Kamailio does not start with a parameter that a module does not have.',
  fix: orInstead<Near & Past>(nearOr(() => 'leave it out, or correct the name')),
  edits: (a, span) => (a.last === undefined ? renamed(span, a) : []),
  bad: 'loadmodule "tm.so"\nmodparam("tm", "fr_timerr", 1)\nrequest_route { exit; }',
  good: 'loadmodule "tm.so"\nmodparam("tm", "fr_timer", 5000)\nrequest_route { exit; }',
});

export const missingParameter = defineDiagnostic('SIPC3009', 'missing-parameter', {
  severity: 'error',
  message: (a: Since & { module: string }) => `sipc does not have the parameter ${a.name} of ${a.module} yet${came(a)}`,
  why: 'Kamailio has it, so the cfg is right; it would have no effect here.',
  fix: missingFix,
  bad: 'loadmodule "rr.so"\nmodparam("rr", "ignore_user", "relay")\nrequest_route { exit; }',
  good: 'loadmodule "tm.so"\nmodparam("tm", "fr_timer", 5000)\nrequest_route { exit; }',
});

export const parameterOfNoModule = defineDiagnostic('SIPC3010', 'parameter-of-no-module', {
  severity: 'error',
  message: (a: Near) => `no module loaded above matches ${a.name}`,
  why: 'Kamailio does not start with parameters for modules that are not loaded.',
  fix: (a) =>
    a.near !== undefined ? `did you mean ${a.near}?` : `add loadmodule "${a.name}.so" above, or leave this out`,
  bad: 'modparam("tm", "fr_timer", 5000)\nrequest_route { exit; }',
  good: 'loadmodule "tm.so"\nmodparam("tm", "fr_timer", 5000)\nrequest_route { exit; }',
});

export const duplicateRoute = defineDiagnostic('SIPC3011', 'duplicate-route', {
  severity: 'error',
  message: (a: { keyword: string; name: string }) => `${a.keyword}[${a.name}] is defined twice`,
  why: 'Kamailio refuses a second block of the same name.',
  fix: () => 'rename one, or put both into one block',
  bad: 'request_route { route(A); }\nroute[A] { exit; }\nroute[A] { drop; }',
  good: 'request_route { route(A); }\nroute[A] { exit; }',
});

export const unknownTransformation = defineDiagnostic('SIPC3012', 'unknown-transformation', {
  severity: 'error',
  message: (a: Near) => `there is no transformation {${a.name}}`,
  why: 'Kamailio does not parse the variable.',
  fix: (a) => (a.near === undefined ? 'leave it out, or correct the name' : `did you mean {${a.near}}?`),
  bad: 'loadmodule "pv.so"\nrequest_route { $var(x) = $(ru{s.lenn}); }',
  good: 'loadmodule "pv.so"\nrequest_route { $var(x) = $(ru{s.len}); }',
});

export const missingTransformation = defineDiagnostic('SIPC3013', 'missing-transformation', {
  severity: 'error',
  message: (a: Since) => `sipc does not have the transformation {${a.name}} yet${came(a)}`,
  why: 'Kamailio has it, so the cfg is right; it cannot be computed here.',
  fix: missingFix,
  bad: 'loadmodule "pv.so"\nrequest_route { $var(x) = $(rb{json.parse,id}); }',
  good: 'loadmodule "pv.so"\nrequest_route { $var(x) = $(ru{s.len}); }',
});

export const malformedPv = defineDiagnostic('SIPC3014', 'malformed-pv', {
  severity: 'error',
  message: (a: { text: string; problem: string }) => `${a.text} is no pseudo-variable: ${a.problem}`,
  why: 'Kamailio does not parse it.',
  fix: () => 'write $name, $name(key), $(name[index]) or $(name{transformation}); `$$` is a dollar sign',
  bad: 'loadmodule "pv.so"\nloadmodule "xlog.so"\nrequest_route { xlog("$(ru{s.len}\\n"); }',
  good: 'loadmodule "pv.so"\nloadmodule "xlog.so"\nrequest_route { xlog("$(ru{s.len})\\n"); }',
});

export const unknownSelect = defineDiagnostic('SIPC3015', 'unknown-select', {
  severity: 'error',
  message: (a: Near) => `there is no select @${a.name}`,
  why: 'Kamailio does not start with a select nobody serves.',
  fix: (a) => (a.near === undefined ? 'use the pseudo-variable that shows the same' : `did you mean @${a.near}?`),
  bad: 'loadmodule "pv.so"\nrequest_route { $var(x) = @nosuch.word; }',
  good: 'loadmodule "pv.so"\nrequest_route { $var(x) = 1; }',
});

export const missingSelect = defineDiagnostic('SIPC3016', 'missing-select', {
  severity: 'error',
  message: (a: { name: string }) => `sipc does not have the select @${a.name} yet`,
  why: 'Kamailio has it, so the cfg is right; it cannot be read here.',
  fix: missingFix,
  bad: 'loadmodule "pv.so"\nrequest_route { $var(x) = @timer.executed; }',
  good: 'loadmodule "pv.so"\nrequest_route { $var(x) = 1; }',
});

export const unknownFlag = defineDiagnostic('SIPC3017', 'unknown-flag', {
  severity: 'error',
  message: (a: Near) => `no flag is named ${a.name}`,
  why: 'A flag is a number from 0 to 31, or a name declared with flags.',
  fix: nearOr(({ name }) => `declare it above: flags ${name}:N;`),
  edits: (a, span) => renamed(span, a),
  bad: 'request_route { setflag("nosuch"); }',
  good: 'flags acc:3;\nrequest_route { setflag(acc); }',
});

export const unknownAvpFlag = defineDiagnostic('SIPC3023', 'unknown-avp-flag', {
  severity: 'error',
  message: (a: Near) => `no flag of AVPs is named ${a.name}`,
  why: 'Names of AVP flags are declared with avpflags, above their use; they are not those of flags.',
  fix: nearOr(({ name }) => `declare it above: avpflags ${name}`),
  edits: (a, span) => renamed(span, a),
  bad: 'request_route { setavpflag("x", "nosuch"); }',
  good: 'avpflags billed\nrequest_route { setavpflag("x", "billed"); }',
});

export const missingTransport = defineDiagnostic('SIPC3024', 'missing-transport', {
  severity: 'warning',
  message: (a: { transport: string; outcome: string }) => `sipc does not have ${a.transport} yet: ${a.outcome}`,
  why: 'Kamailio has it, so the cfg is right; Node has no sockets for it.',
  fix: () => 'use udp, tcp or tls',
  bad: 'request_route { forward_sctp("192.0.2.1", 5060); }',
  good: 'request_route { forward_tcp("192.0.2.1", 5060); }',
});

export const loadedTwice = defineDiagnostic('SIPC3018', 'module-loaded-twice', {
  severity: 'error',
  message: (a: { name: string }) => `the module ${a.name} is loaded twice`,
  why: 'Kamailio refuses the second loadmodule.',
  fix: () => 'remove it',
  bad: 'loadmodule "tm.so"\nloadmodule "tm.so"\nrequest_route { exit; }',
  good: 'loadmodule "tm.so"\nrequest_route { exit; }',
});

export const missingAttribute = defineDiagnostic('SIPC3019', 'missing-attribute', {
  severity: 'error',
  message: (a: { text: string }) => `sipc does not have SER attributes such as ${a.text} yet`,
  why: 'Kamailio has them, so the cfg is right; they cannot be read here.',
  fix: () => 'use $avp(name)',
  bad: 'request_route { if (defined %x) exit; }',
  good: 'request_route { exit; }',
});

// SIPC3020 was missing-setting: no global parameter is missing any more.

export const unknownEventRoute = defineDiagnostic('SIPC3021', 'unknown-event-route', {
  severity: 'warning',
  message: (a: Near) => `nothing runs event_route[${a.name}]`,
  why: 'Kamailio takes any name; a block with a name that no event has never runs.',
  fix: nearOr(() => 'correct the name'),
  bad: 'loadmodule "tm.so"\nrequest_route { t_relay(); }\nevent_route[tm:local-requst] { drop; }',
  good: 'loadmodule "tm.so"\nrequest_route { t_relay(); }\nevent_route[tm:local-request] { drop; }',
});

export const implicitAvp = defineDiagnostic('SIPC3022', 'implicit-avp', {
  severity: 'warning',
  message: (a: Near) => `no module has $${a.name}: it is the AVP of that name`,
  why: 'Without `#!KAMAILIO` at the top an unknown $name is an AVP: a misspelled pseudo-variable is accepted, and is undefined.',
  fix: (a) => (a.near === undefined ? `write $avp(${a.name})` : `did you mean $${a.near}? Else write $avp(${a.name})`),
  bad: 'loadmodule "pv.so"\nrequest_route { $nosuch = 1; }',
  good: 'loadmodule "pv.so"\nrequest_route { $avp(nosuch) = 1; }',
});

/** Lint: branches, header fields and parameters that belong together. Codes go on from `6xxx-async.ts`. */
import { defineDiagnostic } from './define.js';
import { modules } from './examples.js';

export const appendBranchDuplicate = defineDiagnostic('SIPC6049', 'append-branch-duplicate', {
  severity: 'warning',
  message: (a: { text: string; how: 'same' | 'twice' | 'self' }) =>
    a.how === 'self'
      ? `${a.text} = ${a.text} sends the request once more to where it has just failed`
      : a.how === 'twice'
        ? `${a.text} is a branch already`
        : 'the request goes twice to the same place: as the branch added here, and to the Request-URI',
  why: 'The Request-URI is a branch of its own; a phone that gets a call twice rings twice or answers 482.',
  fix: (a) =>
    a.how === 'self' ? 'set another destination, or answer' : 'leave append_branch() out, or set $ru anew after it',
  bad: `${modules('tm', 'pv', 'corex')}request_route { t_newtran(); $du = "sip:192.0.2.9"; append_branch("sip:a@192.0.2.1"); append_branch("sip:a@192.0.2.1"); exit; }`,
  good: `${modules('tm', 'pv', 'corex')}request_route { t_newtran(); $du = "sip:192.0.2.9"; append_branch("sip:a@192.0.2.1"); append_branch("sip:b@192.0.2.1"); exit; }`,
});

export const readAfterEdit = defineDiagnostic('SIPC6050', 'read-after-lump', {
  severity: 'warning',
  message: (a: { field: string }) => `${a.field} still is as it was received here, though it was edited before`,
  why: 'Edits are kept aside until the message is sent; pseudo-variables and tests look at what came in.',
  fix: () => 'msg_apply_changes() in between, or keep the value in a variable',
  bad: `${modules('textops')}request_route { append_hf("X-Seen: yes\\r\\n"); if (is_present_hf("X-Seen")) drop; exit; }`,
  good: `${modules('textops', 'textopsx')}request_route { append_hf("X-Seen: yes\\r\\n"); msg_apply_changes(); if (is_present_hf("X-Seen")) drop; exit; }`,
});

export const directionOrder = defineDiagnostic('SIPC6051', 'direction-check-order', {
  severity: 'warning',
  message: (a: { name: string; tag: boolean }) =>
    a.tag
      ? `${a.name}() compares the From tag in Route, and append_fromtag=0 leaves it out`
      : `${a.name}() is reached without loose_route()`,
  why: 'It looks at the parameters of the Route header field that loose_route() has found to be ours.',
  fix: (a) => (a.tag ? 'modparam("rr", "append_fromtag", 1)' : 'if (loose_route()) { … }'),
  bad: `${modules('rr')}request_route { if (is_direction("upstream")) drop; exit; }`,
  good: `${modules('rr')}request_route { if (loose_route()) { if (is_direction("upstream")) drop; } exit; }`,
});

export const pairedParam = defineDiagnostic('SIPC6052', 'paired-modparam-mismatch', {
  severity: 'warning',
  message: (a: { name: string; one: string; other: string }) =>
    `${a.name} of ${a.one} is not the same as that of ${a.other}`,
  why: 'What one module writes under this name, the other looks for.',
  fix: (a) => `modparam("${a.one}|${a.other}", "${a.name}", …)`,
  bad: `${modules('sl', 'pv', 'usrloc', 'registrar', 'nathelper')}modparam("registrar", "received_avp", "$avp(a)")\nmodparam("nathelper", "received_avp", "$avp(b)")\nrequest_route { fix_nated_register(); save("location"); exit; }`,
  good: `${modules('sl', 'pv', 'usrloc', 'registrar', 'nathelper')}modparam("registrar|nathelper", "received_avp", "$avp(a)")\nrequest_route { fix_nated_register(); save("location"); exit; }`,
});

const uac = `${modules('tm', 'sl', 'rr', 'pv', 'maxfwd', 'sanity', 'textops', 'siputils', 'uac')}route[GUARD] { if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; } if (!sanity_check()) exit; if (has_totag()) { if (loose_route()) t_relay(); else sl_send_reply("404", "Not here"); exit; } remove_hf("Route"); }\n`;
export const replaceWithoutRestore = defineDiagnostic('SIPC6068', 'uac-replace-without-restore', {
  severity: 'warning',
  message: (a: { name: string; lacks: 'record_route' | 'loose_route' | 'restore' }) =>
    a.lacks === 'record_route'
      ? `${a.name}() without record_route() on the way out: the rest of the dialog is not changed`
      : a.lacks === 'loose_route'
        ? `nothing here calls loose_route(), by which what ${a.name}() did is done to the rest of the dialog`
        : `restore_mode is manual, and nothing here calls ${a.name.replace('replace', 'restore')}()`,
  why: 'What was replaced is kept in our Record-Route. Without it the far end gets a BYE or re-INVITE whose From or To is not that of its dialog, and may answer 481.',
  fix: (a) =>
    a.lacks === 'record_route'
      ? `record_route(); before the request is relayed`
      : a.lacks === 'loose_route'
        ? 'if (has_totag()) { if (loose_route()) t_relay(); … }'
        : `call ${a.name.replace('replace', 'restore')}() after loose_route(), or leave restore_mode out`,
  bad: `${uac}request_route { route(GUARD); if (is_method("SUBSCRIBE")) uac_replace_from("sip:shop@example.com"); else record_route(); t_relay(); }`,
  good: `${uac}request_route { route(GUARD); record_route(); if (is_method("SUBSCRIBE")) uac_replace_from("sip:shop@example.com"); t_relay(); }`,
});

export const undeclaredName = defineDiagnostic('SIPC6069', 'undeclared-name', {
  severity: 'error',
  message: (a: { name: string; module: string; param: string; near?: string; starts: boolean }) =>
    a.starts
      ? `no ${a.param} of ${a.module} is named ${a.name}: nothing is found in it, and nothing kept`
      : `no ${a.param} of ${a.module} is named ${a.name}: Kamailio does not start`,
  why: 'These names are declared by modparam; a slip in one is found only when the call runs, or when the server starts.',
  fix: (a) =>
    a.near === undefined ? `declare it: modparam("${a.module}", "${a.param}", …)` : `did you mean ${a.near}?`,
  bad: `${modules('pv', 'htable')}modparam("htable", "htable", "ban=>size=4;")\nrequest_route { $sht(bann=>$si) = 1; if ($sht(ban=>$si) == 1) drop; exit; }`,
  good: `${modules('pv', 'htable')}modparam("htable", "htable", "ban=>size=4;")\nrequest_route { $sht(ban=>$si) = 1; if ($sht(ban=>$si) == 1) drop; exit; }`,
});

/** Route kinds and flow. */
import { defineDiagnostic } from './define.js';
import { type Near, renamed } from './near.js';

export const unknownArmedRoute = defineDiagnostic('SIPC5001', 'unknown-armed-route', {
  severity: 'warning',
  message: (a: Near & { keyword: string }) => `no ${a.keyword} is named ${a.name}`,
  why: 'Kamailio starts all the same; nothing runs when the event happens.',
  fix: (a) =>
    a.near === undefined ? `add ${a.keyword}[${a.name}] { … }, or correct the name` : `did you mean ${a.near}?`,
  edits: (a, span) => renamed(span, a),
  bad: 'loadmodule "tm.so"\nrequest_route { t_on_failure("MISSED"); t_relay(); }',
  good: 'loadmodule "tm.so"\nrequest_route { t_on_failure("MISSED"); t_relay(); }\nfailure_route[MISSED] { exit; }',
});

export const onsendOnly = defineDiagnostic('SIPC5002', 'onsend-only', {
  severity: 'error',
  message: (a: { name: string }) => `${a.name} can only be used in onsend_route`,
  why: 'Kamailio refuses it: before sending nobody knows the address.',
  fix: () => 'move the test into onsend_route',
  bad: 'request_route { if (snd_ip == 10.0.0.1) exit; }',
  good: 'request_route { exit; }\nonsend_route { if (snd_ip == 10.0.0.1) exit; }',
});

export const noRequestRoute = defineDiagnostic('SIPC5003', 'no-request-route', {
  severity: 'warning',
  message: () => 'the cfg has no request_route',
  why: 'Every request is dropped without an answer.',
  fix: () => 'add request_route { … }',
  bad: 'reply_route { drop; }',
  good: 'request_route { drop; }',
});

export const breakOutside = defineDiagnostic('SIPC5004', 'break-outside-loop', {
  severity: 'hint',
  message: (a: { keyword: string }) => `${a.keyword} stands neither in a loop nor in a switch`,
  why: 'It ends the whole route block with the code 0; the caller goes on.',
  fix: () => 'write return',
  bad: 'request_route { break; }',
  good: 'request_route { return; }',
});
